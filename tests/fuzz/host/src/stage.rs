//! The target of staged changes that come from another machine.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use edgerail_compile::definition::{self, ReadOptions};
use edgerail_compile::overlay::Overlay;
use edgerail_compile::{CompileOptions, compile};
use edgerail_fuzz::seeds::Sources;
use edgerail_publish::gate::Candidate;
use edgerail_publish::keys::{Key, Signer, public_key};
use edgerail_publish::name::{Audience, Line};
use edgerail_publish::{
    Allowed, Change, Publication, PushOptions, Quorum, Repository, Result, Settings, Stage,
    Storage, Stored, Tag, TopRole, init, push, sha256,
};
use edgerail_trust::testing;
use edgerail_trust::text::from_hex;
use serde_json::Value;

use crate::files::{Files, Scratch, changed, input};

/// 2026-11-21T18:00:00Z.
const NOW: u64 = 1_795_284_000;
const SCOPE: &str = "aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1";

/// A key that is no secret.
struct Known(testing::Signer);

impl Signer for Known {
    fn key(&self) -> Key {
        public_key("a known key", self.0.key().as_bytes()).expect("a key")
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        Ok(from_hex(&self.0.sign(message)).expect("hexadecimal"))
    }
}

/// Root and targets need two signatures each, of the keys 1 and 2; the key 3 has the other roles.
static KEYS: LazyLock<[testing::Signer; 3]> =
    LazyLock::new(|| [1, 2, 3].map(testing::Signer::ed25519));

fn signer(number: usize) -> Known {
    Known(KEYS[number - 1].clone())
}

/// A storage in memory.
#[derive(Clone, Default)]
struct Memory(RefCell<Files>);

impl Storage for Memory {
    fn place(&self) -> String {
        "memory".to_owned()
    }

    fn get(&self, path: &str) -> Result<Option<Stored>> {
        let bytes = self.0.borrow().get(path).cloned();
        Ok(bytes.map(|bytes| Stored { bytes, tag: None }))
    }

    fn create(&self, path: &str, bytes: &[u8]) -> Result<bool> {
        let mut files = self.0.borrow_mut();
        if files.contains_key(path) {
            return Ok(false);
        }
        files.insert(path.to_owned(), bytes.to_vec());
        Ok(true)
    }

    fn replace(&self, path: &str, bytes: &[u8], _: Option<&Tag>) -> Result<bool> {
        self.0.borrow_mut().insert(path.to_owned(), bytes.to_vec());
        Ok(true)
    }

    fn remove(&self, path: &str) -> Result<()> {
        self.0.borrow_mut().remove(path);
        Ok(())
    }
}

fn bundle(words: &[&str]) -> Candidate {
    let words: Vec<String> = words
        .iter()
        .map(|word| format!(r#"{{"text": "{word}"}}"#))
        .collect();
    let definition = format!(
        r#"{{"name": "g", "blockedInputMessaging": "No.", "blockedOutputsMessaging": "No.", "wordPolicyConfig": {{"wordsConfig": [{}]}}}}"#,
        words.join(",")
    );
    let read = definition::read(definition.as_bytes(), &ReadOptions::default());
    let guardrails = read.expect("a definition").guardrails;
    let options = CompileOptions {
        scope: Some(SCOPE.to_owned()),
        ..CompileOptions::default()
    };
    let compiled = compile(&guardrails, &Overlay::default(), &options);
    let bytes = compiled.expect("a bundle").bundle;
    Candidate::read("a bundle", bytes, None).expect("a good bundle")
}

fn line() -> Line {
    Line {
        scope: SCOPE.parse().expect("a scope"),
        audience: Audience::Server,
    }
}

fn staged(memory: &Memory, words: &[&str]) -> Stage {
    let repository = Repository::load(memory, None).expect("a repository");
    let repository = repository.expect("it was founded");
    let mut change = Change::new(&repository, memory, NOW).expect("a change");
    change.allow(Allowed {
        shrink: true,
        weaker: true,
    });
    change
        .add_current(&line(), &bundle(words), Value::Null)
        .expect("it passes");
    let publication = Publication {
        approved_by: vec!["dana.ortiz@example.com".to_owned()],
        ticket: Some("SEC-41".to_owned()),
        ..Publication::default()
    };
    change.finish(&publication).expect("a stage")
}

/// The repository, and changes of it as folders: a new one unsigned, one with a signature of two, one that founds it.
struct Origin {
    repository: Memory,
    stages: [Files; 3],
}

static ORIGIN: LazyLock<std::sync::Mutex<Origin>> = LazyLock::new(|| {
    let quorum = |role, keys: &[usize], threshold| {
        let keys = keys.iter().map(|number| signer(*number).key()).collect();
        (role, Quorum::new(role, keys, threshold).expect("a quorum"))
    };
    let quorums = BTreeMap::from([
        quorum(TopRole::Root, &[1, 2], 2),
        quorum(TopRole::Targets, &[1, 2], 2),
        quorum(TopRole::Snapshot, &[3], 1),
        quorum(TopRole::Timestamp, &[3], 1),
    ]);
    let all = [signer(1), signer(2), signer(3)];
    let all = all.each_ref().map(|signer| signer as &dyn Signer);
    let options = PushOptions {
        now: NOW,
        break_lock: false,
    };
    let repository = Memory::default();
    let mut founding = init(&quorums, &Settings::default(), NOW).expect("a stage");
    let founded = folder(&founding);
    push(&mut founding, &repository, &all, options).expect("it is founded");
    let mut first = staged(&repository, &["heron"]);
    push(&mut first, &repository, &all, options).expect("it is published");
    let mut second = staged(&repository, &["heron", "kestrel"]);
    let unsigned = folder(&second);
    second.sign(&[&signer(1)], NOW).expect("it is signed");
    // A target that refuses everything would find nothing.
    push(&mut second.clone(), &repository.clone(), &all, options).expect("it can be published");
    let stages = [unsigned, folder(&second), founded];
    std::sync::Mutex::new(Origin { repository, stages })
});

/// A stage's files.
fn folder(stage: &Stage) -> Files {
    let scratch = Scratch::new("origin");
    stage.save(&scratch.path()).expect("it is written");
    read_all(&scratch.path(), "")
}

fn read_all(folder: &std::path::Path, before: &str) -> Files {
    let mut files = Files::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        let name = format!("{before}{name}");
        if path.is_dir() {
            files.extend(read_all(&path, &format!("{name}/")));
        } else {
            files.insert(name, std::fs::read(&path).expect("a file"));
        }
    }
    files
}

/// What is done to a folder after it was changed, by the bits of the first byte.
struct Forger {
    /// Hashes of what was changed are put in place of the old ones wherever they stand.
    relinks: bool,
    /// The new documents are signed again, by one key or by all.
    signs: bool,
    by_all: bool,
    /// The documents before are signed again by all keys.
    signs_base: bool,
    /// Which stage is changed.
    stage: usize,
}

impl Forger {
    fn of(first: u8) -> Forger {
        let bit = |number: u8| first >> number & 1 == 1;
        Forger {
            relinks: bit(0),
            signs: bit(1),
            by_all: bit(2),
            signs_base: bit(3),
            stage: usize::from(first >> 4) % 3,
        }
    }

    /// From what others name to what names them.
    fn forge(&self, before: &Files, files: &mut Files) {
        let paths: Vec<String> = files.keys().cloned().collect();
        let rank = |path: &String| match path.split_once('/') {
            Some(("base", rest)) if rest.starts_with("targets/") => 0,
            Some(("base", "targets.json")) => 1,
            Some(("base", "snapshot.json")) => 2,
            Some(("base", _)) => 3,
            Some(("targets", _)) => 4,
            Some(("records", _)) => 5,
            Some(("metadata", _)) => 6,
            _ => 7,
        };
        let mut paths: Vec<String> = paths;
        paths.sort_by_key(rank);
        for path in paths {
            let keys = match rank(&path) {
                1..=3 if self.signs_base => &KEYS[..],
                6 if self.signs && self.by_all => &KEYS[..],
                6 if self.signs => &KEYS[..1],
                _ => &[],
            };
            if let (false, Some(bytes)) = (keys.is_empty(), files.get(&path))
                && let Some(signed) = signed_again(bytes, keys)
            {
                files.insert(path.clone(), signed);
            }
            if self.relinks {
                relink(&path, before, files);
            }
        }
    }
}

fn signed_again(bytes: &[u8], keys: &[testing::Signer]) -> Option<Vec<u8>> {
    let document: Value = serde_json::from_slice(bytes).ok()?;
    let signed = document.get("signed")?.to_string();
    edgerail_trust::json::parse(signed.as_bytes()).ok()?;
    Some(testing::envelope(&signed, keys))
}

/// Puts a changed file's hash in the place of the old one in all other texts, and in its name.
fn relink(path: &str, before: &Files, files: &mut Files) {
    let (Some(old), Some(new)) = (before.get(path), files.get(path)) else {
        return;
    };
    let (old, new) = (sha256(old), sha256(new));
    if old == new {
        return;
    }
    for (other, bytes) in files.iter_mut() {
        if other != path
            && let Ok(text) = std::str::from_utf8(bytes)
            && text.contains(&old)
        {
            *bytes = text.replace(&old, &new).into_bytes();
        }
    }
    if path.contains(&old)
        && let Some(bytes) = files.remove(path)
    {
        files.insert(path.replace(&old, &new), bytes);
    }
}

/// Any changes of a stage's folder, by somebody who may have one key, or all: refused by a code; or what is signed and
/// published is what its list, its metadata and its record name, and nothing outside of the folder is touched.
pub(crate) fn stage(input: &[u8]) {
    let origin = ORIGIN.lock().unwrap_or_else(|broken| broken.into_inner());
    let forger = Forger::of(input.first().copied().unwrap_or_default());
    let before = &origin.stages[forger.stage];
    let (_, mut files) = changed(input, before);
    forger.forge(before, &mut files);
    let scratch = Scratch::new("stage");
    scratch.write(&files);
    follow(&scratch, &origin.repository);
    scratch.assert_alone();
}

fn follow(scratch: &Scratch, repository: &Memory) {
    let own = scratch.path();
    let mut stage = match Stage::read(&own) {
        Ok(stage) => stage,
        Err(error) => return assert_refused(&error),
    };
    let _ = (stage.describe(), stage.missing(), stage.complete());
    if let Err(error) = stage.check() {
        return assert_refused(&error);
    }
    let listed = read_all(&own, "");
    let manifest: Value = serde_json::from_slice(&listed["stage.json"]).expect("it was read");
    let named = |member: &str| -> BTreeSet<String> {
        let members = manifest[member].as_object();
        members
            .into_iter()
            .flat_map(|all| all.keys().cloned())
            .collect()
    };
    assert_listed(&listed, &manifest, &named("files"));
    let mut roles = named("documents");
    roles.extend(["snapshot".to_owned(), "timestamp".to_owned()]);
    let mut wanted = stage.clone();
    for number in [1, 2, 3] {
        match stage.sign(&[&signer(number)], NOW) {
            Ok(signed) => assert!(signed.iter().all(|(role, _)| roles.contains(role))),
            Err(error) => assert_refused(&error),
        }
    }
    stage.save(&own).expect("what was read can be written");
    let again = Stage::read(&own).expect("what was written can be read");
    assert_eq!(again.missing(), stage.missing());
    assert_eq!(again.describe(), stage.describe());
    publish(&mut wanted, repository);
    publish(&mut stage, repository);
}

fn assert_refused(error: &edgerail_publish::Error) {
    assert!(!error.code().is_empty() && !error.to_string().is_empty());
}

/// Every new file is a bundle that the new metadata lists, or the record that it names.
fn assert_listed(files: &Files, manifest: &Value, new: &BTreeSet<String>) {
    let documents = manifest["documents"].as_object().expect("documents");
    let mut allowed = BTreeSet::new();
    for path in documents.values().filter_map(Value::as_str) {
        let document: Value = serde_json::from_slice(&files[path]).expect("it was read");
        let signed = &document["signed"];
        if let Some(hash) = signed["x-record"].as_str() {
            allowed.insert(format!("records/{hash}.json"));
        }
        let targets = signed["targets"].as_object();
        for (name, target) in targets.into_iter().flatten() {
            let hash = target["hashes"]["sha256"].as_str().unwrap_or_default();
            allowed.insert(format!("targets/{hash}.{name}"));
        }
    }
    let odd: Vec<&String> = new.difference(&allowed).collect();
    assert!(odd.is_empty(), "no metadata names {odd:?}");
}

/// Publishes to a copy: what is there then is what was there, and what a client may read.
fn publish(stage: &mut Stage, repository: &Memory) {
    let copy = repository.clone();
    let options = PushOptions {
        now: NOW,
        break_lock: false,
    };
    let before = copy.0.borrow().clone();
    let published = push(stage, &copy, &[&signer(3)], options);
    let after = copy.0.borrow();
    for (path, bytes) in before
        .iter()
        .filter(|(path, _)| *path != "metadata/timestamp.json")
    {
        assert_eq!(after.get(path), Some(bytes), "{path} was written again");
    }
    match published {
        Err(error) => {
            assert_refused(&error);
            let same = after.len() == before.len();
            assert!(same || error.code() == "publish_conflict", "{error}");
        }
        Ok(()) => {
            let folders = ["metadata/", "targets/", "records/"];
            let known = |path: &&String| !folders.iter().any(|folder| path.starts_with(folder));
            assert_eq!(after.keys().find(known), None);
            drop(after);
            let loaded = Repository::load(&copy, None);
            assert!(loaded.is_ok_and(|repository| repository.is_some()));
        }
    }
}

pub(crate) fn seeds(_: &Sources) -> Vec<Vec<u8>> {
    let origin = ORIGIN.lock().unwrap_or_else(|broken| broken.into_inner());
    let mut seeds = Vec::new();
    for (number, files) in (0_u8..).zip(&origin.stages) {
        seeds.push(vec![number << 4]);
        for (path, bytes) in files {
            if bytes.len() < 12_000 {
                for flags in [0, 1, 0b111, 0b1111] {
                    seeds.push(input(&[number << 4 | flags], &[(path, bytes)]));
                }
            }
            seeds.push(input(&[number << 4], &[(&format!("-{path}"), b"")]));
        }
    }
    seeds
}
