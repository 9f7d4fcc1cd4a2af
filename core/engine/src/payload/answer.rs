//! What is answered after a block, in the form of each API.
//!
//! The forms are templates. `<<message>>` is the guardrail's message as a JSON string; `<<name|default>>`
//! is the member of that name of the body at hand if it is plain (a number, or a string of the signs that
//! ids are made of), else the default: nothing else of a blocked body may get out.

use alloc::string::String;

use super::json::{Document, Kind, NodeId};
use super::shape::Shape;
use super::text;

/// A response with the message as the answer's text.
pub(super) fn body(shape: Shape, document: &Document<'_>, message: &str) -> String {
    fill(template(shape), Some(document), message, 0)
}

const fn template(shape: Shape) -> &'static str {
    match shape {
        Shape::Converse => {
            r#"{"output":{"message":{"role":"assistant","content":[{"text":<<message>>}]}},"stopReason":"guardrail_intervened","usage":{"inputTokens":0,"outputTokens":0,"totalTokens":0},"metrics":{"latencyMs":0}}"#
        }
        Shape::InvokeAnthropic => {
            r#"{"id":<<id|"msg_guardrail">>,"type":"message","role":"assistant","model":<<model|"">>,"content":[{"type":"text","text":<<message>>}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0},"amazon-bedrock-guardrailAction":"INTERVENED"}"#
        }
        Shape::InvokeAnthropicText => {
            r#"{"type":"completion","completion":<<message>>,"stop_reason":"stop_sequence","stop":null,"amazon-bedrock-guardrailAction":"INTERVENED"}"#
        }
        Shape::InvokeNova => {
            r#"{"output":{"message":{"role":"assistant","content":[{"text":<<message>>}]}},"stopReason":"guardrail_intervened","usage":{"inputTokens":0,"outputTokens":0,"totalTokens":0},"amazon-bedrock-guardrailAction":"INTERVENED"}"#
        }
        Shape::InvokeTitan => {
            r#"{"inputTextTokenCount":0,"results":[{"tokenCount":0,"outputText":<<message>>,"completionReason":"CONTENT_FILTERED"}],"amazon-bedrock-guardrailAction":"INTERVENED"}"#
        }
        Shape::InvokeLlama => {
            r#"{"generation":<<message>>,"prompt_token_count":0,"generation_token_count":0,"stop_reason":"stop","amazon-bedrock-guardrailAction":"INTERVENED"}"#
        }
        Shape::InvokeMistral => {
            r#"{"outputs":[{"text":<<message>>,"stop_reason":"stop"}],"choices":[{"index":0,"message":{"role":"assistant","content":<<message>>},"stop_reason":"stop"}],"amazon-bedrock-guardrailAction":"INTERVENED"}"#
        }
        Shape::InvokeCohere => {
            r#"{"text":<<message>>,"generations":[{"id":"guardrail","text":<<message>>,"finish_reason":"COMPLETE"}],"finish_reason":"COMPLETE","amazon-bedrock-guardrailAction":"INTERVENED"}"#
        }
        Shape::OpenAi => {
            r#"{"id":<<id|"chatcmpl-guardrail">>,"object":"chat.completion","created":<<created|0>>,"model":<<model|"">>,"choices":[{"index":0,"message":{"role":"assistant","content":<<message>>,"refusal":null},"logprobs":null,"finish_reason":"content_filter"}],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}"#
        }
        Shape::OpenAiResponses => {
            r#"{"id":<<id|"resp_guardrail">>,"object":"response","created_at":<<created_at|0>>,"status":"incomplete","incomplete_details":{"reason":"content_filter"},"error":null,"instructions":null,"metadata":{},"model":<<model|"">>,"output":[{"type":"message","id":"msg_guardrail","status":"incomplete","role":"assistant","content":[{"type":"output_text","text":<<message>>,"annotations":[]}]}],"parallel_tool_calls":true,"tool_choice":"auto","tools":[]}"#
        }
        Shape::Anthropic => {
            r#"{"id":<<id|"msg_guardrail">>,"type":"message","role":"assistant","model":<<model|"">>,"content":[{"type":"text","text":<<message>>}],"stop_reason":"refusal","stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}}"#
        }
        Shape::Mcp => {
            r#"{"jsonrpc":"2.0","id":<<id|null>>,"result":{"content":[{"type":"text","text":<<message>>}],"isError":true}}"#
        }
    }
}

/// Fills a template; members are looked up in the object `of`.
pub(super) fn fill(
    template: &str,
    document: Option<&Document<'_>>,
    message: &str,
    of: NodeId,
) -> String {
    fill_by(template, &|field, out| {
        field_of(field, document, message, of, out);
    })
}

/// Appends a field of a template.
pub(super) fn field_of(
    field: &str,
    document: Option<&Document<'_>>,
    message: &str,
    of: NodeId,
    out: &mut String,
) {
    match text::split_at(field, "|") {
        None => crate::json::write_string(out, message),
        Some((name, default)) => {
            let value = document.and_then(|document| plain_member(document, of, name));
            out.push_str(value.unwrap_or(default));
        }
    }
}

/// Fills a template with what `field` appends.
pub(super) fn fill_by(template: &str, field: &dyn Fn(&str, &mut String)) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = text::split_at(rest, "<<") {
        let (name, next) = text::split_at(after, ">>").unwrap_or((after, ""));
        out.push_str(before);
        field(name, &mut out);
        rest = next;
    }
    out.push_str(rest);
    out
}

/// The member as written, if it can hold no text.
fn plain_member<'b>(document: &Document<'b>, of: NodeId, name: &str) -> Option<&'b str> {
    let node = document.members(of, name).next()?;
    let raw = document.raw(node);
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':' | b'/');
    let is_plain = match document.kind(node) {
        Kind::Number => raw.len() <= 20,
        Kind::String => {
            let inside = raw.trim_matches('"');
            inside.len() <= 128 && inside.bytes().all(plain)
        }
        _ => false,
    };
    is_plain.then_some(raw)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    #[test]
    fn every_answer_is_a_response_of_its_own_api() {
        let message = "Not \"here\".\n";
        for shape in Shape::ALL {
            let empty = Document::scan("{}").unwrap();
            let answer = body(shape, &empty, message);
            parse(&answer).unwrap_or_else(|error| panic!("{shape:?}: {error}: {answer}"));
            let options = super::super::GuardOptions::default();
            let read =
                super::super::Payload::read(answer.as_bytes(), Some(shape), &options).unwrap();
            assert_eq!(read.side(), super::super::Side::Response, "{shape:?}");
            let request = read.request(read.source());
            let texts: alloc::vec::Vec<_> = request.content.iter().map(|b| &*b.text).collect();
            assert!(!texts.is_empty(), "{shape:?}");
            assert!(
                texts.iter().all(|text| *text == message),
                "{shape:?}: {texts:?}"
            );
        }
    }

    #[test]
    fn ids_are_taken_over_and_texts_are_not() {
        let request =
            Document::scan(r#"{"model":"gpt-4.1","id":"say heron","created":17}"#).unwrap();
        let answer = body(Shape::OpenAi, &request, "no");
        assert!(answer.starts_with(
            r#"{"id":"chatcmpl-guardrail","object":"chat.completion","created":17,"model":"gpt-4.1","#
        ));
    }
}
