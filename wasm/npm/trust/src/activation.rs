//! Which bundle is enforced, by the rules that servers have too.

use alloc::string::String;
use alloc::vec::Vec;

use edgerail_trust::Target;
use edgerail_trust::activation::{
    Activation, Active, Candidate, Choice, Facts, OnExpired, Refusal, choose, health,
};
use edgerail_trust::json::Writer;

use crate::error::Failure;
use crate::session::{Session, seconds};

/// What `choose` gives; the TypeScript has the same numbers.
const KEEP: u32 = 0;
const PROMOTE: u32 = 1;
const TAKE: u32 = 2;

impl Session {
    /// Takes a stored state over. Floors and times that are known already stay, if they are higher.
    /// Refused is what is none.
    pub(crate) fn adopt(&mut self, json: &[u8]) -> Result<(), Failure> {
        let mut state = Activation::read(json)?;
        state.merge(&self.state);
        clear(&mut state);
        self.state = state;
        self.remember_time();
        Ok(())
    }

    /// The state as JSON, to be stored in place of `stored`, which another tab may have changed: floors, times and poison
    /// of both. What is active is this session's, unless it is older than what the other one has activated meanwhile.
    pub(crate) fn joined(&mut self, stored: &[u8]) -> String {
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
    pub(crate) fn unmarked(&self) -> String {
        let mut state = self.state.clone();
        state.trying = None;
        state.loading = state.loading.saturating_sub(1);
        state.to_json()
    }

    /// Forgets what failed here: it is tried again.
    pub(crate) fn retry_poisoned(&mut self) {
        self.state.poisoned.clear();
        self.state.crash = None;
    }

    /// Notes a start. `alone` says that nobody else works on the state: what is half done then was left by somebody who
    /// crashed or went away. Gives bits: 1 a bundle was poisoned, because three in a row died with it; 2 the last-known-good
    /// one is to be passed over for once, for the same reason.
    pub(crate) fn boot(&mut self, now: f64, alone: bool) -> u32 {
        if !alone {
            self.state.trying = None;
            self.state.loading = 0;
        }
        let found = self.state.boot(&self.pins.engine_build, seconds(now));
        u32::from(found.poisoned) | u32::from(found.skip) << 1
    }

    /// Decides what becomes of the targets that were found: 0 nothing, 1 the active bundle is not of a rollout any more, 2 the
    /// candidate is to be loaded. Where it refuses, what is active stays active.
    pub(crate) fn choose(&mut self) -> Result<u32, Failure> {
        let [current, next] = &self.found;
        let chosen = choose(&self.pins, &self.state, current.as_ref(), next.as_ref());
        let chosen = chosen?;
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
    pub(crate) fn skipped(&self) -> &'static str {
        self.skipped.map_or("", Refusal::code)
    }

    /// The candidate as JSON; empty if there is none. `path` is where it is, below the targets' address.
    pub(crate) fn candidate(&self) -> String {
        let (Some(candidate), Some(target)) = (&self.candidate, self.target()) else {
            return String::new();
        };
        let mut json = Writer::new();
        json.number("length", candidate.length);
        json.text("name", &candidate.name);
        json.flag("next", candidate.next);
        json.text("path", &target.path(self.client.consistent()));
        json.text("sha256", &candidate.sha256);
        json.number("version", candidate.version);
        json.finish()
    }

    /// The candidate's target.
    fn target(&self) -> Option<&Target> {
        let place = usize::from(self.candidate.as_ref()?.next);
        self.found.get(place)?.as_ref()
    }

    /// Checks the candidate's bytes against the metadata: whether they are what was signed.
    pub(crate) fn verify(&self, bytes: &[u8]) -> Result<(), Failure> {
        let target = self.target().ok_or(Refusal::TargetMissing)?;
        Ok(target.verify(bytes)?)
    }

    /// The candidate is about to be loaded for the first time.
    pub(crate) fn started(&mut self) {
        if let Some(candidate) = &self.candidate {
            self.state.started(candidate);
        }
    }

    /// It is loaded.
    pub(crate) fn activated(&mut self, now: Option<u64>) {
        let root = self.client.root_version();
        if let Some(candidate) = &self.candidate {
            self.state.activated(candidate, root, now);
        }
    }

    /// What is active is not of a rollout any more.
    pub(crate) fn promoted(&mut self) {
        let root = self.client.root_version();
        if let Some(candidate) = &self.candidate {
            self.state.promoted(candidate, root);
        }
    }

    /// It cannot be loaded, or (`differs`) decides its samples differently.
    pub(crate) fn failed(&mut self, differs: bool) {
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
    pub(crate) fn baseline(&mut self, version: u64, sha256: &str, issued: Option<u64>) {
        let baseline = Candidate {
            name: self.pins.target.clone(),
            version,
            sha256: sha256.into(),
            length: 0,
            next: false,
        };
        self.state.baseline(&baseline, issued);
        self.remember_time();
    }

    /// Takes over the newest time that was signed.
    pub(crate) fn note_time(&mut self) {
        self.state
            .issued(self.client.issued(), self.client.root_version());
    }

    /// Appends why the client could be better: codes, parted by spaces. `facts` are bits: 1 a bundle is enforced, 2 it is the baseline, 4
    /// the last check got no answer, 8 it was refused, 16 what is offered is poisoned, 32 the state was damaged, 64 nothing is stored.
    pub(crate) fn degraded(&self, now: f64, fresh_until: f64, facts: u32, codes: &mut Vec<u8>) {
        let health = health(&self.pins, &self.state, &facts_of(now, fresh_until, facts));
        for reason in health.degraded {
            if !codes.is_empty() {
                codes.push(b' ');
            }
            codes.extend_from_slice(reason.code().as_bytes());
        }
    }

    /// From when on everything is to be blocked, in seconds since 1970: infinite if that does not happen.
    pub(crate) fn deny_from(&self, now: f64, fresh_until: f64, facts: u32) -> f64 {
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
