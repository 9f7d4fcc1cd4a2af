//! One client with its pins: the metadata, step by step.

use alloc::string::String;
use alloc::vec::Vec;

use edgerail_trust::activation::{Activation, Candidate, Pins, Refusal};
use edgerail_trust::json::Writer;
use edgerail_trust::{Answer, Client, Limits, Step, Target};

use crate::error::Failure;
use crate::pins;

/// What `step` gives; the TypeScript has the same numbers.
const DONE: u32 = 0;
const LOAD: u32 = 1;
const FETCH: u32 = 2;
const STORE: u32 = 3;
const REMOVE: u32 = 4;

/// A verifying client, and what it makes of the targets that it finds.
pub(crate) struct Session {
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

impl Session {
    /// A session that trusts the pinned root; `texts` and `grace` are pins. Refused are a root that does not verify by
    /// itself, and pins that are none.
    pub(crate) fn new(root: &[u8], texts: &str, grace: Option<u64>) -> Result<Session, Failure> {
        Ok(Session {
            pins: pins::read(texts, grace)?,
            client: Client::new(root, Limits::default())?,
            state: Activation::default(),
            step: Step::Done,
            finding: None,
            found: [None, None],
            candidate: None,
            skipped: None,
        })
    }

    /// Begins to verify what is stored. `now` is in seconds since 1970, NaN without a clock.
    pub(crate) fn restore(&mut self, now: f64) {
        self.begin(None);
        self.client.restore(seconds(now));
    }

    /// Begins an update of the metadata.
    pub(crate) fn refresh(&mut self, now: f64) {
        self.begin(None);
        self.client.refresh(seconds(now));
    }

    /// Begins to look for the pinned target, or with `next` for what a rollout offers in its place.
    pub(crate) fn find(&mut self, next: bool) {
        let name = match self.pins.next_target() {
            Some(name) if next => name,
            _ => self.pins.target.clone(),
        };
        let found = core::mem::take(&mut self.found);
        self.begin(Some(usize::from(next)));
        self.found = found;
        self.client.find(&name);
    }

    /// What is needed next: 0 nothing, 1 a stored file, 2 a file of the repository, 3 to store one, 4 to remove one. `output`
    /// gets the file's name, or the path below the metadata's address. Refused is what was answered; what was trusted
    /// before still is.
    pub(crate) fn step(&mut self, output: &mut Vec<u8>) -> Result<u32, Failure> {
        self.step = self.client.step()?;
        let (number, file) = match &self.step {
            Step::Done => {
                if let Some(place) = self.finding.take()
                    && let Some(found) = self.found.get_mut(place)
                {
                    *found = self.client.found().cloned();
                }
                return Ok(DONE);
            }
            Step::Load { file } => (LOAD, file),
            Step::Fetch { path, .. } => (FETCH, path),
            Step::Store { file, .. } => (STORE, file),
            Step::Remove { file } => (REMOVE, file),
        };
        output.extend_from_slice(file.as_bytes());
        Ok(number)
    }

    /// How many bytes the file to fetch may have.
    pub(crate) fn limit(&self) -> f64 {
        match &self.step {
            Step::Fetch { max_bytes, .. } => *max_bytes as f64,
            _ => 0.0,
        }
    }

    /// What is to be stored.
    pub(crate) fn content(&mut self) -> Vec<u8> {
        match &mut self.step {
            Step::Store { bytes, .. } => core::mem::take(bytes),
            _ => Vec::new(),
        }
    }

    /// Answers with a file's bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        #[cfg(feature = "fault-injection")]
        assert!(
            !bytes
                .windows(24)
                .any(|part| part == b"edgerail-fault-injection"),
            "injected fault"
        );
        self.client.answer(Answer::Bytes(bytes));
    }

    /// The top-level roles whose documents are verified, as JSON: their versions, and when they expire.
    pub(crate) fn roles(&self) -> String {
        let mut json = Writer::new();
        for role in ROLES {
            if let (Some(version), Some(expires)) =
                (self.client.version(role), self.client.expires(role))
            {
                json.object(Some(role));
                json.number("expires", expires);
                json.number("version", version);
                json.close('}');
            }
        }
        json.finish()
    }

    /// When the first of the roles expires; nothing if one is missing.
    pub(crate) fn fresh_until(&self) -> Option<u64> {
        let mut first = u64::MAX;
        for role in ROLES {
            first = first.min(self.client.expires(role)?);
        }
        Some(first)
    }

    fn begin(&mut self, finding: Option<usize>) {
        self.step = Step::Done;
        self.finding = finding;
        self.found = [None, None];
        self.candidate = None;
        self.skipped = None;
    }
}

/// The top-level roles.
const ROLES: [&str; 4] = ["root", "timestamp", "snapshot", "targets"];
