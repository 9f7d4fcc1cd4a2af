//! The power goes before every single write, sync, rename and removal of a life with installation, update, rotation of
//! keys, a failing bundle and a rollout; what was not made durable is lost, kept, torn or emptied.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use edgerail_trust::testing::Signer;

use crate::disk::{LOSSES, Loss, MemoryDisk, Op, after_power_loss};
use crate::world::*;

/// A chapter of the life: what is published, and which versions may be enforced from its beginning to its end.
struct Chapter {
    publisher: Publisher,
    /// Where it begins in the journal.
    from: usize,
    /// The version that is enforced before and after.
    before: Option<u64>,
    after: Option<u64>,
    /// What is current while a rollout is tried.
    besides: Option<u64>,
    floor: u64,
}

impl Chapter {
    fn allows(&self, version: Option<u64>) -> bool {
        [self.before, self.after].contains(&version)
            || (version.is_some() && version == self.besides)
    }
}

fn live(world: &World) -> Vec<Chapter> {
    let mut publisher = Publisher::delegated(21);
    publisher.current(1, "good");
    let mut chapters = Vec::new();
    let mut sync = world.open();
    let mut chapter = |publisher: &Publisher, sync: &mut edgerail_sync::Sync<TextLoader>| {
        let (from, before, floor) = (
            world.disk.journal().len(),
            version(sync),
            sync.status().floor,
        );
        world.network.serve(publisher);
        let _ = check(sync);
        let _ = check(sync);
        chapters.push(Chapter {
            publisher: publisher.clone(),
            from,
            before,
            after: version(sync),
            besides: None,
            floor,
        });
    };
    chapter(&publisher, &mut sync);
    publisher.current(2, "good");
    chapter(&publisher, &mut sync);
    // New keys for timestamp and snapshot: the client removes what the old ones signed.
    publisher
        .repository
        .rotate("timestamp", Signer::ed25519(9001));
    publisher
        .repository
        .rotate("snapshot", Signer::ed25519(9002));
    publisher
        .repository
        .publish(&["root", "snapshot", "timestamp"]);
    chapter(&publisher, &mut sync);
    publisher.current(3, "bad");
    chapter(&publisher, &mut sync);
    publisher.current(4, "good");
    publisher.next(5, "good");
    chapter(&publisher, &mut sync);
    publisher.withdraw();
    publisher.current(5, "good");
    chapter(&publisher, &mut sync);
    // Back from a rollout.
    publisher.next(6, "good");
    chapter(&publisher, &mut sync);
    publisher.withdraw();
    chapter(&publisher, &mut sync);
    // A restart in between.
    drop(sync);
    let mut sync = world.open();
    publisher.current(7, "good");
    chapter(&publisher, &mut sync);
    chapters[4].besides = Some(4);
    chapters
}

/// What a process finds after the power went, and whether it can go on.
fn rise(world: &World, journal: &[Op], at: usize, loss: Loss, chapter: &Chapter) {
    let context = format!(
        "before operation {at} ({:?}), {loss:?}",
        journal.get(at).map(name)
    );
    let mut risen = world.clone();
    risen.disk = MemoryDisk::with(after_power_loss(journal, at, loss));
    risen.network = Network::default();
    risen.network.cut();
    let mut sync = risen.open();
    let found = version(&sync);
    assert!(
        chapter.allows(found),
        "{context}: {found:?} is neither {:?} nor {:?}; {:?}",
        chapter.before,
        chapter.after,
        sync.status().last_error
    );
    let floor = sync.status().floor;
    assert!(
        floor >= chapter.floor,
        "{context}: the floor fell to {floor}"
    );
    assert!(
        !sync.status().degraded.contains(&"state_corrupt"),
        "{context}"
    );
    // With the network it goes on: what crashed while it was loaded is poisoned, what comes next is taken.
    risen.network.heal();
    risen.network.serve(&chapter.publisher);
    let _ = check(&mut sync);
    let now = version(&sync);
    assert!(chapter.allows(now), "{context}: {now:?}");
    let mut publisher = chapter.publisher.clone();
    publisher.withdraw();
    publisher.current(9, "good");
    risen.network.serve(&publisher);
    assert_eq!(check(&mut sync), Ok(true), "{context}");
    assert_eq!(
        (version(&sync), sync.status().floor),
        (Some(9), 9),
        "{context}"
    );
}

fn name(op: &Op) -> String {
    match op {
        Op::Write(path, _) => format!("write {path}"),
        Op::Sync(path) => format!("sync {path}"),
        Op::Rename(_, to) => format!("rename to {to}"),
        Op::SyncFolder(folder) => format!("sync folder {folder}"),
        Op::Remove(path) => format!("remove {path}"),
    }
}

#[test]
fn t_rb_6_t_mix_5_a_crash_before_every_write_leaves_an_acceptable_state() {
    let world = World::new(&Publisher::delegated(21));
    let chapters = live(&world);
    let journal = world.disk.journal();
    let points = journal.len();
    assert!(points >= 200, "{points} points");
    let kinds =
        journal
            .iter()
            .map(name)
            .fold(BTreeMap::<String, usize>::new(), |mut kinds, name| {
                *kinds
                    .entry(name.split(' ').next().unwrap().to_owned())
                    .or_default() += 1;
                kinds
            });
    assert_eq!(
        kinds.len(),
        4,
        "writes, syncs, renames and removals: {kinds:?}"
    );
    for at in 0..=points {
        let chapter = chapters
            .iter()
            .rev()
            .find(|chapter| chapter.from <= at)
            .unwrap();
        for loss in LOSSES {
            rise(&world, &journal, at, loss, chapter);
        }
    }
    println!("{points} crash points");
}

/// Lets processes die while they load version 2, each on the disk of the one before; what the next start finds.
fn dying(mut world: World, times: usize) -> World {
    for _ in 0..times {
        let mut sync = world.open();
        let before = world.disk.journal().len();
        check(&mut sync).unwrap();
        let journal = world.disk.journal();
        let mark = journal[before..]
            .iter()
            .position(|op| matches!(op, Op::Write(_, bytes) if String::from_utf8_lossy(bytes).contains("\"trying\"")))
            .expect("the bundle is tried");
        let kept = before + mark + 4;
        world.disk = MemoryDisk::with(after_power_loss(&journal, kept, Loss::Everything));
        world.disk.adopt(&journal[..kept]);
    }
    world
}

#[test]
fn a_new_bundle_is_poisoned_by_the_third_crash_in_a_row_and_not_by_a_loss_of_power() {
    for times in 0..=4 {
        let mut publisher = Publisher::new(22);
        publisher.current(1, "good");
        let world = World::new(&publisher);
        check(&mut world.open()).unwrap();
        publisher.current(2, "good");
        world.network.serve(&publisher);
        let world = dying(world, times.min(3));
        let mut sync = world.open();
        assert_eq!(version(&sync), Some(1));
        if times < 3 {
            assert_eq!(check(&mut sync), Ok(true), "{times}");
            assert_eq!((version(&sync), sync.status().poisoned), (Some(2), vec![]));
            continue;
        }
        let status = sync.status();
        assert_eq!(
            (status.poisoned[0].code, status.last_error.unwrap().code),
            ("crashed", "crashed")
        );
        assert_eq!(check(&mut sync), Ok(false));
        assert_eq!(
            (version(&sync), sync.status().degraded),
            (Some(1), vec!["poisoned"])
        );
        drop(sync);
        world.disk.unlock();
        // Whoever knows better says so; another build of the engine tries by itself.
        let mut config = world.config();
        if times == 3 {
            config.retry_poisoned = true;
        } else {
            config.pins.engine_build = "2".to_owned();
        }
        let mut sync = edgerail_sync::Sync::open(config).unwrap();
        assert_eq!(check(&mut sync), Ok(true));
        assert_eq!((version(&sync), sync.status().degraded), (Some(2), vec![]));
    }
}

#[test]
fn a_good_bundle_that_starts_die_with_is_passed_over_once_and_never_lost() {
    let mut publisher = Publisher::new(23);
    publisher.current(1, "good");
    let mut world = World::new(&publisher);
    world.baseline = Some(publisher.export());
    publisher.current(2, "good");
    world.network.serve(&publisher);
    check(&mut world.open()).unwrap();
    let mut starts = Vec::new();
    for _ in 0..8 {
        // The process dies while it loads: what it stored before is all that is left.
        let before = world.disk.journal().len();
        let sync = world.open();
        starts.push(version(&sync));
        drop(sync);
        let journal = world.disk.journal();
        let first = journal[before..]
            .iter()
            .position(|op| matches!(op, Op::SyncFolder(_)));
        let kept = first.map_or(journal.len(), |first| before + first + 1);
        world.disk = MemoryDisk::with(after_power_loss(&journal, kept, Loss::Everything));
        world.disk.adopt(&journal[..kept]);
    }
    let four = [Some(2), Some(2), Some(2), Some(1)];
    assert_eq!(starts, [four, four].concat());
    // A start that lives ends the count; one that passed it over takes it again from the repository.
    let mut sync = world.open();
    assert_eq!(version(&sync), Some(2));
    assert_eq!(check(&mut sync), Ok(false));
    assert_eq!(sync.status().poisoned, vec![]);
}

#[test]
fn a_disk_that_is_full_at_any_write_keeps_what_was_there() {
    // The number of writes is found by trying.
    for writes in 0.. {
        let mut publisher = Publisher::delegated(24);
        publisher.current(1, "good");
        let world = World::new(&publisher);
        let mut sync = world.open();
        check(&mut sync).unwrap();
        publisher.current(2, "good");
        world.network.serve(&publisher);
        world.disk.fail_after(writes, ErrorKind::StorageFull);
        let result = check(&mut sync);
        let full = result == Err("state_write");
        assert!(full || result == Ok(true), "{result:?}");
        assert_eq!(version(&sync), Some(if full { 1 } else { 2 }), "{writes}");
        drop(sync);
        // Restarted on the full disk, then with room again.
        let sync = world.open();
        assert_eq!(version(&sync), Some(if full { 1 } else { 2 }), "{writes}");
        drop(sync);
        world.disk.fail(None);
        let mut sync = world.open();
        let _ = check(&mut sync);
        assert_eq!(
            (version(&sync), sync.status().degraded),
            (Some(2), vec![]),
            "{writes}"
        );
        if !full {
            assert!(writes > 5, "{writes}");
            break;
        }
    }
}
