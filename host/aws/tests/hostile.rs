//! Folders of answers that somebody made to keep a reader busy.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use edgerail_aws::pull::Plan;
use edgerail_aws::{Kind, offline};

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("aws-hostile-{test}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn refused(folder: &Path) -> Kind {
    let error = offline::read(folder, &Plan::default()).expect_err("it is no folder of answers");
    assert!(!error.message().is_empty());
    error.kind()
}

#[test]
fn folders_that_lead_to_the_next_in_many_ways_are_not_all_walked() {
    let folder = folder("fan");
    // Seven folders, each with five ways into the next: 78,125 ways to the last, and none too deep.
    for level in 0..7 {
        fs::create_dir(folder.join(format!(".{level}"))).expect("a folder");
    }
    for level in 0..6 {
        for way in 0..5 {
            let next = format!("../.{}", level + 1);
            symlink(next, folder.join(format!(".{level}/{way}"))).expect("a link");
        }
    }
    for way in 0..5 {
        fs::create_dir(folder.join(format!(".6/{way}"))).expect("a folder");
    }
    symlink(".0", folder.join("start")).expect("a link");
    assert_eq!(refused(&folder), Kind::TooLarge);
}

#[test]
fn a_link_to_the_folder_above_is_refused() {
    let folder = folder("loop");
    symlink(".", folder.join("again")).expect("a link");
    assert_eq!(refused(&folder), Kind::Snapshot);
}

#[test]
fn an_answer_that_never_ends_is_refused() {
    let folder = folder("device");
    symlink("/dev/zero", folder.join("list-roots.json")).expect("a link");
    assert_eq!(refused(&folder), Kind::Snapshot);
    fs::remove_file(folder.join("list-roots.json")).expect("a link");
    symlink("/dev/zero", folder.join("index.json")).expect("a link");
    assert_eq!(refused(&folder), Kind::Snapshot);
}
