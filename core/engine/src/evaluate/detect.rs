use alloc::vec::Vec;
use core::cmp::Reverse;

use super::keywords::Keywords;
use crate::decision::Failure;
use crate::dictionary::{Output, Pass};
use crate::engine::{Direction, Engine};
use crate::pii::PiiType;
use crate::request::Source;
use crate::rules::rule;
use crate::sort;
use crate::text::{MIN_VIEW_LIMIT, View};
use crate::topics::{Explanation, KeywordHit};
use crate::views::{self, Search, Unit, Units, ViewKind, Window};

/// What was detected, before any guardrail says what that means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
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
pub(crate) struct Detection {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) score: u16,
    /// The evasion view that shows it, `None` if the text itself does.
    pub(crate) view: Option<ViewKind>,
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
    let all = Reads {
        words: true,
        pii: true,
    };
    let keywords = read(engine, direction, view.text(), all, &mut |found| {
        let (start, end) = view.to_original(found.start, found.end);
        detections.push(Detection {
            start,
            end,
            ..found
        });
    });
    let mut keywords = Keywords::new(keywords);
    if let Some(search) = engine.search(source) {
        evasions(
            engine,
            direction,
            &view,
            search,
            &mut detections,
            &mut keywords,
        )?;
    }
    keywords.detect(engine, direction, &view, &mut detections, explained);
    // Regexes are the customer's words about the text as it is, so they read the original.
    let haystack = if rule!("regex.original-text") {
        text
    } else {
        view.text()
    };
    let wanted = |automaton: usize| direction.regexes.get(automaton) == Some(&true);
    let found = engine.regexes().find(haystack, wanted, |automaton, range| {
        detections.push(Detection {
            kind: Kind::Regex(automaton),
            start: range.start,
            end: range.end,
            score: 1000,
            view: None,
        });
    });
    found.map_err(|_| Failure::Fault)?;

    sort::by_key(&mut detections, |d| (d.start, d.end, d.kind, d.view));
    detections.dedup();
    if rule!("views.repeats") {
        drop_repeats(&mut detections);
    }
    Ok(detections)
}

/// Drops what a view shows within what the text itself says, and what several views show at one place but
/// for the first: that is one finding.
fn drop_repeats(detections: &mut Vec<Detection>) {
    if detections.iter().all(|detection| detection.view.is_none()) {
        return;
    }
    sort::by_key(detections, |d| (d.kind, d.start, Reverse(d.end), d.view));
    // How far what was kept of this kind reaches, in the text itself and in views.
    let mut last: Option<Kind> = None;
    let (mut plain, mut shown) = (0, (0, 0));
    detections.retain(|detection| {
        if last != Some(detection.kind) {
            (last, plain, shown) = (Some(detection.kind), 0, (0, 0));
        }
        if detection.view.is_none() {
            plain = plain.max(detection.end);
            return true;
        }
        let place = (detection.start, detection.end);
        let repeats = detection.end <= plain || place == shown;
        shown = place;
        !repeats
    });
    sort::by_key(detections, |d| (d.start, d.end, d.kind, d.view));
}

/// What of a text is read.
#[derive(Clone, Copy)]
struct Reads {
    /// Words, profanity and topics.
    words: bool,
    /// Sensitive information.
    pii: bool,
}

/// Calls `report` with what matchers find in `text`, a view's or a window's, by places in it; gives the
/// keywords of topics.
fn read(
    engine: &Engine,
    direction: &Direction,
    text: &str,
    reads: Reads,
    report: &mut dyn FnMut(Detection),
) -> Vec<KeywordHit> {
    let mut push = |kind, start, end, score, view| {
        report(Detection {
            kind,
            start,
            end,
            score,
            view,
        });
    };
    let triggers = if reads.pii {
        direction.plan.triggers()
    } else {
        0
    };
    let pass = Pass::over(text, engine.dictionary(), triggers);
    for hit in pass.hits.iter().filter(|_| reads.words) {
        let (output, view) = match hit.output {
            Output::RotatedWord(word) => (Output::Word(word), Some(ViewKind::Rot13)),
            Output::RotatedProfanity => (Output::Profanity, Some(ViewKind::Rot13)),
            output => (output, None),
        };
        let wanted = output != Output::Profanity || direction.profanity;
        if wanted && (view.is_none() || rule!("views.rot13")) {
            push(Kind::Dictionary(output), hit.start, hit.end, 1000, view);
        }
    }
    if let Some(substrings) = engine.substrings().filter(|_| reads.words) {
        substrings.find(text, |word, start, end| {
            push(Kind::Dictionary(Output::Word(word)), start, end, 1000, None);
        });
    }
    if !reads.pii {
        return pass.keywords;
    }
    let threshold = |ty: PiiType| {
        let threshold = direction.thresholds.get(usize::from(ty.number()));
        threshold.copied().flatten().unwrap_or(u16::MAX)
    };
    let findings = direction
        .plan
        .run(text, &pass.events, &pass.lexicon, threshold);
    for finding in findings {
        let kind = Kind::Pii(finding.ty);
        push(kind, finding.start, finding.end, finding.score, None);
    }
    pass.keywords
}

/// Adds what only the evasion views of `view` show.
fn evasions(
    engine: &Engine,
    direction: &Direction,
    view: &View<'_>,
    search: Search<'_>,
    detections: &mut Vec<Detection>,
    keywords: &mut Keywords,
) -> Result<(), Failure> {
    let text = view.text();
    let units = Units::of(text, search);
    let limit = text.len().saturating_mul(engine.limits().view_growth);
    let mut room = limit.max(MIN_VIEW_LIMIT);
    let mut families = [(&units.words, true), (&units.pii, false)].into_iter();
    families.try_for_each(|(units, words)| {
        let reads = Reads { words, pii: !words };
        let mut within = true;
        let mut each = |window: Window<'_>| {
            let left = room.checked_sub(window.text().len());
            within &= left.is_some();
            room = left.unwrap_or(0);
            if within {
                let hits = read(engine, direction, window.text(), reads, &mut |found| {
                    detections.extend(traced(view, &window, found));
                });
                for hit in hits.into_iter().filter(|_| words) {
                    if let Some(unit) = window.unit(hit.start, hit.end) {
                        let (start, end) = window.to_text(hit.start, hit.end);
                        keywords.show(KeywordHit { start, end, ..hit }, unit.view);
                    }
                }
            }
        };
        views::windows(text, units, &mut each);
        within.then_some(()).ok_or(Failure::GrowthLimit)
    })
}

/// A detection in a window with its place in the original, if it touches a suspicious part.
fn traced(view: &View<'_>, window: &Window<'_>, found: Detection) -> Option<Detection> {
    let unit: &Unit = window.unit(found.start, found.end)?;
    let (start, end) = window.to_text(found.start, found.end);
    let (start, end) = view.to_original(start, end);
    Some(Detection {
        start,
        end,
        view: Some(unit.view),
        ..found
    })
}
