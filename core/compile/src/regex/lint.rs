//! Patterns that compile and are probably not what their author meant.

use regex_syntax::ast::{AssertionKind, Ast, LiteralKind, RepetitionKind};

/// What is suspicious about a pattern, as ends of sentences that begin with its name.
pub(crate) fn suspicions(pattern: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(flags) = javascript_flags(pattern) {
        found.push(format!(
            "is written between slashes as in JavaScript: the slashes{} are matched as text; remove them",
            if flags.is_empty() { "" } else { " and the flags behind them" }
        ));
    }
    if let Ok(ast) = regex_syntax::ast::parse::Parser::new().parse(pattern) {
        lost_backslashes(&ast, &mut found);
        anchors_inside(&ast, &mut found);
    }
    if pattern.trim() != pattern {
        found.push("begins or ends with white space, which must then stand in the text too".into());
    }
    if pattern.contains("\\\\d") || pattern.contains("\\\\w") || pattern.contains("\\\\b") {
        found.push(
            r"has a doubled backslash (`\\d` is a backslash and a d); was it escaped twice?".into(),
        );
    }
    found.sort();
    found.dedup();
    found
}

/// The flags of a pattern like `/…/gi`.
fn javascript_flags(pattern: &str) -> Option<&str> {
    let (body, flags) = pattern.strip_prefix('/')?.rsplit_once('/')?;
    let plausible = !body.is_empty() && flags.chars().all(|c| "dgimsuvy".contains(c));
    plausible.then_some(flags)
}

/// `d{6}`, `w+`, `s*`: a counted or repeated letter that is a class with its backslash.
fn lost_backslashes(ast: &Ast, found: &mut Vec<String>) {
    match ast {
        Ast::Repetition(repetition) => {
            if let Ast::Literal(literal) = repetition.ast.as_ref()
                && literal.kind == LiteralKind::Verbatim
                && matches!(literal.c, 'd' | 'w' | 's' | 'D' | 'W' | 'S')
                && (matches!(repetition.op.kind, RepetitionKind::Range(_))
                    || matches!(literal.c, 'd' | 'w' | 'D' | 'W') && stands_alone(repetition))
            {
                let (c, column) = (literal.c, literal.span.start.column);
                found.push(format!(
                    "repeats the letter {c} at character {column}; if the class \\{c} is meant, its backslash got lost"
                ));
            }
            lost_backslashes(&repetition.ast, found);
        }
        Ast::Group(group) => lost_backslashes(&group.ast, found),
        Ast::Concat(concat) => concat
            .asts
            .iter()
            .for_each(|ast| lost_backslashes(ast, found)),
        Ast::Alternation(alternation) => {
            alternation
                .asts
                .iter()
                .for_each(|ast| lost_backslashes(ast, found));
        }
        _ => {}
    }
}

fn stands_alone(repetition: &regex_syntax::ast::Repetition) -> bool {
    matches!(repetition.op.kind, RepetitionKind::OneOrMore) && repetition.span.start.offset == 0
}

/// `…$^…`: two patterns run together. The end of the text cannot be followed by anything.
fn anchors_inside(ast: &Ast, found: &mut Vec<String>) {
    let Ast::Concat(concat) = ast else { return };
    let is = |ast: &Ast, kinds: &[AssertionKind]| matches!(ast, Ast::Assertion(assertion) if kinds.contains(&assertion.kind));
    let start = [AssertionKind::StartLine, AssertionKind::StartText];
    let end = [AssertionKind::EndLine, AssertionKind::EndText];
    let count = concat.asts.len();
    let inside =
        concat.asts.iter().enumerate().any(|(place, ast)| {
            (place > 0 && is(ast, &start)) || (place + 1 < count && is(ast, &end))
        });
    if inside {
        found.push(
            "has ^ or $ in its middle, where it can hardly match; were two patterns run together?"
                .into(),
        );
    }
}
