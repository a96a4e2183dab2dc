//! Costs beside each other.

use std::fmt::{self, Display, Formatter};

use quipu_lab::stats::Spread;
use quipu_lab::threads::cores;

use crate::rounds::{self, Timed};

/// The numbers of threads that costs are measured for.
pub const THREADS: [usize; 4] = [1, 2, 8, 64];

pub struct Cost {
    /// Nanoseconds of one core for what is done once.
    nanos: Spread,
    /// The median of the rounds' ratios to the first subject.
    ratio: f64,
}

impl Cost {
    /// The cost of one subject's rounds, beside those of the first.
    pub fn beside(nanos: Vec<f64>, first: &[f64]) -> Self {
        let ratios = nanos.iter().zip(first).map(|(nanos, first)| nanos / first).collect();
        Self { ratio: Spread::of(ratios).median, nanos: Spread::of(nanos) }
    }
}

impl Display for Cost {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let digits = if self.nanos.median < 100.0 { 2 } else { 0 };
        write!(formatter, "{:.digits$} ({:.2})", self.nanos.median, self.ratio)
    }
}

/// The figures of one subject.
pub struct Row<T> {
    pub name: &'static str,
    /// For each of [`THREADS`].
    pub costs: Vec<Cost>,
    /// Which of the totals were exact in every round.
    pub exact: T,
}

/// Measures subjects beside each other. `subjects` makes them, with their names, for a number of
/// threads. `run` does something a number of times on each of so many threads; it returns the time
/// of all, and which totals were exact, for `both` to combine.
pub fn rows<S, T: Copy>(
    rounds: usize,
    subjects: impl Fn(usize) -> Vec<(&'static str, S)>,
    run: impl Fn(&S, usize, u64) -> Timed<T>,
    both: impl Fn(T, T) -> T,
) -> Result<Vec<Row<T>>, String> {
    let mut rows: Vec<Row<T>> = Vec::new();
    for threads in THREADS {
        let subjects = subjects(threads);
        let run = |(_, subject): &(&str, S), times| Ok(run(subject, threads, times));
        let rounds = rounds::interleave(&subjects, rounds, run)?;
        let first = of_one_core(&rounds[0], threads);
        for (index, rounds) in rounds.into_iter().enumerate() {
            let cost = Cost::beside(of_one_core(&rounds, threads), &first);
            let exact = rounds.into_iter().map(|(_, exact)| exact).reduce(&both);
            let exact = exact.expect("there is a round");
            match rows.get_mut(index) {
                Some(row) => {
                    row.exact = both(row.exact, exact);
                    row.costs.push(cost);
                }
                None => rows.push(Row { name: subjects[index].0, costs: vec![cost], exact }),
            }
        }
    }
    Ok(rows)
}

/// Nanoseconds that one core was busy, in each round.
fn of_one_core<T>(rounds: &[Timed<T>], threads: usize) -> Vec<f64> {
    let share = threads.min(cores()) as f64 / threads as f64;
    rounds.iter().map(|(nanos, _)| nanos * share).collect()
}

/// The rows in Markdown. `is_exact` says for each of the totals whether it was exact; `None` where
/// there is none.
pub fn table<T: Copy>(
    title: &str,
    totals: &[&str],
    rows: &[Row<T>],
    is_exact: impl Fn(T) -> Vec<Option<bool>>,
) -> String {
    let threads: String = THREADS.iter().map(|threads| format!(" {threads} thr. |")).collect();
    let exact: String = totals.iter().map(|total| format!(" {total} |")).collect();
    let mut text = format!(
        "| {title} |{threads}{exact}\n|---|{}{}\n",
        "--:|".repeat(THREADS.len()),
        ":-:|".repeat(totals.len())
    );
    for row in rows {
        let costs: String = row.costs.iter().map(|cost| format!(" {cost} |")).collect();
        let exact: String = is_exact(row.exact).into_iter().map(answer).collect();
        text += &format!("| {} |{costs}{exact}\n", row.name);
    }
    text
}

fn answer(is_exact: Option<bool>) -> String {
    let answer = match is_exact {
        None => "–",
        Some(true) => "yes",
        Some(false) => "**no**",
    };
    format!(" {answer} |")
}
