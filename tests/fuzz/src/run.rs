//! What the programs do: write the seeds, run a target.

use std::path::Path;
use std::sync::OnceLock;

use crate::seeds::Sources;
use crate::{Blind, Target};

static CHOSEN: OnceLock<&'static Target> = OnceLock::new();

/// Begins a program with these targets: takes the one that `EDGERAIL_FUZZ_TARGET` names; or, if `EDGERAIL_FUZZ_SEEDS`
/// names a folder, writes every target's seeds below it, prints the targets' names, and ends the process.
///
/// # Panics
/// If no target has the name (the message lists them), or the seeds cannot be written.
pub fn begin(targets: &'static [Target]) {
    if let Some(folder) = std::env::var_os("EDGERAIL_FUZZ_SEEDS") {
        write_seeds(targets, Path::new(&folder));
        std::process::exit(0);
    }
    let name = std::env::var("EDGERAIL_FUZZ_TARGET").unwrap_or_default();
    let target = targets.iter().find(|target| target.name == name);
    let target = target.unwrap_or_else(|| {
        let names: Vec<&str> = targets.iter().map(|target| target.name).collect();
        panic!("EDGERAIL_FUZZ_TARGET is {name:?}; the targets are {names:?}")
    });
    CHOSEN.get_or_init(|| target);
}

/// The target that [`begin`] took.
///
/// # Panics
/// If there was no beginning.
#[must_use]
pub fn chosen() -> &'static Target {
    CHOSEN
        .get()
        .expect("a program begins before it runs a target")
}

fn write_seeds(targets: &[Target], folder: &Path) {
    let sources = Sources::of_this_repository();
    for target in targets {
        let own = folder.join(target.name);
        std::fs::create_dir_all(&own).expect("the folder can be made");
        for (number, seed) in (target.seeds)(&sources).iter().enumerate() {
            std::fs::write(own.join(format!("{number:04}")), seed).expect("a seed can be written");
        }
        println!("{}", target.name);
    }
}

/// What libFuzzer's own `main` does, without coverage: takes the same arguments, and changes the files of the folders
/// blindly.
///
/// # Panics
/// If the target does; the input is written down before.
pub fn run_blindly() {
    let target = chosen();
    let mut seconds = 60;
    let mut inputs = Vec::new();
    let mut single = false;
    for argument in std::env::args().skip(1) {
        let path = Path::new(&argument);
        if let Some(limit) = argument.strip_prefix("-max_total_time=") {
            seconds = limit
                .parse()
                .expect("-max_total_time is a number of seconds");
        } else if path.is_dir() {
            let files = std::fs::read_dir(path).expect("the folder can be read");
            let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
            files.sort();
            let read = |file| std::fs::read(file).expect("a seed can be read");
            inputs.extend(files.iter().map(read));
        } else if path.is_file() {
            single = true;
            inputs.push(std::fs::read(path).expect("the input can be read"));
        }
    }
    inputs.iter().for_each(|input| (target.run)(input));
    if single {
        return;
    }
    let start = std::time::Instant::now();
    let mut blind = Blind::new(inputs, 0x5eed);
    let mut tried = 0_u64;
    while start.elapsed().as_secs() < seconds {
        let input = blind.input();
        let run = std::panic::AssertUnwindSafe(|| (target.run)(&input));
        if let Err(panic) = std::panic::catch_unwind(run) {
            // The input that crashes is what matters: it is written down before the panic is let go on.
            let file = format!("crash-{}-{tried}", target.name);
            std::fs::write(&file, &input).expect("the input can be written");
            eprintln!("{}: the input is in {file}", target.name);
            std::panic::resume_unwind(panic);
        }
        tried += 1;
    }
    let seconds = start.elapsed().as_secs();
    eprintln!("{}: {tried} inputs in {seconds} s, blindly", target.name);
}
