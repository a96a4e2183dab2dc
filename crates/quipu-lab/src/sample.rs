//! Single adds between two timestamps.

use std::time::Instant;

use super::load::hide;

/// Adds without timestamps before each that has them, so that the samples disturb the others
/// little.
const BETWEEN: u64 = 15;

/// Adds for one sample.
pub(crate) const ADDS: u64 = BETWEEN + 1;

/// Fills `nanos` with the times of single adds, those of the timestamps included.
#[inline(always)]
pub(crate) fn sample<T>(counter: &T, nanos: &mut [u64], add: impl Fn(&T)) {
    for nanos in nanos {
        for _ in 0..BETWEEN {
            add(hide(counter));
        }
        let start = Instant::now();
        add(hide(counter));
        *nanos = start.elapsed().as_nanos() as u64;
    }
}
