//! YAML 1.2 with the core schema, and the short tags of CloudFormation.
//!
//! The core schema has no surprises: `NO`, `on`, `012` and dates are not what YAML 1.1 made of them. A
//! number keeps its text, so that `Version: 1.0` stays `1.0`.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::{Entry, MAX_DEPTH, Node, Place, Value};
use crate::diagnostic::{Diagnostics, shown_name};

/// How many nodes all aliases of a document may stand for together.
const MAX_ALIAS_NODES: usize = 100_000;
/// How many bytes of text all aliases of a document may stand for together.
const MAX_ALIAS_BYTES: usize = 4 * 1024 * 1024;

/// The functions that CloudFormation writes as tags, without `Fn::`.
const FUNCTIONS: [&str; 22] = [
    "And",
    "Base64",
    "Cidr",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "GetAtt",
    "GetAZs",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
    "ValueOf",
];

type Failure = (&'static str, Place, String);

pub(super) fn read(text: &str) -> Result<Node, Diagnostics> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
        alias_nodes: 0,
        alias_bytes: 0,
    };
    reader
        .document()
        .map_err(|(code, place, message)| Diagnostics::refusal(code, Some(place), message))
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    anchors: HashMap<usize, Node>,
    alias_nodes: usize,
    alias_bytes: usize,
}

impl<'t> Reader<'t> {
    fn document(&mut self) -> Result<Node, Failure> {
        let mut first = None;
        while let Some((event, span)) = self.event()? {
            match event {
                Event::StreamEnd => break,
                Event::Nothing
                | Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd => {}
                event => {
                    let node = self.node(event, span, 0)?;
                    if first.is_none() {
                        first = Some(node);
                    } else if node.value != Value::Null {
                        return Err((
                            "several-documents",
                            node.place,
                            "the file holds several YAML documents (`---`); give one per file"
                                .to_owned(),
                        ));
                    }
                }
            }
        }
        first.ok_or_else(|| {
            (
                "empty-file",
                Place { line: 1, column: 1 },
                "the file holds only comments; a guardrail definition is expected".to_owned(),
            )
        })
    }

    fn event(&mut self) -> Result<Option<(Event<'t>, Span)>, Failure> {
        self.parser
            .next_event()
            .transpose()
            .map_err(|error| syntax(&error))
    }

    /// The event that must come next inside a list or object.
    fn inner_event(&mut self, start: Place) -> Result<(Event<'t>, Span), Failure> {
        self.event()?.ok_or_else(|| {
            (
                "yaml-syntax",
                start,
                "this value has no end; is the file truncated?".to_owned(),
            )
        })
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, Failure> {
        let place = place(span);
        if depth >= MAX_DEPTH {
            return Err(too_deep(place));
        }
        let (node, anchor) = match event {
            Event::Alias(anchor) => return self.alias(anchor, place, depth),
            Event::Scalar(text, style, anchor, tag) => {
                (scalar(&text, style, tag.as_deref(), place)?, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                let value = Value::List(self.items(place, depth)?);
                (
                    tagged(Node::new(value, place), tag.as_deref(), "seq")?,
                    anchor,
                )
            }
            Event::MappingStart(anchor, tag) => {
                let value = Value::Object(self.entries(place, depth)?);
                (
                    tagged(Node::new(value, place), tag.as_deref(), "map")?,
                    anchor,
                )
            }
            _ => {
                let message = "a value is expected here; is the file truncated?".to_owned();
                return Err(("yaml-syntax", place, message));
            }
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn items(&mut self, start: Place, depth: usize) -> Result<Vec<Node>, Failure> {
        let mut items = Vec::new();
        loop {
            match self.inner_event(start)? {
                (Event::SequenceEnd, _) => return Ok(items),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn entries(&mut self, start: Place, depth: usize) -> Result<Vec<Entry>, Failure> {
        let mut entries = Vec::new();
        let mut seen = HashSet::new();
        loop {
            let (event, span) = self.inner_event(start)?;
            let place = place(span);
            let key = match event {
                Event::MappingEnd => return Ok(entries),
                Event::Scalar(text, style, 0, _) => {
                    if text == "<<" && style == ScalarStyle::Plain {
                        return Err((
                            "yaml-merge-key",
                            place,
                            "`<<` merges are not part of YAML 1.2; write the members out"
                                .to_owned(),
                        ));
                    }
                    text.into_owned()
                }
                _ => {
                    let message = "a member name must be a plain scalar".to_owned();
                    return Err(("yaml-key", place, message));
                }
            };
            if !seen.insert(key.clone()) {
                let message = format!(
                    "`{}` stands twice in this object, and programs differ on which one counts; keep one",
                    shown_name(&key)
                );
                return Err(("duplicate-key", place, message));
            }
            let (event, span) = self.inner_event(start)?;
            let value = self.node(event, span, depth + 1)?;
            entries.push(Entry { key, place, value });
        }
    }

    /// A copy of what the alias stands for, as long as all copies together stay small.
    fn alias(&mut self, anchor: usize, place: Place, depth: usize) -> Result<Node, Failure> {
        let Some(node) = self.anchors.get(&anchor) else {
            let message = "this alias stands inside the value it refers to".to_owned();
            return Err(("yaml-alias", place, message));
        };
        measure(node, depth, &mut self.alias_nodes, &mut self.alias_bytes).map_err(|limit| {
            match limit {
                Limit::Depth => too_deep(place),
                Limit::Size => (
                    "yaml-alias",
                    place,
                    format!("the aliases of this file stand for more than {MAX_ALIAS_NODES} values or {MAX_ALIAS_BYTES} bytes (an alias bomb?); write the values out"),
                ),
            }
        })?;
        let mut copy = node.clone();
        copy.place = place;
        Ok(copy)
    }
}

enum Limit {
    Depth,
    Size,
}

/// Adds the size of `node` to the totals, stopping at the limits.
fn measure(node: &Node, depth: usize, nodes: &mut usize, bytes: &mut usize) -> Result<(), Limit> {
    if depth >= MAX_DEPTH {
        return Err(Limit::Depth);
    }
    *nodes += 1;
    match &node.value {
        Value::String(text) | Value::Number(text) => *bytes += text.len(),
        Value::List(items) => {
            for item in items {
                measure(item, depth + 1, nodes, bytes)?;
            }
        }
        Value::Object(entries) => {
            for entry in entries {
                *bytes += entry.key.len();
                measure(&entry.value, depth + 1, nodes, bytes)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Unknown => {}
    }
    if *nodes > MAX_ALIAS_NODES || *bytes > MAX_ALIAS_BYTES {
        return Err(Limit::Size);
    }
    Ok(())
}

fn place(span: Span) -> Place {
    marker(&span.start)
}

fn marker(marker: &saphyr_parser::Marker) -> Place {
    Place {
        line: u32::try_from(marker.line()).unwrap_or(u32::MAX),
        column: u32::try_from(marker.col())
            .unwrap_or(u32::MAX)
            .saturating_add(1),
    }
}

fn syntax(error: &ScanError) -> Failure {
    // The scanner has its own limit for `[[[…` and `{{{…`, which it reads ahead of the events.
    if error.info().contains("recursion limit") {
        return too_deep(marker(error.marker()));
    }
    (
        "yaml-syntax",
        marker(error.marker()),
        format!("YAML: {}", error.info()),
    )
}

fn too_deep(place: Place) -> Failure {
    let message = format!("lists and objects nest more than {MAX_DEPTH} levels deep");
    ("yaml-depth", place, message)
}

/// A scalar with its tag applied, or resolved by the core schema where it is plain and has none.
fn scalar(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
    place: Place,
) -> Result<Node, Failure> {
    let string = || Value::String(text.to_owned());
    let Some(tag) = tag else {
        let value = if style == ScalarStyle::Plain {
            core_schema(text)
        } else {
            string()
        };
        return Ok(Node::new(value, place));
    };
    if tag.is_yaml_core_schema() {
        let value = core_schema(text);
        let value = match (tag.suffix.as_str(), &value) {
            ("str", _) => string(),
            ("null", Value::Null)
            | ("bool", Value::Bool(_))
            | ("int" | "float", Value::Number(_)) => value,
            (suffix, _) => {
                let message = format!("the tag `!!{}` does not fit this value", shown_name(suffix));
                return Err(("yaml-tag", place, message));
            }
        };
        return Ok(Node::new(value, place));
    }
    // `! text` is YAML's way to say "not resolved": a string.
    if tag.handle.is_empty() && tag.suffix == "!" || tag.handle == "!" && tag.suffix.is_empty() {
        return Ok(Node::new(string(), place));
    }
    // What stands behind a function's short tag is never resolved: `!Ref 012` names the parameter `012`.
    tagged(Node::new(string(), place), Some(tag), "str")
}

/// `!Name value` as CloudFormation's long form, `{"Fn::Name": value}`.
fn tagged(node: Node, tag: Option<&Tag>, core: &str) -> Result<Node, Failure> {
    let Some(tag) = tag else { return Ok(node) };
    if tag.is_yaml_core_schema() && tag.suffix == core {
        return Ok(node);
    }
    let place = node.place;
    let name = tag.suffix.as_str();
    let local = tag.handle == "!";
    let key = match name {
        "Ref" | "Condition" if local => name.to_owned(),
        _ if local && FUNCTIONS.contains(&name) => format!("Fn::{name}"),
        _ => {
            let message = format!(
                "the tag `{}` is not known; CloudFormation's short tags are `!Ref`, `!Condition` and those of its functions",
                shown_name(&tag.to_string())
            );
            return Err(("yaml-tag", place, message));
        }
    };
    let value = match (name, node.value) {
        // `!GetAtt a.b.c` is short for ["a", "b.c"].
        ("GetAtt", Value::String(text)) => match text.split_once('.') {
            Some((resource, attribute)) => Value::List(
                [resource, attribute]
                    .map(|part| Node::new(Value::String(part.to_owned()), place))
                    .to_vec(),
            ),
            None => Value::String(text),
        },
        (_, value) => value,
    };
    let value = Node::new(value, place);
    Ok(Node::new(
        Value::Object(vec![Entry { key, place, value }]),
        place,
    ))
}

/// YAML 1.2.2, section 10.3.2.
fn core_schema(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if is_number(text) => Value::Number(text.to_owned()),
        _ => Value::String(text.to_owned()),
    }
}

fn is_number(text: &str) -> bool {
    let all = |s: &str, f: fn(&u8) -> bool| !s.is_empty() && s.bytes().all(|b| f(&b));
    if let Some(octal) = text.strip_prefix("0o") {
        return all(octal, |b| matches!(b, b'0'..=b'7'));
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return all(hex, u8::is_ascii_hexdigit);
    }
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return true;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|e| all(e.strip_prefix(['-', '+']).unwrap_or(e), u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn resolves_by_the_core_schema() {
        let text = "[NO, on, 012, 1.0, 0o17, 0x1F, ~, True, 2026-01-02, '5', 1_000, .5, -1e3, 1e, '', . , !!str 7]";
        let node = read(text).unwrap();
        let kinds: Vec<_> = node.items().unwrap().iter().map(Node::kind).collect();
        let expected = "sSnnnnNbssSnnsssS".to_lowercase();
        let short: String = kinds
            .iter()
            .map(|kind| match *kind {
                "a string" => 's',
                "a number" => 'n',
                "null" => 'N',
                _ => 'b',
            })
            .collect();
        assert_eq!(short.to_lowercase(), expected);
        assert_eq!(node.items().unwrap()[3].value, Value::Number("1.0".into()));
    }

    #[test]
    fn folded_scalars_keep_their_last_line_break() {
        let node = read("a: >\n  one\n  two\nb: >-\n  one\n  two\nc: |\n  x\n   y\n").unwrap();
        assert_eq!(node.member("a").unwrap().text(), Some("one two\n"));
        assert_eq!(node.member("b").unwrap().text(), Some("one two"));
        assert_eq!(node.member("c").unwrap().text(), Some("x\n y\n"));
    }

    #[test]
    fn short_tags_become_functions() {
        let node = read("a: !Ref X\nb: !GetAtt r.x.y\nc: !If [c, !Ref AWS::NoValue, 2]\nd: !Sub\n  - '${x}'\n  - {x: 1}\ne: !Condition c\n").unwrap();
        assert_eq!(
            node.member("a").unwrap().member("Ref").unwrap().text(),
            Some("X")
        );
        let att = node.member("b").unwrap().member("Fn::GetAtt").unwrap();
        assert_eq!(att.items().unwrap()[1].text(), Some("x.y"));
        let branches = node
            .member("c")
            .unwrap()
            .member("Fn::If")
            .unwrap()
            .items()
            .unwrap();
        assert!(branches[1].has("Ref"));
        assert!(
            node.member("d")
                .unwrap()
                .member("Fn::Sub")
                .unwrap()
                .items()
                .is_some()
        );
        assert!(node.member("e").unwrap().has("Condition"));
        assert!(refused("a: !Reff X").contains("`!Reff` is not known"));
        assert!(refused("a: !!binary aGk=").contains("does not fit"));
    }

    #[test]
    fn aliases_are_followed_up_to_a_limit() {
        let node = read("a: &x {k: [1, 2]}\nb: *x\n").unwrap();
        assert_eq!(
            node.member("b")
                .unwrap()
                .member("k")
                .unwrap()
                .items()
                .unwrap()
                .len(),
            2
        );
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..12 {
            let aliases = vec![format!("*a{}", i - 1); 10].join(", ");
            bomb += &format!("a{i}: &a{i} [{aliases}]\n");
        }
        assert!(refused(&bomb).contains("alias bomb"));
        let long = format!(
            "a: &a {}\nb: [{}]\n",
            "x".repeat(100_000),
            vec!["*a"; 100].join(", ")
        );
        assert!(refused(&long).contains("alias bomb"));
        assert!(refused("a: &a [*a]").contains("inside the value"));
        assert!(refused("a: *nowhere").contains("YAML"));
    }

    #[test]
    fn aliases_cannot_nest_deeper_than_text() {
        let mut chain = "- &a0 x\n".to_owned();
        for i in 1..200 {
            chain += &format!("- &a{i} [*a{}]\n", i - 1);
        }
        assert!(refused(&chain).contains("128 levels"));
    }

    #[test]
    fn refuses_by_name_what_it_does_not_take() {
        for (text, part) in [
            ("a: 1\n---\nb: 2\n", "several YAML documents"),
            (
                "a: 1\nb: 2\na: 3\n",
                "line 3, column 1, $: `a` stands twice",
            ),
            ("a: {<<: {b: 1}}", "`<<` merges"),
            ("? [a]\n: b\n", "plain scalar"),
            ("# only comments\n", "only comments"),
            ("a: [1, 2", "YAML"),
            ("a: \"x", "YAML"),
            ("a:\n\t- b", "YAML"),
        ] {
            let message = refused(text);
            assert!(message.contains(part), "{text:?}: {message}");
        }
        assert!(read("a: 1\n---\n").is_ok());
    }

    #[test]
    fn deep_nesting_is_refused_not_followed() {
        assert!(refused(&("a: ".to_owned() + &"[".repeat(100_000))).contains("levels"));
        assert!(refused(&("a: ".to_owned() + &"{a: ".repeat(100_000))).contains("levels"));
        assert!(refused(&"- ".repeat(100_000)).contains("levels"));
    }
}
