use alloc::string::String;
use alloc::vec::Vec;
use std::format;

use super::*;

mod attacks;
mod map;
mod round_trip;
mod streams;

/// A map with `{EMAIL_1}`, `{EMAIL_2}`, `{NAME_1}`, `{URL_1}` and `{TICKET_1}`.
fn issued() -> Placeholders {
    let mut map = Placeholders::new("c");
    for (name, built_in, value) in [
        ("EMAIL", true, "ann@example.com"),
        ("EMAIL", true, "bob@example.com"),
        ("NAME", true, "Ann"),
        ("URL", true, "https://intranet.example/x"),
        ("ticket", false, "TCK-1234"),
    ] {
        let _ = map.placeholder(name, built_in, value);
    }
    map
}

fn restored(text: &str) -> String {
    issued().restore(text, RestoreOptions::default())
}

fn mask<'l>(text: &str, value: &str, label: &'l str) -> Mask<'l> {
    let start = text.find(value).unwrap();
    Mask {
        start,
        end: start + value.len(),
        label,
        built_in: true,
    }
}

#[test]
fn the_same_value_has_the_same_number() {
    let mut map = Placeholders::new("c");
    let text = "a@x.org, b@x.org, a@x.org";
    let masks: Vec<_> = [(0, 7), (9, 16), (18, 25)]
        .map(|(start, end)| Mask {
            start,
            end,
            label: "EMAIL",
            built_in: true,
        })
        .into();
    assert_eq!(map.mask(text, &masks), "{EMAIL_1}, {EMAIL_2}, {EMAIL_1}");
    // In a later message, in the other direction, and as another type.
    assert_eq!(
        map.mask_from(
            Origin::Reply,
            "b@x.org",
            &[mask("b@x.org", "b@x.org", "EMAIL")]
        ),
        "{EMAIL_2}"
    );
    assert_eq!(
        map.mask("b@x.org", &[mask("b@x.org", "b@x.org", "USERNAME")]),
        "{USERNAME_1}"
    );
    assert_eq!(map.len(), 3);
}

#[test]
fn restores_what_models_make_of_placeholders() {
    for (reply, expected) in [
        ("{EMAIL_1}", "ann@example.com"),
        ("{email_1} {Email_2}", "ann@example.com bob@example.com"),
        (
            "{ EMAIL_1 } {EMAIL 1} {EMAIL-1} {EMAIL1}",
            "ann@example.com ann@example.com ann@example.com ann@example.com",
        ),
        (
            "{{EMAIL_1}} [EMAIL_1] <EMAIL_1> EMAIL_1",
            "ann@example.com ann@example.com ann@example.com ann@example.com",
        ),
        (
            "\"{EMAIL_1}\" '{EMAIL_1}' „{EMAIL_1}“ «{EMAIL_1}»",
            "\"ann@example.com\" 'ann@example.com' „ann@example.com“ «ann@example.com»",
        ),
        (
            "**{EMAIL_1}** _{EMAIL_1}_ `{EMAIL_1}` ~~{EMAIL_1}~~",
            "**ann@example.com** _ann@example.com_ `ann@example.com` ~~ann@example.com~~",
        ),
        (
            "{EMAIL\\_1} \\{EMAIL\\_1\\}",
            "ann@example.com ann@example.com",
        ),
        (
            "{NAME_1}'s {NAME_1}s {NAME_1}'in {NAME_1}ler",
            "Ann's Anns Ann'in Annler",
        ),
        (
            "{NAME_1's} {NAME_1’in} {NAME_1s} NAME_1's NAME_1s",
            "Ann's Ann’in Anns Ann's Anns",
        ),
        (
            "｛EMAIL_1｝ ｛ＥＭＡＩＬ＿１｝ 【EMAIL_1】",
            "ann@example.com ann@example.com ann@example.com",
        ),
        (
            "({EMAIL_1}, {EMAIL_2}); {NAME_1}.",
            "(ann@example.com, bob@example.com); Ann.",
        ),
        ("Ann <{EMAIL_1}>", "Ann <ann@example.com>"),
        ("{NAME_1}{NAME_1}", "AnnAnn"),
        ("{ticket_1} {TICKET_1}", "TCK-1234 TCK-1234"),
        (
            "- {NAME_1}\n- {EMAIL_1}\n| {NAME_1} |",
            "- Ann\n- ann@example.com\n| Ann |",
        ),
        ("# {NAME_1}\n> {NAME_1}", "# Ann\n> Ann"),
        ("{NAME_1}…", "Ann…"),
        (
            "[write to {NAME_1}](https://example.com/)",
            "[write to Ann](https://example.com/)",
        ),
        (
            "[EMAIL_1](https://example.com/)",
            "[ann@example.com](https://example.com/)",
        ),
        (
            "<b>{NAME_1}</b> <p class=\"x\">{NAME_1}</p>",
            "<b>Ann</b> <p class=\"x\">Ann</p>",
        ),
        (
            "see https://example.com/ or ask {NAME_1}",
            "see https://example.com/ or ask Ann",
        ),
        ("1 < 2, 3 > 2: {NAME_1}", "1 < 2, 3 > 2: Ann"),
        (
            "<style>b{}</style>{NAME_1}<script>x()</script>{NAME_1}",
            "<style>b{}</style>Ann<script>x()</script>Ann",
        ),
        ("{\"name\": \"{NAME_1}\"}", "{\"name\": \"Ann\"}"),
        ("and/or {NAME_1}, e.g./{NAME_1}", "and/or Ann, e.g./Ann"),
    ] {
        assert_eq!(restored(reply), expected, "{reply}");
    }
}

#[test]
fn leaves_what_was_not_issued() {
    for reply in [
        "{EMAIL_7}",
        "{EMAIL_12}",
        "{EMAIL_1_2}",
        "{EMAIL_01}",
        "{EMAIL_0}",
        "{EMAIL}",
        "{EMAIL_1",
        "{PHONE_1}",
        "{EMAILS_1}",
        "{email_1: 3}",
        "EMAIL_12 EMAIL_1x xEMAIL_1 email_1 Email_1 $EMAIL_1 process.env.EMAIL_1",
        "EMAIL_1(x)",
        "__EMAIL_1__",
        "%7BEMAIL_1%7D",
        "\\u007bEMAIL_1\\u007d",
        "",
        "{",
        "{{{{{{",
    ] {
        assert_eq!(restored(reply), reply, "{reply}");
    }
}

#[test]
fn literals_come_back_as_they_were() {
    let mut map = Placeholders::new("c");
    let typed = "Use {EMAIL_1} and EMAIL_2 for a@x.org";
    let masked = map.mask(typed, &[mask(typed, "a@x.org", "EMAIL")]);
    assert_eq!(masked, "Use {EMAIL_1} and EMAIL_2 for {EMAIL_3}");
    // A later message has a number that is issued by now.
    let later = "What is {EMAIL_3}, { email 3 }, {LITERAL_1} and {EMAIL_1}?";
    let masked_later = map.mask(later, &[]);
    assert_eq!(
        masked_later,
        "What is {LITERAL_1}, {LITERAL_2}, {LITERAL_3} and {EMAIL_1}?"
    );
    for (text, masked) in [(typed, masked), (later, masked_later)] {
        assert_eq!(map.restore(&masked, RestoreOptions::default()), text);
    }
    // What is no secret is restored everywhere.
    let options = RestoreOptions {
        destination: Destination::ToolArguments,
        ..RestoreOptions::default()
    };
    assert_eq!(
        map.restore("https://x/{LITERAL_1}", options),
        "https://x/{EMAIL_3}"
    );
}

#[test]
fn reserved_literals_stay_readable() {
    let mut map = Placeholders::new("c");
    let text = "a@x.org for {EMAIL_1}";
    map.reserve(text);
    let masked = map.mask(text, &[mask(text, "a@x.org", "EMAIL")]);
    assert_eq!(masked, "{EMAIL_2} for {EMAIL_1}");
    assert_eq!(map.restore(&masked, RestoreOptions::default()), text);
}

#[test]
fn a_reply_refers_to_what_was_issued() {
    let mut map = issued();
    let reply = "Tell {NAME_1}, {EMAIL_9} or carl@example.com";
    let masked = map.mask_from(
        Origin::Reply,
        reply,
        &[mask(reply, "carl@example.com", "EMAIL")],
    );
    assert_eq!(masked, "Tell {NAME_1}, {EMAIL_9} or {EMAIL_3}");
    assert_eq!(
        map.restore(&masked, RestoreOptions::default()),
        "Tell Ann, {EMAIL_9} or carl@example.com"
    );
    // A detection within a placeholder, and one around it.
    let within = map.mask_from(
        Origin::Reply,
        "{NAME_1}",
        &[mask("{NAME_1}", "NAME_1", "USERNAME")],
    );
    assert_eq!(within, "{NAME_1}");
    let address = "to {NAME_1}, Main St 5";
    let around = map.mask_from(
        Origin::Reply,
        address,
        &[mask(address, "{NAME_1}, Main St 5", "ADDRESS")],
    );
    assert_eq!(around, "to {ADDRESS_1}");
    assert_eq!(
        map.restore(&around, RestoreOptions::default()),
        "to Ann, Main St 5"
    );
    // What the reply named without being given it is never issued.
    for number in [4, 5, 6, 7, 8, 10] {
        let placeholder = map.placeholder("EMAIL", true, &format!("{number}"));
        assert_eq!(placeholder, format!("{{EMAIL_{number}}}"));
    }
}

#[test]
fn names_that_collide_have_labels_of_their_own() {
    let mut map = Placeholders::new("c");
    let names = [
        ("EMAIL", true, "{EMAIL_1}"),
        ("EMAIL", false, "{CUSTOM_EMAIL_1}"),
        ("email", false, "{CUSTOM_EMAIL_B_1}"),
        ("EMAIL_1", false, "{EMAIL_1_N_1}"),
        ("LITERAL", false, "{CUSTOM_LITERAL_1}"),
        ("ticket", false, "{TICKET_1}"),
        ("Ticket", false, "{TICKET_B_1}"),
        ("{ticket}", false, "{TICKET_C_1}"),
        ("顧客番号", false, "{CUSTOM_1}"),
        ("工号", false, "{CUSTOM_B_1}"),
    ];
    for (name, built_in, expected) in names {
        let placeholder = map.placeholder(name, built_in, &format!("the {name}"));
        assert_eq!(placeholder, expected, "{name}");
    }
    for (name, _, placeholder) in &names[1..] {
        let lower = placeholder.to_lowercase();
        assert_eq!(
            map.restore(&lower, RestoreOptions::default()),
            format!("the {name}")
        );
    }
}

#[test]
fn masks_in_any_shape_leave_nothing_clear() {
    let at = |start, end| Mask {
        start,
        end,
        label: "NAME",
        built_in: true,
    };
    let text = "aä€b";
    for (masks, expected) in [
        (Vec::from([at(4, 5)]), "aä{NAME_1}b"),
        (Vec::from([at(2, 2)]), "aä€b"),
        (Vec::from([at(5, 3)]), "aä€b"),
        (Vec::from([at(3, 900)]), "aä{NAME_1}"),
        (Vec::from([at(800, 900)]), "aä€b"),
        (Vec::from([at(6, 7), at(0, 1)]), "{NAME_1}ä€{NAME_2}"),
        (Vec::from([at(0, 4), at(1, 7)]), "{NAME_1}{NAME_2}"),
        (Vec::from([at(0, 7), at(1, 3)]), "{NAME_1}"),
    ] {
        let mut map = Placeholders::new("c");
        let masked = map.mask(text, &masks);
        assert_eq!(masked, expected);
        assert_eq!(map.restore(&masked, RestoreOptions::default()), text);
    }
}

#[test]
fn a_full_map_masks_for_good() {
    let mut map = Placeholders::new("c");
    let long = "x".repeat(MAX_BYTES);
    assert_eq!(map.placeholder("PASSWORD", true, &long), "{PASSWORD}");
    assert_eq!(map.unnumbered(), 1);
    // That one was too long; others are not.
    assert_eq!(map.placeholder("PIN", true, "1234"), "{PIN_1}");
    for number in 0..MAX_ENTRIES {
        let _ = map.placeholder("AGE", true, &format!("{number}"));
    }
    assert_eq!(map.placeholder("AGE", true, "new"), "{AGE}");
    assert_eq!(map.placeholder("AGE", true, "0"), "{AGE_1}");
    assert_eq!(map.mask("{AGE_1} {age 1}", &[]), "{LITERAL} {LITERAL}");
    let read = Placeholders::from_json(&map.to_json(), "c").unwrap();
    assert_eq!(read, map);
    assert_eq!(
        read.restore("{AGE} {LITERAL}", RestoreOptions::default()),
        "{AGE} {LITERAL}"
    );
}

#[test]
fn too_many_literals_stop_the_numbering() {
    let mut map = Placeholders::new("c");
    assert_eq!(map.placeholder("PIN", true, "1234"), "{PIN_1}");
    let mut text = String::new();
    for number in 0..MAX_ENTRIES {
        text.push_str(&format!("{{X{}_1}} ", label_of(number)));
    }
    let masked = map.mask(&text, &[]);
    assert_eq!(masked, text, "nothing is changed");
    assert_eq!(map.placeholder("PIN", true, "5678"), "{PIN}");
    assert_eq!(map.placeholder("PIN", true, "1234"), "{PIN_1}");
    assert_eq!(Placeholders::from_json(&map.to_json(), "c").unwrap(), map);
}

#[test]
fn a_literal_without_room_stops_the_numbering() {
    let mut map = Placeholders::new("c");
    let long = "x".repeat(MAX_BYTES - 40);
    assert_eq!(map.placeholder("PASSWORD", true, &long), "{PASSWORD_1}");
    let literal = "{ABCDEFGHIJKLMNOPQRSTUVWXYZ_1}";
    assert_eq!(map.mask(literal, &[]), literal);
    // There would be room, but that literal's number could be given away one day.
    assert_eq!(map.placeholder("AGE", true, "7"), "{AGE}");
    assert_eq!(Placeholders::from_json(&map.to_json(), "c").unwrap(), map);
}

fn label_of(mut number: usize) -> String {
    let mut label = String::new();
    for _ in 0..4 {
        label.push(char::from(b'A' + u8::try_from(number % 26).unwrap()));
        number /= 26;
    }
    label
}

#[test]
fn debug_shows_no_value() {
    let shown = format!("{:?}", Restorer::new(&issued(), RestoreOptions::default()));
    assert!(shown.contains("values: 5"), "{shown}");
    assert!(
        !shown.contains("ann@") && !shown.contains("intranet"),
        "{shown}"
    );
}
