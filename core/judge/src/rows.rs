//! Lines of data, decided and judged one by one. Whoever calls knows the engine and the clock.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use edgerail_core::Source;

use crate::answer::Answer;
use crate::effect::{Effect, EntryKey};
use crate::impact::{CompareOptions, Compared, compare};
use crate::labels::{self, Label, Labelled};
use crate::line::{Problem, parse_line, utf8};
use crate::row::{JudgeOptions, Judged, Truth, judge};
use crate::vocabulary::Vocabulary;

/// What became of a line, or its number and what is wrong with it.
pub type Row<T> = Result<T, (u64, Problem)>;

/// A decision on a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The decision's canonical JSON.
    pub json: String,
    /// Why the engine gave none of its own, as a code.
    pub fault: Option<&'static str>,
    /// How long it took.
    pub time: Duration,
}

impl Decided {
    fn answer(&self) -> Result<Answer<'_>, Problem> {
        if let Some(fault) = self.fault {
            return Err(Problem {
                code: "no_decision",
                message: format!("the engine gave no decision ({fault})"),
            });
        }
        Answer::read(&self.json).map_err(|_| Problem {
            code: "internal",
            message: "an internal error; please report it".to_owned(),
        })
    }
}

/// Holds labelled lines against the decisions on them.
#[derive(Clone, Debug)]
pub struct RowJudge {
    /// What the guardrail can find.
    pub vocabulary: Vocabulary,
    /// How lines are judged.
    pub options: JudgeOptions,
    /// Which way texts go that do not say so themselves.
    pub source: Source,
}

impl RowJudge {
    /// Reads a line, has its text decided and judges the decision.
    ///
    /// # Errors
    /// What is wrong with the line, or that there is no decision.
    pub fn line(
        &self,
        number: u64,
        bytes: &[u8],
        decide: impl FnOnce(&str, Source) -> Decided,
    ) -> Row<Judged> {
        let read = labels::read(number, bytes, &self.vocabulary, self.options.offsets);
        let labelled = read.map_err(|(_, problem)| (number, problem))?;
        let source = labelled.source.unwrap_or(self.source);
        let decided = decide(&labelled.text, source);
        let judged = self.judged(number, &labelled, source, &decided);
        judged.map_err(|problem| (number, problem))
    }

    fn judged(
        &self,
        line: u64,
        labelled: &Labelled<'_>,
        source: Source,
        decided: &Decided,
    ) -> Result<Judged, Problem> {
        let answer = decided.answer()?;
        let labels = labelled.labels.as_deref();
        let (truths, outside) = self.truths(labels, source);
        let derived = labels.map(|labels| self.derived(labels, source));
        let (judged, found) = match labels {
            Some(_) => {
                let (judged, found) = judge(&labelled.text, &truths, &answer, self.options);
                (Some(judged), found)
            }
            None => (None, Vec::new()),
        };
        let listed = u64::try_from(answer.edgerail.findings.len()).unwrap_or(u64::MAX);
        let code = &answer.edgerail.reason_code;
        Ok(Judged {
            line,
            id: labelled.id.text(),
            expected: labelled.expect.or(derived),
            actual: Effect::as_enforced(&answer),
            labels: judged,
            found,
            outside,
            time: decided.time,
            failure: (code != "ok").then(|| code.clone().into_owned()),
            truncated: answer.edgerail.found > listed,
        })
    }

    /// The labels that the guardrail evaluates in this direction, and what the others are of.
    fn truths(&self, labels: Option<&[Label]>, source: Source) -> (Vec<Truth>, Vec<EntryKey>) {
        let (mut truths, mut outside) = (Vec::new(), Vec::new());
        for label in labels.unwrap_or_default() {
            let key = label.named.key.clone();
            if self.vocabulary.effect(&label.named, source).is_none() {
                outside.push(key);
                continue;
            }
            truths.push(Truth {
                key,
                bytes: label.bytes,
                given: label.given,
            });
        }
        (truths, outside)
    }

    /// What should happen, going by the labels and the guardrail's own actions.
    fn derived(&self, labels: &[Label], source: Source) -> Effect {
        let effects = labels.iter();
        let effects = effects.filter_map(|l| self.vocabulary.effect(&l.named, source));
        effects.max().unwrap_or(Effect::Pass)
    }
}

/// The identifiers seen, as hashes: 16 bytes a text, however long they are.
#[derive(Clone, Debug, Default)]
pub struct KnownIds {
    seen: HashSet<(u64, u64)>,
    hashers: (RandomState, RandomState),
}

impl KnownIds {
    /// The row, unless the input of this number has had one of its identifier.
    ///
    /// # Errors
    /// `duplicate_id`.
    pub fn once(&mut self, input: usize, row: Judged) -> Row<Judged> {
        let name = (input, row.id.as_str());
        let hash = (self.hashers.0.hash_one(name), self.hashers.1.hash_one(name));
        if self.seen.insert(hash) {
            return Ok(row);
        }
        let problem = Problem {
            code: "duplicate_id",
            message: "the file has had this `id` before; each text needs its own".to_owned(),
        };
        Err((row.line, problem))
    }
}

/// Holds the decisions of two versions on the texts of a corpus against each other.
#[derive(Clone, Copy, Debug)]
pub struct Comparer {
    /// How texts are compared.
    pub options: CompareOptions,
    /// Which way texts go that do not say so themselves.
    pub source: Source,
}

impl Comparer {
    /// Reads a line — an object of JSON, or a bare text — and has its text decided by the old version and by the new.
    ///
    /// # Errors
    /// What is wrong with the line, or that there is no decision.
    pub fn line(
        &self,
        number: u64,
        bytes: &[u8],
        jsonl: bool,
        decide: impl FnOnce(&str, Source) -> [Decided; 2],
    ) -> Row<Compared> {
        if jsonl {
            let (id, text, source) =
                parse_line(number, bytes).map_err(|(_, problem)| (number, problem))?;
            let source = source.unwrap_or(self.source);
            let decided = decide(&text, source);
            self.compare(number, id.text(), &text, &decided)
        } else {
            let text = utf8(number, bytes).map_err(|(_, problem)| (number, problem))?;
            let text = text.strip_suffix('\r').unwrap_or(text);
            let decided = decide(text, self.source);
            self.compare(number, number.to_string(), text, &decided)
        }
    }

    fn compare(&self, line: u64, id: String, text: &str, decided: &[Decided; 2]) -> Row<Compared> {
        let [old, new] = decided;
        let wrong = |problem| (line, problem);
        let (old, new) = (old.answer().map_err(wrong)?, new.answer().map_err(wrong)?);
        Ok(compare(line, id, text, &old, &new, self.options))
    }
}
