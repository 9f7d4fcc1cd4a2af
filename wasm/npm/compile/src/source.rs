//! A definition with its overlay, and what there is to say about them.

use edgerail_compile::definition::{self, Guardrail};
use edgerail_compile::diagnostic::{Diagnostic, Diagnostics};
use edgerail_compile::document;
use edgerail_compile::overlay::Overlay;
use edgerail_compile::{CompileOptions, Compiled, compile};
use serde_json::{Value, json};

use crate::values::Choice;

/// The longest definition or overlay that is read. A template with its comments is a fraction of it.
const DOCUMENT_BYTES: usize = 16 << 20;

/// How a path begins that leads into the overlay.
const IN_OVERLAY: &str = "overlay: ";

/// With the feature `fault-injection`, a definition that is this text makes the compiler panic, as a defect
/// would. Tests use it.
#[cfg(feature = "fault-injection")]
const FAULT_TEXT: &[u8] = b"edgerail-fault-injection: panic";

/// Which file a diagnostic is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum File {
    Definition,
    Overlay,
}

/// What was said about a definition and its overlay.
#[derive(Default)]
pub(crate) struct Said(Vec<(File, Diagnostic)>);

impl Said {
    fn add(&mut self, file: File, diagnostics: &Diagnostics) {
        self.0.extend(diagnostics.iter().map(|d| (file, d.clone())));
    }

    /// What compiling said: about the definition, or about the overlay's relation to it. Of the definition, it knows
    /// paths and no lines.
    fn add_compiled(&mut self, diagnostics: &Diagnostics, definition: &[u8]) {
        let mut tree = None;
        for diagnostic in diagnostics.iter() {
            let mut diagnostic = diagnostic.clone();
            if let Some(path) = diagnostic.path.strip_prefix(IN_OVERLAY) {
                diagnostic.path = path.to_owned();
                self.0.push((File::Overlay, diagnostic));
                continue;
            }
            if diagnostic.line.is_none() {
                let tree = tree.get_or_insert_with(|| document::read(definition).ok());
                let place = tree.as_ref().and_then(|tree| tree.place(&diagnostic.path));
                diagnostic.line = place.map(|place| place.line);
                diagnostic.column = place.map(|place| place.column);
            }
            self.0.push((File::Definition, diagnostic));
        }
    }

    /// As the TypeScript has them.
    pub(crate) fn json(&self) -> Value {
        let one = |(file, d): &(File, Diagnostic)| {
            json!({
                "code": d.code, "column": d.column, "file": file.name(), "line": d.line,
                "message": d.message, "path": d.path, "severity": d.severity.name(),
            })
        };
        self.0.iter().map(one).collect()
    }
}

impl File {
    const fn name(self) -> &'static str {
        match self {
            File::Definition => "definition",
            File::Overlay => "overlay",
        }
    }
}

/// A definition that was read, with its overlay.
pub(crate) struct Source<'d> {
    definition: &'d [u8],
    pub(crate) guardrails: Vec<Guardrail>,
    pub(crate) overlay: Overlay,
    pub(crate) said: Said,
}

impl<'d> Source<'d> {
    /// Reads both before it gives up, so that all errors are told at once.
    pub(crate) fn read(
        definition: &'d [u8],
        overlay: Option<&[u8]>,
        choice: &Choice,
    ) -> Result<Source<'d>, Said> {
        #[cfg(feature = "fault-injection")]
        assert!(definition != FAULT_TEXT, "injected fault");
        let mut said = Said::default();
        let read = within_limit(definition)
            .and_then(|bytes| definition::read(bytes, &choice.read_options()));
        match &read {
            Ok(read) => said.add(File::Definition, &read.diagnostics),
            Err(errors) => said.add(File::Definition, errors),
        }
        let overlay = within_limit(overlay.unwrap_or_default()).and_then(Overlay::read);
        match &overlay {
            Ok(overlay) => said.add(File::Overlay, &overlay.diagnostics),
            Err(errors) => said.add(File::Overlay, errors),
        }
        match (read, overlay) {
            (Ok(read), Ok(overlay)) => Ok(Source {
                definition,
                guardrails: read.guardrails,
                overlay,
                said,
            }),
            _ => Err(said),
        }
    }

    /// Compiles what was read; what that says is added to what reading said.
    pub(crate) fn compile(&mut self, options: &CompileOptions) -> Result<Vec<u8>, Said> {
        let compiled = compile(&self.guardrails, &self.overlay, options);
        match compiled {
            Ok(Compiled {
                bundle,
                diagnostics,
            }) => {
                self.said.add_compiled(&diagnostics, self.definition);
                Ok(bundle)
            }
            Err(errors) => {
                self.said.add_compiled(&errors, self.definition);
                Err(std::mem::take(&mut self.said))
            }
        }
    }
}

fn within_limit(bytes: &[u8]) -> Result<&[u8], Diagnostics> {
    if bytes.len() <= DOCUMENT_BYTES {
        return Ok(bytes);
    }
    let message = format!(
        "the file has {} bytes; at most {DOCUMENT_BYTES} are read",
        bytes.len()
    );
    Err(Diagnostics::refusal("file-too-large", None, message))
}
