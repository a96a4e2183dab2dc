//! Errors of approximate counters.

use quipu::Count;
use quipu::strategy::{Accuracy, Approximate, Strategy};

#[test]
#[cfg_attr(miri, ignore = "too slow there")]
fn approximate_is_exact_up_to_8192() {
    let counter = Approximate::new();
    (0..8192).for_each(|_| counter.add(1));
    assert_eq!(counter.sum(), 8192);
}

#[test]
fn approximate_stays_at_its_limit() {
    let counter = Approximate::new();
    counter.add(u64::MAX);
    counter.add(u64::MAX);
    assert_eq!(counter.sum(), u64::from(u32::MAX));
}

/// 300 counters with steps of 16 or so: are they right on average, and do they lie as far apart as
/// the steps make them?
#[cfg_attr(miri, ignore = "too slow there")]
#[test]
fn approximate_errs_as_documented() {
    const COUNTERS: u32 = 300;
    for (amount, adds) in [(1, 100_000), (3, 30_000), (1000, 1000)] {
        let expected = (adds * amount) as f64;
        let counters: Vec<_> = (0..COUNTERS).map(|_| Approximate::new()).collect();
        counters.iter().for_each(|counter| (0..adds).for_each(|_| counter.add(amount)));
        let errors: Vec<f64> =
            counters.iter().map(|counter| counter.sum() as f64 / expected - 1.0).collect();
        let mean = errors.iter().sum::<f64>() / f64::from(COUNTERS);
        let deviation =
            (errors.iter().map(|error| error * error).sum::<f64>() / f64::from(COUNTERS)).sqrt();
        let Accuracy::Relative(documented) = counters[0].accuracy() else {
            panic!("it is approximate")
        };
        let predicted = ((0..adds).map(|add| variance(add * amount, amount)).sum::<u64>() as f64)
            .sqrt()
            / expected;
        // Six standard errors of the mean, and of the deviation.
        let (of_mean, of_deviation) =
            (6.0 / f64::from(COUNTERS).sqrt(), 6.0 / f64::from(2 * COUNTERS).sqrt());
        assert!(mean.abs() <= of_mean * documented, "{amount}: mean error {mean}");
        assert!(
            predicted <= documented,
            "{amount}: {predicted} is predicted, and {documented} documented"
        );
        assert!(
            (deviation / predicted - 1.0).abs() <= of_deviation,
            "{amount}: {deviation}, expected {predicted}"
        );
    }
}

/// Of an add at this count: steps of 2 from 8,192 on, of 4 from 16,384 on, and so on, and what is
/// left of the amount makes one by chance.
fn variance(count: u64, amount: u64) -> u64 {
    let step = if count < 8192 { 1 } else { 2 << (count / 8192).ilog2() };
    (amount % step) * (step - amount % step)
}
