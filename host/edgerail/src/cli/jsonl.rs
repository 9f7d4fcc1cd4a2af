//! Many texts, one a line: results in the order of the lines, in memory that does not grow with them.
//!
//! A reader cuts the input into chunks of lines, workers decide them, and this thread puts the results
//! back into their order. There are only so many chunks under way at a time: the reader takes a permit
//! for each, and gets it back when the chunk has been written.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use edgerail_core::Source;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::Outcome;
use super::check::Question;
use super::error::{CliError, say};
use super::input::Input;
use super::progress::Progress;
use crate::report::{Answer, jsonl as output};
use crate::runtime::Evaluator;

/// A line may hold the longest text with every byte of it written as `\u00XX`, and some more members.
const LINE_BYTES: usize = 6 * (1 << 20) + (64 << 10);
/// A chunk ends after so many bytes or lines: enough to make handing it over cheap.
const CHUNK_BYTES: usize = 128 << 10;
const CHUNK_LINES: usize = 128;

/// Some lines of an input.
#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    lines: Vec<Line>,
    /// What ended the input, if it was not its end.
    error: Option<CliError>,
}

struct Line {
    number: u64,
    range: Range<usize>,
    too_long: bool,
}

/// A chunk's results.
struct Done {
    out: Vec<u8>,
    lines: u64,
    outcome: Outcome,
    error: Option<CliError>,
}

/// Decides every line of the inputs.
pub(super) fn run(
    inputs: Vec<Input>,
    evaluator: Evaluator,
    question: Question,
    workers: usize,
) -> Result<Outcome, CliError> {
    let under_way = workers.saturating_mul(2).saturating_add(2);
    let (permit, permits) = sync_channel(under_way);
    for _ in 0..under_way {
        let _ = permit.send(());
    }
    let (chunk_sender, chunks) = sync_channel(under_way);
    let (done_sender, done) = channel();
    // The threads are not joined: if nobody reads the output any more, the reader may be waiting for
    // input that never comes, and the end of the program ends it.
    let spawn = |name: &str, body: Box<dyn FnOnce() + Send>| {
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(body);
        let message = |error| CliError::new("threads", "check", format!("no thread: {error}"));
        thread.map(drop).map_err(message)
    };
    spawn(
        "edgerail-reader",
        Box::new(move || read_all(&inputs, &permits, &chunk_sender)),
    )?;
    let chunks = Arc::new(Mutex::new(chunks));
    let evaluator = Arc::new(evaluator);
    for _ in 0..workers {
        let (chunks, done) = (Arc::clone(&chunks), done_sender.clone());
        let evaluator = Arc::clone(&evaluator);
        let body = move || work(&chunks, &done, &evaluator, &question);
        spawn("edgerail-worker", Box::new(body))?;
    }
    drop(done_sender);
    write_in_order(&done, &permit)
}

fn write_in_order(
    done: &Receiver<(u64, Done)>,
    permit: &SyncSender<()>,
) -> Result<Outcome, CliError> {
    let mut out = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout());
    let mut waiting = BTreeMap::new();
    let (mut next, mut lines, mut outcome) = (0, 0, Outcome::Clean);
    let mut progress = Progress::new();
    loop {
        let received = match done.try_recv() {
            Ok(received) => received,
            // Nothing more at hand: whoever waits for what there is shall have it.
            Err(_) => {
                out.flush()?;
                let Ok(received) = done.recv() else { break };
                received
            }
        };
        waiting.insert(received.0, received.1);
        while let Some(chunk) = waiting.remove(&next) {
            out.write_all(&chunk.out)?;
            if let Some(error) = &chunk.error {
                error.report();
            }
            next += 1;
            lines += chunk.lines;
            outcome = outcome.max(chunk.outcome);
            // The reader may have finished; then nobody needs the permit.
            let _ = permit.try_send(());
            progress.lines(lines);
        }
    }
    out.flush()?;
    Ok(outcome)
}

/// Reads the inputs one after another. Ends early if nobody takes the chunks any more.
fn read_all(inputs: &[Input], permits: &Receiver<()>, chunks: &SyncSender<(u64, Chunk)>) {
    let mut sequence = 0;
    let mut send = |chunk: Chunk| {
        let sent = permits.recv().is_ok() && chunks.send((sequence, chunk)).is_ok();
        sequence += 1;
        sent
    };
    for input in inputs {
        let source = match input.open() {
            Ok(source) => source,
            Err(error) => {
                if !send(Chunk {
                    error: Some(error),
                    ..Chunk::default()
                }) {
                    return;
                }
                continue;
            }
        };
        let mut source = BufReader::with_capacity(1 << 16, source);
        let mut number = 0;
        loop {
            let (chunk, more) = read_chunk(&mut source, &mut number, input);
            let empty = chunk.lines.is_empty() && chunk.error.is_none();
            if !empty && !send(chunk) {
                return;
            }
            if !more {
                break;
            }
        }
    }
}

/// The next lines, and whether there are more. A chunk is not waited for: it ends where the input makes
/// a pause, so that a slow source sees its results.
fn read_chunk<R: Read>(
    source: &mut BufReader<R>,
    number: &mut u64,
    input: &Input,
) -> (Chunk, bool) {
    let mut chunk = Chunk::default();
    let mut begun: Option<usize> = None;
    let mut too_long = false;
    loop {
        let buffer = match source.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let path = std::path::PathBuf::from(input.label());
                chunk.error = Some(CliError::file(&path, &error));
                return (chunk, false);
            }
        };
        let start = *begun.get_or_insert(chunk.bytes.len());
        let ended = buffer.is_empty();
        let line_end = buffer.iter().position(|&byte| byte == b'\n');
        let piece = buffer
            .get(..line_end.unwrap_or(buffer.len()))
            .unwrap_or_default();
        if chunk.bytes.len() - start + piece.len() > LINE_BYTES {
            too_long = true;
            chunk.bytes.truncate(start);
        } else if !too_long {
            chunk.bytes.extend_from_slice(piece);
        }
        let used = line_end.map_or(piece.len(), |end| end + 1);
        source.consume(used);
        if line_end.is_none() && !ended {
            continue;
        }
        if line_end.is_some() || too_long || chunk.bytes.len() > start {
            *number += 1;
            let range = start..chunk.bytes.len();
            chunk.lines.push(Line {
                number: *number,
                range,
                too_long,
            });
        }
        (begun, too_long) = (None, false);
        let full = chunk.bytes.len() >= CHUNK_BYTES || chunk.lines.len() >= CHUNK_LINES;
        if ended || full || source.buffer().is_empty() {
            return (chunk, !ended);
        }
    }
}

fn work(
    chunks: &Mutex<Receiver<(u64, Chunk)>>,
    done: &Sender<(u64, Done)>,
    evaluator: &Evaluator,
    question: &Question,
) {
    loop {
        let received = chunks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((sequence, mut chunk)) = received else {
            return;
        };
        let error = chunk.error.take();
        // A chunk whose results went missing would stop the run: whatever happens, something is sent.
        let decided = catch_unwind(AssertUnwindSafe(|| decide(&chunk, evaluator, question)));
        let mut results = decided.unwrap_or_else(|_| {
            say("error: check: an internal error; please report it");
            Done {
                out: Vec::new(),
                lines: 0,
                outcome: Outcome::Failed,
                error: None,
            }
        });
        if error.is_some() {
            results.outcome = Outcome::Failed;
        }
        results.error = error;
        if done.send((sequence, results)).is_err() {
            return;
        }
    }
}

fn decide(chunk: &Chunk, evaluator: &Evaluator, question: &Question) -> Done {
    let mut out = Vec::with_capacity(chunk.bytes.len());
    let mut outcome = Outcome::Clean;
    for line in &chunk.lines {
        let bytes = chunk.bytes.get(line.range.clone()).unwrap_or_default();
        if !line.too_long && bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let before = out.len();
        let decided = decide_line(line, bytes, evaluator, question, &mut out);
        let (id, problem) = match decided {
            Ok(own) => {
                outcome = outcome.max(own);
                continue;
            }
            Err(error) => error,
        };
        outcome = Outcome::Failed;
        out.truncate(before);
        let _ = output::error(
            &mut out,
            &id,
            Some(line.number),
            problem.code,
            &problem.message,
        );
    }
    let lines = u64::try_from(chunk.lines.len()).unwrap_or(u64::MAX);
    Done {
        out,
        lines,
        outcome,
        error: None,
    }
}

/// What is wrong with a line.
struct Problem {
    code: &'static str,
    message: String,
}

type LineResult<'l, T> = Result<T, (Id<'l>, Problem)>;

fn problem<'l, T>(id: Id<'l>, code: &'static str, message: impl Into<String>) -> LineResult<'l, T> {
    Err((
        id,
        Problem {
            code,
            message: message.into(),
        },
    ))
}

fn decide_line<'l>(
    line: &Line,
    bytes: &'l [u8],
    evaluator: &Evaluator,
    question: &Question,
    out: &mut Vec<u8>,
) -> LineResult<'l, Outcome> {
    if line.too_long {
        let message = format!("the line is longer than {LINE_BYTES} bytes");
        return problem(Id::Unknown, "line_too_long", message);
    }
    let (id, text, source) = parse_line(line.number, bytes)?;
    let question = Question {
        source: source.unwrap_or(question.source),
        ..*question
    };
    let evaluation = evaluator.evaluate(&question.request(&text), false);
    let Ok(answer) = Answer::read(&evaluation.json) else {
        return problem(id, "internal", "an internal error; please report it");
    };
    if output::record(out, &id, &text, &answer, question.offsets).is_err() {
        return problem(id, "internal", "an internal error; please report it");
    }
    if let Some(fault) = evaluation.fault {
        let (number, code) = (line.number, fault.code());
        say(&format!(
            "error: line {number}: the engine gave no decision ({code}); the record has the one its bundle asks for in that case"
        ));
        return Ok(Outcome::Failed);
    }
    Ok(if answer.intervened() {
        Outcome::Intervened
    } else {
        Outcome::Clean
    })
}

/// A line's members, not read further: a reader's message about a wrong kind would quote the value.
#[derive(Deserialize)]
struct Members<'l> {
    #[serde(borrow, default)]
    id: Option<&'l RawValue>,
    #[serde(borrow, default)]
    text: Option<&'l RawValue>,
    #[serde(borrow, default)]
    source: Option<&'l RawValue>,
}

#[derive(Deserialize)]
struct Borrowed<'l>(#[serde(borrow)] Cow<'l, str>);

fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    let read = serde_json::from_str::<Borrowed<'_>>(value.get());
    read.ok().map(|Borrowed(text)| text)
}

type Parsed<'l> = (Id<'l>, Cow<'l, str>, Option<Source>);

fn parse_line(number: u64, bytes: &[u8]) -> LineResult<'_, Parsed<'_>> {
    let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) if number == 1 => rest,
        _ => bytes,
    };
    let line = match std::str::from_utf8(bytes) {
        Ok(line) => line,
        Err(error) => {
            let message = format!(
                "not valid UTF-8 at byte {} of the line",
                error.valid_up_to()
            );
            return problem(Id::Unknown, "invalid_utf8", message);
        }
    };
    if !line.trim_start().starts_with('{') {
        return problem(
            Id::Unknown,
            "invalid_json",
            "the line is no JSON object; write {\"id\": …, \"text\": …}",
        );
    }
    let members: Members<'_> = match serde_json::from_str(line) {
        Ok(members) => members,
        Err(error) => {
            let message = format!("not valid JSON: {error}");
            return problem(Id::Unknown, "invalid_json", message);
        }
    };
    let id = match members.id.map(|id| (id, id.get().as_bytes().first())) {
        None | Some((_, Some(b'n'))) => Id::Line(number),
        Some((id, Some(b'"' | b'-' | b'0'..=b'9'))) if valid_id(id) => Id::Given(id),
        Some(_) => {
            return problem(
                Id::Unknown,
                "invalid_id",
                "`id` must be a string or a number",
            );
        }
    };
    let text = match members.text {
        None => return problem(id, "missing_text", "the line has no `text`"),
        Some(text) if !text.get().starts_with('"') => {
            return problem(id, "invalid_text", "`text` must be a string");
        }
        Some(text) => string(text),
    };
    let Some(text) = text else {
        let message =
            "`text` has an escape that stands for no character, such as half of a surrogate pair";
        return problem(id, "invalid_text", message);
    };
    match read_source(members.source) {
        Ok(source) => Ok((id, text, source)),
        Err(()) => problem(
            id,
            "invalid_source",
            "`source` must be \"INPUT\" or \"OUTPUT\"",
        ),
    }
}

/// The source a line names, if it names one.
fn read_source(value: Option<&RawValue>) -> Result<Option<Source>, ()> {
    let Some(value) = value.filter(|value| value.get() != "null") else {
        return Ok(None);
    };
    let source = string(value).and_then(|name| Source::from_name(&name));
    source.map(Some).ok_or(())
}

/// Whether an identifier can be written out again: the reader passes over escapes unread.
fn valid_id(id: &RawValue) -> bool {
    !id.get().starts_with('"') || string(id).is_some()
}

/// How a record names its line.
#[derive(Clone, Copy)]
enum Id<'l> {
    /// As the line has it, to the letter.
    Given(&'l RawValue),
    /// The line has none: its number.
    Line(u64),
    /// The line could not be read.
    Unknown,
}

impl Serialize for Id<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Id::Given(id) => id.serialize(serializer),
            Id::Line(number) => serializer.serialize_u64(*number),
            Id::Unknown => serializer.serialize_none(),
        }
    }
}
