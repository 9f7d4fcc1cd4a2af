//! Names as people read them.

use edgerail_core::policy::{ExceptedRule, Exception};

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

/// What an exception is for, in words, without a configured word: those are what the guardrail protects.
#[must_use]
pub fn exception_name(exception: &Exception) -> String {
    let rule = &exception.rule;
    let named = match rule {
        ExceptedRule::Guardrail => "the whole guardrail",
        ExceptedRule::Word(_) => "a word",
        other => other.type_name().or(other.name()).unwrap_or(""),
    };
    let policy = rule
        .policy()
        .map_or(String::new(), |policy| format!("{policy} "));
    format!("{}: {policy}{named}", exception.id)
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
