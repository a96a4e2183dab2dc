use crate::calls::Entry;
use crate::lookups;
use crate::observers::{self, Totals};
use crate::threads::together;
use crate::values::Values;

fn called(entry: &Entry, times: u64) -> Result<(), String> {
    let callee = (entry.make)();
    together(2, false, |thread| {
        callee.warm_up(thread);
        callee.call(thread, times);
    });
    callee.check(2, 1000)
}

#[test]
fn every_callee_has_exact_totals() {
    for entry in observers::ENTRIES.iter().chain(lookups::ENTRIES) {
        assert_eq!(called(entry, 1000), Ok(()), "{}", entry.name);
    }
}

#[test]
fn lost_look_up_is_an_error() {
    for entry in lookups::ENTRIES {
        let error = called(entry, 999).unwrap_err();
        assert!(error.contains("expected"), "{error}");
    }
}

#[test]
fn wrong_total_is_an_error() {
    // Each of two threads observes 1, 2 and 3.
    let check = |totals: Totals| totals.check(Values::ascending(3), 2);
    assert_eq!(check(Totals::Histogram { count: 6, sum: 12 }), Ok(()));
    assert_eq!(
        check(Totals::Histogram { count: 5, sum: 12 }),
        Err("Histogram { count: 5, sum: 12 } after 2 threads: expected Histogram { count: 6, sum: 12 }"
            .to_owned())
    );
    assert!(check(Totals::Histogram { count: 6, sum: 11 }).is_err());
    assert_eq!(check(Totals::Peak(3)), Ok(()));
    assert!(check(Totals::Peak(2)).is_err());
}
