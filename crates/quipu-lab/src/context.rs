//! Origin of the figures: the part of every file that makes it citable.

use std::time::SystemTime;

use serde::Serialize;

use super::busy::{Busy, Ticks};
use super::clock::utc;
use super::options::Options;
use super::program::Program;
use super::record::Record;
use super::system::{System, load_average};

/// Facts that are known before anything is measured.
pub(crate) struct Start {
    pub(crate) system: System,
    started: String,
    load: Option<[f64; 3]>,
    ticks: Option<Ticks>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Context<'a> {
    pub(crate) program: Program,
    pub(crate) system: System,
    pub(crate) started: String,
    ended: String,
    load_average: Load,
    pub(crate) busy: Busy,
    pub(crate) options: &'a Options,
}

/// Load averages of 1, 5 and 15 minutes.
#[derive(Debug, Serialize)]
struct Load {
    before: Option<[f64; 3]>,
    after: Option<[f64; 3]>,
}

impl Start {
    pub(crate) fn now() -> Self {
        Self {
            system: System::here(),
            started: utc(SystemTime::now()),
            load: load_average(),
            ticks: Ticks::now(),
        }
    }

    /// To be called when everything is measured.
    pub(crate) fn end<'a>(self, options: &'a Options, records: &[Record]) -> Context<'a> {
        let stolen =
            Ticks::now().zip(self.ticks).and_then(|(now, before)| now.stolen_since(before));
        Context {
            program: Program::this(),
            system: self.system,
            started: self.started,
            ended: utc(SystemTime::now()),
            load_average: Load { before: self.load, after: load_average() },
            busy: Busy::of(records, stolen),
            options,
        }
    }
}

impl Context<'_> {
    /// The most important of it, for the foot of a plot: the machine, and the program.
    pub(crate) fn lines(&self) -> [String; 2] {
        let Self { program, system, started, .. } = self;
        let unknown = |fact: &Option<String>| fact.clone().unwrap_or_else(|| "unknown".to_owned());
        let (processor, hypervisor) = (unknown(&system.processor), unknown(&system.hypervisor));
        [
            format!(
                "CPU: {processor}, {} cores; hypervisor: {hypervisor}; {}",
                system.cores, system.kernel
            ),
            format!("quipu {}, {}; {started}", program.quipu, unknown(&program.compiler)),
        ]
    }
}
