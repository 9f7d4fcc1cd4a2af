use std::io::{self, Write};

use serde::Serialize;

use super::{Answer, Checked, Offsets, Options, Report, Unchecked};

/// One short record a line.
pub(super) struct Jsonl {
    options: Options,
}

impl Jsonl {
    pub(super) const fn new(options: Options) -> Jsonl {
        Jsonl { options }
    }
}

impl Report for Jsonl {
    fn checked(&mut self, checked: &Checked<'_>, out: &mut dyn Write) -> io::Result<()> {
        let mut line = Vec::new();
        let Checked {
            label,
            text,
            answer,
            ..
        } = checked;
        record(&mut line, label, text, answer, self.options.offsets)?;
        out.write_all(&line)
    }

    fn unchecked(&mut self, unchecked: &Unchecked<'_>, out: &mut dyn Write) -> io::Result<()> {
        let mut line = Vec::new();
        let Unchecked {
            label,
            code,
            message,
            ..
        } = unchecked;
        error(&mut line, &label, None, code, message)?;
        out.write_all(&line)
    }

    fn finish(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Serialize)]
struct Record<'a, I> {
    id: I,
    action: &'a str,
    findings: Vec<Finding<'a>>,
    deferred: Vec<Deferred<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    policy: &'a str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    ty: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    start: usize,
    end: usize,
    #[serde(rename = "match")]
    matched: &'a str,
    action: &'a str,
    score: u16,
}

#[derive(Serialize)]
struct Deferred<'a> {
    policy: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<&'a str>,
    reason: &'a str,
}

/// Appends the record of a decision, with its line feed.
pub(crate) fn record<I: Serialize>(
    out: &mut Vec<u8>,
    id: &I,
    text: &str,
    answer: &Answer<'_>,
    offsets: Offsets,
) -> io::Result<()> {
    let spans: Vec<_> = answer
        .edgerail
        .findings
        .iter()
        .map(|f| (f.start, f.end))
        .collect();
    let findings = answer
        .edgerail
        .findings
        .iter()
        .zip(offsets.convert(text, &spans));
    let record = Record {
        id,
        action: &answer.action,
        findings: findings
            .map(|(finding, (start, end))| Finding {
                policy: &finding.policy,
                ty: finding.ty.as_deref(),
                name: finding.name.as_deref(),
                start,
                end,
                matched: &finding.matched,
                action: &finding.action,
                score: finding.score,
            })
            .collect(),
        deferred: answer
            .distinct_deferred()
            .into_iter()
            .map(|deferred| Deferred {
                policy: &deferred.policy,
                entry: deferred.entry.as_deref(),
                reason: &deferred.reason,
            })
            .collect(),
    };
    serde_json::to_writer(&mut *out, &record)?;
    out.push(b'\n');
    Ok(())
}

#[derive(Serialize)]
struct ErrorRecord<'a, I> {
    id: I,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    error: Problem<'a>,
}

#[derive(Serialize)]
struct Problem<'a> {
    code: &'a str,
    message: &'a str,
}

/// Appends the record that stands where a decision would, with its line feed.
pub(crate) fn error<I: Serialize>(
    out: &mut Vec<u8>,
    id: &I,
    line: Option<u64>,
    code: &str,
    message: &str,
) -> io::Result<()> {
    let record = ErrorRecord {
        id,
        line,
        error: Problem { code, message },
    };
    serde_json::to_writer(&mut *out, &record)?;
    out.push(b'\n');
    Ok(())
}
