//! EMAIL: an Internet mail address.
//!
//! Rule: at an `@`, a local part to its left and a domain to its right. Local part: letters of one script,
//! digits and `._%+-`, an apostrophe or `!#$^~` between letters or digits, at most 64 bytes; or a quoted
//! string, whose quotes belong to the address. Domain: two or more labels of at most 63 bytes, the last of
//! letters only (or `xn--…`), or an address literal in brackets. `=`, `/`, `&` and the other signs that RFC
//! 5322 allows end the local part, since in real text they separate keys, paths and parameters.
//! International addresses take non-ASCII letters; a change of script ends the address, so that
//! unspaced text around it (`邮箱jane@example.com`) stays outside.
//!
//! No finding: `@handle`, `@user@server` handles, URL user information, `git@host:path` and
//! `user@host:/path` of ssh, package versions (`left-pad@1.3.0`, `sinatra@4.0.0.alpha`; `163.example` is a
//! host), file names (`icon@2x.png`), hosts without a dot.
//!
//! Context words: none are needed, the shape decides. Sources: RFC 5321 section 4.5.3.1 (lengths), RFC 5322
//! section 3.4.1, RFC 6531 (international), RFC 1035 section 2.3.1 (labels).

use super::shape::{Script, is_one_of, is_word, script};
use super::{Candidate, Found, Lengths, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;
use crate::text::{is_alphabetic, is_alphanumeric, is_lowercase, is_uppercase};
use crate::words::{Words, words};

/// Endings of files that are no top-level domains: `icon@2x.png`.
const FILE_ENDINGS: Words = words![
    "png", "jpg", "jpeg", "gif", "svg", "webp", "js", "ts", "jsx", "tsx", "css", "html", "json",
    "txt", "xml", "yaml", "yml", "pdf",
];

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: PiiType::Email,
    verdict: Verdict::Decides,
    threshold: 500,
    triggers: Trigger::At.bit(),
    lengths: Lengths::ANY,
    called_by: &[],
    reads: &[],
    recognize,
};

fn recognize(scan: &Scan<'_>, at: Candidate, found: &mut Found) {
    let Some(start) = local_start(scan, at.start) else {
        return;
    };
    let Some(end) = domain_end(scan, at.end) else {
        return;
    };
    let start = trim_emphasis(scan, start, end);
    let local = scan.slice(start, at.start);
    if local.is_empty() {
        return;
    }
    if rule!("pii.email.handle") && scan.byte_before(start) == b'@' {
        return;
    }
    if rule!("pii.email.userinfo") && is_userinfo(scan, start) {
        return;
    }
    if rule!("pii.email.ssh-path") && is_ssh_path(scan, local, end) {
        return;
    }
    found.push(PiiType::Email, start, end, 950);
}

/// The start of the local part that ends at `at`.
fn local_start(scan: &Scan<'_>, at: usize) -> Option<usize> {
    if scan.byte_before(at) == b'"' {
        return quoted_start(scan, at);
    }
    let mut start = at;
    let mut seen = Script::Neutral;
    let mut next = '@';
    while let Some(c) = scan.char_before(start) {
        let this = script(c);
        let letter = this != Script::Neutral;
        if letter && seen != Script::Neutral && this != seen {
            break;
        }
        let joins =
            |c: char| is_alphanumeric(next) && before(scan, start, c).is_some_and(is_alphanumeric);
        let allowed = is_word(c)
            || matches!(c, '_' | '%' | '+' | '-')
            || (c == '.' && next != '.' && next != '@')
            || (matches!(c, '\'' | '!' | '#' | '$' | '^' | '~') && joins(c));
        if !allowed {
            break;
        }
        if letter {
            seen = this;
        }
        next = c;
        start = start.saturating_sub(c.len_utf8());
        if rule!("pii.email.local-length") && at.saturating_sub(start) > 64 {
            return None;
        }
    }
    while matches!(scan.byte(start), b'.' | b'-' | b'+' | b'%') {
        start = start.saturating_add(1);
    }
    Some(start)
}

/// The character before the character `c` that ends at `at`.
fn before(scan: &Scan<'_>, at: usize, c: char) -> Option<char> {
    scan.char_before(at.saturating_sub(c.len_utf8()))
}

/// The opening quote of the quoted local part whose closing quote ends at `at`.
fn quoted_start(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let close = at.saturating_sub(1);
    let first = close.saturating_sub(64);
    let mut start = close;
    while start > first {
        start = start.saturating_sub(1);
        match scan.byte(start) {
            b'\n' | b'<' | b'>' => return None,
            b'"' if scan.byte_before(start) != b'\\' => {
                let filled = start.saturating_add(1) < close;
                return (filled && !scan.char_before(start).is_some_and(is_word)).then_some(start);
            }
            _ => {}
        }
    }
    None
}

/// The end of the domain that starts at `at`.
fn domain_end(scan: &Scan<'_>, at: usize) -> Option<usize> {
    if scan.byte(at) == b'[' {
        return literal_end(scan, at);
    }
    let mut from = at;
    let mut labels = 0_u32;
    let mut letters = false;
    let mut best = None;
    while labels < 32 {
        let end = label_end(scan, from);
        let label = scan.slice(from, end);
        if label.is_empty() || label.len() > 63 || from.saturating_sub(at) > 255 {
            break;
        }
        // "… jane@example.com.Please reply": a capital after a finished domain starts a sentence.
        let sentence = best.is_some()
            && label.chars().next().is_some_and(is_uppercase)
            && label.chars().any(is_lowercase);
        if rule!("pii.email.sentence") && sentence {
            break;
        }
        // "3.2.1.beta" is a version; one label of digits is a host's name.
        let host = letters || labels == 1 || !rule!("pii.email.version");
        if labels > 0 && is_top_level(label) && host {
            best = Some(end);
        }
        labels = labels.saturating_add(1);
        letters |= label.chars().any(is_alphabetic);
        if scan.byte(end) != b'.' {
            break;
        }
        from = end.saturating_add(1);
    }
    best
}

/// The end of the domain label at `at`: letters of one script, digits, inner hyphens.
fn label_end(scan: &Scan<'_>, at: usize) -> usize {
    let mut end = at;
    let mut last = at;
    let mut seen = Script::Neutral;
    while let Some(c) = scan.char_at(end) {
        let this = script(c);
        let foreign = this != Script::Neutral && seen != Script::Neutral && this != seen;
        if foreign || !(is_word(c) || (c == '-' && end > at)) || end.saturating_sub(at) > 64 {
            break;
        }
        if this != Script::Neutral {
            seen = this;
        }
        end = end.saturating_add(c.len_utf8());
        if c != '-' {
            last = end;
        }
    }
    last
}

fn is_top_level(label: &str) -> bool {
    if label
        .get(..4)
        .is_some_and(|p| p.eq_ignore_ascii_case("xn--"))
    {
        return true;
    }
    let letters = label
        .chars()
        .all(|c| is_alphabetic(c) || !c.is_ascii() && is_word(c));
    letters
        && label.chars().nth(1).is_some()
        && !(rule!("pii.email.file-name") && is_one_of(label, FILE_ENDINGS))
}

/// The end of an address literal, `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 section 4.1.3).
fn literal_end(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let mut end = at.saturating_add(1);
    let mut digit = false;
    while end.saturating_sub(at) < 48 {
        let byte = scan.byte(end);
        end = end.saturating_add(1);
        match byte {
            b']' => return digit.then_some(end),
            b'0'..=b'9' => digit = true,
            b'a'..=b'f' | b'A'..=b'F' | b'.' | b':' | b'I' | b'P' | b'v' => {}
            _ => return None,
        }
    }
    None
}

/// `'jane@example.com'`, `_jane@example.com_`: signs around the address are not of it.
fn trim_emphasis(scan: &Scan<'_>, start: usize, end: usize) -> usize {
    let sign = scan.byte(end);
    if sign == b'_' && scan.byte(start) == b'_' {
        return start.saturating_add(1);
    }
    // A string prefix: `f'jane@example.com'`.
    if sign == b'\'' && scan.byte(start.saturating_add(1)) == b'\'' {
        return start.saturating_add(2);
    }
    start
}

/// `https://jane:secret@example.com`: from `://` to here there is nothing but user information.
fn is_userinfo(scan: &Scan<'_>, start: usize) -> bool {
    let first = start.saturating_sub(128);
    let mut at = start;
    while at > first {
        match scan.byte_before(at) {
            b'/' => {
                let slash = at.saturating_sub(1);
                return scan.byte_before(slash) == b'/'
                    && scan.byte_before(slash.saturating_sub(1)) == b':';
            }
            b' ' | b'\n' | b'\t' | b'?' | b'#' | b'"' | b'<' | b'>' => return false,
            _ => at = at.saturating_sub(1),
        }
    }
    false
}

/// `git@github.example:team/project.git`, `root@host.example.com:/var/log`.
fn is_ssh_path(scan: &Scan<'_>, local: &str, end: usize) -> bool {
    if scan.byte(end) != b':' {
        return false;
    }
    let next = scan.byte(end.saturating_add(1));
    let service = is_one_of(local, words!["git", "hg", "svn", "gitea", "org"]);
    matches!(next, b'/' | b'~') || (service && next.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pii::testing::{assert_found, assert_linear, assert_none};

    #[test]
    fn finds_addresses() {
        assert_found(
            &RECOGNIZER,
            &[
                ("Write to jane.doe@example.com.", "jane.doe@example.com"),
                ("<jane@example.com>", "jane@example.com"),
                ("mailto:jane@example.com?subject=hi", "jane@example.com"),
                (
                    "email=jane+news@example.co.uk&x=1",
                    "jane+news@example.co.uk",
                ),
                (
                    "{\"email\":\"j_d-9@mail.example.org\"}",
                    "j_d-9@mail.example.org",
                ),
                ("Jane Doe <o'brien@example.com>, ok", "o'brien@example.com"),
                ("'jane@example.com'", "jane@example.com"),
                ("f'jane@example.com'", "jane@example.com"),
                ("_jane@example.com_", "jane@example.com"),
                ("**jane@example.com**", "jane@example.com"),
                ("邮箱jane@example.com谢谢", "jane@example.com"),
                ("メールはjane@example.co.jpまで", "jane@example.co.jp"),
                ("jane@example.com으로 보내세요", "jane@example.com"),
                ("почта:иван@пример.рф.", "иван@пример.рф"),
                ("用户@例子.广告", "用户@例子.广告"),
                ("José: josé.ñúñez@example.es", "josé.ñúñez@example.es"),
                ("jane@bücher.example", "jane@bücher.example"),
                ("jane@xn--bcher-kva.xn--p1ai", "jane@xn--bcher-kva.xn--p1ai"),
                ("\"jane doe\"@example.com", "\"jane doe\"@example.com"),
                ("jane@163.example", "jane@163.example"),
                ("jane@[192.0.2.1]", "jane@[192.0.2.1]"),
                ("jane@[IPv6:2001:db8::1]", "jane@[IPv6:2001:db8::1]"),
                (
                    "https://example.com/?to=jane@example.com",
                    "jane@example.com",
                ),
                ("jane@example.com:hunter2", "jane@example.com"),
                ("Ask JANE@EXAMPLE.COM!", "JANE@EXAMPLE.COM"),
                ("jane@example.com.Please reply", "jane@example.com"),
                ("a...jane@example.com", "jane@example.com"),
                ("1,Jane,jane@example.com,34", "jane@example.com"),
                ("x!y@example.com", "x!y@example.com"),
                ("jane@example.com's inbox", "jane@example.com"),
            ],
        );
    }

    #[test]
    fn finds_several() {
        let text = "a@example.com,b@example.com;c@example.com";
        let values = crate::pii::testing::values(&RECOGNIZER, text);
        assert_eq!(values, ["a@example.com", "b@example.com", "c@example.com"]);
    }

    #[test]
    fn leaves_other_text_alone() {
        assert_none(
            &RECOGNIZER,
            &[
                "@jane",
                "follow @jane.doe now",
                "@jane@social.example",
                "root@localhost",
                "a @ b.com",
                "jane@",
                "@example.com",
                "jane@example",
                "jane@.com",
                "jane@example..com",
                "npm i left-pad@1.3.0",
                "@scope/pkg@12.0.1",
                "icon@2x.png",
                "vendor@3.2.1.beta",
                "https://jane:pw@example.com/x",
                "ftp://jane@example.com",
                "git@github.example.com:team/p.git",
                "scp root@host.example.com:/var/log .",
                "@app.route('/x')",
                "5 apples @ 3.50 each",
                "jane@example.c",
                "user@-example.com",
                "jane.@example.com",
                "jane@1.2.3.4",
                "@media (max-width: 600px) { a { b: c } }",
                "@Override public void run() {}",
            ],
        );
    }

    #[test]
    fn length_limits() {
        let long = alloc::format!("{}@example.com", "a".repeat(64));
        assert_found(&RECOGNIZER, &[(&long, &long)]);
        assert_none(
            &RECOGNIZER,
            &[&alloc::format!("{}@example.com", "a".repeat(65))],
        );
        assert_none(
            &RECOGNIZER,
            &[&alloc::format!("jane@{}.com", "a".repeat(64))],
        );
    }

    #[test]
    fn hostile_text_costs_linear_time() {
        assert_linear(&RECOGNIZER, &["@", "a@", "a@b.", "a.a.a.a", "\"@"]);
    }
}
