//! The page says what the code does.

use std::collections::BTreeSet;

use edgerail_sync::codes::CODES;

const PAGE: &str = include_str!("../../../../docs/sync.md");

#[test]
fn the_page_lists_every_code_as_the_program_explains_it() {
    let table = PAGE.split("\n## Codes\n").nth(1).unwrap();
    let rows: BTreeSet<&str> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let expected: Vec<String> = CODES
        .iter()
        .map(|known| {
            format!(
                "| `{}` | {} | {} |",
                known.code, known.sentence, known.remedy
            )
        })
        .collect();
    let expected: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
    assert_eq!(rows, expected);
}

#[test]
fn the_page_gives_the_numbers_of_the_code() {
    let intervals = edgerail_sync::Intervals::default();
    assert!(PAGE.contains(&format!(
        "Every {} s ± {} %",
        intervals.poll.as_secs(),
        intervals.jitter_permille / 10
    )));
    assert!(PAGE.contains(&format!(
        "from {} s to {} s",
        intervals.backoff.as_secs(),
        intervals.backoff_most.as_secs()
    )));
    assert!(PAGE.contains(&format!("`Prefer: wait={}`", intervals.long_poll.as_secs())));
    let slack = edgerail_sync::activation::CLOCK_SLACK;
    assert!(PAGE.contains(&format!("beyond {slack} s")));
    let starts = edgerail_sync::activation::CLOCKLESS_STARTS;
    assert!(PAGE.contains(&format!("after {starts} starts in a row")));
    assert_eq!(
        edgerail_sync::activation::LOADING_LIMIT,
        3,
        "three starts in a row"
    );
}
