//! Parts that `stress` and `churn` share: subjects, how long a run is, its seed, and the ledger
//! that sums are checked against.

mod ledger;
mod subject;

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};
use std::{env, panic, thread};

use parking_lot::Mutex;

pub(crate) use ledger::Ledger;
#[cfg(feature = "dynamic-labels")]
pub(crate) use subject::InFamily;
pub(crate) use subject::{Adds, InBuckets, InSum, Shown, Takes, ThroughHandles};

/// Threads for each core: most of them are preempted at any time.
const OVERSUBSCRIPTION: usize = 32;

/// Held by each run: each has the machine for itself, and the names of its counters.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[derive(Clone, Copy)]
enum Length {
    /// Rounds of each thread.
    Rounds(u64),
    Until(Instant),
}

/// One run of a scenario.
pub(crate) struct Run {
    seed: u64,
    length: Length,
    operations: AtomicU64,
    /// Workers that have not ended yet.
    working: AtomicUsize,
}

/// A scenario, with a subject.
pub(crate) type Scenario = fn(&Run);

impl Run {
    fn new(length: Length) -> Self {
        let seed = env::var("QUIPU_SEED").map_or_else(
            |_unset| RandomState::new().hash_one(()),
            |seed| {
                seed.parse().unwrap_or_else(|_| {
                    panic!("QUIPU_SEED={seed}: expected a whole number below 2^64")
                })
            },
        );
        Self { seed, length, operations: AtomicU64::new(0), working: AtomicUsize::new(0) }
    }

    fn play(self, name: &str, scenario: Scenario) -> u64 {
        let _seed = SayingSeed { name, seed: self.seed };
        scenario(&self);
        let operations = self.operations.into_inner();
        println!("{name}: {operations} operations, QUIPU_SEED={}", self.seed);
        operations
    }

    /// The size for `cargo test`.
    pub(crate) fn small(name: &str, scenario: Scenario) {
        let _one = ONE_AT_A_TIME.lock();
        let rounds = if cfg!(miri) {
            4
        } else if cfg!(quipu_tsan) {
            // It knows of a race from the order of the locks, also where the threads did not collide.
            30
        } else {
            100
        };
        Self::new(Length::Rounds(rounds)).play(name, scenario);
    }

    /// The size for a long proof: `QUIPU_TORTURE_SECONDS` in equal parts, 300 by default.
    pub(crate) fn large(scenarios: &[(&str, Scenario)]) {
        let _one = ONE_AT_A_TIME.lock();
        let seconds = env::var("QUIPU_TORTURE_SECONDS").map_or(300.0, |seconds| {
            seconds.parse().unwrap_or_else(|_| {
                panic!("QUIPU_TORTURE_SECONDS={seconds}: expected a number of seconds")
            })
        });
        let part = Duration::from_secs_f64(seconds / scenarios.len() as f64);
        let play = |(name, scenario): &(&str, Scenario)| {
            Self::new(Length::Until(Instant::now() + part)).play(name, *scenario)
        };
        println!("{} operations in all", scenarios.iter().map(play).sum::<u64>());
    }

    pub(crate) fn threads() -> usize {
        if cfg!(miri) {
            3
        } else {
            OVERSUBSCRIPTION * thread::available_parallelism().map_or(2, usize::from)
        }
    }

    /// Calls `round` again and again, with random numbers that depend on the seed and on `worker`,
    /// as long as the run lasts. A round returns how many operations it did.
    pub(crate) fn work(&self, worker: usize, mut round: impl FnMut(&mut fastrand::Rng) -> u64) {
        let _working = Working(&self.working);
        let mut random = fastrand::Rng::with_seed(self.seed.wrapping_add(worker as u64));
        let (mut rounds, mut operations) = (0, 0);
        while self.lasts(rounds) {
            operations += round(&mut random);
            rounds += 1;
            if random.u8(..) == 0 {
                thread::yield_now();
            }
        }
        self.operations.fetch_add(operations, Ordering::Relaxed);
    }

    fn lasts(&self, rounds: u64) -> bool {
        match self.length {
            Length::Rounds(limit) => rounds < limit,
            Length::Until(end) => rounds % 16 != 0 || Instant::now() < end,
        }
    }

    /// Calls `check` at least once, and until every worker has ended.
    pub(crate) fn watch(&self, mut check: impl FnMut()) {
        let mut checks = 0;
        loop {
            let is_last = self.working.load(Ordering::Acquire) == 0;
            check();
            checks += 1;
            if is_last {
                break;
            }
        }
        self.operations.fetch_add(checks, Ordering::Relaxed);
    }

    /// Counts workers before their threads start, so that watching threads do not miss them.
    pub(crate) fn expect_workers(&self, workers: usize) {
        self.working.fetch_add(workers, Ordering::Release);
    }
}

/// Waits for threads, one after the other: ThreadSanitizer knows joins, but not how a scope of std
/// waits.
pub(crate) fn join<'scope>(threads: impl IntoIterator<Item = ScopedJoinHandle<'scope, ()>>) {
    let threads: Vec<_> = threads.into_iter().collect();
    for thread in threads {
        thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic));
    }
}

/// A worker at work, until it ends or panics.
struct Working<'a>(&'a AtomicUsize);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}

/// Says how to try again, where a run fails.
struct SayingSeed<'a> {
    name: &'a str,
    seed: u64,
}

impl Drop for SayingSeed<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{} failed with QUIPU_SEED={}", self.name, self.seed);
        }
    }
}

/// Declares, for each subject, a module with a small test of each of its scenarios, and one large
/// test of them all.
macro_rules! stamp {
    ($large:ident; $($name:ident: $subject:ty { $($scenario:ident),* })*) => {
        $(
            mod $name {
                use super::*;

                $(
                    #[test]
                    fn $scenario() {
                        Run::small(concat!(stringify!($name), " ", stringify!($scenario)), super::$scenario::<$subject>);
                    }
                )*
            }
        )*

        #[test]
        #[ignore = "takes minutes: set QUIPU_TORTURE_SECONDS"]
        fn $large() {
            const SCENARIOS: &[(&str, Scenario)] = &[
                $($((concat!(stringify!($name), " ", stringify!($scenario)), $scenario::<$subject>),)*)*
            ];
            Run::large(SCENARIOS);
        }
    };
}

pub(crate) use stamp;
