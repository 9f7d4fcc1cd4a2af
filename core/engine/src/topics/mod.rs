//! Denied topics and prompt attacks: distinct keywords within a window of words add up to a score.
//!
//! The dictionary finds the *forms* in which keywords stand in a text; the section `topics` says which
//! keywords a form is of, and which *rule* of which topic a keyword serves. A rule counts while all of its
//! `all` keywords and none of its `not` keywords are in the window; it is then worth its weight, or the
//! weights of those of its `any` keywords that are in the window. A topic is detected where the sum of its
//! rules first reaches its threshold, and only what stands before that place has a say, so that a stream
//! decides as one shot does. Prompt attacks are one more topic, with a threshold for each confidence.
//!
//! Section layout, little-endian:
//!
//! ```text
//! header       6 numbers u32: topics, rules, keywords, forms, uses, bytes of the pool
//! topics       thresholds 3 × u16 (rising, 0 = none), window u16, first rule u32, rules u32
//! rules        first keyword u32, all u16, any u16, not u16, near u16, weight u16, group u16, topic u32
//! keywords     rule u32, name's pool offset u32, its length u16, weight u16
//! forms        first use u32, uses u16, words u16
//! uses         keyword u32, its topic u16, its weight u16
//! pool         UTF-8
//! ```
//!
//! A rule's keywords stand together: those of `all`, then `any`, then `not`. A keyword's weight is what its
//! topic's score cannot have without it: of a rule with `all` alone, one of its keywords has the rule's weight.

mod layout;
mod score;

pub use layout::{MAX_KEYWORDS, TopicLayout, Topics};
pub use score::{Explanation, KeywordPlace};
pub(crate) use score::{KeywordHit, Scores, detect};

/// Thresholds a topic may have: denied topics have one, prompt attacks one for each confidence.
pub const LEVELS: usize = 3;
