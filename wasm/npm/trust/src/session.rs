//! One client with its pins: the metadata, step by step.

use alloc::string::String;
use alloc::vec::Vec;

use edgerail_trust::activation::{Activation, Candidate, Pins, Refusal};
use edgerail_trust::{Answer, Client, Limits, Step, Target};
use wasm_bindgen::prelude::*;

use crate::error;
use crate::pins::{self, Options};

/// What `step` gives; the TypeScript has the same numbers.
const DONE: u32 = 0;
const LOAD: u32 = 1;
const FETCH: u32 = 2;
const STORE: u32 = 3;
const REMOVE: u32 = 4;

/// A verifying client, and what it makes of the targets that it finds.
#[wasm_bindgen]
pub struct Session {
    pub(crate) client: Client,
    pub(crate) pins: Pins,
    pub(crate) state: Activation,
    /// What was asked for last.
    step: Step,
    /// Which of the two targets is being looked for.
    finding: Option<usize>,
    /// The target of what is current, and that of a rollout.
    pub(crate) found: [Option<Target>; 2],
    /// What was decided on last.
    pub(crate) candidate: Option<Candidate>,
    pub(crate) skipped: Option<Refusal>,
}

/// `None` where JavaScript has NaN, for no clock.
pub(crate) fn seconds(now: f64) -> Option<u64> {
    (now >= 0.0).then_some(now as u64)
}

#[wasm_bindgen]
impl Session {
    /// A session that trusts the pinned root.
    ///
    /// # Errors
    /// `sync_metadata` if the root is none or does not verify by itself; `invalid_argument` for pins that are none.
    #[wasm_bindgen(constructor)]
    pub fn new(root: &[u8], options: &Options) -> Result<Session, JsValue> {
        Ok(Session {
            pins: pins::read(options)?,
            client: Client::new(root, Limits::default()).map_err(|e| error::trust(&e))?,
            state: Activation::default(),
            step: Step::Done,
            finding: None,
            found: [None, None],
            candidate: None,
            skipped: None,
        })
    }

    /// Begins to verify what is stored. `now` is in seconds since 1970, NaN without a clock.
    pub fn restore(&mut self, now: f64) {
        self.begin(None);
        self.client.restore(seconds(now));
    }

    /// Begins an update of the metadata.
    pub fn refresh(&mut self, now: f64) {
        self.begin(None);
        self.client.refresh(seconds(now));
    }

    /// Begins to look for the pinned target, or with `next` for what a rollout offers in its place.
    pub fn find(&mut self, next: bool) {
        let name = match self.pins.next_target() {
            Some(name) if next => name,
            _ => self.pins.target.clone(),
        };
        let found = core::mem::take(&mut self.found);
        self.begin(Some(usize::from(next)));
        self.found = found;
        self.client.find(&name);
    }

    /// What is needed next: 0 nothing, 1 a stored file, 2 a file of the repository, 3 to store one, 4 to remove one.
    ///
    /// # Errors
    /// `sync_metadata`: what was answered is refused. What was trusted before still is.
    pub fn step(&mut self) -> Result<u32, JsValue> {
        self.step = self.client.step().map_err(|e| error::trust(&e))?;
        Ok(match &self.step {
            Step::Done => {
                if let Some(place) = self.finding.take()
                    && let Some(found) = self.found.get_mut(place)
                {
                    *found = self.client.found().cloned();
                }
                DONE
            }
            Step::Load { .. } => LOAD,
            Step::Fetch { .. } => FETCH,
            Step::Store { .. } => STORE,
            Step::Remove { .. } => REMOVE,
        })
    }

    /// The file's name, or the path below the metadata's address.
    #[must_use]
    pub fn file(&self) -> String {
        match &self.step {
            Step::Done => String::new(),
            Step::Fetch { path, .. } => path.clone(),
            Step::Load { file } | Step::Store { file, .. } | Step::Remove { file } => file.clone(),
        }
    }

    /// How many bytes the file to fetch may have.
    #[must_use]
    pub fn limit(&self) -> f64 {
        match &self.step {
            Step::Fetch { max_bytes, .. } => *max_bytes as f64,
            _ => 0.0,
        }
    }

    /// What is to be stored.
    #[must_use]
    pub fn content(&mut self) -> Vec<u8> {
        match &mut self.step {
            Step::Store { bytes, .. } => core::mem::take(bytes),
            _ => Vec::new(),
        }
    }

    /// Answers with a file's bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        #[cfg(feature = "fault-injection")]
        assert!(
            !bytes
                .windows(24)
                .any(|part| part == b"edgerail-fault-injection"),
            "injected fault"
        );
        self.client.answer(Answer::Bytes(bytes));
    }

    /// Answers that there is no such file.
    pub fn absent(&mut self) {
        self.client.answer(Answer::Absent);
    }

    /// Answers that it is stored, or removed.
    pub fn done(&mut self) {
        self.client.answer(Answer::Done);
    }

    /// Gives the cycle up: the repository does not answer.
    pub fn abort(&mut self) {
        self.client.abort();
    }

    /// The version of a role's newest verified document; 0 if there is none.
    #[must_use]
    pub fn version(&self, role: &str) -> f64 {
        self.client
            .version(role)
            .map_or(0.0, |version| version as f64)
    }

    /// When it expires, in seconds since 1970; NaN if there is none.
    #[must_use]
    pub fn expires(&self, role: &str) -> f64 {
        self.client
            .expires(role)
            .map_or(f64::NAN, |time| time as f64)
    }

    fn begin(&mut self, finding: Option<usize>) {
        self.step = Step::Done;
        self.finding = finding;
        self.found = [None, None];
        self.candidate = None;
        self.skipped = None;
    }
}

impl core::fmt::Debug for Session {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Session")
    }
}
