//! Texts in pieces.

use super::round_trip::{Random, random_masks, random_text};
use super::*;

fn in_pieces(map: &Placeholders, options: RestoreOptions, pieces: &[&[u8]]) -> String {
    let mut restorer = Restorer::new(map, options);
    let mut out = String::new();
    for piece in pieces {
        out.push_str(&restorer.push_bytes(piece));
        assert!(restorer.held() <= HOLD_BACK, "{}", restorer.held());
    }
    out.push_str(&restorer.finish());
    assert_eq!(restorer.held(), 0);
    out
}

#[test]
fn every_cut_gives_the_same() {
    let mut random = Random::new(5);
    for round in 0..1_500 {
        let mut map = issued();
        let _ = map.mask("{EMAIL_1} {NAME_1}", &[]);
        let mut text = random_text(&mut random);
        let masks = random_masks(&mut random, &text);
        text = map.mask_from(Origin::Reply, &text, &masks);
        text.push_str(random.pick(&[
            "{NAME_1}",
            "{PIN_1}.x",
            "{URL_1}@",
            "{NAME_1",
            "{NAME_1}.",
            "",
        ]));
        let options = [RestoreOptions::default(), RestoreOptions::EVERYWHERE][round % 2];
        let whole = map.restore(&text, options);
        let bytes = text.as_bytes();
        for cut in 0..=bytes.len() {
            let (a, b) = bytes.split_at(cut);
            assert_eq!(
                in_pieces(&map, options, &[a, b]),
                whole,
                "{text:?} at {cut}"
            );
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(in_pieces(&map, options, &single), whole, "{text:?}");
    }
}

#[test]
fn long_runs_are_held_back_no_further_than_the_cap() {
    let map = issued();
    for text in [
        "{".repeat(3_000),
        format!("{{{}", "A_".repeat(3_000)),
        format!("{{NAME_1}}{}", "a".repeat(3_000)),
        format!("{{NAME_1}}{}.com", "-".repeat(240)),
        format!("{{NAME_1}}{} x", "-".repeat(252)),
        format!("{{NAME_1}}{} x", "-".repeat(251)),
        format!("{{NAME_1}}{} x", "é".repeat(126)),
        format!("{{URL_1}}{} x", "/".repeat(600)),
        format!("｛{}１｝{}", "Ａ＿".repeat(40), ".é".repeat(300)),
        format!("{{NAME_1{}}}", " ".repeat(900)),
    ] {
        let whole = map.restore(&text, RestoreOptions::default());
        for size in [1, 2, 3, 7, 255, 256, 257, 511, 512] {
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            assert_eq!(in_pieces(&map, RestoreOptions::default(), &pieces), whole);
        }
    }
    let far = map.restore(
        &format!("{{NAME_1}}{} x", "-".repeat(252)),
        RestoreOptions::default(),
    );
    assert!(far.starts_with("{NAME_1}"), "undecided for too long: left");
    let near = map.restore(
        &format!("{{NAME_1}}{} x", "-".repeat(251)),
        RestoreOptions::default(),
    );
    assert!(near.starts_with("Ann-"));
}

#[test]
fn text_without_placeholders_is_not_held_back() {
    let map = issued();
    let mut restorer = Restorer::new(&map, RestoreOptions::default());
    let text = "The quick brown fox, version 1.2 (see ../x): naïve, 100 %!\n";
    assert_eq!(restorer.push(text), text);
    assert_eq!(restorer.held(), 0);
    assert_eq!(restorer.push("{"), "");
    assert_eq!(restorer.held(), 1);
    assert_eq!(restorer.push("}"), "{}");
}

#[test]
fn broken_utf8_is_replaced_as_in_one_piece() {
    let map = issued();
    let mut random = Random::new(6);
    let units: [&[u8]; 10] = [
        b"{NAME_1}",
        b"\xff",
        b"\xe2\x82",
        b"\xe2\x82\xac",
        b"\xf0\x9f",
        b"\xf0\x9f\x98\x80",
        b"A",
        b"\x80",
        b"\xc3",
        b"{NAME\xff_1}",
    ];
    for _ in 0..2_000 {
        let mut bytes = Vec::new();
        for _ in 0..random.below(8) {
            bytes.extend_from_slice(units[random.below(units.len())]);
        }
        let whole = map.restore(&String::from_utf8_lossy(&bytes), RestoreOptions::default());
        for size in 1..5 {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            assert_eq!(
                in_pieces(&map, RestoreOptions::default(), &pieces),
                whole,
                "{bytes:x?}"
            );
        }
    }
}

#[test]
fn a_restorer_begins_anew_after_its_end() {
    let map = issued();
    let mut restorer = Restorer::new(&map, RestoreOptions::default());
    let _ = restorer.push("<img src='");
    let _ = restorer.finish();
    let mut out = restorer.push("{NAME_1}");
    out.push_str(&restorer.finish());
    assert_eq!(out, "Ann");
    assert_eq!((restorer.restored(), restorer.withheld()), (1, 0));
}
