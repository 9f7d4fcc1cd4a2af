//! Turns for somebody else's rounds: the browser bench (`tests/e2e/bench.mjs`) lets wasmtime, Node and
//! Chromium take turns over the same texts. This writes the texts and the policy, then measures a turn for
//! every line `wasmtime chat-0` or `native chat-0` that comes in.

use std::hint::black_box;
use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::time::Instant;

use edgerail_core::json::Writer;

use crate::Bench;
use crate::clock::thread_time;
use crate::corpus::Corpus;
use crate::policy::{Parts, load};
use crate::wasm::{Runtime, evaluate_native};

/// The sets of messages, in the order of the corpus.
const SETS: [&str; 3] = ["chat-0", "chat-1", "chat-8"];

/// Writes `bench.json` and `bench.bundle` to `folder` and serves turns until the input ends.
pub(crate) fn serve(bench: &mut Bench, folder: &str) -> Result<(), String> {
    let bundle = Parts::full().bundle();
    write(bench.corpus, &bundle, Path::new(folder)).map_err(|e| format!("{folder}: {e}"))?;
    let Some(runtime) = Runtime::or_note(bench) else {
        return Err("wasmtime has nothing to run".to_owned());
    };
    let native = load(bundle.clone(), true);
    let mut instance = runtime.instance();
    let engine = instance.load(&bundle, true);
    answer("ready");
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|e| e.to_string())?;
        let (who, set) = line.split_once(' ').unwrap_or((&line, ""));
        let texts = SETS.iter().position(|name| *name == set);
        let texts = texts.and_then(|number| bench.corpus.chat.get(number));
        let texts = texts.ok_or_else(|| format!("there are no texts {set:?}"))?;
        let turn = bench.effort.turn;
        let figures = match who {
            "native" => measure(turn, || evaluate_native(&native, texts)),
            "wasmtime" => measure(turn, || {
                let lengths = texts
                    .iter()
                    .map(|text| instance.evaluate(engine, text).len());
                lengths.sum()
            }),
            _ => return Err(format!("nobody here is called {who:?}")),
        };
        answer(&figures);
    }
    Ok(())
}

/// Runs one pass over the texts after another for at least `turn` nanoseconds: how many, the processor time and
/// the time of all, as JSON, with what the passes came to.
fn measure(turn: u64, mut pass: impl FnMut() -> usize) -> String {
    let (begin, processor) = (Instant::now(), thread_time());
    let mut passes = 0_u32;
    let mut sum = 0;
    while thread_time() - processor < turn {
        sum = black_box(pass());
        passes += 1;
    }
    let (cpu, wall) = (thread_time() - processor, begin.elapsed().as_nanos());
    format!("{{\"passes\":{passes},\"cpu\":{cpu},\"wall\":{wall},\"length\":{sum}}}")
}

#[allow(clippy::print_stdout, reason = "the other side reads it")]
fn answer(line: &str) {
    println!("{line}");
    // Whoever waits for the answer is gone if it cannot be written; the input ends then.
    let _ = std::io::stdout().flush();
}

fn write(corpus: &Corpus, bundle: &[u8], folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("bench.bundle"), bundle)?;
    let mut writer = Writer::new();
    writer.object(|w| {
        w.name("corpus").string(&corpus.sha256());
        w.name("prose").string(&corpus.prose);
        w.name("sets").object(|w| {
            for (name, texts) in SETS.iter().zip(&corpus.chat) {
                w.name(name).array(|w| {
                    for text in texts {
                        w.string(text);
                    }
                });
            }
        });
    });
    std::fs::write(folder.join("bench.json"), writer.finish())
}
