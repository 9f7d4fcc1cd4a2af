//! Programs for patterns that no automaton holds.

use std::collections::BTreeMap;

use edgerail_core::regex::{Assertion, Instruction, MAX_INSTRUCTIONS, write_program};
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// The program of a pattern; `None` if it would be too large.
pub(crate) fn program(hir: &Hir) -> Option<Vec<u8>> {
    let mut builder = Builder::default();
    // The pattern begins at the first instruction, which is known once all others are.
    builder.push(Instruction::Matched)?;
    let matched = builder.push(Instruction::Matched)?;
    let entry = builder.build(hir, matched)?;
    builder.instructions[0] = Instruction::Either(entry, entry);
    let mut classes = vec![Vec::new(); builder.classes.len()];
    for (ranges, number) in builder.classes {
        classes[usize::try_from(number).ok()?] = ranges;
    }
    write_program(&builder.instructions, &classes)
}

#[derive(Default)]
struct Builder {
    instructions: Vec<Instruction>,
    classes: BTreeMap<Vec<(char, char)>, u32>,
}

impl Builder {
    fn push(&mut self, instruction: Instruction) -> Option<u32> {
        if self.instructions.len() >= MAX_INSTRUCTIONS {
            return None;
        }
        self.instructions.push(instruction);
        u32::try_from(self.instructions.len() - 1).ok()
    }

    /// A character of the class, then `next`.
    fn class(&mut self, ranges: Vec<(char, char)>, next: u32) -> Option<u32> {
        let fresh = u32::try_from(self.classes.len()).ok()?;
        let class = *self.classes.entry(ranges).or_insert(fresh);
        self.push(Instruction::Class(class, next))
    }

    /// The instruction at which `hir`, and then `next`, begins.
    fn build(&mut self, hir: &Hir, next: u32) -> Option<u32> {
        match hir.kind() {
            HirKind::Empty => Some(next),
            HirKind::Literal(literal) => {
                let text = str::from_utf8(&literal.0).ok()?;
                let mut letters = text.chars().rev();
                letters.try_fold(next, |next, c| self.class(vec![(c, c)], next))
            }
            HirKind::Class(class) => self.class(ranges(class), next),
            HirKind::Look(look) => self.push(Instruction::Assert(assertion(*look)?, next)),
            HirKind::Capture(capture) => self.build(&capture.sub, next),
            HirKind::Concat(parts) => {
                let mut parts = parts.iter().rev();
                parts.try_fold(next, |next, part| self.build(part, next))
            }
            HirKind::Alternation(parts) => {
                let mut parts = parts.iter().rev();
                let last = self.build(parts.next()?, next)?;
                parts.try_fold(last, |others, part| {
                    let first = self.build(part, next)?;
                    self.push(Instruction::Either(first, others))
                })
            }
            HirKind::Repetition(repetition) => self.repeat(repetition, next),
        }
    }

    fn repeat(&mut self, repetition: &Repetition, next: u32) -> Option<u32> {
        let either = |more, enough| match repetition.greedy {
            true => Instruction::Either(more, enough),
            false => Instruction::Either(enough, more),
        };
        let sub = &*repetition.sub;
        let (mut entry, mut left) = (next, repetition.min);
        if let Some(max) = repetition.max {
            for _ in repetition.min..max {
                let more = self.build(sub, entry)?;
                entry = self.push(either(more, next))?;
            }
        } else {
            let again = self.push(Instruction::Matched)?;
            let more = self.build(sub, again)?;
            self.instructions[usize::try_from(again).ok()?] = either(more, next);
            let may_be_empty = sub.properties().minimum_len() == Some(0);
            entry = match left {
                // Going round by an empty match must not count as having passed by `again`.
                0 if may_be_empty => self.push(either(more, next))?,
                0 => again,
                _ => more,
            };
            left = left.saturating_sub(1);
        }
        for _ in 0..left {
            entry = self.build(sub, entry)?;
        }
        Some(entry)
    }
}

fn ranges(class: &Class) -> Vec<(char, char)> {
    match class {
        Class::Unicode(class) => class.iter().map(|r| (r.start(), r.end())).collect(),
        // Patterns are UTF-8, so that these are ASCII.
        Class::Bytes(class) => {
            let ranges = class.iter().map(|r| (r.start().into(), r.end().into()));
            ranges.collect()
        }
    }
}

/// The dialect has no other assertions.
fn assertion(look: Look) -> Option<Assertion> {
    Some(match look {
        Look::Start => Assertion::Start,
        Look::End => Assertion::End,
        Look::StartLF => Assertion::StartLine,
        Look::EndLF => Assertion::EndLine,
        Look::StartCRLF => Assertion::StartLineCrlf,
        Look::EndCRLF => Assertion::EndLineCrlf,
        Look::WordAscii => Assertion::WordBoundary,
        Look::WordAsciiNegate => Assertion::NoWordBoundary,
        _ => return None,
    })
}
