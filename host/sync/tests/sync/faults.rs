//! Networks that fail in every way we know, at every object, in seeded runs: never is anything enforced that was not
//! published, never anything older than what was enforced before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use edgerail_sync::Error;
use edgerail_sync::transport::{Answer, Base, Get};

use crate::world::*;

/// How an answer goes wrong.
const FAULTS: [&str; 18] = [
    "http 500",
    "http 429",
    "absent",
    "cut",
    "empty",
    "extra bytes",
    "bit flip",
    "stale",
    "foreign",
    "html",
    "slow",
    "reset",
    "redirect",
    "endless",
    "not modified",
    "other object",
    "json of nothing",
    "other signatures",
];

/// What a fault is about.
const OBJECTS: [&str; 6] = [
    "root",
    "timestamp",
    "snapshot",
    "targets",
    "targets-1",
    "bundle",
];

fn object(get: &Get<'_>) -> &'static str {
    if get.base == Base::Targets {
        return "bundle";
    }
    let path = get.path;
    let is =
        |name: &&&str| path == format!("{name}.json") || path.ends_with(&format!(".{name}.json"));
    OBJECTS.iter().find(is).copied().unwrap_or("bundle")
}

/// Everything that was served so far, and what another publisher has under the same names.
#[derive(Clone, Default)]
struct Past {
    files: BTreeMap<String, Vec<Vec<u8>>>,
    foreign: BTreeMap<String, Vec<u8>>,
}

impl Past {
    fn add(&mut self, publisher: &Publisher) {
        let all = publisher
            .repository
            .files
            .iter()
            .chain(&publisher.repository.contents);
        for (path, bytes) in all {
            // Under its name without the version: what was current once.
            let name = path.split_once('.').map_or(path.as_str(), |(_, name)| name);
            self.files
                .entry(name.to_owned())
                .or_default()
                .push(bytes.clone());
        }
    }

    fn of(&self, path: &str, dice: u64) -> Option<Vec<u8>> {
        let name = path.split_once('.').map_or(path, |(_, name)| name);
        let all = self.files.get(name)?;
        all.get((dice % all.len() as u64) as usize).cloned()
    }
}

fn body(bytes: Vec<u8>) -> Result<Answer, Error> {
    Ok(Answer::Body {
        bytes,
        etag: None,
        waited: false,
    })
}

fn spoil(
    fault: &str,
    get: Get<'_>,
    answer: Result<Answer, Error>,
    past: &Past,
    dice: u64,
) -> Result<Answer, Error> {
    let network = |code| Err(Error::network(code, get.path, "as told"));
    let bytes = match &answer {
        Ok(Answer::Body { bytes, .. }) => bytes.clone(),
        _ => Vec::new(),
    };
    let at = |length: usize| (dice % length.max(1) as u64) as usize;
    match fault {
        "http 500" => network("http_status"),
        "http 429" => Err(Error::network("http_status", get.path, "429").after(Some(30))),
        "slow" => network("slow"),
        "reset" => network("unreachable"),
        "redirect" => Err(Error::new("redirect", get.path, "elsewhere")),
        "absent" => Ok(Answer::Absent),
        "cut" => body(bytes[..at(bytes.len())].to_vec()),
        "empty" => body(Vec::new()),
        "extra bytes" => body([&bytes[..], b"\n\n{}"].concat()),
        "bit flip" => {
            let mut flipped = bytes;
            let place = at(flipped.len());
            if let Some(byte) = flipped.get_mut(place) {
                *byte ^= 1 << (dice >> 32 & 7);
            }
            body(flipped)
        }
        "stale" => past.of(get.path, dice).map_or(Ok(Answer::Absent), body),
        "foreign" => past
            .foreign
            .get(get.path)
            .cloned()
            .map_or(Ok(Answer::Absent), body),
        "html" => body(b"<!doctype html><title>Sign in</title>".to_vec()),
        "endless" => body(vec![b' '; usize::try_from(get.max_bytes).unwrap() + 1]),
        "not modified" => Ok(Answer::NotModified {
            etag: Some("\"x\"".into()),
            waited: true,
        }),
        "other object" => past
            .of("timestamp.json", dice)
            .map_or(Ok(Answer::Absent), body),
        "json of nothing" => body(br#"{"signatures":[],"signed":{}}"#.to_vec()),
        "other signatures" => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            body(text.replacen("\"sig\":\"", "\"sig\":\"00", 1).into_bytes())
        }
        other => panic!("no fault {other}"),
    }
}

/// Faults that one answer suffers.
#[derive(Clone, Copy)]
struct Plan {
    fault: &'static str,
    object: &'static str,
}

struct Run {
    world: World,
    publisher: Publisher,
    past: Arc<Mutex<Past>>,
    published: BTreeSet<Vec<u8>>,
    lowest: u64,
    dice: u64,
    suffered: Arc<Mutex<u64>>,
}

impl Run {
    fn new(seed: u64, bases: &Bases) -> Run {
        Run {
            world: World::new(&bases.ours),
            publisher: bases.ours.clone(),
            past: Arc::new(Mutex::new(bases.past.clone())),
            published: BTreeSet::from([bundle(1, "good")]),
            lowest: 1,
            dice: seed,
            suffered: Arc::default(),
        }
    }

    fn suffer(&mut self, plan: Plan) {
        let past = Arc::clone(&self.past);
        let suffered = Arc::clone(&self.suffered);
        let mut dice = random(&mut self.dice);
        self.world.network.fault(move |get, answer| {
            if object(&get) != plan.object {
                return answer;
            }
            *suffered.lock().unwrap() += 1;
            spoil(
                plan.fault,
                get,
                answer,
                &past.lock().unwrap(),
                random(&mut dice),
            )
        });
    }

    fn publish(&mut self) {
        let version = self.publisher.repository.roles["targets-1"].version;
        match random(&mut self.dice) % 4 {
            0 => self.publisher.next(version + 1, "good"),
            1 => {
                let signer = edgerail_trust::testing::Signer::ed25519(random(&mut self.dice));
                self.publisher.repository.rotate("timestamp", signer);
                self.publisher.repository.publish(&["root", "timestamp"]);
            }
            _ => self.publisher.current(version + 1, "good"),
        }
        let contents = self.publisher.repository.contents.values();
        self.published.extend(contents.cloned());
        self.past.lock().unwrap().add(&self.publisher);
        self.world.network.serve(&self.publisher);
    }

    /// What must hold whatever happened.
    fn hold(&mut self, sync: &edgerail_sync::Sync<TextLoader>, context: &str) {
        let active = sync
            .active()
            .unwrap_or_else(|| panic!("{context}: no policy"));
        assert!(
            self.published.contains(&*active.bytes),
            "{context}: a bundle nobody published"
        );
        let floor = sync.status().floor;
        assert!(floor >= self.lowest, "{context}: the floor fell to {floor}");
        assert!(
            active.version >= floor,
            "{context}: version {} is below the floor",
            active.version
        );
        self.lowest = floor;
        for loaded in self.world.loader.loaded.lock().unwrap().iter() {
            assert!(
                self.published.contains(loaded),
                "{context}: loaded what nobody published"
            );
        }
    }
}

/// Repositories that every run begins with.
struct Bases {
    ours: Publisher,
    past: Past,
}

impl Bases {
    fn new() -> Bases {
        let mut ours = Publisher::delegated(61);
        ours.current(1, "good");
        let mut foreign = Publisher::delegated(62);
        foreign.current(9, "evil");
        let mut past = Past::default();
        past.add(&ours);
        past.foreign = foreign.repository.files.clone();
        past.foreign.extend(foreign.repository.contents);
        Bases { ours, past }
    }
}

#[test]
fn every_fault_at_every_object_keeps_what_is_enforced_and_heals() {
    let bases = Bases::new();
    let mut codes = BTreeSet::new();
    for fault in FAULTS {
        for object in OBJECTS {
            let context = format!("{fault} at {object}");
            let mut run = Run::new(7, &bases);
            let mut sync = run.world.open();
            check(&mut sync).unwrap();
            // Everything is new: root, all roles, the bundle.
            let signer = edgerail_trust::testing::Signer::ed25519(5);
            run.publisher.repository.rotate("timestamp", signer);
            run.publisher.repository.publish(&["root"]);
            run.publisher.repository.publish(&["targets"]);
            run.publisher.current(2, "good");
            run.published.insert(bundle(2, "good"));
            run.past.lock().unwrap().add(&run.publisher);
            run.world.network.serve(&run.publisher);
            run.suffer(Plan { fault, object });
            for _ in 0..2 {
                if let Err(code) = check(&mut sync) {
                    assert!(
                        edgerail_sync::codes::explain(code).is_some(),
                        "{context}: {code} is not explained"
                    );
                    codes.insert(code);
                }
                run.hold(&sync, &context);
            }
            assert!(
                *run.suffered.lock().unwrap() > 0,
                "{context}: never happened"
            );
            run.world.network.heal();
            drop(sync);
            let mut sync = run.world.open();
            run.hold(&sync, &context);
            check(&mut sync).unwrap_or_else(|code| panic!("{context}: does not heal: {code}"));
            assert_eq!(
                (version(&sync), sync.status().degraded),
                (Some(2), vec![]),
                "{context}"
            );
        }
    }
    for code in [
        "http_status",
        "slow",
        "unreachable",
        "redirect",
        "too_large",
        "json",
        "not_found",
        "signatures",
    ] {
        assert!(codes.contains(code), "{code} is not among {codes:?}");
    }
}

#[test]
fn a_thousand_seeded_lives_among_faults_never_activate_what_is_wrong() {
    let bases = Bases::new();
    let runs = 1000 * rounds();
    let (mut activations, mut failures, mut suffered) = (0, 0, 0);
    for seed in 0..runs {
        let mut run = Run::new(seed, &bases);
        let mut sync = run.world.open();
        check(&mut sync).unwrap();
        for step in 0..3 {
            run.publish();
            let dice = random(&mut run.dice);
            let plan = Plan {
                fault: FAULTS[(dice % FAULTS.len() as u64) as usize],
                object: OBJECTS[(dice >> 8) as usize % OBJECTS.len()],
            };
            let context = format!(
                "seed {seed}, step {step}, {} at {}",
                plan.fault, plan.object
            );
            run.suffer(plan);
            match check(&mut sync) {
                Ok(changed) => activations += u64::from(changed),
                Err(_) => failures += 1,
            }
            run.hold(&sync, &context);
            if dice >> 20 & 3 == 0 {
                drop(sync);
                sync = run.world.open();
                run.hold(&sync, &context);
            }
        }
        run.world.network.heal();
        check(&mut sync).unwrap_or_else(|code| panic!("seed {seed}: does not heal: {code}"));
        run.hold(&sync, &format!("seed {seed}, healed"));
        assert_eq!(sync.status().degraded, Vec::<&str>::new(), "seed {seed}");
        suffered += *run.suffered.lock().unwrap();
    }
    println!(
        "{runs} runs, {suffered} faulty answers, {failures} failed checks, {activations} activations among faults"
    );
    assert!(
        failures > runs && activations > runs / 2,
        "{failures} {activations}"
    );
}

#[test]
fn a_daemon_checks_at_once_without_a_policy_then_jitters_backs_off_and_hears_now() {
    let mut publisher = Publisher::new(63);
    publisher.current(1, "good");
    let world = World::new(&publisher);
    let mut sync = world.open();
    let handle = sync.handle();
    let network = world.network.clone();
    let mut checks = 0;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut stop = Some(stop);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(sync.run(async { drop(stopped.await) }, |result| {
        checks += 1;
        match checks {
            1..=3 => assert!(result.is_ok()),
            4..=40 => assert_eq!(result.as_ref().unwrap_err().code(), "http_status"),
            _ => {}
        }
        match checks {
            3 => network.fault(|get, _| Err(Error::network("http_status", get.path, "503"))),
            40 => network
                .fault(|get, _| Err(Error::network("http_status", get.path, "401").permanent())),
            43 => network.fault(|get, _| {
                Err(Error::network("http_status", get.path, "429").after(Some(77)))
            }),
            44 => {
                handle.now();
                drop(stop.take());
            }
            _ => {}
        }
    }));
    let slept: Vec<f64> = world
        .clock
        .slept
        .lock()
        .unwrap()
        .iter()
        .map(|wait| wait.as_secs_f64())
        .collect();
    assert_eq!(
        slept[0], 0.0,
        "nothing is enforced, so the first check does not wait"
    );
    assert!(
        slept[1..4].iter().all(|wait| (48.0..72.0).contains(wait)),
        "{slept:?}"
    );
    let backoff = &slept[4..41];
    assert!(backoff.iter().all(|wait| *wait <= 300.0), "{backoff:?}");
    assert!(
        backoff[0] <= 1.0 && backoff[1] <= 2.0 && backoff[2] <= 4.0,
        "{backoff:?}"
    );
    let distinct: BTreeSet<u64> = backoff.iter().map(|wait| wait.to_bits()).collect();
    assert!(distinct.len() > 30, "the waits are drawn: {backoff:?}");
    assert!(
        slept[41..44].iter().all(|wait| (48.0..72.0).contains(wait)),
        "no storm on refusals: {slept:?}"
    );
    assert!(slept[44] >= 77.0, "{slept:?}");
}

#[test]
fn a_server_that_holds_answers_back_is_asked_again_at_once() {
    let mut publisher = Publisher::new(64);
    publisher.current(1, "good");
    let world = World::new(&publisher);
    {
        let mut wire = world.network.wire.lock().unwrap();
        wire.etags = true;
        wire.waits = true;
    }
    let mut sync = world.open();
    check(&mut sync).unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut stop = Some(stop);
    let mut checks = 0;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(sync.run(async { drop(stopped.await) }, |_| {
        checks += 1;
        if checks == 5 {
            stop.take();
        }
    }));
    let slept = world.clock.slept.lock().unwrap().clone();
    assert!(
        slept[1..5].iter().all(|wait| wait.as_millis() <= 1000),
        "{slept:?}"
    );
    assert!(sync.status().poll.long_poll);
}
