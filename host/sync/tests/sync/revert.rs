//! Old content comes back: the same bytes under a higher version.

use std::io::ErrorKind;

use crate::disk::{LOSSES, MemoryDisk, after_power_loss};
use crate::world::*;

/// A client whose active version 5 was followed by a bad 6, and a publisher that has reverted to the bytes of 5 as 7.
fn reverted(seed: u64) -> (Publisher, World) {
    let mut publisher = Publisher::delegated(seed);
    publisher.current(5, "good");
    let world = World::new(&publisher);
    let mut sync = world.open();
    check(&mut sync).unwrap();
    publisher.current(6, "bad");
    world.network.serve(&publisher);
    assert_eq!(check(&mut sync), Err("self_test"));
    publisher.put(&target(), &bundle(5, "good"), Some(&custom(7)));
    (publisher, world)
}

/// What is enforced, whatever version it is listed under.
fn enforced(sync: &edgerail_sync::Sync<TextLoader>) -> Option<Vec<u8>> {
    sync.active().map(|active| active.bytes.to_vec())
}

#[test]
fn t_roll_a_revert_is_neither_loaded_nor_marked() {
    let (publisher, world) = reverted(61);
    let mut sync = world.open();
    world.network.serve(&publisher);
    let from = world.disk.journal().len();
    world.loader.loaded.lock().unwrap().clear();
    world.network.log();
    assert_eq!(check(&mut sync), Ok(false));
    assert_eq!(sync.active().unwrap().version, 7);
    assert_eq!(
        (sync.status().floor, sync.status().degraded),
        (7, Vec::new())
    );
    assert!(world.loader.loaded.lock().unwrap().is_empty());
    let log = world.network.log();
    assert!(
        log.iter().all(|path| !path.starts_with("targets/")),
        "{log:?}"
    );
    let journal = format!("{:?}", &world.disk.journal()[from..]);
    assert!(!journal.contains("trying"));
    drop(sync);
    world.network.cut();
    assert_eq!(world.open().active().unwrap().version, 7);
}

#[test]
fn t_roll_a_revert_that_dies_at_any_write_keeps_the_bundle_offline() {
    let (publisher, world) = reverted(62);
    let mut sync = world.open();
    let from = world.disk.journal().len();
    world.network.serve(&publisher);
    check(&mut sync).unwrap();
    let journal = world.disk.journal();
    assert!(journal.len() - from >= 20);
    for at in from..=journal.len() {
        for loss in LOSSES {
            let mut risen = world.clone();
            risen.disk = MemoryDisk::with(after_power_loss(&journal, at, loss));
            risen.network = Network::default();
            risen.network.cut();
            let mut sync = risen.open();
            let place = format!("{at} {loss:?}: {:?}", sync.status().last_error);
            assert_eq!(enforced(&sync), Some(bundle(5, "good")), "{place}");
            risen.network.heal();
            risen.network.serve(&publisher);
            assert_eq!(check(&mut sync), Ok(false), "{place}");
            assert_eq!(sync.active().unwrap().version, 7, "{place}");
            let poisoned = sync.status().poisoned;
            assert!(
                poisoned.iter().all(|one| one.code == "self_test"),
                "{place}"
            );
        }
    }
}

#[test]
fn t_roll_a_revert_on_a_full_disk_keeps_the_bundle() {
    for writes in 0.. {
        let (publisher, world) = reverted(63);
        let mut sync = world.open();
        world.network.serve(&publisher);
        world.disk.fail_after(writes, ErrorKind::StorageFull);
        let result = check(&mut sync);
        assert_eq!(enforced(&sync), Some(bundle(5, "good")));
        drop(sync);
        let wire = world.network.clone();
        wire.cut();
        assert_eq!(enforced(&world.open()), Some(bundle(5, "good")), "{writes}");
        if result.is_ok() {
            assert!(writes > 3, "{writes}");
            return;
        }
        assert_eq!(result, Err("state_write"));
    }
}
