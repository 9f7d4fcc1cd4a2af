//! Carries a repository to where there is no network: as one file, verified on both sides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use edgerail_trust::text::percent_encoded;
use edgerail_trust::{Client, Code, Limits, Target};

use crate::archive::{self, Archive, Builder};
use crate::driver::{Remote, drive};
use crate::error::Error;
use crate::evidence::version;
use crate::memory::Memory;
use crate::roles::{delegated, walk};
use crate::store::{Disk, put};
use crate::transport::{Base, Packed, Transport};

pub(crate) const LISTED_ONLY: &str = "is listed and is not there";
pub(crate) const PUBLISH_AGAIN: &str = "Publish it again.";
pub(crate) const EXPORT_LESS: &str = "Export the targets that you need, with --target.";

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
/// all if there are none, with all roles. Everything is verified before it is looked into or packed, so that a mistake is
/// found here and not behind the gap.
///
/// # Errors
/// [`Error`] of the transport or the TUF client; `target_missing` if one of `names` is not listed; `too_large` if it is
/// more than a file may hold.
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
        [] => {
            let roles = delegated(&files);
            let walked = walk(&mut client, &mut files, &mut remote, roles).await?;
            if let Some(role) = walked.absent.into_iter().next() {
                let message = "the snapshot lists the role and it is not there";
                return Err(Error::new("not_found", role, message).remedy_is(PUBLISH_AGAIN));
            }
            walked.names
        }
        names => names.iter().cloned().collect(),
    };
    let mut archive = Builder::default();
    let mut carried = Carried::default();
    let mut length = 0_u64;
    for name in all {
        let Some(target) = find(&mut client, &mut files, &mut remote, &name).await? else {
            if names.is_empty() {
                // Listed by a role that is not in charge of it: no client finds it either.
                continue;
            }
            let message = "the repository does not list it";
            return Err(Error::new("target_missing", name, message));
        };
        length = length.saturating_add(target.length);
        if length > archive::MAX_BYTES {
            let most = archive::MAX_BYTES;
            let message = format!("with it there are more than {most} bytes of targets");
            return Err(Error::new("too_large", name, message).remedy_is(EXPORT_LESS));
        }
        let (path, bytes) = download(&client, &mut remote, &target).await?;
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

async fn find(
    client: &mut Client,
    files: &mut Memory,
    remote: &mut Remote<'_>,
    name: &str,
) -> Result<Option<Target>, Error> {
    client.find(name);
    drive(client, files, Some(remote), &mut Vec::new()).await?;
    Ok(client.found().cloned())
}

/// A target's path and its verified bytes.
async fn download(
    client: &Client,
    remote: &mut Remote<'_>,
    target: &Target,
) -> Result<(String, Vec<u8>), Error> {
    let path = target.path(client.consistent());
    let place = remote.transport.place(Base::Targets, &path);
    // A length is signed, and may be any number.
    if target.length > archive::MAX_BYTES {
        let message = format!("is longer than {} bytes", archive::MAX_BYTES);
        return Err(Error::new("too_large", place, message));
    }
    let bytes = remote
        .get(Base::Targets, &path, target.length, None)
        .await?;
    let missing = || Error::new("not_found", &place, LISTED_ONLY).remedy_is(PUBLISH_AGAIN);
    let bytes = bytes.ok_or_else(missing)?;
    target
        .verify(&bytes)
        .map_err(|error| Error::of_trust(&place, &error))?;
    Ok((path, bytes))
}

/// Unpacks an exported repository over the one in a folder (`metadata/` and `targets/`, ready to be served or to sync
/// from). All of it is verified first, from the pinned root and against what the folder holds: an older, foreign or
/// incomplete one changes nothing. With `dry_run` nothing is changed in any case. The timestamp is written last, so that a
/// reader always finds a whole repository.
///
/// # Errors
/// [`Error`] of the TUF client, `archive` if it holds what is not listed, `incomplete` if clients of another target that
/// the folder serves would find it no more, `state_write` if the folder cannot be written to.
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
        let target = find(&mut client, &mut files, &mut remote, &name).await?;
        let target = target.filter(|target| target.path(client.consistent()) == path);
        let target = target.ok_or_else(|| unlisted(place, path))?;
        let bytes = archive.get(Base::Targets, path).unwrap_or_default();
        target
            .verify(bytes)
            .map_err(|error| Error::of_trust(place, &error))?;
        carried.targets.push(name);
    }
    carried.targets.sort();
    let mirror = Mirror {
        archive,
        place,
        folder,
    };
    mirror
        .stays_whole(&mut client, &mut files, &mut remote)
        .await?;
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

/// A folder that other clients are served from, and what is unpacked over it.
struct Mirror<'a> {
    archive: &'a Archive,
    place: &'a str,
    folder: &'a dyn Disk,
}

impl Mirror<'_> {
    /// Looks at every role and every target that the folder has: what it could serve before and cannot afterwards, as when a
    /// file with one target is unpacked over a mirror of all, ends the import. On the way all roles of the file are verified.
    async fn stays_whole(
        &self,
        client: &mut Client,
        files: &mut Memory,
        remote: &mut Remote<'_>,
    ) -> Result<(), Error> {
        let held = self.names("metadata")?;
        let mut roles = BTreeMap::new();
        for (role, listed) in delegated(files) {
            let file = format!("{}.json", percent_encoded(&role));
            let path = match client.consistent() {
                true => format!("{listed}.{file}"),
                false => file.clone(),
            };
            let current = files
                .now
                .get(&file)
                .map(|bytes| version(bytes) == Some(listed));
            let here = held.contains(&path) && (client.consistent() || current == Some(true));
            let carried = self.archive.get(Base::Metadata, &path).is_some();
            if current.is_some() && !here && !carried {
                let what = format!("version {listed} of the role {role}");
                return Err(self.incomplete(&what));
            }
            if here || carried {
                roles.insert(role, listed);
            }
        }
        let all = delegated(files);
        let walked = walk(client, files, remote, roles.clone()).await?;
        let partial = all.keys().any(|role| !roles.contains_key(role));
        let mut folders = BTreeMap::new();
        for name in walked.names {
            let (folder, _) = name.rsplit_once('/').unwrap_or_default();
            if !folders.contains_key(folder) {
                let served = self.served(folder, client.consistent())?;
                folders.insert(folder.to_owned(), served);
            }
            let served = folders.get(folder).and_then(|served| served.get(&name));
            let Some(served) = served else {
                continue;
            };
            match find(client, files, remote, &name).await {
                Ok(Some(target)) if !self.has(&target, client.consistent(), served) => {
                    return Err(self.incomplete(&format!("the target {name}")));
                }
                Err(error) if partial && error.code() == Code::NotFound.name() => {
                    return Err(self.incomplete(&format!("a role on the way to {name}")));
                }
                // Removed, or not to be had before either, as one whose role expired.
                _ => {}
            }
        }
        Ok(())
    }

    fn incomplete(&self, what: &str) -> Error {
        let message = format!(
            "its metadata lists {what}, which neither it nor the folder has: clients that the folder serves would be cut off"
        );
        Error::new("incomplete", self.place, message)
            .remedy_is("Export the whole repository, without --target.")
    }

    fn names(&self, folder: &str) -> Result<BTreeSet<String>, Error> {
        let names = self.folder.list(folder).map_err(|error| {
            Error::new("state_read", self.folder.place(folder), error.to_string())
        })?;
        Ok(names.into_iter().collect())
    }

    /// The targets that the folder has in one of its folders, with their files of all versions.
    fn served(
        &self,
        folder: &str,
        consistent: bool,
    ) -> Result<BTreeMap<String, BTreeSet<String>>, Error> {
        let mut served: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        // A name is data and may lead outside; there is nothing of ours.
        if !folder.is_empty() && !crate::transport::inside(folder) {
            return Ok(served);
        }
        let files = match folder {
            "" => self.names(Base::Targets.folder())?,
            folder => self.names(&below_targets(folder))?,
        };
        for file in files {
            let path = match folder {
                "" => file,
                folder => format!("{folder}/{file}"),
            };
            if let Some(name) = target_name(&path, consistent) {
                served.entry(name).or_default().insert(path);
            }
        }
        Ok(served)
    }

    fn has(&self, target: &Target, consistent: bool, served: &BTreeSet<String>) -> bool {
        let path = target.path(consistent);
        if self.archive.get(Base::Targets, &path).is_some() {
            return true;
        }
        // Where the name says nothing of the content, the content does.
        let kept = || {
            let file = below_targets(&path);
            let bytes = self.folder.read(&file, target.length).ok().flatten();
            bytes.is_some_and(|bytes| target.verify(&bytes).is_ok())
        };
        served.contains(&path) && (consistent || kept())
    }
}

fn below_targets(path: &str) -> String {
    format!("{}/{path}", Base::Targets.folder())
}

fn write(
    archive: &Archive,
    metadata: &[(String, Arc<[u8]>)],
    folder: &dyn Disk,
) -> Result<(), Error> {
    for base in [Base::Targets, Base::Metadata] {
        folder.make_folder(base.folder()).map_err(|error| {
            Error::new(
                "state_write",
                folder.place(base.folder()),
                error.to_string(),
            )
            .remedy_is("Let this user write here, or give another folder.")
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
        format!("holds targets/{path}, which its metadata does not list"),
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
    let target = find(&mut client, &mut files, &mut remote, name).await?;
    let target =
        target.ok_or_else(|| Error::of_refusal(name, crate::activation::Refusal::TargetMissing))?;
    let (_, bytes) = download(&client, &mut remote, &target).await?;
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
