//! How much each entry of a bundle can hold back, by what the bundle says of it.

use alloc::vec::Vec;

use super::Holder;
use crate::engine::Engine;
use crate::pii::{CONTEXT_AFTER, PiiType};
use crate::request::Source;
use crate::sort;

/// What an entry can hold back at most while nothing is decided about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldbackEstimate {
    /// The entry.
    pub holder: Holder,
    /// Bytes of text; `None` if there is no limit but the stream's cap.
    pub bytes: Option<usize>,
}

impl Holder {
    /// What holds, by the name it has in the engine's bundle.
    #[must_use]
    pub fn name(self, engine: &Engine) -> &str {
        match self {
            Holder::Token => "the last word",
            Holder::Phrase => "phrases",
            Holder::Label => "labels of several words",
            Holder::Substring => "words inside tokens",
            Holder::Mask => "overlapping masks",
            Holder::Pii(ty) => ty.name(),
            Holder::Regex(automaton) => {
                let guardrails = engine.policy().guardrails.iter();
                let mut regexes = guardrails.flat_map(|guardrail| &guardrail.regexes);
                let entry = regexes.find(|entry| entry.automaton == automaton);
                entry.map_or("", |entry| &entry.name)
            }
        }
    }
}

impl Engine {
    /// What each entry that is evaluated on streams of `source` can hold back, most first. The figures are
    /// those of the longest value and the context behind it; what chat really has is in
    /// [`super::StreamStats`].
    #[must_use]
    pub fn holdback(&self, source: Source) -> Vec<HoldbackEstimate> {
        let direction = self.direction(source);
        let mut all = Vec::new();
        let mut add = |holder, bytes| all.push(HoldbackEstimate { holder, bytes });
        for (automaton, _) in direction
            .regexes
            .iter()
            .enumerate()
            .filter(|(_, wanted)| **wanted)
        {
            add(Holder::Regex(automaton), self.regexes().longest(automaton));
        }
        for ty in PiiType::ALL
            .into_iter()
            .filter(|ty| direction.plan.has(*ty))
        {
            add(Holder::Pii(ty), longest(ty));
        }
        if let Some(substrings) = self.substrings() {
            add(Holder::Substring, Some(substrings.reach()));
        }
        let dictionary = self.dictionary();
        let words = (0..dictionary.layout().words).map(|word| dictionary.word_text(word));
        let phrases = words.filter(|text| text.contains(char::is_whitespace));
        if let Some(longest) = phrases.map(str::len).max() {
            add(Holder::Phrase, Some(longest));
        }
        sort::by_key(&mut all, |estimate| {
            let bytes = estimate.bytes.unwrap_or(usize::MAX);
            (core::cmp::Reverse(bytes), estimate.holder)
        });
        all
    }
}

/// The longest value of a type and the context behind it that is waited for; `None` if the value may be
/// longer than any cap.
const fn longest(ty: PiiType) -> Option<usize> {
    let value: usize = match ty {
        PiiType::Url => return None,
        PiiType::Email => 320,
        PiiType::Address => 256,
        PiiType::Password => 192,
        PiiType::Name | PiiType::Username => 96,
        PiiType::InternationalBankAccountNumber | PiiType::Phone => 48,
        PiiType::IpAddress | PiiType::AwsSecretKey => 64,
        // A number may stand before its label.
        _ => 52,
    };
    Some(value.saturating_add(CONTEXT_AFTER))
}
