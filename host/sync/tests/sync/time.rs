//! Clocks that are behind, ahead or missing; metadata that grows old.

use crate::world::*;
use edgerail_sync::activation::OnExpired;
use edgerail_trust::date::parse;
use edgerail_trust::testing::NOW;

const DAY: u64 = 86_400;

fn at(text: &str) -> u64 {
    parse(text).unwrap()
}

/// A client with version 1, whose timestamp was issued on 2025-12-31 and expires in 2030.
fn settled(seed: u64) -> (Publisher, World) {
    let mut publisher = Publisher::new(seed);
    publisher.current(1, "good");
    let world = World::new(&publisher);
    check(&mut world.open()).unwrap();
    (publisher, world)
}

#[test]
fn t_time_1_a_clock_set_back_cannot_revive_what_expired() {
    let (mut publisher, world) = settled(51);
    // A timestamp of 2029 that expires soon after, seen once.
    publisher
        .repository
        .role("timestamp")
        .extra
        .insert("x-issued".into(), r#""2029-01-01T00:00:00Z""#.into());
    publisher.repository.role("timestamp").expires = "2029-01-02T00:00:00Z".to_owned();
    publisher.repository.publish(&["timestamp"]);
    world.network.serve(&publisher);
    world.clock.set(Some(at("2029-01-01T00:00:10Z")));
    let mut sync = world.open();
    check(&mut sync).unwrap();
    world.clock.set(Some(NOW));
    assert_eq!(
        sync.status().issued.as_deref(),
        Some("2029-01-01T00:00:00Z")
    );
    // The machine's clock says 2026, the metadata of 2028 would be fresh to it.
    assert_eq!(sync.status().degraded, ["clock_back"]);
    publisher
        .repository
        .role("timestamp")
        .extra
        .insert("x-issued".into(), r#""2028-01-01T00:00:00Z""#.into());
    publisher.repository.role("timestamp").expires = "2028-01-02T00:00:00Z".to_owned();
    publisher.repository.publish(&["timestamp"]);
    world.network.serve(&publisher);
    assert_eq!(check(&mut sync), Err("expired"));
    drop(sync);
    assert_eq!(check(&mut world.open()), Err("expired"));
    assert_eq!(version(&world.open()), Some(1));
}

#[test]
fn t_time_2_a_small_step_back_is_no_alarm() {
    let (_, world) = settled(52);
    let issued = at("2025-12-31T00:00:00Z");
    for (now, alarm) in [(issued - 600, false), (issued - 601, true)] {
        world.clock.set(Some(now));
        let sync = world.open();
        assert_eq!(sync.status().degraded.contains(&"clock_back"), alarm);
        assert_eq!(version(&sync), Some(1));
    }
}

#[test]
fn t_time_3_a_clock_ahead_degrades_and_does_no_lasting_harm() {
    let (_, world) = settled(53);
    world.clock.set(Some(at("2040-01-01T00:00:00Z")));
    let mut sync = world.open();
    assert_eq!(check(&mut sync), Err("expired"));
    assert_eq!(
        (version(&sync), sync.status().degraded),
        (Some(1), vec!["stale_metadata", "rejected"])
    );
    drop(sync);
    // Set right again, nothing of it is left.
    world.clock.set(Some(NOW));
    let mut sync = world.open();
    assert_eq!(check(&mut sync), Ok(false));
    assert_eq!(sync.status().degraded, Vec::<&str>::new());
}

#[test]
fn t_time_4_without_a_clock_the_policy_is_enforced_and_updated_and_the_lack_reported() {
    let (mut publisher, world) = settled(54);
    world.clock.set(None);
    let mut sync = world.open();
    assert_eq!(
        (version(&sync), sync.status().degraded),
        (Some(1), vec!["no_clock"])
    );
    publisher.current(2, "good");
    world.network.serve(&publisher);
    assert_eq!(check(&mut sync), Ok(true));
    assert_eq!(sync.status().last_check, None);
}

#[test]
fn t_time_5_expiry_is_reported_at_its_second_and_denies_only_after_the_grace() {
    let (_, mut world) = settled(55);
    let expires = at("2030-01-01T00:00:00Z");
    let mut look = |now: u64, on_expired: OnExpired| {
        world.clock.set(Some(now));
        world.pins.on_expired = on_expired;
        let sync = world.open();
        assert_eq!(version(&sync), Some(1));
        (
            sync.status().degraded,
            sync.status().deny,
            sync.handle().deny(),
        )
    };
    let grace = OnExpired::Deny { grace_seconds: DAY };
    let stale = vec!["stale_metadata"];
    assert_eq!(look(expires - 1, grace), (vec![], false, false));
    assert_eq!(look(expires, grace), (stale.clone(), false, false));
    assert_eq!(
        look(expires + DAY - 1, grace),
        (stale.clone(), false, false)
    );
    let denied = vec!["stale_metadata", "policy_stale"];
    assert_eq!(look(expires + DAY, grace), (denied.clone(), true, true));
    assert_eq!(
        look(expires + 100 * DAY, OnExpired::Keep),
        (stale, false, false)
    );
    assert_eq!(
        look(
            u64::MAX,
            OnExpired::Deny {
                grace_seconds: u64::MAX - 1
            }
        )
        .0,
        denied
    );
}

#[test]
fn t_time_5_denial_begins_and_ends_without_a_restart() {
    let (mut publisher, mut world) = settled(56);
    world.pins.on_expired = OnExpired::Deny { grace_seconds: 0 };
    let mut sync = world.open();
    let handle = sync.handle();
    assert!(!handle.deny());
    world.clock.set(Some(at("2030-01-01T00:00:00Z")));
    assert!(handle.deny());
    for role in ["root", "targets", "snapshot", "timestamp"] {
        publisher.repository.role(role).expires = "2035-01-01T00:00:00Z".to_owned();
    }
    publisher
        .repository
        .publish(&["root", "targets", "snapshot", "timestamp"]);
    world.network.serve(&publisher);
    check(&mut sync).unwrap();
    assert!(!handle.deny());
    assert_eq!(handle.status().degraded, Vec::<&str>::new());
}

#[test]
fn t_time_6_restarts_without_a_clock_do_not_evade_denial_for_ever() {
    let (_, mut world) = settled(57);
    world.pins.on_expired = OnExpired::Deny { grace_seconds: DAY };
    world.clock.set(None);
    let denied: Vec<bool> = (0..12).map(|_| world.open().status().deny).collect();
    assert_eq!(denied.iter().position(|deny| *deny), Some(8));
    assert!(denied[8..].iter().all(|deny| *deny));
    // One start with a clock ends it.
    world.clock.set(Some(NOW));
    assert!(!world.open().status().deny);
}

#[test]
fn t_frz_5_denied_updates_are_seen_while_the_last_good_policy_is_enforced() {
    let (_, world) = settled(58);
    let mut sync = world.open();
    check(&mut sync).unwrap();
    world.network.cut();
    world.clock.set(Some(NOW + 7 * DAY));
    assert_eq!(check(&mut sync), Err("unreachable"));
    let status = sync.status();
    assert_eq!(
        (version(&sync), status.degraded),
        (Some(1), vec!["unreachable"])
    );
    let success = edgerail_trust::date::parse(&status.last_success.unwrap()).unwrap();
    let last = edgerail_trust::date::parse(&status.last_check.unwrap()).unwrap();
    assert_eq!((success, last), (NOW, NOW + 7 * DAY));
    // From the expiry on that is said too.
    world.clock.set(Some(at("2030-01-01T00:00:00Z")));
    assert_eq!(sync.status().degraded, ["stale_metadata", "unreachable"]);
}

#[test]
fn an_expired_baseline_is_enforced_and_named() {
    let mut publisher = Publisher::new(59);
    publisher.current(1, "good");
    let mut world = World::new(&publisher);
    world.baseline = Some(publisher.export());
    world.network.cut();
    world.clock.set(Some(at("2031-01-01T00:00:00Z")));
    let mut sync = world.open();
    assert_eq!(check(&mut sync), Err("unreachable"));
    assert_eq!(version(&sync), Some(1));
    assert_eq!(
        sync.status().degraded,
        ["baseline", "baseline_expired", "unreachable"]
    );
}
