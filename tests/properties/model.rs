//! Random programs of the public API, run on real threads one step at a time, against a model of a
//! few lines.

use std::fmt::Debug;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use proptest::prelude::*;
use proptest::sample::Index;
use quipu::{Counter, CounterArray, FloatCounter, Snapshot, UpDownCounter, Value};

use crate::subject::{Adds, Takes};

const NAMES: [&str; 3] = ["model_a_total", "model_b_total", "model_c_total"];

const THREADS: usize = 4;

#[derive(Clone, Copy, Debug)]
enum Kind {
    Plain,
    Named(usize),
    UpDown,
    Float,
    Element,
}

/// One step. An index picks one of the counters or cursors that there are; without any, the step
/// does nothing.
#[derive(Clone, Debug)]
enum Step {
    Create(Kind),
    Drop(Index),
    Add(usize, Index, i64),
    Take(usize, Index),
    Reset(usize, Index),
    Sum(usize, Index),
    Cursor(usize, Index),
    Delta(usize, Index),
    Snapshot,
    EndThread(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let kind = prop_oneof![
        Just(Kind::Plain),
        (0..NAMES.len()).prop_map(Kind::Named),
        Just(Kind::UpDown),
        Just(Kind::Float),
        Just(Kind::Element),
    ];
    let amount = prop_oneof![0..10_i64, -10..10_i64, any::<i64>()];
    let thread = || 0..THREADS;
    let step = prop_oneof![
        2 => kind.prop_map(Step::Create),
        1 => any::<Index>().prop_map(Step::Drop),
        6 => (thread(), any::<Index>(), amount).prop_map(|(thread, index, amount)| Step::Add(thread, index, amount)),
        2 => (thread(), any::<Index>()).prop_map(|(thread, index)| Step::Take(thread, index)),
        1 => (thread(), any::<Index>()).prop_map(|(thread, index)| Step::Reset(thread, index)),
        2 => (thread(), any::<Index>()).prop_map(|(thread, index)| Step::Sum(thread, index)),
        2 => (thread(), any::<Index>()).prop_map(|(thread, index)| Step::Cursor(thread, index)),
        2 => (thread(), any::<Index>()).prop_map(|(thread, index)| Step::Delta(thread, index)),
        1 => Just(Step::Snapshot),
        1 => thread().prop_map(Step::EndThread),
    ];
    prop::collection::vec(step, 1..80)
}

/// Whatever the kind, as one type.
trait Subject: Send + Sync {
    fn add(&self, amount: i64);
    fn sum(&self) -> i64;
    fn take(&self) -> i64;
    fn reset(&self);
    fn cursor(&self) -> Delta<'_>;
}

type Delta<'a> = Box<dyn FnMut() -> i64 + Send + 'a>;

macro_rules! subjects {
    ($($subject:ty),*) => { $(
        impl Subject for $subject {
            fn add(&self, amount: i64) {
                Adds::add(self, amount);
            }

            fn sum(&self) -> i64 {
                Adds::sum(self)
            }

            fn take(&self) -> i64 {
                Takes::take(self)
            }

            fn reset(&self) {
                Takes::reset(self);
            }

            fn cursor(&self) -> Delta<'_> {
                Box::new(Takes::cursor(self))
            }
        }
    )* };
}

subjects!(Counter, UpDownCounter, FloatCounter, CounterArray<9>);

/// A counter, and what the model knows of it.
struct Modelled {
    kind: Kind,
    subject: Arc<dyn Subject>,
    total: i64,
    taken: i64,
    cursors: Vec<ModelledCursor>,
}

struct ModelledCursor {
    delta: Arc<Mutex<Delta<'static>>>,
    total: i64,
}

impl Modelled {
    fn new(kind: Kind) -> Self {
        let subject: Arc<dyn Subject> = match kind {
            Kind::Plain => Arc::new(Counter::new()),
            Kind::Named(index) => {
                let counter = Counter::named(NAMES[index], "");
                assert_eq!(counter.register(), Ok(()));
                Arc::new(counter)
            }
            Kind::UpDown => Arc::new(UpDownCounter::new()),
            Kind::Float => Arc::new(FloatCounter::new()),
            Kind::Element => Arc::new(CounterArray::<9>::new()),
        };
        Self { kind, subject, total: 0, taken: 0, cursors: Vec::new() }
    }

    /// The amount as the kind takes it: a float adds what it can add up without rounding.
    fn fit(&self, amount: i64) -> i64 {
        if matches!(self.kind, Kind::Float) { amount.rem_euclid(1000) } else { amount }
    }

    fn value(&self) -> i64 {
        self.total.wrapping_sub(self.taken)
    }
}

impl Drop for Modelled {
    fn drop(&mut self) {
        // They refer to the subject.
        self.cursors.clear();
    }
}

/// A thread that does what it is told.
struct Actor {
    orders: Sender<Box<dyn FnOnce() -> i64 + Send>>,
    results: Receiver<i64>,
    thread: JoinHandle<()>,
}

impl Actor {
    fn start() -> Self {
        let (orders, to_do) = channel::<Box<dyn FnOnce() -> i64 + Send>>();
        let (done, results) = channel();
        let thread =
            thread::spawn(move || to_do.into_iter().for_each(|order| done.send(order()).unwrap()));
        Self { orders, results, thread }
    }

    fn run(&self, order: impl FnOnce() -> i64 + Send + 'static) -> i64 {
        self.orders.send(Box::new(order)).unwrap();
        self.results.recv().expect("a thread that doesn't panic")
    }

    fn end(self) {
        drop(self.orders);
        self.thread.join().unwrap();
    }
}

struct World {
    counters: Vec<Modelled>,
    /// Totals of each name's dropped counters, those of earlier programs included.
    dropped: [i64; NAMES.len()],
    actors: [Option<Actor>; THREADS],
}

impl World {
    fn new() -> Self {
        let snapshot = quipu::snapshot();
        let shown = NAMES.map(|name| shown_in(&snapshot, name));
        Self { counters: Vec::new(), dropped: shown, actors: Default::default() }
    }

    /// Has a thread, started if need be, do something with one of the counters. `None` if there are
    /// none.
    fn on<T: Debug>(
        &mut self,
        thread: usize,
        index: &Index,
        f: impl FnOnce(&Actor, &mut Modelled) -> T,
    ) -> Option<T> {
        let actor = self.actors[thread].get_or_insert_with(Actor::start);
        let counters = self.counters.len();
        (counters > 0).then(|| f(actor, &mut self.counters[index.index(counters)]))
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Create(kind) => self.counters.push(Modelled::new(*kind)),
            Step::Drop(index) => {
                if !self.counters.is_empty() {
                    let counter = self.counters.swap_remove(index.index(self.counters.len()));
                    self.keep(&counter);
                }
            }
            Step::Add(thread, index, amount) => {
                self.on(*thread, index, |actor, counter| {
                    let (subject, amount) = (Arc::clone(&counter.subject), counter.fit(*amount));
                    actor.run(move || (subject.add(amount), 0).1);
                    counter.total = counter.total.wrapping_add(amount);
                });
            }
            Step::Take(thread, index) => {
                self.on(*thread, index, |actor, counter| {
                    let subject = Arc::clone(&counter.subject);
                    assert_eq!(actor.run(move || subject.take()), counter.value(), "take");
                    counter.taken = counter.total;
                });
            }
            Step::Reset(thread, index) => {
                self.on(*thread, index, |actor, counter| {
                    let subject = Arc::clone(&counter.subject);
                    actor.run(move || (subject.reset(), 0).1);
                    counter.taken = counter.total;
                });
            }
            Step::Sum(thread, index) => {
                self.on(*thread, index, |actor, counter| {
                    let subject = Arc::clone(&counter.subject);
                    assert_eq!(actor.run(move || subject.sum()), counter.value(), "sum");
                });
            }
            Step::Cursor(thread, index) => {
                self.on(*thread, index, add_cursor);
            }
            Step::Delta(thread, index) => {
                self.on(*thread, index, check_deltas);
            }
            Step::Snapshot => self.check_snapshot(),
            Step::EndThread(thread) => {
                if let Some(actor) = self.actors[*thread].take() {
                    actor.end();
                }
            }
        }
    }

    /// Counters of one name appear as one, with all that was ever added to them, and to those that
    /// are gone.
    fn check_snapshot(&self) {
        let snapshot = quipu::snapshot();
        for (index, name) in NAMES.into_iter().enumerate() {
            assert_eq!(shown_in(&snapshot, name), self.shown(index), "{name} in a snapshot");
        }
    }

    /// The count of a named counter stays in the total of its name.
    fn keep(&mut self, counter: &Modelled) {
        if let Kind::Named(name) = counter.kind {
            self.dropped[name] = self.dropped[name].wrapping_add(counter.total);
        }
    }

    fn shown(&self, name: usize) -> i64 {
        let named = self
            .counters
            .iter()
            .filter(|counter| matches!(counter.kind, Kind::Named(own) if own == name));
        named.fold(self.dropped[name], |sum, counter| sum.wrapping_add(counter.total))
    }
}

/// 0 as long as no counter had the name.
fn shown_in(snapshot: &Snapshot, name: &str) -> i64 {
    snapshot.get(name, None).map_or(0, |sample| match sample.value {
        Value::Unsigned(value) => value as i64,
        other => panic!("{name} has {other:?}"),
    })
}

fn add_cursor(actor: &Actor, counter: &mut Modelled) {
    let subject = Arc::clone(&counter.subject);
    let (result, cursor) = channel();
    actor.run(move || {
        let delta = subject.cursor();
        // SAFETY: `Modelled` drops its cursors before the subject, which an `Arc` doesn't move.
        let delta: Delta<'static> =
            unsafe { std::mem::transmute::<Delta<'_>, Delta<'static>>(delta) };
        result.send(delta).unwrap();
        0
    });
    counter.cursors.push(ModelledCursor {
        delta: Arc::new(Mutex::new(cursor.recv().unwrap())),
        total: counter.total,
    });
}

fn check_deltas(actor: &Actor, counter: &mut Modelled) {
    for cursor in &mut counter.cursors {
        let delta = Arc::clone(&cursor.delta);
        let found = actor.run(move || delta.lock().unwrap()());
        assert_eq!(found, counter.total.wrapping_sub(cursor.total), "delta");
        cursor.total = counter.total;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 128 }))]

    #[test]
    fn every_program_counts_as_the_model_does(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        for counter in &world.counters {
            prop_assert_eq!(counter.subject.sum(), counter.value());
        }
        world.check_snapshot();
        world.actors.into_iter().flatten().for_each(Actor::end);
    }
}
