//! One check of the repository, and the activation of what it offers.

use std::sync::Arc;

use edgerail_core::bundle::MAX_BYTES;
use edgerail_trust::Target;
use edgerail_trust::activation::{Activation, Candidate, Choice, choose, targets_wanted};

use super::{Active, Outcome, Sync};
use crate::archive::Archive;
use crate::driver::{Remote, drive};
use crate::error::Error;
use crate::evidence;
use crate::loader::{self, Loader};
use crate::repository::{LISTED_ONLY, PUBLISH_AGAIN};
use crate::transport::Base;

impl<L: Loader> Sync<L> {
    /// Checks the repository once: fetches and verifies metadata, and activates the bundle that is to be active.
    /// Nothing that goes wrong changes what is enforced.
    ///
    /// # Errors
    /// [`Error`] with a code of [`crate::codes`]; the status holds it too.
    pub async fn once(&mut self) -> Result<Outcome, Error> {
        let before = self.active().map(|active| active.sha256.clone());
        let result = self.check().await;
        let changed = self.active().map(|active| active.sha256.clone()) != before;
        let now = self.environment.now();
        {
            let mut report = self.shared.report();
            report.counters.checks += 1;
            report.counters.failures += u64::from(result.is_err());
            report.last_check = now;
            if result.is_ok() {
                report.last_success = now;
            }
            if changed {
                report.last_change = now;
                report.counters.activations += 1;
            }
            report.poll.failures = self.schedule.failures();
            report.poll.long_poll = self.long_poll;
        }
        self.describe(result.as_ref().err().cloned());
        if let Ok(json) = serde_json::to_vec(&self.status()) {
            self.store.note("status.json", &json);
        }
        result.map(|()| Outcome { changed })
    }

    async fn check(&mut self) -> Result<(), Error> {
        let transport = Arc::clone(&self.transport);
        let mut remote = Remote::new(transport.as_ref());
        remote.etag = self.state.etag.clone();
        remote.wait = Some(self.intervals.long_poll).filter(|wait| !wait.is_zero());
        let result = self.check_with(&mut remote).await;
        let (waited, requests, bytes) = (remote.waited, remote.requests, remote.bytes);
        self.long_poll = waited;
        let mut report = self.shared.report();
        report.counters.requests += requests;
        report.counters.bytes += bytes;
        result
    }

    async fn check_with(&mut self, remote: &mut Remote<'_>) -> Result<(), Error> {
        self.client.refresh(self.environment.now());
        drive(
            &mut self.client,
            &mut self.store,
            Some(remote),
            &mut Vec::new(),
        )
        .await?;
        self.state
            .issued(self.client.issued(), self.client.root_version());
        let mut found = Vec::new();
        // The second search does not ask again for what the first one read.
        let mut seen = Vec::new();
        for name in targets_wanted(&self.pins) {
            self.client.find(&name);
            drive(&mut self.client, &mut self.store, Some(remote), &mut seen).await?;
            found.push(self.client.found().cloned());
        }
        let target = |at: usize| found.get(at).and_then(Option::as_ref);
        let chosen = choose(&self.pins, &self.in_force(), target(0), target(1));
        let skipped = match &chosen {
            Ok(chosen) => chosen.skipped,
            Err(refusal) => Some(*refusal),
        };
        self.shared.report().skipped = skipped.map(edgerail_trust::activation::Refusal::code);
        let chosen = chosen.map_err(|refusal| {
            let place = remote.transport.place(Base::Targets, &self.pins.target);
            Error::of_refusal(&place, refusal)
        })?;
        let of = |candidate: &Candidate| {
            let mut all = found.iter().flatten();
            all.find(|target| target.name == candidate.name)
        };
        match chosen.choice {
            Choice::Keep => {}
            Choice::Promote(candidate) => {
                if let Some(target) = of(&candidate) {
                    self.promote(&candidate, target, &seen)?;
                }
            }
            Choice::Take(candidate) => {
                if let Some(target) = of(&candidate) {
                    self.take(&candidate, target, &seen, remote).await?;
                }
            }
        }
        // Last, and in the same state as what is active: a validator never stands for a bundle that is not here.
        self.state.etag = remote.etag.clone();
        self.save()
    }

    /// The state as far as it is enforced: a last-known-good bundle that this start could not use is taken anew.
    fn in_force(&self) -> Activation {
        let mut state = self.state.clone();
        let enforced = self.active().filter(|active| !active.baseline);
        state.current = state
            .current
            .filter(|current| enforced.is_some_and(|active| active.sha256 == current.sha256));
        state
    }

    /// The active bytes under another name or version: their proof is of other metadata now, the engine is the same.
    fn promote(
        &mut self,
        candidate: &Candidate,
        target: &Target,
        seen: &[String],
    ) -> Result<(), Error> {
        let Some(active) = self.active() else {
            return Ok(());
        };
        self.keep(candidate, target, seen, &active.bytes)?;
        let before = self.state.clone();
        self.state.promoted(candidate, self.client.root_version());
        if let Err(error) = self.save() {
            self.state = before;
            return Err(error);
        }
        self.put_in_force(Active {
            bytes: Arc::clone(&active.bytes),
            engine: Arc::clone(&active.engine),
            name: candidate.name.clone(),
            version: candidate.version,
            sha256: active.sha256.clone(),
            next: candidate.next,
            baseline: false,
            since: active.since,
        });
        Ok(())
    }

    /// The five steps of [`edgerail_trust::activation`].
    async fn take(
        &mut self,
        candidate: &Candidate,
        target: &Target,
        seen: &[String],
        remote: &mut Remote<'_>,
    ) -> Result<(), Error> {
        let bytes = self.bytes(candidate, target, remote).await?;
        self.keep(candidate, target, seen, &bytes)?;
        self.state.started(candidate);
        if let Err(error) = self.save() {
            self.state = self.saved.clone();
            return Err(error);
        }
        match loader::load(&self.loader, &bytes, &self.pins) {
            Err(rejection) => {
                self.state
                    .failed(candidate, rejection.refusal, &self.pins.engine_build);
                self.shared.report().counters.refusals += 1;
                let place = remote.transport.place(Base::Targets, &candidate.name);
                let error = Error::new(rejection.refusal.code(), place, rejection.message);
                self.save()?;
                Err(error)
            }
            Ok(engine) => {
                self.activate(candidate, remote)?;
                let since = self.state.current.as_ref().map_or(0, |active| active.since);
                self.put_in_force(Active {
                    bytes,
                    engine: Arc::new(engine),
                    name: candidate.name.clone(),
                    version: candidate.version,
                    sha256: candidate.sha256.clone(),
                    next: candidate.next,
                    baseline: false,
                    since,
                });
                // The other slot still names what was active before, and a mark: only when neither does is the old bundle
                // of no use, should the newer slot rot.
                if self.store.save(&self.state).is_ok() {
                    self.store.keep_bundle(&candidate.sha256);
                }
                Ok(())
            }
        }
    }

    /// Step 5: the state moves, on the disk first.
    fn activate(&mut self, candidate: &Candidate, remote: &Remote<'_>) -> Result<(), Error> {
        let now = self.environment.now();
        self.state
            .activated(candidate, self.client.root_version(), now);
        self.state.etag = remote.etag.clone();
        self.save().inspect_err(|_| {
            // The bundle is good and must not look as if it had ended the process: back to before its mark.
            self.saved.trying = None;
            self.state = self.saved.clone();
            self.store.take_back();
        })
    }

    /// The bundle's verified bytes.
    async fn bytes(
        &self,
        candidate: &Candidate,
        target: &Target,
        remote: &mut Remote<'_>,
    ) -> Result<Arc<[u8]>, Error> {
        let at_hand = self
            .active()
            .filter(|active| active.sha256 == candidate.sha256);
        let path = target.path(self.client.consistent());
        let place = remote.transport.place(Base::Targets, &path);
        let bytes = match at_hand {
            Some(active) => Arc::clone(&active.bytes),
            None => {
                if usize::try_from(target.length).map_or(true, |length| length > MAX_BYTES) {
                    let message = format!("is longer than the {MAX_BYTES} bytes a bundle may have");
                    return Err(Error::new("too_large", place, message));
                }
                let got = remote
                    .get(Base::Targets, &path, target.length, None)
                    .await?;
                let missing =
                    || Error::new("not_found", &place, LISTED_ONLY).remedy_is(PUBLISH_AGAIN);
                got.ok_or_else(missing)?.into()
            }
        };
        target
            .verify(&bytes)
            .map_err(|error| Error::of_trust(&place, &error))?;
        Ok(bytes)
    }

    /// Step 2: the bundle and its proof, on the disk. What could not be proven at the next start is not activated.
    fn keep(
        &self,
        candidate: &Candidate,
        target: &Target,
        seen: &[String],
        bytes: &[u8],
    ) -> Result<(), Error> {
        let packed = evidence::pack(&self.client, &self.store, seen, target, bytes, &self.root)?;
        let place = &candidate.name;
        let archive =
            Archive::read(packed.into()).map_err(|why| Error::new("archive", place, why))?;
        evidence::verify(&self.root, self.limits, &archive, &self.pins, place, place)?;
        self.store.put_bundle(&candidate.sha256, archive.bytes())
    }
}
