//! MAC_ADDRESS: the hardware address of a network interface (EUI-48).
//!
//! Rule: six pairs of hexadecimal digits with `:` or `-` between, the same sign throughout, or three groups of
//! four with dots (Cisco), no part of a longer run. Twelve hexadecimal digits without signs count only
//! directly after a context word.
//!
//! Negative context: pairs of decimal digits with hyphens and groups of four with dots need a context word,
//! since dates and numbers look the same; fingerprints (more than six pairs) and UUIDs are longer runs.
//!
//! Context words: `mac`, `ether`, `bssid` … Source: IEEE 802-2014 section 8 (EUI-48, its two notations).

use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

const NEAR: Lexicon = Lexicon::context(PiiType::MacAddress);

pub(crate) const CONTEXT: &[&str] = &[
    "mac",
    "mac address",
    "mac_address",
    "macaddress",
    "mac-address",
    "hwaddr",
    "ether",
    "bssid",
    "lladdr",
    "hardware address",
    "physical address",
    "wlan",
    "ethernet",
    "adresse mac",
];

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: PiiType::MacAddress,
    verdict: Verdict::Decides,
    threshold: 500,
    triggers: Trigger::Digits.bit() | Trigger::Mixed.bit() | Trigger::Colon.bit(),
    lengths: Lengths::of(&[2, 4, 12]),
    called_by: &[],
    reads: &[NEAR],
    recognize,
};

fn recognize(scan: &Scan<'_>, at: Candidate, found: &mut Found) {
    if at.trigger == Trigger::Colon {
        let start = at.start.saturating_sub(2);
        if hex(scan, start, 2) && hex(scan, at.end, 2) {
            grouped(scan, start, b':', 2, found);
        }
        return;
    }
    match (
        at.end.saturating_sub(at.start),
        scan.byte(at.end),
        scan.byte_before(at.start),
    ) {
        (2, b'-', _) | (2, _, b'-') => grouped(scan, at.start, b'-', 2, found),
        (4, b'.', _) | (4, _, b'.') => grouped(scan, at.start, b'.', 4, found),
        (12, _, _) if hex(scan, at.start, 12) => {
            let label = scan.hit_before(NEAR, at.start, 24);
            let plain = label.is_some_and(|hit| at.start.saturating_sub(hit.end) <= 6);
            if plain || !rule!("pii.mac.bare-context") {
                found.push(PiiType::MacAddress, at.start, at.end, 800);
            }
        }
        _ => {}
    }
}

/// Whether `count` hexadecimal digits stand at `at`.
fn hex(scan: &Scan<'_>, at: usize, count: usize) -> bool {
    let end = at.saturating_add(count);
    scan.slice(at, end).len() == count && scan.slice(at, end).bytes().all(|b| b.is_ascii_hexdigit())
}

/// Reports the address of groups of `width` joined by `sign` that the group at `at` belongs to.
fn grouped(scan: &Scan<'_>, at: usize, sign: u8, width: usize, found: &mut Found) {
    let step = width.saturating_add(1);
    let groups = 12_usize.checked_div(width).unwrap_or(0);
    let mut start = at;
    for _ in 0..groups {
        if scan.byte_before(start) != sign
            || start < step
            || !hex(scan, start.saturating_sub(step), width)
        {
            break;
        }
        start = start.saturating_sub(step);
    }
    let mut end = start;
    for index in 0..groups {
        if index > 0 {
            if scan.byte(end) != sign {
                return;
            }
            end = end.saturating_add(1);
        }
        if !hex(scan, end, width) {
            return;
        }
        end = end.saturating_add(width);
    }
    let before = scan.byte_before(start);
    let after = scan.byte(end);
    let runs_on = after == sign && scan.byte(end.saturating_add(1)).is_ascii_hexdigit();
    let clean = !before.is_ascii_alphanumeric()
        && !after.is_ascii_alphanumeric()
        && before != b'_'
        && after != b'_'
        && !(rule!("pii.mac.longer-run")
            && (before == sign && before_sign_hex(scan, start) || runs_on));
    if !clean {
        return;
    }
    let decimal = !scan
        .slice(start, end)
        .bytes()
        .any(|b| b.is_ascii_alphabetic());
    let near = scan.near(NEAR, start, end).is_some();
    if rule!("pii.mac.decimal") && decimal && sign != b':' && !near {
        return;
    }
    found.push(
        PiiType::MacAddress,
        start,
        end,
        if near { 950 } else { 850 },
    );
}

fn before_sign_hex(scan: &Scan<'_>, start: usize) -> bool {
    scan.byte_before(start.saturating_sub(1))
        .is_ascii_hexdigit()
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
                ("00:1b:44:11:3a:b7", "00:1b:44:11:3a:b7"),
                ("MAC 00-1B-44-11-3A-B7.", "00-1B-44-11-3A-B7"),
                ("001b.4411.3ab7", "001b.4411.3ab7"),
                ("mac=00:00:5e:00:53:af;", "00:00:5e:00:53:af"),
                ("{\"mac\":\"00:00:5E:00:53:01\"}", "00:00:5E:00:53:01"),
                ("ff:ff:ff:ff:ff:ff", "ff:ff:ff:ff:ff:ff"),
                ("aa:bb:cc:dd:ee:ff", "aa:bb:cc:dd:ee:ff"),
                ("AA-BB-CC-DD-EE-01", "AA-BB-CC-DD-EE-01"),
                ("ether 00:11:22:33:44:55  txqueuelen", "00:11:22:33:44:55"),
                ("00:11:22:33:44:55", "00:11:22:33:44:55"),
                ("MAC address: 001B44113AB7", "001B44113AB7"),
                ("mac 00-11-22-33-44-55", "00-11-22-33-44-55"),
                ("(00:1b:44:11:3a:b7)", "00:1b:44:11:3a:b7"),
                ("地址00:1b:44:11:3a:b7。", "00:1b:44:11:3a:b7"),
                ("a,00:1b:44:11:3a:b7,b", "00:1b:44:11:3a:b7"),
                ("<mac>00:1b:44:11:3a:b7</mac>", "00:1b:44:11:3a:b7"),
                ("mac: 1234.5678.9012", "1234.5678.9012"),
                ("aabb.ccdd.ee0f", "aabb.ccdd.ee0f"),
                ("00:1b:44:11:3a:b7: down", "00:1b:44:11:3a:b7"),
                ("de-ad-be-ef-00-01", "de-ad-be-ef-00-01"),
                ("Link 00:1B:44:11:3A:B7-", "00:1B:44:11:3A:B7"),
            ],
        );
    }

    #[test]
    fn leaves_other_text_alone() {
        assert_none(
            &RECOGNIZER,
            &[
                "00:1b:44:11:3a",
                "00:1b:44:11:3a:b7:00",
                "00:1b:44:ff:fe:11:3a:b7",
                "00:1b-44:11:3a:b7",
                "12:30:45",
                "12-11-10-09-08-07",
                "1234.5678.9012",
                "001B44113AB7",
                "0:1b:44:11:3a:b7",
                "00:1g:44:11:3a:b7",
                "123e4567-e89b-12d3-a456-426614174000",
                "2024-01-05T10:20:30",
                "a00:1b:44:11:3a:b7x",
                "x00:1b:44:11:3a:b7",
                "00:1b:44:11:3a:b7f",
                "SHA1 3a:b7:00:1b:44:11:3a:b7:00:1b",
                "00 1b 44 11 3a b7",
                "001b.4411.3ab7.0000",
                "fe80::1b44:113a",
                "deadbeef0123",
                "id 001b44113ab7",
                "00.1b.44.11.3a.b7",
            ],
        );
    }

    #[test]
    fn hostile_text_costs_linear_time() {
        assert_linear(&RECOGNIZER, &["00:", "a0-", "0a1b.", ":", "00-00 "]);
    }
}
