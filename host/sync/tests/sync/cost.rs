//! What an update costs in a large repository.

use edgerail_trust::testing::{Repository, Signer};

use crate::world::*;

const SCOPES: usize = 500;
/// Targets in a delegated role, as publishers lay them out.
const ROLE: usize = 64;

fn scope(number: usize) -> String {
    format!("aws~o-exampleorgid~ou-ab12-{number:08x}~us-east-1")
}

/// `custom` with all that publishers write.
fn full_custom(scope: &str, version: u64) -> String {
    format!(
        r#"{{"audience":"server","counts":{{"exceptions":12,"guardrails":3,"pii":31,"regexes":10,"topics":10,"words":10000}},"engine_abi":{ABI},"record":"{scope}.record.{version}.json","scope":"{scope}","version":{version}}}"#
    )
}

#[test]
fn one_changed_bundle_among_500_scopes_costs_64_kib_of_metadata_at_most() {
    let mut repository = Repository::new(91);
    let roles: Vec<String> = (0..SCOPES.div_ceil(ROLE))
        .map(|number| format!("targets-{number}"))
        .collect();
    for (number, role) in roles.iter().enumerate() {
        let names: Vec<String> = (number * ROLE..SCOPES.min((number + 1) * ROLE))
            .map(|scope_number| format!("{}.bundle", scope(scope_number)))
            .collect();
        let paths: Vec<&str> = names.iter().map(String::as_str).collect();
        repository.delegate(
            "targets",
            role,
            Signer::ed25519(9100 + number as u64),
            &paths,
        );
        for name in &names {
            let scope = name.strip_suffix(".bundle").unwrap();
            repository.target(role, name, &bundle(1, "good"), Some(&full_custom(scope, 1)));
        }
    }
    let all: Vec<&str> = roles
        .iter()
        .map(String::as_str)
        .chain(["targets", "snapshot", "timestamp"])
        .collect();
    repository.publish(&all);
    let ours = scope(77);
    let mut world = World::new(&Publisher::of(repository.clone()));
    world.pins.target = format!("{ours}.bundle");
    let mut sync = world.open();
    check(&mut sync).unwrap();
    let before = sync.status().counters;
    check(&mut sync).unwrap();
    let idle = sync.status().counters;
    assert!(idle.requests - before.requests <= 2);
    let new = bundle(2, "good");
    repository.target(
        "targets-1",
        &world.pins.target,
        &new,
        Some(&full_custom(&ours, 2)),
    );
    repository.update("targets-1");
    world.network.serve(&Publisher::of(repository));
    check(&mut sync).unwrap();
    assert_eq!(version(&sync), Some(2));
    let after = sync.status().counters;
    let metadata = after.bytes - idle.bytes - new.len() as u64;
    println!(
        "{SCOPES} scopes: install {} bytes, idle check {} bytes in {} requests, update {metadata} bytes of metadata in {} requests",
        before.bytes,
        idle.bytes - before.bytes,
        idle.requests - before.requests,
        after.requests - idle.requests
    );
    assert!(metadata <= 64 << 10, "{metadata}");
}
