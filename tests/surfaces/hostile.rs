//! Damaged bundles and hostile texts, on the native engine.

use edgerail_core::bundle::BundleError;
use edgerail_core::decision::{Action, Failure, Reason};
use edgerail_core::{Engine, LoadOptions, Request, Source};
use edgerail_tests::{Corpus, bundle_of};

const MESSAGES: &str =
    r#""name": "test", "blockedInputMessaging": "In.", "blockedOutputsMessaging": "Out.""#;

fn everything() -> String {
    let types = edgerail_core::pii::PiiType::ALL.map(|ty| {
        let name = ty.name();
        format!(r#"{{"type": "{name}", "action": "ANONYMIZE", "inputAction": "ANONYMIZE"}}"#)
    });
    format!(
        r#"{{{MESSAGES}, "wordPolicyConfig": {{"wordsConfig": [{{"text": "Project Kestrel"}}, {{"text": "a a a a"}}],
        "managedWordListsConfig": [{{"type": "PROFANITY"}}]}},
        "sensitiveInformationPolicyConfig": {{"piiEntitiesConfig": [{}],
        "regexesConfig": [{{"name": "T", "pattern": "\\bT-\\d{{4,6}}\\b", "action": "BLOCK"}},
        {{"name": "A", "pattern": "x.{{40}}y", "action": "BLOCK"}}]}}}}"#,
        types.join(",")
    )
}

fn small() -> Vec<u8> {
    let definition = format!(
        r#"{{{MESSAGES}, "wordPolicyConfig": {{"wordsConfig": [{{"text": "Project Kestrel"}}, {{"text": "b c"}}]}},
        "sensitiveInformationPolicyConfig": {{"piiEntitiesConfig": [{{"type": "EMAIL", "action": "BLOCK"}}],
        "regexesConfig": [{{"name": "T", "pattern": "T-\\d{{4}}", "action": "BLOCK"}}]}}}}"#
    );
    bundle_of(&definition, "")
}

fn load(bundle: Vec<u8>, check_hash: bool) -> Result<Engine, BundleError> {
    Engine::load(
        bundle,
        LoadOptions {
            check_hash,
            ..LoadOptions::default()
        },
    )
}

#[test]
fn every_flipped_bit_of_a_small_bundle_is_refused() {
    let good = small();
    assert!(good.len() <= 32 << 10, "{} bytes", good.len());
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(load(bad, true).is_err(), "bit {bit}");
    }
}

#[test]
fn bits_flipped_behind_the_hash_check_never_panic_or_hang() {
    let text = "Project Kestrel b c T-1234 dana@example.com";
    for bundle in [small(), bundle_of(&everything(), "")] {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..2_000 {
            let mut bad = bundle.clone();
            for _ in 0..1 + random % 3 {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                let bit = usize::try_from(random).unwrap_or(0) % (bad.len() * 8);
                bad[bit / 8] ^= 1 << (bit % 8);
            }
            if let Ok(engine) = load(bad, false) {
                let _ = engine
                    .evaluate(&Request::text(Source::Input, text))
                    .to_json();
            }
        }
    }
}

#[test]
fn ten_thousand_flipped_bits_of_a_large_bundle_are_refused() {
    let good = bundle_of(&everything(), "");
    assert!(good.len() > 32 << 10);
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut bad = good.clone();
    for _ in 0..10_000 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let bit = usize::try_from(random).unwrap_or(0) % (good.len() * 8);
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(load(bad.clone(), true).is_err(), "bit {bit}");
        bad[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn a_bundle_cut_anywhere_is_refused() {
    let good = small();
    for length in 0..good.len() {
        assert!(
            load(good[..length].to_vec(), true).is_err(),
            "cut to {length}"
        );
        assert!(
            load(good[..length].to_vec(), false).is_err(),
            "cut to {length}, hash unchecked"
        );
    }
    let large = bundle_of(&everything(), "");
    for length in (0..large.len()).step_by(997) {
        assert!(
            load(large[..length].to_vec(), false).is_err(),
            "cut to {length}"
        );
    }
}

#[test]
fn every_bundle_of_the_corpus_passes_its_own_test_and_is_deterministic() {
    for bundle in Corpus::ours().bundles() {
        load(bundle.to_vec(), true).unwrap().self_test().unwrap();
    }
    assert_eq!(bundle_of(&everything(), ""), bundle_of(&everything(), ""));
}

#[test]
fn a_text_over_the_limit_blocks_and_says_why() {
    let engine = load(small(), true).unwrap();
    let at_limit = "x ".repeat(1 << 19);
    let request = Request::text(Source::Input, &at_limit);
    assert_eq!(engine.evaluate(&request).action(), Action::None);
    let beyond = format!("{at_limit}x");
    let request = Request::text(Source::Output, &beyond);
    let decision = engine.evaluate(&request);
    assert_eq!(decision.failure(), Some(Failure::TextLimit));
    assert_eq!(
        (decision.reason(), decision.outputs()),
        (Reason::Blocked, &["Out.".to_owned()][..])
    );
    assert!(decision.to_json().contains(r#""reasonCode":"limit_text""#));
}

#[test]
fn an_overlay_may_let_undecided_text_pass() {
    let definition = everything();
    let engine = load(
        bundle_of(&definition, "[on_error]\ninput = \"pass\"\n"),
        true,
    )
    .unwrap();
    let beyond = "x".repeat((1 << 20) + 1);
    let decide = |source| engine.evaluate(&Request::text(source, &beyond)).action();
    assert_eq!(decide(Source::Input), Action::None);
    assert_eq!(decide(Source::Output), Action::GuardrailIntervened);
}

#[test]
fn a_thousand_and_one_addresses_are_all_masked_and_a_thousand_listed() {
    let definition = format!(
        r#"{{{MESSAGES}, "sensitiveInformationPolicyConfig": {{"piiEntitiesConfig":
        [{{"type": "EMAIL", "action": "ANONYMIZE", "inputAction": "ANONYMIZE"}}]}}}}"#
    );
    let engine = load(bundle_of(&definition, ""), true).unwrap();
    let text: String = (0..1001)
        .map(|n| format!("user{n}@example.com\n"))
        .collect();
    let request = Request::text(Source::Input, &text);
    let decision = engine.evaluate(&request);
    assert_eq!(decision.outputs(), ["{EMAIL}\n".repeat(1001)]);
    assert_eq!((decision.found(), decision.findings().len()), (1001, 1000));
}

#[test]
fn a_blocked_value_inside_a_longer_masked_one_blocks() {
    let definition = format!(
        r#"{{{MESSAGES}, "sensitiveInformationPolicyConfig": {{"piiEntitiesConfig":
        [{{"type": "URL", "action": "ANONYMIZE", "inputAction": "ANONYMIZE"}},
         {{"type": "IP_ADDRESS", "action": "BLOCK"}}]}}}}"#
    );
    let engine = load(bundle_of(&definition, ""), true).unwrap();
    let request = Request::text(Source::Input, "see https://192.0.2.7/a/long/path for it");
    let decision = engine.evaluate(&request);
    assert_eq!((decision.reason(), decision.found()), (Reason::Blocked, 2));
}

#[test]
fn odd_texts_are_decided() {
    let engine = load(bundle_of(&everything(), ""), true).unwrap();
    let zero_width = "\u{200b}".repeat(100_000);
    let hidden = format!("Pro{zero_width}ject Kestrel");
    for (text, action) in [
        ("", Action::None),
        ("\0", Action::None),
        ("Project\0 Kestrel", Action::GuardrailIntervened),
        (&zero_width, Action::None),
        (&hidden, Action::GuardrailIntervened),
        (&"1".repeat(1 << 20), Action::None),
        (&"@".repeat(1 << 20), Action::None),
        (&"a ".repeat(1 << 19), Action::GuardrailIntervened),
        (&"\u{300}".repeat(1 << 19), Action::None),
        (&"\u{10ffff}\u{e000}\u{fffd}".repeat(1000), Action::None),
    ] {
        let request = Request::text(Source::Input, text);
        let decision = engine.evaluate(&request);
        assert_eq!(decision.action(), action, "{} bytes", text.len());
        assert_eq!(decision.failure(), None, "{} bytes", text.len());
    }
}

#[test]
fn a_text_that_grows_beyond_measure_blocks() {
    let engine = load(small(), true).unwrap();
    let text = "\u{fdfa}".repeat(2000);
    let request = Request::text(Source::Input, &text);
    assert_eq!(
        engine.evaluate(&request).failure(),
        Some(Failure::GrowthLimit)
    );
}

#[test]
fn ten_thousand_long_words_compile_and_match() {
    let words: Vec<String> = (0..10_000)
        .map(|n| format!(r#"{{"text": "{}{n:05}"}}"#, "w".repeat(95)))
        .collect();
    let definition = format!(
        r#"{{{MESSAGES}, "wordPolicyConfig": {{"wordsConfig": [{}]}}}}"#,
        words.join(",")
    );
    let engine = load(bundle_of(&definition, ""), true).unwrap();
    let text = format!("x {}09999 y", "W".repeat(95));
    let request = Request::text(Source::Input, &text);
    assert_eq!(engine.evaluate(&request).found(), 1);
}

#[test]
fn a_decision_is_canonical_json() {
    let engine = load(bundle_of(&everything(), ""), true).unwrap();
    let request = Request::text(
        Source::Input,
        "fuck Project Kestrel T-12345 dana@example.com",
    );
    let json = engine.evaluate(&request).to_json();
    let value = edgerail_core::json::parse(&json).unwrap();
    assert!(json.contains("managedWordLists") && json.contains("piiEntities"));
    assert_sorted(&value);
    let record = engine.evaluate(&request).record().to_json();
    assert_sorted(&edgerail_core::json::parse(&record).unwrap());
    for secret in ["estrel", "dana", "12345", "fuck"] {
        assert!(!record.contains(secret), "{record}");
    }
}

fn assert_sorted(value: &edgerail_core::json::Value<'_>) {
    use edgerail_core::json::Value;
    match value {
        Value::Object(members) => {
            let names: Vec<_> = members.iter().map(|(name, _)| name).collect();
            assert!(names.is_sorted(), "{names:?}");
            members.iter().for_each(|(_, value)| assert_sorted(value));
        }
        Value::Array(items) => items.iter().for_each(assert_sorted),
        _ => {}
    }
}
