//! ThreadSanitizer reports a race, whatever its suppressions leave out.

use std::cell::UnsafeCell;
use std::thread;

use quipu_testing::child;

struct Racy(UnsafeCell<u64>);

// SAFETY: none; this is the race.
unsafe impl Sync for Racy {}

impl Racy {
    fn inc(&self) {
        // SAFETY: as above.
        unsafe { *self.0.get() += 1 };
    }
}

#[test]
fn a_race_is_reported() {
    if !child::is_started_again() {
        let output = child::start_again("thread_sanitizer::a_race_is_reported");
        let report = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && report.contains("ThreadSanitizer: data race"),
            "{report}"
        );
        return;
    }
    let racy = Racy(UnsafeCell::new(0));
    thread::scope(|scope| {
        let other = scope.spawn(|| racy.inc());
        racy.inc();
        other.join().unwrap();
    });
}
