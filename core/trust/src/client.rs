//! The client workflow of TUF 1.0.34, section 5, as a machine that is driven from outside.

use crate::envelope::Envelope;
use crate::error::{Code, Error, Result, fail};
use crate::key::Schemes;
use crate::schema::{Root, Snapshot, Targets, Timestamp};
use crate::target::Target;
use crate::text::{percent_encoded, push_decimal};
use alloc::{boxed::Box, string::String, vec::Vec};

mod roles;
mod root;
mod search;
mod top;

pub use roles::RoleId;
use search::{Search, Visited};

/// The most that is read of each kind, in bytes, and the longest walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a root file.
    pub root: u64,
    /// Bytes of the timestamp file.
    pub timestamp: u64,
    /// Bytes of the snapshot file, if the timestamp does not list its length.
    pub snapshot: u64,
    /// Bytes of a targets file, delegated ones too, if the snapshot does not list its length.
    pub targets: u64,
    /// New roots fetched in a cycle (Y of 5.3.3); the next cycle goes on.
    pub roots: u32,
    /// Delegated roles visited in a search (5.6.7.1).
    pub delegations: u32,
}

/// How far a publisher's clock may be ahead of the client's, in seconds, for its `x-issued` to count: a day is more than
/// time zones that were mixed up amount to.
pub const ISSUED_AHEAD: u64 = 86_400;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            root: 512 << 10,
            timestamp: 64 << 10,
            snapshot: 2 << 20,
            targets: 5 << 20,
            roots: 256,
            delegations: 32,
        }
    }
}

/// What the client asks its driver for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Read a stored file: answer [`Answer::Bytes`], or [`Answer::Absent`].
    Load {
        /// The file's name; with a slash only below `root_history/`.
        file: String,
    },
    /// Get a path below the base of the metadata: answer [`Answer::Bytes`], or [`Answer::Absent`] for the
    /// statuses 404 and 403. On all other failures call [`Client::abort`].
    Fetch {
        /// The path, percent-encoded where it must be.
        path: String,
        /// Read no more than this. A longer answer may be cut one byte above it, or given to
        /// [`Client::too_large`].
        max_bytes: u64,
    },
    /// Write a file so that it lasts, then answer [`Answer::Done`]. If that fails, call [`Client::abort`].
    Store {
        /// The file's name, as for `Load`.
        file: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Remove a stored file, if it is there, then answer [`Answer::Done`].
    Remove {
        /// The file's name, as for `Load`.
        file: String,
    },
    /// What was begun is at its end.
    Done,
}

/// What the driver answers to a [`Step`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// The bytes asked for.
    Bytes(&'a [u8]),
    /// There is no such file.
    Absent,
    /// It is written or removed.
    Done,
}

/// Where the workflow stands: each state but the first two is a question that waits for its answer.
#[derive(Clone, Debug)]
enum State {
    /// Nothing is begun, or the driver has not been told the end.
    Idle,
    Finished,
    LoadRoot,
    FetchRoot,
    StoreRootHistory(Box<Root>, Vec<u8>),
    StoreRoot(Box<Root>, Vec<u8>),
    LoadTimestamp,
    LoadSnapshot,
    RemoveTimestamp,
    RemoveSnapshot,
    FetchTimestamp,
    StoreTimestamp(Box<Timestamp>, Vec<u8>),
    FetchSnapshot,
    StoreSnapshot(Box<Snapshot>, Vec<u8>),
    LoadTargets,
    FetchTargets,
    StoreTargets(Box<Targets>, Vec<u8>),
    LoadRole,
    FetchRole,
    StoreRole(Box<Targets>, Vec<u8>),
}

/// A TUF client: what it trusts, and where it stands.
///
/// Begin by [`Client::refresh`], [`Client::restore`] or [`Client::find`], then take [`Client::step`]s and
/// [`Client::answer`] them until [`Step::Done`] or an error. An error ends the cycle; what was trusted and
/// stored before stays, and another cycle can begin.
#[derive(Clone, Debug)]
pub struct Client {
    limits: Limits,
    schemes: Schemes,
    root: Root,
    timestamp: Option<Timestamp>,
    snapshot: Option<Snapshot>,
    /// The bytes of the stored snapshot, until it is known whether it is the current one.
    snapshot_bytes: Vec<u8>,
    targets: Option<Targets>,
    /// Delegated roles verified in this cycle, each against one delegator.
    visited: Vec<Visited>,
    search: Search,
    found: Option<Target>,
    /// The time given, and then not below the newest `x-issued`: fixed for the cycle (5.1).
    now: u64,
    /// What the host's clock says, whatever was signed.
    clock: Option<u64>,
    issued: Option<u64>,
    /// The version of the root under which `issued` was seen last.
    issued_root: u64,
    /// The newest root that replaced a key of the timestamp or the snapshot.
    rotated_root: u64,
    /// Nothing is fetched: what is stored is all there is.
    offline: bool,
    roots_fetched: u32,
    /// A key of the timestamp or the snapshot was replaced in this cycle (5.3.11).
    rotated: bool,
    /// A stored timestamp or snapshot is not signed by the keys of today.
    foreign: bool,
    /// Targets may be searched.
    ready: bool,
    state: State,
    asked: bool,
    failed: Option<Error>,
}

impl Client {
    /// A client that trusts a root which came with the application. It may be expired.
    ///
    /// # Errors
    ///
    /// The root is too large, is no root metadata, or is not signed by a threshold of its own keys.
    pub fn new(pinned_root: &[u8], limits: Limits) -> core::result::Result<Client, Error> {
        Client::knowing(Schemes::default(), pinned_root, limits)
    }

    /// As [`Client::new`], and knows RSA keys, too: `rsassa-pss-sha256`, 2048 to 8192 bits.
    ///
    /// For repositories of others. Repositories of bundles are verified by browsers as well, which know no RSA; what
    /// follows or publishes them takes [`Client::new`].
    ///
    /// # Errors
    ///
    /// As [`Client::new`].
    #[cfg(feature = "rsa")]
    pub fn with_rsa(pinned_root: &[u8], limits: Limits) -> core::result::Result<Client, Error> {
        Client::knowing(Schemes { rsa: true }, pinned_root, limits)
    }

    fn knowing(
        schemes: Schemes,
        pinned_root: &[u8],
        limits: Limits,
    ) -> core::result::Result<Client, Error> {
        let root = root::pinned(pinned_root, &limits, schemes);
        Ok(Client {
            root: root.map_err(|error| error.about("root"))?,
            schemes,
            limits,
            timestamp: None,
            snapshot: None,
            snapshot_bytes: Vec::new(),
            targets: None,
            visited: Vec::new(),
            search: Search::default(),
            found: None,
            now: 0,
            clock: None,
            issued: None,
            issued_root: 0,
            rotated_root: 0,
            offline: false,
            roots_fetched: 0,
            rotated: false,
            foreign: false,
            ready: false,
            state: State::Idle,
            asked: false,
            failed: None,
        })
    }

    /// Begins a cycle that fetches nothing: it reads what is stored and verifies it from the pinned root.
    /// Expired metadata is no error here, but is listed by [`Client::expired`]; so is metadata that an
    /// interrupted refresh left behind one step ([`Client::complete`] says so).
    ///
    /// `now` is in seconds since 1970; `None` where there is no clock.
    pub fn restore(&mut self, now: Option<u64>) {
        self.begin(now, true);
    }

    /// Begins an update: root, timestamp, snapshot and top-level targets (5.1 to 5.6).
    ///
    /// `now` is in seconds since 1970 and is fixed for the cycle. `None` where there is no clock: then the
    /// newest signed `x-issued` is the time, and what expired after it is not found out.
    pub fn refresh(&mut self, now: Option<u64>) {
        self.begin(now, false);
    }

    fn begin(&mut self, now: Option<u64>, offline: bool) {
        self.now = now.unwrap_or(0);
        self.clock = now;
        self.offline = offline;
        self.roots_fetched = 0;
        self.rotated = false;
        self.foreign = false;
        self.found = None;
        self.go(State::LoadRoot);
        self.failed = None;
    }

    /// Begins the search for a target (5.6.7), in the roles of the last [`Client::refresh`] or
    /// [`Client::restore`], which must have ended well. Roles that are stored are not fetched again; after
    /// `restore` none is fetched. The result is [`Client::found`].
    pub fn find(&mut self, target: &str) {
        self.failed = None;
        self.found = None;
        if !self.ready {
            self.fail(Error::new(Code::Absent, "").about("targets"));
            return;
        }
        self.search = Search::new(target);
        self.continue_search();
    }

    /// What the last [`Client::find`] found: `None` means that no role in charge lists the target.
    #[must_use]
    pub fn found(&self) -> Option<&Target> {
        self.found.as_ref()
    }

    /// The next question to the driver. A question that is not answered is asked again.
    ///
    /// # Errors
    ///
    /// What ended the cycle. It is said once; afterwards nothing is begun.
    pub fn step(&mut self) -> core::result::Result<Step, Error> {
        if let Some(error) = self.failed.take() {
            self.go(State::Idle);
            return Err(error);
        }
        self.asked = true;
        let fetch = |path, max_bytes| Ok(Step::Fetch { path, max_bytes });
        match &self.state {
            State::Idle => fail(Code::Sequence, ""),
            State::Finished => {
                self.go(State::Idle);
                Ok(Step::Done)
            }
            State::LoadRoot => load(history(self.next_root())),
            State::FetchRoot => fetch(versioned(self.next_root(), "root"), self.limits.root),
            State::StoreRootHistory(root, bytes) => store(history(root.head.version), bytes),
            State::StoreRoot(_, bytes) => store(file("root"), bytes),
            State::LoadTimestamp => load(file("timestamp")),
            State::LoadSnapshot => load(file("snapshot")),
            State::RemoveTimestamp => Ok(Step::Remove {
                file: file("timestamp"),
            }),
            State::RemoveSnapshot => Ok(Step::Remove {
                file: file("snapshot"),
            }),
            State::FetchTimestamp => fetch(file("timestamp"), self.limits.timestamp),
            State::StoreTimestamp(_, bytes) => store(file("timestamp"), bytes),
            State::FetchSnapshot => self.snapshot_request(),
            State::StoreSnapshot(_, bytes) => store(file("snapshot"), bytes),
            State::LoadTargets => load(file("targets")),
            State::FetchTargets => self.targets_request("targets"),
            State::StoreTargets(_, bytes) => store(file("targets"), bytes),
            State::LoadRole => load(file(&self.search.role)),
            State::FetchRole => self.targets_request(&self.search.role),
            State::StoreRole(_, bytes) => store(file(&self.search.role), bytes),
        }
    }

    /// Answers the last step. An answer that does not fit it ends the cycle with the code `sequence`.
    pub fn answer(&mut self, answer: Answer<'_>) {
        if !core::mem::take(&mut self.asked) || self.failed.is_some() {
            self.fail(Error::new(Code::Sequence, ""));
            return;
        }
        let role = self.role_asked();
        let state = core::mem::replace(&mut self.state, State::Idle);
        if let Err(error) = self.take(state, answer) {
            self.fail(error.about(&role));
        }
    }

    /// Ends the cycle without an error of the repository's: the network or the storage failed. What was
    /// trusted and stored stays.
    pub fn abort(&mut self) {
        self.go(State::Idle);
        self.asked = false;
        self.failed = None;
    }

    /// Ends the cycle because an answer is longer than `max_bytes` of its step: the next
    /// [`Client::step`] gives the code `too_large`.
    pub fn too_large(&mut self) {
        let role = self.role_asked();
        self.fail(Error::new(Code::TooLarge, "").about(&role));
    }

    fn take(&mut self, state: State, answer: Answer<'_>) -> Result<()> {
        let bytes = match answer {
            Answer::Bytes(bytes) => Some(bytes),
            Answer::Absent => None,
            Answer::Done => return self.written(state),
        };
        match state {
            State::LoadRoot => self.loaded_root(bytes),
            State::FetchRoot => self.fetched_root(bytes),
            State::LoadTimestamp => self.loaded_timestamp(bytes),
            State::LoadSnapshot => self.loaded_snapshot(bytes),
            State::FetchTimestamp => self.fetched_timestamp(bytes),
            State::FetchSnapshot => self.fetched_snapshot(bytes),
            State::LoadTargets => self.loaded_targets(bytes),
            State::FetchTargets => self.fetched_targets(bytes),
            State::LoadRole => self.loaded_role(bytes),
            State::FetchRole => self.fetched_role(bytes),
            _ => fail(Code::Sequence, ""),
        }
    }

    /// What is stored is what is trusted from here on.
    fn written(&mut self, state: State) -> Result<()> {
        match state {
            State::StoreRootHistory(root, bytes) => self.go(State::StoreRoot(root, bytes)),
            State::StoreRoot(root, _) => self.stored_root(*root),
            State::RemoveTimestamp => self.go(State::RemoveSnapshot),
            State::RemoveSnapshot => self.go(State::FetchTimestamp),
            State::StoreTimestamp(timestamp, _) => return self.stored_timestamp(*timestamp),
            State::StoreSnapshot(snapshot, _) => {
                self.snapshot = Some(*snapshot);
                self.go(State::LoadTargets);
            }
            State::StoreTargets(targets, _) => self.trust_targets(*targets),
            State::StoreRole(targets, _) => self.trust_role(*targets),
            _ => return fail(Code::Sequence, ""),
        }
        Ok(())
    }

    fn go(&mut self, state: State) {
        self.state = state;
        self.asked = false;
    }

    fn fail(&mut self, error: Error) {
        self.go(State::Idle);
        self.failed = Some(error);
    }

    /// The role that the last step is about.
    fn role_asked(&self) -> String {
        String::from(match &self.state {
            State::LoadRoot
            | State::FetchRoot
            | State::StoreRootHistory(..)
            | State::StoreRoot(..) => "root",
            State::LoadTimestamp | State::FetchTimestamp | State::StoreTimestamp(..) => "timestamp",
            State::LoadSnapshot | State::FetchSnapshot | State::StoreSnapshot(..) => "snapshot",
            State::LoadTargets | State::FetchTargets | State::StoreTargets(..) => "targets",
            State::LoadRole | State::FetchRole | State::StoreRole(..) => self.search.role.as_str(),
            _ => "",
        })
    }

    /// The version of a top-level role that is trusted: `root`, `timestamp`, `snapshot`, `targets`.
    #[must_use]
    pub fn version(&self, role: &str) -> Option<u64> {
        self.head(role).map(|head| head.version)
    }

    /// When a top-level role that is trusted expires, in seconds since 1970.
    #[must_use]
    pub fn expires(&self, role: &str) -> Option<u64> {
        self.head(role).map(|head| head.expires)
    }

    fn head(&self, role: &str) -> Option<&crate::schema::Head> {
        match role {
            "root" => Some(&self.root.head),
            "timestamp" => self.timestamp.as_ref().map(|role| &role.head),
            "snapshot" => self.snapshot.as_ref().map(|role| &role.head),
            "targets" => self.targets.as_ref().map(|role| &role.head),
            _ => None,
        }
    }

    /// The version of the trusted root.
    #[must_use]
    pub fn root_version(&self) -> u64 {
        self.root.head.version
    }

    /// The top-level roles that are trusted and expired at the time of the cycle.
    pub fn expired(&self) -> impl Iterator<Item = &'static str> + '_ {
        let expired = |role: &&str| {
            self.expires(role)
                .is_some_and(|expires| expires <= self.now)
        };
        crate::schema::TOP_LEVEL.into_iter().filter(expired)
    }

    /// Takes over what [`Client::issued`] of a former process was, under the root of that version: a clock that was
    /// set back between the two is found out. It counts no more once the keys that signed it are replaced.
    pub fn remember(&mut self, issued: Option<u64>, root_version: u64) {
        if root_version < self.rotated_root {
            return;
        }
        // Who knew a newer root knew whether its keys ended the older time.
        if root_version > self.issued_root {
            self.issued = issued;
            self.issued_root = root_version;
        } else {
            self.issued = self.issued.max(issued);
        }
    }

    /// The newest `x-issued` that counts, in seconds since 1970: no clock counts below it. One that is further than
    /// [`ISSUED_AHEAD`] ahead of the clock, or does not lie before the expiry of its timestamp and of the root, does not
    /// count: who signs timestamps must not be able to make everything else expire.
    #[must_use]
    pub fn issued(&self) -> Option<u64> {
        self.issued
    }

    /// The time of the cycle: what was given, but not below [`Client::issued`] at its beginning.
    #[must_use]
    pub fn time(&self) -> u64 {
        self.now
    }

    /// Whether the last cycle had no clock, so that expiry is not proven.
    #[must_use]
    pub fn no_clock(&self) -> bool {
        self.clock.is_none()
    }

    /// Whether timestamp, snapshot and targets that are trusted belong together: each is the version that
    /// the one above lists. `false` after an update that was interrupted.
    #[must_use]
    pub fn complete(&self) -> bool {
        let (Some(timestamp), Some(snapshot), Some(targets)) =
            (&self.timestamp, &self.snapshot, &self.targets)
        else {
            return false;
        };
        let listed = snapshot.role("targets").map(|meta| meta.version);
        timestamp.snapshot.version == snapshot.head.version && listed == Ok(targets.head.version)
    }

    /// Whether [`Client::find`] can be asked.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.ready
    }

    /// Whether the repository has consistent snapshots: what [`Target::path`] needs.
    #[must_use]
    pub fn consistent(&self) -> bool {
        self.root.consistent
    }

    /// Checks expiry at the time of the cycle.
    fn check_expiry(&self, head: &crate::schema::Head) -> Result<()> {
        if head.expires <= self.now {
            fail(Code::Expired, "expires")
        } else {
            Ok(())
        }
    }
}

/// Bytes that must be there and within the limit.
fn required(bytes: Option<&[u8]>, limit: u64) -> Result<&[u8]> {
    let bytes = bytes.ok_or_else(|| Error::new(Code::NotFound, ""))?;
    within(bytes, limit)?;
    Ok(bytes)
}

fn within(bytes: &[u8], limit: u64) -> Result<()> {
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= limit => Ok(()),
        _ => fail(Code::TooLarge, ""),
    }
}

/// Reads an envelope that is signed by a top-level role of a root.
fn verified<'a>(bytes: &'a [u8], root: &Root, role: &str) -> Result<Envelope<'a>> {
    let envelope = Envelope::read(bytes)?;
    envelope.verify(&root.keys, root.role(role))?;
    Ok(envelope)
}

fn load(file: String) -> Result<Step> {
    Ok(Step::Load { file })
}

fn store(file: String, bytes: &[u8]) -> Result<Step> {
    Ok(Step::Store {
        file,
        bytes: Vec::from(bytes),
    })
}

/// The name under which a role is stored, and fetched where it has no version before it.
fn file(role: &str) -> String {
    let mut name = percent_encoded(role);
    name.push_str(".json");
    name
}

fn versioned(version: u64, role: &str) -> String {
    let mut name = String::new();
    push_decimal(&mut name, version);
    name.push('.');
    name.push_str(&file(role));
    name
}

fn history(version: u64) -> String {
    let mut name = String::from("root_history/");
    name.push_str(&versioned(version, "root"));
    name
}
