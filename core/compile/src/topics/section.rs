//! Writes the section `topics`.

use std::collections::{BTreeMap, BTreeSet};

use edgerail_core::text::{TokenKind, Tokens};
use edgerail_core::topics::{LEVELS, MAX_KEYWORDS};

use super::{Keyword, Rule};

/// The topics of a bundle with their keywords, as they go into its section.
#[derive(Debug, Default)]
pub(crate) struct TopicTable {
    topics: Vec<TopicRecord>,
    rules: Vec<RuleRecord>,
    keywords: Vec<KeywordRecord>,
    /// Per form the keywords it is of. The forms' numbers are their places.
    forms: BTreeMap<String, BTreeSet<u32>>,
    pool: String,
}

#[derive(Debug)]
struct TopicRecord {
    thresholds: [u16; LEVELS],
    window: u16,
    first_rule: u32,
    rules: u32,
}

#[derive(Debug)]
struct RuleRecord {
    first_keyword: u32,
    all: u16,
    any: u16,
    not: u16,
    near: u16,
    weight: u16,
    group: u16,
    topic: u32,
}

#[derive(Debug)]
struct KeywordRecord {
    rule: u32,
    name: (u32, u16),
    weight: u16,
}

impl TopicTable {
    /// Adds a topic whose rules have the given group numbers; returns its number, or `None` if the table
    /// is full. Rules that find nothing are left out.
    pub(crate) fn add<'r>(
        &mut self,
        thresholds: [u16; LEVELS],
        window: u16,
        rules: impl IntoIterator<Item = (&'r Rule, u16)>,
    ) -> Option<usize> {
        let topic = self.topics.len();
        let first_rule = u32::try_from(self.rules.len()).ok()?;
        for (rule, group) in rules {
            if rule.any.is_empty() && rule.all.is_empty() {
                continue;
            }
            let number = u32::try_from(self.rules.len()).ok()?;
            let first_keyword = u32::try_from(self.keywords.len()).ok()?;
            let decisive = decisive(rule);
            for (place, keyword) in rule.all.iter().enumerate() {
                let decides = rule.any.is_empty() && place == decisive;
                self.keyword(number, keyword, if decides { rule.weight } else { 0 })?;
            }
            for keyword in &rule.any {
                self.keyword(number, keyword, keyword.weight)?;
            }
            for keyword in &rule.not {
                self.keyword(number, keyword, 0)?;
            }
            self.rules.push(RuleRecord {
                first_keyword,
                all: u16::try_from(rule.all.len()).ok()?,
                any: u16::try_from(rule.any.len()).ok()?,
                not: u16::try_from(rule.not.len()).ok()?,
                near: rule.near.unwrap_or(0),
                weight: rule.weight,
                group,
                topic: u32::try_from(topic).ok()?,
            });
        }
        let rules = u32::try_from(self.rules.len()).ok()? - first_rule;
        self.topics.push(TopicRecord {
            thresholds,
            window,
            first_rule,
            rules,
        });
        Some(topic)
    }

    fn keyword(&mut self, rule: u32, keyword: &Keyword, weight: u16) -> Option<()> {
        let number = u32::try_from(self.keywords.len()).ok()?;
        if self.keywords.len() >= MAX_KEYWORDS {
            return None;
        }
        let length = u16::try_from(keyword.text.len()).ok()?;
        let offset = u32::try_from(self.pool.len()).ok()?;
        self.pool.push_str(&keyword.text);
        self.keywords.push(KeywordRecord {
            rule,
            name: (offset, length),
            weight,
        });
        for form in &keyword.forms {
            self.forms.entry(form.clone()).or_default().insert(number);
        }
        Some(())
    }

    /// The forms of all keywords, in the order of their numbers.
    pub(crate) fn forms(&self) -> impl Iterator<Item = &str> {
        self.forms.keys().map(String::as_str)
    }

    /// The section; empty without topics. `None` if a number does not fit its field.
    pub(crate) fn section(&self) -> Option<Vec<u8>> {
        if self.topics.is_empty() {
            return Some(Vec::new());
        }
        let uses: usize = self.forms.values().map(BTreeSet::len).sum();
        let counts = [
            self.topics.len(),
            self.rules.len(),
            self.keywords.len(),
            self.forms.len(),
            uses,
            self.pool.len(),
        ];
        let mut out = Vec::new();
        for count in counts {
            put32(&mut out, u32::try_from(count).ok()?);
        }
        for topic in &self.topics {
            put16(&mut out, &topic.thresholds);
            put16(&mut out, &[topic.window]);
            put32(&mut out, topic.first_rule);
            put32(&mut out, topic.rules);
        }
        for rule in &self.rules {
            put32(&mut out, rule.first_keyword);
            put16(
                &mut out,
                &[
                    rule.all,
                    rule.any,
                    rule.not,
                    rule.near,
                    rule.weight,
                    rule.group,
                ],
            );
            put32(&mut out, rule.topic);
        }
        for keyword in &self.keywords {
            put32(&mut out, keyword.rule);
            put32(&mut out, keyword.name.0);
            put16(&mut out, &[keyword.name.1, keyword.weight]);
        }
        let mut first: u32 = 0;
        for (form, keywords) in &self.forms {
            let count = u16::try_from(keywords.len()).ok()?;
            put32(&mut out, first);
            put16(&mut out, &[count, u16::try_from(words(form)).ok()?]);
            first = first.checked_add(count.into())?;
        }
        for &number in self.forms.values().flatten() {
            let keyword = self.keywords.get(usize::try_from(number).ok()?)?;
            let rule = self.rules.get(usize::try_from(keyword.rule).ok()?)?;
            put32(&mut out, number);
            put16(&mut out, &[u16::try_from(rule.topic).ok()?, keyword.weight]);
        }
        out.extend_from_slice(self.pool.as_bytes());
        Some(out)
    }
}

/// The place of the keyword of `all` that is least likely to stand in any text: the one of most words.
fn decisive(rule: &Rule) -> usize {
    let least = |keyword: &Keyword| keyword.forms.iter().map(|form| words(form)).min();
    let places = rule.all.iter().enumerate();
    places
        .max_by_key(|(_, keyword)| least(keyword))
        .map_or(0, |(place, _)| place)
}

/// How many words a form has: tokens that are no symbols.
fn words(form: &str) -> usize {
    let words = Tokens::new(form).filter(|token| token.kind != TokenKind::Symbol);
    words.count().max(1)
}

fn put16(out: &mut Vec<u8>, numbers: &[u16]) {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

fn put32(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use edgerail_core::topics::Topics;

    use super::*;
    use crate::topics::KeywordSource;

    fn keyword(text: &str, weight: u16) -> Keyword {
        Keyword {
            text: text.to_owned(),
            forms: vec![text.to_owned(), format!("{text}s")],
            weight,
            sources: vec![KeywordSource::Overlay(0)],
        }
    }

    fn sample() -> Vec<u8> {
        let rule = Rule {
            all: vec![keyword("pension", 0), keyword("transfer", 0)],
            not: vec![keyword("museum", 0)],
            near: Some(5),
            weight: 400,
            ..Rule::default()
        };
        let other = Rule {
            any: vec![keyword("stock tip", 300), keyword("pension", 300)],
            ..Rule::default()
        };
        let mut table = TopicTable::default();
        assert_eq!(
            table.add([600, 0, 0], 64, [(&rule, 0), (&other, 0)]),
            Some(0)
        );
        assert_eq!(table.add([300, 600, 900], 64, [(&other, 2)]), Some(1));
        table.section().unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        let section = sample();
        let topics = Topics::read(&section).unwrap();
        assert_eq!(
            (topics.len(), topics.keywords(0), topics.keywords(1)),
            (2, 5, 2)
        );
        assert_eq!(topics.thresholds(1), [300, 600, 900]);
        assert_eq!(topics.keyword_name(3), "stock tip");
        assert_eq!((topics.keyword_group(3), topics.keyword_group(5)), (0, 2));
        // `pension` is one form of three keywords; `s` for the plural makes two of each.
        assert_eq!(topics.forms(), 8);
    }

    #[test]
    fn cut_and_overlong_sections_are_refused() {
        let section = sample();
        for length in 1..section.len() {
            assert!(Topics::read(&section[..length]).is_err(), "cut to {length}");
        }
        let longer = [&section[..], &[0]].concat();
        assert!(Topics::read(&longer).is_err());
        assert!(Topics::read(&[]).unwrap().is_empty());
    }

    /// Each table's record has one owner and points inside: a flipped bit either is refused or changes a
    /// weight, a threshold, a window, a nearness, a group or a letter, never a place in a table.
    #[test]
    fn flipped_bits_never_lead_outside() {
        let section = sample();
        let mut refused = 0;
        for bit in 0..section.len() * 8 {
            let mut bad = section.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            match Topics::read(&bad) {
                Err(_) => refused += 1,
                Ok(topics) => {
                    for keyword in 0..7 {
                        let _ = (topics.keyword_name(keyword), topics.keyword_group(keyword));
                    }
                    assert_eq!(topics.len(), 2, "bit {bit}");
                }
            }
        }
        assert!(
            refused > section.len() * 4,
            "{refused} of {}",
            section.len() * 8
        );
    }
}
