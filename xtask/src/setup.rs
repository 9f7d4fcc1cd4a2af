//! `cargo xtask setup`: finds or makes a toolchain that builds WebAssembly.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::process::{artifacts, output, root, run, succeeds_within, target};
use crate::{Chore, no_arguments};

pub(crate) const CHORE: Chore = Chore {
    name: "setup",
    summary: "find or install a toolchain that builds WebAssembly (the others do it too)",
    help: "usage: cargo xtask setup\n\n\
        Finds a toolchain with the target wasm32-unknown-unknown, in this order:\n  \
        1. the active toolchain has it;\n  \
        2. `rustup target add wasm32-unknown-unknown` works;\n  \
        3. on Debian, as root: the packages rustc-web, cargo-web, rust-web-src, rust-web-llvm and lld,\n     \
        with std built once for WebAssembly; rustup learns of it as the toolchain `debian`.\n\n\
        The answer is kept in target/edgerail/toolchain. EDGERAIL_SETUP=debian goes straight to 3.",
    run: |arguments| {
        no_arguments(arguments)?;
        let toolchain = wasm_toolchain()?;
        println!("WebAssembly is built with {}", toolchain.describe());
        Ok(())
    },
};

const TARGET: &str = "wasm32-unknown-unknown";
/// Where Debian's compiler looks for the standard library of the target.
const DEBIAN_TARGET: &str = "/usr/lib/rustlib/wasm32-unknown-unknown";
/// How long rustup may take to fetch the target (about 20 MB) before it counts as unreachable.
const RUSTUP_LIMIT: Duration = Duration::from_secs(90);

/// What builds WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The one that cargo runs with anyway.
    Active,
    /// Debian's, in `/usr`.
    Debian,
}

impl Toolchain {
    const fn name(self) -> &'static str {
        match self {
            Toolchain::Active => "active",
            Toolchain::Debian => "debian",
        }
    }

    const fn describe(self) -> &'static str {
        match self {
            Toolchain::Active => "the active toolchain",
            Toolchain::Debian => "Debian's toolchain (packages rustc-web and cargo-web)",
        }
    }

    /// `cargo` or `rustc` of this toolchain.
    fn program(self, name: &str) -> Command {
        match self {
            Toolchain::Active => Command::new(name),
            Toolchain::Debian => debian(name),
        }
    }

    /// `cargo ARGUMENTS… --target wasm32-unknown-unknown` in a target folder of its own, so that native
    /// builds by another compiler do not undo it.
    pub(crate) fn wasm_cargo(self, arguments: &[&str]) -> Command {
        let mut command = self.program("cargo");
        command
            .current_dir(root())
            .args(arguments)
            .args(["--target", TARGET, "--target-dir"])
            .arg(target().join("wasm"));
        command
    }

    /// A program that runs this toolchain's `cargo` and finds `folders` first on the path.
    pub(crate) fn wrapped(self, program: &Path, folders: &[&Path]) -> Result<Command, String> {
        let mut command = Command::new(program);
        let mut directories: Vec<PathBuf> = folders.iter().map(|folder| folder.into()).collect();
        if self == Toolchain::Debian {
            directories.push(PathBuf::from("/usr/bin"));
            forget_active(&mut command);
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        directories.extend(std::env::split_paths(&path));
        let path = std::env::join_paths(directories).map_err(|e| format!("PATH: {e}"))?;
        command.env("PATH", path);
        Ok(command)
    }

    /// Which compiler this is, with its commit.
    fn version(self) -> Option<String> {
        output(self.program("rustc").current_dir(root()).arg("-vV"))
    }

    /// Whether it builds and links WebAssembly with std and link-time optimisation.
    fn works(self) -> bool {
        let directory = artifacts().join("probe");
        let source = directory.join("probe.rs");
        let code = "#[unsafe(no_mangle)]\npub extern \"C\" fn probe(n: usize) -> usize { vec![n; n].len() }\n";
        if fs::create_dir_all(&directory).is_err() || fs::write(&source, code).is_err() {
            return false;
        }
        let mut rustc = self.program("rustc");
        rustc
            .current_dir(root())
            .args([
                "--edition=2024",
                "--crate-type=cdylib",
                "-Clto=fat",
                "-Copt-level=1",
            ])
            .args(["--target", TARGET, "-o"])
            .arg(directory.join("probe.wasm"))
            .arg(&source);
        succeeds_within(&mut rustc, Duration::from_secs(120))
    }
}

/// Finds a toolchain, or makes one.
pub(crate) fn wasm_toolchain() -> Result<Toolchain, String> {
    let directory = artifacts();
    fs::create_dir_all(&directory).map_err(|e| format!("{}: {e}", directory.display()))?;
    let cache = directory.join("toolchain");
    let is_debian_wanted = std::env::var_os("EDGERAIL_SETUP").is_some_and(|wish| wish == "debian");
    if let Some(toolchain) = cached(&cache)
        && (!is_debian_wanted || toolchain == Toolchain::Debian)
    {
        return Ok(toolchain);
    }
    let toolchain = if !is_debian_wanted && (Toolchain::Active.works() || add_target()) {
        Toolchain::Active
    } else {
        set_up_debian()?;
        Toolchain::Debian
    };
    // Without the cache the next run looks again: slower, not wrong.
    let _ = fs::write(&cache, cache_text(toolchain));
    Ok(toolchain)
}

/// The answer of an earlier run, unless a compiler has changed since.
fn cached(cache: &Path) -> Option<Toolchain> {
    let text = fs::read_to_string(cache).ok()?;
    let mut all = [Toolchain::Active, Toolchain::Debian].into_iter();
    let toolchain = all.find(|toolchain| text.starts_with(toolchain.name()))?;
    let is_installed = toolchain == Toolchain::Active || Path::new(DEBIAN_TARGET).is_dir();
    (is_installed && text == cache_text(toolchain)).then_some(toolchain)
}

fn cache_text(toolchain: Toolchain) -> String {
    let version = toolchain.version().unwrap_or_default();
    let active = Toolchain::Active.version().unwrap_or_default();
    format!("{}\n{version}\n{active}", toolchain.name())
}

fn add_target() -> bool {
    println!("The active toolchain has no {TARGET}: trying `rustup target add {TARGET}`.");
    let mut rustup = Command::new("rustup");
    rustup
        .current_dir(root())
        .env("RUSTUP_MAX_RETRIES", "0")
        .args(["target", "add", TARGET]);
    succeeds_within(&mut rustup, RUSTUP_LIMIT) && Toolchain::Active.works()
}

/// A program of Debian's toolchain, which finds its siblings first on the path.
fn debian(name: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut directories = vec![PathBuf::from("/usr/bin")];
    directories.extend(std::env::split_paths(&path));
    let mut command = Command::new(Path::new("/usr/bin").join(name));
    if let Ok(path) = std::env::join_paths(directories) {
        command.env("PATH", path);
    }
    forget_active(&mut command);
    command
}

/// Takes away what the cargo that started this has set: it names another compiler.
fn forget_active(command: &mut Command) {
    for variable in [
        "CARGO",
        "RUSTC",
        "RUSTUP_TOOLCHAIN",
        "RUSTC_WRAPPER",
        "RUSTFLAGS",
    ] {
        command.env_remove(variable);
    }
}

fn set_up_debian() -> Result<(), String> {
    println!("rustup cannot provide {TARGET}: falling back on Debian's toolchain.");
    if !has_packages() {
        install_packages()?;
    }
    if !Toolchain::Debian.works() {
        build_std()?;
    }
    if !Toolchain::Debian.works() {
        return Err(format!(
            "Debian's toolchain does not build {TARGET}; to see why:\n    \
             /usr/bin/rustc --target {TARGET} --crate-type=cdylib -Clto=fat {}",
            artifacts().join("probe/probe.rs").display()
        ));
    }
    link_toolchain();
    Ok(())
}

/// Whether the compiler, its sources and the linker of the same LLVM are there.
fn has_packages() -> bool {
    let linker = Path::new("/usr/bin/rust-lld").exists() || Path::new("/usr/bin/wasm-ld").exists();
    let sources = Path::new("/usr/lib/rustlib/src/rust/library").is_dir();
    linker
        && sources
        && ["cargo", "rustc"]
            .iter()
            .all(|p| Path::new("/usr/bin").join(p).exists())
}

fn install_packages() -> Result<(), String> {
    const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm"];
    let by_hand = format!(
        "as root, run:\n    apt-get update\n    apt-get install {} lld-NN\n\
         where NN is the LLVM major that `/usr/bin/rustc -vV` names; or, with a network that reaches \
         rustup's server:\n    rustup target add {TARGET}",
        PACKAGES.join(" ")
    );
    if !Path::new("/usr/bin/apt-get").exists() {
        return Err(format!(
            "this machine has no apt-get, so install {TARGET} another way, for instance:\n    \
             rustup target add {TARGET}"
        ));
    }
    if output(Command::new("id").arg("-u")).is_none_or(|id| id.trim() != "0") {
        return Err(format!("installing packages needs root; {by_hand}"));
    }
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["-qq", "-y"])
            .args(arguments);
        run(&mut command).map_err(|e| format!("{e}\nTo do it yourself, {by_hand}"))
    };
    apt(&["update"])?;
    apt(&[&["install", "--no-install-recommends"], &PACKAGES[..]].concat())?;
    let version = Toolchain::Debian.version().unwrap_or_default();
    let llvm = llvm_major(&version)
        .ok_or_else(|| format!("/usr/bin/rustc -vV names no LLVM version; {by_hand}"))?;
    apt(&["install", "--no-install-recommends", &format!("lld-{llvm}")])
}

/// The major number in the line `LLVM version: 22.1.8` of `rustc -vV`.
fn llvm_major(version: &str) -> Option<&str> {
    let line = version
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: "))?;
    line.split('.')
        .next()
        .filter(|major| major.parse::<u32>().is_ok())
}

/// Builds std for WebAssembly once and puts it where the compiler looks.
fn build_std() -> Result<(), String> {
    println!("Building std for {TARGET} once (about a minute).");
    let directory = artifacts().join("std");
    let failed = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
    // What another compiler built here would be copied along.
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(directory.join("src")).map_err(|e| failed(&directory, e))?;
    let manifest = "[package]\nname = \"empty\"\nedition = \"2024\"\n\n[workspace]\n";
    fs::write(directory.join("Cargo.toml"), manifest).map_err(|e| failed(&directory, e))?;
    fs::write(directory.join("src/lib.rs"), "").map_err(|e| failed(&directory, e))?;
    let mut cargo = debian("cargo");
    cargo
        .current_dir(&directory)
        // Without the bitcode, link-time optimisation fails later.
        .env("RUSTFLAGS", "-C embed-bitcode=yes")
        .env("RUSTC_BOOTSTRAP", "1")
        .args([
            "build",
            "--release",
            "-Zbuild-std=std,panic_abort,proc_macro,test",
        ])
        .args(["--target", TARGET, "--target-dir", "target"]);
    run(&mut cargo)?;
    let built = directory.join("target").join(TARGET).join("release/deps");
    let lib = Path::new(DEBIAN_TARGET).join("lib");
    let root_needed = |e| {
        format!(
            "{}: {e}\nrun `cargo xtask setup` once as root",
            lib.display()
        )
    };
    // An older compiler's libraries would be found beside the new ones.
    let _ = fs::remove_dir_all(&lib);
    fs::create_dir_all(&lib).map_err(root_needed)?;
    for entry in fs::read_dir(&built).map_err(|e| failed(&built, e))? {
        let path = entry.map_err(|e| failed(&built, e))?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.ends_with(".rlib") && !name.starts_with("libempty-") {
            fs::copy(&path, lib.join(&name)).map_err(root_needed)?;
        }
    }
    Ok(())
}

/// Lets people write `cargo +debian`; nothing here depends on it.
fn link_toolchain() {
    let mut rustup = Command::new("rustup");
    rustup.args(["toolchain", "link", "debian", "/usr"]);
    let _ = succeeds_within(&mut rustup, Duration::from_secs(10));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linker_is_of_the_compilers_llvm() {
        let version = "rustc 1.96.0\nhost: x86_64-unknown-linux-gnu\nLLVM version: 22.1.8\n";
        assert_eq!(llvm_major(version), Some("22"));
        assert_eq!(llvm_major("rustc 1.96.0\n"), None);
        assert_eq!(llvm_major("LLVM version: unknown\n"), None);
    }

    #[test]
    fn a_stale_answer_is_not_used() {
        let cache = std::env::temp_dir().join(format!("edgerail-cache-{}", std::process::id()));
        fs::write(&cache, "active\nrustc 1.0.0\n").unwrap();
        assert_eq!(cached(&cache), None);
        fs::write(&cache, cache_text(Toolchain::Active)).unwrap();
        assert_eq!(cached(&cache), Some(Toolchain::Active));
        fs::remove_file(&cache).unwrap();
        assert_eq!(cached(&cache), None);
    }
}
