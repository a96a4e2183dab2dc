//! The measurement: every contestant at every number of threads, round by round, so that whatever disturbs the
//! machine for a while disturbs all of them.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::contestants::{ENTRIES, Entry};
use crate::load::Load;
use crate::stats::Spread;

pub(crate) struct Plan {
    pub(crate) threads: Vec<usize>,
    pub(crate) rounds: usize,
    /// How long one measurement is to take, about.
    pub(crate) millis: u64,
}

/// What one contestant's add costs at one number of threads: nanoseconds of one core.
pub(crate) struct Cost {
    pub(crate) name: &'static str,
    pub(crate) threads: usize,
    pub(crate) nanos: Spread,
}

/// Cores that the process may use.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// An error if a total was not exact: then no figure means anything.
pub(crate) fn run(plan: &Plan) -> Result<Vec<Cost>, String> {
    let mut cases = Vec::new();
    for &threads in &plan.threads {
        for entry in ENTRIES {
            cases.push((entry, threads, calibrate(entry, threads, plan.millis)?, Vec::new()));
        }
    }
    for _ in 0..plan.rounds {
        for (entry, threads, load, nanos) in &mut cases {
            nanos.push(nanos_per_add(entry, *threads, *load)?);
        }
    }
    let cost = |(entry, threads, _, nanos): (&Entry, usize, Load, Vec<f64>)| Cost {
        name: entry.name,
        threads,
        nanos: Spread::of(nanos),
    };
    Ok(cases.into_iter().map(cost).collect())
}

/// The load that takes about so long.
fn calibrate(entry: &Entry, threads: usize, millis: u64) -> Result<Load, String> {
    const TRIAL: Load = Load { adds: 100_000 };
    let nanos = nanos_per_add(entry, threads, TRIAL)? * threads as f64 / threads.min(cores()) as f64;
    Ok(Load { adds: (millis as f64 * 1e6 / nanos.max(0.1)) as u64 + 1 })
}

/// Nanoseconds that one core is busy for one add.
fn nanos_per_add(entry: &Entry, threads: usize, load: Load) -> Result<f64, String> {
    let time = measure(entry, threads, load)?;
    Ok(time.as_secs_f64() * 1e9 * threads.min(cores()) as f64 / (threads as u64 * load.adds) as f64)
}

/// The time from the first thread's start to the last one's end.
fn measure(entry: &Entry, threads: usize, load: Load) -> Result<Duration, String> {
    let contestant = (entry.make)(threads);
    let barrier = Barrier::new(threads);
    let times: Vec<(Instant, Instant)> = thread::scope(|scope| {
        let spawn = |thread| {
            let (contestant, barrier) = (&contestant, &barrier);
            scope.spawn(move || {
                barrier.wait();
                let start = Instant::now();
                contestant.run(thread, &load);
                (start, Instant::now())
            })
        };
        let handles: Vec<_> = (0..threads).map(spawn).collect();
        handles.into_iter().map(|handle| handle.join().expect("a contestant panicked")).collect()
    });
    let (total, expected) = (contestant.total(), threads as u64 * load.adds);
    if total != expected {
        return Err(format!("{} counted {total} of {expected} adds by {threads} threads", entry.name));
    }
    let start = times.iter().map(|(start, _)| *start).min();
    let end = times.iter().map(|(_, end)| *end).max();
    Ok(start.zip(end).map_or(Duration::ZERO, |(start, end)| end - start))
}
