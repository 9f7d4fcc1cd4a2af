//! Keywords out of a topic's name, definition and examples.
//!
//! Precision first: what the edge blocks, the cloud does not see. A word is worth the more the rarer it is
//! and the more of name, definition and examples have it; two content words side by side are worth
//! something on top. No word and no pair of words reaches the threshold by itself: a text has to give at
//! least two pieces of evidence that are not the same phrase. Only an example as a whole is enough.

use std::collections::BTreeSet;

use super::inflect::{forms, phrase_forms, plain};
use super::language::{GENERIC, Knowledge, guess};
use super::words::{Word, join, words};
use super::{Keyword, KeywordSource, Language, Rule};
use crate::definition::TopicEntry;

/// No word is worth more.
const MOST: u32 = 380;
/// What two content words side by side are worth beside themselves.
const PAIR: u32 = 160;
/// Words of fewer letters say too little.
const SHORTEST: usize = 3;
/// Function words that may stand between the two words of a phrase.
const CONNECTORS: usize = 2;
/// An example of so many words is about its topic, word for word.
const EXAMPLE: usize = 4;
/// Words that agree in so many letters at their beginning are one word in other forms.
const STEM: usize = 6;

/// The language of a topic's texts, and the rule of its keywords; `None` if there are none.
pub(super) fn derive(topic: &TopicEntry, threshold: u16) -> (Language, Option<Rule>) {
    let all = [&topic.name, &topic.definition]
        .into_iter()
        .chain(&topic.examples);
    let language = guess(&all.flat_map(|text| words(text)).collect::<Vec<_>>());
    let mut derivation = Derivation {
        language,
        knowledge: Knowledge::of(language),
        most: u32::from(threshold).saturating_sub(1),
        groups: Vec::new(),
        pairs: Vec::new(),
        examples: Vec::new(),
    };
    for (source, text) in pieces(topic) {
        let sentences = sentences(&words(text));
        for sentence in &sentences {
            let said = if source == KeywordSource::Definition {
                affirmed(derivation.knowledge, sentence)
            } else {
                sentence
            };
            derivation.read(source, said);
        }
        if let KeywordSource::Example(number) = source {
            derivation.example(number, text);
        }
    }
    (language, derivation.rule())
}

/// A topic's texts with what they are.
fn pieces(topic: &TopicEntry) -> Vec<(KeywordSource, &str)> {
    let mut pieces = vec![
        (KeywordSource::Name, topic.name.as_str()),
        (KeywordSource::Definition, topic.definition.as_str()),
    ];
    let examples = topic.examples.iter().enumerate();
    pieces.extend(examples.map(|(number, text)| (KeywordSource::Example(number), text.as_str())));
    pieces
}

fn sentences(words: &[Word]) -> Vec<Vec<Word>> {
    let sentences = words.split(|word| [".", "!", "?", ";"].contains(&word.folded.as_str()));
    sentences.map(<[Word]>::to_vec).collect()
}

/// A sentence up to the words behind which it says what is not meant.
fn affirmed<'w>(knowledge: &Knowledge, sentence: &'w [Word]) -> &'w [Word] {
    let end = super::lint::first_phrase(sentence, &knowledge.negations);
    sentence
        .get(..end.unwrap_or(sentence.len()))
        .unwrap_or(sentence)
}

/// A content word in all its forms.
struct Group {
    /// As it was first written.
    text: String,
    forms: BTreeSet<String>,
    /// Of its most frequent form, in ten million.
    frequency: u32,
    sources: BTreeSet<KeywordSource>,
}

/// Two content words side by side.
struct Pair {
    text: String,
    forms: BTreeSet<String>,
    /// Their groups; `None` for a word that is worth nothing by itself.
    groups: [Option<usize>; 2],
    sources: BTreeSet<KeywordSource>,
}

struct Derivation {
    language: Language,
    knowledge: &'static Knowledge,
    /// Below the threshold.
    most: u32,
    groups: Vec<Group>,
    pairs: Vec<Pair>,
    /// Whole examples.
    examples: Vec<Keyword>,
}

/// What a word is to the derivation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    /// A keyword, by its group.
    Keyword(usize),
    /// A word that counts only beside another.
    Generic,
    /// What definitions always say; only beside a keyword.
    Boilerplate,
    /// A function word.
    Stop,
}

impl Derivation {
    fn read(&mut self, source: KeywordSource, sentence: &[Word]) {
        let contents: Vec<Content> = sentence
            .iter()
            .map(|word| self.content(source, word))
            .collect();
        for (first, &content) in contents.iter().enumerate() {
            if content != Content::Stop
                && let Some(last) = self.partner(sentence, &contents, first)
            {
                let pair = (content, contents[last]);
                self.pair(source, &sentence[first..=last], pair);
            }
        }
    }

    /// An example itself, put as it is: all of its words are the evidence, if some of them say something.
    fn example(&mut self, number: usize, text: &str) {
        let mut tokens = words(text);
        while tokens.last().is_some_and(|token| !token.is_word) {
            tokens.pop();
        }
        let first = tokens.iter().position(|token| token.is_word).unwrap_or(0);
        let tokens = tokens.get(first..).unwrap_or(&[]);
        let is_told = |word: &Word| {
            let known = self.knowledge;
            word.is_word && !known.is_stop(&word.folded) && !known.is_boilerplate(&word.folded)
        };
        let said = tokens.iter().filter(|word| is_told(word)).count();
        if said < 2 || tokens.iter().filter(|word| word.is_word).count() < EXAMPLE {
            return;
        }
        let text = join(tokens);
        let forms = BTreeSet::from([plain(&text), text.clone()]);
        let sources = BTreeSet::from([KeywordSource::Example(number)]);
        self.examples
            .push(keyword(&text, &forms, self.most + 1, &sources));
    }

    fn content(&mut self, source: KeywordSource, word: &Word) -> Content {
        let text = word.folded.as_str();
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        if !word.is_word || letters < SHORTEST || self.knowledge.is_stop(text) {
            return Content::Stop;
        }
        if self.knowledge.is_boilerplate(text) {
            return Content::Boilerplate;
        }
        let forms = forms(self.language, text);
        // Names are often English whatever the definition is.
        let english = source == KeywordSource::Name;
        let frequency = |form: &String| {
            let own = self.knowledge.frequency(form);
            let other = Knowledge::of(Language::En);
            if english {
                own.max(other.frequency(form))
            } else {
                own
            }
        };
        let frequency = forms.iter().map(frequency).max().unwrap_or(0);
        if frequency >= GENERIC || (english && Knowledge::of(Language::En).is_boilerplate(text)) {
            return Content::Generic;
        }
        let known = self
            .groups
            .iter()
            .position(|group| group.is_of(text, &forms));
        let number = known.unwrap_or_else(|| {
            self.groups.push(Group {
                text: text.to_owned(),
                forms: BTreeSet::new(),
                frequency: 0,
                sources: BTreeSet::new(),
            });
            self.groups.len() - 1
        });
        let group = &mut self.groups[number];
        group.forms.extend(forms);
        group.frequency = group.frequency.max(frequency);
        group.sources.insert(source);
        Content::Keyword(number)
    }

    /// The content word that stands beside the one at `first`: right behind it, or behind connectors.
    fn partner(&self, sentence: &[Word], contents: &[Content], first: usize) -> Option<usize> {
        let mut skipped = 0;
        for place in first + 1..sentence.len() {
            let word = &sentence[place];
            if contents[place] != Content::Stop {
                return Some(place);
            }
            let joins = matches!(word.folded.as_str(), "-" | "'");
            if !joins {
                skipped += 1;
                if !self.knowledge.is_connector(&word.folded) || skipped > CONNECTORS {
                    return None;
                }
            }
        }
        None
    }

    fn pair(&mut self, source: KeywordSource, span: &[Word], contents: (Content, Content)) {
        use Content::{Boilerplate, Generic, Keyword, Stop};
        let groups = match contents {
            (Keyword(a), Keyword(b)) if a != b => [Some(a), Some(b)],
            (Keyword(a), Generic | Boilerplate) => [Some(a), None],
            (Generic | Boilerplate, Keyword(b)) => [None, Some(b)],
            (Generic, Generic) => [None, None],
            (Keyword(_), Keyword(_) | Stop) | (Stop, _) | (_, Stop) => return,
            (Boilerplate, Generic | Boilerplate) | (Generic, Boilerplate) => return,
        };
        let text = join(span);
        let forms: BTreeSet<String> = phrase_forms(self.language, &text).into_iter().collect();
        let known = self
            .pairs
            .iter_mut()
            .find(|pair| !pair.forms.is_disjoint(&forms));
        if let Some(known) = known {
            known.sources.insert(source);
            return;
        }
        self.pairs.push(Pair {
            text,
            forms,
            groups,
            sources: BTreeSet::from([source]),
        });
    }

    /// What each word is worth: two that stand side by side are one piece of evidence, and stay below the
    /// threshold together.
    fn weights(&self) -> Vec<u32> {
        let words = self.groups.iter();
        let words = words.map(|group| worth(specificity(group.frequency), &group.sources));
        let mut weights: Vec<u32> = words.map(|weight| weight.min(self.most)).collect();
        let most = self.most * 9 / 10;
        for pair in &self.pairs {
            let [Some(a), Some(b)] = pair.groups else {
                continue;
            };
            let both = weights[a] + weights[b];
            if both > most {
                weights[a] = weights[a] * most / both;
                weights[b] = weights[b] * most / both;
            }
        }
        weights
    }

    fn rule(self) -> Option<Rule> {
        let weights = self.weights();
        let mut keywords = Vec::new();
        for (group, &weight) in self.groups.iter().zip(&weights) {
            keywords.push(keyword(&group.text, &group.forms, weight, &group.sources));
        }
        for pair in &self.pairs {
            let parts = pair.groups.iter().flatten();
            let parts: u32 = parts.filter_map(|&group| weights.get(group)).sum();
            let weight = worth(PAIR, &pair.sources);
            let weight = weight.min(self.most.saturating_sub(parts));
            if weight > 0 {
                keywords.push(keyword(&pair.text, &pair.forms, weight, &pair.sources));
            }
        }
        keywords.extend(self.examples);
        (!keywords.is_empty()).then(|| Rule {
            any: keywords,
            ..Rule::default()
        })
    }
}

impl Group {
    /// Whether a word is one of the group's, in another form or as another kind of word (`invest`,
    /// `investment`): they are one piece of evidence.
    fn is_of(&self, word: &str, forms: &[String]) -> bool {
        let alike = |other: &str| {
            let same = word
                .chars()
                .zip(other.chars())
                .take_while(|(a, b)| a == b)
                .count();
            same >= STEM
        };
        forms.iter().any(|form| self.forms.contains(form)) || alike(&self.text)
    }
}

/// What a word of this frequency, in ten million, says about a topic.
fn specificity(frequency: u32) -> u32 {
    match frequency {
        400.. => 200,
        100.. => 290,
        25.. => 330,
        _ => 350,
    }
}

/// A weight by where a keyword comes from: what only one example has may be there by chance.
fn worth(weight: u32, sources: &BTreeSet<KeywordSource>) -> u32 {
    let examples = sources
        .iter()
        .filter(|s| matches!(s, KeywordSource::Example(_)))
        .count();
    let named = sources.contains(&KeywordSource::Name);
    let defined = sources.contains(&KeywordSource::Definition);
    let kinds = usize::from(named) + usize::from(defined) + usize::from(examples > 0);
    let percent = match (kinds, named) {
        (2.., true) => 125,
        (2.., false) | (1, true) => 115,
        _ if defined => 100,
        _ if examples > 1 => 90,
        _ => 75,
    };
    (weight * percent / 100).min(MOST)
}

fn keyword(
    text: &str,
    forms: &BTreeSet<String>,
    weight: u32,
    sources: &BTreeSet<KeywordSource>,
) -> Keyword {
    Keyword {
        text: text.to_owned(),
        forms: forms.iter().cloned().collect(),
        weight: u16::try_from(weight).unwrap_or(u16::MAX),
        sources: sources.iter().copied().collect(),
    }
}
