use alloc::vec::Vec;

use crate::decision::Failure;
use crate::dictionary::{Output, Pass};
use crate::engine::Engine;
use crate::pii::PiiType;
use crate::request::Source;
use crate::rules::rule;
use crate::text::View;
use crate::topics::{self, Explanation};

/// What was detected, before any guardrail says what that means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A custom word or profanity.
    Dictionary(Output),
    /// A built-in type.
    Pii(PiiType),
    /// A custom regex, by its automaton.
    Regex(usize),
    /// A topic by its number, at one of its thresholds.
    Topic(usize, usize),
}

/// A detection in one block, in bytes of the original text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Detection {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) score: u16,
}

/// Everything that any guardrail wants to know about a text, by place; why topics were detected goes to
/// `explained`.
pub(super) fn detect(
    engine: &Engine,
    source: Source,
    text: &str,
    explained: &mut Vec<Explanation>,
) -> Result<Vec<Detection>, Failure> {
    let direction = engine.direction(source);
    let view = View::new(text, engine.limits().view_growth).map_err(|_| Failure::GrowthLimit)?;
    let mut detections = Vec::new();
    let mut push = |kind, start, end, score| {
        let (start, end) = view.to_original(start, end);
        detections.push(Detection {
            kind,
            start,
            end,
            score,
        });
    };

    let pass = Pass::over(view.text(), engine.dictionary(), direction.plan.triggers());
    for hit in &pass.hits {
        if hit.output != Output::Profanity || direction.profanity {
            push(Kind::Dictionary(hit.output), hit.start, hit.end, 1000);
        }
    }
    for mut found in topics::detect(engine.topics(), &direction.topics, &pass.keywords) {
        let kind = Kind::Topic(found.topic, found.level);
        push(kind, found.start, found.end, found.score);
        for place in &mut found.keywords {
            (place.start, place.end) = view.to_original(place.start, place.end);
        }
        (found.deciding, _) = view.to_original(found.deciding, found.end);
        (found.start, found.end) = view.to_original(found.start, found.end);
        explained.push(found);
    }
    if let Some(substrings) = engine.substrings() {
        substrings.find(view.text(), |word, start, end| {
            push(Kind::Dictionary(Output::Word(word)), start, end, 1000);
        });
    }
    let threshold = |ty: PiiType| {
        let threshold = direction.thresholds.get(usize::from(ty.number()));
        threshold.copied().flatten().unwrap_or(u16::MAX)
    };
    for finding in direction
        .plan
        .run(view.text(), &pass.events, &pass.lexicon, threshold)
    {
        push(
            Kind::Pii(finding.ty),
            finding.start,
            finding.end,
            finding.score,
        );
    }
    // Regexes are the customer's words about the text as it is, so they read the original.
    let haystack = if rule!("regex.original-text") {
        text
    } else {
        view.text()
    };
    let wanted = |automaton: usize| direction.regexes.get(automaton) == Some(&true);
    let found = engine.regexes().find(haystack, wanted, |automaton, range| {
        let kind = Kind::Regex(automaton);
        detections.push(Detection {
            kind,
            start: range.start,
            end: range.end,
            score: 1000,
        });
    });
    found.map_err(|_| Failure::Fault)?;

    detections.sort_unstable_by_key(|d| (d.start, d.end, d.kind));
    detections.dedup();
    Ok(detections)
}
