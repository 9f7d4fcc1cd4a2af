//! The bodies of `tests/payloads` through the engine: each is its own expectation, see the README there.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use edgerail_core::payload::stream::{
    EngineFilter, Framing, Reframer, TextFilter, Verdict, WholeBlocks,
};
use edgerail_core::payload::{GuardOptions, Payload, Replacement, Shape, Side};
use edgerail_core::stream::StreamOptions;
use edgerail_core::{Engine, LoadOptions};
use edgerail_tests::{Random, bundle_of};

const DEFINITION: &str = r#"{
  "name": "payloads", "blockedInputMessaging": "Not in.", "blockedOutputsMessaging": "Not out.",
  "wordPolicyConfig": {"wordsConfig": [{"text": "Project Kestrel"}]},
  "sensitiveInformationPolicyConfig": {"piiEntitiesConfig": [
    {"type": "EMAIL", "action": "ANONYMIZE", "inputAction": "ANONYMIZE", "outputAction": "ANONYMIZE",
     "inputEnabled": true, "outputEnabled": true},
    {"type": "CREDIT_DEBIT_CARD_NUMBER", "action": "ANONYMIZE", "inputAction": "ANONYMIZE",
     "outputAction": "ANONYMIZE", "inputEnabled": true, "outputEnabled": true}]}
}"#;

fn engine() -> Engine {
    Engine::load(bundle_of(DEFINITION, ""), LoadOptions::default()).expect("the bundle loads")
}

fn masked(engine: &Engine, body: &[u8], shape: Option<Shape>, options: &GuardOptions) -> Vec<u8> {
    let payload = Payload::read(body, shape, options).expect("the body is read");
    let request = payload.request(payload.source());
    payload.write(&engine.evaluate(&request))
}

/// The addresses of a body that begin with `prefix` and end with `suffix`, as they are written there.
fn addresses<'b>(body: &'b str, prefix: &str) -> Vec<&'b str> {
    let starts = body.match_indices(prefix).map(|(start, _)| start);
    let of = |start: usize| {
        let end = body[start..].find("@example.com").expect("an address") + "@example.com".len();
        &body[start..start + end]
    };
    starts.map(of).collect()
}

/// The hash of a body without some stretches.
fn hash_without(body: &str, stretches: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut rest = body;
    for stretch in stretches {
        let (before, after) = rest.split_once(stretch).expect("the stretch is there");
        before
            .as_bytes()
            .iter()
            .for_each(|byte| byte.hash(&mut hasher));
        rest = after;
    }
    rest.as_bytes()
        .iter()
        .for_each(|byte| byte.hash(&mut hasher));
    hasher.finish()
}

#[test]
fn bodies_are_guarded_where_they_say_and_nowhere_else() {
    let engine = engine();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("payloads");
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let parts: Vec<&str> = name.split('.').collect();
        let [shape, side, variant @ .., "json"] = &parts[..] else {
            continue;
        };
        let shape = Shape::from_name(shape).unwrap_or_else(|| panic!("{name}: no such shape"));
        let variant = variant.first().copied().unwrap_or("");
        let mut options = if variant.starts_with("selective") {
            GuardOptions::of_request()
        } else {
            GuardOptions::default()
        };
        options.tools = variant == "tools";
        let body = fs::read(&path).expect("the body can be read");
        for named in [None, Some(shape)] {
            let payload = Payload::read(&body, named, &options);
            let payload = payload.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(payload.shape(), shape, "{name}");
            assert_eq!(payload.side().name(), *side, "{name}");
            let text = std::str::from_utf8(&body).expect("UTF-8");
            let new = masked(&engine, &body, named, &options);
            let new = std::str::from_utf8(&new).expect("UTF-8");
            let mut guarded = addresses(text, "guarded-");
            guarded.extend(addresses(text, r"\u0067uarded-"));
            guarded.sort_by_key(|address| address.as_ptr());
            assert!(!guarded.is_empty(), "{name} guards nothing");
            let mut expected = text.to_owned();
            for address in &guarded {
                expected = expected.replacen(address, "{EMAIL}", 1);
            }
            assert_eq!(new, expected, "{name}");
            let masks = vec!["{EMAIL}"; guarded.len()];
            assert_eq!(
                hash_without(text, &guarded),
                hash_without(new, &masks),
                "{name}"
            );
            seen.insert((shape.name(), payload.side() == Side::Request));
        }
    }
    assert_eq!(
        seen.len(),
        2 * Shape::ALL.len(),
        "bodies of both sides of every shape"
    );
}

#[test]
fn the_rest_of_a_body_is_copied_byte_by_byte() {
    let engine = engine();
    let body = "\u{feff}\r\n{ \"model\":\"\\u0067pt\", \"seed\" : 1e999999, \"messages\":[ {\"role\":\"user\",\
        \"content\":\"\\ud800\\u00E9\\/\\t ann@ex\\u0061mple.com \\udc00 \\\"4111 1111 1111 1111\\\"\"}\t] ,\
        \"big\":123456789012345678901234567890.000000000000000000001,\"model\":\"other\"}\n\n";
    let new = masked(&engine, body.as_bytes(), None, &GuardOptions::default());
    let expected = body
        .replace("ann@ex\\u0061mple.com", "{EMAIL}")
        .replace("4111 1111 1111 1111", "{CREDIT_DEBIT_CARD_NUMBER}");
    assert_eq!(String::from_utf8(new).unwrap(), expected);
}

#[test]
fn a_body_without_findings_is_the_same() {
    let engine = engine();
    let body = b"{\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}],\"model\":\"m\"} ";
    assert_eq!(masked(&engine, body, None, &GuardOptions::default()), body);
}

#[test]
fn a_number_with_a_mask_becomes_a_string() {
    let engine = engine();
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay","arguments":{"card":4111111111111111,"n":5}}}"#;
    let new = masked(&engine, body.as_bytes(), None, &GuardOptions::default());
    let expected = body.replace("4111111111111111", "\"{CREDIT_DEBIT_CARD_NUMBER}\"");
    assert_eq!(String::from_utf8(new).unwrap(), expected);
}

#[test]
fn json_written_into_a_string_is_read_as_json() {
    let engine = engine();
    let options = GuardOptions {
        tools: true,
        ..GuardOptions::default()
    };
    let body = r#"{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"pay","arguments":" {\"to\":[\"\\u00e4 ann\\u0040ex\u0061mple.com \\n\"],\"card\":4111111111111111}"}}]}]}"#;
    let new = masked(&engine, body.as_bytes(), None, &options);
    let expected = body
        .replace(r"ann\\u0040ex\u0061mple.com", "{EMAIL}")
        .replace("4111111111111111", r#"\"{CREDIT_DEBIT_CARD_NUMBER}\""#);
    assert_eq!(String::from_utf8(new).unwrap(), expected);
}

#[test]
fn what_repeats_a_masked_text_is_emptied() {
    let engine = engine();
    let body = r#"{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"to ann@example.com"},"logprobs":{"content":[{"token":"ann"}]}}]}"#;
    let new = masked(&engine, body.as_bytes(), None, &GuardOptions::default());
    let expected = body
        .replace("ann@example.com", "{EMAIL}")
        .replace(r#"{"content":[{"token":"ann"}]}"#, "null");
    assert_eq!(String::from_utf8(new).unwrap(), expected);
    let clean = body.replace("ann@example.com", "nobody");
    assert_eq!(
        masked(&engine, clean.as_bytes(), None, &GuardOptions::default()),
        clean.as_bytes()
    );
}

#[test]
fn tags_cannot_cut_a_word_out_of_an_enforced_guardrail() {
    let engine = engine();
    let tag = "amazon-bedrock-guardrails-guardContent_s1";
    let body = format!(
        r#"{{"prompt":"Project <{tag}>Kestrel</{tag}>, ann@exam<{tag}>ple.com</{tag}>","max_gen_len":5,"amazon-bedrock-guardrailConfig":{{"tagSuffix":"s1"}}}}"#
    );
    let payload = Payload::read(body.as_bytes(), None, &GuardOptions::default()).unwrap();
    let request = payload.request(payload.source());
    let decision = engine.evaluate(&request);
    assert_eq!(decision.reason().text(), "Guardrail blocked.");
    assert_eq!(payload.write(&decision), payload.blocked("Not in."));
    // Without the word only the address is left, whose mask goes around the tag.
    let body = body.replace("Kestrel", "Heron");
    let new = masked(&engine, body.as_bytes(), None, &GuardOptions::default());
    let expected = body.replace("ann@exam", "{EMAIL}").replace("ple.com", "");
    assert_eq!(String::from_utf8(new).unwrap(), expected);
}

#[test]
fn models_are_included_and_excluded() {
    let engine = engine();
    let body = br#"{"model":"m1","max_completion_tokens":3,"messages":[{"role":"user","content":"ann@example.com"}]}"#;
    let mut options = GuardOptions::default();
    options.models.excluded.push("m1".into());
    let payload = Payload::read(body, None, &options).unwrap();
    assert!(!payload.applies());
    assert!(payload.request(payload.source()).content.is_empty());
    assert_eq!(masked(&engine, body, None, &options), body);
    // The caller knows better than the body, which could name any model.
    options.model = Some("m2".into());
    assert_ne!(masked(&engine, body, None, &options), body);
}

#[test]
fn a_blocked_body_is_answered_in_its_own_form() {
    let body = br#"{"model":"gpt-4.1","messages":[{"role":"system","content":"Project Kestrel"}]}"#;
    let payload = Payload::read(body, None, &GuardOptions::default()).unwrap();
    let answer = String::from_utf8(payload.blocked("Not in.")).unwrap();
    assert!(answer.contains(r#""model":"gpt-4.1","choices":[{"index":0,"message":{"role":"assistant","content":"Not in.""#));
    assert!(answer.contains(r#""finish_reason":"content_filter""#));
}

/// Pieces that change what a body means.
const BITS: &[&str] = &[
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "\"text\":",
    "\\u00e9",
    "\\ud800",
    "1e9",
    "\u{e9}",
    " ",
    "\"type\":\"x\",",
];

/// Of whatever can be read: the texts can be found again in what is written, and nothing else changes.
#[test]
fn damaged_bodies_are_refused_or_read_as_they_stand() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("payloads");
    let mut random = Random(7);
    let mut read = 0;
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let body = fs::read_to_string(entry.expect("an entry").path()).expect("UTF-8");
        for _ in 0..300 {
            let mut damaged = body.clone();
            for _ in 0..=random.below(3) {
                let mut at = random.below(damaged.len().max(1));
                while !damaged.is_char_boundary(at) {
                    at -= 1;
                }
                let mut end = at + random.below(6).min(damaged.len() - at);
                while !damaged.is_char_boundary(end) {
                    end -= 1;
                }
                damaged.replace_range(at..end.max(at), BITS[random.below(BITS.len())]);
            }
            let options = GuardOptions {
                tools: random.below(2) == 0,
                ..GuardOptions::default()
            };
            let Ok(payload) = Payload::read(damaged.as_bytes(), None, &options) else {
                continue;
            };
            read += 1;
            assert_eq!(payload.replace([]), damaged.as_bytes());
            let request = payload.request(payload.source());
            let block = random.below(request.content.len().max(1));
            let Some(text) = request.content.get(block).map(|block| &*block.text) else {
                continue;
            };
            let places: Vec<_> = text.char_indices().collect();
            let Some(&(start, character)) = places.get(random.below(places.len().max(1))) else {
                continue;
            };
            let replacement = Replacement {
                block,
                start,
                end: start + character.len_utf8(),
                text: "\u{1f600}\"",
            };
            let new = payload.replace([replacement]);
            let mut expected: Vec<String> =
                request.content.iter().map(|b| b.text.to_string()).collect();
            expected[block].replace_range(start..start + character.len_utf8(), "\u{1f600}\"");
            let again = Payload::read(&new, Some(payload.shape()), &options).expect("still a body");
            let again = again.request(again.source());
            let again: Vec<_> = again.content.iter().map(|b| b.text.to_string()).collect();
            assert_eq!(again, expected, "{damaged}");
        }
    }
    assert!(read > 500, "only {read} damaged bodies could be read");
}

/// The text of a chat's stream, and its events without it.
fn chat(stream: &[u8]) -> (String, usize) {
    let stream = std::str::from_utf8(stream).expect("UTF-8");
    let events = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    let mut text = String::new();
    let mut count = 0;
    for event in events {
        count += 1;
        if event == "[DONE]" {
            continue;
        }
        let event = edgerail_core::json::parse(event).expect("JSON");
        let choice = &event
            .member("choices")
            .and_then(|c| c.as_array())
            .expect("choices")[0];
        let content = choice
            .member("delta")
            .and_then(|delta| delta.member("content"));
        text.push_str(content.and_then(|content| content.as_str()).unwrap_or(""));
    }
    (text, count)
}

fn chat_events(text: &str, piece: usize) -> (Vec<u8>, usize) {
    let characters: Vec<char> = text.chars().collect();
    let mut stream = String::new();
    for piece in characters.chunks(piece) {
        let mut content = String::new();
        edgerail_core::json::write_string(&mut content, &piece.iter().collect::<String>());
        stream.push_str(&format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{content}}}}}]}}\n\n"
        ));
    }
    stream.push_str("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
    let events = stream.matches("data: ").count();
    (stream.into_bytes(), events)
}

/// Masks of a stream are those of the whole text, however the text is cut into events and the events into
/// chunks; and no event is lost or invented.
#[test]
fn streams_give_what_whole_texts_give() {
    let engine = engine();
    let text = "Hello \u{1f600}, write to ann@example.com or \"bob.b@example.co.uk\";\n\tcard 4111 1111 1111 1111, not 4111 1111 1111 1112. Project Kite is fine. ".repeat(4);
    let request = edgerail_core::Request::text(edgerail_core::Source::Output, &text);
    let whole = engine.evaluate(&request).outputs()[0].clone();
    for piece in [1, 2, 3, 7, 16, 1000] {
        let (stream, events) = chat_events(&text, piece);
        for cut in [1, 11, 4096] {
            let options = StreamOptions::new(edgerail_core::Source::Output);
            let mut filter = EngineFilter::new(&engine, options);
            let (out, blocked) = reframe(&stream, cut, &mut filter);
            assert!(!blocked);
            assert_eq!(chat(&out), (whole.clone(), events), "{piece} {cut}");
            assert_eq!(filter.ends().len(), 1);
            let mut filter = WholeBlocks::new(|text: &str| {
                let request = edgerail_core::Request::text(edgerail_core::Source::Output, text);
                Verdict::of(&engine.evaluate(&request))
            });
            assert_eq!(
                chat(&reframe(&stream, cut, &mut filter).0),
                (whole.clone(), events)
            );
        }
    }
}

#[test]
fn a_blocked_stream_says_the_masked_prefix_and_the_message() {
    let engine = engine();
    let text = "Mail ann@example.com about Project Kestrel and more";
    for piece in [1, 5, 100] {
        let (stream, _) = chat_events(text, piece);
        let options = StreamOptions::new(edgerail_core::Source::Output);
        let mut filter = EngineFilter::new(&engine, options);
        let (out, blocked) = reframe(&stream, 3, &mut filter);
        assert!(blocked);
        assert_eq!(chat(&out).0, "Mail {EMAIL} about Not out.");
        assert!(out.ends_with(b"\"finish_reason\":\"content_filter\"}]}\n\ndata: [DONE]\n\n"));
    }
}

fn reframe(stream: &[u8], cut: usize, filter: &mut dyn TextFilter) -> (Vec<u8>, bool) {
    let mut reframer = Reframer::new(Shape::OpenAi, Framing::Sse, &GuardOptions::default());
    let mut out = Vec::new();
    for chunk in stream.chunks(cut) {
        reframer.push(chunk, filter, &mut out).expect("a stream");
    }
    reframer.finish(filter, &mut out).expect("an end");
    (out, reframer.is_blocked())
}
