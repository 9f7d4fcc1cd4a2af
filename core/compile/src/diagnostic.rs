//! What a reader has to say about a file: errors, warnings and lints, each with its place.
//!
//! A message names fields, kinds, lengths and values of enumerations. It never repeats a word, a pattern,
//! a message or an example: those are what the guardrail protects.

use core::fmt;

use crate::document::{Node, Place};

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file is refused.
    Error,
    /// Something in the file has no effect, or not the one it seems to have.
    Warning,
    /// The file says what it says, but probably does not mean it.
    Lint,
}

impl Severity {
    /// `error`, `warning` or `lint`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Lint => "lint",
        }
    }
}

/// One thing to say about one place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// A stable name of the rule in kebab case, e.g. `unknown-field`.
    pub code: &'static str,
    /// Where, as a JSON path: `$.wordPolicyConfig.wordsConfig[3].text`.
    pub path: String,
    /// The line in the file, counted from 1.
    pub line: Option<u32>,
    /// The column in the line in characters, counted from 1.
    pub column: Option<u32>,
    /// What is wrong and what to do about it. Holds no secret value.
    pub message: String,
}

impl Diagnostic {
    /// A diagnostic at a place of the file.
    #[must_use]
    pub fn new(
        severity: Severity,
        code: &'static str,
        path: &str,
        place: Option<Place>,
        message: impl Into<String>,
    ) -> Self {
        Diagnostic {
            severity,
            code,
            path: path.to_owned(),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            message: message.into(),
        }
    }

    fn order(&self) -> (Option<u32>, Option<u32>, Severity, &str, &str, &str) {
        (
            self.line,
            self.column,
            self.severity,
            self.code,
            &self.path,
            &self.message,
        )
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: ", self.severity.name(), self.code)?;
        if let Some(line) = self.line {
            write!(f, "line {line}")?;
            if let Some(column) = self.column {
                write!(f, ", column {column}")?;
            }
            f.write_str(", ")?;
        }
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// All diagnostics of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// No diagnostics.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Adds an error at a node.
    pub fn error(&mut self, code: &'static str, path: &str, node: &Node, text: impl Into<String>) {
        self.push(Diagnostic::new(
            Severity::Error,
            code,
            path,
            Some(node.place),
            text,
        ));
    }

    /// Adds a warning at a node.
    pub fn warning(
        &mut self,
        code: &'static str,
        path: &str,
        node: &Node,
        text: impl Into<String>,
    ) {
        self.push(Diagnostic::new(
            Severity::Warning,
            code,
            path,
            Some(node.place),
            text,
        ));
    }

    /// Adds a lint at a node.
    pub fn lint(&mut self, code: &'static str, path: &str, node: &Node, text: impl Into<String>) {
        self.push(Diagnostic::new(
            Severity::Lint,
            code,
            path,
            Some(node.place),
            text,
        ));
    }

    /// A file refused for one reason.
    #[must_use]
    pub fn refusal(code: &'static str, place: Option<Place>, message: impl Into<String>) -> Self {
        let mut all = Self::new();
        all.push(Diagnostic::new(Severity::Error, code, "$", place, message));
        all
    }

    /// Takes over all of `other`.
    pub fn append(&mut self, mut other: Diagnostics) {
        self.list.append(&mut other.list);
    }

    /// Sorts by place in the file, then by severity and rule, so that the same file always gives the same
    /// list.
    pub fn sort(&mut self) {
        self.list.sort_by(|a, b| a.order().cmp(&b.order()));
        self.list.dedup();
    }

    /// Keeps of those from position `from` on only the ones that `keep` holds for.
    pub(crate) fn retain_from(&mut self, from: usize, keep: impl Fn(&Diagnostic) -> bool) {
        let tail = self.list.split_off(from.min(self.list.len()));
        self.list.extend(tail.into_iter().filter(|d| keep(d)));
    }

    /// All, in their order.
    pub fn iter(&self) -> core::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// How many errors there are.
    #[must_use]
    pub fn errors(&self) -> usize {
        let errors = self.list.iter().filter(|d| d.severity == Severity::Error);
        errors.count()
    }

    /// Whether the file is refused.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = core::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in &self.list {
            writeln!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl core::error::Error for Diagnostics {}

/// `path` with one more member: `.name`, or `["odd name"]` where the name is no plain identifier.
#[must_use]
pub(crate) fn member(path: &str, name: &str) -> String {
    let plain = !name.is_empty()
        && name.len() <= 100
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if plain {
        format!("{path}.{name}")
    } else {
        format!("{path}[\"{}\"]", shown_name(name))
    }
}

/// `path` with one more index.
#[must_use]
pub(crate) fn index(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

/// The first few of many names, and how many there are besides.
pub(crate) fn shown_names(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let shown = names.get(..SHOWN).unwrap_or(names);
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The name of a field as it may stand in a message: on one line and of bounded length.
#[must_use]
pub(crate) fn shown_name(name: &str) -> String {
    let mut shown: String = name.chars().take(60).flat_map(char::escape_debug).collect();
    if name.chars().nth(60).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_place_rule_and_remedy() {
        let place = Place { line: 3, column: 7 };
        let d = Diagnostic::new(
            Severity::Lint,
            "some-rule",
            "$.a",
            Some(place),
            "do something",
        );
        assert_eq!(
            d.to_string(),
            "lint[some-rule]: line 3, column 7, $.a: do something"
        );
    }

    #[test]
    fn sorts_by_place_and_drops_repetitions() {
        let mut all = Diagnostics::new();
        for (line, code) in [(9, "b"), (2, "z"), (9, "a"), (2, "z")] {
            let place = Place { line, column: 1 };
            all.push(Diagnostic::new(
                Severity::Error,
                code,
                "$",
                Some(place),
                "m",
            ));
        }
        all.sort();
        let order: Vec<_> = all.iter().map(|d| (d.line, d.code)).collect();
        assert_eq!(order, [(Some(2), "z"), (Some(9), "a"), (Some(9), "b")]);
    }

    #[test]
    fn odd_names_are_quoted_and_cut() {
        assert_eq!(member("$", "plain_Name-1"), "$.plain_Name-1");
        assert_eq!(member("$", "a b\n\""), "$[\"a b\\n\\\"\"]");
        assert!(member("$", &"x".repeat(500)).len() < 80);
    }
}
