//! `cargo xtask bench`: measures the budgets.

use crate::process::{cargo, run};
use crate::{Chore, component, e2e};

pub(crate) const CHORE: Chore = Chore {
    name: "bench",
    summary: "measure the budgets of the design against rivals, in one run",
    help: "usage: cargo xtask bench [--quick] [--native] [--only NAME]... [--check] [--json FILE]\n                         \
        [--csv FILE] [--verbose]\n       \
        cargo xtask bench --browser [--rounds N] [--csv FILE] [--only trust|visit]\n\n  \
        --quick      fewer and shorter rounds\n  \
        --native     leave WebAssembly out\n  \
        --only NAME  this benchmark alone; a wrong name lists them all\n  \
        --check      fail if a budget is missed, something is left out or the texts differ\n  \
        --json FILE  write the record, also --csv FILE\n  \
        --verbose    show findings that should not be there\n  \
        --browser    the engine in Chromium and Node against wasmtime, and what a first visit costs\n\n\
        docs/benchmarks.md explains the rows.",
    run: |arguments| {
        if let Some((&"--browser", rest)) = arguments.split_first() {
            return e2e::bench(rest);
        }
        if !arguments.contains(&"--native") {
            component::build()?;
        }
        let build = ["run", "--quiet", "--package", "edgerail-bench"];
        let profile = ["--profile", "bench-ratio", "--"];
        run(&mut cargo(&[&build[..], &profile, arguments].concat()))
    },
};
