//! Whether the time at which a change is signed can be right.
//!
//! Clients take the time of issue of the newest timestamp as a time that has been. One that lies far ahead makes all
//! metadata look expired to them, and one that goes back is not believed. The metadata before says what can be.

use super::{ISSUED, Stage};
use crate::document::Document;
use crate::error::{Error, Result};
use crate::text::{rfc3339, seconds};

/// The time of issue of a timestamp, in seconds since 1970.
fn issued(document: &Document) -> Option<u64> {
    let text = document.timestamp()?._extra.get(ISSUED)?.as_str()?;
    text.parse::<jiff::Timestamp>().ok().map(seconds)
}

impl Stage {
    /// Lets the timestamp be made although all that is published has expired: nobody renewed it in time.
    pub const fn allow_lapse(&mut self) {
        self.lapsed = true;
    }

    /// When the timestamp before was issued, if that is after `now`: then the clock of one of the two is wrong.
    ///
    /// # Errors
    /// `metadata` if the timestamp before cannot be read.
    pub fn issued_after(&self, now: u64) -> Result<Option<u64>> {
        let base = self.base_document("timestamp")?;
        Ok(base
            .as_ref()
            .and_then(issued)
            .filter(|issued| now < *issued))
    }

    /// Refuses a time of issue before the last one, or after all that is published has expired. What is renewed in
    /// time never comes that late, so the clock is wrong, unless somebody says that it is not.
    pub(super) fn check_clock(&self, now: u64) -> Result<()> {
        if let Some(issued) = self.issued_after(now)? {
            let message = format!(
                "the published timestamp was issued at {}, and it is {} here; set the clock, or give --now",
                rfc3339(issued),
                rfc3339(now)
            );
            return Err(Error::new("clock", "timestamp", message));
        }
        let mut valid = None;
        for role in ["snapshot", "timestamp"] {
            valid = valid.max(self.base_document(role)?.map(|base| base.expires()));
        }
        match valid.filter(|valid| *valid <= now && !self.lapsed) {
            None => Ok(()),
            Some(valid) => {
                let message = format!(
                    "the published snapshot and timestamp expired by {}, and it is {} here; set the clock, or, if nobody renewed them, give --allow-lapse",
                    rfc3339(valid),
                    rfc3339(now)
                );
                Err(Error::new("clock", "timestamp", message))
            }
        }
    }

    /// The same for a timestamp that another machine has made.
    pub(super) fn check_issued(&self) -> Result<()> {
        let staged = self.documents.get("timestamp");
        match staged.and_then(issued) {
            Some(issued) if self.issued_after(issued)?.is_some() => {
                let message = "was issued before the published one; make the change anew on a machine whose clock is right";
                Err(Error::new("clock", "timestamp", message))
            }
            _ => Ok(()),
        }
    }

    /// Refuses to publish a timestamp of a time that is not yet: the validity of one is more than clocks differ.
    pub(crate) fn refuse_future(&self, now: u64) -> Result<()> {
        let latest = self.settings()?.expires.of("timestamp", now);
        let staged = self.documents.get("timestamp");
        match staged.and_then(issued).filter(|issued| *issued > latest) {
            None => Ok(()),
            Some(issued) => {
                let message = format!(
                    "was issued at {}, and it is {} here; the clock of one of the machines is wrong",
                    rfc3339(issued),
                    rfc3339(now)
                );
                Err(Error::new("clock", "timestamp", message))
            }
        }
    }
}
