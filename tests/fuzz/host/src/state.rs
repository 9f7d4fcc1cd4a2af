//! The target of a client's state folder.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use edgerail_fuzz::seeds::Sources;
use edgerail_sync::activation::{Audience, OnExpired, Pins, Ring};
use edgerail_sync::transport::{Boxed, Packed};
use edgerail_sync::{Config, Environment, Loader, Rejection, Sync};
use edgerail_trust::testing::NOW;
use edgerail_trust::text::to_hex;

use crate::disk::{BUNDLE, Memory, PACKED, REPOSITORY, TARGET, now};
use crate::files::{Files, changed, input};

/// Takes every bundle.
struct Taker;

impl Loader for Taker {
    type Engine = ();

    fn load(&self, _: &[u8], _: &Pins) -> Result<(), Rejection> {
        Ok(())
    }
}

/// A clock that stands, and no chance.
struct Still;

impl Environment for Still {
    fn now(&self) -> Option<u64> {
        Some(NOW)
    }

    fn sleep(&self, _: Duration) -> Boxed<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn random(&self) -> u64 {
        7
    }
}

/// A client of the repository that keeps its state on this disk.
fn client(disk: &Memory) -> Sync<Taker> {
    let pins = Pins {
        target: TARGET.to_owned(),
        audience: Audience::Server,
        ring: Ring::General,
        instance: "host-17".to_owned(),
        engine_abi: 1,
        engine_build: "1.2.3".to_owned(),
        on_expired: OnExpired::Keep,
    };
    let transport = Box::new(Packed::new(PACKED.clone(), "the repository"));
    let root = REPOSITORY.pinned().to_vec();
    let config = Config {
        disk: Box::new(disk.clone()),
        environment: Arc::new(Still),
        ..Config::new(root, pins, "", transport, Taker)
    };
    Sync::open(config).expect("whatever is stored, a client starts")
}

/// What a client has stored that is up to date.
static STORED: LazyLock<Files> = LazyLock::new(|| {
    let disk = Memory::default();
    let mut client = client(&disk);
    now(client.once()).expect("the repository is well");
    assert!(client.handle().active().is_some());
    disk.all()
});

/// Any changes of a state folder; the first byte says whether the state is sealed again. A client starts, enforces the
/// bundle that the repository signed or none, and the next check brings it to where it would be, unless the state
/// forbids it; what was stored then starts again as it is.
pub(crate) fn folder(input: &[u8]) {
    let (head, mut files) = changed(input, &STORED);
    if head.first().is_some_and(|first| first & 1 == 1) {
        seal(&mut files);
    }
    let disk = Memory::of(files);
    let mut first = client(&disk);
    assert_genuine(&first);
    let floor = first.handle().status().floor;
    let checked = now(first.once());
    assert_genuine(&first);
    let status = first.handle().status();
    assert!(status.floor >= floor, "the floor fell");
    if let Err(error) = checked {
        assert!(!error.code().is_empty() && !error.message().is_empty());
    } else {
        assert!(first.handle().active().is_some(), "{status:?}");
    }
    drop(first);
    let second = client(&disk);
    assert_genuine(&second);
    assert!(second.handle().status().floor >= status.floor);
    for path in disk.all().keys() {
        assert!(!path.split('/').any(|part| part == ".."), "{path}");
    }
}

fn assert_genuine(client: &Sync<Taker>) {
    if let Some(active) = client.handle().active() {
        assert_eq!((&*active.bytes, &*active.name), (BUNDLE, TARGET));
    }
    let status = client.handle().status();
    serde_json::to_vec(&status).expect("a status is JSON");
}

/// Gives the files of the state the hash of what they say: as a fault of our own, or a hand, would.
fn seal(files: &mut Files) {
    for name in ["activation.a", "activation.b"] {
        let Some(bytes) = files.get_mut(name) else {
            continue;
        };
        let body = bytes.iter().position(|byte| *byte == b'\n');
        let body = bytes.split_off(body.map_or(bytes.len(), |at| at + 1));
        let hash = edgerail_publish::sha256(&body);
        *bytes = [b"edgerail-activation 1 ", hash.as_bytes(), b"\n", &body].concat();
    }
}

pub(crate) fn seeds(_: &Sources) -> Vec<Vec<u8>> {
    let mut seeds = vec![vec![0], vec![1]];
    for (path, bytes) in STORED.iter() {
        seeds.push(input(&[0], &[(path, bytes)]));
        if path.starts_with("activation") {
            seeds.push(input(&[1], &[(path, bytes)]));
            let poisoned = String::from_utf8_lossy(bytes).replace(
                r#""poisoned":[]"#,
                &format!(
                    r#""poisoned":[{{"build":"1.2.3","code":"self_test","sha256":"{}"}}]"#,
                    to_hex(&[7; 32])
                ),
            );
            seeds.push(input(&[1], &[(path, poisoned.as_bytes())]));
        }
        let gone = format!("-{path}");
        seeds.push(input(&[0], &[(&gone, b"")]));
    }
    seeds
}
