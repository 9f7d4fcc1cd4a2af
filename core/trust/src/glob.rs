//! Path patterns of delegations: shell patterns whose wildcards do not cross `/` (TUF 1.0.34, section 4.5).
//!
//! The dialect is python-tuf's, that is the one of Python's `fnmatch` on each part between slashes: `*`, `?`,
//! `[a-z]`, `[!a-z]`; a backslash is a plain character.

use crate::text::cut;
use alloc::vec::Vec;

/// Whether a path pattern matches a target's name.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern, name);
    loop {
        match (cut(pattern, b'/'), cut(name, b'/')) {
            (Some((first, patterns)), Some((folder, rest))) if part(first, folder) => {
                (pattern, name) = (patterns, rest);
            }
            (None, None) => return part(pattern, name),
            _ => return false,
        }
    }
}

/// Matches a part without slashes. On a mismatch behind a star, the star takes one character more; only the
/// last star is tried again, so that the time is at most pattern times name.
fn part(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let mut pattern: &[char] = &pattern;
    let mut name = name.chars();
    let mut star: Option<(&[char], core::str::Chars<'_>)> = None;
    loop {
        if let [first, rest @ ..] = pattern {
            if *first == '*' {
                pattern = rest;
                star = Some((rest, name.clone()));
                continue;
            }
            let mut next = name.clone();
            if let Some(character) = next.next()
                && let Some(rest) = one(*first, rest, character)
            {
                pattern = rest;
                name = next;
                continue;
            }
        } else if name.as_str().is_empty() {
            return true;
        }
        let Some((after, from)) = &mut star else {
            return false;
        };
        if from.next().is_none() {
            return false;
        }
        pattern = after;
        name = from.clone();
    }
}

/// Matches one character; gives the pattern behind what matched it.
fn one(first: char, rest: &[char], character: char) -> Option<&[char]> {
    match first {
        '?' => Some(rest),
        '[' => match class(rest, character) {
            Some((true, rest)) => Some(rest),
            Some((false, _)) => None,
            // A bracket that is not closed is a plain character.
            None => (character == '[').then_some(rest),
        },
        _ => (first == character).then_some(rest),
    }
}

/// Matches a character with the class behind `[`; gives whether it does and what follows the class.
fn class(rest: &[char], character: char) -> Option<(bool, &[char])> {
    let (negated, set) = match rest {
        ['!', set @ ..] => (true, set),
        set => (false, set),
    };
    // A bracket at the first place belongs to the set.
    let end = set
        .iter()
        .skip(1)
        .position(|c| *c == ']')?
        .saturating_add(1);
    let (mut set, rest) = (set.get(..end)?, set.get(end.saturating_add(1)..)?);
    let mut found = false;
    while let [low, tail @ ..] = set {
        if let ['-', high, tail @ ..] = tail {
            found |= (*low..=*high).contains(&character);
            set = tail;
        } else {
            found |= *low == character;
            set = tail;
        }
    }
    Some((found != negated, rest))
}
