//! Text out of bytes and units that are cut anywhere.

use core::str;

/// What of a character is still to come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Decoder {
    bytes: [u8; 4],
    length: usize,
    surrogate: Option<u16>,
}

impl Decoder {
    /// How many bytes or units wait for the rest of their character, in bytes of UTF-8.
    pub(super) const fn held(&self) -> usize {
        match self.surrogate {
            Some(_) => 3,
            None => self.length,
        }
    }

    /// Takes UTF-8 and gives the text of it; `None` where it is none, once for each sequence that Unicode
    /// advises to replace by one U+FFFD.
    pub(super) fn utf8(&mut self, bytes: &[u8], mut text: impl FnMut(Option<&str>)) {
        if self.surrogate.take().is_some() {
            text(None);
        }
        let mut rest = bytes;
        while self.length > 0
            && let [first, tail @ ..] = rest
        {
            if let Some(slot) = self.bytes.get_mut(self.length) {
                *slot = *first;
            }
            let have = self
                .bytes
                .get(..self.length.saturating_add(1))
                .unwrap_or(&[]);
            match str::from_utf8(have) {
                Ok(character) => {
                    text(Some(character));
                    self.length = 0;
                    rest = tail;
                }
                Err(error) if error.error_len().is_none() => {
                    self.length = self.length.saturating_add(1);
                    rest = tail;
                }
                // The byte belongs to no character that the others begin.
                Err(_) => {
                    text(None);
                    self.length = 0;
                }
            }
        }
        // Nearly all pieces are whole text.
        if let Ok(whole) = str::from_utf8(rest) {
            if !whole.is_empty() {
                text(Some(whole));
            }
            return;
        }
        for chunk in rest.utf8_chunks() {
            if !chunk.valid().is_empty() {
                text(Some(chunk.valid()));
            }
            let invalid = chunk.invalid();
            if invalid.is_empty() {
                continue;
            }
            let incomplete = str::from_utf8(invalid).is_err_and(|e| e.error_len().is_none());
            let last = invalid.as_ptr_range().end == rest.as_ptr_range().end;
            match self.bytes.get_mut(..invalid.len()) {
                Some(slot) if incomplete && last => {
                    slot.copy_from_slice(invalid);
                    self.length = invalid.len();
                }
                _ => text(None),
            }
        }
    }

    /// Takes UTF-16 and gives the text of it; `None` for each surrogate without its other half.
    pub(super) fn utf16(&mut self, units: &[u16], mut text: impl FnMut(Option<&str>)) {
        if core::mem::take(&mut self.length) > 0 {
            text(None);
        }
        let mut units = self
            .surrogate
            .take()
            .into_iter()
            .chain(units.iter().copied())
            .peekable();
        let mut run = alloc::string::String::new();
        while let Some(unit) = units.next() {
            let high = (0xD800..0xDC00).contains(&unit);
            if high && units.peek().is_none() {
                self.surrogate = Some(unit);
                break;
            }
            let low = units
                .peek()
                .copied()
                .filter(|low| high && (0xDC00..0xE000).contains(low));
            let pair = [unit, low.unwrap_or(0)];
            let used = if low.is_some() { 2 } else { 1 };
            let decoded = char::decode_utf16(pair.into_iter().take(used)).next();
            match decoded {
                Some(Ok(c)) => {
                    run.push(c);
                    if low.is_some() {
                        units.next();
                    }
                }
                _ => {
                    if !run.is_empty() {
                        text(Some(&run));
                        run.clear();
                    }
                    text(None);
                }
            }
        }
        if !run.is_empty() {
            text(Some(&run));
        }
    }

    /// Ends the text: a character that is not whole is none.
    pub(super) fn finish(&mut self, mut text: impl FnMut(Option<&str>)) {
        if core::mem::take(self).held() > 0 {
            text(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;

    fn lossy(
        decoder: &mut Decoder,
        feed: impl FnOnce(&mut Decoder, &mut dyn FnMut(Option<&str>)),
    ) -> String {
        let mut out = String::new();
        feed(decoder, &mut |text| {
            out.push_str(text.unwrap_or("\u{fffd}"))
        });
        out
    }

    /// Bytes cut in two anywhere, or one by one, decode as the whole does.
    #[test]
    fn utf8_may_be_cut_anywhere() {
        let texts: [&[u8]; 6] = [
            "a\u{e9}\u{20ac}\u{1f600}z".as_bytes(),
            b"\xff\xfea\xe2\x82",
            b"\xf0\x9f\x98x\xf0\x9f",
            b"\xe2\x28\xa1\xed\xa0\x80",
            b"\xc0\xaf\xf5",
            b"",
        ];
        for text in texts {
            let whole = String::from_utf8_lossy(text);
            let mut cuts: Vec<Vec<&[u8]>> = (0..=text.len())
                .map(|at| [&text[..at], &text[at..]].into())
                .collect();
            cuts.push(text.chunks(1).collect());
            for cut in cuts {
                let mut decoder = Decoder::default();
                let mut out = String::new();
                for piece in &cut {
                    out += &lossy(&mut decoder, |d, text| d.utf8(piece, text));
                }
                out += &lossy(&mut decoder, |d, text| d.finish(text));
                assert_eq!(out, whole, "{cut:?}");
            }
        }
    }

    #[test]
    fn utf16_may_be_cut_anywhere() {
        let texts: [&[u16]; 4] = [
            &[0x61, 0xd83d, 0xde00, 0x7a],
            &[0xd83d, 0x61],
            &[0xde00, 0xd83d],
            &[0xd83d, 0xd83d, 0xde00],
        ];
        for text in texts {
            let whole = String::from_utf16_lossy(text);
            for at in 0..=text.len() {
                let mut decoder = Decoder::default();
                let mut out = lossy(&mut decoder, |d, t| d.utf16(&text[..at], t));
                out += &lossy(&mut decoder, |d, t| d.utf16(&text[at..], t));
                out += &lossy(&mut decoder, |d, t| d.finish(t));
                assert_eq!(out, whole, "{text:x?} at {at}");
            }
        }
    }

    #[test]
    fn a_character_begun_in_one_form_does_not_end_in_the_other() {
        let mut decoder = Decoder::default();
        assert_eq!(lossy(&mut decoder, |d, t| d.utf8(b"\xe2\x82", t)), "");
        assert_eq!(decoder.held(), 2);
        assert_eq!(lossy(&mut decoder, |d, t| d.utf16(&[0x61], t)), "\u{fffd}a");
        assert_eq!(lossy(&mut decoder, |d, t| d.utf16(&[0xd83d], t)), "");
        assert_eq!(lossy(&mut decoder, |d, t| d.utf8(b"b", t)), "\u{fffd}b");
    }
}
