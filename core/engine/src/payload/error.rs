use alloc::string::String;
use core::fmt;

/// Which rule a body breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The bytes are no UTF-8.
    NotUtf8,
    /// The text is no JSON document.
    NotJson(&'static str),
    /// Arrays and objects nest deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
    TooDeep,
    /// There are more bytes than [`GuardOptions::max_bytes`](super::GuardOptions::max_bytes).
    TooLong,
    /// The body is no object.
    NoObject,
    /// No table knows a body with these members.
    UnknownShape,
    /// The body is neither a request nor a response of the API that it was said to be of.
    OtherShape,
    /// The body has members with content of another side or of another API, which nobody would have read.
    Ambiguous,
    /// A value has a type that the API does not have there.
    WrongType(&'static str),
    /// A content block of a kind that the table does not know holds no text.
    UnknownBlock,
    /// The tag suffix is not 1 to 20 letters and digits, or occurs twice with different values.
    TagSuffix,
    /// A guard tag is closed that was not opened, or opened and not closed in the same string.
    TagUnbalanced,
    /// A guard tag is opened inside of another.
    TagNested,
    /// A frame of an event stream is longer than [`MAX_EVENT_BYTES`](super::stream::MAX_EVENT_BYTES).
    EventTooLong,
    /// A stream has more than 4096 blocks at a time.
    TooManyBlocks,
    /// A frame of AWS's event stream is malformed.
    Frame(&'static str),
    /// Bytes came after the end of the stream.
    Ended,
}

/// Why a body cannot be guarded: the place, the rule it breaks, the remedy. Values of the body are never
/// quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadError {
    /// The rule.
    pub problem: Problem,
    /// A JSON pointer (RFC 6901), or `byte N`, or what else tells the place.
    pub place: String,
    /// The kind of an unknown block, where it has a name that looks like one.
    pub name: Option<String>,
}

impl PayloadError {
    pub(super) const fn new(problem: Problem, place: String) -> PayloadError {
        PayloadError {
            problem,
            place,
            name: None,
        }
    }

    /// A stable name in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.problem {
            Problem::NotUtf8 => "payload_utf8",
            Problem::NotJson(_) => "payload_json",
            Problem::TooDeep => "payload_depth",
            Problem::TooLong => "payload_length",
            Problem::NoObject | Problem::WrongType(_) => "payload_type",
            Problem::UnknownShape | Problem::OtherShape | Problem::Ambiguous => "payload_shape",
            Problem::UnknownBlock => "payload_block",
            Problem::TagSuffix | Problem::TagUnbalanced | Problem::TagNested => "payload_tags",
            Problem::EventTooLong | Problem::TooManyBlocks | Problem::Frame(_) | Problem::Ended => {
                "payload_stream"
            }
        }
    }

    /// What `Display` writes, without the standard library's formatting, which is large.
    #[must_use]
    pub fn message(&self) -> String {
        let (rule, remedy) = (self.rule(), self.remedy());
        match &self.name {
            Some(name) => [&self.place, ": ", rule, " (", name, "); ", remedy].concat(),
            None => [&self.place, ": ", rule, "; ", remedy].concat(),
        }
    }

    const fn rule(&self) -> &'static str {
        match self.problem {
            Problem::NotUtf8 => "the body is no UTF-8",
            Problem::NotJson(what) | Problem::Frame(what) => what,
            Problem::TooDeep => "arrays and objects nest deeper than 128",
            Problem::TooLong => "the body is longer than the limit",
            Problem::NoObject => "the body is no JSON object",
            Problem::UnknownShape => "the members are those of no API that is known",
            Problem::OtherShape => "the members are not those of the API that was named",
            Problem::Ambiguous => "content of another side or API than the rest of the body is of",
            Problem::WrongType(expected) => expected,
            Problem::UnknownBlock => "a content block of an unknown kind without text",
            Problem::TagSuffix => "tagSuffix is not one value of 1 to 20 letters and digits",
            Problem::TagUnbalanced => "a guard tag is not opened and closed within one string",
            Problem::TagNested => "a guard tag stands inside of another",
            Problem::EventTooLong => "an event is longer than the limit",
            Problem::TooManyBlocks => "more than 4096 blocks of a stream at a time",
            Problem::Ended => "bytes after the end of the stream",
        }
    }

    const fn remedy(&self) -> &'static str {
        match self.problem {
            Problem::NotUtf8 => "send UTF-8",
            Problem::NotJson(_) => "send one JSON document (RFC 8259)",
            Problem::TooDeep => "send flatter tool data",
            Problem::TooLong => "send less, or raise the limit",
            Problem::NoObject => "send one request or response, not a list of them",
            Problem::UnknownShape | Problem::OtherShape => {
                "name the API: converse, invoke-anthropic, invoke-anthropic-text, invoke-nova, invoke-titan, \
                 invoke-llama, invoke-mistral, invoke-cohere, openai, openai-responses, anthropic or mcp"
            }
            Problem::Ambiguous => {
                "name the API and the side (request or response), or leave the members away"
            }
            Problem::WrongType(_) => "send what the API documents there",
            Problem::UnknownBlock => "leave the block away, or send its text in a text block",
            Problem::TagSuffix => "set amazon-bedrock-guardrailConfig.tagSuffix to a random word",
            Problem::TagUnbalanced | Problem::TagNested => {
                "open and close each tag in the same text and put none into another"
            }
            Problem::EventTooLong => "send the text in smaller events",
            Problem::TooManyBlocks => "end blocks before others begin, or send fewer",
            Problem::Frame(_) => "send the stream as the service sent it",
            Problem::Ended => "begin a new stream",
        }
    }
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl core::error::Error for PayloadError {}
