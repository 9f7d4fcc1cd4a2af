//! The decision as canonical JSON: the ApplyGuardrail response with its members sorted, and our own
//! under the key `edgerail`. Without time, host or build, so that every surface gives the same bytes.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Coverage, Decision, Entry, Finding, FindingAction, Usage};
use crate::json::Writer;
use crate::pii::PiiType;
use crate::policy::{Actions, EntryAction, Guardrail, Mode};
use crate::request::OutputScope;
use crate::sort;

impl Decision<'_> {
    /// The decision as canonical JSON (members sorted by name, no white space, whole numbers only).
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut writer = Writer::new();
        writer.object(|w| {
            w.name("action").string(self.action().name());
            w.name("actionReason").string(self.reason().text());
            w.name("assessments").array(|w| self.assessments(w));
            w.name("edgerail").object(|w| self.edgerail(w));
            w.name("guardrailCoverage")
                .object(|w| coverage(w, self.coverage));
            w.name("outputs").array(|w| {
                for output in &self.outputs {
                    w.object(|w| w.name("text").string(output));
                }
            });
            let total = self.guardrails().map(|(number, _)| self.usage(number));
            let total = total.fold(Usage::default(), |sum, usage| sum.plus(usage));
            w.name("usage").object(|w| usage(w, total));
        });
        writer.finish()
    }

    fn guardrails(&self) -> impl Iterator<Item = (usize, &Guardrail)> {
        self.engine.policy().guardrails.iter().enumerate()
    }

    fn assessments(&self, w: &mut Writer) {
        for (number, guardrail) in self
            .guardrails()
            .filter(|(number, _)| self.applies(*number))
        {
            w.object(|w| {
                w.name("appliedGuardrailDetails")
                    .object(|w| self.applied(w, number, guardrail));
                self.content_policy(w, number, guardrail);
                w.name("invocationMetrics").object(|w| {
                    w.name("guardrailCoverage")
                        .object(|w| coverage(w, self.coverage_of(number)));
                    w.name("usage").object(|w| usage(w, self.usage(number)));
                });
                self.sensitive_information_policy(w, number, guardrail);
                self.topic_policy(w, number, guardrail);
                self.word_policy(w, number);
            });
        }
    }

    fn applied(&self, w: &mut Writer, number: usize, guardrail: &Guardrail) {
        if let Some(arn) = &guardrail.arn {
            w.name("guardrailArn").string(arn);
        }
        if let Some(id) = &guardrail.id {
            w.name("guardrailId").string(id);
        }
        w.name("guardrailOrigin").array(|w| {
            for origin in self.origins(number) {
                w.string(origin.name());
            }
        });
        w.name("guardrailOwnership")
            .string(guardrail.ownership.name());
        if let Some(version) = &guardrail.version {
            w.name("guardrailVersion").string(version);
        }
    }

    fn word_policy(&self, w: &mut Writer, guardrail: usize) {
        let words = self.distinct(guardrail, &|entry| matches!(entry, Entry::Word(_)));
        let profanity = self.distinct(guardrail, &|entry| entry == Entry::Profanity);
        if words.is_empty() && profanity.is_empty() {
            return;
        }
        w.name("wordPolicy").object(|w| {
            w.name("customWords").array(|w| {
                for finding in words {
                    w.object(|w| match_members(w, finding));
                }
            });
            w.name("managedWordLists").array(|w| {
                for finding in profanity {
                    w.object(|w| {
                        match_members(w, finding);
                        w.name("type").string("PROFANITY");
                    });
                }
            });
        });
    }

    fn sensitive_information_policy(&self, w: &mut Writer, number: usize, guardrail: &Guardrail) {
        let entities = self.distinct(number, &|entry| matches!(entry, Entry::Pii(_)));
        let regexes = self.distinct(number, &|entry| matches!(entry, Entry::Regex(_)));
        let missing = self.not_found(guardrail, &entities);
        if entities.is_empty() && regexes.is_empty() && missing.is_empty() {
            return;
        }
        w.name("sensitiveInformationPolicy").object(|w| {
            w.name("piiEntities").array(|w| {
                for finding in entities {
                    let Entry::Pii(ty) = finding.entry else {
                        continue;
                    };
                    w.object(|w| {
                        match_members(w, finding);
                        w.name("type").string(ty.name());
                    });
                }
                for ty in missing {
                    w.object(|w| {
                        w.name("action").string(FindingAction::None.name());
                        w.name("detected").bool(false);
                        w.name("match").string("");
                        w.name("type").string(ty.name());
                    });
                }
            });
            w.name("regexes").array(|w| {
                for finding in regexes {
                    let Entry::Regex(regex) = finding.entry else {
                        continue;
                    };
                    let Some(entry) = guardrail.regexes.get(regex) else {
                        continue;
                    };
                    w.object(|w| {
                        match_members(w, finding);
                        w.name("name").string(&entry.name);
                        if let Some(pattern) = &entry.pattern {
                            w.name("regex").string(pattern);
                        }
                    });
                }
            });
        });
    }

    /// One finding per distinct entry and match, in the order of the text.
    fn distinct(&self, guardrail: usize, of: &dyn Fn(Entry<'_>) -> bool) -> Vec<&Finding<'_>> {
        let own = self.findings.iter().enumerate();
        let mut own: Vec<_> = own
            .filter(|(_, f)| f.guardrail == guardrail && of(f.entry))
            .collect();
        // Sorting keeps this from becoming quadratic with a thousand different matches.
        sort::by_key(&mut own, |(place, f)| (f.entry, f.matched, *place));
        own.dedup_by_key(|(_, f)| (f.entry, f.matched));
        sort::by_key(&mut own, |(place, _)| *place);
        own.into_iter().map(|(_, finding)| finding).collect()
    }

    /// With `outputScope: FULL`, the types that were looked for and not found.
    fn not_found(&self, guardrail: &Guardrail, found: &[&Finding<'_>]) -> Vec<PiiType> {
        if self.request.output_scope == OutputScope::Interventions || self.failure.is_some() {
            return Vec::new();
        }
        let source = self.request.source;
        let evaluated = guardrail.pii.iter();
        let evaluated = evaluated.filter(|e| e.actions.of(source) != EntryAction::Disabled);
        let types = evaluated.map(|entry| entry.ty);
        types
            .filter(|&ty| found.iter().all(|f| f.entry != Entry::Pii(ty)))
            .collect()
    }

    fn edgerail(&self, w: &mut Writer) {
        w.name("bundle").object(|w| {
            w.name("audience").string(&self.engine.policy().audience);
            if let Some(scope) = &self.engine.policy().scope {
                w.name("scope").string(scope);
            }
            w.name("sha256").string(&hex(self.engine.bundle().hash()));
        });
        w.name("coverage").array(|w| {
            for (_, guardrail) in self
                .guardrails()
                .filter(|(number, _)| self.applies(*number))
            {
                w.object(|w| self.entry_coverage(w, guardrail));
            }
        });
        w.name("deferred").array(|w| {
            for deferred in &self.deferred {
                w.object(|w| {
                    if let Some(entry) = deferred.entry {
                        w.name("entry").string(entry);
                    }
                    w.name("guardrail")
                        .string(self.guardrail_name(deferred.guardrail));
                    w.name("policy").string(deferred.policy);
                    w.name("reason").string(deferred.reason);
                });
            }
        });
        w.name("findings").array(|w| {
            for finding in &self.findings {
                w.object(|w| self.finding(w, finding));
            }
        });
        w.name("found").number(number(self.found));
        w.name("guardrails").array(|w| {
            for (number, guardrail) in self.guardrails() {
                w.object(|w| {
                    let observed = guardrail.mode == Mode::Observe;
                    if !self.applies(number) {
                        w.name("applied").bool(false);
                    }
                    w.name("mode")
                        .string(if observed { "observe" } else { "enforce" });
                    w.name("name").string(&guardrail.name);
                    w.name("reason").string(self.would(number).text());
                });
            }
        });
        if self.masks.iter().any(|masks| !masks.is_empty()) {
            w.name("masks").array(|w| self.mask_places(w));
        }
        w.name("reasonCode")
            .string(self.failure.map_or("ok", super::Failure::code));
        w.name("trust").string(self.engine.trust().name());
    }

    /// Where each block is masked and with what: outputs alone do not tell which of two equal stretches
    /// was replaced, or what a label in the original text was.
    fn mask_places(&self, w: &mut Writer) {
        for (block, masks) in self.masks.iter().enumerate() {
            for mask in masks {
                w.object(|w| {
                    w.name("block").number(number(block));
                    w.name("builtIn").bool(mask.built_in);
                    w.name("end").number(number(mask.end));
                    w.name("label").string(mask.label);
                    w.name("start").number(number(mask.start));
                });
            }
        }
    }

    fn finding(&self, w: &mut Writer, finding: &Finding<'_>) {
        w.name("action").string(finding.action.name());
        w.name("block").number(number(finding.block));
        w.name("end").number(number(finding.end));
        if let Some(exception) = self.exception(finding) {
            w.name("exception").string(&exception.id);
        }
        if let Some(explanation) = self.explanation(finding) {
            w.name("explanation")
                .object(|w| self.explain(w, finding, explanation));
        }
        w.name("guardrail")
            .string(self.guardrail_name(finding.guardrail));
        w.name("match").string(finding.matched);
        if let Some(name) = self.entry_name(finding) {
            w.name("name").string(name);
        }
        w.name("policy").string(finding.entry.policy());
        w.name("score").number(u64::from(finding.score));
        w.name("start").number(number(finding.start));
        if let Some(ty) = finding.entry.type_name() {
            w.name("type").string(ty);
        }
        if let Some(view) = finding.view {
            w.name("view").string(view.name());
        }
        if finding.would != finding.action {
            w.name("would").string(finding.would.name());
        }
    }

    /// The configured word or the name of the regex or topic that a finding is of.
    #[must_use]
    pub fn entry_name<'s>(&'s self, finding: &Finding<'s>) -> Option<&'s str> {
        match finding.entry {
            Entry::Word(word) => Some(word),
            Entry::Profanity | Entry::Pii(_) | Entry::PromptAttack => None,
            Entry::Topic(topic) => {
                let guardrail = self.engine.policy().guardrails.get(finding.guardrail)?;
                guardrail.topics.get(topic).map(|entry| entry.name.as_str())
            }
            Entry::Regex(regex) => {
                let guardrail = self.engine.policy().guardrails.get(finding.guardrail)?;
                guardrail
                    .regexes
                    .get(regex)
                    .map(|entry| entry.name.as_str())
            }
        }
    }

    /// The name of a guardrail of the bundle.
    #[must_use]
    pub fn guardrail_name(&self, number: usize) -> &str {
        self.engine
            .policy()
            .guardrails
            .get(number)
            .map_or("", |guardrail| &guardrail.name)
    }

    /// What was looked for, and the entries that do not act in this direction.
    fn entry_coverage(&self, w: &mut Writer, guardrail: &Guardrail) {
        let source = self.request.source;
        let acts = |actions: Actions| actions.of(source) != EntryAction::Disabled;
        w.name("guardrail").string(&guardrail.name);
        w.name("inactive").array(|w| {
            let mut inactive = |policy: &str, entry: &str| {
                w.object(|w| {
                    w.name("entry").string(entry);
                    w.name("policy").string(policy);
                });
            };
            for entry in guardrail.pii.iter().filter(|entry| !acts(entry.actions)) {
                inactive("sensitiveInformationPolicy", entry.ty.name());
            }
            for entry in guardrail
                .regexes
                .iter()
                .filter(|entry| !acts(entry.actions))
            {
                inactive("sensitiveInformationPolicy", &entry.name);
            }
            for entry in guardrail.topics.iter().filter(|entry| !acts(entry.actions)) {
                inactive("topicPolicy", &entry.name);
            }
            if guardrail.profanity.is_some_and(|actions| !acts(actions)) {
                inactive("wordPolicy", "PROFANITY");
            }
        });
        let evaluated = |entries: usize| number(entries);
        w.name("piiEntities").number(evaluated(
            guardrail.pii.iter().filter(|e| acts(e.actions)).count(),
        ));
        w.name("regexes").number(evaluated(
            guardrail.regexes.iter().filter(|e| acts(e.actions)).count(),
        ));
        w.name("topics").number(evaluated(
            guardrail.topics.iter().filter(|e| acts(e.actions)).count(),
        ));
        w.name("words")
            .number(evaluated(guardrail.words.of(source)));
        w.name("wordsInactive").number(evaluated(
            guardrail
                .words
                .total
                .saturating_sub(guardrail.words.of(source)),
        ));
    }
}

impl Entry<'_> {
    /// The policy the entry belongs to, e.g. `wordPolicy`.
    #[must_use]
    pub const fn policy(&self) -> &'static str {
        match self {
            Entry::Word(_) | Entry::Profanity => "wordPolicy",
            Entry::Pii(_) | Entry::Regex(_) => "sensitiveInformationPolicy",
            Entry::Topic(_) => "topicPolicy",
            Entry::PromptAttack => "contentPolicy",
        }
    }

    /// The entry's `type`, for built-in types, the profanity list and content filters.
    #[must_use]
    pub const fn type_name(&self) -> Option<&'static str> {
        match self {
            Entry::Word(_) | Entry::Regex(_) | Entry::Topic(_) => None,
            Entry::PromptAttack => Some("PROMPT_ATTACK"),
            Entry::Profanity => Some("PROFANITY"),
            Entry::Pii(ty) => Some(ty.name()),
        }
    }
}

impl Usage {
    fn plus(self, other: Usage) -> Usage {
        Usage {
            topic_policy_units: self
                .topic_policy_units
                .saturating_add(other.topic_policy_units),
            content_policy_units: self
                .content_policy_units
                .saturating_add(other.content_policy_units),
            word_policy_units: self
                .word_policy_units
                .saturating_add(other.word_policy_units),
            sensitive_information_policy_units: self
                .sensitive_information_policy_units
                .saturating_add(other.sensitive_information_policy_units),
            sensitive_information_policy_free_units: self
                .sensitive_information_policy_free_units
                .saturating_add(other.sensitive_information_policy_free_units),
        }
    }
}

fn match_members(w: &mut Writer, finding: &Finding<'_>) {
    w.name("action").string(finding.action.name());
    w.name("detected").bool(true);
    w.name("match").string(finding.matched);
}

fn coverage(w: &mut Writer, coverage: Coverage) {
    w.name("textCharacters").object(|w| {
        w.name("guarded").number(coverage.guarded);
        w.name("total").number(coverage.total);
    });
}

/// All members of the API, those that are not evaluated here as 0.
fn usage(w: &mut Writer, usage: Usage) {
    w.name("automatedReasoningPolicies").number(0);
    w.name("automatedReasoningPolicyUnits").number(0);
    w.name("contentPolicyImageUnits").number(0);
    w.name("contentPolicyUnits")
        .number(usage.content_policy_units);
    w.name("contextualGroundingPolicyUnits").number(0);
    w.name("sensitiveInformationPolicyFreeUnits")
        .number(usage.sensitive_information_policy_free_units);
    w.name("sensitiveInformationPolicyUnits")
        .number(usage.sensitive_information_policy_units);
    w.name("topicPolicyUnits").number(usage.topic_policy_units);
    w.name("wordPolicyUnits").number(usage.word_policy_units);
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
