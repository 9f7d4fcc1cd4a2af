//! `cargo xtask peers`: our client and our repositories against other implementations, in Python and JavaScript.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{output, root, run, target};
use crate::{Chore, component, packages, web};

pub(crate) const CHORE: Chore = Chore {
    name: "peers",
    summary: "TUF and AWS against other implementations: python-tuf, tuf-js, boto3",
    help: "usage: cargo xtask peers [FOLDER-OR-TEST…]\n\n\
        Runs tests/peers with pytest; a name is one below that folder, as in `test_delegations.py` or\n\
        `aws/test_pull.py::test_pages`, and what begins with a dash is pytest's. Python's packages are installed in\n\
        target/peers/venv as tests/peers/requirements.txt pins them, tuf-js in target/peers/node. Needs Python 3.11\n\
        with venv, Node 20, and faketime, which it installs where it can.",
    run: peers,
};

/// Programs of Debian that the tests need: what says that it is there, and in which package.
const PROGRAMS: [(&str, &[&str], &str); 2] = [
    (
        "python3",
        &["-c", "import venv, ensurepip"],
        "python3 python3-venv",
    ),
    ("faketime", &["--version"], "faketime"),
];

pub(crate) fn peers(arguments: &[&str]) -> Result<(), String> {
    programs()?;
    web::node()?;
    component::build_command()?;
    let folder = root().join("tests/peers");
    let python = python(&folder)?;
    let node = node(&folder)?;
    let mut command = Command::new(python);
    command
        .args(["-B", "-m", "pytest"])
        .args(if arguments.is_empty() {
            &["."]
        } else {
            arguments
        })
        .current_dir(&folder)
        .env("EDGERAIL_BIN", target().join("debug/edgerail"))
        .env("PEERS_NODE", node);
    run(&mut command)
}

/// Sees to it that the programs are there: installs them on Debian, as root.
fn programs() -> Result<(), String> {
    let missing: Vec<&str> = PROGRAMS
        .iter()
        .filter(|(program, probe, _)| output(Command::new(program).args(*probe)).is_none())
        .flat_map(|(_, _, packages)| packages.split(' '))
        .collect();
    packages::install(&missing, "the peer tests")
}

/// A Python with the pinned packages: made anew whenever the pins change.
fn python(folder: &Path) -> Result<PathBuf, String> {
    let venv = target().join("peers/venv");
    let python = venv.join("bin/python");
    let pins = folder.join("requirements.txt");
    install(&pins, &venv, || {
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--no-deps"])
            .args(["--disable-pip-version-check", "--requirement"])
            .arg(&pins))
    })?;
    Ok(python)
}

/// A folder in which Node finds the pinned packages.
fn node(folder: &Path) -> Result<PathBuf, String> {
    let node = target().join("peers/node");
    let lock = folder.join("package-lock.json");
    install(&lock, &node, || {
        for file in ["package.json", "package-lock.json"] {
            copy(&folder.join(file), &node.join(file))?;
        }
        let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        run(Command::new("npm").args(arguments).current_dir(&node))
    })?;
    Ok(node)
}

/// Runs `work` in a new folder unless it was run to its end with the same pins; a copy of these says so.
fn install(
    pins: &Path,
    folder: &Path,
    work: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    let stamp = folder.join("installed");
    let read = |path: &Path| std::fs::read(path).ok();
    if read(&stamp).is_some() && read(&stamp) == read(pins) {
        return Ok(());
    }
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    work()?;
    copy(pins, &stamp)
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    std::fs::copy(from, to)
        .map(drop)
        .map_err(|e| format!("{}: {e}", from.display()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn what_is_installed_is_kept_until_the_pins_change() -> Result<(), String> {
        let folder = std::env::temp_dir().join(format!("edgerail-pins-{}", std::process::id()));
        let (pins, installed) = (folder.join("pins"), folder.join("installation"));
        std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        let runs = Cell::new(0);
        let work = || {
            runs.set(runs.get() + 1);
            Ok(())
        };
        let write = |text: &str| std::fs::write(&pins, text).map_err(|e| e.to_string());
        write("a==1")?;
        let failed = install(&pins, &installed, || Err("no network".into()));
        assert_eq!(failed, Err("no network".to_owned()));
        install(&pins, &installed, work)?;
        install(&pins, &installed, work)?;
        assert_eq!(runs.get(), 1, "a failed installation is no installation");
        write("a==2")?;
        install(&pins, &installed, work)?;
        assert_eq!(runs.get(), 2);
        std::fs::remove_dir_all(&folder).map_err(|e| e.to_string())
    }
}
