//! The strategies are as accurate as they say.

mod approximate;
mod cached;
#[cfg(all(feature = "percpu", target_os = "linux", not(miri)))]
mod per_cpu;
mod suite;

use quipu::strategy::{Accuracy, Strategy};

/// Fails unless the sum is as near to `expected` as the counter says.
fn check(counter: &dyn Strategy, expected: u64) {
    check_between(counter, expected, || expected);
}

/// Fails unless a sum lies between what was added before and what had begun to be added after it,
/// or as near as the counter says; by chance, once in 10⁸ times. Returns the sum.
fn check_between(counter: &dyn Strategy, least: u64, most: impl Fn() -> u64) -> u64 {
    let sum = counter.sum();
    let most = most();
    let off = match counter.accuracy() {
        Accuracy::Exact => 0,
        Accuracy::Within(bound) => bound,
        Accuracy::Relative(deviation) => (6.0 * deviation * most as f64) as u64,
        other => panic!("{other:?} is new: expected a check of it here"),
    };
    let allowed = least.saturating_sub(off)..=most + off;
    assert!(
        allowed.contains(&sum),
        "{}: a sum of {sum}, expected one of {allowed:?}",
        counter.name()
    );
    sum
}
