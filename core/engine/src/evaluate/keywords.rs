//! Denied topics and prompt attacks of one text: the keywords in it, and those that only its evasion views
//! show.

use alloc::vec::Vec;

use super::detect::{Detection, Kind};
use crate::engine::{Direction, Engine};
use crate::sort;
use crate::text::{TokenKind, Tokens, View};
use crate::topics::{self, Explanation, KeywordHit};
use crate::views::ViewKind;

/// The keywords of one text, by places in its view.
#[derive(Debug)]
pub(super) struct Keywords {
    hits: Vec<KeywordHit>,
    /// Keywords that evasion views show; their word numbers are not known yet.
    shown: Vec<(KeywordHit, ViewKind)>,
}

impl Keywords {
    /// The keywords that stand in the text itself.
    pub(super) const fn new(hits: Vec<KeywordHit>) -> Keywords {
        Keywords {
            hits,
            shown: Vec::new(),
        }
    }

    /// Adds a keyword that a view shows.
    pub(super) fn show(&mut self, hit: KeywordHit, view: ViewKind) {
        self.shown.push((hit, view));
    }

    /// Reports the topics that these keywords add up to, and why. A topic that is detected in the text
    /// itself is not reported once more from the views.
    pub(super) fn detect(
        mut self,
        engine: &Engine,
        direction: &Direction,
        view: &View<'_>,
        detections: &mut Vec<Detection>,
        explained: &mut Vec<Explanation>,
    ) {
        let mut report = |mut found: Explanation, shown: Option<ViewKind>| {
            for place in &mut found.keywords {
                (place.start, place.end) = view.to_original(place.start, place.end);
            }
            (found.deciding, _) = view.to_original(found.deciding, found.end);
            (found.start, found.end) = view.to_original(found.start, found.end);
            detections.push(Detection {
                kind: Kind::Topic(found.topic, found.level),
                start: found.start,
                end: found.end,
                score: found.score,
                view: shown,
            });
            explained.push(found);
        };
        let plain = topics::detect(engine.topics(), &direction.topics, &self.hits);
        let known: Vec<_> = plain.iter().map(|f| (f.topic, f.level)).collect();
        for found in plain {
            report(found, None);
        }
        if self.shown.is_empty() {
            return;
        }
        self.count_words(view.text());
        self.hits.extend(self.shown.iter().map(|(hit, _)| *hit));
        sort::by_key(&mut self.hits, |hit| (hit.end, hit.form, hit.start));
        for found in topics::detect(engine.topics(), &direction.topics, &self.hits) {
            let counted = |hit: &KeywordHit| {
                let mut places = found.keywords.iter();
                places.any(|place| (place.start, place.end) == (hit.start, hit.end))
            };
            let shown = self.shown.iter().find(|(hit, _)| counted(hit));
            if let Some(&(_, kind)) = shown
                && !known.contains(&(found.topic, found.level))
            {
                report(found, Some(kind));
            }
        }
    }

    /// Gives what the views show the numbers of the words at whose ends they stand.
    fn count_words(&mut self, text: &str) {
        sort::by_key(&mut self.shown, |(hit, view)| (hit.end, hit.form, *view));
        self.shown
            .dedup_by_key(|(hit, _)| (hit.end, hit.form, hit.start));
        let mut words = Tokens::new(text).filter(|token| token.kind != TokenKind::Symbol);
        let mut next = words.next();
        let mut before: usize = 0;
        for (hit, _) in &mut self.shown {
            while next.as_ref().is_some_and(|word| word.end < hit.end) {
                before = before.saturating_add(1);
                next = words.next();
            }
            hit.word = before;
        }
    }
}
