use std::thread;

use proptest::collection::vec;
use proptest::prelude::*;
use quipu::FloatCounter;

/// Amounts of any size, and many of the largest; some that are refused.
fn amounts() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(FloatCounter::MAX_AMOUNT),
        0.0..=FloatCounter::MAX_AMOUNT,
        0.0..1e9,
        any::<f64>()
    ]
}

proptest! {
    #[test]
    fn sums_and_takes_are_finite(rounds in vec((vec(amounts(), 0..40), any::<bool>()), 1..8)) {
        let counter = FloatCounter::new();
        let mut cursor = counter.cursor();
        for (amounts, takes) in rounds {
            thread::scope(|scope| {
                for half in amounts.chunks(20) {
                    let counter = &counter;
                    scope.spawn(move || half.iter().for_each(|&amount| counter.add(amount)));
                }
            });
            let (sum, delta) = (counter.sum(), cursor.delta());
            prop_assert!(sum.is_finite() && sum >= 0.0, "{}", sum);
            prop_assert!(delta.is_finite() && delta >= 0.0, "{}", delta);
            if takes {
                prop_assert_eq!(counter.take(), sum);
                prop_assert_eq!(counter.sum(), 0.0);
            }
        }
    }
}
