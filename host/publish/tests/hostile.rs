//! A staged change whose folder came from somebody who wants more than a signature.

mod common;

use std::path::{Path, PathBuf};

use common::*;
use edgerail_publish::name::Audience;
use edgerail_publish::{Result, Stage, sha256};
use serde_json::Value;

/// A folder with an unsigned change, and the keys of its repository.
fn staged_in(test: &str) -> (Keys, PathBuf) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-{test}"));
    let _ = std::fs::remove_dir_all(&folder);
    let keys = Keys::new();
    let memory = founded(&keys);
    let stage = staged(&memory, NOW, |change| {
        let candidate = candidate(bundle(SCOPE, Audience::Server, &["heron"]));
        change
            .add_current(&server(SCOPE), &candidate, Value::Null)
            .map(drop)
    });
    stage.unwrap().create(&folder).unwrap();
    (keys, folder)
}

/// What a signer's machine does with a folder.
fn sign(folder: &Path, keys: &Keys) -> Result<()> {
    let mut stage = Stage::read(folder)?;
    stage.sign(&keys.publishers(), NOW)?;
    stage.save(folder)
}

fn edit(folder: &Path, change: impl FnOnce(&mut Value)) {
    let path = folder.join("stage.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut manifest);
    std::fs::write(path, manifest.to_string()).unwrap();
}

#[test]
fn a_file_that_no_metadata_names_is_neither_signed_nor_published() {
    let content = b"<script>";
    let hash = sha256(content);
    for (number, path) in [
        format!("www/{hash}.html"),
        format!("records/{hash}.json"),
        format!("targets/{hash}.other.bundle"),
        format!("metadata/{hash}.json"),
    ]
    .iter()
    .enumerate()
    {
        let (keys, folder) = staged_in(&format!("extra-{number}"));
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
        edit(&folder, |manifest| {
            manifest["files"][path] = Value::from(hash.as_str());
        });
        let error = sign(&folder, &keys).unwrap_err();
        assert_eq!((error.code(), error.place()), ("tampered", path.as_str()));
    }
}

#[test]
fn the_same_file_under_another_spelling_is_refused() {
    let (keys, folder) = staged_in("spelling");
    for spelling in [
        "targets//a",
        "./targets/a",
        "targets/./a",
        "targets/a/",
        "/etc/hosts",
        "targets\\a",
        "C:a",
        "a\0b",
        "",
    ] {
        edit(&folder, |manifest| {
            manifest["documents"]["targets"] = Value::from(spelling);
        });
        let error = sign(&folder, &keys).unwrap_err();
        assert_eq!(error.code(), "tampered", "{spelling:?}");
    }
}

#[test]
fn the_last_version_there_is_has_none_after_it() {
    let (keys, folder) = staged_in("overflow");
    let path = folder.join("base/root.json");
    let root = std::fs::read_to_string(&path).unwrap();
    let last = root.replace("\"version\":1", "\"version\":18446744073709551615");
    assert_ne!(root, last);
    std::fs::write(&path, &last).unwrap();
    edit(&folder, |manifest| {
        manifest["base"]["root"] = Value::from(sha256(last.as_bytes()));
        manifest["base"]["root-before"] = Value::from(sha256(last.as_bytes()));
        manifest["documents"]["root"] = Value::from("base/root.json");
    });
    std::fs::write(folder.join("base/root-before.json"), &last).unwrap();
    assert_eq!(sign(&folder, &keys).unwrap_err().code(), "tampered");
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    /// What is outside of the folder and must stay as it is.
    fn outside(folder: &Path) -> PathBuf {
        let outside = folder.with_extension("outside");
        std::fs::write(&outside, "mine").unwrap();
        outside
    }

    #[test]
    fn signing_writes_through_no_link() {
        let (keys, folder) = staged_in("link");
        let outside = outside(&folder);
        // The snapshot is made by whoever signs last, and written to a file that the list need not name.
        symlink(&outside, folder.join("metadata/2.snapshot.json")).unwrap();
        assert_eq!(sign(&folder, &keys).unwrap_err().code(), "tampered");
        assert_eq!(std::fs::read(&outside).unwrap(), b"mine");
    }

    #[test]
    fn signing_writes_into_no_linked_folder() {
        let (keys, folder) = staged_in("linked-folder");
        let elsewhere = folder.with_extension("elsewhere");
        let _ = std::fs::remove_dir_all(&elsewhere);
        std::fs::rename(folder.join("metadata"), &elsewhere).unwrap();
        symlink(&elsewhere, folder.join("metadata")).unwrap();
        assert_eq!(sign(&folder, &keys).unwrap_err().code(), "tampered");
        assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 1);
    }

    #[test]
    fn a_device_is_no_file_of_a_stage() {
        let (keys, folder) = staged_in("device");
        std::fs::remove_file(folder.join("stage.json")).unwrap();
        symlink("/dev/zero", folder.join("stage.json")).unwrap();
        assert_eq!(sign(&folder, &keys).unwrap_err().code(), "tampered");
        // A folder where a file should be.
        std::fs::remove_file(folder.join("stage.json")).unwrap();
        std::fs::create_dir(folder.join("stage.json")).unwrap();
        assert_eq!(sign(&folder, &keys).unwrap_err().code(), "tampered");
    }
}
