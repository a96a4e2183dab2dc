use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use quipu::{Kind, Peak, Trough, Value};
use quipu_testing::rounds;

use crate::{in_snapshot, on_threads};

#[test]
fn the_extremes_of_all_threads() {
    const LEN: u64 = rounds(1_000);
    let (peak, trough) = (Peak::new(), Trough::new());
    assert_eq!((peak.value(), trough.value()), (None, None));
    on_threads(4, |thread| {
        for value in 0..LEN {
            peak.observe(value * (thread + 1));
            trough.observe(100 + value * (thread + 1));
        }
    });
    assert_eq!((peak.value(), trough.value()), (Some(4 * (LEN - 1)), Some(100)));
}

#[test]
fn the_ends_of_the_range_are_values() {
    const MAX: u64 = (1 << 63) - 1;
    for (value, counted) in
        [(0, 0), (1, 1), (MAX - 1, MAX - 1), (MAX, MAX), (MAX + 1, MAX), (u64::MAX, MAX)]
    {
        let (peak, trough) = (Peak::new(), Trough::new());
        let (mut greatest, mut least) = (peak.cursor(), trough.cursor());
        peak.observe(value);
        trough.observe(value);
        assert_eq!((peak.value(), trough.value()), (Some(counted), Some(counted)));
        assert_eq!((greatest.read(), least.read()), (Some(counted), Some(counted)));
        assert_eq!((greatest.read(), least.read()), (None, None));
    }
}

/// The thread has a greater value of another peak in its slots, which this thread clears. Nothing
/// but the peak orders the two. Miri shows it where that is too little; processors don't.
#[test]
fn a_peak_in_slots_of_another_is_clear() {
    let (before, peak) = (Arc::new(Peak::new()), Peak::new());
    let (is_observed, is_registered) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        let handle = Arc::clone(&before);
        let (peak, is_observed, is_registered) = (&peak, &is_observed, &is_registered);
        scope.spawn(move || {
            handle.observe(1000);
            drop(handle);
            is_observed.store(true, Ordering::Release);
            while !is_registered.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            peak.observe(5);
        });
        while !is_observed.load(Ordering::Acquire) {
            thread::yield_now();
        }
        drop(before);
        peak.register().unwrap();
        is_registered.store(true, Ordering::Relaxed);
    });
    assert_eq!(peak.value(), Some(5));
}

#[test]
fn cursors_have_windows_of_their_own() {
    let peak = Peak::new();
    peak.observe(50);
    let mut often = peak.cursor();
    peak.observe(7);
    let mut late = peak.cursor();
    peak.observe(5);
    assert_eq!(often.read(), Some(7));
    peak.observe(6);
    let dropped = peak.cursor();
    peak.observe(2);
    drop(dropped);
    assert_eq!(often.read(), Some(6));
    assert_eq!((often.read(), late.read(), late.read()), (None, Some(6), None));
    peak.observe(3);
    assert_eq!((late.read(), often.read()), (Some(3), Some(3)));
    assert_eq!(peak.value(), Some(50));
}

/// Each thread observes numbers that nobody else does, in ascending order, so that each is a peak
/// of its window. So a reader that has all windows has the last number of each thread in order.
#[test]
fn no_peak_is_missed_by_any_reader() {
    const LAST: u64 = if cfg!(miri) { 60 } else { 20_000 };
    let peak = Peak::new();
    let done = AtomicBool::new(false);
    let seen = thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let mut cursor = peak.cursor();
                let done = &done;
                scope.spawn(move || {
                    let mut seen = BTreeSet::new();
                    while !done.load(Ordering::Acquire) {
                        seen.extend(cursor.read());
                    }
                    seen.extend(cursor.read());
                    seen
                })
            })
            .collect();
        on_threads(2, |thread| (1..=LAST).for_each(|value| peak.observe(2 * value + thread)));
        done.store(true, Ordering::Release);
        readers.into_iter().map(|reader| reader.join().unwrap()).collect::<Vec<_>>()
    });
    for seen in seen {
        assert_eq!(seen.last(), Some(&(2 * LAST + 1)));
    }
}

/// A value that comes after a read is in the next window, and none of the window before is.
#[test]
fn windows_of_one_thread_are_exact() {
    let peak = Peak::new();
    let mut cursor = peak.cursor();
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..rounds(2_000) {
        let values: Vec<u64> = (0..random.usize(..4)).map(|_| random.u64(..100)).collect();
        values.iter().for_each(|value| peak.observe(*value));
        assert_eq!(cursor.read(), values.iter().copied().max());
    }
}

#[test]
fn values_of_threads_that_ended_stay() {
    let peak = Peak::new();
    let mut cursor = peak.cursor();
    for value in [9, 3, 5] {
        on_threads(1, |_| peak.observe(value));
    }
    assert_eq!((peak.value(), cursor.read()), (Some(9), Some(9)));
    on_threads(1, |_| peak.observe(4));
    assert_eq!((peak.value(), cursor.read()), (Some(9), Some(4)));
}

#[test]
fn a_name_has_the_extreme_of_those_that_are_left() {
    let peaks = [(); 2].map(|()| Peak::named("peak_shown", ""));
    let troughs = [(); 2].map(|()| Trough::named("trough_shown", ""));
    troughs[0].register().unwrap();
    assert_eq!(in_snapshot("trough_shown"), None);
    for (index, (peak, trough)) in peaks.iter().zip(&troughs).enumerate() {
        peak.observe(5 + index as u64);
        trough.observe(5 + index as u64);
    }
    assert_eq!(in_snapshot("peak_shown"), Some(Value::Unsigned(6)));
    assert_eq!(in_snapshot("trough_shown"), Some(Value::Unsigned(5)));
    let snapshot = quipu::snapshot();
    assert_eq!(snapshot.get("trough_shown", None).unwrap().kind, Kind::Trough);
    assert!(snapshot.prometheus().to_string().contains("# TYPE peak_shown gauge\npeak_shown 6\n"));
    let [first, second] = peaks;
    drop(second);
    assert_eq!(in_snapshot("peak_shown"), Some(Value::Unsigned(5)));
    drop(first);
    assert_eq!(in_snapshot("peak_shown"), None);
}

/// Slots come from sums and go to sums: neither has anything of the other.
#[test]
fn used_slots_are_clear() {
    for round in 1..rounds(50) {
        let counters = quipu::CounterArray::<3>::new();
        assert_eq!(counters.sums(), [0; 3]);
        on_threads(3, |_| (0..3).for_each(|index| counters.get(index).unwrap().add(round * 1_000)));
        assert_eq!(counters.sums(), [round * 3_000; 3]);
        drop(counters);
        let peak = Peak::new();
        let mut cursor = peak.cursor();
        assert_eq!((peak.value(), cursor.read()), (None, None));
        on_threads(3, |thread| peak.observe(round + thread));
        assert_eq!((peak.value(), cursor.read()), (Some(round + 2), Some(round + 2)));
    }
}
