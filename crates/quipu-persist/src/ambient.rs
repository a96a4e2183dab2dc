//! The time and the randomness of the operating system.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{Error, ErrorKind};

/// This machine's clock, in seconds since 1970.
pub(super) fn now() -> i64 {
    #[cfg(test)]
    if fixed::is_fixed() {
        return 0;
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A number of 128 bits that nothing else has.
pub(super) fn name() -> Result<u128, Error> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    Ok(u128::from_le_bytes(bytes))
}

/// A number that no other batch of a slot has; never 0.
pub(super) fn number() -> Result<u64, Error> {
    let mut bytes = [0; 8];
    fill(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes).max(1))
}

/// A part of one by chance, for pauses; a half where there is no randomness.
pub(super) fn chance() -> f64 {
    getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX))
}

fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    #[cfg(test)]
    if let Some(number) = fixed::next() {
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        return Ok(());
    }
    getrandom::fill(bytes).map_err(|error| {
        let text = "the operating system has no random numbers: try again later";
        Error::new(ErrorKind::Config, text).caused_by(error)
    })
}

/// Names in the order in which they are asked for, and a clock that stands, for a model.
#[cfg(test)]
pub(super) mod fixed {
    use std::cell::Cell;

    thread_local! {
        static NEXT: Cell<Option<u64>> = const { Cell::new(None) };
    }

    pub(crate) fn is_fixed() -> bool {
        NEXT.get().is_some()
    }

    pub(super) fn next() -> Option<u64> {
        let next = NEXT.get()?;
        NEXT.set(Some(next + 1));
        Some(next)
    }

    /// Runs `work` with the names from `next` on, and sets `next` to the first that is left.
    pub(crate) fn names_from<T>(next: &mut u64, work: impl FnOnce() -> T) -> T {
        NEXT.set(Some(*next));
        let result = work();
        *next = NEXT.take().unwrap_or(*next);
        result
    }
}
