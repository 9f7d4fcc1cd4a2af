use alloc::vec;
use alloc::vec::Vec;

use super::layout::{Keyword, Role, Rule, Topic, Topics};
use crate::rules::rule;
use crate::sort;

/// A form of a keyword, found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeywordHit {
    /// The form's number.
    pub(crate) form: usize,
    /// The number of its last word in the text.
    pub(crate) word: usize,
    /// Byte range in the view text.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A keyword that counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeywordPlace {
    /// The keyword's number in [`crate::topics::Topics`].
    pub keyword: usize,
    /// Byte range in the text.
    pub start: usize,
    /// Just past the keyword.
    pub end: usize,
    /// What it added to the score. A rule of keywords that all have to be there gives its weight to the
    /// last of them.
    pub weight: u16,
}

/// A topic that was detected in a text, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The content block's number in the request.
    pub block: usize,
    /// The topic's number in [`crate::topics::Topics`].
    pub topic: usize,
    /// Which of the topic's thresholds was reached.
    pub level: usize,
    /// The threshold.
    pub threshold: u16,
    /// The score where it was reached: the sum of the keywords' weights, at most 1000.
    pub score: u16,
    /// The keywords that counted, by place.
    pub keywords: Vec<KeywordPlace>,
    /// Where the keyword begins that brought the score to the threshold: what stands before is not
    /// enough for the topic.
    pub deciding: usize,
    /// Where the first keyword that counted begins.
    pub start: usize,
    /// Where the deciding keyword ends.
    pub end: usize,
}

/// Reports each topic, for which `wanted` holds, where the keywords first reach each of its thresholds.
/// The hits come by their ends.
pub(crate) fn detect(topics: Topics<'_>, wanted: &[bool], hits: &[KeywordHit]) -> Vec<Explanation> {
    let reachable = reachable(topics, wanted, hits);
    if !reachable.contains(&true) {
        return Vec::new();
    }
    Scores::default().detect(topics, &reachable, hits)
}

/// Scores of a text that comes in pieces, from one piece to the next.
#[derive(Debug, Default)]
pub(crate) struct Scores {
    index: Vec<u16>,
    slots: Vec<Slot>,
    rules: Vec<RuleState>,
    states: Vec<TopicState>,
}

impl Scores {
    /// As [`detect`], for the hits of the next piece.
    pub(crate) fn detect(
        &mut self,
        topics: Topics<'_>,
        wanted: &[bool],
        hits: &[KeywordHit],
    ) -> Vec<Explanation> {
        let before = core::mem::take(self);
        let mut scorer = Scorer {
            topics,
            wanted,
            index: before.index,
            slots: before.slots,
            rules: before.rules,
            states: before.states,
            spoken: Vec::new(),
        };
        let mut found = Vec::new();
        for together in hits.chunk_by(|a, b| a.end == b.end) {
            scorer.step(together, &mut found);
        }
        *self = Scores {
            index: scorer.index,
            slots: scorer.slots,
            rules: scorer.rules,
            states: scorer.states,
        };
        found
    }
}

/// The topics whose keywords in the text, were they all together, would reach the lowest threshold. Nearly
/// every text is through with this; and a keyword costs next to nothing when it comes again.
fn reachable(topics: Topics<'_>, wanted: &[bool], hits: &[KeywordHit]) -> Vec<bool> {
    if hits.is_empty() {
        return Vec::new();
    }
    let mut most = vec![0_u32; topics.len()];
    let mut seen = vec![0_u8; topics.forms().div_ceil(8)];
    for hit in hits {
        let Some(bits) = seen.get_mut(hit.form >> 3) else {
            continue;
        };
        let bit = 1_u8 << (hit.form & 7);
        if *bits & bit != 0 && rule!("topics.distinct") {
            continue;
        }
        *bits |= bit;
        let Some(form) = topics.form(hit.form) else {
            continue;
        };
        for used in topics.uses(form) {
            if let Some(sum) = most.get_mut(used.topic) {
                *sum = sum.saturating_add(used.weight.into());
            }
        }
    }
    let reaches = |(topic, sum): (usize, &u32)| {
        let [lowest, ..] = topics.thresholds(topic);
        let reaches = *sum >= u32::from(lowest) || !rule!("topics.threshold");
        wanted.get(topic) == Some(&true) && reaches
    };
    most.iter().enumerate().map(reaches).collect()
}

/// No slot.
const NONE: usize = usize::MAX;

/// A keyword that was seen, with its last place.
#[derive(Clone, Copy, Debug)]
struct Slot {
    keyword: usize,
    rule: usize,
    role: Role,
    weight: u16,
    /// Whether it is in the window, and so in its topic's list.
    present: bool,
    first_word: usize,
    last_word: usize,
    start: usize,
    end: usize,
    /// The place it had when all keywords of its rule were last together.
    held: (usize, usize),
    /// Its neighbours in the list of its topic's present keywords, by their first words.
    newer: usize,
    older: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct RuleState {
    /// Weights of the present `any` keywords.
    any: u32,
    /// How many `not` keywords are present.
    not: usize,
    /// The first word of the `all` keywords where they were last together, while that is in the window.
    held: Option<usize>,
    /// What the rule adds to its topic's score now.
    worth: u32,
}

#[derive(Clone, Copy, Debug)]
struct TopicState {
    score: u32,
    newest: usize,
    oldest: usize,
    /// Before this word no rule's `all` keywords leave the window.
    holds_until: usize,
    /// How many thresholds were reached.
    level: usize,
}

/// The scores of all topics at one place of a text. A keyword counts while all of it is among the last
/// words, as many as the topic's window has. Time is linear in the hits: each one enters and leaves a
/// topic's list of present keywords once.
struct Scorer<'e> {
    topics: Topics<'e>,
    wanted: &'e [bool],
    /// Per keyword its slot + 1, 0 = not seen; empty before the first hit.
    index: Vec<u16>,
    slots: Vec<Slot>,
    rules: Vec<RuleState>,
    states: Vec<TopicState>,
    /// The rules that the keywords at this place speak for.
    spoken: Vec<usize>,
}

impl Scorer<'_> {
    /// Takes the hits that end at one place, all of them, and then asks which topics that decides.
    fn step(&mut self, hits: &[KeywordHit], found: &mut Vec<Explanation>) {
        if self.index.is_empty() {
            self.begin();
        }
        self.spoken.clear();
        for hit in hits {
            let Some(form) = self.topics.form(hit.form) else {
                continue;
            };
            let first_word = hit.word.saturating_add(1).saturating_sub(form.words);
            for used in self.topics.uses(form) {
                if self.wanted.get(used.topic) == Some(&true) {
                    self.hit(used.keyword, first_word, hit);
                }
            }
        }
        let Some(end) = hits.first().map(|hit| hit.end) else {
            return;
        };
        for place in 0..self.spoken.len() {
            let rule = self.spoken.get(place).copied().unwrap_or(NONE);
            let counts = self.rules.get(rule).is_some_and(|rule| rule.worth > 0);
            if let Some(rule) = self.topics.rule(rule).filter(|_| counts) {
                self.decide(rule.topic, end, found);
            }
        }
    }

    fn begin(&mut self) {
        let layout = self.topics.layout();
        self.index.resize(layout.keywords, 0);
        self.rules.resize(layout.rules, RuleState::default());
        let state = TopicState {
            score: 0,
            newest: NONE,
            oldest: NONE,
            holds_until: NONE,
            level: 0,
        };
        self.states.resize(layout.topics, state);
    }

    fn hit(&mut self, keyword: usize, first_word: usize, hit: &KeywordHit) {
        let topics = self.topics;
        let Some(record) = topics.keyword(keyword) else {
            return;
        };
        let Some(rule) = topics.rule(record.rule) else {
            return;
        };
        let Some(topic) = topics.topic(rule.topic) else {
            return;
        };
        let thresholds = topic.thresholds;
        let done = |state: &TopicState| {
            let next = thresholds.get(state.level);
            next.is_none_or(|&threshold| threshold == 0)
        };
        if self.states.get(rule.topic).is_none_or(done) {
            return;
        }
        // A phrase that is longer than the window never lies in it.
        if hit.word.saturating_sub(first_word) >= topic.window {
            return;
        }
        let role = rule.role(keyword);
        let Some(slot) = self.slot(keyword, &record, role) else {
            return;
        };
        self.expire(rule.topic, &topic, hit.word);
        let entered = self.enter(slot, rule.topic, first_word, hit);
        if let Some(state) = self.rules.get_mut(record.rule) {
            match role {
                Role::Any if entered || !rule!("topics.distinct") => {
                    state.any = state.any.saturating_add(record.weight.into());
                }
                Role::Not if entered => state.not = state.not.saturating_add(1),
                _ => {}
            }
        }
        let speaks = match role {
            Role::Any => true,
            Role::All => self.hold(record.rule, &rule, &topic),
            Role::Not => false,
        };
        self.weigh(record.rule, &rule);
        if speaks && !self.spoken.contains(&record.rule) {
            self.spoken.push(record.rule);
        }
    }

    /// The slot of a keyword, made when it is first seen.
    fn slot(&mut self, keyword: usize, record: &Keyword, role: Role) -> Option<usize> {
        let known = self.index.get_mut(keyword)?;
        if let Some(slot) = usize::from(*known).checked_sub(1) {
            return Some(slot);
        }
        let slot = self.slots.len();
        *known = u16::try_from(slot.checked_add(1)?).ok()?;
        self.slots.push(Slot {
            keyword,
            rule: record.rule,
            role,
            weight: record.weight,
            present: false,
            first_word: 0,
            last_word: 0,
            start: 0,
            end: 0,
            held: (0, 0),
            newer: NONE,
            older: NONE,
        });
        Some(slot)
    }

    /// Notes a keyword's place, in the order of their first words; tells whether it was not present.
    fn enter(&mut self, slot: usize, topic: usize, first_word: usize, hit: &KeywordHit) -> bool {
        let was_present = self.slots.get(slot).is_some_and(|seen| seen.present);
        if was_present {
            self.unlink(slot, topic);
        }
        // A phrase begins before the words in it, which may be there already.
        let (mut newer, mut older) = (NONE, self.states.get(topic).map_or(NONE, |s| s.newest));
        while let Some(next) = self
            .slots
            .get(older)
            .filter(|next| next.first_word > first_word)
        {
            (newer, older) = (older, next.older);
        }
        if let Some(seen) = self.slots.get_mut(slot) {
            seen.present = true;
            seen.first_word = first_word;
            seen.last_word = hit.word;
            (seen.start, seen.end) = (hit.start, hit.end);
            (seen.newer, seen.older) = (newer, older);
        }
        if let Some(next) = self.slots.get_mut(older) {
            next.newer = slot;
        }
        if let Some(next) = self.slots.get_mut(newer) {
            next.older = slot;
        }
        if let Some(state) = self.states.get_mut(topic) {
            if newer == NONE {
                state.newest = slot;
            }
            if older == NONE {
                state.oldest = slot;
            }
        }
        !was_present
    }

    fn unlink(&mut self, slot: usize, topic: usize) {
        let (newer, older) = match self.slots.get(slot) {
            Some(seen) => (seen.newer, seen.older),
            None => return,
        };
        if let Some(next) = self.slots.get_mut(newer) {
            next.older = older;
        }
        if let Some(next) = self.slots.get_mut(older) {
            next.newer = newer;
        }
        if let Some(state) = self.states.get_mut(topic) {
            if state.newest == slot {
                state.newest = older;
            }
            if state.oldest == slot {
                state.oldest = newer;
            }
        }
    }

    /// Takes out what has left the window when the text has come to the word `now`.
    fn expire(&mut self, number: usize, topic: &Topic, now: usize) {
        if !rule!("topics.window") {
            return;
        }
        let is_past = |word: usize| now.saturating_sub(word) >= topic.window;
        while let Some(&state) = self.states.get(number)
            && let Some(&oldest) = self.slots.get(state.oldest)
            && is_past(oldest.first_word)
        {
            self.unlink(state.oldest, number);
            if let Some(seen) = self.slots.get_mut(state.oldest) {
                seen.present = false;
            }
            if let Some(own) = self.rules.get_mut(oldest.rule) {
                match oldest.role {
                    Role::Any => own.any = own.any.saturating_sub(oldest.weight.into()),
                    Role::Not => own.not = own.not.saturating_sub(1),
                    Role::All => {}
                }
            }
            if let Some(record) = self.topics.rule(oldest.rule) {
                self.weigh(oldest.rule, &record);
            }
        }
        if self
            .states
            .get(number)
            .is_some_and(|state| state.holds_until <= now)
        {
            self.release(number, topic, is_past);
        }
    }

    /// Drops the rules whose `all` keywords are no longer all in the window.
    fn release(&mut self, number: usize, topic: &Topic, is_past: impl Fn(usize) -> bool) {
        let mut until = NONE;
        for rule in topic.first_rule..topic.first_rule.saturating_add(topic.rules) {
            let Some(state) = self.rules.get_mut(rule) else {
                continue;
            };
            match state.held {
                Some(word) if is_past(word) => state.held = None,
                Some(word) => {
                    until = until.min(word.saturating_add(topic.window));
                    continue;
                }
                None => continue,
            }
            if let Some(record) = self.topics.rule(rule) {
                self.weigh(rule, &record);
            }
        }
        if let Some(state) = self.states.get_mut(number) {
            state.holds_until = until;
        }
    }

    /// Asks whether all `all` keywords of a rule are there and near enough, and notes where they stand.
    fn hold(&mut self, number: usize, rule: &Rule, topic: &Topic) -> bool {
        let (mut first, mut last) = (usize::MAX, 0);
        let keywords = rule.first_keyword..rule.first_keyword.saturating_add(rule.all);
        for keyword in keywords.clone() {
            let Some(seen) = self.seen(keyword).filter(|seen| seen.present) else {
                return false;
            };
            first = first.min(seen.first_word);
            last = last.max(seen.last_word);
        }
        let stretch = last.saturating_sub(first).saturating_add(1);
        if rule.near != 0 && stretch > rule.near && rule!("topics.near") {
            return false;
        }
        for keyword in keywords {
            let slot = self.index.get(keyword).copied().unwrap_or(0);
            if let Some(slot) = usize::from(slot).checked_sub(1)
                && let Some(seen) = self.slots.get_mut(slot)
            {
                seen.held = (seen.start, seen.end);
            }
        }
        if let Some(state) = self.rules.get_mut(number) {
            state.held = Some(first);
        }
        if let Some(state) = self.states.get_mut(rule.topic) {
            let until = first.saturating_add(topic.window);
            state.holds_until = state.holds_until.min(until);
        }
        true
    }

    fn seen(&self, keyword: usize) -> Option<&Slot> {
        let slot = usize::from(*self.index.get(keyword)?).checked_sub(1)?;
        self.slots.get(slot)
    }

    /// Brings a rule's part of its topic's score up to date.
    fn weigh(&mut self, number: usize, rule: &Rule) {
        let Some(state) = self.rules.get_mut(number) else {
            return;
        };
        let refused = state.not > 0 && rule!("topics.not");
        let complete = rule.all == 0 || state.held.is_some() || !rule!("topics.all");
        let worth = match (complete && !refused, rule.any) {
            (false, _) => 0,
            (true, 0) => rule.weight.into(),
            (true, _) => state.any,
        };
        let before = core::mem::replace(&mut state.worth, worth);
        if let Some(topic) = self.states.get_mut(rule.topic) {
            topic.score = topic.score.saturating_sub(before).saturating_add(worth);
        }
    }

    /// Reports the thresholds of a topic that its score has reached.
    fn decide(&mut self, number: usize, end: usize, found: &mut Vec<Explanation>) {
        let Some(topic) = self.topics.topic(number) else {
            return;
        };
        while let Some(state) = self.states.get_mut(number)
            && let Some(&threshold) = topic.thresholds.get(state.level)
            && threshold > 0
            && (state.score >= u32::from(threshold) || !rule!("topics.threshold"))
        {
            let (level, score) = (state.level, state.score.min(1000));
            state.level = level.saturating_add(1);
            let keywords = self.places(number, &topic);
            let start = keywords.first().map_or(end, |place| place.start);
            let last = keywords.iter().filter(|place| place.end == end);
            found.push(Explanation {
                block: 0,
                topic: number,
                level,
                threshold,
                score: u16::try_from(score).unwrap_or(1000),
                deciding: last.map(|place| place.start).min().unwrap_or(start),
                start,
                end,
                keywords,
            });
        }
    }

    /// The keywords that make up a topic's score, by place.
    fn places(&self, number: usize, topic: &Topic) -> Vec<KeywordPlace> {
        let mut places = Vec::new();
        let counts = |rule: usize| self.rules.get(rule).is_some_and(|rule| rule.worth > 0);
        let mut next = self.states.get(number).map_or(NONE, |state| state.newest);
        while let Some(seen) = self.slots.get(next) {
            if seen.role == Role::Any && counts(seen.rule) {
                places.push(KeywordPlace {
                    keyword: seen.keyword,
                    start: seen.start,
                    end: seen.end,
                    weight: seen.weight,
                });
            }
            next = seen.older;
        }
        let rules = topic.first_rule..topic.first_rule.saturating_add(topic.rules);
        for rule in rules.filter(|&rule| counts(rule)) {
            let Some(record) = self.topics.rule(rule) else {
                continue;
            };
            let own = places.len();
            let keywords = record.first_keyword..record.first_keyword.saturating_add(record.all);
            for keyword in keywords {
                if let Some(seen) = self.seen(keyword) {
                    let (start, end) = seen.held;
                    places.push(KeywordPlace {
                        keyword,
                        start,
                        end,
                        weight: 0,
                    });
                }
            }
            if record.any == 0
                && let Some(last) = places.get_mut(own..)
                && let Some(last) = last.iter_mut().max_by_key(|place| (place.end, place.start))
            {
                last.weight = record.weight;
            }
        }
        sort::by_key(&mut places, |place| (place.start, place.end, place.keyword));
        places
    }
}
