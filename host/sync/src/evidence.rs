//! A bundle together with the metadata that lists it: the last-known-good one, and the baseline that comes with an
//! application. Both are exported repositories, and both are verified from the pinned root each time.

use std::collections::BTreeSet;
use std::sync::Arc;

use edgerail_trust::activation::{Activation, Candidate, Choice, Pins, choose};
use edgerail_trust::{Client, Limits, Target};
use serde_json::Value;

use crate::archive::{Archive, Builder};
use crate::driver::{Files, drive_stored};
use crate::error::Error;
use crate::transport::Base;

/// A bundle that was verified from the pinned root without a network.
#[derive(Clone, Debug)]
pub(crate) struct Verified {
    pub(crate) candidate: Candidate,
    pub(crate) bytes: Arc<[u8]>,
    /// The newest signed time inside.
    pub(crate) issued: Option<u64>,
    /// When the first of its roles expires.
    pub(crate) fresh_until: Option<u64>,
}

/// When the first of the client's roles expires; `None` if one is missing.
pub(crate) fn fresh_until(client: &Client) -> Option<u64> {
    let roles = ["root", "timestamp", "snapshot", "targets"];
    let expiries = roles.map(|role| client.expires(role));
    expiries
        .into_iter()
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .min()
}

/// Verifies the bundle of an archive. `name` is the target to take; the archive may be expired.
pub(crate) fn verify(
    pinned_root: &[u8],
    limits: Limits,
    archive: &Archive,
    pins: &Pins,
    name: &str,
    place: &str,
) -> Result<Verified, Error> {
    let wrong = |error: &edgerail_trust::Error| Error::of_trust(place, error);
    let mut client = Client::new(pinned_root, limits).map_err(|error| wrong(&error))?;
    let mut files = Inside { archive, place };
    let mut seen = Vec::new();
    client.restore(None);
    drive_stored(&mut client, &mut files, &mut seen)?;
    client.find(name);
    drive_stored(&mut client, &mut files, &mut seen)?;
    let refuse = |refusal| Error::of_refusal(place, refusal);
    let target = client.found().cloned();
    let candidate = candidate(pins, target.as_ref()).map_err(refuse)?;
    let target =
        target.ok_or_else(|| refuse(edgerail_trust::activation::Refusal::TargetMissing))?;
    let bytes = archive.get(Base::Targets, &target.path(client.consistent()));
    let bytes = bytes.ok_or_else(|| {
        Error::new(
            "not_found",
            place,
            "holds the metadata of the bundle and not the bundle",
        )
    })?;
    target.verify(bytes).map_err(|error| wrong(&error))?;
    Ok(Verified {
        candidate,
        bytes: bytes.into(),
        issued: client.issued(),
        fresh_until: fresh_until(&client),
    })
}

/// The target as a candidate for these pins, whatever was active before.
fn candidate(
    pins: &Pins,
    target: Option<&Target>,
) -> Result<Candidate, edgerail_trust::activation::Refusal> {
    let chosen = choose(pins, &Activation::default(), target, None)?;
    match chosen.choice {
        Choice::Take(candidate) | Choice::Promote(candidate) => Ok(candidate),
        // Nothing is active in an empty state, so there is nothing to keep.
        Choice::Keep => Err(edgerail_trust::activation::Refusal::TargetMissing),
    }
}

/// The files of an archive under the names that the TUF client stores them by.
struct Inside<'a> {
    archive: &'a Archive,
    place: &'a str,
}

impl Inside<'_> {
    /// `N.ROLE.json` with the highest N, or `ROLE.json`.
    fn newest(&self, file: &str) -> Option<&[u8]> {
        let numbered = self.archive.paths(Base::Metadata).filter_map(|path| {
            let (number, rest) = path.split_once('.')?;
            (rest == file).then_some((number.parse::<u64>().ok()?, path))
        });
        let path = numbered.max().map_or(file, |(_, path)| path);
        self.archive.get(Base::Metadata, path)
    }
}

impl Files for Inside<'_> {
    fn load(&self, file: &str) -> Result<Option<Vec<u8>>, Error> {
        let bytes = match file.strip_prefix("root_history/") {
            Some(root) => self.archive.get(Base::Metadata, root),
            None => self.newest(file),
        };
        Ok(bytes.map(<[u8]>::to_vec))
    }

    fn store(&mut self, _file: &str, _bytes: &[u8]) -> Result<(), Error> {
        Ok(())
    }

    fn remove(&mut self, _file: &str) -> Result<(), Error> {
        Ok(())
    }

    fn place(&self, file: &str) -> String {
        format!("{}: metadata/{file}", self.place)
    }
}

/// Packs a bundle and the stored metadata that lists it. `seen` are the stored files that took part in verifying it.
pub(crate) fn pack(
    client: &Client,
    files: &dyn Files,
    seen: &[String],
    target: &Target,
    bytes: &[u8],
    pinned_root: &[u8],
) -> Result<Vec<u8>, Error> {
    let mut archive = Builder::default();
    let pinned = version(pinned_root).unwrap_or(0);
    archive.add(Base::Metadata, &format!("{pinned}.root.json"), pinned_root);
    for number in pinned.saturating_add(1)..=client.root_version() {
        let name = format!("{number}.root.json");
        if let Some(root) = files.load(&format!("root_history/{name}"))? {
            archive.add(Base::Metadata, &name, root);
        }
    }
    let top = ["timestamp.json", "snapshot.json", "targets.json"];
    let roles = seen
        .iter()
        .map(String::as_str)
        .filter(|file| !file.starts_with("root"));
    for file in top.into_iter().chain(roles).collect::<BTreeSet<_>>() {
        if let Some(role) = files.load(file)? {
            let name = metadata_path(file, &role, client.consistent());
            archive.add(Base::Metadata, &name, role);
        }
    }
    archive.add(Base::Targets, &target.path(client.consistent()), bytes);
    Ok(archive.finish())
}

/// Where a repository has a role's file.
pub(crate) fn metadata_path(file: &str, bytes: &[u8], consistent: bool) -> String {
    match version(bytes) {
        Some(version) if consistent && file != "timestamp.json" => format!("{version}.{file}"),
        _ => file.to_owned(),
    }
}

/// The version in a role's file, which was verified before.
pub(crate) fn version(bytes: &[u8]) -> Option<u64> {
    let document: Value = serde_json::from_slice(bytes).ok()?;
    document.get("signed")?.get("version")?.as_u64()
}
