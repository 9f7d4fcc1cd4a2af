//! Guardrail definitions, read from every form AWS gives them in.
//!
//! [`read`] takes CreateGuardrail and UpdateGuardrail bodies, GetGuardrail responses (with the envelopes of
//! SDKs and recorders), CloudFormation, SAM and CDK templates, and `terraform show -json` output or state.
//! The form is told by shape.

mod cloudformation;
mod directional;
mod fields;
mod guardrail;
mod intrinsics;
mod model;
mod policies;
mod shape;
mod terraform;

use std::collections::BTreeMap;

pub use model::{
    ContentFilter, Directional, DirectionalAction, Guardrail, PiiEntry, RegexEntry, TopicEntry,
    WordEntry,
};

use crate::diagnostic::{Diagnostic, Diagnostics, Severity, shown_name};
use crate::document::{self, Node};
use crate::nearest::nearest;
use fields::{Dialect, alternatives};

/// What the caller knows beyond the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Values of template parameters and pseudo-parameters (`AWS::Region`), which win over defaults.
    pub parameters: BTreeMap<String, String>,
    /// The guardrail to take from a file of several: its name, or its logical id or address in the file.
    pub name: Option<String>,
}

/// What a file held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The guardrails in the order of the file; at least one.
    pub guardrails: Vec<Guardrail>,
    /// Warnings and lints.
    pub diagnostics: Diagnostics,
}

/// A guardrail found in a document, not read yet.
struct Candidate<'n> {
    /// Its logical id or address, if the document gives it one.
    id: Option<String>,
    path: String,
    dialect: Dialect,
    /// The object, or what resolving its template gave.
    node: Found<'n>,
    /// What resolving had to say.
    diagnostics: Diagnostics,
}

enum Found<'n> {
    Here(&'n Node),
    Resolved(Node),
}

impl Found<'_> {
    fn node(&self) -> &Node {
        match self {
            Found::Here(node) => node,
            Found::Resolved(node) => node,
        }
    }
}

/// Reads all guardrails of a file, or the one that `options.name` chooses.
///
/// # Errors
/// Everything that is wrong with the file at once, together with its warnings and lints: it is not well
/// formed, is no guardrail definition, or breaks a rule of the model.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<Read, Diagnostics> {
    let document = document::read(bytes)?;
    let mut diagnostics = Diagnostics::new();
    let candidates = shape::candidates(&document, "$", options, &mut diagnostics);
    let mut guardrails: Vec<(Option<String>, String, Guardrail, Diagnostics)> = Vec::new();
    for candidate in candidates {
        let mut own = candidate.diagnostics;
        let node = candidate.node.node();
        if let Some(guardrail) = guardrail::read(node, &candidate.path, candidate.dialect, &mut own)
        {
            guardrails.push((candidate.id, candidate.path, guardrail, own));
        } else {
            diagnostics.append(own);
        }
    }
    if let Some(name) = &options.name
        && !guardrails.is_empty()
    {
        choose(&mut guardrails, name, &mut diagnostics);
    }
    refuse_same_names(&guardrails, &mut diagnostics);
    let mut read = Read::default();
    for (_, _, guardrail, own) in guardrails {
        diagnostics.append(own);
        read.guardrails.push(guardrail);
    }
    diagnostics.sort();
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    read.diagnostics = diagnostics;
    Ok(read)
}

type Named = (Option<String>, String, Guardrail, Diagnostics);

/// Keeps the guardrails of this name; of this logical id if none has the name.
fn choose(guardrails: &mut Vec<Named>, name: &str, diagnostics: &mut Diagnostics) {
    let by_name = guardrails.iter().any(|(_, _, g, _)| g.name == name);
    let by_id = guardrails
        .iter()
        .any(|(id, ..)| id.as_deref() == Some(name));
    if by_name || by_id {
        guardrails.retain(|(id, _, g, _)| {
            if by_name {
                g.name == name
            } else {
                id.as_deref() == Some(name)
            }
        });
        return;
    }
    let names: Vec<String> = guardrails
        .iter()
        .map(|(id, _, g, _)| {
            if g.name.is_empty() {
                id.clone().unwrap_or_default()
            } else {
                g.name.clone()
            }
        })
        .filter(|name| !name.is_empty())
        .map(|name| shown_name(&name))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let listed = if names.is_empty() {
        "none with a name".to_owned()
    } else {
        alternatives(&names)
    };
    let mut message = format!(
        "no guardrail is named `{}`; the file has {listed}",
        shown_name(name)
    );
    if let Some(near) = nearest(name, names.iter().copied()) {
        message += &format!("; did you mean `{near}`?");
    }
    diagnostics.push(Diagnostic::new(
        Severity::Error,
        "no-such-guardrail",
        "$",
        None,
        message,
    ));
    guardrails.clear();
}

/// Bundles, overlays and decisions know guardrails by name.
fn refuse_same_names(guardrails: &[Named], diagnostics: &mut Diagnostics) {
    for (i, (_, path, guardrail, _)) in guardrails.iter().enumerate() {
        let before = guardrails[..i]
            .iter()
            .find(|(_, _, other, _)| !other.name.is_empty() && other.name == guardrail.name);
        if let Some((_, other, ..)) = before {
            let message = format!(
                "the name is the same as that of the guardrail at {other}; a bundle knows guardrails by name"
            );
            diagnostics.push(Diagnostic::new(
                Severity::Error,
                "duplicate-guardrail-name",
                path,
                None,
                message,
            ));
        }
    }
}
