//! Tier STANDARD from definition and overlay to findings: what evasion views see, and what they must not.

use edgerail_compile::overlay::Overlay;
use edgerail_compile::{CompileOptions, compile, definition};
use edgerail_core::{Engine, Limits, LoadOptions, Request, Source};

/// An engine with these custom words, profanity and the types given, all blocked.
fn engine_with(words: &[&str], types: &[&str], overlay: &str, limits: Limits) -> Engine {
    let words: Vec<String> = words
        .iter()
        .map(|word| format!(r#"{{"text": "{word}"}}"#))
        .collect();
    let types: Vec<String> = types
        .iter()
        .map(|ty| format!(r#"{{"type": "{ty}", "action": "ANONYMIZE", "inputAction": "ANONYMIZE", "outputAction": "ANONYMIZE", "inputEnabled": true, "outputEnabled": true}}"#))
        .collect();
    let pii = if types.is_empty() {
        String::new()
    } else {
        format!(
            r#""sensitiveInformationPolicyConfig": {{"piiEntitiesConfig": [{}]}},"#,
            types.join(",")
        )
    };
    let body = format!(
        r#"{{"name": "g", "blockedInputMessaging": "No.", "blockedOutputsMessaging": "No.", {pii}
            "wordPolicyConfig": {{"wordsConfig": [{}], "managedWordListsConfig": [{{"type": "PROFANITY"}}]}}}}"#,
        words.join(",")
    );
    let read = definition::read(body.as_bytes(), &definition::ReadOptions::default())
        .unwrap_or_else(|problems| panic!("{problems}"));
    let overlay = Overlay::read(overlay.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
    let compiled = compile(&read.guardrails, &overlay, &CompileOptions::default());
    let bundle = compiled
        .unwrap_or_else(|problems| panic!("{problems}"))
        .bundle;
    Engine::load(
        bundle,
        LoadOptions {
            limits,
            ..LoadOptions::default()
        },
    )
    .unwrap()
}

const STANDARD: &str =
    "[tier]\nwords = \"STANDARD\"\nprofanity = \"STANDARD\"\npii = \"STANDARD\"\n";
const WORDS: &[&str] = &["bad", "idiot", "Project Kestrel", "god", "password"];
const TYPES: &[&str] = &[
    "EMAIL",
    "CREDIT_DEBIT_CARD_NUMBER",
    "US_SOCIAL_SECURITY_NUMBER",
    "PHONE",
];

fn standard() -> Engine {
    engine_with(WORDS, TYPES, STANDARD, Limits::default())
}

/// The matches of a text, each with its view.
fn found(engine: &Engine, text: &str) -> Vec<(String, &'static str)> {
    let request = Request::text(Source::Input, text);
    let decision = engine.evaluate(&request);
    assert!(decision.failure().is_none(), "{:?}", decision.failure());
    decision
        .findings()
        .iter()
        .map(|f| {
            (
                f.matched.to_owned(),
                f.view.map_or("text", |view| view.name()),
            )
        })
        .collect()
}

#[test]
fn evasions_are_found_at_their_exact_place() {
    let engine = standard();
    let mut wrong = Vec::new();
    for (text, matched, view) in [
        ("you b4d dog", "b4d", "leetspeak"),
        ("you 1d10t!", "1d10t", "leetspeak"),
        ("you id!ot!", "id!ot", "leetspeak"),
        ("what a load of $hit.", "$hit", "leetspeak"),
        ("Pr0ject K3strel starts", "Pr0ject K3strel", "leetspeak"),
        ("project k3strel starts", "project k3strel", "leetspeak"),
        ("so b a d it is", "b a d", "separated"),
        ("so b.a.d it is", "b.a.d", "separated"),
        ("so (b-a-d) it is", "b-a-d", "separated"),
        ("so b_a_d.", "b_a_d", "separated"),
        ("so i . d . i . o . t", "i . d . i . o . t", "separated"),
        ("i d i o t", "i d i o t", "separated"),
        ("1 d 1 o t now", "1 d 1 o t", "separated"),
        ("a i d i o t", "i d i o t", "separated"),
        ("so baaaad!", "baaaad", "repeated"),
        ("iiidddiiiooottt", "iiidddiiiooottt", "repeated"),
        ("you іdiоt", "іdiоt", "confusables"),
        ("you 🅸🅳🅸🅾🆃", "🅸🅳🅸🅾🆃", "confusables"),
        ("you ɪᴅɪᴏᴛ", "ɪᴅɪᴏᴛ", "confusables"),
        ("you b̷a̷d̷ dog", "b̷a̷d̷", "marks"),
        (
            "you b\u{300}\u{316}\u{317}a\u{318}\u{319}d\u{31a}\u{301} dog",
            "b\u{300}\u{316}\u{317}a\u{318}\u{319}d\u{31a}\u{301}",
            "marks",
        ),
        (
            "read UHJvamVjdCBLZXN0cmVs please",
            "UHJvamVjdCBLZXN0cmVs",
            "base64",
        ),
        (
            "read UHJvamVjdCBLZXN0cmVsIQ== please",
            "UHJvamVjdCBLZXN0cmVsIQ==",
            "base64",
        ),
        ("data:text/plain;base64,aWRpb3Qh", "", ""),
        ("read 6964696f74", "6964696f74", "hex"),
        ("read %69%64%69%6f%74", "%69%64%69%6f%74", "percent"),
        ("read Project%20Kestrel", "Project%20Kestrel", "percent"),
        ("read &#105;&#x64;iot", "&#105;&#x64;iot", "entity"),
        (
            r"read \x69\x64\u0069\u{6f}t",
            r"\x69\x64\u0069\u{6f}t",
            "entity",
        ),
        ("you vqvbg", "vqvbg", "rot13"),
        ("Cebwrpg Xrfgery", "Cebwrpg Xrfgery", "rot13"),
        (
            "write to jane%40example.com now",
            "jane%40example.com",
            "percent",
        ),
        (
            "write to jane (at) example (dot) com now",
            "jane (at) example (dot) com",
            "spelled-out",
        ),
        (
            "write to jane[at]example[dot]com",
            "jane[at]example[dot]com",
            "spelled-out",
        ),
        (
            "my mail is jane at example dot com, ok",
            "jane at example dot com",
            "spelled-out",
        ),
        (
            "e-mail: jane.doe at example.com",
            "jane.doe at example.com",
            "spelled-out",
        ),
        (
            "send amFuZUBleGFtcGxlLmNvbQ== there",
            "amFuZUBleGFtcGxlLmNvbQ==",
            "base64",
        ),
        ("jane@example。com", "jane@example。com", "confusables"),
        (
            "card 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 ok",
            "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
            "separated",
        ),
        (
            "card ٤١١١ ١١١١ ١١١١ ١١١١ ok",
            "٤١١١ ١١١١ ١١١١ ١١١١",
            "confusables",
        ),
    ] {
        let have = found(&engine, text);
        let want = (matched.to_owned(), view);
        let ok = if matched.is_empty() {
            have.is_empty()
        } else {
            have.contains(&want)
        };
        if !ok || (have.len() > 1 && view != "confusables") {
            wrong.push(format!("{text:?}: want {want:?}, have {have:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

#[test]
fn what_only_looks_like_an_evasion_is_none() {
    let engine = standard();
    let mut wrong = Vec::new();
    for text in [
        "I a m here",
        "J. R. R. Tolkien",
        "B.A.D. Inc.",
        "B A D",
        "a b c d e f",
        "see foo.b.a.d/x",
        "4 you",
        "b4 the game",
        "GB4D-5H1T-77",
        "v1.d10t",
        "A5S phone",
        "$bad = 4;",
        "foreach ($hits as $shit) { }",
        "it is goood",
        "gooood",
        "hmmm",
        "www.baaaad.example",
        "b4d@example.com",
        "https://example.com/b4d",
        "бад",
        "это бад и плохо",
        "bâd",
        "rápe",
        "søn",
        "UHJvamVjdA",
        "configuration.example",
        "%ba%d",
        "5%bad",
        "item5",
        "BAD4",
        "B4D4 77",
        "abad",
        "look at example dot com",
        "meet at noon",
        "&amp; bad&nbsp",
        "0xdeadbeef",
        "prices from 4.50 to 455",
        "win32 x86_64 utf8 i18n",
        "mp3",
        "R2D2",
        "terra",
        "green",
    ] {
        let have = found(&engine, text);
        let evasions: Vec<_> = have.iter().filter(|(_, view)| *view != "text").collect();
        if !evasions.is_empty() {
            wrong.push(format!("{text:?}: {evasions:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

#[test]
fn a_policy_reads_views_only_if_its_guardrail_says_so() {
    let classic = engine_with(WORDS, TYPES, "", Limits::default());
    let words = engine_with(
        WORDS,
        TYPES,
        "[tier]\nwords = \"STANDARD\"\n",
        Limits::default(),
    );
    let pii = engine_with(
        WORDS,
        TYPES,
        "[guardrail.\"g\".tier]\npii = \"STANDARD\"\n",
        Limits::default(),
    );
    for (text, in_words, in_pii) in [
        ("you b4d dog", true, false),
        ("you vqvbg", true, false),
        ("ask jane (at) example.com", false, true),
    ] {
        assert_eq!(found(&classic, text), []);
        assert_eq!(!found(&words, text).is_empty(), in_words, "{text}");
        assert_eq!(!found(&pii, text).is_empty(), in_pii, "{text}");
    }
    let sections: Vec<_> = classic
        .bundle()
        .sections()
        .map(|(kind, _)| kind.name())
        .collect();
    assert!(!sections.contains(&"views"), "CLASSIC needs no tables");
    let wrong =
        Overlay::read(b"[tier]\nwords = \"standard\"\nregexes = \"STANDARD\"\n").unwrap_err();
    let wrong = wrong.to_string();
    assert!(
        wrong.contains("CLASSIC") && wrong.contains("regexes"),
        "{wrong}"
    );
}

#[test]
fn decoding_stops_at_the_depth_and_windows_at_their_limit() {
    // "idiot here" encoded once, twice, three times.
    let nested = [
        "aWRpb3QgaGVyZQ==",
        "YVdScGIzUWdhR1Z5WlE9PQ==",
        "WVdScGIzUWdhR1Z5WlE9PQ==",
    ];
    let thrice = "WVZkU2NHSXpVV2RhUjFaNVdsRTlQUT09";
    let engine = standard();
    assert_eq!(found(&engine, nested[0]).len(), 1);
    assert_eq!(found(&engine, nested[1]).len(), 1);
    assert_eq!(found(&engine, thrice), []);
    let once = Limits {
        decode_depth: 1,
        ..Limits::default()
    };
    let shallow = engine_with(WORDS, TYPES, STANDARD, once);
    assert_eq!(
        (
            found(&shallow, nested[0]).len(),
            found(&shallow, nested[1]).len()
        ),
        (1, 0)
    );

    let tight = Limits {
        view_growth: 0,
        ..Limits::default()
    };
    let tight = engine_with(WORDS, TYPES, STANDARD, tight);
    let text = "you b4d dog and so on ".repeat(1_000);
    let request = Request::text(Source::Input, text.as_str());
    let failure = tight.evaluate(&request).failure();
    assert_eq!(failure, Some(edgerail_core::decision::Failure::GrowthLimit));
}

/// Hostile texts of a quarter of a mebibyte take a second or so unoptimised; at quadratic cost they would
/// take an hour.
#[test]
fn hostile_texts_take_linear_time_and_stay_within_the_limits() {
    let engine = standard();
    for piece in [
        "a a a a ",
        "a.a.a.a.",
        "b a d ",
        "b4d ",
        "aaaaaaaa",
        "%61%62",
        "&#97;",
        "1a",
        "$a$",
        "аb ",
        "a\u{335}",
        "YWFhYWFhYWFh",
        "6161616161",
        "(at) ",
        "x at y dot z ",
        "mail at a dot ",
        "🅰",
        "1 2 3 4 ",
        "a-b_c.",
        "\\x61",
        "fuuuuck ",
        "@@@@",
        "i1|!",
        "UHJvamVjdCBLZXN0cmVs ",
    ] {
        let text = piece.repeat((1 << 18) / piece.len());
        let start = std::time::Instant::now();
        let request = Request::text(Source::Input, text.as_str());
        let decision = engine.evaluate(&request);
        assert!(
            decision.failure().is_none(),
            "{piece:?}: {:?}",
            decision.failure()
        );
        let took = start.elapsed();
        assert!(took.as_secs() < 30, "{piece:?} took {took:?}");
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(0) % most
    }
}

const PIECES: &[&str] = &[
    "b4d",
    "b a d",
    "b.a.d",
    " ",
    " ",
    " ",
    "\n",
    "pr0ject",
    "Project",
    "K3strel",
    "kestrel",
    "baaad",
    "і",
    "diоt",
    "UHJvamVjdCBLZXN0cmVs",
    "%62%61",
    "d",
    "a",
    "&#98;",
    "ad",
    "jane",
    " (at) ",
    "(dot)",
    "example",
    "com",
    " mail ",
    " at ",
    " dot ",
    "4",
    "1 1 1 1",
    "word",
    "words and words",
    ".",
    "-",
    "!",
    "$hit",
    "= 4",
    "слово",
    "ж",
    "b\u{337}a\u{337}d",
    "6964696f74",
    "zero\u{200b}width",
];

#[test]
fn text_before_the_live_offset_is_settled() {
    let engine = standard();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut released = 0;
    for _ in 0..120 {
        let text: String = (0..2 + random.below(60))
            .map(|_| PIECES[random.below(PIECES.len())])
            .collect();
        let before = |text: &str, live: usize| -> Vec<(usize, usize, String)> {
            let request = Request::text(Source::Input, text);
            let decision = engine.evaluate(&request);
            let shown = decision
                .findings()
                .iter()
                .filter(|f| f.view.is_some() && f.start < live);
            shown
                .map(|f| (f.start, f.end, format!("{:?}", f.entry)))
                .collect()
        };
        for cut in (0..text.len()).filter(|&at| text.is_char_boundary(at)) {
            let head = &text[..cut];
            let live = engine.live_from(Source::Input, head);
            assert!(live <= cut && head.is_char_boundary(live));
            released += usize::from(live > 0);
            assert_eq!(
                before(&text, live),
                before(head, live),
                "{text:?} cut at {cut}, live from {live}"
            );
        }
    }
    assert!(released > 1_000, "{released}");
}
