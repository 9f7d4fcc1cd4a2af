//! What the tables of the APIs are written in. A table says for every member of a body what it is; the
//! walk over a body knows no API.

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// Text to guard: a string.
    Text,
    /// Instructions to the model: a string.
    SystemText,
    /// Converse's `guardContent` text: an object with `text` and `qualifiers`.
    Tagged,
    /// Text to guard wherever there is a string inside.
    Any,
    /// The same for a content block of a kind that is not known: one without a string is refused.
    Unknown,
    /// Text to guard wherever there is a string or a number inside.
    Data,
    /// What a tool is given or gives: guarded on request, strings and numbers however deep.
    Tool,
    /// The model's reasoning, which no guardrail evaluates.
    Reasoning,
    /// Images, sound, files: left to the cloud.
    Media,
    /// Repeats text in pieces (log probabilities, traces): is emptied when anything in the body is masked.
    Echo,
    /// Settings, names and numbers.
    Skip,
    /// An object of this kind.
    Object(&'static Object),
    /// A list of values that are all this.
    List(&'static Rule),
    /// The same, and an element's place tells blocks of a stream apart.
    Places(&'static Rule),
    /// An object whose kind one of its members names.
    Kinds(&'static Kinds),
    /// The first if it is a string, else the second.
    Either(&'static Rule, &'static Rule),
    /// A piece of a streamed text; the number tells the texts of one block apart.
    Delta(u8),
    /// A piece of streamed tool data.
    ToolDelta(u8),
    /// A streamed text once more, as a whole.
    Full(u8),
    /// Streamed tool data once more, as a whole.
    ToolFull(u8),
    /// Unless null or false: the block of the stream that this stands in has ended.
    Finish,
}

/// An object of an API.
#[derive(Debug)]
pub(super) struct Object {
    /// Who speaks in it.
    pub(super) speaker: Speaker,
    /// Its members.
    pub(super) members: &'static [(&'static str, Rule)],
    /// What members are that are not listed.
    pub(super) rest: Rule,
    /// Members whose numbers tell blocks of a stream apart, the outer first.
    pub(super) indices: &'static [&'static str],
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaker {
    /// Whoever speaks around it.
    Same,
    /// The instructions to the model.
    System,
    /// The model.
    Assistant,
    /// The one that a member names.
    Named(&'static str),
}

/// Objects whose kind one of their members names.
#[derive(Debug)]
pub(super) struct Kinds {
    /// The member.
    pub(super) member: &'static str,
    /// The kinds by name.
    pub(super) kinds: &'static [(&'static [&'static str], &'static Object)],
    /// The kind of one that does not have the member.
    pub(super) missing: Option<&'static Object>,
    /// The kind of one whose member names none of the kinds. Without it, all strings inside are text, and
    /// one that holds none is refused.
    pub(super) other: Option<&'static Object>,
}

/// One API's bodies of one direction.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) body: &'static Object,
    /// What tells such a body from others: paths with weights. A path's steps are member names, `*` is
    /// any element; `=` compares the value with a string.
    pub(super) signs: &'static [(&'static str, i8)],
}

/// An object whose unlisted members are settings.
pub(super) const fn settings(members: &'static [(&'static str, Rule)]) -> Object {
    Object {
        speaker: Speaker::Same,
        members,
        rest: Rule::Skip,
        indices: &[],
    }
}

/// An object of a conversation: what is not listed in it is guarded as text, so that a new kind of content
/// is not let through unseen.
pub(super) const fn content(members: &'static [(&'static str, Rule)]) -> Object {
    Object {
        speaker: Speaker::Same,
        members,
        rest: Rule::Any,
        indices: &[],
    }
}

/// [`content`] with a speaker.
pub(super) const fn said(speaker: Speaker, members: &'static [(&'static str, Rule)]) -> Object {
    Object {
        speaker,
        members,
        rest: Rule::Any,
        indices: &[],
    }
}

/// [`settings`] of an event, with the members that tell blocks apart.
pub(super) const fn event(
    indices: &'static [&'static str],
    members: &'static [(&'static str, Rule)],
) -> Object {
    Object {
        speaker: Speaker::Assistant,
        members,
        rest: Rule::Skip,
        indices,
    }
}
