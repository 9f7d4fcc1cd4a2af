//! `sync`, `verify`, `repository` and `check --sync-state`, through the real program, on a signed repository.

mod common;

use common::{DEFINITION, Folder, Ran};
use edgerail_trust::testing::Repository;

const SCOPE: &str = "aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1";

/// A publisher whose repository is written to a folder.
struct Publisher {
    repository: Repository,
    version: u64,
}

impl Publisher {
    fn new(folder: &Folder) -> Publisher {
        let publisher = Publisher {
            repository: Repository::new(81),
            version: 0,
        };
        folder.write("root.json", publisher.repository.pinned());
        publisher
    }

    /// Compiles a guardrail whose blocked word is `word` and publishes it as the next version.
    fn publish(&mut self, folder: &Folder, word: &str) {
        folder.write("next.json", DEFINITION.replace("heron", word));
        let compiled = folder.run(&["compile", "next.json", "-o", "next.bundle"]);
        assert_eq!(compiled.code, 0, "{compiled:?}");
        self.publish_bytes(folder, &folder.read("next.bundle"));
    }

    fn publish_bytes(&mut self, folder: &Folder, bundle: &[u8]) {
        self.version += 1;
        let version = self.version;
        let custom = format!(
            r#"{{"audience":"server","engine_abi":{},"scope":"{SCOPE}","version":{version}}}"#,
            edgerail_core::bundle::ABI
        );
        let target = format!("{SCOPE}.bundle");
        self.repository
            .target("targets", &target, bundle, Some(&custom));
        self.repository.update("targets");
        self.write(folder, "repo");
    }

    fn write(&self, folder: &Folder, name: &str) {
        for (base, files) in [
            ("metadata", &self.repository.files),
            ("targets", &self.repository.contents),
        ] {
            let path = folder.path().join(name).join(base);
            std::fs::create_dir_all(&path).unwrap();
            for (file, bytes) in files {
                std::fs::write(path.join(file), bytes).unwrap();
            }
        }
    }
}

fn target() -> String {
    format!("{SCOPE}.bundle")
}

/// `sync --root … --target … --state state` with more arguments.
fn sync(folder: &Folder, arguments: &[&str]) -> Ran {
    let target = target();
    let pins = [
        "sync",
        "--root",
        "root.json",
        "--target",
        &target,
        "--state",
        "state",
    ];
    folder.run(&[&pins[..], arguments].concat())
}

fn check(folder: &Folder, arguments: &[&str]) -> Ran {
    let target = target();
    let pins = [
        "check",
        "--sync-state",
        "state",
        "--root",
        "root.json",
        "--target",
        &target,
    ];
    folder.run(&[&pins[..], arguments].concat())
}

#[test]
fn a_bundle_is_synced_updated_and_decides_as_verified() {
    let folder = Folder::new("sync-life");
    let mut publisher = Publisher::new(&folder);
    publisher.publish(&folder, "heron");
    let first = sync(
        &folder,
        &[
            "--url",
            "repo",
            "--format",
            "json",
            "--output",
            "active.bundle",
        ],
    );
    assert_eq!(first.code, 0, "{first:?}");
    let status = first.json();
    assert_eq!(
        (&status["active"]["version"], &status["degraded"]),
        (&1.into(), &serde_json::json!([]))
    );
    assert_eq!(folder.read("active.bundle"), folder.read("next.bundle"));
    for engine in ["wasm", "native"] {
        let decided = check(
            &folder,
            &["--engine", engine, "--format", "json", "--text", "a heron"],
        );
        assert_eq!(decided.code, 1, "{decided:?}");
        assert_eq!(decided.json()["edgerail"]["trust"], "verified");
        assert_eq!(decided.err, "");
    }
    publisher.publish(&folder, "egret");
    assert_eq!(sync(&folder, &["--url", "repo"]).code, 0);
    assert_eq!(check(&folder, &["--text", "a heron"]).code, 0);
    assert_eq!(check(&folder, &["--text", "an egret"]).code, 1);
    let status = sync(&folder, &["--status"]);
    assert!(
        status.code == 0 && status.out.contains("version 2"),
        "{status:?}"
    );
    for words in ["success    2", "s ago, as status.json says"] {
        assert!(status.out.contains(words), "{words}: {status:?}");
    }
    // The network is gone: it is enforced on, and the check has failed.
    std::fs::rename(folder.path().join("repo"), folder.path().join("gone")).unwrap();
    let offline = sync(&folder, &["--url", "repo", "--format", "json"]);
    offline.refused(&[
        "unreachable",
        "no such folder",
        "has metadata/ and targets/ in it",
    ]);
    assert_eq!(offline.json()["active"]["version"], 2);
    assert_eq!(check(&folder, &["--text", "an egret"]).code, 1);
    // Who looks later is told, with the ages and the error.
    let status = sync(&folder, &["--status"]);
    assert_eq!(status.code, 1, "{status:?}");
    for words in [
        "degraded   unreachable",
        "error      unreachable repo",
        "success    2",
    ] {
        assert!(status.out.contains(words), "{words}: {status:?}");
    }
    let status = sync(&folder, &["--status", "--format", "json"]).json();
    let said = &status["statusFile"];
    assert_eq!(said["lastError"]["code"], "unreachable");
    assert!(said["lastCheckAge"].as_u64() <= said["lastSuccessAge"].as_u64());
    assert!(said["lastCheckAge"].is_u64(), "{status}");
    // A file that somebody else wrote is shown in one line, and cannot pass for a terminal's commands.
    let forged = String::from_utf8(folder.read("state/status.json")).unwrap();
    let forged = forged.replace(
        "\"code\":\"unreachable\"",
        "\"code\":\"\\u001b[2J\\nactive\"",
    );
    folder.write("state/status.json", forged);
    let status = sync(&folder, &["--status"]);
    assert!(status.out.contains("\\u{1b}[2J\\nactive"), "{status:?}");
}

#[test]
fn what_cannot_be_accepted_leaves_the_previous_bundle_and_has_a_code() {
    let folder = Folder::new("sync-refused");
    let mut publisher = Publisher::new(&folder);
    publisher.publish(&folder, "heron");
    assert_eq!(sync(&folder, &["--url", "repo"]).code, 0);
    // A bundle that is none, well signed.
    publisher.publish_bytes(&folder, b"not a bundle");
    sync(&folder, &["--url", "repo"]).refused(&["load_failed", "clients enforce the previous one"]);
    let again = sync(&folder, &["--url", "repo", "--format", "json"]);
    assert_eq!(
        (again.code, &again.json()["degraded"]),
        (1, &serde_json::json!(["poisoned"]))
    );
    assert_eq!(again.json()["active"]["version"], 1);
    sync(&folder, &["--url", "repo", "--retry-poisoned"]).refused(&["load_failed"]);
    // Another organization's repository.
    let mut foreign = Repository::new(82);
    foreign.target("targets", &target(), b"x", None);
    foreign.update("targets");
    let theirs = Publisher {
        repository: foreign,
        version: 9,
    };
    theirs.write(&folder, "theirs");
    sync(&folder, &["--url", "theirs"]).refused(&["signatures"]);
    sync(&folder, &["--url", "nowhere"]).refused(&["unreachable"]);
    sync(&folder, &["--url", "ftp://example.com"]).refused(&["usage"]);
    sync(&folder, &[]).refused(&["is not given"]);
    folder.write("page.tar", "<!doctype html>");
    let page = sync(&folder, &["--url", "page.tar"]);
    page.refused(&["archive"]);
    assert_eq!(page.err.matches("repository export").count(), 1, "{page:?}");
    assert_eq!(check(&folder, &["--text", "a heron"]).code, 1);
}

#[test]
fn two_processes_on_one_folder_are_refused_and_a_killed_one_leaves_no_lock() {
    let folder = Folder::new("sync-locked");
    let mut publisher = Publisher::new(&folder);
    publisher.publish(&folder, "heron");
    let target = target();
    let arguments = [
        "sync",
        "--root",
        "root.json",
        "--target",
        &target,
        "--state",
        "state",
        "--url",
        "repo",
    ];
    let mut daemon = folder
        .command(&[&arguments[..], &["--daemon", "--format", "json"]].concat())
        .spawn()
        .unwrap();
    // Its second line is that of the first check, which comes at once because nothing is enforced.
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(daemon.stdout.take().unwrap()));
    lines.next().unwrap().unwrap();
    let checked: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(checked["active"]["version"], 1);
    let locked = sync(&folder, &["--url", "repo"]);
    locked.refused(&["state_locked", "another process"]);
    assert_eq!(
        locked.err.matches("its own folder").count(),
        1,
        "{locked:?}"
    );
    // To look and to decide is allowed meanwhile.
    assert_eq!(sync(&folder, &["--status"]).code, 0);
    assert_eq!(check(&folder, &["--text", "a heron"]).code, 1);
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    assert_eq!(sync(&folder, &["--url", "repo"]).code, 0);
}

#[test]
fn a_policy_staler_than_allowed_blocks_everything() {
    let folder = Folder::new("sync-stale");
    let mut publisher = Publisher::new(&folder);
    for role in ["timestamp", "snapshot"] {
        // Fresh for as long as the test takes to install it, and long expired for the clock of the second look.
        publisher.repository.role(role).expires = "2099-01-01T00:00:00Z".to_owned();
    }
    publisher.publish(&folder, "heron");
    assert_eq!(sync(&folder, &["--url", "repo"]).code, 0);
    let clean = check(
        &folder,
        &[
            "--on-expired",
            "deny",
            "--grace-seconds",
            "0",
            "--text",
            "hello",
        ],
    );
    assert_eq!(clean.code, 0, "{clean:?}");
    // Without its stored timestamp nothing says how fresh it is: that counts as stale.
    std::fs::remove_file(folder.path().join("state/tuf/timestamp.json")).unwrap();
    let kept = check(&folder, &["--text", "hello"]);
    assert!(
        kept.code == 0 && kept.err.contains("stale_metadata"),
        "{kept:?}"
    );
    for engine in ["wasm", "native"] {
        let arguments = [
            "--on-expired",
            "deny",
            "--grace-seconds",
            "0",
            "--engine",
            engine,
            "--format",
            "json",
            "--text",
            "hello",
        ];
        let denied = check(&folder, &arguments);
        assert_eq!(denied.code, 1, "{denied:?}");
        let answer = denied.json();
        assert_eq!(answer["edgerail"]["reasonCode"], "policy_stale");
        assert_eq!(
            (&answer["action"], &answer["outputs"][0]["text"]),
            (&"GUARDRAIL_INTERVENED".into(), &"Not in.".into())
        );
    }
}

#[test]
fn a_repository_is_carried_over_a_gap_and_is_a_baseline() {
    let folder = Folder::new("sync-gap");
    let mut publisher = Publisher::new(&folder);
    publisher.publish(&folder, "heron");
    let export = |output: &str| {
        let ran = folder.run(&[
            "repository",
            "export",
            "--url",
            "repo",
            "--root",
            "root.json",
            "-o",
            output,
        ]);
        assert_eq!(ran.code, 0, "{ran:?}");
    };
    let import = |file: &str| {
        folder.run(&[
            "repository",
            "import",
            file,
            "--root",
            "root.json",
            "--to",
            "mirror",
        ])
    };
    export("one.tar");
    export("again.tar");
    assert_eq!(folder.read("one.tar"), folder.read("again.tar"));
    assert_eq!(import("one.tar").code, 0);
    assert_eq!(sync(&folder, &["--url", "mirror"]).code, 0);
    publisher.publish(&folder, "egret");
    export("two.tar");
    assert_eq!(import("two.tar").code, 0);
    // What is older than what is there changes nothing.
    import("one.tar").refused(&["rollback"]);
    assert_eq!(sync(&folder, &["--url", "mirror"]).code, 0);
    assert_eq!(check(&folder, &["--text", "an egret"]).code, 1);
    let whole = folder.read("two.tar");
    folder.write("cut.tar", &whole[..700]);
    import("cut.tar").refused(&["archive", "cut short"]);
    // A byte of each file that counts: the pinned root inside is not what is trusted.
    for what in [
        &b"\"_type\":\"timestamp"[..],
        b"\"_type\":\"snapshot",
        b"\"_type\":\"targets",
        b"Not in.",
    ] {
        let at = whole
            .windows(what.len())
            .position(|window| window == what)
            .unwrap();
        let mut flipped = whole.clone();
        flipped[at + 3] ^= 1;
        folder.write("flipped.tar", flipped);
        std::fs::remove_dir_all(folder.path().join("mirror")).unwrap();
        assert_eq!(import("one.tar").code, 0);
        let refused = import("flipped.tar");
        assert_eq!(refused.code, 2, "{refused:?}");
        let kept = folder.run(&[
            "verify",
            "--url",
            "mirror",
            "--root",
            "root.json",
            "--target",
            &target(),
            "--format",
            "json",
        ]);
        assert_eq!(kept.json()["target"]["custom"]["version"], 1, "{kept:?}");
    }
    assert_eq!(import("two.tar").code, 0);
    // A machine without a network starts with the file it was shipped with.
    std::fs::remove_dir_all(folder.path().join("state")).unwrap();
    let shipped = sync(
        &folder,
        &[
            "--url",
            "nowhere",
            "--baseline",
            "one.tar",
            "--format",
            "json",
        ],
    );
    assert_eq!(
        (shipped.code, &shipped.json()["active"]["baseline"]),
        (2, &true.into()),
        "{shipped:?}"
    );
    // And the file itself is a repository.
    assert_eq!(
        sync(&folder, &["--url", "two.tar", "--baseline", "one.tar"]).code,
        0
    );
    let missing = [
        "repository",
        "export",
        "--url",
        "repo",
        "--root",
        "root.json",
        "--target",
        "x",
        "-o",
        "x.tar",
    ];
    folder.run(&missing).refused(&["target_missing"]);
}

#[test]
fn verify_says_what_is_wrong_in_a_sentence() {
    let folder = Folder::new("sync-verify");
    let mut publisher = Publisher::new(&folder);
    publisher.publish(&folder, "heron");
    let target = target();
    let verify = |arguments: &[&str]| {
        let ran = folder.run(&[&["verify", "--root", "root.json"], arguments].concat());
        (ran.code, ran)
    };
    let (code, good) = verify(&["--url", "repo", "--target", &target, "--format", "json"]);
    assert_eq!(code, 0, "{good:?}");
    let report = good.json();
    assert_eq!(
        (&report["verified"], &report["target"]["selfTest"]),
        (&true.into(), &true.into())
    );
    assert_eq!(report["target"]["custom"]["version"], 1);
    let (_, missing) = verify(&["--url", "repo", "--target", "x.bundle"]);
    missing.refused(&["target_missing", "Check the target's name"]);
    // Nothing is enforced here, and nobody is asked.
    let (_, nowhere) = verify(&["--url", "nowhere", "--format", "json"]);
    nowhere.refused(&["nowhere/metadata: there is no such folder"]);
    assert!(!nowhere.err.contains("previous policy"), "{nowhere:?}");
    let remedy = nowhere.json()["remedy"].as_str().unwrap().to_owned();
    assert_eq!(nowhere.err.matches(&remedy).count(), 1, "{nowhere:?}");
    // The pinned root, spoiled in the ways an administrator may meet.
    let root = String::from_utf8(folder.read("root.json")).unwrap();
    for (from, to, code) in [
        ("\"threshold\":1", "\"threshold\":0", "threshold"),
        ("2030", "2031", "signatures"),
        ("{", "<html>{", "json"),
    ] {
        folder.write("spoiled.json", root.replacen(from, to, 1));
        let ran = folder.run(&[
            "verify",
            "--url",
            "repo",
            "--root",
            "spoiled.json",
            "--format",
            "json",
        ]);
        ran.refused(&[code]);
        assert_eq!(ran.json()["code"], code);
        assert!(ran.json()["remedy"].as_str().unwrap().len() > 10);
    }
    // Every file of the repository, cut.
    for file in ["timestamp.json", "2.snapshot.json", "2.targets.json"] {
        let whole = folder.read(&format!("repo/metadata/{file}"));
        folder.write(&format!("repo/metadata/{file}"), &whole[..whole.len() - 1]);
        let (code, cut) = verify(&["--url", "repo"]);
        assert!(code == 2 && cut.err.contains('('), "{file}: {cut:?}");
        folder.write(&format!("repo/metadata/{file}"), whole);
    }
    let all = folder.run(&["verify", "--explain", "all"]);
    assert!(all.out.lines().count() > 50, "{all:?}");
    for code in [
        "threshold",
        "duplicate_key",
        "expired",
        "too_large",
        "html",
        "redirect",
        "state_write",
        "state_readonly",
        "state_locked",
    ] {
        let line = all
            .out
            .lines()
            .find(|line| line.starts_with(&format!("{code}: ")));
        assert!(line.is_some_and(|line| line.len() > 40), "{code}");
    }
    folder
        .run(&["verify", "--explain", "nonsense"])
        .refused(&["--explain all"]);
}

#[test]
fn pins_that_are_missing_or_wrong_are_said() {
    let folder = Folder::new("sync-pins");
    Publisher::new(&folder).publish(&folder, "heron");
    let run = |arguments: &[&str]| {
        folder.run(&[&["sync", "--state", "state", "--url", "repo"], arguments].concat())
    };
    run(&[]).refused(&["--root"]);
    run(&["--root", "root.json"]).refused(&["--target"]);
    run(&["--root", "none.json", "--target", "x.bundle"]).refused(&["no such file"]);
    run(&["--root", "root.json", "--target", "x.next.bundle"]).refused(&["SCOPE.bundle"]);
    folder
        .run(&["check", "--sync-state", "none", "--text", "x"])
        .refused(&["no such folder"]);
    let both = [
        "check",
        "--sync-state",
        "state",
        "--guardrail",
        "g.json",
        "--text",
        "x",
    ];
    folder
        .run(&both)
        .refused(&["--guardrail and --sync-state", "both are given"]);
}

#[test]
fn a_server_that_answers_with_an_error_is_not_said_to_be_silent() {
    use std::io::{Read as _, Write as _};
    let folder = Folder::new("sync-500");
    Publisher::new(&folder).publish(&folder, "heron");
    assert_eq!(sync(&folder, &["--url", "repo"]).code, 0);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // It ends with the process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream
                .write_all(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    let ran = sync(&folder, &["--url", &url]);
    ran.refused(&["http_status", "status 500", "server's log"]);
    for words in [
        "version 1",
        "degraded   unreachable: The repository cannot be had: nobody answers, or the server with an error",
        "error      http_status",
    ] {
        assert!(ran.out.contains(words), "{words}: {ran:?}");
    }
}
