//! From a request to a decision: detect in every block, let each guardrail say what the detections do
//! there, and bring that down to one outcome.

mod allow;
mod detect;
mod keywords;
mod mask;
mod reach;

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::decision::{
    Coverage, Decision, Deferred, Entry, Failure, Finding, FindingAction, Mask, Reason,
};
use crate::dictionary::Output;
use crate::engine::{Engine, default_threshold};
use crate::pii::{PiiType, RECOGNIZERS, Verdict};
use crate::policy::{Confidence, EntryAction, Guardrail, Mode};
use crate::request::{ContentBlock, Request, Source};
use crate::rules::rule;
use crate::topics::Explanation;
pub(crate) use detect::{Detection, Kind};
pub(crate) use mask::clusters;
pub(crate) use reach::Reach;

/// Characters per text unit, as AWS bills them.
pub(crate) const UNIT: u64 = 1000;

pub(crate) fn evaluate<'a>(engine: &'a Engine, request: &'a Request<'a>) -> Decision<'a> {
    let limits = engine.limits();
    let bytes = request.content.iter().map(|block| block.text.len());
    if bytes.fold(0, usize::saturating_add) > limits.text_bytes {
        return Decision::failed(engine, request, Failure::TextLimit);
    }
    let mut outcome = Outcome::new(engine, request);
    for (number, block) in request.content.iter().enumerate() {
        let guarded = match &outcome.reach {
            Some(reach) => reach.any(number),
            None => is_guarded(block),
        };
        let characters = count(block.text.chars().count());
        outcome.coverage.total = outcome.coverage.total.saturating_add(characters);
        if guarded || !rule!("coverage.characters") {
            outcome.coverage.guarded = outcome.coverage.guarded.saturating_add(characters);
        }
        if let Some(reach) = &mut outcome.reach {
            reach.count(number, characters);
        }
        if !guarded {
            continue;
        }
        let mut explained = Vec::new();
        match detect::detect(engine, request.source, &block.text, &mut explained) {
            Ok(detections) => {
                outcome.add(number, block, &detections);
                outcome.explain(number, explained);
            }
            Err(failure) => return Decision::failed(engine, request, failure),
        }
    }
    outcome.decide()
}

/// What of a request a stream knows while it runs.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'s> {
    pub(crate) source: Source,
    pub(crate) now: Option<u64>,
    pub(crate) model: Option<&'s str>,
}

impl<'s> Asked<'s> {
    fn request(&self, text: &'s str) -> Request<'s> {
        let mut request = Request::text(self.source, text);
        request.now = self.now;
        request.model = self.model.map(Cow::Borrowed);
        request
    }
}

/// What the guardrails make of one detection, `matched` of which is the text; for streams, which have no
/// request while they run.
pub(crate) fn judge(
    engine: &Engine,
    asked: &Asked<'_>,
    detection: Detection,
    matched: &str,
    mut report: impl FnMut(&Finding<'_>),
) {
    let request = asked.request(matched);
    let Some(content) = request.content.first() else {
        return;
    };
    let mut outcome = Outcome::new(engine, &request);
    outcome.limit = usize::MAX;
    let whole = Detection {
        start: 0,
        end: matched.len(),
        ..detection
    };
    outcome.add(0, content, &[whole]);
    outcome.findings.iter().for_each(&mut report);
}

/// What a stream of `source` leaves to the cloud, after it found the types marked in `found`, and these
/// topics and filters.
pub(crate) fn deferred(
    engine: &Engine,
    asked: &Asked<'_>,
    found: &[[bool; 31]],
    topics: &[(usize, Entry<'_>)],
    mut report: impl FnMut(&Deferred<'_>),
) {
    let request = asked.request("");
    let mut outcome = Outcome::new(engine, &request);
    outcome.found_types = found.to_vec();
    outcome.found_topics = topics.to_vec();
    outcome.deferred().iter().for_each(&mut report);
}

fn is_guarded(block: &ContentBlock<'_>) -> bool {
    block.qualifiers.are_guarded() || !rule!("qualifiers.grounding")
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

struct Outcome<'a> {
    engine: &'a Engine,
    request: &'a Request<'a>,
    findings: Vec<Finding<'a>>,
    found: usize,
    /// How many findings are listed.
    limit: usize,
    /// Which built-in types were found, by guardrail: what was found is not deferred.
    found_types: Vec<[bool; 31]>,
    /// Which topics and filters were found, as guardrail and entry: these are not deferred either.
    found_topics: Vec<(usize, Entry<'a>)>,
    explanations: Vec<Explanation>,
    would: Vec<Reason>,
    masks: Vec<Vec<Mask<'a>>>,
    coverage: Coverage,
    /// Who looks at what, where the bundle says so.
    reach: Option<Reach>,
}

impl<'a> Outcome<'a> {
    fn new(engine: &'a Engine, request: &'a Request<'a>) -> Outcome<'a> {
        let guardrails = engine.policy().guardrails.len();
        let mut outcome = Outcome {
            engine,
            request,
            findings: Vec::new(),
            found: 0,
            limit: engine.limits().findings,
            found_types: Vec::new(),
            found_topics: Vec::new(),
            explanations: Vec::new(),
            would: Vec::new(),
            masks: Vec::new(),
            coverage: Coverage::default(),
            reach: Reach::of(engine, request),
        };
        outcome.found_types.resize(guardrails, [false; 31]);
        outcome.would.resize(guardrails, Reason::NoAction);
        outcome.masks.resize(request.content.len(), Vec::new());
        outcome
    }

    /// Lets each guardrail judge the detections of one block.
    fn add(&mut self, block: usize, content: &'a ContentBlock<'_>, detections: &[Detection]) {
        let guardrails = &self.engine.policy().guardrails;
        for detection in detections {
            if let Kind::Dictionary(Output::Word(word)) = detection.kind {
                let dictionary = self.engine.dictionary();
                for used in dictionary.word_uses(word) {
                    let action = self.action(used.input, used.output);
                    let entry = Entry::Word(dictionary.word_text(word));
                    self.judge(used.guardrail, entry, action, block, content, detection);
                }
                continue;
            }
            for (number, guardrail) in guardrails.iter().enumerate() {
                self.judge_by(number, guardrail, block, content, detection);
            }
        }
    }

    fn explain(&mut self, block: usize, explained: Vec<Explanation>) {
        let explained = explained.into_iter();
        self.explanations
            .extend(explained.map(|explanation| Explanation {
                block,
                ..explanation
            }));
    }

    fn judge_by(
        &mut self,
        number: usize,
        guardrail: &'a Guardrail,
        block: usize,
        content: &'a ContentBlock<'_>,
        detection: &Detection,
    ) {
        match detection.kind {
            Kind::Dictionary(_) => {
                if let Some(actions) = guardrail.profanity {
                    let action = self.action(actions.input, actions.output);
                    self.judge(number, Entry::Profanity, action, block, content, detection);
                }
            }
            Kind::Pii(ty) => {
                let Some(entry) = guardrail.pii.iter().find(|entry| entry.ty == ty) else {
                    return;
                };
                let threshold = entry.threshold.unwrap_or(default_threshold(ty));
                if detection.score >= threshold {
                    let action = self.action(entry.actions.input, entry.actions.output);
                    self.judge(number, Entry::Pii(ty), action, block, content, detection);
                }
            }
            Kind::Topic(topic, level) => {
                let entries = guardrail.topics.iter().enumerate();
                for (place, entry) in entries.filter(|(_, entry)| entry.topic == topic) {
                    let action = self.action(entry.actions.input, entry.actions.output);
                    self.judge(
                        number,
                        Entry::Topic(place),
                        action,
                        block,
                        content,
                        detection,
                    );
                }
                let attack = guardrail
                    .prompt_attack
                    .filter(|attack| attack.topic == topic);
                if let Some(attack) = attack
                    && Confidence::of_level(level) == Some(attack.acts_on())
                {
                    let action = self.action(attack.actions.input, attack.actions.output);
                    self.judge(
                        number,
                        Entry::PromptAttack,
                        action,
                        block,
                        content,
                        detection,
                    );
                }
            }
            Kind::Regex(automaton) => {
                let entries = guardrail.regexes.iter().enumerate();
                for (regex, entry) in entries.filter(|(_, entry)| entry.automaton == automaton) {
                    let action = self.action(entry.actions.input, entry.actions.output);
                    self.judge(
                        number,
                        Entry::Regex(regex),
                        action,
                        block,
                        content,
                        detection,
                    );
                }
            }
        }
    }

    fn action(&self, input: EntryAction, output: EntryAction) -> EntryAction {
        match self.request.source {
            Source::Input if rule!("direction.input") => input,
            Source::Output if rule!("direction.output") => output,
            Source::Input => output,
            Source::Output => input,
        }
    }

    fn judge(
        &mut self,
        guardrail: usize,
        entry: Entry<'a>,
        action: EntryAction,
        block: usize,
        content: &'a ContentBlock<'_>,
        detection: &Detection,
    ) {
        let Detection {
            start,
            end,
            score,
            view,
            ..
        } = *detection;
        if let Some(reach) = &self.reach
            && !reach.looks(guardrail, block)
        {
            return;
        }
        let matched = content.text.get(start..end).unwrap_or("");
        let would = match action {
            EntryAction::Disabled => return,
            EntryAction::None if rule!("detect-mode") => FindingAction::None,
            EntryAction::None | EntryAction::Block => FindingAction::Blocked,
            EntryAction::Anonymize => FindingAction::Anonymized,
        };
        let Some(owner) = self.engine.policy().guardrails.get(guardrail) else {
            return;
        };
        if view.is_some() && !owner.tiers.reads(entry) && rule!("tier.classic") {
            return;
        }
        if let Entry::Pii(ty) = entry
            && allow::is_allowed(&owner.allowed, self.request.now, ty, action, matched)
        {
            return;
        }
        let (now, model) = (self.request.now, self.request.model.as_deref());
        let exception = owner.excepts(entry, now, model);
        let would = match exception {
            Some(_) => FindingAction::None,
            None => would,
        };
        let observed = owner.mode == Mode::Observe;
        let action = if observed && rule!("layering.observe") {
            FindingAction::None
        } else {
            would
        };
        let finding = Finding {
            guardrail,
            entry,
            block,
            start,
            end,
            matched,
            action,
            would,
            score,
            view,
            exception,
        };
        self.note(finding);
    }

    fn note(&mut self, finding: Finding<'a>) {
        self.found = self.found.saturating_add(1);
        if let Entry::Pii(ty) = finding.entry
            && let Some(types) = self.found_types.get_mut(finding.guardrail)
            && let Some(found) = types.get_mut(usize::from(ty.number()))
        {
            *found = true;
        }
        if matches!(finding.entry, Entry::Topic(_) | Entry::PromptAttack) {
            let found = (finding.guardrail, finding.entry);
            if !self.found_topics.contains(&found) {
                self.found_topics.push(found);
            }
        }
        if let Some(would) = self.would.get_mut(finding.guardrail) {
            *would = (*would).max(match finding.would {
                FindingAction::None => Reason::NoAction,
                FindingAction::Anonymized => Reason::Masked,
                FindingAction::Blocked => Reason::Blocked,
            });
        }
        if finding.action == FindingAction::Anonymized
            && let Some(masks) = self.masks.get_mut(finding.block)
        {
            masks.push(Mask {
                start: finding.start,
                end: finding.end,
                label: self.engine.label(&finding),
                built_in: matches!(finding.entry, Entry::Pii(_)),
            });
        }
        if self.findings.len() < self.limit {
            self.findings.push(finding);
        }
    }

    fn decide(mut self) -> Decision<'a> {
        let source = self.request.source;
        let guardrails = &self.engine.policy().guardrails;
        let mut enforced = guardrails.iter().zip(&self.would);
        let blocking = enforced.find(|(guardrail, would)| {
            **would == Reason::Blocked
                && (guardrail.mode == Mode::Enforce || !rule!("layering.observe"))
        });
        let masked = self.masks.iter().any(|masks| !masks.is_empty());
        let (reason, outputs) = match blocking {
            Some((guardrail, _)) if rule!("block.beats-mask") || !masked => {
                let message = guardrail.blocked_message(source);
                (Reason::Blocked, Vec::from([String::from(message)]))
            }
            _ if masked => (Reason::Masked, self.mask_texts()),
            _ => (Reason::NoAction, Vec::new()),
        };
        if reason != Reason::Masked {
            self.masks.clear();
        }
        Decision {
            reason,
            outputs,
            deferred: self.deferred(),
            units: self.coverage.guarded.div_ceil(UNIT),
            engine: self.engine,
            request: self.request,
            findings: self.findings,
            found: self.found,
            explanations: self.explanations,
            masks: self.masks,
            would: self.would,
            coverage: self.coverage,
            reach: self.reach,
            failure: None,
        }
    }

    /// Brings the masks of each block down to their union, and applies it.
    fn mask_texts(&mut self) -> Vec<String> {
        let blocks = self.request.content.iter().zip(&mut self.masks);
        blocks
            .map(|(block, masks)| {
                *masks = mask::clusters(masks);
                mask::apply(&block.text, masks)
            })
            .collect()
    }

    /// What the cloud still has to decide: whole policies, and heuristic types that were not found.
    fn deferred(&self) -> Vec<Deferred<'a>> {
        let source = self.request.source;
        let mut deferred = Vec::new();
        let guardrails = self
            .engine
            .policy()
            .guardrails
            .iter()
            .zip(&self.found_types)
            .enumerate();
        for (number, (guardrail, found)) in guardrails {
            let unseen = |reach: &Reach| !reach.looks_at_any(number);
            if self.reach.as_ref().is_some_and(unseen) {
                continue;
            }
            deferred.reserve(guardrail.cloud.len().saturating_add(guardrail.pii.len()));
            let cloud = guardrail.cloud.iter().filter(|entry| entry.acts_on(source));
            deferred.extend(cloud.map(|entry| Deferred {
                guardrail: number,
                policy: &entry.policy,
                entry: entry.entry.as_deref(),
                reason: &entry.reason,
            }));
            let heuristic = guardrail.pii.iter().filter(|entry| {
                entry.actions.of(source) != EntryAction::Disabled
                    && !decides(entry.ty)
                    && found.get(usize::from(entry.ty.number())) != Some(&true)
            });
            deferred.extend(heuristic.map(|entry| Deferred {
                guardrail: number,
                policy: "sensitiveInformationPolicy",
                entry: Some(entry.ty.name()),
                reason: "negative_is_not_final",
            }));
            self.defer_topics(number, guardrail, &mut deferred);
        }
        deferred
    }

    /// Keywords find the plain cases of a topic or a prompt attack; what they do not find is not clean.
    fn defer_topics(
        &self,
        number: usize,
        guardrail: &'a Guardrail,
        deferred: &mut Vec<Deferred<'a>>,
    ) {
        let source = self.request.source;
        let mut push = |policy, name, entry| {
            if !self.found_topics.contains(&(number, entry)) {
                deferred.push(Deferred {
                    guardrail: number,
                    policy,
                    entry: Some(name),
                    reason: "negative_is_not_final",
                });
            }
        };
        for (place, topic) in guardrail.topics.iter().enumerate() {
            if topic.actions.of(source) != EntryAction::Disabled {
                push("topicPolicy", topic.name.as_str(), Entry::Topic(place));
            }
        }
        let attack = guardrail.prompt_attack;
        if attack.is_some_and(|attack| attack.actions.of(source) != EntryAction::Disabled) {
            push("contentPolicy", "PROMPT_ATTACK", Entry::PromptAttack);
        }
    }
}

/// Whether a negative answer about a type is final.
pub(crate) fn decides(ty: PiiType) -> bool {
    let recognizer = RECOGNIZERS.get(usize::from(ty.number()));
    recognizer.is_some_and(|recognizer| recognizer.verdict == Verdict::Decides)
}

impl Engine {
    /// What stands between the braces of a mask.
    pub(crate) fn label<'a>(&'a self, finding: &Finding<'a>) -> &'a str {
        match finding.entry {
            Entry::Pii(ty) => ty.name(),
            Entry::Regex(regex) => {
                let guardrail = self.policy().guardrails.get(finding.guardrail);
                guardrail
                    .and_then(|g| g.regexes.get(regex))
                    .map_or("", |entry| &entry.name)
            }
            Entry::Word(_) | Entry::Profanity | Entry::Topic(_) | Entry::PromptAttack => "",
        }
    }
}
