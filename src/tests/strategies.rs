//! Models of the strategies: two threads add while a third reads. Each collects what it saw, and fails if a legal
//! outcome was not among it, as it would then not have explored what it is there to explore.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use super::model::{outcomes, shared, start};
use crate::strategy::{Accuracy, Adaptive, Approximate, Cached, Locked, PerThread, SingleAtomic, Strategy, Striped};

/// The sums that were read while one thread added 1 and another added 2; after both, `at_end` gets the counter.
fn sums_meanwhile<S: Strategy + Default + 'static>(at_end: impl Fn(&S) + Send + Sync + 'static) -> BTreeSet<u64> {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let seen_by_model = Arc::clone(&seen);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(move || {
        let counter = loom::sync::Arc::new(S::default());
        let (of_adder, of_reader) = (counter.clone(), counter.clone());
        let adder = loom::thread::spawn(move || of_adder.add(2));
        // Made last, so that it reads last in the first execution: what loom 0.7 sees first, it explores less of when a
        // thread loads a word before it stores it.
        let reader = loom::thread::spawn(move || (of_reader.sum(), of_reader.sum()));
        counter.add(1);
        adder.join().unwrap();
        let (earlier, later) = reader.join().unwrap();
        assert!(earlier <= later, "{} went down from {earlier} to {later}", counter.name());
        seen_by_model.lock().unwrap().insert(later);
        at_end(&counter);
    });
    let seen = seen.lock().unwrap();
    seen.clone()
}

macro_rules! exact {
    ($($name:ident: $strategy:ty;)*) => { $(
        #[test]
        fn $name() {
            let seen = sums_meanwhile::<$strategy>(|counter| assert_eq!(counter.sum(), 3));
            assert_eq!(seen, BTreeSet::from([0, 1, 2, 3]));
        }
    )* };
}

exact! {
    single_atomic_is_exact: SingleAtomic;
    locked_is_exact: Locked;
    striped_is_exact: Striped<2>;
    adaptive_is_exact: Adaptive;
    per_thread_is_exact: PerThread;
    cached_by_one_is_exact: Cached<1>;
    approximate_is_exact_while_small: Approximate;
}

#[test]
fn adaptive_grows_when_two_collide_and_only_then() {
    let sizes = Arc::new(Mutex::new(BTreeSet::new()));
    let sizes_of_model = Arc::clone(&sizes);
    sums_meanwhile::<Adaptive>(move |counter| {
        sizes_of_model.lock().unwrap().insert(counter.bytes());
    });
    assert_eq!(sizes.lock().unwrap().len(), 2, "with cells and without");
}

/// One of three threads that add at once hinders both of the others: they make cells at the same time.
#[test]
fn adaptive_is_exact_when_two_grow_it() {
    outcomes([7], || {
        let counter = shared(Adaptive::new());
        let adders = [1, 2].map(|n| start(&counter, move |counter| counter.add(n)));
        counter.add(4);
        adders.into_iter().for_each(|adder| adder.join().unwrap());
        counter.sum()
    });
}

#[test]
fn cached_is_within_its_bound() {
    let seen = sums_meanwhile::<Cached<2>>(|counter| {
        let Accuracy::Within(bound) = counter.accuracy() else { panic!("{:?}", counter.accuracy()) };
        assert!(counter.sum().abs_diff(3) <= bound, "{} is more than {bound} off 3", counter.sum());
    });
    // Where both added by one block, one after the other, the 1 was carried over with the 2, or not yet.
    assert_eq!(seen, BTreeSet::from([0, 2]));
}
