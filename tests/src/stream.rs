//! Streams: what pieces of a text give, held against what the rules make of the decision on the whole.

use std::cmp::Reverse;

use edgerail_core::decision::{Decision, Entry, Finding, FindingAction, Reason};
use edgerail_core::stream::{Stream, StreamEnd, StreamMode, StreamOptions};
use edgerail_core::{Engine, Request};

/// What a stream says and comes to.
#[derive(Debug)]
pub struct Streamed {
    /// What came out, by content block.
    pub outputs: Vec<String>,
    /// What was decided.
    pub end: StreamEnd,
}

/// Streams the texts of a request; `cut` gives the pieces of each.
///
/// # Panics
/// If the engine refuses a piece.
pub fn stream<'t>(
    engine: &Engine,
    request: &'t Request<'_>,
    options: StreamOptions,
    cut: impl Fn(&'t [u8]) -> Vec<&'t [u8]>,
) -> Streamed {
    let mut stream = Stream::new(engine, options);
    if let Some(model) = &request.model {
        stream = stream.of_model(model);
    }
    let mut outputs = Vec::new();
    for (number, block) in request.content.iter().enumerate() {
        let mut output = String::new();
        for piece in cut(block.text.as_bytes()) {
            output += stream
                .push(engine, piece)
                .expect("an open stream takes text");
        }
        if number + 1 < request.content.len() {
            output += stream
                .next_block(engine)
                .expect("an open stream takes blocks");
        }
        outputs.push(output);
    }
    let end = stream
        .finish(engine)
        .expect("an open stream can be finished");
    if stream.mode() == StreamMode::Buffer {
        outputs.clone_from(&end.outputs);
    } else if let (Some(last), Some(rest)) = (outputs.last_mut(), end.outputs.first()) {
        *last += rest;
    }
    Streamed { outputs, end }
}

/// What a stream has to say, block by block, where the whole text is decided so: each block with its
/// masks; or up to the first place that blocks, and there the message of the first guardrail that does.
#[must_use]
pub fn expected(engine: &Engine, decision: &Decision<'_>, request: &Request<'_>) -> Vec<String> {
    let acts_at = |finding: &Finding<'_>| (finding.block, place(decision, finding));
    let blocking = decision.findings().iter();
    let mut blocking: Vec<_> = blocking
        .filter(|finding| finding.action == FindingAction::Blocked)
        .map(|finding| (acts_at(finding), finding.guardrail))
        .collect();
    blocking.sort_unstable();
    let first = (decision.reason() == Reason::Blocked)
        .then(|| blocking.first().copied())
        .flatten();
    let blocks = request.content.iter().enumerate();
    blocks
        .map(|(number, block)| match first {
            Some(((blocked, _), _)) if number > blocked => String::new(),
            Some(((blocked, start), guardrail)) if number == blocked => {
                let guardrail = &engine.policy().guardrails[guardrail];
                masked(engine, decision, number, &block.text, start)
                    + guardrail.blocked_message(request.source)
            }
            _ => masked(engine, decision, number, &block.text, block.text.len()),
        })
        .collect()
}

/// Where a finding acts in a stream: a topic at the keyword that decides it, all else where it begins.
fn place(decision: &Decision<'_>, finding: &Finding<'_>) -> usize {
    let mut topics = decision.explanations().iter();
    let topic = topics.find(|topic| {
        matches!(finding.entry, Entry::Topic(_) | Entry::PromptAttack)
            && (topic.block, topic.start, topic.end) == (finding.block, finding.start, finding.end)
    });
    topic.map_or(finding.start, |topic| topic.deciding)
}

/// The text of a block up to `end` with the union of the masks that begin before.
fn masked(
    engine: &Engine,
    decision: &Decision<'_>,
    block: usize,
    text: &str,
    end: usize,
) -> String {
    let findings = decision.findings().iter();
    let mut masks: Vec<_> = findings
        .filter(|f| f.block == block && f.action == FindingAction::Anonymized && f.start < end)
        .map(|f| {
            let (label, built_in) = match f.entry {
                Entry::Pii(ty) => (ty.name(), true),
                Entry::Regex(regex) => {
                    let guardrail = &engine.policy().guardrails[f.guardrail];
                    (guardrail.regexes[regex].name.as_str(), false)
                }
                other => panic!("{other:?} masks nothing"),
            };
            (f.start, Reverse(f.end), built_in, label)
        })
        .collect();
    masks.sort_unstable();
    let mut out = String::new();
    let mut at = 0;
    let mut rest = masks.as_slice();
    while let [(start, Reverse(first), _, _), ..] = *rest {
        let mut reach = first;
        let mut count = 1;
        while count < rest.len() && rest[count].0 < reach {
            reach = reach.max(rest[count].1.0);
            count += 1;
        }
        let (cluster, later) = rest.split_at(count);
        let length = |mask: &(usize, Reverse<usize>, bool, &str)| mask.1.0 - mask.0;
        let longest = cluster.iter().map(length).max().unwrap_or(0);
        let label = cluster.iter().find(|mask| length(mask) == longest);
        out += &text[at..start];
        out += &format!("{{{}}}", label.map_or("", |mask| mask.3));
        at = reach;
        rest = later;
    }
    if at < end {
        out += &text[at..end];
    }
    out
}
