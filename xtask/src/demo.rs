//! `cargo xtask demo`: the main job, end to end.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::process::{artifacts, root, run, shown, target};
use crate::{Chore, component, no_arguments};

pub(crate) const CHORE: Chore = Chore {
    name: "demo",
    summary: "compile, publish, sync and verify a sample guardrail, and evaluate prompts with it",
    help: "usage: cargo xtask demo\n\n\
        Builds the engine's component and the edgerail command, compiles examples/demo/guardrail.json to a bundle,\n\
        signs and publishes it in a repository in target/edgerail/demo, syncs it from there as an edge would, and\n\
        evaluates the prompts and answers beside the definition with what came through the verification.",
    run: |arguments| {
        no_arguments(arguments)?;
        demo()
    },
};

/// Runs of a single prompt for the time to the first decision.
const STARTS: usize = 5;
/// How often the prompts are repeated for the time per prompt.
const REPEATS: usize = 500;
const TEXT_WIDTH: usize = 44;

/// Who the bundle is for.
const SCOPE: &str = "aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1";
/// The bundle's name in the repository.
const TARGET: &str = "aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1.bundle";

/// The command, and the folder in which everything happens.
struct Shell {
    edgerail: PathBuf,
    folder: PathBuf,
}

impl Shell {
    /// A new folder, and the command as it was built.
    fn new() -> Result<Shell, String> {
        let folder = artifacts().join("demo");
        let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(failed)?;
        }
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let edgerail = target().join("debug/edgerail");
        Ok(Shell { edgerail, folder })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.edgerail);
        command.args(arguments).current_dir(&self.folder);
        command.stdin(Stdio::null());
        command
    }

    /// Shows a command, with an empty line before it.
    fn show(&self, arguments: &[&str]) {
        println!("\n$ edgerail {}", arguments.join(" "));
    }

    /// Shows a command, then runs it.
    fn run(&self, arguments: &[&str]) -> Result<(), String> {
        self.show(arguments);
        run(&mut self.command(arguments))
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }
}

fn demo() -> Result<(), String> {
    println!("Building the engine for WebAssembly and the edgerail command …");
    component::build_command()?;
    let shell = Shell::new()?;
    let examples = root().join("examples/demo");
    copy(
        &examples.join("guardrail.json"),
        &shell.path("guardrail.json"),
    )?;
    publish(&shell)?;
    sync(&shell)?;
    for (source, file) in [("INPUT", "prompts.jsonl"), ("OUTPUT", "answers.jsonl")] {
        let arguments = ["check", "--sync-state", "state", "--root", "root.json"];
        let more = [
            "--target",
            TARGET,
            "--source",
            source,
            "--input-format",
            "jsonl",
            file,
        ];
        shell.show(&[&arguments[..], &more[..]].concat());
        println!();
        table(&shell, source, &examples.join(file))?;
    }
    timings(&shell, &examples.join("prompts.jsonl"))
}

/// Definition → bundle → keys → signed repository.
fn publish(shell: &Shell) -> Result<(), String> {
    let bundle = ["-o", "demo.bundle"];
    shell.run(
        &[
            &["compile", "guardrail.json", "--scope", SCOPE][..],
            &bundle,
        ]
        .concat(),
    )?;
    for key in ["root.pem", "reviewer.pem", "online.pem"] {
        shell.run(&["keys", "create", key, "--unencrypted"])?;
    }
    let repository = ["--repository", "repository"];
    let roles = [
        "--root-key",
        "root.pem",
        "--targets-key",
        "reviewer.pem",
        "--timestamp-key",
        "online.pem",
    ];
    let keys = ["--key", "reviewer.pem", "--key", "online.pem"];
    let begin = [
        &["publish", "init"][..],
        &repository,
        &roles,
        &["--key", "root.pem"],
        &keys,
    ];
    shell.run(&begin.concat())?;
    let approval = ["--approved-by", "ana@example.com", "--reason", "demo"];
    let add = [
        &["publish", "add", "demo.bundle"][..],
        &repository,
        &approval,
        &keys,
    ];
    shell.run(&add.concat())?;
    // What an application is built with: the first root.
    copy(
        &shell.path("repository/metadata/1.root.json"),
        &shell.path("root.json"),
    )
}

/// Repository → verified bundle; and a repository in which somebody changed a byte.
fn sync(shell: &Shell) -> Result<(), String> {
    let arguments = |url, state| {
        [
            "sync",
            "--url",
            url,
            "--root",
            "root.json",
            "--target",
            TARGET,
            "--state",
            state,
        ]
    };
    shell.run(&arguments("repository", "state"))?;
    forge(shell)?;
    let forged = arguments("forged", "other-state");
    println!("\nSomebody who can write to the server changes one byte of the bundle:");
    shell.show(&forged);
    let status = shell
        .command(&forged)
        .status()
        .map_err(|e| format!("edgerail: {e}"))?;
    if status.code() != Some(2) {
        return Err(format!("the forged repository was not refused: {status}"));
    }
    Ok(())
}

/// A copy of the repository with another byte in the middle of the bundle.
fn forge(shell: &Shell) -> Result<(), String> {
    for part in ["metadata", "targets"] {
        let (from, to) = (
            shell.path("repository").join(part),
            shell.path("forged").join(part),
        );
        let failed = |e: std::io::Error| format!("{}: {e}", from.display());
        std::fs::create_dir_all(&to).map_err(failed)?;
        for entry in std::fs::read_dir(&from).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let mut bytes = std::fs::read(entry.path()).map_err(failed)?;
            if part == "targets"
                && let middle = bytes.len() / 2
                && let Some(byte) = bytes.get_mut(middle)
            {
                *byte ^= 1;
            }
            std::fs::write(to.join(entry.file_name()), bytes).map_err(failed)?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    std::fs::copy(from, to)
        .map(drop)
        .map_err(|e| format!("{}: {e}", from.display()))
}

/// `edgerail check` over JSON lines. It exits with 1 if anything intervened, which is the point here.
fn check(shell: &Shell, source: &str, file: &Path) -> Result<String, String> {
    let engine = [
        "check",
        "--engine",
        "wasm",
        "--exit-zero",
        "--source",
        source,
    ];
    let policy = [
        "--sync-state",
        "state",
        "--root",
        "root.json",
        "--target",
        TARGET,
    ];
    let mut command = shell.command(&[&engine[..], &policy[..]].concat());
    command.args(["--input-format", "jsonl"]).arg(file);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| format!("{}: {e}", shown(&command)))?;
    if !output.status.success() {
        return Err(format!("failed ({}): {}", output.status, shown(&command)));
    }
    String::from_utf8(output.stdout).map_err(|e| format!("{}: {e}", shown(&command)))
}

fn table(shell: &Shell, source: &str, file: &Path) -> Result<(), String> {
    let prompts = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let answers = check(shell, source, file)?;
    if prompts.lines().count() != answers.lines().count() {
        return Err(format!(
            "not one answer for each line of {}:\n{answers}",
            file.display()
        ));
    }
    println!("  {}{:<10}what", padded("text", TEXT_WIDTH), "action");
    let mut deferred = Vec::new();
    for (prompt, answer) in prompts.lines().zip(answers.lines()) {
        let text = members(prompt, "text").next().unwrap_or_default();
        let (findings, rest) = answer.split_once("\"deferred\":").unwrap_or((answer, ""));
        let findings = findings
            .split_once("\"findings\":")
            .map_or("", |(_, list)| list);
        let mut what = Vec::new();
        for finding in findings.split("\"policy\":").skip(1) {
            let action = members(finding, "action").next().unwrap_or_default();
            let name = ["name", "type", "match"]
                .iter()
                .find_map(|key| members(finding, key).next());
            what.push((action, name.unwrap_or("?")));
        }
        let acts = |wanted: &str| what.iter().any(|(action, _)| *action == wanted);
        let action = match () {
            () if acts("BLOCKED") => "BLOCK",
            () if acts("ANONYMIZED") => "MASK",
            () if answer.contains("GUARDRAIL_INTERVENED") => "BLOCK",
            () => "pass",
        };
        let names: Vec<&str> = what.iter().map(|(_, name)| *name).collect();
        println!(
            "  {}{action:<10}{}",
            padded(text, TEXT_WIDTH),
            names.join(", ")
        );
        for policy in members(rest, "policy") {
            if !deferred.contains(&policy) {
                deferred.push(policy);
            }
        }
    }
    println!("\n  left to the cloud: {}", deferred.join(", "));
    Ok(())
}

/// The values of a string member in our own compact JSON, whose strings here hold no escapes.
fn members<'j>(json: &'j str, key: &str) -> impl Iterator<Item = &'j str> {
    let quoted = format!("\"{key}\":");
    let mut rest = json;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(&quoted)?;
        rest = after;
        let (value, _) = after.trim_start().strip_prefix('"')?.split_once('"')?;
        Some(value)
    })
}

/// A text cut or filled to a number of columns; an East Asian wide character takes two.
fn padded(text: &str, width: usize) -> String {
    let columns = |c: char| if c >= '\u{1100}' { 2 } else { 1 };
    let fits = text.chars().map(columns).sum::<usize>() <= width - 2;
    let mut line = String::new();
    let mut used = 0;
    for c in text.chars() {
        if !fits && used + columns(c) > width - 3 {
            line.push('…');
            used += 1;
            break;
        }
        line.push(c);
        used += columns(c);
    }
    line.push_str(&" ".repeat(width.saturating_sub(used)));
    line
}

fn timings(shell: &Shell, prompts: &Path) -> Result<(), String> {
    let failed = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
    let text = std::fs::read_to_string(prompts).map_err(|e| failed(prompts, e))?;
    let one = shell.path("one.jsonl");
    let many = shell.path("many.jsonl");
    let first = text.lines().next().unwrap_or_default();
    std::fs::write(&one, format!("{first}\n")).map_err(|e| failed(&one, e))?;
    std::fs::write(&many, text.repeat(REPEATS)).map_err(|e| failed(&many, e))?;
    let timed = |file: &Path| -> Result<Duration, String> {
        let mut times = Vec::new();
        for _ in 0..STARTS {
            let start = Instant::now();
            check(shell, "INPUT", file)?;
            times.push(start.elapsed());
        }
        times.sort_unstable();
        Ok(times.get(STARTS / 2).copied().unwrap_or_default())
    };
    let start = timed(&one)?;
    let lines = text.lines().count() * REPEATS;
    let each = timed(&many)?.saturating_sub(start).as_secs_f64() / lines as f64;
    println!(
        "\n  first decision, program start, verification from the root and bundle load included: {:.1} ms (median of {STARTS})",
        start.as_secs_f64() * 1e3
    );
    println!(
        "  each further prompt: {:.1} µs ({lines} prompts, all cores)",
        each * 1e6
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fill_their_column() {
        assert_eq!(padded("ab", 6), "ab    ");
        assert_eq!(padded("abcd", 6), "abcd  ");
        assert_eq!(padded("abcde", 6), "abc…  ");
        assert_eq!(padded("日本", 6), "日本  ");
        assert_eq!(padded("日本語", 6), "日…   ");
    }

    #[test]
    fn members_are_found_in_order() {
        let json = r#"{"a":"x","b":1,"a": "y"}"#;
        assert_eq!(members(json, "a").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(members(json, "b").count(), 0);
    }
}
