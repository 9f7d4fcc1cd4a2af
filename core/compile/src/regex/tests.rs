use super::*;

fn compile(pattern: &str, unicode: bool) -> Result<RegexPath, PatternError> {
    let mut compiler = RegexCompiler::default();
    compiler.add(PatternKey {
        pattern: pattern.into(),
        unicode,
    })?;
    let (_, _, paths) = compiler.finish().unwrap();
    Ok(paths[0])
}

#[test]
fn patterns_take_the_cheapest_path_that_holds_them() {
    for (pattern, path) in [
        (r"\bTCK-[0-9]{4,6}\b", RegexPath::Group),
        (r"\d{3}-\d{2}-\d{4}", RegexPath::Group),
        (r"(?i)projekt\s+straße", RegexPath::Group),
        (r"x.{40}y", RegexPath::Anchored),
        (r"KEY-[a-z]{1,10}.*[a-z].{60}z", RegexPath::Fallback),
    ] {
        assert_eq!(compile(pattern, false), Ok(path), "{pattern}");
    }
}

#[test]
fn what_no_path_expresses_is_refused_with_the_place() {
    for (pattern, at, part) in [
        (r"a(?=b)", Some(2), "look-around"),
        (r"(?<!x)y", Some(1), "look-around"),
        (r"(a)\1", Some(4), "back-reference"),
        (r"[z-a]", Some(2), "not valid"),
        (r"a(b", Some(2), "not valid"),
        (r"\b{start}x", Some(1), "one-sided"),
        (r"(a{1,500}){1,500}", None, "too large"),
    ] {
        let error = compile(pattern, false).unwrap_err();
        assert_eq!(error.at, at, "{pattern}: {error:?}");
        assert!(error.problem.contains(part), "{pattern}: {error:?}");
    }
}

#[test]
fn suspicions_name_what_is_odd_and_leave_good_patterns_alone() {
    for (pattern, part) in [
        (r"/\d{4}/g", "slashes"),
        (r"/abc/", "slashes"),
        (r"d{6}", "backslash got lost"),
        (r"ID-d{4}", "backslash got lost"),
        (r"^\d{3}$^\d{4}$", "run together"),
        (r"\\d{3}", "doubled backslash"),
        (r" \d{3}", "white space"),
    ] {
        let found = suspicions(pattern);
        assert!(
            found.iter().any(|text| text.contains(part)),
            "{pattern}: {found:?}"
        );
    }
    for pattern in [
        r"\d{6}",
        r"^\d{3}$",
        r"https?://x/y",
        r"(^|\s)a+b",
        r"dd?",
        r"/api/v1/\w+",
    ] {
        assert_eq!(suspicions(pattern), Vec::<String>::new(), "{pattern}");
    }
}

#[test]
fn equal_patterns_share_an_automaton() {
    let mut compiler = RegexCompiler::default();
    let key = |unicode| PatternKey {
        pattern: r"\d+".into(),
        unicode,
    };
    assert_eq!(compiler.add(key(false)), Ok(0));
    assert_eq!(compiler.add(key(false)), Ok(0));
    assert_eq!(compiler.add(key(true)), Ok(1));
}

#[test]
fn marked_patterns_are_those_whose_every_match_has_a_marker_and_few_gaps() {
    let gaps = |pattern: &str, unicode| {
        Pattern::compile(dialect::parse(pattern, unicode).unwrap())
            .unwrap()
            .gaps
    };
    for (pattern, expected) in [
        (r"\bTCK-[0-9]{4,6}\b", 0),
        (r"^\d+$", 0),
        (r"(?i)confidential-[a-z]+", 0),
        (r"(a|b)+_\S*", 0),
        (r"\d{3}|x=y|[#$]", 0),
        (r"(?m)^[a-z]*[0-9]+?é*", 0),
        (r"x.{0}=y", 0),
        (r"\w{40}-\w{40}", 0),
        (r"\d+ \d+", 1),
        (r"\d+\s*x", 1),
        (r"(?i)\bcase\s+\d{4}/\d{3}\b", 1),
        (r"case[\t ]{2,}(?:no\.)?( )*\d", 2),
        (r"acct[-_ ]?\d{8}", 1),
        (r"a {3}b=  c", 2),
        (r"(?:\d|- |\d \d ){1}", 2),
        (r"\d.", 1),
        (r"\d[^0-9]", 1),
        (r"\d[!-~\v]", 1),
        (r"(?:\d ){2}", 2),
    ] {
        assert_eq!(gaps(pattern, false), Some(expected), "{pattern}");
    }
    let marked = |pattern: &str, unicode| gaps(pattern, unicode).is_some();
    for pattern in [
        r"[a-z]+",                       // no marker
        r"\w+",                          // a marker or none
        r"\d*",                          // matches nothing at all
        r"(\d)?a",                       // optional marker
        r"\d|a",                         // one branch without
        r"\d.*",                         // white space, any number of times
        r"\d(?:a\s)+",                   // the same
        r"\d[-\s]+",                     // the same
        r"\d (?:a b){2}",                // three gaps
        r"\d[^0-9]{3}",                  // perhaps three
        r"a.c!",                         // a mark that is common in prose
        r"(?:.*\d)?",                    // empty
        r"KEY-[a-z]{1,10}.*[a-z].{60}z", // on the fallback path
    ] {
        assert!(!marked(pattern, false), "{pattern}");
    }
    // Unicode digits are no markers. A run of Unicode white space may be several of ASCII white space.
    assert!(!marked(r"\d+", true));
    assert!(marked(r"a\s+[0-9]", false));
    assert!(!marked(r"a\s+[0-9]", true));
    assert!(marked(r"\S+=", true));
    assert!(!marked(r"\S+[=٣]", true));
}

#[test]
fn marked_patterns_get_groups_of_their_own_and_join_others_when_there_are_too_many() {
    let mut compiler = RegexCompiler::default();
    for pattern in [r"\d+-x", "alpha", r"x_[0-9]", "beta", r"no \d"] {
        let pattern = pattern.to_string();
        compiler
            .add(PatternKey {
                pattern,
                unicode: false,
            })
            .unwrap();
    }
    let (_, each, _) = compiler.finish().unwrap();
    let each = edgerail_core::regex::read_each(&each).unwrap();
    let groups: Vec<u8> = each.iter().map(|compiled| compiled.group).collect();
    assert_eq!(groups, [1, 0, 1, 0, 1]);
    let gaps: Vec<Option<u8>> = each.iter().map(|compiled| compiled.gaps).collect();
    assert_eq!(gaps, [Some(0), None, Some(0), None, Some(1)]);
}

/// What `program` finds, as the engine finds it on the fallback path.
fn simulated(pattern: &str, text: &str) -> Vec<std::ops::Range<usize>> {
    let hir = dialect::parse(pattern, false).unwrap();
    let program = program::program(&hir).unwrap();
    edgerail_core::regex::run_program(&program, text).unwrap()
}

#[test]
fn programs_find_what_the_automata_library_finds() {
    let texts = [
        "aaab aaaaaa ababc",
        "a\r\nb\n\nc\r\r\nabc_é ab",
        "Straße ſtraße STRASSE 2026-01-02\n",
        "",
        "x\u{1F600}yé xéy",
    ];
    for pattern in [
        "(?:a*)?b",
        "(?:a{2}){3}",
        "(?:(?:a+)+)*?b?",
        "(?:ab){2}|(?P<x>c?)?a",
        "(?:|a)+b",
        "(?:|a)*b|a",
        "(?:a|)*?ab",
        "(?:a??b??)*c",
        "(?:a*?){2,}b|aa",
        "a{2,4}?",
        "a{2,4}",
        "a{0,2}b",
        "a{3,}",
        r"\ba\w*\b|\B.\B",
        "(?m)^.*$",
        "(?mR)^.+?$",
        "(?s)^.{2,}$",
        "^a|b$",
        "(?i)stra(?:ss|ß)e",
        r"[^\x00-\x7f]+",
        r"x.y|\d+-\d+(?:-\d+)?",
        r"a\z|[[:alpha:]&&[^b]]+",
    ] {
        let hir = dialect::parse(pattern, false).unwrap();
        let dfa = |reverse| {
            let kind = if reverse {
                MatchKind::All
            } else {
                MatchKind::LeftmostFirst
            };
            let config = dense_config().match_kind(kind);
            let nfa = nfa(&[&hir], reverse).unwrap();
            let dfa = dense::Builder::new().configure(config).build_from_nfa(&nfa);
            dfa.unwrap()
        };
        let oracle =
            regex_automata::dfa::regex::Regex::builder().build_from_dfas(dfa(false), dfa(true));
        for text in texts {
            let expected: Vec<_> = oracle.find_iter(text).map(|m| m.range()).collect();
            let expected: Vec<_> = expected.into_iter().filter(|m| !m.is_empty()).collect();
            assert_eq!(simulated(pattern, text), expected, "{pattern} in {text:?}");
        }
    }
}

#[test]
fn programs_have_a_largest_size() {
    let hir = |pattern| dialect::parse(pattern, false).unwrap();
    assert!(program::program(&hir("(a{1,300}){1,300}")).is_some());
    assert!(program::program(&hir("(a{1,500}){1,500}")).is_none());
}
