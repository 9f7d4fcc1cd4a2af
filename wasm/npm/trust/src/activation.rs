//! Which bundle is enforced, by the rules that servers have too.

use alloc::string::String;

use edgerail_trust::activation::{
    Activation, Active, Candidate, Choice, Facts, OnExpired, Refusal, choose, health,
};
use wasm_bindgen::prelude::*;

use crate::error;
use crate::session::{Session, seconds};

/// What `choose` gives; the TypeScript has the same numbers.
const KEEP: u32 = 0;
const PROMOTE: u32 = 1;
const TAKE: u32 = 2;

#[wasm_bindgen]
impl Session {
    /// Takes a stored state over. Floors and times that are known already stay, if they are higher.
    ///
    /// # Errors
    /// `sync_target`, reason `state_corrupt`: it is none.
    pub fn adopt(&mut self, json: &[u8]) -> Result<(), JsValue> {
        let mut state = Activation::read(json).map_err(error::refusal)?;
        state.merge(&self.state);
        clear(&mut state);
        self.state = state;
        self.remember_time();
        Ok(())
    }

    /// The state as JSON, to be stored in place of `stored`, which another tab may have changed: floors, times and poison
    /// of both. What is active is this session's, unless it is older than what the other one has activated meanwhile.
    #[must_use]
    pub fn joined(&mut self, stored: &[u8]) -> String {
        let Ok(stored) = Activation::read(stored) else {
            return self.state.to_json();
        };
        self.state.merge(&stored);
        clear(&mut self.state);
        self.remember_time();
        let mut joined = self.state.clone();
        let newest = |active: &Active| active.version >= self.state.floor;
        if !joined.current.as_ref().is_some_and(newest)
            && let Some(active) = stored.current.filter(newest)
        {
            joined.current = Some(active);
            clear(&mut joined);
        }
        joined.to_json()
    }

    /// The state as JSON without the marks of a load that is under way: the page goes away, which is no crash.
    #[must_use]
    pub fn unmarked(&self) -> String {
        let mut state = self.state.clone();
        state.trying = None;
        state.loading = state.loading.saturating_sub(1);
        state.to_json()
    }

    /// Forgets what failed here: it is tried again.
    #[wasm_bindgen(js_name = retryPoisoned)]
    pub fn retry_poisoned(&mut self) {
        self.state.poisoned.clear();
        self.state.crash = None;
    }

    /// The state as JSON, to be stored.
    #[must_use]
    pub fn state(&self) -> String {
        self.state.to_json()
    }

    /// Notes a start. `alone` says that nobody else works on the state: what is half done then was left by somebody who
    /// crashed or went away. Gives bits: 1 a bundle was poisoned, because three in a row died with it; 2 the last-known-good
    /// one is to be passed over for once, for the same reason.
    pub fn boot(&mut self, now: f64, alone: bool) -> u32 {
        if !alone {
            self.state.trying = None;
            self.state.loading = 0;
        }
        let found = self.state.boot(&self.pins.engine_build, seconds(now));
        u32::from(found.poisoned) | u32::from(found.skip) << 1
    }

    /// The last-known-good bundle is loaded.
    pub fn loaded(&mut self) {
        self.state.loaded();
    }

    /// The last-known-good bundle cannot be used.
    pub fn lost(&mut self) {
        self.state.lost();
    }

    /// Decides what becomes of the targets that were found: 0 nothing, 1 the active bundle is not of a rollout any more, 2 the
    /// candidate is to be loaded.
    ///
    /// # Errors
    /// `sync_target`: what is active stays active.
    pub fn choose(&mut self) -> Result<u32, JsValue> {
        let [current, next] = &self.found;
        let chosen = choose(&self.pins, &self.state, current.as_ref(), next.as_ref());
        let chosen = chosen.map_err(error::refusal)?;
        self.skipped = chosen.skipped;
        let (number, candidate) = match chosen.choice {
            Choice::Keep => (KEEP, None),
            Choice::Promote(candidate) => (PROMOTE, Some(candidate)),
            Choice::Take(candidate) => (TAKE, Some(candidate)),
        };
        self.candidate = candidate;
        Ok(number)
    }

    /// Why a target was passed over; empty if none was.
    #[must_use]
    pub fn skipped(&self) -> String {
        self.skipped
            .map_or_else(String::new, |refusal| refusal.code().into())
    }

    /// The candidate's target.
    #[must_use]
    pub fn name(&self) -> String {
        self.candidate
            .as_ref()
            .map_or_else(String::new, |one| one.name.clone())
    }

    /// The candidate's hash.
    #[must_use]
    pub fn sha256(&self) -> String {
        self.candidate
            .as_ref()
            .map_or_else(String::new, |one| one.sha256.clone())
    }

    /// How many bytes the candidate has.
    #[must_use]
    pub fn length(&self) -> f64 {
        self.candidate.as_ref().map_or(0.0, |one| one.length as f64)
    }

    /// The candidate's version.
    #[must_use]
    #[wasm_bindgen(js_name = candidateVersion)]
    pub fn candidate_version(&self) -> f64 {
        self.candidate
            .as_ref()
            .map_or(0.0, |one| one.version as f64)
    }

    /// Whether the candidate is of a rollout.
    #[must_use]
    pub fn next(&self) -> bool {
        self.candidate.as_ref().is_some_and(|one| one.next)
    }

    /// Whether the candidate failed here before.
    #[must_use]
    pub fn poisoned(&self) -> bool {
        let poisoned = |sha256: &str| self.state.is_poisoned(sha256, &self.pins.engine_build);
        self.candidate
            .as_ref()
            .is_some_and(|one| poisoned(&one.sha256))
    }

    /// Where the candidate is, below the targets' address.
    #[must_use]
    pub fn path(&self) -> String {
        let target = self.candidate.as_ref().and_then(|one| {
            let place = usize::from(one.next);
            self.found.get(place).and_then(Option::as_ref)
        });
        target.map_or_else(String::new, |target| target.path(self.client.consistent()))
    }

    /// Checks the candidate's bytes against the metadata.
    ///
    /// # Errors
    /// `sync_metadata`: they are not what was signed.
    pub fn verify(&self, bytes: &[u8]) -> Result<(), JsValue> {
        let target = self.candidate.as_ref().and_then(|one| {
            let place = usize::from(one.next);
            self.found.get(place).and_then(Option::as_ref)
        });
        let target = target.ok_or_else(|| error::refusal(Refusal::TargetMissing))?;
        target.verify(bytes).map_err(|e| error::trust(&e))
    }

    /// The candidate is about to be loaded for the first time.
    pub fn started(&mut self) {
        if let Some(candidate) = &self.candidate {
            self.state.started(candidate);
        }
    }

    /// It is loaded.
    pub fn activated(&mut self, now: f64) {
        let root = self.client.root_version();
        if let Some(candidate) = &self.candidate {
            self.state.activated(candidate, root, seconds(now));
        }
    }

    /// What is active is not of a rollout any more.
    pub fn promoted(&mut self) {
        let root = self.client.root_version();
        if let Some(candidate) = &self.candidate {
            self.state.promoted(candidate, root);
        }
    }

    /// It cannot be loaded, or (`differs`) decides its samples differently.
    pub fn failed(&mut self, differs: bool) {
        let refusal = if differs {
            Refusal::SelfTest
        } else {
            Refusal::LoadFailed
        };
        if let Some(candidate) = &self.candidate {
            self.state
                .failed(candidate, refusal, &self.pins.engine_build);
        }
    }

    /// What came with the application is enforced: nothing older than this version, and no other bytes under it, are taken.
    pub fn baseline(&mut self, version: f64, sha256: &str, issued: f64) {
        let baseline = Candidate {
            name: self.pins.target.clone(),
            version: version as u64,
            sha256: sha256.into(),
            length: 0,
            next: false,
        };
        self.state.baseline(&baseline, seconds(issued));
        self.remember_time();
    }

    /// The newest time that was signed, in seconds since 1970; NaN if there is none.
    #[must_use]
    pub fn issued(&self) -> f64 {
        self.client.issued().map_or(f64::NAN, |time| time as f64)
    }

    /// Takes over the newest time that was signed.
    #[wasm_bindgen(js_name = noteTime)]
    pub fn note_time(&mut self) {
        self.state
            .issued(self.client.issued(), self.client.root_version());
    }

    /// When the first of the roles expires, in seconds since 1970; NaN if one is missing.
    #[must_use]
    #[wasm_bindgen(js_name = freshUntil)]
    pub fn fresh_until(&self) -> f64 {
        let roles = ["root", "timestamp", "snapshot", "targets"].into_iter();
        let first = roles
            .map(|role| self.client.expires(role))
            .reduce(|a, b| a.zip(b).map(|(a, b)| a.min(b)));
        first.flatten().map_or(f64::NAN, |time| time as f64)
    }

    /// Why the client could be better: codes, parted by spaces. `facts` are bits: 1 a bundle is enforced, 2 it is the baseline, 4
    /// the last check got no answer, 8 it was refused, 16 what is offered is poisoned, 32 the state was damaged, 64 nothing is stored.
    #[must_use]
    pub fn degraded(&self, now: f64, fresh_until: f64, facts: u32) -> String {
        let health = health(&self.pins, &self.state, &facts_of(now, fresh_until, facts));
        let mut codes = String::new();
        for reason in health.degraded {
            if !codes.is_empty() {
                codes.push(' ');
            }
            codes.push_str(reason.code());
        }
        codes
    }

    /// From when on everything is to be blocked, in seconds since 1970: infinite if that does not happen.
    #[must_use]
    #[wasm_bindgen(js_name = denyFrom)]
    pub fn deny_from(&self, now: f64, fresh_until: f64, facts: u32) -> f64 {
        if health(&self.pins, &self.state, &facts_of(now, fresh_until, facts)).deny {
            return 0.0;
        }
        match (self.pins.on_expired, seconds(fresh_until)) {
            (OnExpired::Deny { grace_seconds }, Some(time)) => {
                time.saturating_add(grace_seconds) as f64
            }
            _ => f64::INFINITY,
        }
    }
}

/// What is active was activated, so that it is not poisoned, whatever another tab still remembers.
fn clear(state: &mut Activation) {
    if let Some(active) = &state.current {
        state
            .poisoned
            .retain(|poisoned| poisoned.sha256 != active.sha256);
    }
}

impl Session {
    /// The clock counts no lower than what other tabs, former visits and the application found signed.
    fn remember_time(&mut self) {
        let issued = Some(self.state.issued).filter(|issued| *issued > 0);
        self.client.remember(issued, self.state.issued_root);
    }
}

fn facts_of(now: f64, fresh_until: f64, facts: u32) -> Facts {
    let holds = |bit: u32| facts & bit != 0;
    Facts {
        now: seconds(now),
        policy: holds(1),
        baseline: holds(2),
        fresh_until: seconds(fresh_until),
        unreachable: holds(4),
        rejected: holds(8),
        poisoned: holds(16),
        corrupt: holds(32),
        readonly: holds(64),
    }
}
