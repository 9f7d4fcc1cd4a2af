//! What a repository lists for each scope and audience: its targets, versions that are never given again, and what
//! was removed. Read from the metadata of all roles, changed, and written back into that of each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tough::TargetName;
use tough::schema::{Target, Targets};

use crate::custom::{Counts, Custom};
use crate::error::{Error, Result};
use crate::gate::Candidate;
use crate::layout::Layout;
use crate::name::Line;
use crate::repository::Repository;
use crate::review::Before;
use crate::text::hex;

/// The member of targets metadata with the highest version of lines that have lost a target.
const FLOORS: &str = "x-floors";

/// The member of targets metadata with the last bundle of lines that have none any more.
const REMOVED: &str = "x-removed";

/// The highest version that every JSON reader holds exactly.
const MAX_VERSION: u64 = (1 << 53) - 1;

/// The last bundle of a line that has none any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Last {
    /// The hash of the bundle.
    pub(crate) sha256: String,
    /// How much it held.
    pub(crate) counts: Counts,
}

impl Last {
    /// What targets metadata says of lines that were removed, by the target's name.
    pub(crate) fn read(targets: &Targets) -> Result<BTreeMap<String, Last>> {
        let Some(value) = targets._extra.get(REMOVED) else {
            return Ok(BTreeMap::new());
        };
        serde_json::from_value(value.clone()).map_err(|error| {
            let message = format!("the member {REMOVED} cannot be read: {error}");
            Error::new("metadata", "targets", message)
        })
    }

    pub(crate) fn of(name: &str, target: &Target) -> Result<Last> {
        Ok(Last {
            sha256: hex(&target.hashes.sha256),
            counts: Custom::read(name, &target.custom)?.counts,
        })
    }

    /// What a new bundle of the line is compared with. Old bytes may be none that this loader reads.
    pub(crate) fn before(&self, line: &Line, bytes: Option<&Vec<u8>>) -> Before {
        let read = |bytes: &Vec<u8>| {
            Candidate::read("the bundle before", bytes.clone(), Some(&line.scope)).ok()
        };
        Before {
            counts: self.counts,
            bundle: bytes.and_then(read),
        }
    }
}

/// The targets of all scopes and audiences.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    targets: BTreeMap<String, Target>,
    floors: BTreeMap<String, u64>,
    removed: BTreeMap<String, Last>,
}

impl Lines {
    pub(crate) fn read(repository: &Repository) -> Result<Lines> {
        Lines::of(repository.homes().map(|(_, home)| home))
    }

    /// What these roles list together.
    pub(crate) fn of<'t>(homes: impl Iterator<Item = &'t Targets>) -> Result<Lines> {
        let mut lines = Lines::default();
        for home in homes {
            let targets = home.targets.iter();
            let targets = targets.map(|(name, target)| (name.raw().to_owned(), target.clone()));
            lines.targets.extend(targets);
            lines.removed.extend(Last::read(home)?);
            let Some(Value::Object(members)) = home._extra.get(FLOORS) else {
                continue;
            };
            let floors = members.iter();
            lines
                .floors
                .extend(floors.filter_map(|(name, floor)| Some((name.clone(), floor.as_u64()?))));
        }
        Ok(lines)
    }

    /// The names of all targets.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.targets.keys().map(String::as_str)
    }

    pub(crate) fn has(&self, line: &Line, next: bool) -> bool {
        self.targets.contains_key(&line.target(next))
    }

    /// What stands in `custom` of the line's current target, or of the one in a rollout.
    pub(crate) fn custom(&self, line: &Line, next: bool) -> Result<Option<Custom>> {
        let name = line.target(next);
        let target = self.targets.get(&name);
        target
            .map(|target| Custom::read(&name, &target.custom))
            .transpose()
    }

    /// The same, where there has to be one.
    pub(crate) fn needed(&self, line: &Line, next: bool) -> Result<Custom> {
        self.custom(line, next)?.ok_or_else(|| {
            let message = if next {
                "has no rollout; `publish add` begins one"
            } else {
                "has no published bundle; `publish add` publishes one"
            };
            Error::new("not_published", line.to_string(), message)
        })
    }

    /// The hash of the line's current bundle, or of the one in a rollout.
    pub(crate) fn hash(&self, line: &Line, next: bool) -> Option<String> {
        let target = self.targets.get(&line.target(next));
        target.map(|target| hex(&target.hashes.sha256))
    }

    /// What a line has now, or had last.
    pub(crate) fn last(&self, line: &Line) -> Result<Option<Last>> {
        let name = line.target(false);
        match self.targets.get(&name) {
            Some(target) => Last::of(&name, target).map(Some),
            None => Ok(self.removed.get(&name).cloned()),
        }
    }

    /// The highest version that the line ever had.
    fn newest(&self, line: &Line) -> Result<u64> {
        let published = [self.custom(line, false)?, self.custom(line, true)?];
        let versions = published.into_iter().flatten().map(|custom| custom.version);
        let floor = self.floors.get(&line.target(false)).copied();
        Ok(versions.max().max(floor).unwrap_or(0))
    }

    /// The version that the line's next bundle gets: above all that it ever had.
    pub(crate) fn next_version(&self, line: &Line) -> Result<u64> {
        let newest = self.newest(line)?;
        let next = newest.checked_add(1).filter(|next| *next <= MAX_VERSION);
        next.ok_or_else(|| {
            let message = "has no higher version left; publish it as another scope";
            Error::new("version", line.to_string(), message)
        })
    }

    /// Looks for what has to stay, whatever else a change does: that no version is given again, and what was removed.
    /// Gives the target of which these lines, after a change, do not say it any more, and what that is.
    pub(crate) fn lost(&self, before: &Lines) -> Result<Option<(String, &'static str)>> {
        for (name, floor) in &before.floors {
            let line = Line::of_target(name).map(|(line, _)| line);
            let current = line.map(|line| self.custom(&line, false)).transpose()?;
            let current = current.flatten().map(|custom| custom.version);
            if current.max(self.floors.get(name).copied()) < Some(*floor) {
                return Ok(Some((name.clone(), FLOORS)));
            }
        }
        let mut removed = before.removed.clone();
        for (name, target) in &before.targets {
            let Some((line, next)) = Line::of_target(name) else {
                continue;
            };
            if self.newest(&line)? < before.newest(&line)? {
                return Ok(Some((name.clone(), FLOORS)));
            }
            if !next && !self.targets.contains_key(name) {
                removed.insert(name.clone(), Last::of(name, target)?);
            }
        }
        // What is published again is compared with itself.
        let names = removed.keys().chain(self.removed.keys());
        let mut names = names.filter(|name| !self.targets.contains_key(*name));
        let other = names.find(|name| removed.get(*name) != self.removed.get(*name));
        Ok(other.map(|name| (name.clone(), REMOVED)))
    }

    pub(crate) fn insert(&mut self, name: String, target: Target) {
        self.targets.insert(name, target);
    }

    /// Takes a rollout's target away whose bundle becomes the current one.
    pub(crate) fn end_rollout(&mut self, line: &Line) {
        self.targets.remove(&line.target(true));
    }

    /// Takes a target away, if there is one. Its version is never given again, and what a current one held is kept.
    pub(crate) fn withdraw(&mut self, line: &Line, next: bool) -> Result<()> {
        let Some(custom) = self.custom(line, next)? else {
            return Ok(());
        };
        let floor = self.floors.entry(line.target(false)).or_default();
        *floor = (*floor).max(custom.version);
        let name = line.target(next);
        if let Some(target) = self.targets.remove(&name)
            && !next
        {
            let last = Last::of(&name, &target)?;
            self.removed.insert(name, last);
        }
        Ok(())
    }

    /// Has a target name its record.
    pub(crate) fn link(&mut self, name: &str, record: &str) {
        if let Some(target) = self.targets.get_mut(name) {
            let member = ("record".to_owned(), Value::from(record));
            target.custom.extend([member]);
        }
    }

    /// Writes what a role lists into its metadata.
    pub(crate) fn write(&self, role: &str, layout: &Layout, to: &mut Targets) -> Result<()> {
        let own = |name: &str| layout.home(name) == role;
        let targets = self.targets.iter().filter(|(name, _)| own(name));
        let targets = targets.map(|(name, target)| {
            let name = TargetName::new(name)
                .map_err(|error| Error::new("target", name, error.to_string()))?;
            Ok((name, target.clone()))
        });
        to.targets = targets.collect::<Result<_>>()?;
        let floors = self.floors.iter().filter(|(name, floor)| {
            let line = Line::of_target(name).map(|(line, _)| line);
            let newest = line.and_then(|line| self.custom(&line, false).ok().flatten());
            own(name) && newest.is_none_or(|custom| custom.version < **floor)
        });
        let floors: Map<String, Value> = floors
            .map(|(name, floor)| (name.clone(), Value::from(*floor)))
            .collect();
        set(to, FLOORS, (!floors.is_empty()).then(|| floors.into()));
        let removed = self.removed.iter();
        let removed: BTreeMap<&String, &Last> = removed
            .filter(|(name, _)| own(name) && !self.targets.contains_key(*name))
            .collect();
        set(to, REMOVED, (!removed.is_empty()).then(|| json!(removed)));
        Ok(())
    }
}

fn set(targets: &mut Targets, member: &str, value: Option<Value>) {
    match value {
        Some(value) => targets._extra.insert(member.to_owned(), value),
        None => targets._extra.remove(member),
    };
}
