//! Switches every rule of the engine off in turn: at least one row of the corpus must notice.
//!
//! The rules are found in the engine's sources, where each stands as `rule!("…")`.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;

use edgerail_core::{Request, rules};
use edgerail_tests::{Corpus, NativeSurface, Surface, first_failure, run};

/// The native surface, on which a panic is a wrong decision.
#[derive(Default)]
struct Caught(NativeSurface);

impl Surface for Caught {
    fn decide(&self, bundle: &[u8], request: &Request<'_>) -> String {
        catch_unwind(AssertUnwindSafe(|| self.0.decide(bundle, request))).unwrap_or_default()
    }
}

#[allow(clippy::print_stdout, reason = "a command's report")]
fn main() -> ExitCode {
    let corpus = Corpus::ours();
    let baseline = run(&corpus, &Caught::default(), |_| true);
    if !baseline.failures.is_empty() {
        println!(
            "{} rows fail without any mutation; mend them first",
            baseline.failures.len()
        );
        return ExitCode::FAILURE;
    }
    let rules = rules_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/engine/src"));
    let survivors = survivors(&corpus, &rules);
    println!(
        "{} rules, {} of them noticed by the corpus",
        rules.len(),
        rules.len() - survivors.len()
    );
    for rule in &survivors {
        println!("no row notices that {rule} is off");
    }
    ExitCode::from(status(&survivors))
}

/// The command's exit status: 1 if a rule survives.
fn status(survivors: &[&String]) -> u8 {
    u8::from(!survivors.is_empty())
}

/// The rules that can be switched off without any row failing.
fn survivors<'r>(corpus: &Corpus, rules: &'r BTreeSet<String>) -> Vec<&'r String> {
    let noticed = |rule: &str| {
        rules::switch_off(Some(rule));
        // A surface per rule: engines load with the rule off, too.
        let surface = Caught::default();
        // Rows that name the rule come first: they should be the ones to notice.
        let row = first_failure(corpus, &surface, |row| row.rule == rule)
            .or_else(|| first_failure(corpus, &surface, |row| row.rule != rule));
        rules::switch_off(None);
        row.is_some()
    };
    rules.iter().filter(|rule| !noticed(rule)).collect()
}

/// The names in `rule!("…")` in all Rust files below `folder`.
fn rules_in(folder: &Path) -> BTreeSet<String> {
    let mut rules = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("the engine's sources can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rules.extend(rules_in(&path));
        } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("rules.rs") {
            let source = std::fs::read_to_string(&path).expect("a source can be read");
            let names = source.split("rule!(\"").skip(1);
            rules.extend(names.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_rule_that_no_row_notices_survives_and_fails_the_run() {
        let corpus = Corpus::ours();
        let rules = ["pii.card.luhn", "no-such.rule"].map(str::to_owned).into();
        let survivors = survivors(&corpus, &rules);
        assert_eq!(survivors, ["no-such.rule"]);
        assert_eq!(status(&survivors), 1);
        assert_eq!(status(&[]), 0);
    }

    #[test]
    fn finds_the_rules_of_all_folders() {
        let rules = rules_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/engine/src"));
        assert!(rules.contains("pii.card.luhn") && rules.contains("words.fold"));
        assert!(
            rules
                .iter()
                .all(|rule| !rule.contains(|c: char| c == '_' || c.is_uppercase()))
        );
    }
}
