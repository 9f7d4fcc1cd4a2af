use alloc::string::String;

use sha2::{Digest as _, Sha256};

use super::pins::{Audience, Ring};
use super::refusal::Refusal;
use crate::json::Value;

/// What a publisher signs about a bundle beside its hash: the target's `custom`. Members that are not listed
/// here are for people and are not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custom {
    /// Strictly growing per scope and audience, from 1.
    pub version: u64,
    /// Who the bundle is for.
    pub audience: Audience,
    /// The engine ABI in the bundle's header.
    pub engine_abi: u64,
    /// Who the policy is for.
    pub scope: String,
    /// How far a `next` has got; absent on what is current.
    pub rollout: Option<Rollout>,
}

/// How far a rollout has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// The last ring that takes part.
    pub ring: Ring,
    /// How many in a thousand of these clients.
    pub permille: u64,
    /// What draws them anew for every rollout.
    pub salt: String,
}

/// A share is counted in thousandths.
const PERMILLE: u64 = 1000;

impl Custom {
    /// Reads the value of the member `custom`.
    ///
    /// # Errors
    /// [`Refusal::TargetCustom`] if a member is missing, of another type or out of range.
    pub fn read(json: &[u8]) -> Result<Custom, Refusal> {
        crate::json::parse(json)
            .ok()
            .as_ref()
            .and_then(Custom::of)
            .ok_or(Refusal::TargetCustom)
    }

    fn of(value: &Value<'_>) -> Option<Custom> {
        let text = |name| value.member(name)?.as_str();
        let number = |name| value.member(name)?.as_u64();
        let rollout = match value.member("rollout") {
            None => None,
            Some(rollout) => Some(Rollout::of(rollout)?),
        };
        Some(Custom {
            version: number("version").filter(|version| *version > 0)?,
            audience: Audience::from_name(text("audience")?)?,
            engine_abi: number("engine_abi")?,
            scope: String::from(text("scope")?),
            rollout,
        })
    }
}

impl Rollout {
    fn of(value: &Value<'_>) -> Option<Rollout> {
        Some(Rollout {
            ring: Ring::from_name(value.member("ring")?.as_str()?)?,
            permille: value
                .member("permille")?
                .as_u64()
                .filter(|permille| *permille <= PERMILLE)?,
            salt: String::from(value.member("salt")?.as_str()?),
        })
    }

    /// Whether the client with this ring and instance takes part.
    ///
    /// The place of an instance among the thousand is the first 64 bits, big-endian, of
    /// SHA-256(salt ‖ 0x00 ‖ instance), modulo 1000: who takes part at 10 ‰ also does at 100 ‰.
    #[must_use]
    pub fn includes(&self, ring: Ring, instance: &str) -> bool {
        let mut hash = Sha256::new();
        hash.update(self.salt.as_bytes());
        hash.update([0]);
        hash.update(instance.as_bytes());
        let digest = hash.finalize();
        let head = digest.first_chunk().copied().unwrap_or([0xff; 8]);
        let place = u64::from_be_bytes(head).checked_rem(PERMILLE).unwrap_or(0);
        ring <= self.ring && place < self.permille
    }
}
