//! Bodies of InvokeModel that are their vendors' own: Amazon Nova and Titan, Meta Llama, Mistral, Cohere.

use super::super::grammar::{Kinds, Object, Rule, Speaker, Table, content, event, said, settings};
use super::{Api, converse, untyped};

use Rule::{Any, Delta, Echo, Either, Finish, Kinds as Of, List, Object as In, Skip, Text, Tool};

const TRACE: (&str, Rule) = ("amazon-bedrock-trace", Echo);

/// What a stream's last event says of the guardrail.
const ACTION: (&str, Rule) = ("amazon-bedrock-guardrailAction", Skip);

const METRICS: (&str, Rule) = ("amazon-bedrock-invocationMetrics", Skip);

const TAGGED: (&str, i8) = ("amazon-bedrock-guardrailConfig", 2);

pub(super) static NOVA: Api = Api {
    request: Table {
        body: &NOVA_REQUEST,
        signs: &[
            ("messages/*/content/*/text", 2),
            ("messages/*/content/*/type", -9),
            ("system/*/text", 2),
            ("system/*/type", -9),
            ("schemaVersion", 12),
            ("inferenceConfig", 2),
            ("inferenceConfig/max_new_tokens", 12),
            ("amazon-bedrock-guardrailConfig", 9),
        ],
    },
    response: Table {
        body: &NOVA_RESPONSE,
        signs: &[
            ("output/message/content", 8),
            ("stopReason", 2),
            ("usage/inputTokens", 2),
            ("amazon-bedrock-guardrailAction", 6),
        ],
    },
    events: In(&converse::EVENTS),
};

static NOVA_REQUEST: Object = settings(&[
    ("system", List(&In(&converse::SYSTEM))),
    ("messages", List(&In(&converse::MESSAGE))),
]);

static NOVA_RESPONSE: Object = settings(&[("output", In(&converse::OUTPUT)), TRACE]);

pub(super) static TITAN: Api = Api {
    request: Table {
        body: &TITAN_REQUEST,
        signs: &[("inputText", 8), ("textGenerationConfig", 6)],
    },
    response: Table {
        body: &TITAN_RESPONSE,
        signs: &[("results/*/outputText", 8), ("inputTextTokenCount", 4)],
    },
    events: In(&TITAN_EVENT),
};

static TITAN_REQUEST: Object = settings(&[("inputText", Text)]);

static TITAN_RESPONSE: Object = settings(&[("results", List(&In(&TITAN_RESULT))), TRACE]);

static TITAN_RESULT: Object = said(
    Speaker::Assistant,
    &[
        ("outputText", Text),
        ("tokenCount", Skip),
        ("completionReason", Skip),
    ],
);

static TITAN_EVENT: Object = untyped(
    &["index"],
    &[
        ("outputText", Delta(0)),
        ("completionReason", Finish),
        TRACE,
        ACTION,
        METRICS,
    ],
);

pub(super) static LLAMA: Api = Api {
    request: Table {
        body: &PROMPT,
        signs: &[("prompt", 3), ("max_gen_len", 9), TAGGED],
    },
    response: Table {
        body: &LLAMA_RESPONSE,
        signs: &[("generation", 8), ("generation_token_count", 4)],
    },
    events: In(&LLAMA_EVENT),
};

static PROMPT: Object = settings(&[("prompt", Text)]);

static LLAMA_RESPONSE: Object = event(&[], &[("generation", Text), TRACE]);

static LLAMA_EVENT: Object = untyped(
    &[],
    &[
        ("generation", Delta(0)),
        ("stop_reason", Finish),
        TRACE,
        ACTION,
        METRICS,
    ],
);

pub(super) static MISTRAL: Api = Api {
    request: Table {
        body: &MISTRAL_REQUEST,
        signs: &[
            ("prompt", 3),
            ("messages/*/content", 2),
            ("messages/*/content/*/source", -9),
            ("messages/*/content/*/type", 1),
            ("max_tokens", 1),
            ("stop", 1),
            ("safe_prompt", 4),
            ("model", -2),
            ("anthropic_version", -12),
            TAGGED,
        ],
    },
    response: Table {
        body: &MISTRAL_RESPONSE,
        signs: &[
            ("outputs/*/text", 8),
            ("choices/*/message", 4),
            ("choices/*/stop_reason", 4),
        ],
    },
    events: In(&MISTRAL_EVENT),
};

static MISTRAL_REQUEST: Object =
    settings(&[("prompt", Text), ("messages", List(&Of(&MISTRAL_MESSAGES)))]);

static MISTRAL_MESSAGES: Kinds = Kinds {
    member: "role",
    kinds: &[(&["tool"], &MISTRAL_TOOL)],
    missing: Some(&MISTRAL_MESSAGE),
    other: Some(&MISTRAL_MESSAGE),
};

static MISTRAL_TOOL: Object = content(&[
    ("role", Skip),
    ("tool_call_id", Skip),
    ("name", Skip),
    ("content", Tool),
]);

static MISTRAL_MESSAGE: Object = said(
    Speaker::Named("role"),
    &[
        ("role", Skip),
        ("prefix", Skip),
        ("content", Either(&Text, &List(&Of(&MISTRAL_PARTS)))),
        ("tool_calls", Tool),
        ("tool_call_id", Skip),
        ("index", Skip),
    ],
);

static MISTRAL_PARTS: Kinds = Kinds {
    member: "type",
    kinds: &[(&["text"], &MISTRAL_TEXT), (&["image_url"], &MISTRAL_IMAGE)],
    missing: None,
    other: None,
};

static MISTRAL_TEXT: Object = content(&[("type", Skip), ("text", Text)]);

static MISTRAL_IMAGE: Object = content(&[("type", Skip), ("image_url", Rule::Media)]);

static MISTRAL_RESPONSE: Object = settings(&[
    ("outputs", List(&In(&MISTRAL_OUTPUT))),
    ("choices", List(&In(&MISTRAL_CHOICE))),
    TRACE,
]);

static MISTRAL_OUTPUT: Object = said(Speaker::Assistant, &[("text", Text), ("stop_reason", Skip)]);

static MISTRAL_CHOICE: Object = said(
    Speaker::Assistant,
    &[
        ("index", Skip),
        ("message", In(&MISTRAL_MESSAGE)),
        ("stop_reason", Skip),
        ("finish_reason", Skip),
        ("logprobs", Echo),
    ],
);

static MISTRAL_EVENT: Object = untyped(
    &[],
    &[
        ("outputs", Rule::Places(&In(&MISTRAL_PIECE))),
        ("choices", List(&In(&MISTRAL_CHUNK))),
        ("id", Skip),
        ("object", Skip),
        ("created", Skip),
        ("model", Skip),
        ("usage", Skip),
        TRACE,
        ACTION,
        METRICS,
    ],
);

static MISTRAL_PIECE: Object = content(&[("text", Delta(0)), ("stop_reason", Finish)]);

static MISTRAL_CHUNK: Object = Object {
    speaker: Speaker::Assistant,
    members: &[
        ("index", Skip),
        ("message", In(&MISTRAL_DELTA)),
        ("delta", In(&MISTRAL_DELTA)),
        ("stop_reason", Finish),
        ("finish_reason", Finish),
        ("logprobs", Echo),
    ],
    rest: Any,
    indices: &["index"],
};

static MISTRAL_DELTA: Object =
    content(&[("role", Skip), ("content", Delta(0)), ("tool_calls", Tool)]);

pub(super) static COHERE: Api = Api {
    request: Table {
        body: &COHERE_REQUEST,
        signs: &[
            ("message", 8),
            ("chat_history", 6),
            ("prompt", 3),
            ("p", 2),
            ("k", 2),
            ("num_generations", 4),
            ("return_likelihoods", 6),
            ("truncate", 3),
            ("max_tokens", 1),
            ("jsonrpc", -9),
            TAGGED,
        ],
    },
    response: Table {
        body: &COHERE_RESPONSE,
        signs: &[
            ("generations/*/text", 8),
            ("text", 3),
            ("generation_id", 3),
            ("chat_history", 3),
            ("response_id", 2),
            ("message", -6),
        ],
    },
    events: In(&COHERE_EVENT),
};

static COHERE_REQUEST: Object = settings(&[
    ("prompt", Text),
    ("message", Text),
    ("preamble", Rule::SystemText),
    ("preamble_override", Rule::SystemText),
    ("chat_history", List(&In(&TURN))),
    // Texts that the model is to rely on: part of what it reads, as AWS sees them.
    ("documents", Any),
    ("tool_results", Tool),
]);

static TURN: Object = said(
    Speaker::Named("role"),
    &[
        ("role", Skip),
        ("user_name", Skip),
        ("message", Text),
        ("tool_calls", Tool),
        ("tool_results", Tool),
    ],
);

static COHERE_RESPONSE: Object = Object {
    speaker: Speaker::Assistant,
    members: COHERE_MEMBERS,
    rest: Skip,
    indices: &[],
};

const COHERE_MEMBERS: &[(&str, Rule)] = &[
    ("generations", List(&In(&GENERATION))),
    ("prompt", Text),
    ("text", Text),
    ("chat_history", List(&In(&TURN))),
    ("documents", Any),
    ("citations", List(&In(&COHERE_CITATION))),
    ("search_queries", Any),
    ("tool_calls", Tool),
    TRACE,
];

static GENERATION: Object = content(&[
    ("id", Skip),
    ("index", Skip),
    ("text", Text),
    ("finish_reason", Skip),
    ("likelihood", Skip),
    ("token_likelihoods", Echo),
]);

static COHERE_CITATION: Object = content(&[
    ("text", Text),
    ("start", Skip),
    ("end", Skip),
    ("document_ids", Skip),
]);

static COHERE_EVENT: Object = untyped(
    &["index"],
    &[
        ("event_type", Skip),
        ("generation_id", Skip),
        ("finish_reason", Skip),
        ("tool_call_delta", Tool),
        ("text", Delta(0)),
        ("is_finished", Finish),
        ("response", In(&COHERE_END)),
        ("citations", List(&In(&COHERE_CITATION))),
        ("search_queries", Any),
        ("search_results", Any),
        ("documents", Any),
        ("tool_calls", Tool),
        TRACE,
        ACTION,
        METRICS,
    ],
);

static COHERE_END: Object = Object {
    speaker: Speaker::Assistant,
    members: &[
        ("text", Rule::Full(0)),
        ("generations", List(&In(&END_GENERATION))),
        ("prompt", Text),
        ("chat_history", List(&In(&TURN))),
        ("documents", Any),
        ("citations", List(&In(&COHERE_CITATION))),
        ("search_queries", Any),
        ("tool_calls", Tool),
    ],
    rest: Skip,
    indices: &[],
};

static END_GENERATION: Object = content(&[
    ("id", Skip),
    ("text", Rule::Full(0)),
    ("finish_reason", Skip),
    ("likelihood", Skip),
    ("token_likelihoods", Echo),
]);
