use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::{Error, Stamp, Writer, model};

/// A message of a writer: its totals of some counters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Whose totals they are.
    pub writer: Writer,
    /// One for each counter at most.
    pub entries: Vec<Entry>,
    /// Whether the writer will write no more, so that it may be folded at once.
    pub closes: bool,
}

/// A writer's total of one counter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The counter's name.
    pub counter: String,
    /// The total, and its version.
    #[serde(flatten)]
    pub stamp: Stamp,
}

/// The fate of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The store's rows are as new as the batch, or newer.
    Stored,
    /// The store takes no more from this writer, whose totals were folded: these, by counter. Nothing was written.
    Folded(BTreeMap<String, i64>),
}

/// A place that totals flow to. The stores of this module are sinks; another takes a function.
///
/// A batch may come twice, or after a newer one, and an error may come back although the batch was written. All of
/// that is harmless as long as **a row is replaced only by one of a higher version**.
///
/// ```
/// use quipu_persist::{Batch, Error, Outcome, Sink};
///
/// /// Shows totals on the standard output.
/// struct Print;
///
/// impl Sink for Print {
///     fn write(&mut self, batch: &Batch) -> Result<Outcome, Error> {
///         for entry in &batch.entries {
///             println!("{} {} {}", entry.counter, batch.writer, entry.stamp.total);
///         }
///         Ok(Outcome::Stored)
///     }
/// }
/// ```
pub trait Sink: Send {
    /// Makes the store's rows at least as new as those of the batch: all of them or, where it fails, any of them.
    ///
    /// Called by the worker's thread, which waits for it and calls again later if it fails. It should give up after
    /// some seconds.
    ///
    /// # Errors
    /// If it isn't known that the store has the rows.
    fn write(&mut self, batch: &Batch) -> Result<Outcome, Error>;
}

/// A sink that can be read back.
pub trait Store: Sink {
    /// The rows of a counter, that of [`Writer::retired`] included; none if no one wrote it.
    ///
    /// # Errors
    /// If the store can't be read.
    fn by_writer(&mut self, counter: &str) -> Result<BTreeMap<Writer, Stamp>, Error>;

    /// The counters that have rows, in the order of their names.
    ///
    /// # Errors
    /// If the store can't be read.
    fn counters(&mut self) -> Result<Vec<String>, Error>;

    /// The value of a counter: the sum over its writers, which wraps at 2⁶³; 0 if no one wrote it.
    ///
    /// # Errors
    /// If the store can't be read.
    fn total(&mut self, counter: &str) -> Result<i64, Error> {
        Ok(model::sum(self.by_writer(counter)?.values()))
    }
}

impl<S: Sink + ?Sized> Sink for Box<S> {
    fn write(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        (**self).write(batch)
    }
}

/// A sink that others read while the worker has it.
impl<S: Sink + ?Sized> Sink for Arc<Mutex<S>> {
    fn write(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        self.lock().unwrap_or_else(PoisonError::into_inner).write(batch)
    }
}
