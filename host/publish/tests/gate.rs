//! That the gate is about the bytes themselves, on every machine, and about all that protects less than before.

mod common;

use std::path::{Path, PathBuf};

use common::*;
use edgerail_publish::gate::Candidate;
use edgerail_publish::keys::Signer;
use edgerail_publish::name::{Audience, Ring};
use edgerail_publish::{
    Allowed, Change, Result, Settings, Stage, Storage as _, init, push, sha256,
};
use serde_json::{Value, json};

const WORDS: [&str; 5] = ["heron", "osprey", "kite", "harrier", "kestrel"];

fn folder(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("gate-{test}"));
    let _ = std::fs::remove_dir_all(&path);
    path
}

/// A repository with a bundle of five words.
fn with_words(keys: &Keys) -> Memory {
    let memory = founded(keys);
    add(&memory, keys, NOW, &WORDS).unwrap();
    memory
}

fn words(words: &[&str]) -> Candidate {
    candidate(bundle(SCOPE, Audience::Server, words))
}

/// The codes of the errors of a change with these things allowed.
fn changed(
    memory: &Memory,
    allowed: Allowed,
    make: impl FnOnce(&mut Change<'_>) -> Result<()>,
) -> Result<Stage> {
    let repository = load(memory);
    let mut change = Change::new(&repository, memory, NOW).unwrap();
    change.allow(allowed);
    make(&mut change)?;
    change.finish(&approved())
}

const NOTHING: Allowed = Allowed {
    shrink: false,
    weaker: false,
};
const WEAKER: Allowed = Allowed {
    shrink: false,
    weaker: true,
};

/// An unsigned change that adds two words, in a folder, as somebody may change it on its way.
struct Forged {
    folder: PathBuf,
    metadata: Value,
    stage: Value,
}

impl Forged {
    fn new(test: &str, memory: &Memory) -> Forged {
        let folder = folder(test);
        let more = [&WORDS[..], &["crane", "stork"]].concat();
        let stage = staged(memory, NOW, |change| {
            change
                .add_current(&server(SCOPE), &words(&more), json!({"loader": "passed"}))
                .map(drop)
        });
        stage.unwrap().create(&folder).unwrap();
        let read = |path: &str| serde_json::from_slice(&std::fs::read(folder.join(path)).unwrap());
        Forged {
            metadata: read("metadata/3.targets.json").unwrap(),
            stage: read("stage.json").unwrap(),
            folder: folder.clone(),
        }
    }

    fn target(&mut self) -> &mut Value {
        &mut self.metadata["signed"]["targets"][format!("{SCOPE}.bundle")]
    }

    /// Puts a file in the place of one whose path begins so.
    fn file(&mut self, below: &str, path: &str, bytes: &[u8]) {
        let files = self.stage["files"].as_object_mut().unwrap();
        files.retain(|old, _| !old.starts_with(below));
        files.insert(path.to_owned(), Value::from(sha256(bytes)));
        std::fs::write(self.folder.join(path), bytes).unwrap();
    }

    fn bundle(mut self, bytes: &[u8]) -> Forged {
        let hash = sha256(bytes);
        let target = self.target();
        target["hashes"]["sha256"] = Value::from(hash.clone());
        target["length"] = Value::from(bytes.len());
        self.file("targets/", &format!("targets/{hash}.{SCOPE}.bundle"), bytes);
        self
    }

    fn counts(mut self, words: u64) -> Forged {
        self.target()["custom"]["counts"]["words"] = Value::from(words);
        self
    }

    /// Has the record say other things, and the metadata name it.
    fn record(mut self, change: impl FnOnce(&mut Value)) -> Forged {
        let old = self.target()["custom"]["record"]
            .as_str()
            .unwrap()
            .to_owned();
        let bytes = std::fs::read(self.folder.join(old)).unwrap();
        let mut record: Value = serde_json::from_slice(&bytes).unwrap();
        change(&mut record);
        let bytes = record.to_string().into_bytes();
        let hash = sha256(&bytes);
        let path = format!("records/{hash}.json");
        self.target()["custom"]["record"] = Value::from(path.clone());
        self.metadata["signed"]["x-record"] = Value::from(hash);
        self.file("records/", &path, &bytes);
        self
    }

    /// What the next machine says to it.
    fn signed(self, keys: &Keys, memory: &Memory) -> Option<&'static str> {
        let write = |path: &str, json: &Value| {
            std::fs::write(self.folder.join(path), json.to_string()).unwrap();
        };
        write("metadata/3.targets.json", &self.metadata);
        write("stage.json", &self.stage);
        let signers = keys.publishers();
        let sign = || Stage::read(&self.folder)?.sign(&signers, NOW).map(drop);
        let publish = || push(&mut Stage::read(&self.folder)?, memory, &signers, at(NOW));
        let before = memory.files.borrow().clone();
        let code = sign().err().map(|error| error.code());
        if code.is_some() {
            assert_eq!(publish().err().map(|error| error.code()), code);
            assert_eq!(*memory.files.borrow(), before);
        }
        code
    }
}

#[test]
fn t_roll_1_what_was_staged_goes_through_the_gate_again_before_it_is_signed_or_published() {
    let keys = Keys::new();
    let memory = with_words(&keys);
    let forged = |test: &str| Forged::new(test, &memory);
    let few = bundle(SCOPE, Audience::Server, &["heron"]);
    let hash = sha256(&few);
    let other = bundle("aws~other~us-east-1", Audience::Server, &WORDS);
    let for_pages = bundle(SCOPE, Audience::Browser, &WORDS);
    let said = |record: &mut Value| record["changes"][0]["sha256"] = Value::from(hash.clone());
    let cases: [(&str, Forged, Option<&str>); 10] = [
        ("nothing", forged("same"), None),
        (
            "garbage",
            forged("garbage").bundle(&[7; 20]),
            Some("bundle"),
        ),
        ("fewer words", forged("few").bundle(&few), Some("tampered")),
        (
            "fewer words, and said so",
            forged("few-said").bundle(&few).counts(1),
            Some("tampered"),
        ),
        (
            "also in the record",
            forged("few-recorded").bundle(&few).counts(1).record(said),
            Some("tampered"),
        ),
        (
            "another scope",
            forged("scope").bundle(&other),
            Some("scope"),
        ),
        (
            "another audience",
            forged("audience").bundle(&for_pages).counts(5),
            Some("tampered"),
        ),
        ("other counts", forged("counts").counts(8), Some("tampered")),
        (
            "a gate that was about another bundle",
            forged("gate").record(|record| record["changes"][0]["gate"]["sha256"] = json!("00")),
            Some("tampered"),
        ),
        (
            "nobody who approved",
            forged("nobody").record(|record| record["approved_by"] = json!([])),
            Some("approvals_missing"),
        ),
    ];
    for (case, forged, code) in cases {
        assert_eq!(forged.signed(&keys, &memory), code, "{case}");
    }
}

#[test]
fn t_roll_1_a_listed_bundle_that_the_change_does_not_carry_is_refused() {
    let keys = Keys::new();
    let memory = with_words(&keys);
    let mut forged = Forged::new("absent", &memory);
    let files = forged.stage["files"].as_object_mut().unwrap();
    files.retain(|path, _| !path.starts_with("targets/"));
    assert_eq!(forged.signed(&keys, &memory), Some("tampered"));
}

#[test]
fn t_roll_7_a_removed_line_comes_back_only_with_what_it_had() {
    let keys = Keys::new();
    let memory = with_words(&keys);
    let line = server(SCOPE);
    let remove = |allowed| changed(&memory, allowed, |change| change.remove(&line, false));
    assert_eq!(remove(WEAKER).unwrap_err().code(), "shrink");
    push(
        &mut remove(ALLOWED).unwrap(),
        &memory,
        &keys.publishers(),
        at(NOW),
    )
    .unwrap();
    let again = |allowed, list: &[&str]| {
        changed(&memory, allowed, |change| {
            change
                .add_current(&line, &words(list), Value::Null)
                .map(drop)
        })
    };
    assert_eq!(again(WEAKER, &["heron"]).unwrap_err().code(), "shrink");
    let four = &WORDS[..4];
    assert_eq!(again(NOTHING, four).unwrap_err().code(), "weaker");
    assert!(again(WEAKER, four).is_ok());
    let mut whole = again(NOTHING, &WORDS).unwrap();
    push(&mut whole, &memory, &keys.publishers(), at(NOW)).unwrap();
    let signed = &memory.json("metadata/4.targets.json")["signed"];
    assert!(signed["x-removed"].is_null(), "{signed}");
}

#[test]
fn t_roll_7_a_removal_needs_an_approval_where_the_repository_asks_for_none() {
    let keys = Keys::new();
    let memory = Memory::default();
    let settings = Settings {
        approvals: 0,
        ..Settings::default()
    };
    let mut stage = init(&keys.quorums(), &settings, &approved(), NOW).unwrap();
    push(&mut stage, &memory, &keys.founders(), at(NOW)).unwrap();
    add(&memory, &keys, NOW, &WORDS).unwrap();
    let repository = load(&memory);
    let mut change = Change::new(&repository, &memory, NOW).unwrap();
    change.allow(ALLOWED);
    change.remove(&server(SCOPE), false).unwrap();
    let mut nobody = approved();
    nobody.approved_by.clear();
    let error = change.finish(&nobody).unwrap_err();
    assert_eq!(error.code(), "approvals_missing");
}

#[test]
fn t_roll_7_what_acts_less_is_weaker_though_nothing_is_gone() {
    let keys = Keys::new();
    let memory = with_words(&keys);
    let line = server(SCOPE);
    let off = |extra: &str| {
        let list: Vec<String> = WORDS
            .iter()
            .map(|word| format!(r#"{{"text": "{word}"{extra}}}"#))
            .collect();
        candidate(compiled(
            SCOPE,
            Audience::Server,
            &format!(
                r#"{{"name": "g", "blockedInputMessaging": "No.", "blockedOutputsMessaging": "No.",
                    "wordPolicyConfig": {{"wordsConfig": [{}]}}}}"#,
                list.join(",")
            ),
        ))
    };
    assert_eq!(off("").counts().words, 5);
    for (case, extra, acting) in [
        ("reports only", r#", "inputAction": "NONE""#, 5),
        (
            "reports only in both directions",
            r#", "inputAction": "NONE", "outputAction": "NONE""#,
            0,
        ),
        (
            "off",
            r#", "inputEnabled": false, "outputEnabled": false"#,
            0,
        ),
    ] {
        let weak = off(extra);
        assert_eq!(weak.counts().words, acting, "{case}");
        let add = |allowed| {
            changed(&memory, allowed, |change| {
                change
                    .add_next(&line, &weak, Ring::Canary, 10, Value::Null)
                    .map(drop)
            })
        };
        let shrunk = if acting == 0 { "shrink" } else { "weaker" };
        assert_eq!(add(NOTHING).unwrap_err().code(), shrunk, "{case}");
        let only_shrink = Allowed {
            shrink: true,
            weaker: false,
        };
        let error = add(only_shrink).unwrap_err();
        assert_eq!(error.code(), "weaker", "{case}");
        let said = error.to_string();
        assert!(
            said.contains("--allow-weaker") && !said.contains("heron"),
            "{said}"
        );
        // Signers read it, and so does whoever reads the record.
        let stage = add(ALLOWED).unwrap();
        let lines = stage.describe().unwrap().join("\n");
        assert!(
            lines.contains("weakens: guardrail \"g\": word changed"),
            "{lines}"
        );
        assert!(!lines.contains("heron"), "{lines}");
    }
}

#[test]
fn t_roll_7_a_bundle_before_that_cannot_be_read_is_said_not_to_be_compared() {
    let keys = Keys::new();
    let memory = with_words(&keys);
    memory
        .files
        .borrow_mut()
        .retain(|path, _| !path.starts_with("targets/"));
    let more = [&WORDS[..], &["crane"]].concat();
    let add = |allowed, list: &[&str]| {
        changed(&memory, allowed, |change| {
            change
                .add_current(&server(SCOPE), &words(list), Value::Null)
                .map(drop)
        })
    };
    let error = add(NOTHING, &more).unwrap_err();
    assert_eq!(error.code(), "weaker");
    assert!(error.to_string().contains("nothing of it is compared"));
    // The counts are in the signed metadata.
    assert_eq!(add(WEAKER, &["heron"]).unwrap_err().code(), "shrink");
    let mut stage = add(WEAKER, &more).unwrap();
    push(&mut stage, &memory, &keys.publishers(), at(NOW)).unwrap();
}

#[test]
fn t_roll_6_a_repository_that_asks_for_texts_takes_no_bundle_without_them() {
    let keys = Keys::new();
    let memory = Memory::default();
    let settings = Settings {
        require_corpus: true,
        ..Settings::default()
    };
    let mut stage = init(&keys.quorums(), &settings, &approved(), NOW).unwrap();
    push(&mut stage, &memory, &keys.founders(), at(NOW)).unwrap();
    // The first has nothing to be compared with.
    add(&memory, &keys, NOW, &WORDS).unwrap();
    let more = [&WORDS[..], &["crane"]].concat();
    assert_eq!(
        add(&memory, &keys, NOW, &more).unwrap_err().code(),
        "corpus"
    );
    publish(&memory, &keys, NOW, |change| {
        let gate = json!({"diff": {"texts": 3}});
        change
            .add_current(&server(SCOPE), &words(&more), gate)
            .map(drop)
    })
    .unwrap();
    assert!(memory.get("metadata/3.targets.json").unwrap().is_some());
}

#[test]
fn one_who_signs_alone_is_told_of_what_is_not_at_hand() {
    let keys = Keys::new();
    let memory = with_words(&keys);
    let mut forged = Forged::new("previous", &memory);
    forged.stage.as_object_mut().unwrap().remove("previous");
    let signer: &dyn Signer = &keys.targets[0];
    std::fs::write(forged.folder.join("stage.json"), forged.stage.to_string()).unwrap();
    let error = Stage::read(&forged.folder).unwrap().sign(&[signer], NOW);
    assert_eq!(error.unwrap_err().code(), "tampered");
}

#[test]
fn signers_are_shown_the_difference_to_what_is_published_or_nothing() {
    let keys = Keys::new();
    let memory = with_words(&keys);
    let hidden = "aws~o-exampleorgid~ou-ab12-cdef3456~eu-west-1";
    publish(&memory, &keys, NOW, |change| {
        let other = candidate(bundle(hidden, Audience::Server, &["heron"]));
        change
            .add_current(&server(hidden), &other, Value::Null)
            .map(drop)
    })
    .unwrap();
    let folder = folder("base");
    let stage = staged(&memory, NOW, |change| {
        let more = words(&[&WORDS[..], &["crane"]].concat());
        change
            .add_current(&server(SCOPE), &more, Value::Null)
            .map(drop)
    })
    .unwrap();
    let lines = stage.describe().unwrap().join("\n");
    assert!(lines.contains("lists 2 bundles, 2 before"), "{lines}");
    stage.create(&folder).unwrap();
    let read = |path: &str| -> Value {
        serde_json::from_slice(&std::fs::read(folder.join(path)).unwrap()).unwrap()
    };
    let write = |path: &str, json: &Value| {
        std::fs::write(folder.join(path), json.to_string()).unwrap();
        sha256(json.to_string().as_bytes())
    };
    let signer: &dyn Signer = &keys.targets[0];
    let sign = || Stage::read(&folder).and_then(|mut stage| stage.sign(&[signer], NOW));
    let good = read("metadata/4.targets.json");
    let drop_hidden = |path: &str| {
        let mut json = read(path);
        let targets = json["signed"]["targets"].as_object_mut().unwrap();
        targets.remove(&format!("{hidden}.bundle")).unwrap();
        json
    };
    // The scope is taken out of both sides of the difference.
    write(
        "metadata/4.targets.json",
        &drop_hidden("metadata/4.targets.json"),
    );
    assert_eq!(sign().unwrap_err().code(), "tampered");
    let base = read("base/targets.json");
    let hash = write("base/targets.json", &drop_hidden("base/targets.json"));
    let mut list = read("stage.json");
    list["base"]["targets"] = Value::from(hash.clone());
    write("stage.json", &list);
    assert_eq!(sign().unwrap_err().place(), "targets");
    // Also where the new document names that base: nobody signed it.
    let mut named = read("metadata/4.targets.json");
    named["signed"]["x-previous"] = Value::from(hash);
    write("metadata/4.targets.json", &named);
    assert_eq!(sign().unwrap_err().place(), "base targets");
    // An old base is signed; the snapshot that is there does not list it.
    let old = memory.read("metadata/2.targets.json");
    std::fs::write(folder.join("base/targets.json"), &old).unwrap();
    list["base"]["targets"] = Value::from(sha256(&old));
    write("stage.json", &list);
    named["signed"]["x-previous"] = Value::from(sha256(&old));
    write("metadata/4.targets.json", &named);
    assert_eq!(sign().unwrap_err().place(), "base targets");
    list["base"]["targets"] = Value::from(write("base/targets.json", &base));
    write("stage.json", &list);
    write("metadata/4.targets.json", &good);
    assert!(sign().is_ok());
}
