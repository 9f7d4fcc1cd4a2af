use super::{Evaluated, place};
use crate::judge::{Counts, Effect, EntryKey, Flaw, Matching, interval};
use crate::report::page::{Bar, Cell, Group, Page, Tone};
use crate::report::policy;
use crate::report::table::{percent, share};

/// As many entries are drawn; the table has them all.
const DRAWN: usize = 40;

impl Evaluated<'_> {
    /// One self-contained page.
    pub(crate) fn html(&self) -> String {
        let about = format!("{} held against {}", self.guardrail, self.data.join(", "));
        let mut page = Page::new("Guardrail evaluation", &about);
        self.html_overview(&mut page);
        if !self.summary.entries.is_empty() {
            page.section("Precision and recall", |page| self.html_scores(page));
        }
        let (_, judged) = self.summary.accuracy();
        if judged > 0 {
            page.section("Actions", |page| self.html_actions(page));
        }
        if !self.summary.confusion.is_empty() {
            page.section("What was taken for what", |page| self.html_confusion(page));
        }
        self.html_flaws("Misses", Flaw::Miss, &mut page);
        self.html_flaws("False alarms", Flaw::FalseAlarm, &mut page);
        self.html_wrong_actions(&mut page);
        page.finish(if self.show_text {
            "This page quotes texts of the data set."
        } else {
            "This page quotes no text of the data set."
        })
    }

    fn html_overview(&self, page: &mut Page) {
        let failed = self
            .verdicts
            .iter()
            .filter(|verdict| !verdict.passed)
            .count();
        if failed > 0 {
            let text = format!("{failed} of {} conditions not met", self.verdicts.len());
            page.banner(Tone::Bad, &text);
        } else if !self.verdicts.is_empty() {
            page.banner(Tone::Good, "All conditions met");
        }
        let summary = self.summary;
        if summary.refused > 0 {
            let text = format!(
                "{} lines were refused and are not part of these figures",
                summary.refused
            );
            page.banner(Tone::Bad, &text);
        }
        let counts = self.total().by(self.matching);
        let (right, all) = summary.accuracy();
        let of = |part, whole, what: &str| format!("{part} of {whole} {what}");
        page.cards(&[
            (
                "F1",
                share(counts.f1()),
                format!("mean of entries {}", share(summary.macro_f1(self.matching))),
                Tone::Plain,
            ),
            (
                "Precision",
                share(counts.precision()),
                of(counts.hits, counts.found(), "findings right"),
                Tone::Plain,
            ),
            (
                "Recall",
                share(counts.recall()),
                of(counts.hits, counts.labels(), "labels found"),
                Tone::Plain,
            ),
            (
                "Actions right",
                percent(right, all),
                of(right, all, "texts"),
                Tone::Plain,
            ),
        ]);
        let conditions = self.verdicts.iter().map(|verdict| {
            let text = format!("{}: {}", verdict.gate, share(verdict.value));
            (text, verdict.passed)
        });
        page.conditions(&conditions.collect::<Vec<_>>());
        self.html_facts(page);
    }

    fn html_facts(&self, page: &mut Page) {
        let summary = self.summary;
        let time = |share| match summary.latency.quantile(share) {
            Some(time) => format!("{time:.1?}"),
            None => "–".to_owned(),
        };
        let outside = summary.outside.iter();
        let outside: Vec<_> = outside
            .map(|(key, count)| format!("{} {count}", key.shown()))
            .collect();
        let mut facts = vec![
            (
                "Texts",
                format!("{}, {} with labels", summary.rows, summary.with_labels),
            ),
            (
                "The same by",
                match self.matching {
                    Matching::Exact => "the same entry and span".to_owned(),
                    Matching::Overlap => "the same entry and overlapping spans".to_owned(),
                },
            ),
            (
                "Latency",
                format!(
                    "median {}, p95 {} ({} engine, this machine)",
                    time(0.5),
                    time(0.95),
                    self.engine
                ),
            ),
        ];
        if !outside.is_empty() {
            facts.push((
                "Not counted",
                format!(
                    "labels of what the guardrail does not evaluate: {}",
                    outside.join(", ")
                ),
            ));
        }
        for (code, count) in &summary.failures {
            facts.push((
                "Not evaluated",
                format!("{count}: {}", crate::report::reason(code)),
            ));
        }
        page.facts(&facts);
    }

    fn html_scores(&self, page: &mut Page) {
        let shown = |counts: Counts| {
            [
                ("one", counts.precision()),
                ("two", counts.recall()),
                ("three", counts.f1()),
            ]
            .map(|(class, value)| Bar {
                class,
                share: value.unwrap_or(0.0),
                text: share(value),
            })
        };
        let entries = self.summary.entries.iter().take(DRAWN);
        let groups: Vec<Group> = entries
            .map(|(key, scores)| Group {
                name: key.shown(),
                bars: shown(scores.by(self.matching)).into(),
            })
            .collect();
        page.legend(&[("one", "precision"), ("two", "recall"), ("three", "F1")]);
        page.bars(
            "Precision, recall and F1 of each entry; the table below has the figures",
            1,
            &groups,
        );
        self.html_figures(page);
    }

    fn html_figures(&self, page: &mut Page) {
        let columns = [
            "Entry",
            "Labels#",
            "Found#",
            "Precision#",
            "Recall#",
            "F1#",
            "Exact F1#",
            "Recall, 95 % interval#",
            "To cloud#",
        ];
        page.table("", &columns, |rows| {
            let mut row = |class: &str, name: &str, scores: &crate::judge::Scores| {
                let counts = scores.by(self.matching);
                let bounds = interval(counts.hits, counts.labels());
                let bounds = bounds.map_or("–".to_owned(), |(low, high)| {
                    format!("{low:.2}–{high:.2}")
                });
                rows.row(
                    class,
                    &[
                        Cell::text(name),
                        Cell::number(counts.labels()),
                        Cell::number(counts.found()),
                        Cell::number(share(counts.precision())),
                        Cell::number(share(counts.recall())),
                        Cell::number(share(counts.f1())),
                        Cell::number(share(scores.exact.f1())),
                        Cell::number(bounds),
                        Cell::number(scores.deferred),
                    ],
                );
            };
            for name in self.summary.policies() {
                row(
                    "sum",
                    policy(name),
                    &self.summary.total(|key| key.policy == name),
                );
                for (key, scores) in self.entries_of(name) {
                    row("sub", &key.shown(), scores);
                }
            }
            row("sum", "all", &self.total());
        });
        page.note("To cloud are misses that are deferred: this engine does not take its silence for an answer there.");
    }

    fn html_actions(&self, page: &mut Page) {
        let names = |before: &str| Effect::ALL.map(|effect| format!("{before} {}", effect.word()));
        page.matrix(
            "Texts by what should happen (rows) and what does (columns)",
            &names("should"),
            &names("does"),
            &|row, column| self.summary.effects[row][column],
            // Too much stops work, too little lets something out.
            &|row, column| match row.cmp(&column) {
                std::cmp::Ordering::Equal => Tone::Good,
                std::cmp::Ordering::Less => Tone::Warn,
                std::cmp::Ordering::Greater => Tone::Bad,
            },
        );
    }

    fn html_confusion(&self, page: &mut Page) {
        let all = &self.summary.confusion;
        let mut labels: Vec<Option<&EntryKey>> =
            all.keys().map(|(label, _)| label.as_ref()).collect();
        let mut found: Vec<Option<&EntryKey>> =
            all.keys().map(|(_, found)| found.as_ref()).collect();
        for list in [&mut labels, &mut found] {
            // Nothing comes last.
            list.sort_by_key(|key| (key.is_none(), *key));
            list.dedup();
            list.truncate(DRAWN);
        }
        let name = |nothing: &str, key: &Option<&EntryKey>| {
            key.map_or(nothing.to_owned(), EntryKey::shown)
        };
        let rows: Vec<_> = labels
            .iter()
            .map(|key| name("nothing there", key))
            .collect();
        let columns: Vec<_> = found.iter().map(|key| name("not found", key)).collect();
        let cell = |row: usize, column: usize| (labels[row].cloned(), found[column].cloned());
        page.matrix(
            "Labels (rows) and what was found in their place (columns), by overlap",
            &rows,
            &columns,
            &|row, column| all.get(&cell(row, column)).copied().unwrap_or(0),
            &|row, column| match cell(row, column) {
                (label, found) if label == found => Tone::Good,
                (Some(_), None) => Tone::Bad,
                _ => Tone::Warn,
            },
        );
    }

    fn html_flaws(&self, title: &str, flaw: Flaw, page: &mut Page) {
        if self.summary.listed(flaw).next().is_none() {
            return;
        }
        page.section(title, |page| {
            page.note("The first of each entry.");
            page.table("", &["Entry", "Where", "Value", "Remark"], |rows| {
                for (key, example) in self.summary.listed(flaw) {
                    rows.row(
                        "",
                        &[
                            Cell::text(&key.shown()),
                            Cell::text(&place(example)),
                            Cell::text(&self.value(example)),
                            Cell::text(example.note.as_deref().unwrap_or_default()),
                        ],
                    );
                }
            });
        });
    }

    fn html_wrong_actions(&self, page: &mut Page) {
        if self.summary.wrong_actions.is_empty() {
            return;
        }
        page.section("Wrong actions", |page| {
            page.note("The first of them.");
            page.table("", &["Where", "What"], |rows| {
                for example in &self.summary.wrong_actions {
                    let note = example.note.as_deref().unwrap_or_default();
                    rows.row("", &[Cell::text(&place(example)), Cell::text(note)]);
                }
            });
        });
    }
}
