//! Messages of errors.

use alloc::string::String;

use crate::json::write_number;

/// A message out of texts, each with the number behind it, if there is one. The browser's module does not link
/// the standard library's formatting, which is larger than all messages.
pub(crate) fn message(parts: &[(&str, Option<u64>)]) -> String {
    let mut message = String::new();
    for &(text, number) in parts {
        message.push_str(text);
        if let Some(number) = number {
            write_number(&mut message, number);
        }
    }
    message
}

/// A number of bytes or of things.
pub(crate) fn size(number: usize) -> Option<u64> {
    u64::try_from(number).ok()
}
