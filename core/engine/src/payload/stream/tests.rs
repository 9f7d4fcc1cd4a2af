use super::*;
use alloc::collections::BTreeMap;
use alloc::string::ToString;

/// Holds back the last bytes of each block, masks an address and blocks a word.
#[derive(Default)]
struct Filter {
    hold: usize,
    texts: BTreeMap<usize, String>,
    blocked: bool,
}

const ADDRESS: &str = "ann@example.com";

impl Filter {
    fn hold(hold: usize) -> Filter {
        Filter {
            hold,
            ..Filter::default()
        }
    }

    fn give(&mut self, block: usize, keep: usize) -> String {
        assert!(!self.blocked, "nothing is asked after a block");
        let text = self.texts.entry(block).or_default();
        *text = text.replace(ADDRESS, "{EMAIL}");
        if let Some(at) = text.find("heron") {
            self.blocked = true;
            return [&text[..at], "[blocked]"].concat();
        }
        let mut give = text.len().saturating_sub(keep);
        while !text.is_char_boundary(give) {
            give -= 1;
        }
        text.drain(..give).collect()
    }
}

impl TextFilter for Filter {
    fn push(&mut self, block: usize, text: &str) -> String {
        self.texts.entry(block).or_default().push_str(text);
        self.give(block, self.hold)
    }
    fn finish(&mut self, block: usize) -> String {
        self.give(block, 0)
    }
    fn holds(&self, block: usize) -> bool {
        self.texts.get(&block).is_some_and(|text| !text.is_empty())
    }
    fn is_blocked(&self) -> bool {
        self.blocked
    }
}

fn run_with(
    shape: Shape,
    framing: Framing,
    stream: &[u8],
    cut: usize,
    mut filter: Filter,
    options: &GuardOptions,
) -> Vec<u8> {
    let mut reframer = Reframer::new(shape, framing, options);
    let mut out = Vec::new();
    for chunk in stream.chunks(cut) {
        reframer.push(chunk, &mut filter, &mut out).unwrap();
    }
    reframer.finish(&mut filter, &mut out).unwrap();
    assert_eq!(reframer.is_blocked(), filter.blocked);
    out
}

fn sse(shape: Shape, stream: &str, hold: usize, cut: usize) -> String {
    let options = GuardOptions::default();
    let filter = Filter::hold(hold);
    let out = run_with(
        shape,
        Framing::Sse,
        stream.as_bytes(),
        cut,
        filter,
        &options,
    );
    String::from_utf8(out).unwrap()
}

const CHAT: &str = concat!(
    ": keep-alive\n\n",
    "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n",
    "data: { \"id\":\"c1\",\"choices\" : [{\"index\":0,\"delta\":{\"content\":\"write \\u0074o ann\"},\"logprobs\":{\"content\":[{\"token\":\"ann\"}]}}],\r\ndata:  \"big\":1e999}\r\nid: 4\r\n\r\n",
    "data: {\"id\":\"c1\",\"choices\":[{\"index\":1,\"delta\":{\"content\":\"other \\ud83d\\ude00\"}}]}\n\n",
    "event: x\rdata: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"@example.\"}}]}\r\r",
    "retry: 5\n\n",
    "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"com now\"}}]}\n\n",
    "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"ann@example.com heron\"}}]}}]}\n\n",
    "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"id\":\"c1\",\"choices\":[{\"index\":1,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: [DONE]\n\n",
);

#[test]
fn a_stream_without_findings_is_the_same_whatever_the_cut() {
    let clean = CHAT.replace("example.", "ex\\u00e4mple.");
    for cut in 1..60 {
        assert_eq!(sse(Shape::OpenAi, &clean, 0, cut), clean, "{cut}");
    }
    assert_eq!(sse(Shape::OpenAi, &clean, 0, clean.len()), clean);
}

#[test]
fn held_text_waits_in_its_event_and_all_else_keeps_its_bytes() {
    let expected = CHAT
        .replace("\"write \\u0074o ann\"", "\"wri\"")
        .replace("{\"content\":[{\"token\":\"ann\"}]}", "null")
        .replace("\"other \\ud83d\\ude00\"", "\"other \u{1f600}\"")
        .replace("\"@example.\"", "\"te to ann\"")
        .replace("\"com now\"", "\"{EMAIL} now\"");
    for cut in 1..60 {
        let out = sse(Shape::OpenAi, CHAT, 15, cut);
        let texts = |stream: &str| {
            let events = stream.split(['\n', '\r']);
            let data = events.filter_map(|line| line.strip_prefix("data: "));
            let pieces = data.filter(|d| d.contains("\"index\":0,\"delta\":{\"content\""));
            pieces
                .filter_map(|d| {
                    d.split("content\":\"")
                        .nth(1)?
                        .split('"')
                        .next()
                        .map(String::from)
                })
                .collect::<String>()
        };
        assert_eq!(texts(&out), "write to {EMAIL} now", "{out}");
        // The skeleton is the same: only texts and what repeats them differ.
        let skeleton = |stream: &str| {
            let mut out = String::new();
            let mut rest = stream;
            while let Some((before, after)) = rest.split_once("\"content\":\"") {
                out.push_str(before);
                let mut end = 0;
                let bytes = after.as_bytes();
                while bytes[end] != b'"' {
                    end += if bytes[end] == b'\\' { 2 } else { 1 };
                }
                rest = &after[end..];
            }
            out.push_str(rest);
            out
        };
        assert_eq!(skeleton(&out), skeleton(&expected), "{cut}");
    }
}

#[test]
fn a_block_ends_a_chat_as_a_filter_does() {
    let stream = CHAT.replace("com now", "com heron now");
    for (hold, cut) in [(0, 1), (0, 13), (3, 7), (500, 1), (500, 4096)] {
        let out = sse(Shape::OpenAi, &stream, hold, cut);
        assert!(!out.contains("now"), "{out}");
        assert!(out.contains("[blocked]\""), "{out}");
        assert!(out.ends_with(
            "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"content_filter\"}]}\n\ndata: [DONE]\n\n"
        ), "{out}");
        assert_eq!(out.matches("[DONE]").count(), 1);
        assert_eq!(out.matches("finish_reason\":\"").count(), 1, "{out}");
    }
}

#[test]
fn tool_data_is_guarded_on_request() {
    let options = GuardOptions {
        tools: true,
        ..GuardOptions::default()
    };
    let stream = CHAT.replace(" heron", "");
    let out = run_with(
        Shape::OpenAi,
        Framing::Sse,
        stream.as_bytes(),
        11,
        Filter::hold(20),
        &options,
    );
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("\"arguments\":\"{EMAIL}\""), "{out}");
}

const MESSAGES: &str = concat!(
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":3}}}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    "event: ping\ndata: {\"type\": \"ping\"}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"mail ann@\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"example.com\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"citations_delta\",\"citation\":{\"type\":\"char_location\",\"cited_text\":\"by ann@example.com\",\"document_index\":0}}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"ann@example.com\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{}}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":\\\"ann@example.com\\\"}\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":2}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":9}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
);

#[test]
fn anthropic_streams_are_masked_by_block() {
    let expected = MESSAGES
        .replace("\"mail ann@\"", "\"\"")
        .replace("\"example.com\"", "\"mail {EMAIL}\"")
        .replace("by ann@example.com", "by {EMAIL}");
    for cut in [1, 2, 17, 100, 10_000] {
        assert_eq!(sse(Shape::Anthropic, MESSAGES, 30, cut), expected, "{cut}");
    }
    let blocked = MESSAGES.replace("example.com", "a heron");
    for hold in [0, 500] {
        let out = sse(Shape::Anthropic, &blocked, hold, 9);
        let end = concat!(
            "[blocked]\"}}\n\n",
            "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
            "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"refusal\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":0}}\n\n",
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
        );
        assert!(out.ends_with(end), "{out}");
        assert_eq!(out.matches("\"content_block_stop\"").count(), 1);
    }
}

const RESPONSES: &str = concat!(
    "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_9\",\"created_at\":5,\"model\":\"gpt\",\"output\":[]},\"sequence_number\":0}\n\n",
    "data: {\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":{\"type\":\"message\",\"id\":\"i\",\"role\":\"assistant\",\"content\":[]},\"sequence_number\":1}\n\n",
    "data: {\"type\":\"response.content_part.added\",\"item_id\":\"i\",\"output_index\":0,\"content_index\":0,\"part\":{\"type\":\"output_text\",\"text\":\"\",\"annotations\":[]},\"sequence_number\":2}\n\n",
    "data: {\"type\":\"response.output_text.delta\",\"item_id\":\"i\",\"output_index\":0,\"content_index\":0,\"delta\":\"to ann@exa\",\"sequence_number\":3,\"logprobs\":[{\"token\":\"ann\"}]}\n\n",
    "data: {\"type\":\"response.output_text.delta\",\"item_id\":\"i\",\"output_index\":0,\"content_index\":0,\"delta\":\"mple.com\",\"sequence_number\":4}\n\n",
    "data: {\"type\":\"response.output_text.done\",\"item_id\":\"i\",\"output_index\":0,\"content_index\":0,\"text\":\"to ann@example.com\",\"sequence_number\":5}\n\n",
    "data: {\"type\":\"response.content_part.done\",\"item_id\":\"i\",\"output_index\":0,\"content_index\":0,\"part\":{\"type\":\"output_text\",\"text\":\"to ann@example.com\",\"annotations\":[]},\"sequence_number\":6}\n\n",
    "data: {\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{\"type\":\"message\",\"id\":\"i\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"to ann@example.com\",\"annotations\":[]}]},\"sequence_number\":7}\n\n",
    "data: {\"type\":\"response.reasoning_summary_text.delta\",\"delta\":\"ann@example.com\",\"sequence_number\":8}\n\n",
    "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_9\",\"output\":[{\"type\":\"message\",\"id\":\"i\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"to ann@example.com\",\"annotations\":[]}]}]},\"sequence_number\":9}\n\n",
);

#[test]
fn texts_that_openai_repeats_are_repeated_as_they_went_on() {
    let expected = RESPONSES
        .replace("\"to ann@exa\"", "\"\"")
        .replace("[{\"token\":\"ann\"}]", "[]")
        .replace("\"mple.com\"", "\"to {EMAIL}\"")
        .replace("to ann@example.com", "to {EMAIL}");
    for cut in [1, 5, 64, 10_000] {
        assert_eq!(
            sse(Shape::OpenAiResponses, RESPONSES, 30, cut),
            expected,
            "{cut}"
        );
    }
}

#[test]
fn a_repeated_text_that_was_not_seen_is_guarded_by_itself() {
    let done = RESPONSES.split("\n\n").nth(5).unwrap().to_string() + "\n\n";
    let expected = done.replace("ann@example.com", "{EMAIL}");
    assert_eq!(sse(Shape::OpenAiResponses, &done, 0, 10), expected);
    // One that differs from its pieces is not taken for them.
    let other = RESPONSES.replace(
        "\"text\":\"to ann@example.com\"",
        "\"text\":\"from ann@example.com\"",
    );
    let out = sse(Shape::OpenAiResponses, &other, 30, 10);
    assert!(out.contains("\"text\":\"from {EMAIL}\""), "{out}");
}

#[test]
fn a_block_ends_a_response_as_incomplete() {
    for hold in [0, 500] {
        let out = sse(
            Shape::OpenAiResponses,
            &RESPONSES.replace("mple.com", "mple heron"),
            hold,
            10,
        );
        let (_, end) = out.split_once("event: response.output_text.done").unwrap();
        assert!(
            end.contains("\"text\":\"to ann@example [blocked]\""),
            "{end}"
        );
        assert!(end.contains(
            "event: response.incomplete\ndata: {\"type\":\"response.incomplete\",\"response\":{\"id\":\"resp_9\",\"created_at\":5,\"model\":\"gpt\",\"object\":\"response\",\"status\":\"incomplete\""
        ), "{end}");
        assert!(!out.contains("heron"));
        let last = out.split("data: ").last().unwrap();
        crate::json::parse(last.trim()).unwrap();
    }
}

fn message(event_type: &str, payload: &str) -> Vec<u8> {
    frames::write(&frames::event_headers(event_type), payload.as_bytes())
}

fn chunk(json: &str) -> Vec<u8> {
    let payload = [
        "{\"bytes\":\"",
        &base64::encode(json.as_bytes()),
        "\",\"p\":\"abc\"}",
    ]
    .concat();
    message("chunk", &payload)
}

#[test]
fn converse_streams_are_masked_and_end_as_converse_ends() {
    let stream = |text: &str| {
        [
            message("messageStart", r#"{"role":"assistant","p":"ab"}"#),
            message(
                "contentBlockDelta",
                r#"{"contentBlockIndex":0,"delta":{"text":"mail ann"},"p":"abcd"}"#,
            ),
            message(
                "contentBlockDelta",
                &[
                    r#"{"contentBlockIndex":0,"delta":{"text":""#,
                    text,
                    r#""},"p":"a"}"#,
                ]
                .concat(),
            ),
            message("contentBlockStop", r#"{"contentBlockIndex":0,"p":"xyz"}"#),
            message(
                "contentBlockDelta",
                r#"{"contentBlockIndex":1,"delta":{"toolUse":{"input":"ann@example.com"}}}"#,
            ),
            message("contentBlockStop", r#"{"contentBlockIndex":1}"#),
            message("messageStop", r#"{"stopReason":"end_turn"}"#),
            message(
                "metadata",
                r#"{"usage":{"inputTokens":1},"metrics":{"latencyMs":3}}"#,
            ),
        ]
    };
    let mut expected = stream("mail {EMAIL} now");
    expected[1] = message(
        "contentBlockDelta",
        r#"{"contentBlockIndex":0,"delta":{"text":""},"p":"abcd"}"#,
    );
    let options = GuardOptions::default();
    for cut in [1, 3, 50, 5000] {
        let input = stream("@example.com now").concat();
        let out = run_with(
            Shape::Converse,
            Framing::EventStream,
            &input,
            cut,
            Filter::hold(50),
            &options,
        );
        assert_eq!(out, expected.concat(), "{cut}");
        let clean = stream(" is here").concat();
        let out = run_with(
            Shape::Converse,
            Framing::EventStream,
            &clean,
            cut,
            Filter::hold(0),
            &options,
        );
        assert_eq!(out, clean, "{cut}");
    }
    let input = stream(", a heron").concat();
    let out = run_with(
        Shape::Converse,
        Framing::EventStream,
        &input,
        7,
        Filter::hold(50),
        &options,
    );
    let end = [
        message(
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"text":"mail ann, a [blocked]"},"p":"a"}"#,
        ),
        message("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        message("messageStop", r#"{"stopReason":"guardrail_intervened"}"#),
    ];
    let metadata = message(
        "metadata",
        r#"{"usage":{"inputTokens":0,"outputTokens":0,"totalTokens":0},"metrics":{"latencyMs":0}}"#,
    );
    assert!(out.ends_with(&[end.concat(), metadata].concat()));
}

#[test]
fn chunks_of_invoke_model_are_opened_and_closed_again() {
    let options = GuardOptions::default();
    for (shape, event) in [
        (
            Shape::InvokeTitan,
            r#"{"outputText":"TEXT","index":0,"completionReason":"FINISH"}"#,
        ),
        (
            Shape::InvokeLlama,
            r#"{"generation":"TEXT","stop_reason":"stop"}"#,
        ),
        (
            Shape::InvokeMistral,
            r#"{"outputs":[{"text":"TEXT","stop_reason":"stop"}]}"#,
        ),
        (
            Shape::InvokeMistral,
            r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"TEXT"},"stop_reason":"stop"}]}"#,
        ),
        (
            Shape::InvokeCohere,
            r#"{"event_type":"text-generation","text":"TEXT","is_finished":false}"#,
        ),
        (
            Shape::InvokeNova,
            r#"{"contentBlockDelta":{"delta":{"text":"TEXT"},"contentBlockIndex":0}}"#,
        ),
        (
            Shape::InvokeAnthropic,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"TEXT"}}"#,
        ),
        (
            Shape::InvokeAnthropicText,
            r#"{"type":"completion","completion":"TEXT","stop_reason":null}"#,
        ),
        (
            Shape::OpenAi,
            r#"{"choices":[{"index":0,"delta":{"content":"TEXT"}}]}"#,
        ),
    ] {
        let of = |text: &str| chunk(&event.replace("TEXT", text));
        for hold in [0, 100] {
            let out = run_with(
                shape,
                Framing::EventStream,
                &of("a ann@example.com"),
                5,
                Filter::hold(hold),
                &options,
            );
            assert_eq!(out, of("a {EMAIL}"), "{shape:?} {hold}");
        }
        let out = run_with(
            shape,
            Framing::EventStream,
            &of("a heron b"),
            5,
            Filter::hold(100),
            &options,
        );
        assert!(out.starts_with(&of("a [blocked]")), "{shape:?}");
        assert!(
            out.len() > of("a [blocked]").len(),
            "{shape:?} has an ending"
        );
    }
}

#[test]
fn exceptions_and_what_is_no_event_pass() {
    let exception = frames::write(
        b"\x0d:message-type\x07\x00\x09exception\x0f:exception-type\x07\x00\x13throttlingException",
        b"{\"message\":\"slow down\"}",
    );
    let options = GuardOptions::default();
    let out = run_with(
        Shape::Converse,
        Framing::EventStream,
        &exception,
        9,
        Filter::hold(9),
        &options,
    );
    assert_eq!(out, exception);
}

#[test]
fn what_cannot_be_guarded_stops_the_stream() {
    for (shape, framing, stream, code) in [
        (
            Shape::OpenAi,
            Framing::Sse,
            &b"data: hello\n\n"[..],
            "payload_json",
        ),
        (
            Shape::OpenAi,
            Framing::Sse,
            b"data: {\"choices\":[{\"delta\":{\"content\":5}}]}\n\n",
            "payload_type",
        ),
        (
            Shape::OpenAi,
            Framing::Sse,
            b"data: \xff\n\n",
            "payload_utf8",
        ),
        (
            Shape::Anthropic,
            Framing::Sse,
            b"data: {\"type\":\"surprise\",\"n\":5}\n\n",
            "payload_block",
        ),
        (
            Shape::Converse,
            Framing::EventStream,
            b"data: {}\n\nabcdef",
            "payload_stream",
        ),
    ] {
        let mut reframer = Reframer::new(shape, framing, &GuardOptions::default());
        let (mut filter, mut out) = (Filter::default(), Vec::new());
        let error = reframer.push(stream, &mut filter, &mut out).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(out.is_empty());
        let again = reframer.push(b"x", &mut filter, &mut out).unwrap_err();
        assert_eq!(again.problem, Problem::Ended);
    }
    let mut ended = Reframer::new(Shape::OpenAi, Framing::Sse, &GuardOptions::default());
    let (mut filter, mut out) = (Filter::default(), Vec::new());
    ended.finish(&mut filter, &mut out).unwrap();
    assert_eq!(
        ended.push(b"x", &mut filter, &mut out).unwrap_err().problem,
        Problem::Ended
    );
    assert_eq!(
        ended.finish(&mut filter, &mut out).unwrap_err().problem,
        Problem::Ended
    );
}

#[test]
fn a_stream_that_breaks_off_is_guarded_to_its_end() {
    let event =
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"to ann@example.com\"}}]}";
    for (stream, hold) in [
        (event.to_string(), 0),
        (event.to_string(), 90),
        (event.to_string() + "\n\n", 90),
    ] {
        let expected = stream.replace("ann@example.com", "{EMAIL}");
        assert_eq!(sse(Shape::OpenAi, &stream, hold, 8), expected);
    }
    let blocked = sse(Shape::OpenAi, &event.replace("ann", "heron"), 90, 8);
    assert!(blocked.ends_with("data: [DONE]\n\n"), "{blocked}");
}

/// A filter that gives text at the end of a block although it said that it holds none.
struct Late;

impl TextFilter for Late {
    fn push(&mut self, _: usize, text: &str) -> String {
        text.into()
    }
    fn finish(&mut self, block: usize) -> String {
        ["late ", if block == 0 { "a" } else { "b" }].concat()
    }
    fn holds(&self, _: usize) -> bool {
        false
    }
    fn is_blocked(&self) -> bool {
        false
    }
}

#[test]
fn text_that_no_event_waits_for_gets_an_event_of_its_own() {
    let mut reframer = Reframer::new(Shape::Anthropic, Framing::Sse, &GuardOptions::default());
    let mut out = Vec::new();
    let stream = MESSAGES
        .replace("citations_delta", "text_delta")
        .replace("\"citation\":", "\"text\":\"x\",\"y\":");
    reframer
        .push(stream.as_bytes(), &mut Late, &mut out)
        .unwrap();
    reframer.finish(&mut Late, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    let stop = out.find("event: content_block_stop").unwrap();
    let late = out.find("\"text\":\"late a\"").expect("the text is there");
    assert!(late < stop, "{out}");
}

#[test]
fn models_that_are_not_meant_pass() {
    let mut options = GuardOptions::default();
    options.models.excluded.push("m".into());
    options.model = Some("m".into());
    let out = run_with(
        Shape::OpenAi,
        Framing::Sse,
        CHAT.as_bytes(),
        10,
        Filter::hold(5),
        &options,
    );
    assert_eq!(out, CHAT.as_bytes());
}

#[test]
fn streams_are_told_from_documents() {
    for (bytes, framing) in [
        (&message("x", "{}")[..], Some(Framing::EventStream)),
        (CHAT.as_bytes(), Some(Framing::Sse)),
        ("\u{feff}event: x".as_bytes(), Some(Framing::Sse)),
        (b"{\"data:\":1}", None),
        (b"", None),
        (b"\0\0\0\x10\0\0\0\0\0\0\0\0", None),
    ] {
        assert_eq!(Framing::of(bytes), framing);
    }
}

#[test]
fn events_that_are_not_known_are_guarded_string_by_string() {
    for (shape, event) in [
        (
            Shape::OpenAiResponses,
            "{\"type\":\"response.poem.delta\",\"item_id\":\"i\",\"delta\":\"by ann@example.com\"}",
        ),
        (
            Shape::Anthropic,
            "{\"type\":\"poem\",\"line\":\"by ann@example.com\"}",
        ),
        (
            Shape::InvokeNova,
            "{\"poem\":{\"line\":\"by ann@example.com\"}}",
        ),
        // Events without a type.
        (
            Shape::OpenAi,
            "{\"id\":\"c1\",\"poem\":{\"lines\":[\"by ann@example.com\"]}}",
        ),
        (
            Shape::OpenAi,
            "{\"choices\":[],\"output\":\"by ann@example.com\"}",
        ),
        (
            Shape::OpenAi,
            "{\"error\":{\"message\":\"by ann@example.com\"}}",
        ),
        (Shape::Anthropic, "{\"line\":\"by ann@example.com\"}"),
        (
            Shape::InvokeAnthropicText,
            "{\"line\":\"by ann@example.com\"}",
        ),
        (Shape::InvokeTitan, "{\"line\":\"by ann@example.com\"}"),
        (Shape::InvokeLlama, "{\"line\":\"by ann@example.com\"}"),
        (Shape::InvokeMistral, "{\"line\":\"by ann@example.com\"}"),
        (Shape::InvokeCohere, "{\"line\":\"by ann@example.com\"}"),
    ] {
        let stream = ["data: ", event, "\n\n"].concat();
        let expected = stream.replace("ann@example.com", "{EMAIL}");
        assert_eq!(sse(shape, &stream, 0, 20), expected);
    }
    let options = GuardOptions::default();
    let poem = |text: &str| message("poem", &["{\"line\":\"", text, "\"}"].concat());
    let stream = poem("by ann@example.com");
    let out = run_with(
        Shape::Converse,
        Framing::EventStream,
        &stream,
        20,
        Filter::hold(0),
        &options,
    );
    assert_eq!(out, poem("by {EMAIL}"));
}

#[test]
fn what_a_chunk_says_of_the_answer_stays_as_it_is() {
    let stream = concat!(
        "data: {\"choices\":[],\"created\":0,\"id\":\"ann@example.com\",\"model\":\"heron\",\"object\":\"\",\"prompt_filter_results\":[{\"prompt_index\":0,\"content_filter_results\":{\"hate\":{\"severity\":\"heron\"}}}]}\n\n",
        "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"heron\",\"service_tier\":\"heron\",\"system_fingerprint\":\"heron\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"kind\":\"heron\"}}\n\n",
        "data: {\"usage\":{\"prompt_tokens\":5},\"obfuscation\":\"heron\"}\n\n",
        "data: [DONE]\n\n",
    );
    for hold in [0, 50] {
        assert_eq!(sse(Shape::OpenAi, stream, hold, 11), stream);
    }
    // A block in an event without choices ends the stream as any other.
    let blocked = "data: {\"id\":\"c1\",\"poem\":\"a heron\"}\n\n";
    let out = sse(Shape::OpenAi, blocked, 0, 11);
    assert!(
        out.starts_with("data: {\"id\":\"c1\",\"poem\":\"a [blocked]\"}"),
        "{out}"
    );
    assert!(
        out.contains("content_filter") && out.ends_with("data: [DONE]\n\n"),
        "{out}"
    );
}

#[test]
fn what_an_mcp_server_asks_and_notifies_is_guarded() {
    for (method, params) in [
        (
            "sampling/createMessage",
            r#"{"messages":[{"role":"user","content":{"type":"text","text":"ann@example.com"}}]}"#,
        ),
        (
            "notifications/message",
            r#"{"level":"info","data":"ann@example.com"}"#,
        ),
    ] {
        let event = r#"data: {"jsonrpc":"2.0","method":"METHOD","params":PARAMS}"#;
        let stream = event.replace("METHOD", method).replace("PARAMS", params) + "\n\n";
        let expected = stream.replace(ADDRESS, "{EMAIL}");
        assert_eq!(sse(Shape::Mcp, &stream, 0, 7), expected, "{method}");
    }
}

#[test]
fn nothing_is_taken_after_the_end_of_a_blocked_stream() {
    let event = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"heron\"}}]}\n\n";
    // The second is blocked by its last event only, which the end completes.
    for stream in [&event[..], &event[..event.len() - 1]] {
        let mut reframer = Reframer::new(Shape::OpenAi, Framing::Sse, &GuardOptions::default());
        let (mut filter, mut out) = (Filter::default(), Vec::new());
        reframer.push(stream, &mut filter, &mut out).unwrap();
        reframer.finish(&mut filter, &mut out).unwrap();
        assert!(reframer.is_blocked());
        let written = out.len();
        let pushed = reframer.push(b"x", &mut filter, &mut out).unwrap_err();
        assert_eq!(pushed.problem, Problem::Ended);
        let finished = reframer.finish(&mut filter, &mut out).unwrap_err();
        assert_eq!(finished.problem, Problem::Ended);
        assert!(reframer.is_blocked());
        assert_eq!(out.len(), written);
    }
}

#[test]
fn blocks_of_one_event_share_it_and_are_limited() {
    let event = |blocks: usize| {
        let choice = |n: usize| {
            let n = n.to_string();
            [
                "{\"index\":",
                &n,
                ",\"delta\":{\"content\":\"ann@example.com\"}}",
            ]
            .concat()
        };
        let choices: Vec<String> = (0..blocks).map(choice).collect();
        ["data: {\"choices\":[", &choices.join(","), "]}\n\n"].concat()
    };
    let most = event(blocks::MAX_BLOCKS);
    let out = sse(Shape::OpenAi, &most, 0, 1 << 20);
    assert_eq!(out, most.replace(ADDRESS, "{EMAIL}"));
    let mut reframer = Reframer::new(Shape::OpenAi, Framing::Sse, &GuardOptions::default());
    let (mut filter, mut out) = (Filter::default(), Vec::new());
    let many = event(100_000);
    let error = reframer.push(many.as_bytes(), &mut filter, &mut out);
    assert_eq!(
        error.unwrap_err().to_string(),
        "/choices/4096/delta/content: more than 4096 blocks of a stream at a time; \
         end blocks before others begin, or send fewer"
    );
    assert!(out.is_empty());
}

#[test]
fn an_event_that_is_sent_again_holds_nothing_of_other_blocks() {
    let piece = r#"{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"}}"#;
    let event = ["data: {\"choices\":[", piece, "]}\n\n"].concat();
    let mut reframer = Reframer::new(Shape::OpenAi, Framing::Sse, &GuardOptions::default());
    let mut out = Vec::new();
    reframer
        .push(event.as_bytes(), &mut Late, &mut out)
        .unwrap();
    out.clear();
    reframer.finish(&mut Late, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(
        !out.is_empty() && !out.contains("\"a\"") && !out.contains("\"b\""),
        "{out}"
    );
}

/// Lets everything pass and keeps what it saw, block by block.
#[derive(Default)]
struct Reader(BTreeMap<usize, String>);

impl TextFilter for Reader {
    fn push(&mut self, block: usize, text: &str) -> String {
        self.0.entry(block).or_default().push_str(text);
        text.into()
    }
    fn finish(&mut self, _: usize) -> String {
        String::new()
    }
    fn holds(&self, _: usize) -> bool {
        false
    }
    fn is_blocked(&self) -> bool {
        false
    }
}

#[test]
fn a_blocked_request_is_answered_by_a_stream_of_its_own_api() {
    let message = "Not \"here\".\n";
    let options = GuardOptions::default();
    let body = r#"{"model":"m","stream":true,"prompt":"say heron","inputText":"heron","message":"heron","input":"heron","messages":[{"role":"user","content":[{"text":"heron"}]}],"method":"tools/call","id":7,"params":{"arguments":{"a":"heron"}}}"#;
    for shape in Shape::ALL {
        let known = GuardOptions {
            side: Some(super::super::Side::Request),
            ..GuardOptions::default()
        };
        // With responses, a prompt is an object.
        let body = match shape {
            Shape::OpenAiResponses => body.replace(r#""prompt":"say heron","#, ""),
            _ => body.to_string(),
        };
        let payload = super::super::Payload::read(body.as_bytes(), Some(shape), &known).unwrap();
        assert!(payload.asks_for_stream(), "{shape:?}");
        let framing = match shape {
            Shape::OpenAi | Shape::OpenAiResponses | Shape::Anthropic | Shape::Mcp => Framing::Sse,
            _ => Framing::EventStream,
        };
        let stream = payload.blocked_stream(framing, message);
        assert_eq!(Framing::of(&stream), Some(framing), "{shape:?}");
        assert!(
            !String::from_utf8_lossy(&stream).contains("heron"),
            "{shape:?}"
        );
        let (mut reader, mut out) = (Reader::default(), Vec::new());
        let mut reframer = Reframer::new(shape, framing, &options);
        reframer.push(&stream, &mut reader, &mut out).unwrap();
        reframer.finish(&mut reader, &mut out).unwrap();
        assert_eq!(out, stream, "{shape:?}");
        // Nova's ending says what was done in an event of its own; Mistral's says it for prompts and for chat.
        let seen = reader.0.values().filter(|text| !text.is_empty());
        let texts: Vec<_> = seen.filter(|text| *text != "INTERVENED").collect();
        assert!(
            !texts.is_empty()
                && texts
                    .iter()
                    .all(|text| text.replace(message, "").is_empty()),
            "{shape:?}: {:?}",
            reader.0
        );
    }
}
