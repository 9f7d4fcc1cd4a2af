//! `cargo xtask unicode [DIR]`: packs the Unicode Character Database into the engine's tables.
//!
//! `DIR` holds the database's text files and defaults to where the Debian package `unicode-data` puts
//! them. The output, `core/engine/src/text/unicode/tables.rs`, is checked in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use crate::Chore;

pub(crate) const CHORE: Chore = Chore {
    name: "unicode",
    summary: "pack the Unicode Character Database into the engine's tables",
    help: "usage: cargo xtask unicode [DIRECTORY]\n\n\
        DIRECTORY holds the database's text files; by default /usr/share/unicode, where the Debian\n\
        package unicode-data puts them.",
    run,
};

/// The tables stop here; the engine answers for the planes above by rule.
const END: u32 = 0x20000;

/// How the view treats a character. The numbers are part of the generated table.
pub(crate) const KEEP: u8 = 0;
const DROP: u8 = 1;
const SPACE: u8 = 2;
const LINE: u8 = 3;

/// Token classes, as in `text/token.rs`.
const SPACED: u8 = 0;
const UNSPACED: u8 = 1;
const WHITE: u8 = 2;
const MARK: u8 = 3;
const OTHER: u8 = 4;

/// Scripts written without spaces whose letters `Line_Break` does not tell apart from spaced ones.
const UNSPACED_SCRIPTS: [&str; 6] = [
    "Han", "Hiragana", "Katakana", "Bopomofo", "Balinese", "Javanese",
];

/// Reads the database and writes the tables.
fn run(arguments: &[&str]) -> Result<(), String> {
    let directory = arguments.first().copied().unwrap_or("/usr/share/unicode");
    let data = Database::read(Path::new(directory))?;
    let (text, size) = render(&data)?;
    let target =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/engine/src/text/unicode/tables.rs");
    std::fs::write(&target, text).map_err(|e| format!("{}: {e}", target.display()))?;
    println!("wrote {size} bytes of tables");
    Ok(())
}

/// What the tables need of the Unicode Character Database.
pub(crate) struct Database {
    version: String,
    /// General category, two letters.
    pub(crate) category: BTreeMap<u32, String>,
    ccc: BTreeMap<u32, u8>,
    /// Decompositions of one step; `true` is canonical.
    pub(crate) decomposition: BTreeMap<u32, (bool, Vec<u32>)>,
    excluded: BTreeSet<u32>,
    pub(crate) quick_check: BTreeMap<u32, String>,
    ignorable: BTreeMap<u32, String>,
    white: BTreeMap<u32, String>,
    word_break: BTreeMap<u32, String>,
    line_break: BTreeMap<u32, String>,
    pub(crate) script: BTreeMap<u32, String>,
    folding: BTreeMap<u32, Vec<u32>>,
    alphabetic: BTreeMap<u32, String>,
    uppercase: BTreeMap<u32, String>,
    lowercase: BTreeMap<u32, String>,
}

impl Database {
    pub(crate) fn read(directory: &Path) -> Result<Database, String> {
        let file = |name: &str| {
            let path = directory.join(name);
            std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))
        };
        let normalization = file("DerivedNormalizationProps.txt")?;
        let version = normalization
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# DerivedNormalizationProps-"))
            .and_then(|line| line.strip_suffix(".txt"))
            .ok_or("DerivedNormalizationProps.txt: no version in the first line")?
            .to_owned();
        let core = file("DerivedCoreProperties.txt")?;
        let mut data = Database {
            version,
            category: properties(&file("extracted/DerivedGeneralCategory.txt")?, None)?,
            ccc: BTreeMap::new(),
            decomposition: BTreeMap::new(),
            excluded: properties(&normalization, Some("Full_Composition_Exclusion"))?
                .into_keys()
                .collect(),
            quick_check: properties(&normalization, Some("NFKC_QC"))?,
            ignorable: properties(&core, Some("Default_Ignorable_Code_Point"))?,
            white: properties(&file("PropList.txt")?, Some("White_Space"))?,
            word_break: properties(&file("auxiliary/WordBreakProperty.txt")?, None)?,
            line_break: properties(&file("LineBreak.txt")?, None)?,
            script: properties(&file("Scripts.txt")?, None)?,
            folding: folding(&file("CaseFolding.txt")?)?,
            alphabetic: properties(&core, Some("Alphabetic"))?,
            uppercase: properties(&core, Some("Uppercase"))?,
            lowercase: properties(&core, Some("Lowercase"))?,
        };
        data.read_unicode_data(&file("UnicodeData.txt")?)?;
        Ok(data)
    }

    fn read_unicode_data(&mut self, text: &str) -> Result<(), String> {
        for line in text.lines() {
            let fields: Vec<&str> = line.split(';').collect();
            let [code, _, _, ccc, _, decomposition, ..] = fields.as_slice() else {
                return Err(format!("UnicodeData.txt: {line}"));
            };
            let code = hex(code)?;
            let ccc: u8 = ccc
                .parse()
                .map_err(|e| format!("UnicodeData.txt: {line}: {e}"))?;
            if ccc != 0 {
                self.ccc.insert(code, ccc);
            }
            if !decomposition.is_empty() {
                let canonical = !decomposition.starts_with('<');
                let mapping = decomposition
                    .split_once("> ")
                    .map_or(*decomposition, |(_, m)| m);
                self.decomposition
                    .insert(code, (canonical, sequence(mapping)?));
            }
        }
        Ok(())
    }

    /// The full compatibility decomposition in canonical order.
    fn full(&self, code: u32) -> Vec<u32> {
        let mut out = Vec::new();
        self.expand(code, &mut out);
        let mut at = 0;
        while at < out.len() {
            let marks = out[at..].iter().take_while(|c| self.ccc(**c) != 0).count();
            out[at..at + marks].sort_by_key(|c| self.ccc(*c));
            at += marks + 1;
        }
        out
    }

    fn expand(&self, code: u32, out: &mut Vec<u32>) {
        match self.decomposition.get(&code) {
            Some((_, mapping)) => mapping.iter().for_each(|c| self.expand(*c, out)),
            None => out.push(code),
        }
    }

    fn ccc(&self, code: u32) -> u8 {
        self.ccc.get(&code).copied().unwrap_or(0)
    }

    /// The canonical composites as (second, first, composite). Hangul syllables are not listed here.
    fn compositions(&self) -> BTreeSet<(u32, u32, u32)> {
        let pairs = self
            .decomposition
            .iter()
            .filter(|(code, _)| !self.excluded.contains(code));
        pairs
            .filter_map(|(code, (canonical, mapping))| match mapping.as_slice() {
                [first, second] if *canonical => Some((*second, *first, *code)),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn action(&self, code: u32) -> u8 {
        let category = self.category.get(&code).map_or("Cn", String::as_str);
        match code {
            0x09 | 0x0A | 0x0D => KEEP,
            // Line tabulation and form feed end a line, as UAX 14 has it.
            0x0B | 0x0C | 0x85 | 0x2028 | 0x2029 => LINE,
            // Interlinear annotation characters have no shape of their own either.
            0xFFF9..=0xFFFB => DROP,
            _ if category == "Zs" && code != 0x20 => SPACE,
            _ if category == "Cc" || self.ignorable.contains_key(&code) => DROP,
            _ => KEEP,
        }
    }

    fn token_class(&self, code: u32) -> u8 {
        let of = |map: &BTreeMap<u32, String>| map.get(&code).cloned().unwrap_or_default();
        let (category, line) = (of(&self.category), of(&self.line_break));
        let letter = category.starts_with('L') || category == "Nl";
        let unspaced = matches!(line.as_str(), "SA" | "ID" | "CJ")
            || UNSPACED_SCRIPTS.contains(&of(&self.script).as_str());
        let word = ["ALetter", "Hebrew_Letter", "Numeric", "ExtendNumLet"];
        if self.white.contains_key(&code) {
            WHITE
        } else if category.starts_with('M') {
            MARK
        } else if letter && unspaced {
            UNSPACED
        } else if letter || category == "Nd" || word.contains(&of(&self.word_break).as_str()) {
            SPACED
        } else {
            OTHER
        }
    }

    /// `Alphabetic` (bit 0), a number of any kind (1), `Uppercase` (2), `Lowercase` (3).
    fn letter(&self, code: u32) -> u8 {
        let category = self.category.get(&code).map_or("Cn", String::as_str);
        let bits = [
            self.alphabetic.contains_key(&code),
            category.starts_with('N'),
            self.uppercase.contains_key(&code),
            self.lowercase.contains_key(&code),
        ];
        (0..).zip(bits).map(|(bit, is)| u8::from(is) << bit).sum()
    }

    /// Combining class, flags (bits 0–1 action, 2–3 quick check, 4–7 token class), the number of the
    /// character as the second of a composition, 0 for none, and what letter it is.
    fn info(&self, code: u32, seconds: &[u32]) -> Result<[u8; 4], String> {
        let check = match self.quick_check.get(&code).map(String::as_str) {
            None => 0,
            Some("N") => 1,
            Some("M") => 2,
            Some(other) => return Err(format!("quick check {other}")),
        };
        let flags = self.action(code) | check << 2 | self.token_class(code) << 4;
        let second = seconds
            .iter()
            .position(|c| *c == code)
            .map_or(0, |at| at + 1);
        let second = u8::try_from(second).map_err(|e| e.to_string())?;
        Ok([self.ccc(code), flags, second, self.letter(code)])
    }
}

pub(crate) fn hex(text: &str) -> Result<u32, String> {
    u32::from_str_radix(text.trim(), 16).map_err(|e| format!("code point {text}: {e}"))
}

fn sequence(text: &str) -> Result<Vec<u32>, String> {
    text.split_whitespace().map(hex).collect()
}

/// The values of a property file; with `wanted`, of the lines of that property only.
fn properties(text: &str, wanted: Option<&str>) -> Result<BTreeMap<u32, String>, String> {
    let mut values = BTreeMap::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or("");
        let fields: Vec<&str> = line.split(';').map(str::trim).collect();
        let (range, value) = match (fields.as_slice(), wanted) {
            ([range, value], None) => (range, value),
            ([range, name], Some(wanted)) if *name == wanted => (range, name),
            ([range, name, value], Some(wanted)) if *name == wanted => (range, value),
            _ => continue,
        };
        let (first, last) = range.split_once("..").unwrap_or((range, range));
        for code in hex(first)?..=hex(last)? {
            values.insert(code, (*value).to_owned());
        }
    }
    Ok(values)
}

/// The common and full foldings of `CaseFolding.txt`.
fn folding(text: &str) -> Result<BTreeMap<u32, Vec<u32>>, String> {
    let mut folding = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split(';').map(str::trim).collect();
        if let [code, "C" | "F", mapping, ..] = fields.as_slice() {
            folding.insert(hex(code)?, sequence(mapping)?);
        }
    }
    Ok(folding)
}

/// Values of characters in two stages: the block of each page of 256 characters, and blocks of values.
/// Compressed, this is smaller than runs, and a lookup is two reads.
struct Staged {
    pages: Vec<u8>,
    blocks: Vec<u8>,
}

impl Staged {
    /// The values of all characters below `end`. With `unique`, only blocks of zeros are shared.
    fn pack(end: u32, unique: bool, value: impl Fn(u32) -> u8) -> Result<Staged, String> {
        let mut numbers: BTreeMap<Vec<u8>, u8> = BTreeMap::new();
        let (mut pages, mut blocks) = (Vec::new(), Vec::<u8>::new());
        for first in (0..end).step_by(PAGE) {
            let block: Vec<u8> = (first..).take(PAGE).map(&value).collect();
            let zeros = block.iter().all(|value| *value == 0);
            let known = numbers.get(&block).filter(|_| zeros || !unique);
            let number = match known {
                Some(number) => *number,
                None => {
                    let number = u8::try_from(blocks.len() / PAGE)
                        .map_err(|_| "more than 256 different pages")?;
                    blocks.extend(&block);
                    numbers.insert(block, number);
                    number
                }
            };
            pages.push(number);
        }
        Ok(Staged { pages, blocks })
    }
}

/// The characters of a page.
const PAGE: usize = 256;
/// Behind how many characters the place of a decomposition is written down; those between are added up.
const STEP: usize = 32;
/// No character above this decomposes.
const DECOMPOSITION_END: u32 = 0x30000;

/// The bytes of numbers, the lowest of all, then the next of all: what is alike stands together.
fn planes<const N: usize>(values: &[u32]) -> [Vec<u8>; N] {
    std::array::from_fn(|plane| values.iter().map(|v| v.to_le_bytes()[plane]).collect())
}

/// The Rust source of the tables and their size in bytes.
fn render(data: &Database) -> Result<(String, usize), String> {
    let compositions = data.compositions();
    let seconds: BTreeSet<u32> = compositions.iter().map(|(second, _, _)| *second).collect();
    let seconds: Vec<u32> = seconds.into_iter().collect();
    let mut table = Table {
        text: header(&data.version),
        size: 0,
    };
    render_kinds(&mut table, data, &seconds)?;
    render_compositions(&mut table, &compositions, &seconds)?;
    render_decompositions(&mut table, data)?;
    render_foldings(&mut table, data)?;
    Ok((table.text, table.size))
}

fn render_kinds(table: &mut Table, data: &Database, seconds: &[u32]) -> Result<(), String> {
    let mut kinds: Vec<[u8; 4]> = Vec::new();
    let mut numbers = Vec::new();
    for code in 0..END {
        let info = data.info(code, seconds)?;
        let kind = kinds.iter().position(|k| *k == info).unwrap_or_else(|| {
            kinds.push(info);
            kinds.len() - 1
        });
        numbers.push(u8::try_from(kind).map_err(|_| "more than 256 kinds of characters")?);
    }
    let staged = Staged::pack(END, false, |code| numbers[code as usize])?;
    table.write(
        "PAGES",
        &staged.pages,
        "The block of each page of 256 characters.",
    );
    table.write(
        "BLOCKS",
        &staged.blocks,
        "The kind of each character of a block.",
    );
    table.write(
        "KINDS",
        &kinds.concat(),
        "Per kind: combining class, flags, number as second, what letter it is.",
    );
    Ok(())
}

fn render_compositions(
    table: &mut Table,
    compositions: &BTreeSet<(u32, u32, u32)>,
    seconds: &[u32],
) -> Result<(), String> {
    let (mut offsets, mut firsts, mut composites) = (vec![0u32], Vec::new(), Vec::new());
    // Composites outside the first plane come with a first and a second outside it.
    for second in seconds {
        for (_, first, composite) in compositions.iter().filter(|(s, _, _)| s == second) {
            if (*first > 0xFFFF) != (*second > 0xFFFF) || (*composite > 0xFFFF) != (*first > 0xFFFF)
            {
                return Err(format!("composition {composite:04X} spans planes"));
            }
            firsts.push(*first);
            composites.push(*composite);
        }
        offsets.push(u32::try_from(firsts.len()).map_err(|e| e.to_string())?);
    }
    let low = seconds.iter().filter(|code| **code <= 0xFFFF).count();
    let _ = write!(
        table.text,
        "\n/// Seconds up to this number are in the first plane.\n"
    );
    let _ = writeln!(table.text, "pub(super) static LOW_SECONDS: u8 = {low};");
    table.planes::<2>("SECONDS", &offsets, "Where the pairs of each second start");
    table.planes::<2>("FIRSTS", &firsts, "Firsts of the pairs");
    table.planes::<2>("COMPOSITES", &composites, "Composites of the pairs");
    Ok(())
}

fn render_decompositions(table: &mut Table, data: &Database) -> Result<(), String> {
    let full = |code: u32| match data.decomposition.contains_key(&code) {
        true => data.full(code),
        false => Vec::new(),
    };
    let staged = Staged::pack(DECOMPOSITION_END, true, |code| {
        u8::try_from(full(code).len()).expect("no decomposition is longer than 18")
    })?;
    // In the order of the blocks, which is that of the characters.
    let values: Vec<u32> = data
        .decomposition
        .keys()
        .flat_map(|c| data.full(*c))
        .collect();
    let mut starts = Vec::new();
    let mut start = 0;
    for lengths in staged.blocks.chunks(STEP) {
        starts.push(start);
        start += lengths.iter().map(|length| u32::from(*length)).sum::<u32>();
    }
    if usize::try_from(start) != Ok(values.len()) || start > 0xFFFF {
        return Err("decompositions above U+2FFFF, or too many".into());
    }
    table.write(
        "DECOMPOSITION_PAGES",
        &staged.pages,
        "The block of each page of 256 characters.",
    );
    table.write(
        "DECOMPOSITION_LENGTHS",
        &staged.blocks,
        "How many characters each character of a block decomposes to; 0 is none.",
    );
    table.planes::<2>(
        "DECOMPOSITION_STARTS",
        &starts,
        "Where the decompositions of each 32 characters of a block start",
    );
    table.planes::<3>(
        "DECOMPOSITIONS",
        &values,
        "Characters of the decompositions",
    );
    Ok(())
}

fn render_foldings(table: &mut Table, data: &Database) -> Result<(), String> {
    let mut kinds: Vec<(u32, [u32; 2])> = vec![(0, [0; 2])];
    let mut numbers: BTreeMap<u32, u8> = BTreeMap::new();
    for (code, value) in &data.folding {
        let rest = match value[1..] {
            [] => [0; 2],
            [second] => [second, 0],
            [second, third] => [second, third],
            _ => return Err(format!("folding of {code:04X} is longer than three")),
        };
        if rest.iter().any(|c| *c > 0xFFFF) || *code >= END {
            return Err(format!("folding of {code:04X} is outside the tables"));
        }
        let kind = (value[0].wrapping_sub(*code), rest);
        let number = kinds.iter().position(|k| *k == kind).unwrap_or_else(|| {
            kinds.push(kind);
            kinds.len() - 1
        });
        let number = u8::try_from(number).map_err(|_| "more than 256 kinds of foldings")?;
        numbers.insert(*code, number);
    }
    let staged = Staged::pack(END, false, |code| numbers.get(&code).copied().unwrap_or(0))?;
    table.write(
        "FOLDING_PAGES",
        &staged.pages,
        "The block of each page of 256 characters.",
    );
    table.write(
        "FOLDING_BLOCKS",
        &staged.blocks,
        "The folding of each character of a block.",
    );
    let differences: Vec<u32> = kinds.iter().map(|(difference, _)| *difference).collect();
    table.planes::<3>(
        "FOLDING_DIFFERENCES",
        &differences,
        "Per folding, how far the first character of the value is from the character, modulo 2^24",
    );
    let rests: Vec<u32> = kinds.iter().flat_map(|(_, rest)| *rest).collect();
    table.planes::<2>(
        "FOLDING_RESTS",
        &rests,
        "Per folding, the second and the third character of the value; 0 is none",
    );
    Ok(())
}

fn header(version: &str) -> String {
    format!(
        "//! Generated by `cargo xtask unicode` from the Unicode Character Database {version}; see README.md.\n"
    )
}

struct Table {
    text: String,
    size: usize,
}

impl Table {
    fn write(&mut self, name: &str, values: &[u8], doc: &str) {
        self.head(name, &format!("[u8; {}]", values.len()), doc);
        self.bytes(values, "    ");
        self.text.push_str("];\n");
    }

    /// Numbers byte by byte: the lowest bytes of all, then the next.
    fn planes<const N: usize>(&mut self, name: &str, values: &[u32], doc: &str) {
        let doc = format!("{doc}: low bytes, then the next.");
        self.head(name, &format!("[[u8; {}]; {N}]", values.len()), &doc);
        for plane in planes::<N>(values) {
            self.text.push_str("    [\n");
            self.bytes(&plane, "        ");
            self.text.push_str("    ],\n");
        }
        self.text.push_str("];\n");
    }

    fn head(&mut self, name: &str, ty: &str, doc: &str) {
        let _ = write!(self.text, "\n/// {doc}\n#[rustfmt::skip]\n");
        let _ = writeln!(self.text, "pub(super) static {name}: {ty} = [");
    }

    fn bytes(&mut self, values: &[u8], indent: &str) {
        self.size += values.len();
        let mut column = usize::MAX;
        for value in values {
            let value = value.to_string();
            if column > 94 {
                if column != usize::MAX {
                    self.text.push('\n');
                }
                self.text.push_str(indent);
                column = indent.len();
            }
            column += value.len() + 1;
            let _ = write!(self.text, "{value},");
        }
        self.text.push('\n');
    }
}
