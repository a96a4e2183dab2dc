//! Random programs of gauges, a step at a time, against a number each.

use std::thread;

use proptest::prelude::*;
use proptest::sample::Index;
use quipu::{FloatGauge, Gauge, Value};

const NAMES: [&str; 2] = ["model_gauge_a", "model_gauge_b"];
const FLOAT_NAMES: [&str; 2] = ["model_float_gauge_a", "model_float_gauge_b"];

/// One step. An index picks one of the gauges that there are; without any, the step does nothing.
#[derive(Clone, Debug)]
enum Step {
    /// A name's index, or none.
    Create(Option<usize>),
    Drop(Index),
    Set(Index, i32),
    Add(Index, i32),
    Replace(Index, i32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let amount = || prop_oneof![-5..5, any::<i32>()];
    let index = any::<Index>;
    let step = prop_oneof![
        2 => prop::option::of(0..NAMES.len()).prop_map(Step::Create),
        1 => index().prop_map(Step::Drop),
        3 => (index(), amount()).prop_map(|(index, value)| Step::Set(index, value)),
        3 => (index(), amount()).prop_map(|(index, amount)| Step::Add(index, amount)),
        1 => (index(), amount()).prop_map(|(index, value)| Step::Replace(index, value)),
    ];
    prop::collection::vec(step, 1..60)
}

/// A gauge of each kind with the same changes, the index of their names, and the model: their value,
/// and whether a change has listed them.
struct Modelled {
    gauge: Gauge,
    float_gauge: FloatGauge,
    name: Option<usize>,
    value: i64,
    is_listed: bool,
}

impl Modelled {
    fn new(name: Option<usize>) -> Self {
        let (gauge, float_gauge) = match name {
            Some(name) => (Gauge::named(NAMES[name], ""), FloatGauge::named(FLOAT_NAMES[name], "")),
            None => (Gauge::new(), FloatGauge::new()),
        };
        Self { gauge, float_gauge, name, value: 0, is_listed: false }
    }

    /// Whole numbers, which floats have exactly.
    fn change(&mut self, step: &Step) {
        let before = self.value as f64;
        match *step {
            Step::Set(_, value) => {
                self.gauge.set(value.into());
                self.float_gauge.set(value.into());
                self.value = value.into();
            }
            Step::Add(_, amount) => {
                self.gauge.add(amount.into());
                self.float_gauge.add(amount.into());
                self.value += i64::from(amount);
            }
            Step::Replace(_, value) => {
                self.gauge.set(value.into());
                assert_eq!(self.float_gauge.replace(value.into()), before);
                self.value = value.into();
            }
            Step::Create(_) | Step::Drop(_) => unreachable!("{step:?} is no change"),
        }
        self.is_listed = true;
    }
}

fn run(steps: &[Step]) {
    let mut gauges: Vec<Modelled> = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        match step {
            Step::Create(name) => gauges.push(Modelled::new(*name)),
            Step::Drop(index) if !gauges.is_empty() => {
                drop(gauges.swap_remove(index.index(gauges.len())));
            }
            Step::Set(index, _) | Step::Add(index, _) | Step::Replace(index, _)
                if !gauges.is_empty() =>
            {
                let place = index.index(gauges.len());
                let gauge = &mut gauges[place];
                // Every other step on a thread of its own, which has slots of its own.
                if number % 2 == 0 {
                    gauge.change(step);
                } else {
                    thread::scope(|scope| scope.spawn(|| gauge.change(step)).join().unwrap());
                }
            }
            _ => {}
        }
        check(&gauges);
    }
}

fn check(gauges: &[Modelled]) {
    for gauge in gauges {
        assert_eq!(gauge.gauge.value(), gauge.value);
        assert_eq!(gauge.float_gauge.value(), gauge.value as f64);
    }
    let snapshot = quipu::snapshot();
    let shown = |name| snapshot.get(name, None).map(|sample| sample.value);
    for name in 0..NAMES.len() {
        let listed = gauges.iter().filter(|gauge| gauge.name == Some(name) && gauge.is_listed);
        let values: Vec<_> = listed.map(|gauge| gauge.value).collect();
        let sum = (!values.is_empty()).then(|| values.iter().sum::<i64>());
        assert_eq!(shown(NAMES[name]), sum.map(Value::Signed));
        assert_eq!(shown(FLOAT_NAMES[name]), sum.map(|sum| Value::Float(sum as f64)));
    }
}

proptest! {
    #[test]
    fn gauges_have_what_a_number_has(steps in steps()) {
        run(&steps);
    }
}
