//! Ordinary prose, logs and code in which no number-like type may find anything.

use alloc::vec::Vec;

use super::testing::scored;
use super::{PiiType, RECOGNIZERS, Recognizer};

const TEXTS: &[&str] = &[
    "In 2023 the town had 48,213 inhabitants, 1,204 more than in 2019. The bridge (built 1897) is 312.5 m long. \
     Call +1 555 010 4477 or write to 12 Main Street. Tickets cost $12.50, children under 14 pay half.",
    "2024-03-11T09:15:27.123456Z INFO request_id=550e8400-e29b-41d4-a716-446655440000 status=200 bytes=123456789 \
     took=1043ms path=/api/v2/users/1002003004/items/77 ts=1710148527123",
    "commit da39a3ee5e6b4b0d3255bfef95601890afd80709 (tag: v1.22.333) fixes #4821 and #1234; see ISBN 978-3-16-148410-0, \
     order 112-3456789-1234567, tracking 1Z999AA10123456784, invoice INV-2024-000123.",
    "let mask: u32 = 0xdeadbeef; assert_eq!(sum(&[1, 2, 3]), 6); for i in 0..1000000000 { x += 123456789; } \
     const KEY: &str = \"QmFzZTY0IHRleHQgaXMgbm90IGEgc2VjcmV0IGtleQ==\";",
    "The pin of the 2019 model broke; the account of the event was exact. He was expected in May 2021. \
     Swift passes are STANDARD in this league, and the plate was warm.",
];

#[test]
fn ordinary_text_has_no_numbers_of_persons() {
    // The texts do have telephone numbers and streets.
    let others = [PiiType::Phone, PiiType::Address];
    let wanted = RECOGNIZERS
        .into_iter()
        .filter(|recognizer| !others.contains(&recognizer.ty));
    let wanted: Vec<&Recognizer> = wanted.collect();
    for text in TEXTS {
        assert_eq!(scored(&wanted, text), [], "{text}");
    }
}
