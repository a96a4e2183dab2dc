//! Lines and marks that are told apart without colour, too.

use plotters::prelude::*;

/// How one strategy is drawn, wherever it is.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    color: RGBColor,
    /// The length of the dashes and of the gaps, in pixels.
    dash: (i32, i32),
    mark: Mark,
}

#[derive(Clone, Copy)]
enum Mark {
    Disc,
    Ring,
    Triangle,
    Cross,
    Square,
    Box,
    Diamond,
    Plus,
    HollowDiamond,
    Dot,
}

// Dark enough for print, and apart from each other for readers to whom red and green look alike:
// after Okabe and Ito.
const COLORS: [RGBColor; 5] =
    [RGBColor(0, 0, 0), RGBColor(0, 90, 160), RGBColor(190, 80, 0), RGBColor(0, 125, 95), RGBColor(150, 60, 120)];
const DASHES: [(i32, i32); 3] = [(1, 0), (8, 4), (2, 4)];
const MARKS: [Mark; 10] = [
    Mark::Dot,
    Mark::Ring,
    Mark::Triangle,
    Mark::Cross,
    Mark::Square,
    Mark::Box,
    Mark::Disc,
    Mark::HollowDiamond,
    Mark::Plus,
    Mark::Diamond,
];
const DIAMOND: [(i32, i32); 4] = [(0, -6), (6, 0), (0, 6), (-6, 0)];

impl Style {
    /// No two of the first ten have the same mark, nor of the first fifteen the same dashes and
    /// colour.
    pub(crate) fn of(index: usize) -> Self {
        Self {
            color: COLORS[index % COLORS.len()],
            dash: DASHES[index % DASHES.len()],
            mark: MARKS[index % MARKS.len()],
        }
    }

    /// The line of the error bars.
    pub(crate) fn thin(self) -> ShapeStyle {
        self.color.mix(0.6).stroke_width(1)
    }

    pub(crate) fn stroke(self) -> ShapeStyle {
        self.color.stroke_width(2)
    }

    /// The length of the dashes and of the gaps; `None` of a solid line.
    pub(crate) fn dash(self) -> Option<(i32, i32)> {
        (self.dash.1 > 0).then_some(self.dash)
    }

    /// The mark at a point; in plots of any coordinates, and in legends.
    pub(crate) fn mark<'a, C: Clone + 'a, DB: DrawingBackend + 'a>(self, at: C) -> DynElement<'a, DB, C> {
        let (thin, full) = (self.color.stroke_width(1), self.color.filled());
        let at = EmptyElement::at(at);
        match self.mark {
            Mark::Disc => (at + Circle::new((0, 0), 4, full)).into_dyn(),
            Mark::Ring => (at + Circle::new((0, 0), 4, WHITE.filled()) + Circle::new((0, 0), 4, thin)).into_dyn(),
            Mark::Triangle => (at + TriangleMarker::new((0, 0), 5, full)).into_dyn(),
            Mark::Cross => (at + Cross::new((0, 0), 4, self.stroke())).into_dyn(),
            Mark::Square => (at + Rectangle::new([(-4, -4), (4, 4)], full)).into_dyn(),
            Mark::Dot => (at + Circle::new((0, 0), 2, full)).into_dyn(),
            Mark::Plus => {
                let across = PathElement::new([(-5, 0), (5, 0)], self.stroke());
                (at + across + PathElement::new([(0, -5), (0, 5)], self.stroke())).into_dyn()
            }
            Mark::Diamond => (at + Polygon::new(DIAMOND, full)).into_dyn(),
            Mark::HollowDiamond => {
                let outline = PathElement::new([DIAMOND[0], DIAMOND[1], DIAMOND[2], DIAMOND[3], DIAMOND[0]], thin);
                (at + Polygon::new(DIAMOND, WHITE.filled()) + outline).into_dyn()
            }
            Mark::Box => {
                let outline = Rectangle::new([(-4, -4), (4, 4)], thin);
                (at + Rectangle::new([(-4, -4), (4, 4)], WHITE.filled()) + outline).into_dyn()
            }
        }
    }
}
