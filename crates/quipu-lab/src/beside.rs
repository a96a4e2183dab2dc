//! A reader beside writers: one thread sums in a loop while others add to the same counter.
//!
//! Both costs are times of a thread less those that it waited for a core, so that they mean the
//! same where there are more threads than cores.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use super::check;
use super::contestants::Entry;
use super::load::Load;
use super::options::Options;
use super::progress::Progress;
use super::record::{Measure, Record, Round};
use super::turn::{self, Turn, turns};

/// Reads between two looks at whether the writers are done.
const READS: u64 = 32;

/// A contestant at a number of writers, and its rounds so far.
struct Case {
    entry: &'static Entry,
    writers: usize,
    load: Load,
    adds: Vec<Round>,
    reads: Vec<Round>,
}

/// Result of one round.
struct Outcome {
    time: Duration,
    add: Round,
    read: Round,
}

pub(crate) fn run(options: &Options, progress: &Progress) -> Result<Vec<Record>, String> {
    progress.part("calibration");
    let mut cases = Vec::new();
    for &writers in &options.threads {
        for entry in options.entries() {
            cases.push(Case::calibrated(entry, writers as usize, options)?);
        }
    }
    for round in 1..=options.rounds {
        progress.part(format!("a reader beside writers, round {round}"));
        for case in &mut cases {
            let outcome = case.round(options)?;
            case.adds.push(outcome.add);
            case.reads.push(outcome.read);
            progress.step();
        }
    }
    Ok(cases.into_iter().flat_map(Case::records).collect())
}

impl Case {
    /// With a load that takes about as long as a measurement is to take.
    fn calibrated(
        entry: &'static Entry,
        writers: usize,
        options: &Options,
    ) -> Result<Self, String> {
        let batch = Load::new(0.0, options.work);
        let trial = batch.repeated(100_000 / batch.operations() + 1);
        let case = Self { entry, writers, load: trial, adds: Vec::new(), reads: Vec::new() };
        let scale =
            options.duration().as_secs_f64() / case.round(options)?.time.as_secs_f64().max(1e-6);
        let batches = (trial.operations() / batch.operations()) as f64 * scale;
        Ok(Self { load: batch.repeated(batches as u64 + 1), ..case })
    }

    fn round(&self, options: &Options) -> Result<Outcome, String> {
        let &Self { entry, writers, load, .. } = self;
        let contestant = (entry.make)(1, writers);
        let writing = AtomicUsize::new(writers);
        let mut turns = turns(writers + 1, options.pin, |thread| {
            if thread < writers {
                contestant.run(thread, &load);
                writing.fetch_sub(1, Relaxed);
                return load.adds();
            }
            let mut reads = 0;
            while writing.load(Relaxed) > 0 || reads == 0 {
                contestant.read(READS);
                reads += READS;
            }
            reads
        });
        let adds = writers as u64 * load.adds();
        check::total(entry.name, &*contestant, adds, writers)?;
        let waited = turn::waited(&turns);
        let time = turn::time(&turns);
        let reader = turns.split_off(writers);
        let cost = |turns: &[Turn<u64>]| {
            let nanos: f64 = turns.iter().map(Turn::nanos_on_core).sum();
            let operations: u64 = turns.iter().map(|turn| turn.result).sum();
            Round { value: nanos / operations as f64, waited }
        };
        Ok(Outcome { time, add: cost(&turns), read: cost(&reader) })
    }

    fn records(self) -> [Record; 2] {
        let record =
            |measure, rounds| Record::measured(self.entry.name, measure, self.writers, 1, rounds);
        [
            record(Measure::AddBesideReader, self.adds),
            record(Measure::ReadBesideWriters, self.reads),
        ]
    }
}
