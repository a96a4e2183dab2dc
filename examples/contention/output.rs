//! The files that the figures go to. They are opened before anything is measured, so that none is measured in vain.

use std::env;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::options::Options;
use crate::record::Record;

pub(crate) struct Outputs {
    svg: PathBuf,
    csv: Option<PathBuf>,
    json: Option<PathBuf>,
}

impl Outputs {
    /// An error if one of the files can't be written.
    pub(crate) fn open(options: &Options) -> Result<Self, String> {
        let svg = options.svg.clone().unwrap_or_else(beside_program);
        let outputs = Self { svg, csv: options.csv.clone(), json: options.json.clone() };
        for path in [Some(&outputs.svg), outputs.csv.as_ref(), outputs.json.as_ref()].into_iter().flatten() {
            // What the file has is kept until there is something to replace it.
            OpenOptions::new().append(true).create(true).open(path).map_err(|error| cannot_write(path, &error))?;
        }
        Ok(outputs)
    }

    /// Writes the files, the plots by `plot`, and tells where they are.
    pub(crate) fn write(
        &self,
        records: &[Record],
        plot: impl FnOnce(&Path) -> Result<(), String>,
    ) -> Result<(), String> {
        if let Some(path) = &self.csv {
            csv(path, records).map_err(|error| cannot_write(path, &error))?;
            println!("Figures: {}", path.display());
        }
        if let Some(path) = &self.json {
            let write =
                serde_json::to_string_pretty(records).map_err(io::Error::from).and_then(|text| fs::write(path, text));
            write.map_err(|error| cannot_write(path, &error))?;
            println!("Figures: {}", path.display());
        }
        plot(&self.svg)?;
        println!("Plots: {}", self.svg.display());
        Ok(())
    }
}

fn beside_program() -> PathBuf {
    env::current_exe().unwrap_or_default().with_file_name("contention.svg")
}

fn csv(path: &Path, records: &[Record]) -> io::Result<()> {
    let mut writer = csv::Writer::from_path(path)?;
    writer.write_record(["strategy", "measure", "threads", "counters", "median", "least", "most"])?;
    for Record { strategy, measure, threads, counters, value } in records {
        writer.serialize((strategy, measure, threads, counters, value.median, value.least, value.most))?;
    }
    writer.flush()
}

pub(crate) fn cannot_write(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}: expected a file that can be written", path.display())
}
