//! The dialect of custom regexes, and its error messages.

use regex_syntax::ast::{self, AssertionKind, Ast, ClassPerlKind, ClassSetItem, Span};
use regex_syntax::hir::Hir;
use regex_syntax::hir::translate::TranslatorBuilder;

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PatternError {
    /// Where in the pattern, in characters from 1.
    pub(crate) at: Option<usize>,
    /// What is wrong, as the end of a sentence that begins with the pattern's name.
    pub(crate) problem: String,
}

/// Reads a pattern. Unless `unicode` is set, `\d \w \s` and their negations are ASCII; `\b` always is.
pub(crate) fn parse(pattern: &str, unicode: bool) -> Result<Hir, PatternError> {
    let explicit = explicit(pattern, unicode)?;
    let mut translator = TranslatorBuilder::new().unicode(true).utf8(true).build();
    let ast = parse_ast(&explicit)?;
    translator
        .translate(&explicit, &ast)
        .map_err(|error| PatternError {
            // The span is one of the rewritten pattern; only before the first rewriting do they agree.
            at: (explicit == pattern).then_some(error.span().start.column),
            problem: format!("is not valid: {}", error.kind()),
        })
}

/// Replaces what has two meanings by explicit classes.
fn explicit(pattern: &str, unicode: bool) -> Result<String, PatternError> {
    let ast = parse_ast(pattern)?;
    let mut rewriting = Rewriting {
        unicode,
        replacements: Vec::new(),
    };
    ast::visit(&ast, &mut rewriting)?;
    let mut out = String::new();
    let mut copied = 0;
    for (span, replacement) in rewriting.replacements {
        out.push_str(pattern.get(copied..span.start.offset).unwrap_or(""));
        out.push_str(replacement);
        copied = span.end.offset;
    }
    out.push_str(pattern.get(copied..).unwrap_or(""));
    Ok(out)
}

fn parse_ast(pattern: &str) -> Result<Ast, PatternError> {
    let parser = ast::parse::ParserBuilder::new()
        .nest_limit(100)
        .build()
        .parse(pattern);
    parser.map_err(|error| PatternError {
        at: Some(error.span().start.column),
        problem: match error.kind() {
            ast::ErrorKind::UnsupportedLookAround => {
                "uses a look-around assertion, which Amazon Bedrock does not support either; match the surrounding text or split the pattern".into()
            }
            ast::ErrorKind::UnsupportedBackreference => {
                "uses a back-reference, which no linear-time engine supports; write the repetition out".into()
            }
            kind => format!("is not valid: {kind}"),
        },
    })
}

struct Rewriting {
    unicode: bool,
    replacements: Vec<(Span, &'static str)>,
}

impl Rewriting {
    fn perl_class(&mut self, span: Span, kind: &ClassPerlKind, negated: bool) {
        if self.unicode {
            return;
        }
        let class = match (kind, negated) {
            (ClassPerlKind::Digit, false) => "[0-9]",
            (ClassPerlKind::Digit, true) => "[^0-9]",
            (ClassPerlKind::Space, false) => r"[\t\n\v\f\r\x20]",
            (ClassPerlKind::Space, true) => r"[^\t\n\v\f\r\x20]",
            (ClassPerlKind::Word, false) => "[0-9A-Za-z_]",
            (ClassPerlKind::Word, true) => "[^0-9A-Za-z_]",
        };
        self.replacements.push((span, class));
    }
}

impl ast::Visitor for &mut Rewriting {
    type Output = ();
    type Err = PatternError;

    fn finish(self) -> Result<(), PatternError> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), PatternError> {
        match ast {
            Ast::ClassPerl(class) => self.perl_class(class.span, &class.kind, class.negated),
            Ast::Assertion(assertion) => {
                let replacement = match assertion.kind {
                    AssertionKind::WordBoundary => r"(?-u:\b)",
                    AssertionKind::NotWordBoundary => r"(?-u:\B)",
                    AssertionKind::WordBoundaryStart
                    | AssertionKind::WordBoundaryEnd
                    | AssertionKind::WordBoundaryStartAngle
                    | AssertionKind::WordBoundaryEndAngle
                    | AssertionKind::WordBoundaryStartHalf
                    | AssertionKind::WordBoundaryEndHalf => {
                        return Err(PatternError {
                            at: Some(assertion.span.start.column),
                            problem: r"uses a one-sided word boundary; write \b".into(),
                        });
                    }
                    _ => return Ok(()),
                };
                self.replacements.push((assertion.span, replacement));
            }
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), PatternError> {
        if let ClassSetItem::Perl(class) = item {
            self.perl_class(class.span, &class.kind, class.negated);
        }
        Ok(())
    }
}
