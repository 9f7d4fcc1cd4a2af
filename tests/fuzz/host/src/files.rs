//! Several files in one input: changes of a folder, each a name and what becomes of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Stands before each file.
const MARK: &[u8] = b"\n==> ";

/// A folder's files by their paths.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// What an input does to a folder's files: after each mark a path, a line feed and the content. A path that begins
/// with `-` is a file that goes. What stands before the first mark is given beside them.
pub(crate) fn changed(input: &[u8], files: &Files) -> (Vec<u8>, Files) {
    let mut files = files.clone();
    let mut pieces = split(input).into_iter();
    let head = pieces.next().unwrap_or_default().to_vec();
    for piece in pieces.take(32) {
        let end = piece.iter().position(|byte| *byte == b'\n');
        let (path, content) = piece.split_at(end.unwrap_or(piece.len()));
        let path = String::from_utf8_lossy(path).into_owned();
        match path.strip_prefix('-') {
            Some(path) => drop(files.remove(path)),
            None => drop(files.insert(path, content.get(1..).unwrap_or_default().to_vec())),
        }
    }
    (head, files)
}

fn split(input: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(window) = input.get(at..at + MARK.len()) {
        if window == MARK {
            pieces.push(&input[start..at]);
            at += MARK.len();
            start = at;
        } else {
            at += 1;
        }
    }
    pieces.push(&input[start..]);
    pieces
}

/// An input that does this.
pub(crate) fn input(head: &[u8], files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut input = head.to_vec();
    for (path, content) in files {
        input.extend([MARK, path.as_bytes(), b"\n", content].concat());
    }
    input
}

/// A folder for each run, in memory where the machine has such a place, with another beside it that nothing may touch.
pub(crate) struct Scratch {
    root: PathBuf,
}

/// What stands beside the folder.
const BESIDE: &str = "beside";

impl Scratch {
    pub(crate) fn new(target: &str) -> Scratch {
        let memory = Path::new("/dev/shm");
        let above = if memory.is_dir() {
            memory.to_owned()
        } else {
            std::env::temp_dir()
        };
        let root = above.join(format!("edgerail-fuzz-{target}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(root.join("own")).expect("a folder can be made");
        std::fs::write(root.join(BESIDE), BESIDE).expect("a file can be written");
        Scratch { root }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.root.join("own")
    }

    /// Writes the files whose paths stay inside; a path that no file can have is left out.
    pub(crate) fn write(&self, files: &Files) {
        for (path, bytes) in files {
            let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
            if path.contains('\0') || !path.split('/').all(plain) {
                continue;
            }
            let path = self.path().join(path);
            if let Some(folder) = path.parent()
                && std::fs::create_dir_all(folder).is_ok()
            {
                let _ = std::fs::write(&path, bytes);
            }
        }
    }

    /// That nothing outside of the folder was changed.
    pub(crate) fn assert_alone(&self) {
        let entries = std::fs::read_dir(&self.root).expect("the folder can be read");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<_> = names.collect();
        names.sort();
        assert_eq!(names, [BESIDE, "own"], "something was written outside");
        let beside = std::fs::read(self.root.join(BESIDE)).expect("the file is there");
        assert_eq!(beside, BESIDE.as_bytes());
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}
