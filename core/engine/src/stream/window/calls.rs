//! The walk over what is new, and the recognisers it calls.

use core::mem::take;

use alloc::vec::Vec;

use super::super::cut::{cut, token_end};
use super::super::reach::{Signs, Types, reach};
use super::{Final, Pending, Window};
use crate::dictionary::{LONGEST_TOKEN, Output};
use crate::engine::{Direction, Engine};
use crate::evaluate::Kind;
use crate::pii::{Candidate, Finding, Found, PiiType, RECOGNIZERS, Scan, Set};
use crate::text::CharClass;

impl Window {
    /// Walks as far as tokens are sure.
    pub(super) fn walk(&mut self, engine: &Engine, direction: &Direction, whole: bool) {
        // What the walk stops before may be a token too long to be known, which is stepped over.
        while self.walk_on(engine, direction, whole) {}
    }

    /// Walks to the next cut; `false` if there is none.
    fn walk_on(&mut self, engine: &Engine, direction: &Direction, whole: bool) -> bool {
        let view = self.text.view();
        if let Some(kind) = self.inside {
            let end = token_end(view, self.place.at(), kind);
            self.place.skip(end, false);
            if end == view.len() && !whole {
                return false;
            }
            self.inside = None;
        }
        let from = self.place.at();
        let mut limit = view.len();
        if !whole {
            let cut = cut(view, from);
            let long = view.len().saturating_sub(from) > LONGEST_TOKEN;
            let word = matches!(cut.only, Some(CharClass::Spaced | CharClass::Unspaced));
            if long && word {
                self.inside = cut.only;
                self.place.skip(view.len(), true);
                return false;
            }
            limit = cut.limit;
        }
        if limit <= from {
            return false;
        }
        let dictionary = engine.dictionary();
        // What is found now begins at a token of the path that is open, or later, and ends behind it.
        let open = self.place.open(dictionary, |_| true);
        let pass = take(&mut self.pass);
        let triggers = direction.plan.triggers();
        self.pass = self.place.walk(view, limit, dictionary, triggers, pass);
        let first = self.pass.lexicon.partition_point(|hit| hit.start < open);
        let hits = self.pass.lexicon.get(first..).unwrap_or(&[]);
        let new = hits.iter().filter(|hit| hit.end > from);
        let before = self.fresh.len();
        self.fresh.extend(new);
        self.present.add(self.fresh.get(before..).unwrap_or(&[]));
        for hit in self.pass.hits.drain(..) {
            if hit.output != Output::Profanity || direction.profanity {
                let (start, end) = self.text.to_original(hit.start, hit.end);
                let kind = Kind::Dictionary(hit.output);
                self.detections
                    .push(Final::new(kind, start, end, 1000, self.base));
            }
        }
        self.add_up(engine, direction);
        !whole
    }

    /// Adds up the keywords of topics that were found, by their places in the block.
    fn add_up(&mut self, engine: &Engine, direction: &Direction) {
        if self.pass.keywords.is_empty() {
            return;
        }
        let mut keywords = take(&mut self.pass.keywords);
        for hit in &mut keywords {
            let (start, end) = self.text.to_original(hit.start, hit.end);
            hit.start = start.saturating_add(self.base);
            hit.end = end.saturating_add(self.base);
        }
        let found = self
            .scores
            .detect(engine.topics(), &direction.topics, &keywords);
        for topic in &found {
            self.detections.push(Final {
                at: topic.deciding.saturating_sub(self.base),
                end: topic.end.saturating_sub(self.base),
                kind: Kind::Topic(topic.topic, topic.level),
                score: topic.score,
                from: topic.start,
            });
        }
        self.explanations.extend(found);
        keywords.clear();
        self.pass.keywords = keywords;
    }

    /// Finds the substrings that end in what was walked since the last time.
    pub(super) fn find_substrings(&mut self, engine: &Engine) {
        let Some(substrings) = engine.substrings() else {
            return;
        };
        let view = self.text.view();
        let from = self.substrings.saturating_sub(substrings.reach());
        let from = view.floor_char_boundary(from);
        let (old, end) = (self.substrings, self.place.at());
        let window = view.get(from..end).unwrap_or("");
        substrings.find(window, |word, start, end| {
            let (start, end) = (start.saturating_add(from), end.saturating_add(from));
            if end > old {
                let (start, end) = self.text.to_original(start, end);
                let kind = Kind::Dictionary(Output::Word(word));
                self.detections
                    .push(Final::new(kind, start, end, 1000, self.base));
            }
        });
        self.substrings = end;
    }

    /// Calls the recognisers: again where the answer was not final, and at what is new.
    pub(super) fn call(&mut self, engine: &Engine, direction: &Direction, whole: bool) {
        if self.pending.is_empty() && self.pass.events.is_empty() && self.fresh.is_empty() {
            return;
        }
        let pending = take(&mut self.pending);
        let mut events = take(&mut self.pass.events);
        let mut fresh = take(&mut self.fresh);
        let lexicon = |state| engine.leads(state) & Engine::LEADS_TO_LEXICON != 0;
        let open = self.place.open(engine.dictionary(), lexicon);
        let view = self.text.view().get(..self.place.at()).unwrap_or("");
        let mut asking = Asking {
            scan: Scan::growing(view, &self.pass.lexicon, self.present, open),
            view,
            signs: self.signs,
            direction,
            whole,
            found: &mut self.found,
            pending: &mut self.pending,
            values: &mut self.values,
        };
        for call in pending {
            asking.ask(call.ty, call.candidate, Some(call.from));
        }
        for event in events.drain(..) {
            asking.ask_all(direction.plan.by_event(event), event.into());
        }
        for hit in fresh.drain(..) {
            asking.ask_all(direction.plan.by_hit(hit.lexicon), hit.into());
        }
        (self.pass.events, self.fresh) = (events, fresh);
    }

    /// What the calls that hold most would find if nothing followed. Those that find something are done.
    pub(super) fn call_early(&mut self, direction: &Direction) -> Vec<Final> {
        let view = self.text.view().get(..self.place.at()).unwrap_or("");
        let scan = Scan::new(view, &self.pass.lexicon);
        let mut taken = Vec::new();
        self.pending.retain(|pending| {
            let recognizer = RECOGNIZERS.get(usize::from(pending.ty.number()));
            let Some(recognizer) = recognizer.filter(|_| pending.from == self.settled) else {
                return true;
            };
            let mut found = Found::default();
            (recognizer.recognize)(&scan, pending.candidate, &mut found);
            let before = taken.len();
            taken.extend(found.drain().filter(|finding| direction.reaches(finding)));
            taken.len() == before
        });
        let mut detections = Vec::new();
        for value in taken {
            let (start, end) = self.text.to_original(value.start, value.end);
            let kind = Kind::Pii(value.ty);
            detections.push(Final::new(kind, start, end, value.score, self.base));
        }
        detections
    }
}

/// Calls of recognisers over what is there of a view.
struct Asking<'w> {
    scan: Scan<'w>,
    view: &'w str,
    signs: Signs,
    direction: &'w Direction,
    whole: bool,
    found: &'w mut Found,
    pending: &'w mut Vec<Pending>,
    values: &'w mut Vec<Finding>,
}

impl Asking<'_> {
    fn ask_all(&mut self, mut set: Set, candidate: Candidate) {
        while set != 0 {
            let number = u8::try_from(set.trailing_zeros()).unwrap_or(u8::MAX);
            if let Some(ty) = PiiType::from_number(number) {
                self.ask(ty, candidate, None);
            }
            set &= set.wrapping_sub(1);
        }
    }

    /// Calls one recogniser, and remembers to call it again if more text can change its answer.
    fn ask(&mut self, ty: PiiType, candidate: Candidate, from: Option<usize>) {
        let Some(recognizer) = RECOGNIZERS.get(usize::from(ty.number())) else {
            return;
        };
        // Whether a URL is part of another one is known when the other is.
        let waits = ty == PiiType::Url && self.pending.iter().any(|pending| pending.ty == ty);
        if !waits {
            let url = self.found.last_url();
            self.scan.looked_beyond();
            (recognizer.recognize)(&self.scan, candidate, self.found);
            if self.whole || !self.scan.looked_beyond() {
                let direction = self.direction;
                let found = self.found.drain().filter(|value| direction.reaches(value));
                self.values.extend(found);
                return;
            }
            self.found.undo(0, url);
        }
        let from = from.unwrap_or_else(|| {
            let (from, _) = reach(self.view, candidate.start, Types::only(ty), &self.signs);
            from
        });
        self.pending.push(Pending {
            ty,
            candidate,
            from,
        });
    }
}
