//! `cargo xtask fuzz`: the targets of tests/fuzz, each for a while.

use std::path::Path;
use std::process::Command;

use crate::Chore;
use crate::process::{cargo, output, root, run, target};

pub(crate) const CHORE: Chore = Chore {
    name: "fuzz",
    summary: "fuzz every parser and the evaluation, a minute each",
    help: "usage: cargo xtask fuzz [--seconds N] [TARGET…]\n\n\
        Runs the targets of tests/fuzz, or those that are named, for N seconds each (60 unless EDGERAIL_FUZZ_SECONDS\n\
        says otherwise), starting from the corpus. libFuzzer guides them where a C++ compiler is there; elsewhere\n\
        the seeds are changed blindly. A crash stops the run and names the input.",
    run: chore,
};

/// What instruments the code for libFuzzer; the active stable toolchain can.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Clink-dead-code -Ccodegen-units=1";

/// The chore with its arguments.
pub(crate) fn chore(arguments: &[&str]) -> Result<(), String> {
    let mut seconds = std::env::var("EDGERAIL_FUZZ_SECONDS").unwrap_or("60".to_owned());
    let mut named = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match *argument {
            "--seconds" => {
                let value = arguments.next().ok_or("--seconds needs a number")?;
                seconds = (*value).to_owned();
            }
            option if option.starts_with('-') => {
                return Err(format!("unexpected argument {option:?}; try --help"));
            }
            name => named.push(name.to_owned()),
        }
    }
    let seconds: u32 = seconds
        .parse()
        .map_err(|_| format!("{seconds:?} is no number of seconds"))?;
    all(seconds, &named)
}

/// Runs the targets with these names, or all, for so many seconds each.
fn all(seconds: u32, named: &[String]) -> Result<(), String> {
    let seeds = target().join("fuzz/seeds");
    let work = target().join("fuzz/work");
    let folder = |path: &Path| path.display().to_string();
    let mut make = fuzz_cargo("plain", &["run", "--bin", "seeds", "--", &folder(&seeds)]);
    let names = output(&mut make)
        .ok_or("the seeds of tests/fuzz cannot be made: cargo run --bin seeds there")?;
    let names: Vec<&str> = names.lines().collect();
    if let Some(unknown) = named.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(format!(
            "there is no target {unknown:?}; there are {}",
            names.join(", ")
        ));
    }
    let guided = has_cpp();
    if !guided {
        println!("No C++ compiler: the seeds are changed blindly, without coverage.");
    }
    let kind = if guided { "guided" } else { "plain" };
    let mut build = fuzz_cargo(kind, &["build", "--bin", "fuzz"]);
    if guided {
        build.args(["--features", "libfuzzer", "--target", &host()?]);
        build.env("RUSTFLAGS", COVERAGE);
    }
    run(&mut build)?;
    // With coverage the target is named, so that build scripts are not instrumented.
    let built = target().join("fuzz").join(kind);
    let built = if guided { built.join(host()?) } else { built };
    let program = built.join("release/fuzz");
    for name in names {
        if !named.is_empty() && !named.iter().any(|one| one == name) {
            continue;
        }
        println!("── fuzz {name}: {seconds} s");
        let own = work.join(name);
        std::fs::create_dir_all(&own).map_err(|e| format!("{}: {e}", own.display()))?;
        let mut fuzzer = Command::new(&program);
        fuzzer
            .env("EDGERAIL_FUZZ_TARGET", name)
            .current_dir(target().join("fuzz"));
        if guided {
            // The first folder takes what is new, the second one is only read.
            fuzzer.arg(&own).args([
                "-print_final_stats=1",
                "-timeout=20",
                "-rss_limit_mb=2048",
                "-max_len=16384",
                "-verbosity=0",
            ]);
        }
        run(fuzzer
            .arg(seeds.join(name))
            .arg(format!("-max_total_time={seconds}")))?;
    }
    Ok(())
}

/// Cargo in tests/fuzz, which is a workspace of its own, with a target folder for each kind of build.
fn fuzz_cargo(kind: &str, arguments: &[&str]) -> Command {
    let (chore, rest) = arguments.split_first().unwrap_or((&"build", &[]));
    let mut command = cargo(&[chore, "--release", "--locked"]);
    command.args(rest).current_dir(root().join("tests/fuzz"));
    command.env("CARGO_TARGET_DIR", target().join("fuzz").join(kind));
    command
}

/// Whether libFuzzer, which is C++, can be built.
fn has_cpp() -> bool {
    let named = std::env::var("CXX").unwrap_or("c++".to_owned());
    output(Command::new(named).arg("--version")).is_some()
}

fn host() -> Result<String, String> {
    let version = output(Command::new("rustc").arg("-vV")).ok_or("rustc -vV says nothing")?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc -vV names no host")?.to_owned())
}
