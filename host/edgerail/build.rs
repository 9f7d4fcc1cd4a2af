//! Finds the engine's WebAssembly forms, which the binary embeds.

use std::env;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

fn main() {
    println!("cargo:rerun-if-env-changed=CARGO_TARGET_DIR");
    let workspace = workspace();
    let target = env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from);
    let artifacts = workspace.join(target).join("edgerail");
    for (variable, name) in [
        ("EDGERAIL_ENGINE_WASM", "engine.wasm"),
        ("EDGERAIL_ENGINE_CWASM", "engine.cwasm"),
    ] {
        let path = artifacts.join(name);
        println!("cargo:rerun-if-changed={}", path.display());
        if !path.is_file() {
            println!(
                "cargo:error={} is missing: run `cargo xtask component` first",
                path.display()
            );
        }
        println!("cargo:rustc-env={variable}={}", path.display());
    }
    let source = workspace.join("core/engine/src");
    println!("cargo:rerun-if-changed={}", source.display());
    if modified(&artifacts.join("engine.wasm")) < newest(&source) {
        println!(
            "cargo:warning=the engine's source is newer than its WebAssembly form, so that `--engine wasm` and `--engine native` may differ: run `cargo xtask component`"
        );
    }
    // Only tests read this: the form with an injected fault is no part of the binary.
    let fault = artifacts.join("engine-fault.wasm");
    println!(
        "cargo:rustc-env=EDGERAIL_ENGINE_FAULT_WASM={}",
        fault.display()
    );
}

fn workspace() -> PathBuf {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    package
        .ancestors()
        .nth(2)
        .unwrap_or(Path::new("."))
        .to_owned()
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|meta| meta.modified()).ok()
}

/// When the newest file of a folder was changed; `None` where there is no such folder.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = folder.read_dir().ok()?.flatten();
    let times = entries.map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            newest(&path)
        } else {
            modified(&path)
        }
    });
    times.max().flatten()
}
