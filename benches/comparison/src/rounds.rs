//! Interleaved rounds, each as long as a measurement is to take.

use std::time::Duration;

/// Nanoseconds that a measurement is to take, about.
const NANOS: f64 = 20e6;

/// Nanoseconds of a run, and what it found.
pub type Timed<T> = (f64, T);

/// Runs every subject, round by round, so that whatever disturbs the machine for a while disturbs
/// all of them. `run` does something a number of times. Returns the rounds of each subject, with
/// nanoseconds for one time.
pub fn interleave<S, T>(
    subjects: &[S],
    rounds: usize,
    run: impl Fn(&S, u64) -> Result<Timed<T>, String>,
) -> Result<Vec<Vec<Timed<T>>>, String> {
    let mut cases = Vec::new();
    for subject in subjects {
        cases.push((subject, calibrate(|times| run(subject, times))?, Vec::new()));
    }
    for _ in 0..rounds {
        for (subject, times, costs) in &mut cases {
            let (nanos, found) = run(subject, *times)?;
            costs.push((nanos / *times as f64, found));
        }
    }
    Ok(cases.into_iter().map(|(_, _, costs)| costs).collect())
}

/// How many times take as long as a measurement is to take.
fn calibrate<T>(run: impl Fn(u64) -> Result<Timed<T>, String>) -> Result<u64, String> {
    const TRIAL: u64 = 20_000;
    // The first warms up.
    run(TRIAL)?;
    let (nanos, _) = run(TRIAL)?;
    Ok((NANOS / nanos * TRIAL as f64) as u64 + 1)
}

pub fn nanos(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}
