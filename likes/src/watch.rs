//! The totals over all processes, dead or alive, and the hosts that count.

use std::error::Error;
use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::thread;
use std::time::Duration;

use quipu_persist::Store;

use crate::args::Args;
use crate::{slots, store};

pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let mut store = store::open(&args.store)?;
    loop {
        let table = table(&mut *store);
        match table {
            Ok(table) => show(&table),
            Err(error) if args.once => return Err(error.into()),
            // It may be there again soon.
            Err(error) => eprintln!("likes: {error}"),
        }
        if args.once {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(500));
    }
}

/// Over the table before it, where there is a screen.
pub(crate) fn show(table: &str) {
    let clear = if io::stdout().is_terminal() { "\x1b[H\x1b[2J" } else { "" };
    println!("{clear}{table}");
}

pub(crate) fn table(store: &mut dyn Store) -> Result<String, quipu_persist::Error> {
    let mut table = format!("{:<40} {:>12}\n", "counter", "total");
    for (counter, total) in store.totals()? {
        // Writing to a string doesn't fail.
        let _ = writeln!(table, "{counter:<40} {total:>12}");
    }
    let hosts = slots::hosts_that_count(store)?;
    let _ = write!(table, "hosts that count: {}", hosts.join(", "));
    Ok(table)
}
