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
fn marked_patterns_are_those_whose_every_match_has_a_marker_and_no_white_space() {
    let marked = |pattern: &str, unicode| {
        Pattern::compile(dialect::parse(pattern, unicode).unwrap())
            .unwrap()
            .marked
    };
    for pattern in [
        r"\bTCK-[0-9]{4,6}\b",
        r"^\d+$",
        r"(?i)confidential-[a-z]+",
        r"(a|b)+_\S*",
        r"\d{3}|x=y|[#$]",
        r"(?m)^[a-z]*[0-9]+?é*",
        r"x.{0}=y",
        r"\w{40}-\w{40}",
    ] {
        assert!(marked(pattern, false), "{pattern}");
    }
    for pattern in [
        r"[a-z]+",                       // no marker
        r"\w+",                          // a marker or none
        r"\d*",                          // matches nothing at all
        r"(\d)?a",                       // optional marker
        r"\d|a",                         // one branch without
        r"\d+ \d+",                      // white space
        r"\d+\s*x",                      // perhaps white space
        r"\d.",                          // any character but a line feed
        r"\d[^0-9]",                     // white space in a negated class
        r"\d[!-~\v]",                    // a rare kind of it
        r"a.c!",                         // a mark that is common in prose
        r"(?:.*\d)?",                    // empty
        r"KEY-[a-z]{1,10}.*[a-z].{60}z", // on the fallback path
    ] {
        assert!(!marked(pattern, false), "{pattern}");
    }
    // Unicode digits are no markers, Unicode white space includes the ASCII one.
    assert!(!marked(r"\d+", true));
    assert!(marked(r"\S+=", true));
    assert!(!marked(r"\S+[=٣]", true));
}

#[test]
fn marked_patterns_get_groups_of_their_own_and_join_others_when_there_are_too_many() {
    let mut compiler = RegexCompiler::default();
    for pattern in [r"\d+-x", "alpha", r"x_[0-9]", "beta"] {
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
    assert_eq!(groups, [1, 0, 1, 0]);
    let marked: Vec<bool> = each.iter().map(|compiled| compiled.marked).collect();
    assert_eq!(marked, [true, false, true, false]);
}

#[test]
fn patterns_are_printed_for_the_fallback_with_their_meaning() {
    for pattern in [
        "(?:a*)?b",
        "(?:a{2}){3}",
        "(?:(?:a+)+)*?",
        "(?:ab){2}|(?P<x>c?)?",
    ] {
        let hir = dialect::parse(pattern, false).unwrap();
        let printed = dialect::print_for_fallback(&hir);
        let text = "aaab aaaaaa ababc";
        let matches = |pattern: &str| -> Vec<_> {
            let regex = regex_lite::Regex::new(pattern).unwrap();
            regex.find_iter(text).map(|m| m.range()).collect()
        };
        assert_eq!(
            matches(&printed),
            matches(pattern),
            "{pattern} as {printed}"
        );
    }
}
