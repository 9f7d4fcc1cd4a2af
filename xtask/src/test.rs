//! `cargo xtask test`: everything that must hold.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::process::{cargo, run};
use crate::setup::{Toolchain, wasm_toolchain};
use crate::{Chore, component, consumers, corpus, e2e, fuzz, npm, peers, www};

pub(crate) const CHORE: Chore = Chore {
    name: "test",
    summary: "format, lints, all tests, the WebAssembly builds, the npm package, browsers",
    help: "usage: cargo xtask test [--deep]\n\n\
        Runs every check in turn and stops at the first that fails, with the command to run it again.\n\
        --deep runs the property tests with 20 times as many texts, and every fuzz target for a minute, or for as\n\
        many seconds as EDGERAIL_FUZZ_SECONDS says.",
    run: test,
};

fn test(arguments: &[&str]) -> Result<(), String> {
    let deep = match arguments {
        [] => false,
        ["--deep"] => true,
        [other, ..] => return Err(format!("unexpected argument {other:?}; try --help")),
    };
    let start = Instant::now();
    let mut done = Vec::new();
    let mut stage = |name: &'static str, work: &dyn Fn() -> Result<(), String>| {
        let start = Instant::now();
        println!("── {name}");
        work().map_err(|e| format!("{name}: {e}"))?;
        let seconds = start.elapsed().as_secs_f64();
        println!("── {name}: {seconds:.1} s\n");
        done.push((name, seconds));
        Ok::<(), String>(())
    };
    stage("format", &|| run(&mut cargo(&["fmt", "--all", "--check"])))?;
    stage("fuzz targets' versions", &fuzz::check_lock)?;
    let toolchain = wasm_toolchain()?;
    // First, because the edgerail package does not build without the component.
    stage("component", &component::build)?;
    stage("no_std", &|| no_std(toolchain))?;
    stage("lints", &|| {
        run(&mut cargo(&[
            "clippy",
            "--workspace",
            "--exclude",
            "edgerail-no-std",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]))?;
        wasm_lints()
    })?;
    stage("engine's features", &features)?;
    stage("tests", &|| {
        run(&mut cargo(&[
            "test",
            "--workspace",
            "--exclude",
            "edgerail-no-std",
            "--no-fail-fast",
        ]))
    })?;
    stage("mutation", &corpus::mutate)?;
    stage("npm package", &npm::build)?;
    stage("npm tests", &npm::test)?;
    stage("surfaces", &e2e::all)?;
    stage("peers", &|| peers::peers(&[]))?;
    stage("consumers", &|| consumers::consumers(&[]))?;
    stage("playground", &www::test)?;
    if deep {
        stage("properties", &properties)?;
        stage("fuzz", &|| fuzz::chore(&[]))?;
    }
    println!(
        "All passed in {:.1} min:",
        start.elapsed().as_secs_f64() / 60.0
    );
    for (name, seconds) in &done {
        println!("  {name:<20} {:>5.1} min", seconds / 60.0);
    }
    Ok(())
}

/// The property tests with many more texts than the ordinary run has time for.
fn properties() -> Result<(), String> {
    let tests = ["test", "--package", "edgerail-tests", "--no-fail-fast"];
    let only = [
        "--test",
        "properties",
        "--test",
        "reversible",
        "--test",
        "streams",
    ];
    let mut command = cargo(&[&tests[..], &only].concat());
    run(command.env("EDGERAIL_ROUNDS", "20"))?;
    let mut sync = cargo(&["test", "--package", "edgerail-sync", "--test", "sync"]);
    run(sync.env("EDGERAIL_ROUNDS", "20"))
}

/// The engine links with `core` and `alloc` only, and the proof fails where std is linked.
fn no_std(toolchain: Toolchain) -> Result<(), String> {
    let arguments = ["build", "--package", "edgerail-no-std", "--profile", "wasm"];
    run(&mut toolchain.wasm_cargo(&arguments))?;
    let with_std = [&arguments[..], &["--features", "std"]].concat();
    let mut command = toolchain.wasm_cargo(&with_std);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("cargo: {e}"))?;
    let message = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() && message.contains("panic_impl") {
        return Ok(());
    }
    Err(format!(
        "the proof proves nothing, for with std it gives:\n{message}"
    ))
}

/// The component's code exists only for WebAssembly. Its lints need a clippy of the toolchain that has
/// the target, and Debian's has none.
fn wasm_lints() -> Result<(), String> {
    let toolchain = wasm_toolchain()?;
    if toolchain == Toolchain::Debian {
        println!("Debian's toolchain has no clippy: the component's code is built, not linted.");
        return Ok(());
    }
    // One by one: in one build the component's `std` features would reach the proof's engine as well.
    for package in [
        "edgerail-component",
        "edgerail-no-std",
        "edgerail-wasm",
        "edgerail-wasm-payload",
        "edgerail-wasm-compile",
        "edgerail-wasm-trust",
    ] {
        let mut command: Command = toolchain.wasm_cargo(&["clippy", "--package", package]);
        run(command.args(["--no-deps", "--", "-D", "warnings"]))?;
    }
    Ok(())
}

/// Each subset of the engine's features builds without warnings.
fn features() -> Result<(), String> {
    for features in ["", "payload", "mutate"] {
        let package = [
            "clippy",
            "--package",
            "edgerail-core",
            "--no-default-features",
            "--features",
            features,
        ];
        run(&mut cargo(
            &[&package[..], &["--", "-D", "warnings"]].concat(),
        ))?;
    }
    Ok(())
}
