//! Sections 5.4, 5.5 and 5.6: timestamp, snapshot and top-level targets.
//!
//! What is stored is verified like what is fetched, against the root of today. It gives the floors that
//! nothing may fall below, even when it is expired (expiry ends its use, not the memory of its version).

use super::{Client, State, Step, file, required, verified, versioned};
use crate::envelope::Envelope;
use crate::error::{Code, Error, Result, fail};
use crate::schema::{Head, Meta, Snapshot, Targets, Timestamp};
use alloc::{boxed::Box, vec::Vec};

impl Client {
    /// The timestamp trusted before: the floor of 5.4.3, and of the clock.
    pub(super) fn loaded_timestamp(&mut self, bytes: Option<&[u8]>) -> Result<()> {
        self.ready = false;
        self.timestamp = None;
        match self.stored(
            bytes,
            "timestamp",
            self.limits.timestamp,
            |envelope, digest| Timestamp::read(&envelope.signed, digest),
        ) {
            Ok(Some(timestamp)) => {
                self.raise_issued(&timestamp);
                self.timestamp = Some(timestamp);
            }
            Ok(None) if self.offline => return fail(Code::Absent, ""),
            Ok(None) => {}
            Err(error) if self.offline => return Err(error),
            Err(_) => {}
        }
        // 5.1: from here on the time is fixed.
        self.now = self.now.max(self.issued.unwrap_or(0));
        self.go(State::LoadSnapshot);
        Ok(())
    }

    /// A value that goes back is of no use to anybody and is passed over, as is one that cannot be right.
    fn raise_issued(&mut self, timestamp: &Timestamp) {
        let Some(issued) = timestamp.issued else {
            return;
        };
        let latest = self
            .clock
            .map_or(u64::MAX, |now| now.saturating_add(super::ISSUED_AHEAD));
        if issued <= latest && issued < self.root.head.expires {
            self.issued = self.issued.max(Some(issued));
            self.issued_root = self.issued_root.max(self.root.head.version);
        }
    }

    /// The snapshot trusted before: the floor of 5.5.5, and often the current one.
    pub(super) fn loaded_snapshot(&mut self, bytes: Option<&[u8]>) -> Result<()> {
        self.snapshot = None;
        self.snapshot_bytes.clear();
        let read = self.stored(
            bytes,
            "snapshot",
            self.limits.snapshot,
            |envelope, digest| Snapshot::read(&envelope.signed, digest),
        );
        if self.offline {
            let snapshot = read?.ok_or_else(|| Error::new(Code::Absent, ""))?;
            return self.restored_snapshot(snapshot);
        }
        if let (Ok(Some(snapshot)), Some(bytes)) = (read, bytes) {
            self.snapshot = Some(snapshot);
            self.snapshot_bytes.extend_from_slice(bytes);
        }
        if self.foreign {
            // A root replaced keys and the process ended before 5.3.11: what it would have removed counts
            // nothing.
            self.timestamp = None;
            self.snapshot = None;
        }
        self.finish_root()
    }

    /// Verifies a stored top-level file.
    fn stored<T>(
        &mut self,
        bytes: Option<&[u8]>,
        role: &str,
        limit: u64,
        read: impl FnOnce(&Envelope<'_>, [u8; 32]) -> Result<T>,
    ) -> Result<Option<T>> {
        let Some(bytes) = bytes else { return Ok(None) };
        let checked =
            required(Some(bytes), limit).and_then(|bytes| verified(bytes, &self.root, role));
        if let Err(error) = &checked {
            self.foreign =
                self.foreign || matches!(error.kind, Code::Signatures | Code::UnknownScheme);
        }
        let envelope = checked?;
        read(&envelope, envelope.digest()).map(Some)
    }

    /// 5.4: the timestamp of today.
    pub(super) fn fetched_timestamp(&mut self, bytes: Option<&[u8]>) -> Result<()> {
        // 5.4.1
        let bytes = required(bytes, self.limits.timestamp)?;
        // 5.4.2
        let envelope = verified(bytes, &self.root, "timestamp")?;
        let new = Timestamp::read(&envelope.signed, envelope.digest())?;
        // 5.4.3
        if let Some(trusted) = &self.timestamp {
            if new.head.version == trusted.head.version {
                // Nothing new, which is the usual case. Signed anew with the same content is the same.
                check_equal(&trusted.head, trusted.digest, &new.head, new.digest)?;
                self.check_expiry(&trusted.head)?;
                return self.after_timestamp();
            }
            if new.head.version < trusted.head.version {
                return fail(Code::Rollback, "version");
            }
            if new.snapshot.version < trusted.snapshot.version {
                return fail(Code::Rollback, "snapshot.json");
            }
        }
        // 5.4.4
        self.check_expiry(&new.head)?;
        // 5.4.5
        self.go(State::StoreTimestamp(Box::new(new), Vec::from(bytes)));
        Ok(())
    }

    pub(super) fn stored_timestamp(&mut self, new: Timestamp) -> Result<()> {
        self.raise_issued(&new);
        self.timestamp = Some(new);
        self.after_timestamp()
    }

    fn snapshot_meta(&self) -> Result<&Meta> {
        let timestamp = self
            .timestamp
            .as_ref()
            .ok_or_else(|| Error::new(Code::Absent, "").about("timestamp"))?;
        Ok(&timestamp.snapshot)
    }

    /// The stored snapshot, if it is the one that the timestamp lists and not expired; else 5.5.
    fn after_timestamp(&mut self) -> Result<()> {
        let bytes = core::mem::take(&mut self.snapshot_bytes);
        let meta = self.snapshot_meta()?;
        let current = self.snapshot.as_ref().is_some_and(|snapshot| {
            snapshot.head.version == meta.version
                && meta.check(&bytes).is_ok()
                && self.check_expiry(&snapshot.head).is_ok()
        });
        self.go(if current {
            State::LoadTargets
        } else {
            State::FetchSnapshot
        });
        Ok(())
    }

    pub(super) fn snapshot_request(&self) -> Result<Step> {
        self.request("snapshot", self.snapshot_meta()?, self.limits.snapshot)
    }

    /// The request for a file that is listed: no longer than listed, its version before its name if the
    /// repository has consistent snapshots.
    fn request(&self, role: &str, meta: &Meta, limit: u64) -> Result<Step> {
        let max_bytes = meta.length.unwrap_or(limit);
        if max_bytes > limit {
            return Err(Error::new(Code::TooLarge, "length").about(role));
        }
        let path = if self.root.consistent {
            versioned(meta.version, role)
        } else {
            file(role)
        };
        Ok(Step::Fetch { path, max_bytes })
    }

    /// 5.5: the snapshot that the timestamp lists.
    pub(super) fn fetched_snapshot(&mut self, bytes: Option<&[u8]>) -> Result<()> {
        // 5.5.1
        let bytes = required(bytes, self.limits.snapshot)?;
        let meta = self.snapshot_meta()?;
        // 5.5.2
        meta.check(bytes)?;
        // 5.5.3
        let envelope = verified(bytes, &self.root, "snapshot")?;
        let new = Snapshot::read(&envelope.signed, envelope.digest())?;
        // 5.5.4
        check_listed(meta, &new.head)?;
        // 5.5.5
        if let Some(trusted) = &self.snapshot {
            check_equal(&trusted.head, trusted.digest, &new.head, new.digest)?;
            trusted.check_rollback(&new)?;
        }
        // 5.5.6
        self.check_expiry(&new.head)?;
        // 5.5.7
        self.go(State::StoreSnapshot(Box::new(new), Vec::from(bytes)));
        Ok(())
    }

    /// What the snapshot lists for a targets role.
    pub(super) fn role_meta(&self, role: &str) -> Result<&Meta> {
        let snapshot = self
            .snapshot
            .as_ref()
            .ok_or_else(|| Error::new(Code::Absent, "").about("snapshot"))?;
        snapshot.role(role)
    }

    /// The request for a targets role, the top-level or a delegated one.
    pub(super) fn targets_request(&self, role: &str) -> Result<Step> {
        self.request(role, self.role_meta(role)?, self.limits.targets)
    }

    /// The targets trusted before, if they still are what the snapshot lists; else they are fetched.
    pub(super) fn loaded_targets(&mut self, bytes: Option<&[u8]>) -> Result<()> {
        if self.offline {
            let bytes = bytes.ok_or_else(|| Error::new(Code::Absent, ""))?;
            let targets = self.check_targets(bytes)?;
            self.trust_targets(targets);
            return Ok(());
        }
        match bytes.map(|bytes| self.check_targets(bytes)) {
            Some(Ok(targets)) => self.trust_targets(targets),
            _ => self.go(State::FetchTargets),
        }
        Ok(())
    }

    /// 5.6: the targets that the snapshot lists.
    pub(super) fn fetched_targets(&mut self, bytes: Option<&[u8]>) -> Result<()> {
        // 5.6.1
        let bytes = required(bytes, self.limits.targets)?;
        let new = self.check_targets(bytes)?;
        // 5.6.6
        self.go(State::StoreTargets(Box::new(new), Vec::from(bytes)));
        Ok(())
    }

    fn check_targets(&self, bytes: &[u8]) -> Result<Targets> {
        let signed_by =
            |envelope: &Envelope<'_>| envelope.verify(&self.root.keys, self.root.role("targets"));
        self.check_role("targets", bytes, &signed_by)
    }

    /// 5.6.2 to 5.6.5, for top-level and delegated targets.
    pub(super) fn check_role(
        &self,
        role: &str,
        bytes: &[u8],
        signed_by: &dyn Fn(&Envelope<'_>) -> Result<()>,
    ) -> Result<Targets> {
        super::within(bytes, self.limits.targets)?;
        let meta = self.role_meta(role)?;
        // 5.6.2. What an interrupted update left may be older than listed: then its own version decides.
        let checked = meta.check(bytes);
        if !self.offline {
            checked.clone()?;
        }
        // 5.6.3
        let envelope = Envelope::read(bytes)?;
        signed_by(&envelope)?;
        let new = Targets::read(&envelope.signed, self.schemes)?;
        // 5.6.4
        if self.offline && new.head.version < meta.version {
            return Ok(new);
        }
        checked?;
        check_listed(meta, &new.head)?;
        // 5.6.5
        if !self.offline {
            self.check_expiry(&new.head)?;
        }
        Ok(new)
    }

    pub(super) fn trust_targets(&mut self, targets: Targets) {
        self.targets = Some(targets);
        self.visited.clear();
        self.ready = true;
        self.go(State::Finished);
    }

    /// The stored snapshot, where nothing is fetched. An update that was interrupted may have left it behind
    /// the timestamp, never ahead of it.
    fn restored_snapshot(&mut self, snapshot: Snapshot) -> Result<()> {
        let meta = self.snapshot_meta()?;
        if snapshot.head.version > meta.version {
            return fail(Code::RoleVersion, "version");
        }
        self.snapshot = Some(snapshot);
        self.go(State::LoadTargets);
        Ok(())
    }
}

/// The same version has the same content, whenever it is signed.
fn check_equal(trusted: &Head, digest: [u8; 32], new: &Head, new_digest: [u8; 32]) -> Result<()> {
    if trusted.version == new.version && digest != new_digest {
        return fail(Code::Equivocation, "version");
    }
    Ok(())
}

fn check_listed(meta: &Meta, head: &Head) -> Result<()> {
    if meta.version == head.version {
        Ok(())
    } else {
        fail(Code::RoleVersion, "version")
    }
}
