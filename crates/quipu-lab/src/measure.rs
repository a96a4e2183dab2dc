//! Cost of an operation: every contestant at every number of threads and counters, round by round,
//! so that whatever disturbs the machine for a while disturbs all of them.

use super::check;
use super::contestants::{Contestant, Entry};
use super::load::Load;
use super::options::Options;
use super::progress::Progress;
use super::record::{Measure, Record, Round};
use super::threads::cores;
use super::turn::{self, Turn, turns};

/// A contestant at a number of threads and counters, and its rounds so far.
pub(crate) struct Case {
    pub(crate) entry: &'static Entry,
    pub(crate) threads: usize,
    pub(crate) counters: usize,
    load: Load,
    rounds: Vec<Round>,
}

/// An error if a total was wrong: then no figure means anything.
pub(crate) fn run(options: &Options, progress: &Progress) -> Result<Vec<Record>, String> {
    progress.part("calibration");
    let mut cases = Vec::new();
    for &counters in &options.counters {
        for &threads in &options.threads {
            for entry in options.entries() {
                cases.push(Case::calibrated(entry, threads as usize, counters as usize, options)?);
            }
        }
    }
    for round in 1..=options.rounds {
        progress.part(format!("operations, round {round}"));
        for case in &mut cases {
            case.measure(options)?;
            progress.step();
        }
    }
    let records = |case: Case| {
        let at_once = case.threads.min(cores()) as f64;
        let cost = case.record();
        [cost.derived(Measure::Throughput, cost.value.inverse(1e3 * at_once)), cost]
    };
    Ok(cases.into_iter().flat_map(records).collect())
}

impl Case {
    /// With a load that takes about as long as a measurement is to take.
    pub(crate) fn calibrated(
        entry: &'static Entry,
        threads: usize,
        counters: usize,
        options: &Options,
    ) -> Result<Self, String> {
        let batch = Load::new(options.read_share, options.work);
        let trial = batch.repeated(100_000 / batch.operations() + 1);
        let case = Self { entry, threads, counters, load: trial, rounds: Vec::new() };
        let nanos = case.round(options)?.value * threads as f64 / threads.min(cores()) as f64;
        let nanos = nanos.max(0.1) * batch.operations() as f64;
        let load = batch.repeated((options.duration().as_secs_f64() * 1e9 / nanos) as u64 + 1);
        Ok(Self { load, ..case })
    }

    pub(crate) fn measure(&mut self, options: &Options) -> Result<(), String> {
        let round = self.round(options)?;
        self.rounds.push(round);
        Ok(())
    }

    pub(crate) fn record(self) -> Record {
        Record::measured(
            self.entry.name,
            Measure::OperationCost,
            self.threads,
            self.counters,
            self.rounds,
        )
    }

    /// Nanoseconds that one core is busy for one operation.
    fn round(&self, options: &Options) -> Result<Round, String> {
        let &Self { entry, threads, load, .. } = self;
        let contestant = (entry.make)(self.counters, threads);
        let turns = run_checked(entry.name, &*contestant, threads, options.pin, load)?;
        let operations = threads as u64 * load.operations();
        let nanos = turn::time(&turns).as_secs_f64() * 1e9 * threads.min(cores()) as f64
            / operations as f64;
        Ok(Round { value: nanos, waited: turn::waited(&turns) })
    }
}

/// Runs the load on this number of threads at once. An error if the counters, new before, have not
/// counted it.
pub(crate) fn run_checked(
    name: &str,
    contestant: &dyn Contestant,
    threads: usize,
    pinned: bool,
    load: Load,
) -> Result<Vec<Turn<()>>, String> {
    let turns = turns(threads, pinned, |thread| contestant.run(thread, &load));
    check::total(name, contestant, threads as u64 * load.adds(), threads)?;
    Ok(turns)
}
