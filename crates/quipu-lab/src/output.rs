//! The files that the figures go to. They are created before anything is measured, and appear once
//! all are written.

use std::env;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::context::Context;
use super::draft::Draft;
use super::options::Options;
use super::plot;
use super::record::{Measure, Record, Round};
use super::stats::Spread;

pub(crate) struct Outputs {
    svg: Draft,
    first_svg: Option<Draft>,
    csv: Option<Tables>,
    json: Option<Draft>,
}

/// Comma-separated values: plain tables, which every tool reads, so the context is beside them.
struct Tables {
    medians: Draft,
    rounds: Draft,
    context: Draft,
}

/// Everything that is known of a run.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    pub(crate) context: Context<'a>,
    pub(crate) records: Vec<Record>,
}

impl Outputs {
    /// An error if one of the files can't be written.
    pub(crate) fn open(options: &Options) -> Result<Self, String> {
        Ok(Self {
            svg: Draft::open(&options.svg.clone().unwrap_or_else(beside_program))?,
            first_svg: options.first_svg.as_deref().map(Draft::open).transpose()?,
            csv: options.csv.as_deref().map(Tables::open).transpose()?,
            json: options.json.as_deref().map(Draft::open).transpose()?,
        })
    }

    /// Writes the files. Returns a line for each that says where it is.
    pub(crate) fn write(self, report: &Report<'_>, plots: String) -> Result<Vec<String>, String> {
        let mut files = Vec::new();
        if let Some(Tables { medians, rounds, context }) = self.csv {
            files.push(("Figures", medians, medians_csv(report)?));
            files.push(("Rounds", rounds, rounds_csv(report)?));
            files.push(("Context", context, json(&report.context)?));
        }
        if let Some(draft) = self.json {
            files.push(("Figures", draft, json(report)?));
        }
        if let Some(draft) = self.first_svg {
            files.push(("Plot", draft, plot::first(report).into()));
        }
        files.push(("Plots", self.svg, plots.into()));
        for (_, draft, text) in &mut files {
            draft.write(text)?;
        }
        files
            .into_iter()
            .map(|(title, draft, _)| Ok(format!("{title}: {}", draft.finish()?.display())))
            .collect()
    }
}

impl Tables {
    fn open(path: &Path) -> Result<Self, String> {
        Ok(Self {
            medians: Draft::open(path)?,
            rounds: Draft::open(&beside(path, "-rounds.csv"))?,
            context: Draft::open(&beside(path, "-context.json"))?,
        })
    }
}

/// `figures-rounds.csv` of `figures.csv`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

fn beside_program() -> PathBuf {
    env::current_exe().unwrap_or_default().with_file_name("contention.svg")
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, String> {
    let text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
    Ok((text + "\n").into())
}

/// A row of the medians.
#[derive(Serialize)]
struct Median<'a> {
    run: &'a str,
    strategy: &'a str,
    measure: Measure,
    threads: usize,
    counters: usize,
    median: f64,
    least: f64,
    most: f64,
}

/// A row of the rounds.
#[derive(Serialize)]
struct OneRound<'a> {
    run: &'a str,
    strategy: &'a str,
    measure: Measure,
    threads: usize,
    counters: usize,
    round: usize,
    value: f64,
    waited: Option<f64>,
}

fn medians_csv(report: &Report<'_>) -> Result<Vec<u8>, String> {
    let run = &report.context.started;
    csv(report.records.iter().map(|record| {
        let &Record {
            ref strategy,
            measure,
            threads,
            counters,
            value: Spread { median, least, most },
            ..
        } = record;
        Median { run, strategy, measure, threads, counters, median, least, most }
    }))
}

fn rounds_csv(report: &Report<'_>) -> Result<Vec<u8>, String> {
    let run = &report.context.started;
    csv(report.records.iter().flat_map(|record| {
        let &Record { ref strategy, measure, threads, counters, ref rounds, .. } = record;
        (1..).zip(rounds).map(move |(round, &Round { value, waited })| OneRound {
            run,
            strategy,
            measure,
            threads,
            counters,
            round,
            value,
            waited,
        })
    }))
}

/// The fields' names, and the rows.
fn csv(rows: impl Iterator<Item = impl Serialize>) -> Result<Vec<u8>, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).map_err(|error| error.to_string())?;
    }
    writer.into_inner().map_err(|error| error.to_string())
}
