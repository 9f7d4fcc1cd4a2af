//! A judged data set as data.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    Counts, Effect, EntryKey, Example, Flaw, Judged, JudgedFinding, JudgedLabel, Matching, Offsets,
    Scores, Span, Summary, Verdict, interval,
};

/// A judged data set.
#[derive(Clone, Copy, Debug)]
pub struct EvalData<'a> {
    /// The bundle or definition.
    pub guardrail: &'a str,
    /// The files.
    pub data: &'a [String],
    /// What the engine ran as.
    pub engine: &'a str,
    /// How findings and labels are held to be the same.
    pub matching: Matching,
    /// Units of spans.
    pub offsets: Offsets,
    /// What it came to.
    pub summary: &'a Summary,
    /// The conditions.
    pub verdicts: &'a [Verdict],
}

impl EvalData<'_> {
    /// Every figure as one document.
    #[must_use]
    pub fn json(&self) -> Value {
        let summary = self.summary;
        let (right, all) = summary.accuracy();
        let policies = summary.policies().into_iter().map(|name| {
            let mut value = scores_json(&summary.total(|key| key.policy == name));
            value["policy"] = name.into();
            value
        });
        let entries = summary.entries.iter().map(|(key, scores)| {
            let mut value = scores_json(scores);
            value["policy"] = key.policy.as_str().into();
            value["entry"] = key.entry.as_deref().into();
            value
        });
        let confusion = summary.confusion.iter().map(|((label, found), count)| {
            json!({"label": label.as_ref().map(key_json), "found": found.as_ref().map(key_json), "count": count})
        });
        let outside = summary
            .outside
            .iter()
            .map(|(key, count)| json!({"policy": key.policy, "entry": key.entry, "count": count}));
        let micros = |share| summary.latency.quantile(share).map(micros);
        let mut total = scores_json(&summary.total(|_| true));
        for matching in [Matching::Exact, Matching::Overlap] {
            total[matching.name()]["macroF1"] = summary.macro_f1(matching).into();
        }
        json!({
            "actions": {
                "accuracy": crate::ratio(right, all),
                "confusion": effects_json(&summary.effects),
                "right": right,
                "texts": all,
            },
            "all": total,
            "conditions": self.verdicts.iter().map(verdict_json).collect::<Vec<_>>(),
            "confusion": confusion.collect::<Vec<_>>(),
            "data": self.data,
            "engine": self.engine,
            "entries": entries.collect::<Vec<_>>(),
            "failures": summary.failures,
            "falseAlarms": self.examples_json(Flaw::FalseAlarm),
            "guardrail": self.guardrail,
            "latencyMicros": {"median": micros(0.5), "p95": micros(0.95), "texts": summary.latency.count()},
            "match": self.matching.name(),
            "misses": self.examples_json(Flaw::Miss),
            "offsets": self.offsets.name(),
            "outside": outside.collect::<Vec<_>>(),
            "policies": policies.collect::<Vec<_>>(),
            "refused": summary.refused,
            "texts": summary.rows,
            "truncated": summary.truncated,
            "withLabels": summary.with_labels,
            "wrongActions": summary.wrong_actions.iter().map(|e| example_json(None, e)).collect::<Vec<_>>(),
        })
    }

    fn examples_json(&self, flaw: Flaw) -> Vec<Value> {
        let examples = self.summary.listed(flaw);
        examples
            .map(|(key, example)| example_json(Some(key), example))
            .collect()
    }
}

fn micros(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e7).round() / 10.0
}

fn scores_json(scores: &Scores) -> Value {
    json!({
        "deferredMisses": scores.deferred,
        "exact": counts_json(scores.exact),
        "overlap": counts_json(scores.overlap),
    })
}

fn counts_json(counts: Counts) -> Value {
    let bounds = |part, whole| interval(part, whole).map(|(low, high)| [low, high]);
    json!({
        "f1": counts.f1(),
        "falseAlarms": counts.false_alarms,
        "hits": counts.hits,
        "misses": counts.misses,
        "precision": counts.precision(),
        "precisionInterval": bounds(counts.hits, counts.found()),
        "recall": counts.recall(),
        "recallInterval": bounds(counts.hits, counts.labels()),
    })
}

fn key_json(key: &EntryKey) -> Value {
    json!({"policy": key.policy, "entry": key.entry})
}

/// Expected effects with the counts of what happened.
pub(crate) fn effects_json(effects: &[[u64; 3]; 3]) -> Value {
    let row = |expected: Effect| {
        let counts = Effect::ALL.map(|actual| {
            let count = effects[expected.index()][actual.index()];
            (actual.name().to_owned(), Value::from(count))
        });
        (
            expected.name().to_owned(),
            Value::Object(counts.into_iter().collect()),
        )
    };
    Value::Object(Effect::ALL.map(row).into_iter().collect())
}

fn verdict_json(verdict: &Verdict) -> Value {
    json!({
        "atLeast": verdict.at_least, "condition": verdict.gate, "met": verdict.passed,
        "value": verdict.value,
    })
}

fn example_json(key: Option<&EntryKey>, example: &Example) -> Value {
    json!({
        "end": example.at.map(|at| at.1),
        "entry": key.and_then(|key| key.entry.as_deref()),
        "file": example.file,
        "id": example.id,
        "line": example.line,
        "match": example.value,
        "note": example.note,
        "policy": key.map(|key| key.policy.as_str()),
        "start": example.at.map(|at| at.0),
    })
}

/// The record of one text.
#[must_use]
pub fn row_json(file: &str, row: &Judged) -> Value {
    let label = |label: &JudgedLabel| {
        let mut value = place_json(&label.key, label.at, label.value.as_deref());
        value["result"] = hit(label.exact, label.overlap).unwrap_or("missed").into();
        value["deferred"] = label.deferred.into();
        if let Some(other) = &label.instead {
            value["foundAs"] = key_json(other);
        }
        value
    };
    let found = |found: &JudgedFinding| {
        let mut value = place_json(&found.key, found.at, found.value.as_deref());
        value["result"] = hit(found.exact, found.overlap)
            .unwrap_or("false_alarm")
            .into();
        value
    };
    json!({
        "id": row.id,
        "file": file,
        "line": row.line,
        "expected": row.expected.map(Effect::name),
        "actual": row.actual.name(),
        "labels": row.labels.as_ref().map(|all| all.iter().map(label).collect::<Vec<_>>()),
        "found": row.found.iter().map(found).collect::<Vec<_>>(),
        "outside": row.outside.iter().map(key_json).collect::<Vec<_>>(),
        "failure": row.failure,
        "truncated": row.truncated,
    })
}

const fn hit(exact: bool, overlap: bool) -> Option<&'static str> {
    match (exact, overlap) {
        (true, _) => Some("exact"),
        (false, true) => Some("overlap"),
        (false, false) => None,
    }
}

fn place_json(key: &EntryKey, at: Option<Span>, value: Option<&str>) -> Value {
    json!({
        "policy": key.policy, "entry": key.entry, "start": at.map(|at| at.0),
        "end": at.map(|at| at.1), "match": value,
    })
}
