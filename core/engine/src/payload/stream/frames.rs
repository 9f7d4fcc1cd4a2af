//! AWS's binary event stream (`application/vnd.amazon.eventstream`): messages of a prelude (total length,
//! length of the headers, CRC-32 of both), headers, payload and a CRC-32 of all before it.

use alloc::string::String;
use alloc::vec::Vec;

use super::super::error::{PayloadError, Problem};
use super::MAX_EVENT_BYTES;

const PRELUDE: usize = 12;
const CHECKSUM: usize = 4;

/// A message as it came.
#[derive(Clone, Debug, Default)]
pub(super) struct Message {
    /// The headers' bytes.
    pub(super) headers: Vec<u8>,
    /// The payload.
    pub(super) payload: Vec<u8>,
    /// The header `:event-type`, of a message that is an event.
    pub(super) event_type: Option<String>,
}

/// Finds the ends of messages.
#[derive(Debug, Default)]
pub(super) struct MessageParser {
    bytes: Vec<u8>,
}

impl MessageParser {
    /// Takes bytes up to the end of a message: how many, and the message if it ended.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(usize, Option<Message>), PayloadError> {
        let missing = PRELUDE.saturating_sub(self.bytes.len()).min(bytes.len());
        let (prelude, rest) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
        self.bytes.extend_from_slice(prelude);
        if self.bytes.len() < PRELUDE {
            return Ok((missing, None));
        }
        let (total, headers) = self.prelude()?;
        let missing = total.saturating_sub(self.bytes.len()).min(rest.len());
        self.bytes
            .extend_from_slice(rest.get(..missing).unwrap_or(&[]));
        let used = prelude.len().saturating_add(missing);
        if self.bytes.len() < total {
            return Ok((used, None));
        }
        let message = read(&core::mem::take(&mut self.bytes), headers)?;
        Ok((used, Some(message)))
    }

    /// Says whether the stream may end here.
    pub(super) fn finish(&self) -> Result<(), PayloadError> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        Err(wrong("the stream ends inside of a message"))
    }

    fn prelude(&self) -> Result<(usize, usize), PayloadError> {
        let total = number(&self.bytes, 0);
        let headers = number(&self.bytes, 4);
        if crc32(self.bytes.get(..8).unwrap_or(&[])) != word(&self.bytes, 8) {
            return Err(wrong("the checksum of a message's prelude is wrong"));
        }
        if total > MAX_EVENT_BYTES {
            return Err(PayloadError::new(Problem::EventTooLong, "a message".into()));
        }
        let least = headers.checked_add(PRELUDE.saturating_add(CHECKSUM));
        if least.is_none_or(|least| least > total) {
            return Err(wrong("a message is shorter than its headers"));
        }
        Ok((total, headers))
    }
}

fn read(bytes: &[u8], headers: usize) -> Result<Message, PayloadError> {
    let end = bytes.len().saturating_sub(CHECKSUM);
    let payload = PRELUDE.saturating_add(headers);
    if crc32(bytes.get(..end).unwrap_or(&[])) != word(bytes, end) {
        return Err(wrong("the checksum of a message is wrong"));
    }
    let headers = bytes.get(PRELUDE..payload).unwrap_or(&[]);
    let event_type =
        event_type(headers).ok_or_else(|| wrong("a message's headers are malformed"))?;
    Ok(Message {
        headers: headers.into(),
        payload: bytes.get(payload..end).unwrap_or(&[]).into(),
        event_type,
    })
}

/// The event's type; no type for exceptions and errors. `None` if the headers are malformed.
fn event_type(mut headers: &[u8]) -> Option<Option<String>> {
    let (mut event, mut name_of) = (true, None);
    while let Some((&length, rest)) = headers.split_first() {
        let (name, rest) = rest.split_at_checked(usize::from(length))?;
        let (&kind, rest) = rest.split_first()?;
        let (value, rest) = match kind {
            0 | 1 => rest.split_at_checked(0)?,
            2 => rest.split_at_checked(1)?,
            3 => rest.split_at_checked(2)?,
            4 => rest.split_at_checked(4)?,
            5 | 8 => rest.split_at_checked(8)?,
            9 => rest.split_at_checked(16)?,
            6 | 7 => {
                let (length, rest) = rest.split_first_chunk::<2>()?;
                rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?
            }
            _ => return None,
        };
        headers = rest;
        match name {
            b":message-type" => event = value == b"event",
            b":event-type" => name_of = Some(String::from(core::str::from_utf8(value).ok()?)),
            _ => {}
        }
    }
    Some(name_of.filter(|_| event))
}

/// Whether bytes begin with a prelude whose checksum is right.
pub(super) fn begins_message(bytes: &[u8]) -> bool {
    let prelude = bytes.first_chunk::<PRELUDE>();
    prelude.is_some_and(|prelude| crc32(prelude.get(..8).unwrap_or(&[])) == word(prelude, 8))
}

/// A message's bytes.
pub(super) fn write(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let body = headers.len().saturating_add(payload.len());
    let total = body.saturating_add(PRELUDE).saturating_add(CHECKSUM);
    let mut bytes = Vec::with_capacity(total);
    let word = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
    bytes.extend_from_slice(&word(total));
    bytes.extend_from_slice(&word(headers.len()));
    let checksum = crc32(&bytes);
    bytes.extend_from_slice(&checksum.to_be_bytes());
    bytes.extend_from_slice(headers);
    bytes.extend_from_slice(payload);
    let checksum = crc32(&bytes);
    bytes.extend_from_slice(&checksum.to_be_bytes());
    bytes
}

/// The headers of an event with a JSON payload.
pub(super) fn event_headers(event_type: &str) -> Vec<u8> {
    let mut headers = Vec::new();
    let fields = [
        (":event-type", event_type),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    for (name, value) in fields {
        headers.push(u8::try_from(name.len()).unwrap_or(0));
        headers.extend_from_slice(name.as_bytes());
        headers.push(7);
        let length = u16::try_from(value.len()).unwrap_or(0);
        headers.extend_from_slice(&length.to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    headers
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
    four.map_or(0, |four| u32::from_be_bytes(*four))
}

fn number(bytes: &[u8], at: usize) -> usize {
    usize::try_from(word(bytes, at)).unwrap_or(usize::MAX)
}

fn wrong(what: &'static str) -> PayloadError {
    PayloadError::new(Problem::Frame(what), "the event stream".into())
}

/// CRC-32 as in zip, four bits at a time: a table of 1 KB is not worth its bytes here.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    const STEPS: [u32; 16] = steps();
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..2 {
            let step = STEPS.get(usize::from(crc.to_le_bytes()[0] & 15));
            crc = (crc >> 4) ^ step.copied().unwrap_or(0);
        }
    }
    !crc
}

#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "run by the compiler"
)]
const fn steps() -> [u32; 16] {
    let mut table = [0; 16];
    let mut entry = 0;
    while entry < 16 {
        let mut crc = entry as u32;
        let mut bit = 0;
        while bit < 4 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
            bit += 1;
        }
        table[entry] = crc;
        entry += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn checksums_are_those_of_zip() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    /// The empty message and the one with a single string header of AWS's own test vectors.
    #[test]
    fn writes_what_aws_publishes() {
        let empty = [
            0, 0, 0, 16, 0, 0, 0, 0, 5, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff,
        ];
        assert_eq!(write(&[], &[]), empty);
    }

    #[test]
    fn finds_messages_whatever_the_cut() {
        let one = write(&event_headers("contentBlockDelta"), b"{\"a\":1}");
        let two = write(b"\x03abc\x01\x0d:message-type\x07\x00\x09exception", b"x");
        let stream = [&one[..], &two].concat();
        for cut in 1..=stream.len() {
            let mut parser = MessageParser::default();
            let mut found = Vec::new();
            for mut chunk in stream.chunks(cut) {
                while !chunk.is_empty() {
                    let (used, message) = parser.push(chunk).unwrap();
                    chunk = &chunk[used..];
                    found.extend(message);
                }
            }
            parser.finish().unwrap();
            assert_eq!(found.len(), 2, "{cut}");
            assert_eq!(found[0].event_type.as_deref(), Some("contentBlockDelta"));
            assert_eq!(found[0].payload, b"{\"a\":1}");
            assert_eq!(found[1].event_type, None);
            assert_eq!(write(&found[1].headers, &found[1].payload), two);
        }
    }

    #[test]
    fn refuses_what_is_malformed() {
        let good = write(&event_headers("x"), b"{}");
        let error = |bytes: &[u8]| {
            MessageParser::default()
                .push(bytes)
                .unwrap_err()
                .to_string()
        };
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x40;
            let error = error(&bad);
            assert!(
                error.starts_with("the event stream: the checksum"),
                "{at}: {error}"
            );
        }
        let long = [0x7f, 0, 0, 0, 0, 0, 0, 0];
        let long = [&long[..], &crc32(&long).to_be_bytes()].concat();
        assert!(error(&long).contains("longer than the limit"));
        let short = [0, 0, 0, 16, 0, 0, 0, 9];
        let short = [&short[..], &crc32(&short).to_be_bytes()].concat();
        assert!(error(&short).contains("shorter than its headers"));
        for headers in [&b"\x09ab"[..], b"\x01a\x07\x00\x09ab", b"\x01a\x63"] {
            assert!(error(&write(headers, b"")).contains("headers are malformed"));
        }
        let mut parser = MessageParser::default();
        parser.push(&good[..9]).unwrap();
        assert!(parser.finish().is_err());
    }
}
