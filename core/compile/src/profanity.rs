//! The terms of the managed word list `PROFANITY`.

/// The lists, one per language; `data/profanity/README.md` says where they come from.
const LISTS: [&str; 6] = [
    include_str!("../data/profanity/en.txt"),
    include_str!("../data/profanity/es.txt"),
    include_str!("../data/profanity/fr.txt"),
    include_str!("../data/profanity/de.txt"),
    include_str!("../data/profanity/it.txt"),
    include_str!("../data/profanity/pt.txt"),
];

/// All terms: words and phrases in lower case and NFC, to be matched as whole tokens. No two are the same
/// after case folding.
pub fn terms() -> impl Iterator<Item = &'static str> {
    LISTS.into_iter().flat_map(str::lines)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use edgerail_core::text::{TokenKind, Tokens, View, fold_into};

    use super::{LISTS, terms};

    fn folded(term: &str) -> String {
        let view = View::new(term, 4).unwrap();
        let mut out = String::new();
        fold_into(view.text(), &mut out);
        out
    }

    #[test]
    fn no_phrase_holds_a_listed_word() {
        // The word alone is found already; one profanity should be one finding.
        let all: BTreeSet<&str> = terms().collect();
        for term in terms().filter(|term| term.contains(' ')) {
            let words: Vec<&str> = term.split(' ').collect();
            assert!(!words.iter().any(|word| all.contains(word)), "{term}");
        }
    }

    #[test]
    fn the_lists_are_long_enough_and_well_formed() {
        assert!(terms().count() >= 1500, "{}", terms().count());
        for list in LISTS {
            assert!(list.lines().count() >= 100);
            assert!(list.lines().is_sorted() && list.ends_with('\n'));
        }
        for term in terms() {
            assert_eq!(term, term.trim());
            assert_eq!(term, View::new(term, 4).unwrap().text(), "not normalised");
            assert_eq!(term, term.to_lowercase());
            let letters = term.chars().filter(|c| c.is_alphanumeric()).count();
            assert!(letters >= 2 && !term.contains("  "), "{term}");
            assert!(
                Tokens::new(term).any(|token| token.kind == TokenKind::Word),
                "{term}"
            );
        }
    }

    #[test]
    fn no_term_stands_twice() {
        let mut seen = BTreeSet::new();
        for term in terms() {
            assert!(seen.insert(folded(term)), "{term}");
        }
    }

    #[test]
    fn ordinary_words_are_no_terms() {
        let all: BTreeSet<String> = terms().map(folded).collect();
        let ordinary = "Scunthorpe Essex Sussex Middlesex Penistone Lightwater Clitheroe assassin assess assume \
            asset bass brass class classic embarrass grass mass pass passage passport cockpit cocktail \
            cockatoo peacock hancock hitchcock cock Dickens Dick Dickinson dictate analysis analyst anal canal \
            therapist rape grape drape Mishit shitake shiitake mishap document accumulate circumstance cucumber \
            cumulative title titan titillate button buttress buttock rebuttal butter Hitler snigger niggardly \
            Niger Nigeria Nigerian spicy suspicion despicable hello shell hell damn god crap sex sexual \
            breast penis vagina gay lesbian queer homosexual transgender asian arab jew jewish muslim negro \
            black white hooker prick bloody snatch chink armour raccoon tycoon cocoon retard tardy pawn fanny \
            bite bites douche retarder con cul fick Ficker fdp ostie pajero porras troie verge vergleich negra \
            concha culo pene seno merchant mercado computer reputation disputa diputado imputar amputate \
            bitter ambition habit Bitcoin pissarro Mississippi shirt shift skirt whole wholesome \
            basement Pakistan Pakistani kick spatula hoarse hoe dyke Dyke Vandyke poop bum album nipple \
            kill murder stupid idiot moron drugs heroin cocaine a55 as";
        for word in ordinary.split_whitespace() {
            assert!(!all.contains(&folded(word)), "{word}");
        }
    }

    #[test]
    fn profane_words_and_their_inflections_are_terms() {
        let all: BTreeSet<String> = terms().map(folded).collect();
        let profane = [
            "fuck",
            "FUCKING",
            "fucked",
            "motherfucker",
            "motherfuckers",
            "shit",
            "shitty",
            "bullshit",
            "asshole",
            "assholes",
            "ass",
            "bitch",
            "bitches",
            "bastard",
            "bastards",
            "cunt",
            "cunts",
            "pussy",
            "pussies",
            "dickhead",
            "twat",
            "wanker",
            "wankers",
            "bollocks",
            "whore",
            "slut",
            "sluts",
            "pissing",
            "bitches",
            "nigger",
            "faggot",
            "arsehole",
            "cocksucker",
            "douchebag",
            "jackass",
            "dumbass",
            "mierda",
            "Puta",
            "CABRÓN",
            "gilipollas",
            "pendejo",
            "coño",
            "joder",
            "maricón",
            "Merde",
            "putain",
            "connard",
            "salope",
            "enculé",
            "nique ta mère",
            "Arschloch",
            "Scheiße",
            "SCHEISSE",
            "Hurensohn",
            "Wichser",
            "ficken",
            "cazzo",
            "vaffanculo",
            "stronzo",
            "caralho",
            "foda-se",
            "buceta",
        ];
        for word in profane {
            assert!(all.contains(&folded(word)), "{word}");
        }
    }
}
