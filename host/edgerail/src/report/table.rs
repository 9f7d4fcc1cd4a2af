//! Tables of plain text.

use std::fmt::Write as _;

/// Columns are as wide as their widest cell; numbers stand at the right.
#[derive(Debug, Default)]
pub(crate) struct TextTable {
    rows: Vec<Vec<String>>,
    /// Columns that are names, from the left.
    names: usize,
    /// From this column on they are again.
    prose: Option<usize>,
}

impl TextTable {
    /// A table whose first `names` columns are flushed left.
    pub(crate) fn new(names: usize) -> TextTable {
        TextTable {
            rows: Vec::new(),
            names,
            prose: None,
        }
    }

    /// Columns from number `prose` on are flushed left as well.
    pub(crate) const fn names_after(mut self, prose: usize) -> TextTable {
        self.prose = Some(prose);
        self
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Appends the lines, each after `indent`.
    pub(crate) fn write(&self, indent: &str, page: &mut String) {
        let mut widths: Vec<usize> = Vec::new();
        for row in &self.rows {
            for (place, cell) in row.iter().enumerate() {
                let width = cell.chars().count();
                match widths.get_mut(place) {
                    Some(known) => *known = (*known).max(width),
                    None => widths.push(width),
                }
            }
        }
        for row in &self.rows {
            let mut line = String::from(indent);
            for (place, cell) in row.iter().enumerate() {
                let width = widths.get(place).copied().unwrap_or_default();
                let fill = " ".repeat(width.saturating_sub(cell.chars().count()));
                let gap = if place == 0 { "" } else { "  " };
                let is_name = place < self.names || self.prose.is_some_and(|prose| place >= prose);
                let _ = if is_name {
                    write!(line, "{gap}{cell}{fill}")
                } else {
                    write!(line, "{gap}{fill}{cell}")
                };
            }
            page.push_str(line.trim_end());
            page.push('\n');
        }
    }
}

/// A share as people read it: two decimals, a dash for none.
pub(crate) fn share(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.3}"))
}

/// A part of a whole in percent: one decimal, more where that would be 0.0 although there is something.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    match crate::judge::ratio(part, whole) {
        None => "–".to_owned(),
        Some(ratio) if part > 0 && ratio < 0.000_5 => format!("{:.3} %", ratio * 100.0),
        Some(ratio) => format!("{:.1} %", ratio * 100.0),
    }
}

/// `one text`, `2 texts`.
pub(crate) fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// A text of at most so many characters.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let line = super::one_line(text);
    if line.chars().count() <= most {
        return line;
    }
    line.chars()
        .take(most.saturating_sub(1))
        .chain(['…'])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_do_not_end_in_blanks() {
        let mut table = TextTable::new(1);
        table.row(["entry", "F1"]);
        table.row(["\u{e4}", "0.500"]);
        table.row(["long name", ""]);
        let mut page = String::new();
        table.write("  ", &mut page);
        assert_eq!(
            page,
            "  entry         F1\n  \u{e4}          0.500\n  long name\n"
        );
    }

    #[test]
    fn shares_are_never_rounded_to_nothing() {
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(percent(1, 100_000), "0.001 %");
        assert_eq!(percent(0, 3), "0.0 %");
        assert_eq!(percent(0, 0), "–");
        assert_eq!(share(None), "–");
        assert_eq!(shortened("abcdef\n", 5), "abcd…");
    }
}
