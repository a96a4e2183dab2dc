//! Models of the strategies: two threads add while a third reads twice.

use super::model::{outcomes, shared, start};
use crate::Count;
use crate::strategy::{
    Accuracy, Adaptive, Approximate, Cached, Locked, PerThread, SingleAtomic, Strategy, Striped,
};

/// The pair of sums that were read while one thread added 1 and another added 2, and the counter
/// after both.
fn sums_meanwhile<S: Strategy + Default + 'static>() -> ((u64, u64), loom::sync::Arc<S>) {
    let counter = shared(S::default());
    let adder = start(&counter, |counter| counter.add(2));
    let reader = start(&counter, |counter| (counter.sum(), counter.sum()));
    counter.add(1);
    adder.join().unwrap();
    let (earlier, later) = reader.join().unwrap();
    ((earlier, later), counter)
}

macro_rules! exact {
    ($($name:ident: $strategy:ty;)*) => { $(
        /// The sums never go down, nor does a later one miss what an earlier one had.
        #[test]
        fn $name() {
            outcomes([(0, 0), (0, 1), (0, 2), (0, 3), (1, 1), (1, 3), (2, 2), (2, 3), (3, 3)], || {
                let (sums, counter) = sums_meanwhile::<$strategy>();
                assert_eq!(counter.sum(), 3);
                sums
            });
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
    outcomes([0, 2], || sums_meanwhile::<Adaptive>().1.cells());
}

/// Two of the adders can collide with the third, and then both make cells, of which one's are
/// dropped.
#[test]
fn adaptive_is_exact_where_two_collide_with_a_third() {
    outcomes([0, 2], || {
        let counter = shared(Adaptive::new());
        let adders = [1, 2].map(|n| start(&counter, move |counter| counter.add(n)));
        counter.add(4);
        adders.into_iter().for_each(|adder| adder.join().unwrap());
        assert_eq!(counter.sum(), 7);
        counter.cells()
    });
}

/// Two threads that have collided both make cells, then twice as many, and add to those that there
/// are.
#[test]
fn adaptive_grows_once_where_two_want_it() {
    let count_twice = |counter: &Adaptive, n| {
        counter.add_contended(0, n);
        counter.grow(2, 4);
        counter.add(n);
        counter.sum()
    };
    outcomes([8, 9, 10], move || {
        let counter = shared(Adaptive::new());
        let other = start(&counter, move |counter| count_twice(counter, 1));
        let sum = count_twice(&counter, 4);
        other.join().unwrap();
        assert_eq!((counter.sum(), counter.cells()), (10, 4));
        sum
    });
}

#[test]
fn cached_is_within_its_bound() {
    // Where both added by one block, one after the other, the 1 was carried over with the 2, or not
    // yet.
    outcomes([(0, 0), (0, 2), (2, 2)], || {
        let (sums, counter) = sums_meanwhile::<Cached<2>>();
        let Accuracy::Within(bound) = counter.accuracy() else {
            panic!("{:?}", counter.accuracy())
        };
        assert!(counter.sum().abs_diff(3) <= bound, "{} is more than {bound} off 3", counter.sum());
        sums
    });
}
