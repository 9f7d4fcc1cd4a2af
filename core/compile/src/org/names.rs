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

/// Whether a file's name is that of a command's answer: the command, then the id that it is about, and a page's number.
/// The type of the policies may be there, too.
pub(super) fn is_named(file: &str, command: &str, id: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name.strip_suffix(".json").unwrap_or(name);
    let Some(rest) = name.strip_prefix(command) else {
        return false;
    };
    let rest = rest.replacen(id, "", 1).replacen("BEDROCK_POLICY", "", 1);
    let page = |word: &str| word.len() < 12 && word.bytes().all(|b| b.is_ascii_digit());
    rest.split(['-', '_', '.', ' ']).all(page)
}

/// The directions in regions' names.
const DIRECTIONS: [&str; 9] = [
    "central",
    "east",
    "north",
    "northeast",
    "northwest",
    "south",
    "southeast",
    "southwest",
    "west",
];

/// A region in a file's name or folder: `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`.
pub(super) fn region_in(file: &str) -> Option<String> {
    let words: Vec<&str> = file.split(['-', '_', '.', '/', ' ']).collect();
    let two = |word: &str| word.len() == 2 && word.bytes().all(|b| b.is_ascii_lowercase());
    // Partitions of their own have a word more.
    let isolated = |area: &str, part: &str| {
        let own = part == "gov" || part.starts_with("iso");
        area == "eusc" && two(part) || two(area) && own
    };
    let end = |direction: &str, number: &str| {
        let digit = number.len() == 1 && number.bytes().all(|b| b.is_ascii_digit());
        digit && DIRECTIONS.contains(&direction)
    };
    let longest = words.windows(4).find(
        |w| matches!(w, [area, part, direction, n] if isolated(area, part) && end(direction, n)),
    );
    let region = longest.or_else(|| {
        let mut three = words.windows(3);
        three.find(|w| matches!(w, [area, direction, n] if two(area) && end(direction, n)))
    });
    region.map(|words| words.join("-"))
}

/// Whether a text is a region's name.
pub(super) fn is_region(text: &str) -> bool {
    !text.contains(['_', '.', '/', ' ']) && region_in(text).as_deref() == Some(text)
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
        for (name, region) in [
            ("of-us-east-1.json", Some("us-east-1")),
            (
                "member-111122223333-ap-southeast-2.json",
                Some("ap-southeast-2"),
            ),
            ("eusc-de-east-1/enforced.json", Some("eusc-de-east-1")),
            ("us-iso-east-1.json", Some("us-iso-east-1")),
            ("list-enforced-guardrails.json", None),
            ("page-to-go-1.json", None),
        ] {
            assert_eq!(region_in(name).as_deref(), region, "{name}");
        }
        for name in [
            "us_east-1",
            "us-esat-1",
            "us-east-1a",
            "us-east",
            "x-us-east-1",
            "",
        ] {
            assert!(!is_region(name), "{name}");
        }
        assert!(is_region("us-gov-west-1"));
    }

    #[test]
    fn an_answer_has_its_commands_name() {
        let attached = "list-policies-for-target";
        for (name, command, id, named) in [
            ("list-accounts.json", "list-accounts", "", true),
            ("x/list-accounts-2.json", "list-accounts", "", true),
            (
                "list-accounts-111122223333.json",
                "list-accounts",
                "",
                false,
            ),
            ("list-accounts-for-parent.json", "list-accounts", "", false),
            ("accounts.json", "list-accounts", "", false),
            (
                "list-policies-for-target-r-ab12.json",
                attached,
                "r-ab12",
                true,
            ),
            (
                "list-policies-for-target_r-ab12_2.json",
                attached,
                "r-ab12",
                true,
            ),
            (
                "list-policies-for-target-r-ab12-BEDROCK_POLICY.json",
                attached,
                "r-ab12",
                true,
            ),
            (
                "list-policies-for-target-r-ab12-TAG_POLICY.json",
                attached,
                "r-ab12",
                false,
            ),
            ("tags-r-ab12.json", attached, "r-ab12", false),
        ] {
            assert_eq!(is_named(name, command, id), named, "{name}");
        }
    }

    #[test]
    fn pages_are_read_in_the_order_of_their_numbers() {
        let mut names = ["a/10.json", "a/9.json", "a/1.json", "b/2.json"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["a/1.json", "a/9.json", "a/10.json", "b/2.json"]);
    }
}
