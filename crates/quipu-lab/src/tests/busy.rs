use crate::busy::{Busy, Ticks};
use crate::record::{Measure, Record, Round};
use crate::threads::cores;

fn record(measure: Measure, threads: usize, waited: Option<f64>) -> Record {
    Record::measured("any", measure, threads, 1, vec![Round { value: 1.0, waited }; 3])
}

#[test]
fn waits_make_a_warning() {
    let waited =
        |share| Busy::of(&[record(Measure::OperationCost, 1, Some(share))], Some(0.0)).warning;
    assert_eq!(waited(0.01), None);
    let warning = waited(0.4).unwrap();
    assert!(warning.contains("threads waited 40 % of their time for a core"), "{warning}");
    let warning = Busy::of(&[], Some(0.1)).warning.unwrap();
    assert!(warning.contains("the host took 10 % of the cores' time"), "{warning}");
}

#[test]
fn waits_of_more_threads_than_cores_are_their_own_doing() {
    let crowd = record(Measure::OperationCost, cores() + 1, Some(0.5));
    assert_eq!(Busy::of(&[crowd], None).waited, None);
}

#[test]
fn unknown_waits_make_no_warning() {
    let busy = Busy::of(&[record(Measure::OperationCost, 1, None)], None);
    assert_eq!((busy.waited, busy.stolen, busy.warning), (None, None, None));
}

#[test]
fn stolen_time_is_the_eighth_number() {
    let before = Ticks::parse("cpu  100 0 50 800 10 0 5 35 7 0\ncpu0 1 2\n").unwrap();
    let after = Ticks::parse("cpu  150 0 60 830 10 0 5 45 9 0\n").unwrap();
    assert_eq!(after.stolen_since(before), Some(0.1));
    assert_eq!(before.stolen_since(before), None);
    assert_eq!(Ticks::parse("cpu 1 2 3\n"), None);
    assert_eq!(Ticks::parse(""), None);
}
