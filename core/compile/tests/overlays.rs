//! Overlays: what is read, what is refused.

use edgerail_compile::overlay::{Allowed, LegacyInput, Mode, OnError, Overlay, WordMatch};
use edgerail_core::pii::PiiType;

const FULL: &str = r#"
legacy_input = "mask"
on_error = { input = "block", output = "pass" }

[words]
match = "substring"
confidential_words = ["Project Kestrel"]

[pii.EMAIL]
threshold = 600
[pii.NAME]
threshold = 0

[[allow]]
type = "EMAIL"
domain = "Example.com"
who = "ai-governance"
why = "our own addresses"
until = 2027-01-31

[[allow]]
type = "PHONE"
value = "+1 202 555 0100"
who = "ai-governance"
why = "switchboard"
until = "2027-01-31T12:00:00Z"

[regex."Ticket Id"]
unicode = true
confidential = true

[limits]
text_bytes = 2_097_152
findings = 500

[guardrail."support-bot"]
mode = "observe"
legacy_input = "aws"
words.confidential = true
words.confidential_words = ["rivalcorp"]
pii.EMAIL.threshold = 700
regex."Ticket Id".unicode = false
"#;

#[test]
fn everything_is_read_and_merged() {
    let overlay = Overlay::read(FULL.as_bytes()).unwrap();
    assert_eq!(overlay.limits.text_bytes, Some(2_097_152));
    assert_eq!(overlay.limits.findings, Some(500));
    assert_eq!(overlay.mode("support-bot"), Mode::Observe);
    assert_eq!(overlay.mode("another"), Mode::Enforce);

    let common = overlay.settings_of("another");
    assert_eq!(common.legacy_input, Some(LegacyInput::Mask));
    assert_eq!(common.on_error_input, Some(OnError::Block));
    assert_eq!(common.on_error_output, Some(OnError::Pass));
    assert_eq!(common.words.matching, Some(WordMatch::Substring));
    assert_eq!(common.thresholds[&PiiType::Email], 600);
    assert_eq!(common.allow.len(), 2);
    assert_eq!(
        common.allow[0].allowed,
        Allowed::Domain("example.com".to_owned())
    );
    assert_eq!(common.allow[0].until.text, "2027-01-31");
    assert_eq!(common.allow[0].until.unix_seconds, 1_801_440_000);
    assert_eq!(common.allow[1].until.unix_seconds, 1_801_396_800);

    let own = overlay.settings_of("support-bot");
    assert_eq!(own.legacy_input, Some(LegacyInput::Aws));
    assert_eq!(own.words.matching, Some(WordMatch::Substring));
    assert_eq!(own.words.confidential, Some(true));
    assert_eq!(
        own.words.confidential_words,
        ["Project Kestrel", "rivalcorp"]
    );
    assert_eq!(own.thresholds[&PiiType::Email], 700);
    assert_eq!(own.thresholds[&PiiType::Name], 0);
    assert_eq!(own.regexes["Ticket Id"].unicode, Some(false));
    assert_eq!(own.regexes["Ticket Id"].confidential, Some(true));
}

#[test]
fn json_says_the_same_and_nothing_says_nothing() {
    let json = br#"{"$schema": "overlay.schema.json", "on_error": "pass", "guardrail": {"g": {"mode": "enforce"}}}"#;
    let overlay = Overlay::read(json).unwrap();
    assert_eq!(overlay.settings.on_error_output, Some(OnError::Pass));
    assert_eq!(overlay.guardrails["g"].mode, Some(Mode::Enforce));
    for empty in ["", "\n", "# only a comment\n", "{}"] {
        assert_eq!(
            Overlay::read(empty.as_bytes()).unwrap(),
            Overlay::default(),
            "{empty:?}"
        );
    }
}

#[test]
fn every_rule_has_a_message_with_its_place() {
    let entry = "who = \"x\"\nwhy = \"y\"\nuntil = \"2027-01-01\"\n";
    let rows: Vec<(String, &[&str])> = vec![
        ("legacy_imput = \"mask\"".into(), &["line 1, column 1", "$.legacy_imput", "`legacy_input`?"]),
        ("legacy_input = \"masked\"".into(), &["$.legacy_input", "\"aws\" or \"mask\""]),
        ("legacy_input = true".into(), &["a string is expected, this is a boolean"]),
        ("[topics]\nx = 1".into(), &["did you mean `topic`?"]),
        ("[normalization]\nx = 1".into(), &["not supported yet by this version"]),
        ("[words]\nmatch = \"tokens\"".into(), &["$.words.match", "\"substring\""]),
        ("[words]\nconfidential_words = [1]".into(), &["confidential_words[0]", "a number"]),
        ("words = 1".into(), &["a table is expected, this is a number"]),
        ("[pii.EMIAL]\nthreshold = 1".into(), &["$.pii.EMIAL", "did you mean `EMAIL`?"]),
        ("[pii.EMAIL]\nthreshold = 1001".into(), &["$.pii.EMAIL.threshold", "0 to 1000"]),
        ("[pii.EMAIL]\nthreshold = -1".into(), &["0 to 1000"]),
        ("[pii.EMAIL]\nthreshold = 0.6".into(), &["whole number"]),
        ("[pii.EMAIL]\ntreshold = 6".into(), &["`threshold`?"]),
        ("[regex.a]\nunicode = \"yes\"".into(), &["$.regex.a.unicode", "true or false"]),
        ("[limits]\ntext_bytes = 0".into(), &["1 to 16777216"]),
        ("[guardrail.g]\nmode = \"off\"".into(), &["$.guardrail.g.mode", "\"observe\""]),
        ("[guardrail.g.limits]\nfindings = 1".into(), &["unknown key `limits`"]),
        (format!("[[allow]]\ntype = \"EMAIL\"\n{entry}"), &["$.allow[0]", "exactly one of `value` and `domain`"]),
        (format!("[[allow]]\ntype = \"EMAIL\"\nvalue = \"a\"\ndomain = \"example.com\"\n{entry}"), &["exactly one"]),
        (format!("[[allow]]\ntype = \"Internal Ticket\"\nvalue = \"a\"\n{entry}"), &["words and custom regexes cannot stand here"]),
        (format!("[[allow]]\ntype = \"PHONE\"\ndomain = \"example.com\"\n{entry}"), &["only EMAIL and URL"]),
        (format!("[[allow]]\ntype = \"EMAIL\"\ndomain = \"com\"\n{entry}"), &["such as `example.com`"]),
        (format!("[[allow]]\ntype = \"EMAIL\"\ndomain = \"*.example.com\"\n{entry}"), &["such as `example.com`"]),
        (format!("[[allow]]\ntype = \"EMAIL\"\nvalue = \" \"\n{entry}"), &["blank"]),
        ("[[allow]]\ntype = \"EMAIL\"\nvalue = \"a\"".into(), &["`who` is missing", "`why` is missing", "`until` is missing"]),
        ("[[allow]]\ntype = \"EMAIL\"\nvalue = \"a\"\nwho = \"x\"\nwhy = \"y\"\nuntil = \"soon\"".into(), &["$.allow[0].until", "RFC 3339"]),
        ("[allow]\ntype = \"EMAIL\"".into(), &["a list is expected"]),
        ("{\"on_error\": {\"inputs\": \"pass\"}}".into(), &["$.on_error.inputs", "`input`?"]),
        ("{\"words\": {}, \"words\": {}}".into(), &["stands twice"]),
        ("on_error = \"block".into(), &["TOML", "line 1"]),
        ("<html>".into(), &["TOML"]),
    ];
    for (text, parts) in rows {
        let message = Overlay::read(text.as_bytes()).expect_err(&text).to_string();
        for part in parts {
            assert!(message.contains(part), "{text}\n{message}\nlacks {part}");
        }
    }
    assert!(Overlay::read(b"a = \"\xff\"").is_err());
}

#[test]
fn all_errors_at_once_without_secrets() {
    let text = "legacy_input = \"x\"\nfoo = 1\n[[allow]]\ntype = \"EMAIL\"\nvalue = \"hidden@example.com\"\nuntil = \"hiddendate\"\n";
    let all = Overlay::read(text.as_bytes()).unwrap_err();
    assert_eq!(all.errors(), 5, "{all}");
    assert!(!all.to_string().contains("hidden"), "{all}");
}

#[test]
fn rules_of_topics_are_held_to_their_sense() {
    let rule = |body: &str| format!("[[topic.T.rule]]\n{body}\n");
    let long = "x".repeat(101);
    let rows: Vec<(String, &[&str])> = vec![
        (
            rule("weight = 400"),
            &[
                "topic-rule-empty",
                "$.topic.T.rule[0]",
                "`any`, `all` or both",
            ],
        ),
        (rule("not = [\"a\"]"), &["topic-rule-empty"]),
        (
            rule("all = [\"pension\", \"transfer\"]\nnot = [\"Pension\"]"),
            &["topic-rule-contradiction", "`all[0]`"],
        ),
        (
            rule("any = [\"a b\", \"Stock  Tip\"]\nnot = [\"stock tip\"]"),
            &["topic-rule-contradiction", "`any[1]`"],
        ),
        (
            rule("any = [\"a1\", \"b1\"]\nnear = 5"),
            &["topic-rule-near", "at least two"],
        ),
        (rule("all = [\"a1\"]\nnear = 5"), &["topic-rule-near"]),
        (
            rule("all = [\"a1\", \"b1\"]\nnear = 0"),
            &["$.topic.T.rule[0].near", "1 to 1000"],
        ),
        (rule("any = [\"a1\"]\nweight = 0"), &["weight", "1 to 1000"]),
        (rule("any = [\"a1\"]\nweight = 1001"), &["1 to 1000"]),
        (rule("any = []"), &["1 to 500 words"]),
        (rule("any = \"a1\""), &["a list is expected"]),
        (rule("any = [\" \"]"), &["blank"]),
        (
            rule("any = [\"?!\"]"),
            &["topic-term-empty", "never be found"],
        ),
        (
            rule(&format!("any = [\"{long}\"]")),
            &["at most 100 characters"],
        ),
        (rule("anny = [\"a1\"]\nany = [\"a1\"]"), &["`any`?"]),
        (
            "[topic.T]\nthreshold = 0".into(),
            &["$.topic.T.threshold", "1 to 1000"],
        ),
        ("[topic.T]\nthreshold = 1001".into(), &["1 to 1000"]),
        ("[topic.T]\nwindow = 0".into(), &["1 to 1000"]),
        (
            "[topic.T]\nkeywords = \"only\"".into(),
            &["\"add\" or \"replace\""],
        ),
        (
            "[topic.T]\nkeywords = \"replace\"".into(),
            &["topic-without-rule", "add a `rule`"],
        ),
        ("[topic.T]\nconfidential = 1".into(), &["true or false"]),
        ("[topic.T]\nrules = []".into(), &["`rule`?"]),
        ("topic = 1".into(), &["a table is expected"]),
        (
            "[guardrail.g.topic.T]\nwindow = 0".into(),
            &["$.guardrail.g.topic.T.window"],
        ),
        (rule("any = [\"a1\"]").repeat(65), &["at most 64 rules"]),
    ];
    for (text, parts) in rows {
        let message = Overlay::read(text.as_bytes()).expect_err(&text).to_string();
        for part in parts {
            assert!(message.contains(part), "{text}\n{message}\nlacks {part}");
        }
    }
    let twice = rule(
        "any = [\"Stock tip\", \"stock  TIP\"]\nall = [\"a1\", \"b1\"]\nnear = 3\nnot = [\"c1\"]",
    );
    let overlay = Overlay::read(twice.as_bytes()).unwrap();
    let read = &overlay.settings.topics["T"].rules[0];
    assert_eq!(read.any, ["Stock tip"]);
    assert_eq!(
        (read.all.len(), read.not.len(), read.near, read.weight),
        (2, 1, Some(3), None)
    );
}
