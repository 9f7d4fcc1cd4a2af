//! The first glance at a text: which stretches of it deserve the scan. It looks at every byte and has no
//! branch per byte, so that compilers make vector code of it; clean prose costs little more than this.

/// Bytes that are judged together.
const BLOCK: usize = 64;
/// How many bytes behind a block are looked at with it: patterns may begin at its end.
const AHEAD: usize = 8;
/// The longest chunk of a row of single letters: a letter with punctuation around it.
const SINGLE: usize = 4;
/// How far an announced address may stand behind its announcement, in bytes.
const ANNOUNCED: usize = 192;

/// The next stretch of `text` from `from` on that may hold an evasion; it begins and ends at blanks or at
/// the ends of the text. With `addresses`, spelled-out addresses count.
pub(super) fn next(text: &str, from: usize, addresses: bool) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        let mut block = [b' '; BLOCK + AHEAD];
        let rest = bytes.get(at..).unwrap_or(&[]);
        let suspicious = match rest.first_chunk::<{ BLOCK + AHEAD }>() {
            Some(whole) => judge(whole),
            None => {
                let (head, _) = block.split_at_mut_checked(rest.len()).unwrap_or_default();
                head.copy_from_slice(rest);
                judge(&block)
            }
        };
        if suspicious.any || (addresses && suspicious.mail) {
            let start = text.get(from..at).and_then(|before| before.rfind(is_blank));
            let start = start.map_or(from, |blank| from.saturating_add(blank));
            let length = if suspicious.mail { ANNOUNCED } else { BLOCK };
            let end = chunk_end(text, at.saturating_add(length));
            // Rows of single letters and their like run over blocks: what follows belongs to it.
            return Some((start, extended(text, end, addresses)));
        }
        at = at.saturating_add(BLOCK);
    }
    None
}

/// The end of the stretch that goes on at `end` as long as blocks are suspicious.
fn extended(text: &str, mut end: usize, addresses: bool) -> usize {
    loop {
        end = row_end(text, end);
        let rest = text.as_bytes().get(end..).unwrap_or(&[]);
        if rest.is_empty() {
            return end;
        }
        let mut block = [b' '; BLOCK + AHEAD];
        let seen = rest.len().min(block.len());
        let (head, _) = block.split_at_mut_checked(seen).unwrap_or_default();
        head.copy_from_slice(rest.get(..seen).unwrap_or(&[]));
        let suspicious = judge(&block);
        let goes_on = suspicious.any || (addresses && suspicious.mail);
        if !goes_on {
            return end;
        }
        end = chunk_end(text, end.saturating_add(BLOCK));
    }
}

/// The end of the short chunks behind `end`: they may belong to a row of single letters.
fn row_end(text: &str, mut end: usize) -> usize {
    loop {
        let rest = text.as_bytes().get(end..).unwrap_or(&[]);
        let blanks = rest
            .iter()
            .take_while(|byte| is_blank(char::from(**byte)))
            .count();
        let start = end.saturating_add(blanks);
        let next = chunk_end(text, start);
        if next == start || next.saturating_sub(start) > SINGLE {
            return end;
        }
        end = next;
    }
}

/// The first blank from `at` on, or the end of the text.
fn chunk_end(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    let rest = text.as_bytes().get(at..).unwrap_or(&[]);
    let length = rest.iter().position(|byte| is_blank(char::from(*byte)));
    length.map_or(text.len(), |length| at.saturating_add(length))
}

const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\n' | '\t' | '\r')
}

#[derive(Clone, Copy)]
struct Suspicious {
    any: bool,
    mail: bool,
}

/// Whether a block deserves a scan: a byte beyond ASCII, an escape, a sign or a digit beside a letter, a
/// capital behind a small letter, three equal letters, eight digits, single characters in a row. And
/// whether it speaks of mail.
fn judge(block: &[u8; BLOCK + AHEAD]) -> Suspicious {
    // Per byte 1 or 0.
    let mut letter = [0_u8; BLOCK + AHEAD];
    let mut digit = [0_u8; BLOCK + AHEAD];
    // Signs that stand for letters wherever they stand, and those that do within a word only.
    let mut strong = [0_u8; BLOCK + AHEAD];
    let mut weak = [0_u8; BLOCK + AHEAD];
    let mut hits = 0_u8;
    let lists = letter
        .iter_mut()
        .zip(&mut digit)
        .zip(&mut strong)
        .zip(&mut weak);
    for (byte, (((letter, digit), strong), weak)) in block.iter().zip(lists) {
        let byte = *byte;
        *letter = u8::from((byte | 0x20).wrapping_sub(b'a') < 26);
        *digit = u8::from(byte.wrapping_sub(b'0') < 10);
        *strong = u8::from(byte == b'$') | u8::from(byte == b'@');
        *weak = u8::from(byte == b'!')
            | u8::from(byte == b'|')
            | u8::from(byte == b'+')
            | u8::from(byte == b'(');
        hits |= u8::from(byte >= 0x80)
            | u8::from(byte == b'%')
            | u8::from(byte == b'&')
            | u8::from(byte == b'\\')
            | u8::from(byte == b'[')
            | u8::from(byte == b'{');
    }
    let mut mail = 0_u8;
    for at in 0..BLOCK {
        let part = |list: &[u8; BLOCK + AHEAD], ahead: usize| -> u8 {
            list.get(at.wrapping_add(ahead)).copied().unwrap_or(0)
        };
        let byte = |ahead| part(block, ahead);
        let (l, d) = (|ahead| part(&letter, ahead), |ahead| part(&digit, ahead));
        let (s, w) = (|ahead| part(&strong, ahead), |ahead| part(&weak, ahead));
        let word = |ahead| l(ahead) | d(ahead);
        let gap = |ahead| 1 ^ word(ahead);
        let lower = |ahead| (byte(ahead) >> 5) & 1;
        // Digits and signs beside letters, and in words.
        hits |= (l(0) & (d(1) | s(1))) | ((d(0) | s(0)) & l(1));
        hits |= (word(0) | s(0) | w(0)) & w(1) & (word(2) | s(2));
        // `!diot`, and the brackets of `(at)` and `(dot)`.
        hits |= u8::from(byte(0) == b'!') & l(1);
        let open = u8::from(byte(0) == b'(');
        hits |= open
            & (u8::from(byte(3) == b')') | u8::from(byte(4) == b')') | u8::from(byte(2) == b')'));
        // A capital behind a small letter.
        hits |= l(0) & l(1) & lower(0) & (1 ^ lower(1));
        // Three equal letters, case aside.
        let folded = |ahead| byte(ahead) | 0x20;
        hits |= l(0) & u8::from(folded(0) == folded(1)) & u8::from(folded(1) == folded(2));
        // Eight digits.
        hits |= d(0) & d(1) & d(2) & d(3) & d(4) & d(5) & d(6) & d(7);
        // Single characters, one to three others between them.
        hits |= word(0) & gap(1) & word(2) & gap(3) & word(4) & gap(5);
        hits |= word(0) & gap(1) & gap(2) & word(3) & gap(4) & gap(5) & word(6) & gap(7);
        hits |= word(0) & gap(1) & gap(2) & gap(3) & word(4) & gap(5) & gap(6) & gap(7);
        mail |= u8::from(folded(0) == b'm')
            & u8::from(folded(1) == b'a')
            & u8::from(folded(2) == b'i')
            & u8::from(folded(3) == b'l');
    }
    Suspicious {
        any: hits != 0,
        mail: mail != 0,
    }
}
