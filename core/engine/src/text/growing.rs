//! The view of a text that comes in pieces.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::view::{self, Run, View, ViewError};

/// A text that grows at its end and is trimmed at its start, and its view. Together the pieces have the
/// view that the whole text has: a piece ends where no later character can change what is before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Growing {
    original: String,
    view: String,
    /// The map, as a [`View`] has it; empty while all of it is the identity.
    runs: Vec<Run>,
    /// How much of the original the view stands for.
    seen: usize,
}

impl Growing {
    /// The text.
    pub(crate) fn original(&self) -> &str {
        &self.original
    }

    /// The view of what is settled.
    pub(crate) fn view(&self) -> &str {
        &self.view
    }

    /// Adds to the text.
    pub(crate) fn push(&mut self, text: &str) {
        self.original.push_str(text);
    }

    /// Brings the view up to the last place that what follows cannot change; `whole`: to the end. Gives
    /// how many bytes the view grew by.
    pub(crate) fn settle(&mut self, whole: bool, growth: usize) -> Result<usize, ViewError> {
        let before = self.view.len();
        let rest = self.original.get(self.seen..).unwrap_or("");
        let length = if whole {
            rest.len()
        } else {
            // An ASCII letter begins a segment, so that nearly always the last byte is the answer.
            match rest.as_bytes() {
                // Nothing combines with white space.
                [.., b' ' | b'\t' | b'\n' | b'\r'] => rest.len(),
                [.., last] if (b' '..=b'~').contains(last) => rest.len().saturating_sub(1),
                _ => view::last_boundary(rest),
            }
        };
        let Some(piece) = rest.get(..length).filter(|piece| !piece.is_empty()) else {
            return Ok(0);
        };
        let (text, runs) = View::new(piece, growth)?.into_parts();
        if runs.is_empty() && matches!(text, Cow::Borrowed(_)) {
            if !self.is_identity() && !self.goes_on() {
                self.runs.push(Run::bytes(before, self.seen));
            }
        } else {
            if self.is_identity() && before > 0 {
                self.runs.push(Run::bytes(0, 0));
            }
            let seen = self.seen;
            let runs = runs.into_iter().map(|run| run.after(before, seen));
            self.runs.extend(runs);
            if text.is_empty() && self.runs.is_empty() {
                // All of it was dropped: what follows is no longer the identity.
                self.runs
                    .push(Run::bytes(before, seen.saturating_add(length)));
            }
        }
        self.view.push_str(&text);
        self.seen = self.seen.saturating_add(length);
        Ok(self.view.len().saturating_sub(before))
    }

    fn is_identity(&self) -> bool {
        self.runs.is_empty() && self.view.len() == self.seen
    }

    /// Whether single bytes go on in the last run.
    fn goes_on(&self) -> bool {
        let last = self.runs.last();
        last.is_some_and(|run| run.goes_on_bytewise(self.view.len(), self.seen))
    }

    /// As [`View::to_original`]; the end of the view is the end of what it stands for.
    pub(crate) fn to_original(&self, start: usize, end: usize) -> (usize, usize) {
        let original = self.original.get(..self.seen).unwrap_or("");
        view::to_original(&self.runs, self.view.len(), original, start, end)
    }

    /// Forgets the view's text before `at` and the original it stands for; gives how many bytes of both.
    pub(crate) fn trim(&mut self, at: usize) -> (usize, usize) {
        let at = self.view.floor_char_boundary(at);
        let (from, _) = self.to_original(at, at);
        // A unit goes as a whole or stays as a whole.
        let (back, _) = self.to_original(at, at.saturating_add(1));
        let before = at
            .checked_sub(1)
            .map_or(0, |last| self.to_original(last, at).1);
        if back < before {
            return (0, 0);
        }
        let count = self.runs.len();
        let mut kept = Vec::with_capacity(count);
        for (index, run) in self.runs.iter().enumerate() {
            let next = self.runs.get(index.saturating_add(1));
            let end = next.map_or(self.view.len().saturating_add(1), |next| next.view());
            kept.extend(run.without(end, at, from));
        }
        self.runs = kept;
        self.view.drain(..at);
        self.original.drain(..from);
        self.seen = self.seen.saturating_sub(from);
        (at, from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    const TEXTS: &[&str] = &[
        "plain text, nothing else",
        "cafe\u{301} na\u{ef}ve \u{fb01}ne \u{200b}zero\u{200b}width\u{ad}",
        "\u{ff21}\u{ff22}\u{ff23} \u{3000}full \u{1100}\u{1161}\u{11a8}\u{ac00}\u{11a8}",
        "\u{200b}\u{200b}starts dropped",
        "a \u{301}b \n\u{308}c \u{338}",
        "a\u{300}\u{301}\u{302}\u{316}b\u{fdfa}c\u{0}d\u{85}e",
        "\u{1f468}\u{200d}\u{1f469} \u{5f20}\u{4f1f}\u{ff0c}\u{e01}\u{e33}",
    ];

    /// Every text in every two pieces, and in single characters, has the view it has as a whole, and the
    /// same way back from every place of it; trimmed ones too.
    #[test]
    fn pieces_have_the_view_of_the_whole() {
        for text in TEXTS {
            let whole = View::new(text, 16).unwrap();
            let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let mut cuts: Vec<Vec<usize>> = ends.iter().map(|&at| vec![at]).collect();
            cuts.push(ends);
            for cut in cuts {
                let mut growing = Growing::default();
                let mut from = 0;
                for &to in cut.iter().chain([&text.len()]) {
                    growing.push(&text[from..to]);
                    growing.settle(to == text.len(), 16).unwrap();
                    assert!(whole.text().starts_with(growing.view()), "{text:?} {cut:?}");
                    from = to;
                }
                assert_eq!(growing.view(), whole.text(), "{text:?} {cut:?}");
                same_ways_back(&growing, &whole, 0, 0);
                for at in 0..whole.text().len() {
                    let mut trimmed = growing.clone();
                    let (view, original) = trimmed.trim(at);
                    same_ways_back(&trimmed, &whole, view, original);
                }
            }
        }
    }

    fn same_ways_back(growing: &Growing, whole: &View<'_>, view: usize, original: usize) {
        for start in view..whole.text().len() {
            for end in start + 1..=whole.text().len() {
                let (from, to) = growing.to_original(start - view, end - view);
                assert_eq!(
                    (from + original, to + original),
                    whole.to_original(start, end),
                    "{start}..{end} trimmed by {view} of {:?}",
                    whole.original()
                );
            }
        }
    }
}
