//! Tier STANDARD beside CLASSIC over the whole corpus: it finds what CLASSIC finds, and on rows that were
//! not written about evasions nothing else, but for the rows listed here with their reason.

use edgerail_compile::overlay::{Tier, Tiers};
use edgerail_core::{Engine, LoadOptions};
use edgerail_tests::Corpus;

/// Rows of CLASSIC that show an evasion which STANDARD is there to see.
const EVASIONS: &[(&str, &str)] = &[(
    "profanity-leet",
    "says that CLASSIC leaves leetspeak alone which is not listed itself",
)];

fn engine(bundle: &[u8]) -> Engine {
    Engine::load(bundle.to_vec(), LoadOptions::default()).unwrap()
}

/// What a decision found, with the views; places first, so that lists compare well.
fn findings(engine: &Engine, row: &edgerail_tests::Row) -> Vec<(String, bool)> {
    let request = row.request();
    let decision = engine.evaluate(&request);
    let mut found: Vec<_> = decision
        .findings()
        .iter()
        .map(|f| {
            let what = format!(
                "{} {}..{} {} {:?} {:?} {:?}",
                f.block,
                f.start,
                f.end,
                decision.guardrail_name(f.guardrail),
                f.entry,
                f.matched,
                f.action
            );
            let view = f
                .view
                .map_or(String::new(), |view| format!(" in {}", view.name()));
            (what + &view, f.view.is_some())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn standard_finds_what_classic_finds_and_raises_no_false_alarm() {
    let tiers = |tier| Tiers {
        words: Some(tier),
        profanity: Some(tier),
        pii: Some(tier),
    };
    let with = |tier| {
        Corpus::ours_with(move |overlay| {
            overlay.settings.tiers = tiers(tier);
            for own in overlay.guardrails.values_mut() {
                own.settings.tiers = tiers(tier);
            }
        })
    };
    let (classic, standard) = (with(Tier::Classic), with(Tier::Standard));
    let mut wrong = Vec::new();
    let mut seen = 0;
    for row in &classic.rows {
        // Topics and prompt attacks have the tier of their definition in both.
        let mut before = findings(&engine(classic.bundle(row)), row);
        before.retain(|(_, evasion)| !evasion);
        let after = findings(&engine(standard.bundle(row)), row);
        let kept: Vec<_> = after
            .iter()
            .filter(|(_, evasion)| !evasion)
            .cloned()
            .collect();
        let more: Vec<_> = after.iter().filter(|(_, evasion)| *evasion).collect();
        if kept != before {
            wrong.push(format!(
                "{}: CLASSIC {before:?}, STANDARD {kept:?}",
                row.name
            ));
        }
        let listed = EVASIONS.iter().any(|(name, _)| *name == row.name);
        let rules = ["views.", "tier."];
        let about = rules.iter().any(|rule| row.rule.starts_with(rule))
            || row.name.starts_with("standard-");
        if !more.is_empty() && !listed && !about {
            wrong.push(format!("{}: {:?} adds {more:?}", row.name, row.text));
        }
        seen += 1;
        assert!(
            !(listed && more.is_empty()),
            "{} is listed and has no evasion",
            row.name
        );
    }
    assert!(seen >= 600, "{seen} rows");
    assert!(
        wrong.is_empty(),
        "{} rows:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
