//! Fuzz targets: one function per reader of foreign bytes, and what drives them.
//!
//! A target panics where something is wrong; the engine's own code must never do so. `cargo xtask test --deep`
//! runs each target for a minute or longer; a crash becomes a test where the fault was.

mod activation;
mod org;
mod run;
pub mod seeds;
pub mod targets;
mod trust;

pub use run::{begin, chosen, run_blindly};
pub use targets::Target;

/// Changes inputs without knowing what they reach: for machines on which libFuzzer does not build.
#[derive(Debug)]
pub struct Blind {
    random: edgerail_tests::Random,
    seeds: Vec<Vec<u8>>,
}

/// No input grows beyond this many bytes.
pub const LONGEST: usize = 1 << 16;

impl Blind {
    /// # Panics
    /// If there are no seeds.
    #[must_use]
    pub fn new(seeds: Vec<Vec<u8>>, start: u64) -> Blind {
        assert!(!seeds.is_empty(), "a target needs seeds");
        Blind {
            random: edgerail_tests::Random(start),
            seeds,
        }
    }

    /// The next input: a seed with up to eight changes.
    pub fn input(&mut self) -> Vec<u8> {
        let mut input = self.seeds[self.random.below(self.seeds.len())].clone();
        for _ in 0..self.random.below(9) {
            self.change(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        const TOKENS: [&str; 24] = [
            "{",
            "}",
            "[",
            "]",
            "\"",
            "\\",
            "\\u",
            "d800",
            ":",
            ",",
            "\n",
            "- ",
            "{EMAIL_1}",
            "data: ",
            "<",
            ">",
            "&#",
            "%2",
            "\u{200b}",
            "\u{301}",
            "=",
            "!Sub",
            "@",
            "0",
        ];
        let place = self.random.below(input.len() + 1);
        let rest = input.len() - place;
        let byte = u8::try_from(self.random.below(256)).expect("a byte");
        match self.random.below(8) {
            0 => input.insert(place, byte),
            1 if rest > 0 => input[place] = byte,
            2 if rest > 0 => input[place] ^= 1 << (byte % 8),
            3 => drop(input.drain(place..place + self.random.below(rest + 1))),
            4 => {
                let length = self.random.below(rest.min(64) + 1);
                let copy = input[place..place + length].to_vec();
                let to = self.random.below(input.len() + 1);
                drop(input.splice(to..to, copy));
            }
            5 => {
                let other = &self.seeds[self.random.below(self.seeds.len())];
                let from = other.len() / (1 + usize::from(byte % 4));
                input.truncate(place);
                input.extend_from_slice(&other[other.len() - from..]);
            }
            6 => {
                let times = 1 + self.random.below(40);
                let token = self.random.pick(&TOKENS).repeat(times);
                drop(input.splice(place..place, token.into_bytes()));
            }
            _ => drop(input.splice(place..place, self.random.pick(&TOKENS).bytes())),
        }
    }
}
