//! Changes of a repository: what becomes of its targets, and the metadata that says so.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroU64;

use serde_json::{Value, json};
use tough::schema::{Hashes, Target, Targets};

use crate::custom::{Custom, Rollout};
use crate::document::{Document, SPEC_VERSION};
use crate::error::{Error, Result};
use crate::gate::{Candidate, check_losses};
use crate::layout::Layout;
use crate::lines::Lines;
use crate::name::{Audience, Line, Ring};
use crate::record::{self, Entry, Publication, Record};
use crate::renew::{free_version, wanted};
use crate::repository::{Repository, read_target, target_path};
use crate::review::{self, Allowed, Review, losses_json};
use crate::roles::{self, Quorum, TopRole};
use crate::settings::Settings;
use crate::stage::{Stage, number};
use crate::storage::Storage;
use crate::text::{moment, random_hex, sha256};
use crate::trail::Old;

/// A change that is being made.
pub struct Change<'r> {
    repository: &'r Repository,
    storage: &'r dyn Storage,
    settings: Settings,
    now: u64,
    /// What is published now.
    published: Lines,
    lines: Lines,
    files: BTreeMap<String, Vec<u8>>,
    /// The bundles that new ones are compared with, by path.
    previous: BTreeMap<String, Vec<u8>>,
    allowed: Allowed,
    entries: Vec<Entry>,
    lossy: bool,
}

impl core::fmt::Debug for Change<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Change")
            .field("entries", &self.entries)
            .finish_non_exhaustive()
    }
}

impl<'r> Change<'r> {
    /// Begins a change at this time, in seconds since 1970.
    ///
    /// # Errors
    /// `metadata` if what the repository asks for cannot be read.
    pub fn new(
        repository: &'r Repository,
        storage: &'r dyn Storage,
        now: u64,
    ) -> Result<Change<'r>> {
        let published = Lines::read(repository)?;
        Ok(Change {
            repository,
            storage,
            settings: repository.settings()?,
            now,
            lines: published.clone(),
            published,
            files: BTreeMap::new(),
            previous: BTreeMap::new(),
            allowed: Allowed::default(),
            entries: Vec::new(),
            lossy: false,
        })
    }

    /// What the repository asks of every publication.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The bytes of a line's current bundle, or of the one in a rollout; `None` if there is none.
    ///
    /// # Errors
    /// `repository_broken` if the repository has not the bytes that its metadata lists.
    pub fn bundle(&self, line: &Line, next: bool) -> Result<Option<Vec<u8>>> {
        let name = line.target(next);
        let Some(hash) = self.lines.hash(line, next) else {
            return Ok(None);
        };
        let path = target_path(&name, &hash);
        if let Some(bytes) = self.files.get(&path) {
            return Ok(Some(bytes.clone()));
        }
        read_target(self.storage, &name, &hash).map(Some)
    }

    /// The bytes of the bundle that a new one is compared with: the line's current one, or the one it had last.
    /// `None` if there was none, or if its bytes are gone.
    ///
    /// # Errors
    /// `metadata` if what is published cannot be read, `storage`.
    pub fn last_bundle(&self, line: &Line) -> Result<Option<Vec<u8>>> {
        let Some(last) = self.published.last(line)? else {
            return Ok(None);
        };
        let path = target_path(&line.target(false), &last.sha256);
        let stored = self.storage.get(&path)?.map(|stored| stored.bytes);
        Ok(stored.filter(|bytes| sha256(bytes) == last.sha256))
    }

    /// Whether a line has a current bundle, or one in a rollout.
    #[must_use]
    pub fn has(&self, line: &Line, next: bool) -> bool {
        self.lines.has(line, next)
    }

    /// Allows by name what protects less. If something does, somebody has to approve, whatever the repository asks
    /// for.
    pub const fn allow(&mut self, allowed: Allowed) {
        self.allowed = allowed;
    }

    /// Who takes a line's rollout; `None` if it has none.
    ///
    /// # Errors
    /// `metadata` if what is published cannot be read.
    pub fn rollout(&self, line: &Line) -> Result<Option<Rollout>> {
        Ok(self
            .lines
            .custom(line, true)?
            .and_then(|custom| custom.rollout))
    }

    /// Compares a bundle with what its line has now or had last, and writes down what was found.
    fn review(&mut self, line: &Line, candidate: &Candidate, gate: &mut Value) -> Result<()> {
        let last = self.published.last(line)?;
        let before = match &last {
            None => None,
            Some(last) => {
                let path = target_path(&line.target(false), &last.sha256);
                // Bytes that are gone are not compared, and said not to be.
                if let Some(bytes) = self.last_bundle(line)? {
                    self.previous.insert(path.clone(), bytes);
                }
                Some(last.before(line, self.previous.get(&path)))
            }
        };
        if self.settings.require_corpus && before.is_some() && gate["diff"].is_null() {
            let message = "the repository asks for texts that the published version and the new one decide; give --corpus";
            return Err(Error::new("corpus", line.to_string(), message));
        }
        let percent = self.settings.max_shrink_percent;
        let review = Review::of(before.as_ref(), candidate, percent);
        review.refuse(line, percent, self.allowed)?;
        review.note(gate);
        self.lossy |= review.needs_approval();
        Ok(())
    }

    /// What a line had before: see [`Repository::old`].
    ///
    /// # Errors
    /// As [`Repository::old`].
    pub fn old(&self, line: &Line, version: Option<u64>) -> Result<Old> {
        self.repository.old(self.storage, line, version)
    }

    fn put(
        &mut self,
        action: &str,
        line: &Line,
        candidate: &Candidate,
        custom: &Custom,
        mut gate: Value,
    ) -> Result<()> {
        self.review(line, candidate, &mut gate)?;
        let bytes = candidate.bytes();
        let name = line.target(custom.rollout.is_some());
        let hash = sha256(bytes);
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
        let target = Target {
            length: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            hashes: Hashes {
                sha256: digest.as_ref().to_vec().into(),
                _extra: HashMap::new(),
            },
            custom: custom.write(),
            _extra: HashMap::new(),
        };
        self.files.insert(target_path(&name, &hash), bytes.to_vec());
        self.lines.insert(name.clone(), target);
        self.entries.push(Entry {
            action: action.to_owned(),
            target: name,
            version: Some(custom.version),
            sha256: Some(hash),
            gate,
        });
        Ok(())
    }

    /// What is in a rollout, through the gate again.
    fn rolling(&self, line: &Line) -> Result<Candidate> {
        let bytes = self.bundle(line, true)?.unwrap_or_default();
        Candidate::read(&line.target(true), bytes, Some(&line.scope))
    }

    fn new_custom(
        &self,
        line: &Line,
        candidate: &Candidate,
        rollout: Option<Rollout>,
    ) -> Result<Custom> {
        Ok(Custom {
            version: self.lines.next_version(line)?,
            audience: line.audience,
            engine_abi: candidate.engine_abi,
            scope: line.scope.as_str().to_owned(),
            counts: candidate.counts,
            rollout,
            record: None,
        })
    }

    /// Makes a bundle the line's current one. A rollout that is under way ends.
    ///
    /// # Errors
    /// `unchanged` if it is the current one, `metadata` if what is published cannot be read.
    pub fn add_current(&mut self, line: &Line, candidate: &Candidate, gate: Value) -> Result<u64> {
        self.refuse_same(line, candidate)?;
        let custom = self.new_custom(line, candidate, None)?;
        self.lines.withdraw(line, true)?;
        self.put("add", line, candidate, &custom, gate)?;
        Ok(custom.version)
    }

    /// Begins a rollout of a bundle: `permille` of 1000 clients up to `ring` take it. A rollout that is under way
    /// ends.
    ///
    /// # Errors
    /// `unchanged` if it is the current one, `permille` above 1000, `not_published` without a current one.
    pub fn add_next(
        &mut self,
        line: &Line,
        candidate: &Candidate,
        ring: Ring,
        permille: u16,
        gate: Value,
    ) -> Result<u64> {
        self.refuse_same(line, candidate)?;
        self.lines.needed(line, false)?;
        let rollout = Rollout {
            ring,
            permille: checked(permille)?,
            salt: random_hex::<16>()?,
        };
        let custom = self.new_custom(line, candidate, Some(rollout))?;
        self.lines.withdraw(line, true)?;
        self.put("add", line, candidate, &custom, gate)?;
        Ok(custom.version)
    }

    fn refuse_same(&self, line: &Line, candidate: &Candidate) -> Result<()> {
        let hash = sha256(&candidate.bytes);
        if self.lines.hash(line, false) == Some(hash) {
            let message = "this bundle is the current one already; there is nothing to publish";
            return Err(Error::new("unchanged", line.to_string(), message));
        }
        Ok(())
    }

    /// Moves a rollout outward. The clients that took the bundle before still do.
    ///
    /// # Errors
    /// `not_published` without a rollout, `rollout_narrower` if fewer clients would take it.
    pub fn promote(&mut self, line: &Line, ring: Ring, permille: u16, gate: Value) -> Result<u64> {
        let mut custom = self.lines.needed(line, true)?;
        let before = custom.rollout.clone().ok_or_else(|| {
            Error::new(
                "metadata",
                line.target(true),
                "has no rollout in its custom data",
            )
        })?;
        let permille = checked(permille)?;
        if ring < before.ring
            || permille < before.permille
            || (ring, permille) == (before.ring, before.permille)
        {
            let message = format!(
                "the rollout reaches {} of 1000 clients up to ring {} already; give more, or end it with `publish remove --next`",
                before.permille,
                before.ring.name()
            );
            return Err(Error::new("rollout_narrower", line.to_string(), message));
        }
        let candidate = self.rolling(line)?;
        custom.rollout = Some(Rollout {
            ring,
            permille,
            ..before
        });
        self.put("promote", line, &candidate, &custom, gate)?;
        Ok(custom.version)
    }

    /// Ends a rollout by making its bundle the current one, under the version it has.
    ///
    /// # Errors
    /// `not_published` without a rollout.
    pub fn promote_current(&mut self, line: &Line, gate: Value) -> Result<u64> {
        let mut custom = self.lines.needed(line, true)?;
        let candidate = self.rolling(line)?;
        custom.rollout = None;
        self.lines.end_rollout(line);
        self.put("promote", line, &candidate, &custom, gate)?;
        Ok(custom.version)
    }

    /// Publishes old content again, under a higher version than any before. A rollout that is under way ends.
    ///
    /// # Errors
    /// `unchanged` if it is the current content.
    pub fn revert(&mut self, line: &Line, candidate: &Candidate, gate: Value) -> Result<u64> {
        self.refuse_same(line, candidate)?;
        self.lines.needed(line, false)?;
        let custom = self.new_custom(line, candidate, None)?;
        self.lines.withdraw(line, true)?;
        self.put("revert", line, candidate, &custom, gate)?;
        Ok(custom.version)
    }

    /// Takes a line's rollout back, or the line as a whole, which is a loss to be allowed. Its versions are never
    /// given again, and what is published next is compared with what was removed.
    ///
    /// # Errors
    /// `not_published` if there is nothing to remove, `shrink` if the loss is not allowed.
    pub fn remove(&mut self, line: &Line, next_only: bool) -> Result<()> {
        self.lines.needed(line, next_only)?;
        let which: &[bool] = if next_only { &[true] } else { &[true, false] };
        for &next in which {
            if let Some(custom) = self.lines.custom(line, next)? {
                let mut gate = Value::Null;
                if !next {
                    let losses = [review::REMOVED];
                    if !self.allowed.shrink {
                        check_losses(line, &losses, self.settings.max_shrink_percent)?;
                    }
                    gate = json!({"shrink": losses_json(&losses)});
                    self.lossy = true;
                }
                self.lines.withdraw(line, next)?;
                self.entries.push(Entry {
                    action: "remove".to_owned(),
                    target: line.target(next),
                    version: Some(custom.version),
                    sha256: None,
                    gate,
                });
            }
        }
        Ok(())
    }

    /// The metadata of the change, not signed yet.
    ///
    /// # Errors
    /// `approvals_missing` if fewer people approved than the repository asks for, `unchanged` if nothing changes.
    pub fn finish(mut self, publication: &Publication) -> Result<Stage> {
        let approvals = self.settings.approvals.max(u32::from(self.lossy));
        let people = publication.check(approvals)?;
        if self.entries.is_empty() {
            let message = "changes nothing; there is nothing to publish";
            return Err(Error::new("unchanged", "the publication", message));
        }
        let mut layout = Layout::of(self.repository.targets());
        layout.place(self.lines.names());
        let names = self.entries.iter().map(|entry| entry.target.as_str());
        let touched: BTreeSet<String> = names.map(|name| layout.home(name).to_owned()).collect();
        let (path, hash, bytes) = self.record(publication, people, &touched)?;
        self.link(&path);
        self.files.insert(path, bytes);
        let mut stage = Stage::of(self.repository);
        for (role, targets) in self.changed(&layout, &touched, &hash)? {
            stage.documents.insert(role, Document::from(targets));
        }
        wanted(&mut stage, self.repository, self.storage)?;
        stage.files = self.files;
        stage.previous = self.previous;
        stage.trim_base();
        Ok(stage)
    }

    fn record(
        &self,
        publication: &Publication,
        approved_by: Vec<String>,
        touched: &BTreeSet<String>,
    ) -> Result<(String, String, Vec<u8>)> {
        let documents = self.repository.documents.iter();
        let before = documents.filter(|(role, _)| {
            record::FOLLOWED.contains(&role.as_str()) || touched.contains(*role)
        });
        let record = Record {
            changes: self.entries.clone(),
            previous: record::newest(before.map(|(_, document)| document)),
            ..Record::new(publication, approved_by, self.now)
        };
        let bytes = record.bytes()?;
        let (path, hash) = record::hash_of(&bytes);
        Ok((path, hash, bytes))
    }

    /// Has the server's targets of this change name their record. Browsers are told nobody's name.
    fn link(&mut self, path: &str) {
        for entry in &self.entries {
            let line = Line::of_target(&entry.target);
            if line.is_some_and(|(line, _)| line.audience == Audience::Server) {
                self.lines.link(&entry.target, path);
            }
        }
    }

    /// The roles whose metadata changes.
    fn changed(
        &self,
        layout: &Layout,
        touched: &BTreeSet<String>,
        record: &str,
    ) -> Result<BTreeMap<String, Targets>> {
        let mut changed = BTreeMap::new();
        for role in layout.homes() {
            let before = self
                .repository
                .documents
                .get(role)
                .and_then(Document::targets);
            let after = self.home(role, layout, touched, record, before)?;
            if before != Some(&after) {
                let current = before.map_or(0, |before| before.version.get());
                let version = free_version(self.storage, role, current)?;
                let expires = moment(self.settings.expires.of(role, self.now));
                let version = number(version);
                changed.insert(
                    role.to_owned(),
                    Targets {
                        version,
                        expires,
                        ..after
                    },
                );
            }
        }
        Ok(changed)
    }

    /// A role's metadata after the change, with the version and expiry that it has.
    fn home(
        &self,
        role: &str,
        layout: &Layout,
        touched: &BTreeSet<String>,
        record: &str,
        before: Option<&Targets>,
    ) -> Result<Targets> {
        let mut after = before.cloned().unwrap_or_else(|| {
            let mut targets = Targets::new(SPEC_VERSION.to_owned(), NonZeroU64::MIN, moment(0));
            targets.delegations = None;
            targets
        });
        self.lines.write(role, layout, &mut after)?;
        if touched.contains(role) {
            after
                ._extra
                .insert(record::MEMBER.to_owned(), Value::from(record));
        }
        let patterns = layout.patterns();
        if role == "targets" && !patterns.is_empty() {
            let quorum = Quorum::of(self.repository.root(), TopRole::Targets);
            let quorum =
                quorum.ok_or_else(|| Error::new("metadata", "root", "has no targets role"))?;
            after.delegations = Some(roles::delegations(&quorum, &patterns)?);
        }
        Ok(after)
    }
}

fn checked(permille: u16) -> Result<u16> {
    if permille > 1000 {
        let message = "is of 1000 clients; give 0 to 1000";
        return Err(Error::new("permille", "--permille", message));
    }
    Ok(permille)
}
