//! The outcome table and the union of masks.

/// What a finding does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Detected only.
    Detect,
    /// The value is masked.
    Mask,
    /// The text is blocked.
    Block,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// `wordPolicy`, `topicPolicy`, `regex` or `pii`.
    pub policy: &'static str,
    /// The word, topic, regex or type.
    pub name: String,
    /// Bytes of the original text.
    pub start: usize,
    /// Just past them.
    pub end: usize,
    /// What it does.
    pub verb: Verb,
    /// Whether the name is a built-in type's.
    pub built_in: bool,
}

impl Found {
    pub(super) fn new(
        policy: &'static str,
        name: impl Into<String>,
        start: usize,
        end: usize,
        verb: Verb,
    ) -> Found {
        Found {
            policy,
            name: name.into(),
            start,
            end,
            verb,
            built_in: true,
        }
    }
}

/// What comes of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// All findings, sorted.
    pub found: Vec<Found>,
    /// The reason, as the API words it.
    pub reason: &'static str,
    /// The outputs of the table.
    pub outputs: Vec<String>,
    /// The text with its masks, whether or not something blocks.
    pub masked: String,
}

/// The outcome table: any block gives the message, only masks give the masked text, else nothing.
pub(super) fn decide(text: &str, mut found: Vec<Found>, message: &str) -> Outcome {
    found.sort();
    let masked = mask(text, &found);
    let has = |verb| found.iter().any(|one| one.verb == verb);
    let (reason, outputs) = match (has(Verb::Block), has(Verb::Mask)) {
        (true, _) => ("Guardrail blocked.", vec![message.to_owned()]),
        (false, true) => ("Guardrail masked.", vec![masked.clone()]),
        (false, false) => ("No action.", Vec::new()),
    };
    Outcome {
        found,
        reason,
        outputs,
        masked,
    }
}

/// Every byte under a mask goes; each stretch of overlapping values becomes the label of its longest.
fn mask(text: &str, found: &[Found]) -> String {
    let masks: Vec<&Found> = found.iter().filter(|one| one.verb == Verb::Mask).collect();
    // Values belong together if they overlap, directly or through others: merge until nothing changes.
    let mut clusters: Vec<Vec<&Found>> = masks.iter().map(|one| vec![*one]).collect();
    let overlap = |a: &[&Found], b: &[&Found]| {
        a.iter()
            .any(|x| b.iter().any(|y| x.start < y.end && y.start < x.end))
    };
    while let Some((keep, merge)) =
        pairs(clusters.len()).find(|&(a, b)| overlap(&clusters[a], &clusters[b]))
    {
        let merged = clusters.remove(merge);
        clusters[keep].extend(merged);
    }
    let mut stretches: Vec<(usize, usize, &str)> = clusters
        .iter()
        .map(|cluster| {
            let start = cluster.iter().map(|one| one.start).min().expect("a value");
            let end = cluster.iter().map(|one| one.end).max().expect("a value");
            // The longest; of equals the earliest, then a regex, then by name.
            let label = cluster.iter().min_by_key(|one| {
                (
                    usize::MAX - (one.end - one.start),
                    one.start,
                    one.built_in,
                    &one.name,
                )
            });
            (start, end, label.expect("a value").name.as_str())
        })
        .collect();
    stretches.sort_unstable();
    let mut out = String::new();
    let mut at = 0;
    for (start, end, label) in stretches {
        out += &text[at..start];
        out += &format!("{{{label}}}");
        at = end;
    }
    out + &text[at..]
}

fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(move |a| (a + 1..count).map(move |b| (a, b)))
}
