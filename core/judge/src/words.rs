//! Names as people read them.

/// A policy as people say it.
pub fn policy(name: &str) -> &str {
    match name {
        "wordPolicy" => "words",
        "sensitiveInformationPolicy" => "sensitive information",
        "topicPolicy" => "denied topics",
        "contentPolicy" => "content filters",
        "contextualGroundingPolicy" => "contextual grounding",
        "automatedReasoningPolicy" => "automated reasoning",
        "all" => "everything",
        other => other,
    }
}

/// A text on one line: what moves the cursor or hides is written as an escape.
pub fn one_line(text: &str) -> String {
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
    fn terminals_are_not_commanded() {
        assert_eq!(
            one_line("a\n\u{1b}[31mb\u{202e}"),
            "a\\n\\u{1b}[31mb\\u{202e}"
        );
    }
}
