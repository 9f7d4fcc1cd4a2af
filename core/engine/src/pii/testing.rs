//! A slow, obvious stand-in for the engine's tokenising pass, so that a recogniser can be tested by
//! itself: it finds tokens and lexicon hits by plain loops and calls the recognisers.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use std::sync::{Mutex, OnceLock};

use super::shape::{Script, script};
use super::{
    Candidate, Finding, Found, Lexicon, LexiconHit, Recognizer, Scan, Trigger, spellings, terms,
};

/// The findings of `recognizers` in `text` with at least each recogniser's threshold, as (value, score).
pub(crate) fn scored(recognizers: &[&Recognizer], text: &str) -> Vec<(String, u16)> {
    run(recognizers, text)
        .into_iter()
        .map(|finding| (text[finding.start..finding.end].to_string(), finding.score))
        .collect()
}

/// The values that `recognizer` finds in `text` at its own threshold, in the order of the text.
pub(crate) fn values(recognizer: &Recognizer, text: &str) -> Vec<String> {
    scored(&[recognizer], text)
        .into_iter()
        .map(|(value, _)| value)
        .collect()
}

/// As [`scored`], as findings.
pub(crate) fn run(recognizers: &[&Recognizer], text: &str) -> Vec<Finding> {
    let tokens = tokens(text);
    let hits = hits(recognizers, text, &tokens);
    let scan = Scan::new(text, &hits);
    let mut found = Found::default();
    let mut call = |trigger: Trigger, start, end, lexicon: Option<Lexicon>| {
        for recognizer in recognizers {
            let asked = recognizer.triggers & trigger.bit() != 0
                && (!trigger.is_token() || recognizer.lengths.has(end - start))
                && lexicon.is_none_or(|l| recognizer.called_by.contains(&l));
            if asked {
                let candidate = Candidate {
                    trigger,
                    start,
                    end,
                    lexicon,
                };
                (recognizer.recognize)(&scan, candidate, &mut found);
            }
        }
    };
    for &(start, end) in &tokens {
        let token = &text[start..end];
        let digit = token.bytes().any(|b| b.is_ascii_digit());
        let letter = token.bytes().any(|b| b.is_ascii_alphabetic());
        if token == "@" {
            call(Trigger::At, start, end, None);
        } else if token == ":" {
            call(Trigger::Colon, start, end, None);
        } else if token.bytes().all(|b| b.is_ascii_digit()) {
            call(Trigger::Digits, start, end, None);
        } else if token.is_ascii() && digit && letter {
            call(Trigger::Mixed, start, end, None);
        } else if token.bytes().all(|b| b.is_ascii_uppercase()) && (6..=11).contains(&token.len()) {
            call(Trigger::Upper, start, end, None);
        } else if token.eq_ignore_ascii_case("www") && text[end..].starts_with('.') {
            call(Trigger::Www, start, end, None);
        }
    }
    for hit in &hits {
        call(Trigger::Hit, hit.start, hit.end, Some(hit.lexicon));
    }
    let mut findings = found.into_findings();
    findings.retain(|f| {
        recognizers
            .iter()
            .any(|r| r.ty == f.ty && f.score >= r.threshold)
    });
    findings.sort_by_key(|f| (f.start, f.end, f.ty));
    findings.dedup();
    outermost(&findings)
}

/// Without the findings that lie inside a longer one of the same type, as the engine reports them.
fn outermost(findings: &[Finding]) -> Vec<Finding> {
    let mut sorted: Vec<Finding> = findings.to_vec();
    sorted.sort_by_key(|f| {
        (
            f.ty,
            f.start,
            core::cmp::Reverse(f.end),
            core::cmp::Reverse(f.score),
        )
    });
    let mut kept: Vec<Finding> = Vec::new();
    for finding in sorted {
        if !kept
            .last()
            .is_some_and(|last| last.ty == finding.ty && finding.end <= last.end)
        {
            kept.push(finding);
        }
    }
    kept.sort_by_key(|f| (f.start, f.end, f.ty));
    kept
}

/// Runs of word characters, and every other character but white space by itself.
fn tokens(text: &str) -> Vec<(usize, usize)> {
    let mut tokens = Vec::new();
    let mut word: Option<usize> = None;
    let mut last_unspaced = false;
    for (at, c) in text.char_indices() {
        let is_word = c.is_alphanumeric() || c == '_' || ('\u{300}'..'\u{370}').contains(&c);
        // Scripts without spaces make tokens of their own.
        let unspaced = script(c) == Script::Unspaced;
        if let Some(start) = word.filter(|_| is_word && unspaced != last_unspaced) {
            tokens.push((start, at));
            word = None;
        }
        last_unspaced = unspaced;
        if is_word {
            word.get_or_insert(at);
            continue;
        }
        if let Some(start) = word.take() {
            tokens.push((start, at));
        }
        if !c.is_whitespace() {
            tokens.push((at, at + c.len_utf8()));
        }
    }
    if let Some(start) = word {
        tokens.push((start, text.len()));
    }
    tokens
}

/// Lexicon terms by their first token, built once for each list.
type Terms = BTreeMap<&'static str, Vec<&'static str>>;

fn terms_of(lexicon: Lexicon) -> &'static Terms {
    static LISTS: OnceLock<Mutex<BTreeMap<Lexicon, &'static Terms>>> = OnceLock::new();
    let mut lists = LISTS.get_or_init(Mutex::default).lock().unwrap();
    lists.entry(lexicon).or_insert_with(|| {
        let mut map = Terms::new();
        let mut list = terms(lexicon).map_or_else(|| shared(lexicon), <[&str]>::to_vec);
        let more: Vec<String> = list
            .iter()
            .flat_map(|term| spellings(lexicon, term))
            .collect();
        list.extend(more.into_iter().map(|term| &*term.leak()));
        for term in list {
            if let Some(&(start, end)) = tokens(term).first() {
                map.entry(&term[start..end]).or_default().push(term);
            }
        }
        Box::leak(Box::new(map))
    })
}

/// The terms of the large lists, from the compiler's data files.
fn shared(lexicon: Lexicon) -> Vec<&'static str> {
    macro_rules! data {
        ($name:literal) => {
            include_str!(concat!("../../../compile/data/lexicon/", $name, ".txt"))
        };
    }
    let data = match lexicon {
        super::lexicon::GIVEN_NAME => data!("given_name"),
        super::lexicon::SURNAME => data!("surname"),
        super::lexicon::AMBIGUOUS_NAME => data!("ambiguous_name"),
        super::lexicon::STREET_TYPE => data!("street_type"),
        super::lexicon::COUNTRY => data!("country"),
        super::lexicon::STATE => data!("state"),
        _ => "",
    };
    data.lines().filter(|line| !line.is_empty()).collect()
}

fn hits(recognizers: &[&Recognizer], text: &str, tokens: &[(usize, usize)]) -> Vec<LexiconHit> {
    let lower: Vec<String> = tokens
        .iter()
        .map(|&(s, e)| text[s..e].to_lowercase())
        .collect();
    let mut hits = Vec::new();
    for lexicon in recognizers.iter().flat_map(|r| r.reads) {
        let terms = terms_of(*lexicon);
        for first in 0..tokens.len() {
            for term in terms.get(lower[first].as_str()).into_iter().flatten() {
                let wanted: Vec<(usize, usize)> = self::tokens(term);
                let Some(run) = lower.get(first..first + wanted.len()) else {
                    continue;
                };
                if run
                    .iter()
                    .zip(&wanted)
                    .all(|(have, &(s, e))| have == &term[s..e])
                {
                    let (start, end) = (tokens[first].0, tokens[first + wanted.len() - 1].1);
                    hits.push(LexiconHit {
                        start,
                        end,
                        lexicon: *lexicon,
                    });
                }
            }
        }
    }
    hits.sort_by_key(|hit| (hit.start, hit.end, hit.lexicon));
    hits.dedup();
    hits
}

/// Each text holds exactly the one value.
pub(crate) fn assert_found(recognizer: &Recognizer, rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(text, value)| {
            let have = values(recognizer, text);
            (have != [*value]).then(|| format!("{text:?}: want {value:?}, have {have:?}\n"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

/// None of the texts holds a value.
pub(crate) fn assert_none(recognizer: &Recognizer, texts: &[&str]) {
    let wrong: Vec<String> = texts
        .iter()
        .filter_map(|text| {
            let have = values(recognizer, text);
            (!have.is_empty()).then(|| format!("{text:?}: have {have:?}\n"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

/// A mebibyte of each piece, repeated, takes seconds: at quadratic cost it would take hours.
pub(crate) fn assert_linear(recognizer: &Recognizer, pieces: &[&str]) {
    for piece in pieces {
        let text = piece.repeat((1 << 20) / piece.len());
        let start = std::time::Instant::now();
        run(&[recognizer], &text);
        let took = start.elapsed();
        assert!(took.as_secs() < 30, "{piece:?} took {took:?}");
    }
}
