//! The table in docs/threat-model.md names tests that exist.
#![allow(
    clippy::unwrap_used,
    reason = "a file that cannot be read fails the test"
)]

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The pieces of a line between backquotes.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

#[test]
fn every_test_of_the_table_exists() {
    let page = std::fs::read_to_string(root().join("docs/threat-model.md")).unwrap();
    let mut checked = 0;
    for row in page.lines().filter(|line| line.starts_with("| T-")) {
        let mut file: Option<(&str, String)> = None;
        for piece in quoted(row) {
            if piece.contains('/') && piece.contains('.') {
                let text = std::fs::read_to_string(root().join(piece));
                let text = text.unwrap_or_else(|error| panic!("{piece}: {error}"));
                file = Some((piece, text));
            } else if let Some((path, text)) = &file
                && is_test_name(piece)
            {
                assert!(text.contains(piece), "{path} has no test {piece}");
                checked += 1;
            }
        }
    }
    assert!(checked > 80, "only {checked} names were found in the table");
}

fn is_test_name(piece: &str) -> bool {
    ["t_", "test_t_", "T-"]
        .iter()
        .any(|prefix| piece.starts_with(prefix))
}

#[test]
fn every_test_of_a_row_is_in_the_table() {
    let page = std::fs::read_to_string(root().join("docs/threat-model.md")).unwrap();
    let mut found = 0;
    for folder in [
        "core/trust/src/key",
        "core/trust/src/key/rsa",
        "core/trust/tests",
        "core/compile/tests",
        "host/sync/src",
        "host/sync/tests/sync",
        "host/publish/tests",
        "host/edgerail/tests",
    ] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                let Some(rest) = line.trim_start().strip_prefix("fn t_") else {
                    continue;
                };
                let name = format!("t_{}", rest.split('(').next().unwrap_or(rest));
                assert!(
                    page.contains(&name),
                    "docs/threat-model.md does not name {name} of {}",
                    path.display()
                );
                found += 1;
            }
        }
    }
    assert!(found > 80, "only {found} tests are named after a row");
}
