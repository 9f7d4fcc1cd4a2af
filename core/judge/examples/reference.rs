//! Compiles, compares and judges natively, and writes what comes out as JSON to a file: the npm package's tests hold
//! its WebAssembly against it.
//!
//! `cargo run --package edgerail-judge --example reference -- OUT.json`

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use edgerail_compile::definition::{self, ReadOptions};
use edgerail_compile::diagnostic::Diagnostics;
use edgerail_compile::overlay::Overlay;
use edgerail_compile::topics::explain;
use edgerail_compile::{Audience, CompileOptions, compile};
use edgerail_core::{Engine, LoadOptions, Request, Source};
use edgerail_judge::data::{DiffData, EvalData, Inspection, row_json, topic_json};
use edgerail_judge::{
    Changes, CompareOptions, Comparer, Decided, Impact, JudgeOptions, KnownIds, Matching, Offsets,
    RowJudge, Snapshot, Summary, Vocabulary,
};
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The time that both decide by: 2030-01-01.
const NOW: u64 = 1_893_456_000;

fn main() -> Result<()> {
    let out = std::env::args_os().nth(1).ok_or("name the file to write")?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data = root.join("wasm/npm/package/test/data");
    let old = Version::read(&data.join("old.json"), Some(&data.join("overlay.toml")))?;
    let new = Version::read(&data.join("new.json"), None)?;
    let reference = json!({
        "bundles": bundles(&root.join("tests/guardrails"))?,
        "diff": diff(&old, &new, &fs::read(data.join("corpus.jsonl"))?),
        "eval": eval(&old, &fs::read(data.join("rows.jsonl"))?),
        "inspect": Inspection::of(&old.engine).json(),
        "topics": topics(&old),
    });
    fs::write(out, format!("{reference:#}\n"))?;
    Ok(())
}

struct Version {
    guardrails: Vec<definition::Guardrail>,
    overlay: Overlay,
    engine: Engine,
}

impl Version {
    fn read(definition: &Path, overlay: Option<&Path>) -> Result<Version> {
        let read = definition::read(&fs::read(definition)?, &ReadOptions::default());
        let read = read.map_err(|errors| errors.to_string())?;
        let overlay = overlay.map(fs::read).transpose()?.unwrap_or_default();
        let overlay = Overlay::read(&overlay).map_err(|errors| errors.to_string())?;
        let compiled = compile(&read.guardrails, &overlay, &CompileOptions::default());
        let compiled = compiled.map_err(|errors| errors.to_string())?;
        Ok(Version {
            guardrails: read.guardrails,
            overlay,
            engine: load(compiled.bundle)?,
        })
    }

    fn snapshot(&self, place: &str, overlay: Option<&str>) -> Snapshot {
        Snapshot {
            overlay: overlay.map(str::to_owned),
            ..Snapshot::of(place, &self.engine, Some((&self.guardrails, &self.overlay)))
        }
    }

    fn decide(&self, text: &str, source: Source) -> Decided {
        let request = Request {
            now: Some(NOW),
            ..Request::text(source, text)
        };
        Decided {
            json: self.engine.evaluate(&request).to_json(),
            fault: None,
            time: Duration::ZERO,
        }
    }
}

fn load(bundle: Vec<u8>) -> Result<Engine> {
    Ok(Engine::load(bundle, LoadOptions::default()).map_err(|error| error.to_string())?)
}

/// Every document, compiled for both audiences: the bundle's hash, and what is said about it.
fn bundles(folder: &Path) -> Result<Vec<Value>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    let mut all = Vec::new();
    for path in files {
        let file = path.file_name().map(|name| name.to_string_lossy());
        let bytes = fs::read(&path)?;
        for audience in [Audience::Browser, Audience::Server] {
            let (sha256, said) = bundle(&bytes, audience)?;
            all.push(json!({
                "audience": audience.name(), "diagnostics": said, "file": file, "sha256": sha256,
            }));
        }
    }
    Ok(all)
}

fn bundle(bytes: &[u8], audience: Audience) -> Result<(Option<String>, Vec<Value>)> {
    let read = match definition::read(bytes, &ReadOptions::default()) {
        Ok(read) => read,
        Err(errors) => return Ok((None, said(&errors))),
    };
    let options = CompileOptions {
        audience,
        ..CompileOptions::default()
    };
    let mut all = said(&read.diagnostics);
    Ok(
        match compile(&read.guardrails, &Overlay::default(), &options) {
            Ok(compiled) => {
                all.extend(said(&compiled.diagnostics));
                (Some(Inspection::of(&load(compiled.bundle)?).hash()), all)
            }
            Err(errors) => {
                all.extend(said(&errors));
                (None, all)
            }
        },
    )
}

fn said(diagnostics: &Diagnostics) -> Vec<Value> {
    let one = |d: &edgerail_compile::diagnostic::Diagnostic| {
        json!({
            "code": d.code, "message": d.message, "path": d.path, "severity": d.severity.name(),
        })
    };
    diagnostics.iter().map(one).collect()
}

fn lines(data: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let lines = data.split(|byte| *byte == b'\n');
    (1..)
        .zip(lines)
        .filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace))
}

fn diff(old: &Version, new: &Version, corpus: &[u8]) -> Value {
    let before = old.snapshot("old", Some("overlay"));
    let after = new.snapshot("new", None);
    let comparer = Comparer {
        options: CompareOptions {
            as_enforced: false,
            show_text: true,
        },
        source: Source::Input,
    };
    let (mut impact, mut refused) = (Impact::default(), Vec::new());
    for (number, line) in lines(corpus) {
        let decide = |text: &str, source| [old, new].map(|version| version.decide(text, source));
        match comparer.line(number, line, true, decide) {
            Ok(row) => impact.add("data", row, 3),
            Err((line, problem)) => {
                let (code, message) = (problem.code, problem.message);
                refused.push(json!({"code": code, "line": line, "message": message}));
            }
        }
    }
    impact.refused = u64::try_from(refused.len()).unwrap_or(u64::MAX);
    let data = DiffData {
        old: &before,
        new: &after,
        changes: &Changes::between(&before, &after),
        impact: Some(&impact),
        corpus: &["data".to_owned()],
        as_enforced: false,
    };
    let mut document = data.json();
    document["refusedLines"] = refused.into();
    document
}

fn eval(version: &Version, rows: &[u8]) -> Value {
    let judge = RowJudge {
        vocabulary: Vocabulary::of(&version.engine),
        options: JudgeOptions {
            offsets: Offsets::Utf16,
            show_text: true,
        },
        source: Source::Input,
    };
    let (mut summary, mut known) = (Summary::default(), KnownIds::default());
    let (mut judged, mut refused) = (Vec::new(), Vec::new());
    for (number, line) in lines(rows) {
        let decide = |text: &str, source| version.decide(text, source);
        let row = judge.line(number, line, decide);
        match row.and_then(|row| known.once(0, row)) {
            Ok(row) => {
                judged.push(row_json("data", &row));
                summary.add("data", row, 3);
            }
            Err((line, problem)) => {
                let (code, message) = (problem.code, problem.message);
                refused.push(json!({"code": code, "line": line, "message": message}));
            }
        }
    }
    summary.refused = u64::try_from(refused.len()).unwrap_or(u64::MAX);
    let data = EvalData {
        guardrail: "guardrail",
        data: &["data".to_owned()],
        engine: "npm",
        matching: Matching::Overlap,
        offsets: Offsets::Utf16,
        summary: &summary,
        verdicts: &[],
    };
    let mut document = data.json();
    document["refusedLines"] = refused.into();
    json!({"document": document, "rows": judged})
}

fn topics(version: &Version) -> Vec<Value> {
    let guardrails = version.guardrails.iter();
    guardrails
        .flat_map(|guardrail| {
            let explained = explain(guardrail, &version.overlay).into_iter();
            explained.map(|topic| topic_json(&guardrail.name, &topic))
        })
        .collect()
}
