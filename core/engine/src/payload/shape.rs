use alloc::vec::Vec;

use super::grammar::{Object, Rule, Table};
use super::json::{Document, Kind, NodeId};
use super::{tables, text};

/// Which API a body is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Bedrock Converse.
    Converse,
    /// InvokeModel: Anthropic messages.
    InvokeAnthropic,
    /// InvokeModel: Anthropic text completions.
    InvokeAnthropicText,
    /// InvokeModel: Amazon Nova.
    InvokeNova,
    /// InvokeModel: Amazon Titan text.
    InvokeTitan,
    /// InvokeModel: Meta Llama.
    InvokeLlama,
    /// InvokeModel: Mistral, prompts and chat.
    InvokeMistral,
    /// InvokeModel: Cohere Command and Command R.
    InvokeCohere,
    /// OpenAI chat completions, from whoever offers them.
    OpenAi,
    /// OpenAI responses.
    OpenAiResponses,
    /// Anthropic messages.
    Anthropic,
    /// Model Context Protocol, `tools/call`.
    Mcp,
}

impl Shape {
    /// All of them.
    pub const ALL: [Shape; 12] = [
        Shape::Converse,
        Shape::InvokeAnthropic,
        Shape::InvokeAnthropicText,
        Shape::InvokeNova,
        Shape::InvokeTitan,
        Shape::InvokeLlama,
        Shape::InvokeMistral,
        Shape::InvokeCohere,
        Shape::OpenAi,
        Shape::OpenAiResponses,
        Shape::Anthropic,
        Shape::Mcp,
    ];

    /// Its name on command lines and in errors.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Shape::Converse => "converse",
            Shape::InvokeAnthropic => "invoke-anthropic",
            Shape::InvokeAnthropicText => "invoke-anthropic-text",
            Shape::InvokeNova => "invoke-nova",
            Shape::InvokeTitan => "invoke-titan",
            Shape::InvokeLlama => "invoke-llama",
            Shape::InvokeMistral => "invoke-mistral",
            Shape::InvokeCohere => "invoke-cohere",
            Shape::OpenAi => "openai",
            Shape::OpenAiResponses => "openai-responses",
            Shape::Anthropic => "anthropic",
            Shape::Mcp => "mcp",
        }
    }

    /// The shape with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Shape> {
        Shape::ALL.into_iter().find(|shape| shape.name() == name)
    }
}

/// Whether a body asks or answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A request.
    Request,
    /// A response.
    Response,
}

impl Side {
    /// `request` or `response`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Side::Request => "request",
            Side::Response => "response",
        }
    }

    /// The side with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Side> {
        let sides = [Side::Request, Side::Response];
        sides.into_iter().find(|side| side.name() == name)
    }
}

/// What a body was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recognized {
    pub(super) shape: Shape,
    pub(super) side: Side,
    /// The shapes that it fits as well.
    pub(super) also: Vec<Shape>,
}

/// What the caller knows of a body. What is not known is told by the body, which is not to be trusted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) shape: Option<Shape>,
    pub(super) side: Option<Side>,
}

/// The shape and side whose signs weigh most, of all or of those that are known.
pub(super) fn recognize(document: &Document<'_>, known: Known) -> Option<Recognized> {
    let mut best: Option<(i32, Recognized)> = None;
    for shape in tables::ORDER {
        let api = tables::api(shape);
        if known.shape.is_some_and(|named| named != shape) {
            continue;
        }
        for (side, table) in [
            (Side::Request, &api.request),
            (Side::Response, &api.response),
        ] {
            if known.side.is_some_and(|known| known != side) {
                continue;
            }
            // Where nothing is left to choose, signs of something else do not matter.
            let fixed = known.shape.is_some() && known.side.is_some();
            let weight = weight(document, table, fixed);
            if weight <= 0 {
                continue;
            }
            match &mut best {
                Some((most, taken)) if *most == weight => {
                    if taken.shape != shape {
                        taken.also.push(shape);
                    }
                }
                Some((most, _)) if *most > weight => {}
                _ => {
                    let taken = Recognized {
                        shape,
                        side,
                        also: Vec::new(),
                    };
                    best = Some((weight, taken));
                }
            }
        }
    }
    best.map(|(_, taken)| taken)
}

/// Members of a body that its table does not read.
#[derive(Debug, Default)]
pub(super) struct Unread {
    /// The names of those with content, if what was chosen is right, for nobody, and if not, for a model.
    pub(super) ambiguous: Vec<&'static str>,
    /// Those that are guarded as text: of the API's other side, where the caller knows the side or where
    /// both sides have them.
    pub(super) other_side: Vec<NodeId>,
}

/// What a body holds at its top that another table lists as content and its own does not read. The weights
/// are the sender's to choose: without this, a few members of a response would take a request's messages
/// out of the guardrail.
pub(super) fn unread(document: &Document<'_>, taken: &Recognized, known: Known) -> Unread {
    let mut unread = Unread::default();
    let own = table(taken.shape, taken.side).body;
    for node in document.children(0) {
        let name = document.name(node);
        let listed = rule(own, &name);
        if is_content(listed.map_or(own.rest, |(_, rule)| rule)) {
            continue;
        }
        let mut others = contents(taken, known, &name).filter(|(_, _, rule)| {
            // A setting of the same name is told by its type.
            listed.is_none() || may_be(*rule, document.kind(node))
        });
        let Some((name, other_side, _)) = others.next() else {
            continue;
        };
        if !holds_text(document, node) {
            continue;
        }
        let only_side = other_side && others.all(|(_, other_side, _)| other_side);
        if only_side && listed.is_some() {
            // A response that repeats the request's: true only if it is a response.
            if known.side.is_none() {
                unread.other_side.push(node);
            }
        } else if only_side && known.side.is_some() {
            unread.other_side.push(node);
        } else if !unread.ambiguous.contains(&name) {
            unread.ambiguous.push(name);
        }
    }
    unread
}

/// What a member is in the tables that the body could be of as well, where it is content there: its name,
/// whether it is the API's other side, the rule.
fn contents<'n>(
    taken: &Recognized,
    known: Known,
    name: &'n str,
) -> impl Iterator<Item = (&'static str, bool, Rule)> + 'n {
    let (shape, side) = (taken.shape, taken.side);
    let all = tables::ORDER.into_iter();
    let all = all.flat_map(|shape| [(shape, Side::Request), (shape, Side::Response)]);
    let others = all.filter(move |&(other, its)| {
        let same = other == shape;
        let possible = known.shape.is_none() && known.side.is_none_or(|known| known == its);
        (same && its != side) || (!same && possible)
    });
    others.filter_map(move |(other, its)| {
        let (name, rule) = rule(table(other, its).body, name)?;
        is_content(rule).then_some((name, other == shape, rule))
    })
}

/// The table of one side of an API.
pub(super) const fn table(shape: Shape, side: Side) -> &'static Table {
    let api = tables::api(shape);
    match side {
        Side::Request => &api.request,
        Side::Response => &api.response,
    }
}

fn rule(object: &'static Object, name: &str) -> Option<(&'static str, Rule)> {
    let mut members = object.members.iter();
    members.find(|(listed, _)| *listed == name).copied()
}

const fn is_content(rule: Rule) -> bool {
    !matches!(
        rule,
        Rule::Skip | Rule::Echo | Rule::Media | Rule::Reasoning | Rule::Finish
    )
}

fn may_be(rule: Rule, kind: Kind) -> bool {
    match rule {
        Rule::Text | Rule::SystemText => kind == Kind::String,
        Rule::List(_) | Rule::Places(_) => kind == Kind::Array,
        Rule::Object(_) | Rule::Tagged => kind == Kind::Object,
        Rule::Either(one, other) => may_be(*one, kind) || may_be(*other, kind),
        _ => true,
    }
}

fn holds_text(document: &Document<'_>, node: NodeId) -> bool {
    (node..document.below(node).end).any(|node| match document.kind(node) {
        Kind::String => document.span(node).len() > 2,
        Kind::Number => true,
        _ => false,
    })
}

fn weight(document: &Document<'_>, table: &Table, fixed: bool) -> i32 {
    let signs = table.signs.iter();
    let signs = signs.filter(|(_, weight)| !fixed || *weight > 0);
    let signs = signs.filter(|(path, _)| occurs(document, 0, path));
    let sum: i32 = signs.map(|&(_, weight)| i32::from(weight)).sum();
    // A member that would hold text is a sign even if it holds something else: the error then says so.
    let members = table.body.members.iter();
    let known = members.filter(|(name, rule)| {
        !matches!(rule, Rule::Skip | Rule::Echo) && members_of(document, 0, name).next().is_some()
    });
    sum.saturating_add(i32::try_from(known.count()).unwrap_or(0))
}

/// How many elements of a list are looked at: enough to tell APIs apart.
const ELEMENTS: usize = 64;
/// How many members of an object are: every sign looks at them again.
const MEMBERS: usize = 1024;

fn members_of<'d>(
    document: &'d Document<'_>,
    node: NodeId,
    name: &'d str,
) -> impl Iterator<Item = NodeId> + 'd {
    let object = document.kind(node) == Kind::Object;
    let members = document.children(node).take(MEMBERS);
    members.filter(move |&child| object && document.name(child) == name)
}

fn occurs(document: &Document<'_>, node: NodeId, path: &str) -> bool {
    let (step, rest) = match text::split_at(path, "/") {
        Some((step, rest)) => (step, Some(rest)),
        None => (path, None),
    };
    let (name, value) = match text::split_at(step, "=") {
        Some((name, value)) => (name, Some(value)),
        None => (step, None),
    };
    let fits = |child: NodeId| match (value, rest) {
        (Some(value), _) => document.string(child).is_some_and(|have| have == value),
        (None, Some(rest)) => occurs(document, child, rest),
        (None, None) => document.kind(child) != Kind::Null,
    };
    if name == "*" {
        let list = document.kind(node) == Kind::Array;
        return list && document.children(node).take(ELEMENTS).any(fits);
    }
    members_of(document, node, name).any(fits)
}
