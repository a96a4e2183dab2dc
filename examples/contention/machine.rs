//! What the figures are from.

use std::fs;

use crate::threads::cores;

/// The processor, and how many of its cores the process may use.
pub(crate) fn machine() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    format!("{}, {} cores", model.map_or("unknown processor", |(_, model)| model), cores())
}
