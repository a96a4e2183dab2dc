//! Families of labels that are known at run time: the models of their series' lives.

use loom::sync::Arc;
use loom::thread::JoinHandle;

use super::model::{outcomes, shared, start as start_thread};
use crate::dynamic_family::end_cache;
use crate::sync::{AtomicU64, Ordering};
use crate::{Counter, DynamicFamily};

type Family = DynamicFamily<Counter, 1>;

fn family() -> Arc<Family> {
    shared(Family::named("models_total", "", ["label"]))
}

/// Starts a thread whose cache ends before loom's thread-locals.
fn start<T: 'static>(
    family: &Arc<Family>,
    f: impl FnOnce(&Family) -> T + 'static,
) -> JoinHandle<T> {
    start_thread(family, |family| {
        let result = f(family);
        end_cache();
        result
    })
}

/// Looks the series up, and adds one.
fn add(family: &Family, text: &str) {
    family.with([text], Counter::inc);
}

#[test]
fn make_against_make() {
    outcomes([(1, 2, 2)], || {
        let family = family();
        let other = start(&family, |family| add(family, "a"));
        add(&family, "a");
        other.join().unwrap();
        let sum = family.with(["a"], Counter::sum);
        end_cache();
        (family.len(), sum, family.total())
    });
}

#[test]
fn limit_is_never_exceeded() {
    outcomes([(1, 1, 2)], || {
        let family = shared(Family::named("models_total", "", ["label"]).limit(1));
        let other = start(&family, |family| add(family, "a"));
        add(&family, "b");
        other.join().unwrap();
        end_cache();
        (family.len(), family.overflowed(), family.total())
    });
}

/// The unit is in the evicted series or in the next one.
#[test]
fn make_against_eviction() {
    outcomes([(0, 2), (1, 2)], || {
        let family = family();
        add(&family, "a");
        end_cache();
        family.sweep();
        let other = start(&family, |family| add(family, "a"));
        family.sweep();
        other.join().unwrap();
        family.reclaim_all();
        (family.len(), family.total())
    });
}

/// The total of a series that went is taken once the last hold has ended, with all that was added.
#[test]
fn add_against_removal() {
    outcomes([1], || {
        let family = family();
        family.with(["a"], |_| ());
        end_cache();
        let other = start(&family, |family| {
            let handle = family.get(["a"]);
            end_cache();
            handle.inc();
        });
        family.remove(["a"]);
        family.reclaim_all();
        other.join().unwrap();
        family.total()
    });
}

/// While there is a handle, look-ups find its series.
#[test]
fn handle_against_eviction() {
    outcomes([1], || {
        let family = family();
        add(&family, "a");
        end_cache();
        family.sweep();
        let other = start(&family, |family| {
            let handle = family.get(["a"]);
            let before = handle.sum();
            add(family, "a");
            handle.sum() - before
        });
        family.sweep();
        other.join().unwrap()
    });
}

/// Whether the thread knows of the removal, and what it finds.
#[test]
fn removal_against_cached_look_up() {
    outcomes([(0, 0), (0, 1), (1, 0)], || {
        let (family, removed) = (family(), shared(AtomicU64::new(0)));
        add(&family, "a");
        let other = start(&family, {
            let removed = Arc::clone(&removed);
            move |family| {
                family.remove(["a"]);
                // Release: pairs with the Acquire below.
                removed.store(1, Ordering::Release);
            }
        });
        let removed = removed.load(Ordering::Acquire);
        let found = family.with(["a"], Counter::sum);
        other.join().unwrap();
        end_cache();
        (removed, found)
    });
}

/// Each total has what happened before, wherever the series is at the time, once.
#[test]
fn total_against_removal() {
    outcomes([1], || {
        let family = family();
        add(&family, "a");
        end_cache();
        let other = start(&family, |family| {
            family.remove(["a"]);
            family.reclaim_all();
        });
        let total = family.total();
        other.join().unwrap();
        assert_eq!(family.total(), 1);
        total
    });
}
