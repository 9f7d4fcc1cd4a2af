//! `edgerail check --payload` as its users call it.

mod common;

use common::{Folder, Ran};
use serde_json::json;

const BODY: &str = "{ \"model\" : \"gpt-4.1\", \"messages\":[{\"role\":\"system\",\"content\":\"be\\u0020nice\"},\r\n\
    {\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"\\u00e4 ann@example.com \\ud800\"}]},\
    {\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"TCK-1234\"}],\"seed\":1e999}";

fn check(folder: &Folder, arguments: &[&str]) -> Ran {
    folder.check(&[&["--payload"], arguments].concat())
}

#[test]
fn prints_the_body_with_its_masks() {
    let folder = Folder::new("payload");
    folder.write("body.json", BODY);
    for engine in ["wasm", "native"] {
        let ran = check(&folder, &["auto", "--engine", engine, "body.json"]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert_eq!(ran.out, BODY.replace("ann@example.com", "{EMAIL}"));
        assert!(
            ran.err
                .contains("body.json: Guardrail masked. Taken as openai request, INPUT.")
        );
        assert!(
            ran.err
                .contains("not evaluated: 1 inputs or results of tools"),
            "{ran:?}"
        );
        assert!(!ran.err.contains("ann@"));
    }
    let tools = check(&folder, &["openai", "--guard-tools", "body.json"]);
    assert!(tools.out.contains("\"content\":\"{ticket}\""), "{tools:?}");
    assert!(!tools.err.contains("not evaluated"));
}

#[test]
fn json_is_the_decision_with_the_body() {
    let folder = Folder::new("payload-json");
    folder.write("body.json", BODY);
    for (offsets, start) in [("bytes", 3), ("chars", 2)] {
        let ran = check(
            &folder,
            &[
                "auto",
                "--format",
                "json",
                "--offsets",
                offsets,
                "body.json",
            ],
        );
        let answer = ran.json();
        assert_eq!(answer["actionReason"], "Guardrail masked.");
        let own = &answer["edgerail"]["payload"];
        assert_eq!(own["body"], BODY.replace("ann@example.com", "{EMAIL}"));
        assert_eq!(
            (&own["api"], &own["side"], &own["source"]),
            (&json!("openai"), &json!("request"), &json!("INPUT"))
        );
        assert_eq!(
            own["places"],
            json!(["/messages/0/content", "/messages/1/content/0/text"])
        );
        assert_eq!(own["skipped"]["tools"], 1);
        let finding = &answer["edgerail"]["findings"][0];
        assert_eq!(
            (&finding["block"], &finding["start"]),
            (&json!(1), &json!(start))
        );
        assert_eq!(answer["edgerail"]["masks"][0]["end"], start + 15);
    }
}

#[test]
fn a_blocked_body_is_answered_by_its_api() {
    let folder = Folder::new("payload-blocked");
    folder.write(
        "converse.json",
        r#"{"messages":[{"role":"user","content":[{"text":"Project Kestrel"}]}]}"#,
    );
    let ran = check(&folder, &["auto", "converse.json"]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.json()["stopReason"], "guardrail_intervened");
    assert_eq!(
        ran.json()["output"]["message"]["content"][0]["text"],
        "Not in."
    );
    folder.write("answer.json", r#"{"output":{"message":{"role":"assistant","content":[{"text":"a heron"}]}},"stopReason":"end_turn","usage":{"inputTokens":1},"metrics":{"latencyMs":1}}"#);
    let ran = check(&folder, &["auto", "answer.json"]);
    assert_eq!(
        ran.json()["output"]["message"]["content"][0]["text"],
        "Not out."
    );
    let forced = check(&folder, &["auto", "--source", "INPUT", "answer.json"]);
    assert_eq!(
        forced.json()["output"]["message"]["content"][0]["text"],
        "Not in."
    );
}

#[test]
fn tags_select_where_asked() {
    let folder = Folder::new("payload-tags");
    let body = r#"{"system":[{"text":"ann@example.com"}],"messages":[{"role":"user","content":[{"text":"bob@example.com"},{"guardContent":{"text":{"text":"eve@example.com"}}}]}]}"#;
    folder.write("body.json", body);
    let all = check(&folder, &["converse", "body.json"]);
    assert_eq!(all.out.matches("{EMAIL}").count(), 3);
    let selective = [
        "converse",
        "--guard-system",
        "selective",
        "--guard-messages",
        "selective",
        "body.json",
    ];
    let some = check(&folder, &selective);
    assert_eq!(some.out, body.replace("eve@example.com", "{EMAIL}"));
    assert!(some.err.contains("2 texts without guard tags"), "{some:?}");
}

#[test]
fn server_sent_events_are_guarded_as_a_stream() {
    let folder = Folder::new("payload-stream");
    let events = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"to ann@exa\"}}]}\n\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"mple.com\"}}]}\n\ndata: [DONE]\n\n";
    folder.write("events.txt", events);
    let ran = check(&folder, &["openai", "events.txt"]);
    let expected = events
        .replace("to ann@exa", "")
        .replace("mple.com", "to {EMAIL}");
    assert_eq!((ran.code, ran.out), (1, expected));
    folder.write("events.txt", events.replace("ann@exa", "a heron, "));
    let ran = check(&folder, &["openai", "events.txt"]);
    assert!(ran.out.contains("\"content\":\"Not out.\""), "{ran:?}");
    assert!(ran.out.ends_with("data: [DONE]\n\n"));
    check(&folder, &["auto", "events.txt"]).refused(&["events.txt", "name the API"]);
}

#[test]
fn bad_bodies_are_refused_with_place_rule_and_remedy() {
    let folder = Folder::new("payload-bad");
    let deep = format!(
        "{{\"messages\":{}{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    for (body, words) in [
        (
            "hello heron",
            &["byte 0", "expected a value", "RFC 8259"][..],
        ),
        (&*deep, &["byte 139", "nest deeper than 128", "flatter"]),
        (
            "{\"a\":1}",
            &["members are those of no API", "openai-responses"],
        ),
        ("{\"messages\":[", &["byte 13", "ends too early"]),
        (
            r#"{"messages":[{"role":"user","content":[{"text":"a"},{"hologram":{"n":3}}]}]}"#,
            &[
                "/messages/0/content/1/hologram",
                "unknown kind without text (hologram)",
                "leave the block away",
            ],
        ),
        (
            r#"{"model":"m","messages":[{"role":"user","content":7}]}"#,
            &["/messages/0/content: expected a list"],
        ),
    ] {
        folder.write("body.json", body);
        let ran = check(&folder, &["auto", "body.json"]);
        ran.refused(words);
        assert!(ran.out.is_empty() && !ran.err.contains("heron"), "{ran:?}");
    }
    folder.write("body.json", b"{\"prompt\":\"\xff\"}");
    check(&folder, &["auto", "body.json"]).refused(&["byte 11", "no UTF-8"]);
    folder.write("body.json", "{\"inputText\":\"x\"}");
    check(&folder, &["converse", "body.json"]).refused(&["not those of the API that was named"]);
    check(&folder, &["auto", "--format", "sarif", "body.json"])
        .refused(&["--format", "text", "json"]);
    check(&folder, &["auto", "--input-format", "jsonl", "body.json"]).refused(&["--input-format"]);
    check(&folder, &["bogus", "body.json"]).refused(&["bogus", "converse"]);
    folder
        .check(&["--guard-tools", "hello"])
        .refused(&["--guard-tools", "--payload"]);
    let mut plain = folder.command(&["check", "--guardrail", "g.json", "hello"]);
    let plain = plain.env("EDGERAIL_GUARD_TOOLS", "1").output().unwrap();
    assert!(plain.status.success());
}

#[test]
fn several_bodies_are_a_list_in_json() {
    let folder = Folder::new("payload-several");
    folder.write("a.json", r#"{"prompt":"hello","max_gen_len":3}"#);
    folder.write("b.json", "{");
    let ran = check(&folder, &["auto", "--format", "json", "a.json", "b.json"]);
    assert_eq!(ran.code, 2);
    let answers = ran.json();
    assert_eq!(answers[0]["edgerail"]["payload"]["api"], "invoke-llama");
    assert_eq!(answers[1]["edgerail"]["error"]["code"], "payload_json");
    assert_eq!(answers[1]["edgerail"]["input"], "b.json");
}
