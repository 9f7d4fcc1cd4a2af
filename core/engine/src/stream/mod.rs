//! Streams: text that comes in pieces is decided as it comes, and let out as soon as it is safe.
//!
//! [`Stream::push`] takes bytes of UTF-8, cut anywhere, and gives the text that is safe to show: masked
//! where values are masked, and never a part of one. The rules, `docs/streaming.md` explains them:
//!
//! * What comes out is the same for every way of cutting the text.
//! * With masks only, all of it together is the output of [`Engine::evaluate`] on the whole text.
//! * On a block comes the masked text before the first blocking value, then the guardrail's message, and
//!   nothing after that.
//! * No more than [`StreamOptions::holdback`] bytes of the text are held back. A value that is longer is
//!   masked as far as it goes; what is still undecided then is blocked, with the reason code
//!   `limit_holdback`, or passes where the bundle says `on_error: pass`.
//!
//! A stream does not borrow its engine; it is passed to each call.

mod cut;
mod decode;
mod emit;
mod end;
mod estimate;
mod reach;
mod stats;
mod tail;
mod window;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::decision::{Coverage, Failure, FindingAction, Reason};
use crate::engine::Engine;
use crate::pii::PiiType;
use crate::policy::{Mode, OnError};
use crate::request::Source;
use crate::topics::Explanation;
use decode::Decoder;
use emit::Mouth;
pub use end::{StreamDeferred, StreamEnd};
pub use estimate::HoldbackEstimate;
use reach::Types;
use stats::Counters;
pub use stats::{Histogram, StreamStats};
pub use window::Holder;
use window::Window;

/// Whether the hold-back has reached its cap is asked at multiples of this many bytes of a block, or of an
/// eighth of the cap, so that the answer does not depend on how the text is cut.
const GRID: usize = 64;

/// The cap, unless the options say otherwise: the longest word, a context window behind it and a step of
/// the grid fit into it.
pub const HOLDBACK: usize = 512;

/// The least cap.
pub const MIN_HOLDBACK: usize = 64;

/// When text comes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StreamMode {
    /// As soon as it is safe.
    #[default]
    Incremental,
    /// All of it in the end, decided as one request: what topics and blocks find anywhere acts on all.
    Buffer,
}

impl StreamMode {
    /// `incremental` or `buffer`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            StreamMode::Incremental => "incremental",
            StreamMode::Buffer => "buffer",
        }
    }
}

/// How a stream is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamOptions {
    /// Which way the text goes.
    pub source: Source,
    /// Seconds since 1970-01-01T00:00Z. Without it, everything that expires counts as expired.
    pub now: Option<u64>,
    /// When text comes out.
    pub mode: StreamMode,
    /// How many bytes of the text may be held back at most; less than [`MIN_HOLDBACK`] counts as that. Below
    /// [`HOLDBACK`], a word of some hundred letters already is too long to be decided.
    pub holdback: usize,
}

impl StreamOptions {
    /// The usual options for texts of `source`.
    #[must_use]
    pub const fn new(source: Source) -> StreamOptions {
        StreamOptions {
            source,
            now: None,
            mode: StreamMode::Incremental,
            holdback: HOLDBACK,
        }
    }
}

/// Why a stream takes no more text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamError {
    /// The stream was finished before.
    Finished,
    /// The engine has another bundle than the one the stream was begun with.
    OtherBundle,
}

impl StreamError {
    /// What `Display` says.
    #[must_use]
    pub const fn message(&self) -> &'static str {
        match self {
            StreamError::Finished => {
                "the stream is finished and takes no more text: begin another one for the next text"
            }
            StreamError::OtherBundle => {
                "the stream was begun with another bundle: pass the engine it was begun with"
            }
        }
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl core::error::Error for StreamError {}

/// Which entry of a guardrail a finding of a stream belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StreamEntry {
    /// A custom word, by its number in the bundle.
    Word(usize),
    /// The profanity list.
    Profanity,
    /// A built-in type.
    Pii(PiiType),
    /// A custom regex, by its number in the guardrail.
    Regex(usize),
    /// A denied topic, by its number in the guardrail.
    Topic(usize),
    /// The content filter for prompt attacks.
    PromptAttack,
}

/// One detection by one guardrail; as [`crate::decision::Finding`], but without the text found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamFinding {
    /// The guardrail's number in the bundle.
    pub guardrail: usize,
    /// The entry.
    pub entry: StreamEntry,
    /// The content block's number.
    pub block: usize,
    /// Byte offset in the block's text.
    pub start: usize,
    /// Byte offset just past the value; of a value longer than the cap, as far as it was decided.
    pub end: usize,
    /// What it does. In a guardrail that only observes this is `None`.
    pub action: FindingAction,
    /// What it does or, in a guardrail that only observes, would do.
    pub would: FindingAction,
    /// Confidence, 0 to 1000.
    pub score: u16,
    /// The exception because of which it does nothing, by its number in
    /// [`crate::policy::Guardrail::exceptions`].
    pub exception: Option<usize>,
}

/// What becomes of the text that comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is decided.
    Open,
    /// It passes undecided: a limit was reached and the bundle says so.
    Passing,
    /// It is swallowed: something was blocked.
    Blocked,
    /// There is none any more.
    Finished,
}

/// A text, or several content blocks, decided piece by piece.
#[derive(Debug)]
pub struct Stream {
    options: StreamOptions,
    /// The model whose texts these are, where the caller says.
    model: Option<String>,
    bundle: [u8; 32],
    types: Types,
    state: State,
    decoder: Decoder,
    window: Window,
    mouth: Mouth,
    /// Bytes of the block that were taken in.
    length: usize,
    /// Bytes of all blocks.
    total: usize,
    block: usize,
    coverage: Coverage,
    failure: Option<Failure>,
    explanations: Vec<Explanation>,
    /// The texts of all blocks, if they are buffered.
    blocks: Vec<String>,
    counters: Counters,
    out: String,
}

impl Stream {
    /// Begins a stream. Where a policy of tier STANDARD reads evasion views, or a pattern can only be decided
    /// on the whole text, the mode is [`StreamMode::Buffer`] whatever the options say; [`Stream::mode`] tells.
    #[must_use]
    pub fn new(engine: &Engine, options: StreamOptions) -> Stream {
        let direction = engine.direction(options.source);
        let wanted = |automaton: usize| direction.regexes.get(automaton) == Some(&true);
        let mut options = StreamOptions {
            holdback: options.holdback.max(MIN_HOLDBACK),
            ..options
        };
        // What the evasion views show may begin any number of words before it is recognised.
        let views = engine.search(options.source).is_some();
        if views || engine.regexes().unbounded_fallback(wanted).is_some() {
            options.mode = StreamMode::Buffer;
        }
        let mut blocks = Vec::new();
        if options.mode == StreamMode::Buffer {
            blocks.push(String::new());
        }
        Stream {
            options,
            model: None,
            bundle: hash(engine),
            types: Types::of(|ty| direction.plan.has(ty)),
            state: State::Open,
            decoder: Decoder::default(),
            window: Window::new(engine),
            mouth: Mouth::new(engine),
            length: 0,
            total: 0,
            block: 0,
            coverage: Coverage::default(),
            failure: None,
            explanations: Vec::new(),
            blocks,
            counters: Counters::default(),
            out: String::new(),
        }
    }

    /// The same for the texts of a model: guardrails that are enforced for others do not apply. Without it,
    /// all do.
    #[must_use]
    pub fn of_model(mut self, model: &str) -> Stream {
        self.model = Some(model.into());
        self
    }

    /// When text comes out.
    #[must_use]
    pub const fn mode(&self) -> StreamMode {
        self.options.mode
    }

    /// Whether something was blocked, so that what follows is swallowed.
    #[must_use]
    pub const fn is_blocked(&self) -> bool {
        matches!(self.state, State::Blocked)
    }

    /// What the hold-back came to so far.
    #[must_use]
    pub fn stats(&self) -> StreamStats {
        self.counters.stats(self.held())
    }

    /// Takes bytes of UTF-8, cut anywhere; gives the text that is safe now. Bytes that are no UTF-8 fail
    /// the stream: it blocks with the reason code `invalid_text`, or passes them as U+FFFD where the
    /// bundle says `on_error: pass`.
    ///
    /// # Errors
    /// [`StreamError`]; the text is not taken then.
    pub fn push(&mut self, engine: &Engine, bytes: &[u8]) -> Result<&str, StreamError> {
        self.begin(engine)?;
        let mut decoder = core::mem::take(&mut self.decoder);
        decoder.utf8(bytes, |text| self.take(engine, text));
        self.decoder = decoder;
        Ok(self.end_push(engine))
    }

    /// Takes units of UTF-16, cut anywhere; otherwise as [`Stream::push`]. A surrogate without its other
    /// half is no text.
    ///
    /// # Errors
    /// [`StreamError`]; the text is not taken then.
    pub fn push_utf16(&mut self, engine: &Engine, units: &[u16]) -> Result<&str, StreamError> {
        self.begin(engine)?;
        let mut decoder = core::mem::take(&mut self.decoder);
        decoder.utf16(units, |text| self.take(engine, text));
        self.decoder = decoder;
        Ok(self.end_push(engine))
    }

    /// Ends a content block and begins the next; gives the rest of the one that ended. All blocks are
    /// decided together: what one of them blocks, blocks those after it too.
    ///
    /// # Errors
    /// [`StreamError`].
    pub fn next_block(&mut self, engine: &Engine) -> Result<&str, StreamError> {
        self.begin(engine)?;
        self.end_block(engine);
        if self.options.mode == StreamMode::Buffer {
            self.blocks.push(String::new());
        }
        self.window = Window::new(engine);
        self.mouth.next_block();
        self.length = 0;
        self.block = self.block.saturating_add(1);
        Ok(&self.out)
    }

    /// Ends the text: its last output, and what was decided.
    ///
    /// # Errors
    /// [`StreamError`].
    pub fn finish(&mut self, engine: &Engine) -> Result<StreamEnd, StreamError> {
        self.begin(engine)?;
        self.end_block(engine);
        let end = if self.options.mode == StreamMode::Buffer && self.failure.is_none() {
            self.end_of_buffer(engine)
        } else {
            self.end_of_stream(engine)
        };
        self.state = State::Finished;
        Ok(end)
    }

    fn begin(&mut self, engine: &Engine) -> Result<(), StreamError> {
        if self.state == State::Finished {
            return Err(StreamError::Finished);
        }
        if engine.bundle().hash() != self.bundle {
            return Err(StreamError::OtherBundle);
        }
        self.out.clear();
        Ok(())
    }

    /// Lets out what is safe after a push.
    fn end_push(&mut self, engine: &Engine) -> &str {
        self.settle(engine, false);
        let held = self.held();
        let words = self.window.words().saturating_sub(self.mouth.emitted());
        self.counters
            .count(held, words.min(held), self.mouth.holder());
        let moved = self.window.trim(self.mouth.emitted());
        self.mouth.trim(moved);
        &self.out
    }

    fn end_block(&mut self, engine: &Engine) {
        let mut decoder = core::mem::take(&mut self.decoder);
        decoder.finish(|text| self.take(engine, text));
        self.settle(engine, true);
        let block = self.block;
        let explained = core::mem::take(&mut self.window.explanations).into_iter();
        self.explanations
            .extend(explained.map(|one| Explanation { block, ..one }));
    }

    /// How many bytes were taken and neither let out nor swallowed.
    fn held(&self) -> usize {
        let taken = match self.state {
            State::Open if self.options.mode == StreamMode::Incremental => {
                let out = self.window.base().saturating_add(self.mouth.emitted());
                self.length.saturating_sub(out)
            }
            State::Open => self.total,
            State::Passing | State::Blocked | State::Finished => 0,
        };
        taken.saturating_add(self.decoder.held())
    }

    /// Takes text; `None` stands for what is no text.
    fn take(&mut self, engine: &Engine, text: Option<&str>) {
        let characters = text.map_or(1, |text| text.chars().count());
        let characters = u64::try_from(characters).unwrap_or(u64::MAX);
        self.coverage.total = self.coverage.total.saturating_add(characters);
        let Some(mut rest) = text else {
            if self.state == State::Open {
                self.settle(engine, false);
                // What came before may have been blocked just now; then that is the end.
                if self.state == State::Open {
                    self.fail(engine, Failure::InvalidText);
                }
            }
            if self.state == State::Passing {
                self.out.push(char::REPLACEMENT_CHARACTER);
            }
            return;
        };
        while !rest.is_empty() && self.state == State::Open {
            let step = self.step(engine, rest);
            let (now, later) = rest.split_at_checked(step).unwrap_or((rest, ""));
            if self.state == State::Open {
                self.append(now);
                rest = later;
            }
        }
        if self.state == State::Passing {
            self.out.push_str(rest);
        }
    }

    /// How much of `rest` may be appended before limits are looked at again; they were, where they are due.
    fn step(&mut self, engine: &Engine, rest: &str) -> usize {
        let room = engine.limits().text_bytes.saturating_sub(self.total);
        if self.options.mode == StreamMode::Buffer {
            let step = rest.floor_char_boundary(room);
            if step == 0 {
                self.fail(engine, Failure::TextLimit);
            }
            return step;
        }
        let grid = self.grid();
        let over = self.length.checked_rem(grid).unwrap_or(0);
        let to_grid = grid.saturating_sub(over);
        if over == 0 && self.length > 0 {
            self.check_cap(engine);
        }
        let step = rest.floor_char_boundary(to_grid.min(room));
        if step > 0 {
            return step;
        }
        let first = rest.chars().next().map_or(1, char::len_utf8);
        if first > room {
            self.settle(engine, false);
            if self.state == State::Open {
                self.fail(engine, Failure::TextLimit);
            }
        } else {
            // The next character lies across the grid.
            self.check_cap(engine);
        }
        first
    }

    fn grid(&self) -> usize {
        (self.options.holdback / 8).clamp(1, GRID)
    }

    fn append(&mut self, text: &str) {
        self.length = self.length.saturating_add(text.len());
        self.total = self.total.saturating_add(text.len());
        match self.blocks.last_mut() {
            Some(block) => block.push_str(text),
            None => self.window.push(text),
        }
    }

    /// Fails closed, or open where the bundle says so; what is held is swallowed or passes with the rest.
    fn fail(&mut self, engine: &Engine, failure: Failure) {
        self.failure.get_or_insert(failure);
        let guardrails = &engine.policy().guardrails;
        let model = self.model.as_deref();
        let mut enforced = guardrails
            .iter()
            .filter(|g| g.mode == Mode::Enforce && g.applies_to(model));
        let blocks = engine.policy().on_error(self.options.source) == OnError::Block;
        match enforced.next().filter(|_| blocks) {
            Some(guardrail) => {
                self.out
                    .push_str(guardrail.blocked_message(self.options.source));
                self.mouth.block();
                self.state = State::Blocked;
            }
            None => {
                let held = match self.options.mode {
                    StreamMode::Buffer => self.blocks.drain(..).collect(),
                    StreamMode::Incremental => self.mouth.rest(self.window.text()),
                };
                self.out.push_str(&held);
                self.state = State::Passing;
            }
        }
    }

    /// Makes final what can be, and lets out what is safe.
    fn settle(&mut self, engine: &Engine, whole: bool) {
        if self.state != State::Open || self.options.mode == StreamMode::Buffer {
            return;
        }
        let direction = engine.direction(self.options.source);
        let settled = self.window.settle(engine, direction, self.types, whole);
        match settled {
            Ok(frontier) => self.release(engine, frontier),
            Err(failure) => self.fail(engine, failure),
        }
    }

    /// At a place of the grid: sees to it that no more is held than may be.
    fn check_cap(&mut self, engine: &Engine) {
        let most = self
            .options
            .holdback
            .saturating_sub(self.grid())
            .saturating_sub(4);
        let over = |stream: &Stream| stream.state == State::Open && stream.held() > most;
        if !over(self) {
            return;
        }
        self.settle(engine, false);
        for _ in 0..GRID {
            if !over(self) {
                return;
            }
            self.force(engine);
        }
    }
}

/// The hash of the engine's bundle.
fn hash(engine: &Engine) -> [u8; 32] {
    engine
        .bundle()
        .hash()
        .first_chunk()
        .copied()
        .unwrap_or_default()
}

impl StreamEnd {
    /// Whether anything was blocked or masked.
    #[must_use]
    pub fn intervened(&self) -> bool {
        self.reason != Reason::NoAction
    }
}
