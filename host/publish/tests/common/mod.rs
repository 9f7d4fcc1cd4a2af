//! What the tests of publishing share: keys, bundles, a repository in memory, clients.
#![allow(dead_code, reason = "no test uses all of it")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use edgerail_compile::definition::{self, ReadOptions};
use edgerail_compile::overlay::Overlay;
use edgerail_compile::{Audience as CompileFor, CompileOptions, compile};
use edgerail_publish::gate::Candidate;
use edgerail_publish::keys::{KeyType, LocalKey, Signer};
use edgerail_publish::name::{Audience, Line, Scope};
use edgerail_publish::{
    Allowed, Change, Error, Publication, PushOptions, Quorum, Repository, Result, Settings, Stage,
    Storage, Stored, Tag, TopRole, init, push,
};
use edgerail_trust::{Answer, Client, Limits, Step, Target};
use serde_json::Value;

/// 2026-11-21T18:00:00Z.
pub(crate) const NOW: u64 = 1_795_284_000;
pub(crate) const DAY: u64 = 86_400;
pub(crate) const SCOPE: &str = "aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1";

/// Most tests are about other things than what a bundle takes away.
pub(crate) const ALLOWED: Allowed = Allowed {
    shrink: true,
    weaker: true,
};

pub(crate) fn scope(name: &str) -> Scope {
    name.parse().unwrap()
}

pub(crate) fn server(name: &str) -> Line {
    Line {
        scope: scope(name),
        audience: Audience::Server,
    }
}

/// A bundle that blocks these words.
pub(crate) fn bundle(scope: &str, audience: Audience, words: &[&str]) -> Vec<u8> {
    let words: Vec<String> = words
        .iter()
        .map(|word| format!(r#"{{"text": "{word}"}}"#))
        .collect();
    let definition = format!(
        r#"{{"name": "g", "blockedInputMessaging": "No.", "blockedOutputsMessaging": "No.",
            "wordPolicyConfig": {{"wordsConfig": [{}]}}}}"#,
        words.join(",")
    );
    compiled(scope, audience, &definition)
}

/// A bundle of a guardrail as AWS answers it, with these identifiers.
pub(crate) fn identified(scope: &str, arn: &str, version: &str) -> Vec<u8> {
    let definition = format!(
        r#"{{"name": "g", "guardrailId": "abc123def456", "guardrailArn": "{arn}", "version": "{version}",
            "status": "READY", "createdAt": "2026-11-01T00:00:00Z", "updatedAt": "2026-11-01T00:00:00Z",
            "blockedInputMessaging": "No.", "blockedOutputsMessaging": "No.",
            "wordPolicy": {{"words": [{{"text": "heron"}}]}}}}"#
    );
    compiled(scope, Audience::Server, &definition)
}

pub(crate) fn compiled(scope: &str, audience: Audience, definition: &str) -> Vec<u8> {
    let read = definition::read(definition.as_bytes(), &ReadOptions::default());
    let guardrails = read
        .unwrap_or_else(|problems| panic!("{problems}"))
        .guardrails;
    let options = CompileOptions {
        audience: match audience {
            Audience::Server => CompileFor::Server,
            Audience::Browser => CompileFor::Browser,
        },
        scope: Some(scope.to_owned()),
        ..CompileOptions::default()
    };
    let compiled = compile(&guardrails, &Overlay::default(), &options);
    compiled
        .unwrap_or_else(|problems| panic!("{problems}"))
        .bundle
}

pub(crate) fn candidate(bytes: Vec<u8>) -> Candidate {
    Candidate::read("test.bundle", bytes, None).unwrap()
}

pub(crate) fn key() -> LocalKey {
    LocalKey::generate(KeyType::Ed25519).unwrap()
}

/// The keys of a repository: three of root and of targets, two of which have to sign, and one for the rest.
pub(crate) struct Keys {
    pub(crate) root: [LocalKey; 3],
    pub(crate) targets: [LocalKey; 3],
    pub(crate) online: LocalKey,
}

impl Keys {
    pub(crate) fn new() -> Keys {
        Keys {
            root: [key(), key(), key()],
            targets: [
                key(),
                key(),
                LocalKey::generate(KeyType::EcdsaP256).unwrap(),
            ],
            online: key(),
        }
    }

    pub(crate) fn quorums(&self) -> BTreeMap<TopRole, Quorum> {
        let quorum = |role, keys: &[&LocalKey], threshold| {
            let keys = keys.iter().map(|key| key.key()).collect();
            (role, Quorum::new(role, keys, threshold).unwrap())
        };
        BTreeMap::from([
            quorum(TopRole::Root, &self.root.each_ref(), 2),
            quorum(TopRole::Targets, &self.targets.each_ref(), 2),
            quorum(TopRole::Snapshot, &[&self.online], 1),
            quorum(TopRole::Timestamp, &[&self.online], 1),
        ])
    }

    /// Those that publish a bundle.
    pub(crate) fn publishers(&self) -> Vec<&dyn Signer> {
        vec![&self.targets[0], &self.targets[2], &self.online]
    }

    /// Those that make a repository.
    pub(crate) fn founders(&self) -> Vec<&dyn Signer> {
        let mut keys = self.publishers();
        keys.extend([&self.root[0] as &dyn Signer, &self.root[1]]);
        keys
    }
}

pub(crate) fn approved() -> Publication {
    Publication {
        approved_by: vec!["dana.ortiz@example.com".to_owned()],
        ticket: Some("SEC-41".to_owned()),
        reason: Some("first".to_owned()),
        sources: Vec::new(),
    }
}

pub(crate) fn at(now: u64) -> PushOptions {
    PushOptions {
        now,
        break_lock: false,
    }
}

/// A storage in memory that can be told to fail, and counts what is written.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) files: RefCell<BTreeMap<String, Vec<u8>>>,
    /// How many writes still succeed.
    pub(crate) left: Cell<Option<usize>>,
    pub(crate) writes: Cell<usize>,
    /// What somebody else does just before or after a file is written here.
    pub(crate) rival: RefCell<Option<Rival>>,
}

/// Somebody else who writes into the same folder.
pub(crate) struct Rival {
    /// The file that is being written here.
    pub(crate) path: &'static str,
    /// Whether he comes after that, not before.
    pub(crate) after: bool,
    /// What he does.
    pub(crate) act: fn(&Memory),
}

impl Memory {
    pub(crate) fn copy(&self) -> Memory {
        Memory {
            files: self.files.clone(),
            ..Memory::default()
        }
    }

    fn may_write(&self, path: &str) -> Result<()> {
        match self.left.get() {
            Some(0) => return Err(Error::new("storage", path, "no space left on device")),
            Some(left) => self.left.set(Some(left - 1)),
            None => {}
        }
        self.writes.set(self.writes.get() + 1);
        Ok(())
    }

    /// Lets the rival act, once.
    fn meet(&self, path: &str, after: bool) {
        let comes = |rival: &mut Rival| rival.path == path && rival.after == after;
        let rival = self.rival.borrow_mut().take_if(comes);
        if let Some(rival) = rival {
            (rival.act)(self);
        }
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        self.files
            .borrow()
            .get(path)
            .cloned()
            .unwrap_or_else(|| panic!("{path}"))
    }

    pub(crate) fn json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.read(path)).unwrap()
    }
}

impl Storage for Memory {
    fn place(&self) -> String {
        "memory".to_owned()
    }

    fn get(&self, path: &str) -> Result<Option<Stored>> {
        let bytes = self.files.borrow().get(path).cloned();
        Ok(bytes.map(|bytes| Stored { bytes, tag: None }))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>> {
        let (folder, files) = (folder.trim_end_matches('/'), self.files.borrow());
        let below = files.keys().filter(|path| {
            let rest = path.strip_prefix(folder);
            rest.is_some_and(|rest| rest.starts_with('/'))
        });
        Ok(below.cloned().collect())
    }

    fn create(&self, path: &str, bytes: &[u8]) -> Result<bool> {
        self.meet(path, false);
        if self.files.borrow().contains_key(path) {
            return Ok(false);
        }
        self.may_write(path)?;
        self.files
            .borrow_mut()
            .insert(path.to_owned(), bytes.to_vec());
        Ok(true)
    }

    // Like a folder, it cannot tell whether the file still is the version of the tag.
    fn replace(&self, path: &str, bytes: &[u8], _tag: Option<&Tag>) -> Result<bool> {
        self.may_write(path)?;
        self.meet(path, false);
        self.files
            .borrow_mut()
            .insert(path.to_owned(), bytes.to_vec());
        self.meet(path, true);
        Ok(true)
    }

    fn remove(&self, path: &str) -> Result<()> {
        self.may_write(path)?;
        self.files.borrow_mut().remove(path);
        Ok(())
    }
}

pub(crate) fn load(storage: &dyn Storage) -> Repository {
    Repository::load(storage, None).unwrap().unwrap()
}

/// A repository without bundles.
pub(crate) fn founded(keys: &Keys) -> Memory {
    let memory = Memory::default();
    let mut stage = init(&keys.quorums(), &Settings::default(), &approved(), NOW).unwrap();
    push(&mut stage, &memory, &keys.founders(), at(NOW)).unwrap();
    memory
}

/// Changes a repository and publishes that.
pub(crate) fn publish(
    storage: &dyn Storage,
    keys: &Keys,
    now: u64,
    make: impl FnOnce(&mut Change<'_>) -> Result<()>,
) -> Result<()> {
    let mut stage = staged(storage, now, make)?;
    push(&mut stage, storage, &keys.publishers(), at(now))
}

/// Changes a repository and leaves the change unsigned.
pub(crate) fn staged(
    storage: &dyn Storage,
    now: u64,
    make: impl FnOnce(&mut Change<'_>) -> Result<()>,
) -> Result<Stage> {
    let repository = load(storage);
    let mut change = Change::new(&repository, storage, now)?;
    change.allow(ALLOWED);
    make(&mut change)?;
    change.finish(&approved())
}

/// Makes these words the current bundle of the scope.
pub(crate) fn add(storage: &dyn Storage, keys: &Keys, now: u64, words: &[&str]) -> Result<()> {
    publish(storage, keys, now, |change| {
        let candidate = candidate(bundle(SCOPE, Audience::Server, words));
        change
            .add_current(&server(SCOPE), &candidate, Value::Null)
            .map(drop)
    })
}

/// A client of the trust crate, with what it has stored.
pub(crate) struct Reader {
    pub(crate) client: Client,
    stored: BTreeMap<String, Vec<u8>>,
    /// How many bytes of metadata it has fetched.
    pub(crate) fetched: usize,
    pub(crate) requests: usize,
}

impl Reader {
    pub(crate) fn new(storage: &Memory) -> Reader {
        let pin = storage.read("metadata/1.root.json");
        Reader {
            client: Client::new(&pin, Limits::default()).unwrap(),
            stored: BTreeMap::new(),
            fetched: 0,
            requests: 0,
        }
    }

    fn drive(&mut self, storage: &Memory) -> std::result::Result<(), &'static str> {
        loop {
            match self.client.step().map_err(|error| error.code())? {
                Step::Done => return Ok(()),
                Step::Load { file } => match self.stored.get(&file) {
                    Some(bytes) => self.client.answer(Answer::Bytes(bytes)),
                    None => self.client.answer(Answer::Absent),
                },
                Step::Fetch { path, .. } => {
                    self.requests += 1;
                    match storage.get(&format!("metadata/{path}")).unwrap() {
                        Some(stored) => {
                            self.fetched += stored.bytes.len();
                            self.client.answer(Answer::Bytes(&stored.bytes));
                        }
                        None => self.client.answer(Answer::Absent),
                    }
                }
                Step::Store { file, bytes } => {
                    self.stored.insert(file, bytes);
                    self.client.answer(Answer::Done);
                }
                Step::Remove { file } => {
                    self.stored.remove(&file);
                    self.client.answer(Answer::Done);
                }
            }
        }
    }

    pub(crate) fn refresh(
        &mut self,
        storage: &Memory,
        now: u64,
    ) -> std::result::Result<(), &'static str> {
        self.client.refresh(Some(now));
        self.drive(storage)
    }

    /// A target and its bytes.
    pub(crate) fn find(&mut self, storage: &Memory, name: &str) -> Option<(Target, Vec<u8>)> {
        self.client.find(name);
        self.drive(storage).unwrap();
        let target = self.client.found()?.clone();
        let bytes = storage.read(&format!(
            "targets/{}",
            target.path(self.client.consistent())
        ));
        target.verify(&bytes).unwrap();
        Some((target, bytes))
    }
}

/// What stands in `custom` of a target.
pub(crate) fn custom(target: &Target) -> Value {
    serde_json::from_slice(target.custom.as_deref().unwrap()).unwrap()
}
