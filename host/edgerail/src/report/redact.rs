/// A value as a report may show it: its kind of shape, not itself.
pub(crate) fn redacted(ty: Option<&str>, value: &str) -> String {
    if ty == Some("EMAIL")
        && let Some(first) = value.chars().next()
        && value.contains('@')
    {
        return format!("{first}…@…");
    }
    hidden(value.chars().count())
}

/// What stands for a value of so many characters.
pub(crate) fn hidden(chars: usize) -> String {
    format!("‹{chars} char{}›", if chars == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_shown() {
        assert_eq!(redacted(Some("EMAIL"), "dora@example.com"), "d…@…");
        assert_eq!(redacted(Some("EMAIL"), ""), "‹0 chars›");
        assert_eq!(redacted(Some("PIN"), "4711"), "‹4 chars›");
        assert_eq!(redacted(None, "\u{e4}"), "‹1 char›");
    }
}
