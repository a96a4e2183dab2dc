//! The greatest and the least of observed values.

use std::fmt;
use std::mem::offset_of;

use crate::api;
use crate::engine::{
    CounterRef, Header, Kind, Naming, PEAK_MAX, PEAK_SLOTS, global, observe, push_within, setting,
};
use crate::sync::{AtomicU64, Mutex, Ordering, const_fn};

/// The greatest of values: those of a [`Peak`] as they are, those of a [`Trough`] turned around, so
/// that the least is the greatest.
struct Greatest {
    header: Header<PEAK_SLOTS>,
    /// The number of the window, which readers raise.
    epoch: AtomicU64,
    /// Cursors that wait for windows which others end. Locked by the thread whose turn it is, so no
    /// thread waits for the lock.
    waiting: Mutex<Vec<Waiting>>,
}

/// A cursor, and the greatest value of the windows that others ended since it was last asked.
struct Waiting {
    cursor: u64,
    greatest: Option<u64>,
}

impl Greatest {
    const_fn! {
        const fn new(header: Header<PEAK_SLOTS>) -> Self {
            Self { header, epoch: AtomicU64::new(0), waiting: Mutex::new(Vec::new()) }
        }
    }

    #[inline(always)]
    fn observe(&self, kind: Kind, value: u64) {
        // Acquire: pairs with the Release in `register::store`; another thread may have cleared this
        // one's slots of a peak before. Model: `peak_is_clear_in_slots_that_its_thread_used`.
        match self.header.own_slots(Ordering::Acquire) {
            Some(slots) => observe(slots, &self.epoch, value),
            None => self.observe_slow(kind, value),
        }
    }

    #[cold]
    #[inline(never)]
    fn observe_slow(&self, kind: Kind, value: u64) {
        api::observe_slow(&self.header.counter_ref(kind, None), &self.epoch, value);
    }

    /// Ends the window, and returns its greatest value. Other cursors get it later.
    fn end_window(&self, counter: &CounterRef<'_>, waiting: &mut [Waiting]) -> Option<u64> {
        let greatest = global().greatest_of_window(counter, &self.epoch);
        waiting.iter_mut().for_each(|other| other.greatest = other.greatest.max(greatest));
        greatest
    }
}

/// A reader of one [`Peak`] or [`Trough`] that gets the greatest or least value observed between its
/// reads.
///
/// Any number of cursors read one peak, and none disturbs another. An observation in progress while
/// a cursor reads is in the window that ends, in the next one, or in both. If a whole window passes
/// while its thread is interrupted, one later window may have it, too.
///
/// ```
/// use quipu::Peak;
///
/// static DEPTH: Peak = Peak::new();
/// let (mut every_second, mut every_minute) = (DEPTH.cursor(), DEPTH.cursor());
/// DEPTH.observe(7);
/// assert_eq!(every_second.read(), Some(7));
/// DEPTH.observe(3);
/// assert_eq!(every_second.read(), Some(3));
/// assert_eq!(every_minute.read(), Some(7));
/// assert_eq!(every_minute.read(), None);
/// ```
#[must_use = "a cursor does nothing until `read` is called"]
pub struct PeakCursor<'a> {
    greatest: &'a Greatest,
    counter: CounterRef<'a>,
    /// Its number among those of the peak.
    number: u64,
    /// Turns its values around, and back.
    turn: fn(u64) -> u64,
}

impl<'a> PeakCursor<'a> {
    fn new(greatest: &'a Greatest, counter: CounterRef<'a>, turn: fn(u64) -> u64) -> Self {
        let enter = || {
            let mut waiting = greatest.waiting.lock();
            waiting.try_reserve(1).ok()?;
            greatest.end_window(&counter, &mut waiting);
            let number = waiting.last().map_or(0, |last| last.cursor + 1);
            push_within(&mut waiting, Waiting { cursor: number, greatest: None });
            Some(number)
        };
        // None of them has the number of a cursor that can't be entered.
        let number = setting(enter).flatten().unwrap_or(u64::MAX);
        Self { greatest, counter, number, turn }
    }

    /// The greatest value observed since the cursor was made or last asked, or the least of a
    /// [`Trough`]; `None` if there was no observation.
    ///
    /// It reads the slots of every thread that ever observed, under a lock that all cursors of the
    /// process share. Within a global allocator that quipu is calling, or a signal handler that
    /// interrupts quipu's own work, it is `None`, and what was observed is left for the next read. A
    /// cursor that was made there, or for which there was no memory, is always `None`.
    ///
    /// # Ordering
    /// Each observation that happens-before it is in this read or in one before. It orders nothing
    /// else.
    ///
    /// ```
    /// use quipu::Trough;
    ///
    /// let free = Trough::new();
    /// free.observe(90);
    /// let mut cursor = free.cursor();
    /// free.observe(120);
    /// free.observe(100);
    /// assert_eq!((cursor.read(), cursor.read()), (Some(100), None));
    /// ```
    pub fn read(&mut self) -> Option<u64> {
        let read = || {
            let mut waiting = self.greatest.waiting.lock();
            self.greatest.end_window(&self.counter, &mut waiting);
            let own = waiting.iter_mut().find(|waiting| waiting.cursor == self.number);
            own.and_then(|own| own.greatest.take())
        };
        setting(read).flatten().map(self.turn)
    }
}

impl Drop for PeakCursor<'_> {
    /// Within a cold path its entry is left, which costs 24 bytes.
    fn drop(&mut self) {
        setting(|| self.greatest.waiting.lock().retain(|waiting| waiting.cursor != self.number));
    }
}

impl fmt::Debug for PeakCursor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeakCursor").field("number", &self.number).finish_non_exhaustive()
    }
}

/// The values of a [`Peak`].
#[inline(always)]
fn keep(value: u64) -> u64 {
    value
}

/// The values of a [`Trough`], to and fro.
#[inline(always)]
fn turn(value: u64) -> u64 {
    PEAK_MAX.saturating_sub(value)
}

/// A type that has the greatest value, or the least.
macro_rules! peak {
    (
        $peak:ident, $kind:expr, $naming:ident, $turn:ident, $what:literal, $found:literal
    ) => {
        impl $peak {
            const_fn! {
                /// One without observations.
                ///
                /// ```
                #[doc = concat!("static DEPTH: quipu::", stringify!($peak), " = quipu::", stringify!($peak), "::new();")]
                ///
                /// assert_eq!(DEPTH.value(), None);
                /// ```
                #[must_use]
                pub const fn new() -> Self {
                    Self { greatest: Greatest::new(Header::new()) }
                }
            }

            const_fn! {
                /// One that [`snapshot`](crate::snapshot()) shows under `name` once it is
                /// registered: by its first observation, or by [`register`](Self::register). The
                /// name goes with the last one that has it.
                ///
                /// # Panics
                /// If Prometheus would refuse the name, `[a-zA-Z_:][a-zA-Z0-9_:]*`, or a text is
                /// longer than 65,535 bytes; in a `static` or `const`, the program doesn't compile.
                ///
                /// ```
                #[doc = concat!("use quipu::", stringify!($peak), ";")]
                ///
                #[doc = concat!("static DEPTH: ", stringify!($peak), " = ", stringify!($peak), "::named(\"depth\", \"Entries.\");")]
                ///
                /// [5, 7, 6].into_iter().for_each(|depth| DEPTH.observe(depth));
                #[doc = concat!("assert_eq!(quipu::snapshot().get(\"depth\", None).unwrap().value, quipu::Value::Unsigned(", $found, "));")]
                /// ```
                #[must_use]
                #[track_caller]
                pub const fn named(name: &'static str, help: &'static str) -> Self {
                    match crate::name::check(name, help) {
                        Ok(()) => Self { greatest: Greatest::new(Header::named(&Naming::$naming, name, help)) },
                        Err(error) => error.panic(),
                    }
                }
            }

            const_fn! {
                /// As [`named`](Self::named), for a name that is known at run time only.
                ///
                /// # Errors
                /// Where `named` panics.
                ///
                /// ```
                #[doc = concat!("let error = quipu::", stringify!($peak), "::try_named(\"the depth\", \"\").unwrap_err();")]
                /// assert_eq!(error.text(), "the depth");
                /// ```
                pub const fn try_named(
                    name: &'static str,
                    help: &'static str,
                ) -> Result<Self, crate::InvalidName> {
                    match crate::name::check(name, help) {
                        Ok(()) => Ok(Self { greatest: Greatest::new(Header::named(&Naming::$naming, name, help)) }),
                        Err(error) => Err(error),
                    }
                }
            }

            /// Records a value.
            ///
            /// One that changes nothing costs four loads. It never waits for another thread. It never
            /// fails, but for one case: in a debug build, the observation that registers a metric
            /// panics if the name clashes. A thread's first observation may allocate, and take a lock.
            ///
            /// # Ordering
            /// Relaxed: it orders nothing else.
            ///
            /// ```
            #[doc = concat!("let depth = quipu::", stringify!($peak), "::new();")]
            /// [5, 7, 6].into_iter().for_each(|value| depth.observe(value));
            #[doc = concat!("assert_eq!(depth.value(), Some(", $found, "));")]
            /// ```
            #[inline]
            pub fn observe(&self, value: u64) {
                self.greatest.observe($kind, $turn(value));
            }

            #[doc = concat!("The ", $what, " value observed by any thread, dead or alive, since the start; `None` if")]
            /// there is none. It reads the slots of every thread that ever observed.
            ///
            /// # Ordering
            /// It includes each observation that happens-before it, and orders nothing else.
            ///
            /// ```
            #[doc = concat!("let depth = quipu::", stringify!($peak), "::new();")]
            /// assert_eq!(depth.value(), None);
            /// std::thread::scope(|scope| drop(scope.spawn(|| depth.observe(3))));
            /// assert_eq!(depth.value(), Some(3));
            /// ```
            #[must_use]
            pub fn value(&self) -> Option<u64> {
                global().greatest_of_all(&self.counter_ref()).map($turn)
            }

            #[doc = concat!("A reader of the ", $what, " value since its last read. To make it takes the lock that all")]
            /// cursors share.
            ///
            /// ```
            #[doc = concat!("let depth = quipu::", stringify!($peak), "::new();")]
            /// let mut cursor = depth.cursor();
            /// depth.observe(3);
            /// assert_eq!((cursor.read(), cursor.read()), (Some(3), None));
            /// ```
            pub fn cursor(&self) -> PeakCursor<'_> {
                PeakCursor::new(&self.greatest, self.counter_ref(), $turn)
            }

            crate::api::registration!();

            /// Observes in these slots, for a model.
            #[cfg(all(test, quipu_loom))]
            pub(crate) fn observe_in(&self, slots: crate::engine::OwnSlots<'_>, value: u64) {
                observe(slots, &self.greatest.epoch, $turn(value));
            }

            /// Ends the window for a model, which has no list of cursors.
            #[cfg(all(test, quipu_loom))]
            pub(crate) fn end_window(&self) -> Option<u64> {
                self.greatest.end_window(&self.counter_ref(), &mut []).map($turn)
            }

            #[inline(always)]
            pub(crate) fn counter_ref(&self) -> CounterRef<'_> {
                self.greatest.header.counter_ref($kind, None)
            }
        }

        impl Drop for $peak {
            fn drop(&mut self) {
                crate::api::unregister(self.greatest.header.key_mut(), &self.counter_ref());
            }
        }

        crate::family::scalar!(
            $peak,
            $naming,
            offset_of!($peak, greatest) + offset_of!(Greatest, header)
        );

        impl Default for $peak {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Debug for $peak {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                crate::api::debug(f, stringify!($peak), self.name(), ("value", &self.value()))
            }
        }
    };
}

/// The greatest of the values that many threads observe: a high-water mark, such as the longest
/// queue or the largest message.
///
/// Each thread keeps the greatest of its own in slots that only it writes, so no observation is a
/// compare-exchange on a shared word. Most observations aren't the greatest: they load and compare.
/// [`value`](Peak::value) is the greatest since the start; a [`cursor`](Peak::cursor) has the
/// greatest since its last read.
///
/// ```
/// use quipu::Peak;
///
/// static LONGEST: Peak = Peak::named("queue_length_max", "Most entries that the queue had.");
///
/// let mut minute = LONGEST.cursor();
/// std::thread::scope(|scope| {
///     for thread in 0..4 {
///         scope.spawn(move || (0..100).for_each(|length| LONGEST.observe(length * thread)));
///     }
/// });
/// assert_eq!(LONGEST.value(), Some(297));
/// assert_eq!(minute.read(), Some(297));
/// LONGEST.observe(12);
/// assert_eq!(minute.read(), Some(12));
/// ```
///
/// # Memory
/// 24 bytes for each thread that observes, and 24 for each cursor.
///
/// # Limits
/// The greatest value is 2⁶³ − 1: greater ones count as that.
///
/// A thread's first observation after a read of a cursor, and each that is its greatest since
/// then, costs a fence. Snapshots have the value since the start, and 0 before the first
/// observation; they lack observations that had to be kept in the peak itself, on allocation
/// failure and within a global allocator that quipu is calling.
///
/// It is the peak of values that somebody observes. The peak of a sum, such as of the requests in
/// flight, isn't the sum of the threads' peaks: observe a number that one thread knows, or have
/// [`Cached`](crate::strategy::Cached) carry its parts to one word and look at that.
pub struct Peak {
    greatest: Greatest,
}

peak!(Peak, Kind::Peak, PEAK, keep, "greatest", 7);

/// The least of the values that many threads observe: a low-water mark, such as the fewest free
/// buffers. All that [`Peak`] says holds for it, with the least in place of the greatest.
///
/// ```
/// use quipu::Trough;
///
/// static FEWEST: Trough = Trough::named("buffers_free_min", "Fewest buffers that were free.");
///
/// [90, 40, 70].into_iter().for_each(|free| FEWEST.observe(free));
/// assert_eq!(FEWEST.value(), Some(40));
/// ```
///
/// # Limits
/// Those of [`Peak`]. Before the first observation, snapshots don't have it.
pub struct Trough {
    greatest: Greatest,
}

peak!(Trough, Kind::Trough, TROUGH, turn, "least", 5);
