//! How streams end after a block: as they end when the model is done, with the API's reason for a filter.

use alloc::string::String;
use alloc::vec::Vec;

use super::super::answer::{field_of, fill, fill_by};
use super::super::json::{Document, NodeId};
use super::super::push_number;
use super::super::shape::Shape;
use super::super::walk::Key;
use super::{Framing, base64, frames};
use crate::json::write_number;

/// An event: its name, and a template as in [`super::super::answer`].
pub(super) type Template = (&'static str, &'static str);

const fn endings(shape: Shape) -> &'static [Template] {
    match shape {
        Shape::Converse => &[
            ("contentBlockStop", r#"{"contentBlockIndex":<<#0>>}"#),
            ("messageStop", r#"{"stopReason":"guardrail_intervened"}"#),
            (
                "metadata",
                r#"{"usage":{"inputTokens":0,"outputTokens":0,"totalTokens":0},"metrics":{"latencyMs":0}}"#,
            ),
        ],
        Shape::InvokeNova => &[
            ("", r#"{"contentBlockStop":{"contentBlockIndex":<<#0>>}}"#),
            (
                "",
                r#"{"messageStop":{"stopReason":"guardrail_intervened"}}"#,
            ),
            ("", r#"{"amazon-bedrock-guardrailAction":"INTERVENED"}"#),
        ],
        Shape::InvokeAnthropic => &[
            (
                "content_block_stop",
                r#"{"type":"content_block_stop","index":<<#0>>}"#,
            ),
            (
                "message_delta",
                r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":0}}"#,
            ),
            (
                "message_stop",
                r#"{"type":"message_stop","amazon-bedrock-guardrailAction":"INTERVENED"}"#,
            ),
        ],
        Shape::Anthropic => &[
            (
                "content_block_stop",
                r#"{"type":"content_block_stop","index":<<#0>>}"#,
            ),
            (
                "message_delta",
                r#"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_sequence":null},"usage":{"output_tokens":0}}"#,
            ),
            ("message_stop", r#"{"type":"message_stop"}"#),
        ],
        Shape::InvokeAnthropicText => &[(
            "",
            r#"{"completion":"","stop_reason":"stop_sequence","amazon-bedrock-guardrailAction":"INTERVENED"}"#,
        )],
        Shape::InvokeTitan => &[(
            "",
            r#"{"index":<<#0>>,"outputText":"","completionReason":"CONTENT_FILTERED","amazon-bedrock-guardrailAction":"INTERVENED"}"#,
        )],
        Shape::InvokeLlama => &[(
            "",
            r#"{"generation":"","stop_reason":"stop","amazon-bedrock-guardrailAction":"INTERVENED"}"#,
        )],
        Shape::InvokeMistral => &[(
            "",
            r#"{"outputs":[{"text":"","stop_reason":"stop"}],"amazon-bedrock-guardrailAction":"INTERVENED"}"#,
        )],
        Shape::InvokeCohere => &[(
            "",
            r#"{"is_finished":true,"event_type":"stream-end","finish_reason":"COMPLETE","response":{"text":<<message>>},"amazon-bedrock-guardrailAction":"INTERVENED"}"#,
        )],
        Shape::OpenAi => &[
            (
                "",
                r#"{"id":<<id|"chatcmpl-guardrail">>,"object":"chat.completion.chunk","created":<<created|0>>,"model":<<model|"">>,"choices":[{"index":<<#0>>,"delta":{},"finish_reason":"content_filter"}]}"#,
            ),
            ("", "[DONE]"),
        ],
        Shape::OpenAiResponses => RESPONSES,
        Shape::Mcp => &[],
    }
}

const RESPONSES: &[Template] = &[
    (
        "response.output_text.done",
        r#"{"type":"response.output_text.done","item_id":<<item_id|"msg_guardrail">>,"output_index":<<#0>>,"content_index":<<#1>>,"text":<<message>>,"logprobs":[],"sequence_number":<<+>>}"#,
    ),
    (
        "response.content_part.done",
        r#"{"type":"response.content_part.done","item_id":<<item_id|"msg_guardrail">>,"output_index":<<#0>>,"content_index":<<#1>>,"part":{"type":"output_text","text":<<message>>,"annotations":[]},"sequence_number":<<+>>}"#,
    ),
    (
        "response.output_item.done",
        r#"{"type":"response.output_item.done","output_index":<<#0>>,"item":{"type":"message","id":<<item_id|"msg_guardrail">>,"status":"incomplete","role":"assistant","content":[{"type":"output_text","text":<<message>>,"annotations":[]}]},"sequence_number":<<+>>}"#,
    ),
    (
        "response.incomplete",
        r#"{"type":"response.incomplete","response":{<<@>>"object":"response","status":"incomplete","incomplete_details":{"reason":"content_filter"},"error":null,"instructions":null,"metadata":{},"output":[{"type":"message","id":<<item_id|"msg_guardrail">>,"status":"incomplete","role":"assistant","content":[{"type":"output_text","text":<<message>>,"annotations":[]}]}],"parallel_tool_calls":true,"tool_choice":"auto","tools":[]},"sequence_number":<<+>>}"#,
    ),
];

/// What the last event of an OpenAI response repeats of the first.
pub(super) fn origin(document: &Document<'_>, response: NodeId) -> String {
    let template =
        r#"{"id":<<id|"resp_guardrail">>,"created_at":<<created_at|0>>,"model":<<model|"">>}"#;
    fill(template, Some(document), "", response)
}

/// Appends the events that end a stream. `document` is the event that was blocked, `key` the block's
/// place, `told` what has gone on of it.
pub(super) fn write(
    shape: Shape,
    framing: Framing,
    document: &Document<'_>,
    origin: &str,
    key: &Key,
    told: &str,
    out: &mut Vec<u8>,
) {
    let mut sequence = 0_usize;
    if let Some(node) = document.members(0, "sequence_number").next() {
        sequence = document.raw(node).parse().unwrap_or(0);
    }
    // Of the object, its members.
    let end = origin.len().saturating_sub(1);
    let members = origin.get(1..end).unwrap_or("");
    for (number, (name, template)) in endings(shape).iter().enumerate() {
        let place = |place: usize| key.numbers().get(place).map_or(0, |&number| number);
        let json = fill_by(template, &|field, out| match field {
            "#0" => write_number(out, u64::from(place(0))),
            "#1" => write_number(out, u64::from(place(1))),
            "+" => push_number(out, sequence.saturating_add(number).saturating_add(1)),
            "@" if members.is_empty() => {}
            "@" => {
                out.push_str(members);
                out.push(',');
            }
            _ => field_of(field, Some(document), told, 0, out),
        });
        frame(framing, name, &json, out);
    }
}

pub(super) fn frame(framing: Framing, name: &str, json: &str, out: &mut Vec<u8>) {
    match framing {
        Framing::Sse => {
            if !name.is_empty() {
                out.extend_from_slice(["event: ", name, "\n"].concat().as_bytes());
            }
            out.extend_from_slice(["data: ", json, "\n\n"].concat().as_bytes());
        }
        Framing::EventStream if json == "[DONE]" => {}
        // Converse's events are named after their types; vendors' events come in chunks.
        Framing::EventStream
            if name.bytes().any(|b| b.is_ascii_uppercase()) || name == "metadata" =>
        {
            out.extend_from_slice(&frames::write(
                &frames::event_headers(name),
                json.as_bytes(),
            ));
        }
        Framing::EventStream => {
            let payload = ["{\"bytes\":\"", &base64::encode(json.as_bytes()), "\"}"].concat();
            out.extend_from_slice(&frames::write(
                &frames::event_headers("chunk"),
                payload.as_bytes(),
            ));
        }
    }
}
