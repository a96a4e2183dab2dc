use std::sync::LazyLock;

use quipu::{Counter, CounterArray, FloatCounter, InvalidName, UpDownCounter};

/// One byte too long.
static LONG: LazyLock<String> = LazyLock::new(|| "x".repeat(65_536));

/// The answer of each constructor to a name and a help text.
fn checked(name: &'static str, help: &'static str) -> Result<(), InvalidName> {
    let results = [
        Counter::try_named(name, help).map(drop),
        UpDownCounter::try_named(name, help).map(drop),
        FloatCounter::try_named(name, help).map(drop),
    ];
    assert!(results.iter().all(|result| *result == results[0]), "{results:?}");
    results[0]
}

#[test]
fn what_prometheus_takes_is_taken() {
    for name in ["a", "Z", "_", ":", "a1", "http_requests_total", "__x", "job:rate:5m"] {
        assert_eq!(checked(name, "Any help."), Ok(()));
    }
}

#[test]
fn what_prometheus_refuses_is_refused_by_name() {
    for name in
        ["", " ", "a b", "1a", "a-b", "a.b", "a\n", "a\0", "é", "名", "a{b}", "\u{212a}elvin"]
    {
        let error = checked(name, "").unwrap_err();
        assert_eq!(error.text(), name);
        assert!(
            error.to_string().starts_with(&format!("{name:?}: expected a metric name")),
            "{error}"
        );
    }
}

#[test]
fn texts_have_at_most_65535_bytes() {
    let (text, longest): (&'static str, _) = (&LONG, &LONG[1..]);
    assert_eq!(checked(longest, longest), Ok(()));
    let labelled = |label| CounterArray::try_named("a", "", label, &["b"]).map(drop);
    assert_eq!(labelled(longest), Ok(()));
    for error in [checked(text, ""), checked("a", text), labelled(text)] {
        let error = error.unwrap_err();
        assert_eq!(error.text(), text);
        assert!(error.to_string().ends_with("expected at most 65535 bytes of text"));
    }
}

#[test]
fn the_longest_name_is_kept_whole() {
    let name = &LONG[1..];
    let counter = Counter::named(name, "");
    counter.add(2);
    assert_eq!(counter.name(), Some(name));
    assert_eq!(crate::in_snapshot(name), Some(quipu::Value::Unsigned(2)));
}

#[test]
#[should_panic(
    expected = "2xx: expected a metric name: a letter, '_' or ':', then letters, digits"
)]
fn a_refused_name_panics_by_name() {
    let _ = Counter::named("2xx", "");
}

#[test]
#[cfg_attr(panic = "abort", ignore = "a panic ends the program")]
fn a_long_help_text_panics_with_its_first_96_bytes() {
    let panic = std::panic::catch_unwind(|| UpDownCounter::named("long_help", &LONG)).unwrap_err();
    let message = panic.downcast_ref::<String>().expect("a message");
    assert_eq!(*message, format!("{}: expected at most 65535 bytes of text", &LONG[..96]));
}

#[test]
fn the_name_is_the_one_given() {
    assert_eq!(FloatCounter::named("given", "").name(), Some("given"));
    assert_eq!(FloatCounter::new().name(), None);
}
