//! Text as matchers see it: the normalised view with its way back to the original, case folding and
//! tokens.

mod block;
mod find;
mod fold;
mod growing;
mod normalize;
#[cfg(test)]
mod tests;
mod token;
mod unicode;
mod view;

pub(crate) use block::{Block, eight, first};
pub(crate) use find::{contains, find};
pub use fold::fold_into;
pub(crate) use fold::lowercase;
pub(crate) use growing::Growing;
#[allow(
    unused_imports,
    reason = "for the pass over ASCII text, which reads bytes itself"
)]
pub(crate) use token::ASCII_CLASS;
pub use token::{CharClass, Shape, Token, TokenKind, Tokens, class};
pub(crate) use unicode::{
    decompose, is_alphabetic, is_alphanumeric, is_lowercase, is_numeric, is_uppercase,
};
pub use view::{MIN_VIEW_LIMIT, View, ViewError};
