//! Mask, then restore: the text as it was.

use super::*;

/// Xorshift; the texts are the same in every run.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    pub(super) fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len())]
    }
}

/// What placeholders are made of, what may stand around them, and other text.
const PIECES: &[&str] = &[
    "{",
    "}",
    "{{",
    "}}",
    "[",
    "]",
    "<",
    ">",
    "(",
    ")",
    "\\",
    "_",
    "-",
    " ",
    "  ",
    "\n",
    ".",
    ":",
    "/",
    "'s",
    "s",
    "1",
    "2",
    "12",
    "0",
    "EMAIL",
    "email",
    "EMAIL_1",
    "EMAIL_2",
    "{EMAIL_1}",
    "{EMAIL_2}",
    "{email 1}",
    "{{EMAIL_1}}",
    "[EMAIL_1]",
    "<EMAIL_1>",
    "EMAIL\\_1",
    "\\{EMAIL_1\\}",
    "{EMAIL_1's}",
    "LITERAL_1",
    "{LITERAL_1}",
    "{LITERAL_2}",
    "TICKET_1",
    "{TICKET_1}",
    "{CUSTOM_EMAIL_1}",
    "｛",
    "｝",
    "ＥＭＡＩＬ＿１",
    "【",
    "】",
    "ı",
    "é",
    "€",
    "😀",
    "\u{a0}",
    "ann@example.com",
    "https://x.example/?q=",
    "![x](",
    "<img src=\"",
    "A",
    "B_1",
    "\"",
    "`",
    "**",
];

const LABELS: &[(&str, bool)] = &[
    ("EMAIL", true),
    ("EMAIL", false),
    ("ticket", false),
    ("B", false),
];

pub(super) fn random_text(random: &mut Random) -> String {
    let pieces = random.below(12);
    (0..pieces).map(|_| random.pick(PIECES)).collect()
}

pub(super) fn random_masks(random: &mut Random, text: &str) -> Vec<Mask<'static>> {
    let mut masks = Vec::new();
    let mut at = 0;
    while random.below(3) > 0 {
        let start = at + random.below(12);
        let end = start + 1 + random.below(9);
        if end > text.len() {
            break;
        }
        if text.is_char_boundary(start) && text.is_char_boundary(end) {
            let (label, built_in) = LABELS[random.below(LABELS.len())];
            masks.push(Mask {
                start,
                end,
                label,
                built_in,
            });
            at = end;
        }
    }
    masks
}

#[test]
fn every_message_of_a_conversation_comes_back() {
    let mut random = Random::new(1);
    let mut literals = 0;
    for round in 0..4_000 {
        let mut map = Placeholders::new("c");
        let mut messages: Vec<(String, String)> = Vec::new();
        for _ in 0..5 {
            let text = random_text(&mut random);
            let masks = random_masks(&mut random, &text);
            let masked = map.mask(&text, &masks);
            literals += usize::from(masked.contains("LITERAL"));
            messages.push((text, masked));
            if random.below(3) == 0 {
                map = Placeholders::from_json(&map.to_json(), "c").unwrap();
            }
        }
        for (text, masked) in &messages {
            let back = map.restore(masked, RestoreOptions::EVERYWHERE);
            assert_eq!(&back, text, "round {round}: {masked:?} {messages:?}");
        }
    }
    assert!(literals > 2_000, "{literals}");
}

#[test]
fn a_text_masked_in_pieces_is_the_same() {
    let mut random = Random::new(2);
    for _ in 0..2_000 {
        let mut map = Placeholders::new("c");
        let first = random_text(&mut random);
        let masks = random_masks(&mut random, &first);
        let _ = map.mask(&first, &masks);
        let text = random_text(&mut random);
        let masks = random_masks(&mut random, &text);
        let mut whole_map = map.clone();
        let whole = whole_map.mask(&text, &masks);
        let mut out = String::new();
        let mut masker = map.masker(Origin::Original);
        let mut copied = 0;
        let mut clear = |masker: &mut Masker<'_>, text: &str, out: &mut String| {
            for c in text.chars() {
                masker.clear(c.encode_utf8(&mut [0; 4]), out);
                if random.below(4) == 0 {
                    masker.clear("", out);
                }
            }
        };
        for mask in &masks {
            clear(&mut masker, &text[copied..mask.start], &mut out);
            masker.value(
                mask.label,
                mask.built_in,
                &text[mask.start..mask.end],
                &mut out,
            );
            copied = mask.end;
        }
        clear(&mut masker, &text[copied..], &mut out);
        masker.finish(&mut out);
        assert_eq!(out, whole, "{text:?} {masks:?}");
        assert_eq!(map, whole_map);
    }
}

#[test]
fn without_options_a_placeholder_is_restored_or_left_whole() {
    let mut random = Random::new(3);
    let mut left = 0;
    for _ in 0..4_000 {
        let mut map = Placeholders::new("c");
        let text = random_text(&mut random);
        let masks = random_masks(&mut random, &text);
        let masked = map.mask(&text, &masks);
        let some = map.restore(&masked, RestoreOptions::default());
        let mut restorer = Restorer::new(&map, RestoreOptions::default());
        let _ = restorer.push(&masked);
        let _ = restorer.finish();
        if restorer.withheld() == 0 {
            assert_eq!(some, text);
        } else {
            left += 1;
            assert!(some.contains('_'), "{some:?}");
        }
    }
    assert!(left > 100, "{left}");
}

#[test]
fn replies_keep_their_meaning() {
    let mut random = Random::new(4);
    for _ in 0..3_000 {
        let mut map = Placeholders::new("c");
        let first = random_text(&mut random);
        let masks = random_masks(&mut random, &first);
        let _ = map.mask(&first, &masks);
        let reply = random_text(&mut random);
        let meant = map.restore(&reply, RestoreOptions::EVERYWHERE);
        let masked = map.mask_from(Origin::Reply, &reply, &[]);
        assert_eq!(masked, reply);
        assert_eq!(map.restore(&masked, RestoreOptions::EVERYWHERE), meant);
    }
}
