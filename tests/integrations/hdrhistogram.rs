//! Histograms of hdrhistogram, made of snapshots.

use hdrhistogram::Histogram;
use quipu::{Bounds, HistogramSnapshot, LogLinear, Unit};

#[test]
fn every_value_is_within_its_bucket() {
    let values = (0..64).flat_map(|power| [1_u64 << power, (1 << power) + (1 << power) / 3]);
    for value in values.chain([0, u64::MAX - 1, u64::MAX]) {
        let own = quipu::Histogram::new(LogLinear::<3>::new());
        own.observe(value);
        let quantile = own.snapshot().quantile(0.5).unwrap();
        let theirs = Histogram::<u64>::from(&own.snapshot());
        let found = theirs.value_at_quantile(0.5);
        assert_eq!(theirs.len(), 1);
        // Theirs is the greatest value that it can't tell from the recorded one.
        let end = quantile.upper.saturating_add(quantile.upper / 100);
        assert!((quantile.lower..=end).contains(&found), "{value}: {found} in {quantile:?}");
    }
}

#[test]
fn every_observation_is_there() {
    let own = quipu::Histogram::new(Bounds::new(&[10, 20]));
    [3, 12, 12, 500].into_iter().for_each(|value| own.observe(value));
    let theirs = Histogram::<u64>::from(&own.snapshot());
    assert_eq!((theirs.len(), theirs.min(), theirs.max()), (4, 5, 21));
    assert_eq!(theirs.count_at(15), 2);

    let many =
        HistogramSnapshot::from_parts(vec![10], vec![u64::MAX / 2, 7], 0, Unit::One).unwrap();
    assert_eq!(Histogram::<u64>::from(&many).len(), u64::MAX / 2 + 7);
    let none = quipu::Histogram::new(Bounds::new(&[10])).snapshot();
    assert!(Histogram::<u64>::from(&none).is_empty());
}
