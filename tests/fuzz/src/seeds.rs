//! What the targets start from: the corpus, and the documents in `tests/guardrails`.

use std::path::Path;

use edgerail_tests::Corpus;

/// The sources that seeds are made of.
#[derive(Debug)]
pub struct Sources {
    /// The rows and their bundles.
    pub corpus: Corpus,
    /// Definitions in every form.
    pub documents: Vec<Vec<u8>>,
    /// The corpus files, which are TOML with definitions and overlays in them.
    pub files: Vec<String>,
    /// Request and response bodies and event streams.
    pub payloads: Vec<Vec<u8>>,
}

impl Sources {
    /// # Panics
    /// If the repository cannot be read.
    #[must_use]
    pub fn of_this_repository() -> Sources {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        Sources {
            corpus: Corpus::ours(),
            documents: files(&tests.join("guardrails"), &["json", "yaml", "toml"]),
            files: files(&tests.join("corpus"), &["toml"])
                .into_iter()
                .map(|file| String::from_utf8(file).expect("UTF-8"))
                .collect(),
            payloads: files(&tests.join("payloads"), &["json", "sse", "txt", "bin"]),
        }
    }

    /// The texts of all rows, each once.
    #[must_use]
    pub fn texts(&self) -> Vec<Vec<u8>> {
        let rows = self.corpus.rows.iter();
        let texts = rows.flat_map(|row| row.text.iter().chain(row.content.iter().map(|b| &b.text)));
        let mut texts: Vec<Vec<u8>> = texts.map(|text| text.clone().into_bytes()).collect();
        texts.sort();
        texts.dedup();
        texts
    }

    /// What stands between `'''` after `name = ` in the corpus files.
    #[must_use]
    pub fn embedded(&self, name: &str) -> Vec<Vec<u8>> {
        let start = format!("{name} = '''");
        let pieces = self
            .files
            .iter()
            .flat_map(|file| file.split(&start).skip(1));
        let pieces = pieces.filter_map(|piece| Some(piece.split_once("'''")?.0));
        let mut pieces: Vec<Vec<u8>> = pieces.map(|piece| piece.as_bytes().to_vec()).collect();
        pieces.sort();
        pieces.dedup();
        pieces
    }
}

fn files(folder: &Path, extensions: &[&str]) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(self::files(&path, extensions));
        } else if path
            .extension()
            .is_some_and(|e| extensions.iter().any(|known| e == *known))
        {
            files.push(std::fs::read(&path).expect("a file can be read"));
        }
    }
    files
}
