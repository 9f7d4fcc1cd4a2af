//! How well derived keywords and the families of prompt attacks do, and that scores are what the rules say.

mod common;

use std::path::Path;

use common::{attack_guardrail, engine, found, guardrail, strings, topic};
use edgerail_compile::document::{self, Node};
use edgerail_compile::overlay::Overlay;
use edgerail_compile::topics::explain;
use edgerail_core::{Request, Source};

/// What all topics of a file, compiled together, make of its texts.
struct Measured {
    /// Texts that belong to a topic, and how many of them their topic finds.
    positives: usize,
    hits: usize,
    /// Texts that belong to no topic of the file.
    negatives: usize,
    /// Topics found in texts that are not theirs.
    mistakes: Vec<(String, String)>,
}

fn measure(file: &str) -> Measured {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(file);
    let data = document::read_toml_or_json(&std::fs::read(path).unwrap()).unwrap();
    let topics = data.member("topic").unwrap().items().unwrap();
    let text = |node: &Node, key: &str| node.member(key).and_then(Node::text).unwrap().to_owned();
    let bodies: Vec<String> = topics
        .iter()
        .map(|node| {
            topic(
                &text(node, "name"),
                &text(node, "definition"),
                &strings(node, "examples"),
            )
        })
        .collect();
    let guardrail = guardrail(&bodies.join(","));
    let engine = engine(&guardrail, "");
    for (node, explained) in topics.iter().zip(explain(&guardrail, &Overlay::default())) {
        assert_eq!(
            explained.language.code(),
            text(node, "language"),
            "{}",
            explained.topic
        );
    }
    let mut measured = Measured {
        positives: 0,
        hits: 0,
        negatives: 0,
        mistakes: Vec::new(),
    };
    for node in topics {
        let name = text(node, "name");
        for text in strings(node, "positive") {
            let found = found(&engine, &text);
            measured.positives += 1;
            measured.hits += usize::from(found.contains(&name));
            let others = found.into_iter().filter(|have| *have != name);
            measured
                .mistakes
                .extend(others.map(|have| (have, text.clone())));
        }
    }
    let chat = data.member("chat").unwrap().items().unwrap();
    let negatives = topics.iter().flat_map(|node| strings(node, "negative"));
    for text in negatives.chain(chat.iter().flat_map(|node| strings(node, "texts"))) {
        measured.negatives += 1;
        let found = found(&engine, &text);
        measured
            .mistakes
            .extend(found.into_iter().map(|have| (have, text.clone())));
    }
    measured
}

/// The figures of `docs/topics.md`: how many texts are found at least, and how many by mistake at most.
/// Every topic is held to the others' texts as well.
#[test]
fn derived_keywords_are_precise() {
    for (file, texts, least, most) in [
        ("topics-development.toml", (64, 87), 34, 0),
        ("topics-held-out.toml", (36, 62), 23, 0),
    ] {
        let Measured {
            positives,
            hits,
            negatives,
            mistakes: wrong,
        } = measure(file);
        assert_eq!((positives, negatives), texts, "{file}");
        assert!(hits >= least, "{file}: {hits} of {positives}");
        assert!(wrong.len() <= most, "{file}: of {negatives} {wrong:#?}");
    }
}

/// The figures of `docs/topics.md`, for each strength of the filter.
#[test]
fn prompt_attacks_are_found_and_ordinary_texts_are_not() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/prompt-attack.toml");
    let data = document::read_toml_or_json(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(strings(&data, "attack").len(), 28);
    assert_eq!(strings(&data, "benign").len(), 40);
    for (strength, least, most) in [("HIGH", 28, 0), ("MEDIUM", 21, 0), ("LOW", 17, 0)] {
        let engine = engine(&attack_guardrail(strength), "");
        let blocked = |key: &str| -> Vec<String> {
            let mut texts = strings(&data, key);
            texts.retain(|text| !found(&engine, text).is_empty());
            texts
        };
        let (attacks, benign) = (blocked("attack"), blocked("benign"));
        assert!(attacks.len() >= least, "{strength}: {}", attacks.len());
        assert!(benign.len() <= most, "{strength}: {benign:#?}");
    }
}

/// The same by the rules as they are written down: after every keyword, everything anew.
mod naive {
    /// A rule over words of one letter or phrases of several.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Rule {
        pub(crate) any: Vec<String>,
        pub(crate) all: Vec<String>,
        pub(crate) not: Vec<String>,
        pub(crate) near: Option<usize>,
        pub(crate) weight: u32,
    }

    /// First and last word of every occurrence that ends by `end` and lies in the window that ends there.
    fn places(term: &str, words: &[&str], end: usize, window: usize) -> Vec<(usize, usize)> {
        let term: Vec<&str> = term.split(' ').collect();
        let last = (end + 1).saturating_sub(term.len());
        let from = (end + 1).saturating_sub(window);
        (from..=last)
            .filter(|&first| words.get(first..first + term.len()) == Some(&term[..]))
            .map(|first| (first, first + term.len() - 1))
            .filter(|&(_, at)| at <= end)
            .collect()
    }

    /// Whether one occurrence of each term can be picked so that all stand near one another, ending by
    /// `end`, as the latest ones did at some word up to `end`.
    fn together(rule: &Rule, words: &[&str], end: usize, window: usize) -> bool {
        let from = (end + 1).saturating_sub(window);
        (from..=end).any(|moment| {
            let latest = |term: &String| places(term, words, moment, window).last().copied();
            let Some(picked) = rule.all.iter().map(latest).collect::<Option<Vec<_>>>() else {
                return false;
            };
            let first = picked.iter().map(|place| place.0).min().unwrap_or(0);
            let last = picked.iter().map(|place| place.1).max().unwrap_or(0);
            first >= from && rule.near.is_none_or(|near| last - first < near)
        })
    }

    /// The word at whose end the topic is detected.
    pub(crate) fn detect(
        rules: &[Rule],
        words: &[&str],
        window: usize,
        threshold: u32,
    ) -> Option<usize> {
        (0..words.len()).find(|&end| {
            let (mut score, mut speaks) = (0, false);
            for rule in rules {
                let there = |term: &String| !places(term, words, end, window).is_empty();
                let ends = |term: &String| {
                    places(term, words, end, window)
                        .iter()
                        .any(|place| place.1 == end)
                };
                if rule.not.iter().any(there)
                    || !together(rule, words, end, window) && !rule.all.is_empty()
                {
                    continue;
                }
                let found = rule.any.iter().filter(|term| there(term)).count();
                let count = if rule.any.is_empty() {
                    1
                } else {
                    u32::try_from(found).unwrap()
                };
                score += rule.weight * count;
                if count > 0 {
                    speaks |= rule.any.iter().any(ends);
                    let now = Rule {
                        near: rule.near,
                        all: rule.all.clone(),
                        ..Rule::default()
                    };
                    speaks |= rule.all.iter().any(ends) && latest_near(&now, words, end, window);
                }
            }
            speaks && score.min(1000) >= threshold
        })
    }

    fn latest_near(rule: &Rule, words: &[&str], end: usize, window: usize) -> bool {
        let latest = |term: &String| places(term, words, end, window).last().copied();
        let Some(picked) = rule.all.iter().map(latest).collect::<Option<Vec<_>>>() else {
            return false;
        };
        let first = picked.iter().map(|place| place.0).min().unwrap_or(0);
        let last = picked.iter().map(|place| place.1).max().unwrap_or(0);
        rule.near.is_none_or(|near| last - first < near)
    }
}

/// A small generator of pseudo-random numbers: the same on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

#[test]
fn scores_are_those_of_the_written_rules() {
    // Three letters, so that nothing is inflected.
    const TERMS: [&str; 8] = [
        "qqa",
        "qqb",
        "qqc",
        "qqd",
        "qqe",
        "qqa qqb",
        "qqb qqc qqd",
        "qqx qqa",
    ];
    const WORDS: [&str; 9] = ["qqa", "qqb", "qqc", "qqd", "qqe", "qqx", "zz", "zz", "zz"];
    let mut random = Random(7);
    let (mut detected, mut silent) = (0, 0);
    for round in 0..60 {
        let rules: Vec<naive::Rule> = (0..1 + random.below(3))
            .map(|_| {
                let mut terms = TERMS.to_vec();
                let mut take = |random: &mut Random, most: usize| -> Vec<String> {
                    let count = random.below(most + 1);
                    (0..count)
                        .map(|_| terms.remove(random.below(terms.len())).to_owned())
                        .collect()
                };
                let (mut any, all) = (take(&mut random, 3), take(&mut random, 3));
                if any.is_empty() && all.is_empty() {
                    any.push("qqe".to_owned());
                }
                let mut not = take(&mut random, 1);
                not.retain(|term| !any.contains(term) && !all.contains(term));
                let near = (all.len() > 1 && random.below(2) == 0).then(|| 2 + random.below(6));
                let weight = [200, 300, 400, 600][random.below(4)];
                naive::Rule {
                    any,
                    all,
                    not,
                    near,
                    weight,
                }
            })
            .collect();
        let window = 1 + random.below(14);
        let mut overlay =
            format!("[topic.T]\nkeywords = \"replace\"\nthreshold = 600\nwindow = {window}\n");
        for rule in &rules {
            overlay += "[[topic.T.rule]]\n";
            for (key, terms) in [("any", &rule.any), ("all", &rule.all), ("not", &rule.not)] {
                if !terms.is_empty() {
                    overlay += &format!("{key} = {terms:?}\n");
                }
            }
            overlay += &rule
                .near
                .map_or(String::new(), |near| format!("near = {near}\n"));
            overlay += &format!("weight = {}\n", rule.weight);
        }
        let guardrail = guardrail(&topic("T", "Something.", &[]));
        let parsed = Overlay::read(overlay.as_bytes()).unwrap();
        if !explain(&guardrail, &parsed)[0].can_act() {
            continue;
        }
        let engine = engine(&guardrail, &overlay);
        for _ in 0..60 {
            let words: Vec<&str> = (0..1 + random.below(40))
                .map(|_| random.pick(&WORDS))
                .collect();
            let text = words.join(" ");
            let request = Request::text(Source::Input, &text);
            let decision = engine.evaluate(&request);
            let have = decision.findings().first().map(|finding| finding.end);
            let expected = naive::detect(&rules, &words, window, 600);
            let end = expected.map(|word| words[..=word].join(" ").len());
            assert_eq!(have, end, "round {round}\n{overlay}{text}");
            detected += usize::from(have.is_some());
            silent += usize::from(have.is_none());
        }
    }
    assert!(detected > 250 && silent > 250, "{detected} {silent}");
}
