//! The targets: what is done with an input, and what must hold afterwards.

use std::sync::LazyLock;

use edgerail_compile::definition::{self, ReadOptions};
use edgerail_compile::overlay::Overlay;
use edgerail_compile::{CompileOptions, compile};
use edgerail_core::decision::{Decision, Mask, Reason};
use edgerail_core::payload::stream::{Framing, Reframer, Verdict, WholeBlocks};
use edgerail_core::payload::{GuardOptions, Payload, Shape};
use edgerail_core::pii::PiiType;
use edgerail_core::reversible::{Placeholders, RestoreOptions, Restorer};
use edgerail_core::stream::{HOLDBACK, Stream, StreamOptions};
use edgerail_core::{Engine, LoadOptions, OutputScope, Request, Source, json};

use crate::seeds::Sources;
use crate::{activation, org, trust};

/// One target.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Takes any bytes; panics if something is wrong.
    pub run: fn(&[u8]),
    /// The inputs it starts from.
    pub seeds: fn(&Sources) -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "bundle",
        run: bundle,
        seeds: bundle_seeds,
    },
    Target {
        name: "definition",
        run: read_definition,
        seeds: definition_seeds,
    },
    Target {
        name: "overlay",
        run: read_overlay,
        seeds: overlay_seeds,
    },
    Target {
        name: "org",
        run: org::answers,
        seeds: org::seeds,
    },
    Target {
        name: "org-saved",
        run: org::saved,
        seeds: org::saved_seeds,
    },
    Target {
        name: "json",
        run: read_json,
        seeds: json_seeds,
    },
    Target {
        name: "evaluate",
        run: evaluate,
        seeds: Sources::texts,
    },
    Target {
        name: "views",
        run: views,
        seeds: Sources::texts,
    },
    Target {
        name: "stream",
        run: stream,
        seeds: stream_seeds,
    },
    Target {
        name: "payload",
        run: payload,
        seeds: payload_seeds,
    },
    Target {
        name: "events",
        run: events,
        seeds: event_seeds,
    },
    Target {
        name: "placeholders",
        run: placeholders,
        seeds: placeholder_seeds,
    },
    Target {
        name: "restore",
        run: restore,
        seeds: restore_seeds,
    },
    Target {
        name: "trust-json",
        run: trust::json,
        seeds: trust::json_seeds,
    },
    Target {
        name: "trust-metadata",
        run: trust::metadata,
        seeds: trust::metadata_seeds,
    },
    Target {
        name: "trust-client",
        run: trust::client,
        seeds: trust::client_seeds,
    },
    Target {
        name: "trust-pattern",
        run: trust::pattern,
        seeds: trust::pattern_seeds,
    },
    Target {
        name: "activation",
        run: activation::state,
        seeds: activation::state_seeds,
    },
    Target {
        name: "custom",
        run: activation::custom,
        seeds: activation::custom_seeds,
    },
];

const MESSAGES: &str =
    r#""name": "fuzz", "blockedInputMessaging": "In.", "blockedOutputsMessaging": "Out.""#;

/// Words, profanity, all types, regexes on every path, topics and the prompt-attack filter.
fn everything() -> String {
    let types = PiiType::ALL.map(|ty| {
        let name = ty.name();
        format!(r#"{{"type": "{name}", "action": "ANONYMIZE", "inputAction": "ANONYMIZE"}}"#)
    });
    format!(
        r#"{{{MESSAGES}, "wordPolicyConfig": {{"wordsConfig": [{{"text": "Project Kestrel"}}, {{"text": "a a a a"}}, {{"text": "登录"}}],
        "managedWordListsConfig": [{{"type": "PROFANITY"}}]}},
        "topicPolicyConfig": {{"topicsConfig": [{{"name": "Tax", "definition": "Advice on taxes, deductions and filings.",
          "examples": ["How do I lower my capital gains tax?"], "type": "DENY"}}]}},
        "contentPolicyConfig": {{"filtersConfig": [{{"type": "PROMPT_ATTACK", "inputStrength": "HIGH", "outputStrength": "NONE"}}]}},
        "sensitiveInformationPolicyConfig": {{"piiEntitiesConfig": [{}],
        "regexesConfig": [{{"name": "T", "pattern": "\\bT-\\d{{4,6}}\\b", "action": "ANONYMIZE", "inputAction": "ANONYMIZE"}},
        {{"name": "A", "pattern": "x.{{40}}y", "action": "ANONYMIZE", "inputAction": "ANONYMIZE"}},
        {{"name": "W", "pattern": "(?i)w+\\W{{1,3}}w", "action": "NONE"}}]}}}}"#,
        types.join(",")
    )
}

fn load(bundle: Vec<u8>) -> Engine {
    Engine::load(bundle, LoadOptions::default()).expect("our own bundle loads")
}

static CLASSIC: LazyLock<Engine> =
    LazyLock::new(|| load(edgerail_tests::bundle_of(&everything(), "")));

static STANDARD: LazyLock<Engine> = LazyLock::new(|| {
    let tier = "[tier]\nwords = \"STANDARD\"\nprofanity = \"STANDARD\"\npii = \"STANDARD\"\n";
    load(edgerail_tests::bundle_of(&everything(), tier))
});

/// Any bytes as a bundle: refused, or an engine that decides.
fn bundle(input: &[u8]) {
    let options = LoadOptions {
        check_hash: false,
        ..LoadOptions::default()
    };
    if let Ok(engine) = Engine::load(input.to_vec(), options) {
        for source in [Source::Input, Source::Output] {
            let text = "Project Kestrel T-1234 dana@example.com k3strel 4111 1111 1111 1111 tax deductions é 登录";
            drop(engine.evaluate(&Request::text(source, text)).to_json());
        }
        let _ = engine.self_test();
    }
}

fn bundle_seeds(sources: &Sources) -> Vec<Vec<u8>> {
    let mut small: Vec<Vec<u8>> = sources
        .corpus
        .bundles()
        .filter(|bundle| bundle.len() < 24 << 10)
        .map(<[u8]>::to_vec)
        .collect();
    small.sort_by_key(Vec::len);
    small.dedup();
    small.into_iter().step_by(3).take(60).collect()
}

/// Any bytes as a definition: refused with messages, or guardrails that compile or are refused.
fn read_definition(input: &[u8]) {
    match definition::read(input, &ReadOptions::default()) {
        Ok(read) => {
            // What compiling costs is bounded by the size; a fuzzer wants quick answers.
            if input.len() < 4096 {
                let _ = compile(
                    &read.guardrails,
                    &Overlay::default(),
                    &CompileOptions::default(),
                );
            }
        }
        Err(problems) => assert!(!problems.to_string().is_empty()),
    }
}

fn definition_seeds(sources: &Sources) -> Vec<Vec<u8>> {
    let documents = sources
        .documents
        .iter()
        .filter(|document| document.len() < 16 << 10)
        .cloned();
    documents
        .chain(sources.embedded("definition").into_iter().step_by(7))
        .collect()
}

/// Any bytes as an overlay.
fn read_overlay(input: &[u8]) {
    match Overlay::read(input) {
        Ok(overlay) => {
            let read = definition::read(everything().as_bytes(), &ReadOptions::default())
                .expect("our own");
            // Compiling all types for every overlay would be slow: the names are checked all the same.
            if input.len() < 512 && input.len().is_multiple_of(16) {
                let _ = compile(&read.guardrails, &overlay, &CompileOptions::default());
            }
        }
        Err(problems) => assert!(!problems.to_string().is_empty()),
    }
}

fn overlay_seeds(sources: &Sources) -> Vec<Vec<u8>> {
    let mut seeds = sources.embedded("overlay");
    seeds.push(b"[pii.thresholds]\nNAME = 800\n[words]\nmatch = \"substring\"\n[on_error]\ninput = \"pass\"\n".to_vec());
    seeds
}

/// Any text as JSON, by the engine's own reader.
fn read_json(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = json::parse(text);
    }
}

fn json_seeds(sources: &Sources) -> Vec<Vec<u8>> {
    let documents = sources.documents.iter().chain(&sources.payloads);
    documents
        .filter(|document| document.len() < 8 << 10)
        .cloned()
        .collect()
}

/// Any text on the full policy.
fn evaluate(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        decide(&CLASSIC, text);
    }
}

/// Any text on the full policy in tier STANDARD: all that CLASSIC masks is masked as well.
fn views(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        decide(&STANDARD, text);
    }
}

fn decide(engine: &Engine, text: &str) {
    for source in [Source::Input, Source::Output] {
        let mut request = Request::text(source, text);
        request.output_scope = OutputScope::Full;
        let decision = engine.evaluate(&request);
        check(text, &decision);
        json::parse(&decision.to_json()).expect("a decision is JSON");
        let record = decision.record().to_json();
        json::parse(&record).expect("a record is JSON");
    }
}

fn check(text: &str, decision: &Decision<'_>) {
    assert!(
        decision.findings().len() <= 1000,
        "{} findings",
        decision.findings().len()
    );
    for finding in decision.findings() {
        assert_eq!(text.get(finding.start..finding.end), Some(finding.matched));
        assert!(finding.score <= 1000 && finding.start < finding.end);
    }
    let mut end = 0;
    for mask in decision.masks(0) {
        assert!(
            mask.start >= end && mask.start < mask.end && text.get(mask.start..mask.end).is_some()
        );
        end = mask.end;
    }
    match decision.reason() {
        Reason::NoAction => assert!(decision.outputs().is_empty()),
        Reason::Masked => assert_eq!(decision.outputs(), [masked(text, decision.masks(0))]),
        Reason::Blocked => assert_eq!(decision.outputs().len(), 1),
    }
}

fn masked(text: &str, masks: &[Mask<'_>]) -> String {
    let mut out = String::new();
    let mut at = 0;
    for mask in masks {
        out += &text[at..mask.start];
        out += &format!("{{{}}}", mask.label);
        at = mask.end;
    }
    out + &text[at..]
}

/// Any bytes as a stream: however they are cut, the same comes out; with masks only it is what one shot gives.
fn stream(input: &[u8]) {
    let Some((&step, bytes)) = input.split_first() else {
        return;
    };
    let whole = stream_out(bytes, bytes.len().max(1));
    let step = 1 + usize::from(step % 80);
    let pieces = stream_out(bytes, step);
    let broken = std::str::from_utf8(bytes).is_err();
    if broken && [whole.1, pieces.1] == [Reason::Blocked; 2] {
        // How much is out when a text breaks off, and why, follows from its cuts; never what.
        let stem = |out: &str| out.strip_suffix("In.").map(str::to_owned);
        let (whole, pieces) = (
            stem(&whole.0).expect("blocked"),
            stem(&pieces.0).expect("blocked"),
        );
        assert!(
            whole.starts_with(&pieces) || pieces.starts_with(&whole),
            "cut every {step} bytes"
        );
        return;
    }
    assert_eq!(whole, pieces, "cut every {step} bytes");
    if let Ok(text) = std::str::from_utf8(bytes)
        && whole.2 == "ok"
    {
        let request = Request::text(Source::Input, text);
        let decision = CLASSIC.evaluate(&request);
        match decision.reason() {
            Reason::NoAction => assert_eq!(whole.0, text),
            Reason::Masked => assert_eq!(decision.outputs(), [whole.0]),
            Reason::Blocked => assert!(whole.0.ends_with("In.")),
        }
    }
}

fn stream_out(bytes: &[u8], step: usize) -> (String, Reason, &'static str) {
    let engine = &*CLASSIC;
    let mut stream = Stream::new(engine, StreamOptions::new(Source::Input));
    let mut out = String::new();
    for piece in bytes.chunks(step) {
        out += stream.push(engine, piece).expect("the stream is open");
        let held = stream.stats().held;
        assert!(held <= HOLDBACK, "{held} bytes are held");
    }
    let end = stream.finish(engine).expect("the stream is open");
    out += &end.outputs.concat();
    let code = end
        .failure
        .map_or("ok", edgerail_core::decision::Failure::code);
    (out, end.reason, code)
}

fn stream_seeds(sources: &Sources) -> Vec<Vec<u8>> {
    let texts = sources.texts().into_iter();
    texts.map(|text| [&[6][..], &text].concat()).collect()
}

/// Any bytes as a body: refused by name, or written back unchanged where nothing is masked.
fn payload(input: &[u8]) {
    let (shape, body) = shape_of(input);
    for mut options in [GuardOptions::default(), GuardOptions::of_request()] {
        options.tools = input.len().is_multiple_of(2);
        match Payload::read(body, shape, &options) {
            Ok(payload) => {
                let request = payload.request(payload.source());
                let decision = CLASSIC.evaluate(&request);
                let written = payload.write(&decision);
                if decision.reason() == Reason::NoAction {
                    assert_eq!(written, body, "nothing was masked, and the body changed");
                }
                let text = std::str::from_utf8(&written).expect("a body stays UTF-8");
                if json::parse(std::str::from_utf8(body).expect("it was read")).is_ok() {
                    json::parse(text).expect("a body stays JSON");
                }
                let blocked = payload.blocked("No \"more\".");
                json::parse(std::str::from_utf8(&blocked).expect("UTF-8"))
                    .expect("an answer is JSON");
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

/// The first byte says which shape the caller names, if any.
fn shape_of(input: &[u8]) -> (Option<Shape>, &[u8]) {
    match input.split_first() {
        Some((&first, rest)) => (Shape::ALL.get(usize::from(first) % 16).copied(), rest),
        None => (None, input),
    }
}

fn payload_seeds(sources: &Sources) -> Vec<Vec<u8>> {
    let bodies = sources
        .payloads
        .iter()
        .filter(|body| body.first() == Some(&b'{'));
    bodies.map(|body| [&[15][..], body].concat()).collect()
}

/// Any bytes as streamed events, cut anywhere: the same bytes come out.
fn events(input: &[u8]) {
    let Some((&first, rest)) = input.split_first() else {
        return;
    };
    let Some((&step, bytes)) = rest.split_first() else {
        return;
    };
    let shape = Shape::ALL[usize::from(first >> 1) % Shape::ALL.len()];
    let framing = if first & 1 == 0 {
        Framing::Sse
    } else {
        Framing::EventStream
    };
    let whole = reframe(shape, framing, bytes, bytes.len().max(1));
    let pieces = reframe(shape, framing, bytes, 1 + usize::from(step));
    assert_eq!(whole, pieces, "cut every {} bytes", 1 + usize::from(step));
}

fn reframe(shape: Shape, framing: Framing, bytes: &[u8], step: usize) -> (Vec<u8>, bool) {
    let mut filter = WholeBlocks::new(|text: &str| {
        let request = Request::text(Source::Output, text);
        Verdict::of(&CLASSIC.evaluate(&request))
    });
    let mut reframer = Reframer::new(shape, framing, &GuardOptions::default());
    let mut out = Vec::new();
    let mut failed = false;
    for piece in bytes.chunks(step) {
        if reframer.push(piece, &mut filter, &mut out).is_err() {
            failed = true;
            break;
        }
    }
    if !failed {
        failed = reframer.finish(&mut filter, &mut out).is_err();
    }
    (out, failed)
}

fn event_seeds(sources: &Sources) -> Vec<Vec<u8>> {
    let openai = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Write to dana@\"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"example.com\"}}]}\r\n\r\ndata: [DONE]\n\n";
    let anthropic = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Project \"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Kestrel\"}}\n\n: comment\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    let responses = "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"content_index\":0,\"delta\":\"hi dana@example.com\"}\n\n";
    let mut seeds = Vec::new();
    for (shape, text) in [
        (Shape::OpenAi, openai),
        (Shape::Anthropic, anthropic),
        (Shape::OpenAiResponses, responses),
    ] {
        let place = Shape::ALL
            .iter()
            .position(|one| *one == shape)
            .expect("a shape");
        let first = u8::try_from(place * 2).expect("few shapes");
        seeds.push([&[first, 0][..], text.as_bytes()].concat());
    }
    // A message of the binary framing: prelude, headers, payload and their sums.
    let body = br#"{"contentBlockIndex":0,"delta":{"text":"dana@example.com"}}"#;
    let message = binary(
        &[
            (":event-type", "contentBlockDelta"),
            (":content-type", "application/json"),
            (":message-type", "event"),
        ],
        body,
    );
    seeds.push([&[1, 0][..], &message].concat());
    seeds.push([&[1, 6][..], &message, &message].concat());
    seeds.extend(
        sources
            .payloads
            .iter()
            .filter(|body| body.first() != Some(&b'{'))
            .map(|body| [&[0, 3][..], body].concat()),
    );
    seeds
}

/// One message of `application/vnd.amazon.eventstream`.
fn binary(headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).expect("short"));
        head.extend_from_slice(name.as_bytes());
        head.push(7);
        head.extend_from_slice(&u16::try_from(value.len()).expect("short").to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let total = u32::try_from(16 + head.len() + body.len()).expect("short");
    let mut message = total.to_be_bytes().to_vec();
    message.extend_from_slice(&u32::try_from(head.len()).expect("short").to_be_bytes());
    message.extend_from_slice(&crc32(&message).to_be_bytes());
    message.extend_from_slice(&head);
    message.extend_from_slice(body);
    message.extend_from_slice(&crc32(&message).to_be_bytes());
    message
}

/// CRC-32 bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg())
        })
    })
}

/// Any text as a stored map: refused without a word of it, or one that works and is written as it was read.
fn placeholders(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(mut map) = Placeholders::from_json(text, "c1") {
        let again = Placeholders::from_json(&map.to_json(), "c1").expect("what is written is read");
        assert!(again == map, "a map changes when it is stored");
        round_trip(&mut map, "a {EMAIL_1} b {T_2} c");
    }
}

fn placeholder_seeds(_: &Sources) -> Vec<Vec<u8>> {
    let mut map = Placeholders::new("c1");
    let mut seeds = vec![map.to_json().into_bytes()];
    for text in ["dana", "{EMAIL_1}", "T-1 {T_1} {LITERAL_1}", "odd } name"] {
        round_trip(&mut map, text);
        seeds.push(map.to_json().into_bytes());
    }
    seeds
}

/// Any text with masks at places that its bytes choose: masked and restored it is the same again; restored in
/// pieces it is what it is at once.
fn restore(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let mut map = Placeholders::new("c1");
    round_trip(&mut map, "dana");
    round_trip(&mut map, text);
    for options in [RestoreOptions::default(), RestoreOptions::EVERYWHERE] {
        let whole = map.restore(text, options);
        let step = 1 + input.len() % 7;
        let mut restorer = Restorer::new(&map, options);
        let mut out: String = text
            .as_bytes()
            .chunks(step)
            .map(|piece| restorer.push_bytes(piece))
            .collect();
        out += &restorer.finish();
        assert_eq!(out, whole, "cut every {step} bytes");
    }
}

fn round_trip(map: &mut Placeholders, text: &str) {
    let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
    let mut masks = Vec::new();
    let mut at = 0;
    for (number, pair) in places.chunks(5).enumerate() {
        let [start, .., end] = pair else { continue };
        let byte = text.as_bytes()[*start];
        if byte % 3 == 0 && *start >= at {
            let (label, built_in) = [
                ("EMAIL", true),
                ("T", false),
                ("EMAIL", false),
                ("odd } name", false),
            ][number % 4];
            masks.push(Mask {
                start: *start,
                end: *end,
                label,
                built_in,
            });
            at = *end;
        }
    }
    let masked = map.mask(text, &masks);
    assert_eq!(
        map.restore(&masked, RestoreOptions::EVERYWHERE),
        text,
        "masked: {masked:?}"
    );
}

fn restore_seeds(sources: &Sources) -> Vec<Vec<u8>> {
    let file = include_str!("../../corpus/reversible/conversations.toml");
    let quoted = file
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|piece| piece.contains('{'));
    let quoted = quoted.map(|piece| piece.replace("\\n", "\n").into_bytes());
    quoted
        .chain(sources.texts().into_iter().step_by(20))
        .collect()
}
