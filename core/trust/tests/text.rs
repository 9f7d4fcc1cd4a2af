//! The readers of text: JSON and its canonical form, times, hexadecimal, path patterns.

use edgerail_trust::json::{self, MAX_DEPTH};
use edgerail_trust::{date, glob, text};

#[test]
fn canonical_json_is_that_of_the_other_tools() {
    for (given, canonical) in [
        ("null", "null"),
        (" [ ] ", "[]"),
        ("{ }", "{}"),
        (
            r#"{"b":1,"a":[true,false,null,{"z":-5,"y":""}]}"#,
            r#"{"a":[true,false,null,{"y":"","z":-5}],"b":1}"#,
        ),
        // Only quotes and backslashes are escaped; control characters stand as they are.
        (
            r#""\"\\\/\b\f\n\r\t\u0041\u00e9""#,
            "\"\\\"\\\\/\u{8}\u{c}\n\r\tA\u{e9}\"",
        ),
        (r#""\ud83d\ude00""#, "\"\u{1f600}\""),
        // The order is that of code points, not of UTF-16 and not of the escaped names.
        (
            r#"{"\ud83d\ude00":1,"\uff5e":2,"a\"":3,"a!":4,"a#":5,"":6}"#,
            "{\"\":6,\"a!\":4,\"a\\\"\":3,\"a#\":5,\"\u{ff5e}\":2,\"\u{1f600}\":1}",
        ),
        (
            "[0,-1,18446744073709551615,-9223372036854775808]",
            "[0,-1,18446744073709551615,-9223372036854775808]",
        ),
    ] {
        let value = json::parse(given.as_bytes()).expect(given);
        assert_eq!(
            String::from_utf8(value.canonical()).expect("UTF-8"),
            canonical,
            "{given}"
        );
        let again = value.canonical();
        if !canonical.bytes().any(|byte| byte < 0x20) {
            assert_eq!(json::parse(&again).expect(canonical), value);
        }
    }
}

#[test]
fn what_readers_take_differently_is_refused() {
    for bad in [
        "",
        " ",
        "nul",
        "True",
        "'a'",
        "{a:1}",
        "[1,]",
        "[,1]",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\":}",
        "[1 2]",
        "1 2",
        "//\n1",
        "01",
        "-0",
        "-",
        "+1",
        ".5",
        "1.",
        "1.0",
        "1e3",
        "1E3",
        "0x1",
        "NaN",
        "Infinity",
        "-01",
        "18446744073709551616",
        "-9223372036854775809",
        "99999999999999999999999",
        "\"",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\n\"",
        "\"\u{0}\"",
        "\"\\u12g4\"",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"b\":1,\"a\":2,\"b\":3}",
        "\u{feff}1",
        "1\u{a0}",
    ] {
        let error = json::parse(bad.as_bytes()).expect_err(bad);
        assert_eq!(error.code(), "json", "{bad}");
    }
    for bad in [
        &b"\"\xff\""[..],
        b"\"\xc0\xaf\"",
        b"\"\xed\xa0\x80\"",
        b"\xef\xbb\xbf1",
    ] {
        assert!(json::parse(bad).is_err());
    }
    assert_eq!(
        json::parse(b"{\"a\": tru}").expect_err("no value").place,
        "byte 6"
    );
}

#[test]
fn depth_and_number_of_values_are_bounded() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(json::parse(deep(MAX_DEPTH).as_bytes()).is_ok());
    assert!(json::parse(deep(MAX_DEPTH + 1).as_bytes()).is_err());
    let many = |count: usize| format!("[{}0]", "0,".repeat(count));
    assert!(json::parse(many(4000).as_bytes()).is_ok());
    assert!(json::parse(many(100_000).as_bytes()).is_err());
}

#[test]
fn members_are_found_in_any_order() {
    // Descending names of many lengths, which takes the sort through its paths.
    for count in [0_usize, 1, 2, 3, 10, 257] {
        let members: Vec<String> = (0..count)
            .rev()
            .map(|number| format!("\"{number:04}\":{number}"))
            .collect();
        let text = format!("{{{}}}", members.join(","));
        let value = json::parse(text.as_bytes()).expect("JSON");
        for number in 0..count {
            let member = value
                .member(&format!("{number:04}"))
                .and_then(json::Value::as_u64);
            assert_eq!(member, u64::try_from(number).ok());
        }
        assert!(value.member("x").is_none());
    }
    let value = json::parse(b"[-1,1]").expect("JSON");
    let numbers: Vec<_> = value
        .as_array()
        .expect("an array")
        .iter()
        .map(json::Value::as_u64)
        .collect();
    assert_eq!(numbers, [None, Some(1)]);
}

#[test]
fn times_have_one_form() {
    for (time, seconds) in [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59Z", 0),
        ("0000-01-01T00:00:00Z", 0),
        ("2000-02-29T12:34:56Z", 951_827_696),
        ("2026-11-21T18:00:00Z", 1_795_284_000),
        ("2038-01-19T03:14:08Z", 2_147_483_648),
        ("2100-03-01T00:00:00Z", 4_107_542_400),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
    ] {
        assert_eq!(date::parse(time), Some(seconds), "{time}");
    }
    for bad in [
        "",
        "2026-11-21",
        "2026-11-21T18:00:00",
        "2026-11-21T18:00:00z",
        "2026-11-21t18:00:00Z",
        "2026-11-21 18:00:00Z",
        "2026-11-21T18:00:00+00:00",
        "2026-11-21T18:00:00.0Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z",
        "+026-01-01T00:00:00Z",
        "2026-01-01T00:00:0\u{661}Z",
        "20260-1-01T00:00:00Z",
        " 026-01-01T00:00:00Z",
    ] {
        assert_eq!(date::parse(bad), None, "{bad}");
    }
}

#[test]
fn hexadecimal_has_one_form() {
    assert_eq!(text::from_hex("00ff10"), Some(vec![0, 255, 16]));
    assert_eq!(text::from_hex(""), Some(vec![]));
    for bad in ["0", "0g", "FF", "aA", " 0", "0x", "\u{e9}"] {
        assert_eq!(text::from_hex(bad), None, "{bad}");
    }
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(text::from_hex(&text::to_hex(&all)), Some(all));
    assert_eq!(
        text::percent_encoded("a-Z_0.~/ %é"),
        "a-Z_0.~%2F%20%25%C3%A9"
    );
}

#[test]
fn patterns_match_as_python_tuf_does() {
    for (pattern, name, matches) in [
        ("*", "a", true),
        ("*", "", true),
        ("*", "a/b", false),
        ("*/*", "a/b", true),
        ("*/*", "a/b/c", false),
        ("a", "a", true),
        ("a", "A", false),
        ("", "", true),
        ("", "a", false),
        ("a*c", "abbbc", true),
        ("a*c", "abbb", false),
        ("a*b*c", "aXbYbZc", true),
        ("*.bundle", "x.bundle", true),
        ("*.bundle", "x.bundle.gz", false),
        ("**", "abc", true),
        ("**", "a/c", false),
        ("?", "é", true),
        ("?", "", false),
        ("??", "é", false),
        ("?", "/", false),
        ("a?c", "a/c", false),
        ("[a-c]x", "bx", true),
        ("[a-c]x", "dx", false),
        ("[!a-c]x", "dx", true),
        ("[!a-c]x", "ax", false),
        ("[^a]", "^", true),
        ("[^a]", "a", true),
        ("[^a]", "b", false),
        ("[]a]", "]", true),
        ("[]a]", "a", true),
        ("[!]a]", "]", false),
        ("[!]a]", "b", true),
        ("[a-]", "-", true),
        ("[-a]", "-", true),
        ("[c-a]", "b", false),
        ("[a-c-e]", "d", false),
        ("[a-c-e]", "-", true),
        ("[", "[", true),
        ("[a", "[a", true),
        ("[a", "a", false),
        ("[!", "[!", true),
        ("[]", "[]", true),
        ("[!]", "[!]", true),
        ("[a/b]", "[a/b]", true),
        ("[a/b]", "a", false),
        ("\\*", "\\x", true),
        ("\\*", "*", false),
        ("{a,b}", "a", false),
        ("{a,b}", "{a,b}", true),
        ("/a", "a", false),
        ("a/", "a", false),
        ("*[0-9]", "x10", true),
        ("*[0-9]*z", "a1b2z", true),
    ] {
        assert_eq!(glob::matches(pattern, name), matches, "{pattern} {name}");
    }
    // Many stars against a name that nearly matches: no more than pattern times name steps.
    let pattern = "*a".repeat(2_000) + "b";
    assert!(!glob::matches(&pattern, &"a".repeat(20_000)));
}

/// Every day of 400 years, after which the calendar begins anew, is a day after the one before, and no other day exists.
#[test]
fn days_follow_each_other() {
    let mut expected = 0;
    for year in 1970..2370_u32 {
        for month in 1..=12 {
            let days = (1..=31)
                .filter_map(|day| date::parse(&format!("{year:04}-{month:02}-{day:02}T00:00:00Z")))
                .collect::<Vec<_>>();
            for seconds in days {
                assert_eq!(seconds, expected, "{year}-{month}");
                expected += 86_400;
            }
        }
    }
    assert_eq!(expected, 146_097 * 86_400);
    assert_eq!(date::parse("0000-02-29T12:00:00Z"), Some(0));
    assert_eq!(date::parse("1900-02-29T12:00:00Z"), None);
}

#[test]
fn a_cut_is_at_the_first_of_the_characters() {
    assert_eq!(text::cut("é/b/c", b'/'), Some(("é", "b/c")));
    assert_eq!(text::cut("/", b'/'), Some(("", "")));
    assert_eq!(text::cut("abc", b'/'), None);
    assert_eq!(text::cut("", b'/'), None);
}
