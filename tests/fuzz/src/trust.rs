//! The targets of the TUF client: its JSON, the metadata of each role, and the client under any answers.

use std::sync::LazyLock;

use edgerail_trust::testing::{NOW, Repository, Signer, Storage, envelope};
use edgerail_trust::{Answer, Client, Limits, Step, glob, json};

use crate::seeds::Sources;

const ROLES: [&str; 5] = ["root", "timestamp", "snapshot", "targets", "role"];

/// A repository with a delegation, published twice.
static REPOSITORY: LazyLock<Repository> = LazyLock::new(|| {
    let mut repository = Repository::new(1);
    repository.delegate("targets", "role", Signer::ed25519(9), &["a*"]);
    repository.target(
        "role",
        "a.bundle",
        b"abc",
        Some(r#"{"version":1,"x":["\u00e9"]}"#),
    );
    repository.target("targets", "b.bundle", b"abcd", None);
    let old = repository.roles["root"].keys.clone();
    repository.rotate("root", Signer::ed25519(10));
    repository.role("root").signers.extend(old);
    let timestamp = repository.role("timestamp");
    timestamp
        .extra
        .insert("x-issued".into(), "\"2025-12-31T00:00:00Z\"".into());
    repository.publish(&["root", "role", "targets", "snapshot", "timestamp"]);
    repository
});

/// Any bytes as JSON: what is read has one canonical form, which reads as the same.
pub fn json(input: &[u8]) {
    let Ok(value) = json::parse(input) else {
        return;
    };
    let canonical = value.canonical();
    assert!(std::str::from_utf8(&canonical).is_ok());
    // Canonical JSON has control characters as they are, which JSON has not: those texts cannot be read again.
    if !canonical.iter().any(|byte| *byte < 0x20) {
        let again = json::parse(&canonical).expect("canonical JSON is JSON");
        assert_eq!(again, value);
        assert_eq!(again.canonical(), canonical);
    }
    let theirs: serde_json::Value = serde_json::from_slice(input).expect("what we read is JSON");
    assert_eq!(theirs.is_object(), value.as_object().is_some());
}

pub fn json_seeds(_: &Sources) -> Vec<Vec<u8>> {
    REPOSITORY.files.values().cloned().collect()
}

/// A client that asks for a role's file, for each role but the root.
static ASKING: LazyLock<Vec<Client>> = LazyLock::new(|| {
    let paths = ROLES[1..].iter().map(|role| REPOSITORY.path(role));
    paths.map(|path| asking(&path)).collect()
});

fn asking(wanted: &str) -> Client {
    let mut client = Client::new(REPOSITORY.pinned(), Limits::default()).expect("a root");
    let mut storage = Storage::default();
    client.refresh(Some(NOW));
    loop {
        match client.step().expect("a valid repository") {
            Step::Load { file } => match storage.files.get(&file) {
                Some(bytes) => client.answer(Answer::Bytes(bytes)),
                None => client.answer(Answer::Absent),
            },
            Step::Fetch { path, .. } if path == wanted => return client,
            Step::Fetch { path, .. } => match REPOSITORY.files.get(&path) {
                Some(bytes) => client.answer(Answer::Bytes(bytes)),
                None => client.answer(Answer::Absent),
            },
            Step::Store { file, bytes } => {
                storage.files.insert(file, bytes);
                client.answer(Answer::Done);
            }
            Step::Remove { .. } => client.answer(Answer::Done),
            Step::Done => client.find("a.bundle"),
        }
    }
}

/// Any bytes as a role's metadata: the first byte says which; if the rest is JSON it is signed, so that what
/// reads the roles is reached, else it is given as it is.
pub fn metadata(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else {
        return;
    };
    let role = usize::from(first % 5);
    let signed = std::str::from_utf8(rest)
        .ok()
        .filter(|_| json::parse(rest).is_ok());
    let signers = &REPOSITORY.roles[ROLES[role]].signers;
    let bytes = match signed {
        Some(signed) if first & 64 == 0 => envelope(signed, signers),
        _ => rest.to_vec(),
    };
    if role == 0 {
        if let Ok(client) = Client::new(&bytes, Limits::default()) {
            assert!(client.root_version() > 0);
        }
        return;
    }
    let mut client = ASKING[role - 1].clone();
    client.answer(Answer::Bytes(&bytes));
    match client.step() {
        Ok(Step::Store { bytes: stored, .. }) => assert_eq!(stored, bytes),
        Ok(step) => panic!("{step:?}"),
        Err(error) => assert!(!error.code().is_empty() && !error.to_string().is_empty()),
    }
}

pub fn metadata_seeds(_: &Sources) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (number, role) in (0_u8..).zip(ROLES) {
        seeds.push([&[number][..], REPOSITORY.signed(role).as_bytes()].concat());
        let file = &REPOSITORY.files[&REPOSITORY.path(role)];
        seeds.push([&[number + 65][..], file].concat());
    }
    seeds
}

/// A client under any answers: the input says how each step is answered, with the right file, another one, a
/// changed one, any bytes or nothing. No version may fall, no cycle may be endless, and nothing is stored
/// that was not given.
pub fn client(input: &[u8]) {
    let mut client = Client::new(REPOSITORY.pinned(), Limits::default()).expect("a root");
    let mut storage = Storage::default();
    let mut input = input.iter().copied();
    let mut newest = 0;
    for _ in 0..8 {
        let Some(first) = input.next() else { return };
        match first % 4 {
            0 => client.restore(Some(NOW)),
            1 => client.find("a.bundle"),
            _ => client.refresh((first & 8 == 0).then_some(NOW)),
        }
        let offline = first % 4 == 0;
        for step in 0.. {
            assert!(step < 200, "a cycle without end");
            let given = match client.step() {
                Err(error) => {
                    assert_ne!(error.code(), "sequence");
                    break;
                }
                Ok(Step::Done) => break,
                Ok(Step::Load { file }) => storage.files.get(&file).cloned(),
                Ok(Step::Fetch { path, .. }) => {
                    assert!(!offline, "{path} is fetched");
                    answer(&mut input, &path)
                }
                Ok(Step::Store { file, bytes }) => {
                    storage.files.insert(file, bytes);
                    client.answer(Answer::Done);
                    continue;
                }
                Ok(Step::Remove { file }) => {
                    storage.files.remove(&file);
                    client.answer(Answer::Done);
                    continue;
                }
            };
            match &given {
                Some(bytes) => client.answer(Answer::Bytes(bytes)),
                None => client.answer(Answer::Absent),
            }
        }
        let root = client.root_version();
        assert!(root >= newest, "root {newest} fell to {root}");
        newest = root;
        if client.ready() {
            let (name, length) = ("a.bundle", 3);
            if let Some(target) = client.found() {
                assert_eq!((target.name.as_str(), target.length), (name, length));
            }
        }
    }
}

fn answer(input: &mut impl Iterator<Item = u8>, path: &str) -> Option<Vec<u8>> {
    let right = REPOSITORY.files.get(path).cloned();
    match input.next().unwrap_or(0) {
        0..=127 => right,
        128..=159 => None,
        160..=191 => {
            let number = usize::from(input.next().unwrap_or(0));
            REPOSITORY
                .files
                .values()
                .nth(number % REPOSITORY.files.len())
                .cloned()
        }
        192..=223 => {
            let mut bytes = right?;
            let at = usize::from(input.next()?) * 256 + usize::from(input.next()?);
            let length = bytes.len();
            bytes[at % length] ^= input.next()?;
            Some(bytes)
        }
        _ => Some(input.by_ref().take(64).collect()),
    }
}

pub fn client_seeds(_: &Sources) -> Vec<Vec<u8>> {
    vec![
        vec![2; 64],
        [&[2][..], &[0; 7], &[1, 0, 0], &[0], &[1], &[2, 0, 130, 0]].concat(),
        [&[2, 0, 0, 0, 200, 1, 1, 1], &[2; 20][..], &[160; 20]].concat(),
    ]
}

/// A pattern and a name, divided by a line feed: matching ends, and agrees with itself on plain text.
pub fn pattern(input: &[u8]) {
    let Some((pattern, name)) = std::str::from_utf8(input)
        .ok()
        .and_then(|text| text.split_once('\n'))
    else {
        return;
    };
    let matched = glob::matches(pattern, name);
    if !pattern.contains(['*', '?', '[']) {
        assert_eq!(matched, pattern == name);
    }
    assert!(!matched || glob::matches(&name.replace(['*', '?', '['], "?"), name));
    assert!(name.contains('/') || glob::matches("*", name));
}

pub fn pattern_seeds(_: &Sources) -> Vec<Vec<u8>> {
    [
        "aws~*.bundle\naws~o.bundle",
        "[!a-c]?*[]]\nxyz]",
        "a/*/c\na/b/c",
    ]
    .map(|seed| seed.as_bytes().to_vec())
    .to_vec()
}
