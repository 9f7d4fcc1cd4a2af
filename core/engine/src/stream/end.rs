//! What a stream came to.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::vec::Vec;

use super::{State, Stream, StreamEntry, StreamFinding, StreamMode, StreamStats};
use crate::decision::{Coverage, Deferred, Entry, Failure, Reason};
use crate::engine::Engine;
use crate::evaluate;
use crate::json::Writer;
use crate::request::{ContentBlock, OutputScope, Qualifiers, Request};
use crate::topics::Explanation;

/// Something a stream did not decide; as [`crate::decision::Deferred`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamDeferred {
    /// The guardrail's number in the bundle.
    pub guardrail: usize,
    /// The policy, e.g. `contentPolicy`.
    pub policy: String,
    /// The type or name, where the policy has several.
    pub entry: Option<String>,
    /// Why, as a code.
    pub reason: String,
}

impl From<&Deferred<'_>> for StreamDeferred {
    fn from(deferred: &Deferred<'_>) -> StreamDeferred {
        StreamDeferred {
            guardrail: deferred.guardrail,
            policy: deferred.policy.to_owned(),
            entry: deferred.entry.map(str::to_owned),
            reason: deferred.reason.to_owned(),
        }
    }
}

/// The end of a stream: the last of its output, and what was decided on all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEnd {
    /// What is still to be shown: in mode [`StreamMode::Incremental`] the rest of the last block, in mode
    /// [`StreamMode::Buffer`] every block, or the message of the guardrail that blocks.
    pub outputs: Vec<String>,
    /// Why the output is not the text.
    pub reason: Reason,
    /// The limit that was reached, if one was.
    pub failure: Option<Failure>,
    /// What was found, by place; of a blocked stream, up to what blocks. At most
    /// [`crate::Limits::findings`].
    pub findings: Vec<StreamFinding>,
    /// How much was found, listed or not.
    pub found: usize,
    /// Per guardrail, what its own findings come to.
    pub would: Vec<Reason>,
    /// Why topics were detected, by places in their blocks.
    pub explanations: Vec<Explanation>,
    /// What is left to the cloud.
    pub deferred: Vec<StreamDeferred>,
    /// How much was looked at: of a blocked stream, up to the end of what blocks.
    pub coverage: Coverage,
    /// What the hold-back came to.
    pub stats: StreamStats,
}

impl StreamEnd {
    /// The end as canonical JSON, without statistics; findings are those of a decision, but hold no text.
    #[must_use]
    pub fn to_json(&self, engine: &Engine) -> String {
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let mut writer = Writer::new();
        writer.object(|w| {
            let action = if self.intervened() {
                "GUARDRAIL_INTERVENED"
            } else {
                "NONE"
            };
            w.name("action").string(action);
            w.name("actionReason").string(self.reason.text());
            w.name("coverage").object(|w| {
                w.name("guarded").number(self.coverage.guarded);
                w.name("total").number(self.coverage.total);
            });
            w.name("deferred").array(|w| {
                for deferred in &self.deferred {
                    w.object(|w| {
                        if let Some(entry) = &deferred.entry {
                            w.name("entry").string(entry);
                        }
                        w.name("guardrail")
                            .string(guardrail_name(engine, deferred.guardrail));
                        w.name("policy").string(&deferred.policy);
                        w.name("reason").string(&deferred.reason);
                    });
                }
            });
            w.name("findings").array(|w| {
                for finding in &self.findings {
                    w.object(|w| finding.write(engine, w));
                }
            });
            w.name("found").number(number(self.found));
            w.name("guardrails").array(|w| {
                for (guardrail, reason) in self.would.iter().enumerate() {
                    w.object(|w| {
                        w.name("name").string(guardrail_name(engine, guardrail));
                        w.name("reason").string(reason.text());
                    });
                }
            });
            w.name("outputs").array(|w| {
                for output in &self.outputs {
                    w.string(output);
                }
            });
            let code = self.failure.map_or("ok", Failure::code);
            w.name("reasonCode").string(code);
        });
        writer.finish()
    }
}

impl StreamFinding {
    fn write(&self, engine: &Engine, w: &mut Writer) {
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        w.name("action").string(self.action.name());
        w.name("block").number(number(self.block));
        w.name("end").number(number(self.end));
        let guardrail = engine.policy().guardrails.get(self.guardrail);
        let exceptions = guardrail.map_or(&[][..], |guardrail| &guardrail.exceptions);
        if let Some(exception) = self.exception.and_then(|number| exceptions.get(number)) {
            w.name("exception").string(&exception.id);
        }
        w.name("guardrail")
            .string(guardrail_name(engine, self.guardrail));
        let name = self.entry.name(engine, self.guardrail);
        let ty = match self.entry {
            StreamEntry::Word(_) | StreamEntry::Regex(_) | StreamEntry::Topic(_) => None,
            StreamEntry::Profanity => Some("PROFANITY"),
            StreamEntry::Pii(_) | StreamEntry::PromptAttack => name,
        };
        if let Some(name) = name.filter(|_| ty.is_none()) {
            w.name("name").string(name);
        }
        w.name("policy").string(match self.entry {
            StreamEntry::Word(_) | StreamEntry::Profanity => "wordPolicy",
            StreamEntry::Pii(_) | StreamEntry::Regex(_) => "sensitiveInformationPolicy",
            StreamEntry::Topic(_) => "topicPolicy",
            StreamEntry::PromptAttack => "contentPolicy",
        });
        w.name("score").number(self.score.into());
        w.name("start").number(number(self.start));
        if let Some(ty) = ty {
            w.name("type").string(ty);
        }
        if self.would != self.action {
            w.name("would").string(self.would.name());
        }
    }
}

fn guardrail_name(engine: &Engine, number: usize) -> &str {
    let guardrail = engine.policy().guardrails.get(number);
    guardrail.map_or("", |guardrail| &guardrail.name)
}

impl Stream {
    pub(super) fn end_of_stream(&mut self, engine: &Engine) -> StreamEnd {
        let mut deferred = Vec::new();
        match self.failure {
            None => {
                let (types, topics) = (&self.mouth.types, &self.mouth.topics);
                let asked = evaluate::Asked {
                    source: self.options.source,
                    now: self.options.now,
                    model: self.model.as_deref(),
                };
                evaluate::deferred(engine, &asked, types, topics, |one| {
                    deferred.push(one.into());
                });
            }
            Some(failure) => {
                deferred.extend((0..engine.policy().guardrails.len()).map(|guardrail| {
                    StreamDeferred {
                        guardrail,
                        policy: "all".to_owned(),
                        entry: None,
                        reason: failure.code().to_owned(),
                    }
                }));
            }
        }
        let guarded = self.mouth.guarded.unwrap_or(match self.state {
            State::Passing => 0,
            State::Open | State::Blocked | State::Finished => self.coverage.total,
        });
        StreamEnd {
            outputs: Vec::from([core::mem::take(&mut self.out)]),
            reason: match self.state {
                State::Blocked => Reason::Blocked,
                _ if self.mouth.has_masked() => Reason::Masked,
                _ => Reason::NoAction,
            },
            failure: self.failure,
            findings: core::mem::take(&mut self.mouth.findings),
            found: self.mouth.found,
            would: core::mem::take(&mut self.mouth.would),
            explanations: core::mem::take(&mut self.explanations),
            deferred,
            coverage: Coverage {
                guarded,
                total: self.coverage.total,
            },
            stats: self.stats(),
        }
    }

    /// The end of a stream whose blocks are decided as one request.
    pub(super) fn end_of_buffer(&mut self, engine: &Engine) -> StreamEnd {
        debug_assert!(self.mode() == StreamMode::Buffer);
        let stats = self.stats();
        let blocks = core::mem::take(&mut self.blocks);
        let content = blocks.iter().map(|text| ContentBlock {
            text: Cow::Borrowed(text.as_str()),
            qualifiers: Qualifiers::default(),
            role: None,
        });
        let request = Request {
            source: self.options.source,
            content: content.collect(),
            model: self.model.as_deref().map(Cow::Borrowed),
            output_scope: OutputScope::Interventions,
            now: self.options.now,
        };
        let decision = engine.evaluate(&request);
        let findings = decision.findings().iter().map(|finding| StreamFinding {
            guardrail: finding.guardrail,
            entry: match finding.entry {
                Entry::Word(text) => {
                    let words = 0..engine.dictionary().layout().words;
                    let mut words = words.filter(|w| engine.dictionary().word_text(*w) == text);
                    StreamEntry::Word(words.next().unwrap_or(usize::MAX))
                }
                Entry::Profanity => StreamEntry::Profanity,
                Entry::Pii(ty) => StreamEntry::Pii(ty),
                Entry::Regex(regex) => StreamEntry::Regex(regex),
                Entry::Topic(topic) => StreamEntry::Topic(topic),
                Entry::PromptAttack => StreamEntry::PromptAttack,
            },
            block: finding.block,
            start: finding.start,
            end: finding.end,
            action: finding.action,
            would: finding.would,
            score: finding.score,
            exception: finding.exception,
        });
        let guardrails = 0..engine.policy().guardrails.len();
        StreamEnd {
            outputs: match decision.reason() {
                Reason::NoAction => blocks.clone(),
                Reason::Masked | Reason::Blocked => decision.outputs().to_vec(),
            },
            reason: decision.reason(),
            failure: decision.failure(),
            findings: findings.collect(),
            found: decision.found(),
            would: guardrails
                .map(|guardrail| decision.would(guardrail))
                .collect(),
            explanations: decision.explanations.clone(),
            deferred: decision.deferred().iter().map(Into::into).collect(),
            coverage: decision.coverage(),
            stats,
        }
    }
}
