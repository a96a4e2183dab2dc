use crate::engine::{Header, Kind, Update, setting};
use crate::sync::Ordering;
use crate::{LocalCounter, api};

/// A number that only grows, counted by many threads at once.
///
/// An [`add`](Counter::add) is a load, an addition and a store on a slot that only the current
/// thread writes; a [`sum`](Counter::sum) adds up the slots of all threads, those that have ended
/// included. The counter itself is 40 bytes (32 where pointers have 32 bits) and may lie anywhere:
/// in a `static`, in a struct, in an `Arc`. Each thread that touches it or one of its neighbours
/// spends 8 bytes on it.
///
/// ```
/// use quipu::Counter;
///
/// static REQUESTS: Counter = Counter::named("http_requests_total", "Requests answered.");
///
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| (0..1000).for_each(|_| REQUESTS.inc()));
///     }
/// });
/// assert_eq!(REQUESTS.sum(), 4000);
/// ```
///
/// A name that Prometheus would refuse does not compile:
///
/// ```compile_fail,E0080
/// use quipu::Counter;
///
/// static REQUESTS: Counter = Counter::named("http requests", "A name has no spaces.");
/// ```
///
/// # Limits
/// Sums wrap at 2⁶⁴. A signal handler that adds to a counter while the thread that it interrupts is
/// between the load and the store of an add to the same counter loses one of the two.
pub struct Counter {
    pub(crate) header: Header<1>,
}

crate::api::scalar!(Counter, u64, Kind::Counter, COUNTER, "", {
    one: "A counter",
    at_zero: "sum(), 0",
    change: "add",
    of_one_name: grows,
    example: "\
use quipu::{Counter, Value};

static LIKES: Counter = Counter::named(\"likes_total\", \"Likes of anything.\");

LIKES.add(2);
assert_eq!(quipu::snapshot().get(\"likes_total\", None).unwrap().value, Value::Unsigned(2));",
    name: "plugin_calls_total",
});

impl Counter {
    /// Adds one, as [`add`](Counter::add) does.
    ///
    /// ```
    /// let hits = quipu::Counter::new();
    /// hits.inc();
    /// assert_eq!(hits.sum(), 1);
    /// ```
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    /// Adds `n`.
    ///
    /// It never waits for another thread's add. It never fails, but for one case: in a debug build,
    /// the add that registers a counter panics if the name clashes, once it has counted (see
    /// [`named`](Counter::named)). A thread's first add to a counter or to its neighbours may allocate,
    /// and take a lock.
    ///
    /// # Ordering
    /// Relaxed: it orders nothing else. Fences before adds and after reads order what they do with an
    /// `AtomicU64`: see [what a read orders](crate::docs::correctness#what-a-read-orders).
    ///
    /// ```
    /// let bytes = quipu::Counter::new();
    /// bytes.add(1500);
    /// bytes.add(40);
    /// assert_eq!(bytes.sum(), 1540);
    /// ```
    #[inline]
    pub fn add(&self, n: u64) {
        match self.header.own_slot(0, Ordering::Relaxed) {
            Some(slot) => slot.add(n),
            None => self.add_slow(n),
        }
    }

    #[cold]
    #[inline(never)]
    fn add_slow(&self, n: u64) {
        api::add_slow(&self.counter_ref(), 0, n, &Update::INCREASE);
    }

    /// A handle for many adds by the current thread, which cost less than the counter's own: see
    /// [`LocalCounter`].
    ///
    /// It registers the counter, as the first add does, with the same panic in debug builds where
    /// its name clashes. It never waits for another thread's add and never fails. Making the handle
    /// and dropping it cost some tens of nanoseconds. A thread's first handle of the counter or of
    /// its neighbours may allocate, and take a lock. So may the drop of the last one, once the
    /// thread's thread-locals are gone.
    ///
    /// ```
    /// let words = quipu::Counter::new();
    /// let local = words.local();
    /// "as quick as a flash".split(' ').for_each(|_| local.inc());
    /// assert_eq!(words.sum(), 5);
    /// ```
    #[must_use]
    pub fn local(&self) -> LocalCounter<'_> {
        LocalCounter::new(self.counter_ref(), 0)
    }

    /// Adds the part of `total` that [`Counter::total`] lacks: for a total that something else
    /// counts, such as the kernel or another library. A lower total than the counter's adds
    /// nothing.
    ///
    /// It sums the slots under a lock that all calls in the process share, so that two of them
    /// don't both add one part. An [`add`](Counter::add) by another thread meanwhile counts on top.
    /// Within a global allocator that quipu is calling, or a signal handler that interrupts quipu's
    /// own work, it does nothing.
    ///
    /// ```
    /// let packets = quipu::Counter::new();
    /// packets.raise_to(70);
    /// packets.raise_to(100);
    /// packets.raise_to(90);
    /// assert_eq!(packets.sum(), 100);
    /// ```
    pub fn raise_to(&self, total: u64) {
        // The thread's first add is made here: `setting` is no place for it.
        self.add(0);
        setting(|| self.add(total.saturating_sub(self.total())));
    }
}
