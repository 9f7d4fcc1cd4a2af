//! Makes a component of the engine's core module, checks that it imports nothing, and compiles it ahead
//! of time for a target's baseline processor. `cargo xtask component` calls it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use wasmparser::{Parser, Payload, Validator, WasmFeatures};
use wasmtime::Engine;
use wit_component::ComponentEncoder;

const USAGE: &str =
    "usage: edgerail-precompile CORE.wasm COMPONENT.wasm [PRECOMPILED.cwasm TARGET]";

/// What the component must export.
const INTERFACE: &str = "edgerail:guardrail/evaluation@";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [core, component] => make_component(Path::new(core), Path::new(component)).map(drop),
        [core, component, compiled, target] => {
            make_component(Path::new(core), Path::new(component))
                .and_then(|bytes| precompile(&bytes, &PathBuf::from(compiled), target))
        }
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            #[allow(clippy::print_stderr, reason = "a command-line tool's error message")]
            {
                eprintln!("error: {message}");
            }
            ExitCode::from(2)
        }
    }
}

fn make_component(core: &Path, component: &Path) -> Result<Vec<u8>, String> {
    let module = std::fs::read(core).map_err(|e| format!("{}: {e}", core.display()))?;
    let bytes = encode(&module).map_err(|e| format!("{}: {e}", core.display()))?;
    write(component, &bytes)?;
    Ok(bytes)
}

/// Wraps a core module that carries its WIT world, and validates the result.
fn encode(module: &[u8]) -> Result<Vec<u8>, String> {
    let encoder = ComponentEncoder::default()
        .module(module)
        .map_err(|e| format!("is no guest of a WIT world: {e:#}"))?;
    let bytes = encoder
        .validate(true)
        .encode()
        .map_err(|e| format!("cannot become a component: {e:#}"))?;
    // A module without a WIT world becomes an empty component, which would be valid.
    if !bytes
        .windows(INTERFACE.len())
        .any(|part| part == INTERFACE.as_bytes())
    {
        return Err(format!("does not export {INTERFACE}"));
    }
    let imports = imports(&bytes)?;
    if imports.is_empty() {
        Ok(bytes)
    } else {
        let names = imports.join(", ");
        Err(format!(
            "imports {names}, but the engine must import nothing"
        ))
    }
}

/// What a component asks of its host.
fn imports(component: &[u8]) -> Result<Vec<String>, String> {
    Validator::new_with_features(WasmFeatures::default())
        .validate_all(component)
        .map_err(|e| format!("is not valid: {e}"))?;
    let mut names = Vec::new();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|e| format!("cannot be read: {e}"))? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            // The end of a nested module or component; the outermost one's is the last payload.
            Payload::End(_) => depth = depth.saturating_sub(1),
            // What a nested module imports is given by the component around it.
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let import = import.map_err(|e| format!("cannot be read: {e}"))?;
                    names.push(import.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(names)
}

fn precompile(component: &[u8], output: &Path, target: &str) -> Result<(), String> {
    let config = edgerail_wasm_config::baseline(target).map_err(|e| format!("{target}: {e:#}"))?;
    let engine = Engine::new(&config).map_err(|e| format!("{target}: {e:#}"))?;
    let compiled = engine
        .precompile_component(component)
        .map_err(|e| format!("{}: {e:#}", output.display()))?;
    write(output, &compiled)
}

/// Writes a file only if its content changes, so that what embeds it is not built again for nothing.
fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    std::fs::write(path, bytes).map_err(|e| format!("{}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component that imports one function, in the binary format: preamble, a type section with
    /// `func()`, an import section with `clock` of that type.
    const WITH_IMPORT: &[u8] = &[
        0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00, // preamble of a component
        0x07, 0x05, 0x01, 0x40, 0x00, 0x01, 0x00, // type section: func() without results
        0x0a, 0x0a, 0x01, 0x00, 0x05, b'c', b'l', b'o', b'c', b'k', 0x01, 0x00,
    ];

    #[test]
    fn an_import_is_seen() {
        assert_eq!(imports(WITH_IMPORT).unwrap(), ["clock"]);
        assert_eq!(imports(&WITH_IMPORT[..8]).unwrap(), [""; 0]);
    }

    #[test]
    fn what_is_no_guest_is_refused() {
        let empty_module = b"\0asm\x01\0\0\0";
        assert!(encode(empty_module).is_err());
        assert!(encode(b"text").is_err());
        assert!(encode(WITH_IMPORT).is_err());
    }

    #[test]
    fn an_unknown_target_is_refused() {
        let error = precompile(&[], Path::new("unused"), "pdp11-unknown-unix").unwrap_err();
        assert!(error.contains("pdp11"), "{error}");
    }
}
