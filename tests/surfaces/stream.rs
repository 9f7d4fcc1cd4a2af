//! Streams: every text of the corpus cut at every place gives what the decision on the whole says, and
//! limits, bad input and modes do what `docs/streaming.md` says.

use std::collections::BTreeMap;

use edgerail_core::decision::{Failure, Reason};
use edgerail_core::stream::{HOLDBACK, Holder, Stream, StreamError, StreamMode, StreamOptions};
use edgerail_core::{ContentBlock, Engine, LoadOptions, Request, Source};
use edgerail_tests::stream::{Streamed, expected, stream};
use edgerail_tests::{Corpus, Random, bundle_of};

fn load(bundle: &[u8]) -> Engine {
    Engine::load(bundle.to_vec(), LoadOptions::default()).expect("our bundles load")
}

fn options(request: &Request<'_>) -> StreamOptions {
    StreamOptions {
        now: request.now,
        ..StreamOptions::new(request.source)
    }
}

fn same(engine: &Engine, request: &Request<'_>, streamed: &Streamed) -> Result<(), String> {
    let decision = engine.evaluate(request);
    let want = expected(engine, &decision, request);
    let blocked = decision.reason() == Reason::Blocked;
    let outputs = &streamed.outputs;
    if *outputs != want || streamed.end.reason != decision.reason() {
        return Err(format!(
            "want {want:?}\nhave {outputs:?}: {:?}",
            streamed.end
        ));
    }
    let long = request
        .content
        .iter()
        .any(|block| block.text.len() > HOLDBACK);
    // What is longer than the cap is found as far as the cap lets it.
    if blocked || long {
        return Ok(());
    }
    let place = |f: &edgerail_core::decision::Finding<'_>| (f.block, f.start, f.end, f.score);
    let mut want: Vec<_> = decision.findings().iter().map(place).collect();
    let findings = streamed.end.findings.iter();
    let mut have: Vec<_> = findings
        .map(|f| (f.block, f.start, f.end, f.score))
        .collect();
    want.sort_unstable();
    have.sort_unstable();
    if want != have || streamed.end.found != decision.found() {
        return Err(format!("found {have:?}, in one shot {want:?}"));
    }
    if streamed.end.deferred.len() != decision.deferred().len() {
        return Err(format!("deferred {:?}", streamed.end.deferred));
    }
    Ok(())
}

#[test]
fn every_corpus_text_cut_anywhere_gives_what_the_whole_gives() {
    let corpus = Corpus::ours();
    let mut engines: BTreeMap<&[u8], Engine> = BTreeMap::new();
    let mut splits = 0_usize;
    for row in &corpus.rows {
        let request = row.request();
        // Streams have no qualifiers and roles: their caller streams what is to be decided. And what a row says of
        // its stream has a test of its own.
        let guarded =
            |block: &ContentBlock<'_>| block.qualifiers.are_guarded() && block.role.is_none();
        if row.stream.is_some() || !request.content.iter().all(guarded) {
            continue;
        }
        let bundle = corpus.bundle(row);
        let engine = &*engines.entry(bundle).or_insert_with(|| load(bundle));
        let options = options(&request);
        if Stream::new(engine, options).mode() == StreamMode::Buffer {
            continue;
        }
        let longest = request.content.iter().map(|block| block.text.len()).max();
        for size in [1, 16] {
            let streamed = stream(engine, &request, options, |text| {
                text.chunks(size).collect()
            });
            let check = same(engine, &request, &streamed);
            check.unwrap_or_else(|e| panic!("{} in pieces of {size}: {e}", row.name));
        }
        for at in 0..=longest.unwrap_or(0).min(2000) {
            splits += 1;
            let streamed = stream(engine, &request, options, |text| {
                let (head, tail) = text.split_at(at.min(text.len()));
                vec![head, tail]
            });
            let check = same(engine, &request, &streamed);
            check.unwrap_or_else(|e| panic!("{} cut at {at}: {e}", row.name));
        }
    }
    assert!(splits > 25_000, "{splits} splits");
}

/// The rows that say what their text gives as a stream.
#[test]
fn rows_give_the_streams_they_say() {
    let corpus = Corpus::ours();
    let mut rows = 0_usize;
    for row in &corpus.rows {
        let Some(want) = &row.stream else { continue };
        rows += 1;
        let engine = load(corpus.bundle(row));
        let request = row.request();
        let options = StreamOptions {
            mode: match want.mode.as_deref() {
                Some("buffer") => StreamMode::Buffer,
                _ => StreamMode::Incremental,
            },
            holdback: want.cap.unwrap_or(HOLDBACK),
            ..options(&request)
        };
        for size in [1, 2, 3, 5, 16, 100_000] {
            let streamed = stream(&engine, &request, options, |text| {
                text.chunks(size).collect()
            });
            assert_eq!(streamed.outputs, want.outputs, "{} by {size}", row.name);
            let code = streamed.end.failure.map(Failure::code);
            assert_eq!(code, want.reason_code.as_deref(), "{} by {size}", row.name);
        }
    }
    assert!(rows > 30, "{rows} rows");
}

/// Rows joined at random, cut and mangled at random.
#[test]
fn joined_and_mangled_texts_give_what_the_whole_gives() {
    let engine = load(&everything("ANONYMIZE"));
    let blocking = load(&everything("BLOCK"));
    let corpus = Corpus::ours();
    let texts: Vec<String> = corpus
        .rows
        .iter()
        .flat_map(|row| row.text.clone())
        .filter(|text| text.len() < 400)
        .collect();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for round in 0..1500 {
        let mut text = String::new();
        for _ in 0..=random.below(3) {
            text += &texts[random.below(texts.len())];
            text += [" ", "\n", ", ", ". ", "", "\u{200b}", "\u{301}"][random.below(7)];
        }
        let at = text.floor_char_boundary(random.below(text.len() + 1));
        text.insert(
            at,
            ['a', ' ', 'B', '1', '-', '@', '"', ':'][random.below(8)],
        );
        let source = [Source::Input, Source::Output][random.below(2)];
        let request = Request::text(source, &text);
        let engine = [&engine, &blocking][round % 2];
        let size = 1 + random.below(20);
        let streamed = stream(engine, &request, options(&request), |text| {
            text.chunks(size).collect()
        });
        let check = same(engine, &request, &streamed);
        check.unwrap_or_else(|e| panic!("{text:?} in pieces of {size}: {e}"));
    }
}

/// A bundle with every built-in type, words, a phrase and regexes of all shapes.
fn everything(action: &str) -> Vec<u8> {
    let both = |action: &str| {
        format!(
            r#""action":"{action}","inputAction":"{action}","outputAction":"{action}","inputEnabled":true,"outputEnabled":true"#
        )
    };
    let types = edgerail_core::pii::PiiType::ALL.map(|ty| {
        let name = ty.name();
        format!(r#"{{"type":"{name}",{}}}"#, both(action))
    });
    let patterns = [
        ("Ticket", r"TCK-\\d+"),
        ("Project", r"Project (Falcon|Osprey)( Two)?"),
        ("Staff", r"\\b[A-Z]{2}\\d{4,6}\\b"),
        ("Quote", r"'[^'\\n]{2,40}'"),
        ("Tag", r"#[a-z]+(-[a-z]+)*"),
    ];
    let patterns = patterns.map(|(name, pattern)| {
        format!(
            r#"{{"name":"{name}","pattern":"{pattern}",{}}}"#,
            both("ANONYMIZE")
        )
    });
    let words = ["kestrel", "red kite", "secret sauce recipe", "3.14"];
    let words = words.map(|word| format!(r#"{{"text":"{word}",{}}}"#, both("NONE")));
    let definition = format!(
        r#"{{"name":"everything","wordPolicyConfig":{{"wordsConfig":[{}]}},
        "sensitiveInformationPolicyConfig":{{"piiEntitiesConfig":[{}],"regexesConfig":[{}]}},
        "blockedInputMessaging":"Input blocked.","blockedOutputsMessaging":"Output blocked."}}"#,
        words.join(","),
        types.join(","),
        patterns.join(",")
    );
    bundle_of(&definition, "")
}

/// A bundle with one regex.
fn one_regex(pattern: &str, action: &str, overlay: &str) -> Engine {
    let definition = format!(
        r#"{{"name":"one","sensitiveInformationPolicyConfig":{{"regexesConfig":[{{"name":"Found",
        "pattern":"{pattern}","action":"{action}","inputAction":"{action}","outputAction":"{action}",
        "inputEnabled":true,"outputEnabled":true}}]}},
        "blockedInputMessaging":"Input blocked.","blockedOutputsMessaging":"Output blocked."}}"#
    );
    load(&bundle_of(&definition, overlay))
}

/// What a text gives in pieces of one byte; pieces of other sizes give the same, and nothing over the cap
/// is ever held.
fn steady(engine: &Engine, text: &[u8], holdback: usize) -> Streamed {
    let text = String::from_utf8_lossy(text).into_owned();
    let request = Request::text(Source::Input, &text);
    let options = StreamOptions {
        holdback,
        ..StreamOptions::new(Source::Input)
    };
    let bytes = stream(engine, &request, options, |text| text.chunks(1).collect());
    for size in [2, 3, 7, 16, 63, 64, 65, 500, 5000] {
        let other = stream(engine, &request, options, |text| {
            text.chunks(size).collect()
        });
        assert_eq!(other.outputs, bytes.outputs, "in pieces of {size}");
        assert_eq!(other.end.reason, bytes.end.reason, "in pieces of {size}");
        assert_eq!(other.end.failure, bytes.end.failure, "in pieces of {size}");
        assert_eq!(
            other.end.findings, bytes.end.findings,
            "in pieces of {size}"
        );
        assert_eq!(
            other.end.coverage, bytes.end.coverage,
            "in pieces of {size}"
        );
        assert!(
            other.end.stats.max <= holdback,
            "{} held",
            other.end.stats.max
        );
    }
    assert!(
        bytes.end.stats.max <= holdback,
        "{} held",
        bytes.end.stats.max
    );
    bytes
}

#[test]
fn a_value_past_the_cap_is_masked_and_its_tail_swallowed() {
    let engine = load(&everything("ANONYMIZE"));
    let url = format!(
        "see https://example.com/{} for more",
        "a/b?c=d&".repeat(400)
    );
    let streamed = steady(&engine, url.as_bytes(), HOLDBACK);
    assert_eq!(streamed.outputs, ["see {URL} for more"]);
    assert_eq!(streamed.end.failure, None);
    assert_eq!(streamed.end.reason, Reason::Masked);

    let digits = one_regex("[0-9]{3,}", "ANONYMIZE", "");
    let text = format!("x {} y {}", "1234567890".repeat(300), "12");
    let streamed = steady(&digits, text.as_bytes(), HOLDBACK);
    assert_eq!(streamed.outputs, ["x {Found} y 12"]);

    // The text goes on where the value ends, not at the next blank.
    let text = format!("x {}, y", "1234567890".repeat(300));
    assert_eq!(
        steady(&digits, text.as_bytes(), HOLDBACK).outputs,
        ["x {Found}, y"]
    );
}

#[test]
fn an_undecided_value_past_the_cap_blocks_or_passes() {
    let text = format!("so BEGIN {} and nothing more", "word ".repeat(300));
    let engine = one_regex("BEGIN[a-z ]*END", "ANONYMIZE", "");
    let streamed = steady(&engine, text.as_bytes(), HOLDBACK);
    assert_eq!(streamed.outputs, ["so Input blocked."]);
    assert_eq!(streamed.end.failure, Some(Failure::HoldbackLimit));
    assert_eq!(
        streamed.end.failure.map(Failure::code),
        Some("limit_holdback")
    );
    assert_eq!(streamed.end.deferred[0].reason, "limit_holdback");

    let open = one_regex(
        "BEGIN[a-z ]*END",
        "ANONYMIZE",
        "[on_error]\ninput = \"pass\"\n",
    );
    let streamed = steady(&open, text.as_bytes(), HOLDBACK);
    assert_eq!(streamed.outputs, [text.as_str()]);
    assert_eq!(streamed.end.failure, Some(Failure::HoldbackLimit));
    assert_eq!(streamed.end.reason, Reason::NoAction);

    // What blocks and matches already blocks as what it is.
    let blocks = one_regex("BEGIN[a-z ]*", "BLOCK", "");
    let streamed = steady(&blocks, text.as_bytes(), HOLDBACK);
    assert_eq!(streamed.outputs, ["so Input blocked."]);
    assert_eq!(streamed.end.failure, None);
    assert_eq!(streamed.end.findings[0].start, 3);
}

#[test]
fn blobs_without_spaces_pass() {
    let engine = load(&everything("BLOCK"));
    let json = format!("{{{}}}", r#""k":[true,{"x":"yz"}],"#.repeat(200));
    let base64 = "QmFzZTY0IHRleHQgb2Yg".repeat(200);
    for text in [
        json,
        base64,
        "\u{6f22}\u{5b57}".repeat(600),
        "a".repeat(3000),
    ] {
        let streamed = steady(&engine, text.as_bytes(), HOLDBACK);
        assert_eq!(streamed.outputs, [text.as_str()]);
        assert_eq!(streamed.end.reason, Reason::NoAction);
    }
}

#[test]
fn a_mebibyte_byte_by_byte_takes_linear_time() {
    let engine = load(&everything("ANONYMIZE"));
    let sentence = "The kitchen needs a new tap, and the garden is full of leaves. ";
    for piece in [sentence, "a", "1 ", "my "] {
        let text = piece.repeat((1 << 20) / piece.len());
        let start = std::time::Instant::now();
        let mut stream = Stream::new(&engine, StreamOptions::new(Source::Input));
        let mut out = String::new();
        for byte in text.as_bytes().chunks(1) {
            out += stream.push(&engine, byte).expect("an open stream");
        }
        let end = stream.finish(&engine).expect("an open stream");
        out += &end.outputs.concat();
        assert!(
            out == text,
            "{piece:?}: {} bytes, {:?}",
            out.len(),
            end.reason
        );
        assert!(end.stats.max <= HOLDBACK, "{piece:?}: {}", end.stats.max);
        // It takes seconds; at quadratic cost it would take hours.
        let took = start.elapsed();
        assert!(took.as_secs() < 120, "{piece:?}: {took:?}");
    }
}

#[test]
fn ordinary_chat_is_not_held_back() {
    let engine = load(&everything("ANONYMIZE"));
    let sentence = "If you can find the time on Saturday morning, we could do the garden together. \
        After that there is still enough light to look at the roof, and the shop sells good paint. ";
    let text = sentence.repeat(12);
    let mut stream = Stream::new(&engine, StreamOptions::new(Source::Output));
    for piece in text.as_bytes().chunks(16) {
        stream.push(&engine, piece).expect("an open stream");
    }
    let stats = stream.stats();
    assert_eq!(stats.words.median(), 0);
    assert!(stats.all.median() <= 7, "{stats:?}");
    assert!(stats.max <= 40, "{stats:?}");
    assert_eq!(stats.pushes, text.len().div_ceil(16) as u64);
}

#[test]
fn statistics_name_what_holds_back_most() {
    let engine = one_regex("BEGIN[a-z ]*END", "ANONYMIZE", "");
    let mut stream = Stream::new(&engine, StreamOptions::new(Source::Input));
    for piece in b"so BEGIN a word and a word".chunks(4) {
        stream.push(&engine, piece).expect("an open stream");
    }
    assert_eq!(
        stream.stats().holders.first().map(|(by, _)| *by),
        Some(Holder::Regex(0))
    );
    assert_eq!(stream.stats().held, 23);
}

#[test]
fn a_finished_stream_takes_no_more() {
    let engine = load(&everything("ANONYMIZE"));
    let mut stream = Stream::new(&engine, StreamOptions::new(Source::Input));
    stream.push(&engine, b"text").expect("an open stream");
    stream.finish(&engine).expect("an open stream");
    assert_eq!(stream.push(&engine, b"more"), Err(StreamError::Finished));
    assert_eq!(
        stream.push_utf16(&engine, &[0x61]),
        Err(StreamError::Finished)
    );
    assert_eq!(stream.next_block(&engine), Err(StreamError::Finished));
    assert_eq!(stream.finish(&engine), Err(StreamError::Finished));
    assert!(StreamError::Finished.to_string().contains("finished"));
}

#[test]
fn another_bundle_is_refused() {
    let engine = load(&everything("ANONYMIZE"));
    let other = load(&everything("BLOCK"));
    let mut stream = Stream::new(&engine, StreamOptions::new(Source::Input));
    assert_eq!(stream.push(&other, b"text"), Err(StreamError::OtherBundle));
    assert_eq!(stream.push(&engine, b"letters and "), Ok("letters and "));
}

#[test]
fn what_is_no_text_fails_closed() {
    let engine = load(&everything("ANONYMIZE"));
    for bytes in [
        &b"finest \xff text"[..],
        b"finest \xe2\x82",
        b"finest \xed\xa0\x80 text",
    ] {
        for size in 1..=bytes.len() {
            let mut stream = Stream::new(&engine, StreamOptions::new(Source::Input));
            let mut output = String::new();
            for piece in bytes.chunks(size) {
                output += stream.push(&engine, piece).expect("an open stream");
            }
            let end = stream.finish(&engine).expect("an open stream");
            output += &end.outputs[0];
            assert_eq!(
                output, "finest Input blocked.",
                "{bytes:?} in pieces of {size}"
            );
            assert_eq!(end.failure.map(Failure::code), Some("invalid_text"));
        }
    }
    let open = one_regex("BEGIN", "ANONYMIZE", "[on_error]\ninput = \"pass\"\n");
    let mut stream = Stream::new(&open, StreamOptions::new(Source::Input));
    let mut output = String::new();
    for piece in b"fine \xff BEGIN".chunks(3) {
        output += stream.push(&open, piece).expect("an open stream");
    }
    let end = stream.finish(&open).expect("an open stream");
    assert_eq!(output + &end.outputs[0], "fine \u{fffd} BEGIN");
    assert_eq!(end.failure, Some(Failure::InvalidText));
}

#[test]
fn utf16_may_be_cut_between_surrogates() {
    let engine = load(&everything("ANONYMIZE"));
    let text = "\u{1f600} dana@example.com \u{1f600}\u{e9}";
    let units: Vec<u16> = text.encode_utf16().collect();
    for size in 1..=units.len() {
        let mut stream = Stream::new(&engine, StreamOptions::new(Source::Input));
        let mut output = String::new();
        for piece in units.chunks(size) {
            output += stream.push_utf16(&engine, piece).expect("an open stream");
        }
        output += &stream.finish(&engine).expect("an open stream").outputs[0];
        assert_eq!(output, "\u{1f600} {EMAIL} \u{1f600}\u{e9}");
    }
}

#[test]
fn texts_longer_than_the_limit_fail_closed() {
    let definition = r#"{"name":"w","wordPolicyConfig":{"wordsConfig":[{"text":"kestrel"}]},
        "blockedInputMessaging":"Input blocked.","blockedOutputsMessaging":"Output blocked."}"#;
    let bundle = bundle_of(definition, "");
    let mut load = LoadOptions::default();
    load.limits.text_bytes = 100;
    let engine = Engine::load(bundle, load).expect("our bundles load");
    let streamed = steady(&engine, &b"word ".repeat(30), HOLDBACK);
    assert_eq!(
        streamed.outputs,
        [format!("{}Input blocked.", "word ".repeat(20))]
    );
    assert_eq!(streamed.end.failure, Some(Failure::TextLimit));
    let exact = steady(&engine, &b"word ".repeat(20), HOLDBACK);
    assert_eq!(exact.end.failure, None);
}

#[test]
fn blocks_are_decided_together() {
    let engine = load(&everything("ANONYMIZE"));
    let blocking = load(&everything("BLOCK"));
    let mut stream = Stream::new(&blocking, StreamOptions::new(Source::Input));
    assert_eq!(stream.push(&blocking, b"first, "), Ok("first, "));
    // The address does not go on over the end of the block.
    assert_eq!(stream.push(&blocking, b"dana@"), Ok(""));
    assert_eq!(stream.next_block(&blocking), Ok("dana@"));
    assert_eq!(
        stream.push(&blocking, b"example.com, "),
        Ok("example.com, ")
    );
    assert_eq!(
        stream.push(&blocking, b"dana@example.com and "),
        Ok("Input blocked.")
    );
    assert!(stream.is_blocked());
    assert_eq!(stream.next_block(&blocking), Ok(""));
    assert_eq!(stream.push(&blocking, b"third"), Ok(""));
    let end = stream.finish(&blocking).expect("an open stream");
    assert_eq!((end.reason, end.findings.len()), (Reason::Blocked, 1));
    assert_eq!((end.findings[0].block, end.findings[0].start), (1, 13));

    let mut stream = Stream::new(&engine, StreamOptions::new(Source::Input));
    stream
        .push(&engine, b"a@example.com")
        .expect("an open stream");
    assert_eq!(stream.next_block(&engine), Ok("{EMAIL}"));
    let end = stream.finish(&engine).expect("an open stream");
    assert_eq!(
        (end.reason, end.outputs),
        (Reason::Masked, vec![String::new()])
    );
}

#[test]
fn a_buffer_gives_the_answer_of_one_shot() {
    for bundle in [everything("ANONYMIZE"), everything("BLOCK")] {
        let engine = load(&bundle);
        let request = Request::text(Source::Output, "mail dana@example.com about red kites");
        let options = StreamOptions {
            mode: StreamMode::Buffer,
            ..StreamOptions::new(Source::Output)
        };
        let streamed = stream(&engine, &request, options, |text| text.chunks(3).collect());
        let decision = engine.evaluate(&request);
        assert_eq!(streamed.outputs, decision.outputs());
        assert_eq!(streamed.end.found, decision.found());
        assert_eq!(streamed.end.coverage, decision.coverage());
    }
}

#[test]
fn the_end_as_json_holds_no_text() {
    let engine = load(&everything("ANONYMIZE"));
    let request = Request::text(Source::Input, "mail dana@example.com ");
    let streamed = stream(&engine, &request, options(&request), |text| vec![text]);
    let json = streamed.end.to_json(&engine);
    assert!(
        json.contains(r#""type":"EMAIL""#) && !json.contains("dana"),
        "{json}"
    );
    edgerail_core::json::parse(&json).expect("JSON");
}
