//! The repository as the TUF library of AWS reads it.

mod common;

use std::path::Path;

use common::*;
use edgerail_publish::name::{Audience, Ring};
use edgerail_publish::{Settings, Store, init, push};
use serde_json::Value;
use tough::{IntoVec as _, RepositoryLoader, TargetName};

/// Reads a target by tough: its bytes, or why not.
fn by_tough(folder: &Path, target: &str) -> Result<Option<Vec<u8>>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let url = |below: &str| {
        format!("file://{}/{below}/", folder.display())
            .parse()
            .unwrap()
    };
    let root = std::fs::read(folder.join("metadata/1.root.json")).unwrap();
    runtime.block_on(async {
        let loaded = RepositoryLoader::new(&root, url("metadata"), url("targets"))
            .load()
            .await;
        let repository = loaded.map_err(|error| error.to_string())?;
        let name = TargetName::new(target).unwrap();
        let read = repository
            .read_target(&name)
            .await
            .map_err(|error| error.to_string())?;
        match read {
            None => Ok(None),
            Some(stream) => stream
                .into_vec()
                .await
                .map(Some)
                .map_err(|error| error.to_string()),
        }
    })
}

#[test]
fn tough_reads_a_repository_in_a_folder_at_every_step_of_its_life() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracle");
    let _ = std::fs::remove_dir_all(&folder);
    let store = Store::open(&folder.display().to_string()).unwrap();
    // tough has the machine's clock.
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let keys = Keys::new();
    let mut stage = init(&keys.quorums(), &Settings::default(), &approved(), now).unwrap();
    push(&mut stage, &store, &keys.founders(), at(now)).unwrap();
    let (line, first) = (server(SCOPE), bundle(SCOPE, Audience::Server, &["heron"]));
    assert_eq!(by_tough(&folder, &line.target(false)), Ok(None));
    publish(&store, &keys, now, |change| {
        change
            .add_current(&line, &candidate(first.clone()), Value::Null)
            .map(drop)
    })
    .unwrap();
    assert_eq!(by_tough(&folder, &line.target(false)), Ok(Some(first)));
    let second = bundle(SCOPE, Audience::Server, &["heron", "osprey"]);
    publish(&store, &keys, now, |change| {
        change
            .add_next(
                &line,
                &candidate(second.clone()),
                Ring::Canary,
                10,
                Value::Null,
            )
            .map(drop)
    })
    .unwrap();
    assert_eq!(
        by_tough(&folder, &line.target(true)),
        Ok(Some(second.clone()))
    );
    // New root keys, and so many scopes that they are delegated.
    let new = std::collections::BTreeMap::from([(
        edgerail_publish::TopRole::Root,
        edgerail_publish::Quorum::new(
            edgerail_publish::TopRole::Root,
            vec![edgerail_publish::keys::Signer::key(&keys.root[0])],
            1,
        )
        .unwrap(),
    )]);
    let mut rotation =
        edgerail_publish::rotate(&load(&store), &store, &new, &approved(), now).unwrap();
    push(
        &mut rotation,
        &store,
        &[&keys.root[0], &keys.root[1]],
        at(now),
    )
    .unwrap();
    publish(&store, &keys, now, |change| {
        for number in 0..64 {
            let name = format!("scope-{number}");
            let candidate = candidate(bundle(&name, Audience::Server, &["kite"]));
            change.add_current(&server(&name), &candidate, Value::Null)?;
        }
        change.promote_current(&line, Value::Null).map(drop)
    })
    .unwrap();
    assert_eq!(by_tough(&folder, &line.target(false)), Ok(Some(second)));
    assert!(by_tough(&folder, "scope-63.bundle").unwrap().is_some());
    assert!(folder.join("metadata/1.targets-0001.json").is_file());
    // And it does not read what has been changed since.
    let path = folder.join("metadata/timestamp.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("x-issued", "y-issued")).unwrap();
    assert!(by_tough(&folder, &line.target(false)).is_err());
}
