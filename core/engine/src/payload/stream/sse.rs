//! Server-sent events, cut out of a stream of bytes with every byte kept.

use alloc::string::String;
use alloc::vec::Vec;

use super::super::error::{PayloadError, Problem};
use super::super::text::Piece;
use super::MAX_EVENT_BYTES;

/// An event as it came.
#[derive(Clone, Debug, Default)]
pub(super) struct SseEvent {
    /// All its bytes, the blank line included.
    pub(super) raw: Vec<u8>,
    /// The values of its `data` lines, joined with line feeds.
    pub(super) data: String,
    /// Where the lines of the data stand in the bytes.
    pub(super) pieces: Vec<Piece>,
}

/// Finds the ends of events. Lines end with CR, LF or both; a blank line ends an event.
#[derive(Debug, Default)]
pub(super) struct SseParser {
    event: SseEvent,
    /// Where the current line begins in the event's bytes.
    line: usize,
    has_data: bool,
    /// The last byte was a CR, whose LF may follow.
    after_cr: bool,
    begun: bool,
}

impl SseParser {
    /// Takes bytes up to the end of an event: how many, and the event if it ended.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(usize, Option<SseEvent>), PayloadError> {
        for (place, &byte) in bytes.iter().enumerate() {
            self.event.raw.push(byte);
            if self.event.raw.len() > MAX_EVENT_BYTES {
                return Err(PayloadError::new(Problem::EventTooLong, "an event".into()));
            }
            let follows_cr = core::mem::replace(&mut self.after_cr, byte == b'\r');
            if byte == b'\n' && follows_cr {
                self.line = self.event.raw.len();
            } else if matches!(byte, b'\n' | b'\r') && self.end_line(1)? {
                return Ok((place.saturating_add(1), Some(self.take())));
            }
        }
        Ok((bytes.len(), None))
    }

    /// What is left when the stream ends. Clients differ in whether they read an event without its blank
    /// line, so that it has to be guarded like any other.
    pub(super) fn finish(&mut self) -> Result<Option<SseEvent>, PayloadError> {
        self.end_line(0)?;
        Ok((!self.event.raw.is_empty()).then(|| self.take()))
    }

    fn take(&mut self) -> SseEvent {
        self.line = 0;
        self.has_data = false;
        core::mem::take(&mut self.event)
    }

    /// Reads the line that ends before the last `ending` bytes: whether it ends the event.
    fn end_line(&mut self, ending: usize) -> Result<bool, PayloadError> {
        let end = self.event.raw.len().saturating_sub(ending);
        let start = self.line;
        self.line = self.event.raw.len();
        let mut line = self.event.raw.get(start..end).unwrap_or(&[]);
        let mut from = start;
        if !core::mem::replace(&mut self.begun, true) && line.starts_with(b"\xef\xbb\xbf") {
            line = line.get(3..).unwrap_or(&[]);
            from = from.saturating_add(3);
        }
        if line.is_empty() {
            return Ok(true);
        }
        let Some(mut value) = line.strip_prefix(b"data") else {
            return Ok(false);
        };
        from = from.saturating_add(4);
        match value.strip_prefix(b":") {
            Some(rest) => {
                value = rest.strip_prefix(b" ").unwrap_or(rest);
                from = end.saturating_sub(value.len());
            }
            None if value.is_empty() => {}
            // Another field whose name begins the same.
            None => return Ok(false),
        }
        let value = core::str::from_utf8(value)
            .map_err(|_| PayloadError::new(Problem::NotUtf8, "an event".into()))?;
        if core::mem::replace(&mut self.has_data, true) {
            self.event.data.push('\n');
        }
        self.event.pieces.push(Piece {
            text: self.event.data.len(),
            text_bytes: value.len(),
            raw: from,
            raw_bytes: value.len(),
        });
        self.event.data.push_str(value);
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(stream: &[u8], cut: usize) -> Vec<SseEvent> {
        let mut parser = SseParser::default();
        let mut events = Vec::new();
        for mut chunk in stream.chunks(cut) {
            while !chunk.is_empty() {
                let (used, event) = parser.push(chunk).unwrap();
                chunk = &chunk[used..];
                events.extend(event);
            }
        }
        events.extend(parser.finish().unwrap());
        events
    }

    #[test]
    fn finds_events_whatever_the_cut_and_keeps_every_byte() {
        let stream = "\u{feff}: comment\r\ndata: a\r\ndata:b\r\n\r\nevent: x\rdata:  c \u{e9}\r\rid: 7\nretry: 5\n\n\n\
            data\ndatabase: no\ndata:\ndata: d\n\ndata: e";
        for cut in 1..=stream.len() {
            let events = events(stream.as_bytes(), cut);
            let data: Vec<_> = events.iter().map(|event| &*event.data).collect();
            assert_eq!(data, ["a\nb", " c \u{e9}", "", "", "\n\nd", "e"], "{cut}");
            let raw: Vec<u8> = events.iter().flat_map(|event| event.raw.clone()).collect();
            assert_eq!(raw, stream.as_bytes());
            for event in &events {
                for piece in &event.pieces {
                    let raw = &event.raw[piece.raw..piece.raw + piece.raw_bytes];
                    let text = &event.data[piece.text..piece.text + piece.text_bytes];
                    assert_eq!(raw, text.as_bytes());
                }
            }
        }
    }

    #[test]
    fn refuses_what_is_no_text() {
        assert!(SseParser::default().push(b"data: \xff\n").is_err());
    }
}
