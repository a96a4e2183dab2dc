//! Three processes that count the events of a log each, and another that shows the totals, live. At
//! the end they are compared with what was written.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::process::{self, ChildStdin, Command, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

use quipu_persist::{Sqlite, Store};

use crate::count::LINES;
use crate::watch;

const PROCESSES: u64 = 3;
const LINES_OF_EACH: u64 = 300_000;

/// The event of a line, by its number: clicks are the most frequent.
const EVENTS: [&str; 8] =
    ["clicks", "likes", "clicks", "retweets", "clicks", "likes", "clicks", "shares"];

pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let folder = env::temp_dir().join(format!("likes-{}", process::id()));
    fs::create_dir(&folder)?;
    let result = run_in(&folder);
    fs::remove_dir_all(&folder)?;
    result
}

fn run_in(folder: &Path) -> Result<(), Box<dyn Error>> {
    let path = folder.join("likes.db");
    let mut watching = likes(&["watch"], &path)?.spawn()?;
    let counted = count(&path);
    watching.kill()?;
    watching.wait()?;
    counted?;
    let mut store = Sqlite::new(&path);
    watch::show(&watch::table(&mut store)?);
    check(&mut store)
}

/// This program, as another process.
fn likes(args: &[&str], path: &Path) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(args).arg("--store").arg(path);
    Ok(command)
}

fn count(path: &Path) -> Result<(), Box<dyn Error>> {
    let start = |host| {
        likes(&["count", "--count-by", "2", "--host", &format!("host-{host}")], path)?
            .stdin(Stdio::piped())
            .spawn()
    };
    let mut hosts = (1..=PROCESSES).map(start).collect::<Result<Vec<_>, _>>()?;
    thread::scope(|scope| {
        for process in &mut hosts {
            let input = process.stdin.take();
            scope.spawn(move || input.map(write_log));
        }
    });
    for process in &mut hosts {
        let status = process.wait()?;
        if !status.success() {
            return Err(format!("a process that counts ended with {status}").into());
        }
    }
    Ok(())
}

fn event(line: u64) -> &'static str {
    EVENTS[(line % EVENTS.len() as u64) as usize]
}

/// Lines of a log, with the event as their second field.
fn write_log(input: ChildStdin) -> io::Result<()> {
    let mut input = io::BufWriter::new(input);
    for line in 0..LINES_OF_EACH {
        writeln!(input, "2026-11-24T02:26:01Z {} user={}", event(line), line % 256)?;
        if line % (LINES_OF_EACH / 20) == 0 {
            thread::sleep(Duration::from_millis(100));
        }
    }
    input.flush()
}

fn check(store: &mut Sqlite) -> Result<(), Box<dyn Error>> {
    let of = |wanted| {
        (0..LINES_OF_EACH).filter(|line| event(*line) == wanted).count() as u64 * PROCESSES
    };
    let events = ["likes", "retweets", "clicks", "shares"].map(|event| (event, of(event)));
    for (counter, written) in events.into_iter().chain([(LINES, PROCESSES * LINES_OF_EACH)]) {
        let total = store.total(counter)?;
        if total != written as i64 {
            return Err(format!("{counter}: {total} in the store, {written} were written").into());
        }
    }
    println!(
        "Each total is what was written: {} events by {PROCESSES} processes.",
        PROCESSES * LINES_OF_EACH
    );
    Ok(())
}
