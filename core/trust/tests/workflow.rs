//! The client workflow, section by section, against a repository in memory.

use edgerail_trust::testing::{Repository, Signer, Storage};
use edgerail_trust::{Client, Limits};

fn client(repository: &Repository) -> Client {
    Client::new(repository.pinned(), Limits::default()).expect("a pinned root")
}

#[test]
fn refreshes_and_finds() {
    let mut repository = Repository::new(1);
    repository.target("targets", "a.bundle", b"abc", Some(r#"{"version":1}"#));
    repository.update("targets");
    let (mut client, mut storage) = (client(&repository), Storage::default());
    assert_eq!(storage.refresh(&mut client, &repository), Ok(()));
    assert_eq!(
        storage.log,
        [
            "fetch 2.root.json",
            "fetch timestamp.json",
            "store timestamp.json",
            "fetch 2.snapshot.json",
            "store snapshot.json",
            "fetch 2.targets.json",
            "store targets.json",
        ]
    );
    assert_eq!(
        storage.find(&mut client, &repository, "a.bundle"),
        Ok(Some(3))
    );
    assert_eq!(storage.find(&mut client, &repository, "b.bundle"), Ok(None));

    // An idle poll asks for the next root and the timestamp, and writes nothing.
    storage.log.clear();
    assert_eq!(storage.refresh(&mut client, &repository), Ok(()));
    assert_eq!(storage.log, ["fetch 2.root.json", "fetch timestamp.json"]);
}

#[test]
fn rotates_all_keys() {
    let mut repository = Repository::new(2);
    let (mut client, mut storage) = (client(&repository), Storage::default());
    assert_eq!(storage.refresh(&mut client, &repository), Ok(()));
    for (name, seed) in [("targets", 91), ("snapshot", 92), ("timestamp", 93)] {
        repository.rotate(name, Signer::ed25519(seed));
    }
    let old = repository.role("root").keys.clone();
    repository.rotate("root", Signer::ed25519(94));
    repository.role("root").signers.extend(old);
    repository.publish(&["root", "targets", "snapshot", "timestamp"]);
    storage.log.clear();
    assert_eq!(storage.refresh(&mut client, &repository), Ok(()));
    assert_eq!(
        storage.log,
        [
            "fetch 2.root.json",
            "store root_history/2.root.json",
            "store root.json",
            "fetch 3.root.json",
            "remove timestamp.json",
            "remove snapshot.json",
            "fetch timestamp.json",
            "store timestamp.json",
            "fetch 2.snapshot.json",
            "store snapshot.json",
            "fetch 2.targets.json",
            "store targets.json",
        ]
    );
}
