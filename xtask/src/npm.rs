//! `cargo xtask npm`: the npm package, from the WebAssembly modules to the tarball.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{output, root, run, target};
use crate::setup::{Toolchain, wasm_toolchain};
use crate::{Chore, no_arguments, web};

pub(crate) const CHORE: Chore = Chore {
    name: "npm",
    summary: "build the npm package: WebAssembly modules, TypeScript, tarball",
    help: "usage: cargo xtask npm\n\n\
        Builds the modules with wasm-pack and wasm-opt, prints their sizes and what is over its budget (and\n\
        fails where one has grown), builds the TypeScript, and packs target/npm/edgerail.tgz. Installs what it needs in target/tools: wasm-pack and\n\
        wasm-bindgen's command line from crates.io, wasm-opt from the npm package binaryen. Needs Node 20.",
    run: |arguments| {
        no_arguments(arguments)?;
        build()
    },
};

/// Pinned with the crate `wasm-bindgen` in `Cargo.toml`: the two speak a format of their own.
const WASM_BINDGEN: &str = "0.2.130";
const WASM_PACK: &str = "0.15.1";

/// A module of the package.
struct Module {
    /// Its name in the package.
    name: &'static str,
    /// The folder of its crate.
    folder: &'static str,
    /// The features of its crate, as cargo takes them.
    features: Option<&'static str>,
    /// How many bytes it should have at most after brotli, where the design says so.
    budget: Option<u64>,
    /// With how many the build fails: the budget or, where that is not reached yet, just above what is.
    limit: u64,
    /// How hard wasm-opt tries: what has no budget is not worth minutes.
    optimise: &'static [&'static str],
    /// Whether wasm-bindgen makes its border. The others are called by TypeScript of the package's own.
    has_glue: bool,
}

/// Of the budget of 150 KB for the engine, 25 KB are for the verification of bundles.
const MODULES: &[Module] = &[
    Module {
        name: "engine",
        folder: "wasm/npm/engine",
        features: None,
        budget: Some(125_000),
        limit: 161_500,
        // Data begins behind the stack, a mebibyte up: nothing but an overflowing stack is below 1024. Functions
        // with one caller stay on their own: small functions have small numbers of locals, which compress better.
        optimise: &[
            "-Oz",
            "--converge",
            "--low-memory-unused",
            "--one-caller-inline-max-function-size=0",
        ],
        has_glue: true,
    },
    Module {
        name: "payload",
        folder: "wasm/npm/payload",
        features: None,
        budget: Some(30_000),
        limit: 44_600,
        optimise: &["-Oz", "--converge"],
        has_glue: true,
    },
    Module {
        name: "trust",
        folder: "wasm/npm/trust",
        features: None,
        budget: Some(25_000),
        limit: 33_980,
        optimise: SMALLEST,
        has_glue: false,
    },
    Module {
        name: "trust-p256",
        folder: "wasm/npm/trust",
        features: Some("p256"),
        budget: Some(55_000),
        limit: 46_280,
        optimise: SMALLEST,
        has_glue: false,
    },
    Module {
        name: "compile",
        folder: "wasm/npm/compile",
        features: None,
        budget: None,
        limit: u64::MAX,
        optimise: &["-Os"],
        has_glue: true,
    },
];

/// For modules of which each byte counts. The section of features tells tools, not browsers, what is used.
const SMALLEST: &[&str] = &[
    "-Oz",
    "--converge",
    "--low-memory-unused",
    "--one-caller-inline-max-function-size=0",
    "--strip-target-features",
    "--reorder-functions",
];

/// What the engine needs of a processor: what every browser has since 2021.
const WASM_FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Builds everything and packs it.
pub(crate) fn build() -> Result<(), String> {
    web::node()?;
    let toolchain = wasm_toolchain()?;
    install_tools()?;
    npm_install(&package())?;
    for module in MODULES {
        build_module(toolchain, module, &package().join("dist"), false)?;
    }
    for module in MODULES {
        // Tests let it fail; it is not in the package.
        build_module(toolchain, module, &artifacts().join("fault"), true)?;
    }
    reference()?;
    run(npm(&package()).args(["run", "--silent", "build"]))?;
    pack()?;
    sizes()
}

/// The tests of the package that need no browser.
pub(crate) fn test() -> Result<(), String> {
    run(npm(&package()).args(["run", "--silent", "test"]))
}

/// The folder of the TypeScript.
pub(crate) fn package() -> PathBuf {
    root().join("wasm/npm/package")
}

/// Where the tarball is, and modules with an injected fault.
pub(crate) fn artifacts() -> PathBuf {
    target().join("npm")
}

fn tools() -> PathBuf {
    target().join("tools")
}

/// `npm` in a folder, without what it says to people and sends home.
pub(crate) fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command
        .current_dir(folder)
        .env("NO_UPDATE_NOTIFIER", "1")
        .env("npm_config_audit", "false")
        .env("npm_config_fund", "false");
    command
}

/// Installs a folder's dependencies as its lock file has them, unless that was done. Not by `npm ci`: it refuses
/// a lock file without the optional packages of other platforms, which a registry may not have.
pub(crate) fn npm_install(folder: &Path) -> Result<(), String> {
    let lock = folder.join("package-lock.json");
    let done = folder.join("node_modules/.edgerail-lock");
    let wanted = fs::read(&lock).map_err(|e| format!("{}: {e}", lock.display()))?;
    if fs::read(&done).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    let options = ["--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
    run(npm(folder).arg("install").args(options))?;
    fs::write(&done, wanted).map_err(|e| format!("{}: {e}", done.display()))
}

/// Installs a folder's dependencies, and beside them the packed package, which is built if it is not there. No lock
/// file knows its hash, which changes with every build: what is packed now is unpacked.
pub(crate) fn install_packed(folder: &Path) -> Result<(), String> {
    let tarball = artifacts().join("edgerail.tgz");
    if !tarball.is_file() {
        build()?;
    }
    npm_install(folder)?;
    let package = folder.join("node_modules/edgerail");
    let _ = fs::remove_dir_all(&package);
    fs::create_dir_all(&package).map_err(|e| format!("{}: {e}", package.display()))?;
    let mut unpack = Command::new("tar");
    unpack.arg("-xzf").arg(&tarball).arg("-C").arg(&package);
    run(unpack.arg("--strip-components=1"))
}

fn install_tools() -> Result<(), String> {
    install_tool("wasm-bindgen", "wasm-bindgen-cli", WASM_BINDGEN)?;
    install_tool("wasm-pack", "wasm-pack", WASM_PACK)
}

fn install_tool(program: &str, package: &str, version: &str) -> Result<(), String> {
    let have = output(Command::new(tools().join("bin").join(program)).arg("--version"));
    if have.is_some_and(|have| have.split_whitespace().any(|word| word == version)) {
        return Ok(());
    }
    println!("Installing {package} {version} (a minute or two).");
    let mut install = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    install.current_dir(root()).args(["install", package]);
    install.args(["--version", &format!("={version}"), "--root"]);
    install.arg(tools());
    // They run for seconds and are built for minutes: unoptimised is quicker as a whole.
    install.args(["--debug", "--quiet", "--target-dir"]);
    run(install.arg(tools().join("build")))
}

/// Builds a module: the glue goes to the package's sources, the module to `to`. One with an injected fault is for tests, and leaves
/// no glue.
fn build_module(
    toolchain: Toolchain,
    module: &Module,
    to: &Path,
    has_fault: bool,
) -> Result<(), String> {
    let fault = has_fault.then_some("fault-injection");
    let features: Vec<&str> = module.features.into_iter().chain(fault).collect();
    let made = if module.has_glue {
        with_glue(toolchain, module, &features)?
    } else {
        without_glue(toolchain, module, &features)?
    };
    fs::create_dir_all(to).map_err(|e| format!("{}: {e}", to.display()))?;
    let mut optimise = Command::new(package().join("node_modules/binaryen/bin/wasm-opt"));
    optimise
        .args(module.optimise)
        .args(["--strip-debug", "--strip-producers"])
        .args(WASM_FEATURES)
        .arg(made)
        .arg("-o")
        .arg(to.join(format!("{}.wasm", module.name)));
    run(&mut optimise)?;
    if has_fault || !module.has_glue {
        return Ok(());
    }
    let generated = package().join("src/generated");
    fs::create_dir_all(&generated).map_err(|e| format!("{}: {e}", generated.display()))?;
    for extension in ["js", "d.ts"] {
        let name = format!("{}.{extension}", module.name);
        let from = artifacts().join(module.name).join(&name);
        fs::copy(from, generated.join(&name)).map_err(|e| format!("{name}: {e}"))?;
    }
    Ok(())
}

/// Builds a module by wasm-pack; gives where it is.
fn with_glue(toolchain: Toolchain, module: &Module, features: &[&str]) -> Result<PathBuf, String> {
    let made = artifacts().join(module.name);
    let mut pack = toolchain.wrapped(&tools().join("bin/wasm-pack"), &[&tools().join("bin")])?;
    pack.current_dir(root())
        .env("CARGO_TARGET_DIR", target().join("wasm"))
        .args(["build", module.folder, "--target", "web"])
        .args(["--profile", "npm", "--mode", "no-install"])
        .args(["--no-opt", "--no-pack", "--out-name", module.name])
        .arg("--out-dir")
        .arg(&made)
        .args(features.iter().flat_map(|name| ["--features", name]));
    run(&mut pack)?;
    Ok(made.join(format!("{}_bg.wasm", module.name)))
}

/// Builds a module that has no glue; gives where it is.
fn without_glue(
    toolchain: Toolchain,
    module: &Module,
    features: &[&str],
) -> Result<PathBuf, String> {
    let package = format!(
        "edgerail-wasm-{}",
        module.folder.trim_start_matches("wasm/npm/")
    );
    let options = [
        "build",
        "--quiet",
        "--profile",
        "npm",
        "--package",
        &package,
    ];
    let features = features.iter().flat_map(|name| ["--features", name]);
    let arguments: Vec<&str> = options.into_iter().chain(features).collect();
    run(&mut toolchain.wasm_cargo(&arguments))?;
    let made = target().join("wasm/wasm32-unknown-unknown/npm");
    Ok(made.join(format!("{}.wasm", package.replace('-', "_"))))
}

/// What the native compiler gives, for tests: the package's gives the same.
fn reference() -> Result<(), String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.current_dir(root()).args(["run", "--quiet"]);
    cargo.args([
        "--package",
        "edgerail-judge",
        "--example",
        "reference",
        "--",
    ]);
    run(cargo.arg(artifacts().join("reference.json")))
}

/// Packs the package as npm would publish it, under a name without a version.
fn pack() -> Result<(), String> {
    let mut pack = npm(&package());
    pack.args(["pack", "--silent", "--pack-destination"])
        .arg(artifacts());
    let name = output(&mut pack).ok_or("npm pack failed")?;
    let name = name.trim().lines().last().unwrap_or_default().to_owned();
    let (from, to) = (artifacts().join(name), artifacts().join("edgerail.tgz"));
    fs::rename(&from, &to).map_err(|e| format!("{}: {e}", from.display()))
}

/// Prints the modules' sizes; fails above a limit.
fn sizes() -> Result<(), String> {
    let mut too_large = Vec::new();
    println!(
        "{:<10} {:>9} {:>9} {:>9}",
        "module", "raw", "gzip", "brotli"
    );
    for module in MODULES {
        let path = package().join("dist").join(format!("{}.wasm", module.name));
        let mut measure = Command::new("node");
        measure.arg(package().join("scripts/size.mjs")).arg(&path);
        let text = output(&mut measure).ok_or_else(|| format!("{}: no size", path.display()))?;
        let sizes: Vec<u64> = text
            .split_whitespace()
            .filter_map(|n| n.parse().ok())
            .collect();
        let [raw, gzip, brotli] = sizes[..] else {
            return Err(format!("sizes of {} are {text:?}", module.name));
        };
        let budget = match module.budget {
            Some(budget) if brotli > budget => format!("  over the budget of {budget}"),
            Some(budget) => format!("  within the budget of {budget}"),
            None => String::new(),
        };
        println!("{:<10} {raw:>9} {gzip:>9} {brotli:>9}{budget}", module.name);
        if brotli > module.limit {
            too_large.push(module.name);
        }
    }
    if too_large.is_empty() {
        return Ok(());
    }
    Err(format!(
        "larger than before: {}; docs/size.md says what counts",
        too_large.join(", ")
    ))
}
