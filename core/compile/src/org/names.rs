//! What the names of files say that answers do not.

use super::scope::Unit;

/// The ids of roots, units and accounts in a file's name, in their order.
pub(super) fn ids_in(file: &str) -> Vec<String> {
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name.strip_suffix(".json").unwrap_or(name);
    let words: Vec<&str> = name.split(['-', '_', '.', ' ']).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        // The longest first: `ou-ab12-cdef3456` before anything in it.
        let length = (1..=3).rev().find(|length| {
            let candidate = words.get(at..at + length).map(|words| words.join("-"));
            candidate.is_some_and(|candidate| Unit::parse(&candidate).is_some())
        });
        if let Some(length) = length {
            found.push(words[at..at + length].join("-"));
        }
        at += length.unwrap_or(1);
    }
    found
}

/// A region in a file's name or folder: `us-east-1`.
pub(super) fn region_in(file: &str) -> Option<String> {
    let words: Vec<&str> = file.split(['-', '_', '.', '/', ' ']).collect();
    let letters = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    let number = |word: &str| word.len() == 1 && word.bytes().all(|b| b.is_ascii_digit());
    words
        .windows(4)
        .find_map(|w| match w {
            [a, b, c, n] if a.len() == 2 && letters(a) && letters(b) && letters(c) && number(n) => {
                Some(format!("{a}-{b}-{c}-{n}"))
            }
            _ => None,
        })
        .or_else(|| {
            words.windows(3).find_map(|w| match w {
                [a, b, n] if a.len() == 2 && letters(a) && letters(b) && number(n) => {
                    Some(format!("{a}-{b}-{n}"))
                }
                _ => None,
            })
        })
}

/// A name with its numbers as numbers.
pub(super) fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (text, after) = rest.split_at(digits);
        let end = after
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(after.len());
        let (number, after) = after.split_at(end);
        parts.push((text.to_owned(), number.parse().unwrap_or(0)));
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_regions_are_found_in_file_names() {
        for (name, ids) in [
            ("list-policies-for-target-r-ab12.json", vec!["r-ab12"]),
            (
                "x/list-accounts-for-parent-ou-ab12-cdef3456.json",
                vec!["ou-ab12-cdef3456"],
            ),
            ("list-parents_111122223333.json", vec!["111122223333"]),
            ("describe-policy-1.json", vec![]),
            ("list-roots.json", vec![]),
        ] {
            assert_eq!(ids_in(name), ids, "{name}");
        }
        let region = region_in("bedrock/us-east-1/list-enforced-guardrails-configuration/1.json");
        assert_eq!(region.as_deref(), Some("us-east-1"));
        assert_eq!(
            region_in("enforced-us-gov-west-1.json").as_deref(),
            Some("us-gov-west-1")
        );
        assert_eq!(region_in("list-enforced-guardrails.json"), None);
    }

    #[test]
    fn pages_are_read_in_the_order_of_their_numbers() {
        let mut names = ["a/10.json", "a/9.json", "a/1.json", "b/2.json"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["a/1.json", "a/9.json", "a/10.json", "b/2.json"]);
    }
}
