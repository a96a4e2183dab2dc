//! The parts that the counter types share, written once.

use std::fmt;

use crate::engine::{self, Change, CounterRef, Key, LocalSlots, Update, enter_cold_path};
use crate::error::RegisterError;
use crate::name_clash::NameClash;
use crate::sync::AtomicU64;

/// The reads of one value of the type `$number`: that of the counter `$counter` of `$self` which
/// begins at slot `$index`. Their examples make the counter by `$made`, and write `$point` behind
/// whole numbers.
macro_rules! reads {
    ($number:ty, |$self:ident| ($counter:expr, $index:expr), $made:expr, $point:literal) => {
        /// The total of every thread, dead or alive, since the last [`take`](Self::take) or
        /// [`reset`](Self::reset).
        ///
        /// A sum taken while others add lies between the true total at its start and at its end
        /// (intermediate value linearizability; for amounts that are taken away see
        /// [`UpDownCounter`](crate::UpDownCounter)); it includes every add that happens-before it.
        /// On a counter that only grows, successive reads by one thread never go down while nobody
        /// takes. It costs one load for each thread that touched the counter or one of its
        /// neighbours, and at most seven more; it takes no lock. After a peak of threads, those
        /// that have ended cost nothing: their slots are summed up once, by a thread that ends.
        ///
        /// # Ordering
        /// Relaxed: it includes each add that happens-before it, and orders nothing else.
        ///
        /// ```
        #[doc = $made]
        #[doc = concat!("std::thread::scope(|scope| drop(scope.spawn(|| counter.add(3", $point, "))));")]
        #[doc = concat!("counter.add(4", $point, ");")]
        #[doc = concat!("assert_eq!(counter.sum(), 7", $point, ");")]
        /// ```
        #[inline]
        #[must_use]
        pub fn sum(&$self) -> $number {
            let bits = crate::engine::global().value($counter.value($index));
            <$number as crate::cursor::sealed::Bits>::from_bits(bits)
        }

        /// All that was ever added, less all that was subtracted. A [`take`](Self::take) or
        /// [`reset`](Self::reset) doesn't change it: the total of a counter that only grows never
        /// goes down, which is what an exporter wants to report.
        ///
        /// It promises what [`sum`](Self::sum) promises, and costs the same.
        ///
        /// # Ordering
        /// Relaxed: it includes each add that happens-before it, and orders nothing else.
        ///
        /// ```
        #[doc = $made]
        #[doc = concat!("counter.add(3", $point, ");")]
        /// counter.reset();
        #[doc = concat!("counter.add(4", $point, ");")]
        #[doc = concat!("assert_eq!((counter.sum(), counter.total()), (4", $point, ", 7", $point, "));")]
        /// ```
        #[inline]
        #[must_use]
        pub fn total(&$self) -> $number {
            let bits = crate::engine::global().total($counter.value($index));
            <$number as crate::cursor::sealed::Bits>::from_bits(bits)
        }

        /// All that [`take`](Self::take) and [`reset`](Self::reset) ever removed: the part of the
        /// [`total`](Self::total) that isn't in the [`sum`](Self::sum).
        ///
        /// # Ordering
        /// Acquire: it includes each take that happens-before it, and nothing that is added after
        /// such a take.
        ///
        /// ```
        #[doc = $made]
        #[doc = concat!("counter.add(3", $point, ");")]
        /// counter.reset();
        #[doc = concat!("counter.add(4", $point, ");")]
        #[doc = concat!("assert_eq!((counter.taken(), counter.sum()), (3", $point, ", 4", $point, "));")]
        /// ```
        #[must_use]
        pub fn taken(&$self) -> $number {
            let bits = crate::engine::global().taken($counter.value($index));
            <$number as crate::cursor::sealed::Bits>::from_bits(bits)
        }

        /// Returns the sum, and restarts the counter at zero. Every unit is in exactly one take,
        /// whatever the number of threads that take at once.
        ///
        /// Units that can't be marked as taken are left for the next take: on allocation failure,
        /// and within a global allocator that quipu is calling.
        ///
        /// # Ordering
        /// Relaxed: it includes each add that happens-before it, and orders nothing else.
        ///
        /// ```
        #[doc = $made]
        #[doc = concat!("counter.add(3", $point, ");")]
        #[doc = concat!("assert_eq!((counter.take(), counter.take()), (3", $point, ", 0", $point, "));")]
        /// ```
        #[must_use = "`reset` drops the units that it takes"]
        pub fn take(&$self) -> $number {
            <$number as crate::cursor::sealed::Bits>::from_bits(crate::api::take(&$counter, $index))
        }

        /// Restarts the counter at zero: a [`take`](Self::take) that discards its result.
        ///
        /// # Ordering
        /// Relaxed: it includes each add that happens-before it, and orders nothing else.
        ///
        /// ```
        #[doc = $made]
        #[doc = concat!("counter.add(3", $point, ");")]
        /// counter.reset();
        #[doc = concat!("assert_eq!(counter.sum(), 0", $point, ");")]
        /// ```
        pub fn reset(&$self) {
            let _ = $self.take();
        }

        /// A reader that returns the amount added between its reads. Takes and resets don't disturb
        /// it.
        ///
        /// ```
        #[doc = $made]
        #[doc = concat!("counter.add(3", $point, ");")]
        /// let mut cursor = counter.cursor();
        #[doc = concat!("counter.add(4", $point, ");")]
        /// counter.reset();
        #[doc = concat!("assert_eq!(cursor.delta(), 4", $point, ");")]
        /// ```
        pub fn cursor(&$self) -> crate::Cursor<'_, $number> {
            crate::Cursor::new($counter.value($index))
        }
    };
}

/// `register` and `name`.
macro_rules! registration {
    () => {
        /// Lists the metric, so that [`snapshot`](crate::snapshot()) shows it before its first
        /// add. One without a name merely receives its slots. Registering twice is a no-op.
        ///
        /// # Errors
        /// If a metric of another kind, or with other labels or buckets, is shown under the name, on
        /// allocation failure, or when slots are exhausted.
        ///
        /// ```
        /// static ERRORS: quipu::Counter = quipu::Counter::named("errors_total", "Requests that failed.");
        ///
        /// ERRORS.register()?;
        /// assert!(quipu::snapshot().get("errors_total", None).is_some());
        /// # Ok::<(), quipu::RegisterError>(())
        /// ```
        pub fn register(&self) -> Result<(), crate::RegisterError> {
            crate::api::register(&self.counter_ref())
        }

        /// The name that the metric was made with.
        ///
        /// ```
        /// let jobs = quipu::Counter::named("jobs_total", "Jobs done.");
        /// assert_eq!((jobs.name(), quipu::Counter::new().name()), (Some("jobs_total"), None));
        /// ```
        #[must_use]
        pub fn name(&self) -> Option<&'static str> {
            self.counter_ref().identity.name()
        }
    };
}

/// The number that a name of several metrics has, in docs.
macro_rules! of_one_name {
    (grows) => {
        "The name has all that was ever added to them. Takes and resets don't lower it, nor do drops: \
         it stays when the last of them is dropped, as exporters take an absence or a fall for a \
         restart."
    };
    (moves) => {
        "The name has the sum of those that are left, and goes with the last one."
    };
}

/// How a type that holds one value is made, listed and dropped. The texts are of its docs: the type
/// with its article, the start of a metric without a name, the call that changes it, whether the name
/// `grows` or `moves` (see [`of_one_name`]), an example of `named`, and a name for one of `try_named`.
macro_rules! named {
    (
        $counter:ident, $kind:expr, $naming:ident,
        {
            one: $one:literal,
            at_zero: $at_zero:literal,
            change: $change:literal,
            of_one_name: $of_one_name:ident,
            example: $example:literal,
            name: $name:literal $(,)?
        }
    ) => {
        impl $counter {
            crate::sync::const_fn! {
                #[doc = concat!($one, " that stands at zero.")]
                ///
                /// ```
                #[doc = concat!("static NUMBER: quipu::", stringify!($counter), " = quipu::", stringify!($counter), "::new();")]
                ///
                #[doc = concat!("assert_eq!(NUMBER.", $at_zero, ");")]
                /// ```
                #[must_use]
                pub const fn new() -> Self {
                    Self { header: crate::engine::Header::new() }
                }
            }

            crate::sync::const_fn! {
                #[doc = concat!($one, " that [`snapshot`](crate::snapshot()) shows under `name` once it is")]
                #[doc = concat!("registered: by its first ", $change, ", or by [`register`](Self::register).")]
                ///
                /// Metrics of this type that have one name appear as one, with the help text of the
                /// first that registered.
                #[doc = crate::api::of_one_name!($of_one_name)]
                ///
                /// Of two kinds of metrics that have one name, the first is shown until its last
                /// metric is dropped. Then the other one is, and the total of the first is gone.
                /// [`Snapshot::clashes`](crate::Snapshot::clashes) lists such names. A debug build
                #[doc = concat!("panics in the ", $change, " that registers such a metric, once it has counted.")]
                ///
                /// # Panics
                /// If Prometheus would refuse the name, `[a-zA-Z_:][a-zA-Z0-9_:]*`, or a text is
                /// longer than 65,535 bytes; in a `static` or `const`, the program doesn't compile.
                ///
                /// ```
                #[doc = $example]
                /// ```
                #[must_use]
                #[track_caller]
                pub const fn named(name: &'static str, help: &'static str) -> Self {
                    match crate::name::check(name, help) {
                        Ok(()) => Self { header: crate::engine::Header::named(&crate::engine::Naming::$naming, name, help) },
                        Err(error) => error.panic(),
                    }
                }
            }

            crate::sync::const_fn! {
                /// As [`named`](Self::named), for a name that is known at run time only.
                ///
                /// # Errors
                /// Where `named` panics.
                ///
                /// ```
                #[doc = concat!("let name: &'static str = String::from(\"", $name, "\").leak();")]
                #[doc = concat!("let metric = quipu::", stringify!($counter), "::try_named(name, \"Of the plugin.\")?;")]
                #[doc = concat!("assert_eq!(metric.name(), Some(\"", $name, "\"));")]
                /// # Ok::<(), quipu::InvalidName>(())
                /// ```
                pub const fn try_named(name: &'static str, help: &'static str) -> Result<Self, crate::InvalidName> {
                    match crate::name::check(name, help) {
                        Ok(()) => {
                            let header = crate::engine::Header::named(&crate::engine::Naming::$naming, name, help);
                            Ok(Self { header })
                        }
                        Err(error) => Err(error),
                    }
                }
            }

            crate::api::registration!();
        }

        impl $counter {
            #[inline(always)]
            pub(crate) fn counter_ref(&self) -> crate::engine::CounterRef<'_> {
                self.header.counter_ref($kind, None)
            }
        }

        crate::family::scalar!($counter, $naming, std::mem::offset_of!($counter, header));

        impl Drop for $counter {
            fn drop(&mut self) {
                crate::api::unregister(self.header.key_mut(), &self.counter_ref());
            }
        }

        impl Default for $counter {
            fn default() -> Self {
                Self::new()
            }
        }
    };
}

/// All of a type that holds one value, except for how it adds. `$texts` are those of [`named`], and
/// `$point` is that of [`reads`].
macro_rules! scalar {
    ($counter:ident, $number:ty, $kind:expr, $naming:ident, $point:literal, $texts:tt) => {
        crate::api::named!($counter, $kind, $naming, $texts);

        impl $counter {
            crate::api::reads!(
                $number,
                |self| (self.counter_ref(), 0),
                concat!("let counter = quipu::", stringify!($counter), "::new();"),
                $point
            );
        }

        impl std::fmt::Debug for $counter {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                crate::api::debug(f, stringify!($counter), self.name(), ("sum", &self.sum()))
            }
        }
    };
}

/// Gives the slots back: see [`unregister_row`].
pub(crate) fn unregister(key: Key, counter: &CounterRef<'_>) {
    unregister_row(key, 0, counter);
}

/// Gives the slots of a family's row back. A drop within a cold path, which only a global allocator can bring about,
/// leaves them unused for good.
pub(crate) fn unregister_row(key: Key, row: u32, counter: &CounterRef<'_>) {
    if key.is_registered() {
        enter_cold_path(|registry| registry.unregister(key, row, counter));
    }
}

/// The bits of what a take gets: zero within a cold path.
pub(crate) fn take(counter: &CounterRef<'_>, index: usize) -> u64 {
    enter_cold_path(|registry| registry.take(counter, index)).unwrap_or(0)
}

/// [`RegisterError`] where the counter can't be listed under its name; see `Counter::register`.
pub(crate) fn register(counter: &CounterRef<'_>) -> Result<(), RegisterError> {
    let is_listed = enter_cold_path(|registry| {
        registry.register(counter)?;
        Some(counter.family().is_none_or(|family| (family.naming.is_shown)(&family)))
    });
    match (is_listed.flatten(), counter.identity.name()) {
        (Some(true), _) => Ok(()),
        (Some(false), Some(name)) => Err(RegisterError::NameTaken { name }),
        _ => Err(RegisterError::OutOfSlots),
    }
}

/// `Debug` of a counter: its name if it has one, and its value, with a word for it.
pub(crate) fn debug(
    f: &mut fmt::Formatter<'_>,
    kind: &str,
    name: Option<&str>,
    (word, value): (&str, &dyn fmt::Debug),
) -> fmt::Result {
    let mut debug = f.debug_struct(kind);
    if let Some(name) = name {
        debug.field("name", &name);
    }
    debug.field(word, value).finish()
}

/// The cold path of an add: see [`engine::add_slow`].
// The same for every type of counter, so that a program has it once.
#[cold]
#[inline(never)]
pub(crate) fn add_slow(counter: &CounterRef<'_>, index: usize, amount: u64, update: &Update) {
    asserting_no_clash(counter, || engine::add_slow(counter, index, amount, update));
}

/// The cold path of a gauge's changes: see [`engine::change_gauge_slow`].
#[cold]
#[inline(never)]
pub(crate) fn change_gauge_slow(gauge: &CounterRef<'_>, change: Change<'_>) {
    asserting_no_clash(gauge, || engine::change_gauge_slow(gauge, change));
}

/// The slots of a handle: see [`LocalSlots::new`].
pub(crate) fn local_slots(counter: &CounterRef<'_>, index: usize) -> Option<LocalSlots> {
    asserting_no_clash(counter, || LocalSlots::new(counter, index))
}

/// Runs `f`, which may register the counter. In debug builds it panics then where the name clashes.
#[inline(always)]
pub(crate) fn asserting_no_clash<T>(counter: &CounterRef<'_>, f: impl FnOnce() -> T) -> T {
    let registers =
        cfg!(debug_assertions) && counter.is_named() && !counter.value(0).is_registered();
    let result = f();
    if registers {
        assert_no_clash(counter);
    }
    result
}

/// The cold path of an observation of a peak.
#[cold]
#[inline(never)]
pub(crate) fn observe_slow(counter: &CounterRef<'_>, epoch: &AtomicU64, value: u64) {
    asserting_no_clash(counter, || engine::observe_slow(counter, epoch, value));
}

/// In debug builds, the add or the handle that registers a counter panics where its name clashes,
/// after the add counted. A thread that panics already must not do so again.
fn assert_no_clash(counter: &CounterRef<'_>) {
    if let Some(family) = counter.family().filter(|_| !std::thread::panicking()) {
        let clash = enter_cold_path(|_| engine::clash(&family)).flatten().map(NameClash::new);
        debug_assert!(
            clash.is_none(),
            "{}",
            clash.map(|clash| clash.to_string()).unwrap_or_default()
        );
    }
}

pub(crate) use {named, of_one_name, reads, registration, scalar};
