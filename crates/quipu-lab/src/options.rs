//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use serde::Serialize;

use super::calls;
use super::contestants::{ENTRIES, Entry};
use super::lookups;
use super::observers;
use super::pin;

/// Measures the cost of counting on this machine: adds while several threads count, observations by
/// histograms and peaks, look-ups by labels, reads, and memory.
///
/// Prints tables and draws plots. A warning says so if the threads had to wait for a core, or if
/// the host took time away. Every total is checked. The exit status is 0 if all were right and all
/// files are written, 1 if not, and 2 if an option is wrong.
#[derive(Debug, Parser, Serialize)]
#[command(name = "quipu-lab", version)]
pub(crate) struct Options {
    /// Strategies, histograms, peaks and look-ups to measure, by commas; default: all
    #[arg(long, value_delimiter = ',', value_parser = names())]
    pub(crate) strategies: Vec<String>,

    /// Numbers of threads that count at once, by commas
    #[arg(long, value_delimiter = ',', default_value = "1,2,4,8", value_parser = count(1, 4096))]
    pub(crate) threads: Vec<u64>,

    /// Numbers of threads that have counted before a read, by commas
    #[arg(long, value_delimiter = ',', default_value = "1,2,4,8,16,32,64", value_parser = count(1, 4096))]
    pub(crate) readers_of: Vec<u64>,

    /// Time of a measurement, in milliseconds
    #[arg(long, default_value_t = 30, value_parser = count(1, 60_000))]
    pub(crate) duration: u64,

    /// Number of measurements of everything; their rounds are interleaved
    #[arg(long, default_value_t = 9, value_parser = count(1, 10_000))]
    pub(crate) rounds: u64,

    /// Share of reads in a thread's operations, from 0 to 0.99
    #[arg(long, default_value_t = 0.0, value_parser = read_share)]
    pub(crate) read_share: f64,

    /// Work after each operation, in turns of an empty loop, about a cycle each; figures include it
    #[arg(long, default_value_t = 0, value_parser = count(0, 1_000_000))]
    pub(crate) work: u64,

    /// Numbers of counters that each thread adds to in rotation, by commas
    #[arg(long, value_delimiter = ',', default_value = "1,8", value_parser = count(1, 100_000))]
    pub(crate) counters: Vec<u64>,

    /// Keep each thread on a CPU of its own, as far as there are enough (Linux)
    #[arg(long, value_parser = pin_is_possible, num_args = 0, default_missing_value = "true", default_value = "false")]
    pub(crate) pin: bool,

    /// Measure adds on 1 to all cores, fit a model of contention, and draw it for up to four times
    /// as many cores
    ///
    /// Needs three cores. Fails, and writes no file, where the model misses a measured cost by more
    /// than a factor of 2.
    #[arg(long, conflicts_with_all = ["strategies", "threads", "readers_of", "read_share", "work", "counters"])]
    pub(crate) projection: bool,

    /// Write the plots to this file; default: a file beside the program
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,

    /// Write the first of the plots alone to this file, as quipu's README shows it
    #[arg(long, value_name = "FILE", conflicts_with = "projection")]
    pub(crate) first_svg: Option<PathBuf>,

    /// Write the medians to this file, as comma-separated values
    ///
    /// Two files come with it. For `figures.csv`, `figures-rounds.csv` has every round of every
    /// figure, and `figures-context.json` says what they are from: machine, system, compiler,
    /// version, time, load, all options. The column `run` is the context's `started`. The tables
    /// have no comment lines, so every tool reads them as they are.
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,

    /// Write all of it to this file, as JSON: the context, the medians, every round
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

impl Options {
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_millis(self.duration)
    }

    /// The contestants, in the order of the tables.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &'static Entry> {
        ENTRIES.iter().filter(|entry| self.is_chosen(entry.name))
    }

    /// The histograms, peaks and look-ups, in the order of their tables.
    pub(crate) fn callees(&self) -> impl Iterator<Item = &'static calls::Entry> {
        callees().filter(|entry| self.is_chosen(entry.name))
    }

    fn is_chosen(&self, name: &str) -> bool {
        self.strategies.is_empty() || self.strategies.iter().any(|chosen| chosen == name)
    }

    /// The steps of the whole measurement.
    pub(crate) fn steps(&self) -> u64 {
        let [threads, counters, readers_of] =
            [&self.threads, &self.counters, &self.readers_of].map(|list| list.len() as u64);
        // Operations, a reader beside writers, latency; then reads and memory.
        let measurements = self.rounds * (threads * counters + threads + 1) + readers_of + 1;
        self.entries().count() as u64 * measurements
            + self.callees().count() as u64 * self.rounds * threads
    }
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(all_names())
}

/// The names of all that can be measured.
pub(crate) fn all_names() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|entry| entry.name).chain(callees().map(|entry| entry.name))
}

fn callees() -> impl Iterator<Item = &'static calls::Entry> {
    observers::ENTRIES.iter().chain(lookups::ENTRIES)
}

fn count(least: u64, most: u64) -> clap::builder::RangedU64ValueParser {
    clap::builder::RangedU64ValueParser::new().range(least..=most)
}

fn read_share(text: &str) -> Result<f64, String> {
    let share = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (0.0..=0.99).contains(&share) {
        Ok(share)
    } else {
        Err("expected a number from 0 to 0.99".to_owned())
    }
}

fn pin_is_possible(text: &str) -> Result<bool, String> {
    match text {
        "true" if !pin::IS_POSSIBLE => {
            Err("expected Linux: threads can't be pinned here".to_owned())
        }
        text => Ok(text == "true"),
    }
}
