//! Which guardrail looks at what: random conversations against the tables of the guide, cell by cell.

use std::borrow::Cow;
use std::collections::BTreeSet;

use edgerail_compile::definition::{self, Guardrail, ReadOptions};
use edgerail_compile::overlay::Overlay;
use edgerail_compile::{Binding, CompileOptions, compile};
use edgerail_core::policy::{ContentGuarding, Enforcement, Guarding, ModelScope, Origin};
use edgerail_core::{
    ContentBlock, Engine, LoadOptions, OutputScope, Qualifiers, Request, Role, Source,
};
use edgerail_tests::Random;
use edgerail_tests::reference::enforcement::{is_for, looks_at};

const MODELS: [&str; 3] = ["a.one", "b.two", "c.three"];
const WORDS: [&str; 3] = ["heron", "osprey", "merlin"];

fn guardrail(word: &str) -> Guardrail {
    let body = format!(
        r#"{{"name": "{word}", "blockedInputMessaging": "No.", "blockedOutputsMessaging": "No.",
        "wordPolicyConfig": {{"wordsConfig": [{{"text": "{word}"}}]}}}}"#
    );
    let read = definition::read(body.as_bytes(), &ReadOptions::default());
    read.unwrap().guardrails.remove(0)
}

fn level(random: &mut Random) -> Enforcement {
    let origin = random.pick(&Origin::ALL);
    let guarding = [Guarding::Comprehensive, Guarding::Selective];
    let mut some = |all: &[&str]| {
        let chosen = all.iter().filter(|_| random.below(3) == 0);
        chosen.map(|&model| model.to_owned()).collect::<Vec<_>>()
    };
    let models = ModelScope {
        included: some(&["a.one", "b.two", "ALL"]),
        excluded: some(&["b.two", "c.three"]),
    };
    Enforcement {
        origin,
        models: if origin == Origin::Request {
            ModelScope::default()
        } else {
            models
        },
        guarding: (origin != Origin::Request).then(|| ContentGuarding {
            system: random.pick(&guarding),
            messages: random.pick(&guarding),
        }),
    }
}

fn block(random: &mut Random) -> ContentBlock<'static> {
    let roles = [
        None,
        Some(Role::System),
        Some(Role::User),
        Some(Role::Assistant),
    ];
    ContentBlock {
        text: Cow::Borrowed("heron osprey merlin"),
        qualifiers: Qualifiers {
            grounding_source: random.below(4) == 0,
            query: random.below(8) == 0,
            guard_content: random.below(4) == 0,
        },
        role: random.pick(&roles),
    }
}

#[test]
fn random_conversations_are_looked_at_as_the_tables_say() {
    let (mut looked, mut skipped, mut apart) = (0, 0, 0);
    for seed in 0..150 {
        let mut random = Random(seed);
        let guardrails: Vec<Guardrail> = WORDS.iter().map(|word| guardrail(word)).collect();
        let bindings: Vec<Binding> = WORDS
            .iter()
            .map(|_| Binding {
                levels: (0..random.below(4)).map(|_| level(&mut random)).collect(),
                ..Binding::default()
            })
            .collect();
        let options = CompileOptions {
            enforcement: bindings.clone(),
            ..CompileOptions::default()
        };
        let bundle = compile(&guardrails, &Overlay::default(), &options)
            .unwrap()
            .bundle;
        let engine = Engine::load(bundle, LoadOptions::default()).unwrap();
        for _ in 0..20 {
            let model = random.pick(&[None, Some(MODELS[0]), Some(MODELS[1]), Some(MODELS[2])]);
            let request = Request {
                source: random.pick(&[Source::Input, Source::Output]),
                content: (0..1 + random.below(4))
                    .map(|_| block(&mut random))
                    .collect(),
                model: model.map(Cow::Borrowed),
                output_scope: OutputScope::Interventions,
                now: None,
            };
            let decision = engine.evaluate(&request);
            let found: BTreeSet<(usize, usize)> = decision
                .findings()
                .iter()
                .map(|finding| (finding.guardrail, finding.block))
                .collect();
            for (number, binding) in bindings.iter().enumerate() {
                let requested = Enforcement {
                    origin: Origin::Request,
                    models: ModelScope::default(),
                    guarding: None,
                };
                let levels = match &binding.levels[..] {
                    [] => vec![&requested],
                    levels => levels.iter().filter(|level| is_for(level, model)).collect(),
                };
                let origins: BTreeSet<Origin> = levels.iter().map(|level| level.origin).collect();
                let have: Vec<Origin> = decision.origins(number);
                assert_eq!(have, origins.into_iter().collect::<Vec<_>>(), "seed {seed}");
                assert_eq!(decision.applies(number), !levels.is_empty(), "seed {seed}");
                let mut guarded = 0;
                for (place, block) in request.content.iter().enumerate() {
                    let want = levels.iter().any(|level| looks_at(level, &request, block));
                    let case = format!("seed {seed}: {binding:?}\n{request:?}\nblock {place}");
                    assert_eq!(found.contains(&(number, place)), want, "{case}");
                    guarded += if want { 19 } else { 0 };
                    looked += u32::from(want);
                    skipped += u32::from(!want);
                }
                assert_eq!(decision.coverage_of(number).guarded, guarded, "seed {seed}");
                apart += u32::from(levels.is_empty());
            }
        }
    }
    assert!(
        looked > 5_000 && skipped > 1_000 && apart > 200,
        "{looked} {skipped} {apart}"
    );
}
