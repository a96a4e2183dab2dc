//! What costs measured here mean on machines with more cores, by a model.
//!
//! Adds to one line are done one after the other, and between the adds of two cores the line travels. Where `n` cores
//! add to it all the time, and whoever had it last is as likely to be next as each of the others, an add holds the line for
//!
//! ```text
//! s(n) = locked + (1 - 1/n) * transfer
//! ```
//!
//! where `locked` is what the add takes on a line that the core has, and `transfer` how much longer it takes when
//! another core changed it last; and a core waits for those of the others: its add costs it `n * s(n)`. Adds to `c`
//! cells, whose users are spread evenly, are `c` such queues of `n / c` cores, and plain adds to a core's own line cost
//! the same on every core.
//!
//! That adds to a contended line are serialised, each at the cost of a transfer, was measured by T. David, R. Guerraoui and
//! V. Trigonakis, "Everything You Always Wanted to Know About Synchronization but Were Afraid to Ask" (SOSP 2013), and by
//! H. Schweizer, M. Besta and T. Hoefler, "Evaluating the Cost of Atomic Operations on Modern Architectures" (PACT 2015).
//! The model leaves out that transfers take longer the more cores and sockets there are, and that a core may add
//! several times before the line is taken from it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crossbeam_utils::CachePadded;

use crate::contestants::ENTRIES;
use crate::measure;
use crate::options::Options;
use crate::record::{Measure, Record};
use crate::stats::Spread;
use crate::threads::{cores, together};

/// Cells of a `Striped`, unless its user says otherwise.
const CELLS: f64 = 16.0;

/// The costs that the model starts from, and what it is compared with; in nanoseconds.
pub(crate) struct Projection {
    plain: Spread,
    locked: Spread,
    transfer: Spread,
    /// Of an add to one atomic by two threads.
    shared_by_two: Spread,
    /// Of an add to slots for each thread, by two threads.
    plain_by_two: Spread,
}

/// The model, for `n` cores that add to one line.
fn shared(n: f64, locked: f64, transfer: f64) -> f64 {
    n * (locked + (1.0 - 1.0 / n) * transfer)
}

/// An error if there is one core only, which has nobody to hand a line to.
pub(crate) fn measure(options: &Options) -> Result<Projection, String> {
    if cores() < 2 {
        return Err("--projection: a line is handed from core to core: expected two cores, found one".to_owned());
    }
    let mut rounds = [const { Vec::new() }; 5];
    for _ in 0..options.rounds {
        let (plain, locked) = (cost("per-thread", 1, options)?, cost("private-fetch-add", 1, options)?);
        let transfer = (handover(options)? - locked).max(0.0);
        let figures = [plain, locked, transfer, cost("single-atomic", 2, options)?, cost("per-thread", 2, options)?];
        rounds.iter_mut().zip(figures).for_each(|(rounds, figure)| rounds.push(figure));
    }
    let [plain, locked, transfer, shared_by_two, plain_by_two] = rounds.map(Spread::of);
    Ok(Projection { plain, locked, transfer, shared_by_two, plain_by_two })
}

fn cost(name: &str, threads: usize, options: &Options) -> Result<f64, String> {
    let entry = ENTRIES.iter().find(|entry| entry.name == name).ok_or("a contestant is missing")?;
    measure::cost(entry, threads, options, measure::calibrate(entry, threads, options)?)
}

/// Two threads that hand a line to each other. The least of several bursts, as one in which a thread had to wait for a
/// core says nothing of the line.
fn handover(options: &Options) -> Result<f64, String> {
    const BURSTS: usize = 30;
    let bursts: Vec<f64> = (0..BURSTS).map(|_| burst(options)).collect::<Result<_, _>>()?;
    Ok(Spread::of(bursts).least)
}

/// Each thread tries to exchange its number for the other's: a locked instruction that fetches the line to change it,
/// as an add does. Who loaded and then stored would fetch it twice, to read and to write.
fn burst(options: &Options) -> Result<f64, String> {
    const HANDOVERS: u64 = 2000;
    const PATIENCE: u64 = 10_000;
    let turn = CachePadded::new(AtomicU64::new(0));
    let time = together(2, options.pin, |thread| {
        for next in (thread as u64..HANDOVERS).step_by(2) {
            let mut tries = 0;
            while turn.compare_exchange(next, next + 1, Ordering::AcqRel, Ordering::Relaxed).is_err() {
                tries += 1;
                // The other thread may wait for this one's core.
                if tries % PATIENCE == 0 {
                    thread::yield_now();
                }
            }
        }
    });
    let handed_over = turn.load(Ordering::Relaxed);
    if handed_over != HANDOVERS {
        return Err(format!("a line was handed over {handed_over} times: expected {HANDOVERS}"));
    }
    Ok(time.as_secs_f64() * 1e9 / HANDOVERS as f64)
}

impl Projection {
    /// For each strategy, the cost of an add by the number of cores.
    pub(crate) fn curves(&self) -> Vec<(&'static str, Vec<(f64, f64)>)> {
        let (plain, locked, transfer) = (self.plain.median, self.locked.median, self.transfer.median);
        let cores = [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
        let curve = |cost: &dyn Fn(f64) -> f64| cores.iter().map(|&n| (n, cost(n))).collect();
        vec![
            ("single-atomic", curve(&|n| shared(n, locked, transfer))),
            ("striped (16 cells)", curve(&|n| shared((n / CELLS).max(1.0), locked, transfer))),
            ("a locked add each", curve(&|_| locked)),
            ("per-thread", curve(&|_| plain)),
        ]
    }

    /// What was measured on 2 cores of what the model has curves for.
    pub(crate) fn measured(&self) -> [(&'static str, Spread); 2] {
        [("single-atomic, measured", self.shared_by_two), ("per-thread, measured", self.plain_by_two)]
    }

    /// What was measured, and what the model makes of it.
    pub(crate) fn records(&self) -> Vec<Record> {
        let record = |strategy, measure, threads, value| Record { strategy, measure, threads, counters: 1, value };
        let measured = [
            record("per-thread", Measure::OperationCost, 1, self.plain),
            record("private-fetch-add", Measure::OperationCost, 1, self.locked),
            record("single-atomic", Measure::LineTransfer, 2, self.transfer),
            record("single-atomic", Measure::OperationCost, 2, self.shared_by_two),
            record("per-thread", Measure::OperationCost, 2, self.plain_by_two),
        ];
        let points = |(strategy, points): (_, Vec<(f64, f64)>)| {
            let point =
                move |(cores, cost)| record(strategy, Measure::Projection, cores as usize, Spread::exactly(cost));
            points.into_iter().map(point)
        };
        measured.into_iter().chain(self.curves().into_iter().flat_map(points)).collect()
    }

    pub(crate) fn table(&self) -> String {
        let (locked, transfer) = (self.locked.median, self.transfer.median);
        let row = |name: &str, predicted: Option<f64>, measured: &Spread| {
            let predicted = predicted.map_or_else(String::new, |predicted| format!("{predicted:.2}"));
            let Spread { median, least, most } = measured;
            format!("| {name} | {predicted} | {median:.2} ({least:.2}–{most:.2}) |\n")
        };
        let mut text =
            String::from("A model, not a measurement, but for its last column. Nanoseconds of one core:\n\n");
        text += "| | predicted | measured |\n|---|--:|--:|\n";
        text += &row("plain add, 1 core", None, &self.plain);
        text += &row("locked add, 1 core", None, &self.locked);
        text += &row("fetching a line, besides", None, &self.transfer);
        text += &row("single-atomic, 2 cores", Some(shared(2.0, locked, transfer)), &self.shared_by_two);
        text += &row("per-thread, 2 cores", Some(self.plain.median), &self.plain_by_two);
        text
    }
}
