//! Subjects of the torture: anything that counts, under one interface.

#[cfg(feature = "parking_lot")]
use quipu::strategy::ParkingLotLock;
#[cfg(feature = "percpu")]
use quipu::strategy::PerCpu;
use quipu::strategy::{
    Accuracy, Adaptive, Approximate, Cached, Locked, PerThread, SingleAtomic, Strategy, Striped,
};
use quipu::{
    Count, Counter, CounterArray, FloatCounter, Histogram, HistogramSnapshot, LogLinear,
    UpDownCounter, Value,
};

/// Operations of every counter and every strategy.
pub(crate) trait Adds: Send + Sync {
    /// Whether amounts may be below zero.
    const SIGNED: bool = false;

    fn new() -> Self;
    fn add(&self, amount: i64);
    fn sum(&self) -> i64;

    /// By how much a sum may be off where this much was added.
    fn error(&self, _added: i64) -> i64 {
        0
    }
}

/// Further operations of the counters.
pub(crate) trait Takes: Adds {
    fn take(&self) -> i64;
    fn reset(&self);
    /// A cursor's `delta`.
    fn cursor(&self) -> impl FnMut() -> i64 + Send;
}

/// Implements both traits through the value that `$of` gets from the subject.
macro_rules! subject {
    ($subject:ty, $signed:expr, $number:ty, |$this:ident| $of:expr) => {
        impl Adds for $subject {
            const SIGNED: bool = $signed;

            fn new() -> Self {
                Self::default()
            }

            fn add(&self, amount: i64) {
                let $this = self;
                $of.add(amount as $number);
            }

            fn sum(&self) -> i64 {
                let $this = self;
                $of.sum() as i64
            }
        }

        impl Takes for $subject {
            fn take(&self) -> i64 {
                let $this = self;
                $of.take() as i64
            }

            fn reset(&self) {
                let $this = self;
                $of.reset();
            }

            fn cursor(&self) -> impl FnMut() -> i64 + Send {
                let $this = self;
                let mut cursor = $of.cursor();
                move || cursor.delta() as i64
            }
        }
    };
}

subject!(Counter, false, u64, |counter| counter);
subject!(UpDownCounter, true, i64, |counter| counter);
// Whole numbers are exact in an f64, below 2^53.
subject!(FloatCounter, false, f64, |counter| counter);
// An element in the midst of an array.
subject!(CounterArray<9>, false, u64, |array| array[5]);

/// A counter that is added to through a handle for each add.
#[derive(Default)]
pub(crate) struct ThroughHandles(Counter);

impl Adds for ThroughHandles {
    fn new() -> Self {
        Self::default()
    }

    fn add(&self, amount: i64) {
        self.0.local().add(amount as u64);
    }

    fn sum(&self) -> i64 {
        Adds::sum(&self.0)
    }
}

/// Values with a bucket each. Boxed, as it has 30 KB.
type Values = Histogram<LogLinear<6, 7>>;

/// A histogram whose sum is looked at.
pub(crate) struct InSum(Box<Values>);

/// A histogram whose buckets are looked at: each has one value.
pub(crate) struct InBuckets(Box<Values>);

fn in_buckets(snapshot: &HistogramSnapshot) -> i64 {
    snapshot.buckets().map(|bucket| (bucket.lower * bucket.count) as i64).sum()
}

macro_rules! histogram {
    ($subject:ident, |$snapshot:ident| $sum:expr) => {
        impl Adds for $subject {
            fn new() -> Self {
                Self(Box::new(Histogram::new(LogLinear::new())))
            }

            fn add(&self, amount: i64) {
                self.0.observe(amount as u64);
            }

            fn sum(&self) -> i64 {
                let $snapshot = self.0.snapshot();
                $sum
            }
        }

        impl Takes for $subject {
            fn take(&self) -> i64 {
                let $snapshot = self.0.take();
                $sum
            }

            fn reset(&self) {
                self.0.reset();
            }

            fn cursor(&self) -> impl FnMut() -> i64 + Send {
                let mut cursor = self.0.cursor();
                move || {
                    let $snapshot = cursor.delta();
                    $sum
                }
            }
        }
    };
}

histogram!(InSum, |snapshot| snapshot.sum() as i64);
histogram!(InBuckets, |snapshot| in_buckets(&snapshot));

/// A named counter that is read from snapshots: its level, or what was added to it since it was
/// made, whatever was taken. One runs at a time, as all of a type have one name.
pub(crate) struct Shown<T> {
    counter: T,
    /// The name's total before.
    before: i64,
}

fn shown(name: &str) -> i64 {
    match quipu::snapshot().get(name, None).expect("a registered counter").value {
        Value::Unsigned(value) => value as i64,
        Value::Signed(value) => value,
        Value::Float(value) => value as i64,
        other => panic!("{other:?}: expected a value of a known type"),
    }
}

macro_rules! shown {
    ($counter:ident) => {
        impl Adds for Shown<$counter> {
            const SIGNED: bool = $counter::SIGNED;

            fn new() -> Self {
                let name = concat!("shown_", stringify!($counter));
                let counter = $counter::named(name, "");
                counter.register().expect("a name of its own");
                Self { counter, before: shown(name) }
            }

            fn add(&self, amount: i64) {
                Adds::add(&self.counter, amount);
            }

            fn sum(&self) -> i64 {
                shown(self.counter.name().expect("a named counter")) - self.before
            }
        }

        impl Takes for Shown<$counter> {
            fn take(&self) -> i64 {
                Takes::take(&self.counter)
            }

            fn reset(&self) {
                Takes::reset(&self.counter);
            }

            fn cursor(&self) -> impl FnMut() -> i64 + Send {
                Takes::cursor(&self.counter)
            }
        }
    };
}

shown!(Counter);
shown!(UpDownCounter);
shown!(FloatCounter);

macro_rules! strategies {
    ($($strategy:ty)*) => { $(
        impl Adds for $strategy {
            fn new() -> Self {
                <$strategy>::new()
            }

            fn add(&self, amount: i64) {
                Count::add(self, amount as u64);
            }

            fn sum(&self) -> i64 {
                Count::sum(self) as i64
            }

            /// By chance, an approximate one is further off once in 10⁸ times.
            fn error(&self, added: i64) -> i64 {
                match self.accuracy() {
                    Accuracy::Exact => 0,
                    Accuracy::Within(bound) => bound as i64,
                    Accuracy::Relative(deviation) => {
                        (6.0 * deviation * added as f64) as i64 + (added - i64::from(u32::MAX)).max(0)
                    }
                    other => panic!("{other:?}: expected a known accuracy"),
                }
            }
        }
    )* };
}

strategies!(SingleAtomic Locked Striped Adaptive PerThread Cached Approximate);
#[cfg(feature = "percpu")]
strategies!(PerCpu);
#[cfg(feature = "parking_lot")]
strategies!(Locked<ParkingLotLock>);

/// A family whose series come and go: by turns, an add goes to one of them or to a handle, a series
/// is removed, or idle ones are evicted. There are more names than the family may have series.
#[cfg(feature = "dynamic-labels")]
pub(crate) struct InFamily<M: quipu::SeriesMetric> {
    family: quipu::DynamicFamily<M, 1>,
    turn: std::sync::atomic::AtomicUsize,
}

#[cfg(feature = "dynamic-labels")]
macro_rules! in_family {
    ($metric:ident, $number:ty) => {
        impl Adds for InFamily<$metric> {
            fn new() -> Self {
                let family = quipu::DynamicFamily::named("in_family_total", "", ["name"]);
                Self { family: family.limit(5), turn: Default::default() }
            }

            fn add(&self, amount: i64) {
                const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];
                let turn = self.turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let name = NAMES[turn % NAMES.len()];
                if turn % 3 == 0 {
                    self.family.get([name]).add(amount as $number);
                } else {
                    self.family.with([name], |metric| metric.add(amount as $number));
                }
                if turn % 16 == 0 {
                    self.family.remove([name]);
                }
                if turn % 64 == 0 {
                    self.family.sweep();
                }
                assert!(self.family.len() <= 5);
            }

            fn sum(&self) -> i64 {
                self.family.total() as i64
            }
        }
    };
}

#[cfg(feature = "dynamic-labels")]
in_family!(Counter, u64);
#[cfg(feature = "dynamic-labels")]
in_family!(FloatCounter, f64);
