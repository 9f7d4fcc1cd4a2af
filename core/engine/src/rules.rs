//! Names for the engine's rules, so that a test run can switch one off and see whether a row of the
//! corpus notices (`cargo xtask corpus --mutate`).
//!
//! `rule!("pii.card.luhn")` is `true`. Built with the feature `mutate`, it is `false` while that rule is
//! switched off by [`switch_off`]. Write it where the rule is applied: `if rule!("…") && !luhn(…) {`.

#[cfg(feature = "mutate")]
use core::sync::atomic::{AtomicU64, Ordering};

/// `true`, unless the named rule is switched off in a mutation run.
macro_rules! rule {
    ($name:literal) => {
        const { $crate::rules::number($name) }.applies()
    };
}
pub(crate) use rule;

/// A rule's number: a hash of its name.
#[derive(Clone, Copy)]
pub(crate) struct RuleNumber(
    #[cfg_attr(
        not(feature = "mutate"),
        allow(dead_code, reason = "read in mutation runs only")
    )]
    u64,
);

/// The number of the rule called `name`: its 64-bit FNV-1a hash.
pub(crate) const fn number(name: &str) -> RuleNumber {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut rest = name.as_bytes();
    while let [first, tail @ ..] = rest {
        #[allow(clippy::as_conversions, reason = "widening, and `From` is not const")]
        let byte = *first as u64;
        hash = (hash ^ byte).wrapping_mul(0x0000_0100_0000_01b3);
        rest = tail;
    }
    RuleNumber(hash)
}

impl RuleNumber {
    /// Whether the rule is in force.
    #[inline(always)]
    pub(crate) fn applies(self) -> bool {
        #[cfg(feature = "mutate")]
        return SWITCHED_OFF.load(Ordering::Relaxed) != self.0;
        #[cfg(not(feature = "mutate"))]
        true
    }
}

#[cfg(feature = "mutate")]
static SWITCHED_OFF: AtomicU64 = AtomicU64::new(0);

/// Switches one rule off, for the whole process; `None` switches all on again.
#[cfg(feature = "mutate")]
pub fn switch_off(name: Option<&str>) {
    SWITCHED_OFF.store(name.map_or(0, |name| number(name).0), Ordering::Relaxed);
}
