//! The terms of every word list that a recogniser can read.

use edgerail_core::pii::{
    self, AMBIGUOUS_NAME, COUNTRY, GIVEN_NAME, Lexicon, STATE, STREET_TYPE, SURNAME,
};

/// The terms of `lexicon`, lower case, words or phrases; empty if there is no such list.
///
/// The large lists are data files of this crate (`data/lexicon`, with their sources); the small ones stand
/// beside their recognisers in the engine.
#[must_use]
pub fn terms(lexicon: Lexicon) -> Vec<&'static str> {
    let data = match lexicon {
        GIVEN_NAME => include_str!("../data/lexicon/given_name.txt"),
        SURNAME => include_str!("../data/lexicon/surname.txt"),
        AMBIGUOUS_NAME => include_str!("../data/lexicon/ambiguous_name.txt"),
        STREET_TYPE => include_str!("../data/lexicon/street_type.txt"),
        COUNTRY => include_str!("../data/lexicon/country.txt"),
        STATE => include_str!("../data/lexicon/state.txt"),
        small => return pii::terms(small).unwrap_or_default().to_vec(),
    };
    data.lines().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_that_is_read_has_clean_terms() {
        for recognizer in pii::RECOGNIZERS {
            for lexicon in recognizer.reads {
                let terms = terms(*lexicon);
                assert!(
                    !terms.is_empty(),
                    "{:?} reads the empty list {lexicon:?}",
                    recognizer.ty
                );
                for term in terms {
                    let clean = !term.trim().is_empty() && term.trim() == term;
                    assert!(
                        clean && term.to_lowercase() == term,
                        "{term:?} of {lexicon:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn ambiguous_names_are_in_no_second_list_of_given_names() {
        let given = terms(GIVEN_NAME);
        assert!(given.len() > 4000 && terms(SURNAME).len() > 5000);
        for name in terms(AMBIGUOUS_NAME) {
            assert!(given.binary_search(&name).is_err(), "{name}");
        }
    }

    #[test]
    fn an_unknown_list_is_empty() {
        assert!(terms(Lexicon::from_number(255)).is_empty());
    }
}
