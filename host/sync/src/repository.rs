//! Carries a repository to where there is no network: as one file, verified on both sides.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use edgerail_trust::text::percent_encoded;
use edgerail_trust::{Client, Limits};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::archive::{Archive, Builder, MAX_BYTES};
use crate::driver::{Files, Remote, drive};
use crate::error::Error;
use crate::evidence::{metadata_path, version};
use crate::store::{Disk, put};
use crate::transport::{Base, Packed, Transport};

/// The most delegated roles that an export looks into.
const MAX_ROLES: usize = 4096;

/// The most targets that are exported at a time: as many files as an archive may hold.
const MAX_TARGETS: usize = 1 << 16;

/// What was carried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// The names of the targets, sorted.
    pub targets: Vec<String>,
    /// The version of the newest root.
    pub root: u64,
    /// The version of the timestamp.
    pub timestamp: u64,
    /// How many files of metadata.
    pub metadata: usize,
}

/// Packs a repository: the chain of roots from the pinned one, the metadata of today, and targets: those of `names`, or
/// all if there are none. Everything is verified before it is packed, so that a mistake is found here and not
/// behind the gap.
///
/// # Errors
/// [`Error`] of the transport or the TUF client; `target_missing` if one of `names` is not listed.
pub async fn export(
    transport: &dyn Transport,
    pinned_root: &[u8],
    limits: Limits,
    now: Option<u64>,
    names: &[String],
) -> Result<(Vec<u8>, Carried), Error> {
    let wrong = |error: &edgerail_trust::Error| Error::of_trust("the pinned root", error);
    let mut client = Client::new(pinned_root, limits).map_err(|error| wrong(&error))?;
    let mut files = Memory::default();
    let mut remote = Remote::new(transport);
    client.refresh(now);
    drive(&mut client, &mut files, Some(&mut remote), &mut Vec::new()).await?;
    let all = match names {
        [] => listed(&client, &files, &mut remote).await?,
        names => names.iter().cloned().collect(),
    };
    let mut archive = Builder::default();
    let mut carried = Carried::default();
    let mut total = 0_u64;
    for name in all {
        client.find(&name);
        drive(&mut client, &mut files, Some(&mut remote), &mut Vec::new()).await?;
        let Some(target) = client.found().cloned() else {
            if names.is_empty() {
                // Listed by a role that is not in charge of it: no client finds it either.
                continue;
            }
            return Err(Error::new(
                "target_missing",
                name,
                "the repository does not list it",
            ));
        };
        let path = target.path(client.consistent());
        let place = remote.transport.place(Base::Targets, &path);
        total = total.saturating_add(target.length);
        check_length(&place, total)?;
        let bytes = remote
            .get(Base::Targets, &path, target.length, None)
            .await?;
        let bytes = bytes.ok_or_else(|| {
            Error::new(
                "not_found",
                &place,
                "is listed and is not there; publish it again",
            )
        })?;
        target
            .verify(&bytes)
            .map_err(|error| Error::of_trust(&place, &error))?;
        archive.add(Base::Targets, &path, bytes);
        carried.targets.push(name);
    }
    let pinned = version(pinned_root).unwrap_or(0);
    archive.add(Base::Metadata, &format!("{pinned}.root.json"), pinned_root);
    let metadata = files.named(client.consistent());
    carried.metadata = metadata.len() + 1;
    for (name, bytes) in metadata {
        archive.add(Base::Metadata, &name, bytes.to_vec());
    }
    carried.root = client.root_version();
    carried.timestamp = client.version("timestamp").unwrap_or(0);
    Ok((archive.finish(), carried))
}

/// Refuses targets that together are longer than an archive may be: a length is signed, and may be any number.
fn check_length(place: &str, length: u64) -> Result<(), Error> {
    if length <= MAX_BYTES {
        return Ok(());
    }
    let message =
        format!("is listed with more than the {MAX_BYTES} bytes that targets may have together");
    Err(Error::new("too_large", place, message))
}

/// What is read of a role's file before anything in it is verified: no more than names. The rest is passed over, so
/// that it takes no memory.
#[derive(Default, Deserialize)]
struct Listing {
    signed: ListedNames,
}

#[derive(Default, Deserialize)]
struct ListedNames {
    #[serde(default)]
    targets: BTreeMap<String, IgnoredAny>,
    delegations: Option<ListedRoles>,
}

#[derive(Deserialize)]
struct ListedRoles {
    roles: Vec<ListedRole>,
}

#[derive(Deserialize)]
struct ListedRole {
    name: String,
}

/// The names that a repository lists, delegated ones too. Those of delegated roles are read before they are
/// verified and are no more than names to look for.
async fn listed(
    client: &Client,
    files: &Memory,
    remote: &mut Remote<'_>,
) -> Result<BTreeSet<String>, Error> {
    let stored = |file: &str| files.now.get(file).map(Arc::clone).unwrap_or_default();
    let snapshot: Value = serde_json::from_slice(&stored("snapshot.json")).unwrap_or(Value::Null);
    let mut names = BTreeSet::new();
    let mut seen = BTreeSet::new();
    // One file at a time: whoever answers may make each as long as it may be.
    let mut waiting = VecDeque::new();
    let mut bytes = Some(stored("targets.json").to_vec());
    loop {
        let listing = bytes.and_then(|bytes| serde_json::from_slice::<Listing>(&bytes).ok());
        let signed = listing.unwrap_or_default().signed;
        names.extend(signed.targets.into_keys());
        if names.len() > MAX_TARGETS {
            let message = format!("lists over {MAX_TARGETS} targets; export some by their names");
            return Err(Error::new("too_large", "the repository", message));
        }
        for role in signed.delegations.into_iter().flat_map(|d| d.roles) {
            if seen.len() < MAX_ROLES && seen.insert(role.name.clone()) {
                waiting.push_back(role.name);
            }
        }
        let Some(name) = waiting.pop_front() else {
            return Ok(names);
        };
        let file = format!("{}.json", percent_encoded(&name));
        let meta = &snapshot["signed"]["meta"][format!("{name}.json")];
        let path = match meta["version"].as_u64() {
            Some(version) if client.consistent() => format!("{version}.{file}"),
            _ => file,
        };
        let max = Limits::default().targets;
        bytes = remote.get(Base::Metadata, &path, max, None).await?;
    }
}

/// Unpacks an exported repository over the one in a folder (`metadata/` and `targets/`, ready to be served or to sync
/// from). All of it is verified first, from the pinned root and against what the folder holds: an older, foreign or
/// incomplete one changes nothing. With `dry_run` nothing is changed in any case. The timestamp is written last, so that a reader always finds a whole repository.
///
/// # Errors
/// [`Error`] of the TUF client, `archive` if it holds what is not listed, `state_write` if the folder cannot be
/// written to.
pub async fn import(
    archive: &Archive,
    place: &str,
    pinned_root: &[u8],
    limits: Limits,
    now: Option<u64>,
    folder: &dyn Disk,
    dry_run: bool,
) -> Result<Carried, Error> {
    let packed = Packed::new(archive.clone(), place);
    let mut client = Client::new(pinned_root, limits)
        .map_err(|error| Error::of_trust("the pinned root", &error))?;
    let mut files = Memory::of_repository(folder)?;
    let mut remote = Remote::new(&packed);
    client.refresh(now);
    drive(&mut client, &mut files, Some(&mut remote), &mut Vec::new()).await?;
    let mut carried = Carried::default();
    for path in archive.paths(Base::Targets) {
        let name = target_name(path, client.consistent()).ok_or_else(|| unlisted(place, path))?;
        client.find(&name);
        drive(&mut client, &mut files, Some(&mut remote), &mut Vec::new()).await?;
        let target = client
            .found()
            .filter(|target| target.path(client.consistent()) == path);
        let target = target.ok_or_else(|| unlisted(place, path))?;
        let bytes = archive.get(Base::Targets, path).unwrap_or_default();
        target
            .verify(bytes)
            .map_err(|error| Error::of_trust(place, &error))?;
        carried.targets.push(name);
    }
    carried.targets.sort();
    carried.root = client.root_version();
    carried.timestamp = client.version("timestamp").unwrap_or(0);
    let mut metadata = files.written(client.consistent());
    let pinned = version(pinned_root).unwrap_or(0);
    metadata.push((format!("{pinned}.root.json"), Arc::from(pinned_root)));
    carried.metadata = metadata.len();
    if !dry_run {
        write(archive, &metadata, folder)?;
    }
    Ok(carried)
}

fn write(
    archive: &Archive,
    metadata: &[(String, Arc<[u8]>)],
    folder: &dyn Disk,
) -> Result<(), Error> {
    for base in [Base::Targets, Base::Metadata] {
        folder.make_folder(base.folder()).map_err(|error| {
            let message = format!("{error}; let this user write here, or give another folder");
            Error::new("state_write", folder.place(base.folder()), message)
        })?;
    }
    for path in archive.paths(Base::Targets) {
        let bytes = archive.get(Base::Targets, path).unwrap_or_default();
        let path = format!("targets/{path}");
        if let Some((parent, _)) = path.rsplit_once('/') {
            folder.make_folder(parent).map_err(|error| {
                Error::new("state_write", folder.place(parent), error.to_string())
            })?;
        }
        put(folder, &path, bytes)?;
    }
    // What lists another comes after it.
    let rank = |name: &str| match name {
        "timestamp.json" => 3,
        name if name.ends_with("snapshot.json") => 2,
        name if name.ends_with(".root.json") => 0,
        _ => 1,
    };
    let mut ordered: Vec<_> = metadata.iter().collect();
    ordered.sort_by_key(|(name, _)| (rank(name), name.len(), name));
    for (name, bytes) in ordered {
        put(folder, &format!("metadata/{name}"), bytes)?;
    }
    Ok(())
}

fn unlisted(place: &str, path: &str) -> Error {
    Error::new(
        "archive",
        place,
        format!("holds targets/{path}, which its metadata does not list; export it again"),
    )
}

/// The target's name that a path stands for: with consistent snapshots the last part begins with a hash.
fn target_name(path: &str, consistent: bool) -> Option<String> {
    if !consistent {
        return Some(path.to_owned());
    }
    let (folder, file) = match path.rsplit_once('/') {
        Some((folder, file)) => (format!("{folder}/"), file),
        None => (String::new(), path),
    };
    let (_, name) = file.split_once('.')?;
    Some(format!("{folder}{name}"))
}

/// The TUF client's files, in memory.
#[derive(Default)]
struct Memory {
    now: BTreeMap<String, Arc<[u8]>>,
    /// What the client stored.
    stored: BTreeSet<String>,
}

impl Memory {
    /// What a repository's folder holds, as if a client had stored it: what is imported must not be older.
    fn of_repository(folder: &dyn Disk) -> Result<Memory, Error> {
        let mut memory = Memory::default();
        let mut newest: BTreeMap<String, u64> = BTreeMap::new();
        let wrong = |error: std::io::Error| {
            Error::new("state_read", folder.place("metadata"), error.to_string())
        };
        for path in folder.list("metadata").map_err(wrong)? {
            let numbered = path
                .split_once('.')
                .and_then(|(number, file)| Some((number.parse::<u64>().ok()?, file.to_owned())));
            let (number, file) = match numbered {
                Some((_, file)) if file == "root.json" => (0, format!("root_history/{path}")),
                Some((number, file)) => (number, file),
                None => (0, path.clone()),
            };
            let known = newest.get(&file).is_some_and(|known| *known > number);
            let whole = folder.read(&format!("metadata/{path}"), crate::store::METADATA_BYTES);
            if let (false, Some(bytes)) = (known, whole.map_err(wrong)?) {
                newest.insert(file.clone(), number);
                memory.now.insert(file, bytes.into());
            }
        }
        Ok(memory)
    }

    /// All files, by their names in a repository.
    fn named(&self, consistent: bool) -> Vec<(String, Arc<[u8]>)> {
        let files = self
            .now
            .iter()
            .filter(|(file, _)| file.as_str() != "root.json");
        let named = files.map(|(file, bytes)| {
            let name = match file.strip_prefix("root_history/") {
                Some(root) => root.to_owned(),
                None => metadata_path(file, bytes, consistent),
            };
            (name, Arc::clone(bytes))
        });
        named.collect()
    }

    /// The files that the client stored, by their names in a repository.
    fn written(&self, consistent: bool) -> Vec<(String, Arc<[u8]>)> {
        let now = self
            .now
            .iter()
            .filter(|(file, _)| self.stored.contains(*file));
        let now = now.map(|(file, bytes)| (file.clone(), Arc::clone(bytes)));
        let stored = Memory {
            now: now.collect(),
            stored: BTreeSet::new(),
        };
        stored.named(consistent)
    }
}

impl Files for Memory {
    fn load(&self, file: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.now.get(file).map(|bytes| bytes.to_vec()))
    }

    fn store(&mut self, file: &str, bytes: &[u8]) -> Result<(), Error> {
        self.now.insert(file.to_owned(), bytes.into());
        self.stored.insert(file.to_owned());
        Ok(())
    }

    fn remove(&mut self, file: &str) -> Result<(), Error> {
        self.now.remove(file);
        Ok(())
    }

    fn place(&self, file: &str) -> String {
        file.to_owned()
    }
}

/// What a look at a repository showed, from the pinned root and with nothing known before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// The roles, their versions and expiries.
    pub roles: Vec<crate::RoleStatus>,
    /// The newest signed time, in seconds since 1970.
    pub issued: Option<u64>,
    /// The target that was asked for: its length, its hash and what is signed about it.
    pub target: Option<InspectedTarget>,
}

/// A verified target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectedTarget {
    /// The target's name.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its `custom`, as JSON.
    pub custom: Option<String>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Verifies a repository as a new client would, and a target of it.
///
/// # Errors
/// [`Error`] of the transport or the TUF client; `target_missing` if the target is not listed.
pub async fn inspect(
    transport: &dyn Transport,
    pinned_root: &[u8],
    limits: Limits,
    now: Option<u64>,
    name: Option<&str>,
) -> Result<Inspected, Error> {
    let mut client = Client::new(pinned_root, limits)
        .map_err(|error| Error::of_trust("the pinned root", &error))?;
    let mut files = Memory::default();
    let mut remote = Remote::new(transport);
    client.refresh(now);
    drive(&mut client, &mut files, Some(&mut remote), &mut Vec::new()).await?;
    let mut inspected = Inspected {
        roles: crate::status::roles(&client),
        issued: client.issued(),
        target: None,
    };
    let Some(name) = name else {
        return Ok(inspected);
    };
    client.find(name);
    drive(&mut client, &mut files, Some(&mut remote), &mut Vec::new()).await?;
    let target = client.found().cloned();
    let target =
        target.ok_or_else(|| Error::of_refusal(name, crate::activation::Refusal::TargetMissing))?;
    let path = target.path(client.consistent());
    let place = transport.place(Base::Targets, &path);
    check_length(&place, target.length)?;
    let bytes = remote
        .get(Base::Targets, &path, target.length, None)
        .await?;
    let bytes =
        bytes.ok_or_else(|| Error::new("not_found", &place, "is listed and is not there"))?;
    target
        .verify(&bytes)
        .map_err(|error| Error::of_trust(&place, &error))?;
    let custom = target
        .custom
        .and_then(|custom| String::from_utf8(custom).ok());
    inspected.target = Some(InspectedTarget {
        name: target.name,
        sha256: crate::store::sha256(&bytes),
        custom,
        bytes,
    });
    Ok(inspected)
}
