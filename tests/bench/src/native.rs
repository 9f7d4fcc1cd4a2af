//! The budgets that need no WebAssembly.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use edgerail_core::text::View;
use edgerail_core::{Engine, Request, Source};
use sha2::{Digest, Sha256};

use crate::clock::{Case, Effort, medians};
use crate::corpus::HOSTILE;
use crate::policy::{self, Parts, load};
use crate::report::Row;
use crate::{Bench, Named, memory, stream, topics, trust};

/// Every native benchmark: its group's name, and what measures it.
pub(crate) const BENCHES: [Named; 13] = [
    ("findings", findings),
    ("full", full),
    ("words", words),
    ("length", length),
    ("hostile", hostile),
    ("regexes", regexes),
    ("topics", topics::topics),
    ("tiers", topics::tiers),
    ("stream", stream::stream),
    ("parts", parts),
    ("load", load_bundle),
    ("memory", memory_held),
    ("trust", trust::trust),
];

/// The design's "bare pass".
pub(crate) fn bare_pass(words: &[String]) -> AhoCorasick {
    AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::DFA))
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .prefilter(false)
        .build(words)
        .unwrap_or_else(|problem| panic!("the words make an automaton: {problem}"))
}

/// Evaluates texts one by one; the result depends on every decision.
pub(crate) fn evaluate<T: AsRef<str>>(engine: &Engine, texts: &[T]) -> usize {
    let mut sum = 0;
    for text in texts {
        let request = Request::text(Source::Input, text.as_ref());
        let decision = engine.evaluate(&request);
        sum +=
            decision.findings().len() + decision.outputs().iter().map(String::len).sum::<usize>();
    }
    sum
}

fn pass<T: AsRef<str>>(rival: &AhoCorasick, texts: &[T]) -> usize {
    texts
        .iter()
        .map(|text| rival.find_iter(text.as_ref()).count())
        .sum()
}

/// Bytes of all texts.
pub(crate) fn bytes<T: AsRef<str>>(texts: &[T]) -> f64 {
    texts.iter().map(|text| text.as_ref().len()).sum::<usize>() as f64
}

/// `ours : theirs` in nanoseconds a byte.
pub(crate) fn per_byte(ours: f64, theirs: f64) -> String {
    format!("{ours:.2} : {theirs:.2} ns/B")
}

/// Whether the messages have the findings that they were made with. If not, an engine with false
/// findings would be measured, or a blind one.
fn findings(bench: &mut Bench) {
    let engine = Parts::full().engine();
    for (set, expected) in bench.corpus.chat.iter().zip([0_usize, 1, 8]) {
        let wrong = set.iter().filter(|text| {
            let request = Request::text(Source::Input, text);
            let decision = engine.evaluate(&request);
            let found: Vec<&str> = decision
                .findings()
                .iter()
                .map(|finding| finding.matched)
                .collect();
            if bench.verbose && found.len() != expected {
                bench.note(&format!("expected {expected} findings: {found:?}"));
            }
            found.len() != expected
        });
        let wrong = wrong.count() as f64;
        let row = Row {
            unit: "",
            ..Row::ratio(
                format!("findings/chat-{expected}"),
                format!(
                    "messages of {} without exactly {expected} findings",
                    set.len()
                ),
                wrong,
                1.0,
            )
        };
        bench.push(row.within(0.0, 0.0));
    }
    for (name, text) in [
        ("prose", &bench.corpus.prose),
        ("code", &bench.corpus.code),
        ("logs", &bench.corpus.logs),
        ("cjk", &bench.corpus.cjk),
    ] {
        let request = Request::text(Source::Input, text);
        let found = engine.evaluate(&request).found();
        let mebibytes = text.len() as f64 / f64::from(1 << 20);
        let row = Row::ratio(
            format!("findings/{name}"),
            "findings a MiB",
            found as f64,
            mebibytes,
        );
        bench.push(Row { unit: "", ..row });
    }
}

/// The full policy against the bare pass.
fn full(bench: &mut Bench) {
    let engine = Parts::full().engine();
    let rival = bare_pass(&policy::words(500));
    for (set, findings) in bench.corpus.chat.iter().zip([0, 1, 8]) {
        let [ours, theirs] = medians(
            bench.effort,
            [
                Case::new(|| evaluate(&engine, set)),
                Case::new(|| pass(&rival, set)),
            ],
        );
        let size = bytes(set);
        bench.push(
            Row::ratio(
                format!("full/chat-{findings}"),
                "full policy : bare pass over its 500 words",
                ours,
                theirs,
            )
            .within(4.0, 2.0)
            .detail(per_byte(ours / size, theirs / size)),
        );
    }
    for (name, text) in [
        ("prose", &bench.corpus.prose),
        ("code", &bench.corpus.code),
        ("logs", &bench.corpus.logs),
        ("cjk", &bench.corpus.cjk),
    ] {
        let text = [&text[..text.floor_char_boundary(HOSTILE)]];
        let [ours, theirs] = medians(
            bench.effort,
            [
                Case::new(|| evaluate(&engine, &text)),
                Case::new(|| pass(&rival, &text)),
            ],
        );
        let size = bytes(&text);
        bench.push(
            Row::ratio(
                format!("full/{name}"),
                "the same over other texts",
                ours,
                theirs,
            )
            .detail(per_byte(ours / size, theirs / size)),
        );
    }
}

/// Time a byte does not grow with the number of words.
fn words(bench: &mut Bench) {
    let set = &bench.corpus.chat[0];
    let size = bytes(set);
    let [few, many] = [100, 10_000].map(|count| Parts::words(count).engine());
    let [full_few, full_many] = [100, 10_000].map(|words| {
        Parts {
            words,
            ..Parts::full()
        }
        .engine()
    });
    let [rival_few, rival_many] = [100, 10_000].map(|count| bare_pass(&policy::words(count)));
    let [few, many, full_few, full_many, rival_few, rival_many] = medians(
        bench.effort,
        [
            Case::new(|| evaluate(&few, set)),
            Case::new(|| evaluate(&many, set)),
            Case::new(|| evaluate(&full_few, set)),
            Case::new(|| evaluate(&full_many, set)),
            Case::new(|| pass(&rival_few, set)),
            Case::new(|| pass(&rival_many, set)),
        ],
    );
    bench.push(
        Row::ratio(
            "words/alone",
            "10,000 words : 100 words, no other policy",
            many,
            few,
        )
        .within(1.3, 1.05)
        .detail(per_byte(many / size, few / size)),
    );
    bench.push(
        Row::ratio(
            "words/full",
            "the same within the full policy",
            full_many,
            full_few,
        )
        .within(1.3, 1.05)
        .detail(per_byte(full_many / size, full_few / size)),
    );
    bench.push(
        Row::ratio(
            "words/bare-pass",
            "the same for the bare pass",
            rival_many,
            rival_few,
        )
        .detail(per_byte(rival_many / size, rival_few / size)),
    );
}

/// Time a byte does not grow with the length of the text.
fn length(bench: &mut Bench) {
    let engine = Parts::full().engine();
    let prose = &bench.corpus.prose;
    let pieces: Vec<&str> = prose
        .as_bytes()
        .chunks(1024)
        .take(256)
        .filter_map(|piece| str::from_utf8(piece).ok())
        .collect();
    let [middle, long] = [&prose[..64 << 10], prose.as_str()].map(|text| [text]);
    let [short, medium, whole] = medians(
        bench.effort,
        [
            Case::new(|| evaluate(&engine, &pieces)),
            Case::new(|| evaluate(&engine, &middle)),
            Case::new(|| evaluate(&engine, &long)),
        ],
    );
    let (short, medium, whole) = (
        short / bytes(&pieces),
        medium / bytes(&middle),
        whole / bytes(&long),
    );
    bench.push(
        Row::ratio(
            "length/1KB-64KB",
            "64 KB : 1 KB of prose, full policy",
            medium,
            short,
        )
        .detail(per_byte(medium, short)),
    );
    bench.push(
        Row::ratio(
            "length/1KB-1MB",
            "1 MB : 1 KB of prose, full policy",
            whole,
            short,
        )
        .within(1.2, 1.05)
        .detail(per_byte(whole, short)),
    );
}

/// No text is much slower than plain text, and none gets slower with its length.
fn hostile(bench: &mut Bench) {
    let engine = Parts::full().engine();
    let plain = [&bench.corpus.prose[..HOSTILE]];
    let plain_size = bytes(&plain);
    // These take long each, and there are many: turns need not be longer than one run.
    let effort = Effort {
        turn: bench.effort.turn / 2,
        ..bench.effort
    };
    let mut growth = Vec::new();
    for (name, text) in &bench.corpus.hostile {
        let text = text.as_str();
        let short = [&text[..text.floor_char_boundary(HOSTILE / 16)]];
        let long = [text];
        let [whole, part, simple] = medians(
            effort,
            [
                Case::new(|| evaluate(&engine, &long)),
                Case::new(|| evaluate(&engine, &short)),
                Case::new(|| evaluate(&engine, &plain)),
            ],
        );
        let (whole, part, simple) = (
            whole / bytes(&long),
            part / bytes(&short),
            simple / plain_size,
        );
        let row = Row::ratio(
            format!("hostile/{name}"),
            "hostile : plain, 128 KB, full policy",
            whole,
            simple,
        )
        .detail(per_byte(whole, simple));
        // Thousands of findings are work that was asked for.
        let dense = name.starts_with("dense-");
        bench.push(if dense { row } else { row.within(4.0, 2.0) });
        growth.push((name, whole, part));
    }
    for (name, whole, part) in growth {
        if whole > part * 1.2 {
            bench.push(
                Row::ratio(
                    format!("hostile-growth/{name}"),
                    "the same text, 128 KB : 8 KB a byte",
                    whole,
                    part,
                )
                .detail(per_byte(whole, part)),
            );
        }
    }
}

/// Regexes in groups, and one by one.
fn regexes(bench: &mut Bench) {
    let set = &bench.corpus.chat[0];
    let size = bytes(set);
    let with = |regexes: Vec<(String, String)>| {
        Parts {
            regexes,
            ..Parts::default()
        }
        .engine()
    };
    let (one, ten, thirty) = (
        with(policy::regexes()[..1].to_vec()),
        with(policy::regexes()),
        with(policy::thirty_regexes()),
    );
    let grouped = [&one, &ten, &thirty].map(policy::grouped);
    assert_eq!(grouped, [1, 10, 30], "the patterns fit groups");
    let none = Parts::default().engine();
    let [base, one, thirty] = medians(
        bench.effort,
        [
            Case::new(|| evaluate(&none, set)),
            Case::new(|| evaluate(&one, set)),
            Case::new(|| evaluate(&thirty, set)),
        ],
    );
    bench.push(
        Row::ratio(
            "regexes/1-30",
            "30 : 1 groupable patterns, no other policy",
            thirty,
            one,
        )
        .within(4.0, 2.0)
        .detail(per_byte(thirty / size, one / size)),
    );
    bench.push(
        Row::ratio(
            "regexes/1-30-alone",
            "the same without the pass that every text takes",
            thirty - base,
            one - base,
        )
        .detail(per_byte((thirty - base) / size, (one - base) / size)),
    );

    let ours = ten;
    let patterns = policy::regexes();
    let build =
        |pattern: &str| regex::Regex::new(pattern).unwrap_or_else(|problem| panic!("{problem}"));
    let regex: Vec<regex::Regex> = patterns.iter().map(|(_, pattern)| build(pattern)).collect();
    let build = |pattern: &str| {
        regex_lite::Regex::new(pattern).unwrap_or_else(|problem| panic!("{problem}"))
    };
    let lite: Vec<regex_lite::Regex> = patterns.iter().map(|(_, pattern)| build(pattern)).collect();
    let few = &set[..16];
    let size = bytes(few);
    let [ours, regex, lite] = medians(
        bench.effort,
        [
            Case::new(|| evaluate(&ours, few)),
            Case::new(|| {
                few.iter()
                    .map(|text| {
                        regex
                            .iter()
                            .map(|one| one.find_iter(text).count())
                            .sum::<usize>()
                    })
                    .sum::<usize>()
            }),
            Case::new(|| {
                few.iter()
                    .map(|text| {
                        lite.iter()
                            .map(|one| one.find_iter(text).count())
                            .sum::<usize>()
                    })
                    .sum::<usize>()
            }),
        ],
    );
    bench.push(
        Row::ratio(
            "regexes/regex",
            "10 patterns here : one by one in `regex`",
            ours,
            regex,
        )
        .detail(per_byte(ours / size, regex / size)),
    );
    bench.push(
        Row::ratio(
            "regexes/regex-lite",
            "10 patterns here : one by one in `regex-lite`",
            ours,
            lite,
        )
        .detail(per_byte(ours / size, lite / size)),
    );
}

/// What each part of the policy takes.
fn parts(bench: &mut Bench) {
    let rival = bare_pass(&policy::words(500));
    let [none, words, profanity, pii, regexes, topics, all] = [
        Parts::default(),
        Parts::words(500),
        Parts {
            profanity: true,
            ..Parts::default()
        },
        Parts {
            pii: true,
            ..Parts::default()
        },
        Parts {
            regexes: policy::regexes(),
            ..Parts::default()
        },
        Parts {
            topics: true,
            ..Parts::default()
        },
        Parts::full(),
    ]
    .map(|parts| parts.engine());
    for (set, findings) in bench.corpus.chat.iter().zip([0, 1, 8]) {
        let times = medians(
            bench.effort,
            [
                Case::new(|| pass(&rival, set)),
                Case::new(|| {
                    set.iter()
                        .map(|text| View::new(text, 4).map_or(0, |view| view.text().len()))
                        .sum::<usize>()
                }),
                Case::new(|| evaluate(&none, set)),
                Case::new(|| evaluate(&words, set)),
                Case::new(|| evaluate(&profanity, set)),
                Case::new(|| evaluate(&pii, set)),
                Case::new(|| evaluate(&regexes, set)),
                Case::new(|| evaluate(&topics, set)),
                Case::new(|| evaluate(&all, set)),
            ],
        );
        let what = [
            "text view alone",
            "no policy: view, tokens, decision",
            "500 words alone",
            "profanity alone",
            "31 types alone",
            "10 regexes alone",
            "10 topics alone",
            "full policy",
        ];
        let names = [
            "view",
            "none",
            "words",
            "profanity",
            "pii",
            "regexes",
            "topics",
            "full",
        ];
        let size = bytes(set);
        for ((name, what), time) in names.into_iter().zip(what).zip(&times[1..]) {
            bench.push(
                Row::ratio(
                    format!("parts-{findings}/{name}"),
                    format!("{what} : bare pass"),
                    *time,
                    times[0],
                )
                .detail(per_byte(time / size, times[0] / size)),
            );
        }
    }
}

/// Loading validates, and builds nothing.
fn load_bundle(bench: &mut Bench) {
    for (name, parts) in [
        ("full", Parts::full()),
        (
            "10000-words",
            Parts {
                words: 10_000,
                ..Parts::full()
            },
        ),
    ] {
        let bundle = parts.bundle();
        let [plain, hashed, pass] = medians(
            bench.effort,
            [
                Case::new(|| load(bundle.clone(), false)),
                Case::new(|| load(bundle.clone(), true)),
                Case::new(|| Sha256::digest(&bundle)),
            ],
        );
        let times = |time: f64| format!("{:.0} : {:.0} us", time / 1e3, pass / 1e3);
        let size = bundle.len() / 1024;
        bench.push(
            Row::ratio(
                format!("load-native/{name}"),
                format!("load ({size} KiB), not hashed : SHA-256 pass (hardware)"),
                plain,
                pass,
            )
            .detail(times(plain)),
        );
        bench.push(
            Row::ratio(
                format!("load-native/{name}-hashed"),
                "the same, hash checked",
                hashed,
                pass,
            )
            .detail(times(hashed)),
        );
    }
}

/// Memory above the bundle's own size.
fn memory_held(bench: &mut Bench) {
    let bundle = Parts {
        words: 10_000,
        ..Parts::full()
    }
    .bundle();
    let size = bundle.len();
    let text = &bench.corpus.chat[2][0];
    let (engine, held, peak) = memory::held(|| {
        let engine = load(bundle.clone(), true);
        let request = Request::text(Source::Input, text);
        std::hint::black_box(engine.evaluate(&request));
        engine
    });
    drop(engine);
    let megabytes = |bytes: usize| bytes as f64 / 1e6;
    let above = |bytes: usize| megabytes(bytes.saturating_sub(size));
    let row = |name: &str, what: &str, bytes: usize| {
        Row {
            unit: "MB",
            ..Row::ratio(name, what, above(bytes), 1.0)
        }
        .detail(format!("bundle {:.2} MB", megabytes(size)))
    };
    bench.push(
        row(
            "memory/native",
            "held by engine above its bundle, 10,000 words, full policy",
            held,
        )
        .within(6.0, 3.0),
    );
    bench.push(
        row(
            "memory/native-peak",
            "the most at once, load and one evaluation",
            peak,
        )
        .within(6.0, 3.0),
    );
}
