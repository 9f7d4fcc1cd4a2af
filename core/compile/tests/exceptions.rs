//! Exceptions in overlays, and what of them gets into bundles.

use edgerail_compile::definition::{self, Guardrail, ReadOptions};
use edgerail_compile::diagnostic::{Diagnostics, Severity};
use edgerail_compile::overlay::Overlay;
use edgerail_compile::{Audience, CompileOptions, Compiled, compile};
use edgerail_core::{Engine, LoadOptions};

const DEFINITION: &str = r#"{"name": "g", "blockedInputMessaging": "No.", "blockedOutputsMessaging": "No.",
    "wordPolicyConfig": {"wordsConfig": [{"text": "heron"}, {"text": "osprey"}]},
    "sensitiveInformationPolicyConfig": {"piiEntitiesConfig": [{"type": "EMAIL", "action": "BLOCK"}],
        "regexesConfig": [{"name": "Ticket", "pattern": "TCK-[0-9]+", "action": "BLOCK"}]}}"#;

fn guardrail() -> Guardrail {
    let read = definition::read(DEFINITION.as_bytes(), &ReadOptions::default());
    read.unwrap().guardrails.remove(0)
}

/// An exception of the guardrail with this rule, end and approval.
fn exception(rule: &str, until: &str, at: &str) -> String {
    format!(
        "[[guardrail.g.exceptions]]\nid = \"EX-1\"\n{rule}\nwho = \"Dana\"\nwhy = \"Because\"\nuntil = \"{until}\"\napproved = {{ by = \"Rae\", at = \"{at}\" }}\n"
    )
}

const WORD: &str = "policy = \"wordPolicy\"\nname = \"heron\"";

fn compiled(overlay: &str, options: &CompileOptions) -> Result<Compiled, Diagnostics> {
    let overlay = Overlay::read(overlay.as_bytes())?;
    compile(&[guardrail()], &overlay, options)
}

/// The codes of the errors; none if it compiles.
fn refused(overlay: &str, options: &CompileOptions) -> Vec<&'static str> {
    let problems = compiled(overlay, options).err().unwrap_or_default();
    let errors = problems.iter().filter(|p| p.severity == Severity::Error);
    errors.map(|problem| problem.code).collect()
}

fn codes(compiled: &Compiled) -> Vec<&'static str> {
    compiled.diagnostics.iter().map(|one| one.code).collect()
}

fn engine(overlay: &str, options: &CompileOptions) -> Engine {
    let compiled = compiled(overlay, options).unwrap_or_else(|problems| panic!("{problems}"));
    Engine::load(compiled.bundle, LoadOptions::default()).unwrap()
}

#[test]
fn no_exception_lasts_longer_than_the_overlay_allows_from_its_approval() {
    let plain = CompileOptions::default();
    for (days, until, at, codes) in [
        // 90 days without a word: the day of the approval counts as its first.
        (None, "2027-01-29", "2026-11-01", &[][..]),
        (None, "2027-01-30", "2026-11-01", &["exception-too-long"]),
        (None, "2027-01-30T00:00:00Z", "2026-11-01", &[]),
        (
            None,
            "2027-01-30T00:00:01Z",
            "2026-11-01",
            &["exception-too-long"],
        ),
        (None, "2027-01-30T12:00:00Z", "2026-11-01T12:00:00Z", &[]),
        (Some(7), "2026-11-07", "2026-11-01", &[]),
        (Some(7), "2026-11-08", "2026-11-01", &["exception-too-long"]),
        (Some(3650), "2030-01-01", "2026-11-01", &[]),
        (None, "2026-10-31", "2026-11-01", &["exception-empty"]),
        (None, "9999-12-31", "2026-11-01", &["exception-too-long"]),
    ] {
        let top = days.map_or(String::new(), |days| {
            format!("max_exception_days = {days}\n")
        });
        let overlay = top + &exception(WORD, until, at);
        assert_eq!(refused(&overlay, &plain), codes, "{days:?} {until} {at}");
    }
    for days in ["0", "3651", "-1", "\"90\"", "1.5"] {
        let overlay = format!("max_exception_days = {days}\n");
        assert_eq!(refused(&overlay, &plain), ["out-of-range"], "{days}");
    }
}

#[test]
fn a_chain_of_renewals_ends_with_its_approval() {
    let first = exception(WORD, "2027-01-29", "2026-11-01");
    let renewed = |at: &str| exception(WORD, "2027-04-20", at).replace("EX-1", "EX-2");
    let plain = CompileOptions::default();
    let chain = first.clone() + &renewed("2026-11-01");
    assert_eq!(refused(&chain, &plain), ["exception-too-long"]);
    // With an approval of its own it may go on, but not with one that is still to come.
    let chain = first + &renewed("2027-01-25");
    assert!(refused(&chain, &plain).is_empty());
    let now = CompileOptions {
        now: Some(1_795_000_000),
        ..CompileOptions::default()
    };
    assert_eq!(refused(&chain, &now), ["exception-not-approved"]);
}

#[test]
fn an_exception_says_everything_and_names_a_rule_that_there_is() {
    let plain = CompileOptions::default();
    let whole = exception(WORD, "2026-11-30", "2026-11-01");
    assert!(refused(&whole, &plain).is_empty());
    for (from, to, code) in [
        ("who = \"Dana\"\n", "", "missing-key"),
        ("why = \"Because\"\n", "", "missing-key"),
        ("id = \"EX-1\"\n", "", "missing-key"),
        ("until = \"2026-11-30\"\n", "", "missing-key"),
        (
            "approved = { by = \"Rae\", at = \"2026-11-01\" }\n",
            "",
            "missing-key",
        ),
        ("by = \"Rae\", ", "", "missing-key"),
        ("\"2026-11-30\"", "\"soon\"", "wrong-pattern"),
        ("\"EX-1\"", "\"EX 1\"", "wrong-pattern"),
        ("\"heron\"", "\"Heron\"", "exception-unknown-rule"),
        (
            "name = \"heron\"",
            "type = \"PROFANITY\"",
            "exception-unknown-rule",
        ),
        ("name = \"heron\"", "type = \"EMAIL\"", "exception-rule"),
        ("policy = \"wordPolicy\"\n", "", "exception-rule"),
        ("policy", "polcy", "unknown-key"),
        ("who =", "models = []\nwho =", "wrong-length"),
        ("guardrail.g", "guardrail.h", "overlay-unknown-guardrail"),
    ] {
        let overlay = whole.replace(from, to);
        assert_ne!(overlay, whole, "{from}");
        let codes = refused(&overlay, &plain);
        assert!(codes.contains(&code), "{from} -> {to}: {codes:?}");
    }
    assert_eq!(
        refused(&(whole.clone() + &whole), &plain),
        ["duplicate-exception"]
    );
    let own = compiled(&whole.replace("Rae", "dana"), &plain).err();
    assert!(own.is_none(), "a lint does not refuse: {own:?}");
    let read = Overlay::read(whole.replace("Rae", "dana").as_bytes()).unwrap();
    let codes: Vec<&str> = read.diagnostics.iter().map(|one| one.code).collect();
    assert_eq!(codes, ["exception-own-approval"]);
}

#[test]
fn messages_name_no_word() {
    let overlay = exception(WORD, "2027-06-30", "2026-11-01").replace("heron", "secretword");
    let problems = compiled(&overlay, &CompileOptions::default())
        .err()
        .unwrap_or_default();
    assert!(
        problems.has_errors() && !problems.to_string().contains("secretword"),
        "{problems}"
    );
}

#[test]
fn what_has_expired_is_told_and_does_not_change_the_bundle() {
    let overlay = exception(WORD, "2026-11-30", "2026-11-01");
    let at = |now| {
        let options = CompileOptions {
            now,
            ..CompileOptions::default()
        };
        compiled(&overlay, &options).unwrap_or_else(|problems| panic!("{problems}"))
    };
    let (fresh, late, never) = (at(Some(1_795_000_000)), at(Some(1_800_000_000)), at(None));
    assert!(!codes(&fresh).contains(&"exception-expired"));
    assert!(codes(&late).contains(&"exception-expired"));
    assert_eq!(fresh.bundle, late.bundle);
    assert_eq!(fresh.bundle, never.bundle);
}

#[test]
fn an_exception_for_another_scope_is_left_out() {
    let rule = format!("{WORD}\nscopes = [\"aws~o-exampleorgid~111122223333~us-east-1\"]");
    let overlay = exception(&rule, "2026-11-30", "2026-11-01");
    for (scope, held) in [
        (Some("aws~o-exampleorgid~111122223333~us-east-1"), 1),
        (Some("aws~o-exampleorgid~444455556666~us-east-1"), 0),
        (Some("aws~o-exampleorgid~111122223333~us-east-10"), 0),
        (None, 0),
    ] {
        let options = CompileOptions {
            scope: scope.map(str::to_owned),
            ..CompileOptions::default()
        };
        let engine = engine(&overlay, &options);
        assert_eq!(
            engine.policy().guardrails[0].exceptions.len(),
            held,
            "{scope:?}"
        );
    }
}

#[test]
fn a_browser_bundle_has_the_exception_and_no_names() {
    let browser = CompileOptions {
        audience: Audience::Browser,
        ..CompileOptions::default()
    };
    let overlay = exception(WORD, "2026-11-30", "2026-11-01");
    let server = engine(&overlay, &CompileOptions::default());
    let found = &server.policy().guardrails[0].exceptions[0];
    assert_eq!(found.who.as_deref(), Some("Dana"));
    assert_eq!(found.approved_by.as_deref(), Some("Rae"));
    let stripped = engine(&overlay, &browser);
    let found = &stripped.policy().guardrails[0].exceptions[0];
    assert_eq!(
        (
            found.who.as_ref(),
            found.why.as_ref(),
            found.approved_by.as_ref()
        ),
        (None, None, None)
    );
    assert_eq!((found.from, found.until), (1_793_491_200, 1_796_083_200));
    let bytes = stripped.bundle().bytes();
    for name in ["Dana", "Rae", "Because"] {
        assert!(
            !bytes.windows(name.len()).any(|w| w == name.as_bytes()),
            "{name}"
        );
    }
    // What is confidential is not told by its exception.
    for (secret, rule) in [
        ("[words]\nconfidential_words = [\"heron\"]\n", WORD),
        (
            "[regex.Ticket]\nconfidential = true\n",
            "policy = \"sensitiveInformationPolicy\"\nname = \"Ticket\"",
        ),
    ] {
        let overlay = secret.to_owned() + &exception(rule, "2026-11-30", "2026-11-01");
        assert_eq!(
            engine(&overlay, &CompileOptions::default())
                .policy()
                .guardrails[0]
                .exceptions
                .len(),
            1
        );
        assert!(
            engine(&overlay, &browser).policy().guardrails[0]
                .exceptions
                .is_empty()
        );
    }
}

#[test]
fn a_bundle_without_any_of_it_is_what_it_was() {
    let plain = compiled("", &CompileOptions::default()).unwrap().bundle;
    for name in ["enforcement", "exceptions", "ownership"] {
        assert!(
            !plain.windows(name.len()).any(|w| w == name.as_bytes()),
            "{name}"
        );
    }
    let request = edgerail_core::Request::text(edgerail_core::Source::Input, "a heron");
    let engine = Engine::load(plain, LoadOptions::default()).unwrap();
    let json = engine.evaluate(&request).to_json();
    assert!(json.contains(r#""guardrailOrigin":["REQUEST"],"guardrailOwnership":"SELF""#));
    for name in ["applied\"", "exception"] {
        assert!(!json.contains(name), "{name}: {json}");
    }
}
