//! `edgerail eval`.

mod common;

use common::{Folder, Ran};
use serde_json::json;

/// Runs `eval` over these lines.
fn eval(folder: &Folder, arguments: &[&str], lines: &str) -> Ran {
    folder.write("data.jsonl", lines);
    let base = ["eval", "--guardrail", "g.json", "data.jsonl"];
    folder.run(&[&base[..], arguments].concat())
}

/// On paper, with the guardrail of all tests (two words, EMAIL, the regex `ticket`):
/// r1 finds the address to the letter; r2 finds it, but the label is a character short; r3's label is of nothing
/// that is found; r4's ticket is not labelled; r5 is clean. EMAIL: exact 1 hit, 1 false alarm, 2 misses; overlap 2
/// hits, 1 miss. ticket: 1 false alarm. word: 1 hit.
const DATA: &str = r#"{"id": "r1", "text": "ann@example.com", "expect": "MASK", "spans": [{"start": 0, "end": 15, "type": "EMAIL"}]}
{"id": "r2", "text": "to bob@example.com", "spans": [{"start": 3, "end": 17, "type": "EMAIL"}]}
{"id": "r3", "text": "ann at example", "expect": "mask", "spans": [{"start": 0, "end": 14, "type": "EMAIL"}]}
{"id": "r4", "text": "see TCK-1234", "spans": []}
{"id": "r5", "text": "fine", "expect": "NONE"}
{"id": "r6", "text": "ä heron", "spans": [{"start": 2, "end": 7, "name": "heron"}]}
"#;

#[test]
fn figures_are_as_on_paper() {
    let folder = Folder::new("eval-figures");
    for engine in ["wasm", "native"] {
        let ran = eval(&folder, &["--format", "json", "--engine", engine], DATA);
        assert_eq!(ran.code, 0, "{ran:?}");
        let report = ran.json();
        let entry = |name: &str| {
            let entries = report["entries"].as_array().unwrap();
            entries.iter().find(|e| e["entry"] == name).unwrap().clone()
        };
        let counts = |value: &serde_json::Value| {
            ["hits", "falseAlarms", "misses"].map(|name| value[name].as_u64().unwrap())
        };
        let email = entry("EMAIL");
        assert_eq!(counts(&email["exact"]), [1, 1, 2]);
        assert_eq!(counts(&email["overlap"]), [2, 0, 1]);
        assert_eq!(email["overlap"]["precision"], 1.0);
        assert_eq!(email["overlap"]["recall"], 2.0 / 3.0);
        assert_eq!(email["overlap"]["f1"], 0.8);
        assert_eq!(counts(&entry("ticket")["overlap"]), [0, 1, 0]);
        assert_eq!(counts(&entry("custom word")["exact"]), [1, 0, 0]);
        assert_eq!(counts(&report["all"]["overlap"]), [3, 1, 1]);
        assert_eq!(report["texts"], 6);
        assert_eq!(report["withLabels"], 5);
        // r3 and r4 are not as they should be: r4's labels say that it should pass.
        assert_eq!(report["actions"]["right"], 4);
        assert_eq!(report["actions"]["confusion"]["MASK"]["NONE"], 1);
        assert_eq!(report["actions"]["confusion"]["NONE"]["MASK"], 1);
        assert_eq!(report["misses"][0]["match"], "ann at example");
        assert_eq!(report["falseAlarms"][0]["id"], "r4");
    }
}

#[test]
fn a_line_of_jsonl_is_one_text() {
    let folder = Folder::new("eval-jsonl");
    let ran = eval(&folder, &["--format", "jsonl"], DATA);
    let lines = ran.lines();
    assert_eq!(lines.len(), 6);
    assert_eq!(lines[1]["labels"][0]["result"], "overlap");
    assert_eq!(lines[1]["found"][0]["match"], "bob@example.com");
    assert_eq!(lines[4]["labels"], json!(null));
    assert_eq!(lines[5]["labels"][0]["result"], "exact");
}

#[test]
fn offsets_are_counted_as_asked_for() {
    let folder = Folder::new("eval-offsets");
    for (offsets, start) in [("bytes", 7), ("chars", 3), ("utf16", 4)] {
        let (from, to) = (start, start + 5);
        let line = format!(
            "{{\"id\": 1, \"text\": \"ä😀 heron\", \"spans\": [{{\"start\": {from}, \"end\": {to}, \"policy\": \"wordPolicy\"}}]}}"
        );
        let ran = eval(
            &folder,
            &["--offsets", offsets, "--fail-under", "exact.f1=1"],
            &line,
        );
        assert_eq!(ran.code, 0, "{offsets}: {ran:?}");
    }
}

#[test]
fn conditions_decide_the_exit_code() {
    let folder = Folder::new("eval-gates");
    let met = "recall.EMAIL=0.66,exact.recall.EMAIL=0.33,f1.wordPolicy=1,accuracy=60%";
    let ran = eval(&folder, &["--fail-under", met], DATA);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("recall.EMAIL=0.66: 0.667 (met)"),
        "{ran:?}"
    );
    let ran = eval(
        &folder,
        &[
            "--fail-under",
            "f1=0.5",
            "--fail-under",
            "recall.EMAIL=0.67",
        ],
        DATA,
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err
            .contains("condition not met: recall.EMAIL=0.67: 0.667"),
        "{ran:?}"
    );
    let ran = eval(
        &folder,
        &["--fail-under", "recall.EMAIL=0.67", "--match", "exact"],
        DATA,
    );
    assert_eq!(ran.code, 1);
    eval(&folder, &["--fail-under", "recall.PHONE=0.1"], DATA)
        .refused(&["recall.PHONE", "no such label"]);
    eval(&folder, &["--fail-under", "f9=0.1"], DATA).refused(&["precision, recall, f1"]);
    eval(&folder, &["--fail-under", "f1=1.1"], DATA).refused(&["from 0 to 1"]);
}

#[test]
fn every_bad_line_is_refused_with_its_number_and_reason() {
    let folder = Folder::new("eval-bad");
    let bad = [
        ("secret", "invalid_json"),
        ("{\"id\": 1, \"text\": \"secret\"", "invalid_json"),
        ("{\"id\": 2, \"text\": \"a secret\"}", "nothing_to_judge"),
        ("{\"id\": 3, \"spans\": []}", "missing_text"),
        ("{\"id\": 4, \"text\": 4, \"spans\": []}", "invalid_text"),
        (
            "{\"id\": 5, \"text\": \"\\ud800\", \"spans\": []}",
            "invalid_text",
        ),
        ("{\"id\": {}, \"text\": \"x\", \"spans\": []}", "invalid_id"),
        (
            "{\"id\": 7, \"text\": \"x\", \"spans\": {}}",
            "invalid_spans",
        ),
        (
            "{\"id\": 8, \"text\": \"x\", \"spans\": [3]}",
            "invalid_span",
        ),
        (
            "{\"id\": 9, \"text\": \"secret\", \"spans\": [{\"start\": 0, \"end\": 7, \"type\": \"EMAIL\"}]}",
            "span_out_of_range",
        ),
        (
            "{\"id\": 10, \"text\": \"secret\", \"spans\": [{\"start\": 3, \"end\": 3, \"type\": \"EMAIL\"}]}",
            "span_reversed",
        ),
        (
            "{\"id\": 11, \"text\": \"secret\", \"spans\": [{\"start\": 4, \"end\": 3, \"type\": \"EMAIL\"}]}",
            "span_reversed",
        ),
        (
            "{\"id\": 12, \"text\": \"secret\", \"spans\": [{\"start\": -1, \"end\": 3, \"type\": \"EMAIL\"}]}",
            "invalid_span",
        ),
        (
            "{\"id\": 13, \"text\": \"secret\", \"spans\": [{\"start\": 0, \"type\": \"EMAIL\"}]}",
            "invalid_span",
        ),
        (
            "{\"id\": 14, \"text\": \"secret\", \"spans\": [{\"start\": 0, \"end\": 3}]}",
            "invalid_span",
        ),
        (
            "{\"id\": 15, \"text\": \"secret\", \"spans\": [{\"start\": 0, \"end\": 3, \"type\": \"E-MAIL\"}]}",
            "unknown_type",
        ),
        (
            "{\"id\": 16, \"text\": \"secret\", \"spans\": [{\"start\": 0, \"end\": 3, \"name\": \"tikcet\"}]}",
            "unknown_name",
        ),
        (
            "{\"id\": 17, \"text\": \"secret\", \"spans\": [{\"start\": 0, \"end\": 3, \"policy\": \"words\"}]}",
            "unknown_policy",
        ),
        (
            "{\"id\": 18, \"text\": \"secret\", \"spans\": [{\"start\": 0, \"end\": 3, \"type\": \"EMAIL\", \"policy\": \"wordPolicy\"}]}",
            "unknown_policy",
        ),
        (
            "{\"id\": 19, \"text\": \"secret\", \"spans\": [{\"start\": 0, \"end\": 3, \"type\": \"EMAIL\", \"name\": \"ticket\"}]}",
            "invalid_span",
        ),
        (
            "{\"id\": 20, \"text\": \"secret\", \"spans\": [{\"start\": 0, \"end\": 3, \"type\": \"EMAIL\"}, {\"start\": 2, \"end\": 5, \"name\": \"ticket\"}]}",
            "span_overlap",
        ),
        (
            "{\"id\": 21, \"text\": \"x\", \"expect\": \"BLOCKED\"}",
            "invalid_expect",
        ),
        (
            "{\"id\": 22, \"text\": \"x\", \"spans\": [], \"source\": \"BOTH\"}",
            "invalid_source",
        ),
        (
            "{\"id\": \"good\", \"text\": \"x\", \"spans\": []}",
            "duplicate_id",
        ),
        (
            "{\"id\": 24, \"text\": \"x\", \"spans\": [{\"type\": \"HATE\"}, {\"type\": \"HATE\"}]}",
            "duplicate_label",
        ),
        (
            "{\"id\": 25, \"text\": \"x\", \"text\": \"y\", \"spans\": []}",
            "invalid_json",
        ),
    ];
    let mut lines = String::from(
        "{\"id\": \"good\", \"text\": \"a heron\", \"spans\": [{\"start\": 2, \"end\": 7, \"name\": \"heron\"}]}\n",
    );
    for (line, _) in bad {
        lines += line;
        lines.push('\n');
    }
    let ran = eval(&folder, &[], &lines);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(!ran.err.contains("secret"), "{}", ran.err);
    for (number, (line, code)) in bad.iter().enumerate() {
        let start = format!("data.jsonl:{}: {code}: ", number + 2);
        let said = ran.err.lines().find(|said| said.contains(&start));
        assert!(
            said.is_some_and(|said| said.len() > start.len() + 20),
            "{line}: {start}: {}",
            ran.err
        );
    }
    assert_eq!(
        ran.err
            .lines()
            .filter(|l| l.contains("data.jsonl:"))
            .count(),
        bad.len()
    );
    // What is right is judged all the same, and the report says what is not in it.
    assert!(
        ran.out.contains("1 text, 1 with labels, 26 refused"),
        "{}",
        ran.out
    );
}

#[test]
fn a_span_inside_a_character_is_refused() {
    let folder = Folder::new("eval-inside");
    let line =
        "{\"text\": \"ä heron\", \"spans\": [{\"start\": 1, \"end\": 3, \"type\": \"EMAIL\"}]}";
    eval(&folder, &["--offsets", "bytes"], line)
        .refused(&["data.jsonl:1", "span_inside_character"]);
    let many = "{\"start\": 0, \"end\": 1, \"type\": \"EMAIL\"},".repeat(1001);
    let line = format!(
        "{{\"text\": \"x\", \"spans\": [{}]}}",
        many.trim_end_matches(',')
    );
    eval(&folder, &[], &line).refused(&["too_many_spans"]);
}

#[test]
fn many_bad_lines_are_counted_not_listed() {
    let folder = Folder::new("eval-many-bad");
    let ran = eval(&folder, &[], &"nonsense\n".repeat(300));
    ran.refused(&["300 lines are refused, the first 50 are listed: invalid_json 300"]);
    assert!(ran.err.lines().count() < 60);
}

#[test]
fn missing_and_empty_data_is_an_error() {
    let folder = Folder::new("eval-empty");
    eval(&folder, &[], "").refused(&["data.jsonl", "no text"]);
    eval(&folder, &[], "\n \n").refused(&["data.jsonl", "no text"]);
    folder
        .run(&["eval", "--guardrail", "g.json", "none.jsonl"])
        .refused(&["none.jsonl", "no such file"]);
    folder
        .run(&["eval", "--guardrail", "g.json"])
        .refused(&["DATA.jsonl"]);
    folder.run(&["eval", "g.jsonl"]).refused(&["--guardrail"]);
    folder.write("bad.bundle", "EDGERAIL and no more");
    folder
        .run(&["eval", "--bundle", "bad.bundle", "data.jsonl"])
        .refused(&["bad.bundle"]);
}

#[test]
fn reports_quote_texts_only_when_asked_to() {
    let folder = Folder::new("eval-redacted");
    for format in ["text", "sarif", "html"] {
        let hidden = eval(&folder, &["--format", format], DATA);
        assert!(
            !hidden.out.contains("ann at example"),
            "{format}: {}",
            hidden.out
        );
        assert!(!hidden.out.contains("TCK-1234"), "{format}");
        assert!(
            hidden.out.contains("‹14 chars›"),
            "{format}: {}",
            hidden.out
        );
        let shown = eval(&folder, &["--format", format, "--show-text"], DATA);
        assert!(
            shown.out.contains("ann at example"),
            "{format}: {}",
            shown.out
        );
    }
}

#[test]
fn sarif_and_html_are_well_formed() {
    let folder = Folder::new("eval-forms");
    let ran = eval(
        &folder,
        &["--format", "sarif", "--fail-under", "f1=1"],
        DATA,
    );
    assert_eq!(ran.code, 1);
    let log = ran.json();
    assert_eq!(log["version"], "2.1.0");
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
    let miss = results
        .iter()
        .find(|result| result["ruleId"] == "miss")
        .unwrap();
    let place = &miss["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "data.jsonl");
    assert_eq!(place["region"]["startLine"], 3);
    assert!(
        results
            .iter()
            .any(|result| result["ruleId"] == "condition" && result["level"] == "error")
    );
    let page = eval(&folder, &["--format", "html"], DATA).out;
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    for forbidden in ["<script", "http://", "https://", "src=", "href="] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert_eq!(
        page.matches("<section>").count(),
        page.matches("</section>").count()
    );
    assert!(page.contains("role=\"img\""));
}

#[test]
fn labels_of_what_is_not_evaluated_are_told_and_not_counted() {
    let folder = Folder::new("eval-outside");
    let line = "{\"text\": \"ring 202-555-0143 ann@example.com\", \"spans\": [{\"start\": 5, \"end\": 17, \"type\": \"PHONE\"}, {\"start\": 18, \"end\": 33, \"type\": \"EMAIL\"}]}";
    let ran = eval(&folder, &["--format", "json"], line);
    let report = ran.json();
    assert_eq!(report["outside"][0]["entry"], "PHONE");
    assert_eq!(report["all"]["overlap"]["recall"], 1.0);
    assert_eq!(report["actions"]["right"], 1);
}

#[test]
fn what_only_observes_is_judged_by_what_it_would_do() {
    let folder = Folder::new("eval-observe");
    folder.write("o.toml", "[guardrail.first]\nmode = \"observe\"\n");
    let line = "{\"text\": \"a heron\", \"expect\": \"BLOCK\"}";
    let ran = eval(
        &folder,
        &["--overlay", "o.toml", "--fail-under", "accuracy=1"],
        line,
    );
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn the_example_in_the_repository_is_judged() {
    let folder = Folder::new("eval-example");
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let guardrail = format!("{root}/tests/guardrails/create-fiduciary-advice.json");
    let data = format!("{root}/examples/judging/labelled.jsonl");
    let gates = "recall.US_SOCIAL_SECURITY_NUMBER=1,recall.EMAIL=1,f1.wordPolicy=1,f1.sensitiveInformationPolicy=0.9";
    let ran = folder.run(&[
        "eval",
        "--guardrail",
        &guardrail,
        &data,
        "--fail-under",
        gates,
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
}
