//! NAME: a person's name, without title.
//!
//! Rule: a run of capitalised words joined by single spaces — initials (`Q.`), particles (`van der`, `de la`),
//! apostrophes, hyphens and `Jr.`/`III` included — that is vouched for by
//! - a title before it (`Dr.`, `Frau`), or an introduction (`my name is`), or a label (`full name:`);
//! - a weak label or introduction (`name:`, `Dear`, `Regards,`) and a known given or family name in the run;
//! - a mailbox behind it and a known name in the run: `Jane Doe <jane@example.com>`;
//! - what only people do or what only people follow beside it (`Talwar called`, `invoice to`), and a known name in the run;
//! - a known given name first, and a family name behind it; a given name that is also a word or a place (`Will`,
//!   `Paris`) only with a known family name. `Doe, Jane` is one span.
//!
//! A lone given name in prose scores below the threshold. In unspaced scripts only labelled names are found.
//!
//! Negative context: the run ends in a word of [`NEGATIVE`] (`Street`, `University`, `Inc`), a word like `Mount` or `of`
//! stands before it, or it is glued to code (`Jane.Doe()`, `jane_doe`).
//!
//! Sources: the lists are described in the compiler's `data/lexicon/README.md`; particles after the usage notes of
//! UPU S42 (addressee names).

mod others;
mod run;
mod words;

use super::lexicon::{
    AMBIGUOUS_NAME, GIVEN_NAME, INTRODUCTION, STREET_PREFIX, STREET_TYPE, SURNAME, TITLE,
};
use super::shape::{
    Link, Script, is_one_of, is_word, link, previous_word, script, skip_blanks, skip_blanks_back,
    word_end,
};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;
use crate::text::{is_alphanumeric, is_lowercase, is_uppercase, lowercase};
use crate::words::{Words, words};
use others::{BEFORE, BODIES, BRANDS, STOP};
use run::{Run, lower_run, run};
use words::{OWN_NAME, PERSON_BEFORE, PERSON_VERBS, SENT, STRONG};

pub(crate) use others::NEGATIVE;
pub(super) use words::PARTICLES;
pub(crate) use words::{CONTEXT, INTRODUCTIONS, TITLES};

const LABEL: Lexicon = Lexicon::context(PiiType::Name);
const OTHER: Lexicon = Lexicon::negative(PiiType::Name);

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: PiiType::Name,
    verdict: Verdict::DefersWhenNegative,
    threshold: 500,
    triggers: Trigger::Hit.bit() | Trigger::At.bit(),
    lengths: Lengths::ANY,
    called_by: &[
        GIVEN_NAME,
        AMBIGUOUS_NAME,
        SURNAME,
        TITLE,
        INTRODUCTION,
        LABEL,
    ],
    reads: &[
        GIVEN_NAME,
        AMBIGUOUS_NAME,
        SURNAME,
        TITLE,
        INTRODUCTION,
        LABEL,
        OTHER,
        STREET_TYPE,
        STREET_PREFIX,
    ],
    recognize,
};

fn recognize(scan: &Scan<'_>, at: Candidate, found: &mut Found) {
    let Some(lexicon) = at.lexicon else {
        mailbox(scan, at.start, found);
        return;
    };
    if lexicon == LABEL {
        labelled(scan, at, found);
    } else if lexicon == INTRODUCTION {
        introduced(scan, at, found);
    } else if !scan.char_at(at.start).is_some_and(is_uppercase) {
        // Everything else starts with the name itself or a title.
    } else if lexicon == TITLE {
        titled(scan, at, found);
    } else if lexicon == SURNAME {
        reversed(scan, at, found);
        by_family(scan, at, found);
    } else {
        known(scan, at.start, found);
    }
}

/// `Jane Doe <jane@example.com>`, at the `@`.
fn mailbox(scan: &Scan<'_>, at: usize, found: &mut Found) {
    let mut local = at;
    while at.saturating_sub(local) < 64
        && (scan.byte_before(local).is_ascii_alphanumeric()
            || matches!(scan.byte_before(local), b'.' | b'_' | b'-' | b'+'))
    {
        local = local.saturating_sub(1);
    }
    if scan.byte_before(local) != b'<' || local == at {
        return;
    }
    let mut end = skip_blanks_back(scan, local.saturating_sub(1));
    end = end.saturating_sub(usize::from(scan.byte_before(end) == b'"'));
    let mut start = end;
    while end.saturating_sub(start) < 64 {
        let Some(c) = scan.char_before(start) else {
            break;
        };
        if !(is_word(c) || matches!(c, ' ' | '.' | '\'' | '’' | '-')) {
            break;
        }
        start = start.saturating_sub(c.len_utf8());
    }
    let start = skip_blanks(scan, start);
    let name = run(scan, start).filter(|run| run.end == end && (2..=5).contains(&run.words));
    let Some(run) = name else { return };
    if run.knows() && !other(scan, &run) {
        found.push(PiiType::Name, run.start, run.end, 800);
    }
}

/// `Udant Talwar called`: an unknown word before a known family name, with something beside it that only people have.
fn by_family(scan: &Scan<'_>, at: Candidate, found: &mut Found) {
    let first = previous_word(scan, at.start);
    let start = at.start.saturating_sub(first.len()).saturating_sub(1);
    let shape = first.chars().count() > 1
        && scan.byte_before(at.start) == b' '
        && first.chars().next().is_some_and(is_uppercase)
        && first.chars().skip(1).all(is_lowercase)
        && !is_one_of(first, STOP)
        && !is_one_of(first, BEFORE);
    // A given name here is the start of the name: `Yesterday Anthony Valdez`.
    let given = [GIVEN_NAME, AMBIGUOUS_NAME]
        .iter()
        .any(|&list| scan.hit_at(list, at.start).is_some());
    if !shape || given || glued_before(scan, start) || scan.hit_at(TITLE, start).is_some() {
        return;
    }
    let Some(run) = run(scan, start).filter(|run| (2..=3).contains(&run.words)) else {
        return;
    };
    let before = previous_word(scan, start);
    let capital = before.chars().next().is_some_and(is_uppercase)
        && skip_blanks_back(scan, start) < start
        && !is_one_of(before, PERSON_BEFORE);
    if !capital && vouched(scan, &run) && !other(scan, &run) {
        found.push(PiiType::Name, run.start, run.end, 600);
    }
}

/// Whether something beside the run says that it is a person.
fn vouched(scan: &Scan<'_>, run: &Run) -> bool {
    let from = skip_blanks(scan, run.end);
    let next = scan.slice(from, word_end(scan, from));
    let does = from > run.end && PERSON_VERBS.contains(next);
    let owns = matches!(scan.slice(run.end, run.end.saturating_add(3)), "'s " | "’s");
    let blank = skip_blanks_back(scan, run.start);
    let before = previous_word(scan, run.start);
    let sent = before == "to" && {
        let to = blank.saturating_sub(before.len());
        is_one_of(previous_word(scan, to), SENT)
    };
    let follows = blank < run.start && is_one_of(before, PERSON_BEFORE);
    // A label of persons on the same line: "Attendees: A B, C D".
    let label = scan.hit_before(LABEL, run.start, 96).is_some_and(|hit| {
        let rest = scan.slice(hit.end, run.start);
        let list = rest.strip_prefix(':');
        list.is_some_and(|list| !list.contains(['\n', '.', '"', '=', ':']))
    });
    does || owns || sent || follows || label
}

fn titled(scan: &Scan<'_>, at: Candidate, found: &mut Found) {
    let dot = usize::from(scan.byte(at.end) == b'.');
    // "M" is a title with its dot only.
    if at.end.saturating_sub(at.start) == 1 && dot == 0 {
        return;
    }
    let start = skip_blanks(scan, at.end.saturating_add(dot));
    if start == at.end
        || scan
            .hit_at(TITLE, start)
            .is_some_and(|hit| hit.end < start.saturating_add(6) && scan.byte(hit.end) == b'.')
    {
        return;
    }
    let Some(run) = run(scan, start) else { return };
    // "St." and "Dr." stand behind street names too: "Elm Dr. Springfield".
    let known = run.knows();
    let street = previous_word(scan, at.start)
        .chars()
        .next()
        .is_some_and(is_uppercase)
        && scan.byte_before(at.start) == b' '
        && !known;
    if !street && !other(scan, &run) {
        found.push(
            PiiType::Name,
            run.start,
            run.end,
            if known { 900 } else { 800 },
        );
    }
}

fn labelled(scan: &Scan<'_>, at: Candidate, found: &mut Found) {
    let Some(linked) = link(scan, at.start, at.end) else {
        return;
    };
    // "the customer called": most of the time.
    if linked.link == Link::Adjacent {
        return;
    }
    let label = lowercase(scan.slice(at.start, at.end));
    let strong = is_strong(&label);
    let apart = linked.link == Link::SpacedAssign && linked.quote == 0 && !strong;
    if apart || (linked.link == Link::Is && !strong && label != "name") {
        return;
    }
    let mut start = linked.start;
    if let Some(title) = scan
        .hit_at(TITLE, start)
        .filter(|hit| hit.end.saturating_sub(start) > 1)
    {
        let dot = usize::from(scan.byte(title.end) == b'.');
        start = skip_blanks(scan, title.end.saturating_add(dot));
    }
    if scan
        .char_at(start)
        .is_some_and(|c| script(c) == Script::Unspaced)
    {
        unspaced(scan, start, found);
        return;
    }
    let Some(run) = run(scan, start).or_else(|| lower_run(scan, start, strong)) else {
        return;
    };
    let known = run.knows();
    // "from: Paris": these stand before places too.
    let route = is_one_of(
        &label,
        words!["to", "from", "cc", "bcc", "present", "absent", "deliver to"],
    );
    let personal = run.given.saturating_add(run.ambiguous) > 0 || run.ends_in_family;
    let known = known && (run.words > 1 && personal || !route);
    let person = strong || known && (run.words > 1 || run.given > 0 || linked.link != Link::Is);
    if (person || !rule!("pii.name.weak-label")) && !other(scan, &run) {
        found.push(
            PiiType::Name,
            run.start,
            run.end,
            if known { 900 } else { 700 },
        );
    }
}

/// Whether the label is one of [`STRONG`], its words joined by blanks, underscores, hyphens or nothing.
fn is_strong(label: &str) -> bool {
    let letters = |text: &'static str| text.chars().filter(|c| *c != ' ' && *c != '_');
    let plain = |c: &char| !matches!(c, ' ' | '_' | '-');
    STRONG
        .iter()
        .any(|strong| letters(strong).eq(label.chars().filter(plain)))
}

fn introduced(scan: &Scan<'_>, at: Candidate, found: &mut Found) {
    let mut start = at.end;
    // "Regards,\nJane", "Hi, Jane", "I'm Jane".
    while start.saturating_sub(at.end) < 8
        && matches!(scan.byte(start), b' ' | b',' | b'\n' | b':' | b'-' | b'!')
    {
        start = start.saturating_add(1);
    }
    let phrase = lowercase(scan.slice(at.start, at.end));
    if let Some(line) = signature(scan, at.end, &phrase) {
        start = line;
    }
    let capital = scan.char_at(start).is_some_and(is_uppercase);
    if start == at.end || (!capital && scan.hit_at(GIVEN_NAME, start).is_none()) {
        return;
    }
    let own = OWN_NAME.contains(&phrase);
    let newline = scan.slice(at.end, start).contains('\n');
    if newline && (own || phrase == "this is" || phrase == "i am") {
        return;
    }
    let Some(run) = run(scan, start).or_else(|| lower_run(scan, start, own)) else {
        return;
    };
    let known = run.given.saturating_add(run.family) > 0;
    let line = matches!(scan.byte(run.end), 0 | b'\n') && newline && run.words == 2;
    let alone = known && newline && matches!(scan.byte(run.end), 0 | b'\n');
    let ambiguous = run.ambiguous > 0
        && (run.words <= 2)
        && !matches!(phrase.as_str(), "this is" | "i am" | "i'm" | "best");
    if !(own || known && (run.given > 0 || run.words > 1) || line || alone || ambiguous)
        && rule!("pii.name.introduction")
    {
        return;
    }
    if !other(scan, &run) {
        found.push(
            PiiType::Name,
            run.start,
            run.end,
            if known { 900 } else { 650 },
        );
    }
}

/// Where the line under `Thanks so much!` starts.
fn signature(scan: &Scan<'_>, end: usize, phrase: &str) -> Option<usize> {
    const CLOSINGS: Words = words!["thanks", "thank you", "many thanks", "cheers", "best"];
    if !CLOSINGS.contains(phrase) {
        return None;
    }
    let inside = |at: &usize| {
        let byte = scan.byte(end.saturating_add(*at));
        byte.is_ascii_lowercase() || matches!(byte, b' ' | b',' | b'!' | b'.')
    };
    let words = (0..32_usize).take_while(inside).count();
    let mut start = end.saturating_add(words);
    if scan.byte(start) != b'\n' {
        return None;
    }
    while scan.byte(start) == b'\n' && start.saturating_sub(end) < 36 {
        start = start.saturating_add(1);
    }
    Some(start)
}

/// A known given name at `start`.
fn known(scan: &Scan<'_>, start: usize, found: &mut Found) {
    if glued_before(scan, start) {
        return;
    }
    let before = previous_word(scan, start);
    if rule!("pii.name.before") && stands_for_other(scan, start, before) {
        return;
    }
    // An earlier word of the run starts it.
    let first = start.saturating_sub(before.len()).saturating_sub(1);
    let in_run = scan.byte_before(start) == b' '
        && scan.char_at(first).is_some_and(is_uppercase)
        && (scan.hit_at(GIVEN_NAME, first).is_some()
            || scan.hit_at(AMBIGUOUS_NAME, first).is_some());
    if in_run {
        return;
    }
    let Some(run) = run(scan, start) else { return };
    if other(scan, &run) || (rule!("pii.name.all-capitals") && run.capitals && run.family == 0) {
        return;
    }
    let sure = scan.hit_at(GIVEN_NAME, start).is_some();
    let score = match (run.words, sure, run.family > 0) {
        (1, ..) => 450,
        (_, true, true) => 850,
        (_, true, false) => 600,
        (_, false, true) => 650,
        (2 | 3, false, false) if vouched(scan, &run) => 550,
        (_, false, false) => 300,
    };
    found.push(PiiType::Name, run.start, run.end, score);
}

/// "Mount Jane", "University of Jane": the word before makes it a place or a body.
fn stands_for_other(scan: &Scan<'_>, start: usize, before: &str) -> bool {
    if before != "of" {
        return is_one_of(before, BEFORE);
    }
    // "in the name of Jane Doe" is about her.
    let of = skip_blanks_back(scan, start).saturating_sub(2);
    let body = previous_word(scan, of);
    body.chars().next().is_some_and(is_uppercase) || is_one_of(body, BODIES)
}

/// `Doe, Jane Q.`: a family name at the hit, a comma, a known given name.
fn reversed(scan: &Scan<'_>, at: Candidate, found: &mut Found) {
    if scan.byte(at.end) != b','
        || scan.byte(at.end.saturating_add(1)) != b' '
        || glued_before(scan, at.start)
    {
        return;
    }
    let start = at.end.saturating_add(2);
    let before = previous_word(scan, at.start);
    if before.chars().next().is_some_and(is_uppercase) || scan.hit_at(GIVEN_NAME, start).is_none() {
        return;
    }
    let Some(run) = run(scan, start) else { return };
    let given_only = run.family == 0 || run.words == 1;
    // "Smith, John, and Mary": a list of names all the same.
    if run.words <= 2
        && given_only
        && scan.byte(run.end) != b','
        && !listed(scan, run.end)
        && !other(scan, &run)
    {
        found.push(PiiType::Name, at.start, run.end, 700);
    }
}

/// "Smith, John and Mary", "Smith, John & Co": a list.
fn listed(scan: &Scan<'_>, at: usize) -> bool {
    let from = skip_blanks(scan, at);
    let next = scan.slice(from, word_end(scan, from));
    scan.byte(from) == b'&' || is_one_of(next, words!["and", "et", "und", "y", "e"])
}

/// Whether code or a longer word goes on to the left of `start`.
fn glued_before(scan: &Scan<'_>, start: usize) -> bool {
    match scan.byte_before(start) {
        b'_' | b'@' | b'#' | b'$' | b'\\' | b'&' => true,
        // Quotes, list marks and closing dots stand alone, joints between letters.
        b'\'' | b'-' | b'.' | b'/' => {
            let second = scan.char_before(start.saturating_sub(1));
            second.is_some_and(is_alphanumeric)
        }
        _ => false,
    }
}

/// The run ends in a word of organisations and places, or code goes on behind it.
fn other(scan: &Scan<'_>, run: &Run) -> bool {
    let next = scan.byte(run.end);
    let after = scan.char_at(run.end.saturating_add(1));
    let code = matches!(next, b'_' | b'@' | b'(' | b'[' | b'\\')
        || next == b'.' && after.is_some_and(is_alphanumeric)
        || next == b':' && after == Some(':')
        || next == b'/' && after.is_some_and(is_alphanumeric) && run.words == 1
        || next == b'-' && after.is_some_and(is_alphanumeric);
    if rule!("pii.name.code") && code {
        return true;
    }
    rule!("pii.name.organisation") && organisation(scan, run)
        || rule!("pii.name.street") && street(scan, run)
}

/// The last word of the run, or the capitalised one behind it, is of [`NEGATIVE`] and no family name.
fn organisation(scan: &Scan<'_>, run: &Run) -> bool {
    if is_brand(scan, run) {
        return true;
    }
    let width = run.end.saturating_sub(run.start);
    let last = scan
        .hit_before(OTHER, run.end, width)
        .filter(|hit| hit.start > run.start);
    // Words that are family names at least as often.
    const NAMES: Words = words![
        "lane", "park", "hall", "house", "law", "church", "lake", "post", "castle", "banks",
    ];
    // "Lincoln Park": behind another family name it is a place, unless something says otherwise.
    let place = scan.hit_at(SURNAME, run.start).is_some() && run.words == 2 && !vouched(scan, run);
    let body = last.is_some_and(|hit| place || !is_one_of(scan.slice(hit.start, hit.end), NAMES));
    // What stands on the next line of a form, or before a colon, is the label of another field.
    let label = scan.byte(run.end) != b' ' || label_at(scan, run.end.saturating_add(1));
    let next = scan
        .hit_at(OTHER, run.end.saturating_add(1))
        .filter(|_| !label);
    body || next.is_some_and(|hit| scan.char_at(hit.start).is_some_and(is_uppercase))
}

fn is_brand(scan: &Scan<'_>, run: &Run) -> bool {
    let name = scan.slice(run.start, run.end);
    let before = previous_word(scan, run.start);
    let titled = scan.slice(
        run.start.saturating_sub(before.len()).saturating_sub(1),
        run.end,
    );
    name.len() <= 32 && (is_one_of(name, BRANDS) || is_one_of(titled, BRANDS))
}

/// The name is that of a street: `12 Jane Doe Gateway`, `Rambla de Jane Doe`.
fn street(scan: &Scan<'_>, run: &Run) -> bool {
    let width = run.end.saturating_sub(run.start);
    let last = scan.hit_before(STREET_TYPE, run.end, width);
    let blank = skip_blanks_back(scan, run.start);
    let comma = blank.saturating_sub(usize::from(scan.byte_before(blank) == b','));
    let numbered = previous_word(scan, comma)
        .bytes()
        .any(|b| b.is_ascii_digit());
    let last = last.filter(|hit| hit.start > run.start && (hit.end == run.end || numbered));
    let ends = last.is_some_and(|hit| numbered || scan.hit_at(SURNAME, hit.start).is_none());
    let prefix = scan.hit_before(STREET_PREFIX, run.start, 20);
    let begins = prefix.is_some_and(|hit| {
        let between = scan.slice(hit.end, run.start);
        let small = |w: &str| w.is_empty() || PARTICLES.contains(w);
        // Two letters are words of other kinds too.
        let sure = hit.end.saturating_sub(hit.start) > 2 || between.starts_with('.');
        sure && between.starts_with([' ', '.']) && between.split([' ', '.']).all(small)
    });
    ends || begins
}

/// Whether the word at `at` is the label of a next field: `张伟 电话:…`.
fn label_at(scan: &Scan<'_>, at: usize) -> bool {
    matches!(scan.byte(word_end(scan, at)), b':' | b'=')
}

/// A labelled name in an unspaced script: two to eight characters, one blank allowed.
fn unspaced(scan: &Scan<'_>, start: usize, found: &mut Found) {
    let (mut end, mut count) = (start, 0_u32);
    while let Some(c) = scan.char_at(end) {
        let blank = c == ' '
            && count > 0
            && scan
                .char_at(end.saturating_add(1))
                .is_some_and(|c| script(c) == Script::Unspaced)
            && !label_at(scan, end.saturating_add(1));
        if !(script(c) == Script::Unspaced || matches!(c, '·' | '・') || blank) || count > 9 {
            break;
        }
        count = count.saturating_add(1);
        end = end.saturating_add(c.len_utf8());
    }
    if (2..=9).contains(&count) {
        found.push(PiiType::Name, start, end, 650);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pii::testing::{assert_found, assert_linear, assert_none};

    #[test]
    fn finds_names() {
        assert_found(
            &RECOGNIZER,
            &[
                ("My name is Jane Doe.", "Jane Doe"),
                ("Dr. Jane Q. Doe called", "Jane Q. Doe"),
                ("I'm Jane", "Jane"),
                ("Regards,\nJane Doe\n", "Jane Doe"),
                ("name: Jane Doe", "Jane Doe"),
                ("Mr Smith is here", "Smith"),
                ("Contact Jane Doe today", "Jane Doe"),
                ("Mme Dupont et", "Dupont"),
                ("Herr Müller kommt", "Müller"),
                ("{\"first_name\":\"Jane\"}", "Jane"),
                ("{\"name\": \"José Ñúñez\", \"age\": 3}", "José Ñúñez"),
                ("I met Vincent van der Berg there", "Vincent van der Berg"),
                ("Ask Maria de la Cruz", "Maria de la Cruz"),
                ("Sean O'Neil wrote", "Sean O'Neil"),
                ("Jean-Luc Martin est", "Jean-Luc Martin"),
                ("Doe, Jane\n", "Doe, Jane"),
                ("Hi Jane,\nthanks", "Jane"),
                ("Dear Mrs. Łukasz Kowalski,", "Łukasz Kowalski"),
                ("Søren Jensen er", "Søren Jensen"),
                ("customer_name=Jane Doe;", "Jane Doe"),
                ("姓名:张伟", "张伟"),
                ("меня зовут Иван Петров.", "Иван Петров"),
                ("JANE DOE", "JANE DOE"),
                ("John Smith Jr. said", "John Smith Jr."),
                ("Will Smith acts", "Will Smith"),
                ("me llamo José García y", "José García"),
                ("Jane Doe's house", "Jane Doe"),
                ("ich heiße Anna Schmidt", "Anna Schmidt"),
                ("Jane Doe Email: x", "Jane Doe"),
                ("<name>Jane Doe</name>", "Jane Doe"),
                ("my name is jane doe and", "jane doe"),
                ("Full name: Xochitl Zyqwer", "Xochitl Zyqwer"),
                ("Frau Dr. Anna Schmidt", "Anna Schmidt"),
                ("J. R. Smith; Mr. J. R. Smith", "J. R. Smith"),
                ("From: Zyqmar Smith <a.b@example.com>", "Zyqmar Smith"),
                ("in the name of Jane Doe.", "Jane Doe"),
                ("Zyqmar Smith called today", "Zyqmar Smith"),
                ("the invoice to Zyqmar Smith, please", "Zyqmar Smith"),
                ("Attendees: Zyqmar Smith and all", "Zyqmar Smith"),
                ("Zyqmar Smith's car", "Zyqmar Smith"),
                ("Yesterday Anthony Davis emailed us", "Anthony Davis"),
                ("Thanks so much!\nKevin", "Kevin"),
                ("联系人:梁坤 电话:1", "梁坤"),
                ("氏名:小林 七夏\n", "小林 七夏"),
                ("이름: 김민수, x", "김민수"),
                ("Kontoinhaber: Zyqmar Xochitl\n", "Zyqmar Xochitl"),
                ("| Name | Zyqmar Smith |\n", "Zyqmar Smith"),
            ],
        );
    }

    #[test]
    fn leaves_other_text_alone() {
        assert_none(
            &RECOGNIZER,
            &[
                "The name of the file",
                "name: nginx",
                "name: Production Server",
                "Jane Street is long",
                "Johns Hopkins University",
                "Will you come?",
                "May I ask",
                "Mark the date",
                "Grace period",
                "Paris Hotel",
                "I am Happy",
                "I'm Sorry",
                "This is Important",
                "Hi There",
                "Best Buy",
                "Thanks Again",
                "let name = user.name;",
                "John.Smith()",
                "john_smith",
                "Mount Elizabeth Park",
                "San Jose",
                "Saint Mary Hospital",
                "Hello World",
                "Dear Customer,",
                "Dear Sir or Madam",
                "first name and last name",
                "Your full name is required",
                "Regards,\nThe Team",
                "Visual Studio Code",
                "New York Times",
                "King James Bible Society",
                "Name: <your name>",
                "Martin Luther King Boulevard",
                "ms 12",
                "The Quick Brown Fox",
                "user name",
                "filename: Readme",
                "Monday, June",
                "Microsoft Azure",
                "Thank you for your time.",
                "Dr. Pepper Company",
                "Dr Pepper is on sale",
                "Morgan Stanley raised its target",
                "Calvin Klein and Ralph Lauren stores",
                "Example Support <support@example.com>",
                "Tesla Martin in the shop",
                "University of Jane Doe",
                "| Name | Mark |\n|---|---|\n",
                "Thanks for all.\nThe team",
                "Lake Patrick",
                "From: Production Server",
                "From: Sales Department To: All Staff Subject: Summer Party",
                "Martin Luther King Day is near",
                "in Lincoln Park.",
                "to: Warsaw, from: Paris",
            ],
        );
    }

    #[test]
    fn hostile_text_costs_linear_time() {
        assert_linear(
            &RECOGNIZER,
            &[
                "Jane ",
                "Name: ",
                "Mr. ",
                "Jane-",
                "O'",
                "J. ",
                "Smith, Jane ",
                "Van de ",
            ],
        );
    }
}
