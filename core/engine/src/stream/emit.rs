//! What comes out: the text before the frontier with its masks, and what a block or the cap makes of it.

use alloc::string::String;
use alloc::vec::Vec;

use super::window::{Final, Frontier, Holder};
use super::{State, Stream, StreamEntry, StreamFinding, StreamOptions};
use crate::decision::{Entry, Failure, FindingAction, Mask, Reason};
use crate::dictionary::Output;
use crate::engine::Engine;
use crate::evaluate::{Asked, Detection, Kind, clusters, judge};
use crate::policy::{EntryAction, Mode, OnError};

/// A value that is masked.
#[derive(Clone, Copy, Debug)]
struct Masked {
    start: usize,
    end: usize,
    guardrail: usize,
    entry: StreamEntry,
}

/// Text that goes for nothing: the tail of a value that was masked before it ended.
#[derive(Clone, Copy, Debug)]
struct Swallowed {
    from: usize,
    to: usize,
    /// Whether it goes on until white space comes.
    until_space: bool,
}

/// What the guardrails decided, and how much of the text is out. Offsets are of the window.
#[derive(Debug)]
pub(super) struct Mouth {
    emitted: usize,
    /// Characters of all blocks that are out.
    characters: u64,
    masks: Vec<Masked>,
    swallowed: Option<Swallowed>,
    frontier: Frontier,
    masked: bool,
    pub(super) findings: Vec<StreamFinding>,
    pub(super) found: usize,
    /// Which built-in types were found, by guardrail.
    pub(super) types: Vec<[bool; 31]>,
    /// Which topics and filters were found, by guardrail.
    pub(super) topics: Vec<(usize, Entry<'static>)>,
    /// Per guardrail, what its own findings come to.
    pub(super) would: Vec<Reason>,
    /// Set by a block: how many characters were looked at for it.
    pub(super) guarded: Option<u64>,
}

impl Mouth {
    pub(super) fn new(engine: &Engine) -> Mouth {
        let guardrails = engine.policy().guardrails.len();
        let (mut types, mut would) = (Vec::new(), Vec::new());
        types.resize(guardrails, [false; 31]);
        would.resize(guardrails, Reason::NoAction);
        Mouth {
            emitted: 0,
            characters: 0,
            masks: Vec::new(),
            swallowed: None,
            frontier: START,
            masked: false,
            findings: Vec::new(),
            found: 0,
            types,
            topics: Vec::new(),
            would,
            guarded: None,
        }
    }

    /// How much of the window is out.
    pub(super) const fn emitted(&self) -> usize {
        self.emitted
    }

    /// What holds the rest.
    pub(super) const fn holder(&self) -> Holder {
        self.frontier.holder
    }

    /// Whether anything was masked.
    pub(super) const fn has_masked(&self) -> bool {
        self.masked
    }

    pub(super) fn next_block(&mut self) {
        (self.emitted, self.frontier, self.swallowed) = (0, START, None);
        self.masks.clear();
    }

    /// Ends the output: what is not out is swallowed.
    pub(super) fn block(&mut self) {
        self.guarded.get_or_insert(self.characters);
        self.masks.clear();
    }

    /// The rest of the window's text as it is.
    pub(super) fn rest(&mut self, text: &str) -> String {
        let rest = text.get(self.emitted..).unwrap_or("");
        self.emitted = text.len();
        self.masks.clear();
        String::from(rest)
    }

    /// Forgets the first `bytes` of the window, which are out.
    pub(super) fn trim(&mut self, bytes: usize) {
        let less = |at: &mut usize| *at = at.saturating_sub(bytes);
        less(&mut self.emitted);
        less(&mut self.frontier.at);
        for mask in &mut self.masks {
            less(&mut mask.start);
            less(&mut mask.end);
        }
        if let Some(swallowed) = &mut self.swallowed {
            less(&mut swallowed.from);
            less(&mut swallowed.to);
        }
    }

    /// Notes a finding; gives whether it blocks.
    fn note(&mut self, finding: StreamFinding, place: (usize, usize), limit: usize) -> bool {
        self.found = self.found.saturating_add(1);
        if let StreamEntry::Pii(ty) = finding.entry
            && let Some(types) = self.types.get_mut(finding.guardrail)
            && let Some(found) = types.get_mut(usize::from(ty.number()))
        {
            *found = true;
        }
        if let Some(entry) = finding.entry.topic() {
            self.topics.push((finding.guardrail, entry));
        }
        if let Some(would) = self.would.get_mut(finding.guardrail) {
            *would = (*would).max(match finding.would {
                FindingAction::None => Reason::NoAction,
                FindingAction::Anonymized => Reason::Masked,
                FindingAction::Blocked => Reason::Blocked,
            });
        }
        if finding.action == FindingAction::Anonymized {
            self.masks.push(Masked {
                start: place.0,
                end: place.1,
                guardrail: finding.guardrail,
                entry: finding.entry,
            });
        }
        if self.findings.len() < limit {
            self.findings.push(finding);
        }
        finding.action == FindingAction::Blocked
    }

    /// Emits the text and the masks before `end`. A cluster of masks that reaches past it stays, unless
    /// `cut`; gives where the text stopped.
    fn speak(
        &mut self,
        engine: &Engine,
        text: &str,
        end: usize,
        cut: bool,
        out: &mut String,
    ) -> usize {
        let mut stop = end;
        if !self.masks.is_empty() {
            let mut masks: Vec<Mask<'_>> =
                self.masks.iter().map(|mask| mask.label(engine)).collect();
            for cluster in clusters(&mut masks) {
                if cluster.end > end && !cut {
                    stop = cluster.start.min(end);
                    break;
                }
                self.say(text, cluster.start, out);
                if !self.swallows(cluster.start) && cluster.end > self.emitted {
                    out.push('{');
                    out.push_str(cluster.label);
                    out.push('}');
                }
                self.masked = true;
                self.move_to(text, cluster.end);
            }
            self.masks.retain(|mask| !cut && mask.start >= stop);
        }
        self.say(text, stop, out);
        stop
    }

    /// Emits the text before `to`, but for what is swallowed of it.
    fn say(&mut self, text: &str, to: usize, out: &mut String) {
        let (mut from, mut until) = (self.emitted, to);
        if let Some(swallowed) = self.swallowed {
            if from < swallowed.from {
                until = until.min(swallowed.from);
            } else {
                from = from.max(swallowed.to);
            }
            out.push_str(text.get(from..until).unwrap_or(""));
            from = swallowed.to.max(until);
            until = to;
            if self.emitted >= swallowed.from {
                from = until;
            }
        }
        out.push_str(text.get(from..until).unwrap_or(""));
        self.move_to(text, to);
    }

    fn swallows(&self, at: usize) -> bool {
        self.swallowed
            .is_some_and(|swallowed| swallowed.from <= at && at < swallowed.to)
    }

    fn move_to(&mut self, text: &str, to: usize) {
        if let Some(passed) = text.get(self.emitted..to) {
            let characters = u64::try_from(passed.chars().count()).unwrap_or(u64::MAX);
            self.characters = self.characters.saturating_add(characters);
            self.emitted = to;
        }
    }

    /// Lets the tail of a value that was masked early go on, as far as it goes.
    fn swallow(&mut self, text: &str, grown: usize) {
        let Some(mut swallowed) = self.swallowed else {
            return;
        };
        swallowed.to = swallowed.to.max(grown);
        if swallowed.until_space {
            let rest = text.get(swallowed.to..).unwrap_or("");
            let space = rest.find(|c: char| c.is_ascii_whitespace());
            let length = space.unwrap_or(rest.len());
            swallowed.to = swallowed.to.saturating_add(length);
            swallowed.until_space = space.is_none();
        }
        self.swallowed = Some(swallowed);
        if (swallowed.from..swallowed.to).contains(&self.emitted) {
            self.move_to(text, swallowed.to);
        }
    }
}

const START: Frontier = Frontier {
    at: 0,
    holder: Holder::Token,
};

impl Masked {
    fn label<'e>(&self, engine: &'e Engine) -> Mask<'e> {
        let label = match self.entry {
            StreamEntry::Pii(ty) => ty.name(),
            _ => self.entry.name(engine, self.guardrail).unwrap_or(""),
        };
        Mask {
            start: self.start,
            end: self.end,
            label,
            built_in: matches!(self.entry, StreamEntry::Pii(_)),
        }
    }
}

impl StreamEntry {
    /// The entry in a decision, if it is a topic or filter.
    const fn topic(self) -> Option<Entry<'static>> {
        match self {
            StreamEntry::Topic(topic) => Some(Entry::Topic(topic)),
            StreamEntry::PromptAttack => Some(Entry::PromptAttack),
            _ => None,
        }
    }

    /// The configured word, the type's or the regex's name; `None` for profanity and for what is not of
    /// the engine's bundle.
    #[must_use]
    pub fn name(self, engine: &Engine, guardrail: usize) -> Option<&str> {
        match self {
            StreamEntry::Word(word) => Some(engine.dictionary().word_text(word)),
            StreamEntry::Profanity => None,
            StreamEntry::PromptAttack => Some("PROMPT_ATTACK"),
            StreamEntry::Topic(topic) => {
                let guardrail = engine.policy().guardrails.get(guardrail)?;
                guardrail.topics.get(topic).map(|entry| entry.name.as_str())
            }
            StreamEntry::Pii(ty) => Some(ty.name()),
            StreamEntry::Regex(regex) => {
                let guardrail = engine.policy().guardrails.get(guardrail)?;
                guardrail
                    .regexes
                    .get(regex)
                    .map(|entry| entry.name.as_str())
            }
        }
    }
}

impl Stream {
    /// Emits what is before the frontier.
    pub(super) fn release(&mut self, engine: &Engine, frontier: Frontier) {
        let detections = self.window.take(frontier.at);
        if self.judge(engine, &detections) {
            return;
        }
        let (text, grown) = (self.window.text(), self.window.grown());
        self.mouth.swallow(text, grown);
        let stop = self
            .mouth
            .speak(engine, text, frontier.at, false, &mut self.out);
        self.mouth.frontier = if stop < frontier.at {
            Frontier {
                at: stop,
                holder: Holder::Mask,
            }
        } else {
            frontier
        };
    }

    /// Lets the guardrails judge detections in the order of the text, up to the first place that blocks;
    /// whether one does.
    fn judge(&mut self, engine: &Engine, detections: &[Final]) -> bool {
        let mut blocked: Option<(usize, usize, usize)> = None;
        for detection in detections {
            if blocked.is_some_and(|(start, ..)| detection.at > start) {
                break;
            }
            let matched = self.window.text().get(detection.at..detection.end);
            let (base, block) = (self.window.base(), self.block);
            let asked = Asked {
                source: self.options.source,
                now: self.options.now,
                model: self.model.as_deref(),
            };
            let mouth = &mut self.mouth;
            let one = Detection {
                kind: detection.kind,
                start: detection.at,
                end: detection.end,
                score: detection.score,
                view: None,
            };
            judge(engine, &asked, one, matched.unwrap_or(""), |finding| {
                let entry = match (finding.entry, detection.kind) {
                    (Entry::Pii(ty), _) => StreamEntry::Pii(ty),
                    (Entry::Regex(regex), _) => StreamEntry::Regex(regex),
                    (Entry::Topic(topic), _) => StreamEntry::Topic(topic),
                    (Entry::PromptAttack, _) => StreamEntry::PromptAttack,
                    (_, Kind::Dictionary(Output::Word(word))) => StreamEntry::Word(word),
                    _ => StreamEntry::Profanity,
                };
                let finding = StreamFinding {
                    guardrail: finding.guardrail,
                    entry,
                    block,
                    start: detection.from,
                    end: detection.end.saturating_add(base),
                    action: finding.action,
                    would: finding.would,
                    score: finding.score,
                    exception: finding.exception,
                };
                let place = (detection.at, detection.end);
                if mouth.note(finding, place, engine.limits().findings) {
                    let (start, end, guardrail) =
                        blocked.unwrap_or((detection.at, detection.end, usize::MAX));
                    let end = end.max(detection.end);
                    blocked = Some((start, end, guardrail.min(finding.guardrail)));
                }
            });
        }
        let Some((start, end, guardrail)) = blocked else {
            return false;
        };
        self.block(engine, start, end, guardrail);
        true
    }

    /// Emits the masked text before `start`, and the message of the guardrail that blocks there.
    fn block(&mut self, engine: &Engine, start: usize, end: usize, guardrail: usize) {
        let text = self.window.text();
        self.mouth.swallow(text, self.window.grown());
        self.mouth.masks.retain(|mask| mask.start < start);
        self.mouth.speak(engine, text, start, true, &mut self.out);
        self.mouth.move_to(text, end);
        self.mouth.block();
        let guardrail = engine.policy().guardrails.get(guardrail);
        let message = guardrail.map_or("", |g| g.blocked_message(self.options.source));
        self.out.push_str(message);
        self.state = State::Blocked;
    }

    /// Sees to it that less is held: masks what is a value already, and blocks or passes what is undecided.
    pub(super) fn force(&mut self, engine: &Engine) {
        let frontier = self.mouth.frontier;
        let text = self.window.text();
        if frontier.holder == Holder::Mask {
            self.mouth.take_first(engine, text, &mut self.out);
            return self.settle(engine, false);
        }
        let source = self.options.source;
        let labels = matches!(frontier.holder, Holder::Label | Holder::Pii(_));
        if labels && self.window.ignore_label(engine, engine.direction(source)) {
            return self.settle(engine, false);
        }
        let taken = self.window.take_early(engine.direction(source), frontier);
        if let Some(end) = taken.iter().map(|detection| detection.end).max() {
            if self.judge(engine, &taken) {
                return;
            }
            if self.mouth.masks.iter().any(|mask| mask.end == end) {
                self.mouth.swallowed = Some(Swallowed {
                    from: end,
                    to: end,
                    until_space: matches!(frontier.holder, Holder::Pii(_)),
                });
            }
            return self.settle(engine, false);
        }
        if acts(engine, frontier.holder, self.options) {
            if engine.policy().on_error(source) == OnError::Block {
                return self.fail(engine, Failure::HoldbackLimit);
            }
            self.failure.get_or_insert(Failure::HoldbackLimit);
        }
        if let Err(failure) = self.window.give_up() {
            return self.fail(engine, failure);
        }
        self.settle(engine, false);
    }
}

impl Mouth {
    /// Emits the first cluster of masks though something undecided overlaps it.
    fn take_first(&mut self, engine: &Engine, text: &str, out: &mut String) {
        let mut masks: Vec<Mask<'_>> = self.masks.iter().map(|mask| mask.label(engine)).collect();
        let Some(first) = clusters(&mut masks).into_iter().next() else {
            return;
        };
        let later: Vec<Masked> = self
            .masks
            .extract_if(.., |mask| mask.start >= first.end)
            .collect();
        self.speak(engine, text, first.end, true, out);
        self.masks = later;
        // The tail of a value that goes on is swallowed already.
        let goes_on = |swallowed: Swallowed| swallowed.from >= first.start;
        if !self.swallowed.is_some_and(goes_on) {
            self.swallowed = Some(Swallowed {
                from: first.end,
                to: first.end,
                until_space: false,
            });
        }
    }
}

/// Whether what holds the text may block or mask, in a guardrail that is enforced.
fn acts(engine: &Engine, holder: Holder, options: StreamOptions) -> bool {
    let acts = |action: EntryAction| !matches!(action, EntryAction::Disabled | EntryAction::None);
    let source = options.source;
    let guardrails = engine.policy().guardrails.iter();
    let mut enforced = guardrails.filter(|guardrail| guardrail.mode == Mode::Enforce);
    enforced.any(|guardrail| match holder {
        Holder::Pii(ty) => guardrail
            .pii
            .iter()
            .any(|e| e.ty == ty && acts(e.actions.of(source))),
        Holder::Regex(automaton) => {
            let mut entries = guardrail.regexes.iter();
            entries.any(|e| e.automaton == automaton && acts(e.actions.of(source)))
        }
        Holder::Label => false,
        Holder::Token | Holder::Phrase | Holder::Substring | Holder::Mask => true,
    })
}
