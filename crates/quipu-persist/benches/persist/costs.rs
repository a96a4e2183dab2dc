//! The cost of a store's calls, by its slots and counters, up to where the store fails.

use std::time::{Duration, Instant};

use quipu_persist::{Claim, Error, Nats, Outcome, Postgres, Redis, Sqlite, Store, Writer};

use crate::owner::{LEASE, Owner};
use crate::server::Server;
use crate::thousands;

const HOST: &str = "bench";

/// Totals of one batch: the most that a worker sends at once.
const BATCH: usize = 4096;

/// Slots and counters of each. Each store takes them in this order, and ends at its first failure.
const SIZES: [(usize, usize); 9] = [
    (1, 1_000),
    (10, 1_000),
    (100, 1_000),
    (1, 100_000),
    (10, 100_000),
    (20, 100_000),
    (40, 100_000),
    (80, 100_000),
    (160, 100_000),
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
        let mut owner = Owner::claim(store, HOST)?;
        flush(store, &mut owner, counters, 2)?;
    }
    let mut owner = Owner::claim(store, HOST)?;
    let first = timed(|| flush(store, &mut owner, counters, 1))?;
    let all = timed(|| flush(store, &mut owner, counters, 2))?;
    let one = timed(|| flush(store, &mut owner, 1, 2))?;
    let mut claim = Claim::new(Writer::new(HOST)?, LEASE);
    claim.instead_of.push(owner.name);
    let takeover = timed(|| store.claim(&claim).map(drop))?;
    let read_one = timed(|| store.total("counter_0").map(|sum| assert_eq!(sum, total)))?;
    let read_all = timed(|| {
        let totals = store.totals()?;
        assert_eq!(totals.len(), counters);
        assert!(totals.values().all(|sum| *sum == total), "exact totals");
        Ok(())
    })?;
    Ok([one, first, all, takeover, read_one, read_all])
}

/// Writes the same total of each of these counters.
fn flush(
    store: &mut dyn Store,
    owner: &mut Owner,
    counters: usize,
    total: i64,
) -> Result<(), Error> {
    let names: Vec<_> = (0..counters).map(|counter| format!("counter_{counter}")).collect();
    let rows: Vec<_> = names.iter().map(|name| (name.as_str(), total)).collect();
    for rows in rows.chunks(BATCH) {
        assert_eq!(store.flush(&owner.batch(rows))?, Outcome::Stored);
    }
    Ok(())
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
