//! `edgerail diff`.

mod common;

use common::{DEFINITION, Folder, Ran};

/// Writes a second version in which each of these is replaced.
fn next(folder: &Folder, changes: &[(&str, &str)]) {
    let mut definition = DEFINITION.to_owned();
    for (from, to) in changes {
        assert!(definition.contains(from), "{from}");
        definition = definition.replace(from, to);
    }
    folder.write("n.json", definition);
}

fn diff(folder: &Folder, arguments: &[&str]) -> Ran {
    folder.run(&[&["diff", "g.json", "n.json"], arguments].concat())
}

/// Way, what, kind, name of every change.
fn changes(ran: &Ran) -> Vec<String> {
    let report = ran.json();
    let list = report["changes"].as_array().unwrap();
    let text = |change: &serde_json::Value, name: &str| change[name].as_str().unwrap().to_owned();
    list.iter()
        .map(|c| {
            ["way", "what", "kind", "name"]
                .map(|name| text(c, name))
                .join(" ")
        })
        .collect()
}

#[test]
fn a_bundle_and_itself_have_no_differences() {
    let folder = Folder::new("diff-same");
    folder.run(&["compile", "g.json", "-o", "g.bundle"]);
    for (old, new) in [
        ("g.json", "g.json"),
        ("g.bundle", "g.bundle"),
        ("g.json", "g.bundle"),
        ("g.bundle", "g.json"),
    ] {
        let ran = folder.run(&["diff", old, new]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.out.contains("no differences: both are the same bundle"),
            "{ran:?}"
        );
        let json = folder.run(&["diff", old, new, "--format", "json"]);
        assert_eq!(json.json()["same"], true);
    }
}

#[test]
fn every_kind_of_difference_is_named_and_goes_its_way() {
    let folder = Folder::new("diff-kinds");
    next(
        &folder,
        &[
            (
                "{\"text\": \"heron\"}",
                "{\"text\": \"egret\"}, {\"text\": \"Project Kestrel\", \"inputAction\": \"NONE\"}",
            ),
            ("{\"text\": \"Project Kestrel\"}, ", ""),
            (
                "\"HATE\", \"inputStrength\": \"HIGH\"",
                "\"HATE\", \"inputStrength\": \"LOW\"",
            ),
            (
                "\"type\": \"EMAIL\", \"action\": \"ANONYMIZE\", \"inputAction\": \"ANONYMIZE\"",
                "\"type\": \"EMAIL\", \"action\": \"BLOCK\", \"inputAction\": \"BLOCK\"",
            ),
            ("TCK-[0-9]{4}", "TCK-[0-9]{5}"),
            ("Not in.", "Not in here."),
        ],
    );
    folder.write("o.toml", "[tier]\nwords = \"STANDARD\"\n[pii.EMAIL]\nthreshold = 999\n[guardrail.first]\nmode = \"observe\"\n[[guardrail.first.allow]]\ntype = \"EMAIL\"\ndomain = \"example.org\"\nwho = \"dana\"\nwhy = \"support\"\nuntil = \"2027-01-31\"\n");
    let ran = diff(&folder, &["--overlay-new", "o.toml", "--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(
        changes(&ran),
        [
            // A bundle that only observes lets pass what it cannot decide.
            "weakens changed onError input",
            "weakens changed onError output",
            "weakens changed mode mode",
            "weakens changed contentFilter HATE",
            "weakens changed word Project Kestrel",
            "weakens removed word heron",
            // Blocks instead of masking, and acts on less: both are said, the worse one first.
            "weakens changed type EMAIL",
            "weakens added exception EMAIL domain example.org",
            "strengthens added word egret",
            "strengthens changed tier words",
            "differs changed regex ticket",
            "differs changed message for blocked inputs",
        ]
    );
    let report = ran.json();
    let email = report["changes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["name"] == "EMAIL")
        .unwrap()
        .clone();
    let ways: Vec<_> = email["properties"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["name"].as_str().unwrap(), p["way"].as_str().unwrap()))
        .collect();
    assert_eq!(ways, [("input", "strengthens"), ("threshold", "weakens")]);
    // Backwards, what weakened strengthens.
    let back = folder.run(&[
        "diff",
        "n.json",
        "g.json",
        "--overlay-old",
        "o.toml",
        "--format",
        "json",
    ]);
    let back = changes(&back);
    assert!(
        back.contains(&"strengthens removed exception EMAIL domain example.org".to_owned()),
        "{back:?}"
    );
    assert!(
        back.contains(&"strengthens changed mode mode".to_owned()),
        "{back:?}"
    );
}

#[test]
fn what_weakens_is_listed_first() {
    let folder = Folder::new("diff-first");
    next(&folder, &[("heron", "egret")]);
    let ran = diff(&folder, &[]);
    let (weak, strong) = (
        ran.out.find("\nweakens\n").unwrap(),
        ran.out.find("\nstrengthens\n").unwrap(),
    );
    assert!(weak < strong, "{}", ran.out);
    assert!(
        ran.out.contains("2 differences: 1 weakens, 1 strengthens"),
        "{}",
        ran.out
    );
    // Words are what the guardrail protects.
    assert!(
        !ran.out.contains("egret") && ran.out.contains("‹5 chars›"),
        "{}",
        ran.out
    );
    assert!(diff(&folder, &["--show-text"]).out.contains("egret"));
}

#[test]
fn many_hidden_words_are_one_line() {
    let folder = Folder::new("diff-many");
    let words: String = (0..40)
        .map(|n| format!("{{\"text\": \"secret{n}\"}}, "))
        .collect();
    next(
        &folder,
        &[(
            "{\"text\": \"Project",
            &format!("{words}{{\"text\": \"Project"),
        )],
    );
    let ran = diff(&folder, &[]);
    assert!(
        ran.out
            .contains("40 words: added (input BLOCK, output BLOCK)"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("40 differences: 40 strengthen"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("secret"), "{}", ran.out);
    let page = diff(&folder, &["--format", "html"]).out;
    assert!(page.contains("40 words: added") && !page.contains("secret"));
    assert_eq!(
        diff(&folder, &["--show-text"])
            .out
            .matches("word secret")
            .count(),
        40
    );
}

#[test]
fn guardrails_come_and_go() {
    let folder = Folder::new("diff-guardrails");
    let other = DEFINITION.replace("\"name\": \"first\"", "\"name\": \"second\"");
    folder.write("h.json", other);
    folder.run(&["compile", "g.json", "h.json", "-o", "both.bundle"]);
    folder.run(&["compile", "g.json", "-o", "one.bundle"]);
    let ran = folder.run(&["diff", "both.bundle", "one.bundle", "--format", "json"]);
    assert!(
        changes(&ran).contains(&"weakens removed guardrail second".to_owned()),
        "{ran:?}"
    );
    let ran = folder.run(&["diff", "one.bundle", "both.bundle", "--format", "json"]);
    assert!(
        changes(&ran).contains(&"strengthens added guardrail second".to_owned()),
        "{ran:?}"
    );
    // One on either side is the same one, renamed.
    folder.run(&["compile", "h.json", "-o", "renamed.bundle"]);
    let ran = folder.run(&["diff", "one.bundle", "renamed.bundle", "--format", "json"]);
    assert_eq!(changes(&ran), ["differs changed setting name"]);
}

#[test]
fn what_one_side_does_not_hold_is_not_called_a_difference() {
    let folder = Folder::new("diff-mixed");
    folder.run(&[
        "compile",
        "g.json",
        "--audience",
        "browser",
        "-o",
        "b.bundle",
    ]);
    let ran = folder.run(&["diff", "g.json", "b.bundle", "--format", "json"]);
    assert_eq!(changes(&ran), ["differs changed setting audience"]);
    assert_eq!(ran.json()["notCompared"][0], "the pattern of a regex");
    let text = folder.run(&["diff", "g.json", "b.bundle"]);
    assert!(
        text.out.contains("because a bundle does not hold it"),
        "{}",
        text.out
    );
}

const CORPUS: &str = "a heron\nann@example.com\nsee TCK-1234\nfine\nProject Kestrel\nan egret\n";

/// The new version blocks addresses and egrets, and knows no heron and no ticket of four digits.
fn rollout(name: &str) -> Folder {
    let folder = Folder::new(name);
    next(
        &folder,
        &[
            ("heron", "egret"),
            (
                "\"inputAction\": \"ANONYMIZE\", \"outputAction\"",
                "\"inputAction\": \"BLOCK\", \"outputAction\"",
            ),
            ("TCK-[0-9]{4}", "TCK-[0-9]{5}"),
        ],
    );
    folder.write("c.txt", CORPUS);
    folder
}

#[test]
fn the_blast_radius_is_as_on_paper() {
    let folder = rollout("diff-corpus");
    for engine in ["wasm", "native"] {
        let ran = diff(
            &folder,
            &["--corpus", "c.txt", "--format", "json", "--engine", engine],
        );
        assert_eq!(ran.code, 1, "{ran:?}");
        let report = ran.json();
        let impact = &report["impact"];
        assert_eq!(impact["texts"], 6);
        assert_eq!(impact["affected"], 4);
        let shifts = &impact["shifts"];
        for (name, count) in [
            ("letThrough", 1),
            ("unmasked", 1),
            ("newlyBlocked", 2),
            ("newlyMasked", 0),
            ("maskedInsteadOfBlocked", 0),
            ("maskedOtherwise", 0),
        ] {
            assert_eq!(shifts[name], count, "{name}: {impact}");
        }
        assert_eq!(impact["effects"]["BLOCK"]["BLOCK"], 1);
        assert_eq!(impact["effects"]["MASK"]["BLOCK"], 1);
        assert_eq!(impact["blocked"]["old"], 2);
        assert_eq!(impact["blocked"]["new"], 3);
        let reasons: Vec<_> = impact["reasons"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["entry"].as_str().unwrap())
            .collect();
        assert_eq!(reasons, ["EMAIL", "ticket", "egret", "heron"]);
        assert_eq!(impact["examples"][0]["text"], "a heron");
        assert_eq!(impact["examples"][0]["line"], 1);
    }
}

#[test]
fn two_real_versions_differ_where_no_corpus_shows_it() {
    let folder = Folder::new("diff-real");
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let old = format!("{root}/tests/guardrails/create-fiduciary-advice.json");
    let new = format!("{root}/tests/guardrails/update-fiduciary-advice.json");
    let chat = format!("{root}/examples/judging/chat.jsonl");
    let ran = folder.run(&["diff", &old, &new, "--corpus", &chat, "--format", "json"]);
    assert_eq!(changes(&ran), ["weakens changed contentFilter HATE"]);
    let report = ran.json();
    assert_eq!(report["impact"]["affected"], 0);
    assert_eq!(report["changes"][0]["cloudOnly"], true);
    let text = folder.run(&["diff", &old, &new, "--corpus", &chat]);
    assert!(
        text.out
            .contains("1 difference of what only the cloud evaluates"),
        "{}",
        text.out
    );
    let grounding = std::fs::read_to_string(&new)
        .unwrap()
        .replacen("0.75", "0.5", 1);
    folder.write("looser.json", grounding);
    let ran = folder.run(&["diff", &new, "looser.json"]);
    assert!(
        ran.out
            .contains("grounding GROUNDING: threshold 0.75 → 0.5"),
        "{}",
        ran.out
    );
    let next = format!("{root}/examples/judging/next.json");
    let overlay = format!("{root}/examples/judging/rollout.toml");
    let ran = folder.run(&[
        "diff",
        &new,
        &next,
        "--overlay-new",
        &overlay,
        "--corpus",
        &chat,
        "--format",
        "json",
    ]);
    assert_eq!(ran.json()["changes"].as_array().unwrap().len(), 9);
    // Seventeen lines speak of a portfolio and of nothing that was blocked before.
    assert_eq!(ran.json()["impact"]["shifts"]["newlyBlocked"], 17);
}

#[test]
fn corpora_may_be_jsonl_and_name_their_source() {
    let folder = rollout("diff-jsonl");
    folder.write("c.jsonl", "{\"id\": \"in\", \"text\": \"ann@example.com\"}\n{\"id\": \"out\", \"text\": \"ann@example.com\", \"source\": \"OUTPUT\"}\n");
    let ran = diff(
        &folder,
        &["--corpus", "c.jsonl", "c.txt", "--format", "json"],
    );
    let report = ran.json();
    assert_eq!(report["impact"]["texts"], 8);
    assert_eq!(report["impact"]["shifts"]["newlyBlocked"], 3);
    let piped = folder.run_with(
        &[
            "diff", "g.json", "n.json", "--format", "json", "--corpus", "-",
        ],
        b"{\"text\": \"a heron\"}\n",
    );
    assert_eq!(piped.json()["impact"]["shifts"]["letThrough"], 1);
    // Forced to text, a line of JSON is a text like any other.
    let ran = diff(
        &folder,
        &[
            "--corpus",
            "c.jsonl",
            "--corpus-format",
            "text",
            "--source",
            "OUTPUT",
            "--format",
            "json",
        ],
    );
    assert_eq!(ran.json()["impact"]["affected"], 0);
}

#[test]
fn conditions_decide_beside_exit_zero() {
    let folder = rollout("diff-gates");
    let run = |arguments: &[&str]| {
        diff(
            &folder,
            &[&["--corpus", "c.txt", "--exit-zero"], arguments].concat(),
        )
    };
    assert_eq!(run(&[]).code, 0);
    // From 2 of 6 to 3 of 6: 16.7 points. Of 2 of 6 more gets out: 33.3 %.
    assert_eq!(run(&["--max-block-rate-increase", "17"]).code, 0);
    let ran = run(&["--max-block-rate-increase", "16.5%"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("+16.667 percentage points"), "{}", ran.err);
    assert_eq!(run(&["--max-weakened", "34"]).code, 0);
    assert_eq!(run(&["--max-weakened", "33"]).code, 1);
    assert_eq!(run(&["--deny-weakening"]).code, 1);
    let same = folder.run(&["diff", "g.json", "g.json", "--deny-weakening"]);
    assert_eq!(same.code, 0, "{same:?}");
    run(&["--max-weakened", "101"]).refused(&["0 to 100"]);
    diff(&folder, &["--max-weakened", "1"]).refused(&["--max-weakened", "--corpus"]);
}

#[test]
fn bad_lines_of_a_corpus_are_refused_with_their_number() {
    let folder = rollout("diff-bad");
    folder.write(
        "c.jsonl",
        "{\"text\": \"a heron\"}\nsecret\n{\"id\": 1}\n{\"text\": 3}\n",
    );
    folder.write("c.txt", b"fine\nsecret \xff\n");
    let ran = diff(
        &folder,
        &["--corpus", "c.jsonl", "c.txt", "none.txt", "--exit-zero"],
    );
    ran.refused(&[
        "c.jsonl:2: invalid_json",
        "c.jsonl:3: missing_text",
        "c.jsonl:4: invalid_text",
        "c.txt:2: invalid_utf8",
        "none.txt",
    ]);
    assert!(!ran.err.contains("secret"), "{}", ran.err);
    assert!(ran.out.contains("2 texts, 4 refused"), "{}", ran.out);
    folder.write("empty.txt", "\n");
    diff(&folder, &["--corpus", "empty.txt"]).refused(&["empty.txt", "no text"]);
}

#[test]
fn bad_sides_are_refused_by_name() {
    let folder = Folder::new("diff-sides");
    folder.write("bad.bundle", "EDGERAIL and no more");
    folder.write("no.bundle", "{}");
    folder.write("bad.json", "{\"name\": 3}");
    folder
        .run(&["diff", "g.json", "none.json"])
        .refused(&["none.json", "no such file"]);
    folder
        .run(&["diff", "bad.bundle", "g.json"])
        .refused(&["bad.bundle"]);
    folder
        .run(&["diff", "g.json", "no.bundle"])
        .refused(&["no.bundle", "not an Edgerail bundle"]);
    folder
        .run(&["diff", "g.json", "bad.json"])
        .refused(&["bad.json"]);
    folder.run(&["compile", "g.json", "-o", "g.bundle"]);
    folder.write("o.toml", "");
    folder
        .run(&["diff", "g.bundle", "g.json", "--overlay-old", "o.toml"])
        .refused(&["--overlay-old", "compile"]);
    folder.run(&["diff", "g.json"]).refused(&["NEW"]);
}

#[test]
fn what_has_no_effect_is_said() {
    let folder = Folder::new("diff-warnings");
    next(
        &folder,
        &[(
            "\"ANONYMIZE\", \"inputAction\": \"ANONYMIZE\", \"outputAction\"",
            "\"BLOCK\", \"inputAction\": \"BLOCK\", \"outputAction\"",
        )],
    );
    folder.write("o.toml", "[[allow]]\ntype = \"EMAIL\"\ndomain = \"example.org\"\nwho = \"dana\"\nwhy = \"support\"\nuntil = \"2027-01-31\"\n");
    let ran = diff(&folder, &["--overlay-new", "o.toml"]);
    assert!(
        ran.err
            .contains("n.json: warning[allow-list-has-no-effect]"),
        "{ran:?}"
    );
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert!(
        ran.out.contains("new     n.json with o.toml: first"),
        "{}",
        ran.out
    );
}

#[test]
fn observing_guardrails_count_when_asked_to() {
    let folder = rollout("diff-observe");
    folder.write("o.toml", "[guardrail.first]\nmode = \"observe\"\n");
    let run = |more: &[&str]| {
        let base = [
            "--overlay-old",
            "o.toml",
            "--overlay-new",
            "o.toml",
            "--corpus",
            "c.txt",
            "--format",
            "json",
        ];
        diff(&folder, &[&base[..], more].concat()).json()["impact"]["affected"].clone()
    };
    assert_eq!(run(&[]), 0);
    assert_eq!(run(&["--as-enforced"]), 4);
}

#[test]
fn every_form_is_well_formed_and_quotes_nothing_unasked() {
    let folder = rollout("diff-forms");
    for format in ["text", "sarif", "html"] {
        let hidden = diff(&folder, &["--corpus", "c.txt", "--format", format]);
        for secret in ["heron", "egret", "TCK-", "ann@"] {
            assert!(
                !hidden.out.contains(secret),
                "{format} {secret}: {}",
                hidden.out
            );
        }
        let shown = diff(
            &folder,
            &["--corpus", "c.txt", "--format", format, "--show-text"],
        );
        assert!(shown.out.contains("egret"), "{format}");
    }
    let log = diff(
        &folder,
        &["--corpus", "c.txt", "--format", "sarif", "--deny-weakening"],
    )
    .json();
    let rules = log["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .clone();
    let results = log["runs"][0]["results"].as_array().unwrap();
    for result in results {
        assert!(
            rules.iter().any(|rule| rule["id"] == result["ruleId"]),
            "{result}"
        );
    }
    for rule in ["weakens", "letThrough", "newlyBlocked", "condition"] {
        assert!(
            results.iter().any(|result| result["ruleId"] == rule),
            "{rule}"
        );
    }
    let lines = diff(&folder, &["--corpus", "c.txt", "--format", "jsonl"]).lines();
    let of = |kind: &str| lines.iter().filter(|line| line["record"] == kind).count();
    assert_eq!((of("change"), of("example"), of("summary")), (4, 4, 1));
    let page = diff(&folder, &["--corpus", "c.txt", "--format", "html"]).out;
    for forbidden in ["<script", "http://", "https://", "src=", "href="] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.ends_with("</html>\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_corpus() {
    use std::io::Write as _;
    use std::process::Stdio;
    let folder = rollout("diff-memory");
    let peak = |lines: usize| {
        let arguments = [
            "diff",
            "g.json",
            "n.json",
            "--corpus",
            "-",
            "--exit-zero",
            "--format",
            "json",
        ];
        let mut child = folder
            .command(&arguments)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let fill = "see TCK-1234 and ann@example.com ".repeat(40);
        for number in 0..lines {
            writeln!(input, "{{\"id\": {number}, \"text\": \"{fill}\"}}").unwrap();
        }
        // It reads as it decides: what is still to come is a pipe's worth.
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .unwrap()
            .to_owned();
        drop(input);
        assert_eq!(child.wait().unwrap().code(), Some(0));
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    let (few, many) = (peak(2_000), peak(12_000));
    // What was read more is 13 MB.
    assert!(many < few + (8 << 10), "{few} KiB, then {many} KiB");
}
