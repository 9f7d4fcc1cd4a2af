//! Targets of links and images: `[text](target)`, `[name]: target`.

use super::is_blank;

/// A definition `[name]: target "title"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Definition {
    #[default]
    None,
    /// After the colon; the target may stand on the next line.
    Waiting,
    Target,
    /// After the target; a title may follow.
    Targeted,
    Title,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Markdown {
    prev: Option<char>,
    /// After a backslash that is not escaped itself.
    escaped: bool,
    /// Open parentheses since `](`, itself included.
    depth: usize,
    /// After `](` or `]:` and blanks, so that `<` would begin a target.
    expecting: bool,
    /// Within `<target>`, which may hold blanks and parentheses.
    angle: bool,
    definition: Definition,
    /// Only blanks since the line began.
    blank_line: bool,
}

impl Markdown {
    pub(super) fn is_inside(&self) -> bool {
        self.depth > 0
            || self.angle
            || matches!(
                self.definition,
                Definition::Waiting | Definition::Target | Definition::Title
            )
    }

    pub(super) fn feed(&mut self, c: char) {
        let escaped = self.escaped;
        self.escaped = c == '\\' && !escaped;
        let after_bracket = self.prev.replace(c) == Some(']');
        if c == '\n' {
            self.line_ends();
            return;
        }
        self.blank_line &= is_blank(c);
        if self.angle && c == '>' && !escaped {
            self.angle = false;
        }
        self.definition(c);
        if self.expecting && !is_blank(c) && c != '>' {
            self.expecting = false;
            self.angle |= c == '<';
        }
        match c {
            '(' if after_bracket => {
                self.depth = self.depth.saturating_add(1);
                self.expecting = true;
            }
            ':' if after_bracket => {
                self.definition = Definition::Waiting;
                self.expecting = true;
            }
            '(' if self.depth > 0 && !escaped => self.depth = self.depth.saturating_add(1),
            ')' if self.depth > 0 && !escaped && !self.angle => {
                self.depth = self.depth.saturating_sub(1);
            }
            _ => {}
        }
    }

    /// Moves on within a definition.
    fn definition(&mut self, c: char) {
        let blank = is_blank(c);
        self.definition = match self.definition {
            Definition::Waiting if !blank && c != '>' => Definition::Target,
            Definition::Target if blank && !self.angle => Definition::Targeted,
            Definition::Targeted if matches!(c, '"' | '\'' | '(') => Definition::Title,
            Definition::Targeted if !blank => Definition::None,
            other => other,
        };
    }

    /// A target begins at most one line after what announces it, and no part of a link has a blank line.
    fn line_ends(&mut self) {
        self.angle = false;
        if self.blank_line {
            self.depth = 0;
            self.expecting = false;
            self.definition = Definition::None;
        } else if self.definition != Definition::Waiting {
            self.definition = Definition::None;
        }
        self.blank_line = true;
    }
}
