//! A histogram as text for people.

use std::fmt;
use std::time::Duration;

use quipu_registry::Unit;

use super::snapshot::{Bucket, HistogramSnapshot};

/// The number of lines that a chart has at most.
const LINES: usize = 16;

/// The length of the longest bar.
const WIDTH: u64 = 40;

/// A small bar chart: one line for each bucket from the first to the last that has observations,
/// or for several neighbours, if there are many.
impl fmt::Display for HistogramSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = lines(self);
        let most = lines.iter().map(|line| line.count).max().unwrap_or(0);
        let texts: Vec<_> = lines.iter().map(|line| range(line, self.unit())).collect();
        let widest = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0);
        for (line, text) in lines.iter().zip(texts) {
            let len = u128::from(line.count) * u128::from(WIDTH) / u128::from(most.max(1));
            // Something is there.
            let len = (len as usize).max(usize::from(line.count > 0));
            writeln!(
                f,
                "{text:>widest$} |{:<1$} {2}",
                "#".repeat(len),
                WIDTH as usize,
                line.count
            )?;
        }
        write!(f, "{} observed", self.count())?;
        match self.sum().checked_div(self.count()) {
            Some(mean) => write!(f, ", mean {}", Amount(mean, self.unit())),
            None => Ok(()),
        }
    }
}

/// The buckets with observations and those between them, as many neighbours in one as needed.
fn lines(snapshot: &HistogramSnapshot) -> Vec<Bucket> {
    let buckets: Vec<_> = snapshot.buckets().collect();
    let is_used = |bucket: &Bucket| bucket.count > 0;
    let (Some(first), Some(last)) =
        (buckets.iter().position(is_used), buckets.iter().rposition(is_used))
    else {
        return Vec::new();
    };
    let used = &buckets[first..=last];
    let join = |joined: &[Bucket]| Bucket {
        lower: joined[0].lower,
        upper: joined[joined.len() - 1].upper,
        count: joined.iter().fold(0, |sum, bucket| sum.saturating_add(bucket.count)),
    };
    used.chunks(used.len().div_ceil(LINES)).map(join).collect()
}

fn range(line: &Bucket, unit: Unit) -> String {
    if line.upper == u64::MAX {
        format!("from {}", Amount(line.lower, unit))
    } else {
        format!("to {}", Amount(line.upper, unit))
    }
}

/// A value with its unit.
struct Amount(u64, Unit);

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Unit::Nanoseconds => write!(f, "{:.1?}", Duration::from_nanos(self.0)),
            Unit::Bytes => write!(f, "{} B", self.0),
            _ => write!(f, "{}", self.0),
        }
    }
}
