//! What an operation costs: every contestant at every number of threads, round by round, so that whatever disturbs the
//! machine for a while disturbs all of them.

use std::time::Duration;

use indicatif::ProgressBar;

use crate::contestants::{Contestant, Entry};
use crate::load::Load;
use crate::options::Options;
use crate::record::{Measure, Record};
use crate::stats::Spread;
use crate::threads::{cores, together};

/// A contestant at a number of threads, and what it took in the rounds so far.
struct Case {
    entry: &'static Entry,
    threads: usize,
    load: Load,
    nanos: Vec<f64>,
}

/// An error if a total was not exact: then no figure means anything.
pub(crate) fn run(options: &Options, progress: &ProgressBar) -> Result<Vec<Record>, String> {
    let mut cases = Vec::new();
    for &threads in &options.threads {
        for entry in options.entries() {
            let threads = threads as usize;
            cases.push(Case { entry, threads, load: calibrate(entry, threads, options)?, nanos: Vec::new() });
        }
    }
    for round in 1..=options.rounds {
        progress.set_message(format!("round {round}"));
        for case in &mut cases {
            let nanos = cost(case.entry, case.threads, options, case.load)?;
            case.nanos.push(nanos);
            progress.inc(1);
        }
    }
    Ok(cases.into_iter().flat_map(|case| records(case, options.counters as usize)).collect())
}

fn records(case: Case, counters: usize) -> [Record; 3] {
    let Case { entry, threads, nanos, .. } = case;
    let record = |measure, value| Record { strategy: entry.name, measure, threads, counters, value };
    let cost = Spread::of(nanos);
    let at_once = threads.min(cores()) as f64;
    [
        record(Measure::OperationCost, cost),
        record(Measure::OperationLatency, cost.times(threads as f64 / at_once)),
        record(Measure::Throughput, cost.inverse(1e3 * at_once)),
    ]
}

/// The load that takes as long as a measurement is to take, about.
pub(crate) fn calibrate(entry: &Entry, threads: usize, options: &Options) -> Result<Load, String> {
    let batch = Load::new(options.read_share, options.work);
    let trial = batch.repeated(100_000 / batch.operations() + 1);
    let nanos = cost(entry, threads, options, trial)? * threads as f64 / threads.min(cores()) as f64;
    let nanos = nanos.max(0.1) * batch.operations() as f64;
    Ok(batch.repeated((options.duration().as_secs_f64() * 1e9 / nanos) as u64 + 1))
}

/// Nanoseconds that one core is busy for one operation.
pub(crate) fn cost(entry: &Entry, threads: usize, options: &Options, load: Load) -> Result<f64, String> {
    let time = time(entry, threads, options, load)?;
    Ok(time.as_secs_f64() * 1e9 * threads.min(cores()) as f64 / (threads as u64 * load.operations()) as f64)
}

fn time(entry: &Entry, threads: usize, options: &Options, load: Load) -> Result<Duration, String> {
    let contestant = (entry.make)(options.counters as usize, threads);
    run_checked(entry, &*contestant, threads, options.pin, load)
}

/// Runs the load on so many threads at once. An error if the counters, new before, have not counted it.
pub(crate) fn run_checked(
    entry: &Entry,
    contestant: &dyn Contestant,
    threads: usize,
    pinned: bool,
    load: Load,
) -> Result<Duration, String> {
    let time = together(threads, pinned, |thread| contestant.run(thread, &load));
    let (total, expected) = (contestant.total(), threads as u64 * load.adds());
    if total.abs_diff(expected) > contestant.tolerance() {
        return Err(format!("{} counted {total} of {expected} adds by {threads} threads", entry.name));
    }
    Ok(time)
}
