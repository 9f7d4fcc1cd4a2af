//! What verifying a repository costs above the signatures themselves.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use edgerail_trust::testing::{NOW, Repository, Signer};
use edgerail_trust::{Answer, Client, Limits, Step};

use crate::Bench;
use crate::clock::{Case, medians};
use crate::report::Row;

/// How many targets a delegated role has at most in a repository of ours.
const TARGETS: u64 = 64;

/// Root and targets with two of three keys, a new root after the pinned one, and a delegated role that is full.
fn repository() -> Repository {
    let mut repository = Repository::new(1);
    for (name, seed) in [("root", 100), ("targets", 200)] {
        let role = repository.role(name);
        role.keys = (0..3)
            .map(|number| Signer::ed25519(seed + number))
            .collect();
        role.signers = role.keys[..2].to_vec();
        role.threshold = 2;
    }
    repository.write("root");
    repository.delegate("targets", "targets-1", Signer::ed25519(300), &["*"]);
    for number in 0..TARGETS {
        let name = format!("aws~o-exampleorgid~ou-ab12-{number:08}~us-east-1.bundle");
        let custom = r#"{"audience":"server","counts":{"words":500},"engine_abi":9,"scope":"aws~o-exampleorgid","version":7}"#;
        repository.target("targets-1", &name, name.as_bytes(), Some(custom));
    }
    repository.publish(&["root", "targets-1", "targets", "snapshot", "timestamp"]);
    repository
}

/// Signatures that a client checks that begins with the pinned root and finds a target: the pinned root by its
/// own keys, the next by both, and each role by a threshold.
fn signatures(repository: &Repository) -> u64 {
    let threshold = |name: &str| repository.roles[name].threshold;
    let roles = ["timestamp", "snapshot", "targets", "targets-1"];
    3 * threshold("root") + roles.iter().map(|name| threshold(name)).sum::<u64>()
}

/// Begins with the pinned root, verifies all roles and finds a target; the result depends on it.
fn verify_all(repository: &Repository, target: &str) -> u64 {
    let mut client = Client::new(repository.pinned(), Limits::default())
        .unwrap_or_else(|problem| panic!("the pinned root: {problem}"));
    client.refresh(Some(NOW));
    let mut searched = false;
    loop {
        match client.step() {
            Ok(Step::Load { .. }) => client.answer(Answer::Absent),
            Ok(Step::Fetch { path, .. }) => match repository.files.get(&path) {
                Some(bytes) => client.answer(Answer::Bytes(bytes)),
                None => client.answer(Answer::Absent),
            },
            Ok(Step::Store { .. } | Step::Remove { .. }) => client.answer(Answer::Done),
            Ok(Step::Done) if !searched => {
                searched = true;
                client.find(target);
            }
            Ok(Step::Done) => break,
            Err(problem) => panic!("the repository is valid: {problem}"),
        }
    }
    client
        .found()
        .map_or_else(|| panic!("the target is there"), |target| target.length)
}

/// All roles from the pinned root to a target, against as many Ed25519 verifications as signatures are checked.
pub(crate) fn trust(bench: &mut Bench) {
    let repository = repository();
    let target = "aws~o-exampleorgid~ou-ab12-00000063~us-east-1.bundle";
    let count = signatures(&repository);
    let key = SigningKey::from_bytes(&[7; 32]);
    let public: VerifyingKey = key.verifying_key();
    let message = repository.files["timestamp.json"].clone();
    let signature: Signature = key.sign(&message);
    let [ours, one] = medians(
        bench.effort,
        [
            Case::new(|| verify_all(&repository, target)),
            Case::new(|| public.verify_strict(&message, &signature).is_ok()),
        ],
    );
    let bytes: usize = repository.files.values().map(Vec::len).sum();
    let what =
        format!("all roles of a repository, {bytes} bytes, against {count} Ed25519 verifications");
    bench.push(
        Row::ratio("trust/native", what, ours, one * count as f64)
            .within(2.0, 1.3)
            .detail(format!(
                "{:.0} µs : {count} × {:.0} µs",
                ours / 1e3,
                one / 1e3
            )),
    );
}
