//! A stretch of the text with its suspicious parts replaced, and the way back.

use alloc::string::String;
use alloc::vec::Vec;

use super::Unit;

/// How many bytes of text around a suspicious part belong to its window: more than the longest custom
/// word, and what recognisers read before a value.
pub const CONTEXT: usize = 112;

/// How many readings of one part are tried.
const READINGS: usize = 4;

/// A part of the text with its possible readings.
struct Part<'u> {
    start: usize,
    end: usize,
    readings: Vec<&'u Unit>,
}

/// A stretch of text with one reading of each suspicious part in it.
#[derive(Debug)]
pub(crate) struct Window<'u> {
    text: String,
    /// Per replaced part, in order: its range in the window, and its reading.
    replaced: Vec<(usize, usize, &'u Unit)>,
    /// Where the window begins in the text.
    start: usize,
}

/// Calls `each` with every window of `text`. The units must be sorted by start; those that overlap are
/// readings of one part.
pub(super) fn windows<'u>(text: &str, units: &'u [Unit], each: &mut dyn FnMut(Window<'u>)) {
    let mut parts: Vec<Part<'u>> = Vec::new();
    for unit in units {
        match parts.last_mut().filter(|part| unit.start < part.end) {
            Some(part) => {
                part.end = part.end.max(unit.end);
                part.readings.push(unit);
            }
            None => parts.push(Part {
                start: unit.start,
                end: unit.end,
                readings: Vec::from([unit]),
            }),
        }
    }
    let near = |a: &Part<'_>, b: &Part<'_>| b.start.saturating_sub(a.end) <= CONTEXT;
    for cluster in parts.chunk_by(near) {
        let readings = cluster.iter().map(|part| part.readings.len()).max();
        for reading in 0..readings.unwrap_or(0).min(READINGS) {
            each(Window::new(text, cluster, reading));
        }
    }
}

impl<'u> Window<'u> {
    /// The cluster's stretch with the reading of that number for each part, the first where a part has
    /// fewer.
    fn new(text: &str, cluster: &[Part<'u>], reading: usize) -> Window<'u> {
        let first = cluster.first().map_or(0, |part| part.start);
        let last = cluster.last().map_or(0, |part| part.end);
        let start = context_start(text, first);
        let stop = context_end(text, last);
        let mut window = Window {
            text: String::new(),
            replaced: Vec::new(),
            start,
        };
        let mut copied = start;
        for part in cluster {
            let Some(&unit) = part.readings.get(reading).or(part.readings.first()) else {
                continue;
            };
            window
                .text
                .push_str(text.get(copied..unit.start).unwrap_or(""));
            let from = window.text.len();
            window.text.push_str(&unit.text);
            window.replaced.push((from, window.text.len(), unit));
            copied = unit.end;
        }
        window.text.push_str(text.get(copied..stop).unwrap_or(""));
        window
    }

    /// The window's text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The first replaced part that the window's bytes `start..end` touch.
    pub(crate) fn unit(&self, start: usize, end: usize) -> Option<&'u Unit> {
        let place = self.replaced.partition_point(|(_, stop, _)| *stop <= start);
        let &(from, _, unit) = self.replaced.get(place)?;
        (from < end).then_some(unit)
    }

    /// The bytes of the text that the window's bytes `start..end` come from; a replaced part counts
    /// as a whole.
    pub(crate) fn to_text(&self, start: usize, end: usize) -> (usize, usize) {
        (self.place(start, true), self.place(end, false))
    }

    fn place(&self, at: usize, is_start: bool) -> usize {
        let after = if is_start {
            self.replaced.partition_point(|(from, _, _)| *from <= at)
        } else {
            self.replaced.partition_point(|(from, _, _)| *from < at)
        };
        let Some((from, to, unit)) = after
            .checked_sub(1)
            .and_then(|last| self.replaced.get(last))
        else {
            return self.start.saturating_add(at);
        };
        let inside = if is_start { at < *to } else { at <= *to };
        if inside && from < to {
            return if is_start { unit.start } else { unit.end };
        }
        unit.end.saturating_add(at.saturating_sub(*to))
    }
}

/// Where the context before `at` begins: at a blank if there is one, so that no word is cut.
pub(super) fn context_start(text: &str, at: usize) -> usize {
    let start = text.floor_char_boundary(at.saturating_sub(CONTEXT));
    if start == 0 {
        return 0;
    }
    let blank = text.get(start..at).and_then(|before| before.find(is_blank));
    blank.map_or(start, |blank| start.saturating_add(blank))
}

/// Where the context after `at` ends: at a blank if there is one.
pub(super) fn context_end(text: &str, at: usize) -> usize {
    let end = text.ceil_char_boundary(at.saturating_add(CONTEXT));
    if end == text.len() {
        return end;
    }
    let blank = text.get(at..end).and_then(|after| after.rfind(is_blank));
    blank.map_or(end, |blank| at.saturating_add(blank))
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\n' | '\t' | '\r')
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::views::ViewKind;

    fn unit(start: usize, end: usize, text: &str) -> Unit {
        Unit::new(start, end, ViewKind::Leetspeak, text.to_string())
    }

    #[test]
    fn every_place_leads_back_to_whole_parts() {
        let text = "see pr0ject k3strel now";
        let units = [unit(4, 11, "project"), unit(12, 19, "kestrel")];
        let mut seen = 0;
        windows(text, &units, &mut |window: Window<'_>| {
            seen += 1;
            assert_eq!(window.text(), "see project kestrel now");
            assert_eq!(window.to_text(4, 19), (4, 19));
            assert_eq!(window.to_text(5, 6), (4, 11));
            assert_eq!(window.to_text(0, 3), (0, 3));
            assert_eq!(window.to_text(20, 23), (20, 23));
            assert!(window.unit(0, 4).is_none() && window.unit(19, 23).is_none());
            assert_eq!(window.unit(11, 13).unwrap().start, 12);
        });
        assert_eq!(seen, 1);
    }

    #[test]
    fn parts_of_other_lengths_and_readings_each_have_their_window() {
        let text = "x b.a.d 1d1ot y";
        let units = [
            unit(2, 7, "bad"),
            unit(8, 13, "idiot"),
            unit(8, 13, "ldlot"),
        ];
        let mut texts = Vec::new();
        windows(text, &units, &mut |window: Window<'_>| {
            assert_eq!(window.to_text(2, 5), (2, 7));
            assert_eq!(window.to_text(6, 11), (8, 13));
            assert_eq!(window.to_text(12, 13), (14, 15));
            texts.push(window.text().to_string());
        });
        assert_eq!(texts, ["x bad idiot y", "x bad ldlot y"]);
    }

    #[test]
    fn far_parts_have_windows_of_their_own_that_cut_no_word() {
        let text = alloc::format!("{}b4d{} b4d", "word ".repeat(100), " word".repeat(100));
        let second = text.len() - 3;
        let units = [unit(500, 503, "bad"), unit(second, text.len(), "bad")];
        let mut count = 0;
        windows(&text, &units, &mut |window: Window<'_>| {
            count += 1;
            assert!(window.text().len() < 3 * CONTEXT);
            assert!(
                window
                    .text()
                    .split_whitespace()
                    .all(|word| word == "word" || word == "bad")
            );
        });
        assert_eq!(count, 2);
    }
}
