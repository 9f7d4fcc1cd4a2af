//! What is stored is not trusted, and what is pinned is not overruled.

use crate::disk::MemoryDisk;
use crate::world::*;
use edgerail_sync::activation::Audience;
use edgerail_trust::testing::{Repository, Signer};

/// A client that had version 1 and 2 of a publisher, whose network is gone.
pub(crate) fn settled(seed: u64) -> (Publisher, World) {
    let mut publisher = Publisher::delegated(seed);
    publisher.current(1, "good");
    let mut world = World::new(&publisher);
    world.baseline = Some(publisher.export());
    publisher.current(2, "good");
    world.network.serve(&publisher);
    assert_eq!(check(&mut world.open()), Ok(true));
    world.network.cut();
    (publisher, world)
}

#[test]
fn t_lkg_1_every_flipped_byte_in_the_stored_bundle_is_found_or_changes_nothing() {
    let (_, world) = settled(31);
    let files = world.disk.files();
    let path = files
        .keys()
        .find(|path| path.starts_with("lkg/"))
        .unwrap()
        .clone();
    let length = files[&path].len();
    // Every byte of a deep run, every 37th of a usual one: 37 and the block size of 512 have no factor in common.
    let step = if rounds() > 1 { 1 } else { 37 };
    for at in (0..length).step_by(step) {
        let mut tampered = world.clone();
        let mut changed = files.clone();
        changed.get_mut(&path).unwrap()[at] ^= 1;
        tampered.disk = MemoryDisk::with(changed);
        let sync = tampered.open();
        let active = sync.active().unwrap();
        match active.version {
            2 => assert_eq!(&*active.bytes, bundle(2, "good"), "byte {at}"),
            _ => assert!(
                active.baseline && *active.bytes == bundle(1, "good"),
                "byte {at}"
            ),
        }
    }
}

#[test]
fn t_lkg_2_a_bundle_or_proof_of_somebody_else_is_not_enforced() {
    let (_, world) = settled(32);
    let mut mallory = Publisher::delegated(666);
    mallory.current(2, "evil");
    let theirs = World::new(&mallory);
    check(&mut theirs.open()).unwrap();
    // Their whole folder, under our root.
    let mut swapped = world.clone();
    swapped.disk = MemoryDisk::with(theirs.disk.files());
    let sync = swapped.open();
    assert_eq!(
        (version(&sync), sync.active().unwrap().baseline),
        (Some(1), true)
    );
    assert_eq!(sync.status().last_error.unwrap().code, "signatures");
    // Our state, their proof under the name of ours.
    let (ours, foreign) = (world.disk.files(), theirs.disk.files());
    let mut mixed = ours.clone();
    let proof = foreign
        .iter()
        .find(|(path, _)| path.starts_with("lkg/"))
        .unwrap()
        .1;
    for (path, bytes) in &mut mixed {
        if path.starts_with("lkg/") {
            bytes.clone_from(proof);
        }
    }
    let mut swapped = world.clone();
    swapped.disk = MemoryDisk::with(mixed);
    assert_eq!(version(&swapped.open()), Some(1));
}

#[test]
fn t_lkg_3_a_proof_of_another_version_does_not_stand_for_the_active_one() {
    let mut publisher = Publisher::delegated(33);
    publisher.current(1, "good");
    let world = World::new(&publisher);
    check(&mut world.open()).unwrap();
    let old = world.disk.files();
    publisher.current(2, "good");
    world.network.serve(&publisher);
    check(&mut world.open()).unwrap();
    world.network.cut();
    // The old, genuine proof under the name of the new one.
    let stale = old
        .iter()
        .find(|(path, _)| path.starts_with("lkg/"))
        .unwrap()
        .1
        .clone();
    world.disk.change(|files| {
        let new = files
            .keys()
            .find(|path| path.starts_with("lkg/"))
            .unwrap()
            .clone();
        files.insert(new, stale);
    });
    let sync = world.open();
    assert_eq!((version(&sync), sync.status().floor), (None, 2));
    assert_eq!(sync.status().last_error.unwrap().code, "target_version");
}

#[test]
fn t_lkg_4_metadata_that_moved_on_does_not_take_the_previous_bundle_away() {
    let (mut publisher, world) = settled(34);
    // The new bundle fails, the metadata is new all the same.
    publisher.current(3, "bad");
    world.network.heal();
    world.network.serve(&publisher);
    let mut sync = world.open();
    assert_eq!(check(&mut sync), Err("self_test"));
    drop(sync);
    // The keys of all roles are replaced; then the network is gone.
    for (number, role) in ["timestamp", "snapshot", "targets"].into_iter().enumerate() {
        publisher
            .repository
            .rotate(role, Signer::ed25519(7000 + number as u64));
    }
    publisher.repository.publish(&["root"]);
    world.network.serve(&publisher);
    let mut sync = world.open();
    assert_eq!(check(&mut sync), Err("signatures"));
    drop(sync);
    world.network.cut();
    let sync = world.open();
    assert_eq!(version(&sync), Some(2));
    assert!(!sync.active().unwrap().baseline);
    assert!(sync.status().degraded.contains(&"stale_metadata"));
}

#[test]
fn t_lkg_5_a_wiped_folder_falls_back_to_the_baseline_and_never_below_it() {
    let (mut publisher, mut world) = settled(35);
    world.disk = MemoryDisk::default();
    let sync = world.open();
    assert_eq!((version(&sync), sync.status().floor), (Some(1), 1));
    assert_eq!(sync.status().degraded[0], "baseline");
    drop(sync);
    // What is older than the baseline is not taken: the floor comes with the application.
    let mut old = Publisher::delegated(35);
    old.current(1, "other");
    world.network.heal();
    world.network.serve(&old);
    let mut sync = world.open();
    assert_eq!(check(&mut sync), Err("target_equivocation"));
    drop(sync);
    publisher.current(3, "good");
    world.network.serve(&publisher);
    world.disk = MemoryDisk::default();
    let mut sync = world.open();
    assert_eq!(check(&mut sync), Ok(true));
    assert_eq!((version(&sync), sync.status().degraded), (Some(3), vec![]));
    drop(sync);
    // A newer application brings a newer baseline than what is stored.
    publisher.current(4, "good");
    world.baseline = Some(publisher.export());
    world.network.cut();
    let sync = world.open();
    assert_eq!((version(&sync), sync.status().floor), (Some(4), 4));
    assert!(sync.active().unwrap().baseline);
}

#[test]
fn t_lkg_5_a_baseline_that_is_forged_cut_or_of_another_root_is_not_enforced() {
    let mut publisher = Publisher::new(36);
    publisher.current(1, "good");
    let whole = publisher.export();
    let mut foreign = Publisher::new(37);
    foreign.current(1, "good");
    let mut unlisted = publisher.clone();
    unlisted.repository.contents.clear();
    for (baseline, code) in [
        (whole[..whole.len() / 2].to_vec(), "archive"),
        (b"<!doctype html>".to_vec(), "archive"),
        (Vec::new(), "archive"),
        (foreign.export(), "signatures"),
        (unlisted.export(), "not_found"),
        (Publisher::new(36).export(), "target_missing"),
    ] {
        let mut world = World::new(&publisher);
        world.baseline = Some(baseline);
        world.network.cut();
        let sync = world.open();
        assert_eq!(version(&sync), None, "{code}");
        assert_eq!(sync.status().last_error.unwrap().code, code);
        assert!(sync.status().degraded.contains(&"no_policy"));
    }
}

#[test]
fn a_damaged_state_starts_anew_and_says_so() {
    let (_, world) = settled(38);
    world.disk.change(|files| {
        for slot in ["activation.a", "activation.b"] {
            files.insert(
                slot.to_owned(),
                b"edgerail-activation 1 00\n1\n{}\n".to_vec(),
            );
        }
    });
    let mut sync = world.open();
    assert_eq!(version(&sync), Some(1));
    assert!(sync.status().degraded.contains(&"state_corrupt"));
    world.network.heal();
    assert_eq!(check(&mut sync), Ok(true));
    assert_eq!(version(&sync), Some(2));
}

/// Publishes under the pinned name what is for somebody else.
fn refused(custom: Option<&str>, code: &str) {
    let mut publisher = Publisher::delegated(39);
    publisher.current(1, "good");
    let world = World::new(&publisher);
    let mut sync = world.open();
    check(&mut sync).unwrap();
    publisher.put(&target(), &bundle(2, "other"), custom);
    world.network.serve(&publisher);
    for _ in 0..2 {
        assert_eq!(check(&mut sync), Err(code), "{custom:?}");
    }
    assert_eq!(version(&sync), Some(1));
    assert_eq!(sync.status().degraded, ["rejected"]);
    assert!(
        !world
            .loader
            .loaded
            .lock()
            .unwrap()
            .contains(&bundle(2, "other"))
    );
    drop(sync);
    assert_eq!(version(&world.open()), Some(1));
}

#[test]
fn t_scope_1_another_scope() {
    refused(Some(&custom(2).replace("ab12", "ab13")), "target_scope");
    // Neither the parent nor what only begins the same.
    refused(
        Some(&custom(2).replace("~ou-ab12-cdef3456", "")),
        "target_scope",
    );
    refused(
        Some(&custom(2).replace("us-east-1", "us-east-11")),
        "target_scope",
    );
}

#[test]
fn t_scope_2_another_audience() {
    refused(
        Some(&custom(2).replace("server", "browser")),
        "target_audience",
    );
}

#[test]
fn t_scope_3_another_engine() {
    refused(
        Some(&custom(2).replace("\"engine_abi\":1", "\"engine_abi\":2")),
        "target_abi",
    );
}

#[test]
fn t_scope_4_custom_missing_or_malformed() {
    refused(None, "target_custom");
    for (from, to) in [
        ("\"version\":2", "\"version\":0"),
        ("\"version\":2", "\"version\":\"2\""),
        ("\"version\":2", "\"version\":-2"),
        ("\"server\"", "\"servers\""),
        ("\"engine_abi\":1,", ""),
        ("\"scope\":", "\"scopes\":"),
    ] {
        refused(Some(&custom(2).replace(from, to)), "target_custom");
    }
}

#[test]
fn t_scope_5_an_older_version_or_other_bytes_of_the_same() {
    refused(Some(&custom(1)), "target_equivocation");
    let mut publisher = Publisher::new(40);
    publisher.current(5, "good");
    let world = World::new(&publisher);
    let mut sync = world.open();
    check(&mut sync).unwrap();
    publisher.current(4, "good");
    world.network.serve(&publisher);
    assert_eq!(check(&mut sync), Err("target_version"));
    // The same bytes under a higher version are how old content comes back.
    publisher.put(&target(), &bundle(5, "good"), Some(&custom(6)));
    world.network.serve(&publisher);
    assert_eq!(check(&mut sync), Ok(false));
    assert_eq!(sync.status().floor, 6);
}

#[test]
fn t_scope_6_pins_that_changed_make_the_stored_bundle_void() {
    let (_, mut world) = settled(41);
    world.baseline = None;
    world.pins.target = target().replace("ab12", "zz99");
    let sync = world.open();
    assert_eq!(
        (version(&sync), sync.status().last_error.unwrap().code),
        (None, "target_scope")
    );
    drop(sync);
    world.pins.target = target();
    world.pins.engine_abi = 2;
    assert_eq!(version(&world.open()), None);
}

#[test]
fn t_scope_7_names_that_are_no_current_bundle_of_the_audience_are_refused_at_the_start() {
    let publisher = Publisher::new(42);
    let mut world = World::new(&publisher);
    let names = [
        "",
        ".bundle",
        "x",
        "x.next.bundle",
        "x.browser.bundle",
        "x.browser.next.bundle",
        "x.bundle.tar",
    ];
    for name in names {
        world.pins.target = name.to_owned();
        assert_eq!(world.try_open().unwrap_err().code(), "usage", "{name}");
    }
    world.pins.audience = Audience::Browser;
    for name in [
        "x.bundle",
        ".browser.bundle",
        "x.next.bundle",
        "x.browser.next.bundle",
    ] {
        world.pins.target = name.to_owned();
        assert_eq!(world.try_open().unwrap_err().code(), "usage", "{name}");
    }
    world.pins.target = "x.browser.bundle".to_owned();
    assert!(world.try_open().is_ok());
}

#[test]
fn t_scope_8_another_organizations_repository_is_refused_from_the_first_byte() {
    let (_, world) = settled(43);
    let mut foreign = Publisher::delegated(44);
    foreign.current(9, "evil");
    world.network.heal();
    world.network.serve(&foreign);
    let mut sync = world.open();
    assert_eq!(check(&mut sync), Err("signatures"));
    assert_eq!(version(&sync), Some(2));
}

#[test]
fn a_pinned_root_that_is_none_is_refused_with_a_code() {
    let publisher = Publisher::new(45);
    let mut world = World::new(&publisher);
    let root = String::from_utf8(publisher.repository.pinned().to_vec()).unwrap();
    for (bytes, code) in [
        ("", "json"),
        ("<html>", "json"),
        ("{}", "schema"),
        (
            &root.replacen("\"threshold\":1", "\"threshold\":0", 1),
            "threshold",
        ),
        (&root.replacen("2030", "2031", 1), "signatures"),
    ] {
        world.root = bytes.as_bytes().to_vec();
        assert_eq!(world.try_open().unwrap_err().code(), code);
    }
    // An expired one is as good as another: it leads to the newest.
    let mut old = Publisher::new(46);
    let Repository { roles, .. } = &mut old.repository;
    roles.get_mut("root").unwrap().expires = "2020-01-01T00:00:00Z".to_owned();
    old.repository.write("root");
    let pinned = old.repository.pinned().to_vec();
    old.repository.role("root").expires = "2030-01-01T00:00:00Z".to_owned();
    old.repository.publish(&["root"]);
    old.current(1, "good");
    let mut world = World::new(&old);
    world.root = pinned;
    assert_eq!(check(&mut world.open()), Ok(true));
}

#[test]
fn t_lkg_6_a_disk_that_cannot_be_read_for_once_does_not_cost_the_stored_bundle() {
    let (_, world) = settled(47);
    world.disk.unreadable("lkg/");
    let sync = world.open();
    assert_eq!(
        (version(&sync), sync.active().unwrap().baseline),
        (Some(1), true)
    );
    assert_eq!(sync.status().last_error.unwrap().code, "state_read");
    drop(sync);
    world.disk.unreadable("");
    assert_eq!(version(&world.open()), Some(2));
    // Online it is taken anew, not believed to be enforced.
    world.disk.unreadable("lkg/");
    world.network.heal();
    let mut sync = world.open();
    assert_eq!(version(&sync), Some(1));
    assert_eq!(check(&mut sync), Ok(true));
    assert_eq!(version(&sync), Some(2));
}

#[test]
fn t_lkg_6_an_engine_that_refuses_the_stored_bundle_does_not_cost_it() {
    let (_, mut world) = settled(48);
    world.loader.refuses(true);
    world.pins.engine_build = "2".to_owned();
    let sync = world.open();
    assert_eq!(version(&sync), None);
    drop(sync);
    // The release is rolled back.
    world.loader.refuses(false);
    world.pins.engine_build = "1".to_owned();
    assert_eq!(version(&world.open()), Some(2));
}

#[test]
fn t_lkg_5_a_newer_baseline_that_does_not_load_leaves_the_stored_bundle() {
    let (mut publisher, mut world) = settled(49);
    publisher.current(3, "bad");
    world.baseline = Some(publisher.export());
    for _ in 0..2 {
        let sync = world.open();
        assert_eq!(version(&sync), Some(2));
        assert_eq!(sync.status().last_error.unwrap().code, "self_test");
    }
}
