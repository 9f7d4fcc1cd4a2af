//! PASSWORD: the value of a password, pass phrase or pass code.
//!
//! Rule: what stands after a label of [`CONTEXT`]: up to the closing quote if quoted, else up to white space, a quote, or a
//! separator that starts the next `key=value`; signs inside belong to it, closing `.,;:?` does not. After `is` and after a
//! label without a sign (`password Tr0ub4dor&3`) the value needs a digit, a sign or capitals inside, or after `is` it ends its
//! clause and is no word of [`NO_VALUE`].
//!
//! Negative context: `password reset`, `password is required`, `forgot your password?`; placeholders (`<password>`, `****`,
//! `$PASSWORD`, `{{ password }}`, `%s`, `[REDACTED]`); code that reads a value from somewhere (`process.env.X`,
//! `get_password()`, `password=password`); types (`password: str`).
//!
//! Sources: the conventions of this project; NIST SP 800-63B section 5.1.1 (a memorised secret may hold any printing
//! character).

mod words;

use super::shape::{
    Link, Linked, is_one_of, link, previous_word, skip_blanks, skip_blanks_back, word_end,
};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;
use crate::text;
use crate::text::{is_alphabetic, is_alphanumeric};
use crate::words::{Words, words};
use words::NO_VALUE;

pub(crate) use words::CONTEXT;

const LABEL: Lexicon = Lexicon::context(PiiType::Password);

/// Longest value, in bytes.
const MAX: usize = 128;

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: PiiType::Password,
    verdict: Verdict::DefersWhenNegative,
    threshold: 500,
    triggers: Trigger::Hit.bit(),
    lengths: Lengths::ANY,
    called_by: &[LABEL],
    reads: &[LABEL],
    recognize,
};

fn recognize(scan: &Scan<'_>, at: Candidate, found: &mut Found) {
    if let Some((start, end)) = before_label(scan, at.start) {
        found.push(PiiType::Password, start, end, 850);
        return;
    }
    let Some(linked) = link(scan, at.start, at.end) else {
        return;
    };
    let end = value_end(scan, at.start, &linked);
    let value = scan.slice(linked.start, end);
    if value.len() < 3 || value.len() > MAX || value.contains('\n') {
        return;
    }
    let label = scan.slice(at.start, at.end);
    if rule!("pii.password.placeholder") && is_placeholder(value, linked.quote != 0) {
        return;
    }
    if rule!("pii.password.no-value")
        && (is_one_of(value, NO_VALUE) || value.eq_ignore_ascii_case(label))
    {
        return;
    }
    if allowed(scan, at, &linked, value, end) {
        found.push(PiiType::Password, linked.start, end, 850);
    }
}

/// What stands between "as" and the label behind a value.
pub(super) const OWNERS: Words = words!["your", "my", "the", "a", "our", "new", "temporary"];

/// What stands before a value that its label follows.
pub(super) const VERBS: Words = words![
    "use", "using", "set", "enter", "try", "used", "have", "type", "take", "chose", "choose",
];

/// "use hunter2 as your password": the value before its label.
fn before_label(scan: &Scan<'_>, label: usize) -> Option<(usize, usize)> {
    let mut at = skip_blanks_back(scan, label);
    // "as the new password".
    for _ in 0..2 {
        let owner = previous_word(scan, at);
        if is_one_of(owner, OWNERS) {
            at = skip_blanks_back(scan, at.saturating_sub(owner.len()));
        }
    }
    if previous_word(scan, at) != "as" {
        return None;
    }
    let mut end = skip_blanks_back(scan, at.saturating_sub(2));
    let mut start = end;
    while end.saturating_sub(start) < MAX
        && scan.char_before(start).is_some_and(|c| !c.is_whitespace())
    {
        start = start.saturating_sub(scan.char_before(start).map_or(1, char::len_utf8));
    }
    let verb = is_one_of(previous_word(scan, start), VERBS);
    let quote = scan.byte(start);
    if matches!(quote, b'"' | b'\'' | b'`') && scan.byte_before(end) == quote {
        start = start.saturating_add(1);
        end = end.saturating_sub(1);
    }
    let value = scan.slice(start, end);
    (verb && mixed(value) && !is_placeholder(value, false)).then_some((start, end))
}

fn allowed(scan: &Scan<'_>, at: Candidate, linked: &Linked, value: &str, end: usize) -> bool {
    let quoted = linked.quote != 0;
    let strong = is_strong(value);
    // `pwd` and `pass` are a command and a verb as well.
    let label = scan.slice(at.start, at.end);
    let weak = is_one_of(label, words!["pass", "pwd", "clave"]);
    let spaced = matches!(scan.byte_before(linked.start), b' ' | b'\t');
    match linked.link {
        Link::Assign if quoted || strong || !spaced => true,
        // "Password: must contain …" is prose, "Password: hunter" a form.
        Link::Assign => !rule!("pii.password.prose") || last_of_clause(scan, end) && !weak,
        Link::SpacedAssign => quoted || strong && !identifier(value),
        Link::Element => scan.byte(end) == b'<',
        Link::Is => strong || quoted || last_of_clause(scan, end) && !weak && !describes(value),
        Link::Adjacent => {
            let option = scan.byte_before(at.start) == b'-';
            (option && !value.starts_with('-'))
                || (quoted && !value.contains(' '))
                || (rule!("pii.password.adjacent") && mixed(value) && !weak)
                || (label.eq_ignore_ascii_case("pwd")
                    && mixed(value)
                    && !value.contains('/')
                    && last_of_clause(scan, end))
        }
    }
}

/// Nothing but the end of a clause, or the next field, follows the value.
fn last_of_clause(scan: &Scan<'_>, end: usize) -> bool {
    let from = skip_blanks(scan, end);
    let word = word_end(scan, from);
    matches!(
        scan.byte(end),
        0 | b'\n' | b'\r' | b',' | b';' | b'.' | b')' | b'|' | b'"' | b'<'
    ) || matches!(scan.byte(word), b':' | b'=') && word > from
        || scan.byte(from) == b'|'
}

/// A digit, a sign or a capital after the first character.
fn is_strong(value: &str) -> bool {
    let inner = value.chars().skip(1);
    value.len() >= 4
        && (value.contains(|c: char| c.is_ascii_digit())
            || inner.clone().any(|c| c.is_ascii_uppercase())
                && value.contains(|c: char| c.is_ascii_lowercase())
            || inner
                .clone()
                .any(|c| c.is_ascii_punctuation() && !matches!(c, '-' | '_' | '\'' | '.' | '/')))
}

/// A letter and a digit, or a sign between: what no word has.
fn mixed(value: &str) -> bool {
    let letter = value.contains(|c: char| is_alphabetic(c));
    let digit = value.contains(|c: char| c.is_ascii_digit());
    let sign = value.contains(['!', '@', '#', '$', '%', '^', '&', '*', '+']);
    value.len() >= 6 && letter && (digit || sign) && !value.starts_with(['(', '-', '#'])
}

/// Words that tell something about the password: `expired`, `missing`, `changeable`.
fn describes(value: &str) -> bool {
    ["ed", "ing", "able", "ible", "ive", "ful", "ly"]
        .iter()
        .any(|ending| value.to_ascii_lowercase().ends_with(ending))
}

fn identifier(value: &str) -> bool {
    value
        .bytes()
        .all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'.'))
}

/// What stands for a value: masks, variables, templates, code that fetches one.
fn is_placeholder(value: &str, quoted: bool) -> bool {
    let mut chars = value.chars();
    let first = chars.next();
    let masked = first.is_some_and(|c| !is_alphanumeric(c) || c.eq_ignore_ascii_case(&'x'))
        && chars.all(|c| Some(c) == first);
    let opener = [
        "${", "$(", "{{", "{%", "<", "[", "%(", "%s", "#{", "{", "%%",
    ]
    .iter()
    .any(|p| value.starts_with(p));
    let upper = |rest: &str| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    let variable = value.strip_prefix('$').is_some_and(|rest| {
        upper(rest) && rest.bytes().any(|b| b.is_ascii_uppercase()) && rest.len() > 3
            || rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') && !rest.is_empty()
    });
    const SOURCES: Words = words![
        "process.env",
        "os.environ",
        "os.getenv",
        "env.",
        "env(",
        "env[",
        "getenv",
        "config.",
        "self.",
        "this.",
        "args.",
        "request.",
        "settings.",
        "secrets.",
    ];
    let lower = value.to_ascii_lowercase();
    let fetched = !quoted && (SOURCES.iter().any(|s| lower.starts_with(s)) || is_call(value));
    let written = lower.starts_with("your")
        && (text::contains(&lower, "password") || lower.contains('_'))
        || text::contains(&lower, "redacted")
        || lower.starts_with("placeholder");
    masked || opener && closes(value) || variable || fetched || written
}

/// A template's opening sign is a placeholder's only if its closing sign follows.
fn closes(value: &str) -> bool {
    value.ends_with(['}', '>', ']', ')', 's'])
        || value.starts_with("${")
        || value.starts_with("{{")
        || value.starts_with('<')
        || value.len() < 4
        || value == "{"
}

/// `get_password()`, `input("…`: an identifier and a bracket.
fn is_call(value: &str) -> bool {
    value.split_once(['(', '[']).is_some_and(|(name, rest)| {
        name.len() > 2
            && name
                .bytes()
                .all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'.' | b':'))
            && (rest.is_empty() || rest.contains([')', ']']))
    })
}

/// The end of the value.
fn value_end(scan: &Scan<'_>, label_start: usize, linked: &Linked) -> usize {
    let start = linked.start;
    let mut end = start;
    let parameter = matches!(scan.byte_before(label_start), b'?' | b'&');
    while let Some(c) = scan.char_at(end) {
        if end.saturating_sub(start) > MAX {
            break;
        }
        let next = end.saturating_add(c.len_utf8());
        let stops = if linked.quote != 0 {
            c == '\n'
                || u32::from(c) == u32::from(linked.quote) && scan.byte_before(end) != b'\\'
                || c == '\\' && scan.byte(next) == linked.quote
        } else {
            c.is_whitespace()
                || matches!(c, '"' | '`' | '\u{3001}'..='\u{301f}')
                || c == '<' && linked.link == Link::Element
                || c == '&' && (parameter || key_follows(scan, next))
                || matches!(c, ',' | ';')
                    && (key_follows(scan, next) || matches!(scan.byte(next), b' ' | b'\n' | 0))
        };
        if stops {
            break;
        }
        end = next;
    }
    if linked.quote == 0 && linked.link != Link::Element {
        end = trim(scan, label_start, start, end);
    }
    end
}

/// `name=` starts at `at`: the next pair of a list.
fn key_follows(scan: &Scan<'_>, at: usize) -> bool {
    let from = skip_blanks(scan, at);
    let mut end = from;
    while (scan.byte(end).is_ascii_alphanumeric() || matches!(scan.byte(end), b'_' | b'-' | b' '))
        && end.saturating_sub(from) < 32
    {
        end = end.saturating_add(1);
    }
    end > from && scan.byte(end) == b'='
}

/// Without the punctuation that closes the sentence or the bracket around.
fn trim(scan: &Scan<'_>, label_start: usize, start: usize, end: usize) -> usize {
    let mut end = end;
    while end > start {
        let opener = match scan.byte_before(end) {
            b'.' | b',' | b';' | b':' | b'?' | b'\'' => 0,
            b')' => b'(',
            b']' => b'[',
            b'}' => b'{',
            b'*' if scan.byte(end.saturating_sub(2)) == b'*' && scan.byte(start) != b'*' => b'*',
            _ => break,
        };
        let open = (0..64_usize).any(|back| scan.byte(label_start.saturating_sub(back)) == opener);
        if opener != 0 && !open {
            break;
        }
        end = end.saturating_sub(1);
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pii::testing::{assert_found, assert_linear, assert_none};

    #[test]
    fn finds_passwords() {
        assert_found(
            &RECOGNIZER,
            &[
                ("Use hunter2 as your password.", "hunter2"),
                ("set 'Tr0ub4dor&3' as the new password", "Tr0ub4dor&3"),
                ("pwd hunter2", "hunter2"),
                ("密码是Tr0ub4dor&3。", "Tr0ub4dor&3"),
                ("password reset to Temp#4821", "Temp#4821"),
                ("| Password | hunter2 |\n", "hunter2"),
                ("the password \"letmein\"", "letmein"),
                ("password: hunter2", "hunter2"),
                ("password=Tr0ub4dor&3", "Tr0ub4dor&3"),
                ("{\"password\":\"s3cr3t!\"}", "s3cr3t!"),
                ("my password is hunter2.", "hunter2"),
                ("password = \"correct horse\"", "correct horse"),
                ("pwd=abc123;Server=x", "abc123"),
                ("user=jdoe&password=abc&x=1", "abc"),
                ("user=jdoe,password=abc,host=x", "abc"),
                ("Passwort: geheim99", "geheim99"),
                ("contraseña: gato123", "gato123"),
                ("mot de passe : Soleil7!", "Soleil7!"),
                ("--password hunter2", "hunter2"),
                ("with password Tr0ub4dor&3 and", "Tr0ub4dor&3"),
                ("DB_PASSWORD=s%9kL#2(q)", "s%9kL#2(q)"),
                ("the password is sunshine.", "sunshine"),
                ("密码:abc12345", "abc12345"),
                ("<password>hunter2</password>", "hunter2"),
                ("Password: hunter2, thanks", "hunter2"),
                ("(password: hunter2)", "hunter2"),
                ("password: P@ss)w0rd)", "P@ss)w0rd)"),
                ("пароль: qwerty1", "qwerty1"),
                ("senha: abc@123", "abc@123"),
                ("password='a b\"c1'", "a b\"c1"),
                ("**Password:** hunter2", "hunter2"),
                ("password: changeme\n", "changeme"),
                ("passcode: 48213", "48213"),
                ("\\\"password\\\":\\\"abc123\\\"", "abc123"),
                ("export PGPASSWORD=abc123", "abc123"),
            ],
        );
    }

    #[test]
    fn leaves_other_text_alone() {
        assert_none(
            &RECOGNIZER,
            &[
                "use it as your password",
                "use ${DB_PASS} as the password",
                "pwd /home/user1",
                "passcode on request",
                "the password to success.",
                "| Password | Required |\n|---|---|\n",
                "password reset",
                "password is required",
                "forgot your password?",
                "password: <password>",
                "password=****",
                "password=$PASSWORD",
                "password: process.env.DB_PASSWORD",
                "password = get_password()",
                "password=password",
                "password: str",
                "\"password\": \"string\"",
                "password: ${PASSWORD}",
                "password={{ password }}",
                "Password: must contain at least 8",
                "the password is expired.",
                "password manager",
                "password: [REDACTED]",
                "password: null",
                "reset password link",
                "your password has 8 characters",
                "pass the salt",
                "pwd",
                "cd $(pwd)",
                "password = user_input",
                "password policy",
                "password: xxxxxxxx",
                "password hashing with bcrypt",
                "password = os.environ[\"X\"]",
                "password and username",
                "Password strength: weak",
                "change your password now",
                "password: String,",
                "the password is incorrect",
                "\"password\": {\"type\": \"string\"}",
                "def f(password: Optional[str])",
                "password=\"your_password\"",
            ],
        );
    }

    #[test]
    fn hostile_text_costs_linear_time() {
        assert_linear(
            &RECOGNIZER,
            &[
                "password",
                "password ",
                "password=",
                "password:\"",
                "password: a,",
                "password=)",
            ],
        );
    }
}
