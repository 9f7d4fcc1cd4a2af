//! The matchers over a text that comes in pieces: what is there of it, and what was found for good.
//!
//! A detection is final once nothing that may follow changes it. [`Window::settle`] makes final what can
//! be and tells the *frontier*: every detection that begins before it is known. Offsets of the view are
//! called so; all others are of the original. Both count from the start of the window, which is trimmed.

mod calls;

use alloc::vec::Vec;

use super::reach::{Signs, Types, reach};
use crate::decision::Failure;
use crate::dictionary::{Pass, Place};
use crate::engine::{Direction, Engine};
use crate::evaluate::Kind;
use crate::pii::{Candidate, Finding, Found, LexiconHit, Outermost, PiiType, Present, order};
use crate::regex::{Stepped, Steps, Stretch};
use crate::sort;
use crate::text::{CharClass, Growing};
use crate::topics::{Explanation, Scores};

/// How many bytes of the view stay behind the frontier: more than any recogniser reads back.
const HISTORY: usize = 1024;
/// The window is trimmed when this many more have gathered.
const TRIM: usize = 4096;

/// What holds the text back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// Nothing but the word that the text ends in.
    Token,
    /// A custom word or profanity of several tokens that has begun.
    Phrase,
    /// A label of several words that a recogniser waits for, which has begun.
    Label,
    /// A custom word in substring mode that may have begun.
    Substring,
    /// A value of a built-in type that may have begun, or whose context is to come.
    Pii(PiiType),
    /// A custom regex, by its automaton, that has begun to match.
    Regex(usize),
    /// A masked stretch that overlaps something undecided.
    Mask,
}

/// From where on the text is held back, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frontier {
    pub(super) at: usize,
    pub(super) holder: Holder,
}

/// A detection that nothing changes any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Final {
    /// Where it acts: at its start, or where the keyword begins that decides a topic.
    pub(super) at: usize,
    /// Where it ends.
    pub(super) end: usize,
    pub(super) kind: Kind,
    pub(super) score: u16,
    /// Where it begins, in the block.
    pub(super) from: usize,
}

/// A call of a recogniser whose answer what follows may change.
#[derive(Clone, Copy, Debug)]
struct Pending {
    ty: PiiType,
    candidate: Candidate,
    /// Where in the view the value may begin at the earliest.
    from: usize,
}

/// One content block as far as it has come.
#[derive(Debug)]
pub(super) struct Window {
    text: Growing,
    /// How many bytes of the block lie before the window.
    base: usize,
    place: Place,
    signs: Signs,
    /// The class of the token too long to be known in which the walk stands.
    inside: Option<CharClass>,
    pass: Pass,
    present: Present,
    /// Hits of lexicons that call recognisers and have not yet.
    fresh: Vec<LexiconHit>,
    pending: Vec<Pending>,
    found: Found,
    values: Vec<Finding>,
    outermost: Outermost,
    steps: Steps,
    /// Where in the view the search for substrings goes on.
    substrings: usize,
    detections: Vec<Final>,
    scores: Scores,
    /// Topics that were detected and why, by places in the block.
    pub(super) explanations: Vec<Explanation>,
    /// How far matches of regexes reach that were taken before they ended.
    grown: usize,
    /// How far whole words are there.
    words: usize,
    /// The frontier but for regexes, in the view and in the original.
    settled: usize,
    walked: Frontier,
    /// Where a label begins that is waited for no longer.
    ignored: Option<usize>,
    /// Whether the frontier moved otherwise than by a walk.
    moved: bool,
}

impl Final {
    fn new(kind: Kind, start: usize, end: usize, score: u16, base: usize) -> Final {
        Final {
            at: start,
            end,
            kind,
            score,
            from: start.saturating_add(base),
        }
    }
}

impl Window {
    pub(super) fn new(engine: &Engine) -> Window {
        Window {
            text: Growing::default(),
            base: 0,
            place: Place::default(),
            signs: Signs::default(),
            inside: None,
            pass: Pass::default(),
            present: Present::default(),
            fresh: Vec::new(),
            pending: Vec::new(),
            found: Found::default(),
            values: Vec::new(),
            outermost: Outermost::default(),
            steps: Steps::new(engine.regexes()),
            substrings: 0,
            detections: Vec::new(),
            scores: Scores::default(),
            explanations: Vec::new(),
            grown: 0,
            words: 0,
            settled: 0,
            walked: Frontier {
                at: 0,
                holder: Holder::Token,
            },
            ignored: None,
            moved: false,
        }
    }

    /// What is there of the text.
    pub(super) fn text(&self) -> &str {
        self.text.original()
    }

    /// How many bytes of the block lie before the window.
    pub(super) const fn base(&self) -> usize {
        self.base
    }

    pub(super) fn push(&mut self, text: &str) {
        self.text.push(text);
    }

    /// How far whole words are there.
    pub(super) const fn words(&self) -> usize {
        self.words
    }

    /// How far matches of regexes reach that were taken before they ended.
    pub(super) const fn grown(&self) -> usize {
        self.grown
    }

    /// Makes final what can be; `whole`: nothing follows.
    pub(super) fn settle(
        &mut self,
        engine: &Engine,
        direction: &Direction,
        types: Types,
        whole: bool,
    ) -> Result<Frontier, Failure> {
        let settled = self.text.settle(whole, usize::MAX);
        settled.map_err(|_| Failure::GrowthLimit)?;
        let before = self.place.at();
        self.walk(engine, direction, whole);
        self.signs.note(self.text.view(), before, self.place.at());
        if whole || self.place.at() > before || core::mem::take(&mut self.moved) {
            self.find_substrings(engine);
            self.call(engine, direction, whole);
            self.advance(engine, direction, types, whole);
        }
        let mut frontier = self.walked;
        let stretch = Stretch {
            text: self.text.original(),
            upto: if whole {
                self.text.original().len()
            } else {
                frontier.at
            },
            first: self.base == 0,
            whole,
        };
        let wanted = |automaton: usize| direction.regexes.get(automaton) == Some(&true);
        let (detections, grown, base) = (&mut self.detections, &mut self.grown, self.base);
        let holding =
            engine
                .regexes()
                .step(
                    &mut self.steps,
                    stretch,
                    wanted,
                    |automaton, stepped| match stepped {
                        Stepped::Match(range) => {
                            detections.push(Final::new(
                                Kind::Regex(automaton),
                                range.start,
                                range.end,
                                1000,
                                base,
                            ));
                        }
                        Stepped::Grew(end) => *grown = end.max(*grown),
                    },
                );
        if let Some(holding) = holding.map_err(|_| Failure::Fault)?
            && holding.from < frontier.at
        {
            frontier = Frontier {
                at: holding.from,
                holder: Holder::Regex(holding.pattern),
            };
        }
        Ok(frontier)
    }

    /// Takes the final detections that begin before `end`, in the order of the text.
    pub(super) fn take(&mut self, end: usize) -> Vec<Final> {
        let mut taken = Vec::new();
        if self.detections.is_empty() {
            return taken;
        }
        self.detections.retain(|detection| {
            let early = detection.at < end;
            if early {
                taken.push(*detection);
            }
            !early
        });
        sort::by_key(&mut taken, |d| (d.at, d.end, d.kind, d.score));
        taken.dedup();
        taken
    }

    /// Moves the frontier of the view and makes the values before it final.
    fn advance(&mut self, engine: &Engine, direction: &Direction, types: Types, whole: bool) {
        let view = self.text.view();
        let at = self.place.at();
        let (mut settled, mut holder) = (at, Holder::Token);
        let mut hold = |from: usize, by: Holder| {
            if from < settled {
                (settled, holder) = (from, by);
            }
        };
        if !whole {
            let dictionary = engine.dictionary();
            let open = |bits: u8| {
                self.place
                    .open(dictionary, |state| engine.leads(state) & bits != 0)
            };
            hold(open(Engine::LEADS_TO_WORD), Holder::Phrase);
            let called = open(direction.calls);
            let called = if self.ignored == Some(called) {
                at
            } else {
                called
            };
            hold(called, Holder::Label);
            let (from, ty) = reach(view, called, types, &self.signs);
            if let Some(ty) = ty {
                hold(from, Holder::Pii(ty));
            }
            for pending in &self.pending {
                hold(pending.from, Holder::Pii(pending.ty));
            }
            if let Some(substrings) = engine.substrings() {
                let from = at.saturating_sub(substrings.reach());
                hold(view.floor_char_boundary(from), Holder::Substring);
            }
        }
        self.settled = settled;
        let original = |at| self.text.to_original(at, at).0;
        (self.words, self.walked) = if whole {
            let at = self.text.original().len();
            (at, Frontier { at, holder })
        } else {
            let walked = Frontier {
                at: original(settled),
                holder,
            };
            (original(at), walked)
        };
        self.finish_values(if whole { usize::MAX } else { settled });
    }

    /// Makes the values final that begin in the view before `end`.
    fn finish_values(&mut self, end: usize) {
        if self.values.is_empty() {
            return;
        }
        sort::by_key(&mut self.values, order);
        let early = self.values.partition_point(|value| value.start < end);
        for value in self.values.drain(..early) {
            if self.outermost.takes(&value) {
                let (start, end) = self.text.to_original(value.start, value.end);
                let kind = Kind::Pii(value.ty);
                let found = Final::new(kind, start, end, value.score, self.base);
                self.detections.push(found);
            }
        }
    }

    /// Takes what is held at the frontier as it is, if it is a value already: the detections. It may be
    /// part of a longer one, which [`Window::grown`] or the caller follows.
    pub(super) fn take_early(&mut self, direction: &Direction, frontier: Frontier) -> Vec<Final> {
        match frontier.holder {
            Holder::Regex(automaton) => {
                let range = self.steps.take(automaton);
                let kind = Kind::Regex(automaton);
                let detection =
                    range.map(|range| Final::new(kind, range.start, range.end, 1000, self.base));
                detection.into_iter().collect()
            }
            Holder::Pii(_) => {
                self.moved = true;
                self.call_early(direction)
            }
            Holder::Token | Holder::Phrase | Holder::Label | Holder::Substring | Holder::Mask => {
                Vec::new()
            }
        }
    }

    /// Waits no longer for the label that has begun: so much white space stands in no label.
    /// `false` if there is none.
    pub(super) fn ignore_label(&mut self, engine: &Engine, direction: &Direction) -> bool {
        let dictionary = engine.dictionary();
        let calls = |state| engine.leads(state) & direction.calls != 0;
        let label = self.place.open(dictionary, calls);
        if label == self.place.at() || self.ignored == Some(label) {
            return false;
        }
        (self.ignored, self.moved) = (Some(label), true);
        true
    }

    /// Lets everything that is held pass as it is.
    pub(super) fn give_up(&mut self) -> Result<(), Failure> {
        let settled = self.text.settle(true, usize::MAX);
        settled.map_err(|_| Failure::GrowthLimit)?;
        let end = self.text.view().len();
        self.place.skip(end, false);
        self.pending.clear();
        self.fresh.clear();
        self.substrings = end;
        self.finish_values(usize::MAX);
        let end = self.text.original().len();
        self.steps.give_up(end);
        (self.settled, self.words) = (self.text.view().len(), end);
        self.walked = Frontier {
            at: end,
            holder: Holder::Token,
        };
        Ok(())
    }

    /// Forgets what nobody reads any more of a text that is out as far as `released`; gives by how many
    /// bytes the window moved.
    pub(super) fn trim(&mut self, released: usize) -> usize {
        let cut = self.settled.saturating_sub(HISTORY);
        if cut < TRIM || self.text.to_original(cut, cut).0 > released {
            return 0;
        }
        let (view, original) = self.text.trim(cut);
        let less = |at: &mut usize| *at = at.saturating_sub(view);
        self.place.trim(view);
        self.signs.trim(view);
        self.pass.lexicon.retain(|hit| hit.start >= view);
        for hit in &mut self.pass.lexicon {
            less(&mut hit.start);
            less(&mut hit.end);
        }
        for pending in &mut self.pending {
            less(&mut pending.from);
            less(&mut pending.candidate.start);
            less(&mut pending.candidate.end);
        }
        for value in &mut self.values {
            less(&mut value.start);
            less(&mut value.end);
        }
        self.found.trim(view);
        self.outermost.trim(view);
        less(&mut self.substrings);
        less(&mut self.settled);
        if let Some(ignored) = &mut self.ignored {
            less(ignored);
        }
        let less = |at: &mut usize| *at = at.saturating_sub(original);
        for detection in &mut self.detections {
            less(&mut detection.at);
            less(&mut detection.end);
        }
        self.steps.trim(original);
        less(&mut self.grown);
        less(&mut self.words);
        less(&mut self.walked.at);
        self.base = self.base.saturating_add(original);
        original
    }
}
