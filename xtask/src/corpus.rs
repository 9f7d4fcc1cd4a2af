//! `cargo xtask corpus`: the corpus on every surface, or the engine with a rule off on the corpus.

use crate::process::{cargo, run};
use crate::{Chore, component};

pub(crate) const CHORE: Chore = Chore {
    name: "corpus",
    summary: "the corpus natively and in wasmtime",
    help: "usage: cargo xtask corpus [--mutate]\n\n\
        Runs every row of tests/corpus on the native engine and on the component under wasmtime.\n\
        --mutate switches every rule of the engine off in turn instead: at least one row must fail.",
    run: corpus,
};

fn corpus(arguments: &[&str]) -> Result<(), String> {
    match arguments {
        [] => {
            component::build()?;
            let tests = ["test", "--package", "edgerail-tests"];
            run(&mut cargo(
                &[&tests[..], &["--test", "native", "--test", "wasmtime"]].concat(),
            ))
        }
        ["--mutate"] => mutate(),
        [other, ..] => Err(format!("unexpected argument {other:?}; try --help")),
    }
}

/// Fails if some rule can be switched off without a row of the corpus noticing.
pub(crate) fn mutate() -> Result<(), String> {
    let run_it = [
        "run",
        "--package",
        "edgerail-tests",
        "--features",
        "mutate",
        "--bin",
        "mutate",
    ];
    run(&mut cargo(&run_it))
}
