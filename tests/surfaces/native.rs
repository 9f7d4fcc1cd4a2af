//! The corpus on the engine as a Rust library.

use edgerail_tests::{Corpus, NativeSurface, run};

#[test]
#[allow(clippy::print_stderr, reason = "the figures of the run")]
fn every_row_of_the_corpus_holds() {
    let corpus = Corpus::ours();
    assert!(
        corpus.rows.len() >= 1_300,
        "only {} rows",
        corpus.rows.len()
    );
    let report = run(&corpus, &NativeSurface::default(), |_| true);
    let misses = report.known_misses.len();
    eprintln!("corpus: {} rows hold, {misses} known misses", report.passed);
    assert!(
        report.failures.is_empty(),
        "{} of {} rows fail:\n{}",
        report.failures.len(),
        corpus.rows.len(),
        report.failures.join("\n")
    );
}
