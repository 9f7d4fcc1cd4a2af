//! The engine against the slow, obvious reference of `src/reference`, on generated policies and texts.
//!
//! `EDGERAIL_ROUNDS` multiplies the number of texts; `cargo xtask test --deep` sets it.

use edgerail_compile::profanity;
use edgerail_core::decision::{Entry, Finding, FindingAction};
use edgerail_core::{Engine, Limits, LoadOptions, Request, Source};
use edgerail_tests::reference::{
    Found, Outcome, Policy, Reference, Rule, SIMPLE_TYPES, Topic, Verb,
};
use edgerail_tests::{Random, bundle_of, rounds};

const POLICIES: usize = 12;
const TEXTS: usize = 60;

const WORDS: [&str; 20] = [
    "kestrel",
    "Project Kestrel",
    "don",
    "don't",
    "amour",
    "C++",
    "rock & roll",
    "Straße",
    "14",
    "e-mail",
    "naïve",
    "ΟΔΌΣ",
    "AWS",
    "登录",
    "a b c",
    "kestrel kestrel",
    "snake_case",
    "ﬁn",
    "Ωmega 3",
    "привет мир",
];

/// Patterns that the engine's dialect and the reference's read alike.
const PATTERNS: [(&str, &str); 5] = [
    ("Ticket", "TCK-[0-9]{2,6}"),
    ("Kes", "(?i)kes[a-z]*"),
    ("Quoted", "\"[^\"\\n]{0,40}\""),
    ("Upper", "[A-Z]{3}"),
    ("At", "[a-z]+@[a-z]+"),
];

const FILLER: [&str; 14] = [
    "the", "a", "b", "c", "walk", "and", "lake", "über", "снег", "の", "水", "of", "roll", "x",
];

#[test]
fn words_and_regexes_are_found_as_the_reference_finds_them() {
    let mut random = Random(0x5eed_0001);
    let mut seen = Seen::default();
    for _ in 0..POLICIES {
        let case = Case::new(&mut random, false);
        for _ in 0..TEXTS * rounds() {
            let text = wild_text(&mut random, &case.words);
            seen.count(&case.compare(&text));
        }
    }
    seen.assert(&["wordPolicy", "regex", "profanity"]);
}

#[test]
fn values_with_checksums_are_found_as_the_reference_finds_them() {
    let mut random = Random(0x5eed_0002);
    let mut seen = Seen::default();
    for _ in 0..POLICIES {
        let case = Case::new(&mut random, true);
        for _ in 0..TEXTS * rounds() {
            let text = field_text(&mut random, &case.words);
            seen.count(&case.compare(&text));
        }
    }
    seen.assert(&["wordPolicy", "regex", "pii"]);
}

/// Made-up words: no inflected form of one is another.
const TERMS: [&str; 8] = [
    "zorb",
    "quilp",
    "frand",
    "dask",
    "mirv",
    "blue zorb",
    "old quilp dask",
    "e-frand",
];

#[test]
fn topics_add_up_as_the_reference_counts_anew_after_every_keyword() {
    let mut random = Random(0x5eed_0007);
    let mut found = 0;
    let mut none = 0;
    for _ in 0..3 * POLICIES {
        let topics: Vec<Topic> = (0..1 + random.below(3))
            .map(|number| topic(&mut random, number))
            .collect();
        let overlay: String = topics.iter().map(overlay).collect();
        let policy = Policy {
            words: vec!["kestrel".to_owned()],
            topics,
            message: "Input blocked.".to_owned(),
            ..Policy::default()
        };
        let case = Case::of(policy, &overlay);
        for _ in 0..TEXTS * rounds() {
            let mut text = String::new();
            for _ in 0..random.below(24) {
                let word = if random.once_in(2) {
                    random.pick(&TERMS)
                } else {
                    random.pick(&FILLER)
                };
                text.push_str(word);
                text.push_str(random.pick(&[" ", " ", " ", ", ", "\n", " - "]));
            }
            let outcome = case.compare(&text);
            found += outcome.found.len();
            none += usize::from(outcome.found.is_empty());
        }
    }
    assert!(
        found > 200 && none > 200,
        "{found} found, {none} texts without"
    );
}

fn topic(random: &mut Random, number: usize) -> Topic {
    let rules = (0..1 + random.below(3)).map(|_| {
        let mut terms = TERMS.to_vec();
        let mut some = |random: &mut Random, most: usize| -> Vec<String> {
            let count = random.below(most + 1);
            (0..count)
                .map(|_| terms.remove(random.below(terms.len())).to_owned())
                .collect()
        };
        let (any, mut all, not) = (some(random, 3), some(random, 2), some(random, 1));
        if any.is_empty() && all.is_empty() {
            all = some(random, 1);
            if all.is_empty() {
                all.push(terms[0].to_owned());
            }
        }
        let near = (all.len() == 2 && random.once_in(2)).then(|| 2 + random.below(6));
        let weight = random.pick(&[100, 200, 300, 500, 600]);
        Rule {
            any,
            all,
            not,
            near,
            weight,
        }
    });
    Topic {
        name: format!("Topic {number}"),
        rules: rules.collect(),
        threshold: random.pick(&[300, 600, 700, 1000]),
        window: 3 + random.below(12),
    }
}

/// The topic's part of an overlay.
fn overlay(topic: &Topic) -> String {
    let name = &topic.name;
    let (threshold, window) = (topic.threshold, topic.window);
    let mut text = format!(
        "[topic.\"{name}\"]\nkeywords = \"replace\"\nthreshold = {threshold}\nwindow = {window}\n"
    );
    for rule in &topic.rules {
        text += &format!("[[topic.\"{name}\".rule]]\nweight = {}\n", rule.weight);
        for (key, terms) in [("any", &rule.any), ("all", &rule.all), ("not", &rule.not)] {
            if !terms.is_empty() {
                text += &format!("{key} = {terms:?}\n");
            }
        }
        if let Some(near) = rule.near {
            text += &format!("near = {near}\n");
        }
    }
    text
}

/// How often each policy found something and each outcome came up: a generator that never hits proves nothing.
#[derive(Default)]
struct Seen {
    policies: std::collections::BTreeMap<&'static str, usize>,
    reasons: std::collections::BTreeMap<&'static str, usize>,
}

impl Seen {
    fn count(&mut self, outcome: &Outcome) {
        *self.reasons.entry(outcome.reason).or_default() += 1;
        for found in &outcome.found {
            let profanity = found.name == "PROFANITY";
            let policy = if profanity { "profanity" } else { found.policy };
            *self.policies.entry(policy).or_default() += 1;
        }
    }

    fn assert(&self, policies: &[&str]) {
        for policy in policies {
            let times = self.policies.get(policy).copied().unwrap_or(0);
            assert!(times >= 40, "{policy}: only {times} findings");
        }
        for reason in ["No action.", "Guardrail masked.", "Guardrail blocked."] {
            let times = self.reasons.get(reason).copied().unwrap_or(0);
            assert!(times >= 10, "{reason}: only {times} texts");
        }
    }
}

/// One policy, in the engine and in the reference.
struct Case {
    words: Vec<String>,
    engine: Engine,
    reference: Reference,
    regexes: Vec<String>,
    overlay: String,
}

impl Case {
    fn new(random: &mut Random, types: bool) -> Case {
        let mut words: Vec<String> = Vec::new();
        for _ in 0..1 + random.below(5) {
            let word = random.pick(&WORDS).to_owned();
            if !words.contains(&word) {
                words.push(word);
            }
        }
        let profane = !types && random.once_in(2);
        let mut policy = Policy {
            words,
            message: "Input blocked.".to_owned(),
            ..Policy::default()
        };
        if profane {
            policy.profanity = profanity::terms().map(str::to_owned).collect();
        }
        for (name, pattern) in PATTERNS {
            if random.once_in(2) {
                let regex = (name.to_owned(), pattern.to_owned(), verb(random));
                policy.regexes.push(regex);
            }
        }
        if types {
            policy.types = SIMPLE_TYPES.map(|ty| (ty, verb(random))).to_vec();
        }
        Case::of(policy, "")
    }

    fn of(policy: Policy, overlay: &str) -> Case {
        let bundle = bundle_of(&definition(&policy), overlay);
        let options = LoadOptions {
            limits: Limits {
                findings: usize::MAX,
                ..Limits::default()
            },
            ..LoadOptions::default()
        };
        Case {
            words: policy.words.clone(),
            engine: Engine::load(bundle, options).expect("it compiles"),
            regexes: policy
                .regexes
                .iter()
                .map(|(name, ..)| name.clone())
                .collect(),
            reference: Reference::new(policy),
            overlay: overlay.to_owned(),
        }
    }

    fn compare(&self, text: &str) -> Outcome {
        let expected = self.reference.evaluate(text);
        let request = Request::text(Source::Input, text);
        let decision = self.engine.evaluate(&request);
        let mut found: Vec<Found> = decision.findings().iter().map(|f| self.found(f)).collect();
        found.sort();
        assert_eq!(
            found, expected.found,
            "\non {text:?}\nwords {:?}\n{}",
            self.words, self.overlay
        );
        assert_eq!(decision.reason().text(), expected.reason, "on {text:?}");
        assert_eq!(decision.outputs(), expected.outputs, "on {text:?}");
        expected
    }

    fn found(&self, finding: &Finding<'_>) -> Found {
        let (policy, name) = match finding.entry {
            Entry::Word(text) => ("wordPolicy", text.to_owned()),
            Entry::Profanity => ("wordPolicy", "PROFANITY".to_owned()),
            Entry::Regex(number) => ("regex", self.regexes[number].clone()),
            Entry::Topic(number) => {
                // A topic that can never reach its threshold is left to the cloud, and has no number.
                let evaluated = &self.engine.policy().guardrails[0].topics;
                ("topicPolicy", evaluated[number].name.clone())
            }
            Entry::PromptAttack => unreachable!("no policy has the filter"),
            Entry::Pii(ty) => ("pii", ty.name().to_owned()),
        };
        Found {
            policy,
            name,
            start: finding.start,
            end: finding.end,
            verb: match finding.action {
                FindingAction::None => Verb::Detect,
                FindingAction::Anonymized => Verb::Mask,
                FindingAction::Blocked => Verb::Block,
            },
            built_in: policy != "regex",
        }
    }
}

fn verb(random: &mut Random) -> Verb {
    random.pick(&[
        Verb::Mask,
        Verb::Mask,
        Verb::Mask,
        Verb::Detect,
        Verb::Block,
    ])
}

fn definition(policy: &Policy) -> String {
    let mut parts = vec![
        "\"name\": \"t\", \"blockedInputMessaging\": \"Input blocked.\", \"blockedOutputsMessaging\": \"o\""
            .to_owned(),
    ];
    let mut words = Vec::new();
    let entries = policy
        .words
        .iter()
        .map(|word| format!("{{\"text\": {}}}", quoted(word)));
    words.push(format!(
        "\"wordsConfig\": [{}]",
        entries.collect::<Vec<_>>().join(",")
    ));
    if !policy.profanity.is_empty() {
        words.push("\"managedWordListsConfig\": [{\"type\": \"PROFANITY\"}]".to_owned());
    }
    parts.push(format!("\"wordPolicyConfig\": {{{}}}", words.join(",")));
    if !policy.topics.is_empty() {
        let entries = policy.topics.iter().map(|topic| {
            let name = quoted(&topic.name);
            format!("{{\"name\": {name}, \"definition\": \"None.\", \"type\": \"DENY\"}}")
        });
        let entries = entries.collect::<Vec<_>>().join(",");
        parts.push(format!(
            "\"topicPolicyConfig\": {{\"topicsConfig\": [{entries}]}}"
        ));
    }
    let action = |verb: Verb| match verb {
        Verb::Detect => "\"action\": \"NONE\", \"inputAction\": \"NONE\"",
        Verb::Mask => "\"action\": \"ANONYMIZE\", \"inputAction\": \"ANONYMIZE\"",
        Verb::Block => "\"action\": \"BLOCK\", \"inputAction\": \"BLOCK\"",
    };
    let mut sensitive = Vec::new();
    if !policy.regexes.is_empty() {
        let entries = policy.regexes.iter().map(|(name, pattern, verb)| {
            let (name, pattern) = (quoted(name), quoted(pattern));
            format!(
                "{{\"name\": {name}, \"pattern\": {pattern}, {}}}",
                action(*verb)
            )
        });
        sensitive.push(format!(
            "\"regexesConfig\": [{}]",
            entries.collect::<Vec<_>>().join(",")
        ));
    }
    if !policy.types.is_empty() {
        let entries = policy.types.iter().map(|(ty, verb)| {
            let ty = if *ty == "IPV4" { "IP_ADDRESS" } else { ty };
            format!("{{\"type\": \"{ty}\", {}}}", action(*verb))
        });
        sensitive.push(format!(
            "\"piiEntitiesConfig\": [{}]",
            entries.collect::<Vec<_>>().join(",")
        ));
    }
    if !sensitive.is_empty() {
        parts.push(format!(
            "\"sensitiveInformationPolicyConfig\": {{{}}}",
            sensitive.join(",")
        ));
    }
    format!("{{{}}}", parts.join(","))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Words, near misses and separators of all kinds, in any order.
fn wild_text(random: &mut Random, words: &[String]) -> String {
    const BETWEEN: [&str; 26] = [
        " ",
        " ",
        " ",
        " ",
        "  ",
        "\n",
        "\t",
        "\r\n",
        "\u{a0}",
        "\u{3000}",
        ", ",
        ". ",
        "-",
        "'",
        "\u{2019}",
        "'s ",
        "\u{2019}s ",
        "_",
        "/",
        ".",
        ",",
        ":",
        "\u{200b}",
        "\u{ad}",
        "l'",
        "",
    ];
    const ODD: [&str; 16] = [
        "TCK-12",
        "TCK-1",
        "TCK-1234567",
        "3.14",
        "14,000",
        "14%",
        "fuck",
        "Shit!",
        "Scunthorpe",
        "\"quoted\"",
        "\"",
        "ABC",
        "ab@cd",
        "😀",
        "l'amour",
        "登录AWS控制台",
    ];
    let mut text = String::new();
    for _ in 0..random.below(14) {
        let piece = match random.below(10) {
            0..=4 => {
                let word = &words[random.below(words.len())];
                disguise(random, word)
            }
            5..=6 => random.pick(&ODD).to_owned(),
            _ => random.pick(&FILLER).to_owned(),
        };
        text.push_str(&piece);
        text.push_str(random.pick(&BETWEEN));
    }
    text
}

/// A word in another spelling that is the same word, or in one that is not.
fn disguise(random: &mut Random, word: &str) -> String {
    let mut out = String::new();
    let way = random.below(12);
    for c in word.chars() {
        match way {
            0 | 1 => out.extend(c.to_uppercase()),
            2 => {
                out.push(c);
                out.push(random.pick(&['\u{200b}', '\u{ad}', '\u{200d}', '\u{fe0f}', '\0']));
            }
            3 if c.is_ascii_graphic() => {
                out.extend(char::from_u32(u32::from(c) + 0xfee0));
            }
            4 => out.extend(unicode_normalization::UnicodeNormalization::nfd(
                [c].into_iter(),
            )),
            5 if c == ' ' => out.push_str(random.pick(&["  ", "\n", "\u{2003}", "-", ""])),
            6 if random.once_in(4) => {}
            7 if random.once_in(4) => {
                out.push(c);
                out.push(random.pick(&['x', 'é', '1', '_', '\u{301}', '水']));
            }
            _ => out.push(c),
        }
    }
    out
}

/// Values and what only looks like one, as fields of their own among plain words.
fn field_text(random: &mut Random, words: &[String]) -> String {
    let mut text = String::new();
    for _ in 0..random.below(9) {
        let piece = match random.below(8) {
            0..=4 => {
                let value = value(random);
                if random.once_in(6) {
                    format!("({value})")
                } else {
                    value
                }
            }
            5 => words[random.below(words.len())].clone(),
            _ => random
                .pick(&[
                    "the", "walk", "and", "lake", "über", "снег", "TCK-77", "roll",
                ])
                .to_owned(),
        };
        text.push_str(&piece);
        text.push_str(random.pick(&[" ", " ", "\n", ", ", "; "]));
    }
    text
}

/// A value of a simple type; one in three is damaged.
fn value(random: &mut Random) -> String {
    let digits = |random: &mut Random, count: usize| -> String {
        (0..count)
            .map(|_| random.pick(&['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']))
            .collect()
    };
    let good = match random.below(6) {
        0 => {
            let local = random.pick(&["dana", "lee.ray", "a+b", "x_y-z", "q7"]);
            let domain = random.pick(&["example.com", "mail.example.org", "ex-ample.net"]);
            format!("{local}@{domain}")
        }
        1 => {
            let (prefix, length) =
                random.pick(&[("4", 16), ("51", 16), ("55", 16), ("34", 15), ("37", 15)]);
            let body = digits(random, length - 1 - prefix.len());
            let body = format!("{prefix}{body}");
            let check = ('0'..='9').find(|check| luhn(&format!("{body}{check}")));
            let number = format!("{body}{}", check.expect("one digit fits"));
            if length == 16 && random.once_in(2) {
                [&number[..4], &number[4..8], &number[8..12], &number[12..]].join("-")
            } else {
                number
            }
        }
        2 => {
            let octet = |random: &mut Random| random.below(256).to_string();
            (0..4).map(|_| octet(random)).collect::<Vec<_>>().join(".")
        }
        3 => {
            let pair = |random: &mut Random| format!("{:02X}", random.below(256));
            let joint = random.pick(&[":", "-"]);
            (0..6).map(|_| pair(random)).collect::<Vec<_>>().join(joint)
        }
        4 => {
            let body = digits(random, 18);
            let check = (0..97)
                .map(|check| format!("DE{check:02}{body}"))
                .find(|iban| mod97(iban));
            check.expect("one check fits")
        }
        _ => {
            let tail = (0..16).map(|_| random.pick(&['A', 'B', 'J', 'Q', 'X', '2', '5', '7']));
            let tail: String = tail.collect();
            format!("{}{tail}", random.pick(&["AKIA", "ASIA"]))
        }
    };
    if !random.once_in(3) {
        return good;
    }
    if let Some((local, domain)) = good.split_once('@') {
        // Around other damage a shorter address may stand, and the engine finds that.
        let joint = random.pick(&["@", " at "]);
        return format!("{local}{joint}{}", domain.replace('.', ""));
    }
    // Damage that leaves the look: one character changed, doubled or gone.
    let place = 1 + random.below(good.len() - 1);
    let (head, tail) = good.split_at(place);
    match random.below(3) {
        0 => format!("{head}{}{}", random.pick(&['0', '7', 'Z', '.']), &tail[1..]),
        1 => format!("{head}{}{tail}", &tail[..1]),
        _ => format!("{head}{}", &tail[1..]),
    }
}

fn luhn(number: &str) -> bool {
    let digits = number.bytes().rev().map(|byte| u32::from(byte - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(place, digit)| [digit, digit * 2 / 10 + digit * 2 % 10][place % 2])
        .sum();
    sum.is_multiple_of(10)
}

fn mod97(iban: &str) -> bool {
    let turned = format!("{}{}", &iban[4..], &iban[..4]);
    let digits: String = turned
        .chars()
        .filter_map(|c| Some(c.to_digit(36)?.to_string()))
        .collect();
    digits
        .bytes()
        .fold(0, |sum, byte| (sum * 10 + u32::from(byte - b'0')) % 97)
        == 1
}
