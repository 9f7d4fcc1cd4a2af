//! A small section for tests.

use alloc::string::String;
use alloc::vec::Vec;

use super::Class;

/// A section with a few look-alikes, the common leetspeak signs and these doubles.
pub(super) fn section(doubles: &[&str]) -> Vec<u8> {
    let alike: &[(char, &str, Class)] = &[
        ('ƒ', "f", Class::Alphabet),
        ('ø', "o", Class::Alphabet),
        ('ο', "o", Class::Foreign),
        ('а', "a", Class::Foreign),
        ('в', "b", Class::ByCapital),
        ('е', "e", Class::Foreign),
        ('к', "k", Class::ByCapital),
        ('о', "o", Class::Foreign),
        ('р', "p", Class::Foreign),
        ('с', "c", Class::Foreign),
        ('ѕ', "s", Class::Foreign),
        ('і', "i", Class::Foreign),
        ('٤', "4", Class::Digit),
        ('ᴀ', "a", Class::Odd),
        ('。', ".", Class::Sign),
        ('🅰', "a", Class::Odd),
    ];
    let leet: &[(char, &str)] = &[
        ('!', "il"),
        ('$', "s"),
        ('(', "c"),
        ('+', "t"),
        ('0', "o"),
        ('1', "il"),
        ('3', "e"),
        ('4', "a"),
        ('5', "s"),
        ('6', "g"),
        ('7', "t"),
        ('8', "b"),
        ('9', "g"),
        ('@', "a"),
        ('|', "il"),
        ('€', "e"),
    ];
    let mut alike: Vec<_> = alike.to_vec();
    alike.sort_by_key(|(c, _, _)| *c);
    let mut section = Vec::new();
    let text: String = doubles.iter().flat_map(|word| [word, "\n"]).collect();
    for number in [alike.len(), leet.len(), text.len(), 0] {
        section.extend_from_slice(&u32::try_from(number).unwrap().to_le_bytes());
    }
    let mut record = |key: u32, target: &str| {
        section.extend_from_slice(&key.to_le_bytes());
        let mut padded = [0; 4];
        padded[..target.len()].copy_from_slice(target.as_bytes());
        section.extend_from_slice(&padded);
    };
    for (c, target, class) in alike {
        record(u32::from(c) | u32::from(class.number()) << 24, target);
    }
    for (c, target) in leet {
        record(u32::from(*c), target);
    }
    section.extend_from_slice(text.as_bytes());
    section
}
