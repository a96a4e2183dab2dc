//! Tests of the parts that measure nothing.

mod busy;
mod chart;
mod check;
mod clock;
mod draft;
mod fit;
mod observe;
mod percentiles;
mod plot;
mod program;
mod terminal;
