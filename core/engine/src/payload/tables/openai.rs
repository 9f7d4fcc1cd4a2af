//! OpenAI chat completions and responses. Others answer in the same forms, on Bedrock too.

use super::super::grammar::{Kinds, Object, Rule, Speaker, Table, content, event, said, settings};
use super::{Api, untyped};

use Rule::{
    Any, Delta, Echo, Either, Finish, Full, Kinds as Of, List, Media, Object as In, Places,
    Reasoning, Skip, Text, Tool, ToolDelta, ToolFull,
};

pub(super) static CHAT: Api = Api {
    request: Table {
        body: &CHAT_REQUEST,
        signs: &[
            ("messages/*/content", 2),
            ("messages/*/tool_calls", 6),
            ("messages/*/content/*/type", 2),
            ("messages/*/content/*/type=image_url", 6),
            ("messages/*/content/*/source", -6),
            ("messages/*/content/*/type=tool_use", -9),
            ("messages/*/content/*/type=tool_result", -9),
            ("messages/*/role=system", 4),
            ("messages/*/role=developer", 6),
            ("messages/*/role=tool", 6),
            ("model", 4),
            ("max_tokens", 1),
            ("max_completion_tokens", 6),
            ("frequency_penalty", 3),
            ("response_format", 3),
            ("stream_options", 3),
            ("tools/*/function", 6),
            ("stop", 2),
            ("n", 2),
            ("system", -6),
            ("anthropic_version", -12),
            ("schemaVersion", -9),
            ("safe_prompt", -12),
        ],
    },
    response: Table {
        body: &CHAT_RESPONSE,
        signs: &[
            ("choices/*/message", 6),
            ("choices/*/finish_reason", 2),
            ("object=chat.completion", 4),
            ("id", 1),
        ],
    },
    events: In(&CHUNK),
};

static CHAT_REQUEST: Object = settings(&[
    ("messages", List(&Of(&MESSAGES))),
    ("prediction", In(&PREDICTION)),
]);

static PREDICTION: Object = content(&[("type", Skip), ("content", PARTS_OR_TEXT)]);

static MESSAGES: Kinds = Kinds {
    member: "role",
    kinds: &[(&["tool", "function"], &TOOL_MESSAGE)],
    missing: Some(&MESSAGE),
    other: Some(&MESSAGE),
};

const PARTS_OR_TEXT: Rule = Either(&Text, &List(&Of(&PARTS)));

static MESSAGE: Object = said(
    Speaker::Named("role"),
    &[
        ("role", Skip),
        ("content", PARTS_OR_TEXT),
        ("refusal", Text),
        ("name", Skip),
        ("audio", In(&AUDIO)),
        ("annotations", List(&In(&ANNOTATION))),
        ("tool_calls", List(&Of(&TOOL_CALLS))),
        ("function_call", In(&FUNCTION)),
        ("reasoning", Reasoning),
        ("reasoning_content", Reasoning),
    ],
);

static TOOL_MESSAGE: Object = content(&[
    ("role", Skip),
    ("tool_call_id", Skip),
    ("name", Skip),
    ("content", Tool),
]);

static AUDIO: Object = content(&[
    ("id", Skip),
    ("data", Media),
    ("expires_at", Skip),
    ("transcript", Text),
]);

static ANNOTATION: Object = content(&[("type", Skip), ("url_citation", In(&URL_CITATION))]);

static URL_CITATION: Object = content(&[
    ("title", Text),
    ("url", Text),
    ("start_index", Skip),
    ("end_index", Skip),
]);

static TOOL_CALLS: Kinds = Kinds {
    member: "type",
    kinds: &[(&["function", "custom"], &TOOL_CALL)],
    missing: Some(&TOOL_CALL),
    other: None,
};

static TOOL_CALL: Object = content(&[
    ("id", Skip),
    ("index", Skip),
    ("type", Skip),
    ("function", In(&FUNCTION)),
    ("custom", In(&CUSTOM)),
]);

static FUNCTION: Object = content(&[("name", Skip), ("arguments", Tool)]);

static CUSTOM: Object = content(&[("name", Skip), ("input", Tool)]);

static PARTS: Kinds = Kinds {
    member: "type",
    kinds: &[
        (&["text"], &TEXT_PART),
        (&["refusal"], &REFUSAL_PART),
        (&["image_url", "input_audio", "file"], &MEDIA_PART),
    ],
    missing: None,
    other: None,
};

static TEXT_PART: Object = content(&[
    ("type", Skip),
    ("text", Text),
    ("prompt_cache_breakpoint", Skip),
]);

static REFUSAL_PART: Object = content(&[("type", Skip), ("refusal", Text)]);

static MEDIA_PART: Object = content(&[
    ("type", Skip),
    ("image_url", Media),
    ("input_audio", Media),
    ("file", Media),
    ("prompt_cache_breakpoint", Skip),
]);

static CHAT_RESPONSE: Object = settings(&[
    ("choices", List(&In(&CHOICE))),
    ("amazon-bedrock-trace", Echo),
]);

static CHOICE: Object = said(
    Speaker::Assistant,
    &[
        ("index", Skip),
        ("message", In(&MESSAGE)),
        ("logprobs", Echo),
        ("finish_reason", Skip),
        ("stop_reason", Skip),
        ("content_filter_results", Skip),
    ],
);

static CHUNK: Object = untyped(
    &[],
    &[
        ("choices", List(&In(&CHUNK_CHOICE))),
        ("id", Skip),
        ("object", Skip),
        ("created", Skip),
        ("model", Skip),
        ("system_fingerprint", Skip),
        ("service_tier", Skip),
        ("usage", Skip),
        ("obfuscation", Skip),
        ("prompt_filter_results", Skip),
        ("amazon-bedrock-trace", Echo),
        ("amazon-bedrock-guardrailAction", Skip),
        ("amazon-bedrock-invocationMetrics", Skip),
    ],
);

static CHUNK_CHOICE: Object = Object {
    speaker: Speaker::Assistant,
    members: &[
        ("index", Skip),
        ("delta", In(&CHUNK_DELTA)),
        ("logprobs", Echo),
        ("finish_reason", Finish),
        ("stop_reason", Skip),
        ("content_filter_results", Skip),
        ("content_filter_offsets", Skip),
    ],
    rest: Any,
    indices: &["index"],
};

static CHUNK_DELTA: Object = content(&[
    ("role", Skip),
    ("content", Delta(0)),
    ("refusal", Delta(1)),
    ("name", Skip),
    ("audio", In(&CHUNK_AUDIO)),
    ("annotations", List(&In(&ANNOTATION))),
    ("tool_calls", List(&In(&CHUNK_CALL))),
    ("function_call", In(&CHUNK_FUNCTION)),
    ("reasoning", Reasoning),
    ("reasoning_content", Reasoning),
]);

static CHUNK_AUDIO: Object = content(&[
    ("id", Skip),
    ("data", Media),
    ("expires_at", Skip),
    ("transcript", Delta(2)),
]);

static CHUNK_CALL: Object = Object {
    speaker: Speaker::Same,
    members: &[
        ("index", Skip),
        ("id", Skip),
        ("type", Skip),
        ("function", In(&CHUNK_FUNCTION)),
    ],
    rest: Any,
    indices: &["index"],
};

static CHUNK_FUNCTION: Object = content(&[("name", Skip), ("arguments", ToolDelta(3))]);

pub(super) static RESPONSES: Api = Api {
    request: Table {
        body: &RESPONSES_REQUEST,
        signs: &[
            ("input", 6),
            ("model", 1),
            ("instructions", 4),
            ("previous_response_id", 4),
            ("max_output_tokens", 3),
            ("messages", -9),
            ("output", -9),
        ],
    },
    response: Table {
        body: &RESPONSE,
        signs: &[
            ("object=response", 8),
            ("output/*/type", 6),
            ("output_text", 2),
            ("status", 1),
        ],
    },
    events: Of(&EVENTS),
};

static RESPONSES_REQUEST: Object = settings(&[
    ("instructions", Rule::SystemText),
    ("input", Either(&Text, &List(&Of(&ITEMS)))),
    ("prompt", In(&PROMPT)),
    ("text", Skip),
]);

static PROMPT: Object = settings(&[("variables", Any)]);

const RESPONSE_MEMBERS: &[(&str, Rule)] = &[
    ("output", Places(&Of(&OUTPUT_ITEMS))),
    ("output_text", Text),
    // A response repeats the request's.
    ("instructions", Skip),
    ("prompt", Skip),
    ("text", Skip),
    ("error", Any),
    ("amazon-bedrock-trace", Echo),
];

static RESPONSE: Object = Object {
    speaker: Speaker::Assistant,
    members: RESPONSE_MEMBERS,
    rest: Skip,
    indices: &[],
};

const REASONING_ITEM: (&[&str], &Object) = (
    &["reasoning", "compaction", "compaction_trigger"],
    &REASONING,
);

const TOOL_ITEM: (&[&str], &Object) = (
    &[
        "file_search_call",
        "computer_call",
        "computer_call_output",
        "web_search_call",
        "function_call",
        "function_call_output",
        "tool_search_call",
        "tool_search_output",
        "code_interpreter_call",
        "local_shell_call",
        "local_shell_call_output",
        "shell_call",
        "shell_call_output",
        "apply_patch_call",
        "apply_patch_call_output",
        "mcp_approval_request",
        "mcp_approval_response",
        "mcp_call",
        "custom_tool_call",
        "custom_tool_call_output",
        "program",
        "program_output",
    ],
    &TOOL_CALL_ITEM,
);

const SETTINGS_ITEM: (&[&str], &Object) = (
    &[
        "item_reference",
        "additional_tools",
        "mcp_list_tools",
        "configuration_update",
    ],
    &SETTINGS,
);

static ITEMS: Kinds = Kinds {
    member: "type",
    kinds: &[
        (&["message"], &ITEM_MESSAGE),
        (&["image_generation_call"], &IMAGE_ITEM),
        REASONING_ITEM,
        TOOL_ITEM,
        SETTINGS_ITEM,
    ],
    missing: Some(&ITEM_MESSAGE),
    other: None,
};

static ITEM_MESSAGE: Object = said(
    Speaker::Named("role"),
    &[
        ("type", Skip),
        ("id", Skip),
        ("role", Skip),
        ("status", Skip),
        ("phase", Skip),
        ("content", Either(&Text, &List(&Of(&CONTENTS)))),
    ],
);

static CONTENTS: Kinds = Kinds {
    member: "type",
    kinds: &[
        (&["input_text", "output_text", "text"], &CONTENT_TEXT),
        (&["refusal"], &REFUSAL_PART),
        (&["input_image", "input_file", "input_audio"], &CONTENT_FILE),
    ],
    missing: None,
    other: None,
};

static CONTENT_TEXT: Object = content(&[
    ("type", Skip),
    ("text", Text),
    ("annotations", List(&In(&FLAT_ANNOTATION))),
    ("logprobs", Echo),
    ("prompt_cache_breakpoint", Skip),
]);

static FLAT_ANNOTATION: Object = content(&[
    ("type", Skip),
    ("title", Text),
    ("url", Text),
    ("filename", Text),
    ("file_id", Skip),
    ("container_id", Skip),
    ("index", Skip),
    ("start_index", Skip),
    ("end_index", Skip),
]);

static CONTENT_FILE: Object = content(&[
    ("type", Skip),
    ("detail", Skip),
    ("image_url", Media),
    ("file_data", Media),
    ("file_url", Media),
    ("file_id", Media),
    ("filename", Text),
    ("input_audio", Media),
    ("prompt_cache_breakpoint", Skip),
]);

static REASONING: Object = Object {
    speaker: Speaker::Same,
    members: &[
        ("summary", Reasoning),
        ("content", Reasoning),
        ("encrypted_content", Reasoning),
    ],
    rest: Skip,
    indices: &[],
};

/// Tools differ in where their data is: all that is not the item's own is.
static TOOL_CALL_ITEM: Object = Object {
    speaker: Speaker::Same,
    members: &[
        ("type", Skip),
        ("id", Skip),
        ("call_id", Skip),
        ("status", Skip),
        ("name", Skip),
        ("namespace", Skip),
        ("server_label", Skip),
        ("approval_request_id", Skip),
        ("container_id", Skip),
        ("created_by", Skip),
        ("fingerprint", Skip),
        ("tools", Skip),
    ],
    rest: Tool,
    indices: &[],
};

static SETTINGS: Object = settings(&[]);

static IMAGE_ITEM: Object = content(&[
    ("type", Skip),
    ("id", Skip),
    ("status", Skip),
    ("action", Skip),
    ("background", Skip),
    ("output_format", Skip),
    ("quality", Skip),
    ("size", Skip),
    ("svg_usage", Skip),
    ("result", Media),
    ("revised_prompt", Text),
    ("error", Any),
]);

static OUTPUT_ITEMS: Kinds = Kinds {
    member: "type",
    kinds: &[
        (&["message"], &OUTPUT_MESSAGE),
        (&["image_generation_call"], &IMAGE_ITEM),
        REASONING_ITEM,
        TOOL_ITEM,
        SETTINGS_ITEM,
    ],
    missing: None,
    other: None,
};

static OUTPUT_MESSAGE: Object = said(
    Speaker::Named("role"),
    &[
        ("type", Skip),
        ("id", Skip),
        ("role", Skip),
        ("status", Skip),
        ("phase", Skip),
        ("content", Places(&Of(&OUTPUT_CONTENTS))),
    ],
);

static OUTPUT_CONTENTS: Kinds = Kinds {
    member: "type",
    kinds: &[
        (&["output_text", "text"], &OUTPUT_TEXT),
        (&["refusal"], &OUTPUT_REFUSAL),
    ],
    missing: None,
    other: None,
};

static OUTPUT_TEXT: Object = content(&[
    ("type", Skip),
    ("text", Full(0)),
    ("annotations", List(&In(&FLAT_ANNOTATION))),
    ("logprobs", Echo),
]);

static OUTPUT_REFUSAL: Object = content(&[("type", Skip), ("refusal", Full(1))]);

const PLACE: &[&str] = &["output_index", "content_index"];

static EVENTS: Kinds = Kinds {
    member: "type",
    kinds: &[
        (&["response.output_text.delta"], &TEXT_DELTA),
        (&["response.output_text.done"], &TEXT_DONE),
        (&["response.refusal.delta"], &REFUSAL_DELTA),
        (&["response.refusal.done"], &REFUSAL_DONE),
        (
            &["response.content_part.added", "response.content_part.done"],
            &PART_EVENT,
        ),
        (
            &["response.output_item.added", "response.output_item.done"],
            &ITEM_EVENT,
        ),
        (
            &[
                "response.created",
                "response.in_progress",
                "response.queued",
                "response.completed",
                "response.failed",
                "response.incomplete",
            ],
            &RESPONSE_EVENT,
        ),
        (
            &["response.output_text.annotation.added"],
            &ANNOTATION_EVENT,
        ),
        (
            &[
                "response.function_call_arguments.delta",
                "response.mcp_call_arguments.delta",
                "response.custom_tool_call_input.delta",
                "response.code_interpreter_call_code.delta",
                "response.shell_call_command.delta",
                "response.shell_call_output_content.delta",
            ],
            &TOOL_EVENT_DELTA,
        ),
        (
            &[
                "response.function_call_arguments.done",
                "response.mcp_call_arguments.done",
                "response.custom_tool_call_input.done",
                "response.code_interpreter_call_code.done",
                "response.shell_call_command.done",
                "response.shell_call_output_content.done",
            ],
            &TOOL_EVENT_DONE,
        ),
        (&["response.audio.transcript.delta"], &TRANSCRIPT_DELTA),
        (&["response.audio.delta"], &AUDIO_EVENT),
        (
            &[
                "response.reasoning_text.delta",
                "response.reasoning_text.done",
                "response.reasoning_summary_text.delta",
                "response.reasoning_summary_text.done",
                "response.reasoning_summary_part.added",
                "response.reasoning_summary_part.done",
            ],
            &REASONING_EVENT,
        ),
    ],
    missing: Some(&UNKNOWN_EVENT),
    other: Some(&UNKNOWN_EVENT),
};

/// States of tools and sound have no text; what else there may be is guarded.
static UNKNOWN_EVENT: Object = Object {
    speaker: Speaker::Assistant,
    members: &[
        ("type", Skip),
        ("item_id", Skip),
        ("response_id", Skip),
        ("obfuscation", Skip),
        ("background", Skip),
        ("output_format", Skip),
        ("quality", Skip),
        ("size", Skip),
        ("partial_image_b64", Media),
    ],
    rest: Any,
    indices: &[],
};

static REASONING_EVENT: Object = settings(&[
    ("delta", Reasoning),
    ("text", Reasoning),
    ("part", Reasoning),
]);

static AUDIO_EVENT: Object = settings(&[("delta", Media)]);

static TEXT_DELTA: Object = event(PLACE, &[("delta", Delta(0)), ("logprobs", Echo)]);

static TEXT_DONE: Object = event(
    PLACE,
    &[("text", Full(0)), ("logprobs", Echo), ("type", Finish)],
);

static REFUSAL_DELTA: Object = event(PLACE, &[("delta", Delta(1))]);

static REFUSAL_DONE: Object = event(PLACE, &[("refusal", Full(1)), ("type", Finish)]);

static PART_EVENT: Object = event(PLACE, &[("part", Of(&EVENT_PARTS))]);

/// [`OUTPUT_CONTENTS`] and the parts of reasoning items, which come by the same events.
static EVENT_PARTS: Kinds = Kinds {
    member: "type",
    kinds: &[
        (&["output_text", "text"], &OUTPUT_TEXT),
        (&["refusal"], &OUTPUT_REFUSAL),
        (&["reasoning_text", "summary_text"], &REASONING_PART),
    ],
    missing: None,
    other: None,
};

static REASONING_PART: Object = content(&[("type", Skip), ("text", Reasoning)]);

static ITEM_EVENT: Object = event(&["output_index"], &[("item", Of(&OUTPUT_ITEMS))]);

static RESPONSE_EVENT: Object = event(&[], &[("response", In(&RESPONSE))]);

static ANNOTATION_EVENT: Object = event(PLACE, &[("annotation", In(&FLAT_ANNOTATION))]);

static TOOL_EVENT_DELTA: Object = event(&["output_index"], &[("delta", TOOL_PIECE)]);

/// Of tools of other kinds a piece is no string.
const TOOL_PIECE: Rule = Either(&ToolDelta(3), &Tool);

static TOOL_EVENT_DONE: Object = event(
    &["output_index"],
    &[
        ("arguments", ToolFull(3)),
        ("input", ToolFull(3)),
        ("code", ToolFull(3)),
        ("command", ToolFull(3)),
        ("output", Tool),
        ("type", Finish),
    ],
);

static TRANSCRIPT_DELTA: Object = event(&[], &[("delta", Delta(2))]);
