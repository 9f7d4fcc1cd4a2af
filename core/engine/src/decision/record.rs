use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::json::hex;
use super::{Decision, Entry, FindingAction};
use crate::json::Writer;
use crate::sort;

/// A decision without content: what may be logged. It holds no text, no match, no configured word or
/// pattern; names of types and regexes only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRecord {
    /// `INPUT` or `OUTPUT`.
    pub source: &'static str,
    /// `NONE` or `GUARDRAIL_INTERVENED`.
    pub action: &'static str,
    /// The API's `actionReason`.
    pub reason: &'static str,
    /// `ok`, or why nothing was evaluated.
    pub reason_code: &'static str,
    /// SHA-256 of the bundle, hexadecimal.
    pub bundle: String,
    /// `verified`, `local` or `unverified`.
    pub trust: &'static str,
    /// Per guardrail that applies: id or name, version, what its findings come to.
    pub guardrails: Vec<(String, Option<String>, &'static str)>,
    /// How many findings there were, by policy, type or name, and action. Custom words are counted
    /// under their policy alone. Sorted.
    pub counts: Vec<((&'static str, String, &'static str), u64)>,
    /// How many things were left to the cloud, by policy. Sorted.
    pub deferred: Vec<(String, u64)>,
    /// Characters evaluated.
    pub guarded: u64,
}

impl DecisionRecord {
    /// The record as one line of canonical JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut writer = Writer::new();
        writer.object(|w| {
            w.name("action").string(self.action);
            w.name("actionReason").string(self.reason);
            w.name("bundle").string(&self.bundle);
            w.name("deferred").object(|w| {
                for (policy, count) in &self.deferred {
                    w.name(policy).number(*count);
                }
            });
            w.name("findings").array(|w| {
                for ((policy, entry, action), count) in &self.counts {
                    w.object(|w| {
                        w.name("action").string(action);
                        w.name("count").number(*count);
                        if !entry.is_empty() {
                            w.name("entry").string(entry);
                        }
                        w.name("policy").string(policy);
                    });
                }
            });
            w.name("guarded").number(self.guarded);
            w.name("guardrails").array(|w| {
                for (id, version, reason) in &self.guardrails {
                    w.object(|w| {
                        w.name("guardrail").string(id);
                        w.name("reason").string(reason);
                        if let Some(version) = version {
                            w.name("version").string(version);
                        }
                    });
                }
            });
            w.name("reasonCode").string(self.reason_code);
            w.name("source").string(self.source);
            w.name("trust").string(self.trust);
        });
        writer.finish()
    }
}

impl Decision<'_> {
    /// The content-free record of this decision.
    #[must_use]
    pub fn record(&self) -> DecisionRecord {
        let mut counts = Vec::new();
        for finding in &self.findings {
            let entry = match finding.entry {
                Entry::Word(_) => String::new(),
                _ => finding
                    .entry
                    .type_name()
                    .or_else(|| self.entry_name(finding))
                    .unwrap_or("")
                    .to_string(),
            };
            counts.push((
                finding.entry.policy(),
                entry,
                FindingAction::name(finding.action),
            ));
        }
        let deferred = self.deferred.iter().map(|entry| entry.policy.to_string());
        let guardrails = self.engine.policy().guardrails.iter().enumerate();
        DecisionRecord {
            source: self.request.source.name(),
            action: self.action().name(),
            reason: self.reason.text(),
            reason_code: self.failure.map_or("ok", super::Failure::code),
            bundle: hex(self.engine.bundle().hash()),
            trust: self.engine.trust().name(),
            guardrails: guardrails
                .filter(|(number, _)| self.applies(*number))
                .map(|(number, guardrail)| {
                    let id = guardrail.id.as_ref().unwrap_or(&guardrail.name);
                    (
                        id.clone(),
                        guardrail.version.clone(),
                        self.would(number).text(),
                    )
                })
                .collect(),
            counts: tally(counts),
            deferred: tally(deferred.collect()),
            guarded: self.coverage.guarded,
        }
    }
}

/// Each key once, with how often it occurs, sorted.
fn tally<K: Ord>(mut keys: Vec<K>) -> Vec<(K, u64)> {
    sort::by(&mut keys, Ord::cmp);
    let mut tally: Vec<(K, u64)> = Vec::new();
    for key in keys {
        match tally.last_mut().filter(|(last, _)| *last == key) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => tally.push((key, 1)),
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn tallies_are_sorted_and_have_each_key_once() {
        assert_eq!(tally(vec!["b", "a", "b"]), [("a", 1), ("b", 2)]);
        assert_eq!(tally(Vec::<u8>::new()), []);
    }
}
