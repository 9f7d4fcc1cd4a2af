use wasmtime::component::Component;

use super::{Runtime, RuntimeError};

/// The engine as a component, and the same compiled for this platform's baseline processor.
const COMPONENT: &[u8] = include_bytes!(env!("EDGERAIL_ENGINE_WASM"));
const PRECOMPILED: &[u8] = include_bytes!(env!("EDGERAIL_ENGINE_CWASM"));

/// How a module came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// From code that was compiled with the program.
    Precompiled,
    /// Compiled here and now.
    Compiled,
}

/// The engine's code, ready to be instantiated by the runtime it was made with.
#[derive(Clone, Debug)]
pub struct Module {
    component: Component,
    form: Form,
}

impl Module {
    /// The engine that is part of this program. Takes the precompiled form; where that does not suit the
    /// machine, says why to `on_fallback` and compiles the component, which takes seconds.
    ///
    /// # Errors
    /// [`RuntimeError`] if the component cannot be compiled either.
    #[allow(unsafe_code, reason = "see below")]
    pub fn embedded(
        runtime: &Runtime,
        on_fallback: &mut dyn FnMut(&str),
    ) -> Result<Module, RuntimeError> {
        // SAFETY: the bytes were put into this program by its own build, from what the precompiler
        // wrote; nobody else can supply them.
        unsafe { Module::either(runtime, PRECOMPILED, COMPONENT, on_fallback) }
    }

    /// The precompiled form, or the component compiled.
    ///
    /// # Safety
    /// `precompiled` must come from wasmtime's own compiler, unchanged, or be no code at all.
    #[allow(
        unsafe_code,
        reason = "precompiled code is trusted as the program itself is"
    )]
    unsafe fn either(
        runtime: &Runtime,
        precompiled: &[u8],
        component: &[u8],
        on_fallback: &mut dyn FnMut(&str),
    ) -> Result<Module, RuntimeError> {
        // SAFETY: passed on to the caller.
        match unsafe { Component::deserialize(runtime.engine(), precompiled) } {
            Ok(component) => Ok(Module {
                component,
                form: Form::Precompiled,
            }),
            Err(error) => {
                on_fallback(&format!(
                    "the precompiled engine does not suit this machine ({error:#}); compiling it, which takes a few seconds"
                ));
                Module::compile(runtime, component)
            }
        }
    }

    /// Compiles a component of the world `edgerail:guardrail/engine`.
    ///
    /// # Errors
    /// [`RuntimeError`] if the bytes are no component.
    pub fn compile(runtime: &Runtime, component: &[u8]) -> Result<Module, RuntimeError> {
        let component = Component::new(runtime.engine(), component).map_err(RuntimeError::wasm)?;
        Ok(Module {
            component,
            form: Form::Compiled,
        })
    }

    /// The component that is part of this program.
    #[must_use]
    pub const fn component_bytes() -> &'static [u8] {
        COMPONENT
    }

    /// How it came to be.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }

    pub(crate) const fn component(&self) -> &Component {
        &self.component
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::RuntimeOptions;

    #[test]
    #[allow(unsafe_code)]
    fn code_that_does_not_fit_is_compiled_and_the_caller_is_told() {
        let options = RuntimeOptions {
            instances: 1,
            ..RuntimeOptions::default()
        };
        let runtime = Runtime::new(options).unwrap();
        let mut told = Vec::new();
        let mut tell = |why: &str| told.push(why.to_owned());
        // SAFETY: no code at all.
        let module = unsafe { Module::either(&runtime, b"no code", COMPONENT, &mut tell) };
        assert_eq!(module.unwrap().form(), Form::Compiled);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("compiling it"), "{told:?}");
        let embedded = Module::embedded(&runtime, &mut |why| panic!("{why}")).unwrap();
        assert_eq!(embedded.form(), Form::Precompiled);
    }
}
