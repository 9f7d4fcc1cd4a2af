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

/// A small generator: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

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
    let origin = random.one_of(&Origin::ALL);
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
            system: random.one_of(&guarding),
            messages: random.one_of(&guarding),
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
        role: random.one_of(&roles),
    }
}

/// Whether a level is for the model: docs/organization.md, "Models", for ids that are listed or are not.
fn is_for(level: &Enforcement, model: Option<&str>) -> bool {
    let Some(model) = model else { return true };
    let lists = |list: &[String], name: &str| list.iter().any(|id| id == name);
    let ModelScope { included, excluded } = &level.models;
    if lists(excluded, model) {
        return false;
    }
    included.is_empty() || lists(included, "ALL") || lists(included, model)
}

/// Whether a level looks at a block: the table "Comprehensive or selective", row by row.
fn looks_at(level: &Enforcement, request: &Request<'_>, block: &ContentBlock<'_>) -> bool {
    let tagged = block.qualifiers.guard_content;
    let for_grounding = block.qualifiers.grounding_source || block.qualifiers.query;
    let as_a_request = tagged || !for_grounding;
    let Some(guarding) = level.guarding else {
        return as_a_request;
    };
    let system = block.role == Some(Role::System);
    match if system {
        guarding.system
    } else {
        guarding.messages
    } {
        Guarding::Comprehensive => true,
        Guarding::Selective if request.source == Source::Output => as_a_request,
        Guarding::Selective if system => tagged,
        Guarding::Selective => {
            let messages = request
                .content
                .iter()
                .filter(|b| b.role != Some(Role::System));
            if messages.clone().any(|b| b.qualifiers.guard_content) {
                tagged
            } else {
                as_a_request
            }
        }
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
            let model = random.one_of(&[None, Some(MODELS[0]), Some(MODELS[1]), Some(MODELS[2])]);
            let request = Request {
                source: random.one_of(&[Source::Input, Source::Output]),
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
