use std::fmt::Write as _;

use super::{Evaluated, place, verdict_text};
use crate::judge::{Effect, Flaw};
use crate::report::table::{TextTable, counted, percent, share};
use crate::report::{one_line, policy};

impl Evaluated<'_> {
    /// A report for people.
    pub(crate) fn text(&self) -> String {
        let mut page = String::new();
        self.head(&mut page);
        self.scores(&mut page);
        self.actions(&mut page);
        for (label, found, count) in self.mistaken() {
            let (label, found) = (label.shown(), found.shown());
            let _ = writeln!(page, "confused    {label} found as {found}: {count}");
        }
        self.flaws("misses", Flaw::Miss, &mut page);
        self.flaws("false alarms", Flaw::FalseAlarm, &mut page);
        if !self.summary.wrong_actions.is_empty() {
            page.push_str("\nwrong actions, the first of them\n");
            for example in &self.summary.wrong_actions {
                let note = example.note.as_deref().unwrap_or_default();
                let _ = writeln!(page, "  {}: {note}", place(example));
            }
        }
        if !self.verdicts.is_empty() {
            page.push_str("\nconditions\n");
            for verdict in self.verdicts {
                let _ = writeln!(page, "  {}", verdict_text(verdict));
            }
        }
        page
    }

    fn head(&self, page: &mut String) {
        let summary = self.summary;
        let _ = writeln!(page, "guardrail   {}", one_line(&self.guardrail));
        let _ = writeln!(
            page,
            "data        {}: {}, {} with labels, {} refused",
            one_line(&self.data.join(", ")),
            counted(summary.rows, "text"),
            summary.with_labels,
            summary.refused
        );
        if let (Some(median), Some(p95)) = (
            summary.latency.quantile(0.5),
            summary.latency.quantile(0.95),
        ) {
            let _ = writeln!(
                page,
                "latency     median {median:.1?}, p95 {p95:.1?} ({}, this machine; never a condition)",
                self.engine
            );
        }
        for (code, count) in &summary.failures {
            let why = crate::report::reason(code);
            let _ = writeln!(page, "not judged  {}: {why}", counted(*count, "text"));
        }
        if summary.truncated > 0 {
            let _ = writeln!(
                page,
                "truncated   {} with more findings than the engine lists; the rest counts as not found",
                counted(summary.truncated, "text"),
            );
        }
        if !summary.outside.is_empty() {
            let outside = summary.outside.iter();
            let outside: Vec<_> = outside
                .map(|(key, count)| format!("{} {count}", key.shown()))
                .collect();
            let _ = writeln!(
                page,
                "outside     labels of what the guardrail does not evaluate in their direction, not counted: {}",
                outside.join(", ")
            );
        }
    }

    fn scores(&self, page: &mut String) {
        if self.summary.entries.is_empty() {
            return;
        }
        let matching = self.matching;
        let mut table = TextTable::new(1);
        table.row([
            "",
            "labels",
            "found",
            "precision",
            "recall",
            "F1",
            "exact F1",
            "to cloud",
        ]);
        let mut row = |name: String, scores: &crate::judge::Scores| {
            let counts = scores.by(matching);
            table.row([
                name,
                counts.labels().to_string(),
                counts.found().to_string(),
                share(counts.precision()),
                share(counts.recall()),
                share(counts.f1()),
                share(scores.exact.f1()),
                scores.deferred.to_string(),
            ]);
        };
        for name in self.summary.policies() {
            row(
                policy(name).to_owned(),
                &self.summary.total(|key| key.policy == name),
            );
            for (key, scores) in self.entries_of(name) {
                row(format!("  {}", key.shown()), scores);
            }
        }
        row("all".to_owned(), &self.total());
        page.push('\n');
        table.write("", page);
        let _ = writeln!(
            page,
            "mean F1 of the entries {}; a finding and a label are the same by {}; \"to cloud\" are misses that are deferred",
            share(self.summary.macro_f1(matching)),
            match matching {
                crate::judge::Matching::Exact => "the same span",
                crate::judge::Matching::Overlap => "overlap",
            }
        );
    }

    fn actions(&self, page: &mut String) {
        let (right, all) = self.summary.accuracy();
        if all == 0 {
            return;
        }
        let mut table = TextTable::new(1);
        let names = Effect::ALL.map(|effect| format!("does {}", effect.word()));
        table.row(std::iter::once(String::new()).chain(names));
        for expected in Effect::ALL {
            let counts = self.summary.effects[expected.index()];
            let counts = counts.map(|count| count.to_string());
            let name = format!("should {}", expected.word());
            table.row(std::iter::once(name).chain(counts));
        }
        let _ = writeln!(
            page,
            "\nactions     {right} of {all} as they should be, {}",
            percent(right, all)
        );
        table.write("  ", page);
    }

    fn flaws(&self, title: &str, flaw: Flaw, page: &mut String) {
        let mut table = TextTable::new(4);
        let mut any = false;
        for (key, example) in self.summary.listed(flaw) {
            any = true;
            table.row([
                key.shown(),
                place(example),
                self.value(example),
                example.note.clone().unwrap_or_default(),
            ]);
        }
        if any {
            let _ = writeln!(page, "\n{title}, the first of each entry");
            table.write("  ", page);
        }
    }
}
