//! Memory of counters that many threads have added to.

use super::load::Load;
use super::measure::run_checked;
use super::options::Options;
use super::progress::Progress;
use super::record::{Measure, Record};
use super::stats::Spread;

const COUNTERS: [usize; 5] = [1, 10, 100, 1000, 10_000];

/// The threads that add to each counter: the most that reads are measured with.
pub(crate) fn threads(options: &Options) -> usize {
    options.readers_of.iter().max().map_or(1, |&most| most as usize)
}

pub(crate) fn run(options: &Options, progress: &Progress) -> Result<Vec<Record>, String> {
    let threads = threads(options);
    let mut records = Vec::new();
    progress.part("memory");
    for entry in options.entries() {
        for counters in COUNTERS {
            let contestant = (entry.make)(counters, threads);
            // A thousand adds a batch.
            let load = Load::new(0.0, 0).repeated(counters.div_ceil(1000) as u64);
            run_checked(entry.name, &*contestant, threads, false, load)?;
            let value = Spread::exactly(contestant.bytes() as f64);
            records.push(Record::of(entry.name, Measure::Memory, threads, counters, value));
        }
        progress.step();
    }
    Ok(records)
}
