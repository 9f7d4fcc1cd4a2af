//! The section `selftest`: texts with what this bundle's engine decided about them when it was compiled,
//! so that a host can tell whether its own engine decides the same.

use edgerail_core::json::Writer;
use edgerail_core::{Engine, Request, Source};

/// How many of a bundle's own words are tried.
const WORDS: usize = 8;

/// Texts that exercise every part of the engine, whatever the bundle.
const TEXTS: &[&str] = &[
    "Where can I download my latest invoice?",
    "Write to dana.ortiz@example.com or call +1 (202) 555-0143, card 4111 1111 1111 1111.",
    "SSN 536-90-4399, IBAN GB29 NWBK 6016 1331 9268 19, host 192.0.2.17, fe80::1",
    "Straße １２３ ﬁn \u{200b}e\u{301} 東京 مرحبا नमस्ते",
];

/// The section for `engine`, given some of its words.
pub(crate) fn build(engine: &Engine, words: &[&str]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.array(|w| {
        for source in [Source::Input, Source::Output] {
            for text in TEXTS.iter().chain(words.iter().take(WORDS)) {
                let request = Request::text(source, text);
                let decision = engine.evaluate(&request);
                w.object(|w| {
                    w.name("action").string(decision.action().name());
                    w.name("found")
                        .number(u64::try_from(decision.found()).unwrap_or(u64::MAX));
                    w.name("outputs").array(|w| {
                        decision
                            .outputs()
                            .iter()
                            .for_each(|output| w.string(output));
                    });
                    w.name("source").string(source.name());
                    w.name("text").string(text);
                });
            }
        }
    });
    writer.finish().into_bytes()
}
