//! `cargo xtask fuzz`: the targets of tests/fuzz, each for a while.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Chore;
use crate::process::{cargo, output, root, run, run_within, target};

pub(crate) const CHORE: Chore = Chore {
    name: "fuzz",
    summary: "fuzz every parser and the evaluation, a minute each",
    help: "usage: cargo xtask fuzz [--seconds N] [TARGET…]\n\n\
        Runs the targets of tests/fuzz, or those that are named, for N seconds each (60 unless EDGERAIL_FUZZ_SECONDS\n\
        says otherwise), starting from their seeds. libFuzzer guides them where a C++ compiler is there; elsewhere\n\
        the seeds are changed blindly. A crash stops the run and names the input, and so does a target that goes on for\n\
        two minutes longer than it was given.",
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

/// A program with targets, and the longest input that it is given.
struct Program {
    package: &'static str,
    name: &'static str,
    longest: usize,
}

/// What hosts read is a program of its own: their crates would slow down the targets of the engine. Its inputs are
/// whole folders.
const PROGRAMS: [Program; 2] = [
    Program {
        package: "edgerail-fuzz",
        name: "fuzz",
        longest: 1 << 14,
    },
    Program {
        package: "edgerail-fuzz-host",
        name: "fuzz-host",
        longest: 1 << 16,
    },
];

/// How much longer than asked for a target may take: to read what was found before, and to end.
const GRACE: Duration = Duration::from_secs(120);

/// Runs the targets with these names, or all, for so many seconds each.
fn all(seconds: u32, named: &[String]) -> Result<(), String> {
    let guided = has_cpp();
    if !guided {
        println!("No C++ compiler: the seeds are changed blindly, without coverage.");
    }
    let mut targets: Vec<(&Program, PathBuf, String)> = Vec::new();
    let known = |targets: &[(&Program, PathBuf, String)], name: &String| {
        targets.iter().any(|(_, _, target)| target == name)
    };
    for program in &PROGRAMS {
        let built = build(program, guided)?;
        for name in make_seeds(&built)? {
            targets.push((program, built.clone(), name));
        }
        if !named.is_empty() && named.iter().all(|name| known(&targets, name)) {
            break;
        }
    }
    if let Some(unknown) = named.iter().find(|name| !known(&targets, name)) {
        let names: Vec<&str> = targets.iter().map(|(_, _, name)| name.as_str()).collect();
        let names = names.join(", ");
        return Err(format!("there is no target {unknown:?}; there are {names}"));
    }
    targets.retain(|(_, _, name)| named.is_empty() || named.contains(name));
    let each = Duration::from_secs(seconds.into());
    let whole = each.saturating_mul(u32::try_from(targets.len()).unwrap_or(u32::MAX));
    let minutes = whole.as_secs_f64() / 60.0;
    println!(
        "── {} targets, {seconds} s each: {minutes:.0} min",
        targets.len()
    );
    let start = Instant::now();
    for (program, built, name) in &targets {
        run_target(program, built, name, seconds, guided)?;
    }
    let minutes = start.elapsed().as_secs_f64() / 60.0;
    println!(
        "── {} targets ran {minutes:.1} min, and none found anything",
        targets.len()
    );
    Ok(())
}

/// Builds a program; gives its path.
fn build(program: &Program, guided: bool) -> Result<PathBuf, String> {
    let kind = if guided { "guided" } else { "plain" };
    let folder = target().join("fuzz").join(kind);
    let mut command = cargo(&["build", "--release", "--locked"]);
    command.args(["--package", program.package, "--bin", program.name]);
    command.current_dir(root().join("tests/fuzz"));
    command.env("CARGO_TARGET_DIR", &folder);
    // With coverage the host is named as the target, so that build scripts are not instrumented.
    let folder = if guided {
        let features = format!("{}/libfuzzer", program.package);
        command.args(["--features", &features, "--target", &host()?]);
        command.env("RUSTFLAGS", COVERAGE);
        folder.join(host()?)
    } else {
        folder
    };
    run(&mut command)?;
    Ok(folder.join("release").join(program.name))
}

fn seeds() -> PathBuf {
    target().join("fuzz/seeds")
}

/// Has a program write its seeds; gives the names of its targets.
fn make_seeds(built: &Path) -> Result<Vec<String>, String> {
    let mut command = Command::new(built);
    let names = output(command.env("EDGERAIL_FUZZ_SEEDS", seeds()))
        .ok_or_else(|| format!("{} does not write its seeds", built.display()))?;
    Ok(names.lines().map(str::to_owned).collect())
}

fn run_target(
    program: &Program,
    built: &Path,
    name: &str,
    seconds: u32,
    guided: bool,
) -> Result<(), String> {
    println!("── fuzz {name}: {seconds} s");
    let own = target().join("fuzz/work").join(name);
    std::fs::create_dir_all(&own).map_err(|e| format!("{}: {e}", own.display()))?;
    let mut fuzzer = Command::new(built);
    fuzzer
        .env("EDGERAIL_FUZZ_TARGET", name)
        .current_dir(target().join("fuzz"));
    if guided {
        // The first folder takes what is new, the second one is only read.
        fuzzer.arg(&own).args([
            "-print_final_stats=1",
            "-timeout=20",
            "-rss_limit_mb=2048",
            "-verbosity=0",
            &format!("-max_len={}", program.longest),
        ]);
    }
    fuzzer
        .arg(seeds().join(name))
        .arg(format!("-max_total_time={seconds}"));
    let limit = Duration::from_secs(seconds.into()) + GRACE;
    run_within(&mut fuzzer, limit)
}

/// That the versions which tests/fuzz has are those that it asks for: nothing else looks at them between two runs.
pub(crate) fn check_lock() -> Result<(), String> {
    let mut command = cargo(&["metadata", "--locked", "--format-version", "1"]);
    command.current_dir(root().join("tests/fuzz"));
    if output(&mut command).is_some() {
        return Ok(());
    }
    Err("tests/fuzz/Cargo.lock is not what its manifests ask for: run `cargo update --workspace` there".to_owned())
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
