//! URL: a web address or another address with a scheme.
//!
//! Rule: a scheme of [`SCHEMES`] (`git+https` and the like too) with `://`, or a bare `www.` name with a
//! top-level domain, then the characters of RFC 3986 and the letters of RFC 3987 (international). User
//! information, port, query and fragment are of the span. The span ends before closing punctuation, before
//! a bracket that was opened outside, before a comma that starts the next column, and, in unspaced
//! scripts, where the script changes directly after an ASCII letter (`https://example.com/a是`).
//!
//! No finding: a scheme without a host, a host that is a placeholder (`https://<host>/`, `https://{host}`),
//! unknown schemes, `mailto:` (EMAIL), a bare `example.com`, a URL inside one already found.
//!
//! Context words: none are needed. Sources: RFC 3986, RFC 3987, the IANA registry of URI schemes.

use super::shape::{Script, is_one_of, is_word, script};
use super::{Candidate, Found, Lengths, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;
use crate::words::{Words, words};

/// Schemes whose URLs name a host.
const SCHEMES: Words = words![
    "http",
    "https",
    "ftp",
    "ftps",
    "sftp",
    "ws",
    "wss",
    "ssh",
    "git",
    "svn",
    "file",
    "s3",
    "gs",
    "ldap",
    "ldaps",
    "rtsp",
    "rtmp",
    "rtmps",
    "irc",
    "ircs",
    "telnet",
    "nfs",
    "smb",
    "afp",
    "dav",
    "webdav",
    "sip",
    "xmpp",
    "mms",
    "nntp",
    "gopher",
    "gemini",
    "ipfs",
    "ipns",
    "magnet",
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "mongodb",
    "redis",
    "rediss",
    "amqp",
    "amqps",
    "mqtt",
    "mqtts",
    "kafka",
    "tcp",
];

/// Longest span, in bytes: the length that servers and browsers agree on.
const MAX: usize = 2048;

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: PiiType::Url,
    verdict: Verdict::Decides,
    threshold: 500,
    triggers: Trigger::Colon.bit() | Trigger::Www.bit(),
    lengths: Lengths::ANY,
    called_by: &[],
    reads: &[],
    recognize,
};

fn recognize(scan: &Scan<'_>, at: Candidate, found: &mut Found) {
    let (start, host) = match at.trigger {
        Trigger::Colon => {
            if scan.byte(at.end) != b'/' || scan.byte(at.end.saturating_add(1)) != b'/' {
                return;
            }
            let Some(start) = scheme_start(scan, at.start) else {
                return;
            };
            (start, at.end.saturating_add(2))
        }
        _ => {
            if matches!(scan.byte_before(at.start), b'/' | b'.' | b'@' | b'-') {
                return;
            }
            (at.start, at.start)
        }
    };
    // Findings come in the order of the text: a URL that reaches past here contains this one.
    let last = found.last_url();
    if rule!("pii.url.nested") && last.is_some_and(|f| f.start < start && start < f.end) {
        return;
    }
    let Some(authority) = authority_end(scan, host, at.trigger == Trigger::Www) else {
        return;
    };
    let end = tail_end(scan, start, authority);
    let end = trim(scan, start, authority, end);
    found.push(PiiType::Url, start, end, 950);
}

/// The start of the known scheme that ends at `colon`.
fn scheme_start(scan: &Scan<'_>, colon: usize) -> Option<usize> {
    let mut start = colon;
    while colon.saturating_sub(start) < 24 {
        match scan.byte_before(start) {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' => start = start.saturating_sub(1),
            _ => break,
        }
    }
    let run = scan.slice(start, colon);
    let base = run.rsplit('+').next().unwrap_or(run);
    if is_one_of(base, SCHEMES) || base.eq_ignore_ascii_case("srv") {
        return Some(start);
    }
    // A word glued to the scheme: `linkhttps://example.com`.
    ["https", "http"]
        .iter()
        .find(|s| run.to_ascii_lowercase().ends_with(**s))
        .map(|s| colon.saturating_sub(s.len()))
}

/// The end of user information, host and port; `None` where there is no host.
fn authority_end(scan: &Scan<'_>, host: usize, www: bool) -> Option<usize> {
    let mut at = userinfo_end(scan, host).unwrap_or(host);
    if scan.byte(at) == b'[' {
        at = at.saturating_add(1);
        while matches!(scan.byte(at), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' | b':' | b'.') {
            at = at.saturating_add(1);
            if at.saturating_sub(host) > 128 {
                return None;
            }
        }
        if scan.byte(at) != b']' {
            return None;
        }
        return Some(port_end(scan, at.saturating_add(1)));
    }
    let (end, dots, top) = host_end(scan, at);
    if end == at {
        // `file:///etc/hosts` has no host, but a path.
        return (scan.byte(at) == b'/' && scan.slice(at.saturating_sub(7), at).starts_with("file"))
            .then_some(at)
            .filter(|_| scan.char_at(at.saturating_add(1)).is_some_and(is_word));
    }
    if www && rule!("pii.url.www-domain") && (dots < 2 || !top) {
        return None;
    }
    Some(port_end(scan, end))
}

/// The end of `user:password@`, if the authority at `at` starts with one.
fn userinfo_end(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let mut end = at;
    while end.saturating_sub(at) < 256 {
        match scan.byte(end) {
            b'@' => return Some(end.saturating_add(1)),
            0..=b' ' | b'/' | b'?' | b'#' | b'"' | b'<' | b'>' | b'`' | b'\\' | 0x7f.. => {
                return None;
            }
            _ => end = end.saturating_add(1),
        }
    }
    None
}

/// The end of the host name at `at`, the dots in it, and whether it ends in letters.
fn host_end(scan: &Scan<'_>, at: usize) -> (usize, usize, bool) {
    let (mut end, mut last) = (at, at);
    let mut seen = Script::Neutral;
    while let Some(c) = scan.char_at(end) {
        let this = script(c);
        let foreign = this == Script::Unspaced
            && !matches!(seen, Script::Neutral | Script::Unspaced)
            || this == Script::Latin && seen == Script::Unspaced;
        let name = is_word(c) || matches!(c, '-' | '_');
        if foreign || !(name || (c == '.' && last == end)) || end.saturating_sub(at) > 255 {
            break;
        }
        end = end.saturating_add(c.len_utf8());
        if c == '.' {
            seen = Script::Neutral;
            continue;
        }
        if this != Script::Neutral {
            seen = this;
        }
        last = end;
    }
    let host = scan.slice(at, last);
    let top = host.rsplit('.').next().unwrap_or(host);
    let letters =
        top.chars().nth(1).is_some() && !top.contains(|c: char| c.is_ascii_digit() || c == '_');
    (last, host.matches('.').count(), letters)
}

fn port_end(scan: &Scan<'_>, at: usize) -> usize {
    let mut end = at.saturating_add(1);
    if scan.byte(at) != b':' {
        return at;
    }
    while scan.byte(end).is_ascii_digit() && end.saturating_sub(at) < 6 {
        end = end.saturating_add(1);
    }
    if end.saturating_sub(at) > 1 { end } else { at }
}

/// The end of path, query and fragment, closing punctuation still with it.
fn tail_end(scan: &Scan<'_>, start: usize, at: usize) -> usize {
    if !matches!(scan.byte(at), b'/' | b'?' | b'#') {
        return at;
    }
    let opener = scan.byte_before(start);
    let (mut end, mut round, mut square, mut query) = (at, 0_u32, 0_u32, false);
    let mut last = '/';
    while let Some(c) = scan.char_at(end) {
        if end.saturating_sub(start) >= MAX {
            break;
        }
        let next = scan.byte(end.saturating_add(1));
        let goes_on = match c {
            '(' => {
                round = round.saturating_add(1);
                true
            }
            ')' => {
                let open = round > 0 || !rule!("pii.url.bracket");
                round = round.saturating_sub(1);
                open
            }
            '[' => {
                square = square.saturating_add(1);
                true
            }
            ']' => {
                let open = square > 0;
                square = square.saturating_sub(1);
                open
            }
            '?' => {
                query = true;
                true
            }
            ',' => {
                let number = last.is_ascii_digit() && matches!(next, b'0'..=b'9' | b'-');
                !rule!("pii.url.column") || number || (query && next.is_ascii_alphanumeric())
            }
            '\'' => opener != b'\'' && next.is_ascii_alphanumeric(),
            '"' | '<' | '>' | '`' | '\\' | '{' | '}' | '|' | '^' => false,
            c if c.is_ascii() => c.is_ascii_graphic(),
            c if script(c) == Script::Unspaced => {
                !rule!("pii.url.script") || !last.is_ascii_alphanumeric()
            }
            c => is_word(c),
        };
        if !goes_on {
            break;
        }
        last = c;
        end = end.saturating_add(c.len_utf8());
    }
    end
}

/// Leaves closing punctuation outside; an opened bracket without its end too.
fn trim(scan: &Scan<'_>, start: usize, least: usize, end: usize) -> usize {
    let mut end = end;
    while end > least {
        let underline = scan.byte_before(end) == b'_' && scan.byte_before(start) == b'_';
        match scan.byte_before(end) {
            b'.' | b',' | b';' | b':' | b'!' | b'?' | b'\'' | b'*' | b'(' | b'[' => {
                if !rule!("pii.url.closing") {
                    break;
                }
                end = end.saturating_sub(1);
            }
            _ if underline => end = end.saturating_sub(1),
            _ => break,
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pii::testing::{assert_found, assert_linear, assert_none};

    #[test]
    fn finds_urls() {
        assert_found(
            &RECOGNIZER,
            &[
                ("See https://example.com.", "https://example.com"),
                ("See https://example.com/.", "https://example.com/"),
                ("(https://example.com/a_(b))", "https://example.com/a_(b)"),
                ("[x](https://example.com/a),", "https://example.com/a"),
                (
                    "<a href=\"https://example.com/a?b=c&d=e#f\">",
                    "https://example.com/a?b=c&d=e#f",
                ),
                ("'https://example.com/a'", "https://example.com/a"),
                ("go to www.example.com, now", "www.example.com"),
                ("WWW.EXAMPLE.COM/Path!", "WWW.EXAMPLE.COM/Path"),
                ("http://localhost:8080/x?y=1", "http://localhost:8080/x?y=1"),
                (
                    "http://jane:pw@example.com:81/x",
                    "http://jane:pw@example.com:81/x",
                ),
                ("http://[2001:db8::1]:80/x", "http://[2001:db8::1]:80/x"),
                (
                    "请访问https://example.com/路径。",
                    "https://example.com/路径",
                ),
                ("网站https://example.com是我们的", "https://example.com"),
                (
                    "https://example.com/path에서 보기",
                    "https://example.com/path",
                ),
                (
                    "https://bücher.example/straße",
                    "https://bücher.example/straße",
                ),
                ("https://пример.рф/путь", "https://пример.рф/путь"),
                ("https://例え.jp/", "https://例え.jp/"),
                (
                    "git+https://example.com/r.git",
                    "git+https://example.com/r.git",
                ),
                (
                    "postgres://u:p@db.example.com/x",
                    "postgres://u:p@db.example.com/x",
                ),
                ("file:///etc/hosts", "file:///etc/hosts"),
                ("a,https://example.com/x,Jane", "https://example.com/x"),
                (
                    "https://example.com/@40.7,-74.0,12z",
                    "https://example.com/@40.7,-74.0,12z",
                ),
                ("https://example.com/?f=a,b", "https://example.com/?f=a,b"),
                (
                    "https://web.example/save/https://example.com/x",
                    "https://web.example/save/https://example.com/x",
                ),
                ("url=ftp://192.0.2.1/a;type=i", "ftp://192.0.2.1/a;type=i"),
                ("_https://example.com/a_", "https://example.com/a"),
                ("https://example.com/a...", "https://example.com/a"),
                ("linkhttps://example.com", "https://example.com"),
            ],
        );
    }

    #[test]
    fn leaves_other_text_alone() {
        assert_none(
            &RECOGNIZER,
            &[
                "https://",
                "http:// example",
                "www.",
                "www.example",
                "www. example.com",
                "www.1.2",
                "foo://bar",
                "std::vec",
                "a:b",
                "12:30",
                "mailto:jane@example.com",
                "https://<host>/a",
                "https://{host}/a",
                "https://${HOST}/a",
                "https://...",
                "example.com",
                "C://windows",
                "note: // comment",
                "http:/example.com",
                "key://value",
                "see :// there",
                "data:text/plain,x",
                "https:// www .",
                "x.www.y",
            ],
        );
    }

    #[test]
    fn hostile_text_costs_linear_time() {
        assert_linear(
            &RECOGNIZER,
            &[
                ":",
                "://",
                "http://",
                "http://a",
                "www.",
                "http://a/(",
                "http://a@",
            ],
        );
    }
}
