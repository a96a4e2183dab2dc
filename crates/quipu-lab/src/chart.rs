//! Charts with two logarithmic axes, in SVG. Each line has its name beside it.

use std::fmt::Display;

use super::stats::Spread;
use super::style::{Style, sheet};

// Units of the picture. Pages show it at about nine tenths of its size.
const WIDTH: f64 = 800.0;
const PANEL_HEIGHT: f64 = 470.0;
const LEFT: f64 = 78.0;
const TOP: f64 = 46.0;
/// Between the axis and the end of a panel.
const BOTTOM: f64 = 62.0;
/// Between the area of the lines and their names.
const LEADER: f64 = 26.0;
const NAME_HEIGHT: f64 = 18.0;
/// Of a letter of a name, on average.
const NAME_LETTER: f64 = 8.5;
const FOOT_LINE: f64 = 20.0;
/// Letters in a line of the foot.
const FOOT_LETTERS: usize = 104;
/// The least distance of two numbers below the x axis.
const TICK_WIDTH: f64 = 36.0;

/// A line of a panel.
pub(crate) struct Curve {
    pub(crate) name: String,
    pub(crate) style: Style,
    /// At least one.
    pub(crate) points: Vec<Point>,
    /// Whether the points are joined, not only marked.
    pub(crate) is_joined: bool,
}

/// All of it is above 0.
#[derive(Clone, Copy)]
pub(crate) struct Point {
    x: f64,
    y: f64,
    /// The least and the most of the rounds.
    ends: (f64, f64),
}

impl Point {
    pub(crate) fn of(x: usize, value: Spread) -> Self {
        Self { x: x as f64, y: value.median, ends: (value.least, value.most) }
    }
}

/// A plot: its title, what its axes have, and its lines, one at least.
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) x: &'static str,
    pub(crate) y: &'static str,
    pub(crate) curves: Vec<Curve>,
}

/// The panels one below the other, and the notes below them, of which the last may be a warning.
pub(crate) fn svg(panels: &[Panel], notes: &[String], warning: Option<&str>) -> String {
    let lines = |class, text: &str| {
        wrapped(text).into_iter().map(move |line| (class, line)).collect::<Vec<_>>()
    };
    let foot: Vec<_> = notes
        .iter()
        .flat_map(|note| lines("ink", note))
        .chain(warning.iter().flat_map(|&text| lines("warning", text)))
        .collect();
    let end = PANEL_HEIGHT * panels.len() as f64;
    let height = end + FOOT_LINE * (foot.len() as f64 + 0.5);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"Helvetica, Arial, sans-serif\" font-size=\"15\" fill=\"currentColor\">\n\
         <style>\n{}\n</style>\n<rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n",
        sheet()
    );
    for (index, panel) in panels.iter().enumerate() {
        let (y, drawn) = (PANEL_HEIGHT * index as f64, panel.drawn());
        text += &format!("<g transform=\"translate(0 {y})\">\n{drawn}</g>\n");
    }
    for (index, (class, line)) in foot.iter().enumerate() {
        let y = end + FOOT_LINE * (index as f64 + 0.5);
        text += &format!(
            "<text class=\"{class}\" x=\"14\" y=\"{y}\" font-size=\"14\">{}</text>\n",
            escaped(line)
        );
    }
    text + "</svg>\n"
}

/// An axis: pixels for values.
struct Axis {
    values: (f64, f64),
    pixels: (f64, f64),
}

impl Axis {
    fn at(&self, value: f64) -> f64 {
        let ((low, high), (from, to)) = (self.values, self.pixels);
        from + (value / low).ln() / (high / low).ln() * (to - from)
    }
}

impl Panel {
    fn drawn(&self) -> String {
        let points = || self.curves.iter().flat_map(|curve| &curve.points);
        let longest = self.curves.iter().map(|curve| curve.name.chars().count()).max().unwrap_or(0);
        let right = WIDTH - LEADER - NAME_LETTER * longest as f64 - 12.0;

        let mut columns: Vec<f64> = points().map(|point| point.x).collect();
        columns.sort_unstable_by(f64::total_cmp);
        columns.dedup();
        let ends = |columns: &[f64]| (columns[0], columns[columns.len() - 1]);
        let (first, last) = ends(&columns);
        let x = Axis { values: (first / 1.08, last * 1.08), pixels: (LEFT, right) };

        let least = points().map(|point| point.ends.0).fold(f64::INFINITY, f64::min);
        let most = points().map(|point| point.ends.1).fold(0.0, f64::max);
        let rows = ticks(least, most);
        let y = Axis { values: ends(&rows), pixels: (PANEL_HEIGHT - BOTTOM, TOP) };

        let curves: String = self.curves.iter().map(|curve| curve.drawn(&x, &y)).collect();
        self.titles(right)
            + &x_grid(&x, &columns)
            + &y_grid(&y, &rows, right)
            + &curves
            + &self.names(&x, &y, right)
    }

    fn titles(&self, right: f64) -> String {
        let (middle, center) = ((LEFT + right) / 2.0, (TOP + PANEL_HEIGHT - BOTTOM) / 2.0);
        let Self { title, x, y, .. } = self;
        format!(
            "<g class=\"ink\" text-anchor=\"middle\">\n\
             <text x=\"14\" y=\"27\" font-size=\"18\" text-anchor=\"start\">{}</text>\n\
             <text x=\"{middle:.1}\" y=\"{}\">{x} (log scale)</text>\n\
             <text transform=\"translate(22 {center:.1}) rotate(-90)\">{y} (log scale)</text>\n</g>\n",
            escaped(title),
            PANEL_HEIGHT - 18.0,
        )
    }

    /// The curves' names, each beside its last point, or as near to that as the other names let it.
    fn names(&self, x: &Axis, y: &Axis, right: f64) -> String {
        let ends: Vec<(f64, f64)> = self
            .curves
            .iter()
            .filter_map(|curve| curve.points.last())
            .map(|point| (x.at(point.x), y.at(point.y)))
            .collect();
        let places = spread_out(&ends.iter().map(|end| end.1).collect::<Vec<_>>(), NAME_HEIGHT);
        let name = |((curve, &(x, y)), place): ((&Curve, &(f64, f64)), f64)| {
            format!(
                "<g class=\"{}\"><path d=\"M{:.1} {y:.1}L{:.1} {place:.1}\" stroke=\"currentColor\" opacity=\"0.5\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\">{}</text></g>\n",
                curve.style.class(),
                x + 8.0,
                right + LEADER - 4.0,
                right + LEADER,
                place + 5.0,
                escaped(&curve.name),
            )
        };
        self.curves.iter().zip(&ends).zip(places).map(name).collect()
    }
}

impl Curve {
    fn drawn(&self, x: &Axis, y: &Axis) -> String {
        let Self { style, points, is_joined, .. } = self;
        let at = |point: &Point| format!("{:.1} {:.1}", x.at(point.x), y.at(point.y));
        let line = if *is_joined {
            points.iter().map(at).collect::<Vec<_>>().join("L")
        } else {
            at(&points[0])
        };
        let bar = |Point { x: column, ends: (least, most), .. }: &Point| {
            format!("M{:.1} {:.1}V{:.1}", x.at(*column), y.at(*least), y.at(*most))
        };
        let bars: String = points.iter().map(bar).collect();
        let mark = |point: &Point| {
            format!("<path transform=\"translate({})\" d=\"{}\"/>\n", at(point), style.mark())
        };
        let marks: String = points.iter().map(mark).collect();
        format!(
            "<g class=\"{}\" stroke=\"currentColor\" stroke-width=\"2\">\n\
             <path d=\"M{line}\" fill=\"none\" stroke-dasharray=\"{}\"/>\n\
             <path d=\"{bars}\" stroke-width=\"1\" opacity=\"0.5\"/>\n{marks}</g>\n",
            style.class(),
            style.dash(),
        )
    }
}

/// A line and a number at each column, except where numbers would touch.
fn x_grid(x: &Axis, columns: &[f64]) -> String {
    let (mut text, mut free) = (String::new(), 0.0);
    for &column in columns {
        let at = x.at(column);
        text += &format!(
            "<path class=\"grid\" stroke=\"currentColor\" d=\"M{at:.1} {TOP}V{}\"/>\n",
            PANEL_HEIGHT - BOTTOM
        );
        if at >= free {
            let (y, number) = (PANEL_HEIGHT - BOTTOM + 20.0, number(column));
            text += &format!(
                "<text class=\"ink\" x=\"{at:.1}\" y=\"{y}\" text-anchor=\"middle\">{number}</text>\n"
            );
            free = at + TICK_WIDTH;
        }
    }
    text
}

fn y_grid(y: &Axis, rows: &[f64], right: f64) -> String {
    let row = |&row: &f64| {
        let (at, number) = (y.at(row), number(row));
        format!(
            "<path class=\"grid\" stroke=\"currentColor\" d=\"M{LEFT} {at:.1}H{right:.1}\"/>\n\
             <text class=\"ink\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{number}</text>\n",
            LEFT - 8.0,
            at + 5.0
        )
    };
    rows.iter().map(row).collect()
}

/// Round values, of which the first lies below all values and the last above: 1, 2, 5, 10, or where
/// those would be many, powers of ten.
pub(crate) fn ticks(least: f64, most: f64) -> Vec<f64> {
    let steps: &[f64] = if most / least < 2000.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let decades = least.log10().floor() as i32 - 1..=most.log10().ceil() as i32 + 1;
    let all: Vec<f64> = decades
        .flat_map(|decade| steps.iter().map(move |step| step * 10f64.powi(decade)))
        .collect();
    let from = all.partition_point(|&tick| tick < least) - 1;
    let to = all.partition_point(|&tick| tick <= most);
    all[from..=to].to_vec()
}

/// Places near to those that are wanted, and in the same order, at least so far apart.
pub(crate) fn spread_out(wanted: &[f64], apart: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    let (mut lower, mut upper) = (wanted.to_vec(), wanted.to_vec());
    for pair in order.windows(2) {
        lower[pair[1]] = lower[pair[1]].max(lower[pair[0]] + apart);
    }
    for pair in order.windows(2).rev() {
        upper[pair[0]] = upper[pair[0]].min(upper[pair[1]] - apart);
    }
    // Neighbours lie far enough apart in both, so they do in the middle.
    lower.iter().zip(upper).map(|(lower, upper)| (lower + upper) / 2.0).collect()
}

/// A tick's label: 0.5, 1, 20, 3k, 4M.
pub(crate) fn number(value: f64) -> String {
    let (scaled, unit) = match value {
        value if value >= 1e6 => (value / 1e6, "M"),
        value if value >= 1e3 && value % 1e3 == 0.0 => (value / 1e3, "k"),
        value => (value, ""),
    };
    let text = format!("{scaled:.3}");
    format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// The words in lines of the foot.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is one line at least");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + word.chars().count() < FOOT_LETTERS {
            *line = format!("{line} {word}");
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

fn escaped(text: impl Display) -> String {
    text.to_string().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
