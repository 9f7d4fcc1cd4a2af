//! The budgets of the engine in WebAssembly, under wasmtime as the `edgerail` binary runs it.

use std::path::{Path, PathBuf};

use edgerail_core::{Request, Source};
use wasmtime::component::{Component, Linker, ResourceAny};
use wasmtime::{
    Engine, InstanceAllocationStrategy, PoolingAllocationConfig, ResourceLimiter, Store,
};

use crate::clock::{Case, medians};
use crate::native::{bytes, per_byte};
use crate::policy::{Parts, load};
use crate::report::Row;
use crate::{Bench, Named};
use bindings::exports::edgerail::guardrail::evaluation as wit;

#[allow(missing_docs, unreachable_pub, reason = "generated from the WIT")]
mod bindings {
    wasmtime::component::bindgen!({
        world: "engine",
        path: "../../wasm/component/wit",
        ownership: Borrowing { duplicate_if_necessary: false },
    });
}

/// A component with an instance of a core module that has nothing in it: magic and version, the module,
/// and the instruction to make one of it.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0\x01\x08\0asm\x01\0\0\0\x02\x04\x01\0\0\0";

/// Every WebAssembly benchmark.
pub(crate) const BENCHES: [Named; 4] = [
    ("wasm", evaluation),
    ("load-wasm", loading),
    ("instance", instances),
    ("memory-wasm", memory),
];

/// Where `cargo xtask component` puts the engine.
fn artifact(name: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from);
    workspace.join(target).join("edgerail").join(name)
}

/// The largest the linear memory has been.
#[derive(Debug, Default)]
struct Held(usize);

impl ResourceLimiter for Held {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.0 = self.0.max(desired);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

/// Makes instances of the engine.
pub(crate) struct Runtime {
    engine: Engine,
    template: bindings::EnginePre<Held>,
    empty: wasmtime::component::InstancePre<Held>,
}

impl Runtime {
    /// The engine as the binary embeds it: compiled ahead of time for the baseline processor; if that
    /// is not there or does not suit, compiled now, which is said.
    fn new(bench: &Bench) -> Result<Runtime, String> {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(16)
            .total_core_instances(64)
            .total_memories(16)
            .total_tables(64)
            .max_memories_per_component(1)
            .max_memory_size(256 << 20)
            .max_unused_warm_slots(16);
        let mut config = edgerail_wasm_config::config();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let wasm = |problem: wasmtime::Error| format!("{problem:#}");
        let engine = Engine::new(&config).map_err(wasm)?;
        let precompiled = std::fs::read(artifact("engine.cwasm")).map_err(|e| e.to_string());
        // SAFETY: the file is what this workspace's own precompiler wrote.
        let precompiled = precompiled
            .and_then(|code| unsafe { Component::deserialize(&engine, code) }.map_err(wasm));
        let component = match precompiled {
            Ok(component) => component,
            Err(problem) => {
                bench.note(&format!(
                    "note: no precompiled engine ({problem}); compiling it"
                ));
                let path = artifact("engine.wasm");
                Component::from_file(&engine, &path).map_err(wasm)?
            }
        };
        let linker = Linker::new(&engine);
        let template = linker.instantiate_pre(&component).map_err(wasm)?;
        let template = bindings::EnginePre::new(template).map_err(wasm)?;
        let empty = Component::new(&engine, EMPTY).map_err(wasm)?;
        let empty = linker.instantiate_pre(&empty).map_err(wasm)?;
        Ok(Runtime {
            engine,
            template,
            empty,
        })
    }

    /// The same, or `None` once it is said why not.
    pub(crate) fn or_note(bench: &mut Bench) -> Option<Runtime> {
        let runtime = Runtime::new(bench);
        let note = |problem: String| {
            bench.note(&format!(
                "WebAssembly is left out: run `cargo xtask component` first ({problem})"
            ));
            bench.left_out = true;
        };
        runtime.map_err(note).ok()
    }

    fn store(&self) -> Store<Held> {
        let mut store = Store::new(&self.engine, Held::default());
        store.limiter(|held| held);
        store.set_epoch_deadline(u64::MAX / 2);
        store
    }

    pub(crate) fn instance(&self) -> Instance {
        let mut store = self.store();
        let bindings = self.template.instantiate(&mut store);
        let bindings = bindings.unwrap_or_else(|problem| panic!("the engine starts: {problem:#}"));
        Instance { store, bindings }
    }
}

/// The engine's code with a memory of its own.
pub(crate) struct Instance {
    store: Store<Held>,
    bindings: bindings::Engine,
}

impl Instance {
    pub(crate) fn load(&mut self, bundle: &[u8], check_hash: bool) -> ResourceAny {
        let evaluation = self.bindings.edgerail_guardrail_evaluation();
        let loaded =
            evaluation
                .engine()
                .call_load(&mut self.store, bundle, wit::Trust::Local, check_hash);
        loaded
            .unwrap_or_else(|problem| panic!("loading ends: {problem:#}"))
            .unwrap_or_else(|problem| panic!("the bundle loads: {problem}"))
    }

    fn forget(&mut self, engine: ResourceAny) {
        let dropped = engine.resource_drop(&mut self.store);
        dropped.unwrap_or_else(|problem| panic!("the engine is dropped: {problem:#}"));
    }

    pub(crate) fn evaluate(&mut self, engine: ResourceAny, text: &str) -> String {
        let content = [wit::ContentBlock {
            text,
            qualifiers: wit::Qualifiers::empty(),
            role: None,
        }];
        let request = wit::Request {
            source: wit::Source::Input,
            content: &content,
            model: None,
            output_scope: wit::OutputScope::Interventions,
            now: None,
        };
        let evaluation = self.bindings.edgerail_guardrail_evaluation();
        let decision = evaluation
            .engine()
            .call_evaluate(&mut self.store, engine, request, false);
        decision
            .unwrap_or_else(|problem| panic!("evaluation ends: {problem:#}"))
            .json
    }
}

pub(crate) fn evaluate_native(engine: &edgerail_core::Engine, texts: &[String]) -> usize {
    let decide = |text: &String| {
        let request = Request::text(Source::Input, text);
        engine.evaluate(&request).to_json().len()
    };
    texts.iter().map(decide).sum()
}

/// WebAssembly against native, both up to the JSON, which is WebAssembly's interface.
fn evaluation(bench: &mut Bench) {
    let Some(runtime) = Runtime::or_note(bench) else {
        return;
    };
    let bundle = Parts::full().bundle();
    let native = load(bundle.clone(), true);
    let mut instance = runtime.instance();
    let engine = instance.load(&bundle, true);
    for (set, findings) in bench.corpus.chat.iter().zip([0, 1, 8]) {
        for text in set {
            let request = Request::text(Source::Input, text);
            let (here, there) = (
                native.evaluate(&request).to_json(),
                instance.evaluate(engine, text),
            );
            assert_eq!(here, there, "both decide alike");
        }
        let [wasm, json, bare] = medians(
            bench.effort,
            [
                Case::new(|| {
                    let texts = set.iter();
                    texts
                        .map(|text| instance.evaluate(engine, text).len())
                        .sum::<usize>()
                }),
                Case::new(|| evaluate_native(&native, set)),
                Case::new(|| crate::native::evaluate(&native, set)),
            ],
        );
        let size = bytes(set);
        bench.push(
            Row::ratio(
                format!("wasm/chat-{findings}"),
                "full policy to JSON: wasmtime : native",
                wasm,
                json,
            )
            .within(2.5, 1.6)
            .detail(per_byte(wasm / size, json / size)),
        );
        bench.push(
            Row::ratio(
                format!("json/chat-{findings}"),
                "native: with JSON : without",
                json,
                bare,
            )
            .detail(per_byte(json / size, bare / size)),
        );
    }
}

/// Loading, against hashing the same bytes in the same WebAssembly: the time by which loading gets longer
/// when it checks the hash is one pass of SHA-256, by the same code in the same memory.
fn loading(bench: &mut Bench) {
    let Some(runtime) = Runtime::or_note(bench) else {
        return;
    };
    let policies = [
        ("full", Parts::full()),
        (
            "10000-words",
            Parts {
                words: 10_000,
                ..Parts::full()
            },
        ),
    ];
    for (name, parts) in policies {
        let bundle = parts.bundle();
        let (mut plain, mut hashing) = (runtime.instance(), runtime.instance());
        let [plain, hashed] = medians(
            bench.effort,
            [
                Case::new(|| {
                    let engine = plain.load(&bundle, false);
                    plain.forget(engine);
                }),
                Case::new(|| {
                    let engine = hashing.load(&bundle, true);
                    hashing.forget(engine);
                }),
            ],
        );
        let pass = hashed - plain;
        bench.push(
            Row::ratio(
                format!("load-wasm/{name}"),
                format!(
                    "load ({} KiB), not hashed : SHA-256 pass, both in Wasm",
                    bundle.len() / 1024
                ),
                plain,
                pass,
            )
            .within(3.0, 1.5)
            .detail(format!("{:.0} : {:.0} us", plain / 1e3, pass / 1e3)),
        );
    }
}

/// A new instance, ready to decide, against one of a module with nothing in it.
fn instances(bench: &mut Bench) {
    let Some(runtime) = Runtime::or_note(bench) else {
        return;
    };
    let bundle = Parts::full().bundle();
    let [ready, code, empty] = medians(
        bench.effort,
        [
            Case::new(|| {
                let mut instance = runtime.instance();
                instance.load(&bundle, false);
            }),
            Case::new(|| drop(runtime.instance())),
            Case::new(|| {
                let mut store = runtime.store();
                let empty = runtime.empty.instantiate(&mut store);
                empty.unwrap_or_else(|problem| panic!("nothing starts: {problem:#}"));
            }),
        ],
    );
    let times = |ours: f64| format!("{:.1} : {:.1} us", ours / 1e3, empty / 1e3);
    bench.push(
        Row::ratio(
            "instance/ready",
            "new instance with the full policy loaded : empty module",
            ready,
            empty,
        )
        .within(5.0, 2.0)
        .detail(times(ready)),
    );
    bench.push(
        Row::ratio(
            "instance/code",
            "the same before anything is loaded",
            code,
            empty,
        )
        .detail(times(code)),
    );
}

/// The linear memory above the bundle's own size.
fn memory(bench: &mut Bench) {
    let Some(runtime) = Runtime::or_note(bench) else {
        return;
    };
    let parts = Parts {
        words: 10_000,
        ..Parts::full()
    };
    let bundle = parts.bundle();
    let mut instance = runtime.instance();
    let fresh = instance.store.data().0;
    let engine = instance.load(&bundle, true);
    instance.evaluate(engine, &bench.corpus.chat[2][0]);
    let held = instance.store.data().0;
    let megabytes = |bytes: usize| bytes as f64 / 1e6;
    let above = megabytes(held.saturating_sub(bundle.len()));
    let row = Row::ratio(
        "memory/wasm",
        "linear memory above the bundle, 10,000 words, loaded, one evaluation",
        above,
        1.0,
    );
    bench.push(Row { unit: "MB", ..row }.within(6.0, 3.0).detail(format!(
        "fresh {:.2}, bundle {:.2} MB",
        megabytes(fresh),
        megabytes(bundle.len())
    )));
}
