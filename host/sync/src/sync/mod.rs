//! The client: opens what is stored, checks the repository, activates.

mod cycle;
mod open;
mod run;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use edgerail_trust::activation::{Activation, Pins};
use edgerail_trust::{Client, Limits};
use tokio::sync::Notify;

use crate::environment::{Environment, System};
use crate::error::Error;
use crate::evidence::Verified;
use crate::loader::Loader;
use crate::schedule::{Intervals, Schedule};
use crate::status::{Report, Status};
use crate::store::{Disk, Store, SystemDisk};
use crate::transport::Transport;

/// What a client is made of. All of it comes with the application.
pub struct Config<L> {
    /// The pinned root: `root.json` of any version, expired or not.
    pub root: Vec<u8>,
    /// What the bundle must be.
    pub pins: Pins,
    /// Where the state is kept; see [`crate::store`].
    pub disk: Box<dyn Disk>,
    /// Where the repository is.
    pub transport: Box<dyn Transport>,
    /// What makes engines of bundles.
    pub loader: L,
    /// An exported repository with the bundle to enforce until there is a newer one. Without it the first start
    /// needs the network.
    pub baseline: Option<Vec<u8>>,
    /// How often the repository is asked.
    pub intervals: Intervals,
    /// How much is read of each file.
    pub limits: Limits,
    /// Whether bundles that failed before are tried once more.
    pub retry_poisoned: bool,
    /// Time and chance.
    pub environment: Arc<dyn Environment>,
}

impl<L: Loader> Config<L> {
    /// A client of this machine, with the default intervals and limits and without a baseline.
    pub fn new(
        root: Vec<u8>,
        pins: Pins,
        state: impl Into<PathBuf>,
        transport: Box<dyn Transport>,
        loader: L,
    ) -> Config<L> {
        Config {
            root,
            pins,
            disk: Box::new(SystemDisk::new(state)),
            transport,
            loader,
            baseline: None,
            intervals: Intervals::default(),
            limits: Limits::default(),
            retry_poisoned: false,
            environment: Arc::new(System),
        }
    }
}

/// The bundle that is enforced.
#[derive(Debug)]
pub struct Active<E> {
    /// Its bytes, verified.
    pub bytes: Arc<[u8]>,
    /// What the loader made of them.
    pub engine: Arc<E>,
    /// The target's name.
    pub name: String,
    /// Its version.
    pub version: u64,
    /// Its SHA-256, in lower-case hexadecimal.
    pub sha256: String,
    /// Whether it comes from a rollout and is not current yet.
    pub next: bool,
    /// Whether it came with the application.
    pub baseline: bool,
    /// When it was activated, in seconds since 1970; 0 if that is not known.
    pub since: u64,
}

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether another bundle is active than before.
    pub changed: bool,
}

/// What threads that decide requests share with the one that syncs. Clones are of the same client.
#[derive(Debug)]
pub struct Handle<E> {
    shared: Arc<Shared<E>>,
}

impl<E> Clone for Handle<E> {
    fn clone(&self) -> Handle<E> {
        Handle {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<E> Handle<E> {
    /// The bundle that is enforced; `None` only if there never was one and no baseline was given.
    #[must_use]
    pub fn active(&self) -> Option<Arc<Active<E>>> {
        self.shared
            .active
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether every request is to be blocked because the pins ask for that once the metadata is stale: see
    /// [`edgerail_trust::activation::OnExpired::Deny`]. It becomes true by time alone, so ask for every request.
    #[must_use]
    pub fn deny(&self) -> bool {
        let now = self.shared.environment.now();
        self.shared.report().health(now).deny
    }

    /// How the client does.
    #[must_use]
    pub fn status(&self) -> Status {
        let now = self.shared.environment.now();
        self.shared.report().status(now)
    }

    /// Lets a running client check now.
    pub fn now(&self) {
        self.shared.wake.notify_one();
    }
}

struct Shared<E> {
    active: RwLock<Option<Arc<Active<E>>>>,
    report: Mutex<Report>,
    wake: Notify,
    environment: Arc<dyn Environment>,
}

impl<E> std::fmt::Debug for Shared<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl<E> Shared<E> {
    fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client of one repository for one bundle. It is driven by one task; [`Sync::handle`] is for all others.
pub struct Sync<L: Loader> {
    root: Vec<u8>,
    pins: Pins,
    transport: Arc<dyn Transport>,
    loader: L,
    limits: Limits,
    intervals: Intervals,
    environment: Arc<dyn Environment>,
    client: Client,
    store: Store,
    state: Activation,
    /// The state as it is stored.
    saved: Activation,
    schedule: Schedule,
    baseline: Option<Verified>,
    long_poll: bool,
    shared: Arc<Shared<L::Engine>>,
}

impl<L: Loader> std::fmt::Debug for Sync<L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sync")
            .field("pins", &self.pins)
            .finish_non_exhaustive()
    }
}

impl<L: Loader> Sync<L> {
    /// What other threads use.
    #[must_use]
    pub fn handle(&self) -> Handle<L::Engine> {
        Handle {
            shared: Arc::clone(&self.shared),
        }
    }

    /// The bundle that is enforced: see [`Handle::active`].
    #[must_use]
    pub fn active(&self) -> Option<Arc<Active<L::Engine>>> {
        self.handle().active()
    }

    /// How the client does.
    #[must_use]
    pub fn status(&self) -> Status {
        self.handle().status()
    }

    /// Stores the state if it differs from what is stored.
    fn save(&mut self) -> Result<(), Error> {
        if self.state != self.saved {
            self.store.save(&self.state)?;
            self.saved = self.state.clone();
        }
        Ok(())
    }
}
