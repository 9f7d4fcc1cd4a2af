//! The corpus on the engine as a WebAssembly component under wasmtime, and the promise that a decision
//! there is the same as a native one, byte for byte.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use edgerail::runtime::{Guard, Module, Native, Runtime, RuntimeOptions};
use edgerail_core::{Request, Trust};
use edgerail_tests::{Corpus, Surface, run};

struct Wasmtime {
    runtime: Arc<Runtime>,
    module: Module,
    /// A bundle's guard and its native twin; rows share bundles.
    loaded: RefCell<HashMap<Vec<u8>, (Guard, Native)>>,
}

impl Wasmtime {
    fn new() -> Wasmtime {
        let options = RuntimeOptions {
            instances: 512,
            ..RuntimeOptions::default()
        };
        let runtime = Arc::new(Runtime::new(options).expect("a runtime"));
        let module = Module::embedded(&runtime, &mut |why| panic!("{why}")).expect("the engine");
        Wasmtime {
            runtime,
            module,
            loaded: RefCell::default(),
        }
    }
}

impl Surface for Wasmtime {
    fn decide(&self, bundle: &[u8], request: &Request<'_>) -> String {
        let mut loaded = self.loaded.borrow_mut();
        let (guard, native) = loaded.entry(bundle.to_vec()).or_insert_with(|| {
            let guard = Guard::load(&self.runtime, &self.module, bundle, Trust::Local);
            let native = Native::load(bundle, Trust::Local);
            (
                guard.expect("our bundles load"),
                native.expect("our bundles load"),
            )
        });
        let decision = guard.evaluate(request, true);
        assert_eq!(decision.fault, None);
        assert_eq!(
            decision,
            native.evaluate(request, true),
            "native and Wasm differ"
        );
        decision.json
    }
}

#[test]
fn every_row_holds_in_wasm_with_the_bytes_of_the_native_engine() {
    let corpus = Corpus::ours();
    let report = run(&corpus, &Wasmtime::new(), |_| true);
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n"));
    assert_eq!(report.passed + report.known_misses.len(), corpus.rows.len());
}
