//! The rows of the threat table that are about metadata: each test is named after its row.

use edgerail_trust::testing::{NOW, Repository, Signer, Stop, Storage, envelope};
use edgerail_trust::{Answer, Client, Limits, Step};

const TARGET: &str = "aws~o-exampleorgid~us-east-1.bundle";

fn begun(repository: &Repository) -> Client {
    Client::new(repository.pinned(), Limits::default()).expect("a pinned root")
}

/// A repository with a target in top-level targets and one in a delegated role.
fn repository() -> Repository {
    let mut repository = Repository::new(7);
    repository.target("targets", TARGET, b"bundle 1", Some(r#"{"version":1}"#));
    repository.delegate(
        "targets",
        "targets-1",
        Signer::ed25519(70),
        &["deep*.bundle"],
    );
    repository.target("targets-1", "deep.bundle", b"deep", None);
    repository.publish(&["targets", "targets-1", "snapshot", "timestamp"]);
    repository
}

/// A client that has refreshed once.
fn refreshed(repository: &Repository) -> (Client, Storage) {
    let (mut client, mut storage) = (begun(repository), Storage::default());
    assert_eq!(storage.refresh(&mut client, repository), Ok(()));
    assert_eq!(
        storage.find(&mut client, repository, "deep.bundle"),
        Ok(Some(4))
    );
    (client, storage)
}

/// Refreshes and finds both targets from an empty storage; gives the first code.
fn fresh(repository: &Repository, pinned: &[u8]) -> Result<(), &'static str> {
    let mut client = Client::new(pinned, Limits::default()).map_err(|error| error.code())?;
    let mut storage = Storage::default();
    storage.refresh(&mut client, repository)?;
    for (target, length) in [(TARGET, 8), ("deep.bundle", 4)] {
        if storage.find(&mut client, repository, target)? != Some(length) {
            return Err("not found");
        }
    }
    Ok(())
}

/// The `signed` object of a file, canonical; `None` if the file is no envelope at all.
fn signed(bytes: &[u8]) -> Option<Vec<u8>> {
    Some(
        edgerail_trust::json::parse(bytes)
            .ok()?
            .member("signed")?
            .canonical(),
    )
}

#[test]
fn t_sig_1_every_bit_flip_is_rejected_or_leaves_signed_equal() {
    let mut repository = repository();
    // Without hashes, so that nothing but signatures stands between a flip and the client.
    repository.hashes = false;
    // Three keys sign where two must, so that a flip in one signature leaves a threshold.
    for (name, seed) in [
        ("root", 201),
        ("timestamp", 211),
        ("snapshot", 221),
        ("targets", 231),
    ] {
        let role = repository.role(name);
        role.signers
            .extend([Signer::ed25519(seed), Signer::ed25519(seed + 1)]);
        role.keys.clone_from(&role.signers);
        role.threshold = 2;
    }
    let role = repository.role("targets-1");
    role.signers
        .extend([Signer::ed25519(241), Signer::ed25519(242)]);
    let keys = role.signers.clone();
    let delegation = &mut repository.role("targets").delegations[0];
    (delegation.keys, delegation.threshold) = (keys, 2);
    repository.publish(&["root", "targets", "targets-1", "snapshot", "timestamp"]);
    let (mut rejected, mut equal) = (0_u32, 0_u32);
    for name in ["root", "timestamp", "snapshot", "targets", "targets-1"] {
        let path = repository.path(name);
        let original = repository.files[&path].clone();
        // A client that asks for this file, copied for each flip.
        let asking = asking(&repository, &path);
        for bit in 0..original.len() * 8 {
            let mut bytes = original.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut client = asking.clone();
            client.answer(Answer::Bytes(&bytes));
            match client.step() {
                Err(_) => rejected += 1,
                Ok(Step::Store { .. }) => {
                    assert_eq!(signed(&bytes), signed(&original), "bit {bit} of {path}");
                    equal += 1;
                }
                Ok(step) => panic!("bit {bit} of {path}: {step:?}"),
            }
        }
    }
    assert!(
        rejected > 10_000 && equal > 1_000,
        "{rejected} rejected, {equal} equal"
    );
}

/// A client whose last step asked to fetch a path.
fn asking(repository: &Repository, wanted: &str) -> Client {
    let (mut client, mut storage) = (begun(repository), Storage::default());
    client.refresh(Some(NOW));
    loop {
        match client.step().expect("a valid repository") {
            Step::Load { file } => match storage.files.get(&file) {
                Some(bytes) => client.answer(Answer::Bytes(bytes)),
                None => client.answer(Answer::Absent),
            },
            Step::Fetch { path, .. } if path == wanted => return client,
            Step::Fetch { path, .. } => match repository.fetch(&path) {
                Some(bytes) => client.answer(Answer::Bytes(&bytes)),
                None => client.answer(Answer::Absent),
            },
            Step::Store { file, bytes } => {
                storage.files.insert(file, bytes);
                client.answer(Answer::Done);
            }
            Step::Remove { .. } => client.answer(Answer::Done),
            Step::Done => client.find("deep.bundle"),
        }
    }
}

#[test]
fn t_sig_2_nothing_unsigned_is_accepted() {
    for name in ["timestamp", "snapshot", "targets", "targets-1"] {
        let mut repository = repository();
        repository.hashes = false;
        repository.role(name).signers.clear();
        repository.update(name);
        let pinned = repository.pinned().to_vec();
        assert_eq!(fresh(&repository, &pinned), Err("signatures"), "{name}");
        // An envelope without the list, and one whose list is no list.
        let path = repository.path(name);
        let text = repository.signed(name);
        for (bytes, code) in [
            (format!(r#"{{"signed":{text}}}"#), "schema"),
            (
                format!(r#"{{"signatures":null,"signed":{text}}}"#),
                "schema",
            ),
            (
                format!(r#"{{"signatures":{{}},"signed":{text}}}"#),
                "schema",
            ),
            (text.clone(), "schema"),
        ] {
            repository.files.insert(path.clone(), bytes.into_bytes());
            assert_eq!(fresh(&repository, &pinned), Err(code), "{name}");
        }
    }
    assert_eq!(
        Client::new(
            &envelope(&repository().signed("root"), &[]),
            Limits::default()
        )
        .map(drop)
        .map_err(|e| e.code()),
        Err("signatures")
    );
}

#[test]
fn t_sig_2_keys_of_unknown_schemes_count_nothing() {
    let repository = repository();
    let text = repository.signed("root");
    // The timestamp's key becomes one of a scheme that is not known.
    let id = repository.roles["timestamp"].keys[0].id();
    let key = repository.roles["timestamp"].keys[0].key();
    let rsa = r#"{"keytype":"rsa","keyval":{"public":"-----BEGIN PUBLIC KEY-----"},"scheme":"rsassa-pss-sha256"}"#;
    let text = text.replace(&format!("\"{id}\":{key}"), &format!("\"{id}\":{rsa}"));
    let root = envelope(&text, &repository.roles["root"].signers);
    assert_eq!(fresh(&repository, &root), Err("unknown_scheme"));
}

#[test]
fn t_thr_1_threshold_zero_is_refused() {
    for threshold in ["0", "-1", "18446744073709551616", "1.0", "\"1\"", "null"] {
        let repository = repository();
        let text = repository
            .signed("root")
            .replace("\"threshold\":1", &format!("\"threshold\":{threshold}"));
        // What is no number of JSON for TUF cannot even be signed: put it in as it is.
        let id = repository.roles["root"].keys[0].id();
        let bytes = format!(r#"{{"signatures":[{{"keyid":"{id}","sig":"00"}}],"signed":{text}}}"#);
        let code = Client::new(bytes.as_bytes(), Limits::default())
            .map(drop)
            .map_err(|error| error.code());
        let expected = match threshold {
            "0" | "-1" => "threshold",
            "\"1\"" | "null" => "schema",
            _ => "json",
        };
        assert_eq!(code, Err(expected), "{threshold}");
    }
}

#[test]
fn t_thr_1_threshold_zero_in_a_delegation_is_refused() {
    let mut repository = repository();
    repository.role("targets").delegations[0].threshold = 0;
    repository.role("targets-1").signers.clear();
    repository.publish(&["targets", "targets-1", "snapshot", "timestamp"]);
    let pinned = repository.pinned().to_vec();
    assert_eq!(fresh(&repository, &pinned), Err("threshold"));
}

#[test]
fn t_thr_2_the_same_key_id_twice_in_the_signatures_is_refused() {
    let mut repository = repository();
    let signer = repository.roles["timestamp"].signers[0].clone();
    repository.role("timestamp").signers.push(signer);
    repository.role("timestamp").threshold = 1;
    repository.update("timestamp");
    let pinned = repository.pinned().to_vec();
    assert_eq!(fresh(&repository, &pinned), Err("duplicate_key"));
}

#[test]
fn t_thr_3_the_same_key_id_twice_in_a_role_is_refused() {
    let mut repository = repository();
    let signer = repository.roles["timestamp"].keys[0].clone();
    repository.role("timestamp").keys.push(signer);
    repository.role("timestamp").threshold = 2;
    let root = envelope(
        &repository.signed("root"),
        &repository.roles["root"].signers,
    );
    assert_eq!(fresh(&repository, &root), Err("duplicate_key"));
}

#[test]
fn t_thr_4_one_key_under_two_ids_counts_once() {
    let repository = repository();
    let signer = &repository.roles["timestamp"].keys[0];
    let (id, key) = (signer.id(), signer.key());
    let text = repository
        .signed("root")
        .replace(
            &format!("\"{id}\":{key}"),
            &format!("\"{id}\":{key},\"other\":{key}"),
        )
        .replace(
            &format!("\"timestamp\":{{\"keyids\":[\"{id}\"],\"threshold\":1}}"),
            &format!("\"timestamp\":{{\"keyids\":[\"{id}\",\"other\"],\"threshold\":2}}"),
        );
    assert!(text.contains("\"threshold\":2"));
    let root = envelope(&text, &repository.roles["root"].signers);
    let mut twice = repository.clone();
    let signed = repository.signed("timestamp");
    let canonical = edgerail_trust::json::parse(signed.as_bytes())
        .expect("JSON")
        .canonical();
    let signature = signer.sign(&canonical);
    let bytes = format!(
        r#"{{"signatures":[{{"keyid":"{id}","sig":"{signature}"}},{{"keyid":"other","sig":"{signature}"}}],"signed":{signed}}}"#
    );
    twice
        .files
        .insert("timestamp.json".into(), bytes.into_bytes());
    assert_eq!(fresh(&twice, &root), Err("signatures"));
}

#[test]
fn t_thr_5_signatures_of_other_roles_keys_count_nothing() {
    let mut repository = repository();
    let others: Vec<Signer> = ["root", "snapshot", "targets"]
        .iter()
        .map(|name| repository.roles[*name].signers[0].clone())
        .collect();
    repository.role("timestamp").signers = others;
    repository.update("timestamp");
    let pinned = repository.pinned().to_vec();
    assert_eq!(fresh(&repository, &pinned), Err("signatures"));
}

#[test]
fn t_thr_6_a_threshold_above_the_number_of_keys_is_never_reached() {
    let mut repository = repository();
    repository.role("snapshot").threshold = 2;
    repository.update("root");
    let pinned = repository.pinned().to_vec();
    assert_eq!(fresh(&repository, &pinned), Err("signatures"));
}

#[test]
fn t_thr_7_one_stolen_key_of_two_signs_nothing() {
    let mut repository = repository();
    let role = repository.role("targets");
    role.keys.push(Signer::ed25519(301));
    role.threshold = 2;
    let stolen = Vec::from([role.signers[0].clone()]);
    role.signers = role.keys.clone();
    repository.publish(&["root", "targets", "snapshot", "timestamp"]);
    let pinned = repository.pinned().to_vec();
    assert_eq!(fresh(&repository, &pinned), Ok(()));
    repository.role("targets").signers = stolen;
    repository.update("targets");
    assert_eq!(fresh(&repository, &pinned), Err("signatures"));
}

#[test]
fn t_type_1_no_role_passes_for_another() {
    let names = ["root", "timestamp", "snapshot", "targets", "targets-1"];
    for served in names {
        for asked in names {
            let mut repository = repository();
            repository.hashes = false;
            repository.publish(&["targets", "targets-1", "snapshot", "timestamp"]);
            // All roles have the same version and all are signed by all keys: only the type is wrong.
            let all: Vec<Signer> = names
                .iter()
                .map(|name| repository.roles[*name].signers[0].clone())
                .collect();
            for name in names {
                repository.role(name).version = 9;
                repository.role(name).signers = all.clone();
            }
            for name in names {
                repository.write(name);
            }
            repository.files.insert(
                "1.root.json".into(),
                repository.files["9.root.json"].clone(),
            );
            let pinned = repository.pinned().to_vec();
            assert_eq!(fresh(&repository, &pinned), Ok(()));
            let kind = |name: &str| name.strip_suffix("-1").unwrap_or(name).to_owned();
            if kind(served) == kind(asked) {
                continue;
            }
            let bytes = repository.files[&repository.path(served)].clone();
            if asked == "root" {
                let code = Client::new(&bytes, Limits::default())
                    .map(drop)
                    .map_err(|error| error.code());
                assert_eq!(code, Err("role_type"), "{served}");
                continue;
            }
            repository.files.insert(repository.path(asked), bytes);
            assert_eq!(
                fresh(&repository, &pinned),
                Err("role_type"),
                "{served} for {asked}"
            );
        }
    }
}

#[test]
fn t_mix_1_another_snapshot_than_the_timestamp_lists() {
    // The same version by the same keys, but other bytes than the hash in the timestamp.
    let mut repository = repository();
    repository.role("snapshot").expires = "2029-01-01T00:00:00Z".into();
    repository.write("snapshot");
    let pinned = repository.pinned().to_vec();
    assert_eq!(fresh(&repository, &pinned), Err("hash_mismatch"));
    repository
        .role("snapshot")
        .extra
        .insert("x".into(), "\"longer\"".into());
    repository.write("snapshot");
    assert!(matches!(
        fresh(&repository, &pinned),
        Err("length" | "too_large")
    ));
}

#[test]
fn t_mix_2_another_targets_than_the_snapshot_lists() {
    for name in ["targets", "targets-1"] {
        let mut repository = repository();
        repository.role(name).expires = "2029-01-01T00:00:00Z".into();
        repository.write(name);
        let pinned = repository.pinned().to_vec();
        assert_eq!(fresh(&repository, &pinned), Err("hash_mismatch"), "{name}");
    }
}

#[test]
fn t_mix_3_files_of_different_publications() {
    for name in ["snapshot", "targets", "targets-1"] {
        let mut repository = repository();
        repository.hashes = false;
        repository.publish(&["targets", "targets-1", "snapshot", "timestamp"]);
        let mut next = repository.clone();
        next.publish(&["targets", "targets-1", "snapshot", "timestamp"]);
        // The next version's bytes under the path of this one.
        let bytes = next.files[&next.path(name)].clone();
        let pinned = repository.pinned().to_vec();
        repository.files.insert(repository.path(name), bytes);
        assert_eq!(fresh(&repository, &pinned), Err("role_version"), "{name}");
    }
}

#[test]
fn t_mix_4_a_target_has_the_bytes_of_its_role() {
    let repository = repository();
    let (mut client, mut storage) = refreshed(&repository);
    assert_eq!(storage.find(&mut client, &repository, TARGET), Ok(Some(8)));
    let target = client.found().expect("found");
    assert_eq!(target.verify(b"bundle 1"), Ok(()));
    for (bytes, code) in [
        (&b"bundle 2"[..], "hash_mismatch"),
        (b"bundle", "length"),
        (b"bundle 1 ", "length"),
        (b"", "length"),
    ] {
        assert_eq!(
            target.verify(bytes).map_err(|error| error.code()),
            Err(code)
        );
    }
    // In pieces, and without reading on what is too long.
    let mut verifier = target.verifier();
    assert_eq!(verifier.update(b"bundle"), Ok(()));
    assert_eq!(
        verifier.clone().finish().map_err(|error| error.code()),
        Err("length")
    );
    assert_eq!(verifier.update(b" 1"), Ok(()));
    assert_eq!(verifier.clone().finish(), Ok(()));
    assert_eq!(
        verifier.update(b"x").map_err(|error| error.code()),
        Err("length")
    );
    assert_eq!(target.path(true).split('.').next().map(str::len), Some(64));
    assert_eq!(repository.contents[&target.path(true)], b"bundle 1");
    assert_eq!(target.path(false), TARGET);
}

/// What a client that refreshed says to a repository after a change; nothing but what the change may store
/// is stored.
fn after(change: impl FnOnce(&mut Repository)) -> (Result<(), &'static str>, Vec<String>) {
    let mut repository = repository();
    repository.publish(&["targets", "targets-1", "snapshot", "timestamp"]);
    repository.publish(&["targets", "targets-1", "snapshot", "timestamp"]);
    let (mut client, mut storage) = refreshed(&repository);
    change(&mut repository);
    storage.log.clear();
    let result = storage.refresh(&mut client, &repository);
    let stored = storage
        .log
        .iter()
        .filter(|line| !line.starts_with("fetch"))
        .cloned()
        .collect();
    (result, stored)
}

#[test]
fn t_rb_1_an_older_timestamp() {
    let (result, stored) = after(|repository| {
        repository.role("timestamp").version = 1;
        repository.update("timestamp");
    });
    assert_eq!((result, stored), (Err("rollback"), vec![]));
}

#[test]
fn t_rb_2_a_newer_timestamp_with_an_older_snapshot() {
    let (result, stored) = after(|repository| {
        repository.role("snapshot").version = 1;
        repository.publish(&["timestamp"]);
    });
    assert_eq!((result, stored), (Err("rollback"), vec![]));
}

#[test]
fn t_rb_3_a_newer_snapshot_with_older_targets() {
    let (result, stored) = after(|repository| {
        repository.role("targets").version = 1;
        repository.update("targets");
    });
    assert_eq!(
        (result, stored),
        (Err("rollback"), vec!["store timestamp.json".to_owned()])
    );
}

#[test]
fn t_rb_4_a_newer_snapshot_with_an_older_delegated_role() {
    let (result, stored) = after(|repository| {
        repository.role("targets-1").version = 1;
        repository.update("targets-1");
    });
    assert_eq!(
        (result, stored),
        (Err("rollback"), vec!["store timestamp.json".to_owned()])
    );
}

#[test]
fn t_rb_5_a_snapshot_without_a_role_listed_before() {
    let (result, stored) = after(|repository| {
        repository.roles.remove("targets-1");
        repository.update("snapshot");
    });
    assert_eq!(
        (result, stored),
        (Err("rollback"), vec!["store timestamp.json".to_owned()])
    );
}

#[test]
fn t_rb_6_an_older_root() {
    let mut repository = repository();
    repository.update("root");
    repository.update("root");
    let (mut client, mut storage) = refreshed(&repository);
    assert_eq!(client.root_version(), 3);
    for older in ["1.root.json", "2.root.json", "3.root.json"] {
        repository
            .files
            .insert("4.root.json".into(), repository.files[older].clone());
        assert_eq!(
            storage.refresh(&mut client, &repository),
            Err("root_version"),
            "{older}"
        );
        assert_eq!(client.root_version(), 3);
    }
}

#[test]
fn t_rb_7_floors_hold_in_a_new_process_and_when_expired() {
    let mut repository = repository();
    repository.role("timestamp").expires = "2026-01-02T00:00:00Z".into();
    repository.role("snapshot").expires = "2026-01-02T00:00:00Z".into();
    repository.publish(&["targets", "targets-1", "snapshot", "timestamp"]);
    let (_, mut storage) = refreshed(&repository);
    let mut old = repository.clone();
    old.role("timestamp").expires = "2030-01-01T00:00:00Z".into();
    old.role("timestamp").version = 1;
    old.write("timestamp");
    let mut client = begun(&repository);
    // Ten days later all that is stored has expired, but is not forgotten.
    client.refresh(Some(NOW + 864_000));
    let result = storage.drive(&mut client, |path| old.fetch(path));
    assert!(matches!(result, Err(Stop::Refused(error)) if error.code() == "rollback"));
    let mut old = repository.clone();
    old.role("snapshot").version = 2;
    old.role("targets").version = 1;
    old.publish(&["snapshot"]);
    old.role("timestamp").expires = "2030-01-01T00:00:00Z".into();
    old.publish(&["timestamp"]);
    client.refresh(Some(NOW + 864_000));
    let result = storage.drive(&mut client, |path| old.fetch(path));
    assert!(
        matches!(result, Err(Stop::Refused(error)) if error.code() == "equivocation" || error.code() == "rollback")
    );
}

#[test]
fn t_rb_7_a_crash_at_every_write_loses_no_floor_and_no_update() {
    let old = repository();
    let mut new = old.clone();
    for (name, seed) in [("targets", 91), ("snapshot", 92), ("timestamp", 93)] {
        new.rotate(name, Signer::ed25519(seed));
    }
    let keys = new.roles["root"].keys.clone();
    new.rotate("root", Signer::ed25519(94));
    new.role("root").signers.extend(keys);
    new.publish(&["root", "targets", "targets-1", "snapshot", "timestamp"]);
    new.publish(&["root"]);
    let plain = {
        let mut plain = old.clone();
        plain.publish(&["targets", "targets-1", "snapshot", "timestamp"]);
        plain
    };
    for (next, writes) in [(&new, 9), (&plain, 3)] {
        for crash in 0..=writes {
            let (mut client, mut storage) = refreshed(&old);
            storage.writes_left = Some(crash);
            let result = storage.refresh(&mut client, next);
            assert_eq!(
                result,
                if crash < writes {
                    Err("crashed")
                } else {
                    Ok(())
                },
                "{crash} of {writes}"
            );
            storage.writes_left = None;
            // The old repository is not accepted by a process that begins anew, once any new role is stored
            // that could say so.
            let mut again = begun(&old);
            if storage.files.get("timestamp.json") == next.files.get("timestamp.json") {
                assert!(
                    storage.clone().refresh(&mut again, &old).is_err(),
                    "{crash} of {writes}"
                );
            }
            let mut again = begun(&old);
            assert_eq!(
                storage.refresh(&mut again, next),
                Ok(()),
                "{crash} of {writes}"
            );
            assert_eq!(storage.find(&mut again, next, "deep.bundle"), Ok(Some(4)));
        }
    }
}

#[test]
fn t_rb_8_the_same_version_with_other_content() {
    let (result, stored) = after(|repository| {
        repository
            .role("timestamp")
            .extra
            .insert("x".into(), "1".into());
        repository.write("timestamp");
    });
    assert_eq!((result, stored), (Err("equivocation"), vec![]));
    let (result, stored) = after(|repository| {
        repository
            .role("snapshot")
            .extra
            .insert("x".into(), "1".into());
        repository.write("snapshot");
        repository.publish(&["timestamp"]);
    });
    assert_eq!(
        (result, stored),
        (Err("equivocation"), vec!["store timestamp.json".to_owned()])
    );
    // Signed anew with the same content is no equivocation.
    let (result, stored) = after(|repository| {
        let extra = Signer::ed25519(999);
        repository.role("timestamp").signers.push(extra);
        repository.write("timestamp");
    });
    assert_eq!((result, stored), (Ok(()), vec![]));
}

/// Gives a role an expiry in the past and publishes it.
fn expired(name: &str) -> Result<(), &'static str> {
    let mut repository = repository();
    repository.role(name).expires = "2026-01-01T00:00:00Z".into();
    repository.update(name);
    let pinned = repository.pinned().to_vec();
    fresh(&repository, &pinned)
}

#[test]
fn t_frz_1_an_expired_timestamp() {
    assert_eq!(expired("timestamp"), Err("expired"));
    // The last one served for ever: accepted until it expires, refused from that second on.
    let mut repository = repository();
    repository.role("timestamp").expires = "2026-01-02T00:00:00Z".into();
    repository.update("timestamp");
    let (mut client, mut storage) = refreshed(&repository);
    for (later, refused) in [(86_399, false), (86_400, true)] {
        client.refresh(Some(NOW + later));
        let result = storage.drive(&mut client, |path| repository.fetch(path));
        assert_eq!(result.is_err(), refused, "{later}");
    }
}

#[test]
fn t_frz_2_an_expired_snapshot() {
    assert_eq!(expired("snapshot"), Err("expired"));
}

#[test]
fn t_frz_3_expired_targets() {
    assert_eq!(expired("targets"), Err("expired"));
    assert_eq!(expired("targets-1"), Err("expired"));
}

#[test]
fn t_frz_4_an_expired_root_ends_the_cycle_but_is_kept() {
    let mut repository = repository();
    let (mut client, mut storage) = refreshed(&repository);
    repository.role("root").expires = "2026-01-01T00:00:00Z".into();
    repository.update("root");
    repository.update("timestamp");
    storage.log.clear();
    assert_eq!(storage.refresh(&mut client, &repository), Err("expired"));
    assert_eq!(client.root_version(), 2);
    assert_eq!(storage.files["root.json"], repository.files["2.root.json"]);
    assert!(
        !storage.log.contains(&"fetch timestamp.json".to_owned()),
        "{:?}",
        storage.log
    );
    // The next root ends the freeze.
    repository.role("root").expires = "2031-01-01T00:00:00Z".into();
    repository.update("root");
    assert_eq!(storage.refresh(&mut client, &repository), Ok(()));
    assert_eq!(client.root_version(), 3);
}

#[test]
fn t_frz_4_expiry_is_that_of_the_begin_of_the_cycle() {
    let mut repository = repository();
    repository
        .role("timestamp")
        .extra
        .insert("x-issued".into(), "\"2026-02-01T00:00:00Z\"".into());
    repository.update("timestamp");
    let (mut client, mut storage) = refreshed(&repository);
    client.refresh(Some(NOW + 31 * 86_400));
    assert!(
        storage
            .drive(&mut client, |path| repository.fetch(path))
            .is_ok()
    );
    // The clock is set back: the newest signed time is the least that it is.
    assert_eq!(client.issued(), Some(NOW + 31 * 86_400));
    repository.role("snapshot").expires = "2026-01-31T00:00:00Z".into();
    repository.update("snapshot");
    assert_eq!(storage.refresh(&mut client, &repository), Err("expired"));
    // Without a clock the same holds, and the status says that there is none.
    client.refresh(None);
    let result = storage.drive(&mut client, |path| repository.fetch(path));
    assert!(matches!(result, Err(Stop::Refused(error)) if error.code() == "expired"));
    assert!(client.no_clock());
}

/// A thief of a role's key sets versions to the highest there are; the owner replaces the key.
fn recovered(stolen: &str) -> Result<(), &'static str> {
    let mut repository = repository();
    let honest = repository.clone();
    let (mut client, mut storage) = refreshed(&repository);
    match stolen {
        "timestamp" => {
            repository.role("timestamp").version = u64::MAX;
            repository.write("timestamp");
        }
        "snapshot" => {
            repository.role("snapshot").version = u64::MAX;
            repository.write("snapshot");
            repository.publish(&["timestamp"]);
        }
        _ => {
            repository.role("targets").version = u64::MAX;
            repository.write("targets");
            repository.publish(&["snapshot", "timestamp"]);
        }
    }
    assert_eq!(storage.refresh(&mut client, &repository), Ok(()));
    // The honest repository is behind now, and stays refused without a new root.
    let mut honest = honest;
    honest.publish(&["targets", "snapshot", "snapshot"]);
    honest.role("timestamp").version += 5;
    honest.write("timestamp");
    assert_eq!(
        storage.clone().refresh(&mut client, &honest),
        Err("rollback")
    );
    for (name, seed) in [("timestamp", 501), ("snapshot", 502)] {
        honest.rotate(name, Signer::ed25519(seed));
    }
    honest.publish(&["root", "snapshot", "timestamp"]);
    storage.refresh(&mut client, &honest)
}

#[test]
fn t_ff_1_a_timestamp_set_to_the_highest_version() {
    assert_eq!(recovered("timestamp"), Ok(()));
}

#[test]
fn t_ff_2_a_snapshot_set_to_the_highest_version() {
    assert_eq!(recovered("snapshot"), Ok(()));
}

#[test]
fn t_ff_3_targets_set_to_the_highest_version() {
    assert_eq!(recovered("targets"), Ok(()));
}

#[test]
fn t_ff_3_a_crash_between_the_root_and_the_removal_still_recovers() {
    let mut repository = repository();
    let mut honest = repository.clone();
    let (mut client, mut storage) = refreshed(&repository);
    repository.role("targets").version = u64::MAX;
    repository.write("targets");
    repository.publish(&["snapshot", "timestamp"]);
    assert_eq!(storage.refresh(&mut client, &repository), Ok(()));
    // Only the snapshot's key is replaced: what is stored of the timestamp verifies still.
    honest.rotate("snapshot", Signer::ed25519(503));
    honest.publish(&["root", "snapshot"]);
    honest.role("timestamp").version += 7;
    honest.write("timestamp");
    storage.writes_left = Some(2);
    assert_eq!(storage.refresh(&mut client, &honest), Err("crashed"));
    assert!(storage.files.contains_key("timestamp.json"));
    storage.writes_left = None;
    let mut client = begun(&honest);
    assert_eq!(storage.refresh(&mut client, &honest), Ok(()));
}

#[test]
fn t_ff_an_added_key_is_no_rotation() {
    let mut repository = repository();
    let (mut client, mut storage) = refreshed(&repository);
    repository.role("timestamp").keys.push(Signer::ed25519(504));
    repository.publish(&["root"]);
    repository.role("timestamp").version = 1;
    repository.write("timestamp");
    assert_eq!(storage.refresh(&mut client, &repository), Err("rollback"));
}

#[test]
fn t_role_1_the_online_keys_change_no_targets() {
    // With the keys of timestamp and snapshot a thief points to other targets, but cannot make any.
    let mut repository = repository();
    repository.target("targets", TARGET, b"forged", None);
    let thief = repository.roles["timestamp"].signers[0].clone();
    let second = repository.roles["snapshot"].signers[0].clone();
    repository.role("targets").signers = vec![thief, second];
    repository.update("targets");
    let pinned = repository.pinned().to_vec();
    assert_eq!(fresh(&repository, &pinned), Err("signatures"));
}

#[test]
fn t_big_1_a_root_above_the_limit() {
    let mut repository = repository();
    repository
        .role("root")
        .extra
        .insert("x".into(), format!("\"{}\"", "x".repeat(600 << 10)));
    repository.update("root");
    let pinned = repository.pinned().to_vec();
    assert_eq!(fresh(&repository, &pinned), Err("too_large"));
    let bytes = repository.files["2.root.json"].clone();
    assert_eq!(fresh(&repository, &bytes), Err("too_large"));
}

#[test]
fn t_big_2_a_timestamp_above_the_limit() {
    let mut repository = repository();
    repository
        .role("timestamp")
        .extra
        .insert("x".into(), format!("\"{}\"", "x".repeat(70 << 10)));
    repository.update("timestamp");
    let pinned = repository.pinned().to_vec();
    assert_eq!(fresh(&repository, &pinned), Err("too_large"));
}

#[test]
fn t_big_3_more_bytes_than_listed() {
    for name in ["snapshot", "targets", "targets-1"] {
        let mut repository = repository();
        let path = repository.path(name);
        let mut bytes = repository.files[&path].clone();
        bytes.extend_from_slice(b" ");
        repository.files.insert(path, bytes);
        let pinned = repository.pinned().to_vec();
        assert_eq!(fresh(&repository, &pinned), Err("too_large"), "{name}");
    }
}

#[test]
fn t_big_4_a_listed_length_above_the_limit() {
    let mut repository = repository();
    let pinned = repository.pinned().to_vec();
    let text = repository
        .signed("timestamp")
        .replace("\"length\":", "\"length\":9999999");
    let bytes = envelope(&text, &repository.roles["timestamp"].signers);
    repository.files.insert("timestamp.json".into(), bytes);
    assert_eq!(fresh(&repository, &pinned), Err("too_large"));
}

#[test]
fn t_big_5_more_roots_than_the_limit_take_several_cycles() {
    let mut repository = repository();
    for _ in 0..12 {
        repository.update("root");
    }
    let limits = Limits {
        roots: 5,
        ..Limits::default()
    };
    let mut client = Client::new(repository.pinned(), limits).expect("a pinned root");
    let mut storage = Storage::default();
    for version in [6, 11, 13, 13] {
        assert_eq!(storage.refresh(&mut client, &repository), Ok(()));
        assert_eq!(client.root_version(), version);
    }
}

#[test]
fn t_big_6_deep_and_crowded_json() {
    let mut repository = repository();
    let pinned = repository.pinned().to_vec();
    for junk in [
        "[".repeat(60_000),
        "{\"a\":".repeat(10_000),
        format!("[{}0]", "0,".repeat(30_000)),
    ] {
        repository
            .files
            .insert("timestamp.json".into(), junk.into_bytes());
        assert_eq!(fresh(&repository, &pinned), Err("json"));
    }
}

#[test]
fn t_fuzz_1_pages_that_are_no_metadata() {
    let mut repository = repository();
    let pinned = repository.pinned().to_vec();
    for (page, code) in [
        ("<!DOCTYPE html><html><body>Not here</body></html>", "json"),
        ("", "json"),
        ("null", "schema"),
        ("[]", "schema"),
        ("{}", "schema"),
        ("{\"signed\":{},\"signatures\":[]}", "signatures"),
        ("{\"signed\":[],\"signatures\":[]}", "schema"),
        ("{\"signed\":{},\"signatures\":[{}]}", "schema"),
        ("{\"signed\":{},\"signatures\":[],\"unsigned\":1}", "schema"),
        ("{\"signed\":{},\"signed\":{},\"signatures\":[]}", "json"),
        ("\u{feff}{}", "json"),
        ("{\"signed\":{},\"signatures\":[]} {}", "json"),
    ] {
        repository
            .files
            .insert("timestamp.json".into(), page.as_bytes().to_vec());
        assert_eq!(fresh(&repository, &pinned), Err(code), "{page}");
    }
}
