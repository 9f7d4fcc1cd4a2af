use super::grammar::{Rule, Table};
use super::json::{Document, Kind, NodeId};
use super::tables;

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
}

/// What a body was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recognized {
    pub(super) shape: Shape,
    pub(super) side: Side,
    /// The shapes that it fits as well.
    pub(super) also: alloc::vec::Vec<Shape>,
}

/// The shape whose signs weigh most, of all or of the one that is named.
pub(super) fn recognize(document: &Document<'_>, named: Option<Shape>) -> Option<Recognized> {
    let mut best: Option<(i32, Recognized)> = None;
    for shape in tables::ORDER {
        let api = tables::api(shape);
        if named.is_some_and(|named| named != shape) {
            continue;
        }
        for (side, table) in [
            (Side::Request, &api.request),
            (Side::Response, &api.response),
        ] {
            let weight = weight(document, table);
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
                        also: alloc::vec::Vec::new(),
                    };
                    best = Some((weight, taken));
                }
            }
        }
    }
    best.map(|(_, taken)| taken)
}

fn weight(document: &Document<'_>, table: &Table) -> i32 {
    let signs = table.signs.iter();
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
    let (step, rest) = match path.split_once('/') {
        Some((step, rest)) => (step, Some(rest)),
        None => (path, None),
    };
    let (name, value) = match step.split_once('=') {
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
