#![allow(dead_code)]
use quipu::{Counter, Family};

quipu::labels! {
    enum A: "a" { V0 => "0", V1 => "1", V2 => "2", V3 => "3", V4 => "4", V5 => "5" }
    enum B: "b" { V0 => "0", V1 => "1", V2 => "2", V3 => "3", V4 => "4", V5 => "5" }
    enum C: "c" { V0 => "0", V1 => "1", V2 => "2", V3 => "3", V4 => "4", V5 => "5" }
    enum D: "d" { V0 => "0", V1 => "1", V2 => "2", V3 => "3", V4 => "4", V5 => "5" }
    enum E: "e" { V0 => "0", V1 => "1", V2 => "2", V3 => "3", V4 => "4", V5 => "5" }
}

static STEPS: Family<Counter, (A, B, C, D, E)> = Family::named("steps_total", "");

fn main() {
    println!("{STEPS:?}");
}
