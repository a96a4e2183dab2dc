//! Every figure of every peer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::bytes;
use crate::churn;
use crate::java::Java;
use crate::peers::{ENTRIES, Peer};
use crate::stats::Spread;
use crate::threads::{cores, together};

pub(crate) const THREADS: [usize; 4] = [1, 2, 8, 64];
pub(crate) const SHORT_LIVED: [usize; 3] = [0, 63, 127];

/// How many threads have added before a read, and to what memory is measured for.
pub(crate) const READ_AFTER: usize = 64;

const ROUNDS: usize = 7;

/// Nanoseconds that a measurement is to take, about.
const NANOS: f64 = 20e6;

/// What was found out about one peer. What it can't do, or wasn't asked, is `None`.
pub(crate) struct Row {
    pub(crate) name: String,
    /// Nanoseconds of one core for an add, for each of `THREADS`.
    pub(crate) add: Vec<Spread>,
    pub(crate) read: Option<Spread>,
    pub(crate) bytes: Option<f64>,
    pub(crate) is_exact: bool,
    pub(crate) is_exact_with_takes: Option<bool>,
    /// Nanoseconds of one core for an add by two threads, for each of `SHORT_LIVED`.
    pub(crate) churn: Vec<Spread>,
}

/// Something that adds, here or in another process: (threads, adds by each) to (nanoseconds, sum).
type Adding<'a> = Box<dyn FnMut(usize, u64) -> Result<(f64, u64), String> + 'a>;

pub(crate) fn all() -> Result<Vec<Row>, String> {
    let java = Java::start()?;
    // Before any adds: memory and reads depend on how many threads have counted at one time.
    let mut rows: Vec<Row> = ENTRIES.iter().map(|entry| one_by_one(entry.name, entry.make)).collect();
    rows.extend(java.iter().flat_map(Java::rows).collect::<Result<Vec<_>, _>>()?);
    let mut adding: Vec<Adding<'_>> = ENTRIES.iter().map(|entry| local(entry.make)).collect();
    adding.extend(java.iter().flat_map(Java::adding));
    for threads in THREADS {
        let mut cases = Vec::new();
        for (add, row) in adding.iter_mut().zip(&mut rows) {
            let adds = calibrate(add, threads)?;
            cases.push((add, row, adds, Vec::new()));
        }
        for _ in 0..ROUNDS {
            for (add, row, adds, costs) in &mut cases {
                let (nanos, sum) = add(threads, *adds)?;
                row.is_exact &= sum == threads as u64 * *adds;
                costs.push(nanos * threads.min(cores()) as f64 / (threads as u64 * *adds) as f64);
            }
        }
        cases.into_iter().for_each(|(_, row, _, costs)| row.add.push(Spread::of(costs)));
    }
    Ok(rows)
}

fn local<'a>(make: fn(usize) -> Box<dyn Peer>) -> Adding<'a> {
    Box::new(move |threads, adds| {
        let counter = make(threads);
        let time = together(threads, false, |_| counter.add(adds));
        Ok((time.as_secs_f64() * 1e9, counter.sum()))
    })
}

/// The adds by each of so many threads that take as long as a measurement is to take.
fn calibrate(add: &mut Adding<'_>, threads: usize) -> Result<u64, String> {
    const TRIAL: u64 = 20_000;
    // The first warms up.
    add(threads, TRIAL)?;
    let (nanos, _) = add(threads, TRIAL)?;
    Ok((NANOS / nanos * TRIAL as f64) as u64 + 1)
}

/// What is measured of each peer alone.
fn one_by_one(name: &str, make: fn(usize) -> Box<dyn Peer>) -> Row {
    let mut churn = Vec::new();
    for short_lived in SHORT_LIVED {
        // What a thread is given depends on chance or on those before it: several counters.
        churn.push(Spread::of((0..ROUNDS).map(|_| churn::cost(&*make(READ_AFTER), short_lived, 500_000)).collect()));
    }
    Row {
        name: name.to_owned(),
        add: Vec::new(),
        read: Some(read(&*make(READ_AFTER))),
        bytes: Some(bytes::per_counter(make, READ_AFTER)),
        is_exact: true,
        is_exact_with_takes: is_exact_with_takes(&*make(READ_AFTER)),
        churn,
    }
}

fn read(counter: &dyn Peer) -> Spread {
    together(READ_AFTER, false, |_| counter.add(1));
    let time = |times: u64| {
        let start = Instant::now();
        counter.read(times);
        start.elapsed().as_secs_f64() * 1e9 / times as f64
    };
    let times = (2e6 / time(10)) as u64 + 1;
    Spread::of((0..ROUNDS).map(|_| time(times)).collect())
}

/// Whether takes while others add lose nothing and have nothing twice. `None` if it can't take.
fn is_exact_with_takes(counter: &dyn Peer) -> Option<bool> {
    const ADDERS: usize = 3;
    const ADDS: u64 = 1000;
    const TIME: Duration = Duration::from_millis(300);
    counter.take()?;
    let (is_over, added, taken) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    together(ADDERS + 1, false, |thread| {
        if thread == ADDERS {
            let end = Instant::now() + TIME;
            while Instant::now() < end {
                taken.fetch_add(counter.take().unwrap_or(0), Ordering::Relaxed);
            }
            return is_over.store(true, Ordering::Relaxed);
        }
        while !is_over.load(Ordering::Relaxed) {
            counter.add(ADDS);
            added.fetch_add(ADDS, Ordering::Relaxed);
        }
    });
    Some(taken.into_inner() + counter.take().unwrap_or(0) == added.into_inner())
}
