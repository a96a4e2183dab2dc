//! OpenJDK's counters, in a process of their own that does what it is told on its standard input.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::measure::{ADDERS, READ_AFTER, TAKES, Timed};

pub(crate) const KINDS: [&str; 2] = ["LongAdder", "AtomicLong"];

pub(crate) struct Java {
    child: Child,
    pipes: RefCell<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Java {
    /// `None`, and a line about it, where there is no JDK.
    pub(crate) fn start() -> Result<Option<Self>, String> {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/java/Counters.java");
        let mut command = Command::new("java");
        let child = command.arg(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut child) = child else {
            eprintln!(
                "comparison: no `java` was found: expected a JDK of version 11 or later. Its rows are left out."
            );
            return Ok(None);
        };
        let (input, output) =
            child.stdin.take().zip(child.stdout.take()).ok_or("java has no standard streams")?;
        Ok(Some(Self { child, pipes: RefCell::new((input, BufReader::new(output))) }))
    }

    /// Asks as `Counters.java` says.
    fn ask(
        &self,
        what: &str,
        kind: &str,
        threads: usize,
        times: u64,
    ) -> Result<(u64, u64), String> {
        let (input, output) = &mut *self.pipes.borrow_mut();
        let mut line = String::new();
        let sent = writeln!(input, "{what} {kind} {threads} {times}").and_then(|()| input.flush());
        sent.and_then(|()| output.read_line(&mut line))
            .map_err(|error| format!("java: {error}"))?;
        let words = line
            .split_once(' ')
            .and_then(|(first, second)| Some((first.parse().ok()?, second.trim().parse().ok()?)));
        words.ok_or_else(|| format!("java answered {line:?}: expected two whole numbers"))
    }

    pub(crate) fn add(&self, kind: &str, threads: usize, times: u64) -> Result<Timed, String> {
        let (nanos, sum) = self.ask("add", kind, threads, times)?;
        Ok((nanos as f64, sum == threads as u64 * times))
    }

    /// Of a counter that as many threads have added 1 to as here.
    pub(crate) fn read(&self, kind: &str, times: u64) -> Result<Timed, String> {
        let (nanos, sum) = self.ask("read", kind, READ_AFTER, times)?;
        Ok((nanos as f64, sum == READ_AFTER as u64))
    }

    pub(crate) fn is_exact_with_takes(&self, kind: &str) -> Result<bool, String> {
        let (added, taken) = self.ask("take", kind, ADDERS, TAKES.as_millis() as u64)?;
        Ok(added == taken)
    }
}

impl Drop for Java {
    fn drop(&mut self) {
        // It has nothing to lose, and may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
