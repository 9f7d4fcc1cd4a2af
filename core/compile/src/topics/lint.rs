//! AWS's advice about definitions of topics: say what the topic is, not what it is not, and define it
//! instead of instructing the model.

use super::language::{Knowledge, guess};
use super::words::{Word, words};

/// Whether a definition says what its topic is not (`anything except …`), which neither AWS's classifier
/// nor keywords can make use of.
pub(crate) fn is_negated(definition: &str) -> bool {
    let words = words(definition);
    let knowledge = Knowledge::of(guess(&words));
    first_phrase(&words, &knowledge.negations).is_some()
}

/// Whether a definition instructs (`Block all …`) instead of defining.
pub(crate) fn is_instruction(definition: &str) -> bool {
    let words = words(definition);
    let knowledge = Knowledge::of(guess(&words));
    knowledge
        .instructions
        .iter()
        .any(|phrase| begins_with(&words, phrase))
}

/// Where the first of the phrases begins.
pub(super) fn first_phrase(words: &[Word], phrases: &[Vec<String>]) -> Option<usize> {
    (0..words.len()).find(|&place| {
        let rest = words.get(place..).unwrap_or(&[]);
        phrases.iter().any(|phrase| begins_with(rest, phrase))
    })
}

fn begins_with(words: &[Word], phrase: &[String]) -> bool {
    words.len() >= phrase.len()
        && words
            .iter()
            .zip(phrase)
            .all(|(word, part)| word.folded == *part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negations_and_instructions_in_four_languages() {
        for (definition, negated, instruction) in [
            ("Advice on managing financial assets.", false, false),
            ("Anything except questions about our products.", true, false),
            (
                "Requests for tutoring in subjects other than mathematics.",
                true,
                false,
            ),
            ("Do not talk about politics.", true, true),
            ("Don’t discuss competitors.", true, true),
            ("Block all content about gambling.", false, true),
            ("Never mention prices.", false, true),
            ("Notaries, nothing and notable exceptions", false, false),
            ("Everything other than weather reports", true, false),
            ("Tout sauf la météo.", true, false),
            ("Ce qui ne concerne pas nos produits.", true, false),
            ("Bloquer toute demande sur les paris.", false, true),
            ("Conseils sur les placements.", false, false),
            ("Cualquier tema excepto el tiempo.", true, false),
            ("No hable de política.", true, true),
            ("Consejos sobre al menos un medicamento.", false, false),
            ("Alles außer Wetterberichte.", true, false),
            ("Blockiere alle Fragen zu Wetten.", false, true),
            ("Beratung zu Geldanlagen.", false, false),
            ("", false, false),
        ] {
            assert_eq!(is_negated(definition), negated, "{definition}");
            assert_eq!(is_instruction(definition), instruction, "{definition}");
        }
    }
}
