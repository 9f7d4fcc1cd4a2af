//! Where a command's guardrails come from.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use clap::parser::ValueSource;
use edgerail_compile::definition::{self, Guardrail, ReadOptions};
use edgerail_compile::diagnostic::{Diagnostics, Severity};
use edgerail_compile::overlay::Overlay;
use edgerail_compile::{CompileOptions, compile};
use edgerail_core::Trust;

use super::error::{CliError, report_diagnostics, say};
use super::sync::PinArgs;
use crate::runtime::{Evaluator, Guard, Module, Native, Runtime, RuntimeOptions};

/// The longest definition or overlay that is read. A template with its comments is a fraction of it.
const DEFINITION_BYTES: usize = 16 << 20;

/// `K=V` of `--parameter`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    key: String,
    value: String,
}

impl core::str::FromStr for Parameter {
    type Err = String;

    fn from_str(text: &str) -> Result<Parameter, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Parameter {
                key: key.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("write it as NAME=VALUE".to_owned()),
        }
    }
}

/// How a definition is read.
pub(super) fn read_options(name: Option<&str>, parameters: &[Parameter]) -> ReadOptions {
    let pairs = parameters.iter();
    ReadOptions {
        parameters: pairs.map(|p| (p.key.clone(), p.value.clone())).collect(),
        name: name.map(str::to_owned),
    }
}

/// A whole file of at most `limit` bytes.
pub(super) fn read_file(path: &Path, limit: usize) -> Result<Vec<u8>, CliError> {
    let wrong = |error: std::io::Error| CliError::file(path, &error);
    let file = File::open(path).map_err(wrong)?;
    if file.metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err(wrong(std::io::ErrorKind::IsADirectory.into()));
    }
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    file.take(most).read_to_end(&mut bytes).map_err(wrong)?;
    if bytes.len() > limit {
        let message = format!("is longer than {limit} bytes");
        return Err(CliError::new(
            "too_large",
            path.display().to_string(),
            message,
        ));
    }
    Ok(bytes)
}

/// Reads the guardrails of a definition; what the reader has to say goes to `diagnostics`.
pub(super) fn read_definition(
    path: &Path,
    options: &ReadOptions,
) -> Result<(Vec<Guardrail>, Diagnostics), CliError> {
    let bytes = read_file(path, DEFINITION_BYTES)?;
    match definition::read(&bytes, options) {
        Ok(read) => Ok((read.guardrails, read.diagnostics)),
        Err(errors) => Err(CliError::Diagnostics(path.display().to_string(), errors)),
    }
}

/// Reads an overlay; no file is an empty one. What it warns of is in it, to be told by whoever asks.
pub(super) fn read_overlay(path: Option<&Path>) -> Result<Overlay, CliError> {
    let Some(path) = path else {
        return Ok(Overlay::default());
    };
    let bytes = read_file(path, DEFINITION_BYTES)?;
    Overlay::read(&bytes)
        .map_err(|errors| CliError::Diagnostics(path.display().to_string(), errors))
}

/// Reads an overlay and tells what it warns of.
pub(super) fn read_overlay_aloud(path: Option<&Path>) -> Result<Overlay, CliError> {
    let overlay = read_overlay(path)?;
    if let Some(path) = path {
        report_diagnostics(&path.display().to_string(), &overlay.diagnostics);
    }
    Ok(overlay)
}

/// A bundle, not in an engine yet.
pub(super) struct Loaded {
    bundle: Vec<u8>,
    trust: Trust,
    /// The file it is or comes from.
    place: String,
    /// Every request is to be blocked, because the bundle is staler than it may be.
    deny: bool,
}

impl Loaded {
    /// A bundle that is at hand.
    pub(super) fn new(bundle: Vec<u8>, trust: Trust, place: impl Into<String>) -> Loaded {
        Loaded {
            bundle,
            trust,
            place: place.into(),
            deny: false,
        }
    }

    /// The bundle's bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bundle
    }

    /// The file it is or comes from.
    pub(super) fn place(&self) -> &str {
        &self.place
    }
}

/// Which guardrails to evaluate.
#[derive(Debug, clap::Args)]
pub(super) struct PolicyArgs {
    /// The compiled bundle to evaluate
    #[arg(long, value_name = "FILE", env = "EDGERAIL_BUNDLE")]
    bundle: Option<PathBuf>,
    /// The guardrail definition to compile and evaluate: a CreateGuardrail or UpdateGuardrail body, a
    /// GetGuardrail response, a CloudFormation template, `terraform show -json` output
    #[arg(long, value_name = "FILE", env = "EDGERAIL_GUARDRAIL")]
    guardrail: Option<PathBuf>,
    /// The overlay beside the definition (TOML or JSON)
    #[arg(long, value_name = "FILE", env = "EDGERAIL_OVERLAY")]
    overlay: Option<PathBuf>,
    /// The guardrail to take from a definition file of several; all of them otherwise
    #[arg(long, env = "EDGERAIL_NAME")]
    name: Option<String>,
    /// A value for a template parameter; in the variable, one a line
    #[arg(
        long,
        value_name = "NAME=VALUE",
        env = "EDGERAIL_PARAMETER",
        value_delimiter = '\n'
    )]
    parameter: Vec<Parameter>,
    /// The state folder of `edgerail sync` whose bundle to evaluate, verified from --root
    #[arg(long, value_name = "DIR", env = "EDGERAIL_SYNC_STATE")]
    sync_state: Option<PathBuf>,
    #[command(flatten)]
    pins: PinArgs,
}

impl PolicyArgs {
    /// The bundle, read or compiled.
    pub(super) fn load(&self, matches: Option<&ArgMatches>) -> Result<Loaded, CliError> {
        let sources = [
            ("bundle", self.bundle.is_some()),
            ("guardrail", self.guardrail.is_some()),
            ("sync_state", self.sync_state.is_some()),
        ];
        let given: Vec<&str> = sources
            .iter()
            .filter(|(_, given)| *given)
            .map(|(id, _)| *id)
            .collect();
        // What stands on the command line wins over the environment.
        let typed =
            |id: &&str| matches.and_then(|m| m.value_source(id)) == Some(ValueSource::CommandLine);
        let chosen = match given.as_slice() {
            [one] => Some(*one),
            several => {
                let mut typed = several.iter().copied().filter(typed);
                typed.next().filter(|_| typed.next().is_none())
            }
        };
        match (chosen, &self.bundle, &self.guardrail, &self.sync_state) {
            (Some("bundle"), Some(bundle), ..) => self.read_bundle(bundle),
            (Some("guardrail"), _, Some(definition), _) => self.compile(definition),
            (Some("sync_state"), _, _, Some(state)) => self.synced(state),
            _ if given.is_empty() => Err(CliError::new(
                "usage",
                "arguments",
                "no guardrail is given; give --bundle FILE or --guardrail FILE",
            )),
            _ => {
                let options: Vec<String> = given
                    .iter()
                    .map(|id| format!("--{}", id.replace('_', "-")))
                    .collect();
                let all = if options.len() == 2 { "both" } else { "all" };
                Err(CliError::new(
                    "usage",
                    options.join(" and "),
                    format!("{all} are given; give one of them"),
                ))
            }
        }
    }

    /// What came through the verifying client: the only bundle whose decisions say `verified`.
    fn synced(&self, state: &Path) -> Result<Loaded, CliError> {
        let stored = super::sync::stored(state, &self.pins)?;
        Ok(Loaded {
            bundle: stored.bundle,
            trust: Trust::Verified,
            place: state.display().to_string(),
            deny: stored.deny,
        })
    }

    fn read_bundle(&self, path: &Path) -> Result<Loaded, CliError> {
        let unused = [
            ("--overlay", self.overlay.is_some()),
            ("--name", self.name.is_some()),
            ("--parameter", !self.parameter.is_empty()),
        ];
        for (option, _) in unused.iter().filter(|(_, given)| *given) {
            say(&format!(
                "warning: {option}: has no effect on a compiled bundle; give it to `edgerail compile`"
            ));
        }
        let place = path.display().to_string();
        Ok(Loaded {
            bundle: read_bundle(path)?,
            trust: Trust::Unverified,
            place,
            deny: false,
        })
    }

    fn compile(&self, path: &Path) -> Result<Loaded, CliError> {
        let options = read_options(self.name.as_deref(), &self.parameter);
        let overlay = read_overlay_aloud(self.overlay.as_deref())?;
        let (guardrails, mut diagnostics) = read_definition(path, &options)?;
        let file = path.display().to_string();
        match compile(&guardrails, &overlay, &CompileOptions::default()) {
            Ok(compiled) => {
                diagnostics.append(compiled.diagnostics);
                report_diagnostics(&file, &diagnostics);
                Ok(Loaded {
                    bundle: compiled.bundle,
                    trust: Trust::Local,
                    place: file,
                    deny: false,
                })
            }
            Err(errors) => {
                diagnostics.append(errors);
                Err(CliError::Diagnostics(file, diagnostics))
            }
        }
    }
}

/// A bundle, and the definitions with their overlay if it was compiled from them.
pub(super) struct Side {
    pub(super) loaded: Loaded,
    pub(super) source: Option<(Vec<Guardrail>, Overlay)>,
}

/// Reads a file that is a bundle or a definition: a bundle begins with its magic bytes.
pub(super) fn read_side(
    path: &Path,
    overlay: Option<&Path>,
    overlay_option: &str,
    options: &ReadOptions,
) -> Result<Side, CliError> {
    let bytes = read_file(path, DEFINITION_BYTES)?;
    let place = path.display().to_string();
    let is_bundle = bytes.starts_with(&edgerail_core::bundle::MAGIC)
        || path.extension().is_some_and(|ending| ending == "bundle");
    if is_bundle {
        if overlay.is_some() {
            let message = "has no effect on a compiled bundle; give it to `edgerail compile`";
            return Err(CliError::new("usage", overlay_option, message));
        }
        let loaded = Loaded {
            bundle: bytes,
            trust: Trust::Unverified,
            place,
            deny: false,
        };
        return Ok(Side {
            loaded,
            source: None,
        });
    }
    let overlay = read_overlay_aloud(overlay)?;
    let wrong = |errors| CliError::Diagnostics(place.clone(), errors);
    let read = definition::read(&bytes, options).map_err(wrong)?;
    let mut diagnostics = read.diagnostics;
    let compiled = compile(&read.guardrails, &overlay, &CompileOptions::default());
    let compiled = compiled.map_err(|errors| {
        diagnostics.append(errors);
        CliError::Diagnostics(place.clone(), std::mem::take(&mut diagnostics))
    })?;
    diagnostics.append(compiled.diagnostics);
    // Lints are advice about one version; what has no effect matters to whoever compares two.
    let mut warnings = Diagnostics::new();
    let told = diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Warning);
    told.for_each(|warning| warnings.push(warning.clone()));
    report_diagnostics(&place, &warnings);
    let loaded = Loaded {
        bundle: compiled.bundle,
        trust: Trust::Local,
        place,
        deny: false,
    };
    Ok(Side {
        loaded,
        source: Some((read.guardrails, overlay)),
    })
}

/// Reads a bundle's bytes. That they are a bundle, the engine says.
pub(super) fn read_bundle(path: &Path) -> Result<Vec<u8>, CliError> {
    read_file(path, edgerail_core::bundle::MAX_BYTES)
}

/// What the engine runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum EngineKind {
    /// In WebAssembly, with bounded memory and time
    Wasm,
    /// As native code
    Native,
}

impl EngineKind {
    /// The name on the command line.
    pub(super) const fn name(self) -> &'static str {
        match self {
            EngineKind::Wasm => "wasm",
            EngineKind::Native => "native",
        }
    }
}

/// Loads a bundle in the engine chosen.
pub(super) fn evaluator(
    kind: EngineKind,
    Loaded {
        bundle,
        trust,
        place,
        deny,
    }: &Loaded,
    options: RuntimeOptions,
) -> Result<Evaluator, CliError> {
    let wrong =
        |error: crate::runtime::RuntimeError| CliError::new("bundle", place, error.to_string());
    if *deny {
        // Nothing is evaluated, so that it does not matter what would have done it.
        let native = Native::load(bundle, *trust).map_err(wrong)?;
        return Ok(Evaluator::Native(Box::new(native.denying())));
    }
    match kind {
        EngineKind::Native => Native::load(bundle, *trust)
            .map(|native| Evaluator::Native(Box::new(native)))
            .map_err(wrong),
        EngineKind::Wasm => {
            let runtime = Arc::new(Runtime::new(options).map_err(wrong)?);
            let module = Module::embedded(&runtime, &mut |why| say(&format!("warning: {why}")));
            let module = module.map_err(wrong)?;
            let guard = Guard::load(&runtime, &module, bundle.as_slice(), *trust);
            guard
                .map(|guard| Evaluator::Wasm(Box::new(guard)))
                .map_err(wrong)
        }
    }
}
