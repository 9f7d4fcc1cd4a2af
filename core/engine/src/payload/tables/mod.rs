//! The tables, one file a vendor. Shapes were read from botocore's service model, from the types of the
//! `openai`, `anthropic` and `mcp` packages. The bodies of InvokeModel for Nova, Titan, Llama, Mistral and
//! Cohere are in no package: their tables follow the vendors' published formats and were not checked.

mod anthropic;
mod converse;
mod mcp;
mod openai;
mod vendors;

use super::grammar::{Object, Rule, Speaker, Table};
use super::shape::Shape;

/// What is known of an API.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) request: Table,
    pub(super) response: Table,
    /// The events of its streams.
    pub(super) events: Rule,
}

/// An event of a stream whose events do not say their type: one that has none of the listed members is an
/// unknown event, so all strings in what is not listed are guarded.
const fn untyped(
    indices: &'static [&'static str],
    members: &'static [(&'static str, Rule)],
) -> Object {
    Object {
        speaker: Speaker::Assistant,
        members,
        rest: Rule::Any,
        indices,
    }
}

/// The API of a shape.
pub(super) const fn api(shape: Shape) -> &'static Api {
    match shape {
        Shape::Converse => &converse::CONVERSE,
        Shape::InvokeAnthropic => &anthropic::INVOKE,
        Shape::InvokeAnthropicText => &anthropic::INVOKE_TEXT,
        Shape::InvokeNova => &vendors::NOVA,
        Shape::InvokeTitan => &vendors::TITAN,
        Shape::InvokeLlama => &vendors::LLAMA,
        Shape::InvokeMistral => &vendors::MISTRAL,
        Shape::InvokeCohere => &vendors::COHERE,
        Shape::OpenAi => &openai::CHAT,
        Shape::OpenAiResponses => &openai::RESPONSES,
        Shape::Anthropic => &anthropic::MESSAGES,
        Shape::Mcp => &mcp::MCP,
    }
}

/// All shapes. Of those that a body fits equally well the first is taken.
pub(super) const ORDER: [Shape; 12] = [
    Shape::Mcp,
    Shape::Converse,
    Shape::InvokeNova,
    Shape::OpenAi,
    Shape::OpenAiResponses,
    Shape::Anthropic,
    Shape::InvokeAnthropic,
    Shape::InvokeTitan,
    Shape::InvokeLlama,
    Shape::InvokeMistral,
    Shape::InvokeCohere,
    Shape::InvokeAnthropicText,
];
