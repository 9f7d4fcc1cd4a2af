//! IP_ADDRESS: an IPv4 or IPv6 address.
//!
//! Rule, IPv4: four decimal octets 0–255 without leading zeros, joined by dots, no part of a longer dotted
//! run. Rule, IPv6: the forms of RFC 4291 section 2.2, `::` and an IPv4 tail included; a zone (`%eth0`, RFC
//! 4007) is of the span. Outside the span: brackets, the port, and the prefix length of CIDR (`/24`), which
//! says something about a network and not about the address.
//!
//! Negative context: a version word just before (`version 1.2.3.4`), a product before a slash
//! (`Chrome/120.0.0.0`), letters and a hyphen around (`app-1.2.3.4.jar`), small numbers that head a line (a
//! section number). Not IPv6: clock times, `a::b` of program code (without a digit or with short groups),
//! slices (`x[::1]`), eight pairs (an EUI-64).
//!
//! Context words: `ip`, `host`, `server` … Sources: RFC 791, RFC 4291 section 2.2, RFC 4007, RFC 5952.

use super::shape::digits_end;
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

const NEAR: Lexicon = Lexicon::context(PiiType::IpAddress);
const VERSION: Lexicon = Lexicon::negative(PiiType::IpAddress);

pub(crate) const CONTEXT: &[&str] = &[
    "ip",
    "ips",
    "ipv4",
    "ipv6",
    "ip address",
    "ip_address",
    "ipaddress",
    "addr",
    "inet",
    "inet6",
    "host",
    "server",
    "gateway",
    "dns",
    "subnet",
    "client",
    "remote_addr",
    "x-forwarded-for",
    "adresse ip",
    "dirección ip",
    "ip-adresse",
    "indirizzo ip",
];

pub(crate) const NEGATIVE: &[&str] = &[
    "version",
    "versions",
    "ver",
    "v",
    "release",
    "releases",
    "build",
    "firmware",
    "revision",
    "rev",
    "section",
    "sections",
    "chapter",
    "clause",
    "paragraph",
    "figure",
    "table",
    "appendix",
    "article",
    "step",
    "oid",
    "assemblyversion",
    "fileversion",
    "assemblyfileversion",
    "productversion",
    "upgrade to",
    "upgraded to",
    "updated to",
    "update to",
    "versión",
    "versione",
    "versão",
    "patch",
    "downgrade to",
];

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: PiiType::IpAddress,
    verdict: Verdict::Decides,
    threshold: 500,
    triggers: Trigger::Digits.bit() | Trigger::Colon.bit(),
    lengths: Lengths::range(1, 3),
    called_by: &[],
    reads: &[NEAR, VERSION],
    recognize,
};

fn recognize(scan: &Scan<'_>, at: Candidate, found: &mut Found) {
    match at.trigger {
        Trigger::Digits => v4(scan, at.start, at.end, found),
        _ => v6(scan, at.start, found),
    }
}

fn v4(scan: &Scan<'_>, start: usize, token_end: usize, found: &mut Found) {
    if token_end.saturating_sub(start) > 3 || scan.byte(token_end) != b'.' {
        return;
    }
    let Some((end, octets)) = octets(scan, start) else {
        return;
    };
    if !starts_clean(scan, start) || !ends_clean(scan, end) {
        return;
    }
    // An IPv4 tail of an IPv6 address is found with it.
    if scan.byte_before(start) == b':' && v6_owns(scan, start) {
        return;
    }
    let version = scan
        .hit_before(VERSION, start, 32)
        .filter(|hit| joined(scan, hit.end, start));
    if rule!("pii.ip.version-word") && version.is_some() {
        return;
    }
    let near = scan.near(NEAR, start, end).is_some();
    let heading = heads_line(scan, start) && octets.iter().all(|o| *o < 30);
    let titled = scan.byte(end) == b' ' && scan.byte(end.saturating_add(1)).is_ascii_alphabetic();
    if rule!("pii.ip.section-number") && !near && heading && titled {
        return;
    }
    found.push(PiiType::IpAddress, start, end, if near { 950 } else { 800 });
}

/// The end of four octets, and the octets.
fn octets(scan: &Scan<'_>, start: usize) -> Option<(usize, [u16; 4])> {
    let mut octets = [0_u16; 4];
    let mut at = start;
    for (index, octet) in octets.iter_mut().enumerate() {
        if index > 0 {
            if scan.byte(at) != b'.' {
                return None;
            }
            at = at.saturating_add(1);
        }
        let end = digits_end(scan, at);
        let digits = scan.slice(at, end);
        let zero = digits.len() > 1 && digits.starts_with('0');
        if digits.len() > 3 || (rule!("pii.ip.leading-zero") && zero) {
            return None;
        }
        *octet = digits.parse().ok()?;
        if rule!("pii.ip.octet") && *octet > 255 {
            return None;
        }
        at = end;
    }
    Some((at, octets))
}

fn starts_clean(scan: &Scan<'_>, start: usize) -> bool {
    let before = scan.byte_before(start);
    let second = scan.byte_before(start.saturating_sub(1));
    match before {
        b'.' | b'_' | b'$' => false,
        b'-' => !(rule!("pii.ip.hyphen") && second.is_ascii_alphabetic()),
        b'/' => !(rule!("pii.ip.product") && second.is_ascii_alphabetic()),
        _ => true,
    }
}

fn ends_clean(scan: &Scan<'_>, end: usize) -> bool {
    let next = scan.byte(end.saturating_add(1));
    match scan.byte(end) {
        b'.' => !(rule!("pii.ip.dotted-run") && next.is_ascii_alphanumeric()),
        b'-' => !(rule!("pii.ip.hyphen") && next.is_ascii_alphabetic()),
        b'_' => false,
        byte => !byte.is_ascii_alphanumeric(),
    }
}

/// Only signs that join a word to its number lie between.
fn joined(scan: &Scan<'_>, from: usize, to: usize) -> bool {
    let between = scan.slice(from, to);
    between.len() <= 8
        && between
            .bytes()
            .all(|b| matches!(b, b' ' | b':' | b'=' | b'.' | b'"' | b'(' | b'#' | b'\''))
}

/// Nothing but a `#`, `-` or `*` and blanks between the start of the line and here.
fn heads_line(scan: &Scan<'_>, start: usize) -> bool {
    let mut at = start;
    while start.saturating_sub(at) < 8 && matches!(scan.byte_before(at), b' ' | b'#' | b'*' | b'-')
    {
        at = at.saturating_sub(1);
    }
    matches!(scan.byte_before(at), 0 | b'\n')
}

fn v6(scan: &Scan<'_>, colon: usize, found: &mut Found) {
    let Some(start) = v6_start(scan, colon) else {
        return;
    };
    let Some(mut end) = v6_at(scan, start) else {
        return;
    };
    if scan.byte(end) == b'%' {
        let mut zone = end.saturating_add(1);
        while (scan.byte(zone).is_ascii_alphanumeric()
            || matches!(scan.byte(zone), b'.' | b'_' | b'-'))
            && zone.saturating_sub(end) < 17
        {
            zone = zone.saturating_add(1);
        }
        while scan.byte_before(zone) == b'.' {
            zone = zone.saturating_sub(1);
        }
        if zone > end.saturating_add(1) {
            end = zone;
        }
    }
    found.push(PiiType::IpAddress, start, end, 900);
}

/// The start of the address whose first colon is at `colon`.
fn v6_start(scan: &Scan<'_>, colon: usize) -> Option<usize> {
    let mut start = colon;
    while scan.byte_before(start).is_ascii_hexdigit() {
        start = start.saturating_sub(1);
        if colon.saturating_sub(start) > 4 {
            return None;
        }
    }
    let before = scan.byte_before(start);
    let slice = before == b'['
        && scan
            .byte_before(start.saturating_sub(1))
            .is_ascii_alphanumeric();
    let clean = !before.is_ascii_alphanumeric()
        && !matches!(before, b':' | b'.' | b'_' | b'$' | b')' | b']')
        // `Vec<u8>::add` is a path, `<ip>fe80::1</ip>` an address.
        && (before != b'>' || start < colon);
    (clean && !(rule!("pii.ip.slice") && slice)).then_some(start)
}

/// Whether the IPv4 address at `start` is the tail of an IPv6 address.
fn v6_owns(scan: &Scan<'_>, start: usize) -> bool {
    let mut at = start;
    while start.saturating_sub(at) < 40
        && (scan.byte_before(at).is_ascii_hexdigit() || scan.byte_before(at) == b':')
    {
        at = at.saturating_sub(1);
    }
    v6_at(scan, at).is_some_and(|end| end > start)
}

/// The end of the IPv6 address at `start`.
fn v6_at(scan: &Scan<'_>, start: usize) -> Option<usize> {
    let (mut at, mut groups, mut gap, mut longest, mut digit) =
        (start, 0_u32, false, 0_usize, false);
    let (mut pairs, mut tail) = (true, false);
    if scan.slice(at, at.saturating_add(2)) == "::" {
        gap = true;
        at = at.saturating_add(2);
    }
    while groups < 8 {
        if let Some((end, _)) = octets(scan, at).filter(|_| gap || groups == 6) {
            groups = groups.saturating_add(2);
            at = end;
            tail = true;
            digit = true;
            break;
        }
        let mut end = at;
        while scan.byte(end).is_ascii_hexdigit() && end.saturating_sub(at) < 5 {
            end = end.saturating_add(1);
        }
        let width = end.saturating_sub(at);
        if width == 0 {
            break;
        }
        if width > 4 {
            return None;
        }
        digit |= scan.slice(at, end).bytes().any(|b| b.is_ascii_digit());
        longest = longest.max(width);
        pairs &= width == 2;
        groups = groups.saturating_add(1);
        at = end;
        if scan.byte(at) != b':' || groups == 8 {
            break;
        }
        let next = scan.byte(at.saturating_add(1));
        if next == b':' {
            if gap {
                return None;
            }
            gap = true;
            at = at.saturating_add(2);
        } else if next.is_ascii_hexdigit() {
            at = at.saturating_add(1);
        } else {
            break;
        }
    }
    let complete = if gap { groups < 8 } else { groups == 8 };
    let after = scan.byte(at);
    let next = scan.byte(at.saturating_add(1));
    let clean = match after {
        b':' => !next.is_ascii_hexdigit() && next != b':',
        b'.' => !next.is_ascii_digit(),
        byte => !byte.is_ascii_alphanumeric() && byte != b'_',
    };
    if !complete || !clean || groups == 0 {
        return None;
    }
    if rule!("pii.ip.eui64") && pairs && !gap {
        return None;
    }
    let loopback = scan.slice(start, at) == "::1";
    let likely =
        digit && (longest >= 3 || groups >= 4) || longest == 4 && groups >= 2 || loopback || tail;
    (likely || !rule!("pii.ip.code-path")).then_some(at)
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
                ("from 192.0.2.17.", "192.0.2.17"),
                (
                    "192.0.2.1 - - [10/Oct/2023:13:55:36 +0000] \"GET /\"",
                    "192.0.2.1",
                ),
                ("ip=198.51.100.7;", "198.51.100.7"),
                ("{\"ip\":\"203.0.113.9\"}", "203.0.113.9"),
                ("http://192.0.2.1:8080/x", "192.0.2.1"),
                ("inet 10.0.0.1/24 brd", "10.0.0.1"),
                ("the host 8.8.8.8, please", "8.8.8.8"),
                ("0.0.0.0", "0.0.0.0"),
                ("255.255.255.255", "255.255.255.255"),
                ("(127.0.0.1)", "127.0.0.1"),
                ("jane,192.0.2.1,34", "192.0.2.1"),
                ("服务器 192.0.2.1。", "192.0.2.1"),
                (
                    "fe80::1ff:fe23:4567:890a%eth0 up",
                    "fe80::1ff:fe23:4567:890a%eth0",
                ),
                ("2001:db8::1", "2001:db8::1"),
                ("2001:DB8::", "2001:DB8::"),
                ("[2001:db8::8a2e:370:7334]:443", "2001:db8::8a2e:370:7334"),
                (
                    "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
                    "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
                ),
                ("::ffff:192.0.2.128", "::ffff:192.0.2.128"),
                ("listen on ::1, ok", "::1"),
                ("[::1]:80", "::1"),
                ("64:ff9b::192.0.2.33", "64:ff9b::192.0.2.33"),
                ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
                ("ip: 2001:db8::2/64", "2001:db8::2"),
                ("地址2001:db8::1。", "2001:db8::1"),
                ("fe80::1: unreachable", "fe80::1"),
            ],
        );
    }

    #[test]
    fn finds_a_range() {
        let values = crate::pii::testing::values(&RECOGNIZER, "192.0.2.1-192.0.2.9");
        assert_eq!(values, ["192.0.2.1", "192.0.2.9"]);
    }

    #[test]
    fn leaves_other_text_alone() {
        assert_none(
            &RECOGNIZER,
            &[
                "version 1.2.3.4",
                "v10.0.19.1",
                "Version=4.0.0.0, Culture=neutral",
                "1.2.3",
                "1.2.3.4.5",
                "256.1.1.1",
                "192.0.2.01",
                "1.2.3.4-beta",
                "app-1.2.3.4.jar",
                "Chrome/120.0.0.0 Safari",
                "release: 2.4.1.9",
                "[assembly: AssemblyVersion(\"1.0.0.0\")]",
                "3.2.1.4 Overview",
                "## 2.1.3.1 Scope of this text",
                "12:30:45",
                "2024-01-05T10:20:30",
                "std::vec",
                "a::b",
                "x[::1]",
                "abc[1::2]",
                "00:1b:44:11:3a:b7",
                "00:1b:44:ff:fe:11:3a:b7",
                "::",
                "Foo::Bar::baz",
                "div::before",
                "1::2::3",
                "12345::1",
                "10.1.2.3.example.com",
                "192.0.2.x",
                "1.3.6.1.4.1.311",
                "5.10.2024",
                "1:2:3:4:5:6:7",
                "face::",
                "192.0.2.1a",
            ],
        );
    }

    #[test]
    fn hostile_text_costs_linear_time() {
        assert_linear(
            &RECOGNIZER,
            &[
                ":",
                "a:",
                "1.",
                "1:",
                "::1",
                "f::1:",
                "1.1.1.1 ",
                "::1.1.1.1:",
            ],
        );
    }
}
