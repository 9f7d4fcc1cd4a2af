//! How far to the left of the place that calls a recogniser a value may begin.
//!
//! Nearly all values begin at the place itself. The others are listed here, type by type, with what must
//! stand there for a value to begin left of a place that is not there yet: a stream holds that text back.
//! What is said here of a recogniser is checked against it at every split of every text of the corpus.

use super::tail::Tail;
use crate::pii::PiiType;
use crate::pii::left::{
    self, house_sign_start, is_given_verb, is_month, is_nino_prefix, is_owner, is_particle,
    is_unit, military_head,
};
use crate::text;
use crate::text::{is_alphanumeric, is_lowercase, is_uppercase};

/// A set of types, as bits by their numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Types(pub(super) u32);

impl Types {
    /// The set of the types for which `holds`.
    pub(super) fn of(holds: impl Fn(PiiType) -> bool) -> Types {
        let types = PiiType::ALL.into_iter().filter(|ty| holds(*ty));
        Types(types.fold(0, |set, ty| set | Types::only(ty).0))
    }

    /// The set of one type.
    pub(super) fn only(ty: PiiType) -> Types {
        Types(1_u32.wrapping_shl(ty.number().into()))
    }

    fn has(self, ty: PiiType) -> bool {
        self.0 & Types::only(ty).0 != 0
    }

    fn any(self, types: &[PiiType]) -> bool {
        types.iter().any(|ty| self.has(*ty))
    }
}

/// Types whose value may begin in the run without white space before the place.
const IN_RUN: &[PiiType] = &[
    PiiType::Email,
    PiiType::Url,
    PiiType::IpAddress,
    PiiType::MacAddress,
    PiiType::AwsSecretKey,
    PiiType::Phone,
];

/// Types whose value may stand before its label, called at the label.
const BEFORE_LABEL: &[PiiType] = &[
    PiiType::AwsAccessKey,
    PiiType::CaHealthNumber,
    PiiType::CreditDebitCardCvv,
    PiiType::CreditDebitCardExpiry,
    PiiType::DriverId,
    PiiType::LicensePlate,
    PiiType::Pin,
    PiiType::UkNationalHealthServiceNumber,
    PiiType::UkUniqueTaxpayerReferenceNumber,
    PiiType::UsBankAccountNumber,
    PiiType::UsPassportNumber,
];

/// Where the signs were last seen without which most of what is listed here cannot be: nearly all text has
/// none of them near, and is not looked at twice. Each is the offset just behind the sign, 0 for never.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Signs {
    digit: usize,
    quote: usize,
    dash: usize,
    less: usize,
    capital: usize,
    /// Two capitals in a row, or a `U`.
    capitals: usize,
    /// [`KEY`] capitals or digits in a row, as an access key has them.
    key: usize,
    /// How many of them there are at the end.
    run: usize,
}

impl Signs {
    /// Notes the signs in `from..to` of `view`.
    pub(super) fn note(&mut self, view: &str, from: usize, to: usize) {
        let new = view.as_bytes().get(from..to).unwrap_or(&[]);
        let mut before = from
            .checked_sub(1)
            .and_then(|at| view.as_bytes().get(at))
            .copied();
        for (at, &byte) in (from.saturating_add(1)..).zip(new) {
            self.run = if byte.is_ascii_uppercase() || byte.is_ascii_digit() {
                self.run.saturating_add(1)
            } else {
                0
            };
            if self.run >= KEY {
                self.key = at;
            }
            match byte {
                b'0'..=b'9' => self.digit = at,
                b'"' => self.quote = at,
                b'-' => self.dash = at,
                b'<' => self.less = at,
                b'A'..=b'Z' => {
                    self.capital = at;
                    if byte == b'U' || before.is_some_and(|b| b.is_ascii_uppercase()) {
                        self.capitals = at;
                    }
                }
                128.. => self.capital = at,
                _ => {}
            }
            before = Some(byte);
        }
    }

    /// Forgets the first `bytes` of the view.
    pub(super) fn trim(&mut self, bytes: usize) {
        let Signs {
            digit,
            quote,
            dash,
            less,
            capital,
            capitals,
            key,
            run: _,
        } = self;
        for at in [digit, quote, dash, less, capital, capitals, key] {
            *at = at.saturating_sub(bytes);
        }
    }
}

/// Where the leftmost value of one of `types` may begin that is found from a place at or behind `at`, and
/// the type.
pub(super) fn reach(
    view: &str,
    at: usize,
    types: Types,
    signs: &Signs,
) -> (usize, Option<PiiType>) {
    let near = |sign: usize, most: usize| sign > 0 && sign.saturating_add(most) >= at;
    let Some(text) = view.get(..at).filter(|_| types.0 != 0) else {
        return (at, None);
    };
    let mut reach = (at, None);
    let mut hold = |from: Option<usize>, ty| {
        if let Some(from) = from.filter(|&from| from < reach.0) {
            reach = (from, Some(ty));
        }
    };
    // What the questions below that need no sign look for, where the end of the text tells.
    let tail = Tail::of(text);
    if let Some(ty) = IN_RUN.iter().find(|ty| types.has(**ty)) {
        hold(run(text, types.has(PiiType::Email)), *ty);
    }
    if near(signs.quote, 68) && types.has(PiiType::Email) {
        hold(quoted(text), PiiType::Email);
    }
    if types.has(PiiType::UkNationalInsuranceNumber) {
        hold(nino(text), PiiType::UkNationalInsuranceNumber);
    }
    if let Some(ty) = BEFORE_LABEL.iter().find(|ty| types.has(**ty)) {
        let asked = Asked {
            digit: near(signs.digit, LABEL_REACH),
            capitals: near(signs.capitals, LABEL_REACH),
            key: types.has(PiiType::AwsAccessKey) && near(signs.key, LABEL_REACH),
            group: tail.is_none_or(Tail::is_group),
        };
        hold(before_label(text, types, asked), *ty);
    }
    if near(signs.dash, 96) && types.has(PiiType::Username) {
        hold(log_line(text), PiiType::Username);
    }
    if types.has(PiiType::Password) && tail.is_none_or(Tail::is_password) {
        hold(given_password(text), PiiType::Password);
    }
    if near(signs.capital, 140) && types.any(&[PiiType::Name, PiiType::Address]) {
        let ty = if types.has(PiiType::Name) {
            PiiType::Name
        } else {
            PiiType::Address
        };
        if tail.is_none_or(Tail::is_particle) {
            hold(capitals(text), ty);
        }
        let bracket = near(signs.less, 70) || near(signs.quote, 14) || text.ends_with("   ");
        if bracket && types.has(PiiType::Name) {
            hold(mailbox(text), ty);
        }
    }
    if types.has(PiiType::Address) {
        if tail.is_none_or(Tail::is_house) {
            hold(house(text), PiiType::Address);
        }
        if near(signs.capitals, 88) {
            hold(military(text), PiiType::Address);
        }
    }
    reach
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn is_word(c: char) -> bool {
    left::is_word(c)
}

/// The start of the last characters of `text` for which `inside` holds, of at most `most` bytes.
#[inline]
fn back(text: &str, most: usize, inside: impl Fn(char) -> bool) -> usize {
    let least = text.len().saturating_sub(most);
    let mut start = text.len();
    while let Some(&byte) = start.checked_sub(1).and_then(|at| text.as_bytes().get(at)) {
        let c = if byte.is_ascii() {
            char::from(byte)
        } else {
            let rest = text.get(..start).unwrap_or("");
            rest.chars().next_back().unwrap_or(' ')
        };
        let at = start.saturating_sub(c.len_utf8());
        if at < least || !inside(c) {
            break;
        }
        start = at;
    }
    start
}

/// `jane.doe` before an `@`, `https` before a `:`, `00:1b:` before the next pair, `(+` before a number.
fn run(text: &str, email: bool) -> Option<usize> {
    let last = *text.as_bytes().last()?;
    if is_space(last) {
        return None;
    }
    let most = if email { 66 } else { 44 };
    Some(back(text, most, |c| {
        if c.is_ascii() {
            !u8::try_from(c).is_ok_and(is_space)
        } else {
            email && is_word(c)
        }
    }))
}

/// `"Jane Doe"` before an `@`: the opening quote, also while the closing one is to come.
fn quoted(text: &str) -> Option<usize> {
    let inner = text.strip_suffix('"').unwrap_or(text);
    let window = inner.get(inner.floor_char_boundary(inner.len().saturating_sub(66))..)?;
    let from = inner.len().saturating_sub(window.len());
    let quotes = window.rmatch_indices('"').map(|(at, _)| at);
    let mut open = quotes.filter(|&at| !window.get(..at).is_some_and(|text| text.ends_with('\\')));
    let open = open.next()?;
    let inside = window.get(open.saturating_add(1)..)?;
    let before = inner.get(..from.saturating_add(open))?;
    let stands = !before.chars().next_back().is_some_and(is_word);
    (stands && !inside.contains(['\n', '<', '>'])).then(|| from.saturating_add(open))
}

/// `AB` and a sign before the digits of a national insurance number.
fn nino(text: &str) -> Option<usize> {
    if text.as_bytes().last()?.is_ascii_alphanumeric() {
        return None;
    }
    let sign = text.chars().next_back().filter(|c| is_group_sign(*c))?;
    let letters = text.len().checked_sub(sign.len_utf8())?.checked_sub(2)?;
    let prefix = text.get(letters..)?.as_bytes();
    let [a, b, ..] = *prefix else { return None };
    let stands = !text
        .get(..letters)?
        .chars()
        .next_back()
        .is_some_and(left::is_glued);
    (stands && is_nino_prefix([a, b])).then_some(letters)
}

fn is_group_sign(c: char) -> bool {
    left::separator(c).is_some()
}

/// How far before its label a value may begin, in bytes, with room for a whole character.
const LABEL_REACH: usize = 54;

/// What there may be in the last [`LABEL_REACH`] bytes.
#[derive(Clone, Copy, Debug)]
struct Asked {
    digit: bool,
    /// Two capitals in a row, or a `U`.
    capitals: bool,
    /// An access key.
    key: bool,
    /// Letters at the end that digits may follow.
    group: bool,
}

/// `4321 is my PIN`: groups of letters and digits that a label may follow, or at the end of the text the
/// letters that digits may follow.
fn before_label(text: &str, types: Types, asked: Asked) -> Option<usize> {
    if !asked.digit && !asked.key && !asked.group {
        return None;
    }
    if !asked.digit && !asked.capitals {
        let first = groups(text, text.len(), types);
        return (first < text.len()).then_some(first);
    }
    let from = text.floor_char_boundary(text.len().saturating_sub(LABEL_REACH));
    let window = text.get(from..)?;
    // No value and no text between it and its label has any of these.
    let closes = |byte: u8| matches!(byte, b'\n' | b';' | b'|' | b'"' | b'=');
    let closed = window.bytes().rposition(closes);
    let open = closed.map_or(0, |at| at.saturating_add(1));
    let window = window.get(open..)?;
    let from = from.saturating_add(open);
    let opening = asked.group.then(|| groups(window, window.len(), types));
    let last = asked
        .digit
        .then(|| window.bytes().rposition(|byte| byte.is_ascii_digit()))
        .flatten();
    let key = asked.key.then(|| key_of_letters(window)).flatten();
    let labelled = last
        .filter(|&last| !decided(window.get(last.saturating_add(1)..).unwrap_or("")))
        .map(|last| {
            let token = window.get(last..).unwrap_or("");
            let end = token.find(|c: char| !c.is_ascii_alphanumeric());
            let end = end.unwrap_or(token.len());
            groups(window, last.saturating_add(end), types)
        });
    let first = [opening, labelled, key].into_iter().flatten().min()?;
    (first < window.len()).then(|| from.saturating_add(first))
}

/// Whether what follows the last digit of a value says that no label of it can come any more.
fn decided(after: &str) -> bool {
    if after.len() > 46 || after.bytes().any(|byte| byte == b',') {
        return true;
    }
    let ends = |sign: &[u8]| after.as_bytes().windows(2).any(|two| two == sign);
    if ends(b"? ") || ends(b"! ") || (after.len() > 18 && ends(b". ")) {
        return true;
    }
    let words = after.split(|c: char| !is_alphanumeric(c));
    let mut words = words.filter(|word| !word.is_empty());
    // The rest of the value: the letters of its token, and of a token behind it.
    let prose = words
        .clone()
        .skip(1)
        .filter(|word| word.contains(|c: char| is_lowercase(c)));
    prose.count() > 4 || words.nth(7).is_some()
}

/// The start of the groups of one number that end at `end`.
fn groups(text: &str, end: usize, types: Types) -> usize {
    let mut start = end;
    for step in 0..8_u32 {
        let Some(before) = text.get(..start) else {
            break;
        };
        let signs = if step == 0 && start < text.len() {
            0
        } else {
            3
        };
        let stop = back(before, signs, |c| {
            is_group_sign(c) || matches!(c, ',' | '/' | '\'' | '(' | ')')
        });
        let word = text.get(..stop).unwrap_or("");
        let token = back(word, 20, |c| c.is_ascii_alphanumeric());
        let value = word.get(token..).unwrap_or("");
        let glued = word.get(..token).unwrap_or("").chars().next_back();
        let stands = !glued.is_some_and(left::is_glued);
        if !stands || !is_group(value, types) {
            break;
        }
        start = token;
    }
    start
}

/// Whether a token may be a group of a number: it has a digit, or is of letters as some types have them.
fn is_group(token: &str, types: Types) -> bool {
    let length = token.len();
    // Most tokens are words of lower-case letters.
    if length == 0 || (length > 10 && !token.bytes().any(|b| b.is_ascii_digit())) {
        return false;
    }
    let capitals = !token.bytes().any(|b| b.is_ascii_lowercase());
    token.bytes().any(|b| b.is_ascii_digit())
        || (capitals && token.len() <= 8 && types.has(PiiType::LicensePlate))
        || (token.len() == 4 && types.has(PiiType::CaHealthNumber))
        || (token.len() <= 2 && types.has(PiiType::UsPassportNumber) && capitals)
        || (types.has(PiiType::CreditDebitCardExpiry) && is_month(token))
}

/// How long an access key is.
const KEY: usize = 20;

/// The start of the first token of twenty capitals: an access key without a digit.
fn key_of_letters(window: &str) -> Option<usize> {
    let tokens = window.split(|c: char| !c.is_ascii_alphanumeric());
    let mut keys = tokens.filter(|token| {
        token.len() == KEY
            && token
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    });
    let key = keys.next()?;
    text::find(window, key)
}

/// ` - jdoe [10/Oct/2000` of the common log format.
fn log_line(text: &str) -> Option<usize> {
    let date = back(text, 12, |c| c.is_ascii_graphic() && c != '[');
    let line = text.get(..date)?;
    let user_end = match line.strip_suffix(" [") {
        Some(user) => user.len(),
        None if line.ends_with(' ') => line.len().saturating_sub(1),
        None => text.len(),
    };
    let start = log_user(text.get(..user_end)?);
    start.or_else(|| log_user(text))
}

fn log_user(text: &str) -> Option<usize> {
    let user = back(text, 70, |c| {
        is_word(c) || matches!(c, '_' | '.' | '-' | '+')
    });
    text.get(..user)?.ends_with(" - ").then_some(user)
}

/// `use hunter2 as your` before `password`.
fn given_password(text: &str) -> Option<usize> {
    let mut end = text.len();
    let mut owners = 0_u32;
    let mut joined = false;
    for _ in 0..4_u32 {
        let before = text.get(..end)?;
        let stop = back(before, 10, |c| matches!(c, ' ' | '\t'));
        let word_text = text.get(..stop)?;
        let start = back(word_text, 132, |c| !c.is_whitespace());
        let word = word_text.get(start..)?;
        let verb_text = text.get(..start)?;
        let verb_stop = back(verb_text, 10, |c| matches!(c, ' ' | '\t'));
        let verb = verb_text.get(..verb_stop)?;
        let verb = verb.get(back(verb, 64, is_word)..)?;
        let value = joined || owners == 0;
        if value && is_given_verb(verb) && !word.is_empty() {
            return Some(start);
        }
        let bare = word.get(back(word, 64, is_word)..)?;
        match bare {
            "as" if !joined => joined = true,
            bare if is_owner(bare) && !joined && owners < 2 => owners = owners.saturating_add(1),
            _ => return None,
        }
        end = start;
    }
    None
}

/// `Jane van` before a family name, `Karl-Marx-` before `Allee 5`: words with a capital at the end of the
/// text.
fn capitals(text: &str) -> Option<usize> {
    let mut start = None;
    let mut end = text.len();
    for _ in 0..6_u32 {
        let before = text.get(..end)?;
        let stop = back(before, 2, |c| {
            matches!(c, ' ' | '-' | '\'' | '\u{2019}' | '.')
        });
        let word_text = text.get(..stop)?;
        let word_start = back(word_text, 66, is_word);
        let word = word_text.get(word_start..)?;
        let capital = word.chars().next().is_some_and(is_uppercase);
        if !capital && !is_particle(word) {
            break;
        }
        if capital {
            start = Some(word_start);
        }
        end = word_start;
    }
    start
}

/// `Jane Doe <jane.doe` before the `@`.
fn mailbox(text: &str) -> Option<usize> {
    let local = back(text, 66, |c| {
        c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+')
    });
    // Without a bracket it is still to come.
    let name = text.get(..local)?.strip_suffix('<').or(Some(text))?;
    let end = back(name, 10, |c| matches!(c, ' ' | '\t'));
    let name = name.get(..end)?;
    let name = name.strip_suffix('"').unwrap_or(name);
    let start = back(name, 66, |c| {
        is_word(c) || matches!(c, ' ' | '.' | '\'' | '\u{2019}' | '-')
    });
    let run = name.get(start..)?;
    let blank = run.len().saturating_sub(run.trim_start_matches(' ').len());
    let start = start.saturating_add(blank);
    // All of it is the name, or none.
    let words = name.get(start..)?.split([' ', '-', '\'', '\u{2019}', '.']);
    let mut words = words.filter(|word| !word.is_empty());
    let fits = |word: &str| word.chars().next().is_some_and(is_uppercase) || is_particle(word);
    (words.clone().next().is_some() && words.all(fits)).then_some(start)
}

/// `Flat 3, ` or `H.No. ` before the number of a house.
fn house(text: &str) -> Option<usize> {
    let sign = house_sign_start(text);
    let blank = back(text, 10, |c| matches!(c, ' ' | '\t'));
    let before = text.get(..blank)?;
    let word_start = back(before, 66, is_word);
    let word = before.get(word_start..)?;
    if is_unit(word) {
        return Some(sign.map_or(word_start, |sign| sign.min(word_start)));
    }
    let value = before.strip_suffix(',').unwrap_or(before);
    let value_start = back(value, 66, is_word);
    let stop = back(value.get(..value_start)?, 10, |c| matches!(c, ' ' | '\t'));
    let unit_text = value.get(..stop)?;
    let unit_start = back(unit_text, 66, is_word);
    let short = value.len().saturating_sub(value_start) <= 5;
    let unit = unit_text
        .get(unit_start..)
        .filter(|unit| short && is_unit(unit));
    unit.map(|_| unit_start).into_iter().chain(sign).min()
}

/// `PSC 3632, Box 4673, APO AE ` before a ZIP code.
fn military(text: &str) -> Option<usize> {
    let start = back(text, 80, |c| {
        c.is_ascii_alphanumeric() || matches!(c, ' ' | ',' | '#' | '-' | '\n' | '\\')
    });
    let line = text.get(start..)?;
    military_head(line).map(|at| start.saturating_add(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    /// Where the last words say that a question need not be asked, the answer is no.
    #[test]
    fn the_tail_says_no_only_where_nothing_reaches_back() {
        let words = [
            "the", "use", "Use", "as", "your", "van", "de", "flat", "Apt", "house", "no", "n", "h",
            "plot", "may", "december", "that", "AB", "x1", "k\u{e9}", "it's", "H.", "tap,", "(a",
            "_a", "-", "\u{301}", "unit",
        ];
        let all = Types::of(|_| true);
        for first in words {
            for second in words {
                for third in words {
                    for sign in [" ", "  ", "-", ". ", "\t"] {
                        let text = format!("{first} {second}{sign}{third} ");
                        let Some(tail) = Tail::of(&text) else {
                            continue;
                        };
                        let group = groups(&text, text.len(), all) < text.len();
                        assert!(tail.is_group() || !group, "{text:?}");
                        assert!(
                            tail.is_password() || given_password(&text).is_none(),
                            "{text:?}"
                        );
                        assert!(tail.is_particle() || capitals(&text).is_none(), "{text:?}");
                        assert!(tail.is_house() || house(&text).is_none(), "{text:?}");
                    }
                }
            }
        }
    }
}
