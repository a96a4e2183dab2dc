//! Colours, dashes and marks, on light pages and on dark ones.

/// On a light page, and on a dark one. They are apart from each other also where red and green look
/// alike, after Okabe and Ito.
type Color = (&'static str, &'static str);

const PAGE: Color = ("#ffffff", "#0d1117");
const INK: Color = ("#1f2328", "#e6edf3");
const GRID: Color = ("#d8dee4", "#30363d");
const WARNING: Color = ("#c00000", "#ff7b72");
const CURVES: [Color; 5] = [
    ("#1f2328", "#e6edf3"),
    ("#005aa0", "#58a6ff"),
    ("#b84a00", "#ffa657"),
    ("#007d5f", "#3fc79a"),
    ("#96408a", "#e2a0ff"),
];
const DASHES: [&str; 3] = ["none", "8 4", "2 4"];

/// Outlines around the point that they mark.
const MARKS: [&str; 6] = [
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "M-4 -4h8v8h-8z",
    "M0 -5l5 9h-10z",
    "M0 -6l6 6l-6 6l-6 -6z",
    "M-4 -4l8 8m-8 0l8 -8",
    "M-5 0h10m-5 -5v10",
];

/// How one strategy is drawn, wherever it is.
#[derive(Clone, Copy)]
pub(crate) struct Style(usize);

impl Style {
    /// The first fifteen differ in their dashes or their colour, and the first thirty in their mark
    /// or their colour.
    pub(crate) const fn of(index: usize) -> Self {
        Self(index)
    }

    /// The class of the sheet that has the colour.
    pub(crate) fn class(self) -> String {
        format!("c{}", self.0 % CURVES.len())
    }

    pub(crate) const fn dash(self) -> &'static str {
        DASHES[self.0 % DASHES.len()]
    }

    /// The path of the mark, around (0, 0).
    pub(crate) const fn mark(self) -> &'static str {
        MARKS[self.0 % MARKS.len()]
    }
}

/// The style sheet. It follows the reader's choice of a light or a dark page.
pub(crate) fn sheet() -> String {
    let (light, dark) = (rules(|color| color.0), rules(|color| color.1));
    format!("{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}")
}

fn rules(shade: fn(Color) -> &'static str) -> String {
    let fixed = [("page", PAGE), ("ink", INK), ("grid", GRID), ("warning", WARNING)];
    let fixed = fixed.map(|(class, color)| format!(".{class} {{ color: {} }}", shade(color)));
    let curves =
        (0..).zip(CURVES).map(|(index, color)| format!(".c{index} {{ color: {} }}", shade(color)));
    fixed.into_iter().chain(curves).collect::<Vec<_>>().join("\n")
}
