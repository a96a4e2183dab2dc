//! Latency of an add: the percentiles of sampled single adds, while all cores add.
//!
//! A sample is the time between two timestamps around one add. The timestamps take longer than most
//! adds do, so they are measured alone beside the contestants, and their median is subtracted. What
//! is left of a short add is not exact; an add that waits for a line, for a lock or for a core
//! stands out.

use super::check;
use super::contestants::Entry;
use super::options::Options;
use super::percentiles::percentile;
use super::progress::Progress;
use super::record::{Measure, Record, Round};
use super::sample::{self, sample};
use super::threads::cores;
use super::turn::{self, Turn, turns};

/// Samples of each thread in a round: a tenth of a percent of them is ten.
const SAMPLES: usize = 10_000;

/// The name of the figures of timestamps alone, which nothing is subtracted from.
pub(crate) const TIMER: &str = "timer";

/// The thousandths that are reported, with the figure's name.
const PERCENTILES: [(usize, Measure); 4] = [
    (500, Measure::LatencyP50),
    (990, Measure::LatencyP99),
    (999, Measure::LatencyP999),
    (1000, Measure::LatencyMax),
];

/// For each percentile, its rounds so far.
type Rounds = [Vec<Round>; PERCENTILES.len()];

pub(crate) fn run(options: &Options, progress: &Progress) -> Result<Vec<Record>, String> {
    let threads = threads(options);
    let mut timer = Rounds::default();
    let mut cases: Vec<(&Entry, Rounds)> =
        options.entries().map(|entry| (entry, Rounds::default())).collect();
    for round in 1..=options.rounds {
        progress.part(format!("latency, round {round}"));
        let alone = turns(threads, options.pin, |_| samples(|nanos| sample(&(), nanos, |()| {})));
        let cost = push(&mut timer, alone, 0);
        for (entry, rounds) in &mut cases {
            let contestant = (entry.make)(1, threads);
            let turns = turns(threads, options.pin, |thread| {
                samples(|nanos| contestant.sample(thread, nanos))
            });
            check::total(
                entry.name,
                &*contestant,
                (threads * SAMPLES) as u64 * sample::ADDS,
                threads,
            )?;
            push(rounds, turns, cost);
            progress.step();
        }
    }
    let named = cases.into_iter().map(|(entry, rounds)| (entry.name, rounds));
    Ok([(TIMER, timer)]
        .into_iter()
        .chain(named)
        .flat_map(|(name, rounds)| records(name, threads, rounds))
        .collect())
}

/// The most of `--threads` that have a core each; more of them would measure the scheduler.
pub(crate) fn threads(options: &Options) -> usize {
    let threads = || options.threads.iter().map(|&threads| threads as usize);
    threads().filter(|&threads| threads <= cores()).max().or(threads().min()).unwrap_or(1)
}

fn samples(fill: impl FnOnce(&mut [u64])) -> Vec<u64> {
    // Not zeros: the pages of those would come with the first samples.
    let mut nanos = vec![u64::MAX; SAMPLES];
    fill(&mut nanos);
    nanos
}

/// Adds a round of all threads' samples, less what the timestamps cost. Returns the median.
fn push(rounds: &mut Rounds, turns: Vec<Turn<Vec<u64>>>, cost: u64) -> u64 {
    let waited = turn::waited(&turns);
    let mut nanos: Vec<u64> = turns.into_iter().flat_map(|turn| turn.result).collect();
    nanos.sort_unstable();
    for (rounds, (permille, _)) in rounds.iter_mut().zip(PERCENTILES) {
        let value = percentile(&nanos, permille).saturating_sub(cost) as f64;
        rounds.push(Round { value, waited });
    }
    percentile(&nanos, 500)
}

fn records(name: &str, threads: usize, rounds: Rounds) -> impl Iterator<Item = Record> {
    rounds
        .into_iter()
        .zip(PERCENTILES)
        .map(move |(rounds, (_, measure))| Record::measured(name, measure, threads, 1, rounds))
}
