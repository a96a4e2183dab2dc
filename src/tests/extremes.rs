//! Models of the greatest value in windows.

use super::model::{outcomes, shared, start};
use crate::engine::{enter_cold_path, setting};
use crate::{CounterArray, Peak};

/// Ends the window, as a cursor does.
fn end_window(peak: &Peak) -> Option<u64> {
    setting(|| peak.end_window()).flatten()
}

/// A thread observes while two readers end windows: the value is in each of the three during which
/// it was being observed, and so in one at least.
#[test]
fn every_reader_has_every_value() {
    let value = Some(5);
    outcomes(
        [
            (None, None, value),
            (None, value, None),
            (None, value, value),
            (value, None, None),
            (value, None, value),
            (value, value, None),
            (value, value, value),
        ],
        || {
            let peak = shared(Peak::new());
            let observer = start(&peak, |peak| peak.observe(5));
            let reader = start(&peak, end_window);
            let seen = end_window(&peak);
            observer.join().unwrap();
            let windows = (reader.join().unwrap(), seen, end_window(&peak));
            assert_eq!(peak.value(), Some(5));
            windows
        },
    );
}

/// Two threads observe while a reader ends a window: the windows have the greater of the values,
/// and the less one if it was alone in one.
#[test]
fn values_of_two_threads() {
    outcomes([(None, 5), (Some(3), 5), (Some(5), 0), (Some(5), 3), (Some(5), 5)], || {
        let peak = shared(Peak::new());
        let observers =
            [start(&peak, |peak| peak.observe(3)), start(&peak, |peak| peak.observe(5))];
        let seen = end_window(&peak);
        observers.into_iter().for_each(|observer| observer.join().unwrap());
        (seen, end_window(&peak).unwrap_or(0))
    });
}

/// The half of a window has the value of the window two before, whose thread has ended; the next
/// owner of its block begins the half anew.
#[test]
fn windows_have_no_value_of_an_earlier_one() {
    outcomes([(None, Some(3)), (Some(3), None), (Some(3), Some(3))], || {
        let peak = shared(Peak::new());
        start(&peak, |peak| peak.observe(5)).join().unwrap();
        assert_eq!((end_window(&peak), end_window(&peak)), (Some(5), None));
        let observer = start(&peak, |peak| peak.observe(3));
        let reader = start(&peak, end_window);
        observer.join().unwrap();
        (reader.join().unwrap(), end_window(&peak))
    });
}

/// The thread's second value isn't greater than its first, and is in the next window all the same
/// if a window ends between them.
#[test]
fn lower_value_is_in_the_next_window() {
    let (first, second) = (Some(5), Some(3));
    outcomes([(None, first), (first, None), (first, second), (first, first)], || {
        let peak = shared(Peak::new());
        let observer =
            start(&peak, |peak| [5, 3].into_iter().for_each(|value| peak.observe(value)));
        let reader = start(&peak, end_window);
        observer.join().unwrap();
        (reader.join().unwrap(), end_window(&peak))
    });
}

/// The half of a window has the thread's own value of the window two before. A thread that sees the
/// window sees that its half was cleared for it: the lower value is in some window, alone.
#[test]
fn lower_value_is_in_the_next_window_but_one() {
    outcomes([true], || {
        let peak = shared(Peak::new());
        let reader = start(&peak, |peak| [end_window(peak), end_window(peak)]);
        let observer = start(&peak, |peak| {
            peak.observe(5);
            let own = end_window(peak);
            peak.observe(3);
            own
        });
        let [first, second] = reader.join().unwrap();
        let own = observer.join().unwrap();
        [own, first, second, end_window(&peak)].contains(&Some(3))
    });
}

/// A reader ends a window and is ending the next one, while the thread is between its look at the
/// window and its store: that one window later has the value, too. So 5 may come after 7.
#[test]
fn value_that_windows_overtake_is_in_a_later_one() {
    let (first, second) = (Some(5), Some(7));
    let legal = [
        (None, None, second),
        (None, first, second),
        (None, second, None),
        (None, second, first),
        (None, second, second),
        (first, None, second),
        (first, second, None),
        (first, second, second),
        (second, None, None),
        (second, None, second),
        (second, second, None),
    ];
    outcomes(legal, || {
        let peak = shared(Peak::new());
        let observer =
            start(&peak, |peak| [5, 7].into_iter().for_each(|value| peak.observe(value)));
        let seen = (end_window(&peak), end_window(&peak));
        observer.join().unwrap();
        (seen.0, seen.1, end_window(&peak))
    });
}

/// The same of observations that find no slot.
#[test]
fn spilled_value_is_in_one_window() {
    outcomes([(None, Some(5)), (Some(5), None)], || {
        let peak = shared(Peak::new());
        let reader = start(&peak, end_window);
        enter_cold_path(|_| peak.observe(5)).unwrap();
        let seen = reader.join().unwrap();
        assert_eq!(peak.value(), Some(5));
        (seen, end_window(&peak))
    });
}

/// Slots are clear that had a greater value of the thread that observes, also where another thread
/// clears them.
#[test]
fn peak_is_clear_in_slots_that_its_thread_used() {
    outcomes([Some(1)], || {
        let (before, peak) = (shared(Peak::new()), shared(Peak::new()));
        let handle = before.clone();
        let observer = start(&peak, move |peak| {
            handle.observe(9);
            drop(handle);
            peak.observe(1);
        });
        drop(before);
        // An error while the other peak has all slots that a model has.
        _ = peak.register();
        observer.join().unwrap();
        peak.value()
    });
}

/// Slots that had sums before are clear, however many threads observe first.
#[test]
fn peak_in_used_slots_is_clear() {
    outcomes([None, Some(1)], || {
        {
            let before = CounterArray::<3>::new();
            (0..3).for_each(|index| before.get(index).unwrap().add(9));
        }
        let peak = shared(Peak::new());
        let observer = start(&peak, |peak| peak.observe(1));
        let reader = start(&peak, Peak::value);
        observer.join().unwrap();
        reader.join().unwrap()
    });
}
