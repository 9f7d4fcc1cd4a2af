//! Denied topics and prompt attacks in the decision.

use super::{Decision, Entry, Finding, FindingAction};
use crate::json::Writer;
use crate::policy::{Confidence, EntryAction, Guardrail};
use crate::request::OutputScope;
use crate::rules::rule;
use crate::topics::Explanation;

impl Decision<'_> {
    /// Why a topic or a prompt attack was found; `None` for other findings.
    #[must_use]
    pub fn explanation(&self, finding: &Finding<'_>) -> Option<&Explanation> {
        let guardrail = self.engine.policy().guardrails.get(finding.guardrail)?;
        let (topic, level) = match finding.entry {
            Entry::Topic(place) => (guardrail.topics.get(place)?.topic, None),
            Entry::PromptAttack => {
                let attack = guardrail.prompt_attack?;
                (attack.topic, Some(attack.acts_on()))
            }
            _ => return None,
        };
        self.explanations.iter().find(|explanation| {
            explanation.block == finding.block
                && explanation.topic == topic
                && (level.is_none() || Confidence::of_level(explanation.level) == level)
        })
    }

    /// How sure it is that the request holds a prompt attack, whether or not the filter acts on that;
    /// `None` if there is no sign of one, or the guardrail has no such filter in this direction.
    #[must_use]
    pub fn attack_confidence(&self, guardrail: usize) -> Option<Confidence> {
        let guardrail = self.engine.policy().guardrails.get(guardrail)?;
        let topic = guardrail.prompt_attack?.topic;
        let own = self
            .explanations
            .iter()
            .filter(|found| found.topic == topic);
        own.filter_map(|found| Confidence::of_level(found.level))
            .max()
    }

    /// Whether entries that found nothing are listed.
    fn lists_all(&self) -> bool {
        self.request.output_scope == OutputScope::Full && self.failure.is_none()
    }

    fn first(&self, guardrail: usize, entry: Entry<'_>) -> Option<&Finding<'_>> {
        let mut findings = self.findings.iter();
        findings.find(|finding| finding.guardrail == guardrail && finding.entry == entry)
    }

    pub(super) fn topic_policy(&self, w: &mut Writer, number: usize, guardrail: &Guardrail) {
        let source = self.request.source;
        let topics = guardrail.topics.iter().enumerate();
        let topics = topics.filter(|(_, entry)| entry.actions.of(source) != EntryAction::Disabled);
        let mut listed = topics
            .map(|(place, entry)| (entry, self.first(number, Entry::Topic(place))))
            .filter(|(_, found)| found.is_some() || (self.lists_all() && rule!("topics.full")))
            .peekable();
        if listed.peek().is_none() {
            return;
        }
        w.name("topicPolicy").object(|w| {
            w.name("topics").array(|w| {
                for (entry, found) in listed {
                    w.object(|w| {
                        detected(w, found);
                        w.name("name").string(&entry.name);
                        w.name("type").string("DENY");
                    });
                }
            });
        });
    }

    pub(super) fn content_policy(&self, w: &mut Writer, number: usize, guardrail: &Guardrail) {
        let source = self.request.source;
        let Some(attack) = guardrail.prompt_attack else {
            return;
        };
        let found = self.first(number, Entry::PromptAttack);
        let evaluated = attack.actions.of(source) != EntryAction::Disabled;
        if found.is_none() && !(evaluated && self.lists_all() && rule!("prompt-attack.full")) {
            return;
        }
        let confidence = self
            .attack_confidence(number)
            .map_or("NONE", Confidence::name);
        w.name("contentPolicy").object(|w| {
            w.name("filters").array(|w| {
                w.object(|w| {
                    w.name("action")
                        .string(found.map_or("NONE", |f| f.action.name()));
                    w.name("confidence").string(confidence);
                    w.name("detected").bool(found.is_some());
                    w.name("filterStrength").string(attack.strength.name());
                    w.name("type").string("PROMPT_ATTACK");
                });
            });
        });
    }

    pub(super) fn explain(&self, w: &mut Writer, finding: &Finding<'_>, why: &Explanation) {
        let topics = self.engine.topics();
        let block = self.request.content.get(why.block);
        let text = block.map_or("", |block| &block.text);
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        if finding.entry == Entry::PromptAttack {
            let families = &self.engine.policy().attack_families;
            w.name("families").array(|w| {
                for (group, family) in families.iter().enumerate() {
                    let mut places = why.keywords.iter();
                    if places.any(|p| usize::from(topics.keyword_group(p.keyword)) == group) {
                        w.string(family);
                    }
                }
            });
        }
        w.name("keywords").array(|w| {
            for place in &why.keywords {
                w.object(|w| {
                    w.name("end").number(number(place.end));
                    w.name("keyword").string(topics.keyword_name(place.keyword));
                    w.name("match")
                        .string(text.get(place.start..place.end).unwrap_or(""));
                    w.name("start").number(number(place.start));
                    w.name("weight").number(place.weight.into());
                });
            }
        });
        w.name("score").number(why.score.into());
        w.name("threshold").number(why.threshold.into());
        w.name("window").number(number(topics.window(why.topic)));
    }
}

fn detected(w: &mut Writer, found: Option<&Finding<'_>>) {
    let action = found.map_or(FindingAction::None, |finding| finding.action);
    w.name("action").string(action.name());
    w.name("detected").bool(found.is_some());
}
