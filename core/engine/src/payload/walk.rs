//! The walk over a body by its API's table: what there is to guard, and what is left out.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::error::{PayloadError, Problem};
use super::grammar::{Kinds, Object, Rule, Speaker};
use super::json::{Document, Kind, NodeId, is_plain_name};
use crate::request::{Qualifiers, Role};

/// What a string or number that was found is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Text.
    Text,
    /// Tool data.
    Tool,
    /// A piece of a stream's block.
    Delta(u8),
    /// A stream's block as a whole.
    Full(u8),
    /// A piece of tool data.
    ToolDelta(u8),
    /// A stream's tool data as a whole.
    ToolFull(u8),
}

/// A string or number that may be guarded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) node: NodeId,
    pub(super) what: What,
    pub(super) role: Option<Role>,
    /// The qualifiers, if it is a `guardContent`.
    pub(super) tagged: Option<Qualifiers>,
    /// Which block of a stream it belongs to.
    pub(super) key: Key,
}

/// The place of a block in a stream: numbers, the outer first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Key {
    numbers: [u32; 3],
    used: u8,
}

impl Key {
    fn push(mut self, number: u32) -> Key {
        if let Some(place) = self.numbers.get_mut(usize::from(self.used)) {
            *place = number;
            self.used = self.used.saturating_add(1);
        }
        self
    }

    /// The numbers.
    pub(super) fn numbers(&self) -> &[u32] {
        self.numbers.get(..usize::from(self.used)).unwrap_or(&[])
    }

    /// Whether `other` is this place or inside of it.
    pub(super) fn holds(&self, other: &Key) -> bool {
        other.numbers().starts_with(self.numbers())
    }
}

/// How much of a body is not evaluated, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Inputs and results of tools.
    pub tools: usize,
    /// The model's reasoning.
    pub reasoning: usize,
    /// Images, sound, files.
    pub media: usize,
    /// Texts outside of guard tags, and system texts without.
    pub untagged: usize,
}

/// What a walk finds.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) found: Vec<Found>,
    /// Values that repeat text.
    pub(super) echoes: Vec<NodeId>,
    /// The blocks of a stream that have ended.
    pub(super) finished: Vec<Key>,
    pub(super) skipped: Skipped,
}

/// Walks over a value.
pub(super) fn walk(
    document: &Document<'_>,
    rule: Rule,
    node: NodeId,
) -> Result<Walked, PayloadError> {
    let mut walk = Walk {
        document,
        walked: Walked::default(),
    };
    let context = Context {
        role: None,
        key: Key::default(),
    };
    walk.apply(rule, node, context)?;
    Ok(walk.walked)
}

#[derive(Clone, Copy)]
struct Context {
    role: Option<Role>,
    key: Key,
}

struct Walk<'d, 'b> {
    document: &'d Document<'b>,
    walked: Walked,
}

type Result<T, E = PayloadError> = core::result::Result<T, E>;

impl Walk<'_, '_> {
    /// Depth is that of the document, which is limited.
    fn apply(&mut self, rule: Rule, node: NodeId, context: Context) -> Result<()> {
        let kind = self.document.kind(node);
        // APIs take null for a member that is left away.
        if kind == Kind::Null {
            return Ok(());
        }
        match rule {
            Rule::Skip => {}
            Rule::Text => self.leaf(node, What::Text, context)?,
            Rule::SystemText => {
                let role = Some(Role::System);
                self.leaf(node, What::Text, Context { role, ..context })?;
            }
            Rule::Delta(channel) => self.leaf(node, What::Delta(channel), context)?,
            Rule::Full(channel) => self.leaf(node, What::Full(channel), context)?,
            Rule::ToolDelta(channel) => self.leaf(node, What::ToolDelta(channel), context)?,
            Rule::ToolFull(channel) => self.leaf(node, What::ToolFull(channel), context)?,
            Rule::Tagged => self.tagged(node, context)?,
            Rule::Any => {
                self.below(node, What::Text, false, None, context);
            }
            Rule::Data => {
                self.below(node, What::Text, true, None, context);
            }
            Rule::Unknown => self.unknown(node, None, context)?,
            Rule::Tool => {
                count(&mut self.walked.skipped.tools);
                self.below(node, What::Tool, true, None, context);
            }
            Rule::Reasoning => count(&mut self.walked.skipped.reasoning),
            Rule::Media => count(&mut self.walked.skipped.media),
            Rule::Echo => self.walked.echoes.push(node),
            Rule::Finish => {
                if kind != Kind::Bool(false) {
                    self.walked.finished.push(context.key);
                }
            }
            Rule::Either(string, _) if kind == Kind::String => {
                self.apply(*string, node, context)?
            }
            Rule::Either(_, other) => self.apply(*other, node, context)?,
            Rule::List(item) => self.list(*item, false, node, context)?,
            Rule::Places(item) => self.list(*item, true, node, context)?,
            Rule::Object(object) => self.object(object, node, context)?,
            Rule::Kinds(kinds) => self.kinds(kinds, node, context)?,
        }
        Ok(())
    }

    fn leaf(&mut self, node: NodeId, what: What, context: Context) -> Result<()> {
        if self.document.kind(node) != Kind::String {
            return Err(self.wrong(node, "expected a string"));
        }
        if matches!(what, What::ToolDelta(_) | What::ToolFull(_)) {
            count(&mut self.walked.skipped.tools);
        }
        self.push(node, what, context, None);
        Ok(())
    }

    fn push(&mut self, node: NodeId, what: What, context: Context, tagged: Option<Qualifiers>) {
        self.walked.found.push(Found {
            node,
            what,
            role: context.role,
            tagged,
            key: context.key,
        });
    }

    /// All strings inside, or the value itself: how many there are. A direct member called `but` is not
    /// one of them.
    fn below(
        &mut self,
        node: NodeId,
        what: What,
        numbers: bool,
        but: Option<&str>,
        context: Context,
    ) -> usize {
        let document = self.document;
        let left_out: Vec<NodeId> = match but {
            Some(name) => document.members(node, name).collect(),
            None => Vec::new(),
        };
        let mut found = 0_usize;
        let all = node..document.below(node).end;
        for node in all {
            let wanted = match document.kind(node) {
                Kind::String => document.span(node).len() > 2,
                Kind::Number => numbers,
                _ => false,
            };
            if wanted && left_out.binary_search(&node).is_err() {
                self.push(node, what, context, None);
                found = found.saturating_add(1);
            }
        }
        found
    }

    fn tagged(&mut self, node: NodeId, context: Context) -> Result<()> {
        self.expect(node, Kind::Object, "expected an object")?;
        let document = self.document;
        let mut qualifiers = Qualifiers::default();
        for list in document.members(node, "qualifiers") {
            if document.kind(list) == Kind::Null {
                continue;
            }
            self.expect(list, Kind::Array, "expected a list")?;
            for item in document.children(list) {
                let name = document.string(item);
                match name.as_deref() {
                    Some("grounding_source") => qualifiers.grounding_source = true,
                    Some("query") => qualifiers.query = true,
                    Some("guard_content") => qualifiers.guard_content = true,
                    Some(_) => {}
                    None => return Err(self.wrong(item, "expected a string")),
                }
            }
        }
        for child in document.children(node) {
            match &*document.name(child) {
                "qualifiers" => {}
                "text" => {
                    self.expect(child, Kind::String, "expected a string")?;
                    self.push(child, What::Text, context, Some(qualifiers));
                }
                _ => self.apply(Rule::Any, child, context)?,
            }
        }
        Ok(())
    }

    fn list(&mut self, item: Rule, places: bool, node: NodeId, context: Context) -> Result<()> {
        self.expect(node, Kind::Array, "expected a list")?;
        let mut place = 0_u32;
        for child in self.document.children(node) {
            let mut context = context;
            if places {
                context.key = context.key.push(place);
                place = place.saturating_add(1);
            }
            self.apply(item, child, context)?;
        }
        Ok(())
    }

    fn object(&mut self, object: &'static Object, node: NodeId, context: Context) -> Result<()> {
        self.expect(node, Kind::Object, "expected an object")?;
        let document = self.document;
        let mut context = Context {
            role: self.role(object.speaker, node, context.role),
            ..context
        };
        for index in object.indices {
            let number = document.members(node, index).next();
            let number = number.and_then(|number| document.raw(number).parse().ok());
            if let Some(number) = number {
                context.key = context.key.push(number);
            }
        }
        for child in document.children(node) {
            let name = document.name(child);
            let listed = object.members.iter().find(|(listed, _)| *listed == name);
            let rule = listed.map_or(object.rest, |&(_, rule)| rule);
            self.apply(rule, child, context)?;
        }
        Ok(())
    }

    fn kinds(&mut self, kinds: &'static Kinds, node: NodeId, context: Context) -> Result<()> {
        match self.document.kind(node) {
            Kind::Object => {}
            Kind::String => return self.leaf(node, What::Text, context),
            _ => return Err(self.wrong(node, "expected an object")),
        }
        let object = match self.only_value(node, kinds.member) {
            Named::Missing => kinds.missing,
            Named::One(name) => {
                let known = kinds.kinds.iter();
                let mut known = known.filter(|(names, _)| names.contains(&&*name));
                known.next().map(|(_, object)| *object).or(kinds.other)
            }
            Named::Several => None,
        };
        match object {
            Some(object) => self.object(object, node, context),
            None => self.unknown(node, Some(kinds.member), context),
        }
    }

    /// Guards whatever strings there are; refuses what holds none, since nothing can be said about it.
    fn unknown(&mut self, node: NodeId, member: Option<&str>, context: Context) -> Result<()> {
        if self.below(node, What::Text, false, member, context) > 0 {
            return Ok(());
        }
        let mut error = PayloadError::new(Problem::UnknownBlock, self.document.pointer(node));
        let name = match member.map(|member| self.only_value(node, member)) {
            Some(Named::One(name)) => name,
            _ => self.document.name(node),
        };
        if is_plain_name(&name) {
            error.name = Some(name.into_owned());
        }
        Err(error)
    }

    fn role(&self, speaker: Speaker, node: NodeId, around: Option<Role>) -> Option<Role> {
        match speaker {
            Speaker::Same => around,
            Speaker::System => Some(Role::System),
            Speaker::Assistant => Some(Role::Assistant),
            Speaker::Named(member) => {
                let Named::One(name) = self.only_value(node, member) else {
                    return None;
                };
                let named = |names: &[&str]| names.iter().any(|n| n.eq_ignore_ascii_case(&name));
                if named(&["system", "developer"]) {
                    Some(Role::System)
                } else if named(&["user"]) {
                    Some(Role::User)
                } else if named(&["assistant", "model", "chatbot"]) {
                    Some(Role::Assistant)
                } else {
                    None
                }
            }
        }
    }

    /// The string of a member, of which it is not known which a server reads if it occurs twice.
    fn only_value(&self, node: NodeId, member: &str) -> Named<'_> {
        let mut named = Named::Missing;
        for value in self.document.members(node, member) {
            let value = self.document.string(value);
            named = match (named, value) {
                (Named::Missing, Some(value)) => Named::One(value),
                (Named::One(first), Some(value)) if first == value => Named::One(first),
                _ => return Named::Several,
            };
        }
        named
    }

    fn expect(&self, node: NodeId, kind: Kind, rule: &'static str) -> Result<()> {
        if self.document.kind(node) == kind {
            Ok(())
        } else {
            Err(self.wrong(node, rule))
        }
    }

    fn wrong(&self, node: NodeId, rule: &'static str) -> PayloadError {
        PayloadError::new(Problem::WrongType(rule), self.document.pointer(node))
    }
}

enum Named<'b> {
    Missing,
    One(Cow<'b, str>),
    /// Several different ones, or something that is no string.
    Several,
}

fn count(of: &mut usize) {
    *of = of.saturating_add(1);
}
