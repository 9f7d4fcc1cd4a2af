//! A TUF 1.0 client without I/O.
//!
//! [`Client`] follows the client workflow of the TUF specification 1.0.34 (section 5). It asks for bytes
//! by [`Step`]s — read a stored file, fetch a path, store a file — and is fed [`Answer`]s, so that browsers,
//! workers and hosts drive the same code with their own storage and network.
//!
//! ```
//! use edgerail_trust::{Answer, Client, Error, Limits, RoleId, Step};
//!
//! # fn demo(root: &[u8], now: u64,
//! #     load: impl Fn(&str) -> Option<Vec<u8>>,
//! #     fetch: impl Fn(&str, u64) -> Option<Vec<u8>>,
//! #     mut store: impl FnMut(&str, Option<&[u8]>)) -> Result<(), Error> {
//! let mut client = Client::new(root, Limits::default())?;
//! client.refresh(Some(now));
//! loop {
//!     match client.step()? {
//!         Step::Load { file } => match load(&file) {
//!             Some(bytes) => client.answer(Answer::Bytes(&bytes)),
//!             None => client.answer(Answer::Absent),
//!         },
//!         Step::Fetch { path, max_bytes } => match fetch(&path, max_bytes) {
//!             Some(bytes) => client.answer(Answer::Bytes(&bytes)),
//!             None => client.answer(Answer::Absent),
//!         },
//!         Step::Store { file, bytes } => {
//!             store(&file, Some(&bytes));
//!             client.answer(Answer::Done);
//!         }
//!         Step::Remove { file } => {
//!             store(&file, None);
//!             client.answer(Answer::Done);
//!         }
//!         Step::Done => break,
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Untrusted input
//!
//! All that is read is hostile until its signatures are checked, stored files too. The crate forbids unsafe
//! code and, by lints, panics, unchecked indexing and unchecked arithmetic. The crate is `no_std` and needs
//! `alloc`.
#![no_std]
#![forbid(unsafe_code)]
// What is read is hostile: nothing in this crate may panic, index unchecked or overflow.
#![deny(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::unreachable,
    clippy::as_conversions
)]
#![cfg_attr(
    test,
    allow(
        clippy::panic,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects,
        clippy::as_conversions
    )
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod activation;
mod client;
pub mod date;
mod envelope;
mod error;
pub mod glob;
pub mod json;
mod key;
mod schema;
mod sort;
mod target;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;

pub use client::{Answer, Client, ISSUED_AHEAD, Limits, RoleId, Step};
pub use error::{Code, Details, Error};
pub use target::{Hashes, Target, Verifier};
