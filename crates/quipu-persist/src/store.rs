use std::collections::BTreeMap;

use quipu::HistogramSnapshot;

use super::series::{self, StoredSeries};
use super::{Error, Lease, Sink, histogram};

/// A sink that can be read back.
///
/// A total is the sum of a counter's rows, one in each slot. Each add is in one of them at most, at
/// every moment, so a read that sees the rows at different times is never above what was added.
///
/// ```
/// # use std::{sync::{Arc, Mutex}, time::Duration};
/// # use quipu::Counter;
/// # use quipu_persist::{Memory, Worker};
/// # static LIKES: Counter = Counter::new();
/// use quipu_persist::{Error, Store};
///
/// fn report(store: &mut dyn Store) -> Result<Vec<String>, Error> {
///     let totals = store.totals()?.into_iter();
///     Ok(totals.map(|(counter, total)| format!("{counter} {total}")).collect())
/// }
///
/// # let store = Arc::new(Mutex::new(Memory::new()));
/// # let worker = Worker::builder("web-1").start(Arc::clone(&store))?;
/// # worker.track("likes_total", &LIKES)?;
/// LIKES.add(3);
/// worker.flush(Duration::from_secs(5))?;
/// assert_eq!(report(&mut *store.lock().unwrap())?, ["likes_total 3"]);
/// # Ok::<(), Error>(())
/// ```
pub trait Store: Sink {
    /// The totals of the counters whose names begin with `prefix`, in one read.
    ///
    /// ```
    /// # use quipu_persist::Memory;
    /// use quipu_persist::Store;
    ///
    /// # let mut store = Memory::new();
    /// let totals = store.totals_with_prefix("http_")?;
    /// assert!(totals.keys().all(|counter| counter.starts_with("http_")));
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the store can't be read.
    fn totals_with_prefix(&mut self, prefix: &str) -> Result<BTreeMap<String, i64>, Error>;

    /// The rows of a counter, by slot. Empty for an unknown counter.
    ///
    /// ```
    /// # use quipu_persist::Memory;
    /// use quipu_persist::Store;
    ///
    /// # let mut store = Memory::new();
    /// let rows = store.by_slot("likes_total")?;
    /// assert_eq!(rows.values().sum::<i64>(), store.total("likes_total")?);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the store can't be read.
    fn by_slot(&mut self, counter: &str) -> Result<BTreeMap<u32, i64>, Error>;

    /// The slots, each with its lease: its owner, and the times from and until which it is the owner's.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use quipu_persist::{Memory, Worker};
    /// # use std::sync::{Arc, Mutex};
    /// use quipu_persist::Store;
    ///
    /// let store = Arc::new(Mutex::new(Memory::new()));
    /// let worker = Worker::builder("web-1").start(Arc::clone(&store))?;
    /// worker.flush(Duration::from_secs(5))?;
    /// assert_eq!(store.lock().unwrap().slots()?[&0].owner.host(), "web-1");
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the store can't be read.
    fn slots(&mut self) -> Result<BTreeMap<u32, Lease>, Error>;

    /// The totals of all counters, in one read.
    ///
    /// ```
    /// # use quipu_persist::Memory;
    /// use quipu_persist::Store;
    ///
    /// # let mut store = Memory::new();
    /// for (counter, total) in store.totals()? {
    ///     println!("{counter} {total}");
    /// }
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the store can't be read.
    fn totals(&mut self) -> Result<BTreeMap<String, i64>, Error> {
        self.totals_with_prefix("")
    }

    /// The total of a counter, which wraps at 2⁶³. 0 for an unknown counter.
    ///
    /// ```
    /// use quipu_persist::{Memory, Store};
    ///
    /// assert_eq!(Memory::new().total("likes_total")?, 0);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the store can't be read.
    fn total(&mut self, counter: &str) -> Result<i64, Error> {
        Ok(self.by_slot(counter)?.into_values().fold(0, i64::wrapping_add))
    }

    /// The series that are stored of a [`Family`](quipu::Family) of counters with this name, in the
    /// order of their names; none of an unknown one.
    ///
    /// Of a family of histograms `x`, that of `x_sum` has the sums; for the observations ask for the
    /// [`histogram`](Store::histogram) of a series, by its [name](super::series_name).
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use std::time::Duration;
    /// use quipu::{Counter, Family};
    /// use quipu_persist::{Memory, Store, Worker};
    ///
    /// quipu::labels! {
    ///     enum Method: "method" { Get => "GET", Put => "PUT" }
    /// }
    ///
    /// static REQUESTS: Family<Counter, Method> = Family::named("requests_total", "Requests.");
    ///
    /// let store = Arc::new(Mutex::new(Memory::new()));
    /// let worker = Worker::builder("web-1").start(Arc::clone(&store))?;
    /// worker.track("requests_total", &REQUESTS)?;
    /// REQUESTS[Method::Get].add(7);
    /// REQUESTS[Method::Put].add(5);
    /// worker.shutdown(Duration::from_secs(5))?;
    ///
    /// let requests = store.lock().unwrap().family("requests_total")?;
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

    /// The observations of a histogram by all processes, in the layout and unit of `layout`: a
    /// snapshot of the same histogram, whatever it has observed. Empty for an unknown histogram. The
    /// name of one of a family has its labels: see [`series_name`](super::series_name).
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use std::time::Duration;
    /// use quipu::{Histogram, LogLinear};
    /// use quipu_persist::{Memory, Store, Worker};
    ///
    /// static SIZES: Histogram<LogLinear<3>> = Histogram::new(LogLinear::new());
    ///
    /// let store = Arc::new(Mutex::new(Memory::new()));
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
