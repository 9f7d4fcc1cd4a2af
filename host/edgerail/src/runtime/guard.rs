use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use edgerail_core::decision::Failure;
use edgerail_core::{LoadOptions, OutputScope, Request, Role, Source, Trust};
use wasmtime::component::{Linker, ResourceAny};
use wasmtime::{Store, StoreLimits, StoreLimitsBuilder, Trap};

use self::bindings::exports::edgerail::guardrail::evaluation as wit;
use super::native::Native;
use super::{Evaluation, Module, Runtime, RuntimeError};

#[allow(missing_docs, unreachable_pub)]
mod bindings {
    wasmtime::component::bindgen!({
        world: "engine",
        path: "../../wasm/component/wit",
        ownership: Borrowing { duplicate_if_necessary: false },
    });
}

/// A bundle in WebAssembly: a pool of instances that have it loaded. Share it between threads; each
/// evaluation has an instance of its own.
pub struct Guard {
    runtime: Arc<Runtime>,
    template: bindings::EnginePre<StoreLimits>,
    bundle: Arc<[u8]>,
    trust: Trust,
    ready: Mutex<Vec<Instance>>,
    /// Gives the decision where the instance cannot. Loaded when first needed.
    closed: OnceLock<Option<Native>>,
}

/// One instance with the bundle loaded.
struct Instance {
    store: Store<StoreLimits>,
    bindings: bindings::Engine,
    engine: ResourceAny,
}

impl core::fmt::Debug for Guard {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut guard = f.debug_struct("Guard");
        guard
            .field("trust", &self.trust)
            .field("ready", &self.ready());
        guard.finish_non_exhaustive()
    }
}

impl Guard {
    /// Loads a bundle and has one instance ready.
    ///
    /// # Errors
    /// [`RuntimeError`] saying what is wrong with the bundle, or that no instance could be made.
    pub fn load(
        runtime: &Arc<Runtime>,
        module: &Module,
        bundle: impl Into<Arc<[u8]>>,
        trust: Trust,
    ) -> Result<Guard, RuntimeError> {
        // The component imports nothing, so that there is nothing to link.
        let linker = Linker::new(runtime.engine());
        let template = linker
            .instantiate_pre(module.component())
            .and_then(bindings::EnginePre::new)
            .map_err(RuntimeError::wasm)?;
        let guard = Guard {
            runtime: Arc::clone(runtime),
            template,
            bundle: bundle.into(),
            trust,
            ready: Mutex::default(),
            closed: OnceLock::new(),
        };
        let first = guard.instance(true)?;
        guard.put_back(first);
        Ok(guard)
    }

    /// Where the bundle came from.
    #[must_use]
    pub const fn trust(&self) -> Trust {
        self.trust
    }

    /// How many instances wait for a request.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.pool().len()
    }

    /// Decides a request. Never fails.
    #[must_use]
    pub fn evaluate(&self, request: &Request<'_>, with_record: bool) -> Evaluation {
        // Bound to a name so that the lock is free again while an instance is made.
        let waiting = self.pool().pop();
        let Some(mut instance) = waiting.or_else(|| self.instance(false).ok()) else {
            return self.fail(request, Failure::Trap, with_record);
        };
        match instance.evaluate(&self.runtime, request, with_record) {
            Ok(decision) => {
                self.put_back(instance);
                Evaluation {
                    json: decision.json,
                    record: with_record.then_some(decision.record),
                    fault: None,
                }
            }
            Err(error) => {
                // What a trap leaves behind is in no defined state: the instance ends here.
                drop(instance);
                let interrupted = error.downcast_ref::<Trap>() == Some(&Trap::Interrupt);
                let failure = if interrupted {
                    Failure::Deadline
                } else {
                    Failure::Trap
                };
                self.fail(request, failure, with_record)
            }
        }
    }

    fn fail(&self, request: &Request<'_>, failure: Failure, with_record: bool) -> Evaluation {
        let closed = self.closed.get_or_init(|| {
            let options = LoadOptions {
                trust: self.trust,
                check_hash: false,
                ..LoadOptions::default()
            };
            Native::load_with(&self.bundle, options).ok()
        });
        match closed {
            Some(native) => native.fail(request, failure, with_record),
            None => blocked_without_bundle(failure, with_record),
        }
    }

    fn pool(&self) -> std::sync::MutexGuard<'_, Vec<Instance>> {
        // Nothing panics while it holds the lock, and a list of instances has no halfway state.
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put_back(&self, instance: Instance) {
        self.pool().push(instance);
    }

    fn instance(&self, check_hash: bool) -> Result<Instance, RuntimeError> {
        let limits = StoreLimitsBuilder::new()
            .memory_size(self.runtime.options().memory_bytes)
            .instances(usize::try_from(super::PARTS).unwrap_or(usize::MAX))
            .memories(1)
            .build();
        let mut store = Store::new(self.runtime.engine(), limits);
        store.limiter(|limits| limits);
        // Loading validates whole automata: it has no deadline, its time is bounded by the bundle's size.
        store.set_epoch_deadline(u64::MAX / 2);
        let bindings = self
            .template
            .instantiate(&mut store)
            .map_err(RuntimeError::wasm)?;
        let trust = match self.trust {
            Trust::Verified => wit::Trust::Verified,
            Trust::Local => wit::Trust::Local,
            Trust::Unverified => wit::Trust::Unverified,
        };
        let engine = bindings
            .edgerail_guardrail_evaluation()
            .engine()
            .call_load(&mut store, &self.bundle, trust, check_hash)
            .map_err(|error| {
                RuntimeError(format!("the engine failed to load the bundle: {error:#}"))
            })?
            .map_err(RuntimeError)?;
        Ok(Instance {
            store,
            bindings,
            engine,
        })
    }
}

impl Instance {
    fn evaluate(
        &mut self,
        runtime: &Runtime,
        request: &Request<'_>,
        with_record: bool,
    ) -> wasmtime::Result<wit::Decision> {
        let content: Vec<wit::ContentBlock<'_>> = request
            .content
            .iter()
            .map(|block| wit::ContentBlock {
                text: &block.text,
                qualifiers: qualifiers(block.qualifiers),
                role: block.role.map(role),
            })
            .collect();
        let request = wit::Request {
            source: match request.source {
                Source::Input => wit::Source::Input,
                Source::Output => wit::Source::Output,
            },
            content: &content,
            model: request.model.as_deref(),
            output_scope: match request.output_scope {
                OutputScope::Interventions => wit::OutputScope::Interventions,
                OutputScope::Full => wit::OutputScope::Full,
            },
            now: request.now,
        };
        self.store.set_epoch_deadline(runtime.deadline_ticks());
        self.bindings
            .edgerail_guardrail_evaluation()
            .engine()
            .call_evaluate(&mut self.store, self.engine, request, with_record)
    }
}

fn qualifiers(given: edgerail_core::Qualifiers) -> wit::Qualifiers {
    let flag = |set: bool, flag| {
        if set { flag } else { wit::Qualifiers::empty() }
    };
    flag(given.grounding_source, wit::Qualifiers::GROUNDING_SOURCE)
        | flag(given.query, wit::Qualifiers::QUERY)
        | flag(given.guard_content, wit::Qualifiers::GUARD_CONTENT)
}

const fn role(role: Role) -> wit::Role {
    match role {
        Role::System => wit::Role::System,
        Role::User => wit::Role::User,
        Role::Assistant => wit::Role::Assistant,
    }
}

/// What is left to say if even the native engine does not take the bundle that WebAssembly took: the
/// smallest decision that blocks.
fn blocked_without_bundle(failure: Failure, with_record: bool) -> Evaluation {
    let json = format!(
        "{{\"action\":\"GUARDRAIL_INTERVENED\",\"actionReason\":\"Guardrail blocked.\",\"assessments\":[],\"edgerail\":{{\"coverage\":[],\"deferred\":[],\"findings\":[],\"found\":0,\"guardrails\":[],\"reasonCode\":\"{}\"}},\"outputs\":[{{\"text\":\"\"}}]}}",
        failure.code()
    );
    Evaluation {
        json,
        record: with_record.then(String::new),
        fault: Some(failure),
    }
}
