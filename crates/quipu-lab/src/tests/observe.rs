use crate::observe::check;
use crate::observers::{ENTRIES, Observer, Totals};
use crate::threads::together;
use crate::values::Values;

#[test]
fn every_observer_has_exact_totals() {
    let values = Values::scattered(1000);
    for entry in ENTRIES {
        let observer = (entry.make)();
        together(2, false, |_| observer.observe(values));
        assert_eq!(check(entry.name, &*observer, values, 2), Ok(()));
    }
}

/// Has these totals, whatever it observes.
struct Liar(Totals);

impl Observer for Liar {
    fn observe(&self, _values: Values) {}

    fn totals(&self) -> Totals {
        self.0
    }
}

#[test]
fn wrong_total_is_an_error() {
    // Each of two threads observes 1, 2 and 3.
    let check = |totals| check("liar", &Liar(totals), Values::ascending(3), 2);
    assert_eq!(check(Totals::Histogram { count: 6, sum: 12 }), Ok(()));
    assert_eq!(
        check(Totals::Histogram { count: 5, sum: 12 }),
        Err("liar has Histogram { count: 5, sum: 12 } after 2 threads: expected Histogram { count: 6, sum: 12 }"
            .to_owned())
    );
    assert!(check(Totals::Histogram { count: 6, sum: 11 }).is_err());
    assert_eq!(check(Totals::Peak(3)), Ok(()));
    assert!(check(Totals::Peak(2)).is_err());
}
