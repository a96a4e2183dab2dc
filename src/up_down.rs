use crate::api;
use crate::engine::{Header, Kind, Update};
use crate::sync::Ordering;

/// A number that goes up and down, such as requests in flight or bytes in use.
///
/// Additions and subtractions are kept apart, in two slots that only grow. A sum reads the second
/// before the first, so it sees every addition that came before a subtraction that it sees: **as
/// long as no one takes away what was not added before, no sum is below zero**. It reads both until
/// no subtraction came meanwhile, and so lies between the true totals at its start and at its end.
/// After 16 readings with subtractions, a sum returns the least. It may include additions that were
/// already undone.
///
/// ```
/// use quipu::UpDownCounter;
///
/// static IN_FLIGHT: UpDownCounter = UpDownCounter::named("http_requests_in_flight", "Requests being answered.");
///
/// IN_FLIGHT.inc();
/// IN_FLIGHT.add(2);
/// IN_FLIGHT.dec();
/// assert_eq!(IN_FLIGHT.sum(), 2);
/// ```
///
/// # Limits
/// Those of [`Counter`](crate::Counter), with sums that wrap at 2⁶³. Every thread spends 16 bytes
/// on it. If a [`take`](UpDownCounter::take) or [`reset`](UpDownCounter::reset) sets the counter to
/// zero while requests are in flight, their later [`dec`](UpDownCounter::dec) makes it negative. Once
/// it is registered, a [`snapshot`](crate::snapshot()) lacks what had to be counted in the counter
/// itself (see its limits). So it may show less than zero.
pub struct UpDownCounter {
    /// The first slot has what was added, the second what was taken away.
    header: Header<2>,
}

crate::api::scalar!(UpDownCounter, i64, Kind::UpDownCounter, UP_DOWN, "", {
    one: "An up-down counter",
    at_zero: "sum(), 0",
    change: "add",
    of_one_name: moves,
    example: "\
use quipu::{UpDownCounter, Value};

static OPEN: UpDownCounter = UpDownCounter::named(\"sockets_open\", \"Open sockets.\");

OPEN.add(2);
OPEN.dec();
assert_eq!(quipu::snapshot().get(\"sockets_open\", None).unwrap().value, Value::Signed(1));",
    name: "plugin_calls_in_flight",
});

impl UpDownCounter {
    /// Adds one, as [`add`](UpDownCounter::add) does.
    ///
    /// ```
    /// let open = quipu::UpDownCounter::new();
    /// open.inc();
    /// assert_eq!(open.sum(), 1);
    /// ```
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    /// Subtracts one, as [`sub`](UpDownCounter::sub) does.
    ///
    /// ```
    /// let open = quipu::UpDownCounter::new();
    /// open.add(3);
    /// open.dec();
    /// assert_eq!(open.sum(), 2);
    /// ```
    #[inline]
    pub fn dec(&self) {
        self.sub(1);
    }

    /// Adds `n`; where `n` is negative, subtracts `-n`.
    ///
    /// It never waits for another thread's add. It never fails, but for one case: in a debug build,
    /// the add that registers a counter panics if the name clashes, once it has counted (see
    /// [`named`](UpDownCounter::named)). A thread's first add to a counter or to its neighbours may
    /// allocate, and take a lock.
    ///
    /// # Ordering
    /// Relaxed: it orders nothing else. A read that sees a subtraction sees the additions that
    /// happen-before it.
    ///
    /// ```
    /// let bytes_in_use = quipu::UpDownCounter::new();
    /// bytes_in_use.add(4096);
    /// bytes_in_use.add(-96);
    /// assert_eq!(bytes_in_use.sum(), 4000);
    /// ```
    #[inline]
    pub fn add(&self, n: i64) {
        if n >= 0 {
            self.add_to(0, n.unsigned_abs());
        } else {
            self.add_to(1, n.unsigned_abs());
        }
    }

    /// Subtracts `n`; where `n` is negative, adds `-n`. Otherwise as [`add`](UpDownCounter::add).
    ///
    /// # Ordering
    /// Relaxed: it orders nothing else. A read that sees a subtraction sees the additions that
    /// happen-before it.
    ///
    /// ```
    /// let queued = quipu::UpDownCounter::new();
    /// queued.add(5);
    /// queued.sub(2);
    /// assert_eq!(queued.sum(), 3);
    /// ```
    #[inline]
    pub fn sub(&self, n: i64) {
        if n >= 0 {
            self.add_to(1, n.unsigned_abs());
        } else {
            self.add_to(0, n.unsigned_abs());
        }
    }

    #[inline(always)]
    fn add_to(&self, side: usize, n: u64) {
        match self.header.own_slot(side, Ordering::Relaxed) {
            Some(slot) => slot.add_side(n),
            None => self.add_slow(side, n),
        }
    }

    #[cold]
    #[inline(never)]
    fn add_slow(&self, side: usize, n: u64) {
        api::add_slow(&self.counter_ref(), side, n, &Update::INCREASE_SIDE);
    }
}
