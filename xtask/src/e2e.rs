//! `cargo xtask e2e`: the npm package in Node, Chromium, Firefox and workerd.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use crate::npm;
use crate::process::{cargo, root, run, target};
use crate::{Chore, component, web};

pub(crate) const CHORE: Chore = Chore {
    name: "e2e",
    summary: "the corpus, bad input and traps on the packed npm package, in Node and browsers",
    help: "usage: cargo xtask e2e [NAME…]\n\n\
        Runs tests/e2e/test/NAME.test.mjs, all without a NAME:\n  \
        corpus         the corpus in Node, Chromium, Firefox and workerd is byte for byte the native engine's\n  \
        bad-input      bundles, texts and arguments that are none\n  \
        platform       where WebAssembly cannot be had, and every way of getting it\n  \
        traps          a trap never bricks a page; memory\n  \
        server-import  importing the package does nothing\n  \
        ui-worker      the client of an engine in a worker: crashes, timeouts, cancelling\n  \
        ui-form        the form guard as people use it\n  \
        ui-react       the hook, in React 18 and 19\n  \
        sync           a published policy: reloads, several tabs, storage that is denied, evicted or spoilt\n\n\
        EDGERAIL_SURFACES=node,chromium,firefox chooses surfaces. Uses target/npm/edgerail.tgz, which\n\
        `cargo xtask npm` makes; it is made if it is not there. Needs Node 20; installs chromium and firefox-esr\n\
        where it can.",
    run: chore,
};

/// The tests, in the order in which they run.
const TESTS: [&str; 9] = [
    "server-import",
    "corpus",
    "bad-input",
    "platform",
    "traps",
    "ui-worker",
    "ui-form",
    "ui-react",
    "sync",
];

fn chore(arguments: &[&str]) -> Result<(), String> {
    let unknown = arguments.iter().find(|name| !TESTS.contains(name));
    if let Some(unknown) = unknown {
        let all = TESTS.join(", ");
        return Err(format!("there is no test {unknown:?}; there are {all}"));
    }
    test(if arguments.is_empty() {
        &TESTS
    } else {
        arguments
    })
}

/// Runs all tests.
pub(crate) fn all() -> Result<(), String> {
    test(&TESTS)
}

fn folder() -> PathBuf {
    root().join("tests/e2e")
}

fn test(names: &[&str]) -> Result<(), String> {
    prepare()?;
    for name in names {
        let start = Instant::now();
        let mut node = Command::new("node");
        node.current_dir(folder())
            .env("CARGO_TARGET_DIR", target())
            .args(["--test", "--test-reporter=spec"])
            .arg(format!("test/{name}.test.mjs"));
        run(&mut node)?;
        println!("{name}: {:.0} s", start.elapsed().as_secs_f64());
    }
    Ok(())
}

/// Installs what the tests need, the packed package among it, and exports the corpus.
fn prepare() -> Result<(), String> {
    web::node()?;
    web::browsers()?;
    npm::install_packed(&folder())?;
    let export = ["run", "--quiet", "--package", "edgerail-tests"];
    let mut export = cargo(&[&export[..], &["--bin", "export", "--"]].concat());
    run(export.arg(target().join("e2e/corpus")))
}

/// Measures the engine in Chromium and Node against wasmtime; `tests/e2e/bench.mjs` takes the arguments.
pub(crate) fn bench(arguments: &[&str]) -> Result<(), String> {
    component::build()?;
    prepare()?;
    let build = ["build", "--package", "edgerail-bench"];
    run(&mut cargo(
        &[&build[..], &["--profile", "bench-ratio"]].concat(),
    ))?;
    let mut node = Command::new("node");
    node.current_dir(folder())
        .env("CARGO_TARGET_DIR", target())
        .arg("bench.mjs")
        .args(arguments);
    run(&mut node)
}
