//! Sections 5.2 and 5.3: the trusted root and the way to the newest one.

use super::{Client, Limits, State, verified, within};
use crate::envelope::Envelope;
use crate::error::{Code, Result, fail};
use crate::key::Schemes;
use crate::schema::Root;
use alloc::{boxed::Box, vec::Vec};

/// 5.2: the root that came with the application. Its own keys must have signed it, or it was damaged; its
/// expiry does not matter, because it will be updated.
pub(super) fn pinned(bytes: &[u8], limits: &Limits, schemes: Schemes) -> Result<Root> {
    within(bytes, limits.root)?;
    let envelope = Envelope::read(bytes)?;
    let root = Root::read(&envelope.signed, schemes)?;
    envelope.verify(&root.keys, root.role("root"))?;
    Ok(root)
}

impl Client {
    pub(super) fn next_root(&self) -> u64 {
        self.root.head.version.saturating_add(1)
    }

    /// 5.3.4 and 5.3.5: root N+1 is signed by a threshold of the keys of root N and by one of its own, and its
    /// version is N+1. 5.3.6: whether it is expired does not matter.
    fn check_next_root(&self, bytes: &[u8]) -> Result<Root> {
        within(bytes, self.limits.root)?;
        let envelope = verified(bytes, &self.root, "root")?;
        let next = Root::read(&envelope.signed, self.schemes)?;
        envelope.verify(&next.keys, next.role("root"))?;
        if next.head.version != self.next_root() {
            return fail(Code::RootVersion, "version");
        }
        Ok(next)
    }

    /// A root from the history of roots that were trusted before. The history is not trusted, but checked as
    /// the network is; where it ends or is damaged, the network goes on.
    pub(super) fn loaded_root(&mut self, bytes: Option<&[u8]>) -> Result<()> {
        match bytes.map(|bytes| self.check_next_root(bytes)) {
            Some(Ok(next)) => {
                // Another process, or one that ended early, may have stored it: what is in memory is older.
                self.note_rotation(&next);
                self.root = next;
                self.go(State::LoadRoot);
            }
            _ if self.offline => self.go(State::LoadTimestamp),
            _ => self.go(State::FetchRoot),
        }
        Ok(())
    }

    /// 5.3.3: root N+1 from the repository. That there is none is the usual case.
    pub(super) fn fetched_root(&mut self, bytes: Option<&[u8]>) -> Result<()> {
        let Some(bytes) = bytes else {
            self.go(State::LoadTimestamp);
            return Ok(());
        };
        let next = self.check_next_root(bytes)?;
        // 5.3.8, for which the history comes first: a crash between the two leaves a chain without gaps.
        self.go(State::StoreRootHistory(Box::new(next), Vec::from(bytes)));
        Ok(())
    }

    /// 5.3.7 and 5.3.9: the root is stored, so it is the trusted one; try the next.
    pub(super) fn stored_root(&mut self, next: Root) {
        self.rotated |= self.note_rotation(&next);
        self.root = next;
        self.ready = false;
        self.roots_fetched = self.roots_fetched.saturating_add(1);
        // 5.3.3: after so many roots go on with what is trusted; the next cycle takes the next ones.
        self.go(if self.roots_fetched >= self.limits.roots {
            State::LoadTimestamp
        } else {
            State::FetchRoot
        });
    }

    /// Whether the next root replaces a key of 5.3.11. Who had it may have set the clock's floor too.
    fn note_rotation(&mut self, next: &Root) -> bool {
        let rotated = self.root.rotated(next, "timestamp") || self.root.rotated(next, "snapshot");
        if rotated {
            self.rotated_root = next.head.version;
            if next.head.version > self.issued_root {
                self.issued = None;
            }
        }
        rotated
    }

    /// 5.3.10 and 5.3.11, once what is stored is read and the time is known: the root is not expired, and what
    /// keys signed that are replaced now is removed, because it may be the work of who stole them.
    pub(super) fn finish_root(&mut self) -> Result<()> {
        self.check_expiry(&self.root.head)
            .map_err(|error| error.about("root"))?;
        if self.rotated {
            self.timestamp = None;
            self.snapshot = None;
            self.go(State::RemoveTimestamp);
        } else {
            self.go(State::FetchTimestamp);
        }
        Ok(())
    }
}
