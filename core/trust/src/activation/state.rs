use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::choose::Candidate;
use super::refusal::Refusal;
use crate::json::{Value, Writer};

/// How many poisoned bundles are remembered; the oldest is forgotten first. A publisher makes no more bad
/// versions than this within the life of one set of metadata.
pub const POISONED_LIMIT: usize = 32;

/// So many starts in a row may die while they load the last-known-good bundle before one passes it over. It is not
/// poisoned for that: a machine may lose its power in that moment, a visitor may leave the page.
pub const LOADING_LIMIT: u64 = 3;

/// So many processes in a row must die while they load a new bundle before it is poisoned, for the same reason. What
/// gives an error is poisoned at once.
pub const CRASH_LIMIT: u64 = 3;

/// The form of the stored document.
const FORMAT: u64 = 1;

/// The bundle that was activated last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Active {
    /// The target's name.
    pub name: String,
    /// Its version.
    pub version: u64,
    /// Its SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// Its bytes.
    pub length: u64,
    /// Whether it comes from a rollout and is not current yet.
    pub next: bool,
    /// The version of the root that verified it.
    pub evidence_root: u64,
    /// When it was activated, in seconds since 1970; 0 without a clock.
    pub since: u64,
}

/// A bundle that is not tried again with the same engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poisoned {
    /// Its SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// What it failed with.
    pub refusal: Refusal,
    /// The engine that it failed with: [`super::Pins::engine_build`]. Another one may load it.
    pub build: String,
}

/// A new bundle with which processes died in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// Its SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// How many did.
    pub count: u64,
}

/// The validator of a `timestamp.json` for conditional requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Etag {
    /// As the server sent it.
    pub value: String,
    /// SHA-256 of the `timestamp.json` it stands for, lower-case hexadecimal: without those bytes at hand it
    /// must not be sent.
    pub sha256: String,
}

/// What [`Activation::boot`] found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Boot {
    /// A bundle was poisoned because one process too many died while it loaded it.
    pub poisoned: bool,
    /// Start without the last-known-good bundle for once: loading it ended [`LOADING_LIMIT`] starts in a row. It stays
    /// the last-known-good one, and the next start tries it again.
    pub skip: bool,
}

/// The state of the activation: what survives a restart beside the metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activation {
    /// The last-known-good bundle.
    pub current: Option<Active>,
    /// The highest version that was active and current; a rollout does not move it.
    pub floor: u64,
    /// The bundle that had the floor's version.
    pub floor_sha256: Option<String>,
    /// What is not tried again, the oldest first.
    pub poisoned: Vec<Poisoned>,
    /// The bundle that is being loaded for the first time.
    pub trying: Option<String>,
    /// The bundle that processes died with while it was that.
    pub crash: Option<Crash>,
    /// How many starts in a row began to load the last-known-good bundle and did not end it.
    pub loading: u64,
    /// The newest `x-issued` seen, in seconds since 1970: the clock never counts below it.
    pub issued: u64,
    /// The version of the root then.
    pub issued_root: u64,
    /// How many starts in a row had no clock.
    pub clockless_starts: u64,
    /// The validator of the stored `timestamp.json`.
    pub etag: Option<Etag>,
}

impl Activation {
    /// Notes a start of the engine `build`. Store the state before the last-known-good bundle is loaded, and after
    /// [`Activation::loaded`].
    pub fn boot(&mut self, build: &str, now: Option<u64>) -> Boot {
        let mut boot = Boot::default();
        if let Some(sha256) = self.trying.take() {
            boot.poisoned = self.crashed(sha256, build);
        }
        if self.loading >= LOADING_LIMIT {
            self.loading = 0;
            boot.skip = self.current.is_some();
        } else if self.current.is_some() {
            self.loading = self.loading.saturating_add(1);
        }
        self.clockless_starts = match now {
            Some(_) => 0,
            None => self.clockless_starts.saturating_add(1),
        };
        boot
    }

    /// A process died while it loaded the bundle; whether that poisons it.
    fn crashed(&mut self, sha256: String, build: &str) -> bool {
        let active = self.current.as_ref();
        if active.is_some_and(|active| active.sha256 == sha256) {
            // It was loaded before: it is not the bundle.
            return false;
        }
        let before = self.crash.take();
        let before = before.filter(|crash| crash.sha256 == sha256);
        let count = before.map_or(0, |crash| crash.count).saturating_add(1);
        if count >= CRASH_LIMIT {
            self.poison(sha256, Refusal::Crashed, build);
            return true;
        }
        self.crash = Some(Crash { sha256, count });
        false
    }

    /// The last-known-good bundle is loaded, or its loading ended in another way than with the process.
    pub fn loaded(&mut self) {
        self.loading = 0;
    }

    /// The last-known-good bundle cannot be used, now or later: its bytes or its proof are gone, or it is not for these
    /// pins. The floor stays. What could only not be read, or not be loaded by this engine, is not lost.
    pub fn lost(&mut self) {
        self.current = None;
        self.loading = 0;
    }

    /// What came with the application is verified: nothing older is taken.
    pub fn baseline(&mut self, baseline: &Candidate, issued: Option<u64>) {
        self.raise_floor(baseline.version, &baseline.sha256);
        self.issued = self.issued.max(issued.unwrap_or(0));
    }

    /// The newest time that verified metadata holds. It may be lower than before: after a rotation of its keys the
    /// TUF client forgets what the replaced ones signed, because a stolen key can sign any time.
    ///
    /// `root_version` is that of the root now. Give both to [`crate::Client::remember`] before the next refresh or
    /// restore of a new client, and after [`Activation::baseline`] and [`Activation::merge`].
    pub fn issued(&mut self, issued: Option<u64>, root_version: u64) {
        // Where no time is signed there is nothing to keep.
        if issued.is_some() || self.issued > 0 {
            self.issued = issued.unwrap_or(0);
            self.issued_root = self.issued_root.max(root_version);
        }
    }

    /// The bundle is about to be loaded for the first time.
    pub fn started(&mut self, candidate: &Candidate) {
        self.trying = Some(candidate.sha256.clone());
    }

    /// The bundle is loaded and has passed its self-test. `evidence_root` is the version of the root that
    /// verified it.
    pub fn activated(&mut self, candidate: &Candidate, evidence_root: u64, now: Option<u64>) {
        self.trying = None;
        self.crash = None;
        self.loading = 0;
        if !candidate.next {
            self.raise_floor(candidate.version, &candidate.sha256);
        }
        self.current = Some(Active {
            name: candidate.name.clone(),
            version: candidate.version,
            sha256: candidate.sha256.clone(),
            length: candidate.length,
            next: candidate.next,
            evidence_root,
            since: now.unwrap_or(0),
        });
    }

    /// The active bytes are listed under another name or version: see [`super::Choice::Promote`].
    pub fn promoted(&mut self, candidate: &Candidate, evidence_root: u64) {
        if let Some(active) = &mut self.current {
            active.name = candidate.name.clone();
            active.version = candidate.version;
            active.next = candidate.next;
            active.evidence_root = evidence_root;
            if !candidate.next {
                self.raise_floor(candidate.version, &candidate.sha256);
            }
        }
    }

    /// The bundle cannot be loaded by the engine `build`, which does not try it again.
    pub fn failed(&mut self, candidate: &Candidate, refusal: Refusal, build: &str) {
        self.trying = None;
        self.crash = None;
        self.poison(candidate.sha256.clone(), refusal, build);
    }

    /// Whether the bundle failed before with this build of the engine.
    #[must_use]
    pub fn is_poisoned(&self, sha256: &str, build: &str) -> bool {
        self.poisoned
            .iter()
            .any(|poisoned| poisoned.sha256 == sha256 && poisoned.build == build)
    }

    /// Joins what two writers know, whatever the order: floors and times by the higher, poison by union. What
    /// is active stays `self`'s.
    pub fn merge(&mut self, other: &Activation) {
        if let Some(sha256) = &other.floor_sha256 {
            self.raise_floor(other.floor, sha256);
        }
        if other.floor > self.floor {
            // Nobody knows which bundle has that version; the hash of a lower one would make it look like a second one.
            self.floor = other.floor;
            self.floor_sha256 = None;
        }
        // After a rotation of keys a lower time may hold: see [`Activation::issued`].
        match self.issued_root.cmp(&other.issued_root) {
            Ordering::Less => self.issued = other.issued,
            Ordering::Equal => self.issued = self.issued.max(other.issued),
            Ordering::Greater => {}
        }
        self.issued_root = self.issued_root.max(other.issued_root);
        for poisoned in &other.poisoned {
            self.poison(poisoned.sha256.clone(), poisoned.refusal, &poisoned.build);
        }
    }

    fn raise_floor(&mut self, version: u64, sha256: &str) {
        let first = version == self.floor && self.floor_sha256.is_none();
        if version > self.floor || first {
            self.floor = version;
            self.floor_sha256 = Some(sha256.to_owned());
        }
    }

    fn poison(&mut self, sha256: String, refusal: Refusal, build: &str) {
        if self.is_poisoned(&sha256, build) {
            return;
        }
        if self.poisoned.len() >= POISONED_LIMIT {
            self.poisoned.remove(0);
        }
        self.poisoned.push(Poisoned {
            sha256,
            refusal,
            build: build.to_owned(),
        });
    }
}

/// The stored form.
impl Activation {
    /// One JSON document: members sorted, no white space.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = Writer::new();
        json.number("clockless_starts", self.clockless_starts);
        if let Some(crash) = &self.crash {
            json.object(Some("crash"));
            json.number("count", crash.count);
            json.text("sha256", &crash.sha256);
            json.close('}');
        }
        if let Some(active) = &self.current {
            json.object(Some("current"));
            json.number("evidence_root", active.evidence_root);
            json.number("length", active.length);
            json.text("name", &active.name);
            json.flag("next", active.next);
            json.text("sha256", &active.sha256);
            json.number("since", active.since);
            json.number("version", active.version);
            json.close('}');
        }
        if let Some(etag) = &self.etag {
            json.object(Some("etag"));
            json.text("sha256", &etag.sha256);
            json.text("value", &etag.value);
            json.close('}');
        }
        json.number("floor", self.floor);
        if let Some(sha256) = &self.floor_sha256 {
            json.text("floor_sha256", sha256);
        }
        json.number("format", FORMAT);
        json.number("issued", self.issued);
        json.number("issued_root", self.issued_root);
        json.number("loading", self.loading);
        json.list("poisoned");
        for poisoned in &self.poisoned {
            json.object(None);
            json.text("build", &poisoned.build);
            json.text("code", poisoned.refusal.code());
            json.text("sha256", &poisoned.sha256);
            json.close('}');
        }
        json.close(']');
        if let Some(sha256) = &self.trying {
            json.text("trying", sha256);
        }
        json.finish()
    }

    /// Reads what [`Activation::to_json`] wrote; members that are not known are passed over.
    ///
    /// # Errors
    /// [`Refusal::State`] if it is no such document.
    pub fn read(json: &[u8]) -> Result<Activation, Refusal> {
        crate::json::parse(json)
            .ok()
            .as_ref()
            .and_then(Activation::of)
            .ok_or(Refusal::State)
    }

    fn of(value: &Value<'_>) -> Option<Activation> {
        let number = |name| value.member(name)?.as_u64();
        number("format").filter(|format| *format == FORMAT)?;
        let poisoned = value.member("poisoned")?.as_array()?.iter();
        Some(Activation {
            current: optional(value, "current", Active::of)?,
            floor: number("floor")?,
            floor_sha256: optional(value, "floor_sha256", hash)?,
            poisoned: poisoned.map(Poisoned::of).collect::<Option<_>>()?,
            trying: optional(value, "trying", hash)?,
            crash: optional(value, "crash", Crash::of)?,
            loading: number("loading")?,
            issued: number("issued")?,
            issued_root: counted(value, "issued_root")?,
            clockless_starts: number("clockless_starts")?,
            etag: optional(value, "etag", Etag::of)?,
        })
    }
}

impl Active {
    fn of(value: &Value<'_>) -> Option<Active> {
        let number = |name| value.member(name)?.as_u64();
        Some(Active {
            name: value.member("name")?.as_str()?.to_owned(),
            version: number("version")?,
            sha256: hash(value.member("sha256")?)?,
            length: number("length")?,
            next: value.member("next")?.as_bool()?,
            evidence_root: number("evidence_root")?,
            since: number("since")?,
        })
    }
}

impl Poisoned {
    fn of(value: &Value<'_>) -> Option<Poisoned> {
        Some(Poisoned {
            sha256: hash(value.member("sha256")?)?,
            // A later release, or a tab of one, may know more codes: that must not cost the rest of the state.
            refusal: Refusal::from_code(value.member("code")?.as_str()?)
                .unwrap_or(Refusal::Poisoned),
            build: match value.member("build") {
                None => String::new(),
                Some(build) => build.as_str()?.to_owned(),
            },
        })
    }
}

impl Crash {
    fn of(value: &Value<'_>) -> Option<Crash> {
        Some(Crash {
            sha256: hash(value.member("sha256")?)?,
            count: value.member("count")?.as_u64()?,
        })
    }
}

impl Etag {
    fn of(value: &Value<'_>) -> Option<Etag> {
        Some(Etag {
            value: value.member("value")?.as_str()?.to_owned(),
            sha256: hash(value.member("sha256")?)?,
        })
    }
}

/// A number that releases before this one did not store.
fn counted(value: &Value<'_>, name: &str) -> Option<u64> {
    value.member(name).map_or(Some(0), Value::as_u64)
}

/// Outer `None`: the member is there and malformed.
#[allow(clippy::option_option)]
fn optional<T>(
    value: &Value<'_>,
    name: &str,
    read: impl FnOnce(&Value<'_>) -> Option<T>,
) -> Option<Option<T>> {
    match value.member(name) {
        None => Some(None),
        Some(member) => read(member).map(Some),
    }
}

/// The name of a file is made from it, so that nothing but 64 digits passes.
fn hash(value: &Value<'_>) -> Option<String> {
    let text = value.as_str()?;
    let digits = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (text.len() == 64 && digits).then(|| text.to_owned())
}
