//! Guard tags in the texts of InvokeModel's bodies.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use super::PayloadError;
use super::error::Problem;
use super::json::{Document, Kind};
use super::text::{self, Piece};

const NAME: &str = "amazon-bedrock-guardrails-guardContent_";

/// The tags of a body.
#[derive(Debug)]
pub(super) struct Tags {
    open: String,
    close: String,
}

/// A text's parts by its tags.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    /// What is between tags.
    pub(super) inside: Vec<Range<usize>>,
    /// All but the tags.
    pub(super) plain: Vec<Range<usize>>,
}

impl Tags {
    /// The tags with the body's `amazon-bedrock-guardrailConfig.tagSuffix`, if it has one.
    pub(super) fn of(document: &Document<'_>) -> Result<Option<Tags>, PayloadError> {
        let mut suffix: Option<String> = None;
        for config in document.members(0, "amazon-bedrock-guardrailConfig") {
            for member in document.members(config, "tagSuffix") {
                if document.kind(member) == Kind::Null {
                    continue;
                }
                let wrong = || PayloadError::new(Problem::TagSuffix, document.pointer(member));
                let value = document.string(member).ok_or_else(wrong)?;
                let known = suffix.as_ref().is_none_or(|suffix| **suffix == *value);
                let plain = value.bytes().all(|b| b.is_ascii_alphanumeric());
                if !plain || !known || value.is_empty() || value.len() > 20 {
                    return Err(wrong());
                }
                suffix = Some(value.into_owned());
            }
        }
        Ok(suffix.map(|suffix| Tags {
            open: ["<", NAME, &suffix, ">"].concat(),
            close: ["</", NAME, &suffix, ">"].concat(),
        }))
    }

    /// Splits a text. `None` if no tag is in it.
    pub(super) fn split(&self, text: &str) -> Result<Option<Split>, Problem> {
        let mut split = Split::default();
        let (mut at, mut opened) = (0_usize, None);
        loop {
            let rest = text.get(at..).unwrap_or("");
            let next = [(true, &self.open), (false, &self.close)];
            let next = next
                .into_iter()
                .filter_map(|(opens, tag)| Some((text::find(rest, tag)?, opens, tag.len())))
                .min();
            let Some((distance, opens, bytes)) = next else {
                break;
            };
            let tag = at.saturating_add(distance);
            if tag > at {
                split.plain.push(at..tag);
            }
            at = tag.saturating_add(bytes);
            match (opens, opened) {
                (true, None) => opened = Some(at),
                (true, Some(_)) => return Err(Problem::TagNested),
                (false, Some(start)) => {
                    split.inside.push(start..tag);
                    opened = None;
                }
                (false, None) => return Err(Problem::TagUnbalanced),
            }
        }
        if opened.is_some() {
            return Err(Problem::TagUnbalanced);
        }
        if at == 0 {
            return Ok(None);
        }
        if at < text.len() {
            split.plain.push(at..text.len());
        }
        Ok(Some(split))
    }
}

/// The parts of a text joined, with their pieces.
pub(super) fn join(text: &str, pieces: &[Piece], parts: &[Range<usize>]) -> (String, Vec<Piece>) {
    let mut joined = String::with_capacity(text.len());
    let mut own = Vec::new();
    for part in parts {
        let first = pieces.partition_point(|p| p.text.saturating_add(p.text_bytes) <= part.start);
        for piece in pieces.get(first..).unwrap_or(&[]) {
            let end = piece.text.saturating_add(piece.text_bytes).min(part.end);
            let start = piece.text.max(part.start);
            if start >= end {
                break;
            }
            let identity = piece.text_bytes == piece.raw_bytes;
            let skipped = start.saturating_sub(piece.text);
            own.push(Piece {
                text: joined
                    .len()
                    .saturating_add(start.saturating_sub(part.start)),
                text_bytes: end.saturating_sub(start),
                raw: piece.raw.saturating_add(if identity { skipped } else { 0 }),
                raw_bytes: if identity {
                    end.saturating_sub(start)
                } else {
                    piece.raw_bytes
                },
            });
        }
        joined.push_str(text.get(part.clone()).unwrap_or(""));
    }
    (joined, own)
}

#[cfg(test)]
mod tests {
    use super::super::text;
    use super::*;

    fn tags() -> Tags {
        let document =
            Document::scan(r#"{"amazon-bedrock-guardrailConfig":{"tagSuffix":"x\u0079z"}}"#);
        Tags::of(&document.unwrap()).unwrap().unwrap()
    }

    fn open() -> String {
        tags().open
    }

    #[test]
    fn splits_at_its_own_tags_only() {
        let tags = tags();
        assert_eq!(tags.open, "<amazon-bedrock-guardrails-guardContent_xyz>");
        assert_eq!(
            tags.split("none <amazon-bedrock-guardrails-guardContent_abc>"),
            Ok(None)
        );
        let text = [
            "a",
            &tags.open,
            "b",
            &tags.close,
            &tags.open,
            &tags.close,
            "c",
        ]
        .concat();
        let split = tags.split(&text).unwrap().unwrap();
        let of = |ranges: &[Range<usize>]| -> Vec<String> {
            ranges.iter().map(|r| text[r.clone()].into()).collect()
        };
        assert_eq!(of(&split.inside), ["b", ""]);
        assert_eq!(of(&split.plain), ["a", "b", "c"]);
    }

    #[test]
    fn refuses_unbalanced_and_nested_tags() {
        let tags = tags();
        let (open, close) = (&*tags.open, &*tags.close);
        assert_eq!(tags.split(open), Err(Problem::TagUnbalanced));
        assert_eq!(tags.split(close), Err(Problem::TagUnbalanced));
        let nested = [open, open, close, close].concat();
        assert_eq!(tags.split(&nested), Err(Problem::TagNested));
    }

    #[test]
    fn refuses_bad_suffixes() {
        for suffix in [
            "\"\"",
            "\"a-b\"",
            "\"abcdefghijklmnopqrstu\"",
            "5",
            "\"a\",\"tagSuffix\":\"b\"",
        ] {
            let body = [
                "{\"amazon-bedrock-guardrailConfig\":{\"tagSuffix\":",
                suffix,
                "}}",
            ]
            .concat();
            let document = Document::scan(&body).unwrap();
            let error = Tags::of(&document).unwrap_err();
            assert_eq!(error.problem, Problem::TagSuffix, "{suffix}");
            assert_eq!(error.place, "/amazon-bedrock-guardrailConfig/tagSuffix");
        }
    }

    #[test]
    fn joined_parts_know_their_places() {
        let raw = [r"Proj\u0065ct ", &open(), "Kestrel", &tags().close].concat();
        let (text, pieces) = text::decode_with_pieces(&raw, 10);
        let split = tags().split(&text).unwrap().unwrap();
        let (joined, own) = join(&text, &pieces, &split.plain);
        assert_eq!(joined, "Project Kestrel");
        let ranges = text::ranges(&own, &(0..joined.len()));
        assert_eq!(ranges, [10..23, 67..74]);
        assert_eq!(&raw[57..64], "Kestrel");
    }
}
