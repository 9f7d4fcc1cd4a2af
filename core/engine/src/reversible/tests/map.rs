//! The stored map.

use super::round_trip::Random;
use super::*;
use std::string::ToString;

const STORED: &str = concat!(
    r#"{"conversation":"c","entries":["#,
    r#"{"key":"EMAIL_1","kind":"value","strict":true,"text":"a@x.org"},"#,
    r#"{"key":"EMAIL_2","kind":"reserved"},"#,
    r#"{"key":"LITERAL_1","kind":"literal","text":"{EMAIL_1}"}],"#,
    r#""format":"edgerail-placeholders","frozen":false,"#,
    r#""labels":[{"builtIn":true,"label":"EMAIL","name":"EMAIL"}],"unnumbered":0,"version":1}"#
);

#[test]
fn is_written_in_one_way_and_read_back() {
    let mut map = Placeholders::new("c");
    let text = "{a@x.org, {EMAIL_2}, {EMAIL_1}";
    let _ = map.mask(text, &[mask(text, "a@x.org", "EMAIL")]);
    assert_eq!(map.to_json(), STORED);
    let mut read = Placeholders::from_json(STORED, "c").unwrap();
    assert_eq!(read, map);
    // Numbering goes on where it was.
    assert_eq!(read.placeholder("EMAIL", true, "b@x.org"), "{EMAIL_3}");
    assert_eq!(map.placeholder("EMAIL", true, "b@x.org"), "{EMAIL_3}");
    assert_eq!(read.mask("[EMAIL_1]", &[]), "{LITERAL_2}");
}

#[test]
fn each_defect_has_its_own_answer() {
    let read = |json: &str| Placeholders::from_json(json, "c").unwrap_err();
    assert_eq!(
        Placeholders::from_json(STORED, "other"),
        Err(MapError::Conversation)
    );
    assert_eq!(
        read(&STORED.replace("\"version\":1", "\"version\":2")),
        MapError::Version { found: 2 }
    );
    assert_eq!(
        read(&STORED.replace(",\"version\":1", "")),
        MapError::Version { found: 0 }
    );
    assert_eq!(read("{}"), MapError::NotAMap);
    assert_eq!(read("[]"), MapError::NotAMap);
    assert!(matches!(read(""), MapError::Json(_)));
    assert!(matches!(read(&STORED[..90]), MapError::Json(_)));
    assert!(matches!(read(&"[".repeat(100_000)), MapError::Json(_)));
    assert_eq!(read(&" ".repeat(MAX_MAP_BYTES + 1)), MapError::TooLong);
    let many = "{\"key\":\"A_1\",\"kind\":\"reserved\"},".repeat(MAX_ENTRIES);
    assert_eq!(
        read(&STORED.replace("\"entries\":[", &format!("\"entries\":[{many}"))),
        MapError::TooLarge
    );
    let long = format!("\"text\":\"{}\"", "x".repeat(MAX_BYTES));
    assert_eq!(
        read(&STORED.replace("\"text\":\"a@x.org\"", &long)),
        MapError::TooLarge
    );
    let labels = "{\"builtIn\":false,\"label\":\"A\",\"name\":\"a\"},".repeat(MAX_LABELS);
    assert_eq!(
        read(&STORED.replace("\"labels\":[", &format!("\"labels\":[{labels}"))),
        MapError::TooLarge
    );
}

#[test]
fn damaged_parts_are_named() {
    for (from, to, member, problem) in [
        ("\"frozen\":false", "\"frozen\":0", "frozen", "wrong kind"),
        (
            "\"unnumbered\":0",
            "\"unnumbered\":-1",
            "unnumbered",
            "wrong kind",
        ),
        (
            "\"conversation\":\"c\"",
            "\"conversation\":1",
            "conversation",
            "no string",
        ),
        (
            "\"entries\":[",
            "\"entries\":1,\"x\":[",
            "entries",
            "wrong kind",
        ),
        (
            "\"key\":\"EMAIL_2\"",
            "\"key\":\"EMAIL_1\"",
            "entries",
            "\"key\" occurs twice",
        ),
        (
            "\"key\":\"EMAIL_2\"",
            "\"key\":\"EMAIL_02\"",
            "entries",
            "none that is issued",
        ),
        (
            "\"key\":\"EMAIL_2\"",
            "\"key\":\"email_2\"",
            "entries",
            "none that is issued",
        ),
        (
            "\"key\":\"EMAIL_2\"",
            "\"key\":\"EMAIL_123456\"",
            "entries",
            "none that is issued",
        ),
        (
            "\"key\":\"EMAIL_2\"",
            "\"key\":\"EMAIL_2}x\"",
            "entries",
            "none that is issued",
        ),
        (
            "\"key\":\"EMAIL_1\"",
            "\"key\":\"PIN_1\"",
            "entries",
            "not listed",
        ),
        (
            "\"key\":\"EMAIL_1\"",
            "\"KEY\":\"EMAIL_1\"",
            "entries",
            "needs",
        ),
        (
            "\"strict\":true",
            "\"strict\":false",
            "entries",
            "\"strict\"",
        ),
        (
            "\"text\":\"a@x.org\"",
            "\"text\":1",
            "entries",
            "needs \"text\"",
        ),
        (
            "\"kind\":\"reserved\"",
            "\"kind\":\"secret\",\"text\":\"\"",
            "entries",
            "does not fit",
        ),
        (
            "\"kind\":\"reserved\"",
            "\"kind\":\"value\",\"text\":\"a@x.org\"",
            "entries",
            "\"text\" occurs twice",
        ),
        (
            "\"text\":\"{EMAIL_1}\"",
            "\"text\":\"a@x.org\"",
            "entries",
            "does not look like",
        ),
        (
            "\"text\":\"{EMAIL_1}\"",
            "\"text\":\"{EMAIL_1} \"",
            "entries",
            "does not look like",
        ),
        (
            "\"label\":\"EMAIL\"",
            "\"label\":\"email\"",
            "labels",
            "none that is issued",
        ),
        (
            "\"label\":\"EMAIL\"",
            "\"label\":\"LITERAL\"",
            "labels",
            "none that is issued",
        ),
        (
            "\"builtIn\":true",
            "\"builtIn\":false",
            "labels",
            "none that is issued",
        ),
        ("\"name\":\"EMAIL\"", "\"x\":\"EMAIL\"", "labels", "needs"),
        (
            "\"labels\":[",
            "\"labels\":[{\"builtIn\":true,\"label\":\"EMAIL\",\"name\":\"EMAIL\"},",
            "labels",
            "twice",
        ),
    ] {
        let damaged = STORED.replacen(from, to, 1);
        assert_ne!(damaged, STORED, "{from}");
        let error = Placeholders::from_json(&damaged, "c").unwrap_err();
        let shown = error.to_string();
        assert!(
            matches!(error, MapError::Invalid { member: m, .. } if m == member),
            "{to}: {shown}"
        );
        assert!(shown.contains(problem), "{to}: {shown}");
        assert!(!shown.contains("a@x.org"), "{shown}");
    }
}

#[test]
fn any_damage_is_survived() {
    let mut random = Random::new(7);
    let mut accepted = 0;
    for _ in 0..20_000 {
        let mut bytes = STORED.as_bytes().to_vec();
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len());
            match random.below(5) {
                0..=2 => bytes[at] = u8::try_from(random.below(128)).unwrap(),
                3 => {
                    bytes.remove(at);
                }
                _ => bytes.truncate(at.max(200)),
            }
        }
        let json = String::from_utf8_lossy(&bytes);
        if let Ok(map) = Placeholders::from_json(&json, "c") {
            accepted += 1;
            let again = Placeholders::from_json(&map.to_json(), "c").unwrap();
            assert_eq!(again, map);
            let _ = map.restore(
                "{EMAIL_1} {{EMAIL_1}} {LITERAL_1}",
                RestoreOptions::default(),
            );
        }
    }
    assert!(accepted > 100, "{accepted}");
}

#[test]
fn the_largest_map_fits_its_limit() {
    let mut map = Placeholders::new("c");
    // Escapes make six bytes of one.
    for number in 0..MAX_ENTRIES {
        let _ = map.placeholder("AGE", true, &format!("{number}{}", "\u{1}".repeat(40)));
    }
    let _ = map.placeholder("AGE", true, &"\u{1}".repeat(200_000));
    let json = map.to_json();
    assert!(json.len() < MAX_MAP_BYTES, "{}", json.len());
    assert_eq!(Placeholders::from_json(&json, "c").unwrap(), map);
}
