use super::*;
use alloc::format;
use alloc::string::ToString;

fn read(body: &str, shape: Option<Shape>) -> Result<Payload<'_>, PayloadError> {
    Payload::read(body.as_bytes(), shape, &GuardOptions::default())
}

fn refused(body: &str, shape: Option<Shape>) -> String {
    match read(body, shape) {
        Err(error) => error.to_string(),
        Ok(payload) => panic!("{body} was read as {:?}", payload.shape()),
    }
}

fn texts(payload: &Payload<'_>) -> Vec<String> {
    let request = payload.request(payload.source());
    request
        .content
        .iter()
        .map(|block| block.text.to_string())
        .collect()
}

#[test]
fn what_is_no_body_is_refused_with_place_rule_and_remedy() {
    let mut deep =
        String::from("{\"messages\":[{\"role\":\"user\",\"content\":[{\"toolUse\":{\"input\":");
    deep.push_str(&"[".repeat(10_000));
    deep.push_str(&"]".repeat(10_000));
    deep.push_str("}}]}]}");
    assert_eq!(
        refused(&deep, None),
        "byte 181: arrays and objects nest deeper than 128; send flatter tool data"
    );
    for (body, start) in [
        (
            "",
            "byte 0: the document ends too early; send one JSON document",
        ),
        (
            "{\"messages\":[{\"role\":\"us",
            "byte 24: string without an end",
        ),
        ("hello", "byte 0: expected a value"),
        (
            "[]",
            "the body: the body is no JSON object; send one request or response",
        ),
        ("\"hello\"", "the body: the body is no JSON object"),
        (
            "{}",
            "the body: the members are those of no API that is known; name the API: converse, ",
        ),
        (
            "{\"secret heron\":1}",
            "the body: the members are those of no API",
        ),
        (
            "{\"messages\":[]} {}",
            "byte 16: text after the end of the document",
        ),
    ] {
        let error = refused(body, None);
        assert!(error.starts_with(start), "{body}: {error}");
    }
    let latin = Payload::read(b"{\"prompt\":\"\xe9\"}", None, &GuardOptions::default());
    assert_eq!(
        latin.unwrap_err().to_string(),
        "byte 11: the body is no UTF-8; send UTF-8"
    );
    let options = GuardOptions {
        max_bytes: 5,
        ..GuardOptions::default()
    };
    let long = Payload::read(b"{\"a\":1}", None, &options).unwrap_err();
    assert_eq!(long.code(), "payload_length");
}

#[test]
fn wrong_types_at_known_places_are_refused() {
    for (shape, body, error) in [
        (
            Shape::Converse,
            r#"{"messages":"heron"}"#,
            "/messages: expected a list",
        ),
        (
            Shape::Converse,
            r#"{"messages":[5]}"#,
            "/messages/0: expected an object",
        ),
        (
            Shape::Converse,
            r#"{"messages":[{"content":"heron"}]}"#,
            "/messages/0/content: expected a list",
        ),
        (
            Shape::Converse,
            r#"{"messages":[{"content":[{"text":{"heron":1}}]}]}"#,
            "/messages/0/content/0/text: expected a string",
        ),
        (
            Shape::Converse,
            r#"{"messages":[{"content":[{"guardContent":{"text":{"text":"a","qualifiers":"query"}}}]}]}"#,
            "/messages/0/content/0/guardContent/text/qualifiers: expected a list",
        ),
        (
            Shape::OpenAi,
            r#"{"messages":{"a":1}}"#,
            "/messages: expected a list",
        ),
        (
            Shape::OpenAi,
            r#"{"messages":[{"role":"user","content":7}]}"#,
            "/messages/0/content: expected a list",
        ),
        (
            Shape::OpenAiResponses,
            r#"{"input":7}"#,
            "/input: expected a list",
        ),
        (
            Shape::Anthropic,
            r#"{"system":7,"messages":[]}"#,
            "/system: expected a list",
        ),
        (
            Shape::InvokeTitan,
            r#"{"inputText":["heron"]}"#,
            "/inputText: expected a string",
        ),
        (
            Shape::Mcp,
            r#"{"jsonrpc":"2.0","result":{"content":{"text":"heron"}}}"#,
            "/result/content: expected a list",
        ),
    ] {
        let have = refused(body, Some(shape));
        let expected = [error, "; send what the API documents there"].concat();
        assert_eq!(have, expected, "{body}");
        assert!(!have.contains("heron"));
    }
    let named = refused(r#"{"inputText":"x"}"#, Some(Shape::Converse));
    assert!(named.starts_with("the body: the members are not those of the API that was named"));
}

#[test]
fn null_is_a_member_left_away() {
    let payload = read(
        r#"{"model":"m","messages":[{"role":"assistant","content":null,"refusal":null},null]}"#,
        None,
    );
    assert!(texts(&payload.unwrap()).is_empty());
}

#[test]
fn unknown_blocks_are_text_or_refused_by_name() {
    let body = |block: &str| {
        let body = r#"{"model":"m","max_completion_tokens":1,"messages":[{"role":"user","content":[BLOCK]}]}"#;
        body.replace("BLOCK", block)
    };
    for (block, expected) in [
        (r#"{"type":"smell","note":"heron"}"#, &["heron"][..]),
        (r#"{"type":"smell","deep":[{"a":["x","y"]}]}"#, &["x", "y"]),
        (r#"{"no":"type"}"#, &["type"]),
        (
            r#"{"type":"text","type":"image_url","text":"heron"}"#,
            &["heron"],
        ),
        (r#"{"type":7,"text":"heron"}"#, &["heron"]),
        (r#""a string""#, &["a string"]),
        (r#"{"type":"text","text":"a","aside":"b"}"#, &["a", "b"]),
    ] {
        let body = body(block);
        assert_eq!(texts(&read(&body, None).unwrap()), expected, "{block}");
    }
    for (block, name) in [
        (r#"{"type":"smell","strength":3}"#, " (smell)"),
        (r#"{"type":"ann@example.com","strength":3}"#, ""),
        (r#"{"type":"a","type":"b"}"#, ""),
        ("{}", ""),
    ] {
        let expected = [
            "/messages/0/content/0: a content block of an unknown kind without text",
            name,
            "; leave the block away, or send its text in a text block",
        ];
        assert_eq!(refused(&body(block), None), expected.concat());
    }
    let converse = r#"{"messages":[{"content":[{"text":"a"},{"hologram":{"depth":3}}]}]}"#;
    assert_eq!(
        refused(converse, None),
        "/messages/0/content/1/hologram: a content block of an unknown kind without text (hologram); \
         leave the block away, or send its text in a text block"
    );
}

#[test]
fn members_that_occur_twice_are_guarded_twice() {
    let body = r#"{"messages":[{"role":"user","content":"a"}],"model":"m","messages":[{"role":"user","content":"b","content":"c","cont\u0065nt":"d"}]}"#;
    assert_eq!(texts(&read(body, None).unwrap()), ["a", "b", "c", "d"]);
    // A text cannot be declared a tool's by a second role.
    let body = r#"{"model":"m","messages":[{"role":"user","role":"tool","content":"heron"}]}"#;
    let payload = read(body, Some(Shape::OpenAi)).unwrap();
    assert!(texts(&payload).contains(&"heron".to_string()));
}

#[test]
fn bad_tags_are_refused() {
    let tag = "amazon-bedrock-guardrails-guardContent_s";
    let body = |text: &str, suffix: &str| {
        let body = r#"{"prompt":"TEXT","max_gen_len":1,"amazon-bedrock-guardrailConfig":{"tagSuffix":SUFFIX}}"#;
        body.replace("TEXT", &text.replace("TAG", tag))
            .replace("SUFFIX", suffix)
    };
    for (text, error) in [
        (
            "<TAG>a",
            "/prompt: a guard tag is not opened and closed within one string",
        ),
        (
            "a</TAG>",
            "/prompt: a guard tag is not opened and closed within one string",
        ),
        (
            "<TAG><TAG>a</TAG></TAG>",
            "/prompt: a guard tag stands inside of another",
        ),
        (
            r"\u003cTAG>a",
            "/prompt: a guard tag is not opened and closed within one string",
        ),
    ] {
        let error_text = refused(&body(text, "\"s\""), None);
        assert!(error_text.starts_with(error), "{text}: {error_text}");
    }
    for suffix in ["\"\"", "\"a b\"", "7", "\"123456789012345678901\""] {
        let error = refused(&body("a", suffix), None);
        assert!(
            error.starts_with(
                "/amazon-bedrock-guardrailConfig/tagSuffix: tagSuffix is not one value"
            ),
            "{error}"
        );
    }
    // Another suffix's tags are text, and without the member all tags are.
    assert_eq!(
        texts(&read(&body("<TAG>a", "\"t\""), None).unwrap()).len(),
        1
    );
    let split = r#"{"anthropic_version":"x","messages":[{"role":"user","content":[{"type":"text","text":"<TAG>a"},{"type":"text","text":"b</TAG>"}]}],"amazon-bedrock-guardrailConfig":{"tagSuffix":"s"}}"#;
    let error = refused(&split.replace("TAG", tag), None);
    assert!(error.starts_with("/messages/0/content/0/text: a guard tag is not opened and closed"));
}

#[test]
fn bodies_that_fit_several_apis_say_so() {
    let body = r#"{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hello"}]}"#;
    let payload = read(body, None).unwrap();
    assert_eq!(payload.shape(), Shape::OpenAi);
    let named = read(body, Some(Shape::Anthropic)).unwrap();
    assert_eq!(texts(&named), texts(&payload));
    for (body, shape, also) in [
        (
            r#"{"prompt":"x"}"#,
            Shape::InvokeLlama,
            &[
                Shape::InvokeMistral,
                Shape::InvokeCohere,
                Shape::InvokeAnthropicText,
            ][..],
        ),
        (
            r#"{"model":"claude","max_tokens":5,"system":"s","messages":[{"role":"user","content":"x"}]}"#,
            Shape::Anthropic,
            &[],
        ),
    ] {
        let payload = read(body, None).unwrap();
        assert_eq!((payload.shape(), payload.also()), (shape, also), "{body}");
    }
}

#[test]
fn replacements_out_of_place_change_nothing() {
    let body = r#"{"prompt":"h\u00e9ron","max_gen_len":1}"#;
    let payload = read(body, None).unwrap();
    for (block, start, end) in [
        (0, 2, 3),
        (0, 5, 99),
        (1, 0, 1),
        (0, 3, 3),
        (0, 4, 1),
        (0, usize::MAX, 0),
    ] {
        let replacement = Replacement {
            block,
            start,
            end,
            text: "x",
        };
        assert_eq!(
            payload.replace([replacement]),
            body.as_bytes(),
            "{block} {start}..{end}"
        );
    }
    let quoted = Replacement {
        block: 0,
        start: 1,
        end: 3,
        text: "{\"\\\n}",
    };
    let new = String::from_utf8(payload.replace([quoted])).unwrap();
    assert_eq!(new, body.replace(r"\u00e9", r#"{\"\\\n}"#));
}

#[test]
fn every_cut_of_a_body_is_refused_or_read_without_a_panic() {
    let body = r#"{"system":[{"text":"a"}],"messages":[{"role":"user","content":[{"text":"\ud83d\ude00"},{"toolUse":{"input":{"a":1}}}]}]}"#;
    for cut in 0..body.len() {
        assert!(read(&body[..cut], None).is_err(), "{cut}");
    }
    for at in 0..body.len() {
        let mut broken = body.as_bytes().to_vec();
        broken[at] = b'"';
        let _ = Payload::read(&broken, None, &GuardOptions::default());
    }
}

#[test]
fn many_members_cost_no_more_than_their_bytes() {
    let many = "\"type\":\"smell\",".repeat(200_000);
    let body = [
        "{\"messages\":[{\"role\":\"user\",\"content\":[{",
        &many,
        "\"a\":\"b\"}]}],\"model\":\"m\",",
        &many,
        "\"n\":1}",
    ]
    .concat();
    let payload = read(&body, None).unwrap();
    assert_eq!(texts(&payload), ["b"]);
    let tags =
        "<amazon-bedrock-guardrails-guardContent_s>\\n</amazon-bedrock-guardrails-guardContent_s>";
    let body = [
        "{\"max_gen_len\":1,\"amazon-bedrock-guardrailConfig\":{\"tagSuffix\":\"s\"},\"prompt\":\"",
        &tags.repeat(20_000),
        "\"}",
    ]
    .concat();
    assert_eq!(texts(&read(&body, None).unwrap()), ["\n".repeat(20_000)]);
}

fn sided(body: &str, shape: Option<Shape>, side: Side) -> Result<Payload<'_>, PayloadError> {
    let options = GuardOptions {
        side: Some(side),
        ..GuardOptions::default()
    };
    Payload::read(body.as_bytes(), shape, &options)
}

#[test]
fn a_request_cannot_pass_for_something_else() {
    let request = r#"{"model":"m","messages":[{"role":"user","content":"heron"}],MORE"id":"x"}"#;
    let answer = r#""choices":[{"message":{},"finish_reason":"x"}],"object":"chat.completion","#;
    let titan = r#""inputText":"a","textGenerationConfig":{},"#;
    let settings = "\"n\":1,".repeat(2000);
    let both = |more: &str| request.replace("MORE", more);
    for (body, shape, places) in [
        (both(answer), None, "/messages"),
        (both(answer), Some(Shape::OpenAi), "/messages"),
        (
            both(&[titan, "\"results\":[],"].concat()),
            None,
            "/messages",
        ),
        // What is far down is not looked at for signs.
        (
            format!("{{{titan}{settings}\"messages\":[\"heron\"],\"prompt\":\"a\"}}"),
            None,
            "/messages, /prompt",
        ),
        (
            r#"{"object":"response","output":[{"type":"message","content":[]}],"input":"heron"}"#
                .into(),
            Some(Shape::OpenAiResponses),
            "/input",
        ),
        (
            r#"{"jsonrpc":"2.0","result":{"content":[]},"params":{"arguments":{"a":7}}}"#.into(),
            Some(Shape::Mcp),
            "/params",
        ),
    ] {
        let expected = [
            places,
            ": content of another side or API than the rest of the body is of; name the API and the side \
             (request or response), or leave the members away",
        ];
        assert_eq!(refused(&body, shape), expected.concat());
    }
    // A server of the API that is named does not read another's.
    let body = both(titan);
    assert_eq!(texts(&read(&body, Some(Shape::OpenAi)).unwrap()), ["heron"]);
}

#[test]
fn the_side_can_be_said() {
    let body = r#"{"choices":[{"message":{"content":"a"},"finish_reason":"x"}],"object":"chat.completion","messages":[{"role":"user","content":"heron"}]}"#;
    let payload = sided(body, Some(Shape::OpenAi), Side::Request).unwrap();
    assert_eq!(payload.side(), Side::Request);
    assert_eq!(texts(&payload), ["a", "x", "heron"]);
    let payload = sided(body, Some(Shape::OpenAi), Side::Response).unwrap();
    assert_eq!(texts(&payload), ["a", "user", "heron"]);
    let wrong = sided(r#"{"inputText":"x"}"#, None, Side::Response).unwrap_err();
    assert_eq!(wrong.code(), "payload_shape");
    // Signs of the other side do not count against the one that was said.
    let body = r#"{"jsonrpc":"2.0","method":"tools/call","params":{"arguments":{"a":"b"}},"result":{"x":"y"}}"#;
    let payload = sided(body, Some(Shape::Mcp), Side::Response).unwrap();
    assert_eq!(texts(&payload), ["b", "y"]);
}

#[test]
fn what_a_response_repeats_is_guarded_unless_it_is_known_to_be_one() {
    let body = r#"{"object":"response","instructions":"heron","error":null,"text":{"format":{"type":"text"}},"prompt":{"variables":{"a":"b"}},"output":[]}"#;
    let shape = Some(Shape::OpenAiResponses);
    for shape in [None, shape] {
        assert_eq!(texts(&read(body, shape).unwrap()), ["heron", "b"]);
    }
    assert!(texts(&sided(body, shape, Side::Response).unwrap()).is_empty());
}

const TAGGED: &str = r#"{"anthropic_version":"x","max_tokens":9,"amazon-bedrock-guardrailConfig":{"tagSuffix":"xyz"},"messages":[{"role":"user","content":"a mail of da<amazon-bedrock-guardrails-guardContent_xyz>na@example.com</amazon-bedrock-guardrails-guardContent_xyz> there"}]}"#;

fn for_guardrails(selective: [bool; 2]) -> GuardOptions {
    GuardOptions {
        enforced: Some(Enforced { selective }),
        // These are for guardrails that do not say how they are applied.
        messages: Guarding::Selective,
        system: Guarding::Selective,
        ..GuardOptions::default()
    }
}

#[test]
fn guardrails_that_differ_find_a_text_with_tags_whole_and_in_parts() {
    let found = |selective| {
        let options = for_guardrails(selective);
        let payload = Payload::read(TAGGED.as_bytes(), None, &options).unwrap();
        let request = payload.request(Source::Input);
        let blocks = request.content.iter();
        blocks
            .map(|block| (block.text.to_string(), block.qualifiers.guard_content))
            .collect::<Vec<_>>()
    };
    let whole = ("a mail of dana@example.com there".to_string(), false);
    let part = ("na@example.com".to_string(), true);
    // A tag must not cut a word in two for a guardrail that looks at everything.
    assert_eq!(found([false, false]), core::slice::from_ref(&whole));
    assert_eq!(found([false, true]), core::slice::from_ref(&whole));
    assert_eq!(found([true, false]), [whole, part]);
}

#[test]
fn what_no_guardrail_says_is_left_to_the_qualifiers() {
    let body = r#"{"messages":[{"role":"user","content":[{"guardContent":{"text":{"text":"facts","qualifiers":["grounding_source"]}}},{"text":"plain"}]}],"system":[{"text":"rules"}]}"#;
    let options = for_guardrails([true, true]);
    let payload = Payload::read(body.as_bytes(), Some(Shape::Converse), &options).unwrap();
    let request = payload.request(Source::Input);
    let blocks: Vec<_> = request.content.iter().collect();
    assert_eq!(blocks.len(), 3);
    for block in &blocks {
        // A selective guardrail would take these for tags.
        assert!(!block.qualifiers.guard_content, "{}", block.text);
    }
    let grounding = blocks.iter().find(|block| block.text == "facts").unwrap();
    assert!(grounding.qualifiers.grounding_source);
    let rules = blocks.iter().find(|block| block.text == "rules").unwrap();
    assert_eq!(rules.role, Some(Role::System));
    assert_eq!(payload.skipped().untagged, 0);
}

#[test]
fn a_guard_content_without_qualifiers_is_tagged_for_every_guardrail() {
    let body = r#"{"messages":[{"role":"user","content":[{"text":"plain"},{"guardContent":{"text":{"text":"bare"}}},{"guardContent":{"text":{"text":"none","qualifiers":[]}}},{"guardContent":{"text":{"text":"said","qualifiers":["guard_content"]}}},{"guardContent":{"text":{"text":"facts","qualifiers":["grounding_source"]}}},{"guardContent":{"text":{"text":"asked","qualifiers":["query"]}}},{"guardContent":{"text":{"text":"both","qualifiers":["query","guard_content"]}}}]}],"system":[{"text":"open"},{"guardContent":{"text":{"text":"rules"}}}]}"#;
    for selective in [[false, false], [false, true], [true, false], [true, true]] {
        let options = for_guardrails(selective);
        let payload = Payload::read(body.as_bytes(), Some(Shape::Converse), &options).unwrap();
        let request = payload.request(Source::Input);
        let blocks = request.content.iter();
        let mut tagged: Vec<&str> = blocks
            .filter(|block| block.qualifiers.guard_content)
            .map(|block| &*block.text)
            .collect();
        tagged.sort_unstable();
        assert_eq!(tagged, ["bare", "both", "none", "rules", "said"]);
        assert_eq!(request.content.len(), 9, "nothing is left out");
    }
}

#[test]
fn a_text_with_tags_counts_as_tagged_where_it_is_read_as_a_whole() {
    let payload = read(TAGGED, None).unwrap();
    let request = payload.request(Source::Input);
    assert_eq!(request.content.len(), 1);
    assert!(request.content[0].qualifiers.guard_content);
}

#[test]
fn stretches_that_overlap_in_the_body_are_replaced_together() {
    let options = for_guardrails([true, false]);
    let payload = Payload::read(TAGGED.as_bytes(), None, &options).unwrap();
    let stretch = |block, start, end, text| Replacement {
        block,
        start,
        end,
        text,
    };
    // The whole says `dana@`, the part `na@example.com`: nothing of either may stay.
    let new = payload.replace([stretch(0, 10, 15, "{A}"), stretch(1, 0, 14, "{B}")]);
    let new = String::from_utf8(new).unwrap();
    let expected = TAGGED.replace("da<", "{A}<").replace("na@example.com", "");
    for secret in ["da<", "na@", "example.com", "dana"] {
        assert!(!new.contains(secret), "{secret}: {new}");
    }
    assert!(
        new.contains("{A}") && new.len() <= expected.len() + 3,
        "{new}"
    );
    let kept: String = new.chars().filter(|c| "<>".contains(*c)).collect();
    assert_eq!(kept, "<><>", "{new}");
}
