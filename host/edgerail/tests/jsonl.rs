//! `edgerail check --input-format jsonl`.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use common::Folder;
use serde_json::json;

const LINES: [&str; 5] = ["check", "--guardrail", "g.json", "--input-format", "jsonl"];

#[test]
fn a_record_has_the_shape_that_was_promised() {
    let folder = Folder::new("record");
    let ran = folder.run_with(
        &LINES,
        "{\"id\": \"a\", \"text\": \"\u{e4} heron\"}\n".as_bytes(),
    );
    let expected = json!({
        "id": "a", "action": "GUARDRAIL_INTERVENED",
        "findings": [{"policy": "wordPolicy", "name": "heron", "start": 2, "end": 7, "match": "heron",
            "action": "BLOCKED", "score": 1000}],
        "deferred": [{"policy": "contentPolicy", "entry": "HATE", "reason": "cloud_only"}],
    });
    let lines = ran.lines();
    assert_eq!((ran.code, lines.len()), (1, 1), "{ran:?}");
    assert_eq!(lines[0]["findings"], expected["findings"]);
    assert_eq!(lines[0]["id"], expected["id"]);
    assert_eq!(lines[0]["action"], expected["action"]);
    assert!(
        lines[0]["deferred"]
            .as_array()
            .unwrap()
            .contains(&expected["deferred"][0])
    );
    assert!(
        ran.out
            .starts_with("{\"id\":\"a\",\"action\":\"GUARDRAIL_INTERVENED\",\"findings\":[")
    );
    let native = [&LINES[..], &["--engine", "native"]].concat();
    let natively = folder.run_with(
        &native,
        "{\"id\": \"a\", \"text\": \"\u{e4} heron\"}".as_bytes(),
    );
    assert_eq!(natively.out, ran.out);
}

#[test]
fn identifiers_are_kept_and_lines_may_name_their_source() {
    let folder = Folder::new("ids");
    let input = r#"{"id": 12345678901234567890123, "text": "x"}
{"text": "x"}

{"id": null, "text": "x", "more": [1]}
{"id": "\u00e4\n", "text": "see TCK-1234", "source": "OUTPUT"}"#;
    let ran = folder.run_with(&LINES, input.replace('\n', "\r\n").as_bytes());
    let ids: Vec<_> = ran
        .out
        .lines()
        .map(|line| line.split(",\"action\"").next().unwrap())
        .collect();
    assert_eq!(ids[0], "{\"id\":12345678901234567890123");
    assert_eq!(ids[1..3], ["{\"id\":2", "{\"id\":4"]);
    assert_eq!(ran.lines()[3]["id"], "\u{e4}\n");
    assert_eq!(ran.code, 1);
}

#[test]
fn bad_lines_give_error_records_in_their_place_and_the_run_goes_on() {
    let folder = Folder::new("bad-lines");
    let mut input = Vec::new();
    let long = format!(
        "{{\"id\": \"long\", \"text\": \"{}\"}}",
        "x".repeat(7 << 20)
    );
    let bad: [(&[u8], &str, serde_json::Value); 12] = [
        (
            b"{\"id\": 1, \"text\": \"a heron\"",
            "invalid_json",
            json!(null),
        ),
        (
            b"{\"id\": \"\xff\", \"text\": \"x\"}",
            "invalid_utf8",
            json!(null),
        ),
        (b"{\"id\": \"no text\"}", "missing_text", json!("no text")),
        (b"{}", "missing_text", json!(8)),
        (b"{\"id\": 5, \"text\": null}", "missing_text", json!(5)),
        (
            b"{\"id\": 6, \"text\": {\"secret\": 1}}",
            "invalid_text",
            json!(6),
        ),
        (
            b"{\"id\": 7, \"text\": \"\\ud800\"}",
            "invalid_text",
            json!(7),
        ),
        (b"{\"id\": [1], \"text\": \"x\"}", "invalid_id", json!(null)),
        (
            b"{\"id\": 9, \"text\": \"x\", \"source\": \"BOTH\"}",
            "invalid_source",
            json!(9),
        ),
        (b"[\"secret\"]", "invalid_json", json!(null)),
        (
            b"{\"text\": \"x\", \"text\": \"secret\"}",
            "invalid_json",
            json!(null),
        ),
        (long.as_bytes(), "line_too_long", json!(null)),
    ];
    for (line, _, _) in &bad {
        input.extend_from_slice(line);
        input.extend_from_slice(b"\n{\"id\": \"good\", \"text\": \"a heron\"}\n");
    }
    // The one without an identifier is named by its line: the seventh.
    let ran = folder.run_with(&LINES, &input);
    assert_eq!(ran.code, 2);
    assert!(!ran.out.contains("secret"), "{}", ran.out);
    let lines = ran.lines();
    assert_eq!(lines.len(), 24);
    for (number, (_, code, id)) in bad.iter().enumerate() {
        let record = &lines[2 * number];
        assert_eq!(record["error"]["code"], *code, "{record}");
        assert_eq!(record["line"], 2 * number + 1);
        let id = if id == &json!(8) { &json!(7) } else { id };
        assert_eq!(&record["id"], id, "{record}");
        assert!(record["error"]["message"].as_str().unwrap().len() > 10);
        assert_eq!(lines[2 * number + 1]["action"], "GUARDRAIL_INTERVENED");
    }
}

#[test]
fn texts_over_the_limit_fail_closed_in_their_place() {
    let folder = Folder::new("long-text");
    let input = format!(
        "{{\"text\": \"{}\"}}\n{{\"text\": \"fine\"}}\n",
        "x".repeat((1 << 20) + 1)
    );
    let ran = folder.run_with(&LINES, input.as_bytes());
    let lines = ran.lines();
    assert_eq!(ran.code, 1);
    assert_eq!(lines[0]["action"], "GUARDRAIL_INTERVENED");
    assert_eq!(
        lines[0]["deferred"],
        json!([{"policy": "all", "reason": "limit_text"}])
    );
    assert_eq!(lines[1]["action"], "NONE");
}

#[test]
fn results_come_in_the_order_of_the_lines() {
    let folder = Folder::new("order");
    let mut input = String::new();
    for number in 0..3000_usize {
        // Long and short ones in turn, so that workers finish out of order.
        let fill = "word ".repeat((number * 7919) % 300);
        input += &format!("{{\"id\": {number}, \"text\": \"{fill}\"}}\n");
    }
    folder.write("a.jsonl", &input);
    let ran = folder.run(&[&LINES[..], &["a.jsonl", "none.jsonl", "a.jsonl"]].concat());
    ran.refused(&["none.jsonl", "no such file"]);
    let ids: Vec<_> = ran
        .lines()
        .iter()
        .map(|line| line["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, (0..3000).chain(0..3000).collect::<Vec<u64>>());
}

#[test]
fn results_are_not_held_back_until_the_input_ends() {
    let folder = Folder::new("stream");
    let mut child = folder
        .command(&LINES)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for number in 0..3 {
        writeln!(input, "{{\"id\": {number}, \"text\": \"x\"}}").unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert!(line.starts_with(&format!("{{\"id\":{number},")), "{line}");
    }
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The most memory a process had so far, in KiB.
#[cfg(target_os = "linux")]
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_lines() {
    let folder = Folder::new("memory");
    let mut child = folder
        .command(&LINES)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let fill = "see TCK-1234 and ann@example.com ".repeat(40);
    let mut ask = |lines: usize| {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..lines {
                    writeln!(input, "{{\"text\": \"{fill}\"}}").unwrap();
                }
            });
            let mut line = String::new();
            for _ in 0..lines {
                line.clear();
                output.read_line(&mut line).unwrap();
                assert!(line.contains("GUARDRAIL_INTERVENED"), "{line}");
            }
        });
    };
    ask(2_000);
    let before = peak_memory(child.id());
    ask(10_000);
    let after = peak_memory(child.id());
    // What was read since is 13 MB, what was written several times that.
    assert!(
        after < before + (10 << 10),
        "{before} KiB, then {after} KiB"
    );
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
