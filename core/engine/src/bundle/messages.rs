use alloc::string::String;
use alloc::vec::Vec;

use super::{BundleError, Bytes};

/// The strings of the `messages` section: count u32, then per string its length u32 and its UTF-8.
#[derive(Debug)]
pub(crate) struct Messages(Vec<String>);

impl Messages {
    pub(crate) fn read(section: &[u8]) -> Result<Messages, BundleError> {
        let malformed = || BundleError::Section("messages", "is cut short or not UTF-8");
        let bytes = Bytes::new(section);
        let count = bytes.u32(0).ok_or_else(malformed)?;
        let mut at: usize = 4;
        let mut messages = Vec::new();
        for _ in 0..count {
            let length = bytes.u32(at).ok_or_else(malformed)?;
            let start = at.saturating_add(4);
            let text = bytes.slice(start, length).ok_or_else(malformed)?;
            let text = core::str::from_utf8(text).map_err(|_| malformed())?;
            messages.push(String::from(text));
            at = start.saturating_add(length);
        }
        if at == section.len() {
            Ok(Messages(messages))
        } else {
            Err(malformed())
        }
    }

    pub(crate) fn text(&self, number: usize) -> Option<&str> {
        self.0.get(number).map(String::as_str)
    }
}
