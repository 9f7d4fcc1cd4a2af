/// A place as people count: line and column in characters, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// The positions of byte offsets that do not decrease from call to call, in one pass over the text.
#[derive(Debug)]
pub(crate) struct Positions<'t> {
    text: &'t str,
    at: usize,
    now: Position,
}

impl<'t> Positions<'t> {
    pub(crate) const fn new(text: &'t str) -> Positions<'t> {
        Positions {
            text,
            at: 0,
            now: Position { line: 1, column: 1 },
        }
    }

    /// The position of a byte offset; an earlier one than the last costs a fresh start.
    pub(crate) fn of(&mut self, byte: usize) -> Position {
        if byte < self.at {
            *self = Positions::new(self.text);
        }
        for character in self.text.get(self.at..byte).unwrap_or_default().chars() {
            if character == '\n' {
                self.now = Position {
                    line: self.now.line + 1,
                    column: 1,
                };
            } else {
                self.now.column += 1;
            }
        }
        self.at = byte;
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_one_and_go_back() {
        let mut positions = Positions::new("\u{e4}b\ncd\r\ne");
        let all = [0, 3, 4, 8, 2].map(|byte| positions.of(byte));
        let all = all.map(|Position { line, column }| (line, column));
        assert_eq!(all, [(1, 1), (1, 3), (2, 1), (3, 1), (1, 2)]);
    }
}
