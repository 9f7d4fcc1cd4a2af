//! A publisher, a network, a clock, dice and an engine for the client.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use edgerail_sync::activation::{Audience, OnExpired, Pins, Refusal, Ring};
use edgerail_sync::archive::Builder;
use edgerail_sync::store::Disk;
use edgerail_sync::transport::{Answer, Base, Boxed, Get, Transport};
use edgerail_sync::{Config, Environment, Error, Intervals, Loader, Rejection, Sync};
use edgerail_trust::testing::{NOW, Repository};

use crate::disk::MemoryDisk;

pub(crate) const SCOPE: &str = "aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1";
pub(crate) const ABI: u64 = 1;

pub(crate) fn target() -> String {
    format!("{SCOPE}.bundle")
}

pub(crate) fn next_target() -> String {
    format!("{SCOPE}.next.bundle")
}

pub(crate) fn pins() -> Pins {
    Pins {
        target: target(),
        audience: Audience::Server,
        ring: Ring::Canary,
        instance: "host-1".to_owned(),
        engine_abi: ABI,
        engine_build: "1".to_owned(),
        on_expired: OnExpired::Keep,
    }
}

/// `custom` of a bundle for [`SCOPE`].
pub(crate) fn custom(version: u64) -> String {
    format!(
        r#"{{"audience":"server","counts":{{"words":{version}}},"engine_abi":{ABI},"scope":"{SCOPE}","version":{version}}}"#
    )
}

/// `custom` of a bundle of a rollout to every canary.
pub(crate) fn rollout(version: u64) -> String {
    let rollout = r#""rollout":{"permille":1000,"ring":"canary","salt":"5a17"}"#;
    custom(version).replacen('{', &format!("{{{rollout},"), 1)
}

/// The bytes of a bundle that loads. What is `bad` does not load, what `panics` panics.
pub(crate) fn bundle(version: u64, kind: &str) -> Vec<u8> {
    format!("{kind} bundle {version} {}", "x".repeat(300)).into_bytes()
}

/// A publisher that publishes bundles for one scope.
#[derive(Clone)]
pub(crate) struct Publisher {
    pub(crate) repository: Repository,
    role: &'static str,
}

impl Publisher {
    pub(crate) fn new(seed: u64) -> Publisher {
        let mut repository = Repository::new(seed);
        repository
            .role("timestamp")
            .extra
            .insert("x-issued".into(), r#""2025-12-31T00:00:00Z""#.into());
        repository.publish(&["timestamp"]);
        Publisher {
            repository,
            role: "targets",
        }
    }

    /// Of a repository that is made elsewhere.
    pub(crate) fn of(repository: Repository) -> Publisher {
        Publisher {
            repository,
            role: "targets",
        }
    }

    /// With the bundles in a delegated role.
    pub(crate) fn delegated(seed: u64) -> Publisher {
        let mut publisher = Publisher::new(seed);
        let signer = edgerail_trust::testing::Signer::ed25519(seed * 1000 + 77);
        publisher
            .repository
            .delegate("targets", "targets-1", signer, &["aws~*"]);
        publisher
            .repository
            .publish(&["targets", "targets-1", "snapshot", "timestamp"]);
        Publisher {
            role: "targets-1",
            ..publisher
        }
    }

    pub(crate) fn put(&mut self, name: &str, bytes: &[u8], custom: Option<&str>) {
        self.repository.target(self.role, name, bytes, custom);
        self.repository.update(self.role);
    }

    /// Publishes what is current.
    pub(crate) fn current(&mut self, version: u64, kind: &str) {
        self.put(&target(), &bundle(version, kind), Some(&custom(version)));
    }

    /// Offers what a rollout offers.
    pub(crate) fn next(&mut self, version: u64, kind: &str) {
        self.put(
            &next_target(),
            &bundle(version, kind),
            Some(&rollout(version)),
        );
    }

    pub(crate) fn withdraw(&mut self) {
        let targets = &mut self.repository.role(self.role).targets;
        targets.remove(&next_target());
        self.repository.update(self.role);
    }

    /// Exports everything.
    pub(crate) fn export(&self) -> Vec<u8> {
        let mut builder = Builder::default();
        for (path, bytes) in &self.repository.files {
            builder.add(Base::Metadata, path, bytes.clone());
        }
        for (path, bytes) in &self.repository.contents {
            builder.add(Base::Targets, path, bytes.clone());
        }
        builder.finish()
    }
}

/// What a network answers: the repository's files, unless a fault says otherwise.
pub(crate) type Fault =
    Box<dyn FnMut(Get<'_>, Result<Answer, Error>) -> Result<Answer, Error> + Send>;

#[derive(Default)]
pub(crate) struct Wire {
    pub(crate) metadata: BTreeMap<String, Vec<u8>>,
    pub(crate) targets: BTreeMap<String, Vec<u8>>,
    pub(crate) fault: Option<Fault>,
    pub(crate) log: Vec<String>,
    pub(crate) etags: bool,
    /// Answers "not modified" come without the validator.
    pub(crate) forgets_etag: bool,
    pub(crate) waits: bool,
}

/// Clones are the same network.
#[derive(Clone, Default)]
pub(crate) struct Network {
    pub(crate) wire: Arc<Mutex<Wire>>,
}

impl Network {
    pub(crate) fn serve(&self, publisher: &Publisher) {
        let mut wire = self.wire.lock().unwrap();
        wire.metadata = publisher.repository.files.clone();
        wire.targets = publisher.repository.contents.clone();
    }

    pub(crate) fn fault(
        &self,
        fault: impl FnMut(Get<'_>, Result<Answer, Error>) -> Result<Answer, Error> + Send + 'static,
    ) {
        self.wire.lock().unwrap().fault = Some(Box::new(fault));
    }

    pub(crate) fn heal(&self) {
        self.wire.lock().unwrap().fault = None;
    }

    /// Nobody answers.
    pub(crate) fn cut(&self) {
        self.fault(|get, _| Err(Error::network("unreachable", get.path, "no answer")));
    }

    pub(crate) fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.wire.lock().unwrap().log)
    }

    fn answer(&self, get: Get<'_>) -> Result<Answer, Error> {
        let mut wire = self.wire.lock().unwrap();
        let suffix = if get.if_none_match.is_some() {
            " conditional"
        } else {
            ""
        };
        wire.log
            .push(format!("{}/{}{suffix}", get.base.folder(), get.path));
        let files = match get.base {
            Base::Metadata => &wire.metadata,
            Base::Targets => &wire.targets,
        };
        let waited = wire.waits && get.wait.is_some();
        let answer = match files.get(get.path).cloned() {
            None => Ok(Answer::Absent),
            Some(bytes) => {
                let etag = wire.etags.then(|| format!("\"{}\"", tag(&bytes)));
                if etag.is_some() && get.if_none_match == etag.as_deref() {
                    Ok(Answer::NotModified {
                        etag: etag.filter(|_| !wire.forgets_etag),
                        waited,
                    })
                } else {
                    Ok(Answer::Body {
                        bytes,
                        etag,
                        waited,
                    })
                }
            }
        };
        let answer = match wire.fault.take() {
            None => answer,
            Some(mut fault) => {
                let answer = fault(get, answer);
                wire.fault = Some(fault);
                answer
            }
        };
        match answer {
            // What every transport promises.
            Ok(Answer::Body { bytes, .. }) if bytes.len() as u64 > get.max_bytes => Err(
                Error::new("too_large", get.path, "is longer than it may be"),
            ),
            answer => answer,
        }
    }
}

fn tag(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl Transport for Network {
    fn get<'a>(&'a self, get: Get<'a>) -> Boxed<'a, Result<Answer, Error>> {
        Box::pin(std::future::ready(self.answer(get)))
    }

    fn place(&self, base: Base, path: &str) -> String {
        format!("{}/{path}", base.folder())
    }
}

/// A clock that stands, waits that take no time, dice from a seed.
pub(crate) struct Clockwork {
    pub(crate) now: Mutex<Option<u64>>,
    dice: Mutex<u64>,
    pub(crate) slept: Mutex<Vec<Duration>>,
}

impl Clockwork {
    pub(crate) fn at(now: Option<u64>) -> Arc<Clockwork> {
        Arc::new(Clockwork {
            now: Mutex::new(now),
            dice: Mutex::new(1),
            slept: Mutex::default(),
        })
    }

    pub(crate) fn set(&self, now: Option<u64>) {
        *self.now.lock().unwrap() = now;
    }
}

impl Environment for Clockwork {
    fn now(&self) -> Option<u64> {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, time: Duration) -> Boxed<'_, ()> {
        self.slept.lock().unwrap().push(time);
        Box::pin(std::future::ready(()))
    }

    fn random(&self) -> u64 {
        random(&mut self.dice.lock().unwrap())
    }
}

/// The next of a row of numbers (splitmix64).
pub(crate) fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// An "engine" is the bundle's text. It notes what it was given: never anything that was not published.
#[derive(Clone, Default)]
pub(crate) struct TextLoader {
    pub(crate) loaded: Arc<Mutex<BTreeSet<Vec<u8>>>>,
    refuses: Arc<std::sync::atomic::AtomicBool>,
}

impl TextLoader {
    /// A release of the engine that loads nothing.
    pub(crate) fn refuses(&self, refuses: bool) {
        self.refuses
            .store(refuses, std::sync::atomic::Ordering::Relaxed);
    }
}

impl Loader for TextLoader {
    type Engine = String;

    fn load(&self, bytes: &[u8], _pins: &Pins) -> Result<String, Rejection> {
        self.loaded.lock().unwrap().insert(bytes.to_vec());
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        if text.starts_with("bad") || self.refuses.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(Rejection::new(Refusal::SelfTest, "sample 0 differs"));
        }
        assert!(!text.starts_with("panics"), "an engine that panics");
        Ok(text)
    }
}

/// Everything a client needs, to be started again and again.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) disk: MemoryDisk,
    pub(crate) network: Network,
    pub(crate) clock: Arc<Clockwork>,
    pub(crate) loader: TextLoader,
    pub(crate) root: Vec<u8>,
    pub(crate) pins: Pins,
    pub(crate) baseline: Option<Vec<u8>>,
}

impl World {
    pub(crate) fn new(publisher: &Publisher) -> World {
        let world = World {
            disk: MemoryDisk::default(),
            network: Network::default(),
            clock: Clockwork::at(Some(NOW)),
            loader: TextLoader::default(),
            root: publisher.repository.pinned().to_vec(),
            pins: pins(),
            baseline: None,
        };
        world.network.serve(publisher);
        world
    }

    pub(crate) fn config(&self) -> Config<TextLoader> {
        self.config_on(Box::new(self.disk.clone()))
    }

    pub(crate) fn config_on(&self, disk: Box<dyn Disk>) -> Config<TextLoader> {
        Config {
            root: self.root.clone(),
            pins: self.pins.clone(),
            disk,
            transport: Box::new(self.network.clone()),
            loader: self.loader.clone(),
            baseline: self.baseline.clone(),
            intervals: Intervals::default(),
            limits: edgerail_sync::Limits::default(),
            retry_poisoned: false,
            environment: self.clock.clone(),
        }
    }

    pub(crate) fn try_open(&self) -> Result<Sync<TextLoader>, Error> {
        Sync::open(self.config())
    }

    /// A new process on the same disk.
    pub(crate) fn open(&self) -> Sync<TextLoader> {
        self.disk.unlock();
        self.try_open().unwrap()
    }
}

/// How many times as much a deep run does.
pub(crate) fn rounds() -> u64 {
    let rounds = std::env::var("EDGERAIL_ROUNDS").ok();
    rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
}

/// Nothing in these worlds waits.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the client waits for something that does not come"),
    }
}

/// One check; the code of what went wrong.
pub(crate) fn check(sync: &mut Sync<TextLoader>) -> Result<bool, &'static str> {
    ready(sync.once())
        .map(|outcome| outcome.changed)
        .map_err(|error| error.code())
}

/// The version that is enforced.
pub(crate) fn version(sync: &Sync<TextLoader>) -> Option<u64> {
    let active = sync.active()?;
    let text = active.engine.split(' ').nth(2).unwrap();
    assert_eq!(
        text,
        active.version.to_string(),
        "the engine is of the bundle"
    );
    Some(active.version)
}
