//! Events counted by several processes, and their totals over all of them, through a store.
//!
//! ```text
//! cargo run --release --features sqlite --example likes          # all of it, once: three processes count, one watches
//! likes count --count-by 9 access.log                            # lines, and by their 9th field, here the status
//! tail -F access.log | likes count --store redis://127.0.0.1/    # lines, as they come
//! likes watch --store redis://127.0.0.1/                         # the totals, refreshing
//! ```

mod args;
mod count;
mod demo;
mod store;
mod watch;

use std::error::Error;
use std::process::ExitCode;

use args::{Args, Command};

const USAGE: &str = "\
usage: likes [demo]
       likes count [--store STORE] [--host ID] [--count-by FIELD] [FILE ...]
       likes watch [--store STORE] [--once]

  STORE   a file of SQLite (default: likes.db), or a URL: postgres://, redis:// or nats://
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
    }
}
