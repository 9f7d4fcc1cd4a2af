//! Anthropic messages, by Anthropic and by InvokeModel, and the text completions of old.

use super::super::grammar::{Kinds, Object, Rule, Speaker, Table, content, event, said, settings};
use super::{Api, untyped};

use Rule::{
    Delta, Echo, Either, Finish, Kinds as Of, List, Media, Object as In, Reasoning, Skip, Text,
    Tool, ToolDelta,
};

pub(super) static MESSAGES: Api = Api {
    request: Table {
        body: &REQUEST,
        signs: &[
            ("messages/*/content", 2),
            ("model", 3),
            ("max_tokens", 1),
            ("system", 4),
            ("system/*/text", 1),
            ("stop_sequences", 4),
            ("thinking", 3),
            ("tools/*/input_schema", 6),
            ("messages/*/content/*/type", 2),
            ("messages/*/content/*/source", 6),
            ("messages/*/content/*/type=tool_use", 6),
            ("messages/*/content/*/type=tool_result", 6),
            ("messages/*/content/*/type=thinking", 6),
            ("messages/*/content/*/type=document", 6),
            ("messages/*/content/*/type=image_url", -9),
            ("messages/*/role=system", -6),
            ("messages/*/role=developer", -6),
            ("messages/*/role=tool", -9),
            ("anthropic_version", -9),
        ],
    },
    response: Table {
        body: &RESPONSE,
        signs: &[
            ("type=message", 6),
            ("content", 3),
            ("stop_reason", 2),
            ("usage/input_tokens", 2),
        ],
    },
    events: Of(&EVENT_KINDS),
};

/// The same bodies, but for what InvokeModel adds.
pub(super) static INVOKE: Api = Api {
    request: Table {
        body: &REQUEST,
        signs: &[
            ("messages/*/content", 2),
            ("anthropic_version", 12),
            ("model", -4),
        ],
    },
    response: Table {
        body: &RESPONSE,
        signs: &[
            ("type=message", 6),
            ("content", 3),
            ("stop_reason", 2),
            ("usage/input_tokens", 1),
            ("amazon-bedrock-guardrailAction", 5),
        ],
    },
    events: Of(&EVENT_KINDS),
};

static REQUEST: Object = settings(&[
    ("system", Either(&Text, &List(&In(&SYSTEM)))),
    ("messages", List(&In(&MESSAGE))),
]);

/// `type` is always `text` here; were it another kind, its strings would still be text.
static SYSTEM: Object = said(
    Speaker::System,
    &[
        ("type", Skip),
        ("text", Text),
        ("cache_control", Skip),
        ("citations", List(&In(&CITATION))),
    ],
);

static MESSAGE: Object = said(
    Speaker::Named("role"),
    &[("role", Skip), ("content", Either(&Text, &List(&BLOCK)))],
);

static BLOCK: Rule = Of(&BLOCKS);

static BLOCKS: Kinds = Kinds {
    member: "type",
    kinds: &[
        (&["text"], &TEXT),
        (&["image"], &IMAGE),
        (&["document"], &DOCUMENT),
        (&["search_result"], &SEARCH_RESULT),
        (&["thinking", "redacted_thinking"], &THINKING),
        (&["tool_use", "server_tool_use", "mcp_tool_use"], &TOOL_USE),
        (
            &[
                "tool_result",
                "web_search_tool_result",
                "web_fetch_tool_result",
                "code_execution_tool_result",
                "bash_code_execution_tool_result",
                "text_editor_code_execution_tool_result",
                "tool_search_tool_result",
                "mcp_tool_result",
            ],
            &TOOL_RESULT,
        ),
        (&["container_upload"], &IMAGE),
    ],
    missing: None,
    other: None,
};

static TEXT: Object = content(&[
    ("type", Skip),
    ("text", Text),
    ("cache_control", Skip),
    ("citations", List(&In(&CITATION))),
]);

static CITATION: Object = content(&[
    ("type", Skip),
    ("cited_text", Text),
    ("document_title", Text),
    ("title", Text),
    ("url", Text),
    ("source", Text),
    ("file_id", Skip),
    ("encrypted_index", Skip),
]);

static IMAGE: Object = content(&[
    ("type", Skip),
    ("source", Media),
    ("file_id", Media),
    ("cache_control", Skip),
    ("transformations", Skip),
]);

static DOCUMENT: Object = content(&[
    ("type", Skip),
    ("source", Of(&DOCUMENT_SOURCES)),
    ("title", Text),
    ("context", Text),
    ("citations", Skip),
    ("cache_control", Skip),
]);

static DOCUMENT_SOURCES: Kinds = Kinds {
    member: "type",
    kinds: &[
        (&["text"], &PLAIN_SOURCE),
        (&["content"], &CONTENT_SOURCE),
        (&["base64", "url", "file"], &FILE_SOURCE),
    ],
    missing: None,
    other: None,
};

static PLAIN_SOURCE: Object = content(&[("type", Skip), ("media_type", Skip), ("data", Text)]);

static CONTENT_SOURCE: Object =
    content(&[("type", Skip), ("content", Either(&Text, &List(&BLOCK)))]);

static FILE_SOURCE: Object = content(&[
    ("type", Skip),
    ("media_type", Skip),
    ("data", Media),
    ("url", Media),
    ("file_id", Media),
]);

static SEARCH_RESULT: Object = content(&[
    ("type", Skip),
    ("source", Text),
    ("title", Text),
    ("content", List(&BLOCK)),
    ("citations", Skip),
    ("cache_control", Skip),
]);

static THINKING: Object = content(&[
    ("type", Skip),
    ("thinking", Reasoning),
    ("data", Reasoning),
    ("signature", Skip),
    ("cache_control", Skip),
]);

static TOOL_USE: Object = content(&[
    ("type", Skip),
    ("id", Skip),
    ("name", Skip),
    ("server_name", Skip),
    ("toolset_name", Skip),
    ("input", Tool),
    ("caller", Skip),
    ("cache_control", Skip),
]);

static TOOL_RESULT: Object = content(&[
    ("type", Skip),
    ("tool_use_id", Skip),
    ("toolset_name", Skip),
    ("is_error", Skip),
    ("content", Tool),
    ("caller", Skip),
    ("cache_control", Skip),
]);

static RESPONSE: Object = Object {
    speaker: Speaker::Assistant,
    members: &[
        ("content", Either(&Text, &List(&BLOCK))),
        ("amazon-bedrock-trace", Echo),
    ],
    rest: Skip,
    indices: &[],
};

/// An event without text.
static SILENT: Object = settings(&[("type", Skip)]);

/// The events by type.
static EVENT_KINDS: Kinds = Kinds {
    member: "type",
    kinds: &[
        (&["message_start"], &MESSAGE_START),
        (&["content_block_start"], &BLOCK_START),
        (&["content_block_delta"], &BLOCK_DELTA),
        (&["content_block_stop"], &BLOCK_STOP),
        (&["message_delta", "message_stop"], &MESSAGE_END),
        (&["ping", "error"], &SILENT),
        (&["completion"], &COMPLETION_EVENT),
    ],
    missing: Some(&COMPLETION_EVENT),
    other: None,
};

static MESSAGE_START: Object = event(&[], &[("message", In(&RESPONSE))]);

static BLOCK_START: Object = event(&["index"], &[("content_block", Of(&START_BLOCKS))]);

/// As [`BLOCKS`], but a text's first piece may stand here already.
static START_BLOCKS: Kinds = Kinds {
    member: "type",
    kinds: &[
        (&["text"], &START_TEXT),
        (&["thinking", "redacted_thinking"], &THINKING),
        (&["tool_use", "server_tool_use", "mcp_tool_use"], &TOOL_USE),
        (
            &[
                "web_search_tool_result",
                "web_fetch_tool_result",
                "code_execution_tool_result",
                "bash_code_execution_tool_result",
                "text_editor_code_execution_tool_result",
                "tool_search_tool_result",
                "mcp_tool_result",
            ],
            &TOOL_RESULT,
        ),
        (&["container_upload"], &IMAGE),
    ],
    missing: None,
    other: None,
};

static START_TEXT: Object = content(&[
    ("type", Skip),
    ("text", Delta(0)),
    ("citations", List(&In(&CITATION))),
]);

static BLOCK_DELTA: Object = event(&["index"], &[("delta", Of(&DELTAS))]);

static DELTAS: Kinds = Kinds {
    member: "type",
    kinds: &[
        (&["text_delta"], &TEXT_DELTA),
        (&["input_json_delta"], &INPUT_DELTA),
        (&["thinking_delta", "signature_delta"], &THINKING),
        (&["citations_delta"], &CITATIONS_DELTA),
    ],
    missing: None,
    other: None,
};

static TEXT_DELTA: Object = content(&[("type", Skip), ("text", Delta(0))]);

static INPUT_DELTA: Object = content(&[("type", Skip), ("partial_json", ToolDelta(1))]);

static CITATIONS_DELTA: Object = content(&[("type", Skip), ("citation", In(&CITATION))]);

static BLOCK_STOP: Object = event(&["index"], &[("type", Finish)]);

static MESSAGE_END: Object = event(&[], &[("type", Finish), ("amazon-bedrock-trace", Echo)]);

pub(super) static INVOKE_TEXT: Api = Api {
    request: Table {
        body: &COMPLETION_REQUEST,
        signs: &[("prompt", 3), ("max_tokens_to_sample", 9)],
    },
    response: Table {
        body: &COMPLETION,
        signs: &[("completion", 8), ("stop_reason", 1)],
    },
    events: In(&COMPLETION_EVENT),
};

static COMPLETION_REQUEST: Object = settings(&[("prompt", Text)]);

static COMPLETION: Object = event(&[], &[("completion", Text), ("amazon-bedrock-trace", Echo)]);

static COMPLETION_EVENT: Object = untyped(
    &[],
    &[
        ("type", Skip),
        ("completion", Delta(0)),
        ("stop_reason", Finish),
        ("stop", Skip),
        ("log_id", Skip),
        ("model", Skip),
        ("amazon-bedrock-trace", Echo),
        ("amazon-bedrock-guardrailAction", Skip),
        ("amazon-bedrock-invocationMetrics", Skip),
    ],
);
