//! `cargo xtask views TABLES WORDS [DIR]`: makes the data of the evasion views from public data.
//!
//! The output, `core/compile/data/views/*.txt`, is checked in; its README names the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use crate::Chore;
use crate::unicode::{Database, hex};

pub(crate) const CHORE: Chore = Chore {
    name: "views",
    summary: "make the data of the evasion views from Unicode data and a word list",
    help: "usage: cargo xtask views TABLES WORDS [DIRECTORY]\n\n\
        TABLES is src/tables.rs of the crate unicode-security, which carries the confusables of UTS 39;\n\
        WORDS is a list of English words, one a line (Debian's wamerican); DIRECTORY holds the Unicode\n\
        Character Database, by default /usr/share/unicode (Debian's unicode-data).",
    run,
};

/// A letter of another script that looks like the target.
const FOREIGN: char = 'f';
/// A letter of another script whose capital looks like the target's.
const BY_CAPITAL: char = 'c';
/// A Latin letter of somebody's alphabet: no sign of an evasion by itself.
const ALPHABET: char = 'n';
/// A sign that no alphabet has: small capitals, letters in circles and squares.
const ODD: char = 'x';
/// A decimal digit of another script.
const DIGIT: char = 'd';
/// Punctuation that looks like one of `.,:@/-_`.
const SIGN: char = 'p';

/// Scripts whose words stand without spaces or whose letters nobody takes for Latin ones.
const LEFT_OUT: [&str; 12] = [
    "Han",
    "Hiragana",
    "Katakana",
    "Bopomofo",
    "Hangul",
    "Thai",
    "Lao",
    "Khmer",
    "Myanmar",
    "Yi",
    "Arabic",
    "Egyptian_Hieroglyphs",
];

fn run(arguments: &[&str]) -> Result<(), String> {
    let [tables, words, rest @ ..] = arguments else {
        return Err(CHORE.help.to_owned());
    };
    let directory = rest.first().copied().unwrap_or("/usr/share/unicode");
    let read = |path: &str| std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"));
    let database = Database::read(Path::new(directory))?;
    let characters = characters(&read(&format!("{directory}/UnicodeData.txt"))?)?;
    let prototypes = prototypes(&read(tables)?)?;
    let words = read(words)?;
    let words: BTreeSet<&str> = words
        .lines()
        .filter(|w| w.bytes().all(|b| b.is_ascii_lowercase()))
        .collect();
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/compile/data/views");
    let files = [
        (
            "confusables.txt",
            confusables(&database, &characters, &prototypes),
        ),
        ("doubles.txt", doubles(&words)),
        ("pairs.txt", pairs(&words)),
    ];
    for (name, content) in files {
        let path = target.join(name);
        println!("{name}: {} lines", content.lines().count());
        std::fs::write(&path, content).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}

/// What `UnicodeData.txt` says about a character.
struct Character {
    name: String,
    digit: Option<char>,
    capital: Option<u32>,
}

fn characters(text: &str) -> Result<BTreeMap<u32, Character>, String> {
    let mut characters = BTreeMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split(';').collect();
        let [code, name, _, _, _, _, digit, _, _, _, _, _, capital, ..] = fields.as_slice() else {
            return Err(format!("UnicodeData.txt: {line}"));
        };
        let capital = if capital.is_empty() {
            None
        } else {
            Some(hex(capital)?)
        };
        let character = Character {
            name: (*name).to_owned(),
            digit: digit.chars().next(),
            capital,
        };
        characters.insert(hex(code)?, character);
    }
    Ok(characters)
}

/// The prototypes of UTS 39 out of the crate's table: a list of `('\u{430}',  &['\u{61}'])`.
fn prototypes(source: &str) -> Result<BTreeMap<u32, Vec<u32>>, String> {
    let start = source
        .find("const CONFUSABLES")
        .ok_or("the tables have no CONFUSABLES")?;
    let table = source
        .get(start..)
        .and_then(|rest| rest.split("];").next())
        .unwrap_or("");
    let mut prototypes = BTreeMap::new();
    for entry in table.split("('").skip(1) {
        let mut codes = entry
            .split("\\u{")
            .skip(1)
            .map(|code| hex(code.split('}').next().unwrap_or("")));
        let from = codes.next().ok_or("an entry without a character")??;
        prototypes.insert(from, codes.collect::<Result<_, _>>()?);
    }
    if prototypes.len() < 1000 {
        return Err(format!("only {} confusables were found", prototypes.len()));
    }
    Ok(prototypes)
}

/// Lines of: code point, what it looks like in lower case, its class.
fn confusables(
    data: &Database,
    characters: &BTreeMap<u32, Character>,
    prototypes: &BTreeMap<u32, Vec<u32>>,
) -> String {
    let mut lines = BTreeMap::new();
    for (&code, character) in characters.range(0x80..) {
        let kept = data.action(code) == crate::unicode::KEEP
            && data.quick_check.get(&code).is_none_or(|check| check != "N");
        let script = data.script.get(&code).map_or("", String::as_str);
        let found = named(&character.name)
            .map(|target| (target, ODD))
            .or_else(|| stroked(code, character))
            .or_else(|| {
                Some((
                    skeleton(data, code, character, prototypes)?,
                    class(code, script, data),
                ))
            })
            .or_else(|| {
                let capital = character.capital?;
                let above = characters.get(&capital)?;
                let target = skeleton(data, capital, above, prototypes)?;
                Some((target, BY_CAPITAL))
            });
        let found = match character.digit {
            Some(digit) if data.category.get(&code).is_some_and(|c| c == "Nd") => {
                Some((digit.to_string(), DIGIT))
            }
            _ => found,
        };
        if let Some((target, class)) = found.filter(|_| kept)
            && (class == DIGIT || !LEFT_OUT.contains(&script))
            && !decomposes(data, code)
        {
            lines.insert(code, (target, class));
        }
    }
    // Domain names may be written with it (IDNA): the two compatibility variants of it are normalised.
    lines.insert(0x3002, (String::from("."), SIGN));
    lines
        .iter()
        .fold(String::new(), |mut out, (code, (target, class))| {
            let _ = writeln!(out, "{code:04X} {target} {class}");
            out
        })
}

/// The view takes these apart by itself.
fn decomposes(data: &Database, code: u32) -> bool {
    data.decomposition.contains_key(&code)
}

/// Letters in circles and squares, regional indicators and small capitals, by name.
fn named(name: &str) -> Option<String> {
    const PREFIXES: [&str; 5] = [
        "NEGATIVE CIRCLED LATIN CAPITAL LETTER ",
        "NEGATIVE SQUARED LATIN CAPITAL LETTER ",
        "CROSSED NEGATIVE SQUARED LATIN CAPITAL LETTER ",
        "REGIONAL INDICATOR SYMBOL LETTER ",
        "LATIN LETTER SMALL CAPITAL ",
    ];
    let letter = PREFIXES
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))?;
    (letter.len() == 1).then(|| letter.to_lowercase())
}

/// `LATIN SMALL LETTER O WITH STROKE` and the like, which do not decompose: somebody's alphabet.
fn stroked(code: u32, character: &Character) -> Option<(String, char)> {
    let rest = character
        .name
        .strip_prefix("LATIN SMALL LETTER ")
        .or_else(|| character.name.strip_prefix("LATIN CAPITAL LETTER "))?;
    let (letter, _) = rest.split_once(" WITH ")?;
    let class = if is_phonetic(code) { ODD } else { ALPHABET };
    (letter.len() == 1).then(|| (letter.to_lowercase(), class))
}

const fn is_phonetic(code: u32) -> bool {
    matches!(code, 0x250..=0x2AF | 0x1D00..=0x1DBF | 0x2C60..=0x2C7F | 0xA720..=0xA7FF | 0xAB30..=0xAB6F)
}

fn class(code: u32, script: &str, data: &Database) -> char {
    let letter = data.category.get(&code).is_some_and(|c| c.starts_with('L'));
    match script {
        "Latin" if is_phonetic(code) => ODD,
        "Latin" => ALPHABET,
        _ if !letter => SIGN,
        _ => FOREIGN,
    }
}

/// What a character looks like, without marks; `None` unless that is one to three letters or digits of
/// ASCII, or one sign that stands in addresses.
fn skeleton(
    data: &Database,
    code: u32,
    character: &Character,
    prototypes: &BTreeMap<u32, Vec<u32>>,
) -> Option<String> {
    let prototype = prototypes.get(&code)?;
    let mut target = String::new();
    for &part in prototype {
        let mark = data.category.get(&part).is_some_and(|c| c.starts_with('M'));
        if !mark {
            target.push(char::from_u32(part)?);
        }
    }
    let capital = data.category.get(&code).is_some_and(|c| c == "Lu");
    // The prototype of the capital I and of the digit one is `l`.
    if target == "l" && (capital || character.name.contains("LETTER I")) {
        target = String::from("i");
    }
    let letter = data.category.get(&code).is_some_and(|c| c.starts_with('L'));
    let fits = if letter {
        (1..=3).contains(&target.len()) && target.bytes().all(|b| b.is_ascii_alphanumeric())
    } else {
        matches!(target.as_str(), "." | "," | ":" | "@" | "/" | "-" | "_")
    };
    fits.then(|| target.to_lowercase())
}

/// Words with a double letter that are other words without it.
fn doubles(words: &BTreeSet<&str>) -> String {
    let mut found = BTreeSet::new();
    for word in words {
        let bytes = word.as_bytes();
        for at in 1..bytes.len() {
            let single = format!("{}{}", &word[..at], &word[at + 1..]);
            if bytes[at] == bytes[at - 1] && words.contains(single.as_str()) {
                found.insert(*word);
            }
        }
    }
    lines(&found)
}

/// How words are spelled: the pairs of letters that at least one word in 2,000 has, with `^` before the
/// first letter and `$` behind the last, and the first and the last two letters of at least three words.
fn pairs(words: &BTreeSet<&str>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for word in words.iter().filter(|word| word.len() > 2) {
        let marked = format!("^{word}$");
        let mut parts: BTreeSet<&str> = (2..=marked.len())
            .map(|end| &marked[end - 2..end])
            .collect();
        parts.insert(&marked[..3]);
        parts.insert(&marked[marked.len() - 3..]);
        for part in parts {
            *counts.entry(part.to_owned()).or_default() += 1;
        }
    }
    let common = words.len() / 2000;
    let kept: BTreeSet<&str> = counts
        .iter()
        .filter(|(part, count)| **count >= if part.len() == 2 { common } else { 3 })
        .map(|(part, _)| part.as_str())
        .collect();
    lines(&kept)
}

fn lines(words: &BTreeSet<&str>) -> String {
    words.iter().fold(String::new(), |mut out, word| {
        out.push_str(word);
        out.push('\n');
        out
    })
}
