//! The forms in which a word stands in running text: number, gender, person, tense.
//!
//! Rules, not a lexicon: a form that nobody writes costs a few bytes and finds nothing. What must not
//! happen is that the form of a rare word is another, frequent word (`evening`, `even`); [`forms`] leaves
//! those out by the frequency table.

mod english;
mod french;
mod german;
mod spanish;

use std::collections::BTreeSet;

use super::Language;
use super::language::Knowledge;
use super::words::{Word, join, words};

/// A phrase is given at most so many forms.
const MAX_FORMS: usize = 64;
/// Shorter words are left as they are: their endings are not endings.
const SHORTEST: usize = 4;

/// The forms of a word or phrase as the engine compares them: normalised and case-folded, sorted.
pub(super) fn phrase_forms(language: Language, term: &str) -> Vec<String> {
    let tokens = words(term);
    let knowledge = Knowledge::of(language);
    let variants: Vec<Vec<String>> = tokens
        .iter()
        .map(|token| {
            if !token.is_word || (tokens.len() > 1 && knowledge.is_stop(&token.folded)) {
                vec![token.folded.clone()]
            } else {
                forms(language, &token.folded)
            }
        })
        .collect();
    let mut all = BTreeSet::from([join(&tokens)]);
    // Where words agree with one another, all combinations if they are few; else one word at a time.
    let combinations = variants
        .iter()
        .try_fold(1_usize, |product, forms| product.checked_mul(forms.len()))
        .filter(|&product| product <= MAX_FORMS && language != Language::En);
    if combinations.is_some() {
        combine(&tokens, &variants, &mut all);
    } else {
        for (place, forms) in variants.iter().enumerate() {
            for form in forms.iter().take(MAX_FORMS) {
                let mut changed = tokens.clone();
                changed[place].folded.clone_from(form);
                all.insert(join(&changed));
            }
        }
    }
    all.into_iter().collect()
}

fn combine(tokens: &[Word], variants: &[Vec<String>], all: &mut BTreeSet<String>) {
    let mut partial = vec![tokens.to_vec()];
    for (place, forms) in variants.iter().enumerate() {
        partial = partial
            .iter()
            .flat_map(|tokens| {
                forms.iter().map(|form| {
                    let mut changed = tokens.clone();
                    changed[place].folded.clone_from(form);
                    changed
                })
            })
            .collect();
    }
    all.extend(partial.iter().map(|tokens| join(tokens)));
}

/// The forms of one word, itself among them, sorted.
pub(super) fn forms(language: Language, word: &str) -> Vec<String> {
    let mut all = BTreeSet::new();
    if word.chars().count() >= SHORTEST - 1 && word.chars().all(char::is_alphabetic) {
        match language {
            Language::En => english::forms(word, &mut all),
            Language::Fr => french::forms(word, &mut all),
            Language::Es => spanish::forms(word, &mut all),
            Language::De => german::forms(word, &mut all),
        }
    }
    let knowledge = Knowledge::of(language);
    let own = knowledge.counted(word);
    // `evening` is no form of `even`, whatever its ending says.
    let is_noun = language == Language::En && word.trim_end_matches('s').ends_with("ing");
    all.retain(|form| {
        let frequency = knowledge.counted(form);
        let another = is_noun && frequency >= 1_000 && frequency > own.saturating_mul(8);
        form.chars().count() >= 3 && !knowledge.is_stop(form) && !another
    });
    let plain: Vec<String> = all
        .iter()
        .map(|form| without_accents(language, form))
        .collect();
    all.extend(plain.into_iter().filter(|form| !knowledge.is_stop(form)));
    all.insert(word.to_owned());
    all.insert(without_accents(language, word));
    all.into_iter().collect()
}

/// A phrase as people type who do not bother with accents.
pub(super) fn plain(phrase: &str) -> String {
    without_accents(Language::En, phrase)
}

/// As people type who do not bother with accents.
fn without_accents(language: Language, word: &str) -> String {
    let mut out = String::new();
    for c in word.chars() {
        match (language, c) {
            (Language::De, 'ä') => out.push_str("ae"),
            (Language::De, 'ö') => out.push_str("oe"),
            (Language::De, 'ü') => out.push_str("ue"),
            (_, 'à' | 'â' | 'á' | 'ä') => out.push('a'),
            (_, 'ç') => out.push('c'),
            (_, 'é' | 'è' | 'ê' | 'ë') => out.push('e'),
            (_, 'î' | 'ï' | 'í') => out.push('i'),
            (_, 'ô' | 'ó' | 'ö') => out.push('o'),
            (_, 'ù' | 'û' | 'ú' | 'ü') => out.push('u'),
            (_, 'œ') => out.push_str("oe"),
            // Spanish keyboards have it, and without it many words are others.
            _ => out.push(c),
        }
    }
    out
}

/// Whether a stem has a vowel, without which it is none.
fn has_vowel(stem: &str) -> bool {
    stem.chars().any(|c| "aeiouyàâáäéèêëîïíôóöùûúü".contains(c))
}

/// Adds `stem` with each of the endings.
fn extend(all: &mut BTreeSet<String>, stem: &str, endings: &[&str]) {
    all.extend(endings.iter().map(|ending| format!("{stem}{ending}")));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(language: Language, word: &str, wanted: &str, unwanted: &str) {
        let forms = forms(language, word);
        for form in wanted.split_whitespace() {
            assert!(
                forms.iter().any(|have| have == form),
                "{word}: no {form} in {forms:?}"
            );
        }
        for form in unwanted.split_whitespace() {
            assert!(
                !forms.iter().any(|have| have == form),
                "{word}: {form} in {forms:?}"
            );
        }
        assert!(
            forms.len() <= 60 && forms.is_sorted(),
            "{word}: {}",
            forms.len()
        );
    }

    #[test]
    fn english() {
        let has = |word, wanted, unwanted| has(Language::En, word, wanted, unwanted);
        has("tax", "tax taxes taxed taxing", "tex");
        has("taxes", "tax taxes", "");
        has("filings", "filing filings file files filed", "");
        has("deductions", "deduction deductions", "deduct");
        has("therapy", "therapy therapies", "");
        has("therapies", "therapy therapies", "");
        has("buy", "buy buys buying bought", "");
        has("stolen", "steal stole stolen stealing", "");
        has("betting", "bet bets betting", "");
        has("diagnosis", "diagnosis diagnoses", "diagnosi");
        has("evening", "evening evenings", "even evens");
        has("glass", "glass glasses", "glas");
        has("knives", "knife knives", "");
        has("invest", "invest invests invested investing", "");
        has("mortgage", "mortgage mortgages mortgaged mortgaging", "");
        has("weaponry", "weaponry", "");
    }

    #[test]
    fn french() {
        let has = |word, wanted, unwanted| has(Language::Fr, word, wanted, unwanted);
        has("impôt", "impôt impôts impot impots", "");
        has(
            "médicale",
            "médical médicale médicales médicaux medical medicales",
            "",
        );
        has(
            "investir",
            "investir investi investit investissez investissons",
            "",
        );
        has(
            "acheter",
            "acheter achète achetez acheté achetés acheter",
            "",
        );
        has("placements", "placement placements", "");
        has("bureaux", "bureau bureaux", "");
        has("chômage", "chômage chomage", "");
    }

    #[test]
    fn spanish() {
        let has = |word, wanted, unwanted| has(Language::Es, word, wanted, unwanted);
        has("impuesto", "impuesto impuestos", "");
        has("inversión", "inversión inversiones inversion", "");
        has("médica", "médico médica médicos médicas medico", "");
        has("invertir", "invertir invierto invirtiendo invertí", "");
        has(
            "comprar",
            "comprar compro compra compras compré comprando comprado",
            "",
        );
        has("actriz", "actriz actrices", "");
        has("acciones", "acción acciones accion", "");
        has("esteroides", "esteroide esteroides", "");
        has("redes", "red redes", "");
    }

    #[test]
    fn german() {
        let has = |word, wanted, unwanted| has(Language::De, word, wanted, unwanted);
        has("steuer", "steuer steuern", "");
        has("abzüge", "abzüge abzügen abzuege abzug", "");
        has(
            "investieren",
            "investieren investiere investiert investierte",
            "",
        );
        has("anlage", "anlage anlagen", "");
    }

    #[test]
    fn phrases_inflect_word_by_word() {
        let forms = phrase_forms(Language::En, "Stock  tip");
        for form in ["stock tip", "stock tips", "stocks tip"] {
            assert!(forms.iter().any(|have| have == form), "{forms:?}");
        }
        assert!(!forms.contains(&"stocks tips".to_owned()), "{forms:?}");
        let forms = phrase_forms(Language::Es, "acción médica");
        assert!(forms.contains(&"acciones médicas".to_owned()), "{forms:?}");
        let forms = phrase_forms(Language::En, "how to buy shares");
        assert!(
            forms.contains(&"how to bought shares".to_owned()),
            "{forms:?}"
        );
        let long = phrase_forms(Language::En, "buying selling moving making taking");
        assert!(
            long.len() < 60 && long.contains(&"buying selling moving making taking".to_owned())
        );
        assert_eq!(phrase_forms(Language::En, "C++"), ["c++"]);
        assert_eq!(phrase_forms(Language::Es, "401 (k)"), ["401 (k)"]);
    }
}
