//! Which bundle is active: pins, rollouts, floors, poison, health.

use std::collections::BTreeSet;

use edgerail_trust::activation::*;
use edgerail_trust::{Hashes, Target};

const SCOPE: &str = "aws~o-exampleorgid~us-east-1";

fn pins() -> Pins {
    Pins {
        target: format!("{SCOPE}.bundle"),
        audience: Audience::Server,
        ring: Ring::Early,
        instance: "host-1".into(),
        engine_abi: 3,
        engine_build: "1".into(),
        on_expired: OnExpired::Keep,
    }
}

/// A target whose hash is its number in every byte.
fn target(name: &str, number: u8, custom: &str) -> Target {
    Target {
        name: name.into(),
        length: 10,
        hashes: Hashes {
            sha256: Some([number; 32]),
            sha512: None,
        },
        custom: Some(custom.as_bytes().to_vec()),
    }
}

fn current(version: u64, number: u8) -> Target {
    let custom = format!(
        r#"{{"audience":"server","engine_abi":3,"later":{{"x":[1]}},"scope":"{SCOPE}","version":{version}}}"#
    );
    target(&format!("{SCOPE}.bundle"), number, &custom)
}

fn next(version: u64, number: u8, ring: &str, permille: u64) -> Target {
    let custom = format!(
        r#"{{"audience":"server","engine_abi":3,"rollout":{{"permille":{permille},"ring":"{ring}","salt":"00ff"}},"scope":"{SCOPE}","version":{version}}}"#
    );
    target(&format!("{SCOPE}.next.bundle"), number, &custom)
}

fn taken(state: &Activation, current: &Target, next: Option<&Target>) -> Option<(u64, bool)> {
    match choose(&pins(), state, Some(current), next).unwrap().choice {
        Choice::Take(candidate) => Some((candidate.version, candidate.next)),
        Choice::Keep | Choice::Promote(_) => None,
    }
}

#[test]
fn names_of_both_targets_follow_from_the_pinned_one() {
    let mut pins = pins();
    assert_eq!(
        targets_wanted(&pins),
        [format!("{SCOPE}.bundle"), format!("{SCOPE}.next.bundle")]
    );
    pins.audience = Audience::Browser;
    assert_eq!(pins.scope(), None);
    pins.target = format!("{SCOPE}.browser.bundle");
    assert_eq!(pins.scope(), Some(SCOPE));
    let wanted = [
        format!("{SCOPE}.browser.bundle"),
        format!("{SCOPE}.browser.next.bundle"),
    ];
    assert_eq!(targets_wanted(&pins), wanted);
}

#[test]
fn a_rollout_reaches_rings_in_their_order() {
    let state = Activation::default();
    let (now, rings) = (current(1, 1), ["canary", "early", "general"]);
    let reached = rings.map(|ring| taken(&state, &now, Some(&next(2, 2, ring, 1000))));
    // This client is of the ring early.
    assert_eq!(
        reached,
        [Some((1, false)), Some((2, true)), Some((2, true))]
    );
    assert_eq!(
        taken(&state, &now, Some(&next(2, 2, "general", 0))),
        Some((1, false))
    );
    // Not above what is current, it is no news.
    assert_eq!(
        taken(&state, &now, Some(&next(1, 2, "general", 1000))),
        Some((1, false))
    );
}

#[test]
fn shares_are_as_large_as_they_say_and_grow_by_the_same_clients() {
    let rollout = |permille, salt: &str| Rollout {
        ring: Ring::General,
        permille,
        salt: salt.into(),
    };
    let of = |rollout: &Rollout| -> BTreeSet<u32> {
        (0..20_000)
            .filter(|number| rollout.includes(Ring::General, &format!("host-{number}")))
            .collect()
    };
    let mut before = BTreeSet::new();
    for permille in [0, 1, 10, 100, 500, 999, 1000] {
        let members = of(&rollout(permille, "aa"));
        let expected = f64::from(u32::try_from(permille).unwrap()) * 20.0;
        let apart = (f64::from(u32::try_from(members.len()).unwrap()) - expected).abs();
        // Five standard deviations of a binomial distribution.
        assert!(
            apart <= 5.0 * (expected * (1.0 - expected / 20_000.0)).sqrt(),
            "{permille}: {}",
            members.len()
        );
        assert!(before.is_subset(&members), "{permille}");
        before = members;
    }
    assert_ne!(of(&rollout(100, "aa")), of(&rollout(100, "bb")));
    // The place of an instance is fixed: other clients compute the same.
    // sha256(b"5a17\0host-1")[:8] % 1000
    let place =
        (0..=1000).find(|permille| rollout(*permille, "5a17").includes(Ring::General, "host-1"));
    assert_eq!(place, Some(PLACE + 1));
}

/// `int.from_bytes(hashlib.sha256(b"5a17\0host-1").digest()[:8], "big") % 1000`
const PLACE: u64 = 622;

#[test]
fn floors_are_kept_and_next_does_not_move_them() {
    let mut state = Activation::default();
    let take = |state: &mut Activation, current: &Target, next: Option<&Target>| {
        match choose(&pins(), state, Some(current), next)?.choice {
            Choice::Take(candidate) => {
                state.started(&candidate);
                state.activated(&candidate, 1, Some(100));
            }
            Choice::Promote(candidate) => state.promoted(&candidate, 2),
            Choice::Keep => {}
        }
        Ok::<u64, Refusal>(state.floor)
    };
    assert_eq!(take(&mut state, &current(5, 5), None), Ok(5));
    assert_eq!(
        take(
            &mut state,
            &current(5, 5),
            Some(&next(9, 9, "general", 1000))
        ),
        Ok(5)
    );
    assert_eq!(
        state
            .current
            .as_ref()
            .map(|active| (active.version, active.next)),
        Some((9, true))
    );
    // Withdrawn.
    assert_eq!(take(&mut state, &current(6, 6), None), Ok(6));
    assert_eq!(
        take(&mut state, &current(5, 5), None),
        Err(Refusal::TargetVersion)
    );
    assert_eq!(
        take(&mut state, &current(6, 7), None),
        Err(Refusal::TargetEquivocation)
    );
    // Taken from a rollout, then promoted.
    assert_eq!(
        take(
            &mut state,
            &current(6, 6),
            Some(&next(8, 8, "general", 1000))
        ),
        Ok(6)
    );
    assert_eq!(take(&mut state, &current(8, 8), None), Ok(8));
    let active = state.current.clone().unwrap();
    assert_eq!(
        (active.next, active.evidence_root, active.since),
        (false, 2, 100)
    );
    // A rollback is refused although a rollout would be acceptable: something is wrong with the repository.
    let refused = take(
        &mut state,
        &current(7, 7),
        Some(&next(10, 10, "general", 1000)),
    );
    assert_eq!(refused, Err(Refusal::TargetVersion));
}

#[test]
fn what_failed_is_passed_over() {
    let mut state = Activation::default();
    let chosen = choose(&pins(), &state, Some(&current(1, 1)), None).unwrap();
    let Choice::Take(first) = chosen.choice else {
        panic!()
    };
    state.activated(&first, 1, None);
    let chosen = choose(&pins(), &state, Some(&current(2, 2)), None).unwrap();
    let Choice::Take(second) = chosen.choice else {
        panic!()
    };
    state.started(&second);
    state.failed(&second, Refusal::SelfTest, "1");
    let chosen = choose(&pins(), &state, Some(&current(2, 2)), None).unwrap();
    assert_eq!(
        (chosen.choice, chosen.skipped),
        (Choice::Keep, Some(Refusal::Poisoned))
    );
    // With nothing active there is nothing to keep.
    state.lost();
    assert_eq!(
        choose(&pins(), &state, Some(&current(2, 2)), None),
        Err(Refusal::Poisoned)
    );
    assert_eq!(
        choose(&pins(), &state, None, None),
        Err(Refusal::TargetMissing)
    );
    // A rollout can help out.
    let chosen = choose(
        &pins(),
        &state,
        Some(&current(2, 2)),
        Some(&next(3, 3, "early", 1000)),
    )
    .unwrap();
    assert!(matches!(chosen.choice, Choice::Take(candidate) if candidate.version == 3));
    // As many as are remembered; the oldest is forgotten.
    for number in 0..40 {
        state.failed(
            &Candidate {
                sha256: format!("{number:064}"),
                ..second.clone()
            },
            Refusal::LoadFailed,
            "1",
        );
    }
    assert_eq!(state.poisoned.len(), POISONED_LIMIT);
    assert!(
        !state.is_poisoned(&second.sha256, "1") && state.is_poisoned(&format!("{:064}", 39), "1")
    );
}

#[test]
fn a_target_without_the_hash_that_names_it_is_refused() {
    let mut target = current(1, 1);
    target.hashes = Hashes {
        sha256: None,
        sha512: Some([1; 64]),
    };
    assert_eq!(
        choose(&pins(), &Activation::default(), Some(&target), None),
        Err(Refusal::TargetHash)
    );
}

#[test]
fn the_state_survives_its_stored_form() {
    let mut state = Activation {
        current: Some(Active {
            name: "a \"b\" \\ \u{1}\u{7f}\n é.bundle".into(),
            version: u64::MAX,
            sha256: "ab".repeat(32),
            length: 1,
            next: true,
            evidence_root: 7,
            since: 8,
        }),
        floor: 4,
        floor_sha256: Some("cd".repeat(32)),
        poisoned: Refusal::ALL
            .iter()
            .map(|refusal| Poisoned {
                sha256: "0".repeat(64),
                refusal: *refusal,
                build: "b \"1\"".into(),
            })
            .collect(),
        trying: Some("9".repeat(64)),
        crash: Some(Crash {
            sha256: "8".repeat(64),
            count: 2,
        }),
        loading: 2,
        issued: 1_767_225_600,
        issued_root: 6,
        clockless_starts: 3,
        etag: Some(Etag {
            value: "W/\"x\"".into(),
            sha256: "e".repeat(64),
        }),
    };
    assert_eq!(
        Activation::read(state.to_json().as_bytes()),
        Ok(state.clone())
    );
    assert_eq!(
        Activation::read(Activation::default().to_json().as_bytes()),
        Ok(Activation::default())
    );
    for (from, to) in [
        ("\"format\":1", "\"format\":2"),
        ("\"floor\":4", "\"floor\":-4"),
        ("\"floor\":4", "\"floor\":\"4\""),
        (&*"ab".repeat(32), "../../etc/passwd"),
        (&*"cd".repeat(32), &*"CD".repeat(32)),
        (&*"9".repeat(64), "9"),
        ("\"next\":true", "\"next\":1"),
        ("}", ""),
    ] {
        let json = state.to_json();
        assert!(json.contains(from), "{from}");
        assert_eq!(
            Activation::read(json.replacen(from, to, 1).as_bytes()),
            Err(Refusal::State),
            "{to}"
        );
    }
    state.poisoned.clear();
    let json = state.to_json();
    for cut in 0..json.len() {
        if json.is_char_boundary(cut) {
            assert_eq!(
                Activation::read(&json.as_bytes()[..cut]),
                Err(Refusal::State),
                "{cut}"
            );
        }
    }
}

#[test]
fn states_of_several_writers_join_whatever_the_order() {
    let poisoned = |number: u8, refusal| Poisoned {
        sha256: format!("{number:064}"),
        refusal,
        build: "1".into(),
    };
    let one = Activation {
        floor: 3,
        floor_sha256: Some("3".repeat(64)),
        issued: 10,
        poisoned: vec![poisoned(1, Refusal::SelfTest)],
        ..Activation::default()
    };
    let two = Activation {
        floor: 5,
        floor_sha256: Some("5".repeat(64)),
        issued: 7,
        poisoned: vec![poisoned(2, Refusal::Crashed)],
        ..Activation::default()
    };
    for (mut a, b) in [(one.clone(), two.clone()), (two, one)] {
        a.merge(&b);
        let again = a.clone();
        a.merge(&b);
        assert_eq!(a, again);
        assert_eq!(
            (a.floor, a.floor_sha256, a.issued, a.poisoned.len()),
            (5, Some("5".repeat(64)), 10, 2)
        );
    }
}

#[test]
fn a_joined_floor_never_has_the_hash_of_another_version() {
    let state = |floor, hash: Option<&str>| Activation {
        floor,
        floor_sha256: hash.map(|digit| digit.repeat(64)),
        ..Activation::default()
    };
    for (one, two, joined) in [
        (state(3, Some("3")), state(5, None), state(5, None)),
        (state(5, None), state(3, Some("3")), state(5, None)),
        (state(5, None), state(5, Some("5")), state(5, Some("5"))),
        (state(5, Some("5")), state(5, None), state(5, Some("5"))),
    ] {
        let mut both = one.clone();
        both.merge(&two);
        assert_eq!(both, joined, "{one:?}, {two:?}");
    }
    // With the hash of version 3, the bundle of version 5 was refused as a second one of its version.
    let mut joined = state(3, Some("3"));
    joined.merge(&state(5, None));
    assert!(choose(&pins(), &joined, Some(&current(5, 5)), None).is_ok());
}

#[test]
fn three_dead_processes_in_a_row_poison_a_new_bundle_and_never_the_active_one() {
    let chosen = choose(&pins(), &Activation::default(), Some(&current(1, 1)), None).unwrap();
    let Choice::Take(first) = chosen.choice else {
        panic!()
    };
    let mut state = Activation::default();
    state.activated(&first, 1, None);
    let die = |state: &mut Activation, sha256: &str| {
        state.trying = Some(sha256.into());
        state.loaded();
        *state = Activation::read(state.to_json().as_bytes()).unwrap();
        let poisoned = state.boot("1", Some(1)).poisoned;
        assert!(state.trying.is_none());
        assert_eq!(state.is_poisoned(sha256, "1"), poisoned);
        poisoned
    };
    let (seven, eight) = ("7".repeat(64), "8".repeat(64));
    assert!(!die(&mut state, &seven) && !die(&mut state, &seven));
    // Another one in between, or one that ended well: not in a row.
    assert!(!die(&mut state, &eight) && !die(&mut state, &seven) && !die(&mut state, &seven));
    state.activated(&first, 1, None);
    assert!(!die(&mut state, &seven) && !die(&mut state, &seven) && die(&mut state, &seven));
    assert!(!state.is_poisoned(&seven, "2"));
    for _ in 0..10 {
        assert!(!die(&mut state, &first.sha256));
    }
    // Starts that die with the active bundle pass it over once in a while and keep it.
    state.loaded();
    let skipped: Vec<bool> = (0..8).map(|_| state.boot("1", Some(1)).skip).collect();
    let one = [false, false, false, true];
    assert_eq!(skipped, [one, one].concat());
    assert!(state.current.is_some() && !state.is_poisoned(&first.sha256, "1"));
}

#[test]
fn poison_is_of_one_build_of_the_engine() {
    let mut state = Activation::default();
    let chosen = choose(&pins(), &state, Some(&current(1, 1)), None).unwrap();
    let Choice::Take(candidate) = chosen.choice else {
        panic!()
    };
    state.failed(&candidate, Refusal::LoadFailed, "1");
    let chosen = choose(&pins(), &state, Some(&current(1, 1)), None);
    assert_eq!(chosen, Err(Refusal::Poisoned));
    let other = Pins {
        engine_build: "2".into(),
        ..pins()
    };
    let chosen = choose(&other, &state, Some(&current(1, 1)), None).unwrap();
    assert_eq!(chosen.choice, Choice::Take(candidate));
}

#[test]
fn a_code_of_a_later_release_costs_nothing_of_the_state() {
    let mut state = Activation {
        floor: 4,
        floor_sha256: Some("c".repeat(64)),
        ..Activation::default()
    };
    state.poisoned.push(Poisoned {
        sha256: "5".repeat(64),
        refusal: Refusal::SelfTest,
        build: "1".into(),
    });
    let later = state.to_json().replace("self_test", "of_tomorrow");
    let read = Activation::read(later.as_bytes()).unwrap();
    assert_eq!(
        (read.floor, read.poisoned[0].refusal),
        (4, Refusal::Poisoned)
    );
    assert!(read.is_poisoned(&"5".repeat(64), "1"));
}

#[test]
fn health_names_each_reason_alone() {
    let well = Facts {
        now: Some(1000),
        policy: true,
        fresh_until: Some(2000),
        ..Facts::default()
    };
    let state = Activation {
        issued: 900,
        ..Activation::default()
    };
    let codes = |facts: Facts| -> Vec<&str> {
        health(&pins(), &state, &facts)
            .degraded
            .into_iter()
            .map(Degraded::code)
            .collect()
    };
    assert_eq!(codes(well), Vec::<&str>::new());
    assert_eq!(
        codes(Facts {
            policy: false,
            fresh_until: None,
            ..well
        }),
        ["no_policy"]
    );
    assert_eq!(
        codes(Facts {
            baseline: true,
            ..well
        }),
        ["baseline"]
    );
    assert_eq!(
        codes(Facts {
            baseline: true,
            now: Some(2000),
            ..well
        }),
        ["baseline", "baseline_expired"]
    );
    assert_eq!(
        codes(Facts {
            now: Some(2000),
            ..well
        }),
        ["stale_metadata"]
    );
    assert_eq!(
        codes(Facts {
            fresh_until: None,
            ..well
        }),
        ["stale_metadata"]
    );
    assert_eq!(codes(Facts { now: None, ..well }), ["no_clock"]);
    assert_eq!(
        codes(Facts {
            now: Some(299),
            ..well
        }),
        ["clock_back"]
    );
    assert_eq!(
        codes(Facts {
            now: Some(300),
            ..well
        }),
        Vec::<&str>::new()
    );
    assert_eq!(
        codes(Facts {
            unreachable: true,
            ..well
        }),
        ["unreachable"]
    );
    assert_eq!(
        codes(Facts {
            rejected: true,
            ..well
        }),
        ["rejected"]
    );
    assert_eq!(
        codes(Facts {
            poisoned: true,
            ..well
        }),
        ["poisoned"]
    );
    assert_eq!(
        codes(Facts {
            corrupt: true,
            ..well
        }),
        ["state_corrupt"]
    );
    assert_eq!(
        codes(Facts {
            readonly: true,
            ..well
        }),
        ["state_readonly"]
    );
    // A clock behind what was signed does not make what expired fresh again.
    let signed = Activation {
        issued: 2500,
        ..Activation::default()
    };
    assert_eq!(health(&pins(), &signed, &well).time, 2500);
    assert!(
        health(&pins(), &signed, &well)
            .degraded
            .contains(&Degraded::StaleMetadata)
    );
}
