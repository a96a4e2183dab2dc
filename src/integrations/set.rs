//! The meaning of `set` on a sum of whole numbers.

use crate::engine::setting;
use crate::{Counter, UpDownCounter};

/// Sets a counter that `set` may turn back, and returns what it was.
///
/// Within quipu's own work, it can't wait for other `set`s, and does nothing.
pub(super) trait Set<N> {
    fn set(&self, value: N) -> N;
}

macro_rules! set {
    ($($counter:ty: $number:ty)*) => { $(
        impl Set<$number> for $counter {
            fn set(&self, value: $number) -> $number {
                // The thread's first add is made here: `setting` is no place for it.
                self.add(0);
                let set = || {
                    let before = self.sum();
                    self.add(value.wrapping_sub(before));
                    before
                };
                setting(set).unwrap_or_else(|| self.sum())
            }
        }
    )* };
}

set!(Counter: u64 UpDownCounter: i64);
