//! What was published when, by whom and why: from the signed metadata of every version, and the records it names.
//!
//! A record is a file that nobody signs. What vouches for it is its hash in signed metadata, and each of these names
//! the one before by its hash. So the history begins at what is published now and goes back; a record that it does not
//! come by is nobody's, and one that it names and that is gone, or is another file now, is said to be.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::rc::Rc;

use serde::Serialize;
use tough::schema::Targets;

use crate::custom::{Custom, Rollout};
use crate::document::Document;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::name::{Line, Scope};
use crate::record::{self, FOLDER, Record, RoleEntry};
use crate::repository::{Repository, target_path};
use crate::storage::Storage;
use crate::text::{hex, sha256};

/// What became of the record that signed metadata names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// It is there, and is the one that is named.
    Vouched,
    /// It is not there.
    Missing,
    /// The file of its name is another one.
    Altered,
    /// The metadata names none.
    None,
}

impl Evidence {
    /// As in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Evidence::Vouched => "vouched",
            Evidence::Missing => "missing",
            Evidence::Altered => "altered",
            Evidence::None => "none",
        }
    }

    /// Whether a record is named and cannot be shown.
    #[must_use]
    pub const fn is_lost(self) -> bool {
        matches!(self, Evidence::Missing | Evidence::Altered)
    }
}

/// What the record says that signed metadata names; nothing where that is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// The hash of the record.
    pub record: Option<String>,
    /// What became of it.
    pub evidence: Evidence,
    /// When the publication was staged.
    pub when: Option<String>,
    /// Who approved.
    pub approved_by: Vec<String>,
    /// The ticket or review.
    pub ticket: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

impl Provenance {
    fn of(hash: Option<&str>, evidence: Evidence, record: Option<&Record>) -> Provenance {
        Provenance {
            record: hash.map(str::to_owned),
            evidence,
            when: record.map(|record| record.when.clone()),
            approved_by: record.map_or_else(Vec::new, |record| record.approved_by.clone()),
            ticket: record.and_then(|record| record.ticket.clone()),
            reason: record.and_then(|record| record.reason.clone()),
        }
    }

    /// Who approved, where and why, in a line.
    #[must_use]
    pub fn summary(&self) -> String {
        record::summary(
            &self.approved_by,
            self.ticket.as_deref(),
            self.reason.as_deref(),
        )
    }
}

/// Something that was published about a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// `add`, `promote`, `revert`, `remove` as the record says; `listed` or `withdrawn` where that is lost.
    pub action: String,
    /// The metadata that published it: its role and version.
    pub role: String,
    /// See `role`.
    pub role_version: u64,
    /// Who takes it from then on, if it is the one of a rollout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// Who approved it, when and why.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// A version of a line's bundle.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Past {
    /// The version.
    pub version: u64,
    /// The hash of the bundle.
    pub sha256: String,
    /// Whether it is the current one now.
    pub current: bool,
    /// Whether it is the one of a rollout now.
    pub next: bool,
    /// Whether the bundle's file is there.
    pub kept: bool,
    /// Whether `revert --to` takes it: it was current once, holds other content than the current one, and is there.
    pub revertible: bool,
    /// What was done with it, the latest first.
    pub events: Vec<Event>,
}

/// New keys, or a longer time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RolesEvent {
    /// Each role, as the record says; none if that is lost.
    pub roles: Vec<RoleEntry>,
    /// The metadata that names the record: role and version.
    pub role: String,
    /// See `role`.
    pub role_version: u64,
    /// Who approved it, when and why.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// What was published.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct History {
    /// Each scope and audience with its versions, the highest first.
    pub scopes: BTreeMap<String, Vec<Past>>,
    /// New keys and longer times, the latest first; not in the history of a scope.
    pub roles: Vec<RolesEvent>,
    /// Records that no signed metadata names: of publications that were interrupted, or somebody's own. Not in the
    /// history of a scope.
    pub unnamed: Vec<String>,
    /// Metadata that is missing, so that nothing before it is known.
    pub gaps: Vec<String>,
}

/// What became of a record, and the record if it is there.
type Read = (Evidence, Option<Rc<Record>>);

/// How metadata lists a target.
#[derive(Clone, Debug, PartialEq)]
struct Listing {
    version: u64,
    sha256: String,
    rollout: Option<Rollout>,
}

/// What one file of targets metadata says, as far as it is asked for.
struct Step {
    role: String,
    version: u64,
    record: Option<String>,
    /// Which role was in charge of which scopes; of a delegated role, what is so now.
    layout: Rc<Layout>,
    /// By target.
    listed: BTreeMap<String, Listing>,
    /// Whether the record is another one than in the file before.
    own_record: bool,
}

impl History {
    /// Of a whole repository, or of one scope.
    ///
    /// # Errors
    /// `not_published` if nothing was published for the scope, `metadata` if the metadata is none of this program,
    /// `storage`.
    pub fn of(
        repository: &Repository,
        storage: &dyn Storage,
        scope: Option<&Scope>,
    ) -> Result<History> {
        let mut teller = Teller {
            repository,
            storage,
            scope,
            records: BTreeMap::new(),
            bundles: storage.list("targets")?.into_iter().collect(),
            history: History::default(),
        };
        teller.tell()?;
        let history = teller.history;
        match scope {
            Some(scope) if history.scopes.is_empty() => {
                let message = "nothing was ever published for it; `edgerail publish status` shows which scopes there are";
                Err(Error::new("not_published", scope.as_str(), message))
            }
            _ => Ok(history),
        }
    }

    /// Whether a record that signed metadata names is lost, or metadata is.
    #[must_use]
    pub fn has_losses(&self) -> bool {
        let events = self.scopes.values().flatten().flat_map(|past| &past.events);
        let mut evidence = events
            .map(|event| event.provenance.evidence)
            .chain(self.roles.iter().map(|event| event.provenance.evidence));
        !self.gaps.is_empty() || evidence.any(Evidence::is_lost)
    }
}

struct Teller<'r> {
    repository: &'r Repository,
    storage: &'r dyn Storage,
    scope: Option<&'r Scope>,
    /// What was read, by hash.
    records: BTreeMap<String, Read>,
    /// The paths of all bundles.
    bundles: BTreeSet<String>,
    history: History,
}

impl Teller<'_> {
    fn tell(&mut self) -> Result<()> {
        let mut trails: BTreeMap<String, Vec<Step>> = BTreeMap::new();
        let roles: Vec<String> = match self.scope {
            None => self.repository.homes().map(|(r, _)| r.to_owned()).collect(),
            Some(scope) => self.repository.homes_of(&format!("{scope}.bundle")),
        };
        for role in roles {
            let steps = self.trail(&role)?;
            trails.insert(role, steps);
        }
        self.tell_lines(&trails)?;
        if self.scope.is_none() {
            self.tell_roles(&trails)?;
            let files = self.storage.list(FOLDER)?;
            let named = |path: &String| {
                let hash = path.strip_prefix(FOLDER)?.strip_suffix(".json")?;
                self.records.contains_key(hash).then_some(())
            };
            let mut unnamed: Vec<String> = files
                .into_iter()
                .filter(|path| named(path).is_none())
                .collect();
            unnamed.sort();
            self.history.unnamed = unnamed;
        }
        Ok(())
    }

    /// A role's metadata, the newest first.
    fn trail(&mut self, role: &str) -> Result<Vec<Step>> {
        let mut steps: Vec<Step> = Vec::new();
        let scope = self.scope;
        let mut layout = Rc::new(Layout::of(self.repository.targets()));
        let gap = self.repository.walk(self.storage, role, |targets| {
            let record = targets._extra.get(record::MEMBER);
            let record = record.and_then(|hash| hash.as_str()).map(str::to_owned);
            if let Some(newer) = steps.last_mut() {
                newer.own_record = newer.record != record;
            }
            if role == "targets" {
                let own = Layout::of(targets);
                if own != *layout {
                    layout = Rc::new(own);
                }
            }
            steps.push(Step {
                role: role.to_owned(),
                layout: Rc::clone(&layout),
                version: targets.version.get(),
                own_record: record.is_some(),
                record,
                listed: listings(targets, scope)?,
            });
            Ok(ControlFlow::Continue(()))
        })?;
        self.history.gaps.extend(gap);
        Ok(steps)
    }

    /// What the record of a hash says.
    fn read(&mut self, hash: Option<&str>) -> Result<Read> {
        let Some(hash) = hash else {
            return Ok((Evidence::None, None));
        };
        if let Some(known) = self.records.get(hash) {
            return Ok(known.clone());
        }
        let stored = self.storage.get(&record::path(hash))?;
        let read = match stored {
            None => (Evidence::Missing, None),
            Some(stored) if sha256(&stored.bytes) != hash => (Evidence::Altered, None),
            // A later version of this program may write what this one does not read.
            Some(stored) => {
                let record = serde_json::from_slice(&stored.bytes).ok();
                (Evidence::Vouched, record.map(Rc::new))
            }
        };
        self.records.insert(hash.to_owned(), read.clone());
        Ok(read)
    }

    fn tell_lines(&mut self, trails: &BTreeMap<String, Vec<Step>>) -> Result<()> {
        let steps = trails.values().flatten();
        let names = steps.flat_map(|step| step.listed.keys());
        let lines: BTreeSet<Line> = names
            .filter_map(|name| Line::of_target(name).map(|(line, _)| line))
            .collect();
        for line in lines {
            let name = line.target(false);
            let mut steps: Vec<&Step> = Vec::new();
            for role in self.repository.homes_of(&name) {
                steps.extend(trails.get(&role).into_iter().flatten());
            }
            let versions = self.tell_line(&line, &steps)?;
            self.history.scopes.insert(line.to_string(), versions);
        }
        Ok(())
    }

    /// The versions of a line, from the metadata in charge of it, the newest first.
    fn tell_line(&mut self, line: &Line, steps: &[&Step]) -> Result<Vec<Past>> {
        let (current, next) = (line.target(false), line.target(true));
        // Once a scope has moved to a role of its own, the top-level metadata says nothing of it.
        let in_charge = |step: &&&Step| step.layout.home(&current) == step.role;
        let steps: Vec<&Step> = steps.iter().filter(in_charge).copied().collect();
        let mut versions: BTreeMap<u64, Past> = BTreeMap::new();
        let mut was_current = BTreeSet::new();
        for (place, step) in steps.iter().enumerate() {
            let before = steps.get(place + 1);
            for name in [&current, &next] {
                let listed = step.listed.get(name);
                let old = before.and_then(|before| before.listed.get(name));
                if *name == current {
                    was_current.extend(listed.map(|listing| listing.version));
                }
                if listed == old {
                    continue;
                }
                let ended = old.filter(|old| {
                    // What goes on under another name, or is followed by another version, has its event there.
                    let others = step.listed.get(&current).into_iter().chain(listed);
                    let mut others = others.map(|other| other.version);
                    !others.any(|version| version == old.version || *name == current)
                });
                for (listing, gone) in [(listed, false), (ended, true)] {
                    let Some(listing) = listing else { continue };
                    let event = self.event(step, name, listing, gone)?;
                    let past = versions.entry(listing.version);
                    let past = past.or_insert_with(|| self.past(line, listing));
                    past.events.push(event);
                }
            }
        }
        let now = steps.first();
        let version = |name| now.and_then(|step| Some(step.listed.get(name)?.version));
        let (current, next) = (version(&current), version(&next));
        let content = current.and_then(|version| Some(versions.get(&version)?.sha256.clone()));
        for past in versions.values_mut() {
            past.current = Some(past.version) == current;
            past.next = Some(past.version) == next;
            let other = content.as_ref().is_some_and(|now| *now != past.sha256);
            past.revertible = other && past.kept && was_current.contains(&past.version);
        }
        Ok(versions.into_values().rev().collect())
    }

    fn past(&self, line: &Line, listing: &Listing) -> Past {
        let paths = [false, true].map(|next| target_path(&line.target(next), &listing.sha256));
        Past {
            version: listing.version,
            sha256: listing.sha256.clone(),
            current: false,
            next: false,
            kept: paths.iter().any(|path| self.bundles.contains(path)),
            revertible: false,
            events: Vec::new(),
        }
    }

    fn event(&mut self, step: &Step, name: &str, listing: &Listing, gone: bool) -> Result<Event> {
        let (evidence, record) = self.read(step.record.as_deref())?;
        let entries = record.iter().flat_map(|record| &record.changes);
        let action = entries
            .filter(|entry| entry.target == name && (entry.action == "remove") == gone)
            .map(|entry| entry.action.clone())
            .next();
        let otherwise = if gone { "withdrawn" } else { "listed" };
        Ok(Event {
            action: action.unwrap_or_else(|| otherwise.to_owned()),
            role: step.role.clone(),
            role_version: step.version,
            rollout: listing.rollout.clone().filter(|_| !gone),
            provenance: Provenance::of(step.record.as_deref(), evidence, record.as_deref()),
        })
    }

    /// The records of roles, and those that are lost and so may be.
    fn tell_roles(&mut self, trails: &BTreeMap<String, Vec<Step>>) -> Result<()> {
        let roots = self.repository.documents.get("root").into_iter();
        let roots: Vec<&Document> = roots.chain(&self.repository.roots).collect();
        let mut named = Vec::new();
        for root in roots {
            let hash = root.record().map(str::to_owned);
            named.push(("root".to_owned(), root.version(), hash));
        }
        for step in trails.values().flatten().filter(|step| step.own_record) {
            named.push((step.role.clone(), step.version, step.record.clone()));
        }
        let events = self.history.scopes.values().flatten();
        let events = events.flat_map(|past| &past.events);
        let told_of_lines: BTreeSet<String> = events
            .filter_map(|event| event.provenance.record.clone())
            .collect();
        let mut told = BTreeSet::new();
        let mut events = Vec::new();
        for (role, role_version, hash) in named {
            let (evidence, record) = self.read(hash.as_deref())?;
            let of_roles = record.as_ref().is_some_and(|r| !r.roles.is_empty());
            let of_lines = hash
                .as_ref()
                .is_some_and(|hash| told_of_lines.contains(hash));
            let unknown = record.is_none() && (role == "root" || evidence.is_lost()) && !of_lines;
            let new = hash.as_ref().is_none_or(|hash| told.insert(hash.clone()));
            if !new || !(of_roles || unknown) {
                continue;
            }
            events.push(RolesEvent {
                roles: record.as_ref().map_or_else(Vec::new, |r| r.roles.clone()),
                role,
                role_version,
                provenance: Provenance::of(hash.as_deref(), evidence, record.as_deref()),
            });
        }
        // Those without a time stay beside what they were found beside.
        let mut latest = None;
        let mut times = Vec::new();
        for event in &events {
            latest = event.provenance.when.clone().or(latest);
            times.push(latest.clone());
        }
        let mut timed: Vec<_> = times.into_iter().zip(events).collect();
        timed.sort_by(|(a, _), (b, _)| b.cmp(a));
        self.history.roles = timed.into_iter().map(|(_, event)| event).collect();
        Ok(())
    }
}

/// The targets that a role's metadata lists.
fn listings(targets: &Targets, scope: Option<&Scope>) -> Result<BTreeMap<String, Listing>> {
    let mut listed = BTreeMap::new();
    for (name, target) in &targets.targets {
        let name = name.raw();
        let line = Line::of_target(name).map(|(line, _)| line);
        if line.is_none_or(|line| scope.is_some_and(|scope| line.scope != *scope)) {
            continue;
        }
        let custom = Custom::read(name, &target.custom)?;
        let listing = Listing {
            version: custom.version,
            sha256: hex(&target.hashes.sha256),
            rollout: custom.rollout,
        };
        listed.insert(name.to_owned(), listing);
    }
    Ok(listed)
}
