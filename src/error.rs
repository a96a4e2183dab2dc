use std::fmt;

/// Why a metric can't be listed under its name, or has no slots. It counts all the same.
///
/// ```
/// use quipu::{Counter, RegisterError, UpDownCounter};
///
/// static OPENED: Counter = Counter::named("sockets", "Sockets opened.");
/// static OPEN: UpDownCounter = UpDownCounter::named("sockets", "Open sockets.");
///
/// OPENED.register()?;
/// assert_eq!(OPEN.register(), Err(RegisterError::NameTaken { name: "sockets" }));
/// # Ok::<(), RegisterError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// A metric of another kind, or with other labels or buckets, has registered under this name
    /// before. This one is shown once that one is dropped.
    NameTaken {
        /// The name that both have.
        name: &'static str,
    },
    /// The metric has no name: only a [`Registry`](crate::Registry) needs one.
    NoName,
    /// The slots are exhausted, of which there are 2²⁷ for integers and as many for floats, or an
    /// allocation failed: drop metrics that aren't needed. It is also the error of a call within a
    /// global allocator that quipu is calling, where a later call may succeed.
    OutOfSlots,
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken { name } => write!(
                f,
                "{name:?} is the name of a registered counter of another kind or with other labels: choose another name"
            ),
            Self::NoName => f.write_str("a metric without a name: expected one made with `named`"),
            Self::OutOfSlots => f.write_str(
                "no slot or no memory is left for the counter: drop counters that aren't needed",
            ),
        }
    }
}

impl std::error::Error for RegisterError {}
