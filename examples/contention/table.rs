//! The tables on the terminal, in Markdown.

use std::fmt::Write as _;

use crate::measure::{Cost, Plan, cores};
use crate::reads::Comparison;
use crate::stats::Spread;

/// Under which conditions the figures were measured.
pub(crate) fn conditions(plan: &Plan) -> String {
    let processor = std::fs::read_to_string("/proc/cpuinfo").ok();
    let model = processor.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("model name")));
    let model = model.map_or("unknown processor", |model| model.trim_start_matches([' ', '\t', ':']));
    format!(
        "{model}, {} cores; {} interleaved rounds of about {} ms. The loops' barrier is an empty `asm!` that takes the \
         reference in a register. Cost of an add: nanoseconds of one core, from the first thread's start to the last \
         one's end; median, and the least and the most of the rounds. All totals were exact.\n",
        cores(),
        plan.rounds,
        plan.millis
    )
}

/// A row for each contestant, a column for each number of threads.
pub(crate) fn adds(plan: &Plan, costs: &[Cost]) -> String {
    let mut text = String::from("| ns an add |");
    for threads in &plan.threads {
        let _ = write!(text, " {threads} thread{} |", if *threads == 1 { "" } else { "s" });
    }
    text += "\n|---|";
    text += &"--:|".repeat(plan.threads.len());
    text += "\n";
    let rows = costs.iter().filter(|cost| cost.threads == plan.threads[0]);
    for Cost { name, .. } in rows {
        let _ = write!(text, "| {name} |");
        for cost in costs.iter().filter(|cost| cost.name == *name) {
            let _ = write!(text, " {} |", nanos(&cost.nanos));
        }
        text += "\n";
    }
    text
}

pub(crate) fn reads(comparisons: &[Comparison]) -> String {
    let mut text = String::from("| read | ns | compared with | ns | ratio |\n|---|--:|---|--:|--:|\n");
    for Comparison { what, nanos: ours, than, reference } in comparisons {
        let ratio = ours.median / reference.median;
        let _ = writeln!(text, "| {what} | {} | {than} | {} | {ratio:.2} |", nanos(ours), nanos(reference));
    }
    text
}

fn nanos(spread: &Spread) -> String {
    let Spread { median, least, most } = spread;
    let digits = if *median < 100.0 { 2 } else { 0 };
    format!("{median:.digits$} ({least:.digits$}–{most:.digits$})")
}
