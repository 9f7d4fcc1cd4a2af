//! Inputs of many lines, worked on by several threads, in memory that does not grow with them.
//!
//! A reader cuts the input into chunks of lines, workers decide them, and the calling thread gets the
//! results in the order of the lines. There are only so many chunks under way at a time: the reader takes
//! a permit for each, and gets it back when the chunk's results have been taken.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::error::CliError;
use super::input::Input;
use crate::judge::line::LINE_BYTES;

/// A chunk ends after so many bytes or lines: enough to make handing it over cheap.
const CHUNK_BYTES: usize = 128 << 10;
const CHUNK_LINES: usize = 128;

/// Some lines of an input.
#[derive(Default)]
pub(super) struct Chunk {
    /// The number of the input, counted from 0.
    pub(super) input: usize,
    bytes: Vec<u8>,
    lines: Vec<Place>,
    /// What ended the input, if it was not its end.
    error: Option<CliError>,
}

struct Place {
    number: u64,
    range: Range<usize>,
    too_long: bool,
}

/// A line that is not blank.
pub(super) struct Line<'c> {
    /// Counted from 1.
    pub(super) number: u64,
    /// Without the line feed; of a line that is too long, nothing.
    pub(super) bytes: &'c [u8],
    /// Longer than [`LINE_BYTES`].
    pub(super) too_long: bool,
}

impl Chunk {
    /// The lines that are not blank.
    pub(super) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let lines = self.lines.iter().map(|place| Line {
            number: place.number,
            bytes: self.bytes.get(place.range.clone()).unwrap_or_default(),
            too_long: place.too_long,
        });
        lines.filter(|line| line.too_long || !line.bytes.iter().all(u8::is_ascii_whitespace))
    }

    /// How many bytes the lines have.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// A chunk's results.
pub(super) struct Done<T> {
    /// The number of the input, counted from 0.
    pub(super) input: usize,
    /// How many lines the chunk had, blank ones included.
    pub(super) lines: u64,
    /// What the worker made of it; `None` if the worker panicked.
    pub(super) result: Option<T>,
    /// What ended the input early.
    pub(super) error: Option<CliError>,
}

/// What there is for the calling thread to do.
pub(super) enum Event<T> {
    /// The results of the next chunk.
    Done(Done<T>),
    /// Nothing more is at hand: whoever waits for what there is shall have it.
    Idle,
}

/// Gives every chunk of the inputs to `decide`, on `workers` threads, and what it makes of them to `take`, in
/// the order of the lines.
pub(super) fn run<T: Send + 'static>(
    inputs: Vec<Input>,
    workers: usize,
    decide: impl Fn(&Chunk) -> T + Send + Sync + 'static,
    mut take: impl FnMut(Event<T>) -> Result<(), CliError>,
) -> Result<(), CliError> {
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
        let message = |error| CliError::new("threads", "workers", format!("no thread: {error}"));
        thread.map(drop).map_err(message)
    };
    spawn(
        "edgerail-reader",
        Box::new(move || read_all(&inputs, &permits, &chunk_sender)),
    )?;
    let chunks = Arc::new(Mutex::new(chunks));
    let decide = Arc::new(decide);
    for _ in 0..workers {
        let (chunks, done) = (Arc::clone(&chunks), done_sender.clone());
        let decide = Arc::clone(&decide);
        let body = move || work(&chunks, &done, &*decide);
        spawn("edgerail-worker", Box::new(body))?;
    }
    drop(done_sender);
    in_order(&done, &permit, &mut take)
}

fn in_order<T>(
    done: &Receiver<(u64, Done<T>)>,
    permit: &SyncSender<()>,
    take: &mut dyn FnMut(Event<T>) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    loop {
        let received = match done.try_recv() {
            Ok(received) => received,
            Err(_) => {
                take(Event::Idle)?;
                let Ok(received) = done.recv() else {
                    return Ok(());
                };
                received
            }
        };
        waiting.insert(received.0, received.1);
        while let Some(chunk) = waiting.remove(&next) {
            take(Event::Done(chunk))?;
            next += 1;
            // The reader may have finished; then nobody needs the permit.
            let _ = permit.try_send(());
        }
    }
}

/// Reads the inputs one after another. Ends early if nobody takes the chunks any more.
fn read_all(inputs: &[Input], permits: &Receiver<()>, chunks: &SyncSender<(u64, Chunk)>) {
    let mut sequence = 0;
    let mut send = |chunk: Chunk| {
        let sent = permits.recv().is_ok() && chunks.send((sequence, chunk)).is_ok();
        sequence += 1;
        sent
    };
    for (place, input) in inputs.iter().enumerate() {
        let source = match input.open() {
            Ok(source) => source,
            Err(error) => {
                if !send(Chunk {
                    input: place,
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
            let (mut chunk, more) = read_chunk(&mut source, &mut number, input);
            chunk.input = place;
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
            chunk.lines.push(Place {
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

fn work<T>(
    chunks: &Mutex<Receiver<(u64, Chunk)>>,
    done: &Sender<(u64, Done<T>)>,
    decide: &dyn Fn(&Chunk) -> T,
) {
    loop {
        let received = chunks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((sequence, mut chunk)) = received else {
            return;
        };
        let error = chunk.error.take();
        // A chunk whose results went missing would stop the run: whatever happens, something is sent.
        let result = catch_unwind(AssertUnwindSafe(|| decide(&chunk))).ok();
        let results = Done {
            input: chunk.input,
            lines: u64::try_from(chunk.lines.len()).unwrap_or(u64::MAX),
            result,
            error,
        };
        if done.send((sequence, results)).is_err() {
            return;
        }
    }
}
