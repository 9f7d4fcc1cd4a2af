//! Calls the recognisers where the tokenising pass found something for them.

use alloc::vec::Vec;
use core::cmp::Reverse;

use super::{Candidate, Finding, Found, LexiconHit, PiiType, RECOGNIZERS, Scan, Trigger};
use crate::dictionary::Event;

/// A set of recognisers, as bits by their numbers.
type Set = u32;

/// The recognisers wanted in one direction, by what calls them.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Union of the triggers.
    triggers: u8,
    /// Per trigger's bit number, whom it calls.
    by_trigger: [Set; 8],
    /// Per length of a token, 63 for all longer ones, who looks at such tokens.
    by_length: [Set; 64],
    /// Per lexicon number, whom its hits call.
    by_lexicon: [Set; 256],
}

impl Plan {
    /// The plan for the types for which `wanted` holds.
    pub(crate) fn new(wanted: impl Fn(PiiType) -> bool) -> Plan {
        let mut plan = Plan {
            triggers: 0,
            by_trigger: [0; 8],
            by_length: [0; 64],
            by_lexicon: [0; 256],
        };
        for recognizer in RECOGNIZERS
            .iter()
            .filter(|recognizer| wanted(recognizer.ty))
        {
            let itself = 1_u32.wrapping_shl(recognizer.ty.number().into());
            plan.triggers |= recognizer.triggers;
            for (bit, set) in plan.by_trigger.iter_mut().enumerate() {
                if recognizer.triggers >> bit & 1 == 1 {
                    *set |= itself;
                }
            }
            for (length, set) in plan.by_length.iter_mut().enumerate() {
                if recognizer.lengths.has(length) {
                    *set |= itself;
                }
            }
            for lexicon in recognizer.called_by {
                if let Some(set) = plan.by_lexicon.get_mut(usize::from(lexicon.number())) {
                    *set |= itself;
                }
            }
        }
        plan
    }

    /// The kinds of places that somebody wants to be called for.
    pub(crate) const fn triggers(&self) -> u8 {
        self.triggers
    }

    /// What the recognisers find in `text` with at least the score that `threshold` asks of its type, by
    /// place. Of equal spans the best score stays, and nothing that lies inside a longer value of its own
    /// type.
    pub(crate) fn run(
        &self,
        text: &str,
        events: &[Event],
        lexicon: &[LexiconHit],
        threshold: impl Fn(PiiType) -> u16,
    ) -> Vec<Finding> {
        let scan = Scan::new(text, lexicon);
        let mut found = Found::default();
        for &Event {
            trigger,
            start,
            end,
        } in events
        {
            let bit = usize::try_from(trigger.bit().trailing_zeros()).unwrap_or(usize::MAX);
            let mut set = self.by_trigger.get(bit).copied().unwrap_or(0);
            if trigger.is_token() {
                let length = end.saturating_sub(start).min(63);
                set &= self.by_length.get(length).copied().unwrap_or(0);
            }
            call(
                set,
                &scan,
                Candidate {
                    trigger,
                    start,
                    end,
                    lexicon: None,
                },
                &mut found,
            );
        }
        for hit in lexicon {
            let number = usize::from(hit.lexicon.number());
            let set = self.by_lexicon.get(number).copied().unwrap_or(0);
            let (
                trigger,
                LexiconHit {
                    start,
                    end,
                    lexicon,
                },
            ) = (Trigger::Hit, *hit);
            call(
                set,
                &scan,
                Candidate {
                    trigger,
                    start,
                    end,
                    lexicon: Some(lexicon),
                },
                &mut found,
            );
        }
        let mut findings = found.into_findings();
        findings.retain(|finding| finding.score >= threshold(finding.ty));
        findings.sort_unstable_by_key(|f| (f.start, Reverse(f.end), f.ty, Reverse(f.score)));
        // Where the last value of each type ends: what begins before and does not reach further is inside.
        let mut ends = [0; 31];
        findings.retain(|finding| {
            let Some(end) = ends.get_mut(usize::from(finding.ty.number())) else {
                return false;
            };
            let beyond = finding.end > *end;
            *end = finding.end.max(*end);
            beyond
        });
        findings
    }
}

fn call(mut set: Set, scan: &Scan<'_>, candidate: Candidate, found: &mut Found) {
    while set != 0 {
        let number = usize::try_from(set.trailing_zeros()).unwrap_or(usize::MAX);
        if let Some(recognizer) = RECOGNIZERS.get(number) {
            (recognizer.recognize)(scan, candidate, found);
        }
        set &= set.wrapping_sub(1);
    }
}
