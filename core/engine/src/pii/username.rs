//! USERNAME: the name of an account: login, screen name, handle.
//!
//! Rule: a value of 2 to 64 letters, digits and `._-+` after a label of [`CONTEXT`]: `username: jdoe`, `user=jdoe`,
//! `"login": "jdoe"`, `my username is jdoe42`, `logged in as jdoe`. An `@` before the value is not of the span. A weak label
//! (`user`, `account`) takes `=`, a quoted value, or a value that alone ends its line or clause; a strong one next to its
//! value without a sign (`username jdoe42`) needs a digit, a dot or an underscore in it.
//!
//! Negative context: words that stand where a value is missing (`required`, `invalid`, `null`, `string`, `the`), placeholders
//! (`<user>`, `$USER`, `%s`), program code (`user = request.user`, `user=get_user()`). An e-mail address is left to EMAIL.
//!
//! Sources: the conventions of this project; POSIX.1-2017 section 3.437 (portable user names).

mod words;

use super::shape::{Link, Linked, is_one_of, is_word, link, skip_blanks, word_end};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;
use crate::text;
use crate::text::{is_alphabetic, is_uppercase, lowercase};
use crate::words::{Words, words};
use words::{NO_VALUE, WEAK};

pub(crate) use words::CONTEXT;

const LABEL: Lexicon = Lexicon::context(PiiType::Username);

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: PiiType::Username,
    verdict: Verdict::DefersWhenNegative,
    threshold: 500,
    triggers: Trigger::Hit.bit() | Trigger::Colon.bit(),
    lengths: Lengths::ANY,
    called_by: &[LABEL],
    reads: &[LABEL],
    recognize,
};

fn recognize(scan: &Scan<'_>, at: Candidate, found: &mut Found) {
    if at.trigger == Trigger::Colon {
        access_log(scan, at.start, found);
        return;
    }
    if scan.byte(at.end) == b'_' || scan.byte_before(at.start) == b'.' && scan.byte(at.end) == b'.'
    {
        return;
    }
    let Some(linked) = link(scan, at.start, at.end) else {
        return;
    };
    let label = lowercase(scan.slice(at.start, at.end));
    let start = linked
        .start
        .saturating_add(usize::from(scan.byte(linked.start) == b'@'));
    let Some(end) = value_end(scan, start) else {
        return;
    };
    let value = scan.slice(start, end);
    let asks = label.ends_with(" as") || label.ends_with(" for");
    // A keyword argument: `user=use_user_site`.
    let argument = linked.quote == 0
        && value.contains('_')
        && text::contains(&lowercase(value), "user")
        && !value.contains(|c: char| c.is_ascii_digit());
    if rule!("pii.username.argument") && argument {
        return;
    }
    let allowed = if asks {
        as_user(scan, &linked, value, end)
    } else {
        fits(scan, at.end, &label, &linked, value, end)
    };
    if allowed && !(rule!("pii.username.no-value") && is_one_of(value, NO_VALUE)) {
        found.push(PiiType::Username, start, end, 800);
    }
}

/// The common log format of web servers: `192.0.2.1 - jdoe [10/Oct/2000:13:55:36 -0700]`, at the first colon of the time.
fn access_log(scan: &Scan<'_>, colon: usize, found: &mut Found) {
    let Some(open) = colon.checked_sub(12) else {
        return;
    };
    let date = scan.slice(open, colon).as_bytes();
    if !matches!(date, [b'[', a, b, b'/', _, _, _, b'/', _, _, _, y]
        if a.is_ascii_digit() && b.is_ascii_digit() && y.is_ascii_digit())
        || scan.byte_before(open) != b' '
    {
        return;
    }
    let end = open.saturating_sub(1);
    let mut start = end;
    while end.saturating_sub(start) < 64
        && scan
            .char_before(start)
            .is_some_and(|c| is_word(c) || matches!(c, '_' | '.' | '-' | '+'))
    {
        start = start.saturating_sub(scan.char_before(start).map_or(1, char::len_utf8));
    }
    let user = scan.slice(start, end);
    let identity = scan.slice(start.saturating_sub(3), start);
    if identity == " - " && user.len() > 1 && !is_one_of(user, NO_VALUE) {
        found.push(PiiType::Username, start, end, 800);
    }
}

/// The end of the value at `start`.
fn value_end(scan: &Scan<'_>, start: usize) -> Option<usize> {
    if !scan.char_at(start).is_some_and(|c| is_word(c) || c == '_') {
        return None;
    }
    let mut end = start;
    while let Some(c) = scan.char_at(end) {
        if !(is_word(c) || matches!(c, '_' | '-' | '.' | '+')) {
            break;
        }
        end = end.saturating_add(c.len_utf8());
        if end.saturating_sub(start) > 64 {
            return None;
        }
    }
    while matches!(scan.byte_before(end), b'.' | b'-' | b'+') {
        end = end.saturating_sub(1);
    }
    let next = scan.byte(end);
    // A call, an index, an address, a path of code.
    let code = matches!(next, b'(' | b'[' | b'@' | b'{' | b'$' | b'*')
        || (next == b':' && scan.byte(end.saturating_add(1)) == b':');
    if rule!("pii.username.code") && code {
        return None;
    }
    (scan.slice(start, end).chars().nth(1).is_some()).then_some(end)
}

/// "logged in as jdoe": the value, and no noun phrase.
fn as_user(scan: &Scan<'_>, linked: &Linked, value: &str, end: usize) -> bool {
    let next = scan.slice(
        skip_blanks(scan, end),
        word_end(scan, skip_blanks(scan, end)),
    );
    let noun = is_one_of(next, words!["user", "account", "role", "users"])
        && !value.contains(|c: char| c.is_ascii_digit());
    let noun = noun || matches!(next, "user") && matches!(value, "invalid" | "illegal");
    matches!(linked.link, Link::Adjacent | Link::Assign) && !noun
}

fn fits(
    scan: &Scan<'_>,
    label_end: usize,
    label: &str,
    linked: &Linked,
    value: &str,
    end: usize,
) -> bool {
    let weak = rule!("pii.username.weak-label") && WEAK.contains(label);
    let marked = value.contains(|c: char| c.is_ascii_digit() || matches!(c, '_' | '.' | '-'));
    let dotted_code = value.contains('.') && linked.quote == 0 && linked.link == Link::SpacedAssign;
    let quoted = linked.quote != 0 && scan.byte(end) == linked.quote;
    if linked.quote != 0 && !quoted && scan.byte(end) != b'\\' {
        return false;
    }
    let clause = matches!(
        scan.byte(end),
        0 | b'\n' | b',' | b';' | b'|' | b'"' | b'\'' | b')' | b'<' | b'&' | b'}' | b'\r'
    ) || scan.byte(end) == b'.'
        && !scan.char_at(end.saturating_add(1)).is_some_and(is_word);
    let spaced = scan.slice(label_end, linked.start).contains(' ');
    match linked.link {
        Link::Assign if quoted => true,
        Link::Assign | Link::Element if weak => {
            let lower = !value.starts_with(is_uppercase);
            let divided = scan.byte(skip_blanks(scan, end)) == b'/';
            !spaced || marked || lower && (clause || divided || next_field(scan, end))
        }
        Link::Assign | Link::Element => {
            marked || clause || !spaced || scan.byte(end) == b' ' && single(scan, end)
        }
        Link::SpacedAssign => {
            quoted
                || !dotted_code
                    && clause
                    && (!weak || value.contains(|c: char| c.is_ascii_digit()))
                    && !value.contains('_')
        }
        Link::Is => {
            let sign = value.contains(|c: char| c.is_ascii_digit() || matches!(c, '_' | '.'));
            sign || quoted || (!weak && (clause || credentials_follow(scan, end)))
        }
        Link::Adjacent if label == "invalid user" || label == "illegal user" => {
            followed_by(scan, end, words!["from"])
        }
        Link::Adjacent if label == "user" => of_user(scan, value, end, quoted),
        Link::Adjacent => {
            !weak
                && (quoted
                    || marked
                        && value.contains(|c: char| c.is_ascii_digit() || matches!(c, '_' | '.')))
        }
    }
}

/// `user jdoe42`, `user 'jdoe' from …`: the word is so common that the value has to look like one.
fn of_user(scan: &Scan<'_>, value: &str, end: usize, quoted: bool) -> bool {
    let digit = value.contains(|c: char| c.is_ascii_digit() || c == '_');
    let letter = value.contains(is_alphabetic);
    let ends = matches!(scan.byte(end), 0 | b'\n') || followed_by(scan, end, words!["and", "with"]);
    logged(scan, value, end)
        || quoted && acts(scan, end.saturating_add(1))
        || digit && letter && ends
}

/// Whether one of `words` is the next word.
fn followed_by(scan: &Scan<'_>, end: usize, words: Words) -> bool {
    let from = skip_blanks(scan, end);
    is_one_of(scan.slice(from, word_end(scan, from)), words)
}

/// "username is jdoe and your password is …".
fn credentials_follow(scan: &Scan<'_>, end: usize) -> bool {
    let and = skip_blanks(scan, end);
    followed_by(scan, end, words!["and", "y", "und", "et", "e"])
        && followed_by(
            scan,
            word_end(scan, and),
            words![
                "your",
                "my",
                "the",
                "his",
                "her",
                "password",
                "pass",
                "pwd",
                "pin",
                "temporary",
                "mi",
                "su",
                "mein",
                "das",
                "mon",
                "le",
            ],
        )
}

/// `user 'jdoe' from …`: what systems report of an account.
fn acts(scan: &Scan<'_>, end: usize) -> bool {
    scan.byte(end) == b'@'
        || matches!(scan.byte(end), 0 | b'\n')
        || followed_by(
            scan,
            end,
            words![
                "from",
                "logged",
                "failed",
                "not",
                "does",
                "has",
                "was",
                "on",
                "at",
                "using",
                "connected",
                "to",
                "cannot",
                "could",
                "denied",
                "in",
            ],
        )
}

/// Log lines: `user jdoe logged in`, `user jdoe from 192.0.2.1`.
fn logged(scan: &Scan<'_>, value: &str, end: usize) -> bool {
    let from = skip_blanks(scan, end);
    let word = word_end(scan, from);
    let digit = scan.byte(skip_blanks(scan, word)).is_ascii_digit();
    let told = match scan.slice(from, word) {
        "logged" => true,
        "from" => digit,
        _ => false,
    };
    told && !value.ends_with("ly")
        && !is_one_of(
            value,
            words!["just", "who", "never", "once", "input", "data"],
        )
}

/// `name:` or `name=` follows the value.
fn next_field(scan: &Scan<'_>, end: usize) -> bool {
    let from = skip_blanks(scan, end);
    let word = word_end(scan, from);
    word > from && matches!(scan.byte(word), b':' | b'=')
}

/// The word after the value starts the next field: `login: jdoe password: …`, `username: jdoe | …`.
fn single(scan: &Scan<'_>, end: usize) -> bool {
    let from = skip_blanks(scan, end);
    let word = word_end(scan, from);
    let next = scan.slice(from, word);
    word == from
        || next_field(scan, end)
        || is_one_of(
            next,
            words![
                "and", "with", "password", "pass", "pwd", "from", "on", "y", "et", "und",
            ],
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pii::testing::{assert_found, assert_linear, assert_none};

    #[test]
    fn finds_user_names() {
        assert_found(
            &RECOGNIZER,
            &[
                ("User jsmith logged in", "jsmith"),
                (
                    "Your username is bdavies and your password follows",
                    "bdavies",
                ),
                ("login: yjackson / pwd", "yjackson"),
                ("Login failed for user 'tammy' from 192.0.2.1", "tammy"),
                (
                    "sshd[9]: Accepted password for kryan from 192.0.2.1",
                    "kryan",
                ),
                (
                    "Failed password for invalid user oracle from 192.0.2.1",
                    "oracle",
                ),
                (
                    "192.0.2.1 - heidi [10/Oct/2023:13:55:36 +0000] \"GET / HTTP/1.1\"",
                    "heidi",
                ),
                ("mac 00:1b user andrew489", "andrew489"),
                ("| Username | jdoe |\n", "jdoe"),
                ("用户名是jdoe42", "jdoe42"),
                ("for user admin from 192.0.2.1", "admin"),
                ("username: jdoe", "jdoe"),
                ("user=jdoe42;", "jdoe42"),
                ("my username is jdoe42.", "jdoe42"),
                ("user: jdoe", "jdoe"),
                ("login as root", "root"),
                ("{\"username\":\"jane.doe\"}", "jane.doe"),
                ("logged in as jane_doe", "jane_doe"),
                ("username=jane&password=x", "jane"),
                ("My handle is @jane_doe!", "jane_doe"),
                ("Benutzername: jdoe", "jdoe"),
                ("usuario: jdoe99", "jdoe99"),
                ("nom d'utilisateur : jdoe", "jdoe"),
                ("用户名:jane88", "jane88"),
                ("<username>jdoe</username>", "jdoe"),
                ("'user': 'jdoe'", "jdoe"),
                ("username = \"jdoe\"", "jdoe"),
                ("username jdoe42 and", "jdoe42"),
                ("login: jdoe password: x", "jdoe"),
                ("**Username:** jdoe", "jdoe"),
                ("user_id=jd-7", "jd-7"),
                ("sign in as jdoe with", "jdoe"),
                ("screen name: JaneTheGreat", "JaneTheGreat"),
                ("Username: JDoe\n", "JDoe"),
                ("логин: jdoe", "jdoe"),
                ("db_user=app_rw", "app_rw"),
            ],
        );
    }

    #[test]
    fn leaves_other_text_alone() {
        assert_none(
            &RECOGNIZER,
            &[
                "192.0.2.1 - - [10/Oct/2023:13:55:36 +0000]",
                "the username is case-insensitive.",
                "| Username | Role |\n|---|---|\n",
                "user clicked on button 4",
                "the username is visible and editable",
                "Failed password for the third time",
                "call(user=use_user_site)",
                "the user just logged in",
                "user input from 5 forms",
                "username is required",
                "the user is happy",
                "User: Hello there",
                "user: What is this",
                "username: <username>",
                "username=$USER",
                "user = request.user",
                "user=get_user()",
                "\"username\": \"string\"",
                "username: string",
                "user name",
                "invalid username or password",
                "login as a guest",
                "login as the admin",
                "username = user_name",
                "username: ${user}",
                "user login page",
                "Username already taken",
                "users: 12",
                "\"user\": {\"id\": 1}",
                "username must be unique",
                "user=None",
                "username: jane@example.com",
                "username: str,",
                "this.user = user;",
                "enter your username.",
                "username: ****",
                "handle errors",
                "the username is invalid",
                "handle: The case",
                "username and password",
                "user interface",
            ],
        );
    }

    #[test]
    fn hostile_text_costs_linear_time() {
        assert_linear(
            &RECOGNIZER,
            &["user", "user ", "user=", "user: a.", "login as "],
        );
    }
}
