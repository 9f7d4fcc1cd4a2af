//! What differs between a policy merged here and AWS's answer.

use super::datum::Datum;
use crate::diagnostic::member;

/// A place where two policies differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where, as a JSON path.
    pub path: String,
    /// What was merged here; `None` if it is not there.
    pub merged: Option<Datum>,
    /// What AWS answered; `None` if it is not there.
    pub described: Option<Datum>,
}

/// The differences by path, the deepest that can be named. The order in lists of models counts for nothing.
#[must_use]
pub fn compare(merged: &Datum, described: &Datum) -> Vec<Difference> {
    let mut found = Vec::new();
    walk(Some(merged), Some(described), "$", &mut found);
    found
}

fn walk(
    merged: Option<&Datum>,
    described: Option<&Datum>,
    path: &str,
    found: &mut Vec<Difference>,
) {
    if let (Some(Datum::Object(ours)), Some(Datum::Object(theirs))) = (merged, described) {
        let mut names: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            walk(ours.get(name), theirs.get(name), &member(path, name), found);
        }
        return;
    }
    if merged.map(sorted) != described.map(sorted) {
        found.push(Difference {
            path: path.to_owned(),
            merged: merged.cloned(),
            described: described.cloned(),
        });
    }
}

fn sorted(value: &Datum) -> Datum {
    match value {
        Datum::List(items) => {
            let mut items = items.clone();
            items.sort();
            Datum::List(items)
        }
        other => other.clone(),
    }
}
