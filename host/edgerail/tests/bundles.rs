//! `edgerail compile` and `edgerail inspect`.

mod common;

use common::{DEFINITION, Folder};

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let folder = Folder::new("same");
    for output in ["a.bundle", "b.bundle"] {
        assert_eq!(folder.run(&["compile", "g.json", "-o", output]).code, 0);
    }
    assert_eq!(folder.read("a.bundle"), folder.read("b.bundle"));
}

#[test]
fn a_compiled_bundle_decides_as_its_definition_does() {
    let folder = Folder::new("decides");
    folder.run(&["compile", "g.json", "--scope", "here", "-o", "g.bundle"]);
    let text = "see TCK-1234";
    let run = |from: &[&str]| folder.run(&[&["check", "--format", "json"], from, &[text]].concat());
    let (bundle, definition) = (
        run(&["--bundle", "g.bundle"]),
        run(&["--guardrail", "g.json"]),
    );
    let (bundle, definition) = (bundle.json(), definition.json());
    assert_eq!(bundle["outputs"], definition["outputs"]);
    assert_eq!(
        bundle["edgerail"]["findings"],
        definition["edgerail"]["findings"]
    );
    assert_eq!(bundle["edgerail"]["trust"], "unverified");
    assert_eq!(bundle["edgerail"]["bundle"]["scope"], "here");
    let with_overlay = run(&["--bundle", "g.bundle", "--overlay", "o.toml"]);
    assert!(
        with_overlay.err.contains("--overlay: has no effect"),
        "{with_overlay:?}"
    );
}

#[test]
fn inspect_shows_what_a_bundle_holds() {
    let folder = Folder::new("inspect");
    folder.write(
        "o.toml",
        "[guardrail.first]\nmode = \"observe\"\n[pii.EMAIL]\nthreshold = 800\n[[allow]]\ntype = \"EMAIL\"\ndomain = \"example.org\"\nwho = \"dana\"\nwhy = \"support\"\nuntil = \"2027-01-31\"\n",
    );
    let compile = ["compile", "g.json", "--overlay", "o.toml", "-o", "g.bundle"];
    let compiled = folder.run(&compile);
    assert_eq!(compiled.code, 0, "{compiled:?}");
    let ran = folder.run(&["inspect", "g.bundle"]);
    for words in [
        "sections   policy",
        "guardrail  first (observe)",
        "words    2: 2 on INPUT, 2 on OUTPUT",
        "EMAIL: INPUT ANONYMIZE, OUTPUT ANONYMIZE, threshold 800 (overlay), decides",
        "regex    ticket: INPUT ANONYMIZE, OUTPUT ANONYMIZE, path ",
        "cloud    contentPolicy HATE (both directions): cloud_only",
        "allowed  EMAIL domain example.org, by dana, until 2027-02-01T00:00:00Z",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert!(compiled.out.ends_with(&ran.out), "{compiled:?}");
    assert!(!ran.out.contains("heron") && !ran.out.contains("Kestrel"));
    let json = folder
        .run(&["inspect", "g.bundle", "--format", "json"])
        .json();
    let bytes = u64::try_from(folder.read("g.bundle").len()).unwrap();
    assert_eq!(json["bytes"], bytes);
    assert_eq!(json["guardrails"][0]["allow"][0]["who"], "dana");
    let hash = json["sha256"].as_str().unwrap();
    assert!(ran.out.contains(hash));
}

#[test]
fn a_browser_bundle_names_no_approvers_and_no_patterns() {
    let folder = Folder::new("browser");
    let browser = [
        "compile",
        "g.json",
        "--audience",
        "browser",
        "-o",
        "g.bundle",
    ];
    assert_eq!(folder.run(&browser).code, 0);
    let bytes = folder.read("g.bundle");
    let pattern = b"TCK-[0-9]{4}";
    assert!(!bytes.windows(pattern.len()).any(|window| window == pattern));
    assert!(
        folder
            .run(&["inspect", "g.bundle"])
            .out
            .contains("for browser")
    );
}

#[test]
fn diagnostics_are_data_if_asked_for() {
    let folder = Folder::new("data");
    folder.write("bad.json", DEFINITION.replace("EMAIL", "E-MAIL"));
    let ran = folder.run(&["compile", "bad.json", "-o", "x.bundle", "--format", "json"]);
    assert_eq!(ran.code, 2);
    let document = ran.json();
    let diagnostic = &document["diagnostics"][0];
    assert_eq!(diagnostic["severity"], "error");
    assert_eq!(diagnostic["file"], "bad.json");
    assert_eq!(diagnostic["line"], 7);
    assert!(document["bundle"].is_null());
}
