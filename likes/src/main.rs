//! Events counted by several processes, and their totals over all of them, through a store.
//!
//! ```text
//! cargo run --release --package quipu-likes                   # all of it, once: three processes count, one watches
//! likes count --count-by 9 access.log                         # lines, and by their 9th field, here the status
//! tail -n 0 -F access.log | likes count                       # lines that come from now on, also in the log's successor
//! likes watch                                                 # the totals, refreshing
//! likes slots                                                 # the processes that write them
//! cargo install --path likes --features redis                 # also for likes count --store redis://127.0.0.1/
//! cargo install --path likes --features cassandra             # ... --store cassandra://node-1,node-2/keyspace
//! ci/cassandra/run --demo                                     # three hosts on three nodes, of which one is killed
//! ```
//!
//! A file serves the processes of one host. A server serves many hosts, and a cluster of Cassandra does so while one of
//! its nodes is down: see `quipu_persist::Cassandra` for the keyspace to make, and for how far that goes.
//!
//! `tail -F` alone begins with the last ten lines, and `tail -n +1 -F` with the first line: each start
//! would count these again.

mod args;
mod count;
mod demo;
mod input;
mod slots;
mod store;
mod watch;

use std::error::Error;
use std::process::ExitCode;

use args::{Args, Command};

const USAGE: &str = "\
usage: likes [demo]
       likes count [--store STORE] [--host ID] [--count-by FIELD] [FILE ...]
       likes watch [--store STORE] [--once]
       likes slots [--store STORE]
       likes help

  demo    three processes count, and one watches
  count   count lines until their end, or SIGINT or SIGTERM: then the store has all that was counted; a second signal
          doesn't wait for it
  watch   show the totals and the hosts that count, again and again
  slots   list the slots of the store: which host writes to each, since when, and until when it has the slot

  STORE   a file of SQLite (default: likes.db), or a URL, for which likes is built with a feature:
            postgres      postgres://USER:PASSWORD@HOST:5432/DATABASE
            postgres-tls  the same, with ?sslmode=require
            redis         redis://USER:PASSWORD@HOST:6379/0, redis+unix:///PATH
            redis-tls     rediss://USER:PASSWORD@HOST:6379/0
            nats          nats://USER:PASSWORD@HOST:4222, nats://TOKEN@HOST, tls://...
            cassandra     cassandra://USER:PASSWORD@HOST:9042,HOST:9042/KEYSPACE
            cassandra-tls cassandras://USER:PASSWORD@HOST:9042,HOST:9042/KEYSPACE
  ID      the name of this host in the store (default: localhost)
  FIELD   count lines by this field too: 1 is the first, and spaces lie between; where it can't name a counter, the
          line counts as \"other\"
  FILE    where the lines are; the standard input, if there is none";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("likes: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let args =
        Args::parse(std::env::args().skip(1)).map_err(|error| format!("{error}\n{USAGE}"))?;
    match args.command {
        Command::Demo => demo::run(),
        Command::Count => count::run(&args),
        Command::Watch => watch::run(&args),
        Command::Slots => slots::run(&args),
        Command::Help => {
            println!("{USAGE}");
            Ok(())
        }
    }
}
