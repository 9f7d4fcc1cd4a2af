use std::io::ErrorKind;

use crate::world::*;
use edgerail_sync::Error;
use edgerail_sync::transport::Answer;

/// What the status reports, as JSON: what scripts read.
fn degraded(sync: &edgerail_sync::Sync<TextLoader>) -> Vec<&'static str> {
    sync.status().degraded
}

#[test]
fn installs_updates_and_keeps_over_a_restart() {
    for mut publisher in [Publisher::new(1), Publisher::delegated(1)] {
        publisher.current(1, "good");
        let world = World::new(&publisher);
        let mut sync = world.open();
        assert_eq!(version(&sync), None);
        // Nobody was asked yet: nothing is said of the repository.
        assert_eq!(degraded(&sync), ["no_policy"]);
        assert_eq!(sync.status().last_error, None);
        assert_eq!(check(&mut sync), Ok(true));
        assert_eq!((version(&sync), degraded(&sync)), (Some(1), vec![]));
        publisher.current(2, "good");
        world.network.serve(&publisher);
        assert_eq!(check(&mut sync), Ok(true));
        assert_eq!(check(&mut sync), Ok(false));
        assert_eq!(version(&sync), Some(2));
        drop(sync);
        world.network.cut();
        let mut sync = world.open();
        assert_eq!((version(&sync), degraded(&sync)), (Some(2), vec![]));
        assert_eq!(check(&mut sync), Err("unreachable"));
        assert_eq!(
            (version(&sync), degraded(&sync)),
            (Some(2), vec!["unreachable"])
        );
    }
}

#[test]
fn an_idle_poll_is_two_requests_and_writes_nothing() {
    for etags in [false, true] {
        let mut publisher = Publisher::delegated(2);
        publisher.current(1, "good");
        let world = World::new(&publisher);
        world.network.wire.lock().unwrap().etags = etags;
        let mut sync = world.open();
        check(&mut sync).unwrap();
        world.network.log();
        let writes = |world: &World| {
            let journal = world.disk.journal().into_iter().map(|op| format!("{op:?}"));
            journal.filter(|op| !op.contains("status.json")).count()
        };
        let before = writes(&world);
        for _ in 0..3 {
            assert_eq!(check(&mut sync), Ok(false));
            let conditional = if etags { " conditional" } else { "" };
            let timestamp = format!("metadata/timestamp.json{conditional}");
            assert_eq!(
                world.network.log(),
                ["metadata/2.root.json".to_owned(), timestamp]
            );
        }
        assert_eq!(writes(&world), before);
    }
}

#[test]
fn a_validator_lives_as_long_as_what_it_stands_for() {
    let mut publisher = Publisher::new(3);
    publisher.current(1, "good");
    let world = World::new(&publisher);
    world.network.wire.lock().unwrap().etags = true;
    // An answer "not modified" need not repeat the validator.
    world.network.wire.lock().unwrap().forgets_etag = true;
    let mut sync = world.open();
    check(&mut sync).unwrap();
    drop(sync);
    let mut sync = world.open();
    world.network.log();
    for _ in 0..2 {
        check(&mut sync).unwrap();
        assert!(world.network.log()[1].ends_with("conditional"));
    }
    drop(sync);
    // Without the bytes the validator stands for nothing: "not modified" would leave the client without.
    world.disk.change(|files| {
        files.remove("tuf/timestamp.json");
    });
    let mut sync = world.open();
    assert_eq!(check(&mut sync), Ok(false));
    assert!(!world.network.log()[1].ends_with("conditional"));
    // A bundle that could not be fetched is fetched by the next check, although the timestamp is the same.
    publisher.current(2, "good");
    world.network.serve(&publisher);
    world.network.fault(|get, answer| match get.base {
        edgerail_sync::transport::Base::Targets => {
            Err(Error::network("truncated", get.path, "cut"))
        }
        edgerail_sync::transport::Base::Metadata => answer,
    });
    assert_eq!(check(&mut sync), Err("truncated"));
    assert_eq!(version(&sync), Some(1));
    world.network.heal();
    assert_eq!(check(&mut sync), Ok(true));
    assert_eq!(version(&sync), Some(2));
}

#[test]
fn not_modified_never_skips_verification() {
    let mut publisher = Publisher::new(4);
    publisher.current(1, "good");
    let world = World::new(&publisher);
    world.network.wire.lock().unwrap().etags = true;
    let mut sync = world.open();
    check(&mut sync).unwrap();
    // A server that says so for ever is found out by the expiry of what is here.
    world.network.fault(|get, answer| match get.if_none_match {
        Some(_) => Ok(Answer::NotModified {
            etag: None,
            waited: false,
        }),
        None => answer,
    });
    assert_eq!(check(&mut sync), Ok(false));
    world.clock.set(Some(
        edgerail_trust::date::parse("2031-01-01T00:00:00Z").unwrap(),
    ));
    assert_eq!(check(&mut sync), Err("expired"));
    assert_eq!(version(&sync), Some(1));
    assert!(degraded(&sync).contains(&"stale_metadata"));
}

#[test]
fn a_rollout_is_taken_promoted_and_withdrawn_and_never_moves_the_floor() {
    let mut publisher = Publisher::new(5);
    publisher.current(1, "good");
    publisher.next(2, "good");
    let world = World::new(&publisher);
    let mut sync = world.open();
    check(&mut sync).unwrap();
    let status = sync.status();
    assert_eq!((version(&sync), status.floor), (Some(2), 0));
    assert!(status.active.unwrap().next);
    drop(sync);
    let mut sync = world.open();
    assert_eq!(version(&sync), Some(2));
    publisher.withdraw();
    world.network.serve(&publisher);
    assert_eq!(check(&mut sync), Ok(true));
    assert_eq!((version(&sync), sync.status().floor), (Some(1), 1));
    publisher.next(3, "good");
    world.network.serve(&publisher);
    check(&mut sync).unwrap();
    assert_eq!((version(&sync), sync.status().floor), (Some(3), 1));
    // What was taken from the rollout becomes current: no other bundle, but the floor moves.
    publisher.withdraw();
    publisher.current(3, "good");
    world.network.serve(&publisher);
    world.network.log();
    assert_eq!(check(&mut sync), Ok(false));
    assert!(
        world
            .network
            .log()
            .iter()
            .all(|path| !path.starts_with("targets/"))
    );
    assert_eq!((version(&sync), sync.status().floor), (Some(3), 3));
    assert!(!sync.status().active.unwrap().next);
    drop(sync);
    world.network.cut();
    let sync = world.open();
    assert_eq!(version(&sync), Some(3));
}

#[test]
fn a_client_outside_of_the_ring_stays_on_what_is_current() {
    let mut publisher = Publisher::new(6);
    publisher.current(1, "good");
    publisher.next(2, "good");
    let mut world = World::new(&publisher);
    world.pins.ring = edgerail_sync::activation::Ring::General;
    let mut sync = world.open();
    check(&mut sync).unwrap();
    assert_eq!(version(&sync), Some(1));
}

#[test]
fn what_fails_its_self_test_or_panics_is_poisoned_and_the_previous_bundle_stays() {
    for (kind, code) in [("bad", "self_test"), ("panics", "load_failed")] {
        let mut publisher = Publisher::new(7);
        publisher.current(1, "good");
        let world = World::new(&publisher);
        let mut sync = world.open();
        check(&mut sync).unwrap();
        publisher.current(2, kind);
        world.network.serve(&publisher);
        assert_eq!(check(&mut sync), Err(code));
        assert_eq!((version(&sync), sync.status().floor), (Some(1), 1));
        world.network.log();
        // It is not fetched again, and not tried again after a restart.
        assert_eq!(check(&mut sync), Ok(false));
        assert_eq!(
            (degraded(&sync), sync.status().skipped),
            (vec!["poisoned"], Some("poisoned"))
        );
        drop(sync);
        let mut sync = world.open();
        assert_eq!(version(&sync), Some(1));
        assert_eq!(check(&mut sync), Ok(false));
        assert!(
            world
                .network
                .log()
                .iter()
                .all(|path| !path.starts_with("targets/"))
        );
        assert_eq!(sync.status().poisoned[0].code, code);
        publisher.current(3, "good");
        world.network.serve(&publisher);
        assert_eq!(check(&mut sync), Ok(true));
        assert_eq!((version(&sync), degraded(&sync)), (Some(3), vec![]));
    }
}

#[test]
fn a_poisoned_rollout_leaves_what_is_current() {
    let mut publisher = Publisher::new(8);
    publisher.current(1, "good");
    publisher.next(2, "bad");
    let world = World::new(&publisher);
    let mut sync = world.open();
    assert_eq!(check(&mut sync), Err("self_test"));
    assert_eq!(check(&mut sync), Ok(true));
    assert_eq!(
        (version(&sync), degraded(&sync)),
        (Some(1), vec!["poisoned"])
    );
}

#[test]
fn two_processes_on_one_folder_are_refused() {
    let mut publisher = Publisher::new(9);
    publisher.current(1, "good");
    let world = World::new(&publisher);
    let _first = world.open();
    assert_eq!(world.try_open().unwrap_err().code(), "state_locked");
    // To look is allowed.
    assert!(edgerail_sync::Sync::look(world.config()).is_ok());
}

#[test]
fn a_full_disk_keeps_the_previous_bundle_and_loses_nothing() {
    let mut publisher = Publisher::new(10);
    publisher.current(1, "good");
    let world = World::new(&publisher);
    let mut sync = world.open();
    check(&mut sync).unwrap();
    publisher.current(2, "good");
    world.network.serve(&publisher);
    world.disk.fail(Some(ErrorKind::StorageFull));
    assert_eq!(check(&mut sync), Err("state_write"));
    assert_eq!(version(&sync), Some(1));
    drop(sync);
    // Started on a full disk, it enforces too.
    let mut sync = world.open();
    assert_eq!(version(&sync), Some(1));
    assert_eq!(check(&mut sync), Err("state_write"));
    world.disk.fail(None);
    assert_eq!(check(&mut sync), Ok(true));
    assert_eq!((version(&sync), degraded(&sync)), (Some(2), vec![]));
}

#[test]
fn a_readonly_folder_is_enforced_from_and_updated_in_memory() {
    let mut publisher = Publisher::new(11);
    publisher.current(1, "good");
    let world = World::new(&publisher);
    check(&mut world.open()).unwrap();
    world.disk.fail(Some(ErrorKind::ReadOnlyFilesystem));
    publisher.current(2, "good");
    world.network.serve(&publisher);
    let before = world.disk.files();
    let mut sync = world.open();
    assert_eq!(
        (version(&sync), degraded(&sync)),
        (Some(1), vec!["state_readonly"])
    );
    assert_eq!(check(&mut sync), Ok(true));
    assert_eq!(check(&mut sync), Ok(false));
    assert_eq!(
        (version(&sync), degraded(&sync)),
        (Some(2), vec!["state_readonly"])
    );
    assert_eq!(world.disk.files(), before);
}
