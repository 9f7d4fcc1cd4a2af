//! `tough`, the TUF library of AWS, as an oracle: both clients get the same repositories, honest and attacked,
//! from the same pinned root and with the same history, and must accept and reject alike.
//!
//! Random repositories from seeds: 150 by default, `EDGERAIL_ORACLE=n` for n. The differences that are known
//! have a name each in [`Known`]; any other fails.

use edgerail_trust::testing::{Repository, Role, Signer, Stop, Storage};
use edgerail_trust::{Client, Limits, glob};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Knuth's MMIX generator: the same choices everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

const NAMES: [&str; 8] = [
    "aws~o-1~us-east-1.bundle",
    "aws~o-1~us-east-1.browser.bundle",
    "aws~o-1~eu-west-1.bundle",
    "aws~o-1~ou-ab12~us-east-1.bundle",
    "aws~o-1~ou-ab12~us-east-1.next.bundle",
    "a.bundle",
    "b.bundle",
    "c",
];
const PATTERNS: [&str; 8] = [
    "*",
    "aws~o-1~*",
    "*.bundle",
    "*us-east-1*",
    "a.bundle",
    "?.bundle",
    "*.next.bundle",
    "c",
];

/// A tree of delegations with keys, thresholds and targets at random.
fn repository(random: &mut Random) -> Repository {
    let mut repository = Repository::new(1 + random.below(1000) as u64);
    for name in ["root", "targets", "snapshot", "timestamp"] {
        keys(random, repository.role(name));
    }
    let mut names = vec!["targets".to_owned()];
    // What each role may have: tough refuses a role that lists more, this client passes it by.
    let mut allowed: BTreeMap<String, Vec<&str>> =
        BTreeMap::from([(names[0].clone(), NAMES.to_vec())]);
    for number in 0..random.below(5) {
        let (delegator, name) = (random.pick(&names), format!("role-{number}"));
        let mut paths: Vec<&str> = vec![random.pick(&PATTERNS)];
        if random.below(3) == 0 {
            paths.push(random.pick(&PATTERNS));
        }
        let delegated = repository.delegate(&delegator, &name, Signer::ed25519(1), &paths);
        delegated.terminating = random.below(4) == 0;
        let role = repository.role(&name);
        keys(random, role);
        let (listed, threshold) = (role.keys.clone(), role.threshold);
        let delegated = repository
            .role(&delegator)
            .delegations
            .last_mut()
            .expect("just added");
        (delegated.keys, delegated.threshold) = (listed, threshold);
        let mut within = allowed[&delegator].clone();
        within.retain(|name| paths.iter().any(|path| glob::matches(path, name)));
        allowed.insert(name.clone(), within);
        names.push(name);
    }
    for name in &names {
        for _ in 0..random.below(4) {
            let target = random.pick(&NAMES);
            let length = random.below(9);
            if allowed[name].contains(&target) {
                repository.target(name, target, &vec![b'x'; length], Some(r#"{"version":1}"#));
            }
        }
    }
    // The pinned root is of version 2: the first has other keys.
    publish_all(&mut repository);
    repository
}

/// One to three keys; as many signers as the threshold says, or more.
fn keys(random: &mut Random, role: &mut Role) {
    let seed = 10_000 + random.below(1_000_000) as u64;
    let count = 1 + random.below(3);
    role.keys = (0..count as u64)
        .map(|number| {
            if (seed + number).is_multiple_of(3) {
                Signer::p256(seed + number)
            } else {
                Signer::ed25519(seed + number)
            }
        })
        .collect();
    role.threshold = 1 + random.below(count) as u64;
    let signers = role.threshold as usize + random.below(count + 1 - role.threshold as usize);
    role.signers = role.keys[..signers].to_vec();
}

fn publish_all(repository: &mut Repository) {
    let names: Vec<String> = repository.roles.keys().cloned().collect();
    repository.publish(&names.iter().map(String::as_str).collect::<Vec<_>>());
}

/// What an attacker, or an honest publisher, does next. Gives what was done and to which role.
fn change(
    random: &mut Random,
    repository: &mut Repository,
    before: &Repository,
) -> (&'static str, String) {
    let all: Vec<String> = repository.roles.keys().cloned().collect();
    let name = random.pick(&all);
    let other = random.pick(&all);
    let honest = random.below(2) == 0;
    if honest {
        repository.update(&name);
    }
    let path = repository.path(&name);
    let done = match random.below(17) {
        0 => "nothing",
        1 => {
            repository.role(&name).signers.pop();
            repository.update(&name);
            "a signature less"
        }
        2 => {
            repository.role(&name).signers = vec![Signer::ed25519(5)];
            repository.update(&name);
            "a stranger's signature"
        }
        3 => {
            repository.role(&name).expires = "2020-01-01T00:00:00Z".into();
            repository.update(&name);
            "expired"
        }
        4 => {
            let bytes = repository.files.get_mut(&path).expect("published");
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
            "a bit flipped"
        }
        5 => {
            repository.files.remove(&path);
            "a file missing"
        }
        6 => {
            let bytes = repository.files[&repository.path(&other)].clone();
            repository.files.insert(path, bytes);
            "another role's file"
        }
        7 => {
            let role = repository.role(&name);
            role.version = role.version.saturating_sub(3).max(1);
            repository.update(&name);
            "an older version"
        }
        8 => {
            let old = before.files[&before.path(&name)].clone();
            repository.files.insert(path, old);
            "the file of before"
        }
        9 => {
            let role = repository.role(&name);
            role.threshold += 1;
            repository.publish(&["root"]);
            "a threshold raised"
        }
        10 => {
            let text = repository
                .signed(&name)
                .replace("\"version\":", "\"version\":1");
            let bytes = edgerail_trust::testing::envelope(&text, &repository.roles[&name].signers);
            repository.files.insert(path, bytes);
            "another version under the path"
        }
        11 => {
            repository
                .role(&name)
                .extra
                .insert("x".into(), "\"y\"".into());
            repository.write(&name);
            "other content of the same version"
        }
        12 => {
            let signer = repository.roles[&name].signers[0].clone();
            repository.role(&name).signers.push(signer);
            repository.update(&name);
            "a signature twice"
        }
        13 => {
            keys(random, repository.role(&name));
            repository.publish(&["root"]);
            repository.update(&name);
            "keys replaced, the old root's not signing"
        }
        14 => {
            let old = repository.roles["root"].signers.clone();
            keys(random, repository.role("root"));
            repository.role("root").signers.extend(old);
            repository.publish(&["root"]);
            "the root's keys replaced"
        }
        15 => {
            let bytes = repository.files.get_mut(&path).expect("published");
            bytes.truncate(bytes.len() / 2);
            "half a file"
        }
        _ => {
            repository
                .files
                .get_mut(&path)
                .expect("published")
                .push(b'\n');
            "a byte more"
        }
    };
    (done, name)
}

/// What a client says: the lengths of the targets found, or why nothing is accepted.
type Verdict = Result<BTreeMap<&'static str, u64>, String>;

fn ours(repository: &Repository, storage: &mut Storage, pinned: &[u8], now: u64) -> Verdict {
    let code = |stop| match stop {
        Stop::Refused(error) => edgerail_trust::Error::code(&error).to_owned(),
        Stop::Crashed => "crashed".to_owned(),
    };
    let mut client =
        Client::new(pinned, Limits::default()).map_err(|error| error.code().to_owned())?;
    client.refresh(Some(now));
    storage
        .drive(&mut client, |path| repository.fetch(path))
        .map_err(code)?;
    let mut found = BTreeMap::new();
    for name in NAMES {
        client.find(name);
        storage
            .drive(&mut client, |path| repository.fetch(path))
            .map_err(code)?;
        if let Some(target) = client.found() {
            found.insert(name, target.length);
        }
    }
    Ok(found)
}

/// tough reads all delegated roles at once; `folder` has `metadata` and the datastore.
fn toughs(repository: &Repository, folder: &Path, pinned: &[u8]) -> Verdict {
    let metadata = folder.join("metadata");
    let _ = fs::remove_dir_all(&metadata);
    fs::create_dir_all(&metadata).expect("a folder");
    for (path, bytes) in &repository.files {
        fs::write(metadata.join(path), bytes).expect("written");
    }
    let datastore = folder.join("datastore");
    fs::create_dir_all(&datastore).expect("a folder");
    let url = |path: &Path| url::Url::from_directory_path(path).expect("an absolute path");
    let loader = tough::RepositoryLoader::new(&pinned, url(&metadata), url(&metadata))
        .transport(tough::FilesystemTransport)
        .datastore(datastore);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let loaded = runtime
        .block_on(loader.load())
        .map_err(|error| error.to_string())?;
    let mut found = BTreeMap::new();
    for name in NAMES {
        let target = tough::TargetName::new(name).expect("a name");
        if let Ok(target) = loaded.targets().signed.find_target(&target, false) {
            found.insert(name, target.length);
        }
    }
    Ok(found)
}

/// Differences with a reason.
#[derive(Debug, PartialEq, Eq)]
enum Known {
    /// tough takes other content under a trusted version; the section 5.4.3.1 only says that there should be
    /// no change.
    Equivocation,
    /// tough reads upper-case hexadecimal.
    HexCase,
    /// tough fetches all roles each time, this client those on the way to a target, and not what it has stored.
    NotFetched,
    /// tough ends its loading quietly at a delegated role that the snapshot does not list.
    Unlisted,
    /// A stored snapshot that today's keys did not sign: see docs/trust.md; tough keeps what was stored.
    Foreign,
}

fn known(
    ours: &Verdict,
    toughs: &Verdict,
    done: &str,
    changed_case_only: bool,
    fetched: bool,
) -> Option<Known> {
    match (ours, toughs) {
        (Err(code), Ok(_)) if code == "equivocation" => Some(Known::Equivocation),
        (Err(code), Ok(_)) if code == "signatures" && changed_case_only => Some(Known::HexCase),
        (Err(code), Ok(_)) if code == "unlisted" => Some(Known::Unlisted),
        (Ok(_), Err(_)) if !fetched => Some(Known::NotFetched),
        (Ok(_), Err(_)) if done.contains("threshold") || done.contains("keys replaced") => {
            Some(Known::Foreign)
        }
        _ => None,
    }
}

#[test]
fn accepts_and_rejects_as_tough_does() {
    let count = std::env::var("EDGERAIL_ORACLE")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(150_u64);
    let base = Folder::new();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock")
        .as_secs();
    let (mut accepted, mut rejected) = (0, 0);
    let mut differences: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..count {
        let mut random = Random(seed);
        let folder = base.0.join(seed.to_string());
        let before = repository(&mut random);
        let pinned = before.files["2.root.json"].clone();
        let mut storage = Storage::default();
        let first = ours(&before, &mut storage, &pinned, now);
        assert_eq!(
            first,
            toughs(&before, &folder, &pinned),
            "seed {seed}: an honest repository"
        );
        assert!(first.is_ok(), "seed {seed}: {first:?}");

        let mut after = before.clone();
        let (done, name) = change(&mut random, &mut after, &before);
        let path = after.path(&name);
        let case_only = after.files.get(&path).is_some_and(|bytes| {
            before
                .files
                .get(&path)
                .is_some_and(|old| bytes.eq_ignore_ascii_case(old))
        });
        // Once with the history of before, once by clients that begin.
        for fresh in [false, true] {
            let (mut storage, folder) = if fresh {
                (Storage::default(), folder.join("fresh"))
            } else {
                (storage.clone(), folder.clone())
            };
            storage.log.clear();
            let mine = ours(&after, &mut storage, &pinned, now);
            let theirs = toughs(&after, &folder, &pinned);
            let fetched = storage.log.contains(&format!("fetch {path}"));
            let agree = match (&mine, &theirs) {
                (Ok(mine), Ok(theirs)) => mine == theirs,
                (Err(_), Err(_)) => true,
                _ => false,
            };
            if agree {
                if mine.is_ok() {
                    accepted += 1
                } else {
                    rejected += 1
                }
                continue;
            }
            let why = known(&mine, &theirs, done, case_only, fetched);
            let why = why.unwrap_or_else(|| {
                panic!("seed {seed}, {done} of {name}, fresh {fresh}: {mine:?} / {theirs:?}")
            });
            *differences.entry(format!("{why:?}")).or_default() += 1;
        }
    }
    // The seeds must reach both answers, and the known differences stay few.
    let different: u32 = differences.values().sum();
    assert!(
        accepted > rejected / 4 && rejected > accepted / 4,
        "{accepted} accepted, {rejected} rejected, {differences:?}"
    );
    assert!(
        u64::from(different) <= count / 4,
        "{accepted} accepted, {rejected} rejected, {differences:?}"
    );
    if std::env::var_os("EDGERAIL_ORACLE").is_some() {
        let report = format!("{accepted} accepted, {rejected} rejected alike, {differences:?}\n");
        fs::write(std::env::temp_dir().join("edgerail-oracle.txt"), report).expect("written");
    }
}

#[test]
fn matches_names_as_tough_does() {
    let mut random = Random(1);
    let letters = ["a", "b", "~", ".", "-", "_", "0", "*", "?", "[", "]", "!"];
    let (mut matched, mut not) = (0, 0);
    for _ in 0..20_000 {
        // What our publisher writes, and classes, which both read alike where they are closed.
        let pattern: String = (0..random.below(6))
            .map(|_| random.pick(&letters[..9]))
            .collect();
        let pattern = if random.below(4) == 0 {
            format!("{pattern}[a-b0]")
        } else {
            pattern
        };
        let name: String = (0..random.below(6))
            .map(|_| random.pick(&letters[..7]))
            .collect();
        // globset has a meaning of its own for two stars in a row, and tough has no empty names.
        if pattern.contains("**")
            || name.is_empty()
            || tough::TargetName::new(&name).map_or(true, |clean| clean.resolved() != name)
        {
            continue;
        }
        let delegation = format!(
            r#"{{"keys":{{}},"roles":[{{"name":"r","keyids":[],"threshold":1,"terminating":false,"paths":["{pattern}"]}}]}}"#
        );
        let delegations: tough::schema::Delegations =
            serde_json::from_str(&delegation).expect("delegations");
        let theirs =
            delegations.target_is_delegated(&tough::TargetName::new(&name).expect("a name"));
        let mine = glob::matches(&pattern, &name);
        assert_eq!(mine, theirs, "{pattern} {name}");
        if mine { matched += 1 } else { not += 1 }
    }
    assert!(matched > 500 && not > 500, "{matched} {not}");
}

#[test]
fn signs_the_bytes_that_tough_signs() {
    // Canonical JSON of olpc-cjson, through a file that tough verifies: names in any order, escapes, unicode.
    for custom in [
        r#"{"b":1,"a":"\u00e9\"\\/\t"}"#,
        r#"{"ü":[{"z":0,"y":-1}],"\ud83d\ude00":{},"~":[]}"#,
        r#"{"n":18446744073709551615,"m":-9223372036854775808}"#,
        // A name that another one begins with, and then has ` ` or `!`, is sorted otherwise by tough: it takes
        // the closing quote for a letter. python-tuf sorts as this client does.
        r##"{"a$":1,"a#":2,"a":3,"A":4}"##,
    ] {
        let mut repository = Repository::new(3);
        repository.target("targets", NAMES[0], b"abc", Some(custom));
        repository.update("targets");
        let base = Folder::new();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("a clock")
            .as_secs();
        let mine = ours(
            &repository,
            &mut Storage::default(),
            repository.pinned(),
            now,
        );
        assert_eq!(
            mine,
            toughs(&repository, &base.0, repository.pinned()),
            "{custom}"
        );
        assert_eq!(mine.expect("accepted")[NAMES[0]], 3);
    }
}

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("oracle-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
