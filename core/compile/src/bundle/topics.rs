//! Denied topics and prompt attacks on their way into a bundle.

use std::collections::BTreeSet;

use edgerail_core::policy::{Actions, Confidence, EntryAction};

use super::{Build, actions};
use crate::definition::{Guardrail, TopicEntry};
use crate::diagnostic::Severity;
use crate::overlay::Settings;
use crate::policy::{Cloud, PolicyAttack, PolicyGuardrail, PolicyTopic};
use crate::topics::{self, PROMPT_ATTACK, TopicExplanation};

impl Build<'_> {
    /// Rules for a topic that was renamed would vanish without a word.
    pub(super) fn check_overlay_topics(&mut self, guardrails: &[Guardrail]) {
        let names = |guardrail: Option<&str>| -> BTreeSet<&str> {
            guardrails
                .iter()
                .filter(|have| guardrail.is_none_or(|name| have.name == name))
                .flat_map(|guardrail| &guardrail.topics)
                .map(|topic| topic.name.as_str())
                .collect()
        };
        let overlay = self.overlay;
        let own = overlay.guardrails.iter().map(|(name, own)| {
            let path = format!("overlay: guardrail.{name:?}.topic");
            (path, &own.settings, names(Some(name)))
        });
        let all = (
            String::from("overlay: topic"),
            &overlay.settings,
            names(None),
        );
        let sections: Vec<_> = [all].into_iter().chain(own).collect();
        for (path, settings, known) in sections {
            for name in settings.topics.keys() {
                if known.contains(name.as_str()) {
                    continue;
                }
                let there: Vec<&str> = known.iter().copied().collect();
                let there = if there.is_empty() {
                    String::from("there are no topics")
                } else {
                    format!("the topics are {}", there.join(", "))
                };
                let message = format!("no topic has this name; {there}");
                self.error(
                    "overlay-unknown-topic",
                    &format!("{path}.{name:?}"),
                    message,
                );
            }
        }
    }

    pub(super) fn topics(
        &mut self,
        guardrail: &Guardrail,
        settings: &Settings,
        policy: &mut PolicyGuardrail,
    ) {
        let explained = topics::explain(guardrail, self.overlay);
        let topics = guardrail.topics.iter().zip(explained).enumerate();
        for (place, (entry, mut explanation)) in topics {
            if let Some(threshold) = self.options.topic_threshold {
                explanation.threshold = threshold;
            }
            let actions = actions(entry.action, settings);
            match self.topic(place, entry, &explanation) {
                Ok(topic) => policy.topics.push(PolicyTopic {
                    name: entry.name.clone(),
                    topic,
                    actions,
                }),
                Err(reason) => left_out(entry, actions, reason, policy),
            }
        }
    }

    /// The number of a topic's keywords, or why there are none.
    fn topic(
        &mut self,
        place: usize,
        entry: &TopicEntry,
        explanation: &TopicExplanation,
    ) -> Result<usize, &'static str> {
        if !explanation.can_act() {
            let message = format!(
                "the topic {:?} is left to the cloud: its name, definition and examples give no keywords, or too few to reach the threshold of {}; add rules for it to the overlay",
                entry.name, explanation.threshold
            );
            let path = format!("$.topicPolicyConfig.topicsConfig[{place}]");
            self.push(Severity::Warning, "topic-without-keywords", &path, message);
            return Err("no_keywords");
        }
        if explanation.confidential && self.strips() {
            return Err("confidential");
        }
        let rules = explanation.rules.iter().map(|rule| (rule, 0));
        let added = self
            .topics
            .add([explanation.threshold, 0, 0], explanation.window, rules);
        added.ok_or_else(|| {
            let message = "the topics have more keywords than a bundle can hold; split the guardrails over several bundles";
            self.error("too-many-keywords", "$.topicPolicyConfig", message);
            "no_keywords"
        })
    }

    /// The filter for prompt attacks, which acts on INPUT only.
    pub(super) fn prompt_attack(
        &mut self,
        guardrail: &Guardrail,
        settings: &Settings,
        policy: &mut PolicyGuardrail,
    ) {
        let mut filters = guardrail.content_filters.iter();
        let Some(filter) = filters.find(|filter| filter.ty == PROMPT_ATTACK) else {
            return;
        };
        let Some(strength) = Confidence::from_name(&filter.input_strength) else {
            return;
        };
        let actions = Actions {
            output: EntryAction::Disabled,
            ..actions(filter.action, settings)
        };
        if actions.input == EntryAction::Disabled {
            return;
        }
        if self.attack.is_none() {
            let families = topics::attack_families();
            let rules = families
                .iter()
                .zip(0..)
                .flat_map(|(family, group)| family.rules.iter().map(move |rule| (rule, group)));
            self.attack = self
                .topics
                .add(topics::ATTACK_THRESHOLDS, topics::ATTACK_WINDOW, rules);
            self.attack_families = families.iter().map(|family| family.name.clone()).collect();
        }
        policy.prompt_attack = self.attack.map(|topic| PolicyAttack {
            topic,
            strength,
            actions,
        });
    }
}

fn left_out(
    entry: &TopicEntry,
    actions: Actions,
    reason: &'static str,
    policy: &mut PolicyGuardrail,
) {
    let acts = |action| action != EntryAction::Disabled;
    if acts(actions.input) || acts(actions.output) {
        policy.cloud.push(Cloud {
            policy: "topicPolicy",
            entry: Some(entry.name.clone()),
            reason,
            input: acts(actions.input),
            output: acts(actions.output),
        });
    }
}
