use crate::bundle::Bytes;
use crate::pii::Lexicon;
use crate::policy::EntryAction;
use crate::text::eight;

const HEADER_NUMBERS: usize = 10;
const BUCKET_LEN: usize = 8;
const LINK_LEN: usize = 16;
const TRANSITION_LEN: usize = 12;
const WORD_LEN: usize = 16;
const NUMBER_LEN: usize = 4;

/// The hash of a token's folded bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenHash(pub u32);

impl TokenHash {
    /// The token's bucket, or the first slot of what else is hashed, in a table of `2^log2`.
    #[inline]
    #[must_use]
    pub fn slot(self, log2: u32) -> usize {
        let mask = 1_u32.checked_shl(log2).unwrap_or(0).wrapping_sub(1);
        usize::try_from(self.0 & mask).unwrap_or(0)
    }

    /// The token's bit in a filter of `2^log2` bits: the upper bits, which the table uses least.
    #[inline]
    #[must_use]
    pub fn filter_bit(self, log2: u32) -> usize {
        let shift = 32_u32.saturating_sub(log2).min(31);
        usize::try_from(self.0 >> shift).unwrap_or(0)
    }

    /// The bit of the token behind a phrase's beginning, `state`, in a filter of `2^log2` bits.
    #[inline]
    #[must_use]
    pub fn follow_bit(self, state: usize, log2: u32) -> usize {
        let state = u32::try_from(state).unwrap_or(u32::MAX);
        let mixed = (self.0 ^ state.wrapping_mul(0x9e37_79b1)).wrapping_mul(0x85eb_ca6b);
        TokenHash(mixed).filter_bit(log2)
    }
}

/// Hashes a token's folded bytes, eight at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hasher(u64);

impl Hasher {
    /// Before the first byte.
    pub(super) const EMPTY: Hasher = Hasher(0x9e37_79b9_7f4a_7c15);

    /// With the next eight bytes, little-endian; zeros fill the last eight.
    #[inline(always)]
    pub(super) fn push(self, bytes: u64) -> Hasher {
        let mixed = (self.0 ^ bytes).wrapping_mul(0x9fb2_1c65_1e98_df25);
        Hasher(mixed ^ (mixed >> 32))
    }

    /// The hash.
    #[inline(always)]
    pub(super) fn finish(self) -> TokenHash {
        let mixed = self.0.wrapping_mul(0xff51_afd7_ed55_8ccd) >> 32;
        TokenHash(u32::try_from(mixed).unwrap_or(0))
    }
}

/// The hash of a whole token.
#[must_use]
pub fn hash_token(folded: &[u8]) -> TokenHash {
    let chunks = folded.chunks(8);
    let hash = chunks.fold(Hasher::EMPTY, |hash, chunk| hash.push(eight(chunk)));
    hash.finish()
}

/// The first slot of a transition in a table of `2^log2`; computed in 32 bits everywhere, so that a
/// bundle compiled on one machine is read on any other.
#[must_use]
pub fn transition_slot(state: usize, label: usize, log2: u32) -> usize {
    let part = |value: usize, factor: u32| {
        u32::try_from(value)
            .unwrap_or(u32::MAX)
            .wrapping_mul(factor)
    };
    let mixed = part(state, 0x9e37_79b1) ^ part(label, 0x85eb_ca6b);
    TokenHash(mixed ^ (mixed >> 15)).slot(log2)
}

/// What is found when a state is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Output {
    /// A custom word, by its number.
    Word(usize),
    /// A word of the profanity list.
    Profanity,
    /// A word that recognisers read.
    Lexicon(Lexicon),
    /// A custom word whose letters are moved by 13 places, by the word's number.
    RotatedWord(usize),
    /// A word of the profanity list whose letters are moved by 13 places.
    RotatedProfanity,
    /// A form of keywords of topics, by its number in [`crate::topics::Topics`].
    Keyword(usize),
}

impl Output {
    /// The output as it stands in the section.
    #[must_use]
    pub fn encode(self) -> Option<u32> {
        match self {
            Output::Word(word) => u32::try_from(word).ok().filter(|&word| word < 1 << 24),
            Output::Profanity => Some(1 << 24),
            Output::Lexicon(lexicon) => Some((2 << 24) | u32::from(lexicon.number())),
            Output::RotatedWord(word) => Some((8 << 24) | Output::Word(word).encode()?),
            Output::RotatedProfanity => Some(9 << 24),
            Output::Keyword(form) => {
                let form = u32::try_from(form).ok().filter(|&form| form < 1 << 24)?;
                Some((3 << 24) | form)
            }
        }
    }

    fn decode(number: usize) -> Option<Output> {
        let id = number & 0x00ff_ffff;
        match number >> 24 {
            0 => Some(Output::Word(id)),
            1 => Some(Output::Profanity),
            2 => Some(Output::Lexicon(Lexicon::from_number(
                u8::try_from(id).ok()?,
            ))),
            8 => Some(Output::RotatedWord(id)),
            9 => Some(Output::RotatedProfanity),
            3 => Some(Output::Keyword(id)),
            _ => None,
        }
    }
}

/// One guardrail's use of a custom word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The guardrail's number in the bundle.
    pub guardrail: usize,
    /// What the word does there on INPUT.
    pub input: EntryAction,
    /// What the word does there on OUTPUT.
    pub output: EntryAction,
}

/// A bucket of the tokens: the first one's number and where its text stands in the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    pub(super) first: usize,
    pub(super) offset: usize,
}

/// How a state is linked with others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) fail: usize,
    pub(super) next_output: usize,
    pub(super) depth: usize,
    pub(super) parent: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Transition {
    pub(super) state: usize,
    pub(super) label: usize,
    pub(super) target: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct WordRecord {
    pub(super) offset: usize,
    pub(super) length: usize,
    pub(super) first_use: usize,
    pub(super) uses: usize,
}

/// How many of everything a section has, and where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the fields are the header's numbers, described in the module's layout
pub struct Layout {
    pub tokens: usize,
    pub bucket_log2: u32,
    pub filter_log2: u32,
    pub follow_log2: u32,
    pub states: usize,
    pub transition_log2: u32,
    pub outputs: usize,
    pub words: usize,
    pub uses: usize,
    pub pool_len: usize,
    /// One more than the highest number of a keyword's form; the compiler leaves this to the reader.
    pub forms: usize,
    /// Where each table stands; the compiler leaves this to the reader.
    pub at: Offsets,
}

/// Where each table stands, computed once from the numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offsets {
    follow: usize,
    buckets: usize,
    states: usize,
    links: usize,
    transitions: usize,
    outputs: usize,
    words: usize,
    uses: usize,
    pool: usize,
}

impl Layout {
    /// The header's numbers in their order.
    #[must_use]
    pub fn header(&self) -> Option<[u32; HEADER_NUMBERS]> {
        let number = |value| u32::try_from(value).ok();
        Some([
            number(self.tokens)?,
            self.bucket_log2,
            self.filter_log2,
            number(self.states)?,
            self.transition_log2,
            number(self.outputs)?,
            number(self.words)?,
            number(self.uses)?,
            number(self.pool_len)?,
            self.follow_log2,
        ])
    }

    pub(super) fn read(bytes: Bytes<'_>) -> Option<Layout> {
        let number = |index: usize| bytes.u32(index.checked_mul(NUMBER_LEN)?);
        // A table longer than the longest bundle is nonsense, and must not overflow what follows.
        let log2 = |index| {
            u32::try_from(number(index)?)
                .ok()
                .filter(|&log2| log2 <= 24)
        };
        let mut layout = Layout {
            tokens: number(0)?,
            bucket_log2: log2(1)?,
            filter_log2: log2(2)?,
            states: number(3)?,
            transition_log2: log2(4)?,
            outputs: number(5)?,
            words: number(6)?,
            uses: number(7)?,
            pool_len: number(8)?,
            follow_log2: log2(9)?,
            forms: 0,
            at: Offsets::default(),
        };
        layout.at = layout.offsets()?;
        (layout.filter_log2 >= 3 && layout.follow_log2 >= 3).then_some(layout)
    }

    fn offsets(&self) -> Option<Offsets> {
        let after =
            |start: usize, count: usize, each: usize| start.checked_add(count.checked_mul(each)?);
        let filter = HEADER_NUMBERS.checked_mul(NUMBER_LEN)?;
        let follow = filter.checked_add(self.filter_len())?;
        let buckets = follow.checked_add(self.follow_len())?;
        let states = after(buckets, self.bucket_count().checked_add(1)?, BUCKET_LEN)?;
        let links = after(states, self.states.checked_add(1)?, NUMBER_LEN)?;
        let transitions = after(links, self.deep_states()?, LINK_LEN)?;
        let outputs = after(transitions, self.transition_len(), TRANSITION_LEN)?;
        let words = after(outputs, self.outputs, NUMBER_LEN)?;
        let uses = after(words, self.words, WORD_LEN)?;
        let pool = after(uses, self.uses, NUMBER_LEN)?;
        Some(Offsets {
            follow,
            buckets,
            states,
            links,
            transitions,
            outputs,
            words,
            uses,
            pool,
        })
    }

    pub(super) fn end(&self) -> Option<usize> {
        self.at.pool.checked_add(self.pool_len)
    }

    pub(super) fn filter_len(&self) -> usize {
        1_usize.checked_shl(self.filter_log2).unwrap_or(0) >> 3
    }

    fn follow_len(&self) -> usize {
        1_usize.checked_shl(self.follow_log2).unwrap_or(0) >> 3
    }

    pub(super) fn bucket_count(&self) -> usize {
        1_usize.checked_shl(self.bucket_log2).unwrap_or(0)
    }

    /// How many states stand behind more than one token: all but the root and each token's own.
    pub(super) fn deep_states(&self) -> Option<usize> {
        self.states.checked_sub(self.tokens)?.checked_sub(1)
    }

    pub(super) fn transition_len(&self) -> usize {
        1_usize.checked_shl(self.transition_log2).unwrap_or(0)
    }

    pub(super) fn next_transition_slot(&self, slot: usize) -> usize {
        slot.wrapping_add(1) & self.transition_len().wrapping_sub(1)
    }

    /// The filter's bytes.
    pub(super) fn filter<'b>(&self, bytes: Bytes<'b>) -> &'b [u8] {
        let start = HEADER_NUMBERS.saturating_mul(NUMBER_LEN);
        bytes.slice(start, self.filter_len()).unwrap_or(&[])
    }

    /// The bytes of the filter of what goes on a phrase.
    pub(super) fn follow<'b>(&self, bytes: Bytes<'b>) -> &'b [u8] {
        bytes
            .slice(self.at.follow, self.follow_len())
            .unwrap_or(&[])
    }

    /// A bucket and the one behind it, where its tokens end.
    #[inline]
    pub(super) fn bucket(&self, bytes: Bytes<'_>, number: usize) -> Option<(Bucket, Bucket)> {
        if number >= self.bucket_count() {
            return None;
        }
        let [first, offset, last, end] =
            numbers(bytes, record(self.at.buckets, number, BUCKET_LEN)?)?;
        let next = Bucket {
            first: last,
            offset: end,
        };
        Some((Bucket { first, offset }, next))
    }

    /// Bytes of the pool.
    #[inline]
    pub(super) fn pool<'b>(&self, bytes: Bytes<'b>, from: usize, to: usize) -> Option<&'b [u8]> {
        bytes.slice(self.at.pool.checked_add(from)?, to.checked_sub(from)?)
    }

    /// Where the outputs of a state begin and end.
    #[inline]
    pub(super) fn state_outputs(&self, bytes: Bytes<'_>, state: usize) -> Option<(usize, usize)> {
        if state >= self.states {
            return None;
        }
        let at = record(self.at.states, state, NUMBER_LEN)?;
        Some((bytes.u32(at)?, bytes.u32(at.checked_add(NUMBER_LEN)?)?))
    }

    /// Per state where its outputs begin, and behind the last one's.
    pub(super) fn output_starts<'b>(&self, bytes: Bytes<'b>) -> impl Iterator<Item = u32> + 'b {
        let length = self.states.saturating_add(1).saturating_mul(NUMBER_LEN);
        every(bytes, self.at.states, length)
    }

    /// How a state is linked.
    #[inline]
    pub(super) fn link(&self, bytes: Bytes<'_>, state: usize) -> Option<Link> {
        if state <= self.tokens {
            return Some(Link {
                depth: usize::from(state != 0),
                ..Link::default()
            });
        }
        if state >= self.states {
            return None;
        }
        let deep = state.checked_sub(self.tokens)?.checked_sub(1)?;
        let [fail, next_output, depth, parent] =
            numbers(bytes, record(self.at.links, deep, LINK_LEN)?)?;
        Some(Link {
            fail,
            next_output,
            depth,
            parent,
        })
    }

    #[inline]
    pub(super) fn transition(&self, bytes: Bytes<'_>, slot: usize) -> Option<Transition> {
        let at = record(self.at.transitions, slot, TRANSITION_LEN)?;
        Some(Transition {
            state: bytes.u32(at)?,
            label: bytes.u32(at.checked_add(4)?)?,
            target: bytes.u32(at.checked_add(8)?)?,
        })
    }

    #[inline]
    pub(super) fn output(&self, bytes: Bytes<'_>, number: usize) -> Option<Output> {
        if number >= self.outputs {
            return None;
        }
        Output::decode(bytes.u32(record(self.at.outputs, number, NUMBER_LEN)?)?)
    }

    /// All outputs; `None` for one of unknown kind.
    pub(super) fn all_outputs<'b>(
        &self,
        bytes: Bytes<'b>,
    ) -> impl Iterator<Item = Option<Output>> + 'b {
        let length = self.outputs.saturating_mul(NUMBER_LEN);
        let all = every(bytes, self.at.outputs, length);
        all.map(|number| Output::decode(usize::try_from(number).ok()?))
    }

    pub(super) fn word(&self, bytes: Bytes<'_>, number: usize) -> Option<WordRecord> {
        if number >= self.words {
            return None;
        }
        let [offset, length, first_use, uses] =
            numbers(bytes, record(self.at.words, number, WORD_LEN)?)?;
        Some(WordRecord {
            offset,
            length,
            first_use,
            uses,
        })
    }

    pub(super) fn word_use(&self, bytes: Bytes<'_>, number: usize) -> Option<Use> {
        let at = record(self.at.uses, number, NUMBER_LEN)?;
        Some(Use {
            guardrail: usize::from(bytes.u16(at)?),
            input: EntryAction::from_number(bytes.u8(at.checked_add(2)?)?)?,
            output: EntryAction::from_number(bytes.u8(at.checked_add(3)?)?)?,
        })
    }

    /// The text of `length` bytes from `offset` of the pool.
    pub(super) fn text<'b>(
        &self,
        bytes: Bytes<'b>,
        offset: usize,
        length: usize,
    ) -> Option<&'b str> {
        core::str::from_utf8(bytes.slice(self.at.pool.checked_add(offset)?, length)?).ok()
    }
}

#[inline]
fn record(start: usize, number: usize, length: usize) -> Option<usize> {
    start.checked_add(number.checked_mul(length)?)
}

/// The four numbers at `at`.
#[inline]
fn numbers(bytes: Bytes<'_>, at: usize) -> Option<[usize; 4]> {
    // One check of the bounds for all four.
    let record: [u8; 16] = *bytes.slice(at, 16)?.first_chunk()?;
    let (numbers, _) = record.as_chunks::<4>();
    let [a, b, c, d] = *numbers.first_chunk()?;
    let number = |bytes| usize::try_from(u32::from_le_bytes(bytes)).ok();
    Some([number(a)?, number(b)?, number(c)?, number(d)?])
}

/// The numbers in `length` bytes from `at`.
fn every(bytes: Bytes<'_>, at: usize, length: usize) -> impl Iterator<Item = u32> {
    let (numbers, _) = bytes.slice(at, length).unwrap_or(&[]).as_chunks::<4>();
    numbers.iter().map(|&number| u32::from_le_bytes(number))
}
