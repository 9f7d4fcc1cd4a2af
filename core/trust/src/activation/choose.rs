use alloc::string::String;
use alloc::vec::Vec;

use super::custom::Custom;
use super::pins::Pins;
use super::refusal::Refusal;
use super::state::Activation;
use crate::Target;

/// The bundle of a verified target that fits the pins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The target's name.
    pub name: String,
    /// The version in `custom`.
    pub version: u64,
    /// The bundle's SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// The bundle's bytes.
    pub length: u64,
    /// Whether it is offered by a rollout and not current yet.
    pub next: bool,
}

/// What to do about the active bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Nothing.
    Keep,
    /// The active bytes under another name or version: what was taken from a rollout is current now, or what was
    /// published before is published again. [`Activation::promoted`], no load.
    Promote(Candidate),
    /// Download, verify, store, load: see the [module](super).
    Take(Candidate),
}

/// What [`choose`] came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// What to do.
    pub choice: Choice,
    /// What was passed over on the way, which the status reports: a poisoned bundle, a malformed `next`.
    pub skipped: Option<Refusal>,
}

/// The names of the two targets to look for: what is current, and what a rollout offers. A name that is no
/// bundle's has no second.
#[must_use]
pub fn targets_wanted(pins: &Pins) -> Vec<String> {
    let mut names = Vec::from([pins.target.clone()]);
    names.extend(pins.next_target());
    names
}

/// Decides which bundle is to be active, from the verified targets of [`targets_wanted`].
///
/// `next` wins over `current` if its version is higher and its rollout includes this client; it is passed over
/// if anything is wrong with it. What is wrong with `current` is refused, except that a poisoned one leaves
/// the active bundle in place.
///
/// # Errors
/// [`Refusal`]: what is active stays active.
pub fn choose(
    pins: &Pins,
    state: &Activation,
    current: Option<&Target>,
    next: Option<&Target>,
) -> Result<Chosen, Refusal> {
    let mut skipped = None;
    let current = match current {
        None => Err(Refusal::TargetMissing),
        Some(target) => candidate(pins, target, false).map(|(candidate, _)| candidate),
    };
    let current = match current.and_then(|candidate| accept(pins, state, candidate)) {
        Ok(candidate) => Some(candidate),
        Err(refusal @ (Refusal::TargetMissing | Refusal::Poisoned)) => {
            skipped = Some(refusal);
            None
        }
        Err(refusal) => return Err(refusal),
    };
    let least = current
        .as_ref()
        .map_or(state.floor, |current| current.version);
    match next.map(|target| offered(pins, state, target, least)) {
        Some(Ok(Some(next))) => {
            return Ok(Chosen {
                choice: settle(state, next),
                skipped,
            });
        }
        Some(Err(refusal)) => skipped = skipped.or(Some(refusal)),
        Some(Ok(None)) | None => {}
    }
    match (current, skipped) {
        (Some(current), skipped) => Ok(Chosen {
            choice: settle(state, current),
            skipped,
        }),
        (None, Some(Refusal::Poisoned)) if state.current.is_some() => Ok(Chosen {
            choice: Choice::Keep,
            skipped,
        }),
        (None, skipped) => Err(skipped.unwrap_or(Refusal::TargetMissing)),
    }
}

/// The target as a candidate, if it is for the holder of these pins.
fn candidate(pins: &Pins, target: &Target, next: bool) -> Result<(Candidate, Custom), Refusal> {
    let custom = target.custom.as_deref().ok_or(Refusal::TargetCustom)?;
    let custom = Custom::read(custom)?;
    if custom.audience != pins.audience {
        return Err(Refusal::TargetAudience);
    }
    if pins.scope() != Some(custom.scope.as_str()) {
        return Err(Refusal::TargetScope);
    }
    if custom.engine_abi != pins.engine_abi {
        return Err(Refusal::TargetAbi);
    }
    let sha256 = target.hashes.sha256.ok_or(Refusal::TargetHash)?;
    let candidate = Candidate {
        name: target.name.clone(),
        version: custom.version,
        sha256: crate::text::to_hex(&sha256),
        length: target.length,
        next,
    };
    Ok((candidate, custom))
}

/// Version floor, same version with other bytes, poison.
fn accept(pins: &Pins, state: &Activation, candidate: Candidate) -> Result<Candidate, Refusal> {
    if candidate.version < state.floor {
        return Err(Refusal::TargetVersion);
    }
    let known = state.floor_sha256.as_deref();
    let other = known.is_some_and(|sha256| sha256 != candidate.sha256);
    if candidate.version == state.floor && other {
        return Err(Refusal::TargetEquivocation);
    }
    let active = state.current.as_ref();
    let in_force = active.is_some_and(|active| active.sha256 == candidate.sha256);
    if !in_force && state.is_poisoned(&candidate.sha256, &pins.engine_build) {
        return Err(Refusal::Poisoned);
    }
    Ok(candidate)
}

/// The `next` if this client takes part in its rollout.
fn offered(
    pins: &Pins,
    state: &Activation,
    target: &Target,
    least: u64,
) -> Result<Option<Candidate>, Refusal> {
    let (candidate, custom) = candidate(pins, target, true)?;
    let rollout = custom.rollout.ok_or(Refusal::TargetCustom)?;
    if candidate.version <= least || !rollout.includes(pins.ring, &pins.instance) {
        return Ok(None);
    }
    accept(pins, state, candidate).map(Some)
}

fn settle(state: &Activation, wanted: Candidate) -> Choice {
    match &state.current {
        // The same bytes, which is all that an engine knows of: how a revert brings old content back, and what a
        // rollout becomes. Loading them again could only lose what is active.
        Some(active) if active.sha256 == wanted.sha256 => {
            // A current bundle whose own `next` is still offered is not of a rollout any more.
            let same = active.version == wanted.version && (wanted.next || !active.next);
            if same {
                Choice::Keep
            } else {
                Choice::Promote(wanted)
            }
        }
        _ => Choice::Take(wanted),
    }
}
