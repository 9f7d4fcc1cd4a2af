//! The target of exported repositories.

use edgerail_fuzz::seeds::Sources;
use edgerail_sync::Limits;
use edgerail_sync::archive::{Archive, Builder};
use edgerail_sync::repository::import;
use edgerail_sync::transport::Base;
use edgerail_trust::testing::NOW;

use crate::disk::{Memory, PACKED, REPOSITORY, now, packed};

const BLOCK: usize = 512;

/// Any bytes as an exported repository, as they are and with the check sums of their headers made right: refused in
/// words, or files below the two folders whose sum is no more than the input; packed again they are the same; and
/// importing writes nothing, or only what was verified.
pub(crate) fn archive(input: &[u8]) {
    follow(input.to_vec());
    follow(summed(input));
}

fn follow(input: Vec<u8>) {
    let length = input.len();
    let archive = match Archive::read(input.into()) {
        Ok(archive) => archive,
        Err(why) => return assert!(!why.is_empty()),
    };
    let mut builder = Builder::default();
    let mut sum = 0;
    let mut files = Vec::new();
    for base in [Base::Metadata, Base::Targets] {
        for path in archive.paths(base) {
            let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
            assert!(path.split('/').all(plain), "{path:?} leads outside");
            assert!(!path.contains(['\\', '\0']), "{path:?} is no name");
            let bytes = archive.get(base, path).expect("a listed file is there");
            sum += bytes.len();
            builder.add(base, path, bytes);
            files.push((base, path, bytes));
        }
    }
    assert!(sum <= length, "{sum} bytes out of {length}");
    let again = Archive::read(builder.finish().into()).expect("our own archive");
    let listed =
        |archive: &Archive| [Base::Metadata, Base::Targets].map(|base| archive.paths(base).count());
    assert_eq!(listed(&again), listed(&archive));
    for (base, path, bytes) in files {
        assert_eq!(again.get(base, path), Some(bytes), "{path:?}");
    }
    assert_imported(&archive);
}

/// Whether it was imported.
fn assert_imported(archive: &Archive) -> bool {
    let disk = Memory::default();
    let (root, limits) = (REPOSITORY.pinned(), Limits::default());
    let imported = now(import(
        archive,
        "fuzzed",
        root,
        limits,
        Some(NOW),
        &disk,
        false,
    ));
    let files = disk.all();
    match imported {
        Err(error) => {
            assert!(!error.code().is_empty() && !error.message().is_empty());
            assert!(files.is_empty(), "{error}, and files were written");
            false
        }
        Ok(_) => {
            for (path, bytes) in &files {
                let (folder, name) = path.split_once('/').expect("a folder");
                let known = match folder {
                    "metadata" => REPOSITORY.files.get(name),
                    _ => REPOSITORY.contents.get(name),
                };
                assert_eq!(known, Some(bytes), "{path} was never signed");
            }
            true
        }
    }
}

/// The input with the check sum of every header that a reader would come to made right, so that what stands in the
/// headers is reached.
fn summed(input: &[u8]) -> Vec<u8> {
    let mut bytes = input.to_vec();
    let mut at = 0;
    while let Some(header) = bytes.get_mut(at..at + BLOCK) {
        if header.iter().all(|byte| *byte == 0) {
            break;
        }
        header[257..262].copy_from_slice(b"ustar");
        header[148..156].copy_from_slice(b"        ");
        let sum: u32 = header.iter().copied().map(u32::from).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let size = std::str::from_utf8(&header[124..136]).ok();
        let size =
            size.and_then(|text| usize::from_str_radix(text.trim_matches(['\0', ' ']), 8).ok());
        let Some(next) = size
            .and_then(|size| size.checked_next_multiple_of(BLOCK))
            .and_then(|size| size.checked_add(at + BLOCK))
        else {
            break;
        };
        at = next;
    }
    bytes
}

pub(crate) fn seeds(_: &Sources) -> Vec<Vec<u8>> {
    // A target that refuses everything would find nothing.
    assert!(assert_imported(&PACKED));
    let mut long = Builder::default();
    long.add(Base::Targets, &"n".repeat(130), *b"x");
    long.add(Base::Targets, "a/b/c", vec![7; 1025]);
    long.add(Base::Metadata, "1.root.json", REPOSITORY.pinned());
    vec![packed(), long.finish(), vec![0; 2 * BLOCK]]
}
