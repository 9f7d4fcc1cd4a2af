//! Custom regexes against a slow, obvious reference: the `regex` crate over the whole text.

use std::ops::Range;

use edgerail_core::decision::Entry;
use edgerail_core::regex::RegexPath;
use edgerail_core::{Engine, Limits, LoadOptions, Request, Source};
use edgerail_tests::{Random, bundle_of};

/// How many sets of patterns are tried, each on this many texts.
const SETS: usize = 60;
const TEXTS: usize = 40;
/// As many as a guardrail may have.
const PATTERNS: usize = 10;

#[test]
fn every_path_finds_what_the_reference_finds() {
    let mut random = Generator(Random(0x243f_6a88_85a3_08d3));
    let mut matches = 0;
    let mut seen = [false; 4];
    // By the number of gaps, and those that are not marked.
    let mut marked = [0; 4];
    for _ in 0..SETS {
        let patterns: Vec<Pattern> = (0..PATTERNS).map(|_| random.pattern(3)).collect();
        let bundle = bundle_of(&definition(&patterns), "");
        let section = edgerail_core::bundle::Bundle::open(bundle.clone(), 1 << 26, true).unwrap();
        let each = section.section(edgerail_core::bundle::SectionKind::RegexEach);
        for compiled in edgerail_core::regex::read_each(each).unwrap() {
            seen[usize::from(compiled.path.number())] = true;
            marked[compiled.gaps.map_or(3, usize::from)] += 1;
        }
        let options = LoadOptions {
            limits: Limits {
                findings: usize::MAX,
                ..Limits::default()
            },
            ..LoadOptions::default()
        };
        let references: Vec<_> = patterns
            .iter()
            .map(|pattern| regex::Regex::new(&pattern.reference).unwrap())
            .collect();
        let engine = Engine::load(bundle, options).unwrap();
        for _ in 0..TEXTS {
            let text = random.text();
            let ours = found(&engine, &text);
            for (number, reference) in references.iter().enumerate() {
                let expected = reference.find_iter(&text).map(|found| found.range());
                let expected: Vec<_> = expected.filter(|range| !range.is_empty()).collect();
                matches += expected.len();
                let pattern = &patterns[number].ours;
                assert_eq!(ours[number], expected, "{pattern} on {text:?}");
            }
        }
    }
    assert!(matches > 20_000, "only {matches} matches");
    for (gaps, count) in marked.into_iter().enumerate() {
        assert!(count > 5, "only {count} patterns with {gaps} gaps");
    }
    for path in RegexPath::ALL {
        assert!(seen[usize::from(path.number())], "no pattern took {path:?}");
    }
}

fn definition(patterns: &[Pattern]) -> String {
    let entries: Vec<String> = patterns
        .iter()
        .enumerate()
        .map(|(number, pattern)| {
            let pattern = pattern.ours.replace('\\', r"\\");
            format!(r#"{{"name": "r{number}", "pattern": "{pattern}", "action": "BLOCK"}}"#)
        })
        .collect();
    format!(
        r#"{{"name": "t", "blockedInputMessaging": "In.", "blockedOutputsMessaging": "Out.",
        "sensitiveInformationPolicyConfig": {{"regexesConfig": [{}]}}}}"#,
        entries.join(",")
    )
}

/// The engine's matches, by pattern.
fn found(engine: &Engine, text: &str) -> Vec<Vec<Range<usize>>> {
    let mut found = vec![Vec::new(); PATTERNS];
    let request = Request::text(Source::Input, text);
    for finding in engine.evaluate(&request).findings() {
        if let Entry::Regex(number) = finding.entry {
            found[number].push(finding.start..finding.end);
        }
    }
    found
}

/// A pattern in the engine's dialect and in the reference's.
struct Pattern {
    ours: String,
    reference: String,
}

impl Pattern {
    fn same(text: &str) -> Pattern {
        Pattern {
            ours: text.into(),
            reference: text.into(),
        }
    }

    fn wrapped(self, before: &str, after: &str) -> Pattern {
        Pattern {
            ours: format!("{before}{}{after}", self.ours),
            reference: format!("{before}{}{after}", self.reference),
        }
    }
}

/// Makes patterns and texts, the same ones everywhere.
struct Generator(Random);

impl Generator {
    fn below(&mut self, limit: usize) -> usize {
        self.0.below(limit)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        self.0.pick(from)
    }

    fn pattern(&mut self, depth: usize) -> Pattern {
        let parts = 1 + self.below(3);
        let mut pattern = (0..parts).map(|_| self.part(depth)).reduce(|a, b| Pattern {
            ours: a.ours + &b.ours,
            reference: a.reference + &b.reference,
        });
        pattern.take().unwrap()
    }

    fn part(&mut self, depth: usize) -> Pattern {
        match self.below(if depth == 0 { 7 } else { 11 }) {
            0..=3 => {
                let atom = self.atom();
                let repetition =
                    self.pick(&["", "", "", "+", "*", "?", "{2}", "{1,3}", "+?", "*?"]);
                atom.wrapped("", repetition)
            }
            4 => Pattern::same(self.pick(&["A", "x-", "no=", "12", "é", "b ", " 1", "#"])),
            5 => Pattern {
                ours: r"\b".into(),
                reference: r"(?-u:\b)".into(),
            },
            6 => Pattern::same(self.pick(&[
                "^",
                "$",
                "(?m:^)",
                "(?m:$)",
                "(?i:ab)",
                "[ab].{30}[ab1]",
                "[a-z]+.{40}1",
                "1 [a-z]+ [a-z]",
            ])),
            7 | 8 => {
                let sub = self.pattern(depth - 1);
                let after = self.pick(&[")", ")", ")?", ")+", "){1,2}"]);
                sub.wrapped("(?:", after)
            }
            _ => {
                let (a, b) = (self.pattern(depth - 1), self.pattern(depth - 1));
                Pattern {
                    ours: format!("(?:{}|{})", a.ours, b.ours),
                    reference: format!("(?:{}|{})", a.reference, b.reference),
                }
            }
        }
    }

    fn atom(&mut self) -> Pattern {
        const ATOMS: [(&str, &str); 12] = [
            (r"\d", "[0-9]"),
            (r"\d", "[0-9]"),
            (r"\D", "[^0-9]"),
            (r"\w", "[0-9A-Za-z_]"),
            (r"\s", r"[\t\n\v\f\r ]"),
            (r"\S", r"[^\t\n\v\f\r ]"),
            ("[a-c]", "[a-c]"),
            ("[A-Z0-9]", "[A-Z0-9]"),
            ("[-_#]", "[-_#]"),
            (".", "."),
            ("1", "1"),
            ("a", "a"),
        ];
        let (ours, reference) = ATOMS[self.below(ATOMS.len())];
        Pattern {
            ours: ours.into(),
            reference: reference.into(),
        }
    }

    fn text(&mut self) -> String {
        const PIECES: [&str; 24] = [
            "a", "b", "ab", "abc", "A", "AB", "x-", "no=", "1", "12", "2024", " ", " ", "  ", "\n",
            "\r\n", "\t", "\u{b}", "-", "_", "#", "é", "漢字", "\u{2003}",
        ];
        let mut text = String::new();
        for _ in 0..self.below(30) {
            match self.below(40) {
                0 => text.push_str(&"0123456789".repeat(1 + self.below(8))),
                1 => text.push_str(&"ab ".repeat(self.below(30))),
                2 => text.push('😀'),
                _ => text.push_str(self.pick(&PIECES)),
            }
        }
        text
    }
}
