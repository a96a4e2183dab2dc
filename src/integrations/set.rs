//! What `set` means on a sum of whole numbers.

use crate::sync::Mutex;
use crate::{Counter, UpDownCounter};

/// Held from a `set`'s sum to its add: of two that came between each other's, both would count.
static SETTING: Mutex<()> = Mutex::new(());

/// Sets a counter that `set` may turn back, and returns what it was.
pub(super) trait Set<N> {
    fn set(&self, value: N) -> N;
}

impl Set<u64> for Counter {
    fn set(&self, value: u64) -> u64 {
        let _setting = SETTING.lock();
        let before = self.sum();
        self.add(value.wrapping_sub(before));
        before
    }
}

impl Set<i64> for UpDownCounter {
    fn set(&self, value: i64) -> i64 {
        let _setting = SETTING.lock();
        let before = self.sum();
        self.add(value.wrapping_sub(before));
        before
    }
}
