//! Calls the recognisers where the tokenising pass found something for them.

use alloc::vec::Vec;
use core::cmp::Reverse;

use super::{Candidate, Finding, Found, Lexicon, LexiconHit, PiiType, RECOGNIZERS, Scan, Trigger};
use crate::dictionary::Event;
use crate::sort;

/// A set of recognisers, as bits by their numbers.
pub(crate) type Set = u32;

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
        for event in events {
            self.at_event(&scan, *event, &mut found);
        }
        for hit in lexicon {
            self.at_hit(&scan, *hit, &mut found);
        }
        let mut findings = found.into_findings();
        findings.retain(|finding| finding.score >= threshold(finding.ty));
        sort::by_key(&mut findings, order);
        let mut outermost = Outermost::default();
        findings.retain(|finding| outermost.takes(finding));
        findings
    }

    /// Calls the recognisers that want to be called at `event`.
    #[inline]
    fn at_event(&self, scan: &Scan<'_>, event: Event, found: &mut Found) {
        call(self.by_event(event), scan, event.into(), found);
    }

    /// Whom an event calls.
    pub(crate) fn by_event(&self, event: Event) -> Set {
        let bit = usize::try_from(event.trigger.bit().trailing_zeros()).unwrap_or(usize::MAX);
        let set = self.by_trigger.get(bit).copied().unwrap_or(0);
        if !event.trigger.is_token() {
            return set;
        }
        let length = event.end.saturating_sub(event.start).min(63);
        set & self.by_length.get(length).copied().unwrap_or(0)
    }

    /// Calls the recognisers that want to be called at hits of the lexicon of `hit`.
    #[inline]
    fn at_hit(&self, scan: &Scan<'_>, hit: LexiconHit, found: &mut Found) {
        call(self.by_hit(hit.lexicon), scan, hit.into(), found);
    }

    /// Whom a hit of `lexicon` calls.
    pub(crate) fn by_hit(&self, lexicon: Lexicon) -> Set {
        let number = usize::from(lexicon.number());
        self.by_lexicon.get(number).copied().unwrap_or(0)
    }

    /// Whether somebody wants to be called at hits of `lexicon`.
    pub(crate) fn wants(&self, lexicon: Lexicon) -> bool {
        self.by_hit(lexicon) != 0
    }

    /// Whether the recogniser of `ty` is called at all.
    pub(crate) fn has(&self, ty: PiiType) -> bool {
        let itself = 1_u32.wrapping_shl(ty.number().into());
        let mut sets = self.by_trigger.iter().chain(&self.by_lexicon);
        sets.any(|set| set & itself != 0)
    }
}

impl From<Event> for Candidate {
    fn from(event: Event) -> Candidate {
        Candidate {
            trigger: event.trigger,
            start: event.start,
            end: event.end,
            lexicon: None,
        }
    }
}

impl From<LexiconHit> for Candidate {
    fn from(hit: LexiconHit) -> Candidate {
        Candidate {
            trigger: Trigger::Hit,
            start: hit.start,
            end: hit.end,
            lexicon: Some(hit.lexicon),
        }
    }
}

/// The order in which findings of one text are reported: by place, longer ones before those in them.
pub(crate) fn order(finding: &Finding) -> (usize, Reverse<usize>, PiiType, Reverse<u16>) {
    let Finding {
        ty,
        start,
        end,
        score,
    } = *finding;
    (start, Reverse(end), ty, Reverse(score))
}

/// Where the last value of each type ends: what begins before and does not reach further is inside.
#[derive(Debug, Default)]
pub(crate) struct Outermost([usize; 31]);

impl Outermost {
    /// Whether `finding`, the next in [`order`], lies in no longer value of its own type.
    pub(crate) fn takes(&mut self, finding: &Finding) -> bool {
        let Some(end) = self.0.get_mut(usize::from(finding.ty.number())) else {
            return false;
        };
        let beyond = finding.end > *end;
        *end = finding.end.max(*end);
        beyond
    }

    /// Forgets the first `bytes` of the text.
    pub(crate) fn trim(&mut self, bytes: usize) {
        for end in &mut self.0 {
            *end = end.saturating_sub(bytes);
        }
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
