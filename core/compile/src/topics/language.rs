//! What is known of each language: function words, what definitions of topics say whatever they are
//! about, and how frequent words are. `data/topics/README.md` says where the lists come from.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::Language;
use super::words::{Word, words};

/// The lists of one language.
pub(super) struct Knowledge {
    /// Function words: never keywords, never part of a phrase but as its connectors.
    stop: HashSet<&'static str>,
    /// Function words that may stand inside a phrase: `capital gains and losses`, `impôt sur le revenu`.
    connectors: HashSet<&'static str>,
    /// What definitions say whatever their topic: `providing advice about`.
    boilerplate: HashSet<&'static str>,
    /// What people write to any assistant at work: frequent, though the frequency table does not say so.
    everyday: HashSet<&'static str>,
    /// Phrases behind which a sentence says what the topic is not.
    pub(super) negations: Vec<Vec<String>>,
    /// Phrases with which an instruction begins, where a definition should stand.
    pub(super) instructions: Vec<Vec<String>>,
    /// How often words occur in ten million, at least.
    frequency: HashMap<&'static str, u32>,
}

/// Words that are as frequent as this, in ten million, say nothing about a topic by themselves.
pub(super) const GENERIC: u32 = 1_500;
/// What an everyday word counts as.
const EVERYDAY: u32 = 1_499;

impl Knowledge {
    /// The lists of a language.
    pub(super) fn of(language: Language) -> &'static Knowledge {
        static ALL: LazyLock<[Knowledge; 4]> = LazyLock::new(|| {
            [
                Knowledge::read(
                    include_str!("../../data/topics/language-en.txt"),
                    include_str!("../../data/topics/frequency-en.txt"),
                ),
                Knowledge::read(
                    include_str!("../../data/topics/language-fr.txt"),
                    include_str!("../../data/topics/frequency-fr.txt"),
                ),
                Knowledge::read(
                    include_str!("../../data/topics/language-es.txt"),
                    include_str!("../../data/topics/frequency-es.txt"),
                ),
                Knowledge::read(
                    include_str!("../../data/topics/language-de.txt"),
                    include_str!("../../data/topics/frequency-de.txt"),
                ),
            ]
        });
        let [en, fr, es, de] = &*ALL;
        match language {
            Language::En => en,
            Language::Fr => fr,
            Language::Es => es,
            Language::De => de,
        }
    }

    fn read(lists: &'static str, frequency: &'static str) -> Knowledge {
        let list = |name: &str| {
            let mut lines = lists.lines().filter_map(|line| line.split_once(' '));
            let found = lines.find(|(have, _)| *have == name);
            found.map_or("", |(_, words)| words)
        };
        let set = |name: &str| list(name).split(' ').collect();
        let phrases = |name: &str| {
            let phrases = list(name).split(' ').filter(|phrase| !phrase.is_empty());
            let tokens = phrases.map(|phrase| {
                let tokens = words(&phrase.replace('_', " ")).into_iter();
                tokens.map(|word| word.folded).collect()
            });
            tokens.collect()
        };
        let bands = frequency.lines().filter_map(|line| line.split_once(' '));
        let frequency = bands.flat_map(|(band, words)| {
            let band = band.parse().unwrap_or(0);
            words.split(' ').map(move |word| (word, band))
        });
        Knowledge {
            stop: set("stop"),
            connectors: set("connector"),
            boilerplate: set("boilerplate"),
            everyday: set("everyday"),
            negations: phrases("negation"),
            instructions: phrases("instruction"),
            frequency: frequency.collect(),
        }
    }

    pub(super) fn is_stop(&self, word: &str) -> bool {
        self.stop.contains(word)
    }

    pub(super) fn is_connector(&self, word: &str) -> bool {
        self.connectors.contains(word)
    }

    pub(super) fn is_boilerplate(&self, word: &str) -> bool {
        self.boilerplate.contains(word)
    }

    /// How often a word was counted in ten million, at least; 0 for words that are rarer than 25.
    pub(super) fn counted(&self, word: &str) -> u32 {
        self.frequency.get(word).copied().unwrap_or(0)
    }

    /// How frequent a word is in texts at work: as counted, or more if it is an everyday word there.
    pub(super) fn frequency(&self, word: &str) -> u32 {
        let known = self.counted(word);
        if self.everyday.contains(word) {
            known.max(EVERYDAY)
        } else {
            known
        }
    }
}

/// The language whose function words and frequent words the words are, English in doubt.
pub(super) fn guess(words: &[Word]) -> Language {
    let likeness = |language: Language| -> u32 {
        let knowledge = Knowledge::of(language);
        let points = words.iter().map(|word| {
            let stop = u32::from(knowledge.is_stop(&word.folded)) * 2;
            stop + u32::from(knowledge.frequency.contains_key(word.folded.as_str()))
        });
        points.sum()
    };
    let mut best = Language::En;
    for language in Language::ALL {
        if likeness(language) > likeness(best) {
            best = language;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_there_folded_and_apart() {
        for language in Language::ALL {
            let known = Knowledge::of(language);
            assert!(
                known.stop.len() > 150 && known.boilerplate.len() > 70,
                "{language:?}"
            );
            assert!(known.everyday.len() > 70 && known.connectors.len() > 7);
            assert!(known.frequency.len() > 5_000 && known.negations.len() > 9);
            for word in known
                .stop
                .iter()
                .chain(&known.boilerplate)
                .chain(&known.everyday)
            {
                assert_eq!(word.to_lowercase(), **word, "{language:?}");
            }
            for phrase in known.negations.iter().chain(&known.instructions) {
                assert!(!phrase.is_empty() && phrase.iter().all(|word| !word.contains('_')));
            }
        }
    }

    #[test]
    fn languages_are_told_apart() {
        for (text, language) in [
            ("Guidance on preparing personal taxes", Language::En),
            (
                "Conseils pour préparer la déclaration d'impôts",
                Language::Fr,
            ),
            (
                "Consejos sobre cómo preparar la declaración de impuestos",
                Language::Es,
            ),
            ("Beratung zur Steuererklärung und zu Abzügen", Language::De),
            ("", Language::En),
            ("123 !", Language::En),
        ] {
            assert_eq!(guess(&words(text)), language, "{text}");
        }
    }
}
