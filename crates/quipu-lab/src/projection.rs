//! Costs measured here, continued to more cores by a model that was fitted to them.

use super::contestants::{ENTRIES, Entry};
use super::fit::{self, Fit, Point};
use super::measure::Case;
use super::options::Options;
use super::progress::Progress;
use super::record::{Measure, Record};
use super::stats::Spread;
use super::table::cell;
use super::threads::cores;

/// How many times the measured cores the curves are drawn for.
const FURTHER: usize = 4;

/// One line for all, a line for each thread, and slots for each thread. A line for each thread
/// costs the same on any number of cores.
const NAMES: [&str; 3] = ["single-atomic", "private-fetch-add", "per-thread"];

/// A contestant's costs, and the model of them.
#[derive(Debug)]
pub(crate) struct Curve {
    pub(crate) name: &'static str,
    pub(crate) measured: Vec<Record>,
    model: Fit,
}

/// An error if there are too few cores for a fit, or if the model misses what was measured.
pub(crate) fn measure(options: &Options) -> Result<Vec<Curve>, String> {
    let numbers = numbers_up_to(cores());
    if numbers.len() < 3 {
        return Err(format!(
            "--projection: the model is fitted to three numbers of cores: found {} cores",
            cores()
        ));
    }
    let entries = NAMES.iter().filter_map(|name| ENTRIES.iter().find(|entry| entry.name == *name));
    let progress = Progress::new(options.rounds * (NAMES.len() * numbers.len()) as u64);
    progress.part("calibration");
    let mut cases = Vec::new();
    for entry in entries {
        for &threads in &numbers {
            cases.push(Case::calibrated(entry, threads, 1, options)?);
        }
    }
    for round in 1..=options.rounds {
        progress.part(format!("projection, round {round}"));
        for case in &mut cases {
            case.measure(options)?;
            progress.step();
        }
    }
    let records: Vec<(&Entry, Record)> =
        cases.into_iter().map(|case| (case.entry, case.record())).collect();
    let of = |name| {
        records
            .iter()
            .filter(move |(entry, _)| entry.name == name)
            .map(|(_, record)| record.clone())
    };
    NAMES.into_iter().map(|name| Curve::of(name, of(name).collect())).collect()
}

/// The powers of two up to a number, and itself; for 3, that is 1, 2, 3.
pub(crate) fn numbers_up_to(cores: usize) -> Vec<usize> {
    let powers = (0..).map(|power| 1 << power).take_while(|&number| number < cores);
    powers.chain([cores]).collect()
}

impl Curve {
    /// An error if the model misses what was measured.
    pub(crate) fn of(name: &'static str, measured: Vec<Record>) -> Result<Self, String> {
        let points: Vec<Point> =
            measured.iter().map(|record| (record.threads, record.value.median)).collect();
        let fitted = Fit::of(&points)?;
        // Cores that share no line don't wait for each other.
        let model = if name == NAMES[0] { fitted } else { Fit { each: 0.0, ..fitted } };
        fit::check(name, |cores| model.at(cores), &points)?;
        Ok(Self { name, measured, model })
    }

    /// The model's costs, from one core to more than were measured.
    pub(crate) fn points(&self) -> Vec<Point> {
        let most = self.measured.iter().map(|record| record.threads).max().unwrap_or(1) * FURTHER;
        numbers_up_to(most).into_iter().map(|cores| (cores, self.model.at(cores))).collect()
    }

    /// The measured costs, and the model's.
    pub(crate) fn records(&self) -> Vec<Record> {
        let modelled = self.points().into_iter().map(|(cores, nanos)| {
            Record::of(self.name, Measure::Projection, cores, 1, Spread::exactly(nanos))
        });
        self.measured.iter().cloned().chain(modelled).collect()
    }
}

pub(crate) fn table(curves: &[Curve]) -> String {
    let mut text = String::from(
        "Nanoseconds of one core for an add while all these cores add. The model is fitted to the measurements: \
         `alone + (cores - 1) * each`.\n\n\
         | | cores | model | measured |\n|---|--:|--:|--:|\n",
    );
    for curve in curves {
        for (cores, nanos) in curve.points() {
            let measured = curve.measured.iter().find(|record| record.threads == cores);
            let measured = measured.map_or_else(String::new, |record| cell(&record.value));
            text += &format!("| {} | {cores} | {nanos:.2} | {measured} |\n", curve.name);
        }
    }
    for Curve { name, model: Fit { alone, each }, .. } in curves {
        text += &format!("\n{name}: alone = {alone:.2} ns, each = {each:.2} ns");
    }
    text + "\n"
}
