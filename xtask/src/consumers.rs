//! `cargo xtask consumers`: the npm package in the projects of those who use it.

use std::path::PathBuf;
use std::process::Command;

use crate::Chore;
use crate::process::{output, root, run};

pub(crate) const CHORE: Chore = Chore {
    name: "consumers",
    summary: "install the packed npm package in consumer projects, build and run them",
    help: "usage: cargo xtask consumers [NAME…] [--tarball F] [--bundle F]\n\n\
        Installs target/npm/edgerail-*.tgz (made by `cargo xtask npm`) in a copy of each project of\n\
        tests/consumers, builds it and runs it in its runtime, or in Chromium and Firefox. Needs Node 20 or newer,\n\
        npm's registry at the first run, chromium and firefox-esr.",
    run: consumers,
};

/// The oldest Node that runs them.
const NODE: u32 = 20;

pub(crate) fn consumers(arguments: &[&str]) -> Result<(), String> {
    node()?;
    let runner: PathBuf = root().join("tests/consumers/run.mjs");
    run(Command::new("node").arg(runner).args(arguments))
}

/// Node is there and new enough.
fn node() -> Result<(), String> {
    let version = output(Command::new("node").arg("--version"))
        .ok_or("node is missing: install Node.js 20 or newer, with npm")?;
    let major = version.trim().trim_start_matches('v').split('.').next();
    let major: Option<u32> = major.and_then(|text| text.parse().ok());
    if major.is_none_or(|major| major < NODE) {
        return Err(format!(
            "node is {}: install {NODE} or newer",
            version.trim()
        ));
    }
    Ok(())
}
