//! Recognising placeholders, also in the forms that models make of them.
//!
//! One scanner serves both ways: restoring, and finding what looks like a placeholder in a text that is
//! about to be masked. What the one would restore, the other sees.

use crate::text::{is_alphabetic, is_alphanumeric};
use alloc::string::String;

use super::label::{MAX_INDEX_DIGITS, MAX_LABEL};

/// How many bytes a placeholder may have at most, in whatever form.
pub(super) const MAX_BYTES: usize = 256;

/// The text ends where a longer one could decide otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct More;

/// Something that has the form of a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// Its length in bytes.
    pub(super) len: usize,
    /// What it stands for, in canonical form: `EMAIL_1`.
    pub(super) key: String,
    /// Whether the braces or brackets are doubled.
    pub(super) doubled: bool,
    /// Where an ending inside the braces begins and ends, as in `{NAME_1's}`; empty if there is none.
    pub(super) ending: (usize, usize),
}

/// A character as far as a placeholder may be written with it: full-width forms are plain ones, all
/// dashes are hyphens, all blanks are spaces.
pub(super) fn plain(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => {
            let ascii = u32::from(c).wrapping_sub(0xfee0);
            char::from_u32(ascii).unwrap_or(c)
        }
        '\u{fe5b}' => '{',
        '\u{fe5c}' => '}',
        '\u{3010}' => '[',
        '\u{3011}' => ']',
        '\t' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\u{3000}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2019}' => '\'',
        // Upper and lower case of these differ between Turkish and other languages.
        '\u{130}' | '\u{131}' => 'I',
        _ => c,
    }
}

/// Whether a placeholder may begin with `c`; a quick test for what most characters are not.
pub(super) fn may_begin(c: char) -> bool {
    match c {
        '{' | '[' | '<' | '\\' | 'A'..='Z' => true,
        c if c.is_ascii() => false,
        c => matches!(plain(c), '{' | '[' | '<'),
    }
}

/// What stands between the braces: see [`Hit`].
struct Core {
    key: String,
    ending: (usize, usize),
}

/// What encloses a placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// `{EMAIL_1}`
    Brace,
    /// `[EMAIL_1]`, `<EMAIL_1>`
    Bracket,
    /// `EMAIL_1`
    Bare,
}

/// Looks for a placeholder at the beginning of `rest`. `complete` says that the text ends with `rest`;
/// `prev` is the character before it.
///
/// # Errors
/// [`More`] if the answer depends on what follows `rest`.
pub(super) fn scan(rest: &str, complete: bool, prev: Option<char>) -> Result<Option<Hit>, More> {
    let mut window = rest;
    // The same for a text that is known to end here as for one that may go on.
    let full = rest.len() >= MAX_BYTES;
    if full {
        let mut end = MAX_BYTES;
        while !rest.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        window = rest.get(..end).unwrap_or(rest);
    }
    let cursor = Cursor {
        text: window,
        at: 0,
        complete: complete && !full,
    };
    match cursor.placeholder(prev) {
        Err(More) if full => Ok(None),
        answer => answer,
    }
}

struct Cursor<'t> {
    text: &'t str,
    at: usize,
    complete: bool,
}

impl Cursor<'_> {
    fn raw(&self) -> Result<Option<char>, More> {
        let next = self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next());
        if next.is_none() && !self.complete {
            return Err(More);
        }
        Ok(next)
    }

    /// The next character in its plain form; none at the end of the text.
    fn peek(&self) -> Result<Option<char>, More> {
        Ok(self.raw()?.map(plain))
    }

    fn advance(&mut self) {
        let next = self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next());
        self.at = self.at.saturating_add(next.map_or(0, char::len_utf8));
    }

    /// Takes `wanted` as often as it comes, but no more than `most` times.
    fn take_run(&mut self, wanted: char, most: usize) -> Result<usize, More> {
        let mut count: usize = 0;
        while count < most && self.peek()? == Some(wanted) {
            self.advance();
            count = count.saturating_add(1);
        }
        Ok(count)
    }

    fn placeholder(self, prev: Option<char>) -> Result<Option<Hit>, More> {
        match self.peek()? {
            Some('\\') => self.escaped(),
            Some(open @ ('{' | '[' | '<')) => self.enclosed(open, prev),
            Some('A'..='Z') if may_stand_before_bare(prev) => self.bare(prev),
            _ => Ok(None),
        }
    }

    /// `{EMAIL_1}`, `{{EMAIL_1}}`, `[EMAIL_1]`, `<EMAIL_1>`.
    fn enclosed(mut self, open: char, prev: Option<char>) -> Result<Option<Hit>, More> {
        let (close, style) = closing(open);
        // `list[A_1]` and `Vec<A_1>` are code.
        if style == Style::Bracket && prev.is_some_and(is_word) {
            return Ok(None);
        }
        let layers = self.take_run(open, 3)?;
        if layers > 2 {
            return Ok(None);
        }
        let Some(core) = self.core(style)? else {
            return Ok(None);
        };
        if self.take_run(close, layers)? < layers {
            return Ok(None);
        }
        // Brackets are left to the link or the definition whose they are.
        if open == '[' && matches!(self.peek()?, Some('(' | '[' | ':')) {
            return Ok(None);
        }
        Ok(Some(self.hit(core, layers > 1)))
    }

    /// `\{EMAIL\_1\}`, `\[EMAIL\_1\]`.
    fn escaped(mut self) -> Result<Option<Hit>, More> {
        self.advance();
        let Some(open @ ('{' | '[' | '<')) = self.peek()? else {
            return Ok(None);
        };
        let (close, style) = closing(open);
        self.advance();
        let Some(core) = self.core(style)? else {
            return Ok(None);
        };
        if self.take_run('\\', 1)? == 1 && self.take_run(close, 1)? == 1 {
            return Ok(Some(self.hit(core, false)));
        }
        Ok(None)
    }

    /// `EMAIL_1`, in just that case and between what is no word.
    fn bare(mut self, prev: Option<char>) -> Result<Option<Hit>, More> {
        let Some(core) = self.core(Style::Bare)? else {
            return Ok(None);
        };
        let end = self.at;
        let mut next = self.raw()?;
        if next == Some('s') {
            self.advance();
            next = self.raw()?;
            self.at = end;
        }
        // After an opening brace the end of the text may well be the middle of a longer number.
        let cut_off = next.is_none() && prev.is_some_and(|p| matches!(plain(p), '{' | '[' | '<'));
        let joined = next
            .is_some_and(|c| is_word(c) || matches!(c, '-' | '(' | '[' | '=' | '$' | '%' | '@'));
        Ok((!cut_off && !joined).then(|| self.hit(core, false)))
    }

    /// The label and the number, and with braces what may stand around and after them inside.
    fn core(&mut self, style: Style) -> Result<Option<Core>, More> {
        if style == Style::Brace {
            self.take_run(' ', 2)?;
        }
        let mut name = String::new();
        // Where the last letter or digit ends.
        let mut ending = (0, 0);
        loop {
            let segment_from = self.at;
            let Some(digits) = self.segment(style, &mut name)? else {
                return Ok(None);
            };
            if style == Style::Brace && digits && self.peek()? == Some('\'') {
                ending.0 = self.at;
                self.advance();
                if !self.letters(12)? {
                    return Ok(None);
                }
                ending.1 = self.at;
                break;
            }
            if style == Style::Brace && is_plural(&name) && self.peek()? == Some('}') {
                ending = (self.at.saturating_sub(1).max(segment_from), self.at);
                name.pop();
                break;
            }
            let before = self.at;
            if !self.separator(style)? {
                break;
            }
            if !self.peek()?.is_some_and(|c| c.is_ascii_alphanumeric()) {
                // What was taken for a separator is the blank before the closing brace.
                let blanks = self.text.get(before..self.at).unwrap_or("");
                if style != Style::Brace || blanks.chars().any(|c| plain(c) != ' ') {
                    return Ok(None);
                }
                break;
            }
            name.push('_');
        }
        if style == Style::Brace {
            self.take_run(' ', 2)?;
        }
        Ok(canonical(&name, style).map(|key| Core { key, ending }))
    }

    /// Letters and digits up to something else, appended in upper case. Tells whether the last one is a
    /// digit; none if there is no letter or digit, or too many.
    fn segment(&mut self, style: Style, name: &mut String) -> Result<Option<bool>, More> {
        let before = name.len();
        let mut digit = false;
        while let Some(c) = self.peek()?.filter(char::is_ascii_alphanumeric) {
            if style == Style::Bare {
                let exact = self.raw()? == Some(c) && !c.is_ascii_lowercase();
                // `NAME_1s`: the ending is none of ours.
                if !exact {
                    if c == 's' && digit {
                        break;
                    }
                    return Ok(None);
                }
            }
            digit = c.is_ascii_digit();
            name.push(c.to_ascii_uppercase());
            if name.len() > MAX_LABEL.saturating_add(MAX_INDEX_DIGITS).saturating_add(2) {
                return Ok(None);
            }
            self.advance();
        }
        Ok((name.len() > before).then_some(digit))
    }

    /// What stands between words: underscores, also escaped ones, hyphens and, with braces, blanks.
    fn separator(&mut self, style: Style) -> Result<bool, More> {
        let from = self.at;
        for _ in 0..3 {
            match self.peek()? {
                Some('_') => self.advance(),
                Some(' ') if style == Style::Brace => self.advance(),
                Some('-') if style != Style::Bare => self.advance(),
                Some('\\') => {
                    let before = self.at;
                    self.advance();
                    if self.peek()? != Some('_') {
                        self.at = before;
                        break;
                    }
                    self.advance();
                }
                _ => break,
            }
        }
        Ok(self.at > from)
    }

    /// Takes up to `most` letters; whether there was one, and no more than that.
    fn letters(&mut self, most: usize) -> Result<bool, More> {
        let mut count: usize = 0;
        while count <= most && self.raw()?.is_some_and(is_alphabetic) {
            self.advance();
            count = count.saturating_add(1);
        }
        Ok(count > 0 && count <= most)
    }

    fn hit(&self, core: Core, doubled: bool) -> Hit {
        Hit {
            len: self.at,
            key: core.key,
            doubled,
            ending: core.ending,
        }
    }
}

const fn closing(open: char) -> (char, Style) {
    match open {
        '{' => ('}', Style::Brace),
        '[' => (']', Style::Bracket),
        _ => ('>', Style::Bracket),
    }
}

/// Whether `name` is a label, its number and an `S`, as of `{NAME_1s}`.
fn is_plural(name: &str) -> bool {
    let mut last = name.bytes().rev();
    last.next() == Some(b'S') && last.next().is_some_and(|b| b.is_ascii_digit())
}

/// `LABEL_1` from a label and a number, with or without something between them.
fn canonical(name: &str, style: Style) -> Option<String> {
    let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (label, index) = name.split_at_checked(name.len().checked_sub(digits)?)?;
    let bare_label = label.strip_suffix('_');
    if bare_label.is_none() && style != Style::Brace {
        return None;
    }
    let label = bare_label.unwrap_or(label);
    let letter = |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_uppercase());
    let fits = letter(label.bytes().next())
        && letter(label.bytes().last())
        && label.len() <= MAX_LABEL
        && !index.is_empty()
        && index.len() <= MAX_INDEX_DIGITS
        && !index.starts_with('0');
    fits.then(|| {
        let mut key = String::from(label);
        key.push('_');
        key.push_str(index);
        key
    })
}

fn is_word(c: char) -> bool {
    is_alphanumeric(c) || c == '_'
}

/// Whether a placeholder without braces may follow `prev`: not in the middle of a word, a path, a
/// variable or an address.
fn may_stand_before_bare(prev: Option<char>) -> bool {
    !prev.is_some_and(|c| {
        is_word(c)
            || matches!(
                c,
                '$' | '%' | '@' | '#' | '&' | '.' | '-' | '/' | '\\' | '~' | '+'
            )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use std::string::ToString;

    /// The key found at the start of `text`, and the text after it.
    fn found(text: &str) -> Option<(String, String)> {
        let hit = scan(text, true, None).unwrap()?;
        Some((hit.key, text[hit.len..].to_string()))
    }

    #[test]
    fn forms_that_models_make_are_recognised_whole() {
        for form in [
            "{EMAIL_1}",
            "{email_1}",
            "{Email_1}",
            "{ EMAIL_1 }",
            "{EMAIL 1}",
            "{EMAIL-1}",
            "{EMAIL1}",
            "{EMAIL__1}",
            "{EMAIL\\_1}",
            "\\{EMAIL\\_1\\}",
            "\\[EMAIL\\_1\\]",
            "{{EMAIL_1}}",
            "{{ EMAIL_1 }}",
            "[EMAIL_1]",
            "[[EMAIL_1]]",
            "[email_1]",
            "<EMAIL_1>",
            "EMAIL_1",
            "EMAIL\\_1",
            "｛EMAIL_1｝",
            "｛ＥＭＡＩＬ＿１｝",
            "{EMAIL\u{2011}1}",
            "{\u{a0}EMAIL_1\u{a0}}",
            "【EMAIL_1】",
            "{emaıl_1}",
            "{EMAİL_1}",
        ] {
            let expected = Some(("EMAIL_1".to_string(), String::new()));
            assert_eq!(found(form), expected, "{form}");
        }
        let long = found("{us social security number 12}!");
        assert_eq!(
            long,
            Some(("US_SOCIAL_SECURITY_NUMBER_12".into(), "!".into()))
        );
    }

    #[test]
    fn endings_inside_the_braces_are_kept() {
        for (form, ending) in [
            ("{NAME_1's}", "'s"),
            ("{NAME_1’in}", "’in"),
            ("{NAME_1s}", "s"),
            ("{{NAME_1's}}", "'s"),
        ] {
            let hit = scan(form, true, None).unwrap().unwrap();
            assert_eq!(hit.key, "NAME_1", "{form}");
            assert_eq!(&form[hit.ending.0..hit.ending.1], ending, "{form}");
        }
    }

    #[test]
    fn other_things_are_not() {
        for text in [
            "{EMAIL}",
            "{EMAIL_}",
            "{EMAIL_0}",
            "{EMAIL_01}",
            "{EMAIL_123456}",
            "{1}",
            "{_1}",
            "{EMAIL_1",
            "{EMAIL_1x}",
            "{EMAIL_1: 2}",
            "{EMAIL\n1}",
            "{EMAIL    1}",
            "{{EMAIL_1}",
            "{{{EMAIL_1}}}",
            "{EMAIL_1_2}",
            "{NAME_1'}",
            "{NAME_1'verylongending}",
            "email_1",
            "Email_1",
            "EMAIL 1",
            "EMAIL1",
            "EMAIL_1x",
            "EMAIL_1_2",
            "EMAIL_1(",
            "EMAIL_1-2",
            "[EMAIL 1]",
            "[EMAIL_1](",
            "[EMAIL_1]:",
            "[EMAIL_1][",
            "(EMAIL_1)",
            "%7BEMAIL_1%7D",
            "&#123;EMAIL_1&#125;",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
        for prev in "a_$%@#&.-/\\~+7é".chars() {
            assert_eq!(scan("EMAIL_1 ", true, Some(prev)), Ok(None), "{prev}");
        }
        assert_eq!(scan("[A_1] ", true, Some('x')), Ok(None));
        assert_eq!(scan("EMAIL_1", true, Some('{')), Ok(None));
    }

    #[test]
    fn a_longer_text_never_changes_an_answer() {
        let forms = [
            "{EMAIL_1}",
            "{{ EMAIL_1 }}",
            "[EMAIL_1](x",
            "EMAIL_1s x",
            "{NAME_1's} x",
            "\\{EMAIL\\_1\\}",
            "{EMAIL_12}",
            "{EMAIL_1 , }",
            "{EMAIL\\x}",
        ];
        for form in forms {
            let whole = scan(form, true, None).unwrap();
            for (cut, _) in form.char_indices() {
                if let Ok(answer) = scan(&form[..cut], false, None) {
                    assert_eq!(answer, whole, "{form} at {cut}");
                }
            }
        }
    }

    #[test]
    fn what_goes_on_too_long_is_given_up() {
        let long = format!("{{{}", "A".repeat(300));
        assert_eq!(scan(&long, false, None), Ok(None));
        let dashes = format!("{{{}", "A_".repeat(300));
        assert_eq!(scan(&dashes, false, None), Ok(None));
    }
}
