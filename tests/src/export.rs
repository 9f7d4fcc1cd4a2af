//! Writes the corpus for surfaces that are not Rust: `export FOLDER` writes the bundles, and
//! `corpus.json` with every row's request and what the native engine makes of it, in one shot and as
//! streams. `tests/e2e` holds the npm package to these bytes.
//!
//! Beside it stands the demo's guardrail: `demo.bundle` for browsers, and two bundles with every kind of
//! section, `audience-browser.bundle` and `audience-server.bundle`.
//!
//! A row is exported whether it is a known miss or not: a surface has to give the native answer, not the
//! right one.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use edgerail_compile::definition::{self, ReadOptions};
use edgerail_compile::overlay::Overlay;
use edgerail_compile::{Audience, CompileOptions, compile};
use edgerail_core::json::Writer;
use edgerail_core::reversible::{Placeholders, RestoreOptions};
use edgerail_core::stream::{Stream, StreamMode, StreamOptions};
use edgerail_core::{Engine, LoadOptions, Request, Source, Trust};
use edgerail_tests::{Conversations, Corpus, Row, Step};

/// What makes the demo's guardrail fill every section: views come with tier STANDARD, strings with words
/// that match inside tokens.
const OVERLAY: &str = r#"
[tier]
words = "STANDARD"
pii = "STANDARD"

[words]
match = "substring"
"#;

/// A way of cutting texts, and the pieces it gives.
type Cut = (&'static str, fn(&str) -> Vec<&str>);

/// Every other way is up to the runner, which knows from these what has to come out.
const CUTS: [Cut; 3] = [
    ("whole", |text| vec![text]),
    ("characters", |text| {
        text.split_inclusive(|_: char| true).collect()
    }),
    ("16 bytes", |text| pieces(text, 16)),
];

#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command's report"
)]
fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("error: which folder? usage: export FOLDER");
        return ExitCode::from(2);
    };
    match export(Path::new(&folder)) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("error: {}: {problem}", Path::new(&folder).display());
            ExitCode::from(2)
        }
    }
}

/// The bundles written so far, each with its engine and its number.
#[derive(Default)]
struct Bundles {
    loaded: BTreeMap<Vec<u8>, (u64, Engine)>,
}

impl Bundles {
    fn of(&mut self, folder: &Path, bundle: &[u8]) -> std::io::Result<(u64, &Engine)> {
        if !self.loaded.contains_key(bundle) {
            let number = self.loaded.len() as u64;
            std::fs::write(folder.join(format!("{number}.bundle")), bundle)?;
            let options = LoadOptions {
                trust: Trust::Local,
                ..LoadOptions::default()
            };
            let engine = Engine::load(bundle.to_vec(), options).expect("our bundles load");
            self.loaded.insert(bundle.to_vec(), (number, engine));
        }
        let (number, engine) = &self.loaded[bundle];
        Ok((*number, engine))
    }
}

fn export(folder: &Path) -> std::io::Result<String> {
    std::fs::create_dir_all(folder)?;
    let corpus = Corpus::ours();
    let conversations = Conversations::ours();
    let mut bundles = Bundles::default();
    let mut failed = Ok(());
    let mut writer = Writer::new();
    writer.object(|w| {
        w.name("conversations").object(|w| {
            failed = write_conversations(w, folder, &mut bundles, &conversations);
        });
        w.name("rows").array(|w| {
            for row in &corpus.rows {
                if failed.is_ok() {
                    let bundle = bundles.of(folder, corpus.bundle(row));
                    failed = bundle.map(|bundle| w.object(|w| write_row(w, row, bundle)));
                }
            }
        });
    });
    failed?;
    write_demo(folder)?;
    std::fs::write(folder.join("corpus.json"), writer.finish())?;
    Ok(format!(
        "{} rows, {} conversations, {} bundles",
        corpus.rows.len(),
        conversations.all.len(),
        bundles.loaded.len()
    ))
}

fn write_demo(folder: &Path) -> std::io::Result<()> {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/demo/guardrail.json");
    let read = definition::read(&std::fs::read(demo)?, &ReadOptions::default());
    let guardrails = read.expect("the demo's definition is read").guardrails;
    let full = Overlay::read(OVERLAY.as_bytes()).expect("the overlay is read");
    let bundles = [
        ("demo", Audience::Browser, &Overlay::default()),
        ("audience-browser", Audience::Browser, &full),
        ("audience-server", Audience::Server, &full),
    ];
    for (name, audience, overlay) in bundles {
        let options = CompileOptions {
            audience,
            ..CompileOptions::default()
        };
        let compiled = compile(&guardrails, overlay, &options).expect("the demo compiles");
        std::fs::write(folder.join(format!("{name}.bundle")), compiled.bundle)?;
    }
    Ok(())
}

fn write_conversations(
    w: &mut Writer,
    folder: &Path,
    bundles: &mut Bundles,
    conversations: &Conversations,
) -> std::io::Result<()> {
    let (number, engine) = bundles.of(folder, &conversations.bundle)?;
    w.name("all").array(|w| {
        for conversation in &conversations.all {
            let mut map = Placeholders::new(&conversation.name);
            w.object(|w| {
                w.name("name").string(&conversation.name);
                w.name("rule").string(&conversation.rule);
                w.name("steps").array(|w| {
                    for step in &conversation.steps {
                        w.object(|w| write_step(w, step, engine, &mut map));
                    }
                });
            });
        }
    });
    w.name("bundle").number(number);
    Ok(())
}

/// A step as the native engine takes it, and the map after it. Literals are not reserved ahead.
fn write_step(w: &mut Writer, step: &Step, engine: &Engine, map: &mut Placeholders) {
    let mut masked = |text: &str| {
        let request = Request::text(Source::Input, text);
        map.mask(text, engine.evaluate(&request).masks(0))
    };
    match step {
        Step::Mask { mask, .. } => {
            let output = masked(mask);
            w.name("map").string(&map.to_json());
            w.name("mask").string(mask);
            w.name("output").string(&output);
        }
        Step::Round { round } => {
            let output = masked(round);
            w.name("map").string(&map.to_json());
            w.name("output").string(&output);
            w.name("round").string(round);
        }
        Step::Restore { restore, .. } => {
            w.name("map").string(&map.to_json());
            w.name("output")
                .string(&map.restore(restore, RestoreOptions::default()));
            w.name("restore").string(restore);
        }
    }
}

fn write_row(w: &mut Writer, row: &Row, (number, engine): (u64, &Engine)) {
    let request = row.request();
    w.name("bundle").number(number);
    w.name("decision")
        .string(&engine.evaluate(&request).to_json());
    if let Some(reason) = &row.known_miss {
        w.name("knownMiss").string(reason);
    }
    w.name("name").string(&row.name);
    w.name("request").object(|w| {
        w.name("content").array(|w| {
            if let Some(text) = &row.text {
                w.object(|w| w.name("text").string(text));
            }
            for block in &row.content {
                w.object(|w| {
                    w.name("qualifiers").array(|w| {
                        for qualifier in &block.qualifiers {
                            w.string(qualifier);
                        }
                    });
                    if let Some(role) = &block.role {
                        w.name("role").string(role);
                    }
                    w.name("text").string(&block.text);
                });
            }
        });
        if let Some(model) = &row.model {
            w.name("model").string(model);
        }
        if let Some(now) = row.now {
            w.name("now").number(now);
        }
        if let Some(scope) = &row.output_scope {
            w.name("outputScope").string(scope);
        }
        w.name("source").string(&row.source);
    });
    w.name("rule").string(&row.rule);
    // The package's streams know no models either.
    if row.is_plain() && row.model.is_none() {
        w.name("stream")
            .object(|w| write_streams(w, row, &request, engine));
    }
}

fn write_streams(w: &mut Writer, row: &Row, request: &Request<'_>, engine: &Engine) {
    let options = options(row, request);
    w.name("buffer").bool(options.mode == StreamMode::Buffer);
    w.name("cuts").array(|w| {
        for (name, cut) in CUTS {
            w.object(|w| {
                let mut stream = Stream::new(engine, options);
                w.name("name").string(name);
                w.name("outputs").array(|w| {
                    for (number, block) in request.content.iter().enumerate() {
                        if number > 0 {
                            w.string(stream.next_block(engine).expect("the stream is open"));
                        }
                        for piece in cut(&block.text) {
                            let output = stream.push(engine, piece.as_bytes());
                            w.string(output.expect("the stream is open"));
                        }
                    }
                });
                let end = stream.finish(engine).expect("the stream is open");
                w.name("result").string(&end.to_json(engine));
            });
        }
    });
    w.name("holdback").number(options.holdback as u64);
}

fn options(row: &Row, request: &Request<'_>) -> StreamOptions {
    let mut options = StreamOptions::new(request.source);
    options.now = request.now;
    if let Some(expected) = &row.stream {
        if expected.mode.as_deref() == Some("buffer") {
            options.mode = StreamMode::Buffer;
        }
        options.holdback = expected.cap.unwrap_or(options.holdback);
    }
    options
}

/// Pieces of at most `most` bytes that end at characters.
fn pieces(text: &str, most: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (head, tail) = rest.split_at(rest.floor_char_boundary(most));
        pieces.push(head);
        rest = tail;
    }
    pieces
}
