//! A repository of 500 scopes.

mod common;

use common::*;
use edgerail_publish::name::{Audience, Line};
use edgerail_publish::push;
use serde_json::Value;

const SCOPES: usize = 500;
/// The most that a changed bundle may cost a client that is up to date, besides the bundle.
const METADATA: usize = 64 << 10;

fn name(number: usize) -> String {
    format!("aws~o-exampleorgid~ou-ab12-{number:08}~us-east-1")
}

#[test]
#[allow(clippy::print_stderr, reason = "the figures, with --nocapture")]
fn one_changed_bundle_of_500_scopes_costs_little_and_an_idle_poll_two_requests() {
    let keys = Keys::new();
    let memory = founded(&keys);
    // The bundles of all scopes are alike but for the scope's name, which has the same length in each.
    let template = |audience| {
        let bytes = bundle(&name(0), audience, &["heron"]);
        move |number: usize| {
            if number == 0 {
                bytes.clone()
            } else {
                bundle(&name(number), audience, &["heron"])
            }
        }
    };
    let (server_bundle, browser_bundle) = (template(Audience::Server), template(Audience::Browser));
    let mut stage = staged(&memory, NOW, |change| {
        for number in 0..SCOPES {
            let mut line = server(&name(number));
            change.add_current(&line, &candidate(server_bundle(number)), Value::Null)?;
            line.audience = Audience::Browser;
            change.add_current(&line, &candidate(browser_bundle(number)), Value::Null)?;
        }
        Ok(())
    })
    .unwrap();
    push(&mut stage, &memory, &keys.publishers(), at(NOW)).unwrap();
    let target = server(&name(250)).target(false);
    let mut reader = Reader::new(&memory);
    reader.refresh(&memory, NOW).unwrap();
    assert!(reader.find(&memory, &target).is_some());
    let first = reader.fetched;

    (reader.requests, reader.fetched) = (0, 0);
    reader.refresh(&memory, NOW).unwrap();
    assert!(reader.find(&memory, &target).is_some());
    assert_eq!(reader.requests, 2, "the next root, the timestamp");

    let files = memory.files.borrow().len();
    publish(&memory, &keys, NOW + 60, |change| {
        let line = Line {
            audience: Audience::Server,
            ..server(&name(250))
        };
        let changed = candidate(bundle(&name(250), Audience::Server, &["osprey"]));
        change.add_current(&line, &changed, Value::Null).map(drop)
    })
    .unwrap();
    // The bundle, its record, one delegated role, the snapshot.
    assert_eq!(memory.files.borrow().len() - files, 4);

    (reader.requests, reader.fetched) = (0, 0);
    reader.refresh(&memory, NOW + 60).unwrap();
    let (found, _) = reader.find(&memory, &target).unwrap();
    assert_eq!(custom(&found)["version"], 2);
    assert!(reader.fetched <= METADATA, "{} bytes", reader.fetched);
    assert!(reader.requests <= 4, "{}", reader.requests);
    eprintln!(
        "first {first} bytes of metadata, one changed bundle {} bytes",
        reader.fetched
    );
    let listed = memory.json("metadata/1.targets-0001.json");
    assert!(listed["signed"]["targets"].as_object().unwrap().len() <= 64);
}

#[test]
fn growing_beyond_one_role_keeps_every_target() {
    let keys = Keys::new();
    let memory = founded(&keys);
    let add = |range: std::ops::Range<usize>| {
        publish(&memory, &keys, NOW, |change| {
            for number in range {
                let candidate = candidate(bundle(&name(number), Audience::Server, &["heron"]));
                change.add_current(&server(&name(number)), &candidate, Value::Null)?;
            }
            Ok(())
        })
        .unwrap();
    };
    add(0..64);
    let mut reader = Reader::new(&memory);
    reader.refresh(&memory, NOW).unwrap();
    assert!(memory.json("metadata/2.targets.json")["signed"]["delegations"].is_null());
    add(64..65);
    reader.refresh(&memory, NOW).unwrap();
    for number in [0, 15, 16, 63, 64] {
        assert!(
            reader
                .find(&memory, &server(&name(number)).target(false))
                .is_some(),
            "{number}"
        );
    }
    assert!(reader.find(&memory, "no-such.bundle").is_none());
    let top = memory.json("metadata/3.targets.json");
    assert_eq!(top["signed"]["targets"].as_object().unwrap().len(), 0);
    // Old content is found where it was listed before there were delegations.
    let line = server(&name(3));
    publish(&memory, &keys, NOW, |change| {
        let candidate = candidate(bundle(&name(3), Audience::Server, &["kite"]));
        change.add_current(&line, &candidate, Value::Null).map(drop)
    })
    .unwrap();
    let old = load(&memory).old(&memory, &line, Some(1)).unwrap();
    assert_eq!(old.custom.version, 1);
}
