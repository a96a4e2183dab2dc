//! Every figure of every counter.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::bytes;
use crate::churn;
use crate::java::{self, Java};
use crate::peers::{ENTRIES, Entry, Peer};
use quipu_comparison::rounds::{self, nanos};
use quipu_lab::stats::Spread;
use quipu_lab::threads::{cores, together};

pub(crate) const THREADS: [usize; 4] = [1, 2, 8, 64];
pub(crate) const SHORT_LIVED: [usize; 3] = [0, 63, 127];

/// How many threads have added before a read, and to what memory is measured for.
pub(crate) const READ_AFTER: usize = 64;

/// How many counters memory is measured for: just before a power of two, and just past it.
pub(crate) const COUNTERS: [usize; 2] = [1000, 1025];

const ROUNDS: usize = 7;

/// The figures of one counter. Those that it doesn't support, or wasn't asked for, are missing.
pub(crate) struct Row {
    pub(crate) name: String,
    /// Nanoseconds of one core for an add, for each of `THREADS`.
    pub(crate) add: Vec<Spread>,
    pub(crate) read: Option<Spread>,
    /// Bytes of one counter, for each of `COUNTERS`.
    pub(crate) bytes: Vec<f64>,
    pub(crate) is_exact: bool,
    pub(crate) is_exact_with_takes: Option<bool>,
    /// Nanoseconds of one core for an add by two threads, for each of `SHORT_LIVED`.
    pub(crate) churn: Vec<Spread>,
}

/// Nanoseconds, and whether the counter stood where it should afterwards.
pub(crate) type Timed = rounds::Timed<bool>;

/// A counter to measure, here or in Java's process.
enum Subject<'a> {
    Local(&'static Entry),
    Java(&'a Java, &'static str),
}

impl Subject<'_> {
    fn name(&self) -> String {
        match self {
            Self::Local(entry) => entry.name.to_owned(),
            Self::Java(_, kind) => format!("Java `{kind}`"),
        }
    }

    fn add(&self, threads: usize, times: u64) -> Result<Timed, String> {
        match self {
            Self::Local(entry) => {
                let counter = (entry.make)(threads);
                let time = together(threads, false, |_| counter.add(times));
                Ok((nanos(time), counter.sum() == threads as u64 * times))
            }
            Self::Java(java, kind) => java.add(kind, threads, times),
        }
    }

    fn read(&self, times: u64) -> Result<Timed, String> {
        match self {
            Self::Local(entry) => {
                let counter = (entry.make)(READ_AFTER);
                together(READ_AFTER, false, |_| counter.add(1));
                let start = Instant::now();
                counter.read(times);
                Ok((nanos(start.elapsed()), counter.sum() == READ_AFTER as u64))
            }
            Self::Java(java, kind) => java.read(kind, times),
        }
    }

    fn is_exact_with_takes(&self) -> Result<Option<bool>, String> {
        match self {
            Self::Local(entry) => Ok(is_exact_with_takes(&*(entry.make)(READ_AFTER))),
            Self::Java(java, kind) => java.is_exact_with_takes(kind).map(Some),
        }
    }
}

/// Counters, and what was found out about them so far.
type Cases<'a> = Vec<(Subject<'a>, Row)>;

pub(crate) fn all() -> Result<Vec<Row>, String> {
    let java = Java::start()?;
    let mut cases = Cases::new();
    for (index, entry) in ENTRIES.iter().enumerate() {
        let bytes = COUNTERS.iter().map(|&counters| bytes::in_own_process(index, counters));
        cases.push(case(Subject::Local(entry), bytes.collect::<Result<_, _>>()?)?);
    }
    for kind in java::KINDS {
        if let Some(java) = &java {
            cases.push(case(Subject::Java(java, kind), Vec::new())?);
        }
    }
    interleave(&mut cases, 1.0, Subject::read, |row, cost| row.read = Some(cost))?;
    for threads in THREADS {
        let scale = threads.min(cores()) as f64 / threads as f64;
        interleave(
            &mut cases,
            scale,
            |subject, times| subject.add(threads, times),
            |row, cost| row.add.push(cost),
        )?;
    }
    let locals = cases.iter().filter(|(subject, _)| matches!(subject, Subject::Local(_))).count();
    for short_lived in SHORT_LIVED {
        let churn = |subject: &Subject<'_>, times| match subject {
            // The slot of a thread depends on chance or on the threads before it: a new counter
            // each time.
            Subject::Local(entry) => {
                Ok(churn::time(&*(entry.make)(READ_AFTER), short_lived, times))
            }
            Subject::Java(..) => Err("java's threads are not of this process".to_owned()),
        };
        let scale = 2_usize.min(cores()) as f64 / 2.0;
        interleave(&mut cases[..locals], scale, churn, |row, cost| row.churn.push(cost))?;
    }
    Ok(cases.into_iter().map(|(_, row)| row).collect())
}

fn case(subject: Subject<'_>, bytes: Vec<f64>) -> Result<(Subject<'_>, Row), String> {
    let row = Row {
        name: subject.name(),
        add: Vec::new(),
        read: None,
        bytes,
        is_exact: true,
        is_exact_with_takes: subject.is_exact_with_takes()?,
        churn: Vec::new(),
    };
    Ok((subject, row))
}

/// Measures every counter in interleaved rounds. `run` does something a number of times; `scale`
/// makes its time that of one core.
fn interleave<'a>(
    cases: &mut [(Subject<'a>, Row)],
    scale: f64,
    run: impl Fn(&Subject<'a>, u64) -> Result<Timed, String>,
    put: impl Fn(&mut Row, Spread),
) -> Result<(), String> {
    let subjects: Vec<&Subject<'a>> = cases.iter().map(|(subject, _)| subject).collect();
    let rounds = rounds::interleave(&subjects, ROUNDS, |subject, times| run(subject, times))?;
    for ((_, row), rounds) in cases.iter_mut().zip(rounds) {
        row.is_exact &= rounds.iter().all(|(_, is_exact)| *is_exact);
        put(row, Spread::of(rounds.into_iter().map(|(nanos, _)| nanos * scale).collect()));
    }
    Ok(())
}

/// The threads that add while takes are tried, and for how long.
pub(crate) const ADDERS: usize = 3;
pub(crate) const TAKES: Duration = Duration::from_millis(300);

/// Whether takes while others add lose nothing and have nothing twice. `None` if it can't take.
fn is_exact_with_takes(counter: &dyn Peer) -> Option<bool> {
    const ADDS: u64 = 1000;
    counter.take()?;
    let (is_over, added, taken) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    together(ADDERS + 1, false, |thread| {
        if thread == ADDERS {
            let end = Instant::now() + TAKES;
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
