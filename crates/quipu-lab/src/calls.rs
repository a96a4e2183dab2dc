//! Cost of a call, round by round as that of adds: an observation by a histogram or a peak, or a
//! look-up by labels.

use super::options::Options;
use super::progress::Progress;
use super::record::{Measure, Record, Round};
use super::threads::cores;
use super::turn::{self, turns_after};

/// Something that all threads of a measurement call.
pub(crate) trait Callee: Sync {
    /// Calls on the current thread, which is the `thread`th, before its time is taken.
    fn warm_up(&self, thread: usize);

    /// Calls this number of times on the current thread, which is the `thread`th.
    fn call(&self, thread: usize, times: u64);

    /// An error unless the totals are those of so many threads that warmed up, and called.
    fn check(&self, threads: usize, times: u64) -> Result<(), String>;
}

/// A callee that has not been made yet.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) measure: Measure,
    pub(crate) make: fn() -> Box<dyn Callee>,
}

/// A callee at a number of threads, and its rounds so far.
struct Case {
    entry: &'static Entry,
    threads: usize,
    times: u64,
    rounds: Vec<Round>,
}

/// An error if a total was wrong: then no figure means anything.
pub(crate) fn run(options: &Options, progress: &Progress) -> Result<Vec<Record>, String> {
    let mut cases = Vec::new();
    for &threads in &options.threads {
        for entry in options.callees() {
            cases.push(Case::calibrated(entry, threads as usize, options)?);
        }
    }
    for round in 1..=options.rounds {
        if !cases.is_empty() {
            progress.part(format!("observations and look-ups, round {round}"));
        }
        for case in &mut cases {
            case.rounds.push(case.round(options)?);
            progress.step();
        }
    }
    let record = |Case { entry, threads, rounds, .. }| {
        Record::measured(entry.name, entry.measure, threads, 1, rounds)
    };
    Ok(cases.into_iter().map(record).collect())
}

impl Case {
    /// With calls that take about as long as a measurement is to take.
    fn calibrated(
        entry: &'static Entry,
        threads: usize,
        options: &Options,
    ) -> Result<Self, String> {
        let case = Self { entry, threads, times: 100_000, rounds: Vec::new() };
        let nanos = case.round(options)?.value * threads as f64 / threads.min(cores()) as f64;
        let times = options.duration().as_secs_f64() * 1e9 / nanos.max(0.1);
        Ok(Self { times: times as u64 + 1, ..case })
    }

    /// Nanoseconds that one core is busy for one call.
    fn round(&self, options: &Options) -> Result<Round, String> {
        let &Self { entry, threads, times, .. } = self;
        let callee = (entry.make)();
        let warm_up = |thread| callee.warm_up(thread);
        let turns = turns_after(threads, options.pin, warm_up, |thread| callee.call(thread, times));
        callee.check(threads, times).map_err(|error| format!("{}: {error}", entry.name))?;
        let nanos = turn::time(&turns).as_secs_f64() * 1e9 * threads.min(cores()) as f64
            / (threads as u64 * times) as f64;
        Ok(Round { value: nanos, waited: turn::waited(&turns) })
    }
}
