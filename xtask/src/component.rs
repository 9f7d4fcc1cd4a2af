//! `cargo xtask component`: the engine's WebAssembly forms.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::process::{artifacts, cargo, output, run, target};
use crate::setup::{Toolchain, wasm_toolchain};
use crate::{Chore, no_arguments};

pub(crate) const CHORE: Chore = Chore {
    name: "component",
    summary: "build the engine for WebAssembly: component and precompiled code",
    help: "usage: cargo xtask component\n\n\
        Builds what the edgerail binary embeds, in target/edgerail:\n  \
        engine.wasm        the component; it imports nothing\n  \
        engine.cwasm       the same, compiled for this platform's baseline processor\n  \
        engine-fault.wasm  a component with an injected fault, for tests",
    run: |arguments| {
        no_arguments(arguments)?;
        build()
    },
};

/// Builds the component and the command with it.
pub(crate) fn build_command() -> Result<(), String> {
    build()?;
    build_program("edgerail")
}

/// Builds a program with the whole workspace's features, as all else is built: alone, wasmtime would have others and be
/// compiled once more, which takes minutes.
fn build_program(name: &str) -> Result<(), String> {
    let all = ["build", "--workspace", "--exclude", "edgerail-no-std"];
    run(&mut cargo(&[&all[..], &["--bin", name]].concat()))
}

/// Builds all forms and prints their sizes.
pub(crate) fn build() -> Result<(), String> {
    let toolchain = wasm_toolchain()?;
    let artifacts = artifacts();
    let core = artifacts.join("core.wasm");
    let fault = artifacts.join("core-fault.wasm");
    build_core(toolchain, &[], &core)?;
    build_core(toolchain, &["--features", "fault-injection"], &fault)?;
    build_program("edgerail-precompile")?;
    let precompile = target().join("debug/edgerail-precompile");
    let host = host_triple()?;
    let mut encode = Command::new(&precompile);
    encode.args([
        &core,
        &artifacts.join("engine.wasm"),
        &artifacts.join("engine.cwasm"),
    ]);
    run(encode.arg(&host))?;
    let mut encode = Command::new(&precompile);
    run(encode.args([&fault, &artifacts.join("engine-fault.wasm")]))?;
    report(&core, "core module");
    report(&artifacts.join("engine.wasm"), "component");
    report(
        &artifacts.join("engine.cwasm"),
        &format!("precompiled for {host}"),
    );
    Ok(())
}

fn build_core(toolchain: Toolchain, features: &[&str], output: &Path) -> Result<(), String> {
    let arguments = [
        "build",
        "--package",
        "edgerail-component",
        "--profile",
        "wasm",
    ];
    run(&mut toolchain.wasm_cargo(&[&arguments, features].concat()))?;
    let built = target().join("wasm/wasm32-unknown-unknown/wasm/edgerail_component.wasm");
    fs::copy(&built, output).map_err(|e| format!("{}: {e}", built.display()))?;
    Ok(())
}

fn host_triple() -> Result<String, String> {
    let version = output(Command::new("rustc").arg("-vV")).ok_or("rustc -vV failed")?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc -vV names no host")?.to_owned())
}

fn report(path: &Path, what: &str) {
    let bytes = fs::metadata(path).map_or(0, |metadata| metadata.len());
    let packed = gzip_bytes(path).map_or(String::new(), |n| format!(", gzip {n}"));
    println!("{what}: {bytes} bytes{packed}");
}

/// The size after `gzip -9`, where there is a gzip.
fn gzip_bytes(path: &Path) -> Option<usize> {
    let mut gzip = Command::new("gzip");
    let output = gzip
        .args(["-9", "-c"])
        .arg(path)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then_some(output.stdout.len())
}
