//! A repository that is carried over a gap: what one file brings must not take away what another brought, and what
//! is not signed is not looked into.

use edgerail_sync::archive::Archive;
use edgerail_sync::repository::{Carried, export, import, inspect};
use edgerail_sync::store::Disk as _;
use edgerail_sync::transport::{Answer, Base};
use edgerail_sync::{Error, Limits};
use edgerail_trust::testing::{NOW, Repository, Role, Signer};

use crate::disk::MemoryDisk;
use crate::world::*;

/// Two teams with a role each, and a target below each: `a/policy` and `b/policy`; `shared` is the top-level role's.
fn two_teams(consistent: bool) -> Repository {
    let mut repository = Repository::new(91);
    repository.consistent = consistent;
    repository.files.clear();
    for name in ["root", "targets", "snapshot", "timestamp"] {
        repository.write(name);
    }
    for (team, seed) in [("a", 1), ("b", 2)] {
        let paths = format!("{team}/*");
        let signer = Signer::ed25519(9100 + seed);
        repository.delegate("targets", &format!("team {team}"), signer, &[&paths]);
    }
    repository.publish(&["targets", "team a", "team b", "snapshot", "timestamp"]);
    for team in ["a", "b"] {
        write(&mut repository, team, 1);
    }
    repository
}

fn write(repository: &mut Repository, team: &str, version: u64) {
    let (role, name) = (format!("team {team}"), format!("{team}/policy"));
    let bytes = format!("{team} {version}");
    repository.target(&role, &name, bytes.as_bytes(), None);
    repository.update(&role);
}

fn network(repository: &Repository) -> Network {
    let network = Network::default();
    network.serve(&Publisher::of(repository.clone()));
    network
}

fn packed(repository: &Repository, names: &[&str]) -> Result<(Vec<u8>, Carried), Error> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let network = network(repository);
    let pinned = repository.pinned();
    ready(export(
        &network,
        pinned,
        Limits::default(),
        Some(NOW),
        &names,
    ))
}

/// A mirror behind the gap.
struct Mirror {
    disk: MemoryDisk,
    root: Vec<u8>,
}

impl Mirror {
    fn of(repository: &Repository) -> Mirror {
        Mirror {
            disk: MemoryDisk::default(),
            root: repository.pinned().to_vec(),
        }
    }

    /// Brings these targets, all if there are none.
    fn bring(&self, repository: &Repository, names: &[&str]) -> Result<(), Error> {
        let (bytes, _) = packed(repository, names).unwrap();
        let archive = Archive::read(bytes.into()).unwrap();
        for dry_run in [true, false] {
            let before = self.disk.files();
            let limits = Limits::default();
            let brought = import(
                &archive,
                "policy.tar",
                &self.root,
                limits,
                Some(NOW),
                &self.disk,
                dry_run,
            );
            if let Err(error) = ready(brought) {
                assert_eq!(self.disk.files(), before, "{error}");
                return Err(error);
            }
            assert!(!dry_run || self.disk.files() == before);
        }
        Ok(())
    }

    /// What a client of the mirror gets: a target's text, or the code of why it does not.
    fn get(&self, name: &str) -> Result<String, &'static str> {
        let network = Network::default();
        let below = |folder: &str| {
            let files = self.disk.files().into_iter();
            let below = files.filter_map(|(path, bytes)| {
                let path = path.strip_prefix(folder)?.strip_prefix('/')?;
                Some((path.to_owned(), bytes))
            });
            below.collect()
        };
        {
            let mut wire = network.wire.lock().unwrap();
            (wire.metadata, wire.targets) = (below("metadata"), below("targets"));
        }
        let limits = Limits::default();
        let seen = ready(inspect(&network, &self.root, limits, Some(NOW), Some(name)));
        seen.map(|seen| String::from_utf8(seen.target.unwrap().bytes).unwrap())
            .map_err(|error| error.code())
    }

    #[track_caller]
    fn serves(&self, a: &str, b: &str) {
        let got = ["a/policy", "b/policy"].map(|name| self.get(name));
        assert_eq!(got, [a, b].map(|text| Ok(text.to_owned())));
    }
}

#[track_caller]
fn cut_off(result: Result<(), Error>, what: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.code(), error.place()), ("incomplete", "policy.tar"));
    for words in [what, "without --target"] {
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
}

#[test]
fn t_gap_1_one_target_over_a_mirror_of_all_never_cuts_the_others_off() {
    for consistent in [true, false] {
        let mut repository = two_teams(consistent);
        let mirror = Mirror::of(&repository);
        mirror.bring(&repository, &[]).unwrap();
        mirror.serves("a 1", "b 1");
        // Only this team's role changed: the other's is there.
        write(&mut repository, "a", 2);
        mirror.bring(&repository, &["a/policy"]).unwrap();
        mirror.serves("a 2", "b 1");
        // Both changed.
        write(&mut repository, "a", 3);
        write(&mut repository, "b", 3);
        let listed = repository.roles["team b"].version;
        let refused = mirror.bring(&repository, &["a/policy"]);
        cut_off(refused, &format!("version {listed} of the role team b"));
        mirror.serves("a 2", "b 1");
        mirror.bring(&repository, &[]).unwrap();
        mirror.serves("a 3", "b 3");
        // A mirror of one target alone is brought up to date alone.
        let alone = Mirror::of(&repository);
        for version in 4..6 {
            write(&mut repository, "a", version);
            write(&mut repository, "b", version);
            alone.bring(&repository, &["a/policy"]).unwrap();
            assert_eq!(alone.get("a/policy"), Ok(format!("a {version}")));
        }
    }
}

#[test]
fn t_gap_1_two_targets_of_one_role_are_brought_together() {
    for consistent in [true, false] {
        let mut repository = two_teams(consistent);
        for name in ["a/one", "a/two"] {
            repository.target("team a", name, b"1", None);
        }
        repository.update("team a");
        let mirror = Mirror::of(&repository);
        mirror.bring(&repository, &[]).unwrap();
        // The role is in the file, and what it lists of the other target is not.
        repository.target("team a", "a/one", b"2", None);
        repository.target("team a", "a/two", b"2", None);
        repository.update("team a");
        cut_off(mirror.bring(&repository, &["a/one"]), "the target a/two");
        mirror
            .bring(&repository, &["a/one", "a/two", "a/policy"])
            .unwrap();
        assert_eq!(mirror.get("a/two").as_deref(), Ok("2"));
        // What was removed is missed by nobody.
        repository.role("team a").targets.remove("a/two");
        repository.target("team a", "a/one", b"3", None);
        repository.update("team a");
        mirror.bring(&repository, &["a/one"]).unwrap();
        assert_eq!(mirror.get("a/two"), Err("target_missing"));
        mirror.serves("a 1", "b 1");
    }
}

#[test]
fn t_gap_1_a_role_that_comes_between_is_brought_too() {
    let mut repository = two_teams(true);
    let mirror = Mirror::of(&repository);
    mirror.bring(&repository, &[]).unwrap();
    // A new role is asked about the team's target first; the file with another target does not have it.
    let signer = Signer::ed25519(9103);
    repository.delegate("targets", "first", signer, &["b/*"]);
    repository.role("targets").delegations.rotate_right(1);
    repository.publish(&["targets", "first", "snapshot", "timestamp"]);
    write(&mut repository, "a", 2);
    cut_off(
        mirror.bring(&repository, &["a/policy"]),
        "on the way to b/policy",
    );
    mirror.bring(&repository, &[]).unwrap();
    mirror.serves("a 2", "b 1");
}

#[test]
fn a_whole_file_has_every_role_and_bins_too() {
    let mut repository = two_teams(true);
    let mirror = Mirror::of(&repository);
    mirror.bring(&repository, &[]).unwrap();
    // A role that lists nothing any more says so behind the gap as well.
    repository.role("team b").targets.clear();
    repository.update("team b");
    mirror.bring(&repository, &[]).unwrap();
    assert_eq!(mirror.get("b/policy"), Err("target_missing"));
    // TAP 15: the names of the bins stand nowhere but in the snapshot.
    let mut repository = Repository::new(92);
    let signer = Signer::ed25519(9201);
    let delegations = format!(
        r#"{{"keys":{{"{0}":{1}}},"succinct_roles":{{"bit_length":1,"keyids":["{0}"],"name_prefix":"bin","threshold":1}}}}"#,
        signer.id(),
        signer.key()
    );
    let targets = repository.role("targets");
    targets.extra.insert("delegations".into(), delegations);
    for bin in ["bin-0", "bin-1"] {
        repository
            .roles
            .insert(bin.into(), Role::new(signer.clone()));
        // In both: the bin of its hash is in charge of it.
        repository.target(bin, "policy", b"binned", None);
    }
    repository.publish(&["targets", "bin-0", "bin-1", "snapshot", "timestamp"]);
    let (bytes, carried) = packed(&repository, &[]).unwrap();
    assert_eq!(carried.targets, ["policy"]);
    let archive = Archive::read(bytes.into()).unwrap();
    let roles = archive
        .paths(Base::Metadata)
        .filter(|path| path.contains("bin-"));
    assert_eq!(roles.count(), 2);
}

#[test]
fn t_gap_2_what_is_not_signed_is_not_looked_into() {
    let mut repository = two_teams(true);
    repository.hashes = false;
    repository.publish(&["targets", "team a", "team b", "snapshot", "timestamp"]);
    assert_eq!(packed(&repository, &[]).unwrap().1.targets.len(), 2);
    // A server without keys lists what it likes in the place of a role. Nothing of it is asked for, and the team's
    // own target is not left out without a word.
    let mut forged = repository.clone();
    forged.role("team a").signers = vec![Signer::ed25519(1)];
    forged.role("team a").targets.clear();
    for number in 0..50 {
        forged.target("team a", &format!("elsewhere/{number}"), b"x", None);
    }
    forged.write("team a");
    let network = network(&forged);
    let exported = export(&network, forged.pinned(), Limits::default(), Some(NOW), &[]);
    assert_eq!(ready(exported).unwrap_err().code(), "signatures");
    assert!(
        network
            .log()
            .iter()
            .all(|path| !path.starts_with("targets/"))
    );
    // So in an import, whichever target the file is for.
    let mirror = Mirror::of(&repository);
    mirror.bring(&repository, &[]).unwrap();
    repository.publish(&["team a", "team b", "snapshot", "timestamp"]);
    let mut bytes = packed(&repository, &[]).unwrap().0;
    let genuine = Archive::read(bytes.clone().into()).unwrap();
    let path = repository.path("team a");
    let role = genuine.get(Base::Metadata, &path).unwrap();
    let at = bytes.windows(role.len()).position(|window| window == role);
    let expires = role
        .windows(4)
        .position(|window| window == b"2030")
        .unwrap();
    bytes[at.unwrap() + expires + 3] = b'1';
    let spoiled = Archive::read(bytes.into()).unwrap();
    let limits = Limits::default();
    let brought = import(
        &spoiled,
        "policy.tar",
        &mirror.root,
        limits,
        Some(NOW),
        &mirror.disk,
        false,
    );
    assert_eq!(ready(brought).unwrap_err().code(), "signatures");
    mirror.serves("a 1", "b 1");
}

#[test]
fn t_gap_2_more_than_can_be_carried_is_refused_before_it_is_fetched() {
    let mut repository = two_teams(true);
    repository.hashes = false;
    for number in 0..4096 {
        let role = Role::new(Signer::ed25519(1));
        repository.roles.insert(format!("many {number}"), role);
    }
    repository.publish(&["snapshot", "timestamp"]);
    let network = network(&repository);
    let pinned = repository.pinned();
    let exported = export(&network, pinned, Limits::default(), Some(NOW), &[]);
    let error = ready(exported).unwrap_err();
    assert_eq!(error.code(), "too_large");
    assert!(error.remedy().contains("--target"), "{error}");
    assert!(network.log().iter().all(|path| !path.contains("team")));
    // One of them is carried as before.
    assert!(packed(&repository, &["a/policy"]).is_ok());
    // A target is refused by its signed length, before its bytes are asked for.
    let mut repository = two_teams(true);
    repository.target("team a", "a/huge", b"x", None);
    let entry = repository.role("team a").targets.get_mut("a/huge").unwrap();
    *entry = entry.replace("\"length\":1", "\"length\":1099511627776");
    repository.update("team a");
    let network = self::network(&repository);
    let pinned = repository.pinned();
    let exported = export(&network, pinned, Limits::default(), Some(NOW), &[]);
    assert_eq!(ready(exported).unwrap_err().code(), "too_large");
    assert!(network.log().iter().all(|path| !path.contains("huge")));
}

#[test]
fn a_role_that_expired_in_the_mirror_does_not_keep_another_target_out() {
    let mut repository = two_teams(true);
    let mirror = Mirror::of(&repository);
    mirror.bring(&repository, &[]).unwrap();
    // Fresh when it was brought, and expired for the clock of the next import.
    repository.role("team b").expires = "2026-01-02T00:00:00Z".to_owned();
    repository.update("team b");
    mirror.bring(&repository, &[]).unwrap();
    write(&mut repository, "a", 2);
    let (bytes, _) = packed(&repository, &["a/policy"]).unwrap();
    let archive = Archive::read(bytes.into()).unwrap();
    let brought = import(
        &archive,
        "policy.tar",
        &mirror.root,
        Limits::default(),
        Some(NOW + 30 * 86_400),
        &mirror.disk,
        false,
    );
    ready(brought).unwrap();
    assert_eq!(mirror.get("a/policy").as_deref(), Ok("a 2"));
    assert!(mirror.disk.read("metadata/timestamp.json", 1 << 20).is_ok());
}

#[test]
fn t_gap_2_a_role_that_is_listed_and_absent_ends_an_export_of_everything() {
    let repository = two_teams(true);
    let network = network(&repository);
    let path = repository.path("team b");
    network.fault(move |get, answer| match get.path == path {
        true => Ok(Answer::Absent),
        false => answer,
    });
    let whole = |names: &[String]| {
        let pinned = repository.pinned();
        let exported = export(&network, pinned, Limits::default(), Some(NOW), names);
        ready(exported).map(|(_, carried)| carried.targets)
    };
    let error = whole(&[]).unwrap_err();
    assert_eq!((error.code(), error.place()), ("not_found", "team b"));
    let one = "a/policy".to_owned();
    assert_eq!(whole(std::slice::from_ref(&one)), Ok(vec![one]));
}
