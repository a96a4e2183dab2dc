use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use quipu::HistogramSnapshot;
use serde::{Deserialize, Serialize};

use super::series::{self, StoredSeries};
use super::{Error, Stamp, Writer, histogram, model};

/// A message of a writer: its totals of some counters.
///
/// ```
/// use quipu_persist::{Batch, Entry, Sink, Stamp, VersionVector, Writer};
///
/// let mut store = VersionVector::new();
/// let likes = Entry { counter: "likes".into(), stamp: Stamp { version: 1, total: 3 } };
/// store.write(&Batch { writer: Writer::new("web-1")?, entries: vec![likes], closes: false })?;
/// assert_eq!(store.value("likes"), 3);
/// # Ok::<(), quipu_persist::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The writer whose totals these are.
    pub writer: Writer,
    /// At most one for each counter.
    pub entries: Vec<Entry>,
    /// Whether the writer will write no more, so that it may be folded at once.
    pub closes: bool,
}

/// A writer's total of one counter.
///
/// ```
/// use quipu_persist::{Entry, Stamp};
///
/// let entry = Entry { counter: "likes".into(), stamp: Stamp { version: 7, total: 30 } };
/// assert_eq!(format!("{} {}", entry.counter, entry.stamp.total), "likes 30");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The counter's name.
    pub counter: String,
    /// The total, and its version.
    #[serde(flatten)]
    pub stamp: Stamp,
}

/// The fate of a batch.
///
/// ```
/// use quipu_persist::{Batch, Outcome, Sink, VersionVector, Writer};
///
/// let mut store = VersionVector::new();
/// let batch = Batch { writer: Writer::new("web-1")?, entries: Vec::new(), closes: true };
/// assert_eq!(store.write(&batch)?, Outcome::Stored, "a store in memory folds nothing");
/// # Ok::<(), quipu_persist::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The store's rows are as new as the batch, or newer.
    Stored,
    /// The store has folded the writer, and refuses its batches. Nothing was written. The folded
    /// totals, by counter.
    Folded(BTreeMap<String, i64>),
}

/// A place that totals flow to. The stores of this crate are sinks; one of your own is one
/// function.
///
/// A batch may arrive twice, or after a newer one, and `write` may return an error although the
/// batch was written. All of that is harmless as long as **a row is replaced only by one of a
/// higher version**.
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
    /// Makes the store's rows at least as new as those of the batch: all of them or, on an error,
    /// any of them.
    ///
    /// The worker's thread calls it, waits for it, and calls it again later after an error. It
    /// should give up after some seconds.
    ///
    /// ```
    /// use quipu_persist::{Batch, Entry, Sink, Stamp, VersionVector, Writer};
    ///
    /// let (mut store, writer) = (VersionVector::new(), Writer::new("web-1")?);
    /// let mut write = |version, total| {
    ///     let entry = Entry { counter: "likes".into(), stamp: Stamp { version, total } };
    ///     store.write(&Batch { writer: writer.clone(), entries: vec![entry], closes: false })
    /// };
    /// write(2, 30)?;
    /// write(1, 10)?; // late: the newer row stays
    /// assert_eq!(store.value("likes"), 30);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If it isn't known that the store has the rows.
    fn write(&mut self, batch: &Batch) -> Result<Outcome, Error>;
}

/// A sink that can be read back.
///
/// ```
/// use quipu_persist::{Error, Stamp, Store, VersionVector, Writer};
///
/// fn report(store: &mut dyn Store) -> Result<Vec<String>, Error> {
///     let counters = store.counters()?.into_iter();
///     counters.map(|counter| Ok(format!("{counter} {}", store.total(&counter)?))).collect()
/// }
///
/// let mut store = VersionVector::new();
/// store.observe("likes", &Writer::new("web-1")?, Stamp { version: 1, total: 3 });
/// assert_eq!(report(&mut store)?, ["likes 3"]);
/// # Ok::<(), Error>(())
/// ```
pub trait Store: Sink {
    /// The rows of a counter, that of [`Writer::retired`] included. Empty for an unknown counter.
    ///
    /// ```
    /// use quipu_persist::{Stamp, Store, VersionVector, Writer};
    ///
    /// let (mut store, web) = (VersionVector::new(), Writer::new("web-1")?);
    /// store.observe("likes", &web, Stamp { version: 1, total: 3 });
    /// assert_eq!(store.by_writer("likes")?[&web].total, 3);
    /// assert!(store.by_writer("shares")?.is_empty());
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the store can't be read.
    fn by_writer(&mut self, counter: &str) -> Result<BTreeMap<Writer, Stamp>, Error>;

    /// The counters that have rows, in the order of their names.
    ///
    /// ```
    /// use quipu_persist::{Stamp, Store, VersionVector, Writer};
    ///
    /// let (mut store, web) = (VersionVector::new(), Writer::new("web-1")?);
    /// store.observe("shares", &web, Stamp { version: 1, total: 5 });
    /// store.observe("likes", &web, Stamp { version: 1, total: 3 });
    /// assert_eq!(store.counters()?, ["likes", "shares"]);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the store can't be read.
    fn counters(&mut self) -> Result<Vec<String>, Error>;

    /// The value of a counter: the sum over its writers, which wraps at 2⁶³. 0 for an unknown
    /// counter.
    ///
    /// ```
    /// use quipu_persist::{Stamp, Store, VersionVector, Writer};
    ///
    /// let mut store = VersionVector::new();
    /// store.observe("likes", &Writer::new("web-1")?, Stamp { version: 1, total: 3 });
    /// store.observe("likes", &Writer::new("web-2")?, Stamp { version: 1, total: 4 });
    /// assert_eq!(store.total("likes")?, 7);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the store can't be read.
    fn total(&mut self, counter: &str) -> Result<i64, Error> {
        Ok(model::sum(self.by_writer(counter)?.values()))
    }

    /// The series that are stored of a [`Family`](quipu::Family) of counters with this name, in the
    /// order of their names; none of an unknown one. It asks for the [`counters`](Store::counters),
    /// and for the total of each series.
    ///
    /// Of a family of histograms `x`, that of `x_sum` has the sums; for the observations ask for the
    /// [`histogram`](Store::histogram) of a series, by its [name](super::series_name).
    ///
    /// ```
    /// use quipu_persist::{Stamp, Store, VersionVector, Writer, series_name};
    ///
    /// let mut store = VersionVector::new();
    /// for (host, method, total) in [("web-1", "GET", 3), ("web-2", "GET", 4), ("web-2", "PUT", 5)] {
    ///     let name = series_name("requests_total", [("method", method)]);
    ///     store.observe(&name, &Writer::new(host)?, Stamp { version: 1, total });
    /// }
    /// let requests = store.family("requests_total")?;
    /// let totals = requests.iter().map(|series| (&*series.labels[0].value, series.total));
    /// assert_eq!(totals.collect::<Vec<_>>(), [("GET", 7), ("PUT", 5)]);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the store can't be read, or has a counter of this name whose labels can't.
    fn family(&mut self, name: &str) -> Result<Vec<StoredSeries>, Error> {
        series::read(self, name)
    }

    /// The observations of a histogram by all of its writers, in the layout and unit of `layout`: a
    /// snapshot of the same histogram, whatever it has observed. Empty for an unknown histogram. The
    /// name of one of a family has its labels: see [`series_name`](super::series_name).
    ///
    /// It asks for the [`counters`](Store::counters), and for the total of each bucket that has
    /// observations. One that is made meanwhile may be in the sum alone.
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use std::time::Duration;
    /// use quipu::{Histogram, LogLinear};
    /// use quipu_persist::{Store, VersionVector, Worker};
    ///
    /// static SIZES: Histogram<LogLinear<3>> = Histogram::new(LogLinear::new());
    ///
    /// let store = Arc::new(Mutex::new(VersionVector::new()));
    /// let worker = Worker::builder("web-1").start(Arc::clone(&store))?;
    /// worker.track("sizes", &SIZES)?;
    /// (1..=100).for_each(|size| SIZES.observe(size));
    /// worker.shutdown(Duration::from_secs(5))?;
    ///
    /// // In another program, say:
    /// let layout = Histogram::new(LogLinear::<3>::new()).snapshot();
    /// let sizes = store.lock().unwrap().histogram("sizes", &layout)?;
    /// assert_eq!((sizes.count(), sizes.sum()), (100, 5050));
    /// assert_eq!(sizes.quantile(0.5), SIZES.snapshot().quantile(0.5));
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the store can't be read, or has a bucket that the layout hasn't.
    fn histogram(
        &mut self,
        name: &str,
        layout: &HistogramSnapshot,
    ) -> Result<HistogramSnapshot, Error> {
        histogram::read(self, name, layout)
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
