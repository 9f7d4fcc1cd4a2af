//! The policies that are measured.

use edgerail_compile::definition::{
    Directional, DirectionalAction, Guardrail, PiiEntry, RegexEntry, TopicEntry, WordEntry,
};
use edgerail_compile::overlay::{KeywordMode, Overlay, Tier, Tiers, TopicOptions, TopicRule};
use edgerail_compile::{CompileOptions, compile};
use edgerail_core::bundle::SectionKind;
use edgerail_core::pii::PiiType;
use edgerail_core::regex::{RegexPath, read_each};
use edgerail_core::{Engine, LoadOptions, Trust};

use crate::random::Random;
use crate::vocabulary::{ADJECTIVES, NOUNS, VERBS};

/// Patterns as customers write them: identifiers of their own. All fit group automata.
pub(crate) const REGEXES: [(&str, &str); 10] = [
    ("OrderNumber", r"\bORD-\d{8}\b"),
    ("EmployeeId", r"\bEMP\d{6}\b"),
    ("InvoiceNumber", r"\bINV-20\d{2}-\d{5}\b"),
    ("PartNumber", r"\b[A-Z]{3}-\d{4}-[A-Z]{2}\b"),
    ("TicketNumber", r"\bTKT#\d{5,8}\b"),
    ("ProjectCode", r"\bPRJ_[a-z]{3,10}\b"),
    ("AccountNumber", r"(?i)\b(?:acct|account)[-_ ]?\d{8,10}\b"),
    ("CaseFile", r"(?i)\bcase\s+\d{4}/\d{3}\b"),
    ("ServiceKey", r"\bsk_(?:live|test)_[0-9a-zA-Z]{24}\b"),
    ("RecordNumber", r"\bMRN[: ]?\d{7}\b"),
];

/// `count` words that no generated text contains, one phrase in five. Of the phrases, every other one
/// begins with a word that the texts are full of.
pub(crate) fn words(count: usize) -> Vec<String> {
    let mut random = Random::new(0x776f_7264);
    let mut words = Vec::with_capacity(count);
    for number in 0..count {
        if number % 5 != 4 {
            words.push(coined(&mut random, number));
            continue;
        }
        let first = match number % 10 {
            9 => random.pick(ADJECTIVES).to_owned(),
            _ => coined(&mut random, number),
        };
        let middle = match random.below(3) {
            0 => format!(" {}", random.pick(NOUNS)),
            1 => format!(" {} {}", random.pick(VERBS), random.pick(NOUNS)),
            _ => String::new(),
        };
        words.push(format!("{first}{middle} {}", coined(&mut random, number)));
    }
    words
}

/// A word that is in no dictionary: syllables, then the number in letters so that it is unique.
fn coined(random: &mut Random, mut number: usize) -> String {
    let mut word = String::new();
    for _ in 0..1 + random.below(3) {
        word.push_str(random.pick(&[
            "bra", "dro", "fle", "gri", "klu", "mov", "nar", "plo", "squi", "tre", "vul", "zim",
        ]));
    }
    for _ in 0..3 {
        word.push_str(
            [
                "ka", "le", "mi", "no", "ru", "sta", "vi", "xo", "ze", "dan", "fer", "gul", "hom",
                "jak", "pir", "qua", "wen", "yot", "ost", "ulm", "erk", "ang",
            ][number % 22],
        );
        number /= 22;
    }
    word
}

/// Denied topics as customers define them, and an example of each. The generated texts are about none.
pub(crate) const TOPICS: [(&str, &str, &str); 10] = [
    (
        "Investment Advice",
        "Recommendations to buy or sell shares, bonds, funds or other securities.",
        "Should I put my savings into tech shares or treasury bonds?",
    ),
    (
        "Medical Dosage",
        "Advice on how much of a prescription drug a patient should take.",
        "How many milligrams of ibuprofen may I take with antibiotics?",
    ),
    (
        "Tax Evasion",
        "Ways to hide income from the tax authorities or to avoid paying taxes unlawfully.",
        "How do I hide offshore income from the tax authorities?",
    ),
    (
        "Weapons",
        "Building, modifying or acquiring firearms, ammunition or explosives.",
        "How can I convert this rifle to fire automatically?",
    ),
    (
        "Gambling",
        "Betting, casinos, lotteries and how to win at them.",
        "Which betting strategy wins at roulette in a casino?",
    ),
    (
        "Immigration Law",
        "Legal advice on visas, asylum, residence permits and deportation.",
        "Can I overstay my tourist visa while my asylum claim is pending?",
    ),
    (
        "Cryptocurrency",
        "Trading, mining or storing bitcoin and other cryptocurrencies.",
        "Is it worth mining bitcoin or should I trade ethereum instead?",
    ),
    (
        "Political Campaigns",
        "Opinions on parties, candidates for office, elections and referendums.",
        "Which party should I vote for in the presidential election?",
    ),
    (
        "Horoscopes",
        "Astrology, zodiac signs, tarot and fortune telling.",
        "What does my zodiac sign say about love this month?",
    ),
    (
        "Self-Diagnosis",
        "Diagnosing diseases from symptoms instead of seeing a physician.",
        "I have chest pain and a fever, which disease is it?",
    ),
];

/// How many words a rule of a topic has that no generated text contains, and how many that they are full
/// of; together the 200 keywords of a topic of the benchmark.
const STRANGE: usize = 198;
const COMMON: usize = 2;

/// The keywords of the benchmark's topic of this number.
fn keywords(number: usize, strange: &[String]) -> Vec<String> {
    let strange = &strange[STRANGE * number..][..STRANGE];
    let common = NOUNS.iter().cycle().skip(COMMON * number).take(COMMON);
    let common = common.map(|noun| (*noun).to_owned());
    strange.iter().cloned().chain(common).collect()
}

const BLOCK: Directional = both(DirectionalAction::Block);
const MASK: Directional = both(DirectionalAction::Anonymize);

const fn both(action: DirectionalAction) -> Directional {
    Directional {
        input: action,
        output: action,
        legacy_input: false,
    }
}

/// A guardrail in parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    /// How many custom words.
    pub(crate) words: usize,
    /// The managed profanity list.
    pub(crate) profanity: bool,
    /// All built-in types.
    pub(crate) pii: bool,
    /// Custom patterns.
    pub(crate) regexes: Vec<(String, String)>,
    /// [`TOPICS`], with the keywords that the compiler derives.
    pub(crate) topics: bool,
    /// How many topics with 200 keywords each by overlay, of which two stand in ordinary text.
    pub(crate) keyword_topics: usize,
    /// All policies that have tiers are STANDARD.
    pub(crate) standard: bool,
}

impl Parts {
    /// All parts: 500 words, profanity, 31 types, 10 patterns, 10 topics.
    pub(crate) fn full() -> Parts {
        Parts {
            words: 500,
            profanity: true,
            pii: true,
            regexes: regexes(),
            topics: true,
            ..Parts::default()
        }
    }

    /// Topics of 200 keywords each and no other policy.
    pub(crate) fn keyword_topics(count: usize) -> Parts {
        Parts {
            keyword_topics: count,
            ..Parts::default()
        }
    }

    /// Words alone.
    pub(crate) fn words(words: usize) -> Parts {
        Parts {
            words,
            ..Parts::default()
        }
    }

    /// The guardrail. What blocks and what masks alternates, but the types that the chat texts contain
    /// are masked, so that the masked text has to be made.
    fn guardrail(&self) -> Guardrail {
        let words = words(self.words).into_iter().map(|text| WordEntry {
            text,
            action: BLOCK,
        });
        let masked = [
            PiiType::Email,
            PiiType::Phone,
            PiiType::IpAddress,
            PiiType::Url,
            PiiType::MacAddress,
        ];
        let pii = PiiType::ALL
            .into_iter()
            .enumerate()
            .map(|(number, ty)| PiiEntry {
                ty,
                action: if masked.contains(&ty) || number % 2 == 0 {
                    MASK
                } else {
                    BLOCK
                },
            });
        let regexes = self
            .regexes
            .iter()
            .enumerate()
            .map(|(number, (name, pattern))| RegexEntry {
                name: name.clone(),
                description: None,
                pattern: pattern.clone(),
                action: if number % 3 == 2 { BLOCK } else { MASK },
                path: String::new(),
            });
        let derived = TOPICS.iter().filter(|_| self.topics);
        let derived = derived.map(|(name, definition, example)| TopicEntry {
            name: (*name).to_owned(),
            definition: (*definition).to_owned(),
            examples: vec![(*example).to_owned()],
            action: BLOCK,
        });
        let by_rules = (0..self.keyword_topics).map(|number| TopicEntry {
            name: topic_name(number),
            definition: "Described by the rules of the overlay.".to_owned(),
            examples: Vec::new(),
            action: BLOCK,
        });
        let tier = self.standard.then(|| "STANDARD".to_owned());
        Guardrail {
            name: "bench".to_owned(),
            blocked_input_messaging: "This request is not allowed.".to_owned(),
            blocked_outputs_messaging: "This answer is not allowed.".to_owned(),
            words: words.collect(),
            profanity: self.profanity.then_some(BLOCK),
            pii: if self.pii { pii.collect() } else { Vec::new() },
            regexes: regexes.collect(),
            topics: derived.chain(by_rules).collect(),
            topics_tier: tier,
            ..Guardrail::default()
        }
    }

    /// What AWS's definitions have no field for: tiers, and the keywords of topics. A keyword's weight is
    /// so low that ordinary text adds up to no topic.
    fn overlay(&self) -> Overlay {
        let strange = words(STRANGE * self.keyword_topics);
        let topics = (0..self.keyword_topics).map(|number| {
            let rule = TopicRule {
                any: keywords(number, &strange),
                weight: Some(20),
                ..TopicRule::default()
            };
            let options = TopicOptions {
                keywords: Some(KeywordMode::Replace),
                rules: vec![rule],
                ..TopicOptions::default()
            };
            (topic_name(number), options)
        });
        let tier = self.standard.then_some(Tier::Standard);
        let mut overlay = Overlay::default();
        overlay.settings.topics = topics.collect();
        overlay.settings.tiers = Tiers {
            words: tier,
            profanity: tier,
            pii: tier,
        };
        overlay
    }

    /// The compiled bundle.
    ///
    /// # Panics
    /// If the policy does not compile: then this file is wrong.
    pub(crate) fn bundle(&self) -> Vec<u8> {
        let compiled = compile(
            &[self.guardrail()],
            &self.overlay(),
            &CompileOptions::default(),
        );
        compiled
            .unwrap_or_else(|problems| panic!("the policy compiles: {problems:?}"))
            .bundle
    }

    /// The engine.
    pub(crate) fn engine(&self) -> Engine {
        load(self.bundle(), true)
    }
}

/// An engine from a bundle of ours.
///
/// # Panics
/// If the bundle does not load: then compiler and engine disagree.
pub(crate) fn load(bundle: Vec<u8>, check_hash: bool) -> Engine {
    let options = LoadOptions {
        trust: Trust::Local,
        check_hash,
        ..LoadOptions::default()
    };
    Engine::load(bundle, options).unwrap_or_else(|problem| panic!("the bundle loads: {problem}"))
}

fn topic_name(number: usize) -> String {
    format!("Topic {number}")
}

/// The ten patterns, owned.
pub(crate) fn regexes() -> Vec<(String, String)> {
    let owned = |(name, pattern): &(&str, &str)| ((*name).to_owned(), (*pattern).to_owned());
    REGEXES.iter().map(owned).collect()
}

/// Thirty groupable patterns: the ten, and twenty of their kind.
pub(crate) fn thirty_regexes() -> Vec<(String, String)> {
    let mut patterns = regexes();
    for number in 0..20_u8 {
        let letter = char::from(b'A' + number);
        patterns.push((
            format!("Series{letter}"),
            format!(r"\b{letter}X{letter}-\d{{5}}\b"),
        ));
    }
    patterns
}

/// How many of a bundle's patterns share group automata.
pub(crate) fn grouped(engine: &Engine) -> usize {
    let section = engine.bundle().section(SectionKind::RegexEach);
    let each = read_each(section).unwrap_or_default();
    each.iter()
        .filter(|regex| regex.path == RegexPath::Group)
        .count()
}
