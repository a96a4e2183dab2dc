//! Percentiles of samples.

/// The nearest rank: the least sample that `permille` thousandths of the samples don't exceed.
///
/// The samples are sorted, and there is at least one.
pub(crate) fn percentile(sorted: &[u64], permille: usize) -> u64 {
    let rank = (sorted.len() * permille).div_ceil(1000);
    sorted[rank.max(1) - 1]
}
