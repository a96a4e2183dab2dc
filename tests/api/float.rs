use quipu::FloatCounter;
use quipu_testing::rounds;

use crate::on_threads;

#[test]
fn adds_fractions_of_every_thread() {
    let counter = FloatCounter::default();
    assert_eq!(counter.sum(), 0.0);
    on_threads(4, |_| (0..rounds(1000)).for_each(|_| counter.add(0.25)));
    assert_eq!(counter.sum(), rounds(1000) as f64);
}

#[test]
fn amounts_out_of_bounds_are_refused_by_name_and_change_nothing() {
    let counter = FloatCounter::new();
    counter.add(1.5);
    for (amount, text) in [
        (f64::NAN, "NaN"),
        (f64::INFINITY, "inf"),
        (f64::NEG_INFINITY, "-inf"),
        (-1.0, "-1.0"),
        (-f64::MIN_POSITIVE / 2.0, "-1.1125369292536007e-308"),
        (f64::from_bits(FloatCounter::MAX_AMOUNT.to_bits() + 1), "4.872657005700001e288"),
        (f64::MAX, "1.7976931348623157e308"),
    ] {
        counter.add(amount);
        let error = counter.try_add(amount).unwrap_err();
        assert_eq!(error.amount().to_bits(), amount.to_bits());
        assert_eq!(
            error.to_string(),
            format!("{text}: expected an amount from 0 to 4.8726570057e288")
        );
    }
    assert_eq!(counter.sum(), 1.5);
}

#[test]
fn both_zeros_and_subnormals_are_amounts() {
    let counter = FloatCounter::new();
    let least = f64::from_bits(1);
    for amount in [0.0, -0.0, least] {
        assert_eq!(counter.try_add(amount), Ok(()));
    }
    assert_eq!(counter.sum(), least);
}

#[test]
fn the_largest_amounts_stay_finite() {
    const ALL: f64 = 4.0 * rounds(1000) as f64 * FloatCounter::MAX_AMOUNT;
    let counter = FloatCounter::new();
    on_threads(4, |_| (0..rounds(1000)).for_each(|_| counter.add(FloatCounter::MAX_AMOUNT)));
    assert_eq!((counter.sum(), counter.take()), (ALL, ALL));
    assert_eq!(counter.sum(), 0.0);
    on_threads(4, |_| counter.add(FloatCounter::MAX_AMOUNT));
    assert_eq!(counter.take(), 4.0 * FloatCounter::MAX_AMOUNT);
    counter.reset();
    assert_eq!(counter.sum(), 0.0);
}

/// A slot keeps what it ever had, and with it the distance of its numbers from one another.
#[test]
fn a_huge_amount_costs_small_ones_also_after_a_reset() {
    const HUGE: f64 = (1_u64 << 53) as f64;
    let counter = FloatCounter::new();
    counter.add(HUGE);
    counter.add(1.0);
    assert_eq!(counter.take(), HUGE);
    counter.add(1.0);
    assert_eq!(counter.sum(), 0.0);
    counter.add(2.0);
    assert_eq!(counter.sum(), 2.0);
}

#[test]
fn take_and_reset_begin_again() {
    let counter = FloatCounter::new();
    counter.add(2.5);
    assert_eq!((counter.take(), counter.take()), (2.5, 0.0));
    counter.add(0.5);
    counter.reset();
    assert_eq!(counter.sum(), 0.0);
}

/// The slots are cleared: what a large predecessor counted takes no low bits from its successor.
#[test]
fn a_counter_in_the_place_of_a_dropped_one_begins_at_zero_with_all_its_bits() {
    for _ in 0..rounds(100) {
        let large = FloatCounter::new();
        on_threads(2, |_| large.add(1e300));
        drop(large);
        let small = FloatCounter::new();
        small.add(0.1);
        assert_eq!(small.sum(), 0.1);
        assert_eq!(small.take(), 0.1);
    }
}

#[test]
fn debug_shows_name_and_sum() {
    let counter = FloatCounter::named("debug_seconds", "");
    counter.add(0.5);
    assert_eq!(format!("{counter:?}"), r#"FloatCounter { name: "debug_seconds", sum: 0.5 }"#);
}
