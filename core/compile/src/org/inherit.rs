//! How the policies along a path become one: the inheritance operators of AWS Organizations.
//!
//! * The path is walked from the root to the account; a node's policies count in the order in which they
//!   were attached.
//! * At one node the first policy that assigns a setting wins; then all `@@append` of the node are applied,
//!   then all `@@remove`.
//! * `@@operators_allowed_for_child_policies` binds every node below. Controls at one node combine by
//!   intersection, and so do those of a node and of the nodes above it: nothing below loosens them.
//! * A control limits what is done to the setting or section it stands in. What a section has not yet may
//!   be added below it only by operators that the section's own control allows.
//! * An operator that is not allowed is ignored for its setting, and the rest of the document still applies.

use std::collections::{BTreeMap, BTreeSet};

use super::datum::Datum;

/// A value-setting operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operator {
    /// Replaces what is inherited.
    Assign,
    /// Adds to an inherited list.
    Append,
    /// Takes out of an inherited list.
    Remove,
}

impl Operator {
    /// All, in the order in which they are applied.
    pub const ALL: [Operator; 3] = [Operator::Assign, Operator::Append, Operator::Remove];

    /// `@@assign`, `@@append` or `@@remove`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Operator::Assign => "@@assign",
            Operator::Append => "@@append",
            Operator::Remove => "@@remove",
        }
    }
}

/// The member that limits what policies below may do.
pub(super) const CONTROL: &str = "@@operators_allowed_for_child_policies";

/// What became of an operator of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It changed the setting.
    Applied,
    /// It did nothing.
    Ignored(Ignored),
}

/// Why an operator did nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// Policies above do not allow it; the nodes and policies that say so.
    Locked(Vec<(String, String)>),
    /// A policy attached to the same node earlier assigns the setting.
    AssignedFirst(String),
    /// It is for lists, and the setting or the value is none.
    NotAList,
}

/// One operator of one policy, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The setting, as the names of sections down to it.
    pub path: Vec<String>,
    /// The node that the policy is attached to.
    pub node: String,
    /// The policy's id.
    pub policy: String,
    /// The operator.
    pub operator: Operator,
    /// Its value.
    pub value: Datum,
    /// What became of it.
    pub effect: Effect,
}

/// A policy at a node: its id and its content.
pub(super) struct Attached<'a> {
    pub(super) id: &'a str,
    pub(super) content: &'a Datum,
}

/// What policies below may do, and who limited it.
#[derive(Clone, Debug, Default)]
struct Control {
    denied: BTreeSet<Operator>,
    by: BTreeSet<(String, String)>,
}

/// A setting or section of the merged policy.
#[derive(Clone, Debug, Default)]
struct Slot {
    value: Option<Datum>,
    control: Control,
    members: BTreeMap<String, Slot>,
}

/// Policies merged so far.
#[derive(Debug, Default)]
pub(super) struct Merge {
    top: Slot,
    pub(super) events: Vec<Event>,
}

impl Merge {
    /// Takes in the policies of the next node of the path.
    pub(super) fn node(&mut self, node: &str, policies: &[Attached<'_>]) {
        let parts: Vec<(&str, &Datum)> = policies.iter().map(|p| (p.id, p.content)).collect();
        let mut step = Step {
            node,
            path: Vec::new(),
            events: Vec::new(),
        };
        let none = Control::default();
        let merged = step.slot(Some(&self.top), &none, &parts);
        self.top = merged.unwrap_or_default();
        self.events.append(&mut step.events);
    }

    /// The merged policy, without operators; empty if there is nothing in it.
    pub(super) fn content(&self) -> Datum {
        value_of(&self.top).unwrap_or_else(|| Datum::Object(BTreeMap::new()))
    }
}

fn value_of(slot: &Slot) -> Option<Datum> {
    if let Some(value) = &slot.value {
        return Some(value.clone());
    }
    let members = slot.members.iter();
    let members: BTreeMap<String, Datum> = members
        .filter_map(|(name, slot)| Some((name.clone(), value_of(slot)?)))
        .collect();
    (!members.is_empty()).then_some(Datum::Object(members))
}

struct Step<'n> {
    node: &'n str,
    path: Vec<String>,
    events: Vec<Event>,
}

impl Step<'_> {
    /// The slot that `parts`, which the node's policies have at this place, make of the inherited one.
    /// `above` is the control of the section that the slot stands in.
    fn slot(
        &mut self,
        base: Option<&Slot>,
        above: &Control,
        parts: &[(&str, &Datum)],
    ) -> Option<Slot> {
        let control = base.map_or(above, |base| &base.control);
        let value = self.value(base.and_then(|base| base.value.as_ref()), control, parts);
        let mut members = BTreeMap::new();
        let mut names: BTreeSet<&String> = BTreeSet::new();
        names.extend(base.iter().flat_map(|base| base.members.keys()));
        for (_, part) in parts {
            let own = part.members().into_iter().flat_map(BTreeMap::keys);
            names.extend(own.filter(|name| !name.starts_with("@@")));
        }
        for name in names {
            let inherited = base.and_then(|base| base.members.get(name));
            let own: Vec<(&str, &Datum)> = parts
                .iter()
                .filter_map(|(policy, part)| Some((*policy, part.member(name)?)))
                .collect();
            self.path.push(name.clone());
            let slot = self.slot(inherited, control, &own);
            self.path.pop();
            if let Some(slot) = slot {
                members.insert(name.clone(), slot);
            }
        }
        let control = self.control(control, parts);
        let is_new = base.is_none();
        if is_new && value.is_none() && members.is_empty() && control.denied.is_empty() {
            return None;
        }
        Some(Slot {
            value,
            control,
            members,
        })
    }

    fn value(
        &mut self,
        inherited: Option<&Datum>,
        control: &Control,
        parts: &[(&str, &Datum)],
    ) -> Option<Datum> {
        let mut value = inherited.cloned();
        let mut first: Option<String> = None;
        for operator in Operator::ALL {
            for (policy, part) in parts {
                let Some(operand) = part.member(operator.name()) else {
                    continue;
                };
                let effect = if control.denied.contains(&operator) {
                    Effect::Ignored(Ignored::Locked(control.by.iter().cloned().collect()))
                } else {
                    match (operator, &first) {
                        (Operator::Assign, Some(first)) => {
                            Effect::Ignored(Ignored::AssignedFirst(first.clone()))
                        }
                        (Operator::Assign, None) => {
                            first = Some((*policy).to_owned());
                            value = Some(operand.clone());
                            Effect::Applied
                        }
                        _ => change_list(&mut value, operator, operand),
                    }
                };
                self.events.push(Event {
                    path: self.path.clone(),
                    node: self.node.to_owned(),
                    policy: (*policy).to_owned(),
                    operator,
                    value: operand.clone(),
                    effect,
                });
            }
        }
        value
    }

    /// The control for the nodes below: what the nodes above leave, less what each of these policies denies.
    fn control(&self, inherited: &Control, parts: &[(&str, &Datum)]) -> Control {
        let mut control = inherited.clone();
        for (policy, part) in parts {
            let Some(allowed) = part.member(CONTROL) else {
                continue;
            };
            let names: Vec<&str> = match allowed {
                Datum::List(items) => items.iter().filter_map(Datum::text).collect(),
                Datum::String(name) => vec![name],
                _ => Vec::new(),
            };
            // A control that says both is a contradiction; a lock must not be opened by one.
            let none = names.contains(&"@@none");
            if names.contains(&"@@all") && !none {
                continue;
            }
            let denied = Operator::ALL.into_iter();
            let denied: Vec<Operator> = denied
                .filter(|o| none || !names.contains(&o.name()))
                .collect();
            if !denied.is_empty() {
                control.denied.extend(denied);
                let by = (self.node.to_owned(), (*policy).to_owned());
                control.by.insert(by);
            }
        }
        control
    }
}

fn change_list(value: &mut Option<Datum>, operator: Operator, operand: &Datum) -> Effect {
    let Some(items) = operand.items() else {
        return Effect::Ignored(Ignored::NotAList);
    };
    match (operator, value.as_mut()) {
        (Operator::Append, None) => {
            let mut list: Vec<Datum> = Vec::new();
            for item in items {
                if !list.contains(item) {
                    list.push(item.clone());
                }
            }
            *value = Some(Datum::List(list));
        }
        (_, None) => {}
        (Operator::Append, Some(Datum::List(list))) => {
            for item in items {
                if !list.contains(item) {
                    list.push(item.clone());
                }
            }
        }
        (_, Some(Datum::List(list))) => list.retain(|item| !items.contains(item)),
        (_, Some(_)) => return Effect::Ignored(Ignored::NotAList),
    }
    Effect::Applied
}
