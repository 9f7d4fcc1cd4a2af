use super::text::side_text;
use super::{Diffed, Listed, place, reasons};
use crate::judge::{Change, Effect, Impact, Shift, Way, What};
use crate::report::html::escaped;
use crate::report::page::{Bar, Cell, Group, Page, Tone, tag};
use crate::report::table::percent;

/// As many differences of one way are listed; the JSON form has them all.
const LISTED: usize = 500;
/// As many reasons are drawn; the table has them all.
const DRAWN: usize = 25;

const fn tone(way: Way) -> Tone {
    match way {
        Way::Weakens => Tone::Bad,
        Way::Strengthens => Tone::Good,
        Way::Differs => Tone::Warn,
    }
}

impl Diffed<'_> {
    /// One self-contained page.
    pub(crate) fn html(&self) -> String {
        let about = format!("{} → {}", self.old.name(), self.new.name());
        let mut page = Page::new("Guardrail comparison", &about);
        let worst = if self.changes.count(Way::Weakens) > 0 {
            Tone::Bad
        } else if self.changes.list.is_empty() {
            Tone::Good
        } else {
            Tone::Warn
        };
        page.banner(worst, &self.verdict());
        let failed = self
            .conditions
            .iter()
            .filter(|condition| !condition.met)
            .count();
        if failed > 0 {
            let text = format!("{failed} of {} conditions not met", self.conditions.len());
            page.banner(Tone::Bad, &text);
        }
        self.html_cards(&mut page);
        let conditions = self.conditions.iter();
        let conditions: Vec<_> = conditions.map(|c| (c.text.clone(), c.met)).collect();
        page.conditions(&conditions);
        page.facts(&[("Old", side_text(self.old)), ("New", side_text(self.new))]);
        if let Some(impact) = self.impact {
            page.section("What happens to the corpus", |page| {
                self.html_impact(impact, page)
            });
            if !impact.causes.is_empty() {
                page.section("Reasons", |page| html_reasons(impact, page));
            }
            if impact.affected() > 0 {
                page.section("Examples", |page| self.html_examples(impact, page));
            }
        }
        if !self.changes.list.is_empty() {
            page.section("Differences of the policy", |page| self.html_changes(page));
        }
        if !self.changes.not_compared.is_empty() {
            let list: Vec<_> = self
                .changes
                .not_compared
                .iter()
                .map(String::as_str)
                .collect();
            page.note(&format!(
                "Not compared, because one side does not hold it: {}.",
                list.join(", ")
            ));
        }
        if !(self.old.is_definition && self.new.is_definition) {
            page.note("Not compared, because a bundle does not hold it: texts of topics, strengths of content filters that the cloud evaluates, descriptions.");
        }
        page.finish(if self.show_text {
            "This page quotes texts, words and patterns."
        } else {
            "This page quotes no text, word or pattern; --show-text makes it do so."
        })
    }

    fn html_cards(&self, page: &mut Page) {
        let weakens = self.changes.count(Way::Weakens);
        let weak_tone = if weakens > 0 { Tone::Bad } else { Tone::Good };
        let remark = format!("of {} differences", self.changes.list.len());
        let mut cards = vec![("Weaken the policy", weakens.to_string(), remark, weak_tone)];
        if let Some(impact) = self.impact {
            let out = Shift::ALL.into_iter().filter(|shift| shift.weakens());
            let out: u64 = out.map(|shift| impact.count(shift)).sum();
            let blocked = impact.count(Shift::NewlyBlocked);
            let share = |count| format!("{} of {} texts", percent(count, impact.rows), impact.rows);
            let bad_if = |bad| if bad { Tone::Bad } else { Tone::Plain };
            let warn_if = |warn| if warn { Tone::Warn } else { Tone::Plain };
            cards.push((
                "Treated otherwise",
                impact.affected().to_string(),
                share(impact.affected()),
                Tone::Plain,
            ));
            cards.push((
                "More gets out",
                out.to_string(),
                share(out),
                bad_if(out > 0),
            ));
            cards.push((
                "Newly blocked",
                blocked.to_string(),
                share(blocked),
                warn_if(blocked > 0),
            ));
            let increase = impact.block_rate_increase();
            cards.push((
                "Block rate",
                format!("{increase:+.2}"),
                "percentage points".to_owned(),
                Tone::Plain,
            ));
        }
        page.cards(&cards);
    }

    fn html_impact(&self, impact: &Impact, page: &mut Page) {
        page.paragraph(&format!(
            "{} of {} texts are treated otherwise ({}); {} lines were refused.",
            impact.affected(),
            impact.rows,
            percent(impact.affected(), impact.rows),
            impact.refused
        ));
        if let Some(unseen) = self.unseen() {
            page.banner(Tone::Warn, &unseen);
        }
        if self.as_enforced {
            page.note("Guardrails that only observe are taken as if they acted.");
        }
        if impact.failed > 0 {
            page.note(&format!(
                "{} texts could not be evaluated by both versions.",
                impact.failed
            ));
        }
        let classes = [("pass", "pass"), ("mask", "mask"), ("block", "block")];
        let side = |name: &str, new: bool| Group {
            name: name.to_owned(),
            bars: Effect::ALL
                .into_iter()
                .map(|effect| {
                    let (old, later) = impact.with(effect);
                    let count = if new { later } else { old };
                    Bar {
                        class: effect.word(),
                        share: crate::judge::ratio(count, impact.rows).unwrap_or(0.0),
                        text: format!(
                            "{}: {count} ({})",
                            effect.word(),
                            percent(count, impact.rows)
                        ),
                    }
                })
                .collect(),
        };
        page.legend(&classes);
        page.stacked(
            "Share of texts that pass, are masked and are blocked; the table below has the figures",
            &[side("old", false), side("new", true)],
        );
        let names = |before: &str| Effect::ALL.map(|effect| format!("{before}: {}", effect.word()));
        page.matrix(
            "Texts by what the old version does (rows) and the new one (columns)",
            &names("old"),
            &names("new"),
            &|row, column| impact.effects[row][column],
            &|row, column| match row.cmp(&column) {
                std::cmp::Ordering::Equal => Tone::Plain,
                std::cmp::Ordering::Less => Tone::Warn,
                std::cmp::Ordering::Greater => Tone::Bad,
            },
        );
        page.note("“Let through” is said of this engine: what it leaves to the cloud is still decided there.");
    }

    fn html_examples(&self, impact: &Impact, page: &mut Page) {
        page.note("The first of each kind.");
        page.table("", &["What", "Where", "Reason", "Text"], |rows| {
            for (shift, affected) in impact.listed() {
                let tone = if shift.weakens() {
                    Tone::Bad
                } else {
                    Tone::Warn
                };
                rows.row(
                    "",
                    &[
                        Cell::html(tag(tone, shift.words())),
                        Cell::text(&place(affected)),
                        Cell::text(&reasons(affected)),
                        Cell::text(&self.excerpt(affected)),
                    ],
                );
            }
        });
    }

    fn html_changes(&self, page: &mut Page) {
        for way in Way::ALL {
            let own = self.listed(way);
            if own.is_empty() {
                continue;
            }
            page.heading(match way {
                Way::Weakens => "Weakens",
                Way::Strengthens => "Strengthens",
                Way::Differs => "Can go either way",
            });
            page.table("", &["Entry", "", "Property", "Old", "New"], |rows| {
                for change in own.iter().take(LISTED) {
                    match change {
                        Listed::One(change) => self.html_change(change, rows),
                        Listed::Many(look, changes) => rows.row(
                            "",
                            &[
                                Cell::text(&format!("{} {look}", changes.len())),
                                Cell::html(tag(tone(way), changes[0].what.name())),
                                Cell::text(""),
                                Cell::text(""),
                                Cell::text(""),
                            ],
                        ),
                    }
                }
            });
            if own.len() > LISTED {
                page.note(&format!(
                    "{} more are not listed; the JSON form has them all.",
                    own.len() - LISTED
                ));
            }
        }
    }

    fn html_change(&self, change: &Change, rows: &mut crate::report::page::Rows<'_>) {
        let first = |what: &str| {
            [
                Cell::text(&self.subject(change)),
                Cell::html(tag(tone(change.way), what)),
            ]
        };
        if change.attrs.is_empty() {
            let [name, what] = first(change.what.name());
            let note = if change.kind == crate::judge::Kind::Tables {
                self.details(change)
            } else {
                String::new()
            };
            rows.row(
                "",
                &[
                    name,
                    what,
                    Cell::text(&note),
                    Cell::text(""),
                    Cell::text(""),
                ],
            );
        }
        for (place, attr) in change.attrs.iter().enumerate() {
            let [name, what] = if place == 0 {
                first(change.what.name())
            } else {
                [Cell::text(""), Cell::text("")]
            };
            let (old, new) = self.values(attr);
            let none = if change.what == What::Changed {
                "none"
            } else {
                ""
            };
            let cell = |value: Option<String>, element: &str| match value {
                Some(value) => Cell::html(format!("<{element}>{}</{element}>", escaped(&value))),
                None => Cell::text(none),
            };
            // Only what goes somewhere is coloured.
            let (before, after) = match attr.way {
                Way::Weakens | Way::Strengthens => ("b", "b"),
                Way::Differs => ("span", "span"),
            };
            rows.row(
                "",
                &[
                    name,
                    what,
                    Cell::text(attr.name),
                    cell(old, before),
                    cell(new, after),
                ],
            );
        }
    }
}

fn html_reasons(impact: &Impact, page: &mut Page) {
    let shifts: Vec<Shift> = Shift::ALL
        .into_iter()
        .filter(|shift| impact.count(*shift) > 0)
        .collect();
    let total = |counts: &std::collections::BTreeMap<Shift, u64>| counts.values().sum::<u64>();
    let mut causes: Vec<_> = impact.causes.iter().collect();
    causes.sort_by_key(|(_, counts)| std::cmp::Reverse(total(counts)));
    let most = causes.first().map_or(0, |(_, counts)| total(counts));
    // Four steps of the scale are whole numbers.
    let most = most.max(1).div_ceil(4) * 4;
    let groups: Vec<Group> = causes
        .iter()
        .take(DRAWN)
        .map(|(key, counts)| {
            let out: u64 = counts
                .iter()
                .filter(|(shift, _)| shift.weakens())
                .map(|(_, n)| n)
                .sum();
            let held = total(counts) - out;
            let bars = [
                ("block", out, "more gets out"),
                ("mask", held, "less gets out"),
            ];
            let bars = bars.into_iter().filter(|(_, count, _)| *count > 0);
            Group {
                name: key.shown(),
                bars: bars
                    .map(|(class, count, what)| Bar {
                        class,
                        share: crate::judge::ratio(count, most).unwrap_or(0.0),
                        text: format!("{count} {what}"),
                    })
                    .collect(),
            }
        })
        .collect();
    page.legend(&[
        ("block", "more gets out"),
        ("mask", "less gets out, or something else"),
    ]);
    page.bars(
        "Texts that each entry shifts; the table below has the figures",
        most,
        &groups,
    );
    let mut columns = vec!["Entry".to_owned(), "Policy".to_owned()];
    columns.extend(shifts.iter().map(|shift| format!("{}#", shift.words())));
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    page.table("", &columns, |rows| {
        for (key, counts) in &causes {
            let mut cells = vec![
                Cell::text(&key.shown()),
                Cell::text(crate::report::policy(&key.policy)),
            ];
            cells.extend(
                shifts
                    .iter()
                    .map(|shift| Cell::number(counts.get(shift).copied().unwrap_or(0))),
            );
            rows.row("", &cells);
        }
    });
}
