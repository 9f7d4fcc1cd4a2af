//! `edgerail topics explain` and `edgerail topics test`, and topics in `eval` and `diff`.

mod common;

use common::{Folder, Ran};

/// One topic whose keywords all come from the overlay, so that every score is known.
const OVERLAY: &str = r#"
[topic."Boats"]
keywords = "replace"
threshold = 600
window = 8
[[topic."Boats".rule]]
any = ["sloop", "keel"]
weight = 250
[[topic."Boats".rule]]
all = ["hire", "boat"]
not = ["museum"]
weight = 400
"#;

fn definition(topics: &str) -> String {
    format!(
        r#"{{"name": "harbour", "blockedInputMessaging": "No.", "blockedOutputsMessaging": "No.", "topicPolicyConfig": {{"topicsConfig": [{topics}]}}}}"#
    )
}

const BOATS: &str = r#"{"name": "Boats", "definition": "Questions about sailing boats and their parts.", "examples": ["How long is the keel of a sloop?"], "type": "DENY"}"#;
const TAX: &str = r#"{"name": "Tax", "definition": "Advice on income tax returns and deductions.", "type": "DENY"}"#;

fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("t.json", definition(BOATS));
    folder.write("two.json", definition(&format!("{BOATS},{TAX}")));
    folder.write("o.toml", OVERLAY);
    folder
}

fn test(folder: &Folder, arguments: &[&str]) -> Ran {
    folder.run(
        &[
            &["topics", "test", "t.json", "--overlay", "o.toml"],
            arguments,
        ]
        .concat(),
    )
}

#[test]
fn scores_are_those_of_the_rules() {
    let folder = folder("topics-scores");
    let texts = [
        ("nothing of the kind", 0, false),
        ("a sloop", 250, false),
        ("a sloop with a keel", 500, false),
        ("to hire a boat", 400, false),
        // 400 + 250 reaches the threshold.
        ("to hire a boat, a sloop", 650, true),
        ("the museum will hire a boat, a sloop", 250, false),
        // Too far apart for the window of eight words.
        (
            "a sloop one two three four five six seven eight nine ten a keel",
            250,
            false,
        ),
        ("", 0, false),
    ];
    for (text, score, acts) in texts {
        let ran = test(&folder, &["--format", "jsonl", "--", text]);
        let record = &ran.lines()[0];
        assert_eq!(
            (record["score"].as_u64(), record["acts"].as_bool()),
            (Some(score), Some(acts)),
            "{text}: {record}"
        );
        assert_eq!(ran.code, i32::from(acts), "{ran:?}");
    }
    let ran = test(&folder, &["to hire a boat, a sloop"]);
    assert!(ran.out.contains("acts  argument 1  650"), "{}", ran.out);
    assert!(ran.out.contains("sloop 250"), "{}", ran.out);
}

#[test]
fn files_are_counted_and_only_what_is_wrong_is_listed() {
    let folder = folder("topics-files");
    folder.write(
        "on.txt",
        "hire a boat, a sloop\nhire a boat with a keel\n\nonly a sloop\n",
    );
    folder.write(
        "off.jsonl",
        "{\"text\": \"fine\"}\n{\"text\": \"hire a boat to see a sloop\"}\n",
    );
    let ran = test(
        &folder,
        &["--positive", "on.txt", "--negative", "off.jsonl"],
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("2 of 3 on-topic texts found, 1 of 2 others by mistake: precision 0.667, recall 0.667, F1 0.667"), "{}", ran.out);
    assert!(ran.out.contains("missed       on.txt:4"), "{}", ran.out);
    assert!(ran.out.contains("false alarm  off.jsonl:2"), "{}", ran.out);
    assert!(!ran.out.contains("to see"), "{}", ran.out);
    assert!(
        test(&folder, &["--positive", "on.txt", "--show-text"])
            .out
            .contains("only a sloop")
    );
    let zero = test(
        &folder,
        &["--positive", "on.txt", "--exit-zero", "--format", "json"],
    );
    assert_eq!(
        (zero.code, zero.json()["recall"].as_f64()),
        (0, Some(2.0 / 3.0))
    );
}

#[test]
fn explanations_say_where_keywords_come_from() {
    let folder = folder("topics-explain");
    let ran = folder.run(&["topics", "explain", "two.json", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let report = ran.json();
    let topics = report["topics"].as_array().unwrap();
    assert_eq!(topics.len(), 2);
    let any = topics[0]["rules"][0]["any"].as_array().unwrap();
    let sloop = any
        .iter()
        .find(|keyword| keyword["text"] == "sloop")
        .unwrap();
    assert_eq!(sloop["sources"][0], "example 1");
    assert!(
        sloop["forms"]
            .as_array()
            .unwrap()
            .iter()
            .any(|form| form == "sloops")
    );
    let ran = folder.run(&["topics", "explain", "t.json", "--overlay", "o.toml"]);
    for words in [
        "acts: from a score of 600 within 8 words",
        "all of “hire”, “boat”, together 400; none of “museum”",
        "sloop  250  overlay rule 1",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    let page = folder
        .run(&[
            "topics",
            "explain",
            "t.json",
            "--overlay",
            "o.toml",
            "--format",
            "html",
        ])
        .out;
    assert!(page.contains("<svg") && page.ends_with("</html>\n") && !page.contains("<script"));
}

#[test]
fn topics_that_are_not_there_are_refused() {
    let folder = folder("topics-bad");
    folder
        .run(&["topics", "explain", "g.json"])
        .refused(&["g.json", "no denied topic"]);
    folder
        .run(&["topics", "explain", "two.json", "--topic", "Boat"])
        .refused(&["--topic", "Boats, Tax"]);
    folder
        .run(&["topics", "test", "two.json", "text"])
        .refused(&["--topic", "Boats", "Tax"]);
    folder
        .run(&["topics", "test", "t.json"])
        .refused(&["nothing to test"]);
    folder
        .run(&["topics", "explain", "none.json"])
        .refused(&["none.json", "no such file"]);
    folder.write("other.toml", "[topic.\"Ships\"]\nthreshold = 500\n");
    folder
        .run(&["topics", "explain", "t.json", "--overlay", "other.toml"])
        .refused(&["overlay-unknown-topic", "Boats"]);
    folder.run(&["compile", "t.json", "-o", "t.bundle"]);
    folder
        .run(&["topics", "explain", "t.bundle"])
        .refused(&["t.bundle", "give the definition"]);
    folder.write("bad.txt", b"fine\n\xff secret\n");
    let ran = test(&folder, &["--positive", "bad.txt"]);
    ran.refused(&["bad.txt:2", "UTF-8"]);
    assert!(!ran.err.contains("secret"));
    folder.write("bad.jsonl", "{\"id\": 1}\n");
    test(&folder, &["--negative", "bad.jsonl"]).refused(&["bad.jsonl:1", "no `text`"]);
}

#[test]
fn a_topic_without_keywords_says_that_it_cannot_act() {
    let folder = folder("topics-empty");
    folder.write(
        "stop.json",
        definition(
            r#"{"name": "It", "definition": "What is it that you do to them?", "type": "DENY"}"#,
        ),
    );
    let ran = folder.run(&["topics", "explain", "stop.json"]);
    assert!(ran.out.contains("can never act"), "{ran:?}");
    let ran = folder.run(&[
        "topics",
        "test",
        "stop.json",
        "What is it?",
        "--format",
        "jsonl",
    ]);
    assert_eq!(
        (ran.code, ran.lines()[0]["acts"].as_bool()),
        (0, Some(false)),
        "{ran:?}"
    );
}

#[test]
fn differences_of_topics_are_named() {
    let folder = folder("topics-diff");
    folder.write(
        "p.toml",
        OVERLAY
            .replace("\"keel\"", "\"mast\"")
            .replace("threshold = 600", "threshold = 700")
            .replace("not = [\"museum\"]", "not = [\"museum\", \"toy\"]"),
    );
    for (old, new) in [("json", "json"), ("bundle", "bundle"), ("bundle", "json")] {
        let side = |form: &str, overlay: &str, output: &str| {
            if form == "bundle" {
                folder.run(&["compile", "t.json", "--overlay", overlay, "-o", output]);
                output.to_owned()
            } else {
                "t.json".to_owned()
            }
        };
        let (a, b) = (
            side(old, "o.toml", "a.bundle"),
            side(new, "p.toml", "b.bundle"),
        );
        let mut arguments = vec!["diff", &a, &b, "--format", "json"];
        if old == "json" {
            arguments.extend(["--overlay-old", "o.toml"]);
        }
        if new == "json" {
            arguments.extend(["--overlay-new", "p.toml"]);
        }
        let report = folder.run(&arguments).json();
        let list = report["changes"].as_array().unwrap();
        let names: Vec<String> = list
            .iter()
            .map(|c| {
                format!(
                    "{} {} {}",
                    c["way"].as_str().unwrap(),
                    c["what"].as_str().unwrap(),
                    c["name"].as_str().unwrap()
                )
            })
            .collect();
        assert_eq!(
            names,
            [
                "weakens changed Boats",
                "weakens removed Boats › keel",
                "weakens added Boats › toy",
                "strengthens added Boats › mast",
            ],
            "{old} {new}"
        );
    }
}

#[test]
fn labels_of_topics_are_judged_for_the_whole_text() {
    let folder = folder("topics-eval");
    folder.write("data.jsonl", "{\"text\": \"to hire a boat, a sloop\", \"spans\": [{\"name\": \"Boats\"}]}\n{\"text\": \"a sloop\", \"spans\": [{\"name\": \"Boats\", \"policy\": \"topicPolicy\", \"start\": 2, \"end\": 7}]}\n{\"text\": \"fine\", \"spans\": []}\n");
    let ran = folder.run(&[
        "eval",
        "--guardrail",
        "t.json",
        "--overlay",
        "o.toml",
        "data.jsonl",
        "--format",
        "json",
    ]);
    let report = ran.json();
    assert_eq!(report["entries"][0]["entry"], "Boats");
    assert_eq!(report["entries"][0]["exact"]["recall"], 0.5);
    assert_eq!(report["entries"][0]["exact"]["precision"], 1.0);
    // A topic that is silent is left to the cloud.
    assert_eq!(report["entries"][0]["deferredMisses"], 1);
    assert_eq!(report["actions"]["right"], 2);
}
