use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use prometheus_parse::{Scrape, Value as Parsed};
use quipu::{Bounds, Histogram, HistogramSnapshot, Kind, LogLinear, Unit, Value};
use quipu_testing::rounds;

use crate::on_threads;

fn sizes() -> Histogram<Bounds<3>> {
    Histogram::new(Bounds::new(&[10, 20, 50]))
}

#[test]
fn every_observation_is_in_one_bucket_and_in_the_sum() {
    const LEN: u64 = rounds(10_000);
    static LATENCY: Histogram<LogLinear<3, 20>> = Histogram::new(LogLinear::new());
    on_threads(4, |_| (0..LEN).for_each(|value| LATENCY.observe(value)));
    let snapshot = LATENCY.snapshot();
    assert_eq!((snapshot.count(), snapshot.sum()), (4 * LEN, 4 * (0..LEN).sum::<u64>()));
    for bucket in snapshot.buckets() {
        let in_it = (0..LEN).filter(|value| (bucket.lower..=bucket.upper).contains(value)).count();
        assert_eq!(bucket.count, 4 * in_it as u64, "{bucket:?}");
    }
}

#[test]
fn a_value_at_a_bound_is_in_its_bucket() {
    let sizes = sizes();
    [0, 10, 11, 50, 51, u64::MAX].into_iter().for_each(|size| sizes.observe(size));
    assert_eq!(sizes.snapshot().counts(), [2, 1, 1, 2]);
}

#[test]
fn takes_share_every_observation() {
    const LEN: u64 = if cfg!(miri) { 50 } else { 50_000 };
    let sizes = sizes();
    let done = AtomicBool::new(false);
    let taken = thread::scope(|scope| {
        let taker = scope.spawn(|| {
            let mut taken = sizes.take();
            while !done.load(Ordering::Relaxed) {
                taken.merge(&sizes.take()).unwrap();
            }
            taken
        });
        on_threads(2, |_| (0..LEN).for_each(|_| sizes.observe(15)));
        done.store(true, Ordering::Relaxed);
        taker.join().unwrap()
    });
    let mut all = sizes.take();
    all.merge(&taken).unwrap();
    assert_eq!((all.counts(), all.sum()), (&[0, 2 * LEN, 0, 0][..], 30 * LEN));
    assert_eq!(sizes.snapshot().count(), 0);
    assert_eq!(sizes.total().count(), 2 * LEN);
}

#[test]
fn a_snapshot_beside_takes_never_has_more_than_there_was() {
    let sizes = sizes();
    let done = AtomicBool::new(false);
    on_threads(3, |thread| match thread {
        0 => {
            (0..if cfg!(miri) { 20 } else { 20_000 }).for_each(|_| sizes.observe(7));
            done.store(true, Ordering::Relaxed);
        }
        1 => {
            while !done.load(Ordering::Relaxed) {
                sizes.reset();
            }
        }
        _ => {
            while !done.load(Ordering::Relaxed) {
                let snapshot = sizes.snapshot();
                assert!(snapshot.count() <= 20_000 && snapshot.sum() <= 140_000, "{snapshot:?}");
            }
        }
    });
}

#[test]
fn cursors_get_every_observation_once() {
    let sizes = sizes();
    sizes.observe(1);
    let (mut often, mut once) = (sizes.cursor(), sizes.cursor());
    let mut count = 0;
    for size in 0..60 {
        sizes.observe(size);
        if size % 7 == 0 {
            sizes.reset();
            count += often.delta().count();
        }
    }
    count += often.delta().count();
    assert_eq!((count, once.delta().counts()), (60, &[11, 10, 30, 9][..]));
}

#[test]
fn histograms_of_one_name_are_one_and_outlive_their_drops() {
    let make =
        || Histogram::named("h_together_bytes", "Sizes.", Unit::Bytes, Bounds::<2>::new(&[10, 20]));
    let (first, second) = (make(), make());
    first.observe(5);
    second.observe(15);
    drop(first);
    second.reset();
    let snapshot = quipu::snapshot();
    let sample = snapshot.get("h_together_bytes", None).unwrap();
    assert_eq!((sample.kind, sample.value), (Kind::Histogram, Value::Unsigned(2)));
    let expected =
        HistogramSnapshot::from_parts(vec![10, 20], vec![1, 1, 0], 20, Unit::Bytes).unwrap();
    assert_eq!(sample.histogram(), Some(&expected));
    drop(second);
    let third = make();
    third.observe(100);
    let snapshot = quipu::snapshot();
    let sample = snapshot.get("h_together_bytes", None).unwrap();
    assert_eq!(sample.histogram().unwrap().counts(), [1, 1, 1]);
    assert_eq!(sample.histogram().unwrap().sum(), 120);
}

#[test]
fn a_histogram_in_used_slots_starts_at_zero() {
    for _ in 0..3 {
        let histogram = Histogram::new(LogLinear::<2, 10>::new());
        assert_eq!(histogram.snapshot().count(), 0);
        (0..100).for_each(|value| histogram.observe(value));
        assert_eq!((histogram.snapshot().count(), histogram.total().sum()), (100, 4_950));
    }
}

#[test]
fn a_histogram_with_other_buckets_clashes() {
    let two = Histogram::named("h_clash_bytes", "Sizes.", Unit::Bytes, Bounds::<2>::new(&[10, 20]));
    let three =
        Histogram::named("h_clash_bytes", "Sizes.", Unit::Bytes, Bounds::<3>::new(&[10, 20, 30]));
    two.register().unwrap();
    assert!(three.register().is_err());
    let snapshot = quipu::snapshot();
    let clash =
        snapshot.clashes().iter().find(|clash| clash.names()[0] == "h_clash_bytes").unwrap();
    assert_eq!(
        clash.to_string(),
        "\"h_clash_bytes\" names a histogram with 2 bounds from 10 to 20 and a histogram with 3 bounds \
         from 10 to 30, and only the first is shown: rename one of them"
    );
}

#[test]
fn the_text_format_has_cumulative_buckets_in_the_base_unit() {
    static LATENCY: Histogram<Bounds<3>> = Histogram::named(
        "h_text_seconds",
        "Time.",
        Unit::Nanoseconds,
        Bounds::new(&[1_000, 25_000_000, 1_500_000_000]),
    );
    LATENCY.observe(1_000);
    LATENCY.observe_duration(Duration::from_millis(20));
    LATENCY.observe_duration(Duration::from_secs(7));
    let text = quipu::snapshot().prometheus().to_string();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("h_text_seconds")).collect();
    assert_eq!(
        lines,
        [
            "# HELP h_text_seconds Time.",
            "# TYPE h_text_seconds histogram",
            "h_text_seconds_bucket{le=\"0.000001\"} 1",
            "h_text_seconds_bucket{le=\"0.025\"} 2",
            "h_text_seconds_bucket{le=\"1.5\"} 2",
            "h_text_seconds_bucket{le=\"+Inf\"} 3",
            "h_text_seconds_sum 7.020001",
            "h_text_seconds_count 3",
        ]
    );
    // The parser's regular expressions take Miri minutes.
    if cfg!(miri) {
        return;
    }
    let scrape = Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
    let sample = scrape.samples.iter().find(|sample| sample.metric == "h_text_seconds").unwrap();
    assert!(
        matches!(&sample.value, Parsed::Histogram(buckets) if buckets.len() == 4),
        "{sample:?}"
    );
}

#[test]
fn the_text_format_has_powers_of_two_of_many_buckets() {
    let sizes = Histogram::named("h_powers_bytes", "", Unit::Bytes, LogLinear::<3, 16>::new());
    (0..100).for_each(|size| sizes.observe(size));
    let text = quipu::snapshot().prometheus().to_string();
    let buckets: Vec<_> =
        text.lines().filter(|line| line.starts_with("h_powers_bytes_bucket")).collect();
    assert_eq!(buckets.len(), 18);
    assert!(buckets.contains(&"h_powers_bytes_bucket{le=\"63\"} 64"), "{buckets:?}");
    assert!(buckets.contains(&"h_powers_bytes_bucket{le=\"+Inf\"} 100"), "{buckets:?}");
}

#[test]
fn quantiles_have_the_bounds_of_the_value() {
    let histogram = Histogram::new(LogLinear::<4>::new());
    let len = if cfg!(miri) { 100 } else { 1_000_u64 };
    let mut values: Vec<u64> =
        (0..len).map(|index| index.wrapping_mul(2_654_435_761) >> 7).collect();
    values.iter().for_each(|value| histogram.observe(*value));
    values.sort_unstable();
    let snapshot = histogram.snapshot();
    for percent in 1..=100 {
        let exact = values[percent * values.len() / 100 - 1];
        let found = snapshot.quantile(percent as f64 / 100.0).unwrap();
        assert!((found.lower..=found.upper).contains(&exact), "{percent} %: {exact} {found:?}");
        assert!((found.lower..=found.upper).contains(&found.estimate()), "{percent} %: {found:?}");
        assert!(found.upper - found.lower <= found.lower / 16, "{percent} %: {found:?}");
    }
    assert_eq!(snapshot.quantile(0.0).unwrap(), snapshot.quantile(0.0005).unwrap());
    for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert_eq!(snapshot.quantile(bad), None, "{bad}");
    }
    assert_eq!(Histogram::new(LogLinear::<4>::new()).snapshot().quantile(0.5), None);
}

/// Also where the product of the two is rounded up, as 0.07 * 100.0 is.
#[test]
fn a_quantile_is_the_least_rank_that_has_its_part_of_all() {
    let values = Histogram::new(LogLinear::<7, 8>::new());
    for count in 1..=if cfg!(miri) { 10 } else { 100 } {
        values.observe(count);
        let snapshot = values.snapshot();
        for rank in 1..=count {
            let q = rank as f64 / count as f64;
            assert_eq!(snapshot.quantile(q).unwrap().lower, rank, "{q} of {count}");
        }
    }
}

#[test]
fn the_chart_has_a_line_for_each_used_bucket() {
    let times = Histogram::named(
        "h_chart_seconds",
        "",
        Unit::Nanoseconds,
        Bounds::<4>::new(&[1_000, 10_000, 100_000, 1_000_000]),
    );
    (0..4).for_each(|_| times.observe(2_000));
    times.observe(1_500);
    times.observe(500_000);
    assert_eq!(
        times.snapshot().to_string(),
        format!(
            " to 10.0µs |{0:<40} 5\nto 100.0µs |{1:<40} 0\n  to 1.0ms |{2:<40} 1\n6 observed, mean 84.9µs",
            "#".repeat(40),
            "",
            "#".repeat(8)
        )
    );
    assert_eq!(sizes().snapshot().to_string(), "0 observed");
    let wide = Histogram::new(LogLinear::<3>::new());
    (0..64).for_each(|power| wide.observe(1 << power));
    assert!(wide.snapshot().to_string().lines().count() <= 17);
}

#[test]
fn a_timer_records_once() {
    let times = Histogram::new(LogLinear::<3>::new());
    drop(times.start_timer());
    times.start_timer().discard();
    let time = times.start_timer().stop();
    assert_eq!(times.snapshot().count(), 2);
    assert!(u128::from(times.snapshot().sum()) >= time.as_nanos());
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let refused = |bounds: Vec<u64>, counts: usize| {
        HistogramSnapshot::from_parts(bounds, vec![0; counts], 0, Unit::One)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(refused(vec![1, 2], 2), "2 counts for 2 bounds: expected 3");
    assert_eq!(refused(vec![2, 2], 3), "2 after 2: expected bounds that ascend");
    let invalid = |bounds| Bounds::<2>::try_new(bounds).unwrap_err().to_string();
    assert_eq!(invalid(&[]), "0 bounds: expected 1 to 2");
    assert_eq!(invalid(&[1, 2, 3]), "3 bounds: expected 1 to 2");
    assert_eq!(invalid(&[3, 2]), "2 after 3: expected bounds that ascend");
}

/// Counts of other programs may be any numbers.
#[test]
fn a_chart_of_counts_beyond_the_range_has_bars() {
    let counts = (0..32).map(|index| if index % 2 == 0 { u64::MAX } else { 1 }).collect();
    let parts =
        HistogramSnapshot::from_parts((1..32).collect::<Vec<_>>(), counts, 0, Unit::One).unwrap();
    let chart = parts.to_string();
    assert_eq!(chart.lines().filter(|line| line.contains(&"#".repeat(40))).count(), 16, "{chart}");
}

#[test]
fn histograms_of_two_layouts_are_not_mixed() {
    let mut bytes = HistogramSnapshot::from_parts(vec![1], vec![3, 4], 9, Unit::Bytes).unwrap();
    let times = HistogramSnapshot::from_parts(vec![1], vec![1, 1], 2, Unit::Nanoseconds).unwrap();
    let before = bytes.clone();
    assert!(bytes.merge(&times).is_err() && bytes.since(&times).is_err());
    assert_eq!(bytes, before);
}

#[test]
fn handles_and_the_histogram_share_slots() {
    static SIZES: Histogram<Bounds<2>> = Histogram::new(Bounds::new(&[10, 20]));
    on_threads(4, |_| {
        let (first, second) = (SIZES.local(), SIZES.local());
        for size in 0..30 {
            first.observe(size);
            second.observe(size);
            SIZES.observe(size);
        }
    });
    let snapshot = SIZES.snapshot();
    assert_eq!(snapshot.counts(), [12 * 11, 12 * 10, 12 * 9]);
    assert_eq!(snapshot.sum(), 12 * (0..30).sum::<u64>());
}
