//! Streams: every row of the corpus in pieces, at every place it can be cut, against one shot and against what
//! `streams.toml` says.

use std::collections::BTreeMap;

use edgerail_core::decision::{Action, FindingAction, Reason};
use edgerail_core::stream::{Stream, StreamEnd, StreamMode, StreamOptions};
use edgerail_core::{Decision, Engine, LoadOptions, Request, Source};
use edgerail_tests::{Corpus, Random, Row, rounds};

/// A text longer than this is cut at some places only, so that a debug build is done in time.
const EVERY_CUT: usize = 160;

fn load(bundle: &[u8]) -> Engine {
    Engine::load(bundle.to_vec(), LoadOptions::default()).expect("our bundles load")
}

/// What came out of a stream, by content block, and its end.
struct Run {
    outputs: Vec<String>,
    buffered: bool,
    end: StreamEnd,
}

/// Streams the blocks of a request, each cut into the pieces that `pieces` says.
fn stream<'b>(
    engine: &Engine,
    request: &'b Request<'_>,
    options: StreamOptions,
    pieces: impl Fn(&'b str) -> Vec<&'b [u8]>,
) -> Run {
    let mut stream = Stream::new(engine, options);
    if let Some(model) = &request.model {
        stream = stream.of_model(model);
    }
    let mut outputs = Vec::new();
    for (number, block) in request.content.iter().enumerate() {
        if number > 0 {
            let rest = stream
                .next_block(engine)
                .expect("the stream is open")
                .to_owned();
            let before: &mut String = outputs.last_mut().expect("a block before");
            before.push_str(&rest);
        }
        let mut output = String::new();
        for piece in pieces(&block.text) {
            output += stream.push(engine, piece).expect("the stream is open");
            let stats = stream.stats();
            let buffered = stream.mode() == StreamMode::Buffer;
            assert!(
                buffered || stats.held <= options.holdback,
                "{} bytes are held",
                stats.held
            );
        }
        outputs.push(output);
    }
    let end = stream.finish(engine).expect("the stream is open");
    if stream.mode() == StreamMode::Buffer {
        outputs.clone_from(&end.outputs);
    } else if let (Some(last), [rest]) = (outputs.last_mut(), &end.outputs[..]) {
        last.push_str(rest);
    }
    assert!(stream.push(engine, b"more").is_err() && stream.finish(engine).is_err());
    let buffered = stream.mode() == StreamMode::Buffer;
    Run {
        outputs,
        buffered,
        end,
    }
}

/// What the three rules make of a decision in one shot; `None` where they leave a choice.
fn expected(request: &Request<'_>, decision: &Decision<'_>, buffered: bool) -> Option<Vec<String>> {
    let texts: Vec<&str> = request
        .content
        .iter()
        .map(|block| block.text.as_ref())
        .collect();
    match decision.reason() {
        Reason::NoAction => return Some(texts.iter().map(|text| (*text).to_owned()).collect()),
        Reason::Masked => return Some(decision.outputs().to_vec()),
        // What has to be buffered (tier STANDARD) gives one message for all blocks.
        Reason::Blocked if buffered => return Some(decision.outputs().to_vec()),
        Reason::Blocked => {}
    }
    // A topic or an attack acts at the keyword that decides; that place stands in `streams.toml`.
    let blocking = decision
        .findings()
        .iter()
        .filter(|f| f.action == FindingAction::Blocked);
    let topical = |f: &&edgerail_core::decision::Finding<'_>| {
        matches!(
            f.entry,
            edgerail_core::decision::Entry::Topic(_) | edgerail_core::decision::Entry::PromptAttack
        )
    };
    if blocking.clone().any(|f| topical(&f)) {
        return None;
    }
    let first = blocking.clone().min_by_key(|f| (f.block, f.start))?;
    // Of several guardrails that block, a stream takes the message of the one that blocks first.
    if blocking.clone().any(|f| f.guardrail < first.guardrail) {
        return None;
    }
    let mut outputs = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let stop = match number.cmp(&first.block) {
            std::cmp::Ordering::Less => text.len(),
            std::cmp::Ordering::Equal => first.start,
            std::cmp::Ordering::Greater => {
                outputs.push(String::new());
                continue;
            }
        };
        // Masks are united again from the findings: a decision that blocks has no masked text.
        let masks = decision.findings().iter();
        let masks = masks.filter(|f| f.block == number && f.action == FindingAction::Anonymized);
        if masks.clone().any(|f| f.start < stop && f.end > stop) {
            return None;
        }
        let inside: Vec<_> = masks.filter(|f| f.end <= stop).collect();
        if inside
            .iter()
            .any(|a| inside.iter().any(|b| a.start < b.start && b.start < a.end))
        {
            return None;
        }
        let mut seen = BTreeMap::new();
        for mask in inside {
            seen.entry((mask.start, mask.end))
                .or_insert_with(|| label(decision, mask));
        }
        if seen.keys().zip(seen.keys().skip(1)).any(|(a, b)| b.0 < a.1) {
            return None;
        }
        let mut out = String::new();
        let mut at = 0;
        for ((start, end), label) in seen {
            out += &text[at..start];
            out += &format!("{{{label}}}");
            at = end;
        }
        out += &text[at..stop];
        if number == first.block {
            out += &decision.outputs()[0];
        }
        outputs.push(out);
    }
    Some(outputs)
}

fn label(decision: &Decision<'_>, finding: &edgerail_core::decision::Finding<'_>) -> String {
    use edgerail_core::decision::Entry;
    match finding.entry {
        Entry::Pii(ty) => ty.name().to_owned(),
        _ => {
            // The regex's name, out of the decision's JSON, where it stands beside the place.
            let document = decision.to_json();
            let value = edgerail_core::json::parse(&document).expect("a decision is JSON");
            let own = value
                .member("edgerail")
                .and_then(|own| own.member("findings"));
            let all = own
                .and_then(edgerail_core::json::Value::as_array)
                .unwrap_or(&[]);
            let start = u64::try_from(finding.start).ok();
            let same = |f: &&edgerail_core::json::Value<'_>| {
                f.member("start")
                    .and_then(edgerail_core::json::Value::as_u64)
                    == start
                    && f.member("name").is_some()
            };
            let name = all.iter().find(same).and_then(|f| f.member("name"));
            name.and_then(edgerail_core::json::Value::as_str)
                .unwrap_or_default()
                .to_owned()
        }
    }
}

fn options(row: &Row, request: &Request<'_>) -> StreamOptions {
    let mut options = StreamOptions::new(request.source);
    options.now = request.now;
    if let Some(expected) = &row.stream {
        options.mode = match expected.mode.as_deref() {
            None | Some("incremental") => StreamMode::Incremental,
            Some("buffer") => StreamMode::Buffer,
            Some(other) => panic!("{}: stream mode {other}", row.name),
        };
        options.holdback = expected.cap.unwrap_or(options.holdback);
    }
    options
}

/// All the rows a stream can be compared on.
fn rows(corpus: &Corpus) -> impl Iterator<Item = &Row> {
    corpus
        .rows
        .iter()
        .filter(|row| row.is_plain())
        .filter(|row| row.known_miss.is_none())
}

#[test]
fn every_row_cut_anywhere_gives_what_one_shot_gives() {
    let corpus = Corpus::ours();
    let mut engines: BTreeMap<&[u8], Engine> = BTreeMap::new();
    let mut wrong = Vec::new();
    let (mut compared, mut cuts) = (0, 0);
    for row in rows(&corpus) {
        let bundle = corpus.bundle(row);
        let engine = engines.entry(bundle).or_insert_with(|| load(bundle));
        let request = row.request();
        let options = options(row, &request);
        let decision = engine.evaluate(&request);
        let whole = stream(engine, &request, options, |text| vec![text.as_bytes()]);
        let expected = match &row.stream {
            Some(stream) => {
                let code = stream.reason_code.as_deref().unwrap_or("ok");
                let have = whole
                    .end
                    .failure
                    .map_or("ok", edgerail_core::decision::Failure::code);
                if have != code {
                    wrong.push(format!("{}: reason code {have}, expected {code}", row.name));
                }
                Some(stream.outputs.clone())
            }
            None => expected(&request, &decision, whole.buffered),
        };
        if let Some(expected) = expected {
            compared += 1;
            // In buffer mode a block gives one message for all blocks.
            if whole.outputs != expected {
                wrong.push(format!(
                    "{} ({}): {}\n    expected {expected:?}\n         got {:?}",
                    row.name, row.rule, row.why, whole.outputs
                ));
            }
        }
        if row.stream.is_none() {
            let acts = decision.action() == Action::GuardrailIntervened;
            assert!(
                whole.end.reason == decision.reason(),
                "{}: {:?}, acts {acts}",
                row.name,
                whole.end.reason
            );
        }
        for pieces in ways(
            request
                .content
                .iter()
                .map(|block| block.text.len())
                .max()
                .unwrap_or(0),
        ) {
            cuts += 1;
            let run = stream(engine, &request, options, |text| pieces.cut(text));
            if run.outputs != whole.outputs
                || run.end.reason != whole.end.reason
                || run.end.failure != whole.end.failure
            {
                wrong.push(format!(
                    "{} ({}): cut {pieces:?}\n    whole {:?} {:?}\n    pieces {:?} {:?}",
                    row.name,
                    row.rule,
                    whole.outputs,
                    whole.end.failure,
                    run.outputs,
                    run.end.failure
                ));
                break;
            }
        }
    }
    assert!(
        compared > 1_000 && cuts > 10_000,
        "{compared} rows, {cuts} cuts"
    );
    assert!(
        wrong.is_empty(),
        "{} rows fail:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// A way of cutting a text.
#[derive(Clone, Copy, Debug)]
enum Pieces {
    /// In two, at this byte.
    At(usize),
    /// Into pieces of so many bytes.
    Every(usize),
}

impl Pieces {
    fn cut(self, text: &str) -> Vec<&[u8]> {
        let bytes = text.as_bytes();
        match self {
            Pieces::At(at) => {
                let (head, tail) = bytes.split_at(at.min(bytes.len()));
                vec![head, tail]
            }
            Pieces::Every(size) => bytes.chunks(size).collect(),
        }
    }
}

fn ways(length: usize) -> Vec<Pieces> {
    let step = length.div_ceil(EVERY_CUT * rounds()).max(1);
    let mut ways: Vec<Pieces> = (0..=length).step_by(step).map(Pieces::At).collect();
    ways.extend([1, 2, 3, 7, 16, 61].map(Pieces::Every));
    ways
}

#[test]
fn every_row_in_units_of_utf_16_gives_the_same() {
    let corpus = Corpus::ours();
    for row in rows(&corpus).filter(|row| row.text.as_ref().is_some_and(|text| text.len() < 400)) {
        let engine = load(corpus.bundle(row));
        let request = row.request();
        let options = options(row, &request);
        let whole = stream(&engine, &request, options, |text| vec![text.as_bytes()]);
        let mut units = Stream::new(&engine, options);
        if let Some(model) = &request.model {
            units = units.of_model(model);
        }
        let mut out = String::new();
        for unit in request.content[0].text.encode_utf16() {
            out += units
                .push_utf16(&engine, &[unit])
                .expect("the stream is open");
        }
        let end = units.finish(&engine).expect("the stream is open");
        out += &end.outputs.concat();
        assert_eq!(out, whole.outputs.concat(), "{}", row.name);
        assert_eq!(end.reason, whole.end.reason, "{}", row.name);
    }
}

#[test]
fn random_joins_of_rows_give_the_same_however_they_are_cut() {
    let corpus = Corpus::ours();
    let mut random = Random(0x5eed_0008);
    let texts: Vec<&str> = rows(&corpus)
        .filter_map(|row| row.text.as_deref())
        .filter(|text| text.len() < 200)
        .collect();
    let rows: Vec<&Row> = rows(&corpus).filter(|row| row.stream.is_none()).collect();
    for _ in 0..150 * rounds() {
        let row = rows[random.below(rows.len())];
        let engine = load(corpus.bundle(row));
        let mut text = String::new();
        for _ in 0..1 + random.below(6) {
            text.push_str(random.pick(&texts));
            text.push_str(random.pick(&[" ", "\n", ". ", "", ", "]));
        }
        let source = row.request().source;
        let request = Request::text(source, &text);
        let options = StreamOptions::new(source);
        let decision = engine.evaluate(&request);
        let whole = stream(&engine, &request, options, |text| vec![text.as_bytes()]);
        if whole.end.failure.is_none()
            && let Some(expected) = expected(&request, &decision, whole.buffered)
        {
            assert_eq!(whole.outputs, expected, "{} on {text:?}", row.name);
        }
        for pieces in [1, 2, 5, 16, 64, 100].map(Pieces::Every) {
            let run = stream(&engine, &request, options, |text| pieces.cut(text));
            assert_eq!(
                run.outputs, whole.outputs,
                "{} on {text:?}, {pieces:?}",
                row.name
            );
        }
        let at = Pieces::At(random.below(text.len() + 1));
        let run = stream(&engine, &request, options, |text| at.cut(text));
        assert_eq!(
            run.outputs, whole.outputs,
            "{} on {text:?}, {at:?}",
            row.name
        );
    }
}

#[test]
fn what_is_no_text_behind_a_block_changes_nothing() {
    let definition = r#"{"name": "t", "blockedInputMessaging": "In.", "blockedOutputsMessaging": "Out.",
        "wordPolicyConfig": {"wordsConfig": [{"text": "kestrel"}]}}"#;
    let engine = load(&edgerail_tests::bundle_of(definition, ""));
    let run = |text: &[u8], step: usize| {
        let mut stream = Stream::new(&engine, StreamOptions::new(Source::Input));
        let mut out = String::new();
        for piece in text.chunks(step) {
            out += stream.push(&engine, piece).expect("the stream is open");
        }
        let end = stream.finish(&engine).expect("the stream is open");
        out += &end.outputs.concat();
        (out, end.failure)
    };
    for step in [1, 2, 7, 100] {
        assert_eq!(
            run(b"a kestrel b \x97 c", step),
            ("a In.".to_owned(), None),
            "{step}"
        );
    }
}
