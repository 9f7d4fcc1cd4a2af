//! What topics and tiers cost.

use crate::Bench;
use crate::clock::{Case, medians};
use crate::corpus::HOSTILE;
use crate::native::{bytes, evaluate, per_byte};
use crate::policy::Parts;
use crate::report::Row;

/// Time a byte hardly grows with the number of topics.
pub(crate) fn topics(bench: &mut Bench) {
    let set = &bench.corpus.chat[0];
    let size = bytes(set);
    let [one, thirty] = [1, 30].map(|count| Parts::keyword_topics(count).engine());
    let [full_one, full_thirty] = [1, 30].map(|keyword_topics| {
        Parts {
            topics: false,
            keyword_topics,
            ..Parts::full()
        }
        .engine()
    });
    let [one, thirty, full_one, full_thirty] = medians(
        bench.effort,
        [
            Case::new(|| evaluate(&one, set)),
            Case::new(|| evaluate(&thirty, set)),
            Case::new(|| evaluate(&full_one, set)),
            Case::new(|| evaluate(&full_thirty, set)),
        ],
    );
    bench.push(
        Row::ratio(
            "topics/1-30",
            "30 topics of 200 keywords : 1, no other policy",
            thirty,
            one,
        )
        .within(1.3, 1.05)
        .detail(per_byte(thirty / size, one / size)),
    );
    bench.push(
        Row::ratio(
            "topics/1-30-full",
            "the same within the full policy",
            full_thirty,
            full_one,
        )
        .within(1.3, 1.05)
        .detail(per_byte(full_thirty / size, full_one / size)),
    );
}

/// What the evasion views of tier STANDARD cost where there is nothing to see through.
pub(crate) fn tiers(bench: &mut Bench) {
    let classic = Parts::full().engine();
    let standard = Parts {
        standard: true,
        ..Parts::full()
    }
    .engine();
    let prose = &bench.corpus.prose;
    let prose = vec![prose[..prose.floor_char_boundary(HOSTILE)].to_owned()];
    let code = vec![bench.corpus.code[..HOSTILE].to_owned()];
    let logs = vec![bench.corpus.logs[..HOSTILE].to_owned()];
    let sets = [
        ("chat-0", &bench.corpus.chat[0], true),
        ("prose", &prose, true),
        ("chat-8", &bench.corpus.chat[2], false),
        ("code", &code, false),
        ("logs", &logs, false),
    ];
    let rows = sets.map(|(name, set, clean)| {
        let [standard, classic] = medians(
            bench.effort,
            [
                Case::new(|| evaluate(&standard, set)),
                Case::new(|| evaluate(&classic, set)),
            ],
        );
        let size = bytes(set);
        let row = Row::ratio(
            format!("tiers/{name}"),
            "STANDARD : CLASSIC, full policy",
            standard,
            classic,
        )
        .detail(per_byte(standard / size, classic / size));
        if clean { row.within(1.5, 1.2) } else { row }
    });
    rows.into_iter().for_each(|row| bench.push(row));
}
