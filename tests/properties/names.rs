use proptest::prelude::*;
use quipu::{Counter, CounterArray, FloatCounter, FloatGauge, Gauge, UpDownCounter};
use quipu_testing::keep;
use regex::Regex;

/// Texts, most of them nearly names.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-zA-Z0-9_: é\\-]{0,6}", 2 => "_{0,3}[a-z:]{0,2}[0-9]?", 1 => any::<String>()]
}

fn matches(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).unwrap().is_match(text)
}

proptest! {
    #[test]
    fn metric_names_are_those_of_the_format(text in texts()) {
        let name = keep(text).as_str();
        let is_name = matches("^[a-zA-Z_:][a-zA-Z0-9_:]*$", name);
        prop_assert_eq!(Counter::try_named(name, "").is_ok(), is_name);
        prop_assert_eq!(UpDownCounter::try_named(name, "").is_ok(), is_name);
        prop_assert_eq!(FloatCounter::try_named(name, "").is_ok(), is_name);
        prop_assert_eq!(Gauge::try_named(name, "").is_ok(), is_name);
        prop_assert_eq!(FloatGauge::try_named(name, "").is_ok(), is_name);
        prop_assert_eq!(CounterArray::try_named(name, "", "label", &["value"]).is_ok(), is_name);
    }

    #[test]
    fn label_names_are_those_of_the_format(text in texts()) {
        let label = keep(text).as_str();
        let is_label = matches("^[a-zA-Z_][a-zA-Z0-9_]*$", label) && !label.starts_with("__");
        let array = CounterArray::try_named("property_labels_total", "", label, &["value"]);
        prop_assert_eq!(array.map(|_| ()).map_err(|error| error.text()), if is_label { Ok(()) } else { Err(label) });
    }
}
