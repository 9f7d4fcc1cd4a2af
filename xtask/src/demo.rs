//! `cargo xtask demo`: the main job, end to end.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::process::{artifacts, cargo, root, run, shown, target};
use crate::{Chore, component, no_arguments};

pub(crate) const CHORE: Chore = Chore {
    name: "demo",
    summary: "compile a sample guardrail and evaluate prompts in the WebAssembly engine",
    help: "usage: cargo xtask demo\n\n\
        Builds the engine's component and the edgerail command, compiles examples/demo/guardrail.json\n\
        to a bundle, and evaluates the prompts and answers beside it.",
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

fn demo() -> Result<(), String> {
    println!("Building the engine for WebAssembly and the edgerail command …");
    component::build()?;
    run(&mut cargo(&["build", "--package", "edgerail"]))?;
    let edgerail = target().join("debug/edgerail");
    let examples = root().join("examples/demo");
    let bundle = artifacts().join("demo.bundle");
    let mut compile = Command::new(&edgerail);
    compile
        .arg("compile")
        .arg(examples.join("guardrail.json"))
        .arg("-o")
        .arg(&bundle);
    println!("\n$ edgerail compile examples/demo/guardrail.json -o demo.bundle");
    run(&mut compile)?;
    for (source, file) in [("INPUT", "prompts.jsonl"), ("OUTPUT", "answers.jsonl")] {
        println!(
            "\n$ edgerail check --bundle demo.bundle --source {source} --input-format jsonl {file}\n"
        );
        table(&edgerail, &bundle, source, &examples.join(file))?;
    }
    timings(&edgerail, &bundle, &examples.join("prompts.jsonl"))
}

/// `edgerail check` over JSON lines. It exits with 1 if anything intervened, which is the point here.
fn check(edgerail: &Path, bundle: &Path, source: &str, file: &Path) -> Result<String, String> {
    let mut command = Command::new(edgerail);
    command.args([
        "check",
        "--engine",
        "wasm",
        "--exit-zero",
        "--source",
        source,
    ]);
    command
        .args(["--input-format", "jsonl", "--bundle"])
        .arg(bundle)
        .arg(file);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| format!("{}: {e}", shown(&command)))?;
    if !output.status.success() {
        return Err(format!("failed ({}): {}", output.status, shown(&command)));
    }
    String::from_utf8(output.stdout).map_err(|e| format!("{}: {e}", shown(&command)))
}

fn table(edgerail: &Path, bundle: &Path, source: &str, file: &Path) -> Result<(), String> {
    let prompts = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let answers = check(edgerail, bundle, source, file)?;
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

fn timings(edgerail: &Path, bundle: &Path, prompts: &Path) -> Result<(), String> {
    let failed = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
    let text = std::fs::read_to_string(prompts).map_err(|e| failed(prompts, e))?;
    let one = artifacts().join("demo-one.jsonl");
    let many = artifacts().join("demo-many.jsonl");
    let first = text.lines().next().unwrap_or_default();
    std::fs::write(&one, format!("{first}\n")).map_err(|e| failed(&one, e))?;
    std::fs::write(&many, text.repeat(REPEATS)).map_err(|e| failed(&many, e))?;
    let timed = |file: &Path| -> Result<Duration, String> {
        let mut times = Vec::new();
        for _ in 0..STARTS {
            let start = Instant::now();
            check(edgerail, bundle, "INPUT", file)?;
            times.push(start.elapsed());
        }
        times.sort_unstable();
        Ok(times.get(STARTS / 2).copied().unwrap_or_default())
    };
    let start = timed(&one)?;
    let lines = text.lines().count() * REPEATS;
    let each = timed(&many)?.saturating_sub(start).as_secs_f64() / lines as f64;
    println!(
        "\n  first decision, program start and bundle load included: {:.1} ms (median of {STARTS})",
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
