//! Custom regexes over a text that comes in pieces.
//!
//! A pattern is tried at each place where a match can begin, with the automaton anchored there: if it
//! dies, no text behind can make a match of that place; if it is alive at the end of what is there, the
//! stream holds the text from that place on. The matches are those of [`RegexSet::find`].

use alloc::vec::Vec;
use core::ops::Range;

use regex_automata::dfa::Automaton;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchError};

use super::openings::bit;
use super::{Dfa, Program, RegexSet, Search, SearchFailed, is_marker, is_space};

/// Where each pattern stands.
#[derive(Debug)]
pub(crate) struct Steps {
    patterns: Vec<Step>,
    /// Where the run without white space begins that reached the end of the text.
    run: usize,
    /// How far the text was looked at for first bytes: but for what is live, and for patterns without an
    /// automaton, no match begins before.
    seen: usize,
}

#[derive(Clone, Debug, Default)]
struct Step {
    /// Where the next match can begin.
    next: usize,
    live: Option<Live>,
}

/// A match that may still come about or grow.
#[derive(Clone, Copy, Debug)]
struct Live {
    start: usize,
    /// How far the automaton has read, and its state.
    at: usize,
    state: StateID,
    /// Where the match ends that there is so far.
    matched: Option<usize>,
    /// Whether a match was reported already, as far as it went: only its growth is of interest.
    reported: bool,
}

/// What a pattern came to at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stepped {
    /// A match that nothing behind it changes.
    Match(Range<usize>),
    /// A match that was taken early ([`Steps::take`]) goes on as far as this.
    Grew(usize),
}

/// A pattern that holds the text back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holding {
    /// The pattern.
    pub(crate) pattern: usize,
    /// From where on.
    pub(crate) from: usize,
}

impl Steps {
    /// At the start of a text.
    pub(crate) fn new(set: &RegexSet) -> Steps {
        let mut patterns = Vec::new();
        patterns.resize(set.len(), Step::default());
        Steps {
            patterns,
            run: 0,
            seen: 0,
        }
    }

    /// Forgets the first `bytes` of the text, none of which is held.
    pub(crate) fn trim(&mut self, bytes: usize) {
        self.run = self.run.saturating_sub(bytes);
        self.seen = self.seen.saturating_sub(bytes);
        for step in &mut self.patterns {
            step.next = step.next.saturating_sub(bytes);
            if let Some(live) = &mut step.live {
                live.start = live.start.saturating_sub(bytes);
                live.at = live.at.saturating_sub(bytes);
                live.matched = live.matched.map(|end| end.saturating_sub(bytes));
            }
        }
    }

    /// The match that a pattern has so far at the place it holds, which is taken as it is; what it still
    /// grows by is reported as growth. `None` if there is no match yet.
    pub(crate) fn take(&mut self, pattern: usize) -> Option<Range<usize>> {
        let live = self.patterns.get_mut(pattern)?.live.as_mut()?;
        let end = live.matched.filter(|&end| end > live.start)?;
        let taken = live.start..end;
        (live.start, live.reported) = (end, true);
        Some(taken)
    }

    /// Gives up on what patterns hold: the next matches begin at `from` or later.
    pub(crate) fn give_up(&mut self, from: usize) {
        for step in &mut self.patterns {
            (step.next, step.live) = (from.max(step.next), None);
        }
    }
}

/// The text that patterns are stepped over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch<'t> {
    /// What is there of it.
    pub(crate) text: &'t str,
    /// Matches that begin here or later are of no interest yet.
    pub(crate) upto: usize,
    /// Whether the text begins where the whole text does.
    pub(crate) first: bool,
    /// Whether the text ends where the whole text does.
    pub(crate) whole: bool,
}

impl RegexSet {
    /// Steps every pattern for which `wanted` holds on over the text and reports what it came to; gives
    /// the pattern that holds back most.
    pub(crate) fn step(
        &self,
        steps: &mut Steps,
        stretch: Stretch<'_>,
        wanted: impl Fn(usize) -> bool,
        mut report: impl FnMut(usize, Stepped),
    ) -> Result<Option<Holding>, SearchFailed> {
        let bytes = stretch.text.as_bytes();
        let tail = bytes.get(steps.run..).unwrap_or(&[]);
        let space = tail.iter().rposition(|&byte| is_space(byte));
        let run = space.map_or(steps.run, |at| {
            steps.run.saturating_add(at).saturating_add(1)
        });
        let quiet = !bytes
            .get(steps.run..run)
            .is_some_and(|runs| runs.iter().any(|&byte| is_marker(byte)));
        let seen = steps.seen;
        let before = seen.checked_sub(1).and_then(|at| bytes.get(at).copied());
        let new = bytes.get(seen..stretch.upto).unwrap_or(&[]);
        let opened = self.openings.within(new, before);
        let mut holding: Option<Holding> = None;
        for (number, step) in steps.patterns.iter_mut().enumerate() {
            let Some(pattern) = self.patterns.get(number).filter(|_| wanted(number)) else {
                continue;
            };
            if step.live.is_none() && pattern.search.is_automaton() {
                if opened & bit(number) == 0 {
                    continue;
                }
                step.next = step.next.max(seen);
            }
            // No match of a marked pattern without gaps lies in runs without a marker.
            if pattern.gaps == Some(0) && quiet && step.live.is_none() && step.next >= steps.run {
                step.next = step.next.max(run);
            }
            let from = match &pattern.search {
                Search::Searching {
                    forward,
                    first_bytes,
                    ..
                }
                | Search::Anchored {
                    forward,
                    first_bytes,
                } => step.run(forward, first_bytes, stretch, |found| report(number, found))?,
                Search::Fallback { program, max_len } => {
                    step.fall_back(program, *max_len, stretch, |found| report(number, found))
                }
            };
            if from < holding.map_or(stretch.upto, |holding| holding.from) {
                holding = Some(Holding {
                    pattern: number,
                    from,
                });
            }
        }
        steps.run = run;
        steps.seen = seen.max(stretch.upto);
        Ok(holding)
    }

    /// The first wanted pattern whose matches in a growing text cannot be told from the rest of it: it
    /// has neither an automaton nor a longest match.
    pub(crate) fn unbounded_fallback(&self, wanted: impl Fn(usize) -> bool) -> Option<usize> {
        let unbounded = |search: &Search| matches!(search, Search::Fallback { max_len: None, .. });
        let mut patterns = self.patterns.iter().enumerate();
        let found = patterns.find(|(number, p)| wanted(*number) && unbounded(&p.search));
        found.map(|(number, _)| number)
    }
}

impl Search {
    const fn is_automaton(&self) -> bool {
        match self {
            Search::Searching { .. } | Search::Anchored { .. } => true,
            Search::Fallback { .. } => false,
        }
    }
}

impl Step {
    /// Tries the places up to the end of the stretch; gives the one that is held, or the end.
    fn run(
        &mut self,
        forward: &Dfa,
        first_bytes: &[u8; 32],
        stretch: Stretch<'_>,
        mut report: impl FnMut(Stepped),
    ) -> Result<usize, SearchFailed> {
        loop {
            if self.live.is_none() && !self.begin(forward, first_bytes, stretch)? {
                return Ok(stretch.upto);
            }
            let Some(live) = &mut self.live else {
                return Ok(stretch.upto);
            };
            let alive = live.read(forward, stretch)?;
            if live.reported
                && let Some(end) = live.matched.filter(|&end| end > live.start)
            {
                live.start = end;
                report(Stepped::Grew(end));
            }
            if alive {
                return Ok(live.start);
            }
            self.next = match live.matched.filter(|&end| end > live.start) {
                Some(end) => {
                    report(Stepped::Match(live.start..end));
                    end
                }
                None if live.reported => live.start,
                None => live.start.saturating_add(1),
            };
            self.live = None;
        }
    }

    /// Begins at the next place where a match can; `false` if there is none before the end.
    fn begin(
        &mut self,
        forward: &Dfa,
        first_bytes: &[u8; 32],
        stretch: Stretch<'_>,
    ) -> Result<bool, SearchFailed> {
        let bytes = stretch.text.as_bytes();
        let may_begin = |byte: &u8| {
            let set = first_bytes.get(usize::from(byte >> 3));
            set.is_some_and(|set| set >> (byte & 7) & 1 == 1)
        };
        let rest = bytes.get(self.next..stretch.upto).unwrap_or(&[]);
        let Some(skipped) = rest.iter().position(may_begin) else {
            self.next = self.next.max(stretch.upto);
            return Ok(false);
        };
        let start = self.next.saturating_add(skipped);
        let before = start.checked_sub(1).and_then(|at| bytes.get(at).copied());
        if before.is_none() && !stretch.first {
            return Err(SearchFailed);
        }
        let config = start::Config::new()
            .anchored(Anchored::Yes)
            .look_behind(before);
        let state = forward.start_state(&config).map_err(|_| SearchFailed)?;
        self.next = start;
        self.live = Some(Live {
            start,
            at: start,
            state,
            matched: None,
            reported: false,
        });
        Ok(true)
    }

    fn fall_back(
        &mut self,
        program: &Program,
        max_len: Option<usize>,
        stretch: Stretch<'_>,
        mut report: impl FnMut(Stepped),
    ) -> usize {
        // A match that begins before this is whole, and so is what an assertion behind it reads.
        let sure = if stretch.whole {
            stretch.text.len().saturating_add(1)
        } else {
            let reach = max_len.unwrap_or(usize::MAX).saturating_add(8);
            stretch.text.len().saturating_sub(reach)
        };
        let sure = stretch.text.floor_char_boundary(sure).max(self.next);
        while self.next < sure
            && let Some(found) = program.find_at(stretch.text, self.next)
        {
            if !stretch.whole && found.start >= sure {
                break;
            }
            self.next = if found.is_empty() {
                super::next_char(stretch.text, found.end)
            } else {
                report(Stepped::Match(found.clone()));
                found.end
            };
        }
        self.next = self.next.max(sure);
        self.next
    }
}

impl Live {
    /// Reads to the end of the text; `false` once nothing behind can change what was matched.
    fn read(&mut self, dfa: &Dfa, stretch: Stretch<'_>) -> Result<bool, SearchFailed> {
        let rest = stretch.text.as_bytes().get(self.at..).unwrap_or(&[]);
        for &byte in rest {
            self.state = dfa.next_state(self.state, byte);
            if dfa.is_special_state(self.state) {
                if dfa.is_match_state(self.state) {
                    // The automaton tells of a match one byte behind it.
                    self.matched = Some(self.at);
                } else if dfa.is_dead_state(self.state) {
                    return Ok(false);
                } else if dfa.is_quit_state(self.state) {
                    return Err(MatchError::quit(byte, self.at).into());
                }
            }
            self.at = self.at.saturating_add(1);
        }
        if !stretch.whole {
            return Ok(true);
        }
        self.state = dfa.next_eoi_state(self.state);
        if dfa.is_match_state(self.state) {
            self.matched = Some(stretch.text.len());
        }
        Ok(false)
    }
}
