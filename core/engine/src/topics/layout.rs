use super::LEVELS;
use crate::bundle::{BundleError, Bytes};

const HEADER_NUMBERS: usize = 6;
const TOPIC_LEN: usize = 16;
const RULE_LEN: usize = 20;
const KEYWORD_LEN: usize = 12;
const FORM_LEN: usize = 8;
const USE_LEN: usize = 8;
const NUMBER_LEN: usize = 4;

/// Keywords that all topics of a bundle may have together.
pub const MAX_KEYWORDS: usize = 65_000;

/// How many of everything a section has, and where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TopicLayout {
    pub(super) topics: usize,
    pub(super) rules: usize,
    pub(super) keywords: usize,
    forms: usize,
    uses: usize,
    rules_at: usize,
    keywords_at: usize,
    forms_at: usize,
    uses_at: usize,
    pool_at: usize,
}

/// A topics section, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Topics<'b> {
    bytes: Bytes<'b>,
    layout: TopicLayout,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Topic {
    pub(super) thresholds: [u16; LEVELS],
    pub(super) window: usize,
    pub(super) first_rule: usize,
    pub(super) rules: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) first_keyword: usize,
    pub(super) all: usize,
    pub(super) any: usize,
    pub(super) not: usize,
    /// 0 = anywhere in the window.
    pub(super) near: usize,
    pub(super) weight: u16,
    pub(super) group: u16,
    pub(super) topic: usize,
}

/// What a keyword is to its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    All,
    Any,
    Not,
}

impl Rule {
    /// The role of a keyword of this rule.
    pub(super) fn role(&self, keyword: usize) -> Role {
        let place = keyword.saturating_sub(self.first_keyword);
        if place < self.all {
            Role::All
        } else if place < self.all.saturating_add(self.any) {
            Role::Any
        } else {
            Role::Not
        }
    }

    fn keywords(&self) -> usize {
        self.all.saturating_add(self.any).saturating_add(self.not)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keyword {
    pub(super) rule: usize,
    pub(super) weight: u16,
    name: (usize, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    first_use: usize,
    uses: usize,
    /// Words from its first to its last.
    pub(super) words: usize,
}

/// A keyword that a form is of, with what is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) keyword: usize,
    pub(super) topic: usize,
    /// The keyword's.
    pub(super) weight: u16,
}

impl<'b> Topics<'b> {
    /// Reads and validates a section; an empty one has no topics.
    ///
    /// # Errors
    /// [`BundleError::Section`] if a table is cut short or points outside another.
    pub fn read(section: &'b [u8]) -> Result<Topics<'b>, BundleError> {
        let wrong = |what| BundleError::Section("topics", what);
        let bytes = Bytes::new(section);
        let layout = if section.is_empty() {
            TopicLayout::default()
        } else {
            layout(bytes).ok_or_else(|| wrong("is cut short or has bytes left over"))?
        };
        let topics = Topics { bytes, layout };
        topics.validate().map_err(wrong)?;
        Ok(topics)
    }

    /// A section that was validated by [`Topics::read`] before.
    pub(crate) const fn reopen(section: &'b [u8], layout: TopicLayout) -> Topics<'b> {
        Topics {
            bytes: Bytes::new(section),
            layout,
        }
    }

    /// Where the tables stand.
    #[must_use]
    pub const fn layout(&self) -> TopicLayout {
        self.layout
    }

    /// How many topics there are, prompt attacks included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.layout.topics
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.layout.topics == 0
    }

    /// How many forms keywords have.
    #[must_use]
    pub const fn forms(&self) -> usize {
        self.layout.forms
    }

    /// How many keywords a topic has, those that speak against it included.
    #[must_use]
    pub fn keywords(&self, topic: usize) -> usize {
        let rules = self.topic(topic).map_or(0..0, |topic| {
            topic.first_rule..topic.first_rule.saturating_add(topic.rules)
        });
        rules
            .filter_map(|rule| self.rule(rule))
            .fold(0, |sum, rule| sum.saturating_add(rule.keywords()))
    }

    /// The keywords of a topic: each as it was written, what finding it adds to the score (of those that only
    /// count together, 0), and whether it speaks against the topic.
    pub fn listed(&self, topic: usize) -> impl Iterator<Item = (&'b str, u16, bool)> + 'b {
        let topics = *self;
        let rules = self.topic(topic).map_or(0..0, |topic| {
            topic.first_rule..topic.first_rule.saturating_add(topic.rules)
        });
        let rules = rules.filter_map(move |rule| topics.rule(rule));
        rules.flat_map(move |rule| {
            let last = rule.first_keyword.saturating_add(rule.keywords());
            (rule.first_keyword..last).map(move |number| {
                let weight = topics.keyword(number).map_or(0, |keyword| keyword.weight);
                let against = rule.role(number) == Role::Not;
                (topics.keyword_name(number), weight, against)
            })
        })
    }

    /// A topic's thresholds, 0 to 1000; 0 where it has fewer.
    #[must_use]
    pub fn thresholds(&self, topic: usize) -> [u16; LEVELS] {
        self.topic(topic)
            .map_or([0; LEVELS], |topic| topic.thresholds)
    }

    /// How many words a topic's keywords count for.
    #[must_use]
    pub fn window(&self, topic: usize) -> usize {
        self.topic(topic).map_or(0, |topic| topic.window)
    }

    /// A keyword as it was written.
    #[must_use]
    pub fn keyword_name(&self, keyword: usize) -> &'b str {
        let name = || {
            let (offset, length) = self.keyword(keyword)?.name;
            self.bytes
                .slice(self.layout.pool_at.checked_add(offset)?, length)
        };
        core::str::from_utf8(name().unwrap_or(&[])).unwrap_or("")
    }

    /// The group that a keyword's rule belongs to: of prompt attacks, the family.
    #[must_use]
    pub fn keyword_group(&self, keyword: usize) -> u16 {
        let rule = self.keyword(keyword).and_then(|k| self.rule(k.rule));
        rule.map_or(0, |rule| rule.group)
    }

    /// The highest group number of any rule.
    pub(crate) fn last_group(&self) -> u16 {
        let rules = (0..self.layout.rules).filter_map(|rule| self.rule(rule));
        rules.map(|rule| rule.group).max().unwrap_or(0)
    }

    pub(super) fn topic(&self, number: usize) -> Option<Topic> {
        let at = record(HEADER_NUMBERS.checked_mul(NUMBER_LEN)?, number, TOPIC_LEN)?;
        if number >= self.layout.topics {
            return None;
        }
        let [low, medium, high, window] = self.halves(at)?;
        let at = at.checked_add(8)?;
        Some(Topic {
            thresholds: [low, medium, high],
            window: usize::from(window),
            first_rule: self.bytes.u32(at)?,
            rules: self.bytes.u32(at.checked_add(4)?)?,
        })
    }

    #[inline]
    pub(super) fn rule(&self, number: usize) -> Option<Rule> {
        if number >= self.layout.rules {
            return None;
        }
        let at = record(self.layout.rules_at, number, RULE_LEN)?;
        let [all, any, not, near] = self.halves(at.checked_add(4)?)?;
        Some(Rule {
            first_keyword: self.bytes.u32(at)?,
            all: all.into(),
            any: any.into(),
            not: not.into(),
            near: near.into(),
            weight: self.bytes.u16(at.checked_add(12)?)?,
            group: self.bytes.u16(at.checked_add(14)?)?,
            topic: self.bytes.u32(at.checked_add(16)?)?,
        })
    }

    #[inline]
    pub(super) fn keyword(&self, number: usize) -> Option<Keyword> {
        if number >= self.layout.keywords {
            return None;
        }
        let at = record(self.layout.keywords_at, number, KEYWORD_LEN)?;
        let name = self.bytes.u32(at.checked_add(4)?)?;
        let length = self.bytes.u16(at.checked_add(8)?)?;
        Some(Keyword {
            rule: self.bytes.u32(at)?,
            name: (name, length.into()),
            weight: self.bytes.u16(at.checked_add(10)?)?,
        })
    }

    #[inline]
    pub(super) fn form(&self, number: usize) -> Option<Form> {
        if number >= self.layout.forms {
            return None;
        }
        let at = record(self.layout.forms_at, number, FORM_LEN)?;
        Some(Form {
            first_use: self.bytes.u32(at)?,
            uses: self.bytes.u16(at.checked_add(4)?)?.into(),
            words: self.bytes.u16(at.checked_add(6)?)?.into(),
        })
    }

    /// The keywords that a form is of.
    #[inline]
    pub(super) fn uses(&self, form: Form) -> impl Iterator<Item = Use> + 'b {
        let Topics { bytes, layout } = *self;
        let last = form.first_use.saturating_add(form.uses);
        (form.first_use..last).filter_map(move |number| {
            let at = record(layout.uses_at, number, USE_LEN)?;
            Some(Use {
                keyword: bytes.u32(at)?,
                topic: bytes.u16(at.checked_add(4)?)?.into(),
                weight: bytes.u16(at.checked_add(6)?)?,
            })
        })
    }

    #[inline]
    fn halves(&self, at: usize) -> Option<[u16; 4]> {
        let bytes: [u8; 8] = *self.bytes.slice(at, 8)?.first_chunk()?;
        let (halves, _) = bytes.as_chunks::<2>();
        let [a, b, c, d] = *halves.first_chunk()?;
        Some([a, b, c, d].map(u16::from_le_bytes))
    }

    /// Every table is laid out without gaps or overlaps in the one before it, so that each record has
    /// exactly one owner.
    fn validate(&self) -> Result<(), &'static str> {
        let layout = self.layout;
        if layout.keywords > MAX_KEYWORDS {
            return Err("has too many keywords");
        }
        let mut next: usize = 0;
        for number in 0..layout.topics {
            let topic = self.topic(number).ok_or("has a topic outside the file")?;
            let last = next.saturating_add(topic.rules);
            if topic.first_rule != next || last > layout.rules || topic.window == 0 {
                return Err("has a topic without its rules or its window");
            }
            if !are_thresholds(topic.thresholds) {
                return Err("has a topic whose thresholds do not rise from 1 to 1000");
            }
            let own = |rule| self.rule(rule).is_some_and(|rule| rule.topic == number);
            if !(next..last).all(own) {
                return Err("has a rule of another topic");
            }
            next = last;
        }
        if next != layout.rules {
            return Err("has a rule without a topic");
        }
        self.validate_rules()?;
        self.validate_forms()
    }

    fn validate_rules(&self) -> Result<(), &'static str> {
        let layout = self.layout;
        let pool_len = self.bytes.len().saturating_sub(layout.pool_at);
        let pool = self.bytes.slice(layout.pool_at, pool_len);
        let pool = pool.and_then(|pool| core::str::from_utf8(pool).ok());
        let pool = pool.ok_or("has text that is not UTF-8")?;
        let mut next: usize = 0;
        for number in 0..layout.rules {
            let rule = self.rule(number).ok_or("has a rule outside the file")?;
            let last = next.saturating_add(rule.keywords());
            if rule.first_keyword != next || last > layout.keywords {
                return Err("has a rule without its keywords");
            }
            if rule.weight > 1000 || (rule.all == 0 && rule.any == 0) {
                return Err("has a rule that finds nothing");
            }
            for keyword in next..last {
                let keyword = self
                    .keyword(keyword)
                    .ok_or("has a keyword outside the file")?;
                let (offset, length) = keyword.name;
                let end = offset.checked_add(length);
                let is_named = end.is_some_and(|end| pool.get(offset..end).is_some());
                if keyword.rule != number || keyword.weight > 1000 || !is_named {
                    return Err("has a keyword that does not fit its rule");
                }
            }
            // What the first look at a text adds up must never be less than the score.
            let all = next..next.saturating_add(rule.all);
            let mut all = all.filter_map(|keyword| self.keyword(keyword));
            if rule.any == 0 && !all.any(|keyword| keyword.weight >= rule.weight) {
                return Err("has a rule whose keywords are worth less than it");
            }
            next = last;
        }
        if next == layout.keywords {
            Ok(())
        } else {
            Err("has a keyword without a rule")
        }
    }

    fn validate_forms(&self) -> Result<(), &'static str> {
        let layout = self.layout;
        let mut next: usize = 0;
        for number in 0..layout.forms {
            let form = self.form(number).ok_or("has a form outside the file")?;
            let last = next.saturating_add(form.uses);
            if form.first_use != next || last > layout.uses || form.words == 0 {
                return Err("has a form without its keywords");
            }
            let is_told = |used: Use| {
                let keyword = self.keyword(used.keyword);
                let rule = keyword.and_then(|keyword| self.rule(keyword.rule));
                rule.is_some_and(|rule| rule.topic == used.topic)
                    && keyword.is_some_and(|keyword| keyword.weight == used.weight)
            };
            if self.uses(form).count() != form.uses || !self.uses(form).all(is_told) {
                return Err("has a form of a keyword that is not there");
            }
            next = last;
        }
        if next == layout.uses {
            Ok(())
        } else {
            Err("has a use without a form")
        }
    }
}

fn are_thresholds(thresholds: [u16; LEVELS]) -> bool {
    let rises = thresholds
        .windows(2)
        .all(|pair| matches!(*pair, [a, b] if b == 0 || (a != 0 && a < b)));
    let [first, ..] = thresholds;
    rises && first != 0 && thresholds.iter().all(|&threshold| threshold <= 1000)
}

fn layout(bytes: Bytes<'_>) -> Option<TopicLayout> {
    let number = |index: usize| bytes.u32(index.checked_mul(NUMBER_LEN)?);
    let (topics, rules, keywords) = (number(0)?, number(1)?, number(2)?);
    let (forms, uses, pool_len) = (number(3)?, number(4)?, number(5)?);
    let topics_at = HEADER_NUMBERS.checked_mul(NUMBER_LEN)?;
    let rules_at = record(topics_at, topics, TOPIC_LEN)?;
    let keywords_at = record(rules_at, rules, RULE_LEN)?;
    let forms_at = record(keywords_at, keywords, KEYWORD_LEN)?;
    let uses_at = record(forms_at, forms, FORM_LEN)?;
    let pool_at = record(uses_at, uses, USE_LEN)?;
    let layout = TopicLayout {
        topics,
        rules,
        keywords,
        forms,
        uses,
        rules_at,
        keywords_at,
        forms_at,
        uses_at,
        pool_at,
    };
    (pool_at.checked_add(pool_len)? == bytes.len()).then_some(layout)
}

#[inline]
fn record(start: usize, number: usize, length: usize) -> Option<usize> {
    start.checked_add(number.checked_mul(length)?)
}
