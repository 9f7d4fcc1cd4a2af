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

/// A text on one line: what moves the cursor or hides is written as an escape.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        let hidden = character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if hidden {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
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

    #[test]
    fn terminals_are_not_commanded() {
        assert_eq!(
            one_line("a\n\u{1b}[31mb\u{202e}"),
            "a\\n\\u{1b}[31mb\\u{202e}"
        );
    }
}
