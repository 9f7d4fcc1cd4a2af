//! Patterns that no automaton holds: a program of the bundle, run by simulating all its paths at once.
//!
//! All numbers are u32 little-endian.
//!
//! ```text
//! header        number of instructions, of classes, of ranges
//! instructions  kind | operand << 3, next instruction
//! classes       where the class's ranges end
//! ranges        first character, last character; sorted within a class
//! ```
//! The first instruction is where the pattern begins. Instructions: 0 the pattern is matched; 1 a
//! character of the class `operand`; 2 first the instruction `operand`, else the next; 3 the assertion
//! `operand`.

use alloc::vec::Vec;
use core::mem;
use core::ops::Range;

use super::next_char;
use crate::bundle::Bytes;

const HEADER_LEN: usize = 12;

/// The most instructions of a program.
pub const MAX_INSTRUCTIONS: usize = 1 << 18;

/// What an assertion asks of the place where it stands. Words are ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs, reason = "named as in regex-syntax")]
pub enum Assertion {
    Start = 0,
    End = 1,
    StartLine = 2,
    EndLine = 3,
    StartLineCrlf = 4,
    EndLineCrlf = 5,
    WordBoundary = 6,
    NoWordBoundary = 7,
}

impl Assertion {
    const ALL: [Assertion; 8] = [
        Assertion::Start,
        Assertion::End,
        Assertion::StartLine,
        Assertion::EndLine,
        Assertion::StartLineCrlf,
        Assertion::EndLineCrlf,
        Assertion::WordBoundary,
        Assertion::NoWordBoundary,
    ];

    fn holds(self, before: Option<char>, after: Option<char>) -> bool {
        let word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        match self {
            Assertion::Start => before.is_none(),
            Assertion::End => after.is_none(),
            Assertion::StartLine => matches!(before, None | Some('\n')),
            Assertion::EndLine => matches!(after, None | Some('\n')),
            Assertion::StartLineCrlf => {
                matches!(before, None | Some('\n')) || before == Some('\r') && after != Some('\n')
            }
            Assertion::EndLineCrlf => {
                matches!(after, None | Some('\r')) || after == Some('\n') && before != Some('\r')
            }
            Assertion::WordBoundary => word(before) != word(after),
            Assertion::NoWordBoundary => word(before) == word(after),
        }
    }
}

/// One step of a program; numbers are those of instructions and classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// The pattern is matched.
    Matched,
    /// A character of the class, then the instruction.
    Class(u32, u32),
    /// The first instruction, and where that leads to no match the second.
    Either(u32, u32),
    /// The assertion, then the instruction.
    Assert(Assertion, u32),
}

impl Instruction {
    fn write(self) -> [u32; 2] {
        let word = |kind: u32, operand: u32| kind | operand.wrapping_shl(3);
        match self {
            Instruction::Matched => [0, 0],
            Instruction::Class(class, next) => [word(1, class), next],
            Instruction::Either(first, second) => [word(2, first), second],
            Instruction::Assert(assertion, next) => {
                let number = Assertion::ALL.iter().position(|one| *one == assertion);
                let number = number.and_then(|number| u32::try_from(number).ok());
                [word(3, number.unwrap_or(0)), next]
            }
        }
    }

    fn read(word: u32, next: u32) -> Option<Instruction> {
        let operand = word >> 3;
        match word & 7 {
            0 => Some(Instruction::Matched),
            1 => Some(Instruction::Class(operand, next)),
            2 => Some(Instruction::Either(operand, next)),
            3 => {
                let assertion = Assertion::ALL.get(usize::try_from(operand).ok()?)?;
                Some(Instruction::Assert(*assertion, next))
            }
            _ => None,
        }
    }
}

/// A program as the bundle has it.
///
/// `None` if there are more of anything than 32 bits number.
#[must_use]
pub fn write_program(
    instructions: &[Instruction],
    classes: &[Vec<(char, char)>],
) -> Option<Vec<u8>> {
    let ranges = classes.iter().map(Vec::len).sum::<usize>();
    let mut numbers = Vec::new();
    for count in [instructions.len(), classes.len(), ranges] {
        numbers.push(u32::try_from(count).ok()?);
    }
    numbers.extend(instructions.iter().flat_map(|one| one.write()));
    let mut end: usize = 0;
    for class in classes {
        end = end.saturating_add(class.len());
        numbers.push(u32::try_from(end).ok()?);
    }
    let ranges = classes.iter().flatten();
    numbers.extend(ranges.flat_map(|&(first, last)| [u32::from(first), u32::from(last)]));
    Some(numbers.into_iter().flat_map(u32::to_le_bytes).collect())
}

/// What a program finds in a text, empty matches left out, as the engine finds it where the pattern has no
/// literal; `None` if the program is malformed.
#[must_use]
pub fn run_program(program: &[u8], text: &str) -> Option<Vec<Range<usize>>> {
    let mut all = Vec::new();
    Program::read(program)?.each(text, |found| all.push(found));
    Some(all)
}

/// A program, read.
#[derive(Debug)]
pub(crate) struct Program {
    instructions: Vec<Instruction>,
    class_ends: Vec<usize>,
    ranges: Vec<(u32, u32)>,
}

impl Program {
    /// Validates a program: every number is one of an instruction or a class that is there.
    pub(crate) fn read(program: &[u8]) -> Option<Program> {
        let bytes = Bytes::new(program);
        let (count, classes, ranges) = (bytes.u32(0)?, bytes.u32(4)?, bytes.u32(8)?);
        let classes_at = HEADER_LEN.checked_add(count.checked_mul(8)?)?;
        let ranges_at = classes_at.checked_add(classes.checked_mul(4)?)?;
        let end = ranges_at.checked_add(ranges.checked_mul(8)?)?;
        if end != program.len() || !(1..=MAX_INSTRUCTIONS).contains(&count) {
            return None;
        }
        let pairs = |from: usize, to: usize| {
            let pairs = program.get(from..to).unwrap_or(&[]).chunks_exact(8);
            pairs.filter_map(|pair| {
                let (first, second) = pair.split_first_chunk()?;
                let second = u32::from_le_bytes(*second.first_chunk()?);
                Some((u32::from_le_bytes(*first), second))
            })
        };
        let mut instructions = Vec::with_capacity(count);
        let is_under = |number: u32, limit| usize::try_from(number).is_ok_and(|one| one < limit);
        for (word, next) in pairs(HEADER_LEN, classes_at) {
            let instruction = Instruction::read(word, next)?;
            let sound = match instruction {
                Instruction::Matched => true,
                Instruction::Class(class, next) => {
                    is_under(class, classes) && is_under(next, count)
                }
                Instruction::Either(first, next) => is_under(first, count) && is_under(next, count),
                Instruction::Assert(_, next) => is_under(next, count),
            };
            instructions.push(Some(instruction).filter(|_| sound)?);
        }
        let mut class_ends = Vec::with_capacity(classes);
        for class in 0..classes {
            class_ends.push(bytes.u32(classes_at.checked_add(class.checked_mul(4)?)?)?);
        }
        let ascend = class_ends.is_sorted() && class_ends.last().is_none_or(|last| *last <= ranges);
        ascend.then(|| Program {
            instructions,
            class_ends,
            ranges: pairs(ranges_at, end).collect(),
        })
    }

    /// The leftmost match in `text` that begins at `from` or later; of those at one place the one that the
    /// pattern prefers.
    pub(crate) fn find_at(&self, text: &str, from: usize) -> Option<Range<usize>> {
        Machine::new(self).find(text, from)
    }

    /// Reports every match but the empty ones.
    pub(crate) fn each(&self, text: &str, mut report: impl FnMut(Range<usize>)) {
        let mut at = 0;
        while let Some(found) = self.find_at(text, at) {
            if found.is_empty() {
                at = next_char(text, found.end);
            } else {
                at = found.end;
                report(found);
            }
        }
    }

    fn has(&self, class: u32, c: char) -> bool {
        let bound = |class: usize| self.class_ends.get(class).copied().unwrap_or(0);
        let class = usize::try_from(class).unwrap_or(usize::MAX);
        let from = class.checked_sub(1).map_or(0, bound);
        let ranges = self.ranges.get(from..bound(class)).unwrap_or(&[]);
        let c = u32::from(c);
        let at = ranges.partition_point(|(_, last)| *last < c);
        ranges.get(at).is_some_and(|(first, _)| *first <= c)
    }

    fn instruction(&self, number: u32) -> Instruction {
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        let found = self.instructions.get(number);
        found.copied().unwrap_or(Instruction::Matched)
    }
}

/// A path through the program: the instruction it waits at, and where its match began.
type Path = (u32, usize);

struct Machine<'p> {
    program: &'p Program,
    /// By instruction, the step at which it was last reached: the first path that reaches it there is the
    /// preferred one.
    reached: Vec<usize>,
    step: usize,
    stack: Vec<u32>,
}

impl<'p> Machine<'p> {
    fn new(program: &'p Program) -> Machine<'p> {
        Machine {
            program,
            reached: alloc::vec![0; program.instructions.len()],
            step: 0,
            stack: Vec::new(),
        }
    }

    fn find(&mut self, text: &str, from: usize) -> Option<Range<usize>> {
        let (mut paths, mut next_paths) = (Vec::new(), Vec::new());
        let mut before = text.get(..from)?.chars().next_back();
        let mut chars = text.get(from..)?.chars();
        let mut at = from;
        let mut found = None;
        self.step = 1;
        self.follow(0, at, (before, chars.clone().next()), &mut paths);
        loop {
            let c = chars.next();
            let end = at.saturating_add(c.map_or(0, char::len_utf8));
            let around = (c, chars.clone().next());
            self.step = self.step.saturating_add(1);
            for &(number, start) in &paths {
                match self.program.instruction(number) {
                    Instruction::Matched => {
                        // What comes behind in the list is preferred less.
                        found = Some(start..at);
                        break;
                    }
                    Instruction::Class(class, next)
                        if c.is_some_and(|c| self.program.has(class, c)) =>
                    {
                        self.follow(next, start, around, &mut next_paths);
                    }
                    _ => {}
                }
            }
            before = c;
            at = end;
            if before.is_none() {
                return found;
            }
            if found.is_none() {
                self.follow(0, at, around, &mut next_paths);
            } else if next_paths.is_empty() {
                return found;
            }
            mem::swap(&mut paths, &mut next_paths);
            next_paths.clear();
        }
    }

    /// Adds the paths that lead on from an instruction without taking a character, the preferred first.
    fn follow(
        &mut self,
        number: u32,
        start: usize,
        (before, after): (Option<char>, Option<char>),
        paths: &mut Vec<Path>,
    ) {
        self.stack.push(number);
        while let Some(number) = self.stack.pop() {
            let place = usize::try_from(number).unwrap_or(usize::MAX);
            match self.reached.get_mut(place) {
                Some(reached) if *reached != self.step => *reached = self.step,
                _ => continue,
            }
            match self.program.instruction(number) {
                Instruction::Either(first, second) => self.stack.extend([second, first]),
                Instruction::Assert(assertion, next) => {
                    if assertion.holds(before, after) {
                        self.stack.push(next);
                    }
                }
                Instruction::Matched | Instruction::Class(..) => paths.push((number, start)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    /// `a+b?`, greedy.
    fn some() -> Vec<u8> {
        let program = [
            Instruction::Class(0, 1),
            Instruction::Either(0, 2),
            Instruction::Either(3, 4),
            Instruction::Class(1, 4),
            Instruction::Matched,
        ];
        write_program(&program, &[vec![('a', 'a')], vec![('b', 'b'), ('é', 'ü')]]).unwrap()
    }

    #[test]
    fn finds_the_leftmost_match_that_is_preferred() {
        let program = Program::read(&some()).unwrap();
        assert_eq!(program.find_at("xaaabb", 0), Some(1..5));
        assert_eq!(program.find_at("xaaabb", 2), Some(2..5));
        assert_eq!(program.find_at("aé", 0), Some(0..3));
        assert_eq!(program.find_at("aa", 0), Some(0..2));
        assert_eq!(program.find_at("xbb", 0), None);
        assert_eq!(program.find_at("", 0), None);
        assert_eq!(program.find_at("é", 1), None);
    }

    #[test]
    fn refuses_what_is_not_sound() {
        let good = some();
        assert!(Program::read(&good).is_some());
        for length in 0..good.len() {
            assert!(Program::read(&good[..length]).is_none(), "{length}");
        }
        assert!(Program::read(&[&good[..], &[0]].concat()).is_none());
        // An instruction, a class, a kind and the end of a class that are not there.
        for (at, byte) in [(16, 5), (12, 1 | 2 << 3), (12, 7), (56, 9)] {
            let mut bad = good.clone();
            bad[at] = byte;
            assert!(Program::read(&bad).is_none(), "{at}");
        }
        let empty = write_program(&[], &[]).unwrap();
        assert!(Program::read(&empty).is_none());
    }
}
