use std::sync::Arc;
use std::time::Duration;

use edgerail_compile::definition::{self, ReadOptions};
use edgerail_compile::overlay::Overlay;
use edgerail_compile::{CompileOptions, compile};
use edgerail_core::{OutputScope, Source};

use super::native::FAULT_TEXT;
use super::*;

const DEFINITION: &[u8] = br#"{"name": "g", "blockedInputMessaging": "Not in.", "blockedOutputsMessaging": "Not out.",
    "wordPolicyConfig": {"wordsConfig": [{"text": "Project Kestrel"}]},
    "sensitiveInformationPolicyConfig": {
        "regexesConfig": [{"name": "ticket", "pattern": "TCK-[0-9]{4}", "action": "ANONYMIZE", "inputAction": "ANONYMIZE"}]}}"#;

fn bundle_with(overlay: &str) -> Vec<u8> {
    let read = definition::read(DEFINITION, &ReadOptions::default()).unwrap();
    let overlay = Overlay::read(overlay.as_bytes()).unwrap();
    let compiled = compile(&read.guardrails, &overlay, &CompileOptions::default());
    compiled.unwrap().bundle
}

fn runtime(deadline: Option<Duration>) -> Arc<Runtime> {
    let options = RuntimeOptions {
        instances: 4,
        deadline,
        ..RuntimeOptions::default()
    };
    Arc::new(Runtime::new(options).unwrap())
}

fn embedded(runtime: &Runtime) -> Module {
    let unexpected = &mut |why: &str| panic!("fell back: {why}");
    Module::embedded(runtime, unexpected).unwrap()
}

/// The component that panics on [`FAULT_TEXT`].
fn faulty(runtime: &Runtime) -> Module {
    let path = env!("EDGERAIL_ENGINE_FAULT_WASM");
    let bytes = std::fs::read(path).expect("run `cargo xtask component` first");
    Module::compile(runtime, &bytes).unwrap()
}

fn wasm(overlay: &str, module: fn(&Runtime) -> Module) -> Evaluator {
    let runtime = runtime(Some(Duration::from_secs(60)));
    let module = module(&runtime);
    let guard = Guard::load(&runtime, &module, bundle_with(overlay), Trust::Local);
    Evaluator::Wasm(Box::new(guard.unwrap()))
}

fn native(overlay: &str) -> Evaluator {
    Evaluator::Native(Box::new(
        Native::load(&bundle_with(overlay), Trust::Local).unwrap(),
    ))
}

fn ask(evaluator: &Evaluator, text: &str) -> Evaluation {
    evaluator.evaluate(&Request::text(Source::Input, text), true)
}

#[test]
fn wasm_and_native_give_the_same_bytes() {
    let (wasm, native) = (wasm("", embedded), native(""));
    let long = "Project Kestrel, TCK-1234. ".repeat(500);
    for text in [
        "",
        "fine",
        "about project kestrel",
        "see TCK-0042 \u{1f600}",
        "\0",
        &long,
    ] {
        for source in [Source::Input, Source::Output] {
            for output_scope in [OutputScope::Interventions, OutputScope::Full] {
                let request = Request {
                    output_scope,
                    now: Some(1_800_000_000),
                    ..Request::text(source, text)
                };
                let answers = [&wasm, &native].map(|e| e.evaluate(&request, true));
                assert_eq!(answers[0], answers[1], "{text:.40}");
                assert_eq!(answers[0].fault, None);
            }
        }
    }
}

#[test]
fn a_fault_blocks_and_the_next_request_works() {
    let mut answers = Vec::new();
    for evaluator in [wasm("", faulty), native("")] {
        let before = ask(&evaluator, "see TCK-0042");
        let failed = ask(&evaluator, FAULT_TEXT);
        assert_eq!(failed.fault, Some(Failure::Trap));
        assert!(failed.json.contains(r#""action":"GUARDRAIL_INTERVENED""#));
        assert!(failed.json.contains(r#""outputs":[{"text":"Not in."}]"#));
        assert!(failed.json.contains(r#""reasonCode":"trap""#));
        assert!(
            failed
                .record
                .as_ref()
                .unwrap()
                .contains(r#""reasonCode":"trap""#)
        );
        assert_eq!(ask(&evaluator, "see TCK-0042"), before);
        answers.push(failed);
    }
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn a_fault_passes_where_the_bundle_says_so() {
    let overlay = "[on_error]\ninput = \"pass\"\n";
    for evaluator in [wasm(overlay, faulty), native(overlay)] {
        let failed = ask(&evaluator, FAULT_TEXT);
        assert_eq!(failed.fault, Some(Failure::Trap));
        assert!(
            failed.json.contains(r#""action":"NONE""#),
            "{}",
            failed.json
        );
        assert!(failed.json.contains(r#""reasonCode":"trap""#));
    }
}

#[test]
fn a_trapped_instance_is_not_used_again() {
    let runtime = runtime(None);
    let guard = Guard::load(&runtime, &faulty(&runtime), bundle_with(""), Trust::Local).unwrap();
    assert_eq!(guard.ready(), 1);
    // More faults than the pool has places: each must have given its place back.
    for _ in 0..10 {
        let failed = guard.evaluate(&Request::text(Source::Input, FAULT_TEXT), false);
        assert_eq!(failed.fault, Some(Failure::Trap));
        assert_eq!(guard.ready(), 0);
    }
    let fine = guard.evaluate(&Request::text(Source::Input, "fine"), false);
    assert_eq!(fine.fault, None);
    assert_eq!(guard.ready(), 1);
}

#[test]
fn more_threads_than_instances_fail_closed_not_open() {
    let runtime = runtime(None);
    let guard = Guard::load(&runtime, &embedded(&runtime), bundle_with(""), Trust::Local).unwrap();
    let text = "about Project Kestrel ".repeat(2000);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let answer = guard.evaluate(&Request::text(Source::Input, &text), false);
                assert!(answer.json.contains(r#""action":"GUARDRAIL_INTERVENED""#));
            });
        }
    });
    assert!(guard.ready() <= 4);
}

#[test]
fn a_passed_deadline_blocks_and_the_next_request_works() {
    let runtime = runtime(Some(Duration::from_millis(1)));
    let guard = Guard::load(&runtime, &embedded(&runtime), bundle_with(""), Trust::Local).unwrap();
    let long = "x TCK-1234 ".repeat(95_000);
    let late = guard.evaluate(&Request::text(Source::Input, &long), false);
    assert_eq!(late.fault, Some(Failure::Deadline));
    assert!(late.json.contains(r#""reasonCode":"deadline""#));
    assert!(late.json.contains(r#""text":"Not in.""#));
    let next = guard.evaluate(&Request::text(Source::Input, "fine"), false);
    assert_eq!(next.fault, None);
}

#[test]
fn a_deadline_implies_a_ticker() {
    assert!(runtime(Some(Duration::from_secs(1))).is_ticking());
    assert!(!runtime(None).is_ticking());
}

#[test]
fn too_little_memory_fails_closed() {
    let options = RuntimeOptions {
        memory_bytes: 4 << 20,
        instances: 1,
        deadline: None,
    };
    let runtime = Arc::new(Runtime::new(options).unwrap());
    let guard = Guard::load(&runtime, &embedded(&runtime), bundle_with(""), Trust::Local).unwrap();
    let large = "x TCK-1234 ".repeat(95_000);
    let failed = guard.evaluate(&Request::text(Source::Input, &large), false);
    assert_eq!(failed.fault, Some(Failure::Trap));
    let next = guard.evaluate(&Request::text(Source::Input, "fine"), false);
    assert_eq!(next.fault, None);
}

#[test]
fn both_name_what_is_wrong_with_a_bundle() {
    let runtime = runtime(None);
    let module = embedded(&runtime);
    let good = bundle_with("");
    let mut newer = good.clone();
    newer[10] = 99;
    let mut changed = good.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let bad = [&b"nonsense"[..], &good[..good.len() - 1], &newer, &changed];
    for (bytes, words) in bad.iter().zip(["EDGERAIL", "damaged", "ABI 99", "SHA-256"]) {
        let natively = Native::load(bytes, Trust::Unverified).unwrap_err();
        let in_wasm = Guard::load(&runtime, &module, bytes.to_vec(), Trust::Unverified);
        assert_eq!(in_wasm.unwrap_err(), natively);
        assert!(natively.to_string().contains(words), "{natively}");
    }
}

#[test]
fn the_component_itself_works_where_precompiled_code_does_not_fit() {
    let runtime = runtime(None);
    let compiled = Module::compile(&runtime, Module::component_bytes()).unwrap();
    assert_eq!(compiled.form(), Form::Compiled);
    let guard = Guard::load(&runtime, &compiled, bundle_with(""), Trust::Local).unwrap();
    let request = Request::text(Source::Input, "see TCK-0042");
    let native = Native::load(&bundle_with(""), Trust::Local).unwrap();
    assert_eq!(
        guard.evaluate(&request, true),
        native.evaluate(&request, true)
    );
}
