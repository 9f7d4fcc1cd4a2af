//! `cargo xtask consumers`: the npm package in the projects of those who use it.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{root, run};
use crate::{Chore, component, web};

pub(crate) const CHORE: Chore = Chore {
    name: "consumers",
    summary: "install the packed npm package in consumer projects, build and run them",
    help: "usage: cargo xtask consumers [NAME…] [--tarball F] [--bundle F] [--deep]\n\n\
        Installs target/npm/edgerail.tgz (made by `cargo xtask npm`) in a copy of each project of\n\
        tests/consumers, builds it and runs it in its runtime, or in Chromium and Firefox. Needs Node 20 or newer,\n\
        npm's registry at the first run, chromium and firefox-esr.\n\
        --deep also builds what takes minutes.",
    run: consumers,
};

pub(crate) fn consumers(arguments: &[&str]) -> Result<(), String> {
    web::node()?;
    web::browsers()?;
    let by_command_line = |name: &&str| ["readme", "sync"].contains(name);
    if arguments.iter().any(by_command_line) || arguments.iter().all(|a| a.starts_with("--")) {
        // The README's first step is the command line's, and so is what is published.
        component::build_command()?;
    }
    let runner: PathBuf = root().join("tests/consumers/run.mjs");
    run(Command::new("node").arg(runner).args(arguments))
}
