use super::{Deferred, policy};

/// A reason code as people say it.
pub(crate) fn reason(code: &str) -> &str {
    match code {
        "cloud_only" => "only the cloud evaluates it",
        "no_keywords" => "too few keywords to look for; add rules to the overlay",
        "confidential" => "left out of browser bundles as confidential",
        "negative_is_not_final" => "nothing found here, the cloud may find more",
        "limit_text" => "the text is longer than the limit",
        "limit_growth" => "the normalised text is longer than the limit",
        "fault" => "a matching table failed",
        "trap" => "the engine failed",
        "deadline" => "the engine took longer than allowed",
        "policy_stale" => "the policy's metadata expired longer ago than allowed",
        other => other,
    }
}

/// What is left to the cloud, one line for each policy and reason, with its entries.
pub(crate) fn deferred_lines(deferred: &[&Deferred<'_>]) -> Vec<String> {
    let mut groups: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for item in deferred {
        let known = groups
            .iter_mut()
            .find(|(p, r, _)| *p == item.policy && *r == item.reason);
        let entries = match known {
            Some((_, _, entries)) => entries,
            None => {
                groups.push((&item.policy, &item.reason, Vec::new()));
                let Some((_, _, entries)) = groups.last_mut() else {
                    continue;
                };
                entries
            }
        };
        entries.extend(item.entry.as_deref());
    }
    let line = |(name, code, entries): (&str, &str, Vec<&str>)| {
        let entries = if entries.is_empty() {
            String::new()
        } else {
            format!(" ({})", entries.join(", "))
        };
        format!("{}{entries}: {}", policy(name), reason(code))
    };
    groups.into_iter().map(line).collect()
}
