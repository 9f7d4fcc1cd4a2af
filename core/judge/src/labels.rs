//! A labelled line: a text, what is in it, and what should happen to it.

use std::borrow::Cow;

use edgerail_core::Source;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::line::{
    Id, LineResult, members, object, problem, read_id, read_source, read_text, string,
};
use crate::offsets::Offsets;
use crate::{Effect, EntryKey, Named, Span, Unjudgeable, Vocabulary};

/// As many findings as the engine lists unless a bundle says less.
const MOST: usize = 1_000;

/// A line, read and found consistent.
#[derive(Debug)]
pub struct Labelled<'l> {
    /// What the line is called.
    pub id: Id<'l>,
    /// The text.
    pub text: Cow<'l, str>,
    /// Which way it goes, if the line says.
    pub source: Option<Source>,
    /// What should happen, if the line says.
    pub expect: Option<Effect>,
    /// What is in the text; `None` if the line does not say.
    pub labels: Option<Vec<Label>>,
}

/// One thing that is in a text.
#[derive(Debug)]
pub struct Label {
    /// What it is of.
    pub named: Named,
    /// Bytes of the text; a topic may have none.
    pub bytes: Option<Span>,
    /// As the line counts.
    pub given: Option<Span>,
}

#[derive(Deserialize)]
struct Members<'l> {
    #[serde(borrow, default)]
    id: Option<&'l RawValue>,
    #[serde(borrow, default)]
    text: Option<&'l RawValue>,
    #[serde(borrow, default)]
    source: Option<&'l RawValue>,
    #[serde(borrow, default)]
    expect: Option<&'l RawValue>,
    #[serde(borrow, default)]
    spans: Option<&'l RawValue>,
}

#[derive(Deserialize)]
struct SpanMembers<'l> {
    #[serde(borrow, default)]
    start: Option<&'l RawValue>,
    #[serde(borrow, default)]
    end: Option<&'l RawValue>,
    #[serde(borrow, default, rename = "type")]
    ty: Option<&'l RawValue>,
    #[serde(borrow, default)]
    name: Option<&'l RawValue>,
    #[serde(borrow, default)]
    policy: Option<&'l RawValue>,
}

/// What is wrong with a label.
type Wrong = (&'static str, String);

/// Reads a line.
pub fn read<'l>(
    number: u64,
    bytes: &'l [u8],
    vocabulary: &Vocabulary,
    offsets: Offsets,
) -> LineResult<'l, Labelled<'l>> {
    let line = object(number, bytes)?;
    let members: Members<'l> = members(line)?;
    let id = read_id(number, members.id)?;
    let text = read_text(id, members.text)?;
    let source = read_source(id, members.source)?;
    let expect = match members.expect.filter(|value| value.get() != "null") {
        None => None,
        Some(value) => match string(value).and_then(|name| Effect::from_name(&name)) {
            Some(effect) => Some(effect),
            None => {
                let message = "`expect` must be \"NONE\", \"MASK\" or \"BLOCK\"";
                return problem(id, "invalid_expect", message);
            }
        },
    };
    let labels = match members.spans.filter(|value| value.get() != "null") {
        None => None,
        Some(value) => match labels(value, &text, vocabulary, offsets) {
            Ok(labels) => Some(labels),
            Err((code, message)) => return problem(id, code, message),
        },
    };
    if labels.is_none() && expect.is_none() {
        let message = "the line has neither `spans` nor `expect`, so that there is nothing to judge; write \"spans\": [] for a text in which nothing should be found";
        return problem(id, "nothing_to_judge", message);
    }
    Ok(Labelled {
        id,
        text,
        source,
        expect,
        labels,
    })
}

fn labels(
    value: &RawValue,
    text: &str,
    vocabulary: &Vocabulary,
    offsets: Offsets,
) -> Result<Vec<Label>, Wrong> {
    let list: Vec<&RawValue> = serde_json::from_str(value.get())
        .map_err(|_| ("invalid_spans", "`spans` must be a list".to_owned()))?;
    if list.len() > MOST {
        let message = format!(
            "`spans` has {} labels; at most {MOST} of a text can be judged, because the engine lists no more findings",
            list.len()
        );
        return Err(("too_many_spans", message));
    }
    let mut labels = Vec::with_capacity(list.len());
    for (place, value) in list.into_iter().enumerate() {
        let label = label(value, text, vocabulary, offsets);
        labels.push(label.map_err(|(code, message)| (code, format!("spans[{place}]: {message}")))?);
    }
    check_overlaps(&labels)?;
    Ok(labels)
}

fn label(
    value: &RawValue,
    text: &str,
    vocabulary: &Vocabulary,
    offsets: Offsets,
) -> Result<Label, Wrong> {
    let shape = "must be an object with `start`, `end` and one of `type`, `name` and `policy`";
    if !value.get().starts_with('{') {
        return Err(("invalid_span", shape.to_owned()));
    }
    let members: SpanMembers<'_> = serde_json::from_str(value.get())
        .map_err(|_| ("invalid_span", "has a member twice".to_owned()))?;
    let named = named(&members, vocabulary)?;
    let given = place(&members, &named.key)?;
    let bytes = match given {
        Some(span) => Some(in_text(span, text, offsets)?),
        None => None,
    };
    Ok(Label {
        named,
        bytes,
        given,
    })
}

fn named(members: &SpanMembers<'_>, vocabulary: &Vocabulary) -> Result<Named, Wrong> {
    let text = |value: Option<&RawValue>, name: &str| match value.filter(|v| v.get() != "null") {
        None => Ok(None),
        Some(value) => match string(value) {
            Some(text) => Ok(Some(text.into_owned())),
            None => Err(("invalid_span", format!("`{name}` must be a string"))),
        },
    };
    let ty = text(members.ty, "type")?;
    let name = text(members.name, "name")?;
    let policy = text(members.policy, "policy")?;
    let of = policy.as_deref();
    let named = match (&ty, &name) {
        (Some(_), Some(_)) => {
            let message = "has both `type` and `name`; a built-in type has a type, a regex, a topic or a word has a name";
            return Err(("invalid_span", message.to_owned()));
        }
        (Some(ty), None) => Vocabulary::of_type(ty, of),
        (None, Some(name)) => vocabulary.of_name(name, of),
        (None, None) => match of {
            Some(policy) => Vocabulary::of_policy(policy),
            None => {
                let message = "says nothing about what it is; give `type`, `name` or `policy`";
                return Err(("invalid_span", message.to_owned()));
            }
        },
    };
    named.map_err(|why| unjudgeable(why, ty.as_deref(), vocabulary))
}

fn unjudgeable(why: Unjudgeable, ty: Option<&str>, vocabulary: &Vocabulary) -> Wrong {
    match why {
        Unjudgeable::Type => {
            let ty = crate::words::one_line(ty.unwrap_or_default());
            let short: String = ty.chars().take(48).collect();
            let message = format!(
                "the type `{short}` is not known; use the names of AWS, such as EMAIL or US_SOCIAL_SECURITY_NUMBER"
            );
            ("unknown_type", message)
        }
        Unjudgeable::Name => {
            let names: Vec<_> = vocabulary.names().into_iter().collect();
            let listed = if names.is_empty() {
                "it has words only".to_owned()
            } else {
                format!("it has {} and its words", names.join(", "))
            };
            let message =
                format!("the guardrail has no regex, topic or word of this `name`; {listed}");
            ("unknown_name", message)
        }
        Unjudgeable::Ambiguous => {
            let message = "several entries have this `name`; say which with `policy`";
            ("ambiguous_name", message.to_owned())
        }
        Unjudgeable::Policy => {
            let message = format!(
                "the `policy` is not known; it is one of {}",
                crate::POLICIES.join(", ")
            );
            ("unknown_policy", message)
        }
        Unjudgeable::OtherPolicy => {
            let message =
                "the `policy` is not the one that this type or name belongs to; leave it away";
            ("unknown_policy", message.to_owned())
        }
    }
}

/// The span as given. What judges whole texts needs none.
fn place(members: &SpanMembers<'_>, key: &EntryKey) -> Result<Option<Span>, Wrong> {
    let whole = |value: Option<&RawValue>| value.map(|value| value.get().parse::<usize>().ok());
    match (whole(members.start), whole(members.end)) {
        (None, None) if !key.is_placed() => Ok(None),
        (Some(Some(start)), Some(Some(end))) if start < end => Ok(Some((start, end))),
        (Some(Some(start)), Some(Some(end))) => {
            let message = format!("`start` {start} is not before `end` {end}");
            Err(("span_reversed", message))
        }
        _ => {
            let message = "`start` and `end` must be whole numbers from 0";
            Err(("invalid_span", message.to_owned()))
        }
    }
}

fn in_text(span: Span, text: &str, offsets: Offsets) -> Result<Span, Wrong> {
    let length = offsets.length(text);
    if span.1 > length {
        let message = format!(
            "ends at {} and the text has {length} {}; if they were counted in other units, say so with --offsets",
            span.1,
            offsets.name()
        );
        return Err(("span_out_of_range", message));
    }
    match (offsets.byte(text, span.0), offsets.byte(text, span.1)) {
        (Some(start), Some(end)) => Ok((start, end)),
        _ => {
            let message = format!(
                "begins or ends inside a character; count in whole characters or say with --offsets that {} is wrong",
                offsets.name()
            );
            Err(("span_inside_character", message))
        }
    }
}

/// Labels of places must not overlap, or nobody could say what a finding is; one of a text stands once.
fn check_overlaps(labels: &[Label]) -> Result<(), Wrong> {
    let mut placed: Vec<(Span, usize)> = Vec::new();
    for (place, label) in labels.iter().enumerate() {
        match label.bytes.filter(|_| label.named.key.is_placed()) {
            Some(span) => placed.push((span, place)),
            None => {
                let before = labels[..place].iter();
                let key = &label.named.key;
                if before.clone().any(|other| other.named.key == *key) {
                    let message = format!(
                        "spans[{place}]: the text has this label already; a topic or filter is there or not, once"
                    );
                    return Err(("duplicate_label", message));
                }
            }
        }
    }
    placed.sort_unstable();
    for pair in placed.windows(2) {
        if let [(first, one), (second, other)] = pair
            && second.0 < first.1
        {
            let message = format!(
                "spans[{other}] overlaps spans[{one}]; each place of a text can have one label"
            );
            return Err(("span_overlap", message));
        }
    }
    Ok(())
}
