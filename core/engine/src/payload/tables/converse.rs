//! Bedrock Converse and ConverseStream. Amazon Nova's own bodies have the same messages.

use super::super::grammar::{Object, Rule, Speaker, Table, content, event, said, settings};
use super::Api;

use Rule::{
    Any, Delta, Echo, Finish, List, Media, Object as In, Reasoning, Skip, Tagged, Text, Tool,
    ToolDelta,
};

pub(super) static CONVERSE: Api = Api {
    request: Table {
        body: &REQUEST,
        signs: &[
            ("messages/*/content/*/text", 2),
            ("messages/*/content/*/guardContent", 9),
            ("messages/*/content/*/toolUse", 9),
            ("messages/*/content/*/toolResult", 9),
            ("messages/*/content/*/document", 9),
            ("messages/*/content/*/image/format", 5),
            ("messages/*/content/*/reasoningContent", 5),
            ("messages/*/content/*/cachePoint", 5),
            ("messages/*/content/*/type", -9),
            ("system/*/text", 2),
            ("system/*/type", -9),
            ("system/*/guardContent", 9),
            ("modelId", 5),
            ("guardrailConfig", 9),
            ("inferenceConfig", 3),
            ("inferenceConfig/max_new_tokens", -9),
            ("toolConfig", 4),
            ("additionalModelRequestFields", 9),
            ("promptVariables", 9),
        ],
    },
    response: Table {
        body: &RESPONSE,
        signs: &[
            ("output/message/content", 8),
            ("stopReason", 2),
            ("metrics", 6),
            ("usage/inputTokens", 2),
        ],
    },
    events: In(&EVENTS),
};

pub(super) static SYSTEM: Object = block(Speaker::System);

static BLOCK: Object = block(Speaker::Same);

/// A block has one of these members, and the member is its kind.
const fn block(speaker: Speaker) -> Object {
    Object {
        speaker,
        members: BLOCK_MEMBERS,
        rest: Rule::Unknown,
        indices: &[],
    }
}

const BLOCK_MEMBERS: &[(&str, Rule)] = &[
    ("text", Text),
    ("guardContent", In(&GUARD_CONTENT)),
    ("image", Media),
    ("video", Media),
    ("audio", Media),
    ("document", In(&DOCUMENT)),
    ("searchResult", In(&SEARCH_RESULT)),
    ("citationsContent", In(&CITATIONS_CONTENT)),
    ("toolUse", Tool),
    ("toolResult", Tool),
    ("toolAddition", Skip),
    ("toolRemoval", Skip),
    ("reasoningContent", Reasoning),
    ("cachePoint", Skip),
];

static GUARD_CONTENT: Object = content(&[("text", Tagged), ("image", Media)]);

static DOCUMENT: Object = content(&[
    ("format", Skip),
    ("name", Text),
    ("context", Text),
    ("source", In(&DOCUMENT_SOURCE)),
    ("citations", Skip),
]);

static DOCUMENT_SOURCE: Object = content(&[
    ("bytes", Media),
    ("s3Location", Media),
    ("text", Text),
    ("content", List(&In(&TEXT_ONLY))),
]);

static TEXT_ONLY: Object = content(&[("text", Text)]);

static SEARCH_RESULT: Object = content(&[
    ("source", Text),
    ("title", Text),
    ("content", List(&In(&TEXT_ONLY))),
    ("citations", Skip),
]);

static CITATIONS_CONTENT: Object = content(&[
    ("content", List(&In(&TEXT_ONLY))),
    ("citations", List(&In(&CITATION))),
]);

static CITATION: Object = content(&[
    ("title", Text),
    ("source", Text),
    ("sourceContent", List(&In(&TEXT_ONLY))),
    ("location", Skip),
]);

pub(super) static MESSAGE: Object = said(
    Speaker::Named("role"),
    &[("role", Skip), ("content", List(&In(&BLOCK)))],
);

static REQUEST: Object = settings(&[
    ("system", List(&In(&SYSTEM))),
    ("messages", List(&In(&MESSAGE))),
    // What the model's prompt is filled in with.
    ("promptVariables", Any),
]);

pub(super) static OUTPUT: Object = content(&[("message", In(&MESSAGE))]);

static RESPONSE: Object = settings(&[("output", In(&OUTPUT)), ("trace", Echo)]);

/// By the event's type, which the frame's headers name; Nova's own events have one of these members.
pub(super) static EVENTS: Object = content(&[
    ("messageStart", Skip),
    ("messageStop", Skip),
    ("amazon-bedrock-trace", Echo),
    ("contentBlockStart", In(&START)),
    ("contentBlockDelta", In(&BLOCK_DELTA)),
    ("contentBlockStop", In(&BLOCK_STOP)),
    ("metadata", In(&METADATA)),
]);

static INDEX: &[&str] = &["contentBlockIndex"];

static START: Object = event(INDEX, &[("start", Skip)]);

static BLOCK_DELTA: Object = event(INDEX, &[("delta", In(&DELTA))]);

static DELTA: Object = content(&[
    ("text", Delta(0)),
    ("toolUse", In(&TOOL_DELTA)),
    ("toolResult", Tool),
    ("reasoningContent", Reasoning),
    ("citation", In(&CITATION)),
    ("image", Media),
]);

static TOOL_DELTA: Object = settings(&[("input", ToolDelta(1))]);

// The index is always there, so that the event always ends its block.
static BLOCK_STOP: Object = event(INDEX, &[("contentBlockIndex", Finish)]);

static METADATA: Object = settings(&[("trace", Echo)]);
