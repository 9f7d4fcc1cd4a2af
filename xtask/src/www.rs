//! `cargo xtask www`: the playground.

use std::path::PathBuf;
use std::process::Command;

use crate::npm::{self, npm};
use crate::process::{root, run};
use crate::{Chore, web};

pub(crate) const CHORE: Chore = Chore {
    name: "www",
    summary: "build the playground and serve it",
    help: "usage: cargo xtask www [--port N | --check | --test]\n\n\
        Builds the site in www/dist with the packed npm package (built first if it is not there) and serves it\n\
        on the loopback interface, with the headers that a host should send.\n\n  \
        --port N  the port; 4173 unless given\n  \
        --check   checks the types and builds, and serves nothing\n  \
        --test    builds and tries the site in Chromium and Firefox; screenshots in target/www/screenshots\n\n\
        Needs Node 20; --test installs chromium and firefox-esr where it can.",
    run: |arguments| match arguments {
        [] => serve("4173"),
        ["--port", port] => serve(port),
        ["--check"] => build(),
        ["--test"] => test(),
        other => Err(format!("unexpected arguments {other:?}; try --help")),
    },
};

fn site() -> PathBuf {
    root().join("www")
}

/// Installs what the site needs, the packed package among it, checks the types and builds.
pub(crate) fn build() -> Result<(), String> {
    web::node()?;
    npm::install_packed(&site())?;
    run(npm(&site()).args(["run", "--silent", "build"]))
}

fn serve(port: &str) -> Result<(), String> {
    port.parse::<u16>()
        .map_err(|_| format!("{port:?} is no port"))?;
    build()?;
    run(Command::new("node")
        .current_dir(site())
        .args(["serve.mjs", "--port", port]))
}

/// The end-to-end tests, in both browsers.
pub(crate) fn test() -> Result<(), String> {
    web::browsers()?;
    build()?;
    run(npm(&site()).args(["run", "--silent", "test"]))
}
