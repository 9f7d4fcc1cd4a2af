//! Interleaved rounds.

use std::hint::black_box;

use rustix::time::{ClockId, clock_gettime};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Rounds; in each, every case has its turn.
    pub(crate) rounds: usize,
    /// Nanoseconds one turn lasts at least.
    pub(crate) turn: u64,
}

/// Something to be timed.
pub(crate) struct Case<'a> {
    run: Box<dyn FnMut() + 'a>,
}

impl<'a> Case<'a> {
    /// A case; the result of `run` is not optimised away.
    pub(crate) fn new<T>(mut run: impl FnMut() -> T + 'a) -> Case<'a> {
        Case {
            run: Box::new(move || {
                black_box(run());
            }),
        }
    }
}

/// Nanoseconds of processor time that this thread has had. The machine may be busy with other things;
/// what those take does not count.
pub(crate) fn thread_time() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The median nanoseconds of one run of each case, all cases taking turns.
pub(crate) fn medians<const N: usize>(effort: Effort, mut cases: [Case<'_>; N]) -> [f64; N] {
    let repeats = cases.each_mut().map(|case| repeats(case, effort.turn));
    let mut samples: [Vec<f64>; N] = [const { Vec::new() }; N];
    for round in 0..effort.rounds {
        for turn in 0..N {
            // Another case begins each round, so that none always follows the same one.
            let number = (round + turn) % N;
            let begin = thread_time();
            for _ in 0..repeats[number] {
                (cases[number].run)();
            }
            let time = thread_time() - begin;
            samples[number].push(time as f64 / f64::from(repeats[number]));
        }
    }
    samples.map(median)
}

/// How often a case is run in one turn. The first run warms up.
fn repeats(case: &mut Case<'_>, turn: u64) -> u32 {
    (case.run)();
    let mut repeats = 1_u32;
    loop {
        let begin = thread_time();
        for _ in 0..repeats {
            (case.run)();
        }
        if thread_time() - begin >= turn || repeats >= 1 << 24 {
            return repeats;
        }
        repeats *= 2;
    }
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    let middle = samples.len() / 2;
    if samples.len() % 2 == 1 {
        samples[middle]
    } else {
        (samples[middle - 1] + samples[middle]) / 2.0
    }
}
