//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use indicatif::{ProgressBar, ProgressStyle};

use crate::contestants::{ENTRIES, Entry};
use crate::pin;

/// Measures what counting costs on this machine: an add while several threads count, a read, and the memory.
#[derive(Debug, Parser)]
#[command(name = "contention")]
pub(crate) struct Options {
    /// What to measure, by commas; all if it isn't given
    #[arg(long, value_delimiter = ',', value_parser = names())]
    pub(crate) strategies: Vec<String>,

    /// How many threads are to count at once, by commas
    #[arg(long, value_delimiter = ',', default_value = "1,2,4,8", value_parser = count(1, 4096))]
    pub(crate) threads: Vec<u64>,

    /// How many threads are to have counted before a read, by commas
    #[arg(long, value_delimiter = ',', default_value = "1,2,4,8,16,32,64", value_parser = count(1, 4096))]
    pub(crate) readers_of: Vec<u64>,

    /// How long each measurement is to take, in milliseconds
    #[arg(long, default_value_t = 30, value_parser = count(1, 60_000))]
    pub(crate) duration: u64,

    /// How often everything is measured; the rounds are interleaved
    #[arg(long, default_value_t = 9, value_parser = count(1, 10_000))]
    pub(crate) rounds: u64,

    /// Which part of a thread's operations are reads, from 0 to 0.99
    #[arg(long, default_value_t = 0.0, value_parser = read_share)]
    pub(crate) read_share: f64,

    /// Work between two operations, in turns of an empty loop, about a cycle each
    #[arg(long, default_value_t = 0, value_parser = count(0, 1_000_000))]
    pub(crate) work: u64,

    /// How many counters the threads add to, one after the other
    #[arg(long, default_value_t = 1, value_parser = count(1, 100_000))]
    pub(crate) counters: u64,

    /// Keep each thread on a CPU of its own, as far as there are enough (Linux)
    #[arg(long, value_parser = pin_is_possible, num_args = 0, default_missing_value = "true", default_value = "false")]
    pub(crate) pin: bool,

    /// Measure what a line transfer, a locked and a plain add cost, and draw what a model makes of it for 4 to 256 cores
    #[arg(long, conflicts_with_all = ["strategies", "threads", "readers_of", "read_share", "work", "counters"])]
    pub(crate) projection: bool,

    /// Write the plots to this file; beside the program if it isn't given
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,

    /// Write every figure to this file, as comma-separated values
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,

    /// Write every figure to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

impl Options {
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_millis(self.duration)
    }

    /// What is to be measured, in the order of the tables.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &'static Entry> {
        ENTRIES
            .iter()
            .filter(|entry| self.strategies.is_empty() || self.strategies.iter().any(|name| name == entry.name))
    }

    /// A bar on the terminal; nothing if the output is a file.
    pub(crate) fn progress(&self) -> ProgressBar {
        let entries = self.entries().count() as u64;
        let steps = entries * (self.readers_of.len() as u64 + 1 + self.rounds * self.threads.len() as u64);
        let style = ProgressStyle::with_template("{wide_bar} {percent} %  {msg}  {eta} left");
        ProgressBar::new(steps).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    }
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(ENTRIES.iter().map(|entry| entry.name))
}

fn count(least: u64, most: u64) -> clap::builder::RangedU64ValueParser {
    clap::builder::RangedU64ValueParser::new().range(least..=most)
}

fn read_share(text: &str) -> Result<f64, String> {
    let share = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (0.0..=0.99).contains(&share) { Ok(share) } else { Err("expected a number from 0 to 0.99".to_owned()) }
}

fn pin_is_possible(text: &str) -> Result<bool, String> {
    match text {
        "true" if !pin::IS_POSSIBLE => Err("expected Linux: threads can't be pinned here".to_owned()),
        text => Ok(text == "true"),
    }
}
