use std::cell::RefCell;
use std::collections::BTreeMap;

use edgerail_core::{Engine, LoadOptions, Request, Trust};

use crate::Surface;

/// The engine as a Rust library. A bundle is loaded when a row first needs it, and kept.
#[derive(Debug, Default)]
pub struct NativeSurface {
    engines: RefCell<BTreeMap<Vec<u8>, Engine>>,
}

impl Surface for NativeSurface {
    /// # Panics
    /// If the bundle does not load.
    fn decide(&self, bundle: &[u8], request: &Request<'_>) -> String {
        let mut engines = self.engines.borrow_mut();
        if !engines.contains_key(bundle) {
            let options = LoadOptions {
                trust: Trust::Local,
                ..LoadOptions::default()
            };
            let engine = Engine::load(bundle.to_vec(), options).expect("our bundles load");
            engines.insert(bundle.to_vec(), engine);
        }
        engines[bundle].evaluate(request).to_json()
    }
}
