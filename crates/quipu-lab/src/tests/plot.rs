//! The projection as it is drawn on a machine with enough cores, from costs that are made up.

use clap::Parser as _;

use crate::context::Start;
use crate::options::Options;
use crate::output::Report;
use crate::plot;
use crate::projection::{Curve, numbers_up_to, table};
use crate::record::{Measure, Record, Round};

fn measured(name: &str, cost: impl Fn(usize) -> f64) -> Vec<Record> {
    let record = |cores| {
        let round = Round { value: cost(cores), waited: Some(0.0) };
        Record::measured(name, Measure::OperationCost, cores, 1, vec![round])
    };
    [1, 2, 4].map(record).to_vec()
}

#[test]
fn projection_is_drawn_for_four_times_the_cores_beside_the_measurements() {
    let curves = [
        Curve::of(
            "single-atomic",
            measured("single-atomic", |cores| 2.0 + 20.0 * (cores - 1) as f64),
        )
        .unwrap(),
        Curve::of("per-thread", measured("per-thread", |_| 0.5)).unwrap(),
    ];
    assert_eq!(curves[0].points().last(), Some(&(16, 302.0)));
    assert_eq!(curves[1].points().last(), Some(&(16, 0.5)));
    let text = table(&curves);
    assert!(
        text.contains("| single-atomic | 4 | 62.00 | 62 |")
            && text.contains("| single-atomic | 16 | 302.00 |  |"),
        "{text}"
    );

    let options = Options::parse_from(["quipu-lab", "--projection"]);
    let records: Vec<Record> = curves.iter().flat_map(Curve::records).collect();
    let report = Report { context: Start::now().end(&options, &records), records };
    let plot = plot::projection(&curves, &report);
    for part in
        ["single-atomic, model", "single-atomic, measured", "per-thread, measured", "quipu 0."]
    {
        assert!(plot.contains(part), "no {part:?} in the plot");
    }
}

#[test]
fn projection_that_misses_is_refused() {
    let error = Curve::of("per-thread", measured("per-thread", |cores| cores as f64)).unwrap_err();
    assert!(error.starts_with("the model misses per-thread on 4 cores"), "{error}");
}

#[test]
fn numbers_of_cores_are_powers_of_two_and_all() {
    assert_eq!(numbers_up_to(1), [1]);
    assert_eq!(numbers_up_to(3), [1, 2, 3]);
    assert_eq!(numbers_up_to(16), [1, 2, 4, 8, 16]);
    assert_eq!(numbers_up_to(20), [1, 2, 4, 8, 16, 20]);
}
