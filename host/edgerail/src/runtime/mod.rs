//! Runs the engine and keeps its failures from doing harm.
//!
//! An [`Evaluator`] is a loaded bundle. [`Guard`] runs it in WebAssembly, with bounded memory and time;
//! [`Native`] runs the same engine as native code. Both answer with the same bytes. A trap, a panic or
//! a passed deadline gives the decision that the bundle's `on_error` asks for, and the next request
//! finds a fresh engine.

mod guard;
mod module;
mod native;
mod ticker;

use core::fmt;
use std::time::Duration;

use edgerail_core::bundle::BundleError;
use edgerail_core::decision::Failure;
use edgerail_core::{Request, Trust};
use wasmtime::{Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

pub use guard::Guard;
pub use module::{Form, Module};
pub use native::Native;
use ticker::Ticker;

/// How much a [`Runtime`] grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuntimeOptions {
    /// Bytes of memory one instance may have.
    pub memory_bytes: usize,
    /// Instances that may exist at a time.
    pub instances: u32,
    /// How long one evaluation may take; `None` is as long as it likes.
    pub deadline: Option<Duration>,
}

impl Default for RuntimeOptions {
    /// 256 MiB, 64 instances, 10 s: an 8 MiB bundle and a 1 MiB text full of findings need a fraction.
    fn default() -> RuntimeOptions {
        RuntimeOptions {
            memory_bytes: 256 << 20,
            instances: 64,
            deadline: Some(Duration::from_secs(10)),
        }
    }
}

/// Core instances and tables that one component instance takes at most: the engine, and the small ones by
/// which the component model connects it.
const PARTS: u32 = 4;

/// A wasmtime engine with its pool of memories and, if there is a deadline, the clock for it.
#[derive(Debug)]
pub struct Runtime {
    engine: Engine,
    options: RuntimeOptions,
    ticker: Option<Ticker>,
}

impl Runtime {
    /// Reserves the pool's address space and starts the clock.
    ///
    /// # Errors
    /// [`RuntimeError`] if the address space cannot be reserved or the clock's thread not be started.
    pub fn new(options: RuntimeOptions) -> Result<Runtime, RuntimeError> {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(options.instances)
            .total_core_instances(options.instances.saturating_mul(PARTS))
            .total_memories(options.instances)
            .total_tables(options.instances.saturating_mul(PARTS))
            .max_memories_per_component(1)
            .max_memory_size(options.memory_bytes)
            .max_unused_warm_slots(options.instances);
        let mut config = edgerail_wasm_config::config();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config).map_err(RuntimeError::wasm)?;
        let ticker = options.deadline.map(|_| Ticker::start(&engine)).transpose();
        let ticker = ticker.map_err(|error| RuntimeError(error.to_string()))?;
        Ok(Runtime {
            engine,
            options,
            ticker,
        })
    }

    /// What it grants.
    #[must_use]
    pub const fn options(&self) -> RuntimeOptions {
        self.options
    }

    /// Whether time is measured: always, if there is a deadline.
    #[must_use]
    pub fn is_ticking(&self) -> bool {
        self.ticker.as_ref().is_some_and(Ticker::is_running)
    }

    pub(crate) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The deadline in ticks from now; rounded up, and one more because the running tick is nearly over.
    fn deadline_ticks(&self) -> u64 {
        let Some(deadline) = self.options.deadline else {
            // Far off, yet without overflow when the current epoch is added.
            return u64::MAX / 2;
        };
        let ticks = deadline.as_nanos().div_ceil(ticker::TICK.as_nanos());
        u64::try_from(ticks)
            .unwrap_or(u64::MAX / 2)
            .saturating_add(1)
    }
}

/// What a runtime or a guard could not be made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeError(String);

impl RuntimeError {
    fn wasm(error: wasmtime::Error) -> RuntimeError {
        RuntimeError(format!("{error:#}"))
    }
}

impl From<BundleError> for RuntimeError {
    fn from(error: BundleError) -> RuntimeError {
        RuntimeError(error.to_string())
    }
}

impl fmt::Display for RuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for RuntimeError {}

/// The answer to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The decision as canonical JSON: the bytes every surface gives.
    pub json: String,
    /// The content-free record, if it was asked for.
    pub record: Option<String>,
    /// Why the engine gave no answer of its own, if so; `json` is then the fail-closed decision. The
    /// reasons the engine itself knows (limits) are in `json` only.
    pub fault: Option<Failure>,
}

/// A bundle in an engine of either kind.
#[derive(Debug)]
pub enum Evaluator {
    /// In WebAssembly.
    Wasm(Box<Guard>),
    /// As native code.
    Native(Box<Native>),
}

impl Evaluator {
    /// Decides a request. Never fails.
    #[must_use]
    pub fn evaluate(&self, request: &Request<'_>, with_record: bool) -> Evaluation {
        match self {
            Evaluator::Wasm(guard) => guard.evaluate(request, with_record),
            Evaluator::Native(native) => native.evaluate(request, with_record),
        }
    }

    /// Where the bundle came from.
    #[must_use]
    pub const fn trust(&self) -> Trust {
        match self {
            Evaluator::Wasm(guard) => guard.trust(),
            Evaluator::Native(native) => native.trust(),
        }
    }
}

#[cfg(test)]
mod tests;
