//! The start: what is enforced before the repository was asked.

use std::sync::{Arc, Mutex, RwLock};

use edgerail_trust::Client;
use edgerail_trust::activation::{Facts, Refusal, targets_wanted};
use tokio::sync::Notify;

use super::{Active, Config, Shared, Sync};
use crate::archive::Archive;
use crate::driver::drive_stored;
use crate::error::Error;
use crate::evidence::{self, Verified, fresh_until};
use crate::loader::{self, Loader};
use crate::noted::{NOTE_BYTES, Note};
use crate::schedule::Schedule;
use crate::status::{ActiveStatus, Report, roles};
use crate::store::Store;

impl<L: Loader> Sync<L> {
    /// Opens the state folder and puts in force what it holds: the last-known-good bundle, verified again from
    /// the pinned root, or the baseline. Nothing is fetched. It may be that neither is there: then
    /// [`Sync::active`] is `None` until a check went well.
    ///
    /// # Errors
    /// [`Error`] `state_locked` if another process has the folder, a code of the TUF client if the pinned root
    /// is none, `usage` if the pinned target is no bundle's name, `state_write` if a file is where the folder is to be.
    /// A folder that cannot be made, read or written to is no error: the policy is enforced and updated in memory
    /// then, and the status says so.
    pub fn open(config: Config<L>) -> Result<Sync<L>, Error> {
        let sync = Sync::start(config, Store::open)?;
        if let Some(note) = sync.note() {
            // For people; a time that is still to come says nothing.
            let past =
                |time: Option<u64>| time.filter(|then| Some(*then) <= sync.environment.now());
            let mut report = sync.shared.report();
            report.last_success = past(note.last_success);
            report.last_change = past(note.last_change);
        }
        Ok(sync)
    }

    /// As [`Sync::open`], but only to look: changes nothing, although another process may have the folder.
    ///
    /// # Errors
    /// As [`Sync::open`], but for `state_locked`.
    pub fn look(config: Config<L>) -> Result<Sync<L>, Error> {
        let sync = Sync::start(config, Store::look)?;
        if let Some(note) = sync.note() {
            let mut report = sync.shared.report();
            report.facts.unreachable |= note.unreachable;
            report.facts.rejected |= note.rejected;
            report.facts.poisoned |= note.poisoned;
            report.note = Some(note);
        }
        Ok(sync)
    }

    /// What the process that checks wrote down last.
    fn note(&self) -> Option<Note> {
        let bytes = self.store.read_note("status.json", NOTE_BYTES)?;
        Note::read(&bytes, &self.pins.target)
    }

    fn start(
        config: Config<L>,
        open: impl FnOnce(
            Box<dyn crate::store::Disk>,
        ) -> Result<(Store, edgerail_trust::activation::Activation), Error>,
    ) -> Result<Sync<L>, Error> {
        if config.pins.scope().is_none() {
            return Err(Error::new(
                "usage",
                &config.pins.target,
                format!(
                    "is no name of a bundle for the audience {}",
                    config.pins.audience.name()
                ),
            )
            .remedy_is("Write SCOPE.bundle or SCOPE.browser.bundle."));
        }
        let client = Client::new(&config.root, config.limits)
            .map_err(|error| Error::of_trust("the pinned root", &error))?;
        let (store, state) = open(config.disk)?;
        let shared = Arc::new(Shared {
            active: RwLock::new(None),
            report: Mutex::new(Report::new(config.pins.clone())),
            wake: Notify::new(),
            environment: Arc::clone(&config.environment),
        });
        let mut sync = Sync {
            root: config.root,
            pins: config.pins,
            transport: config.transport.into(),
            loader: config.loader,
            limits: config.limits,
            intervals: config.intervals,
            environment: config.environment,
            client,
            store,
            saved: state.clone(),
            state,
            schedule: Schedule::new(config.intervals),
            baseline: None,
            long_poll: false,
            shared,
        };
        if config.retry_poisoned {
            sync.state.poisoned.clear();
        }
        sync.begin(config.baseline);
        Ok(sync)
    }

    /// Nothing in here ends the start: what is wrong is reported, and something else is enforced.
    fn begin(&mut self, baseline: Option<Vec<u8>>) {
        let now = self.environment.now();
        let mut errors: Vec<Error> = self.store.trouble().cloned().into_iter().collect();
        self.remember_time();
        self.client.restore(now);
        if let Err(error) = drive_stored(&mut self.client, &mut self.store, &mut Vec::new())
            && error.code() != edgerail_trust::Code::Absent.name()
        {
            // The next check repairs it; until then the activated bundle has its own proof.
            errors.push(error);
        }
        self.state
            .issued(self.client.issued(), self.client.root_version());
        if let Some(baseline) = baseline {
            match self.verify_baseline(baseline) {
                Ok(baseline) => {
                    self.state.baseline(&baseline.candidate, baseline.issued);
                    self.remember_time();
                    self.baseline = Some(baseline);
                }
                Err(error) => errors.push(error),
            }
        }
        let boot = self.state.boot(&self.pins.engine_build, now);
        if boot.poisoned {
            errors.push(Error::of_refusal(&self.pins.target, Refusal::Crashed));
        }
        errors.extend(self.save().err());
        if !self.start_with_newer_baseline(&mut errors) {
            match self.last_known_good(boot.skip) {
                Ok(active) => self.put_in_force(active),
                Err(error) => {
                    errors.extend(error);
                    self.fall_back(&mut errors);
                }
            }
        }
        errors.extend(self.save().err());
        self.describe(errors.into_iter().next());
        // What is wrong is here, not with an answer of the repository.
        self.shared.report().facts.rejected = false;
    }

    /// The clock counts no lower than what former processes and the application found signed.
    fn remember_time(&mut self) {
        let issued = Some(self.state.issued).filter(|issued| *issued > 0);
        self.client.remember(issued, self.state.issued_root);
    }

    fn verify_baseline(&self, baseline: Vec<u8>) -> Result<Verified, Error> {
        const PLACE: &str = "the baseline";
        let archive =
            Archive::read(baseline.into()).map_err(|why| Error::new("archive", PLACE, why))?;
        let name = &self.pins.target;
        evidence::verify(&self.root, self.limits, &archive, &self.pins, name, PLACE)
    }

    /// Enforces a baseline that is newer than the last-known-good bundle, which is given up for it only once the baseline
    /// is loaded.
    fn start_with_newer_baseline(&mut self, errors: &mut Vec<Error>) -> bool {
        let active = self.state.current.as_ref();
        let newer = self.baseline.as_ref().zip(active);
        let newer =
            newer.is_some_and(|(baseline, active)| baseline.candidate.version > active.version);
        if newer && self.fall_back(errors) {
            self.state.lost();
            return true;
        }
        false
    }

    /// The last-known-good bundle; `Err(None)` if there is none. It is forgotten only if it, or its proof, is not what it
    /// must be: a disk that cannot be read may be well at the next start, and another engine may load what this one
    /// refuses.
    fn last_known_good(&mut self, skip: bool) -> Result<Active<L::Engine>, Option<Error>> {
        let Some(active) = self.state.current.clone() else {
            return Err(None);
        };
        if skip {
            return Err(Some(Error::of_refusal(&active.name, Refusal::Crashed)));
        }
        let verified = self.verify_stored(&active).inspect_err(|error| {
            if error.code() == "state_read" {
                self.state.loaded();
            } else {
                self.state.lost();
            }
        })?;
        let build = &self.pins.engine_build;
        let engine = if self.state.is_poisoned(&active.sha256, build) {
            Err(Error::of_refusal(&active.name, Refusal::Poisoned))
        } else {
            loader::load(&self.loader, &verified.bytes, &self.pins).map_err(|rejection| {
                self.state
                    .failed(&verified.candidate, rejection.refusal, build);
                Error::new(rejection.refusal.code(), &active.name, rejection.message)
            })
        };
        self.state.loaded();
        Ok(Active {
            engine: Arc::new(engine?),
            bytes: verified.bytes,
            name: active.name,
            version: active.version,
            sha256: active.sha256,
            next: active.next,
            baseline: false,
            since: active.since,
        })
    }

    fn verify_stored(
        &self,
        active: &edgerail_trust::activation::Active,
    ) -> Result<Verified, Error> {
        let place = "the stored bundle";
        let bytes = self.store.bundle(&active.sha256)?;
        let bytes = bytes
            .ok_or_else(|| Error::new("incomplete", place, "is gone from the state folder"))?;
        let archive =
            Archive::read(bytes.into()).map_err(|why| Error::new("archive", place, why))?;
        let wanted = targets_wanted(&self.pins);
        if !wanted.contains(&active.name) {
            return Err(Error::of_refusal(place, Refusal::TargetScope));
        }
        // Its own name first; a promotion may have renewed the proof under the other one and not come further.
        let others = wanted.iter().filter(|name| **name != active.name);
        let mut result = Err(Error::of_refusal(place, Refusal::TargetMissing));
        for name in std::iter::once(&active.name).chain(others) {
            let verified =
                evidence::verify(&self.root, self.limits, &archive, &self.pins, name, place);
            let verified = verified.and_then(|verified| {
                // The same bytes under a higher version, or those of a rollout as what is current: the proof was
                // renewed and the process ended before the state was.
                let listed = &verified.candidate;
                let renewed = listed.version >= active.version
                    || (active.next && listed.version >= self.state.floor);
                if listed.sha256 == active.sha256 && renewed {
                    Ok(verified)
                } else {
                    Err(Error::of_refusal(place, Refusal::TargetVersion))
                }
            });
            if verified.is_ok() {
                return verified;
            }
            let first = name == &active.name;
            result = if first { verified } else { result };
        }
        result
    }

    /// Enforces the baseline, if there is one; whether it is.
    fn fall_back(&self, errors: &mut Vec<Error>) -> bool {
        let Some(baseline) = self.baseline.clone() else {
            return false;
        };
        match loader::load(&self.loader, &baseline.bytes, &self.pins) {
            Err(rejection) => {
                let code = rejection.refusal.code();
                errors.push(Error::new(code, "the baseline", rejection.message));
                false
            }
            Ok(engine) => {
                self.put_in_force(Active {
                    bytes: baseline.bytes,
                    engine: Arc::new(engine),
                    name: baseline.candidate.name,
                    version: baseline.candidate.version,
                    sha256: baseline.candidate.sha256,
                    next: false,
                    baseline: true,
                    since: 0,
                });
                true
            }
        }
    }

    /// Swaps the engine. Whoever decides a request with the old one ends it with the old one.
    pub(super) fn put_in_force(&self, active: Active<L::Engine>) {
        let active = Some(Arc::new(active));
        *self
            .shared
            .active
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = active;
    }

    /// Brings the report up to date.
    pub(super) fn describe(&self, error: Option<Error>) {
        let now = self.environment.now();
        let active = self.active();
        let mut report = self.shared.report();
        let baseline = active.as_ref().is_some_and(|active| active.baseline);
        let known = fresh_until(&self.client);
        let fresh_until = match (&self.baseline, known) {
            (Some(own), None) if baseline => own.fresh_until,
            _ => known,
        };
        report.state = self.state.clone();
        report.facts = Facts {
            now,
            policy: active.is_some(),
            baseline,
            fresh_until,
            unreachable: error.as_ref().is_some_and(Error::is_unreachable),
            rejected: error.as_ref().is_some_and(|error| !error.is_unreachable()),
            poisoned: report.skipped == Some(Refusal::Poisoned.code()),
            corrupt: self.store.is_corrupt(),
            readonly: self.store.is_readonly(),
        };
        report.active = active.map(|active| ActiveStatus {
            name: active.name.clone(),
            version: active.version,
            sha256: active.sha256.clone(),
            length: u64::try_from(active.bytes.len()).unwrap_or(u64::MAX),
            next: active.next,
            baseline: active.baseline,
            since: Some(active.since)
                .filter(|since| *since > 0)
                .map(crate::environment::rfc3339),
        });
        report.metadata = roles(&self.client);
        report.last_error = error.map(|error| (error, now));
    }
}
