//! State folders that cannot be made, read or written to: the policy is enforced all the same, and the status says
//! what is wrong. And what a look from outside tells of the last check.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use edgerail_sync::store::SystemDisk;
use edgerail_sync::{Error, Sync};
use serde_json::{Value, json};

use crate::lkg::settled;
use crate::world::*;

const SLOTS: [&str; 2] = ["activation.a", "activation.b"];

/// The status, as scripts read it.
fn status(sync: &Sync<TextLoader>) -> Value {
    serde_json::to_value(sync.status()).unwrap()
}

fn says(sync: &Sync<TextLoader>, degraded: &[&str], error: &str) {
    let status = status(sync);
    for code in degraded {
        assert!(
            status["degraded"]
                .as_array()
                .unwrap()
                .contains(&json!(code)),
            "{code} is not in {status}"
        );
    }
    assert_eq!(status["lastError"]["code"], error, "{status}");
}

#[test]
fn t_lkg_7_one_slot_that_cannot_be_read_leaves_the_other() {
    for slot in SLOTS {
        let (mut publisher, world) = settled(81);
        world.disk.unreadable(slot);
        let mut sync = world.open();
        assert_eq!(version(&sync), Some(2), "{slot}");
        says(&sync, &["state_corrupt"], "state_read");
        // What is activated meanwhile holds when the slot can be read again, floor and all.
        publisher.current(3, "good");
        world.network.serve(&publisher);
        world.network.heal();
        assert_eq!(check(&mut sync), Ok(true));
        drop(sync);
        world.network.cut();
        world.disk.unreadable("");
        let sync = world.open();
        assert_eq!((version(&sync), sync.status().floor), (Some(3), 3));
        assert_eq!(sync.status().degraded, Vec::<&str>::new());
    }
}

#[test]
fn t_lkg_7_a_state_that_cannot_be_read_at_all_is_left_alone_and_the_baseline_enforced() {
    let (_, mut world) = settled(82);
    let before = world.disk.files();
    world.disk.unreadable("activation.");
    let mut sync = world.open();
    assert_eq!(version(&sync), Some(1));
    says(
        &sync,
        &["baseline", "state_corrupt", "state_readonly"],
        "state_read",
    );
    // Updates go on, in memory.
    world.network.heal();
    assert_eq!(check(&mut sync), Ok(true));
    assert_eq!(version(&sync), Some(2));
    assert_eq!(world.disk.files(), before);
    drop(sync);
    world.network.cut();
    // Without a baseline there is nothing to enforce, and the next check may bring it.
    world.baseline = None;
    let sync = world.open();
    assert_eq!(version(&sync), None);
    says(&sync, &["no_policy", "state_readonly"], "state_read");
    drop(sync);
    world.disk.unreadable("");
    let sync = world.open();
    assert_eq!(version(&sync), Some(2));
}

#[test]
fn t_lkg_7_a_folder_that_cannot_be_made_does_not_keep_the_baseline_from_being_enforced() {
    for kind in [
        ErrorKind::StorageFull,
        ErrorKind::QuotaExceeded,
        ErrorKind::Other,
        ErrorKind::ReadOnlyFilesystem,
    ] {
        let mut publisher = Publisher::new(83);
        publisher.current(1, "good");
        let mut world = World::new(&publisher);
        world.baseline = Some(publisher.export());
        publisher.current(2, "good");
        world.network.serve(&publisher);
        world.disk.without_folders(Some(kind));
        let mut sync = world.open();
        assert_eq!(version(&sync), Some(1), "{kind:?}");
        let degraded = status(&sync)["degraded"].clone();
        assert_eq!(degraded, json!(["baseline", "state_readonly"]));
        let error = sync.status().last_error.map(|error| error.code);
        let quiet = kind == ErrorKind::ReadOnlyFilesystem;
        assert_eq!(error, (!quiet).then_some("state_write"));
        assert_eq!(check(&mut sync), Ok(true));
        assert_eq!(version(&sync), Some(2));
        assert_eq!(world.disk.files(), disk_of_nothing());
    }
}

fn disk_of_nothing() -> std::collections::BTreeMap<String, Vec<u8>> {
    std::collections::BTreeMap::new()
}

/// A folder of this machine, removed with this value.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Temporary {
        let path = std::env::temp_dir().join(format!("edgerail-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Temporary(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A folder of this machine in which version 2 is active, over a baseline of version 1, and its name.
fn on_disk(name: &str) -> (World, Temporary) {
    let (_, world) = settled(84);
    let folder = Temporary::new(name);
    for (path, bytes) in world.disk.files() {
        let path = folder.0.join("state").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    (world, folder)
}

fn open_at(world: &World, state: &Path) -> Result<Sync<TextLoader>, Error> {
    Sync::open(world.config_on(Box::new(SystemDisk::new(state))))
}

/// What was there is another kind of file now: reading and replacing it fails for whoever asks, root too.
fn make_folder(path: &Path) {
    let _ = std::fs::remove_file(path);
    std::fs::create_dir(path).unwrap();
}

#[test]
fn t_lkg_7_real_files_in_the_wrong_places_do_not_cost_the_policy() {
    for slot in SLOTS {
        let (world, folder) = on_disk(slot);
        let state = folder.0.join("state");
        make_folder(&state.join(slot));
        let sync = open_at(&world, &state).unwrap();
        assert_eq!(version(&sync), Some(2), "{slot}");
        says(&sync, &["state_corrupt"], "state_read");
    }
    let (world, folder) = on_disk("slots");
    let state = folder.0.join("state");
    for slot in SLOTS {
        make_folder(&state.join(slot));
    }
    let mut sync = open_at(&world, &state).unwrap();
    assert_eq!(version(&sync), Some(1));
    says(&sync, &["baseline", "state_readonly"], "state_read");
    world.network.heal();
    assert_eq!(check(&mut sync), Ok(true));
    drop(sync);
    // A file where one of the inner folders is to be.
    let (world, folder) = on_disk("inner");
    let state = folder.0.join("state");
    std::fs::remove_dir_all(state.join("tuf")).unwrap();
    std::fs::write(state.join("tuf"), "").unwrap();
    let sync = open_at(&world, &state).unwrap();
    assert_eq!(version(&sync), Some(2));
    says(&sync, &["state_readonly"], "state_write");
    drop(sync);
    // One where the folder itself is to be is a mistake, and nothing that passes.
    for path in [state.join("tuf"), state.join("tuf/state")] {
        let error = open_at(&world, &path).map(drop).unwrap_err();
        assert_eq!(error.code(), "state_write");
        assert_eq!(error.remedy(), "Give the path of a folder.");
    }
}

/// What somebody sees who looks from outside while the client has the folder.
fn look(world: &World) -> Value {
    status(&Sync::look(world.config()).unwrap())
}

#[test]
fn a_look_tells_of_the_last_check() {
    let (mut publisher, world) = settled(85);
    world.disk.change(|files| {
        files.remove("status.json");
    });
    // Nothing is known of checks, and nothing is made up.
    let seen = look(&world);
    assert_eq!(
        (&seen["statusFile"], &seen["degraded"]),
        (&Value::Null, &json!([]))
    );
    world.network.heal();
    let mut sync = world.open();
    assert_eq!(check(&mut sync), Ok(false));
    let at = edgerail_trust::testing::NOW;
    world.clock.set(Some(at + 35));
    let seen = look(&world);
    assert_eq!(seen["degraded"], json!([]));
    let said = &seen["statusFile"];
    assert_eq!(
        (
            &said["lastCheckAge"],
            &said["lastSuccessAge"],
            &said["lastError"]
        ),
        (&json!(35), &json!(35), &Value::Null)
    );
    // The one who looks did not check.
    assert_eq!(seen["lastCheck"], Value::Null);
    // A check that is refused, and one that nobody answers.
    publisher.put(&target(), &bundle(3, "good"), None);
    world.network.serve(&publisher);
    assert_eq!(check(&mut sync), Err("target_custom"));
    world.clock.set(Some(at + 40));
    let seen = look(&world);
    let said = &seen["statusFile"];
    assert_eq!(seen["degraded"], json!(["rejected"]));
    assert_eq!(said["lastError"]["code"], "target_custom");
    assert_eq!(
        (&said["lastCheckAge"], &said["lastSuccessAge"]),
        (&json!(5), &json!(40))
    );
    world.network.cut();
    assert_eq!(check(&mut sync), Err("unreachable"));
    assert_eq!(look(&world)["degraded"], json!(["unreachable"]));
    // A new process goes on with the time of the last success, and with nothing else.
    drop(sync);
    let sync = world.open();
    let status = status(&sync);
    assert_eq!(
        (&status["lastSuccessAge"], &status["degraded"]),
        (&json!(40), &json!([]))
    );
    assert_eq!(
        (&status["lastCheck"], &status["statusFile"]),
        (&Value::Null, &Value::Null)
    );
    // Whatever stands in the file, what is enforced and whether requests are denied is the same.
    for text in [
        "",
        "[1",
        "{\"target\":\"other.bundle\",\"degraded\":[\"rejected\"]}",
    ] {
        world.disk.change(|files| {
            files.insert("status.json".to_owned(), text.as_bytes().to_vec());
        });
        let seen = look(&world);
        assert_eq!(
            (&seen["statusFile"], &seen["active"]["version"]),
            (&Value::Null, &json!(2))
        );
        assert_eq!(
            (&seen["degraded"], &seen["deny"]),
            (&json!([]), &json!(false))
        );
    }
}
