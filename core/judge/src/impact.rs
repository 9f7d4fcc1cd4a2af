//! What a new version would do to texts that the old one has seen.

use std::collections::BTreeMap;

use super::effect::{Effect, EntryKey};
use crate::answer::Answer;

/// What becomes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shift {
    /// Was blocked, passes.
    LetThrough,
    /// Was blocked, is masked.
    BlockToMask,
    /// Was masked, passes.
    Unmasked,
    /// Passed or was masked, is blocked.
    NewlyBlocked,
    /// Passed, is masked.
    NewlyMasked,
    /// Is masked as before, but other parts or by other names.
    MaskedOtherwise,
}

impl Shift {
    /// All, what lets out more first.
    pub const ALL: [Shift; 6] = [
        Shift::LetThrough,
        Shift::BlockToMask,
        Shift::Unmasked,
        Shift::NewlyBlocked,
        Shift::NewlyMasked,
        Shift::MaskedOtherwise,
    ];

    /// The name in data.
    pub const fn name(self) -> &'static str {
        match self {
            Shift::LetThrough => "letThrough",
            Shift::BlockToMask => "maskedInsteadOfBlocked",
            Shift::Unmasked => "unmasked",
            Shift::NewlyBlocked => "newlyBlocked",
            Shift::NewlyMasked => "newlyMasked",
            Shift::MaskedOtherwise => "maskedOtherwise",
        }
    }

    /// As people say it.
    pub const fn words(self) -> &'static str {
        match self {
            Shift::LetThrough => "let through",
            Shift::BlockToMask => "masked instead of blocked",
            Shift::Unmasked => "unmasked",
            Shift::NewlyBlocked => "newly blocked",
            Shift::NewlyMasked => "newly masked",
            Shift::MaskedOtherwise => "masked otherwise",
        }
    }

    /// Whether more gets out than before.
    pub const fn weakens(self) -> bool {
        matches!(
            self,
            Shift::LetThrough | Shift::BlockToMask | Shift::Unmasked
        )
    }

    fn between(old: Effect, new: Effect, same_output: bool) -> Option<Shift> {
        match (old, new) {
            (Effect::Block, Effect::Pass) => Some(Shift::LetThrough),
            (Effect::Block, Effect::Mask) => Some(Shift::BlockToMask),
            (Effect::Mask, Effect::Pass) => Some(Shift::Unmasked),
            (Effect::Pass | Effect::Mask, Effect::Block) => Some(Shift::NewlyBlocked),
            (Effect::Pass, Effect::Mask) => Some(Shift::NewlyMasked),
            (Effect::Mask, Effect::Mask) if !same_output => Some(Shift::MaskedOtherwise),
            _ => None,
        }
    }
}

/// How texts are compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct CompareOptions {
    /// Take guardrails that only observe as if they acted.
    pub as_enforced: bool,
    /// Whether examples may quote the text, and entries the words.
    pub show_text: bool,
}

/// One text under both versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Of the file, counted from 1.
    pub line: u64,
    /// As the corpus calls it.
    pub id: String,
    /// What the old version does.
    pub old: Effect,
    /// What the new one does.
    pub new: Effect,
    /// What becomes of the text, if it is anything else.
    pub shift: Option<Shift>,
    /// The entries that are the reason.
    pub causes: Vec<EntryKey>,
    /// One of them could not evaluate it.
    pub failed: bool,
    /// How many characters the text has.
    pub chars: usize,
    /// The text, if it may be shown and anything changes.
    pub text: Option<String>,
}

/// Holds two decisions on a text against each other.
pub fn compare(
    line: u64,
    id: String,
    text: &str,
    old: &Answer<'_>,
    new: &Answer<'_>,
    options: CompareOptions,
) -> Compared {
    let effect = |answer: &Answer<'_>| {
        if options.as_enforced {
            Effect::as_enforced(answer)
        } else {
            Effect::of(answer)
        }
    };
    let (before, after) = (effect(old), effect(new));
    let outputs = |answer: &Answer<'_>| {
        let outputs = answer
            .outputs
            .iter()
            .map(|output| output.text.clone().into_owned());
        outputs.collect::<Vec<_>>()
    };
    let (old_acts, new_acts) = (acts(old, options), acts(new, options));
    let same = outputs(old) == outputs(new) && (!options.as_enforced || old_acts == new_acts);
    let shift = Shift::between(before, after, same);
    Compared {
        line,
        id,
        old: before,
        new: after,
        shift,
        causes: shift.map_or_else(Vec::new, |_| causes(before, after, &old_acts, &new_acts)),
        failed: [old, new]
            .iter()
            .any(|answer| answer.edgerail.reason_code != "ok"),
        chars: text.chars().count(),
        text: (options.show_text && shift.is_some()).then(|| text.to_owned()),
    }
}

type Acts = BTreeMap<EntryKey, Effect>;

/// The most each entry does to the text.
fn acts(answer: &Answer<'_>, options: CompareOptions) -> Acts {
    let mut acts = Acts::new();
    for finding in &answer.edgerail.findings {
        let verb = match &finding.would {
            Some(would) if options.as_enforced => would,
            _ => &finding.action,
        };
        let effect = Effect::of_verb(verb);
        let key = match &finding.name {
            Some(word) if options.show_text && finding.ty.is_none() => {
                EntryKey::new(&finding.policy, word)
            }
            _ => EntryKey::of(finding),
        };
        let known = acts.entry(key).or_insert(Effect::Pass);
        *known = (*known).max(effect);
    }
    acts
}

/// The entries that do on one side what decides there, and do less on the other. Of texts that are masked on both
/// sides, the entries that mask on one side only.
fn causes(before: Effect, after: Effect, old: &Acts, new: &Acts) -> Vec<EntryKey> {
    let more = |from: &Acts, than: &Acts, level: Effect| {
        let own = from.iter().filter(|(key, effect)| {
            **effect >= level && than.get(*key).is_none_or(|other| *other < level)
        });
        own.map(|(key, _)| key.clone()).collect::<Vec<_>>()
    };
    match after.cmp(&before) {
        std::cmp::Ordering::Greater => more(new, old, after),
        std::cmp::Ordering::Less => more(old, new, before),
        std::cmp::Ordering::Equal => {
            let mut both = more(new, old, after);
            both.extend(more(old, new, before));
            both.sort();
            both.dedup();
            both
        }
    }
}

/// A text that is treated otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affected {
    /// The file.
    pub file: String,
    /// The text and what becomes of it.
    pub row: Compared,
}

/// What becomes of a whole corpus.
#[derive(Clone, Debug, Default)]
pub struct Impact {
    /// Texts compared.
    pub rows: u64,
    /// Lines that were refused.
    pub refused: u64,
    /// Texts that one of the versions could not evaluate.
    pub failed: u64,
    /// By old and new effect.
    pub effects: [[u64; 3]; 3],
    /// By what becomes of them.
    pub shifts: BTreeMap<Shift, u64>,
    /// How many texts each entry shifts, by shift.
    pub causes: BTreeMap<EntryKey, BTreeMap<Shift, u64>>,
    /// The first few of each shift.
    pub examples: BTreeMap<Shift, Vec<Affected>>,
}

impl Impact {
    /// Adds one text; keeps at most `keep` examples of a shift.
    pub fn add(&mut self, file: &str, row: Compared, keep: usize) {
        self.rows += 1;
        self.failed += u64::from(row.failed);
        self.effects[row.old.index()][row.new.index()] += 1;
        let Some(shift) = row.shift else { return };
        *self.shifts.entry(shift).or_default() += 1;
        for cause in &row.causes {
            let shifts = self.causes.entry(cause.clone()).or_default();
            *shifts.entry(shift).or_default() += 1;
        }
        let examples = self.examples.entry(shift).or_default();
        if examples.len() < keep {
            examples.push(Affected {
                file: file.to_owned(),
                row,
            });
        }
    }

    /// The examples, what lets out more first.
    pub fn listed(&self) -> impl Iterator<Item = (Shift, &Affected)> {
        let shifts = self.examples.iter();
        shifts.flat_map(|(shift, list)| list.iter().map(move |affected| (*shift, affected)))
    }

    /// Texts that shift this way.
    pub fn count(&self, shift: Shift) -> u64 {
        self.shifts.get(&shift).copied().unwrap_or(0)
    }

    /// Texts that are treated otherwise.
    pub fn affected(&self) -> u64 {
        self.shifts.values().sum()
    }

    /// Texts with this effect, by the old version and by the new one.
    pub fn with(&self, effect: Effect) -> (u64, u64) {
        let old = self.effects[effect.index()].iter().sum();
        let new = self.effects.iter().map(|row| row[effect.index()]).sum();
        (old, new)
    }

    /// By how many percentage points more texts are blocked; negative if fewer.
    pub fn block_rate_increase(&self) -> f64 {
        let (old, new) = self.with(Effect::Block);
        let points = |count: u64| super::metrics::ratio(count, self.rows).unwrap_or(0.0) * 100.0;
        points(new) - points(old)
    }

    /// The share of texts of which more gets out than before, in percent.
    pub fn weakened_share(&self) -> f64 {
        let weakened = Shift::ALL.into_iter().filter(|shift| shift.weakens());
        let count = weakened.map(|shift| self.count(shift)).sum();
        super::metrics::ratio(count, self.rows).unwrap_or(0.0) * 100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(reason: &str, output: &str, findings: &[(&str, &str)]) -> String {
        let findings: Vec<_> = findings
            .iter()
            .map(|(ty, action)| {
                format!(
                    r#"{{"action":"{action}","guardrail":"g","match":"","policy":"sensitiveInformationPolicy","score":1,"start":0,"end":1,"type":"{ty}"}}"#
                )
            })
            .collect();
        format!(
            r#"{{"action":"X","actionReason":"{reason}","outputs":[{{"text":"{output}"}}],"edgerail":{{"coverage":[],"deferred":[],"findings":[{}],"found":0,"guardrails":[],"reasonCode":"ok"}}}}"#,
            findings.join(",")
        )
    }

    const NONE: &str = "No action.";
    const MASKED: &str = "Guardrail masked.";
    const BLOCKED: &str = "Guardrail blocked.";

    fn compared(old: &str, new: &str) -> Compared {
        let (old, new) = (Answer::read(old).unwrap(), Answer::read(new).unwrap());
        compare(1, "a".into(), "text", &old, &new, CompareOptions::default())
    }

    fn keys(compared: &Compared) -> Vec<&str> {
        compared
            .causes
            .iter()
            .filter_map(|key| key.entry.as_deref())
            .collect()
    }

    #[test]
    fn every_pair_of_effects_is_one_shift_or_none() {
        let of = |effect| match effect {
            Effect::Pass => NONE,
            Effect::Mask => MASKED,
            Effect::Block => BLOCKED,
        };
        for old in Effect::ALL {
            for new in Effect::ALL {
                let shift = compared(&answer(of(old), "x", &[]), &answer(of(new), "x", &[])).shift;
                assert_eq!(shift.is_none(), old == new, "{old:?} {new:?}");
                assert_eq!(
                    shift.is_some_and(Shift::weakens),
                    new < old,
                    "{old:?} {new:?}"
                );
            }
        }
    }

    #[test]
    fn the_reason_is_the_entry_that_decides_and_did_not_before() {
        let old = answer(
            MASKED,
            "{EMAIL}",
            &[("EMAIL", "ANONYMIZED"), ("URL", "ANONYMIZED")],
        );
        let new = answer(
            BLOCKED,
            "No.",
            &[("EMAIL", "BLOCKED"), ("URL", "ANONYMIZED"), ("PIN", "NONE")],
        );
        let row = compared(&old, &new);
        assert_eq!(
            (row.shift, keys(&row)),
            (Some(Shift::NewlyBlocked), vec!["EMAIL"])
        );
        let row = compared(&new, &old);
        assert_eq!(
            (row.shift, keys(&row)),
            (Some(Shift::BlockToMask), vec!["EMAIL"])
        );
        let other = answer(
            MASKED,
            "{PHONE}",
            &[("PHONE", "ANONYMIZED"), ("URL", "ANONYMIZED")],
        );
        let row = compared(&old, &other);
        assert_eq!(
            (row.shift, keys(&row)),
            (Some(Shift::MaskedOtherwise), vec!["EMAIL", "PHONE"])
        );
        assert_eq!(compared(&old, &old).shift, None);
    }

    #[test]
    fn rates_are_of_all_texts() {
        let mut impact = Impact::default();
        let (none, blocked) = (
            answer(NONE, "x", &[]),
            answer(BLOCKED, "x", &[("PIN", "BLOCKED")]),
        );
        for (old, new, times) in [
            (&none, &none, 5),
            (&none, &blocked, 2),
            (&blocked, &none, 1),
        ] {
            for _ in 0..times {
                impact.add("f", compared(old, new), 1);
            }
        }
        assert_eq!((impact.rows, impact.affected()), (8, 3));
        assert_eq!(impact.with(Effect::Block), (1, 2));
        assert_eq!(impact.block_rate_increase(), 12.5);
        assert_eq!(impact.weakened_share(), 12.5);
        assert_eq!(impact.examples[&Shift::NewlyBlocked].len(), 1);
        let pin = &impact.causes[&EntryKey::new("sensitiveInformationPolicy", "PIN")];
        assert_eq!((pin[&Shift::NewlyBlocked], pin[&Shift::LetThrough]), (2, 1));
        assert_eq!(Impact::default().block_rate_increase(), 0.0);
    }
}
