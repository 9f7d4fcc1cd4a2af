//! A whole stream whose text is the guardrail's message: the answer to a request that was blocked, for a
//! caller that asked for a stream.

use alloc::vec::Vec;

use super::super::answer::{self, fill};
use super::super::json::Document;
use super::super::shape::Shape;
use super::super::walk::Key;
use super::Framing;
use super::ending::{self, Template};

/// What stands before the ending: the events' names, and templates as in [`super::super::answer`].
const fn beginning(shape: Shape) -> &'static [Template] {
    match shape {
        Shape::Converse => &[
            ("messageStart", r#"{"role":"assistant"}"#),
            (
                "contentBlockDelta",
                r#"{"contentBlockIndex":0,"delta":{"text":<<message>>}}"#,
            ),
        ],
        Shape::InvokeNova => &[
            ("", r#"{"messageStart":{"role":"assistant"}}"#),
            (
                "",
                r#"{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":<<message>>}}}"#,
            ),
        ],
        Shape::InvokeAnthropic | Shape::Anthropic => &[
            (
                "message_start",
                r#"{"type":"message_start","message":{"id":"msg_guardrail","type":"message","role":"assistant","model":<<model|"">>,"content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}}}"#,
            ),
            (
                "content_block_start",
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            ),
            (
                "content_block_delta",
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":<<message>>}}"#,
            ),
        ],
        Shape::InvokeAnthropicText => &[(
            "",
            r#"{"type":"completion","completion":<<message>>,"stop_reason":null,"stop":null}"#,
        )],
        Shape::InvokeTitan => &[(
            "",
            r#"{"index":0,"outputText":<<message>>,"inputTextTokenCount":0,"totalOutputTextTokenCount":null,"completionReason":null}"#,
        )],
        Shape::InvokeLlama => &[(
            "",
            r#"{"generation":<<message>>,"prompt_token_count":0,"generation_token_count":0,"stop_reason":null}"#,
        )],
        Shape::InvokeMistral => &[(
            "",
            r#"{"outputs":[{"text":<<message>>,"stop_reason":null}],"choices":[{"index":0,"message":{"role":"assistant","content":<<message>>},"stop_reason":null}]}"#,
        )],
        Shape::InvokeCohere => &[(
            "",
            r#"{"is_finished":false,"event_type":"text-generation","text":<<message>>}"#,
        )],
        Shape::OpenAi => &[(
            "",
            r#"{"id":"chatcmpl-guardrail","object":"chat.completion.chunk","created":0,"model":<<model|"">>,"choices":[{"index":0,"delta":{"role":"assistant","content":<<message>>},"finish_reason":null}]}"#,
        )],
        Shape::OpenAiResponses => RESPONSES,
        Shape::Mcp => &[],
    }
}

const RESPONSES: &[Template] = &[
    (
        "response.created",
        r#"{"type":"response.created","response":{"id":"resp_guardrail","object":"response","created_at":0,"status":"in_progress","error":null,"incomplete_details":null,"instructions":null,"metadata":{},"model":<<model|"">>,"output":[],"parallel_tool_calls":true,"tool_choice":"auto","tools":[]},"sequence_number":0}"#,
    ),
    (
        "response.output_item.added",
        r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"msg_guardrail","status":"in_progress","role":"assistant","content":[]},"sequence_number":1}"#,
    ),
    (
        "response.content_part.added",
        r#"{"type":"response.content_part.added","item_id":"msg_guardrail","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]},"sequence_number":2}"#,
    ),
    (
        "response.output_text.delta",
        r#"{"type":"response.output_text.delta","item_id":"msg_guardrail","output_index":0,"content_index":0,"delta":<<message>>,"logprobs":[],"sequence_number":3}"#,
    ),
];

/// The stream. `request` is what was blocked.
pub(in super::super) fn answer(
    shape: Shape,
    framing: Framing,
    request: &Document<'_>,
    message: &str,
) -> Vec<u8> {
    let mut out = Vec::new();
    let mut last = answer::body(shape, request, message);
    if beginning(shape).is_empty() {
        ending::frame(framing, "", &last, &mut out);
    }
    for (name, template) in beginning(shape) {
        last = fill(template, Some(request), message, 0);
        ending::frame(framing, name, &last, &mut out);
    }
    let origin = ending::origin(request, 0);
    // What we wrote is a document.
    if let Ok(last) = Document::scan(&last) {
        let key = Key::default();
        ending::write(shape, framing, &last, &origin, &key, message, &mut out);
    }
    out
}
