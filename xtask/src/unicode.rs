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

    /// Combining class, flags (bits 0–1 action, 2–3 quick check, 4–7 token class) and the number of the
    /// character as the second of a composition, 0 for none.
    fn info(&self, code: u32, seconds: &[u32]) -> Result<[u8; 3], String> {
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
        Ok([self.ccc(code), flags, second])
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

/// How the characters of one range of a mapping get their values.
const LIST: u32 = 0;
const SAME: u32 = 1;
const LINEAR: u32 = 2;
const ALTERNATE: u32 = 3;

/// A mapping of characters to strings, packed: ranges over a pool of UTF-16 units.
#[derive(Default)]
struct Mapping {
    /// Start (21 bits), kind (2 bits), units of one value (5 bits).
    ranges: Vec<u32>,
    lengths: Vec<u8>,
    offsets: Vec<u16>,
}

impl Mapping {
    fn pack(map: &BTreeMap<u32, Vec<u32>>, pool: &mut Vec<u16>) -> Result<Mapping, String> {
        let mut packed = Mapping::default();
        let entries: Vec<(u32, &[u32])> = map.iter().map(|(c, v)| (*c, v.as_slice())).collect();
        let mut at = 0;
        while at < entries.len() {
            let rest = &entries[at..];
            let (kind, characters, used) = match pattern(rest) {
                Some(found) => found,
                None => {
                    let units = utf16(rest[0].1).len();
                    let mut count = 1;
                    while count < rest.len().min(255)
                        && rest[count].0 == rest[count - 1].0 + 1
                        && utf16(rest[count].1).len() == units
                        && pattern(&rest[count..]).is_none()
                    {
                        count += 1;
                    }
                    (LIST, count, count)
                }
            };
            let units = utf16(rest[0].1);
            let values = if kind == LIST {
                &rest[..used]
            } else {
                &rest[..1]
            };
            let values: Vec<u16> = values.iter().flat_map(|(_, value)| utf16(value)).collect();
            let offset = place(pool, &values);
            let length = u32::try_from(units.len()).map_err(|e| e.to_string())?;
            packed.ranges.push(rest[0].0 | kind << 21 | length << 23);
            packed
                .lengths
                .push(u8::try_from(characters).map_err(|e| e.to_string())?);
            packed
                .offsets
                .push(u16::try_from(offset).map_err(|e| e.to_string())?);
            at += used;
        }
        Ok(packed)
    }
}

/// A regular run at the start of `rest`, as (kind, characters covered, entries used).
fn pattern(rest: &[(u32, &[u32])]) -> Option<(u32, usize, usize)> {
    let (first, value) = rest[0];
    let run = |matches: &dyn Fn(u32, u32, &[u32]) -> bool| {
        let entries = rest.iter().zip(0u32..).take(127);
        entries
            .take_while(|((code, value), i)| matches(*i, *code, value))
            .count()
    };
    let same = run(&|i, code, v| code == first + i && v == value);
    let linear = match value {
        [target] => run(&|i, code, v| code == first + i && v == [target + i]),
        _ => 0,
    };
    let alternate = run(&|i, code, v| code == first + 2 * i && v == [code + 1]);
    let enough = 4;
    if linear >= enough && linear >= same {
        Some((LINEAR, linear, linear))
    } else if same >= enough {
        Some((SAME, same, same))
    } else if alternate >= enough {
        Some((ALTERNATE, 2 * alternate, alternate))
    } else {
        None
    }
}

fn utf16(codes: &[u32]) -> Vec<u16> {
    let characters: String = codes.iter().filter_map(|c| char::from_u32(*c)).collect();
    characters.encode_utf16().collect()
}

/// Where `values` stand in the pool, after adding what is missing.
fn place(pool: &mut Vec<u16>, values: &[u16]) -> usize {
    if let Some(at) = pool
        .windows(values.len())
        .position(|window| window == values)
    {
        return at;
    }
    let overlap = (0..=values.len().min(pool.len())).rev();
    let overlap = overlap
        .into_iter()
        .find(|n| pool.ends_with(&values[..*n]))
        .unwrap_or(0);
    let at = pool.len() - overlap;
    pool.extend_from_slice(&values[overlap..]);
    at
}

/// The Rust source of the tables and their size in bytes.
fn render(data: &Database) -> Result<(String, usize), String> {
    let compositions = data.compositions();
    let seconds: BTreeSet<u32> = compositions.iter().map(|(second, _, _)| *second).collect();
    let seconds: Vec<u32> = seconds.into_iter().collect();

    let mut kinds: Vec<[u8; 3]> = Vec::new();
    let (mut pages, mut starts, mut values) =
        (Vec::<u16>::new(), Vec::<u8>::new(), Vec::<u8>::new());
    for code in 0..END {
        let info = data.info(code, &seconds)?;
        let kind = kinds.iter().position(|k| *k == info).unwrap_or_else(|| {
            kinds.push(info);
            kinds.len() - 1
        });
        let kind = u8::try_from(kind).map_err(|_| "more than 256 kinds of characters")?;
        if code % 256 == 0 {
            pages.push(u16::try_from(starts.len()).map_err(|e| e.to_string())?);
        } else if values.last() == Some(&kind) {
            continue;
        }
        starts.push(u8::try_from(code % 256).map_err(|e| e.to_string())?);
        values.push(kind);
    }
    pages.push(u16::try_from(starts.len()).map_err(|e| e.to_string())?);

    let mut pool = Vec::new();
    let full: BTreeMap<u32, Vec<u32>> = data
        .decomposition
        .keys()
        .map(|code| (*code, data.full(*code)))
        .collect();
    let decomposition = Mapping::pack(&full, &mut pool)?;
    let folding = Mapping::pack(&data.folding, &mut pool)?;

    let mut table = Table {
        text: header(&data.version),
        size: 0,
    };
    table.write(
        "PAGES",
        "u16",
        2,
        &pages,
        "Where each page of 256 characters starts in the runs.",
    );
    table.write(
        "RUN_STARTS",
        "u8",
        1,
        &starts,
        "First character of each run, within its page.",
    );
    table.write(
        "RUN_KINDS",
        "u8",
        1,
        &values,
        "Kind of each run's characters.",
    );
    let flat: Vec<u8> = kinds.concat();
    table.write(
        "KINDS",
        "u8",
        1,
        &flat,
        "Per kind: combining class, flags, number as second.",
    );
    render_compositions(&mut table, &compositions, &seconds)?;
    for (name, mapping) in [("DECOMPOSITION", &decomposition), ("FOLDING", &folding)] {
        table.write(
            &format!("{name}_RANGES"),
            "u32",
            4,
            &mapping.ranges,
            "Start, kind, units.",
        );
        table.write(
            &format!("{name}_LENGTHS"),
            "u8",
            1,
            &mapping.lengths,
            "Characters of each range.",
        );
        table.write(
            &format!("{name}_OFFSETS"),
            "u16",
            2,
            &mapping.offsets,
            "Each range's values.",
        );
    }
    table.write(
        "POOL",
        "u16",
        2,
        &pool,
        "UTF-16 units of the values of the mappings.",
    );
    Ok((table.text, table.size))
}

fn render_compositions(
    table: &mut Table,
    compositions: &BTreeSet<(u32, u32, u32)>,
    seconds: &[u32],
) -> Result<(), String> {
    let (mut offsets, mut pairs) = (vec![0u16], Vec::<u16>::new());
    // Composites outside the first plane come with a first and a second outside it.
    for second in seconds {
        for (_, first, composite) in compositions.iter().filter(|(s, _, _)| s == second) {
            if (*first > 0xFFFF) != (*second > 0xFFFF) || (*composite > 0xFFFF) != (*first > 0xFFFF)
            {
                return Err(format!("composition {composite:04X} spans planes"));
            }
            for code in [first, composite] {
                pairs.push(u16::try_from(code & 0xFFFF).map_err(|e| e.to_string())?);
            }
        }
        offsets.push(u16::try_from(pairs.len() / 2).map_err(|e| e.to_string())?);
    }
    let low = seconds.iter().filter(|code| **code <= 0xFFFF).count();
    let _ = write!(
        table.text,
        "\n/// Seconds up to this number are in the first plane.\n"
    );
    let _ = writeln!(table.text, "pub(super) static LOW_SECONDS: u8 = {low};");
    table.write(
        "SECONDS",
        "u16",
        2,
        &offsets,
        "Where the pairs of each second start.",
    );
    let firsts: Vec<u16> = pairs.iter().step_by(2).copied().collect();
    let composites: Vec<u16> = pairs.iter().skip(1).step_by(2).copied().collect();
    table.write(
        "FIRSTS",
        "u16",
        2,
        &firsts,
        "Firsts of the pairs, low 16 bits.",
    );
    table.write(
        "COMPOSITES",
        "u16",
        2,
        &composites,
        "Composites of the pairs, low 16 bits.",
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
    fn write<T: std::fmt::Display>(
        &mut self,
        name: &str,
        ty: &str,
        bytes: usize,
        values: &[T],
        doc: &str,
    ) {
        self.size += bytes * values.len();
        let _ = write!(self.text, "\n/// {doc}\n#[rustfmt::skip]\n");
        let _ = write!(
            self.text,
            "pub(super) static {name}: [{ty}; {}] = [",
            values.len()
        );
        let mut column = usize::MAX;
        for value in values {
            let value = value.to_string();
            if column > 94 {
                self.text.push_str("\n    ");
                column = 4;
            }
            column += value.len() + 1;
            let _ = write!(self.text, "{value},");
        }
        self.text.push_str("\n];\n");
    }
}
