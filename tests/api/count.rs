use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use quipu::strategy::{PerThread, SingleAtomic, Strategy};
use quipu::{Count, Counter, CounterArray};

fn count_to_six(count: impl Count) {
    let before = count.sum();
    count.inc();
    count.add(5);
    assert_eq!(count.sum() - before, 6);
}

#[test]
fn every_count_counts() {
    let (counter, array) = (Counter::new(), CounterArray::<3>::new());
    count_to_six(&counter);
    count_to_six(&array[1]);
    count_to_six(AtomicU64::new(0));
    count_to_six(PerThread::new());
    assert_eq!((counter.sum(), array.sums()), (6, [0, 6, 0]));
}

#[test]
fn counts_behind_pointers_are_those_that_they_point_to() {
    let (counter, atomic) = (Counter::new(), Arc::new(AtomicU64::new(0)));
    count_to_six(Box::new(&counter));
    count_to_six(&atomic);
    count_to_six(Arc::clone(&atomic) as Arc<dyn Count>);
    count_to_six(Box::new(Counter::new()) as Box<dyn Count>);
    assert_eq!((counter.sum(), Count::sum(&atomic)), (6, 12));
}

#[test]
fn strategies_are_counts_of_unknown_type() {
    let strategies: [Box<dyn Strategy>; 2] =
        [Box::new(PerThread::new()), Box::new(SingleAtomic::new())];
    for strategy in &strategies {
        count_to_six(strategy);
        let count: &dyn Count = strategy;
        assert_eq!(count.sum(), strategy.sum());
    }
}

#[test]
fn an_atomic_wraps() {
    let atomic = AtomicU64::new(0);
    Count::add(&atomic, u64::MAX);
    atomic.inc();
    assert_eq!(Count::sum(&atomic), 0);
}

/// Tells its methods apart.
#[derive(Default)]
struct Calls {
    added: AtomicU64,
    incs: AtomicU64,
}

impl Count for Calls {
    fn add(&self, n: u64) {
        self.added.fetch_add(n, Relaxed);
    }

    fn inc(&self) {
        self.incs.fetch_add(1, Relaxed);
    }

    fn sum(&self) -> u64 {
        self.added.load(Relaxed) + self.incs.load(Relaxed)
    }
}

#[test]
fn pointers_pass_each_method_on() {
    let calls = Arc::new(Calls::default());
    count_to_six(&*calls);
    count_to_six(Box::new(&*calls));
    count_to_six(Arc::clone(&calls));
    assert_eq!((calls.added.load(Relaxed), calls.incs.load(Relaxed)), (15, 3));
}
