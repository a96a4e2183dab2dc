use crate::api;
use crate::engine::{self, Header, Kind, global};
use crate::sync::{AtomicU64, Ordering};

/// A whole number that is set, such as the length of a queue or a limit that was configured.
///
/// It is one atomic, however many threads use it: a [`set`](Gauge::set) is one store, an
/// [`add`](Gauge::add) one atomic addition. For a number that many threads only move up and down,
/// [`UpDownCounter`](crate::UpDownCounter) is the fast one: each of them moves a slot of its own. A
/// number that is known when it is asked for needs neither: see [`Observed`](crate::Observed).
///
/// ```
/// use quipu::{Gauge, Value};
///
/// static WORKERS: Gauge = Gauge::named("workers", "Threads of the pool.");
///
/// WORKERS.set(8);
/// WORKERS.dec();
/// assert_eq!(WORKERS.value(), 7);
/// assert_eq!(quipu::snapshot().get("workers", None).unwrap().value, Value::Signed(7));
/// ```
///
/// # Limits
/// The value wraps at 2⁶³. Gauges with a name lie close together in quipu's memory, so threads that
/// change two of them all the time may disturb each other. On allocation failure, and within a
/// global allocator that quipu is calling, a gauge that isn't listed yet keeps its value to itself;
/// its next change lists it.
pub struct Gauge {
    header: Header<1>,
}

crate::api::named!(Gauge, Kind::Gauge, GAUGE, {
    one: "A gauge",
    at_zero: "value(), 0",
    change: "change",
    of_one_name: moves,
    example: "\
use quipu::{Gauge, Value};

static LIMIT: Gauge = Gauge::named(\"connections_limit\", \"The most connections at once.\");

LIMIT.set(100);
assert_eq!(quipu::snapshot().get(\"connections_limit\", None).unwrap().value, Value::Signed(100));",
    name: "plugin_workers",
});

impl Gauge {
    /// Sets the gauge.
    ///
    /// It never waits for another thread's change. It never fails, but for one case: in a debug build,
    /// the change that registers a gauge panics if the name clashes, once it is made (see
    /// [`named`](Gauge::named)). The first change of a gauge that has a name may allocate, and take a
    /// lock.
    ///
    /// # Ordering
    /// Relaxed: it orders nothing else. All threads see the changes of one gauge in one order.
    ///
    /// ```
    /// let depth = quipu::Gauge::new();
    /// depth.set(3);
    /// depth.set(-4);
    /// assert_eq!(depth.value(), -4);
    /// ```
    #[inline]
    pub fn set(&self, value: i64) {
        // Relaxed, here and below: a reader wants the number alone.
        self.change(|word, rest| {
            word.store((value as u64).wrapping_sub(rest), Ordering::Relaxed);
        });
    }

    /// Adds `n`, which may be negative. Otherwise as [`set`](Gauge::set).
    ///
    /// # Ordering
    /// Relaxed: it orders nothing else. All threads see the changes of one gauge in one order.
    ///
    /// ```
    /// let depth = quipu::Gauge::new();
    /// depth.set(3);
    /// depth.add(-1);
    /// assert_eq!(depth.value(), 2);
    /// ```
    #[inline]
    pub fn add(&self, n: i64) {
        self.change(|word, _| _ = word.fetch_add(n as u64, Ordering::Relaxed));
    }

    /// Subtracts `n`, which may be negative. Otherwise as [`set`](Gauge::set).
    ///
    /// # Ordering
    /// Relaxed: it orders nothing else. All threads see the changes of one gauge in one order.
    ///
    /// ```
    /// let depth = quipu::Gauge::new();
    /// depth.set(3);
    /// depth.sub(5);
    /// assert_eq!(depth.value(), -2);
    /// ```
    #[inline]
    pub fn sub(&self, n: i64) {
        self.add(n.wrapping_neg());
    }

    /// Adds one, as [`add`](Gauge::add) does.
    ///
    /// ```
    /// let depth = quipu::Gauge::new();
    /// depth.inc();
    /// assert_eq!(depth.value(), 1);
    /// ```
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    /// Subtracts one, as [`sub`](Gauge::sub) does.
    ///
    /// ```
    /// let depth = quipu::Gauge::new();
    /// depth.dec();
    /// assert_eq!(depth.value(), -1);
    /// ```
    #[inline]
    pub fn dec(&self) {
        self.sub(1);
    }

    /// The value that was set last, and all that was added since.
    ///
    /// # Ordering
    /// Relaxed: it includes each change that happens-before it, and orders nothing else.
    ///
    /// ```
    /// let depth = quipu::Gauge::new();
    /// std::thread::scope(|scope| drop(scope.spawn(|| depth.set(3))));
    /// assert_eq!(depth.value(), 3);
    /// ```
    #[must_use]
    pub fn value(&self) -> i64 {
        engine::gauge_value(&self.counter_ref()) as i64
    }

    #[inline(always)]
    fn change(&self, change: impl Fn(&AtomicU64, u64)) {
        let gauge = self.counter_ref();
        if !gauge.is_named() {
            change(&gauge.spill[0], 0);
        } else if global().with_gauge(&gauge, &change).is_none() {
            api::change_gauge_slow(&gauge, &change);
        }
    }
}

impl std::fmt::Debug for Gauge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        api::debug(f, "Gauge", self.name(), ("value", &self.value()))
    }
}
