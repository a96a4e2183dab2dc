//! Metrics that are declared together, and listed before their first use.

/// Declares statics of metrics, whose doc comments are their help texts.
///
/// Each static is written as it would be without the macro, except that its constructor lacks the
/// help text, which is the second argument. Options of a family may follow it. The doc comment is the static's documentation, too.
/// With a first line `fn name;` the macro also makes a function that lists all of them: a snapshot
/// has those which were never used, at zero. Without that, an exporter first hears of a counter
/// after its first event, and a rate over the two misses that event.
///
/// ```standalone_crate
/// use quipu::{Counter, CounterArray, Family, Histogram, LogLinear, Observed, Unit, Value};
///
/// quipu::labels! {
///     enum Side: "side" { Left => "left", Right => "right" }
/// }
///
/// quipu::metrics! {
///     /// Lists the metrics of the server.
///     pub fn register_metrics;
///
///     /// Requests answered.
///     pub static REQUESTS: Counter = Counter::named("requests_total");
///
///     /// Requests by side,
///     /// left or right.
///     static SIDES: CounterArray<2> = CounterArray::named("sides_total", "side", &["left", "right"]);
///
///     /// Falls by side, of which there should be none.
///     static FALLS: Family<Counter, Side> = Family::named("falls_total").sparse();
///
///     /// Time to answer a request.
///     static LATENCY: Histogram<LogLinear<3, 36>> =
///         Histogram::named("request_seconds", Unit::Nanoseconds, LogLinear::new());
///
///     /// Threads that the machine runs at once.
///     static THREADS: Observed = Observed::gauge("threads", || 2);
/// }
///
/// register_metrics()?;
/// let snapshot = quipu::snapshot();
/// assert_eq!(snapshot.get("requests_total", None).unwrap().value, Value::Unsigned(0));
/// assert_eq!(snapshot.family("sides_total")[0].help, "Requests by side, left or right.");
/// REQUESTS.inc();
/// FALLS[Side::Right].inc();
/// # let _ = Side::Left;
/// # Ok::<(), quipu::RegisterError>(())
/// ```
///
/// # Errors
/// The function lists all that can be listed, and returns the first error of the metrics'
/// `register`.
///
/// # Feature `linkme`
/// With it, the first snapshot of the program lists every static that the macro declares in any
/// crate, whether or not anybody calls such a function. It is made by the linker, with the crate
/// `linkme`, and so for the systems that this crate knows: Linux, macOS, Windows and others, but not
/// WebAssembly. The GNU linker for Windows drops the list, and nothing is listed, unless it is told
/// `-C link-arg=-Wl,--no-gc-sections`.
///
/// ```standalone_crate
/// # #[cfg(feature = "linkme")] {
/// quipu::metrics! {
///     /// Pages that nobody asked for yet.
///     static PAGES: quipu::Counter = quipu::Counter::named("pages_read_total");
/// }
///
/// assert!(quipu::snapshot().get("pages_read_total", None).is_some());
/// # }
/// ```
#[macro_export]
macro_rules! metrics {
    (
        $(#[$attribute:meta])*
        $visibility:vis fn $register:ident;
        $($(#[doc = $help:literal])+ $static_visibility:vis static $name:ident: $type:ty = $($constructor:ident)::+($metric:expr $(, $argument:expr)* $(,)?) $(.$option:ident($($of_option:expr),*))*;)+
    ) => {
        $crate::metrics! {
            $($(#[doc = $help])+ $static_visibility static $name: $type = $($constructor)::+($metric $(, $argument)*) $(.$option($($of_option),*))*;)+
        }

        $(#[$attribute])*
        $visibility fn $register() -> ::core::result::Result<(), $crate::RegisterError> {
            let mut result = Ok(());
            $(result = result.and($crate::__private::Registered::result($name.register()));)+
            result
        }
    };
    (
        $($(#[doc = $help:literal])+ $visibility:vis static $name:ident: $type:ty = $($constructor:ident)::+($metric:expr $(, $argument:expr)* $(,)?) $(.$option:ident($($of_option:expr),*))*;)+
    ) => { $(
        $(#[doc = $help])+
        $visibility static $name: $type = $($constructor)::+(
            $metric,
            const { $crate::__private::help(::core::concat!($($help),+)) }
            $(, $argument)*
        )$(.$option($($of_option),*))*;
        $crate::__list!($name);
    )+ };
}

/// For what [`metrics!`](crate::metrics!) expands to.
pub(crate) mod private {
    use crate::RegisterError;

    /// The help text of a doc comment: each line of one begins with a space.
    #[must_use]
    pub const fn help(doc: &'static str) -> &'static str {
        doc.trim_ascii()
    }

    /// The result of a metric's `register`; an observed number's has none.
    pub trait Registered {
        /// The result.
        fn result(self) -> Result<(), RegisterError>;
    }

    impl Registered for () {
        fn result(self) -> Result<(), RegisterError> {
            Ok(())
        }
    }

    impl Registered for Result<(), RegisterError> {
        fn result(self) -> Self {
            self
        }
    }
}

#[cfg(not(feature = "linkme"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __list {
    ($name:ident) => {};
}

#[cfg(feature = "linkme")]
#[doc(hidden)]
#[macro_export]
macro_rules! __list {
    ($name:ident) => {
        const _: () = {
            #[$crate::__private::linkme::distributed_slice($crate::__private::DECLARED)]
            #[linkme(crate = $crate::__private::linkme)]
            static LIST: fn() = || {
                // A name that is taken is one of the snapshot's clashes.
                let _ = $crate::__private::Registered::result($name.register());
            };
        };
    };
}

#[cfg(feature = "linkme")]
pub use declared::DECLARED;
#[cfg(feature = "linkme")]
pub(crate) use declared::register;

#[cfg(feature = "linkme")]
mod declared {
    use std::sync::atomic::{AtomicBool, Ordering};

    use crate::engine::enter_cold_path;

    /// A function for each static that [`metrics!`](crate::metrics!) declares, which lists it.
    #[linkme::distributed_slice]
    pub static DECLARED: [fn()];

    /// Lists the statics, once. Within a cold path, it leaves that to a later call.
    pub(crate) fn register() {
        static IS_DONE: AtomicBool = AtomicBool::new(false);
        // Relaxed: a metric that two threads list is listed once.
        if !IS_DONE.load(Ordering::Relaxed) && enter_cold_path(|_| ()).is_some() {
            DECLARED.iter().for_each(|register| register());
            IS_DONE.store(true, Ordering::Relaxed);
        }
    }
}
