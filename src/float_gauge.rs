use std::mem::offset_of;

use crate::api;
use crate::engine::{CounterRef, Header, Naming, global, setting};
use crate::sync::{AtomicU64, Ordering, const_fn};
use crate::{FloatCounter, InvalidName, RegisterError, name};

/// A number that goes up and down: many threads move it at once, and some set it now and then.
///
/// The value is the one that was set last plus all moves since. An [`add`](FloatGauge::add) is a
/// load, an addition and a store on a slot that only the current thread writes. A
/// [`set`](FloatGauge::set) sums the slots under a lock.
///
/// ```
/// use quipu::{FloatGauge, Value};
///
/// static TEMPERATURE: FloatGauge = FloatGauge::named("temperature_celsius", "Of the room.");
///
/// TEMPERATURE.set(20.5);
/// TEMPERATURE.add(-1.0);
/// assert_eq!(TEMPERATURE.value(), 19.5);
/// assert_eq!(quipu::snapshot().get("temperature_celsius", None).unwrap().value, Value::Float(19.5));
/// ```
///
/// # Limits
/// An add by another thread during a `set` counts on top of the new value, or the `set` overwrites
/// it. Adds beyond [`FloatCounter::MAX_AMOUNT`], up or down, or not a number are ignored. A `set`
/// takes any value, and a gauge that is only set has exactly that value.
///
/// An add is rounded to the precision of the thread's slot. A slot keeps the sum of all adds of its
/// threads, and a `set` doesn't change it. So whole numbers are exact as long as no slot reaches
/// 2⁵³, up or down. Make a new gauge after that.
///
/// `set`s and reads of all gauges take turns. Code within a global allocator that quipu is calling,
/// or within a signal handler that interrupts quipu's own work, can't wait for its turn: there a
/// `set` does nothing, and a read may see half a `set`.
///
/// A [`snapshot`](crate::snapshot()) has nothing of what had to be kept in the gauge itself, on
/// allocation failure or within such code, until the next `set`.
pub struct FloatGauge {
    /// The bits of the value that was set last, as long as it can't lie at the key of `moved`; else
    /// 0. Both are written and read in turns, so that a `set` is seen whole.
    base: AtomicU64,
    /// Sum of all moves since then, and the gauge's name and key.
    moved: FloatCounter,
}

impl FloatGauge {
    const_fn! {
        /// A gauge that stands at zero.
        ///
        /// ```
        /// static LOAD: quipu::FloatGauge = quipu::FloatGauge::new();
        ///
        /// assert_eq!(LOAD.value(), 0.0);
        /// ```
        #[must_use]
        pub const fn new() -> Self {
            Self::with(Header::new())
        }
    }

    const_fn! {
        /// A gauge that [`snapshot`](crate::snapshot()) shows under `name` once it is registered: by
        /// its first `set` or `add`, or by [`register`](Self::register).
        ///
        /// Gauges of one name appear as one, with the help text of the first that registered and the
        /// sum of those that are left; the name goes with the last one. For metrics of other kinds
        /// that have the name, see [`Counter::named`](crate::Counter::named).
        ///
        /// # Panics
        /// If Prometheus would refuse the name, `[a-zA-Z_:][a-zA-Z0-9_:]*`, or a text is longer than
        /// 65,535 bytes; in a `static` or `const`, the program doesn't compile.
        ///
        /// ```
        /// use quipu::{FloatGauge, Value};
        ///
        /// static RATIO: FloatGauge = FloatGauge::named("cache_fill_ratio", "Part of the cache in use.");
        ///
        /// RATIO.set(0.75);
        /// assert_eq!(quipu::snapshot().get("cache_fill_ratio", None).unwrap().value, Value::Float(0.75));
        /// ```
        #[must_use]
        #[track_caller]
        pub const fn named(name: &'static str, help: &'static str) -> Self {
            match name::check(name, help) {
                Ok(()) => Self::with(Header::named(&Naming::FLOAT_GAUGE, name, help)),
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
        /// let name: &'static str = String::from("plugin_load").leak();
        /// let load = quipu::FloatGauge::try_named(name, "Load of the plugin.")?;
        /// assert_eq!(load.name(), Some("plugin_load"));
        /// # Ok::<(), quipu::InvalidName>(())
        /// ```
        pub const fn try_named(name: &'static str, help: &'static str) -> Result<Self, InvalidName> {
            match name::check(name, help) {
                Ok(()) => Ok(Self::with(Header::named(&Naming::FLOAT_GAUGE, name, help))),
                Err(error) => Err(error),
            }
        }
    }

    const_fn! {
        const fn with(header: Header<1>) -> Self {
            Self { base: AtomicU64::new(0), moved: FloatCounter { header } }
        }
    }

    /// Lists the gauge, so that [`snapshot`](crate::snapshot()) shows it before its first `set` or
    /// `add`. A gauge without a name merely receives its slots. Registering twice is a no-op.
    ///
    /// # Errors
    /// If a metric of another kind is shown under the name, on allocation failure, or when slots are
    /// exhausted.
    ///
    /// ```
    /// static LOAD: quipu::FloatGauge = quipu::FloatGauge::named("load_average", "Work waiting.");
    ///
    /// LOAD.register()?;
    /// assert!(quipu::snapshot().get("load_average", None).is_some());
    /// # Ok::<(), quipu::RegisterError>(())
    /// ```
    pub fn register(&self) -> Result<(), RegisterError> {
        self.moved.register()
    }

    /// The name that the gauge was made with.
    ///
    /// ```
    /// let load = quipu::FloatGauge::named("load_seconds", "Work waiting.");
    /// assert_eq!((load.name(), quipu::FloatGauge::new().name()), (Some("load_seconds"), None));
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        self.moved.name()
    }

    /// Moves the gauge by an amount of either sign. An amount beyond
    /// [`FloatCounter::MAX_AMOUNT`], up or down, or not a number is ignored.
    ///
    /// It never waits for another thread's add. It never fails, but for one case: in a debug build,
    /// the add that registers a gauge panics if the name clashes, once it has counted (see
    /// [`named`](FloatGauge::named)). A thread's first add to a gauge or to its neighbours may
    /// allocate, and take a lock. It orders nothing else that the thread does before it.
    ///
    /// ```
    /// let load = quipu::FloatGauge::new();
    /// load.add(1.5);
    /// load.add(-0.25);
    /// load.add(f64::INFINITY); // ignored: above `MAX_AMOUNT`
    /// assert_eq!(load.value(), 1.25);
    /// ```
    #[inline]
    pub fn add(&self, amount: f64) {
        self.moved.add_signed(amount);
    }

    /// Sets the gauge, to any value. A lock orders it with every other `set` and read of a gauge.
    ///
    /// ```
    /// let load = quipu::FloatGauge::new();
    /// load.add(1.5);
    /// load.set(4.0);
    /// load.add(0.5);
    /// assert_eq!(load.value(), 4.5);
    /// ```
    pub fn set(&self, value: f64) {
        self.replace(value);
    }

    /// Sets the gauge, to any value, and returns its value before. An add meanwhile is either in
    /// the value that is returned or on top of the new one.
    ///
    /// ```
    /// let waited = quipu::FloatGauge::new();
    /// waited.add(1.5);
    /// assert_eq!(waited.replace(0.0), 1.5);
    /// assert_eq!(waited.value(), 0.0);
    /// ```
    pub fn replace(&self, value: f64) -> f64 {
        let counter = self.counter_ref();
        let replace = || {
            let registry = global();
            if counter.is_named() {
                // Where it fails, the base stays in the gauge.
                let _ = registry.register(&counter);
            }
            let before = self.base() + f64::from_bits(registry.take(&counter, 0));
            let is_at_key = registry.set_float_base(counter.value(0).key(), value);
            let own = if is_at_key { 0.0 } else { value };
            // Relaxed, here and below: the turns order it.
            self.base.store(own.to_bits(), Ordering::Relaxed);
            before
        };
        api::asserting_no_clash(&counter, || setting(replace)).unwrap_or_else(|| self.now())
    }

    /// The gauge's value: the one that was set last, and all moves since. It includes every add
    /// that happens-before it.
    ///
    /// ```
    /// let load = quipu::FloatGauge::new();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| load.add(1.5));
    ///     scope.spawn(|| load.add(-0.5));
    /// });
    /// assert_eq!(load.value(), 1.0);
    /// ```
    #[must_use]
    pub fn value(&self) -> f64 {
        setting(|| self.now()).unwrap_or_else(|| self.now())
    }

    pub(crate) fn counter_ref(&self) -> CounterRef<'_> {
        self.moved.counter_ref()
    }

    // Not inlined: both uses are rare.
    #[inline(never)]
    fn now(&self) -> f64 {
        self.base() + self.moved.sum()
    }

    fn base(&self) -> f64 {
        let own = f64::from_bits(self.base.load(Ordering::Relaxed));
        own + global().float_base(self.counter_ref().value(0).key())
    }
}

crate::family::scalar!(
    FloatGauge,
    FLOAT_GAUGE,
    offset_of!(FloatGauge, moved) + offset_of!(FloatCounter, header)
);

impl Default for FloatGauge {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for FloatGauge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        api::debug(f, "FloatGauge", self.name(), ("value", &self.value()))
    }
}
