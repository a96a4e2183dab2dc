//! Cost of an observation by histograms and peaks, round by round as that of adds.

use super::observers::{Entry, Observer};
use super::options::Options;
use super::progress::Progress;
use super::record::{Measure, Record, Round};
use super::threads::cores;
use super::turn::{self, turns};
use super::values::Values;

/// An observer at a number of threads, and its rounds so far.
struct Case {
    entry: &'static Entry,
    threads: usize,
    values: Values,
    rounds: Vec<Round>,
}

/// An error if a total was wrong: then no figure means anything.
pub(crate) fn run(options: &Options, progress: &Progress) -> Result<Vec<Record>, String> {
    let mut cases = Vec::new();
    for &threads in &options.threads {
        for entry in options.observers() {
            cases.push(Case::calibrated(entry, threads as usize, options)?);
        }
    }
    for round in 1..=options.rounds {
        if !cases.is_empty() {
            progress.part(format!("observations, round {round}"));
        }
        for case in &mut cases {
            case.rounds.push(case.round(options)?);
            progress.step();
        }
    }
    let record = |Case { entry, threads, rounds, .. }| {
        Record::measured(entry.name, Measure::ObservationCost, threads, 1, rounds)
    };
    Ok(cases.into_iter().map(record).collect())
}

impl Case {
    /// With values that take about as long as a measurement is to take.
    fn calibrated(
        entry: &'static Entry,
        threads: usize,
        options: &Options,
    ) -> Result<Self, String> {
        let case = Self { entry, threads, values: Values::scattered(100_000), rounds: Vec::new() };
        let nanos = case.round(options)?.value * threads as f64 / threads.min(cores()) as f64;
        let times = options.duration().as_secs_f64() * 1e9 / nanos.max(0.1);
        Ok(Self { values: Values::scattered(times as u64 + 1), ..case })
    }

    /// Nanoseconds that one core is busy for one observation.
    fn round(&self, options: &Options) -> Result<Round, String> {
        let &Self { entry, threads, values, .. } = self;
        let observer = (entry.make)();
        let turns = turns(threads, options.pin, |_| observer.observe(values));
        check(entry.name, &*observer, values, threads)?;
        let nanos = turn::time(&turns).as_secs_f64() * 1e9 * threads.min(cores()) as f64
            / (threads as u64 * values.times()) as f64;
        Ok(Round { value: nanos, waited: turn::waited(&turns) })
    }
}

/// An error unless the totals are those of the values.
pub(crate) fn check(
    name: &str,
    observer: &dyn Observer,
    values: Values,
    threads: usize,
) -> Result<(), String> {
    let found = observer.totals();
    let expected = found.expected(values, threads);
    if found == expected {
        Ok(())
    } else {
        Err(format!("{name} has {found:?} after {threads} threads: expected {expected:?}"))
    }
}
