use std::sync::atomic::{AtomicUsize, Ordering};

use prometheus_parse::{Scrape, Value};
use proptest::prelude::*;
use quipu::{CounterArray, FloatCounter, UpDownCounter};
use quipu_testing::keep;

/// Texts with many of the characters that matter.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![r#"[\\n"\n\r {}=,#é]{0,12}"#, any::<String>()]
}

/// An escaped text, as a reader of the format understands it.
fn unescaped(text: &str) -> String {
    let mut rest = text.chars();
    let mut plain = String::new();
    while let Some(character) = rest.next() {
        plain.push(match character {
            '\\' => match rest.next() {
                Some('n') => '\n',
                Some(escaped @ ('\\' | '"')) => escaped,
                other => panic!("\\ before {other:?}"),
            },
            plain => plain,
        });
    }
    plain
}

/// The label value and the number of a sample's line.
fn sample(line: &str) -> (String, &str) {
    let (label, number) =
        line.rsplit_once("\"} ").expect("a quote, a brace and a number at the end");
    assert!(
        !label.replace("\\\\", "").replace("\\\"", "").contains('"'),
        "an unescaped quote in {line}"
    );
    (unescaped(label), number)
}

/// A name that no counter had before: a total stays with its name.
fn fresh(start: &str) -> &'static str {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    keep(format!("{start}_{}_total", NEXT.fetch_add(1, Ordering::Relaxed)))
}

proptest! {
    #[test]
    fn help_texts_and_label_values_are_read_back(help in texts(), first in texts(), second in texts()) {
        let (first, second) = (keep(first), keep(second));
        let values: &'static [&'static str; 2] = keep([first.as_str(), second.as_str()]);
        let name = fresh("property_text");
        let array = CounterArray::named(name, keep(help.clone()), "value", values);
        array[0].add(3);
        array[1].add(4);

        let text = quipu::snapshot().prometheus().to_string();
        let after = |start: &str| -> Vec<_> {
            text.split('\n').filter_map(|line| line.strip_prefix(start)).map(String::from).collect()
        };
        let helps: Vec<_> = after(&format!("# HELP {name} ")).iter().map(|help| unescaped(help)).collect();
        prop_assert_eq!(helps, if help.is_empty() { vec![] } else { vec![help] });
        prop_assert_eq!(after(&format!("# TYPE {name} ")), ["counter"]);

        let lines = after(&format!("{name}{{value=\""));
        let samples: Vec<_> = lines.iter().map(|line| sample(line)).collect();
        if first == second {
            prop_assert_eq!(samples, [(first.to_owned(), "7")]);
        } else {
            prop_assert_eq!(samples, [(first.to_owned(), "3"), (second.to_owned(), "4")]);
        }
    }

    /// Another's parser, which knows no escapes, finds every number: also those above 2^53, tiny
    /// and huge ones.
    #[test]
    fn numbers_are_read_back(
        whole in any::<u64>(),
        signed in any::<i64>(),
        float in prop_oneof![0.0..1e9, Just(f64::MIN_POSITIVE / 4.0), 0.0..=FloatCounter::MAX_AMOUNT],
        label in "[a-zA-Z0-9é/. :-]{0,9}",
    ) {
        let values: &'static [&'static str; 1] = keep([keep(label).as_str()]);
        let names = [fresh("property_whole"), fresh("property_float")];
        let array = CounterArray::named(names[0], "", "value", values);
        let up_down = UpDownCounter::named("property_signed", "");
        let seconds = FloatCounter::named(names[1], "");
        array[0].add(whole);
        up_down.add(signed);
        (0..2).for_each(|_| seconds.add(float));

        let text = quipu::snapshot().prometheus().to_string();
        let scrape = Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
        let found = |name: &str| scrape.samples.iter().find(|sample| sample.metric == name).expect("a sample");
        prop_assert_eq!(&found(names[0]).value, &Value::Counter(whole as f64));
        prop_assert_eq!(found(names[0]).labels.get("value"), Some(values[0]));
        prop_assert_eq!(&found("property_signed").value, &Value::Gauge(signed as f64));
        prop_assert_eq!(&found(names[1]).value, &Value::Counter(2.0 * float));
    }
}
