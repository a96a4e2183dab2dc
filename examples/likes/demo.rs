//! Three processes that count the lines of an access log each, and the totals, live. At the end they are compared with
//! what was written.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::Duration;

use quipu::persist::{Sqlite, Store};

use crate::count::LINES;
use crate::watch;

const PROCESSES: u64 = 3;
const LINES_OF_EACH: u64 = 300_000;

pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("likes.db");
    let mut store = Sqlite::new(&path);
    let mut hosts = (1..=PROCESSES).map(|host| start(host, &path)).collect::<Result<Vec<_>, _>>()?;
    thread::scope(|scope| {
        for (host, process) in (1..).zip(&mut hosts) {
            let input = process.stdin.take();
            scope.spawn(move || input.map(|input| write_log(host, input)));
        }
        while hosts.iter_mut().any(|process| matches!(process.try_wait(), Ok(None))) {
            watch::show(&watch::table(&mut store)?);
            thread::sleep(Duration::from_millis(500));
        }
        Ok::<(), Box<dyn Error>>(())
    })?;
    watch::show(&watch::table(&mut store)?);
    check(&mut store)
}

fn start(host: u64, path: &Path) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["count", "--count-by", "9", "--host"])
        .arg(format!("host-{host}"))
        .arg("--store")
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
}

/// The status of a line: one in ten isn't found.
fn status(line: u64) -> u32 {
    if line % 10 == 0 { 404 } else { 200 }
}

/// Lines in the Common Log Format, whose 9th field is the status.
fn write_log(host: u64, input: ChildStdin) -> std::io::Result<()> {
    let mut input = std::io::BufWriter::new(input);
    for line in 0..LINES_OF_EACH {
        let status = status(line);
        writeln!(
            input,
            "10.0.{host}.{} - - [24/Nov/2026:02:26:01 +0000] \"GET /like/{line} HTTP/1.1\" {status} 12",
            line % 256
        )?;
        if line % (LINES_OF_EACH / 20) == 0 {
            thread::sleep(Duration::from_millis(100));
        }
    }
    input.flush()
}

fn check(store: &mut Sqlite) -> Result<(), Box<dyn Error>> {
    let of = |wanted| (0..LINES_OF_EACH).filter(|line| status(*line) == wanted).count() as u64 * PROCESSES;
    let expected = [
        (LINES.to_owned(), PROCESSES * LINES_OF_EACH),
        (format!("{LINES} of 200"), of(200)),
        (format!("{LINES} of 404"), of(404)),
    ];
    for (counter, written) in expected {
        let total = store.total(&counter)?;
        if total != written as i64 {
            return Err(format!("{counter}: {total} in the store, {written} were written").into());
        }
    }
    println!("Each total is what was written: {} lines by {PROCESSES} processes.", PROCESSES * LINES_OF_EACH);
    Ok(())
}
