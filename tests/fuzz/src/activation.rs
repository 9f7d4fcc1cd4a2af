//! The targets of what a client keeps beside the metadata: the stored state, and what it takes by `custom`.

use edgerail_trust::activation::{
    Activation, Audience, Candidate, Choice, Custom, Facts, OnExpired, Pins, Poisoned, Refusal,
    Ring, choose, health, targets_wanted,
};
use edgerail_trust::testing::NOW;
use edgerail_trust::{Hashes, Target};

use crate::seeds::Sources;

const BUILD: &str = "1.2.3";
const SCOPE: &str = "aws~o-exampleorgid~r-ab12~us-east-1";

/// Two stored states, each a line, and what happens to the first one, a byte each: what is read is stored as the
/// same, no floor ever falls, and what is joined knows what both knew.
pub(crate) fn state(input: &[u8]) {
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let (first, second, events) = (Activation::read(next()), Activation::read(next()), next());
    for state in [&first, &second].into_iter().flatten() {
        assert_stable(state);
    }
    let (Ok(mut state), second) = (first, second.unwrap_or_default()) else {
        return;
    };
    assert_joined(&state, &second);
    assert_joined(&second, &state);
    for event in events.iter().take(64) {
        let before = state.clone();
        happen(&mut state, *event, &second);
        assert!(state.floor >= before.floor, "a floor fell: {event}");
        assert_stable(&state);
    }
}

fn assert_stable(state: &Activation) {
    let json = state.to_json();
    let read = Activation::read(json.as_bytes());
    assert_eq!(read.as_ref(), Ok(state), "{json}");
    assert!(!json.contains('\n'), "a state is one line of its file");
}

fn assert_joined(one: &Activation, other: &Activation) {
    let mut both = one.clone();
    both.merge(other);
    assert_eq!(both.floor, one.floor.max(other.floor));
    // A hash of another version would make the bundle of the floor look like two of one version.
    let known = |state: &Activation| state.floor == both.floor && state.floor_sha256.is_some();
    let hashes = [one, other].map(|state| &state.floor_sha256);
    if known(one) || known(other) {
        let right = [one, other].into_iter().filter(|state| known(state));
        let mut right = right.map(|state| &state.floor_sha256);
        assert!(right.any(|hash| *hash == both.floor_sha256), "{hashes:?}");
    } else {
        assert_eq!(both.floor_sha256, None, "{hashes:?}");
    }
    assert_eq!(both.current, one.current);
    assert_eq!(both.issued_root, one.issued_root.max(other.issued_root));
    let limit = edgerail_trust::activation::POISONED_LIMIT;
    if one.poisoned.len() + other.poisoned.len() <= limit {
        let kept = |poisoned: &Poisoned| both.is_poisoned(&poisoned.sha256, &poisoned.build);
        assert!(one.poisoned.iter().all(kept) && other.poisoned.iter().all(kept));
    }
    let mut again = both.clone();
    again.merge(other);
    if other.poisoned.len() <= limit {
        assert_eq!(again, both, "joined twice is joined once");
    }
    assert_stable(&both);
}

/// The low three bits are the event, the others a version or a count.
fn happen(state: &mut Activation, event: u8, other: &Activation) {
    let number = u64::from(event >> 3);
    let candidate = Candidate {
        name: format!("{SCOPE}.bundle"),
        version: number.wrapping_mul(u64::MAX / 31),
        sha256: format!("{number:064x}"),
        length: number,
        next: number % 2 == 1,
    };
    let now = (number > 3).then_some(NOW);
    match event % 8 {
        0 => drop(state.boot(BUILD, now)),
        1 => state.started(&candidate),
        2 => {
            state.activated(&candidate, number, now);
            let active = state.current.as_ref().expect("it was activated");
            assert_eq!(active.sha256, candidate.sha256);
            assert!(candidate.next || state.floor >= candidate.version);
            assert_eq!((&state.trying, state.loading), (&None, 0));
        }
        3 => {
            state.failed(&candidate, Refusal::SelfTest, BUILD);
            assert!(state.is_poisoned(&candidate.sha256, BUILD));
        }
        4 => state.promoted(&candidate, number),
        5 => state.merge(other),
        6 => {
            state.baseline(&candidate, now);
            assert!(state.floor >= candidate.version);
        }
        _ => state.lost(),
    }
}

/// What two targets' `custom` say, and the state that meets them, a line each: refused by a code, or what is taken
/// is for these pins, not below the floor, not poisoned, and of a rollout only if it takes part.
pub(crate) fn custom(input: &[u8]) {
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let (current, offered) = (next(), next());
    let state = Activation::read(next()).unwrap_or_default();
    for ring in [Ring::Canary, Ring::General] {
        let pins = pins(ring);
        let names = targets_wanted(&pins);
        let target = |place: usize, custom: &[u8]| Target {
            name: names[place].clone(),
            length: 3,
            hashes: Hashes {
                sha256: Some([custom.len() as u8; 32]),
                sha512: None,
            },
            custom: (!custom.is_empty()).then(|| custom.to_vec()),
        };
        let (one, two) = (target(0, current), target(1, offered));
        for (one, two) in [
            (Some(&one), None),
            (Some(&one), Some(&two)),
            (None, Some(&two)),
        ] {
            let Ok(chosen) = choose(&pins, &state, one, two) else {
                continue;
            };
            assert!(chosen.choice == Choice::Keep || taken(&pins, &state, &chosen.choice));
        }
        let _ = health(&pins, &state, &Facts::default());
        if let Ok(custom) = Custom::read(current) {
            assert!(custom.version > 0);
            let rollout = custom.rollout.as_ref();
            assert!(rollout.is_none_or(|rollout| rollout.permille <= 1000));
        }
    }
}

fn taken(pins: &Pins, state: &Activation, choice: &Choice) -> bool {
    let (Choice::Take(candidate) | Choice::Promote(candidate)) = choice else {
        return false;
    };
    let active = state.current.as_ref();
    let in_force = active.is_some_and(|active| active.sha256 == candidate.sha256);
    let same = state.floor_sha256.as_ref() == Some(&candidate.sha256);
    candidate.version >= state.floor
        && (candidate.version > state.floor || state.floor_sha256.is_none() || same)
        && (in_force || !state.is_poisoned(&candidate.sha256, BUILD))
        && targets_wanted(pins).contains(&candidate.name)
        && in_force == matches!(choice, Choice::Promote(_))
}

fn pins(ring: Ring) -> Pins {
    Pins {
        target: format!("{SCOPE}.bundle"),
        audience: Audience::Server,
        ring,
        instance: "host-17".to_owned(),
        engine_abi: 1,
        engine_build: BUILD.to_owned(),
        on_expired: OnExpired::Deny {
            grace_seconds: 3600,
        },
    }
}

/// A state that has seen most of what can happen.
fn lived() -> Activation {
    let mut state = Activation::default();
    for event in [26_u8, 2 + 16, 3 + 40, 1 + 56, 0, 4 + 48, 6 + 24] {
        happen(&mut state, event, &Activation::default());
    }
    state.etag = Some(edgerail_trust::activation::Etag {
        value: "\"a\\b\u{1}\"".to_owned(),
        sha256: "ab".repeat(32),
    });
    state.issued(Some(NOW), 2);
    state
}

pub(crate) fn state_seeds(_: &Sources) -> Vec<Vec<u8>> {
    let (old, new) = (lived().to_json(), Activation::default().to_json());
    let events: Vec<u8> = (0..=255).step_by(5).collect();
    let seed = |one: &str, two: &str| [one.as_bytes(), two.as_bytes(), &events].join(&b'\n');
    vec![seed(&old, &new), seed(&new, &old), seed(&old, &old)]
}

pub(crate) fn custom_seeds(_: &Sources) -> Vec<Vec<u8>> {
    let custom = |version: u64, rollout: &str| {
        format!(
            r#"{{"version":{version},"audience":"server","engine_abi":1,"scope":"{SCOPE}","counts":{{"words":2}}{rollout}}}"#
        )
    };
    let rollout = r#","rollout":{"ring":"early","permille":1000,"salt":"00ff"}"#;
    let state = lived().to_json();
    vec![
        format!("{}\n\n", custom(1, "")).into_bytes(),
        format!("{}\n{}\n{state}", custom(u64::MAX, ""), custom(2, rollout)).into_bytes(),
        format!("{}\n{}\n", custom(3, ""), custom(4, rollout)).into_bytes(),
    ]
}
