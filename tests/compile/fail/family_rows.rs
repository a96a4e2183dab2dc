//! error[E0080]: evaluation panicked: expected a family of 1 to 16,000 rows
#![allow(dead_code)]
use quipu::{Counter, Family};

quipu::labels! {
    enum A: "a" { V0 => "0", V1 => "1", V2 => "2", V3 => "3", V4 => "4", V5 => "5", V6 => "6" }
    enum B: "b" { V0 => "0", V1 => "1", V2 => "2", V3 => "3", V4 => "4", V5 => "5", V6 => "6" }
    enum C: "c" { V0 => "0", V1 => "1", V2 => "2", V3 => "3", V4 => "4", V5 => "5", V6 => "6" }
    enum D: "d" { V0 => "0", V1 => "1", V2 => "2", V3 => "3", V4 => "4", V5 => "5", V6 => "6" }
    enum E: "e" { V0 => "0", V1 => "1", V2 => "2", V3 => "3", V4 => "4", V5 => "5", V6 => "6" }
}

static STEPS: Family<Counter, (A, B, C, D, E)> = Family::named("steps_total", "");

fn main() {
    println!("{STEPS:?}");
}
