//! Sources of one process: the list is shared by all tests here, so each looks for names of its
//! own.

use std::cell::Cell;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::thread;

use quipu_registry::{Entry, Float, Label, Sample, Source, Value, collect};

/// The names that `collection` visits, of those that begin with `prefix`.
fn names(prefix: &str, collection: impl FnOnce(&mut dyn FnMut(&Sample<'_>))) -> Vec<String> {
    let mut names = Vec::new();
    collection(&mut |sample| {
        if sample.name.starts_with(prefix) {
            names.push(sample.name.to_owned());
        }
    });
    names
}

struct Named(String);

impl Source for Named {
    fn collect(&self, visit: &mut dyn FnMut(&Sample<'_>)) {
        visit(&Sample::new(&self.0, Value::Counter(1)));
    }
}

fn entry(name: String) -> &'static Entry {
    Box::leak(Box::new(Entry::new(Box::leak(Box::new(Named(name))))))
}

#[test]
fn every_part_of_a_sample_comes_through() {
    fn sizes(visit: &mut dyn FnMut(&Sample<'_>)) {
        let labels = [Label::new("a", "1"), Label::new("b", "2")];
        visit(
            &Sample::new("parts", Value::FloatGauge(Float::new(-1.5)))
                .with_help("Help.")
                .with_labels(&labels),
        );
    }
    static SIZES: Entry = Entry::new(&sizes);
    SIZES.register();
    let mut seen = 0;
    collect(&mut |sample| {
        if sample.name == "parts" {
            seen += 1;
            let labels: Vec<_> =
                sample.labels.iter().map(|label| (label.name, label.value)).collect();
            assert_eq!((sample.help, labels), ("Help.", vec![("a", "1"), ("b", "2")]));
            assert_eq!(
                (sample.value, sample.value.to_string().as_str()),
                (Value::FloatGauge(Float::new(-1.5)), "-1.5")
            );
        }
    });
    assert_eq!(seen, 1);
}

#[test]
fn entries_come_once_and_in_their_order_however_often_they_register() {
    let entries = [0, 1, 2].map(|index| entry(format!("order_{index}")));
    [0, 1, 0, 2, 1, 2, 0].into_iter().for_each(|index: usize| entries[index].register());
    assert_eq!(names("order_", |visit| collect(visit)), ["order_0", "order_1", "order_2"]);
    assert_eq!(names("order_", |visit| entries[1].collect_others(visit)), ["order_0", "order_2"]);
}

#[test]
fn threads_that_register_at_once_lose_none() {
    const THREADS: usize = 4;
    let rounds = if cfg!(miri) { 5 } else { 200 };
    for round in 0..rounds {
        let prefix = format!("at_once_{round}_");
        let entries: Vec<_> = (0..THREADS).map(|index| entry(format!("{prefix}{index}"))).collect();
        let barrier = Barrier::new(THREADS);
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (entries, barrier) = (&entries, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    // Each registers its own and its neighbour's, so that each is registered twice.
                    entries[thread].register();
                    entries[(thread + 1) % THREADS].register();
                });
            }
        });
        let found = names(&prefix, |visit| collect(visit));
        assert_eq!((found.len(), found.iter().collect::<HashSet<_>>().len()), (THREADS, THREADS));
    }
}

#[test]
fn a_source_that_collects_finds_nothing() {
    static NESTED: Entry = Entry::new(&|visit: &mut dyn FnMut(&Sample<'_>)| {
        let found = names("", |visit| collect(visit)).len()
            + names("", |visit| NESTED.collect_others(visit)).len();
        visit(&Sample::new("nested", Value::Counter(found as u64)));
    });
    NESTED.register();
    let mut values = Vec::new();
    collect(&mut |sample| {
        values.extend((sample.name == "nested").then(|| sample.value.to_string()))
    });
    assert_eq!(values, ["0"]);
}

#[test]
fn a_panic_of_a_source_is_the_readers_and_the_next_collection_is_whole() {
    thread_local! {
        static PANICS: Cell<bool> = const { Cell::new(false) };
    }
    static PANICKING: Entry = Entry::new(&|visit: &mut dyn FnMut(&Sample<'_>)| {
        assert!(!PANICS.replace(false), "the source's own");
        visit(&Sample::new("panicking", Value::Counter(1)));
    });
    PANICKING.register();
    let collection = || names("panicking", |visit| collect(visit));
    PANICS.set(true);
    assert!(catch_unwind(AssertUnwindSafe(collection)).is_err());
    assert_eq!(collection(), ["panicking"]);
}
