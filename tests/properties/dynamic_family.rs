//! Random programs of a family whose labels are known at run time, against a map.

use std::collections::HashMap;

use proptest::prelude::*;
use quipu::{Counter, DynamicFamily, OVERFLOW, Series, Value};

const NAME: &str = "model_family_total";
const LIMIT: usize = 4;
const TEXT_LIMIT: usize = 8;

type Texts = [String; 2];

#[derive(Clone, Debug)]
enum Step {
    Add(Texts, u8),
    Hold(Texts),
    AddToHeld(u8),
    Release,
    Remove(Texts),
    Sweep,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let text = || prop_oneof![20 => "[a-b]{0,1}", 1 => "\\PC{0,9}", 1 => Just(OVERFLOW.to_owned())];
    let texts = || [text(), text()];
    let step = prop_oneof![
        6 => (texts(), any::<u8>()).prop_map(|(texts, amount)| Step::Add(texts, amount)),
        1 => texts().prop_map(Step::Hold),
        1 => any::<u8>().prop_map(Step::AddToHeld),
        1 => Just(Step::Release),
        2 => texts().prop_map(Step::Remove),
        1 => Just(Step::Sweep),
    ];
    prop::collection::vec(step, 1..80)
}

/// A series of the model.
#[derive(Debug, Default)]
struct Modelled {
    value: u64,
    /// At the last sweep.
    mark: Option<u64>,
}

#[derive(Debug, Default)]
struct Model {
    series: HashMap<Texts, Modelled>,
    total: u64,
    overflow: Option<u64>,
    overflowed: u64,
}

impl Model {
    /// The series' value, by the rules of the limits.
    fn look_up(&mut self, texts: &Texts) -> &mut u64 {
        let is_full = self.series.len() == LIMIT && !self.series.contains_key(texts);
        let is_long = texts[0].len() + texts[1].len() > TEXT_LIMIT;
        if is_full || is_long || texts.iter().all(|text| text == OVERFLOW) {
            self.overflowed += 1;
            return self.overflow.get_or_insert(0);
        }
        &mut self.series.entry(texts.clone()).or_default().value
    }

    fn add(&mut self, texts: &Texts, amount: u64) {
        *self.look_up(texts) += amount;
        self.total += amount;
    }

    /// The number of series that it evicts.
    fn sweep(&mut self, held: Option<&Texts>) -> usize {
        let before = self.series.len();
        self.series.retain(|texts, series| {
            series.mark.replace(series.value) != Some(series.value) || held == Some(texts)
        });
        before - self.series.len()
    }

    /// Label texts and values, as a snapshot has them, in no order.
    fn shown(&self) -> HashMap<Texts, u64> {
        let overflow = self.overflow.map(|value| ([(); 2].map(|()| OVERFLOW.to_owned()), value));
        let series = self.series.iter().map(|(texts, series)| (texts.clone(), series.value));
        series.chain(overflow).collect()
    }
}

fn shown() -> HashMap<Texts, u64> {
    let snapshot = quipu::snapshot();
    let sample = |sample: &quipu::Sample| {
        let Value::Unsigned(value) = sample.value else { panic!("{sample:?}") };
        let [a, b] = sample.labels() else { panic!("{sample:?}") };
        assert_eq!((&*a.name, &*b.name), ("a", "b"));
        ([a, b].map(|label| label.value.to_string()), value)
    };
    snapshot.family(NAME).iter().map(sample).collect()
}

fn borrowed(texts: &Texts) -> [&str; 2] {
    texts.each_ref().map(|text| &**text)
}

/// The series of a handle.
#[derive(Clone, Debug, PartialEq)]
enum Of {
    Series(Texts),
    Gone,
    Overflow,
}

proptest! {
    #[test]
    fn a_family_is_as_its_model(steps in steps()) {
        let family = DynamicFamily::<Counter, 2>::named(NAME, "", ["a", "b"]);
        let family = family.limit(LIMIT).text_limit(TEXT_LIMIT);
        let mut model = Model::default();
        let mut held: Option<(Series<'_, Counter>, Of)> = None;
        for step in &steps {
            match step {
                Step::Add(texts, amount) => {
                    model.add(texts, (*amount).into());
                    family.with(borrowed(texts), |counter| counter.add((*amount).into()));
                }
                Step::Hold(texts) => {
                    model.look_up(texts);
                    let is_series = model.series.contains_key(texts);
                    let of = if is_series { Of::Series(texts.clone()) } else { Of::Overflow };
                    held = Some((family.get(borrowed(texts)), of));
                }
                Step::AddToHeld(amount) => {
                    let Some((handle, of)) = &held else { continue };
                    let amount = u64::from(*amount);
                    handle.add(amount);
                    model.total += amount;
                    match of {
                        Of::Series(texts) => model.series.get_mut(texts).unwrap().value += amount,
                        Of::Overflow => *model.overflow.get_or_insert(0) += amount,
                        Of::Gone => (),
                    }
                }
                Step::Release => held = None,
                Step::Remove(texts) => {
                    let was_there = model.series.remove(texts).is_some();
                    prop_assert_eq!(family.remove(borrowed(texts)), was_there);
                    if let Some((_, of)) = held.as_mut().filter(|(_, of)| *of == Of::Series(texts.clone())) {
                        *of = Of::Gone;
                    }
                }
                Step::Sweep => {
                    let kept = held.as_ref().and_then(|(_, of)| match of {
                        Of::Series(texts) => Some(texts),
                        _ => None,
                    });
                    prop_assert_eq!(family.sweep(), model.sweep(kept));
                }
            }
            prop_assert_eq!(family.len(), model.series.len());
            prop_assert_eq!((family.total(), family.overflowed()), (model.total, model.overflowed));
        }
        prop_assert_eq!(shown(), model.shown());
    }
}
