//! Events that one host counts in a store, by quipu and by the usual ways; and what the store says
//! after some answers were lost.
//!
//! `cargo bench --package quipu-persist --features sqlite,postgres,redis,nats` starts the servers, and
//! prints a table in Markdown. `-- --seconds 3` changes the time for each cell, from 1. What a
//! store has acknowledged is on its disk, where nothing else is said. `-- --costs` prints another
//! table: the time of each call, by the number of rows.

mod costs;
mod loss;
#[path = "../../tests/stores/owner.rs"]
#[allow(dead_code)] // The tests do more with one.
mod owner;
#[path = "../../tests/stores/server.rs"]
#[allow(dead_code)] // The tests start more than this does.
mod server;
mod store;
mod way;

use std::time::Duration;

use server::Server;
use store::{Place, Postgres, Redis, Sqlite};
use way::{Way, lose, measure};

fn main() {
    if std::env::args().any(|arg| arg == "--costs") {
        println!("{}", cpu());
        costs::print();
    } else {
        compare(Duration::from_secs_f64(seconds()));
    }
}

/// Prints a row for each store and way to count in it.
fn compare(time: Duration) {
    let (redis, relaxed) = (Server::redis(), Server::redis_with_fsync("everysec"));
    let postgres = Server::postgres_with_fsync("on");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let places: [Box<dyn Place>; 4] = [
        Box::new(Redis::new("Redis, fsync each second", relaxed.port())),
        Box::new(Redis::new("Redis", redis.port())),
        Box::new(Postgres::new(postgres.port())),
        Box::new(Sqlite::new(folder.path().join("totals.db"))),
    ];
    println!("{}, {} threads that count, {time:?} for each cell", cpu(), way::THREADS);
    println!();
    println!("| store | way | events/s | lost answers, retried | lost answers, given up |");
    println!("|---|---|---:|---:|---:|");
    for place in &places {
        for way in place.ways() {
            row(&**place, *way, time);
        }
    }
}

fn row(place: &dyn Place, way: Way, time: Duration) {
    let per_second = measure(place, way, time);
    let [retried, given_up] = [true, false].map(|retries| share(lose(place, way, retries)));
    println!(
        "| {} | {} | {} | {retried} | {given_up} |",
        place.name(),
        way.name(place),
        thousands(per_second)
    );
}

/// How far the store is from what was counted.
fn share((stored, counted): (i64, i64)) -> String {
    match stored - counted {
        0 => "exact".to_owned(),
        difference => format!("{:+.2} %", 100.0 * difference as f64 / counted as f64),
    }
}

fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

fn seconds() -> f64 {
    let mut args = std::env::args().skip_while(|arg| arg != "--seconds").skip(1);
    args.next().map_or(1.0, |seconds| seconds.parse().expect("--seconds: expected a number"))
}

/// The processor, and how many cores of it there are.
fn cpu() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split(": ").nth(1));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{}, {cores} cores", model.unwrap_or("unknown CPU"))
}
