//! Makes and signs the TUF repository that bundles are synced from.
//!
//! A change ([`init`], [`Change`], [`rotate`], [`refresh`]) gives a [`Stage`]: metadata that is signed in turns,
//! on as many machines as there are keys. [`push`] publishes it, once a client that trusts the repository as it is
//! would accept it as it becomes.
#![forbid(unsafe_code)]

mod accept;
mod change;
mod custom;
mod document;
mod error;
pub mod gate;
mod history;
pub mod keys;
mod layout;
mod lines;
pub mod name;
mod push;
mod record;
mod renew;
mod repository;
mod review;
mod roles;
mod settings;
mod stage;
mod status;
mod storage;
mod text;
mod trail;

pub use change::Change;
pub use custom::{Counts, Custom, Rollout};
pub use error::{Error, Result};
pub use history::{Event, Evidence, History, Past, Provenance, RolesEvent};
pub use push::{LOCK, PushOptions, push};
pub use record::{Entry, Publication, Record, RoleEntry, Source};
pub use renew::{init, refresh, rotate};
pub use repository::Repository;
pub use review::Allowed;
pub use roles::{Quorum, TopRole};
pub use settings::{Expiry, Settings};
pub use stage::{Missing, Stage};
pub use status::{LineStatus, RoleStatus, Status, TargetStatus};
pub use storage::{Storage, Store, Stored, Tag};
pub use text::{rfc3339, sha256};
pub use trail::Old;
