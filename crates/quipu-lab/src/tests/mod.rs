//! Tests of the parts that measure nothing.

mod busy;
mod calls;
mod chart;
mod check;
mod clock;
mod draft;
mod fit;
mod percentiles;
mod plot;
mod program;
mod terminal;
