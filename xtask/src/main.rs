//! Set-up and chores of the repository; `cargo xtask --help` lists them.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool's report and messages"
)]

mod bench;
mod component;
mod consumers;
mod corpus;
mod demo;
mod e2e;
mod fuzz;
mod npm;
mod packages;
mod peers;
mod process;
mod setup;
mod test;
mod unicode;
mod views;
mod web;
mod www;

use std::process::ExitCode;

/// A chore: its name, what `--help` says about it, and what it does with its arguments.
struct Chore {
    name: &'static str,
    summary: &'static str,
    help: &'static str,
    run: fn(&[&str]) -> Result<(), String>,
}

/// A new chore is a file beside this one and a line here.
const CHORES: &[Chore] = &[
    demo::CHORE,
    test::CHORE,
    bench::CHORE,
    component::CHORE,
    consumers::CHORE,
    corpus::CHORE,
    e2e::CHORE,
    fuzz::CHORE,
    npm::CHORE,
    peers::CHORE,
    setup::CHORE,
    unicode::CHORE,
    views::CHORE,
    www::CHORE,
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

fn dispatch(arguments: &[&str]) -> Result<(), String> {
    let is_help = |argument: &&str| matches!(*argument, "--help" | "-h" | "help");
    let Some((name, rest)) = arguments.split_first() else {
        return Err(format!("which chore?\n\n{}", usage()));
    };
    if is_help(name) {
        println!("{}", usage());
        return Ok(());
    }
    let chore = CHORES
        .iter()
        .find(|chore| chore.name == *name)
        .ok_or_else(|| format!("there is no chore {name:?}\n\n{}", usage()))?;
    if rest.iter().any(is_help) {
        println!("{}", chore.help);
        return Ok(());
    }
    (chore.run)(rest)
}

fn usage() -> String {
    let mut text = "usage: cargo xtask CHORE [--help]\n".to_owned();
    for chore in CHORES {
        text.push_str(&format!("\n  {:<10} {}", chore.name, chore.summary));
    }
    text
}

/// For chores that take no arguments.
fn no_arguments(arguments: &[&str]) -> Result<(), String> {
    match arguments.first() {
        None => Ok(()),
        Some(first) => Err(format!("unexpected argument {first:?}; try --help")),
    }
}
