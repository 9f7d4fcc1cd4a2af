//! Texts that come piece by piece.

use edgerail_core::stream::{HOLDBACK, Histogram, Stream, StreamOptions};
use edgerail_core::{Engine, Source};

use crate::Bench;
use crate::clock::{Case, medians};
use crate::native::{bytes, evaluate, per_byte};
use crate::policy::Parts;
use crate::report::Row;

/// Bytes of a piece, about what a model's token has.
const PIECE: usize = 16;

/// One message in pieces of `piece` bytes: the stream at its end, and how much came out.
fn run(engine: &Engine, text: &str, piece: usize) -> (Stream, usize) {
    let mut stream = Stream::new(engine, StreamOptions::new(Source::Input));
    let wrong = "a stream of ours takes text until it is finished";
    let mut out = 0;
    for piece in text.as_bytes().chunks(piece) {
        out += stream.push(engine, piece).expect(wrong).len();
    }
    let end = stream.finish(engine).expect(wrong);
    std::hint::black_box(&end);
    (stream, out)
}

fn all(engine: &Engine, texts: &[String], piece: usize) -> usize {
    texts.iter().map(|text| run(engine, text, piece).1).sum()
}

/// Text in pieces against text at once, and what is held back.
pub(crate) fn stream(bench: &mut Bench) {
    let engine = Parts::full().engine();
    for (findings, set) in [0, 1, 8].into_iter().zip(&bench.corpus.chat) {
        let [pieces, once, bytewise] = medians(
            bench.effort,
            [
                Case::new(|| all(&engine, set, PIECE)),
                Case::new(|| evaluate(&engine, set)),
                Case::new(|| all(&engine, &set[..4], 1)),
            ],
        );
        let size = bytes(set);
        let once_each = once / size;
        bench.push(
            Row::ratio(
                format!("stream/16-bytes-{findings}"),
                "in pieces of 16 bytes : at once, full policy",
                pieces,
                once,
            )
            .within(3.0, 2.0)
            .detail(per_byte(pieces / size, once_each)),
        );
        let bytewise = bytewise / bytes(&set[..4]);
        bench.push(
            Row::ratio(
                format!("stream/1-byte-{findings}"),
                "byte by byte : at once, full policy",
                bytewise,
                once_each,
            )
            .detail(per_byte(bytewise, once_each)),
        );
    }
    let (mut words, mut everything, mut most) = (Histogram::default(), Histogram::default(), 0);
    for text in &bench.corpus.chat[0] {
        let stats = run(&engine, text, PIECE).0.stats();
        for (sum, counted) in [(&mut words, stats.words), (&mut everything, stats.all)] {
            for (sum, count) in sum.counts.iter_mut().zip(counted.counts) {
                *sum += count;
            }
        }
        most = most.max(stats.max);
    }
    let held = |name: &str, what: &str, bytes: usize| Row {
        unit: "B",
        ..Row::ratio(name, what, bytes as f64, 1.0)
    };
    bench.push(
        held(
            "stream/held-median",
            "held back at the middle piece beyond the word it ends in, chat without findings",
            words.median(),
        )
        .within(0.0, 0.0),
    );
    bench.push(held(
        "stream/held-median-all",
        "the same with the word that the piece ends in",
        everything.median(),
    ));
    bench.push(
        held("stream/held-most", "the most held back", most)
            .within(HOLDBACK as f64, HOLDBACK as f64 / 2.0),
    );
}
