use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{Diffed, Listed, place, reasons};
use crate::judge::{Effect, Impact, Shift, Snapshot, Way};
use crate::report::one_line;
use crate::report::table::{TextTable, counted, percent};

const RED: Style = AnsiColor::Red.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

const fn style(way: Way) -> Style {
    match way {
        Way::Weakens => RED,
        Way::Strengthens => GREEN,
        Way::Differs => YELLOW,
    }
}

impl Diffed<'_> {
    /// A report for people.
    pub(crate) fn text(&self) -> String {
        let mut page = String::new();
        for (name, side) in [("old", self.old), ("new", self.new)] {
            let _ = writeln!(page, "{name:<8}{}", side_text(side));
        }
        let _ = writeln!(page, "\n{}", self.verdict());
        for way in Way::ALL {
            let own = self.listed(way);
            if own.is_empty() {
                continue;
            }
            let style = style(way);
            let _ = writeln!(page, "\n{style}{}{style:#}", way.name());
            for listed in own {
                let _ = match listed {
                    Listed::One(change) => {
                        writeln!(page, "  {}: {}", self.subject(change), self.details(change))
                    }
                    Listed::Many(look, changes) => writeln!(page, "  {} {look}", changes.len()),
                };
            }
        }
        self.notes(&mut page);
        if let Some(impact) = self.impact {
            self.impact_text(impact, &mut page);
        }
        if !self.conditions.is_empty() {
            page.push_str("\nconditions\n");
            for condition in self.conditions {
                let how = if condition.met { "met" } else { "not met" };
                let _ = writeln!(page, "  {} ({how})", condition.text);
            }
        }
        page
    }

    fn notes(&self, page: &mut String) {
        let hides =
            self.changes.list.iter().any(|change| {
                change.kind.is_secret() || change.attrs.iter().any(|attr| attr.secret)
            });
        if hides && !self.show_text {
            page.push_str("\nwords, patterns and topic texts are hidden; --show-text shows them\n");
        }
        if !self.changes.not_compared.is_empty() {
            let list: Vec<_> = self
                .changes
                .not_compared
                .iter()
                .map(String::as_str)
                .collect();
            let _ = writeln!(
                page,
                "\nnot compared, because one side does not hold it: {}",
                list.join(", ")
            );
        }
        if !(self.old.is_definition && self.new.is_definition) {
            page.push_str("\nnot compared, because a bundle does not hold it: texts of topics, strengths of content filters that the cloud evaluates, descriptions\n");
        }
    }

    fn impact_text(&self, impact: &Impact, page: &mut String) {
        let _ = writeln!(
            page,
            "\ncorpus  {}: {}, {} refused",
            one_line(&self.corpus.join(", ")),
            counted(impact.rows, "text"),
            impact.refused
        );
        if self.as_enforced {
            page.push_str("        guardrails that only observe are taken as if they acted\n");
        }
        if impact.failed > 0 {
            let _ = writeln!(
                page,
                "        {} could not be evaluated by both, see on error",
                impact.failed
            );
        }
        if let Some(unseen) = self.unseen() {
            let _ = writeln!(page, "        {unseen}");
        }
        shifts_text(impact, page);
        reasons_text(impact, page);
        let mut table = TextTable::new(4);
        for (shift, affected) in impact.listed() {
            table.row([
                shift.words().to_owned(),
                place(affected),
                reasons(affected),
                self.excerpt(affected),
            ]);
        }
        if impact.affected() > 0 {
            page.push_str("\nexamples, the first of each kind\n");
            table.write("  ", page);
            page.push_str("\n\"let through\" is said of this engine: what it leaves to the cloud is still decided there\n");
        }
    }
}

/// How many texts pass, are masked and are blocked, and what becomes of those that are treated otherwise.
fn shifts_text(impact: &Impact, page: &mut String) {
    let affected = impact.affected();
    let mut table = TextTable::new(1);
    table.row(["", "old", "", "new", ""]);
    for effect in Effect::ALL {
        let (old, new) = impact.with(effect);
        table.row([
            effect.word().to_owned(),
            old.to_string(),
            percent(old, impact.rows),
            new.to_string(),
            percent(new, impact.rows),
        ]);
    }
    page.push('\n');
    table.write("  ", page);
    let _ = writeln!(
        page,
        "\n{affected} of {} treated otherwise, {}",
        counted(impact.rows, "text"),
        percent(affected, impact.rows)
    );
    let mut table = TextTable::new(1);
    for shift in Shift::ALL {
        let count = impact.count(shift);
        if count > 0 {
            let mark = if shift.weakens() { "! " } else { "  " };
            table.row([
                format!("{mark}{}", shift.words()),
                count.to_string(),
                percent(count, impact.rows),
            ]);
        }
    }
    table.write("  ", page);
}

fn reasons_text(impact: &Impact, page: &mut String) {
    if impact.causes.is_empty() {
        return;
    }
    let shifts: Vec<Shift> = Shift::ALL
        .into_iter()
        .filter(|shift| impact.count(*shift) > 0)
        .collect();
    let mut table = TextTable::new(1);
    let names = shifts.iter().map(|shift| shift.words().to_owned());
    table.row(std::iter::once("reason".to_owned()).chain(names));
    for (key, counts) in &impact.causes {
        let counts = shifts
            .iter()
            .map(|shift| counts.get(shift).copied().unwrap_or(0).to_string());
        table.row(std::iter::once(key.shown()).chain(counts));
    }
    page.push('\n');
    table.write("  ", page);
}

/// A side's file, form and hash.
pub(super) fn side_text(side: &Snapshot) -> String {
    let names: Vec<_> = side
        .guardrails
        .iter()
        .map(|part| one_line(&part.name))
        .collect();
    let hash: String = side.sha256.chars().take(16).collect();
    format!(
        "{}: {} (sha256 {hash}…)",
        one_line(&side.name()),
        names.join(", ")
    )
}
