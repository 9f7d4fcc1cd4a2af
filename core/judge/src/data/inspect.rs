//! What a bundle holds, as data.

use edgerail_core::bundle::{ABI, FORMAT, SectionKind};
use edgerail_core::pii::{RECOGNIZERS, Verdict};
use edgerail_core::policy::{AllowedValue, Guardrail, Mode, OnError};
use edgerail_core::regex::{RegexPath, read_each};
use edgerail_core::{Engine, Source};
use serde_json::{Value, json};

use crate::date;

/// What a bundle holds. Words are in it only as counts; patterns are not shown.
#[derive(Debug)]
pub struct Inspection<'e> {
    engine: &'e Engine,
    paths: Vec<RegexPath>,
}

impl<'e> Inspection<'e> {
    /// Reads a loaded bundle.
    #[must_use]
    pub fn of(engine: &'e Engine) -> Inspection<'e> {
        // The engine has read the section already: it is well formed.
        let each = read_each(engine.bundle().section(SectionKind::RegexEach));
        let paths = each
            .unwrap_or_default()
            .iter()
            .map(|regex| regex.path)
            .collect();
        Inspection { engine, paths }
    }

    /// SHA-256 of the bundle, in hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        self.engine
            .bundle()
            .hash()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// How the regex of this number is searched for.
    #[must_use]
    pub fn path(&self, automaton: usize) -> &'static str {
        self.paths
            .get(automaton)
            .map_or("unknown", |path| path.name())
    }

    /// Everything as one document.
    #[must_use]
    pub fn json(&self) -> Value {
        let (policy, bundle) = (self.engine.policy(), self.engine.bundle());
        let sections = bundle.sections();
        let guardrails = policy.guardrails.iter();
        json!({
            "abi": ABI,
            "audience": policy.audience,
            "bytes": bundle.bytes().len(),
            "format": FORMAT,
            "guardrails": guardrails.map(|g| self.guardrail_json(g)).collect::<Vec<_>>(),
            "holdback": {
                "input": self.holdback_json(Source::Input),
                "output": self.holdback_json(Source::Output),
            },
            "limits": {"findings": policy.findings, "textBytes": policy.text_bytes},
            "onError": {
                "input": on_error(policy.on_error_input),
                "output": on_error(policy.on_error_output),
            },
            "scope": policy.scope,
            "sections": sections
                .map(|(kind, bytes)| json!({"bytes": bytes, "name": kind.name()}))
                .collect::<Vec<_>>(),
            "sha256": self.hash(),
        })
    }

    /// What streams of a source can hold back most, by entry.
    fn holdback_json(&self, source: Source) -> Vec<Value> {
        let estimates = self.engine.holdback(source).into_iter();
        estimates
            .map(|estimate| {
                let name = estimate.holder.name(self.engine);
                json!({"bytes": estimate.bytes, "entry": name})
            })
            .collect()
    }

    fn guardrail_json(&self, guardrail: &Guardrail) -> Value {
        let pii = guardrail.pii.iter().map(|entry| {
            let recognizer = RECOGNIZERS.iter().find(|r| r.ty == entry.ty);
            json!({
                "input": entry.actions.input.name(),
                "output": entry.actions.output.name(),
                "threshold": entry.threshold.or(recognizer.map(|r| r.threshold)),
                "type": entry.ty.name(),
                "verdict": recognizer.map_or("unsupported", |r| verdict(r.verdict)),
            })
        });
        let regexes = guardrail.regexes.iter().map(|entry| {
            json!({
                "input": entry.actions.input.name(),
                "name": entry.name,
                "output": entry.actions.output.name(),
                "path": self.path(entry.automaton),
            })
        });
        let cloud = guardrail.cloud.iter().map(|entry| {
            json!({
                "entry": entry.entry, "input": entry.input, "output": entry.output,
                "policy": entry.policy, "reason": entry.reason,
            })
        });
        let allowed = guardrail.allowed.iter().map(|entry| {
            let (kind, value) = match &entry.what {
                AllowedValue::Value(value) => ("value", value),
                AllowedValue::Domain(domain) => ("domain", domain),
            };
            json!({
                kind: value, "type": entry.ty.name(), "until": date(entry.until),
                "who": entry.who, "why": entry.why,
            })
        });
        let enforcement = guardrail.enforcement.iter().map(|level| {
            json!({
                "excludedModels": level.models.excluded,
                "includedModels": level.models.included,
                "messages": level.guarding.map(|guarding| guarding.messages.name()),
                "origin": level.origin.name(),
                "system": level.guarding.map(|guarding| guarding.system.name()),
            })
        });
        let exceptions = guardrail.exceptions.iter().map(|exception| {
            json!({
                "approvedBy": exception.approved_by, "from": date(exception.from),
                "id": exception.id, "models": exception.models, "name": exception.rule.name(),
                "policy": exception.rule.policy(), "type": exception.rule.type_name(),
                "until": date(exception.until), "who": exception.who, "why": exception.why,
            })
        });
        json!({
            "allow": allowed.collect::<Vec<_>>(),
            "arn": guardrail.arn,
            "cloud": cloud.collect::<Vec<_>>(),
            "enforcement": enforcement.collect::<Vec<_>>(),
            "exceptions": exceptions.collect::<Vec<_>>(),
            "id": guardrail.id,
            "mode": mode(guardrail.mode),
            "name": guardrail.name,
            "ownership": guardrail.ownership.name(),
            "piiEntities": pii.collect::<Vec<_>>(),
            "profanity": guardrail.profanity.map(|actions| {
                json!({"input": actions.input.name(), "output": actions.output.name()})
            }),
            "regexes": regexes.collect::<Vec<_>>(),
            "tier": guardrail
                .tiers
                .named()
                .into_iter()
                .map(|(policy, standard)| {
                    (policy.to_owned(), json!(if standard { "STANDARD" } else { "CLASSIC" }))
                })
                .collect::<serde_json::Map<_, _>>(),
            "version": guardrail.version,
            "words": {
                "input": guardrail.words.input,
                "output": guardrail.words.output,
                "total": guardrail.words.total,
            },
        })
    }
}

/// What a negative of a type means, in words.
#[must_use]
pub const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Decides => "decides",
        _ => "defers when negative",
    }
}

/// The name of a mode in data.
#[must_use]
pub const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Enforce => "enforce",
        Mode::Observe => "observe",
    }
}

/// The name of a decision on errors in data.
#[must_use]
pub const fn on_error(on_error: OnError) -> &'static str {
    match on_error {
        OnError::Block => "block",
        OnError::Pass => "pass",
    }
}
