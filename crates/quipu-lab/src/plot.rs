//! The plots: which panels there are, and what they say they are from.

use super::chart::{Curve, Panel, Point, svg};
use super::memory;
use super::options::all_names;
use super::output::Report;
use super::projection;
use super::record::{Measure, Record};
use super::stats::Spread;
use super::style::Style;

const COST: &str = "nanoseconds of one core";

/// The costs of adds, observations, look-ups and reads, and the memory.
pub(crate) fn all(report: &Report<'_>) -> String {
    let panel = |title: &str, x, y, measure| {
        let curves = curves(report, |record| record.measure == measure, |record| record.threads);
        Panel { title: title.to_owned(), x, y, curves }
    };
    let memory = Panel {
        title: format!(
            "Memory of counters that {} threads have added to",
            memory::threads(report.context.options)
        ),
        x: "counters",
        y: "bytes",
        curves: curves(
            report,
            |record| record.measure == Measure::Memory,
            |record| record.counters,
        ),
    };
    let adds = report
        .context
        .options
        .counters
        .iter()
        .map(|&counters| operations(report, counters as usize));
    let others = [
        panel(
            "Cost of an add, while another thread reads",
            "threads that add",
            COST,
            Measure::AddBesideReader,
        ),
        panel(
            "Cost of a read, while other threads add",
            "threads that add",
            COST,
            Measure::ReadBesideWriters,
        ),
        panel(
            "Cost of an observation, by histograms and peaks",
            "threads that observe",
            COST,
            Measure::ObservationCost,
        ),
        panel(
            "Cost of a look-up by labels, with its add",
            "threads that look up",
            COST,
            Measure::LookUpCost,
        ),
        panel(
            "Cost of a read, while nobody adds",
            "threads that have added",
            "nanoseconds",
            Measure::ReadCost,
        ),
        memory,
    ];
    figure(adds.chain(others).collect(), report)
}

/// The first of the plots alone.
pub(crate) fn first(report: &Report<'_>) -> String {
    let counters = report.context.options.counters[0];
    figure(vec![operations(report, counters as usize)], report)
}

/// The model's curves, and the measurements that it was fitted to.
pub(crate) fn projection(curves: &[projection::Curve], report: &Report<'_>) -> String {
    let pair = |(index, curve): (usize, &projection::Curve)| {
        let modelled = curve
            .points()
            .into_iter()
            .map(|(cores, nanos)| Point::of(cores, Spread::exactly(nanos)));
        let measured = curve.measured.iter().map(|record| Point::of(record.threads, record.value));
        let line = |name: &str, style, points, is_joined| Curve {
            name: format!("{}, {name}", curve.name),
            style: Style::of(style),
            points,
            is_joined,
        };
        // Six styles for three pairs.
        [
            line("model", 2 * index, modelled.collect(), true),
            line("measured", 2 * index + 1, measured.collect(), false),
        ]
    };
    let title =
        "A model, fitted to the measured points: cost of an add when every core counts".to_owned();
    let curves = curves.iter().enumerate().flat_map(pair).collect();
    figure(vec![Panel { title, x: "cores", y: COST, curves }], report)
}

/// The cost of an operation, with this number of counters.
fn operations(report: &Report<'_>, counters: usize) -> Panel {
    let operation = match report.context.options.read_share {
        0.0 => "an add".to_owned(),
        share => format!("an operation, {:.1} % of them reads", share * 100.0),
    };
    let title = match counters {
        1 => format!("Cost of {operation}, all threads on one counter"),
        counters => format!("Cost of {operation}, {counters} counters in rotation"),
    };
    let is_one =
        |record: &Record| record.measure == Measure::OperationCost && record.counters == counters;
    Panel {
        title,
        x: "threads that add",
        y: COST,
        curves: curves(report, is_one, |record| record.threads),
    }
}

/// One curve for each strategy that has such records.
fn curves(
    report: &Report<'_>,
    is_drawn: impl Fn(&Record) -> bool,
    x: fn(&Record) -> usize,
) -> Vec<Curve> {
    // Each has the same style, whichever others there are.
    let curve = |(index, name): (usize, &str)| {
        // A logarithmic axis has no place for 0.
        let is_of_entry = |record: &&Record| {
            record.strategy == name && is_drawn(record) && record.value.least > 0.0
        };
        let records = report.records.iter().filter(is_of_entry);
        let points = records.map(|record| Point::of(x(record), record.value)).collect();
        Curve { name: name.to_owned(), style: Style::of(index), points, is_joined: true }
    };
    all_names().enumerate().map(curve).filter(|curve| !curve.points.is_empty()).collect()
}

/// The panels that have curves, and what they are from. In SVG.
fn figure(mut panels: Vec<Panel>, report: &Report<'_>) -> String {
    panels.retain(|panel| !panel.curves.is_empty());
    let context = &report.context;
    let options = context.options;
    let rounds = format!(
        "Medians of {} interleaved rounds of about {} ms. Bars: the least and the most.",
        options.rounds, options.duration
    );
    let [machine, program] = context.lines();
    svg(&panels, &[rounds, machine, program], context.busy.warning.as_deref())
}
