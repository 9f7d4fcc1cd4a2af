use alloc::vec::Vec;

use super::pins::{OnExpired, Pins};
use super::state::Activation;

/// How far a clock may stand behind the newest signed time before it is reported, in seconds: clocks that are
/// kept by NTP differ by less.
pub const CLOCK_SLACK: u64 = 600;

/// With [`OnExpired::Deny`], after so many starts in a row without a clock requests are blocked: expiry cannot
/// be proven, and a restart must not be a way around it.
pub const CLOCKLESS_STARTS: u64 = 8;

/// Why a client is not as well as it could be. All but [`Degraded::PolicyStale`] leave the policy enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Degraded {
    /// No bundle is active.
    NoPolicy,
    /// What came with the application is enforced: nothing was ever activated, or it is gone.
    Baseline,
    /// The baseline's own metadata expired.
    BaselineExpired,
    /// The metadata expired; nothing newer could be had.
    StaleMetadata,
    /// The grace is over: requests are blocked.
    PolicyStale,
    /// There is no clock; expiry cannot be proven.
    NoClock,
    /// The clock stands behind a signed time.
    ClockBack,
    /// The last check failed.
    Unreachable,
    /// The last check got an answer that cannot be accepted.
    Rejected,
    /// What the repository offers failed here before.
    Poisoned,
    /// The stored state was damaged.
    StateCorrupt,
    /// Nothing can be stored: a restart begins at what was stored before.
    StateReadonly,
}

impl Degraded {
    /// All of them.
    pub const ALL: [Degraded; 12] = [
        Degraded::NoPolicy,
        Degraded::Baseline,
        Degraded::BaselineExpired,
        Degraded::StaleMetadata,
        Degraded::PolicyStale,
        Degraded::NoClock,
        Degraded::ClockBack,
        Degraded::Unreachable,
        Degraded::Rejected,
        Degraded::Poisoned,
        Degraded::StateCorrupt,
        Degraded::StateReadonly,
    ];

    /// Its stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Degraded::NoPolicy => "no_policy",
            Degraded::Baseline => "baseline",
            Degraded::BaselineExpired => "baseline_expired",
            Degraded::StaleMetadata => "stale_metadata",
            Degraded::PolicyStale => "policy_stale",
            Degraded::NoClock => "no_clock",
            Degraded::ClockBack => "clock_back",
            Degraded::Unreachable => "unreachable",
            Degraded::Rejected => "rejected",
            Degraded::Poisoned => "poisoned",
            Degraded::StateCorrupt => "state_corrupt",
            Degraded::StateReadonly => "state_readonly",
        }
    }
}

/// What the host knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The host's clock, in seconds since 1970.
    pub now: Option<u64>,
    /// Whether any bundle is active.
    pub policy: bool,
    /// Whether that is the baseline.
    pub baseline: bool,
    /// When the first of the roles expires that stand for what is active: of the newest verified metadata, or of the
    /// baseline's where there is none. `None` if a role is missing, as after a rotation of its keys.
    pub fresh_until: Option<u64>,
    /// The last check got no answer.
    pub unreachable: bool,
    /// The last check got an answer that was refused.
    pub rejected: bool,
    /// What is offered was passed over because it is poisoned.
    pub poisoned: bool,
    /// The stored state was damaged.
    pub corrupt: bool,
    /// Nothing can be stored.
    pub readonly: bool,
}

/// How a client does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Why it could be better, in the order of [`Degraded`]; empty if it could not.
    pub degraded: Vec<Degraded>,
    /// Every request is to be blocked, with the reason `policy_stale`.
    pub deny: bool,
    /// The time that counts: the clock, but never before the newest signed time.
    pub time: u64,
}

/// Says how a client does, from its pins, its state and what the host knows.
#[must_use]
pub fn health(pins: &Pins, state: &Activation, facts: &Facts) -> Health {
    let time = facts.now.unwrap_or(0).max(state.issued);
    // What is missing is as old as the last thing that was signed.
    let fresh_until = facts.fresh_until.unwrap_or(state.issued);
    let stale = time >= fresh_until;
    let deny = match pins.on_expired {
        OnExpired::Keep => false,
        OnExpired::Deny { grace_seconds } => {
            time >= fresh_until.saturating_add(grace_seconds)
                || state.clockless_starts > CLOCKLESS_STARTS
        }
    };
    let back = facts
        .now
        .is_some_and(|now| now.saturating_add(CLOCK_SLACK) < state.issued);
    let mut degraded = Vec::new();
    let mut note = |reason: Degraded, holds: bool| {
        if holds {
            degraded.push(reason);
        }
    };
    note(Degraded::NoPolicy, !facts.policy);
    note(Degraded::Baseline, facts.baseline);
    note(Degraded::BaselineExpired, facts.baseline && stale);
    note(
        Degraded::StaleMetadata,
        facts.policy && !facts.baseline && stale,
    );
    note(Degraded::PolicyStale, deny);
    note(Degraded::NoClock, facts.now.is_none());
    note(Degraded::ClockBack, back);
    note(Degraded::Unreachable, facts.unreachable);
    note(Degraded::Rejected, facts.rejected);
    note(Degraded::Poisoned, facts.poisoned);
    note(Degraded::StateCorrupt, facts.corrupt);
    note(Degraded::StateReadonly, facts.readonly);
    Health {
        degraded,
        deny,
        time,
    }
}
