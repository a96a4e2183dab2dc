//! OpenJDK's counters, in a process of their own that does what it is told on its standard input.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::measure::{READ_AFTER, Row};
use crate::stats::Spread;

const KINDS: [&str; 2] = ["LongAdder", "AtomicLong"];

pub(crate) struct Java {
    child: Child,
    pipes: RefCell<(ChildStdin, BufReader<ChildStdout>)>,
}

type Answer = (f64, u64);

impl Java {
    /// `None`, and a line about it, where there is no JDK.
    pub(crate) fn start() -> Result<Option<Self>, String> {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/java/Counters.java");
        let mut command = Command::new("java");
        let child = command.arg(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut child) = child else {
            eprintln!("comparison: no `java` was found: expected a JDK of version 11 or later. Its rows are left out.");
            return Ok(None);
        };
        let (input, output) = child.stdin.take().zip(child.stdout.take()).ok_or("java has no standard streams")?;
        Ok(Some(Self { child, pipes: RefCell::new((input, BufReader::new(output))) }))
    }

    /// Sends "what kind threads times", and gets nanoseconds and a sum.
    fn ask(&self, what: &str, kind: &str, threads: usize, times: u64) -> Result<Answer, String> {
        let (input, output) = &mut *self.pipes.borrow_mut();
        let mut line = String::new();
        let sent = writeln!(input, "{what} {kind} {threads} {times}").and_then(|()| input.flush());
        sent.and_then(|()| output.read_line(&mut line)).map_err(|error| format!("java: {error}"))?;
        let words = line.split_once(' ').and_then(|(nanos, sum)| Some((nanos.parse().ok()?, sum.trim().parse().ok()?)));
        words.ok_or_else(|| format!("java answered {line:?}: expected nanoseconds and a sum"))
    }

    /// What is measured of each kind alone.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Result<Row, String>> {
        KINDS.iter().map(|kind| self.row(kind))
    }

    fn row(&self, kind: &str) -> Result<Row, String> {
        const READS: u64 = 1_000_000;
        const ADDS: u64 = 2_000_000;
        let reads: Result<Vec<f64>, String> =
            (0..7).map(|_| Ok(self.ask("read", kind, READ_AFTER, READS)?.0 / READS as f64)).collect();
        let (_, taken) = self.ask("take", kind, 3, ADDS)?;
        Ok(Row {
            name: format!("Java `{kind}`"),
            add: Vec::new(),
            read: Some(Spread::of(reads?)),
            bytes: None,
            is_exact: true,
            is_exact_with_takes: Some(taken == 3 * ADDS),
            churn: Vec::new(),
        })
    }

    /// How each kind adds.
    pub(crate) fn adding<'a>(
        &'a self,
    ) -> impl Iterator<Item = Box<dyn FnMut(usize, u64) -> Result<Answer, String> + 'a>> {
        KINDS.iter().map(move |kind| {
            let ask = move |threads, adds| self.ask("add", kind, threads, adds);
            Box::new(ask) as Box<dyn FnMut(usize, u64) -> Result<Answer, String> + 'a>
        })
    }
}

impl Drop for Java {
    fn drop(&mut self) {
        // It has nothing to lose, and may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
