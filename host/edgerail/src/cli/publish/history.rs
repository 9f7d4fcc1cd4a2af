//! The history of a repository as people read it.

use edgerail_publish::{Event, Evidence, History, Past, Provenance, RolesEvent};

use super::status::reach;
use crate::report::one_line;

/// A line each; what comes from records is on one line however it was written.
pub(super) fn lines(history: &History) -> Vec<String> {
    let mut lines = Vec::new();
    for (line, versions) in &history.scopes {
        lines.push(line.clone());
        for past in versions {
            lines.push(format!("  {}", version(past)));
            lines.extend(
                past.events
                    .iter()
                    .map(|event| format!("    {}", told(event))),
            );
        }
    }
    if !history.roles.is_empty() {
        lines.push("roles".to_owned());
    }
    for event in &history.roles {
        roles(event, &mut lines);
    }
    for path in &history.unnamed {
        let path = one_line(path);
        lines.push(format!(
            "no signed metadata names {path}: left by a publication that was interrupted, or nobody's"
        ));
    }
    for path in &history.gaps {
        lines.push(format!(
            "{path} is missing: what was published before it is not known"
        ));
    }
    lines
}

fn version(past: &Past) -> String {
    let state = match (past.current, past.next, past.revertible, past.kept) {
        (true, ..) => ", current",
        (_, true, ..) => ", in a rollout",
        (_, _, true, _) => ", --to takes it",
        (_, _, _, false) => ", its bundle is gone",
        _ => "",
    };
    format!(
        "version {}{state}, sha256 {}",
        past.version,
        past.sha256.get(..16).unwrap_or_default()
    )
}

fn told(event: &Event) -> String {
    let reach = match &event.rollout {
        Some(rollout) => format!(" for {}", reach(rollout)),
        None if event.action == "promote" => " to current".to_owned(),
        None => String::new(),
    };
    let what = format!("{}{reach}", one_line(&event.action));
    let place = format!("{} version {}", event.role, event.role_version);
    said(&event.provenance, &what, &place)
}

/// What was done, in which metadata, and what its record says.
fn said(provenance: &Provenance, what: &str, place: &str) -> String {
    let record = provenance.record.as_deref();
    let record = record.and_then(|hash| hash.get(..16)).unwrap_or_default();
    let (Evidence::Vouched, Some(when)) = (provenance.evidence, &provenance.when) else {
        let why = match provenance.evidence {
            Evidence::None => "it has no record".to_owned(),
            Evidence::Missing => format!("its record {record} is MISSING"),
            Evidence::Altered => format!("its record {record} has been ALTERED"),
            Evidence::Vouched => {
                format!("its record {record} is of another version of this program")
            }
        };
        return format!("{what}, {place}: {why}");
    };
    let (when, said) = (one_line(when), one_line(&provenance.summary()));
    format!("{when} {what}, {place}, record {record}, {said}")
}

fn roles(event: &RolesEvent, lines: &mut Vec<String>) {
    let mut actions: Vec<&str> = event.roles.iter().map(|r| r.action.as_str()).collect();
    actions.sort_unstable();
    actions.dedup();
    let what = if actions.is_empty() {
        "published".to_owned()
    } else {
        one_line(&actions.join(", "))
    };
    let place = format!("{} version {}", event.role, event.role_version);
    lines.push(format!("  {}", said(&event.provenance, &what, &place)));
    for role in &event.roles {
        let version = role.version.map(|version| format!(" version {version}"));
        let expires = role
            .expires
            .as_ref()
            .map(|until| format!(", until {until}"));
        let threshold = role.threshold.map(|number| format!(", {number} to sign"));
        let parts = [version, expires, threshold].into_iter().flatten();
        let parts: String = parts.collect();
        lines.push(format!(
            "    {}",
            one_line(&format!("{}{parts}", role.role))
        ));
        for (sign, ids) in [('+', &role.added), ('-', &role.removed)] {
            lines.extend(
                ids.iter()
                    .map(|id| format!("      {sign} key {}", one_line(id))),
            );
        }
    }
}
