//! The nearest known name to one that is not known, for "did you mean".

/// The known name that `unknown` was probably meant to be, if one is near enough.
///
/// A name that differs only in case, `_` and `-` is nearest of all (`blocked_input_messaging`); otherwise
/// at most a third of the letters may differ.
#[must_use]
pub(crate) fn nearest<S: AsRef<str>>(
    unknown: &str,
    known: impl IntoIterator<Item = S>,
) -> Option<String> {
    // An absurdly long name is near to nothing, and the distance is quadratic.
    if unknown.len() > 200 {
        return None;
    }
    let folded = fold(unknown);
    known
        .into_iter()
        .map(|name| (distance(&folded, &fold(name.as_ref())), name))
        .filter(|(far, name)| *far <= name.as_ref().chars().count().max(folded.len()) / 3)
        .min_by_key(|(far, _)| *far)
        .map(|(_, name)| name.as_ref().to_owned())
}

fn fold(name: &str) -> Vec<char> {
    name.chars()
        .filter(|c| *c != '_' && *c != '-')
        .flat_map(char::to_lowercase)
        .collect()
}

/// Levenshtein distance, where two neighbours that have changed places count once.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i];
        for j in 1..=b.len() {
            let substituted = row[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = substituted.min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            next.push(least);
        }
        before = core::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 3] = ["blockedInputMessaging", "name", "wordPolicyConfig"];

    #[test]
    fn finds_other_spellings_and_typing_errors() {
        for (unknown, expected) in [
            ("blocked_input_messaging", Some("blockedInputMessaging")),
            ("WordPolicyConfig", Some("wordPolicyConfig")),
            ("wordPolicyConfg", Some("wordPolicyConfig")),
            ("nmae", Some("name")),
            ("nam", Some("name")),
            ("completelyDifferent", None),
            ("", None),
        ] {
            assert_eq!(nearest(unknown, KNOWN).as_deref(), expected, "{unknown}");
        }
        assert_eq!(nearest(&"name".repeat(1000), KNOWN), None);
    }

    #[test]
    fn distance_counts_edits() {
        let d = |a: &str, b: &str| {
            distance(
                &a.chars().collect::<Vec<_>>(),
                &b.chars().collect::<Vec<_>>(),
            )
        };
        assert_eq!(d("kitten", "sitting"), 3);
        assert_eq!(d("", "abc"), 3);
        assert_eq!(d("abc", "abc"), 0);
        assert_eq!(d("emial", "email"), 1);
        assert_eq!(d("abcd", "badc"), 2);
    }
}
