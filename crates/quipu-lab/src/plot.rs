//! The plots.

use plotters::coord::Shift;
use plotters::coord::combinators::IntoLogRange as _;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::series::DashedLineSeries;

use super::contestants::{ENTRIES, Entry};
use super::memory;
use super::options::Options;
use super::output::Report;
use super::projection;
use super::record::{Measure, Record};
use super::stats::Spread;
use super::style::Style;
use super::threads::cores;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const WIDTH: u32 = 1000;
const PANEL_HEIGHT: u32 = 430;
const LEGEND_WIDTH: u32 = 225;
const FOOT_HEIGHT: u32 = 60;

/// A line of a plot.
struct Curve {
    name: String,
    style: Style,
    points: Vec<Point>,
    /// Whether the points are joined, not only marked.
    is_joined: bool,
}

struct Point {
    x: f64,
    y: f64,
    /// The least and the most of the rounds.
    ends: (f64, f64),
}

impl Point {
    fn of(x: usize, value: Spread) -> Self {
        Self { x: x as f64, y: value.median, ends: (value.least, value.most) }
    }
}

/// A plot: its title and axes, both of them logarithmic, and its lines.
struct Panel {
    title: String,
    x: &'static str,
    y: &'static str,
    /// Of the ticks of the x axis.
    base: f64,
    curves: Vec<Curve>,
}

/// The costs of adds and reads, and the memory.
pub(crate) fn all(options: &Options, report: &Report<'_>) -> Result<String, String> {
    let records = &report.records;
    let operation = match options.read_share {
        0.0 => "an add".to_owned(),
        share => format!("an operation, {:.1} % of them reads", share * 100.0),
    };
    let panel = |title: String, x, y, measure| {
        let curves =
            curves(options, records.iter().filter(|record| record.measure == measure), |record| record.threads);
        Panel { title, x, y, base: 2.0, curves }
    };
    let cost = "nanoseconds of one core";
    let adds = options.counters.iter().map(|&counters| {
        let is_one =
            |record: &&Record| record.measure == Measure::OperationCost && record.counters == counters as usize;
        let curves = curves(options, records.iter().filter(is_one), |record| record.threads);
        let title = match counters {
            1 => format!("Cost of {operation}, {} cores", cores()),
            counters => format!("Cost of {operation}, {counters} counters in rotation, {} cores", cores()),
        };
        Panel { title, x: "threads that add", y: cost, base: 2.0, curves }
    });
    let beside_reader = "Cost of an add, while another thread reads".to_owned();
    let beside_writers = "Cost of a read, while other threads add".to_owned();
    let alone = "Cost of a read, while nobody adds".to_owned();
    let memory = Panel {
        title: format!("Memory of counters that {} threads have added to", memory::threads(options)),
        x: "counters",
        y: "bytes",
        base: 10.0,
        curves: curves(options, records.iter().filter(|record| record.measure == Measure::Memory), |record| {
            record.counters
        }),
    };
    let others = [
        panel(beside_reader, "threads that add", cost, Measure::AddBesideReader),
        panel(beside_writers, "threads that add", cost, Measure::ReadBesideWriters),
        panel(alone, "threads that have added", "nanoseconds", Measure::ReadCost),
        memory,
    ];
    figure(&adds.chain(others).collect::<Vec<_>>(), report)
}

/// The model's curves, and the measurements that it was fitted to.
pub(crate) fn projection(curves: &[projection::Curve], report: &Report<'_>) -> Result<String, String> {
    let pair = |(index, curve): (usize, &projection::Curve)| {
        let modelled = curve.points().into_iter().map(|(cores, nanos)| Point::of(cores, Spread::exactly(nanos)));
        let measured = curve.measured.iter().map(|record| Point::of(record.threads, record.value));
        let line = |name: &str, style, points, is_joined| Curve {
            name: format!("{}, {name}", curve.name),
            style: Style::of(style),
            points,
            is_joined,
        };
        // Six styles for three pairs.
        [line("model", 2 * index, modelled.collect(), true), line("measured", 2 * index + 1, measured.collect(), false)]
    };
    let title = "A model, fitted to the measured points: cost of an add when every core counts".to_owned();
    let curves = curves.iter().enumerate().flat_map(pair).collect();
    figure(&[Panel { title, x: "cores", y: "nanoseconds of one core", base: 2.0, curves }], report)
}

/// One curve for each strategy that has records.
fn curves<'a>(
    options: &Options,
    records: impl Iterator<Item = &'a Record> + Clone,
    x: fn(&Record) -> usize,
) -> Vec<Curve> {
    // Each has the same style, whichever others there are.
    let curve = |(index, entry): (usize, &'static Entry)| {
        let of_entry = records.clone().filter(|record| record.strategy == entry.name);
        let points = of_entry.map(|record| Point::of(x(record), record.value)).collect();
        Curve { name: entry.name.to_owned(), style: Style::of(index), points, is_joined: true }
    };
    let is_chosen = |(_, entry): &(usize, &Entry)| options.entries().any(|chosen| chosen.name == entry.name);
    ENTRIES.iter().enumerate().filter(is_chosen).map(curve).filter(|curve| !curve.points.is_empty()).collect()
}

/// The panels one below the other, and what they are from. In SVG.
fn figure(panels: &[Panel], report: &Report<'_>) -> Result<String, String> {
    let mut text = String::new();
    draw(panels, report, &mut text).map_err(|error| format!("a plot can't be drawn: {error}"))?;
    Ok(text)
}

fn draw(panels: &[Panel], report: &Report<'_>, text: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let height = PANEL_HEIGHT * panels.len() as u32;
    let root = SVGBackend::with_string(text, (WIDTH, height + FOOT_HEIGHT)).into_drawing_area();
    root.fill(&WHITE)?;
    let (figures, foot) = root.split_vertically(height);
    for (index, (area, panel)) in figures.split_evenly((panels.len(), 1)).iter().zip(panels).enumerate() {
        draw_panel(area, panel, &format!("({}) {}", letter(index), panel.title))?;
    }
    let context = &report.context;
    foot.draw(&Text::new(context.line(), (12, 10), ("sans-serif", 12)))?;
    if let Some(warning) = &context.busy.warning {
        foot.draw(&Text::new(warning.as_str(), (12, 30), ("sans-serif", 12).into_font().color(&RED)))?;
    }
    root.present()?;
    Ok(())
}

/// Of a panel: a, b, c.
fn letter(index: usize) -> char {
    char::from(b'a' + (index % 26) as u8)
}

fn draw_panel(area: &Area<'_>, panel: &Panel, title: &str) -> Result<(), Box<dyn std::error::Error>> {
    let curves = &panel.curves;
    let (plot, legend) = area.split_horizontally(WIDTH - LEGEND_WIDTH);
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let least = |of: fn(&Point) -> f64| points().map(of).fold(f64::INFINITY, f64::min);
    let most = |of: fn(&Point) -> f64| points().map(of).fold(0.0, f64::max);
    let x_axis = (least(|point| point.x) / 1.08..most(|point| point.x) * 1.08).log_scale().base(panel.base);
    let (low, high) = (least(|point| point.ends.0) / 1.3, most(|point| point.ends.1) * 1.3);
    // Two labels an axis, at least.
    let y_base = if high / low < 500.0 { 2.0 } else { 10.0 };
    let y_axis = (low..high).log_scale().base(y_base);
    let mut chart = ChartBuilder::on(&plot)
        .caption(title, ("sans-serif", 19))
        .margin(12)
        .x_label_area_size(48)
        .y_label_area_size(80)
        .build_cartesian_2d(x_axis, y_axis)?;
    chart
        .configure_mesh()
        .x_desc(panel.x)
        .y_desc(panel.y)
        .x_label_formatter(&number)
        .y_label_formatter(&number)
        .axis_desc_style(("sans-serif", 17))
        .label_style(("sans-serif", 15))
        .bold_line_style(BLACK.mix(0.18))
        .light_line_style(BLACK.mix(0.06))
        .draw()?;
    for Curve { style, points, is_joined, .. } in curves {
        let line: Vec<(f64, f64)> = points.iter().map(|point| (point.x, point.y)).collect();
        match style.dash() {
            _ if !is_joined => {}
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
    for (row, Curve { name, style, is_joined, .. }) in curves.iter().enumerate() {
        let y = 50 + 26 * row as i32;
        let (from, to) = ((0, y), (44, y));
        match style.dash() {
            _ if !is_joined => {}
            None => area.draw(&PathElement::new([from, to], style.stroke()))?,
            Some((dash, gap)) => area.draw(&DashedPathElement::new([from, to], dash, gap, style.stroke()))?,
        }
        area.draw(&style.mark((22, y)))?;
        area.draw(&Text::new(name.as_str(), (52, y - 8), ("sans-serif", 16)))?;
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
