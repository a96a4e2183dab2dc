//! The machine in a line.

use std::fs;

use super::threads::cores;

/// The processor, and the number of its cores that the process may use.
///
/// ```
/// use quipu_lab::{machine::machine, threads::cores};
///
/// assert!(machine().ends_with(&format!(", {} cores", cores())));
/// ```
pub fn machine() -> String {
    format!("{}, {} cores", processor().as_deref().unwrap_or("unknown processor"), cores())
}

/// The processor's model; `None` if the system doesn't tell.
///
/// ```
/// use quipu_lab::machine::{machine, processor};
///
/// if let Some(model) = processor() {
///     assert!(machine().starts_with(&model));
/// }
/// ```
pub fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map(|(_, model)| model.to_owned())
}
