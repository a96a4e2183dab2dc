use std::fmt;

use crate::api;
use crate::engine::{CounterRef, LocalSlots, Update, global};

/// The current thread's part of a counter, at hand: an add through it costs what an add to a number
/// of the thread's own costs.
///
/// [`Counter::local`](crate::Counter::local) and [`Element::local`](crate::Element::local) make it.
/// An [`add`](LocalCounter::add) is a load, an addition and a store, to the slot that the counter's
/// own add of this thread finds: sums, takes, cursors and snapshots have it just the same. The
/// handle saves the way to the slot, which is a thread-local and, in a shared object, a call.
///
/// It stays on its thread:
///
/// ```compile_fail,E0277
/// let counter = quipu::Counter::new();
/// let local = counter.local();
/// std::thread::scope(|scope| drop(scope.spawn(|| local.inc())));
/// ```
///
/// ```
/// use quipu::{Counter, LocalCounter};
///
/// static LINES: Counter = Counter::named("lines_total", "Lines read.");
///
/// /// One thread's work.
/// struct Reader {
///     lines: LocalCounter<'static>,
/// }
///
/// impl Reader {
///     fn read(&self, text: &str) {
///         text.lines().for_each(|_| self.lines.inc());
///     }
/// }
///
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| Reader { lines: LINES.local() }.read("one\ntwo\n"));
///     }
/// });
/// assert_eq!(LINES.sum(), 8);
/// ```
///
/// # Life
/// A thread's slots go to another thread when it has ended and its last handle is gone. So a handle
/// may be in a thread-local, whose destructor may run before or after quipu's own, and may be made
/// in such a destructor.
///
/// # Limits
/// - Where no slot can be had, the handle counts as [`Counter::add`](crate::Counter::add) does: on
///   allocation failure, when slots are exhausted, and within a global allocator that quipu is
///   calling.
/// - The slots of a thread aren't used again if one of its handles is forgotten, or dropped within a
///   global allocator that quipu is calling, or in a signal handler that interrupts quipu's own
///   work. They keep their memory and stay in every sum.
/// - It has the limit of [`Counter`](crate::Counter) for signal handlers: of two adds by one thread,
///   one of which interrupts the other, one may be lost.
pub struct LocalCounter<'a> {
    slots: Option<LocalSlots>,
    counter: CounterRef<'a>,
    index: usize,
}

impl<'a> LocalCounter<'a> {
    /// Of the counter's slot `index`.
    pub(crate) fn new(counter: CounterRef<'a>, index: usize) -> Self {
        Self { slots: api::local_slots(&counter, index), counter, index }
    }
}

impl LocalCounter<'_> {
    /// Adds one, as [`add`](LocalCounter::add) does.
    ///
    /// ```
    /// let hits = quipu::Counter::new();
    /// hits.local().inc();
    /// assert_eq!(hits.sum(), 1);
    /// ```
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    /// Adds `n`, as [`Counter::add`](crate::Counter::add) does.
    ///
    /// # Ordering
    /// Relaxed: it orders nothing else.
    ///
    /// ```
    /// let bytes = quipu::Counter::new();
    /// let local = bytes.local();
    /// local.add(1500);
    /// bytes.add(40);
    /// assert_eq!(bytes.sum(), 1540);
    /// ```
    #[inline]
    pub fn add(&self, n: u64) {
        match &self.slots {
            Some(slots) => slots.slot(0).add(n),
            None => self.add_slow(n),
        }
    }

    #[cold]
    #[inline(never)]
    fn add_slow(&self, n: u64) {
        api::add_slow(&self.counter, self.index, n, &Update::INCREASE);
    }
}

impl fmt::Debug for LocalCounter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = global().value(self.counter.value(self.index));
        api::debug(f, "LocalCounter", self.counter.identity.name(), ("sum", &sum))
    }
}
