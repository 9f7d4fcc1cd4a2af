//! The texts: generated from a seed, so that nobody's words are in them and figures are comparable.

use sha2::{Digest, Sha256};

use crate::policy;
use crate::random::Random;
use crate::vocabulary::{
    ADJECTIVES, ADVERBS, CHINESE, JAPANESE, KOREAN, LINKS, NOUNS, OPENINGS, PAST, VERBS,
};

/// SHA-256 of the corpus. It changes when, and only when, the texts do: then old records are no longer
/// comparable with new ones.
pub(crate) const SHA256: &str = "b03543068edf851998f0599dd26000cd24810b3a002ec5bdf00f8ec7f0e772d3";

/// Bytes of one chat message, about.
pub(crate) const MESSAGE: usize = 2048;
/// Messages per set: enough that a processor cannot learn them by heart.
pub(crate) const MESSAGES: usize = 64;
/// Bytes of one hostile text, and of the plain text it is compared with.
pub(crate) const HOSTILE: usize = 128 << 10;

/// Everything that is evaluated.
#[derive(Debug)]
pub(crate) struct Corpus {
    /// English prose, 1 MiB.
    pub(crate) prose: String,
    /// English chat messages without findings, with one, with eight.
    pub(crate) chat: [Vec<String>; 3],
    /// Source code, 256 KiB.
    pub(crate) code: String,
    /// Server logs, 256 KiB.
    pub(crate) logs: String,
    /// Chinese, Japanese and Korean sentences, 256 KiB.
    pub(crate) cjk: String,
    /// Texts made to be slow, each with its kind, 128 KiB each.
    pub(crate) hostile: Vec<(&'static str, String)>,
}

impl Corpus {
    /// Generates the corpus.
    pub(crate) fn generate() -> Corpus {
        Corpus {
            prose: fill(1 << 20, 1, prose_sentence),
            chat: [chat(2, 0), chat(3, 1), chat(4, 8)],
            code: fill(256 << 10, 5, code_line),
            logs: fill(256 << 10, 6, log_line),
            cjk: fill(256 << 10, 7, cjk_sentence),
            hostile: hostile(),
        }
    }

    /// All texts in a fixed order, each with its name.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        let chat = ["chat-0", "chat-1", "chat-8"].into_iter().zip(&self.chat);
        let chat = chat.flat_map(|(name, set)| set.iter().map(move |text| (name, text.as_str())));
        let rest = [
            ("prose", &self.prose),
            ("code", &self.code),
            ("logs", &self.logs),
            ("cjk", &self.cjk),
        ];
        rest.into_iter()
            .map(|(name, text)| (name, text.as_str()))
            .chain(chat)
            .chain(
                self.hostile
                    .iter()
                    .map(|(name, text)| (*name, text.as_str())),
            )
    }

    /// Bytes of all texts.
    pub(crate) fn len(&self) -> usize {
        self.texts().map(|(_, text)| text.len()).sum()
    }

    /// SHA-256 of all texts with their names and lengths, in hexadecimal.
    pub(crate) fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        for (name, text) in self.texts() {
            hash.update(format!("{name} {}\n", text.len()));
            hash.update(text);
        }
        hash.finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// `length` bytes of parts, cut at a character.
fn fill(length: usize, seed: u64, part: impl Fn(&mut Random, &mut String)) -> String {
    let mut random = Random::new(seed << 20);
    let mut text = String::with_capacity(length + 1024);
    while text.len() < length {
        part(&mut random, &mut text);
    }
    text.truncate(text.floor_char_boundary(length));
    text
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

fn prose_sentence(random: &mut Random, text: &mut String) {
    let noun_phrase = |random: &mut Random| match random.below(4) {
        0 => format!("the {}", random.pick(NOUNS)),
        1 => format!("a {} {}", random.pick(ADJECTIVES), random.pick(NOUNS)),
        2 => format!("its {}s", random.pick(NOUNS)),
        _ => format!("the {} {}", random.pick(ADJECTIVES), random.pick(NOUNS)),
    };
    let mut sentence = capitalised(&noun_phrase(random));
    for clause in 0..1 + random.below(3) {
        if clause > 0 {
            sentence.push_str(random.pick(&[", and ", ", but ", "; ", ", while ", " because "]));
            sentence.push_str(&noun_phrase(random));
        }
        if random.one_in(4) {
            sentence = sentence + " " + random.pick(ADVERBS);
        }
        sentence = sentence + " " + random.pick(PAST) + " " + &noun_phrase(random);
        for _ in 0..random.below(3) {
            sentence = sentence + " " + random.pick(LINKS) + " " + &noun_phrase(random);
        }
    }
    match random.below(12) {
        0 => sentence.push_str(&format!(" in {}", 1800 + random.below(220))),
        1 => sentence.push_str(&format!(", {} in all", 2 + random.below(90))),
        _ => {}
    }
    text.push_str(&sentence);
    text.push_str(if random.one_in(9) { ".\n\n" } else { ". " });
}

fn chat_sentence(random: &mut Random, text: &mut String) {
    let (verb, noun) = (random.pick(VERBS), random.pick(NOUNS));
    let (adjective, other) = (random.pick(ADJECTIVES), random.pick(NOUNS));
    let sentence = match random.below(8) {
        0 => format!(
            "{} {verb} the {noun} for the {adjective} {other}? ",
            random.pick(OPENINGS)
        ),
        1 => format!(
            "{} {verb} our {adjective} {noun}, it's {} late. ",
            random.pick(OPENINGS),
            random.pick(ADVERBS)
        ),
        2 => format!(
            "I think the {noun} {} the {other}, didn't it? ",
            random.pick(PAST)
        ),
        3 => format!(
            "- {verb} the {noun}\n- {} the {adjective} {other}\n",
            random.pick(VERBS)
        ),
        4 => format!(
            "At {}:{}0 we will {verb} {} {noun}s. ",
            8 + random.below(4),
            random.below(6),
            2 + random.below(30)
        ),
        5 => format!(
            "About {}.{} % of the {noun}s are {adjective} ({other}). ",
            random.below(99),
            random.below(10)
        ),
        6 => format!(
            "Thanks! That {noun} was {} {adjective} \u{2013} \u{201c}{other}\u{201d} is fine.\n\n",
            random.pick(ADVERBS)
        ),
        _ => format!(
            "{} {verb} this {noun} into {} short paragraphs. ",
            random.pick(OPENINGS),
            2 + random.below(6)
        ),
    };
    text.push_str(&sentence);
}

/// A set of messages with `findings` findings each.
fn chat(seed: u64, findings: usize) -> Vec<String> {
    let mut random = Random::new(seed << 20);
    let words = policy::words(500);
    let message = |number: usize| {
        let mut text = String::with_capacity(MESSAGE + 256);
        let mut placed = 0;
        while text.len() < MESSAGE - 100 {
            chat_sentence(&mut random, &mut text);
            // Spread evenly: the n-th stands after its share of the text.
            if placed < findings && text.len() * (findings + 1) > MESSAGE * (placed + 1) {
                text.push_str(&finding(&mut random, number + placed, &words));
                placed += 1;
            }
        }
        text
    };
    (0..MESSAGES).map(message).collect()
}

/// A sentence with one finding; eight in a row are of eight kinds. Addresses and numbers are those set
/// aside for documentation.
fn finding(random: &mut Random, number: usize, words: &[String]) -> String {
    let block = 5 * random.below(words.len() / 5);
    match number % 8 {
        0 => format!(
            "Write to {}.{}@example.com about it. ",
            random.pick(NOUNS),
            random.pick(ADJECTIVES)
        ),
        1 => format!("It is about {} of course. ", words[block]),
        2 => format!("The server is 192.0.2.{} again. ", 1 + random.below(250)),
        3 => format!(
            "The order was ORD-{:08}, I think. ",
            random.below(100_000_000)
        ),
        4 => format!(
            "Read https://www.example.org/{}/{} first. ",
            random.pick(NOUNS),
            random.pick(VERBS)
        ),
        5 => format!("They call it {} here. ", words[block + 4]),
        6 => format!(
            "The card has 02:00:5E:{:02X}:{:02X}:{:02X} on it. ",
            random.below(256),
            random.below(256),
            random.below(256)
        ),
        _ => format!(
            "Please call (212) 555-01{:02} before noon. ",
            random.below(100)
        ),
    }
}

fn code_line(random: &mut Random, text: &mut String) {
    let (noun, other, verb) = (random.pick(NOUNS), random.pick(NOUNS), random.pick(VERBS));
    let indent = "    ".repeat(random.below(4));
    let line = match random.below(9) {
        0 => format!("fn {verb}_{noun}(&mut self, {other}: usize) -> Option<u32> {{"),
        1 => format!(
            "let {noun} = self.{other}.{verb}({}, 0x{:04x})?;",
            random.below(100),
            random.below(65536)
        ),
        2 => format!(
            "if ({noun}.length > {} && !{other}[i]) {{ return null; }}",
            random.below(512)
        ),
        3 => format!(
            "// The {noun} must {verb} the {other} before the {} is read.",
            random.pick(NOUNS)
        ),
        4 => format!("def {verb}_{noun}(self, {other}=None, *args):"),
        5 => format!(
            "const {}{} = await {verb}({other}, {{ retries: {} }});",
            noun,
            capitalised(other),
            random.below(9)
        ),
        6 => "}".to_owned(),
        7 => format!(
            "assert_eq!({noun}::{verb}(&{other}), \"{}\");",
            random.pick(ADJECTIVES)
        ),
        _ => format!(
            "#include <{noun}/{other}.h>  /* version {}.{}.{} */",
            random.below(9),
            random.below(20),
            random.below(9)
        ),
    };
    text.push_str(&indent);
    text.push_str(&line);
    text.push('\n');
}

fn log_line(random: &mut Random, text: &mut String) {
    let stamp = format!(
        "2026-0{}-1{}T{:02}:{:02}:{:02}.{:03}Z",
        1 + random.below(9),
        random.below(10),
        random.below(24),
        random.below(60),
        random.below(60),
        random.below(1000)
    );
    let (noun, other) = (random.pick(NOUNS), random.pick(NOUNS));
    let level = random.pick(&["INFO", "INFO", "DEBUG", "WARN", "ERROR"]);
    let hex = "0123456789abcdef";
    let rest = match random.below(6) {
        0 => format!(
            "{noun}-service request={} took {} ms",
            random.text(hex, 16),
            random.below(2000)
        ),
        1 => format!(
            "[{other}] GET /api/v1/{noun}/{} 200 {}",
            random.below(100_000),
            random.below(60_000)
        ),
        2 => format!(
            "{noun}.{other}: commit {} by builder, {} files changed",
            random.text(hex, 40),
            random.below(80)
        ),
        3 => format!(
            "trace={}-{}-4{}-a{}-{} {noun} {}",
            random.text(hex, 8),
            random.text(hex, 4),
            random.text(hex, 3),
            random.text(hex, 3),
            random.text(hex, 12),
            random.pick(PAST)
        ),
        4 => format!(
            "worker[{}]: {noun} {} the {other}; retry in {}s",
            random.below(64),
            random.pick(PAST),
            random.below(60)
        ),
        _ => format!(
            "{noun} peer=198.51.100.{} bytes={} state={}",
            1 + random.below(250),
            random.below(1_000_000),
            random.pick(ADJECTIVES)
        ),
    };
    text.push_str(&format!("{stamp} {level} {rest}\n"));
}

fn cjk_sentence(random: &mut Random, text: &mut String) {
    let (words, gap, end) = match random.below(3) {
        0 => (CHINESE, "", "。"),
        1 => (JAPANESE, "", "。"),
        _ => (KOREAN, " ", ". "),
    };
    for number in 0..6 + random.below(10) {
        if number == 5 && gap.is_empty() {
            text.push('、');
        }
        text.push_str(random.pick(words));
        text.push_str(gap);
    }
    text.push_str(end);
}

/// Texts that look at every place as if something began there.
fn hostile() -> Vec<(&'static str, String)> {
    let listed = policy::words(500);
    let phrases: Vec<&String> = listed.iter().filter(|word| word.contains(' ')).collect();
    let starts: Vec<String> = phrases
        .iter()
        .map(|phrase| {
            let last = phrase.rfind(' ').unwrap_or(phrase.len());
            format!("{} ", &phrase[..last])
        })
        .collect();
    let first = starts.first().map_or("", String::as_str);
    let repeated: [(&'static str, &str); 24] = [
        ("digits", "4539578763621486"),
        ("digit-groups", "4539 5787 6362 1487 "),
        ("digit-dashes", "123-45-"),
        ("at-signs", "@"),
        ("a-at", "a@a@"),
        ("letters-dots", "a.a.a."),
        ("mail-dots", "a.b-c_d+e.f.g@h."),
        ("colons", "::::"),
        ("hex-colons", "a:1:b:2:"),
        ("dotted-numbers", "1.22.333.4444."),
        ("url-starts", "://www.http://"),
        ("one-token", "abcdefgh"),
        ("same-letter", "a"),
        ("spaces", "    \t  "),
        ("zero-width", "a\u{200b}\u{200d}b\u{200c}"),
        ("marks", "e\u{301}\u{302}\u{303}"),
        ("wide-forms", "\u{ff11}\u{ff21}\u{ff41}\u{3000}"),
        ("capitals", "Anna Maria Lopez de "),
        ("context-words", "password: pin is my name is "),
        ("key-starts", "AKIAIOSFAKIA"),
        ("regex-starts", "ORD-1234567 INV-2025-1 TKT# "),
        ("phrase-start", first),
        ("dots", "."),
        ("quotes", "\"'\u{201c}"),
    ];
    let mut texts: Vec<(&'static str, String)> = repeated
        .into_iter()
        .map(|(name, part)| (name, fill(HOSTILE, 8, |_, text| text.push_str(part))))
        .collect();
    texts.push((
        "phrase-starts",
        fill(HOSTILE, 9, |random, text| {
            text.push_str(&starts[random.below(starts.len())])
        }),
    ));
    let mut dense = |name, part: &dyn Fn(usize) -> String| {
        texts.push((
            name,
            fill(HOSTILE, 12, |random, text| {
                text.push_str(&part(random.below(100)));
            }),
        ));
    };
    // Nearly every byte belongs to a finding; decisions are what takes time there.
    dense("dense-mails", &|number| format!("a{number}@example.com "));
    dense("dense-words", &|number| format!("{} ", listed[5 * number]));
    texts.push((
        "random-ascii",
        fill(HOSTILE, 10, |random, text| {
            text.push(char::from(b' ' + random.below(95) as u8))
        }),
    ));
    texts.push((
        "random-unicode",
        fill(HOSTILE, 11, |random, text| {
            text.extend(char::from_u32(random.below(0x3000) as u32));
        }),
    ));
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_is_the_recorded_one() {
        let corpus = Corpus::generate();
        assert_eq!(corpus.sha256(), SHA256);
        assert!(corpus.len() >= 2_000_000);
        let sizes = corpus.chat.iter().flatten().map(String::len);
        assert!(sizes.clone().all(|size| (1900..2400).contains(&size)));
    }

    #[test]
    fn words_are_distinct_and_strange_to_the_texts() {
        let words = policy::words(10_000);
        let distinct: std::collections::BTreeSet<&String> = words.iter().collect();
        assert_eq!(distinct.len(), words.len());
        let corpus = Corpus::generate();
        let found = words[..500]
            .iter()
            .find(|word| corpus.prose.contains(&**word));
        assert_eq!(found, None);
    }
}
