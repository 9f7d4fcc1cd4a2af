//! The search of section 5.6.7, and what delegated roles may and may not say.

use edgerail_trust::testing::{Repository, Role, Signer, Stop, Storage};
use edgerail_trust::{Client, Limits, RoleId, text};

/// A repository with delegations `(delegator, role, terminating, path)`, each role with a key of its own.
fn graph(delegations: &[(&str, &str, bool, &str)]) -> Repository {
    let mut repository = Repository::new(5);
    let seed = |name: &str| {
        name.bytes().fold(1000, |seed: u64, byte| {
            seed.wrapping_mul(31).wrapping_add(u64::from(byte))
        })
    };
    for (from, to, terminating, path) in delegations {
        if !repository.roles.contains_key(*from) {
            repository
                .roles
                .insert((*from).into(), Role::new(Signer::ed25519(seed(from))));
        }
        let signer = Signer::ed25519(seed(to));
        repository.delegate(from, to, signer, &[path]).terminating = *terminating;
    }
    publish(&mut repository);
    repository
}

fn publish(repository: &mut Repository) {
    let names: Vec<String> = repository
        .roles
        .keys()
        .filter(|name| *name != "root")
        .cloned()
        .collect();
    repository.publish(&names.iter().map(String::as_str).collect::<Vec<_>>());
}

fn refreshed(repository: &Repository) -> (Client, Storage) {
    let mut client = Client::new(repository.pinned(), Limits::default()).expect("a pinned root");
    let mut storage = Storage::default();
    assert_eq!(storage.refresh(&mut client, repository), Ok(()));
    storage.log.clear();
    (client, storage)
}

/// The roles fetched in a search, and its result.
fn search(
    repository: &Repository,
    target: &str,
) -> (Vec<String>, Result<Option<u64>, &'static str>) {
    let (mut client, mut storage) = refreshed(repository);
    let result = storage.find(&mut client, repository, target);
    let fetched = storage
        .log
        .iter()
        .filter_map(|line| line.strip_prefix("fetch 2."));
    let roles = fetched
        .filter_map(|file| file.strip_suffix(".json"))
        .map(str::to_owned);
    (roles.collect(), result)
}

#[test]
fn visits_in_pre_order_and_no_role_twice() {
    let all = "*";
    for (delegations, order) in [
        (vec![("targets", "A", false, all)], "A"),
        (
            vec![("targets", "A", false, all), ("targets", "B", false, all)],
            "A B",
        ),
        (
            vec![
                ("targets", "A", false, all),
                ("targets", "B", false, all),
                ("B", "C", false, all),
            ],
            "A B C",
        ),
        (
            vec![
                ("targets", "A", false, all),
                ("targets", "B", false, all),
                ("A", "C", false, all),
                ("A", "D", false, all),
            ],
            "A C D B",
        ),
        (
            vec![
                ("targets", "A", false, all),
                ("targets", "B", false, all),
                ("A", "C", true, all),
                ("A", "D", false, all),
            ],
            "A C",
        ),
        (
            vec![
                ("targets", "A", false, all),
                ("targets", "B", false, all),
                ("A", "C", true, all),
                ("C", "D", false, all),
            ],
            "A C D",
        ),
        // A terminating delegation that does not match ends nothing.
        (
            vec![
                ("targets", "A", true, "*.py"),
                ("targets", "B", false, all),
                ("A", "C", false, all),
            ],
            "B",
        ),
        // A cycle.
        (
            vec![
                ("targets", "A", false, all),
                ("A", "B", false, all),
                ("B", "C", false, all),
                ("C", "A", false, all),
            ],
            "A B C",
        ),
        // A role that delegates to itself.
        (
            vec![("targets", "A", false, all), ("A", "A", false, all)],
            "A",
        ),
        // Two ways to one role: the first counts.
        (
            vec![
                ("targets", "A", false, all),
                ("targets", "B", false, all),
                ("B", "C", false, all),
                ("A", "C", false, all),
            ],
            "A C B",
        ),
    ] {
        let (roles, result) = search(&graph(&delegations), "missing");
        assert_eq!(
            (roles.join(" ").as_str(), result),
            (order, Ok(None)),
            "{delegations:?}"
        );
    }
}

#[test]
fn a_delegation_gives_only_its_paths() {
    let mut repository = graph(&[
        ("targets", "A", false, "releases/*/*"),
        ("A", "B", false, "releases/x/*"),
    ]);
    for name in ["releases/x/1", "releases/y/1", "other"] {
        repository.target("B", name, b"B's", None);
    }
    publish(&mut repository);
    let found = |name: &str| search(&repository, name).1;
    assert_eq!(found("releases/x/1"), Ok(Some(3)));
    assert_eq!(found("releases/y/1"), Ok(None));
    assert_eq!(found("other"), Ok(None));
    // The first role in the order that lists a target is the one in charge.
    repository.target("A", "releases/x/1", b"A has it too", None);
    publish(&mut repository);
    let (mut client, mut storage) = refreshed(&repository);
    assert_eq!(
        storage.find(&mut client, &repository, "releases/x/1"),
        Ok(Some(12))
    );
}

#[test]
fn at_most_32_delegated_roles_are_visited() {
    for (count, expected) in [(32, Ok(None)), (33, Err("delegations"))] {
        let names: Vec<String> = (0..count).map(|number| format!("role-{number}")).collect();
        let delegations: Vec<_> = names
            .iter()
            .map(|name| ("targets", name.as_str(), false, "*"))
            .collect();
        let (roles, result) = search(&graph(&delegations), "missing");
        assert_eq!((roles.len(), result), (32, expected));
    }
}

#[test]
fn a_role_is_verified_against_the_delegator_the_search_came_from() {
    // A and B both delegate to C, each with a key of its own; C's file is signed by A's key only.
    let mut repository = graph(&[
        ("targets", "A", false, "a-*"),
        ("targets", "B", false, "b-*"),
        ("A", "C", false, "*"),
        ("B", "C", false, "*"),
    ]);
    repository.role("B").delegations[0].keys = vec![Signer::ed25519(77)];
    repository.target("C", "a-1", b"via A", None);
    repository.target("C", "b-1", b"via B", None);
    publish(&mut repository);
    let (mut client, mut storage) = refreshed(&repository);
    assert_eq!(storage.find(&mut client, &repository, "a-1"), Ok(Some(5)));
    assert_eq!(
        storage.find(&mut client, &repository, "b-1"),
        Err("signatures")
    );
    assert_eq!(storage.find(&mut client, &repository, "a-1"), Ok(Some(5)));
    // Signed by both it is accepted both ways.
    repository.role("C").signers.push(Signer::ed25519(77));
    publish(&mut repository);
    let (mut client, mut storage) = refreshed(&repository);
    assert_eq!(storage.find(&mut client, &repository, "a-1"), Ok(Some(5)));
    assert_eq!(storage.find(&mut client, &repository, "b-1"), Ok(Some(5)));
    // Both are remembered: nothing more is read.
    storage.log.clear();
    assert_eq!(storage.find(&mut client, &repository, "a-1"), Ok(Some(5)));
    assert_eq!(storage.log, [""; 0]);
}

#[test]
fn a_stored_role_is_verified_against_the_delegator_of_today() {
    let mut repository = graph(&[("targets", "A", false, "*")]);
    repository.target("A", "a", b"abc", None);
    publish(&mut repository);
    let (mut client, mut storage) = refreshed(&repository);
    assert_eq!(storage.find(&mut client, &repository, "a"), Ok(Some(3)));
    // The delegator replaces A's key, but A stays as it was: what is stored is A's file of the snapshot still.
    repository.role("targets").delegations[0].keys = vec![Signer::ed25519(78)];
    repository.update("targets");
    assert_eq!(storage.refresh(&mut client, &repository), Ok(()));
    assert_eq!(
        storage.find(&mut client, &repository, "a"),
        Err("signatures")
    );
    // Without a network it is refused too.
    let mut client = Client::new(repository.pinned(), Limits::default()).expect("a pinned root");
    assert_eq!(storage.restore(&mut client), Ok(()));
    assert_eq!(
        storage.find(&mut client, &repository, "a"),
        Err("signatures")
    );
}

#[test]
fn names_of_roles_become_safe_file_names() {
    for name in [
        "?",
        "#",
        "/delegated",
        "../delegated",
        "a b",
        "ü",
        ".",
        "..",
        "%2e",
        "CON",
    ] {
        let mut repository = graph(&[("targets", name, false, "*")]);
        repository.target(name, "a", b"abc", None);
        publish(&mut repository);
        let (mut client, mut storage) = refreshed(&repository);
        assert_eq!(
            storage.find(&mut client, &repository, "a"),
            Ok(Some(3)),
            "{name}"
        );
        let file = format!("{}.json", text::percent_encoded(name));
        assert!(
            !file.contains('/') && storage.files.contains_key(&file),
            "{file}"
        );
    }
    for name in [
        "root",
        "Targets",
        "SNAPSHOT",
        "timestamp",
        "",
        &"x".repeat(201),
        &"/".repeat(67),
    ] {
        let mut repository = graph(&[("targets", "A", false, "*")]);
        repository.role("targets").delegations[0].name = name.to_owned();
        repository.update("targets");
        let mut client =
            Client::new(repository.pinned(), Limits::default()).expect("a pinned root");
        assert_eq!(
            Storage::default().refresh(&mut client, &repository),
            Err("schema"),
            "{name}"
        );
    }
}

#[test]
fn a_delegated_role_that_cannot_be_had_ends_the_search() {
    let mut repository = graph(&[("targets", "A", false, "*"), ("targets", "B", false, "*")]);
    repository.target("B", "b", b"abc", None);
    publish(&mut repository);
    assert_eq!(search(&repository, "b").1, Ok(Some(3)));
    let path = repository.path("A");
    let bytes = repository.files.remove(&path);
    let (mut client, mut storage) = refreshed(&repository);
    assert_eq!(
        storage.find(&mut client, &repository, "b"),
        Err("not_found")
    );
    repository.files.insert(path, bytes.expect("published"));
    // Not listed by the snapshot.
    repository.roles.remove("A");
    repository.publish(&["snapshot", "timestamp"]);
    let (mut client, mut storage) = refreshed(&repository);
    assert_eq!(storage.find(&mut client, &repository, "b"), Err("unlisted"));
}

#[test]
fn hash_prefixes_and_bins_choose_by_the_hash_of_the_name() {
    let hash = |name: &str| {
        use sha2::Digest;
        text::to_hex(&sha2::Sha256::digest(name))
    };
    let mut repository = graph(&[("targets", "A", false, "*")]);
    repository.target("A", "a", b"abc", None);
    for (prefix, found) in [
        (&hash("a")[..2], Some(3)),
        (&hash("a"), Some(3)),
        ("", Some(3)),
        ("zz", None),
    ] {
        repository.role("targets").delegations[0].scope =
            format!("\"path_hash_prefixes\":[\"00ff\",\"{prefix}\"]");
        publish(&mut repository);
        let (mut client, mut storage) = refreshed(&repository);
        assert_eq!(
            storage.find(&mut client, &repository, "a"),
            Ok(found),
            "{prefix}"
        );
    }
    // TAP 15: 2^6 bins have two digits; the bin of a name is in the first six bits of its hash.
    let bin = u8::from_str_radix(&hash("a")[..2], 16).expect("hex") >> 2;
    let signer = Signer::ed25519(900);
    let name = format!("bin-{bin:02x}");
    let mut repository = Repository::new(6);
    repository
        .roles
        .insert(name.clone(), Role::new(signer.clone()));
    repository.target(&name, "a", b"abc", None);
    let succinct = |bits: u32, prefix: &str| {
        format!(
            r#"{{"keys":{{"{0}":{1}}},"succinct_roles":{{"bit_length":{bits},"keyids":["{0}"],"name_prefix":"{prefix}","threshold":1}}}}"#,
            signer.id(),
            signer.key()
        )
    };
    for (json, result) in [
        (succinct(6, "bin"), Ok(Some(3))),
        (succinct(5, "bin"), Err("unlisted")),
        (succinct(6, "other"), Err("unlisted")),
    ] {
        repository
            .role("targets")
            .extra
            .insert("delegations".into(), json);
        publish(&mut repository);
        let (mut client, mut storage) = refreshed(&repository);
        assert_eq!(storage.find(&mut client, &repository, "a"), result);
    }
    for bits in [0, 33] {
        repository
            .role("targets")
            .extra
            .insert("delegations".into(), succinct(bits, "bin"));
        publish(&mut repository);
        let mut client =
            Client::new(repository.pinned(), Limits::default()).expect("a pinned root");
        assert_eq!(
            Storage::default().refresh(&mut client, &repository),
            Err("schema"),
            "{bits}"
        );
    }
}

#[test]
fn roles_are_read_one_by_one_for_their_delegator() {
    let mut repository = graph(&[
        ("targets", "a", false, "*"),
        ("targets", "b", false, "*"),
        ("a", "c", false, "*"),
        ("b", "c", false, "*"),
    ]);
    repository.target("targets", "x", b"1", None);
    repository.target("c", "z", b"1", None);
    repository.target("c", "y", b"1", None);
    // This delegator expects another key.
    repository.role("b").delegations[0].keys = vec![Signer::ed25519(77)];
    publish(&mut repository);
    let (mut client, mut storage) = refreshed(&repository);
    let mut read = |client: &mut Client, delegator, role: &str| {
        storage.log.clear();
        client.read_role(delegator, role);
        let result = storage.drive(client, |path| repository.fetch(path));
        let code = result.err().map(|stop| match stop {
            Stop::Refused(error) => error.code(),
            Stop::Crashed => "crashed",
        });
        (code, client.role_read(), storage.log.len())
    };
    let list = |client: &Client, role| client.listed(role).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(list(&client, RoleId::TOP), ["x"]);
    assert!(client.delegates(RoleId::TOP, "a") && !client.delegates(RoleId::TOP, "c"));
    let (code, a, steps) = read(&mut client, RoleId::TOP, "a");
    // One file is fetched and stored, none of the roles below it.
    assert_eq!((code, steps), (None, 2));
    let a = a.unwrap();
    assert!(list(&client, a).is_empty() && client.delegates(a, "c"));
    let c = read(&mut client, a, "c").1.unwrap();
    assert_eq!(list(&client, c), ["y", "z"]);
    // What was read is not asked for again, and stands for no other delegator.
    assert_eq!(read(&mut client, a, "c"), (None, Some(c), 0));
    let b = read(&mut client, RoleId::TOP, "b").1.unwrap();
    assert_eq!(read(&mut client, b, "c").0, Some("signatures"));
    assert_eq!(client.role_read(), None);
    for (delegator, role) in [(RoleId::TOP, "c"), (c, "a"), (RoleId::TOP, "none")] {
        let (code, read, _) = read(&mut client, delegator, role);
        assert!(code.is_some() && read.is_none(), "{role}");
    }
    // A search goes on as ever.
    assert_eq!(storage.find(&mut client, &repository, "y"), Ok(Some(1)));
    assert_eq!(client.role_read(), None);
    let mut new = Client::new(repository.pinned(), Limits::default()).expect("a pinned root");
    new.read_role(RoleId::TOP, "a");
    assert_eq!(new.step().unwrap_err().code(), "absent");
}

#[test]
fn hashes_of_targets() {
    let mut repository = Repository::new(8);
    repository.target("targets", "both", b"abc", None);
    let entry = repository.roles["targets"].targets["both"].clone();
    let value = edgerail_trust::json::parse(entry.as_bytes()).expect("JSON");
    let hash = |kind: &str| {
        value
            .member("hashes")
            .and_then(|hashes| hashes.member(kind)?.as_str())
            .map(str::to_owned)
    };
    let (sha256, sha512) = (
        hash("sha256").expect("sha256"),
        hash("sha512").expect("sha512"),
    );
    let mut add = |name: &str, hashes: String| {
        let entry = format!(r#"{{"hashes":{{{hashes}}},"length":3}}"#);
        repository
            .role("targets")
            .targets
            .insert(name.into(), entry);
    };
    add("only-512", format!(r#""sha512":"{sha512}""#));
    add(
        "unknown",
        r#""md5":"900150983cd24fb0d6963f7d28e17f72""#.into(),
    );
    add("none", String::new());
    add(
        "one-wrong",
        format!(r#""sha256":"{sha256}","sha512":"{}""#, "00".repeat(64)),
    );
    repository.update("targets");
    let (mut client, mut storage) = refreshed(&repository);
    let mut check = |name: &str| {
        storage.find(&mut client, &repository, name)?;
        let target = client.found().ok_or("not found")?;
        target.verify(b"abc").map_err(|error| error.code())?;
        Ok(target.path(true))
    };
    assert_eq!(check("both"), Ok(format!("{sha256}.both")));
    assert_eq!(check("only-512"), Ok(format!("{sha512}.only-512")));
    assert_eq!(check("unknown"), Err("unknown_hash"));
    assert_eq!(check("none"), Err("unknown_hash"));
    assert_eq!(check("one-wrong"), Err("hash_mismatch"));
    for bad in [
        format!(r#""sha256":"{}""#, sha256.to_uppercase()),
        format!(r#""sha256":"{}""#, &sha256[2..]),
        r#""sha256":1"#.into(),
    ] {
        let entry = format!(r#"{{"hashes":{{{bad}}},"length":3}}"#);
        repository
            .role("targets")
            .targets
            .insert("bad".into(), entry);
        repository.update("targets");
        let mut client =
            Client::new(repository.pinned(), Limits::default()).expect("a pinned root");
        assert_eq!(
            Storage::default().refresh(&mut client, &repository),
            Err("schema"),
            "{bad}"
        );
    }
}

#[test]
fn without_consistent_snapshots_files_have_plain_names() {
    let mut repository = Repository::new(9);
    repository.consistent = false;
    repository.hashes = false;
    repository.files.clear();
    for name in ["root", "targets", "snapshot", "timestamp"] {
        repository.write(name);
    }
    repository.target("targets", "a", b"abc", None);
    repository.update("targets");
    let (mut client, mut storage) = (
        Client::new(repository.pinned(), Limits::default()).expect("a pinned root"),
        Storage::default(),
    );
    assert_eq!(storage.refresh(&mut client, &repository), Ok(()));
    let fetched: Vec<&str> = storage
        .log
        .iter()
        .filter_map(|line| line.strip_prefix("fetch "))
        .collect();
    assert_eq!(
        fetched,
        [
            "2.root.json",
            "timestamp.json",
            "snapshot.json",
            "targets.json"
        ]
    );
    assert!(!client.consistent());
    assert_eq!(storage.find(&mut client, &repository, "a"), Ok(Some(3)));
}
