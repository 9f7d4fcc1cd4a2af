//! Reversible masks: the conversations of `tests/corpus/reversible`, random round trips, and random answers that
//! try to carry a value out, read by a Markdown parser of somebody else's.

use edgerail_core::decision::Mask;
use edgerail_core::reversible::{MapError, Origin, Placeholders, RestoreOptions, Restorer};
use edgerail_core::{Engine, LoadOptions, Request, Source};
use edgerail_tests::{Conversation, Conversations, Random, Step, rounds};
use pulldown_cmark::{Event, Options, Parser, Tag};

fn ours() -> (Engine, Vec<Conversation>) {
    let Conversations { bundle, all } = Conversations::ours();
    let engine = Engine::load(bundle, LoadOptions::default()).expect("it compiles");
    (engine, all)
}

fn mask(engine: &Engine, map: &mut Placeholders, text: &str) -> String {
    let request = Request::text(Source::Input, text);
    let decision = engine.evaluate(&request);
    map.mask(text, decision.masks(0))
}

#[test]
fn every_conversation_holds_and_survives_storing() {
    let (engine, conversations) = ours();
    assert!(conversations.len() >= 95);
    let mut wrong = Vec::new();
    for conversation in &conversations {
        let mut map = Placeholders::new("c1");
        for step in &conversation.steps {
            // Between two messages the map is stored and read again.
            map = Placeholders::from_json(&map.to_json(), "c1").expect("our own map");
            let (have, expect) = match step {
                Step::Mask { mask: text, expect } => {
                    map.reserve(text);
                    (mask(&engine, &mut map, text), expect)
                }
                Step::Restore { restore, expect } => (
                    restore_cut(&map, restore, RestoreOptions::default()),
                    expect,
                ),
                Step::Round { round } => {
                    let mut other = map.clone();
                    other.reserve(round);
                    let reserved = mask(&engine, &mut other, round);
                    let reserved = restore_cut(&other, &reserved, RestoreOptions::EVERYWHERE);
                    assert_eq!(&reserved, round, "{}", conversation.name);
                    let masked = mask(&engine, &mut map, round);
                    (
                        restore_cut(&map, &masked, RestoreOptions::EVERYWHERE),
                        round,
                    )
                }
            };
            if have != *expect {
                let Conversation {
                    name, rule, why, ..
                } = conversation;
                wrong.push(format!(
                    "{name} ({rule}: {why})\n    expected {expect:?}\n         got {have:?}"
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} fail:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Restores the whole text, in two pieces for every cut, and byte by byte: all must agree.
fn restore_cut(map: &Placeholders, text: &str, options: RestoreOptions) -> String {
    let whole = map.restore(text, options);
    for cut in 0..=text.len() {
        let mut restorer = Restorer::new(map, options);
        let (head, tail) = text.as_bytes().split_at(cut);
        let out = [
            restorer.push_bytes(head),
            restorer.push_bytes(tail),
            restorer.finish(),
        ]
        .concat();
        assert_eq!(out, whole, "{text:?} cut at {cut}");
    }
    let mut restorer = Restorer::new(map, options);
    let mut out: String = text
        .bytes()
        .map(|byte| restorer.push_bytes(&[byte]))
        .collect();
    out += &restorer.finish();
    assert_eq!(out, whole, "{text:?} byte by byte");
    whole
}

const LITERALS: [&str; 26] = [
    "{EMAIL_1}",
    "{EMAIL_2}",
    "{email_1}",
    "{ EMAIL_1 }",
    "{EMAIL_",
    "1}",
    "_1",
    "EMAIL_1",
    "[EMAIL_1]",
    "<EMAIL_2>",
    "{{EMAIL_1}}",
    "{",
    "}",
    "{LITERAL_1}",
    "{T_1}",
    "{EMAIL\\_1}",
    "`",
    "\"",
    "'s",
    " ",
    "\n",
    "é",
    "😀",
    "{EMAIL_18446744073709551616}",
    "\u{ff5b}EMAIL_1\u{ff5d}",
    "word",
];

/// A text of pieces that look like placeholders, with masked values among them.
fn literal_text(random: &mut Random) -> (String, Vec<Mask<'static>>) {
    let mut text = String::new();
    let mut masks = Vec::new();
    for _ in 0..random.below(12) {
        if random.once_in(3) {
            let start = text.len();
            let (label, built_in) = random.pick(&[
                ("EMAIL", true),
                ("EMAIL", false),
                ("T", false),
                ("EMAIL_1", false),
                ("} {", false),
            ]);
            text.push_str(random.pick(&[
                "dana@example.com",
                "lee@example.org",
                "{EMAIL_1}",
                "x",
                "{EMAIL",
                "EMAIL_2}",
            ]));
            masks.push(Mask {
                start,
                end: text.len(),
                label,
                built_in,
            });
        } else {
            text.push_str(random.pick(&LITERALS));
        }
    }
    (text, masks)
}

#[test]
fn masking_and_restoring_gives_every_message_of_a_conversation_back() {
    let mut random = Random(0x5eed_0003);
    for _ in 0..600 * rounds() {
        let mut map = Placeholders::new("c1");
        let mut messages = Vec::new();
        for _ in 0..1 + random.below(5) {
            let (text, masks) = literal_text(&mut random);
            if random.once_in(2) {
                map.reserve(&text);
            }
            let masked = map.mask(&text, &masks);
            messages.push((text, masked));
            if random.once_in(2) {
                map = Placeholders::from_json(&map.to_json(), "c1").expect("our own map");
            }
        }
        // The first message must still come back when the last one is there.
        for (text, masked) in &messages {
            assert_eq!(
                map.restore(masked, RestoreOptions::EVERYWHERE),
                *text,
                "{masked:?}"
            );
        }
    }
}

#[test]
fn masking_in_pieces_gives_what_masking_at_once_gives() {
    let mut random = Random(0x5eed_0004);
    for _ in 0..300 * rounds() {
        let (text, masks) = literal_text(&mut random);
        let mut map = Placeholders::new("c1");
        let _ = map.mask(
            "a@b.example",
            &[Mask {
                start: 0,
                end: 11,
                label: "EMAIL",
                built_in: true,
            }],
        );
        let mut pieces = map.clone();
        let whole = map.mask(&text, &masks);
        let mut masker = pieces.masker(Origin::Original);
        let mut out = String::new();
        let mut at = 0;
        for mask in &masks {
            text[at..mask.start]
                .chars()
                .for_each(|c| masker.clear(c.encode_utf8(&mut [0; 4]), &mut out));
            masker.value(
                mask.label,
                mask.built_in,
                &text[mask.start..mask.end],
                &mut out,
            );
            at = mask.end;
        }
        text[at..]
            .chars()
            .for_each(|c| masker.clear(c.encode_utf8(&mut [0; 4]), &mut out));
        masker.finish(&mut out);
        assert_eq!(out, whole, "{text:?} {masks:?}");
    }
}

const SECRET: &str = "zzsecretzz";

/// What an answer that wants to carry a value out is made of.
const ATTACK: [&str; 44] = [
    "{EMAIL_1}",
    "{EMAIL_1}",
    "{EMAIL_1}",
    "{EMAIL_1}",
    "{email 1}",
    "[",
    "]",
    "(",
    ")",
    "![",
    "](",
    "<",
    ">",
    "\"",
    "'",
    "=",
    " ",
    " ",
    "\n",
    "\n\n",
    "https://evil.example/?q=",
    "//evil.example/",
    "www.evil.example/",
    "<img src=",
    "<a href=\"",
    "\">",
    "</a>",
    "[x]: ",
    "[x]",
    "`",
    "```\n",
    "\\",
    "&quot;",
    "<!--",
    "-->",
    "/>",
    "a",
    "- ",
    "> ",
    "    ",
    "<div ",
    "\t",
    "mailto:",
    "%20",
];

#[test]
fn no_answer_carries_a_value_out_through_a_link_an_image_or_an_attribute() {
    let mut random = Random(0x5eed_0005);
    let mut map = Placeholders::new("c1");
    let _ = map.mask(
        SECRET,
        &[Mask {
            start: 0,
            end: SECRET.len(),
            label: "EMAIL",
            built_in: true,
        }],
    );
    let mut shown = 0;
    for _ in 0..4000 * rounds() {
        let mut answer = String::new();
        for _ in 0..1 + random.below(14) {
            answer.push_str(random.pick(&ATTACK));
        }
        let restored = map.restore(&answer, RestoreOptions::default());
        shown += usize::from(restored.contains(SECRET));
        if let Some(place) = leak(&restored) {
            panic!("{place}\n  of {restored:?}\nfrom {answer:?}");
        }
    }
    assert!(shown > 500, "only {shown} answers show the value at all");
}

/// Where the secret stands in something that a program would fetch or follow.
fn leak(markdown: &str) -> Option<String> {
    let has = |text: &str| text.contains(SECRET);
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(
                Tag::Link {
                    dest_url, title, ..
                }
                | Tag::Image {
                    dest_url, title, ..
                },
            ) if has(&dest_url) || has(&title) => {
                return Some(format!("a target: {dest_url:?} {title:?}"));
            }
            Event::InlineHtml(tag) if in_tag(&tag) => {
                return Some(format!("a tag: {tag:?}"));
            }
            Event::Html(block) if in_tag(&block) => {
                return Some(format!("a tag in a block: {block:?}"));
            }
            _ => {}
        }
    }
    // Bare addresses become links in many programs.
    let bare = regex::Regex::new(&format!(
        r"(?i)(?:https?://|\b(?:www\.|mailto:))[^\s<>]*{SECRET}"
    ))
    .expect("a pattern");
    bare.find(markdown)
        .map(|found| format!("an address: {:?}", found.as_str()))
}

/// Whether the secret stands between a tag's name and the next `>`. As the name itself it is not sent anywhere.
fn in_tag(html: &str) -> bool {
    let tag =
        regex::Regex::new(&format!(r"<[a-zA-Z/][^\s>]*[\s/][^>]*{SECRET}")).expect("a pattern");
    tag.is_match(html)
}

#[test]
fn maps_of_others_are_refused_by_name() {
    let mut map = Placeholders::new("c1");
    let _ = map.mask(
        SECRET,
        &[Mask {
            start: 0,
            end: SECRET.len(),
            label: "EMAIL",
            built_in: true,
        }],
    );
    let json = map.to_json();
    assert_eq!(
        Placeholders::from_json(&json, "c2").err(),
        Some(MapError::Conversation)
    );
    let newer = json.replace("\"version\":1", "\"version\":2");
    assert_eq!(
        Placeholders::from_json(&newer, "c1").err(),
        Some(MapError::Version { found: 2 })
    );
    assert_eq!(
        Placeholders::from_json("{}", "c1").err(),
        Some(MapError::NotAMap)
    );
    for cut in 0..json.len() {
        let error = Placeholders::from_json(&json[..cut], "c1").expect_err("a part of a map");
        assert!(!error.to_string().contains(SECRET), "{error}");
    }
    // A damaged map is refused or read, and what is read works.
    let mut random = Random(0x5eed_0006);
    for _ in 0..2000 * rounds() {
        let mut bytes = json.clone().into_bytes();
        let place = random.below(bytes.len());
        bytes[place] = random.pick(b"\"{}[],:0123456789eE_xtf \\");
        let Ok(damaged) = String::from_utf8(bytes) else {
            continue;
        };
        match Placeholders::from_json(&damaged, "c1") {
            Ok(map) => drop(map.restore("{EMAIL_1} {EMAIL_2}", RestoreOptions::default())),
            Err(error) => assert!(!error.to_string().contains(SECRET), "{error}"),
        }
    }
}
