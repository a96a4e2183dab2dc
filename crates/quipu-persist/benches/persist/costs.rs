//! The cost of a store's calls, by its slots and counters, up to where the store fails.

use std::time::{Duration, Instant};

use quipu_persist::{
    Batch, BatchId, Claim, Entry, Error, Nats, Outcome, Postgres, Redis, Sqlite, Store, Writer,
};

use crate::server::Server;
use crate::thousands;

/// Longer than anything takes here.
const LEASE: Duration = Duration::from_secs(24 * 3600);

/// Totals of one batch: the most that a worker sends at once.
const BATCH: usize = 4096;

/// Slots and counters of each. Each store takes them in this order, and ends at its first failure.
const SIZES: [(usize, usize); 7] = [
    (1, 1_000),
    (10, 1_000),
    (100, 1_000),
    (1, 100_000),
    (10, 100_000),
    (20, 100_000),
    (40, 100_000),
];

/// A store, with what ends with it.
type Opened = (Box<dyn std::any::Any>, Box<dyn Store>);

/// A store's name, and how to open an empty one.
type Opener = (&'static str, fn() -> Opened);

const STORES: [Opener; 4] = [
    ("SQLite", || {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Sqlite::new(folder.path().join("totals.db"));
        (Box::new(folder), Box::new(store))
    }),
    ("PostgreSQL", || {
        let server = Server::postgres_with_fsync("on");
        let url = format!("postgres://quipu:knots@127.0.0.1:{}/postgres", server.port());
        (Box::new(server), Box::new(Postgres::new(&url).expect("a URL")))
    }),
    ("Redis", || {
        let server = Server::redis();
        let url = format!("redis://127.0.0.1:{}/", server.port());
        (Box::new(server), Box::new(Redis::new(&url).expect("a URL")))
    }),
    ("NATS", || {
        let server = Server::nats();
        let url = format!("nats://127.0.0.1:{}", server.port());
        (Box::new(server), Box::new(Nats::new(&url).expect("a URL")))
    }),
];

/// Prints a row for each store and size.
pub(crate) fn print() {
    println!("Milliseconds of one call. {BATCH} totals go in one batch.");
    println!();
    println!(
        "| store | slots | counters of each | rows | flush of one | flush of all, first | flush of \
         all | takeover | `total` | `totals` |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (name, open) in STORES {
        let mut opened = ready(open());
        let mut before = (0, SIZES[0].1);
        for (slots, counters) in SIZES {
            // Rows of one number of counters stay for the next number of slots.
            if counters != before.1 {
                drop(opened);
                opened = ready(open());
                before = (0, counters);
            }
            let start = format!("| {name} | {slots} | {counters} | {}", slots * counters);
            match costs(&mut *opened.1, before.0..slots, counters) {
                Ok(costs) => println!("{start} | {} |", costs.map(milliseconds).join(" | ")),
                Err(error) => {
                    println!("{start} | {error} | | | | | |");
                    break;
                }
            }
            before.0 = slots;
        }
    }
}

/// The same, once it answers: a server listens before that.
fn ready(mut opened: Opened) -> Opened {
    while let Err(error) = opened.1.slots() {
        assert!(error.kind().is_temporary(), "{error}");
    }
    opened
}

/// Fills these slots, and measures with the last one: a flush of one counter, the first of all, the
/// next of all, the takeover by another owner, and the two reads.
fn costs(
    store: &mut dyn Store,
    slots: std::ops::Range<usize>,
    counters: usize,
) -> Result<[Duration; 6], Error> {
    let total = 2 * slots.end as i64;
    for _ in slots.start..slots.end - 1 {
        Owner::new(store, None)?.flush(store, counters, 2)?;
    }
    let mut owner = Owner::new(store, None)?;
    let first = timed(|| owner.flush(store, counters, 1))?;
    let all = timed(|| owner.flush(store, counters, 2))?;
    let one = timed(|| owner.flush(store, 1, 2))?;
    let takeover = timed(|| Owner::new(store, Some(owner.writer.clone())).map(drop))?;
    let read_one = timed(|| store.total("counter_0").map(|sum| assert_eq!(sum, total)))?;
    let read_all = timed(|| {
        let totals = store.totals()?;
        assert_eq!(totals.len(), counters);
        assert!(totals.values().all(|sum| *sum == total), "exact totals");
        Ok(())
    })?;
    Ok([one, first, all, takeover, read_one, read_all])
}

/// The owner of a slot.
struct Owner {
    writer: Writer,
    place: (u32, u64),
    last: BatchId,
}

impl Owner {
    fn new(store: &mut dyn Store, instead_of: Option<Writer>) -> Result<Self, Error> {
        let mut claim = Claim::new(Writer::new("bench")?, LEASE);
        claim.instead_of.extend(instead_of);
        let claimed = store.claim(&claim)?;
        Ok(Self { writer: claim.owner, place: (claimed.slot, claimed.epoch), last: BatchId::NONE })
    }

    /// Writes the same total of each of these counters.
    fn flush(&mut self, store: &mut dyn Store, counters: usize, total: i64) -> Result<(), Error> {
        let entries: Vec<_> = (0..counters)
            .map(|counter| Entry { counter: format!("counter_{counter}"), total })
            .collect();
        for entries in entries.chunks(BATCH) {
            let id = BatchId { number: self.last.number + 1, entries: entries.len() as u32 };
            let mut batch = Batch::new(self.place, self.writer.clone(), self.last, id, LEASE);
            batch.entries = entries.to_vec();
            assert_eq!(store.flush(&batch)?, Outcome::Stored);
            self.last = id;
        }
        Ok(())
    }
}

fn timed(call: impl FnOnce() -> Result<(), Error>) -> Result<Duration, Error> {
    let begin = Instant::now();
    call()?;
    Ok(begin.elapsed())
}

fn milliseconds(time: Duration) -> String {
    let time = time.as_secs_f64() * 1e3;
    if time < 10.0 { format!("{time:.1}") } else { thousands(time) }
}
