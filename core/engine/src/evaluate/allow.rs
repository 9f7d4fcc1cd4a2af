use alloc::string::String;

use crate::pii::PiiType;
use crate::policy::{Allowed, AllowedValue, EntryAction};
use crate::text;
use crate::text::fold_into;

/// Whether a finding of a built-in type is on the allow-list. Only heuristic findings can be: a type
/// whose shape or checksum decides and that is set to BLOCK acts whatever the list says, and without
/// the time every entry counts as expired.
pub(super) fn is_allowed(
    allowed: &[Allowed],
    now: Option<u64>,
    ty: PiiType,
    action: EntryAction,
    matched: &str,
) -> bool {
    if allowed.is_empty() || (super::decides(ty) && action == EntryAction::Block) {
        return false;
    }
    let Some(now) = now else { return false };
    let mut current = allowed
        .iter()
        .filter(|entry| entry.ty == ty && now < entry.until);
    let folded = folded(matched);
    current.any(|entry| match &entry.what {
        AllowedValue::Value(value) => self::folded(value) == folded,
        AllowedValue::Domain(domain) => is_of_domain(&folded, &self::folded(domain)),
    })
}

fn folded(text: &str) -> String {
    let mut folded = String::new();
    fold_into(text, &mut folded);
    folded
}

/// Whether an e-mail address or a URL belongs to `domain` or a domain below it.
fn is_of_domain(value: &str, domain: &str) -> bool {
    let scheme = text::find(value, "://").and_then(|at| value.get(at.saturating_add(3)..));
    let host = match scheme {
        Some(rest) => {
            let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or("");
            let host = authority.rsplit('@').next().unwrap_or("");
            host.split(':').next().unwrap_or("")
        }
        None if value.contains('@') => value.rsplit('@').next().unwrap_or(""),
        None => value.split(['/', '?', '#', ':', '\\']).next().unwrap_or(""),
    };
    let host = host.trim_end_matches('.');
    host == domain
        || host
            .strip_suffix(domain)
            .is_some_and(|below| below.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_covers_what_is_below_it_and_nothing_that_looks_like_it() {
        for (value, expected) in [
            ("a@example.com", true),
            ("a@mail.example.com", true),
            ("a@notexample.com", false),
            ("a@example.com.evil.test", false),
            ("https://example.com/x", true),
            ("https://u:p@example.com:8443/", true),
            ("https://example.com@evil.test/", false),
            ("https://evil.test\\@example.com/", false),
            ("https://evil.test/example.com", false),
            ("www.example.com/a", true),
            ("www.example.com.", true),
        ] {
            assert_eq!(is_of_domain(value, "example.com"), expected, "{value}");
        }
    }
}
