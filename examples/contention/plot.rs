//! The plots.

use std::path::Path;

use plotters::coord::Shift;
use plotters::coord::combinators::IntoLogRange as _;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::series::DashedLineSeries;

use crate::contestants::{ENTRIES, Entry};
use crate::memory;
use crate::options::Options;
use crate::output::cannot_write;
use crate::projection::Projection;
use crate::record::{Measure, Record};
use crate::style::Style;
use crate::threads::cores;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const WIDTH: u32 = 1000;
const PANEL_HEIGHT: u32 = 430;
const LEGEND_WIDTH: u32 = 225;

/// A line of a plot.
struct Curve {
    name: &'static str,
    style: Style,
    points: Vec<Point>,
}

struct Point {
    x: f64,
    y: f64,
    /// The least and the most of the rounds.
    ends: (f64, f64),
}

/// A plot's title and axes, both of them logarithmic.
struct Axes<'a> {
    title: &'a str,
    x: &'a str,
    y: &'a str,
    /// Of the ticks of the x axis.
    base: f64,
}

/// The cost of an add and of a read, and the memory.
pub(crate) fn all(path: &Path, options: &Options, records: &[Record]) -> Result<(), String> {
    let curves = |measure, x: fn(&Record) -> usize| curves(options, records, measure, x);
    let adds = curves(Measure::OperationCost, |record| record.threads);
    let reads = curves(Measure::ReadCost, |record| record.threads);
    let memory = curves(Measure::Memory, |record| record.counters);
    let add = match options.read_share {
        0.0 => format!("(a) Cost of an add, {} cores", cores()),
        share => format!("(a) Cost of an operation, {:.1} % of them reads, {} cores", share * 100.0, cores()),
    };
    let bytes = format!("(c) Memory of counters that {} threads have added to", memory::threads(options));
    let draw = |root: &Area<'_>| {
        let panels = root.split_evenly((3, 1));
        let cost = "nanoseconds of one core";
        panel(&panels[0], &Axes { title: &add, x: "threads that add", y: cost, base: 2.0 }, &adds)?;
        let read = "(b) Cost of a read, while nobody adds";
        panel(&panels[1], &Axes { title: read, x: "threads that have added", y: "nanoseconds", base: 2.0 }, &reads)?;
        panel(&panels[2], &Axes { title: &bytes, x: "counters", y: "bytes", base: 10.0 }, &memory)
    };
    figure(path, 3, draw)
}

/// The model's curves, and the measurements that it is to be judged by.
pub(crate) fn projection(path: &Path, projection: &Projection) -> Result<(), String> {
    let modelled = projection.curves().into_iter().map(|(name, points)| {
        let point = |(x, y)| Point { x, y, ends: (y, y) };
        (name, points.into_iter().map(point).collect())
    });
    let measured = projection
        .measured()
        .into_iter()
        .map(|(name, nanos)| (name, vec![Point { x: 2.0, y: nanos.median, ends: (nanos.least, nanos.most) }]));
    let curve = |(index, (name, points))| Curve { name, style: Style::of(index), points };
    let curves: Vec<Curve> = modelled.chain(measured).enumerate().map(curve).collect();
    let title = "A model, not a measurement: cost of an add when every core counts";
    let axes = Axes { title, x: "cores", y: "nanoseconds of one core", base: 2.0 };
    figure(path, 1, |root| panel(root, &axes, &curves))
}

/// One curve for each strategy that has such records.
fn curves(options: &Options, records: &[Record], measure: Measure, x: fn(&Record) -> usize) -> Vec<Curve> {
    // Each has the same style, whichever others there are.
    let curve = |(index, entry): (usize, &'static Entry)| {
        let of_entry = records.iter().filter(|record| record.measure == measure && record.strategy == entry.name);
        let point = |record: &Record| {
            let value = record.value;
            Point { x: x(record) as f64, y: value.median, ends: (value.least, value.most) }
        };
        Curve { name: entry.name, style: Style::of(index), points: of_entry.map(point).collect() }
    };
    let is_chosen = |(_, entry): &(usize, &Entry)| options.entries().any(|chosen| chosen.name == entry.name);
    ENTRIES.iter().enumerate().filter(is_chosen).map(curve).filter(|curve| !curve.points.is_empty()).collect()
}

/// A file of so many panels.
fn figure(
    path: &Path,
    panels: u32,
    draw: impl FnOnce(&Area<'_>) -> Result<(), Box<dyn std::error::Error>>,
) -> Result<(), String> {
    let root = SVGBackend::new(path, (WIDTH, PANEL_HEIGHT * panels)).into_drawing_area();
    let drawn = root.fill(&WHITE).map_err(Into::into).and_then(|()| draw(&root));
    drawn.and_then(|()| Ok(root.present()?)).map_err(|error| cannot_write(path, &error))
}

fn panel(area: &Area<'_>, axes: &Axes<'_>, curves: &[Curve]) -> Result<(), Box<dyn std::error::Error>> {
    let (plot, legend) = area.split_horizontally(WIDTH - LEGEND_WIDTH);
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let least = |of: fn(&Point) -> f64| points().map(of).fold(f64::INFINITY, f64::min);
    let most = |of: fn(&Point) -> f64| points().map(of).fold(0.0, f64::max);
    let x_axis = (least(|point| point.x) / 1.08..most(|point| point.x) * 1.08).log_scale().base(axes.base);
    let (low, high) = (least(|point| point.ends.0) / 1.3, most(|point| point.ends.1) * 1.3);
    // Two labels an axis, at least.
    let y_base = if high / low < 500.0 { 2.0 } else { 10.0 };
    let y_axis = (low..high).log_scale().base(y_base);
    let mut chart = ChartBuilder::on(&plot)
        .caption(axes.title, ("sans-serif", 19))
        .margin(12)
        .x_label_area_size(48)
        .y_label_area_size(80)
        .build_cartesian_2d(x_axis, y_axis)?;
    chart
        .configure_mesh()
        .x_desc(axes.x)
        .y_desc(axes.y)
        .x_label_formatter(&number)
        .y_label_formatter(&number)
        .axis_desc_style(("sans-serif", 17))
        .label_style(("sans-serif", 15))
        .bold_line_style(BLACK.mix(0.18))
        .light_line_style(BLACK.mix(0.06))
        .draw()?;
    for Curve { style, points, .. } in curves {
        let line: Vec<(f64, f64)> = points.iter().map(|point| (point.x, point.y)).collect();
        match style.dash() {
            None => _ = chart.draw_series(LineSeries::new(line.clone(), style.stroke()))?,
            Some((dash, gap)) => {
                chart.draw_series(DashedLineSeries::new(line.clone(), dash, gap, style.stroke()))?;
            }
        }
        let ends = |point: &Point| PathElement::new([(point.x, point.ends.0), (point.x, point.ends.1)], style.thin());
        chart.draw_series(points.iter().map(ends))?;
        for at in line {
            chart.plotting_area().draw(&style.mark(at))?;
        }
    }
    draw_legend(&legend, curves)
}

fn draw_legend(area: &Area<'_>, curves: &[Curve]) -> Result<(), Box<dyn std::error::Error>> {
    for (row, Curve { name, style, .. }) in curves.iter().enumerate() {
        let y = 50 + 26 * row as i32;
        let (from, to) = ((0, y), (44, y));
        match style.dash() {
            None => area.draw(&PathElement::new([from, to], style.stroke()))?,
            Some((dash, gap)) => area.draw(&DashedPathElement::new([from, to], dash, gap, style.stroke()))?,
        }
        area.draw(&style.mark((22, y)))?;
        area.draw(&Text::new(*name, (52, y - 8), ("sans-serif", 16)))?;
    }
    if curves.iter().flat_map(|curve| &curve.points).any(|point| point.ends.0 < point.ends.1) {
        let y = 50 + 26 * curves.len() as i32;
        area.draw(&Text::new("bars: least and most of the rounds", (0, y), ("sans-serif", 13)))?;
    }
    Ok(())
}

/// A tick's label: 0.5, 1, 20, 3k, 4M.
fn number(value: &f64) -> String {
    let (scaled, unit) = match *value {
        value if value >= 1e6 => (value / 1e6, "M"),
        value if value >= 1e3 && value % 1e3 == 0.0 => (value / 1e3, "k"),
        value => (value, ""),
    };
    let digits = if scaled < 1.0 {
        2
    } else if scaled < 10.0 {
        1
    } else {
        0
    };
    let text = format!("{scaled:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}
