//! The bundle file: everything an engine needs for one scope, tables already built.
//!
//! ```text
//! offset  bytes  what
//!      0      8  magic "EDGERAIL"
//!      8      2  format, 1
//!     10      2  engine ABI, see [`ABI`]
//!     12      4  number of sections
//!     16   16×n  section table: kind u16, version u16, offset u32, length u32, reserved u32 = 0
//!      …      …  sections, each at a multiple of 8, zero bytes between them
//!    end−32   32  SHA-256 of all bytes before it
//! ```
//! All integers are little-endian. Sections stand in the order of their kinds, without gaps other than
//! the padding, so that a bundle has exactly one encoding.

mod bytes;
mod messages;

use crate::message::{message, size};
use crate::sort;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use sha2::{Digest, Sha256};

pub use bytes::Bytes;
pub(crate) use messages::Messages;

/// The first bytes of every bundle.
pub const MAGIC: [u8; 8] = *b"EDGERAIL";
/// Version of the container.
pub const FORMAT: u16 = 1;
/// What the sections mean. An engine reads bundles of its own ABI only: the serialised automata
/// change with the version of `regex-automata`, and a wrong guess would be a wrong decision.
pub const ABI: u16 = 1;
/// The largest bundle that is read, in bytes, unless [`crate::Limits`] says otherwise.
pub const MAX_BYTES: usize = 8 << 20;

pub(crate) const HEADER_LEN: usize = 16;
pub(crate) const ENTRY_LEN: usize = 16;
pub(crate) const HASH_LEN: usize = 32;

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u16)]
pub enum SectionKind {
    /// Guardrails, entries without their tables, options: JSON.
    Policy = 1,
    /// Words, profanity and the words recognisers read: token table and token automaton.
    Dictionary = 2,
    /// Words that match inside tokens: a multi-string automaton.
    Strings = 3,
    /// Regexes packed into shared automata that say which patterns occur at all.
    RegexGroups = 4,
    /// Each regex's own automata, which say where.
    RegexEach = 5,
    /// Which keywords add up to which topic.
    Topics = 6,
    /// What characters look like, for the evasion views of tier STANDARD.
    Views = 7,
    /// Blocked messages.
    Messages = 8,
    /// Inputs with the decisions they must give.
    SelfTest = 9,
}

impl SectionKind {
    /// Every kind, in the order in which sections stand in a file.
    pub const ALL: [SectionKind; 9] = [
        SectionKind::Policy,
        SectionKind::Dictionary,
        SectionKind::Strings,
        SectionKind::RegexGroups,
        SectionKind::RegexEach,
        SectionKind::Topics,
        SectionKind::Views,
        SectionKind::Messages,
        SectionKind::SelfTest,
    ];

    /// The section's name, as `inspect` prints it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            SectionKind::Policy => "policy",
            SectionKind::Dictionary => "dictionary",
            SectionKind::Strings => "strings",
            SectionKind::RegexGroups => "regex-groups",
            SectionKind::RegexEach => "regex-each",
            SectionKind::Topics => "topics",
            SectionKind::Views => "views",
            SectionKind::Messages => "messages",
            SectionKind::SelfTest => "selftest",
        }
    }

    /// The number in the section table.
    #[must_use]
    #[allow(clippy::as_conversions)] // a fieldless `repr(u16)` enum has no other way out
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The version of the section's layout that this engine reads.
    #[must_use]
    pub const fn version(self) -> u16 {
        match self {
            // The pinned `regex-automata` 0.4.18 as one number: its serialised form is the layout. The
            // second digit behind it is that of our own layout around it.
            SectionKind::RegexGroups => 418,
            SectionKind::RegexEach => 4182,
            SectionKind::Dictionary => 3,
            _ => 1,
        }
    }

    fn from_number(number: u16) -> Option<SectionKind> {
        SectionKind::ALL
            .into_iter()
            .find(|kind| kind.number() == number)
    }
}

/// Why a file is no bundle this engine can use.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BundleError {
    /// The file does not begin as a bundle does; it may be something else altogether.
    NotABundle,
    /// Longer than the limit, which is named.
    TooLarge(usize),
    /// The container format is newer.
    Format(u16),
    /// The engine ABI differs.
    Abi(u16),
    /// A section of this kind number is not known.
    UnknownSection(u16),
    /// The named section has this layout version, which is not ours.
    SectionVersion(&'static str, u16),
    /// The file is cut short or its parts do not fit together; what and where.
    Malformed(&'static str, usize),
    /// The hash at the end does not match: the file was damaged or changed.
    Hash,
    /// The named section's content is wrong; in which way.
    Section(&'static str, &'static str),
    /// A self-test's decision differs; its number.
    SelfTest(usize),
}

impl BundleError {
    /// What `Display` says, without the standard library's formatting.
    #[must_use]
    pub fn message(&self) -> String {
        let again = ": update the engine or compile the bundle again";
        match self {
            BundleError::NotABundle => message(&[(
                "not an Edgerail bundle: it does not begin with the bytes EDGERAIL",
                None,
            )]),
            BundleError::TooLarge(max) => {
                message(&[("bundle is longer than ", size(*max)), (" bytes", None)])
            }
            BundleError::Format(have) => message(&[
                ("bundle has format ", Some(u64::from(*have))),
                (", this engine reads ", Some(u64::from(FORMAT))),
                (again, None),
            ]),
            BundleError::Abi(have) => message(&[
                (
                    "bundle was compiled for engine ABI ",
                    Some(u64::from(*have)),
                ),
                (", this engine has ", Some(u64::from(ABI))),
                (again, None),
            ]),
            BundleError::UnknownSection(kind) => message(&[
                (
                    "bundle has a section of unknown kind ",
                    Some(u64::from(*kind)),
                ),
                (": it needs a newer engine", None),
            ]),
            BundleError::SectionVersion(name, have) => message(&[
                ("section ", None),
                (name, None),
                (" has version ", Some(u64::from(*have))),
                (
                    ", which this engine does not read: compile the bundle again",
                    None,
                ),
            ]),
            BundleError::Malformed(what, at) => message(&[
                ("bundle is damaged: ", None),
                (what, None),
                (" at byte ", size(*at)),
            ]),
            BundleError::Hash => message(&[(
                "bundle is damaged or was changed: its SHA-256 does not match its content",
                None,
            )]),
            BundleError::Section(name, what) => {
                message(&[("section ", None), (name, None), (": ", None), (what, None)])
            }
            BundleError::SelfTest(number) => message(&[
                ("self-test ", size(*number)),
                (" gives another decision than recorded", None),
            ]),
        }
    }
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl core::error::Error for BundleError {}

/// A bundle's bytes with their sections found; nothing of the sections themselves is checked yet.
#[derive(Debug)]
pub struct Bundle {
    bytes: Vec<u8>,
    sections: Vec<(SectionKind, Range<usize>)>,
}

impl Bundle {
    /// Finds the sections of a bundle.
    ///
    /// `check_hash` may be `false` only for bytes whose hash was just checked by other means (TUF): the
    /// structure is validated all the same.
    ///
    /// # Errors
    /// [`BundleError`] if the file is not a bundle of this format and ABI.
    pub fn open(bytes: Vec<u8>, max_bytes: usize, check_hash: bool) -> Result<Bundle, BundleError> {
        if bytes.len() > max_bytes {
            return Err(BundleError::TooLarge(max_bytes));
        }
        let reader = Bytes::new(&bytes);
        if reader.slice(0, MAGIC.len()) != Some(&MAGIC[..]) {
            return Err(BundleError::NotABundle);
        }
        match (reader.u16(8), reader.u16(10)) {
            (Some(FORMAT), Some(ABI)) => {}
            (Some(FORMAT), Some(abi)) => return Err(BundleError::Abi(abi)),
            (Some(format), Some(_)) => return Err(BundleError::Format(format)),
            _ => return Err(BundleError::Malformed("header is cut short", bytes.len())),
        }
        let sections = section_table(&reader)?;
        if check_hash {
            let body = bytes.len().saturating_sub(HASH_LEN);
            let (body, hash) = bytes.split_at_checked(body).unwrap_or_default();
            if Sha256::digest(body).as_slice() != hash {
                return Err(BundleError::Hash);
            }
        }
        Ok(Bundle { bytes, sections })
    }

    /// The content of a section; empty where the bundle has none of that kind.
    #[must_use]
    pub fn section(&self, kind: SectionKind) -> &[u8] {
        self.bytes.get(self.section_range(kind)).unwrap_or(&[])
    }

    /// Where a section's content stands in the file.
    #[must_use]
    pub fn section_range(&self, kind: SectionKind) -> Range<usize> {
        let found = self.sections.iter().find(|(have, _)| *have == kind);
        found.map_or(0..0, |(_, range)| range.clone())
    }

    /// The sections that are there, with their lengths in bytes.
    pub fn sections(&self) -> impl Iterator<Item = (SectionKind, usize)> + '_ {
        self.sections
            .iter()
            .map(|(kind, range)| (*kind, range.len()))
    }

    /// The whole file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The SHA-256 at the end of the file: the bundle's identity.
    #[must_use]
    pub fn hash(&self) -> &[u8] {
        self.bytes
            .last_chunk::<HASH_LEN>()
            .map_or(&[], |hash| &hash[..])
    }
}

fn section_table(reader: &Bytes<'_>) -> Result<Vec<(SectionKind, Range<usize>)>, BundleError> {
    let cut = BundleError::Malformed("section table is cut short", reader.len());
    let count = reader.u32(12).ok_or_else(|| cut.clone())?;
    if count > SectionKind::ALL.len() {
        return Err(BundleError::Malformed("too many sections", 12));
    }
    let table_len = count.saturating_mul(ENTRY_LEN);
    let body_end = reader.len().saturating_sub(HASH_LEN);
    let mut sections = Vec::with_capacity(count);
    let mut end = HEADER_LEN.saturating_add(table_len);
    let mut last_kind = None;
    for entry in (HEADER_LEN..end).step_by(ENTRY_LEN) {
        let field = |at: usize| {
            reader
                .u32(entry.saturating_add(at))
                .ok_or_else(|| cut.clone())
        };
        let kind = reader.u16(entry).ok_or_else(|| cut.clone())?;
        let version = reader
            .u16(entry.saturating_add(2))
            .ok_or_else(|| cut.clone())?;
        let kind = SectionKind::from_number(kind).ok_or(BundleError::UnknownSection(kind))?;
        if version != kind.version() {
            return Err(BundleError::SectionVersion(kind.name(), version));
        }
        let (offset, length) = (field(4)?, field(8)?);
        let stop = offset.checked_add(length).filter(|&stop| stop <= body_end);
        let stop = stop.ok_or(BundleError::Malformed(
            "section ends outside the file",
            entry,
        ))?;
        if last_kind.is_some_and(|last| last >= kind) || field(12)? != 0 {
            return Err(BundleError::Malformed(
                "section table is out of order",
                entry,
            ));
        }
        if offset != end.next_multiple_of(8) || !zeroes(reader, end..offset) {
            return Err(BundleError::Malformed("section is out of place", entry));
        }
        sections.push((kind, offset..stop));
        last_kind = Some(kind);
        end = stop;
    }
    let padded = end.next_multiple_of(8);
    if padded != body_end || !zeroes(reader, end..padded) {
        return Err(BundleError::Malformed(
            "file is cut short or has bytes left over",
            reader.len(),
        ));
    }
    Ok(sections)
}

fn zeroes(reader: &Bytes<'_>, range: Range<usize>) -> bool {
    let padding = reader.slice(range.start, range.len());
    padding.is_some_and(|bytes| bytes.iter().all(|&byte| byte == 0))
}

/// Puts a bundle together from its sections, which may come in any order; empty ones are left out.
///
/// Returns `None` if the result would not fit 32-bit offsets.
#[must_use]
pub fn assemble(sections: &[(SectionKind, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut sections: Vec<_> = sections
        .iter()
        .filter(|(_, content)| !content.is_empty())
        .collect();
    sort::by_key(&mut sections, |(kind, _)| *kind);
    let mut out = Vec::new();
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&FORMAT.to_le_bytes());
    out.extend_from_slice(&ABI.to_le_bytes());
    out.extend_from_slice(&u32::try_from(sections.len()).ok()?.to_le_bytes());
    let mut offset = HEADER_LEN.checked_add(sections.len().checked_mul(ENTRY_LEN)?)?;
    for (kind, content) in &sections {
        offset = offset.next_multiple_of(8);
        out.extend_from_slice(&kind.number().to_le_bytes());
        out.extend_from_slice(&kind.version().to_le_bytes());
        out.extend_from_slice(&u32::try_from(offset).ok()?.to_le_bytes());
        out.extend_from_slice(&u32::try_from(content.len()).ok()?.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        offset = offset.checked_add(content.len())?;
    }
    for (_, content) in &sections {
        out.resize(out.len().next_multiple_of(8), 0);
        out.extend_from_slice(content);
    }
    out.resize(out.len().next_multiple_of(8), 0);
    let hash = Sha256::digest(&out);
    out.extend_from_slice(&hash);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn sample() -> Vec<u8> {
        let sections = [
            (SectionKind::Messages, vec![7; 3]),
            (SectionKind::Policy, b"{}".to_vec()),
        ];
        assemble(&sections).unwrap()
    }

    #[test]
    fn errors_say_what_is_wrong_and_what_to_do() {
        for (error, says) in [
            (BundleError::TooLarge(10), "bundle is longer than 10 bytes"),
            (
                BundleError::Format(7),
                "bundle has format 7, this engine reads 1: update the engine or compile the bundle again",
            ),
            (
                BundleError::Abi(u16::MAX),
                "bundle was compiled for engine ABI 65535, this engine has 1: update the engine or compile the bundle again",
            ),
            (
                BundleError::UnknownSection(99),
                "bundle has a section of unknown kind 99: it needs a newer engine",
            ),
            (
                BundleError::SectionVersion("views", 2),
                "section views has version 2, which this engine does not read: compile the bundle again",
            ),
            (
                BundleError::Malformed("header is cut short", 0),
                "bundle is damaged: header is cut short at byte 0",
            ),
            (
                BundleError::Section("policy", "is not UTF-8"),
                "section policy: is not UTF-8",
            ),
            (
                BundleError::SelfTest(3),
                "self-test 3 gives another decision than recorded",
            ),
        ] {
            assert_eq!(alloc::format!("{error}"), says);
        }
    }

    #[test]
    fn what_is_assembled_opens() {
        let bundle = Bundle::open(sample(), MAX_BYTES, true).unwrap();
        assert_eq!(bundle.section(SectionKind::Policy), b"{}");
        assert_eq!(bundle.section(SectionKind::Messages), [7, 7, 7]);
        assert_eq!(bundle.section(SectionKind::Dictionary), b"");
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_refused() {
        let good = sample();
        for length in 0..good.len() {
            let cut = good.get(..length).unwrap().to_vec();
            assert!(
                Bundle::open(cut.clone(), MAX_BYTES, true).is_err(),
                "cut to {length}"
            );
            assert!(
                Bundle::open(cut, MAX_BYTES, false).is_err(),
                "cut to {length}, unhashed"
            );
        }
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(Bundle::open(bad, MAX_BYTES, true).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn other_files_and_other_versions_are_named() {
        let open = |bytes| Bundle::open(bytes, MAX_BYTES, true).unwrap_err();
        assert_eq!(open(b"<!doctype html>".to_vec()), BundleError::NotABundle);
        let with = |at: usize, value: u8| {
            let mut bytes = sample();
            bytes[at] = value;
            bytes
        };
        assert_eq!(open(with(8, 9)), BundleError::Format(9));
        assert_eq!(open(with(10, 2)), BundleError::Abi(2));
        assert_eq!(open(with(16, 77)), BundleError::UnknownSection(77));
        assert_eq!(open(with(18, 3)), BundleError::SectionVersion("policy", 3));
        assert_eq!(
            Bundle::open(sample(), 10, true).unwrap_err(),
            BundleError::TooLarge(10)
        );
    }
}
