//! The Model Context Protocol's `tools/call`. Who guards such a body guards tool data: AWS's rule, that
//! a conversation's tool data is not evaluated, does not apply to it.

use super::super::grammar::{Kinds, Object, Rule, Speaker, Table, content, said, settings};
use super::Api;

use Rule::{Any, Kinds as Of, List, Media, Object as In, Skip, Text};

pub(super) static MCP: Api = Api {
    request: Table {
        body: &REQUEST,
        signs: &[
            ("jsonrpc", 6),
            ("method=tools/call", 12),
            ("params/name", 2),
            ("result", -20),
        ],
    },
    response: Table {
        body: &RESPONSE,
        signs: &[
            ("jsonrpc", 6),
            ("result/content", 12),
            ("error/message", 9),
            ("method", -20),
        ],
    },
    events: In(&EVENTS),
};

static REQUEST: Object = settings(&[("params", In(&PARAMS))]);

/// What the model gives a tool.
static PARAMS: Object = said(
    Speaker::Assistant,
    &[
        ("name", Skip),
        ("arguments", Rule::Data),
        ("inputResponses", Rule::Data),
        ("requestState", Skip),
        ("task", Skip),
        ("_meta", Skip),
    ],
);

static RESPONSE: Object = settings(&[("result", In(&RESULT)), ("error", In(&ERROR))]);

/// A server also asks and notifies while it answers: what it gives the client's model or user is in `params`.
static EVENTS: Object = settings(&[
    ("result", In(&RESULT)),
    ("error", In(&ERROR)),
    ("params", Rule::Data),
]);

static RESULT: Object = content(&[
    ("content", List(&Of(&BLOCKS))),
    ("structuredContent", Rule::Data),
    ("isError", Skip),
    ("resultType", Skip),
    ("_meta", Skip),
]);

static ERROR: Object = content(&[("code", Skip), ("message", Text), ("data", Any)]);

static BLOCKS: Kinds = Kinds {
    member: "type",
    kinds: &[
        (&["text"], &TEXT),
        (&["image", "audio"], &MEDIA),
        (&["resource"], &RESOURCE),
        (&["resource_link"], &LINK),
    ],
    missing: None,
    other: None,
};

static TEXT: Object = content(&[
    ("type", Skip),
    ("text", Text),
    ("annotations", Skip),
    ("_meta", Skip),
]);

static MEDIA: Object = content(&[
    ("type", Skip),
    ("data", Media),
    ("mimeType", Skip),
    ("annotations", Skip),
    ("_meta", Skip),
]);

static RESOURCE: Object = content(&[
    ("type", Skip),
    ("resource", In(&CONTENTS)),
    ("annotations", Skip),
    ("_meta", Skip),
]);

static CONTENTS: Object = content(&[
    ("uri", Text),
    ("text", Text),
    ("blob", Media),
    ("mimeType", Skip),
    ("_meta", Skip),
]);

static LINK: Object = content(&[
    ("type", Skip),
    ("name", Text),
    ("title", Text),
    ("uri", Text),
    ("description", Text),
    ("mimeType", Skip),
    ("size", Skip),
    ("icons", Skip),
    ("annotations", Skip),
    ("_meta", Skip),
]);
