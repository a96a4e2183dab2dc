use crate::percentiles::percentile;

#[test]
fn nearest_ranks() {
    let samples: Vec<u64> = (1..=1000).collect();
    for (permille, value) in [(0, 1), (1, 1), (500, 500), (990, 990), (999, 999), (1000, 1000)] {
        assert_eq!(percentile(&samples, permille), value);
    }
    // Of an odd number, the middle one; of few, the last one.
    assert_eq!(percentile(&[1, 2, 30], 500), 2);
    assert_eq!(percentile(&[1, 2, 30], 990), 30);
    assert_eq!(percentile(&[7], 500), 7);
}
