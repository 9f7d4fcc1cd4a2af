//! A guardrail to judge or compare.

use edgerail_compile::CompileOptions;
use edgerail_compile::definition::Guardrail;
use edgerail_compile::overlay::Overlay;
use edgerail_core::{Engine, LoadOptions};
use edgerail_judge::Snapshot;
use wasm_bindgen::prelude::*;

use crate::error;
use crate::source::Source;
use crate::values::{self, Choice};

/// A guardrail to judge or compare: a bundle, or a definition compiled with all there is in it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Version {
    pub(crate) engine: Engine,
    source: Option<(Vec<Guardrail>, Overlay)>,
    pub(crate) label: String,
    overlay_label: Option<String>,
}

#[wasm_bindgen]
impl Version {
    /// A compiled bundle.
    ///
    /// # Errors
    /// An `Error` with a `code` that begins with `bundle_`, or `invalid_argument`.
    #[wasm_bindgen(js_name = ofBundle)]
    pub fn of_bundle(bundle: Vec<u8>, choice: JsValue) -> Result<Version, JsValue> {
        let choice: Choice = values::read(choice)?;
        Ok(Version {
            engine: load(bundle)?,
            source: None,
            label: choice.label,
            overlay_label: None,
        })
    }

    /// A definition with its overlay.
    ///
    /// # Errors
    /// An `Error` with the code `definition_invalid` and all `diagnostics`, or `invalid_argument`.
    #[wasm_bindgen(js_name = ofDefinition)]
    pub fn of_definition(
        definition: &[u8],
        overlay: Option<Vec<u8>>,
        choice: JsValue,
    ) -> Result<Version, JsValue> {
        let choice: Choice = values::read(choice)?;
        let source = Source::read(definition, overlay.as_deref(), &choice);
        let mut source = source.map_err(|said| error::definition(&said))?;
        let bundle = source.compile(&CompileOptions::default());
        let bundle = bundle.map_err(|said| error::definition(&said))?;
        Ok(Version {
            engine: load(bundle)?,
            source: Some((source.guardrails, source.overlay)),
            label: choice.label,
            overlay_label: choice.overlay_label,
        })
    }
}

impl Version {
    /// What it says. Only two definitions are compared by what a bundle does not hold.
    pub(crate) fn snapshot(&self, other: &Version) -> Snapshot {
        let source = self.source.as_ref().filter(|_| other.source.is_some());
        let source = source.map(|(guardrails, overlay)| (guardrails.as_slice(), overlay));
        Snapshot {
            overlay: self.overlay_label.clone(),
            ..Snapshot::of(&self.label, &self.engine, source)
        }
    }
}

fn load(bundle: Vec<u8>) -> Result<Engine, JsValue> {
    Engine::load(bundle, LoadOptions::default()).map_err(|failure| error::bundle(&failure))
}
