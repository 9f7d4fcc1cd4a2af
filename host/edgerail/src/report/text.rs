use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::offsets::Positions;
use super::redact::redacted;
use super::words::{deferred_lines, reason};
use super::{Checked, Options, Report, Unchecked, one_line, policy};

const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// A report for people. The writer drops the colours where nobody sees them.
pub(super) struct Text {
    options: Options,
}

impl Text {
    pub(super) const fn new(options: Options) -> Text {
        Text { options }
    }

    fn findings(&self, checked: &Checked<'_>, page: &mut String) {
        let mut positions = Positions::new(checked.text);
        let several = checked.answer.edgerail.guardrails.len() > 1;
        let mut rows: Vec<[String; 6]> = Vec::new();
        for finding in &checked.answer.edgerail.findings {
            let place = positions.of(finding.start);
            let value = if self.options.show_text {
                one_line(&finding.matched)
            } else {
                redacted(finding.ty.as_deref(), &finding.matched)
            };
            let guardrail = if several {
                one_line(&finding.guardrail)
            } else {
                String::new()
            };
            rows.push([
                format!("{}:{}", place.line, place.column),
                one_line(finding.safe_entry()),
                finding.shown_action(),
                finding.score.to_string(),
                value,
                guardrail,
            ]);
        }
        let mut widths = [0_usize; 6];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in rows {
            let mut line = String::from(" ");
            for (cell, width) in row.iter().zip(widths) {
                let fill = " ".repeat(width.saturating_sub(cell.chars().count()));
                let _ = write!(line, " {cell}{fill} ");
            }
            let _ = writeln!(page, "{}", line.trim_end());
        }
        let listed = u64::try_from(checked.answer.edgerail.findings.len()).unwrap_or(u64::MAX);
        let found = checked.answer.edgerail.found;
        if found > listed {
            let _ = writeln!(
                page,
                "  {found} found, the first {listed} are listed; all act"
            );
        }
    }

    fn outputs(&self, checked: &Checked<'_>, page: &mut String) {
        if checked.answer.outputs.is_empty() {
            return;
        }
        if checked.answer.reason != "Guardrail blocked." && !self.options.show_text {
            let _ = writeln!(
                page,
                "  {DIM}output: the text with masks; --show-text shows it{DIM:#}"
            );
            return;
        }
        for output in &checked.answer.outputs {
            let _ = writeln!(page, "  output: {}", one_line(&output.text));
        }
    }
}

impl Report for Text {
    fn checked(&mut self, checked: &Checked<'_>, out: &mut dyn Write) -> io::Result<()> {
        let answer = &checked.answer;
        let style = match &*answer.reason {
            "Guardrail blocked." => RED,
            "Guardrail masked." => YELLOW,
            _ => GREEN,
        };
        let mut page = String::new();
        let label = one_line(checked.label);
        let _ = writeln!(
            page,
            "{label}: {style}{}{style:#} ({})",
            answer.action, answer.reason
        );
        if answer.edgerail.reason_code != "ok" {
            let why = reason(&answer.edgerail.reason_code);
            let _ = writeln!(
                page,
                "  not evaluated: {why} ({})",
                answer.edgerail.reason_code
            );
        }
        self.findings(checked, &mut page);
        for guardrail in answer
            .edgerail
            .guardrails
            .iter()
            .filter(|g| g.mode == "observe")
        {
            let name = one_line(&guardrail.name);
            let _ = writeln!(
                page,
                "  {name} only observes; on its own: {}",
                guardrail.reason
            );
        }
        self.outputs(checked, &mut page);
        for line in inactive_lines(checked) {
            let _ = writeln!(
                page,
                "  {DIM}not evaluated in this direction: {line}{DIM:#}"
            );
        }
        for line in deferred_lines(&answer.distinct_deferred()) {
            let _ = writeln!(page, "  {DIM}left to the cloud: {}{DIM:#}", one_line(&line));
        }
        out.write_all(page.as_bytes())
    }

    fn unchecked(&mut self, _: &Unchecked<'_>, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// What each guardrail has and does not evaluate on this source.
fn inactive_lines(checked: &Checked<'_>) -> Vec<String> {
    let own = &checked.answer.edgerail;
    let mut lines: Vec<String> = Vec::new();
    for coverage in &own.coverage {
        let mut all: Vec<String> = Vec::new();
        if coverage.words_inactive > 0 {
            all.push(format!(
                "{} {}",
                coverage.words_inactive,
                policy("wordPolicy")
            ));
        }
        all.extend(
            coverage
                .inactive
                .iter()
                .map(|inactive| one_line(&inactive.entry)),
        );
        if !all.is_empty() {
            lines.push(all.join(", "));
        }
    }
    lines.dedup();
    lines
}
