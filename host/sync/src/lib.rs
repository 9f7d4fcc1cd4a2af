//! Sync of signed bundles: fetches them, verifies them from a pinned root, puts them in force, and keeps enforcing
//! the last good one when anything is wrong.
//!
//! ```no_run
//! use edgerail_sync::activation::{Audience, OnExpired, Pins, Ring};
//! use edgerail_sync::{Config, EngineLoader, Error, Sync, transport};
//!
//! # async fn embed(stop: impl std::future::Future<Output = ()>) -> Result<(), Error> {
//! let pins = Pins {
//!     target: "aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1.bundle".into(),
//!     audience: Audience::Server,
//!     ring: Ring::General,
//!     instance: "host-17".into(),
//!     engine_abi: edgerail_core::bundle::ABI.into(),
//!     engine_build: env!("CARGO_PKG_VERSION").into(),
//!     on_expired: OnExpired::Keep,
//! };
//! let root = include_bytes!("../Cargo.toml").to_vec(); // the application's own root.json
//! let repository = transport::open(Some("https://policy.example.com/"), None, None, &Default::default())?;
//! let mut sync = Sync::open(Config::new(root, pins, "/var/lib/app/policy", repository, EngineLoader::default()))?;
//! let handle = sync.handle();
//!
//! // In every thread that decides requests:
//! if let Some(active) = handle.active().filter(|_| !handle.deny()) {
//!     let request = edgerail_core::Request::text(edgerail_core::Source::Input, "a prompt");
//!     let decision = active.engine.evaluate(&request);
//! }
//!
//! // In one task:
//! sync.run(stop, |check| if let Err(error) = check { eprintln!("{error}") }).await;
//! # Ok(())
//! # }
//! ```
//!
//! The TUF client ([`edgerail_trust::Client`]) decides what is genuine, [`edgerail_trust::activation`] what is taken;
//! both are without I/O. This crate adds transports, the state on the disk, the schedule and the status.

/// The page's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/sync.md")]
pub struct Page;

pub mod archive;
pub mod codes;
mod driver;
mod environment;
mod error;
mod evidence;
mod loader;
mod memory;
mod noted;
pub mod repository;
mod roles;
mod schedule;
mod status;
pub mod store;
mod sync;
pub mod transport;

pub use edgerail_trust::{Limits, activation};
pub use environment::{Environment, System, rfc3339};
pub use error::Error;
pub use loader::{EngineLoader, Loader, Rejection};
pub use noted::{NotedError, NotedStatus};
pub use schedule::{Intervals, Schedule};
pub use status::{
    ActiveStatus, Counters, ErrorStatus, PoisonedStatus, PollStatus, RoleStatus, Status,
};
pub use sync::{Active, Config, Handle, Outcome, Sync};
