//! Families of metrics whose labels are known at run time only.
//!
//! A look-up goes to the [cache] of the thread, then to the table of the [families] that its hash
//! chooses, and makes the series there if it has to. A series is a [node].

mod cache;
mod constructors;
mod families;
mod look_up;
mod metric;
mod node;
mod past;
mod removal;
mod series;
mod show;
mod total;
mod walk;

use std::fmt;
use std::sync::OnceLock;

#[cfg(all(test, quipu_loom))]
pub(crate) use self::cache::end as end_cache;
#[cfg(all(unix, not(miri), not(quipu_loom)))]
pub(crate) use self::families::Locks;
use self::families::global;
use self::look_up::Core;
pub use self::metric::{GrowingMetric, SeriesMetric};
#[cfg(all(test, not(quipu_loom)))]
pub(crate) use self::node::are_equal;
pub use self::series::Series;
pub(crate) use self::show::{samples, show};
use crate::engine::enter_cold_path;
use crate::sync::{AtomicUsize, Ordering};
use crate::{Counter, RegisterError};

/// Every lock of the families, for a fork.
#[cfg(all(unix, not(miri), not(quipu_loom)))]
pub(crate) fn lock() -> Locks {
    global().lock()
}

/// Metrics of one name, told apart by the texts of `K` labels that are known at run time only: a
/// tenant, a path, a peer.
///
/// [`with`](Self::with) looks a series up by borrowed texts, and makes it where it is new. A small
/// cache of each thread has the series that it looked up last: a look-up that finds its series there
/// takes no lock, allocates nothing and writes to no memory that threads share. [`get`](Self::get)
/// returns a handle, of which an add costs the metric's own.
///
/// ```
/// use quipu::{Counter, DynamicFamily, Value};
///
/// static REQUESTS: DynamicFamily<Counter, 2> =
///     DynamicFamily::named("requests_total", "Requests.", ["tenant", "path"]).limit(10_000);
///
/// fn handle(tenant: &str, path: &str) {
///     REQUESTS.with([tenant, path], |requests| requests.inc());
/// }
///
/// handle("acme", "/login");
/// handle("acme", "/login");
/// handle("mint", "/");
/// let snapshot = quipu::snapshot();
/// let logins = snapshot.get("requests_total", ["acme", "/login"]).unwrap();
/// assert_eq!(logins.value, Value::Unsigned(2));
/// assert_eq!(REQUESTS.total(), 3);
/// ```
///
/// A label name that Prometheus would refuse does not compile, nor do two that are equal:
///
/// ```compile_fail,E0080
/// use quipu::{Counter, DynamicFamily};
///
/// static REQUESTS: DynamicFamily<Counter, 2> =
///     DynamicFamily::named("requests_total", "Requests.", ["path", "path"]);
/// ```
///
/// # Bounds
/// Texts often come from clients, which may send any number of them, of any length. So a family has
/// at most 2,000 series, or what [`limit`](Self::limit) says, however many threads make them. The
/// texts of a series have at most 1,024 bytes in all, or what [`text_limit`](Self::text_limit) says.
/// A look-up that would exceed one of them goes to the **overflow series**, all of whose texts are
/// [`OVERFLOW`], beyond the limit: it counts there and loses nothing but its texts.
/// [`overflowed`](Self::overflowed) says how many did. So do look-ups by just those texts, those for
/// which there is no memory, and those of new series within a global allocator that quipu is
/// calling, or a signal handler that interrupts quipu's own work.
///
/// # Series that go
/// [`remove`](Self::remove) takes a series out, [`sweep`](Self::sweep) those that nobody used for a
/// while. Neither loses a unit: what the series had, and what threads add to it meanwhile or through
/// a handle later, is in [`total`](Self::total), which never falls. It isn't exported any more: a
/// series that comes back starts at zero, as after a restart of the program, which exporters allow
/// for. For an exact number, read `total`. The slots of such a series are used again once no
/// handle and no thread's cache has it: a thread keeps at most 1,024 such series.
///
/// # Snapshots
/// A [`snapshot`](crate::snapshot()) has a sample for each series, with the labels in the order of the
/// family, and one for the overflow series once a look-up went there. They are read as those of the
/// other [sources](crate::registry) of the process: a family of another kind under a name that is
/// taken is one of the snapshot's [`clashes`](crate::Snapshot::clashes); families of one name, kind
/// and labels add up. A family that is dropped disappears. A [`Registry`](crate::Registry) can't have
/// a family.
///
/// # Memory
/// For pointers of 64 bits: a series costs one allocation, which has its metric, 32 bytes, 4 for
/// each label, and the texts; 9 to 21 bytes in a table; and the metric's slots. A family of 100,000
/// counters by two labels, of 18 bytes together, takes 12.0 MB, and as many counters and texts in a
/// `Vec<(Counter, [String; 2])>` take 12.8 MB. The cache takes 16 KiB of each thread that looks a
/// series up. A process has some KiB of tables for each family.
///
/// # Ordering
/// Look-ups order nothing. A look-up that happens after the removal of its series finds another one.
///
/// # Limits
/// A family whose threads look up more than some hundreds of series each in turn misses the cache:
/// such a look-up takes one of 64 locks, which all families share, for some tens of nanoseconds. A
/// fork takes all of them. The hash, of the crate `foldhash`, has a seed of its own in each
/// process, but no cryptographic strength.
pub struct DynamicFamily<M: SeriesMetric, const K: usize> {
    name: &'static str,
    help: &'static str,
    labels: [&'static str; K],
    template: M::Template,
    limit: usize,
    text_limit: usize,
    /// There from the first use on.
    core: OnceLock<Core>,
    /// Series, and such as are about to be made. Never more than the limit.
    len: AtomicUsize,
    overflowed: Counter,
    /// For adds that find no core: the first use is on a cold path, or allocation fails.
    spill: M,
}

/// The text of every label of a family's overflow series, where look-ups go that exceed its limits. A
/// series with just these texts is the overflow series, whichever thread asks for it.
///
/// ```
/// use quipu::{Counter, DynamicFamily, OVERFLOW};
///
/// let users = DynamicFamily::<Counter, 1>::named("users_total", "Users.", ["name"]).limit(0);
/// users.with(["ann"], |users| users.inc());
/// assert_eq!(users.with([OVERFLOW], |users| users.sum()), 1);
/// ```
pub const OVERFLOW: &str = "overflow";

impl<M: SeriesMetric, const K: usize> DynamicFamily<M, K> {
    /// Calls `f` with the metric of the series that has these texts, in the order of the labels. A
    /// series that is new is made, or is the overflow series: see [Bounds](Self#bounds).
    ///
    /// `f` may look up other series. If the series is in the thread's cache, this takes no lock and
    /// allocates nothing; else it takes the lock of a part of the series.
    ///
    /// ```
    /// use quipu::{DynamicFamily, FloatGauge};
    ///
    /// let load = DynamicFamily::<FloatGauge, 1>::named("load", "Load by host.", ["host"]);
    /// load.with(["alpha"], |load| load.set(0.5));
    /// assert_eq!(load.with(["alpha"], |load| load.value()), 0.5);
    /// ```
    #[inline]
    pub fn with<R>(&self, texts: [&str; K], f: impl FnOnce(&M) -> R) -> R {
        match self.cached(&texts) {
            // SAFETY: the node is of this family, and in the cache as long as the hit lives.
            Some(hit) => f(unsafe { node::metric::<M, K>(hit.node).as_ref() }),
            None => f(&self.look_up(&texts)),
        }
    }

    /// A handle to the series that has these texts, in the order of the labels: for many adds. A
    /// series that is new is made, or is the overflow series: see [Bounds](Self#bounds).
    ///
    /// ```
    /// use quipu::{Counter, DynamicFamily};
    ///
    /// let words = DynamicFamily::<Counter, 1>::named("words_total", "Words by language.", ["language"]);
    /// let latin = words.get(["la"]);
    /// "alea iacta est".split(' ').for_each(|_| latin.inc());
    /// assert_eq!(latin.sum(), 3);
    /// ```
    #[must_use]
    pub fn get(&self, texts: [&str; K]) -> Series<'_, M> {
        // SAFETY: the node is in the cache as long as the hit lives.
        let cached = self.cached(&texts).and_then(|hit| unsafe { node::handle(hit.node) });
        match cached.or_else(|| self.handle(&texts)) {
            // SAFETY: the node is of this family.
            Some(handle) => unsafe { Series::new(handle.metric::<M, K>(), handle) },
            None => Series::overflow(self.overflow()),
        }
    }

    /// The number of series, without the overflow series.
    ///
    /// ```
    /// use quipu::{Counter, DynamicFamily};
    ///
    /// let users = DynamicFamily::<Counter, 1>::named("logins_total", "Logins.", ["name"]);
    /// users.with(["ann"], |logins| logins.inc());
    /// users.with(["bob"], |logins| logins.inc());
    /// assert_eq!(users.len(), 2);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        // Relaxed: the number alone is asked for.
        self.len.load(Ordering::Relaxed)
    }

    /// Whether it has no series but the overflow series.
    ///
    /// ```
    /// use quipu::{Counter, DynamicFamily};
    ///
    /// assert!(DynamicFamily::<Counter, 1>::named("none_total", "", ["label"]).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of look-ups that went to the overflow series.
    ///
    /// ```
    /// use quipu::{Counter, DynamicFamily};
    ///
    /// let users = DynamicFamily::<Counter, 1>::named("visits_total", "Visits.", ["name"]).limit(1);
    /// ["ann", "bob", "eve", "ann"].map(|name| users.with([name], |visits| visits.inc()));
    /// assert_eq!(users.overflowed(), 2);
    /// ```
    #[must_use]
    pub fn overflowed(&self) -> u64 {
        self.overflowed.sum()
    }

    /// Makes room for the family, as its first look-up does: for [`metrics!`](crate::metrics!). A family
    /// without series has no samples.
    ///
    /// # Errors
    /// On allocation failure, and within a global allocator that quipu is calling.
    ///
    /// ```
    /// use quipu::{Counter, DynamicFamily};
    ///
    /// quipu::metrics! {
    ///     /// Lists the metrics of the mail server.
    ///     fn register_metrics;
    ///
    ///     /// Mails by sender.
    ///     static MAILS: DynamicFamily<Counter, 1> =
    ///         DynamicFamily::named("mails_by_sender_total", ["sender"]).limit(100);
    /// }
    ///
    /// register_metrics()?;
    /// MAILS.with(["ann"], |mails| mails.inc());
    /// # Ok::<(), quipu::RegisterError>(())
    /// ```
    pub fn register(&self) -> Result<(), RegisterError> {
        self.core().map(|_| ()).ok_or(RegisterError::OutOfSlots)
    }

    /// The name that the family was made with.
    ///
    /// ```
    /// use quipu::{Counter, DynamicFamily};
    ///
    /// let users = DynamicFamily::<Counter, 1>::named("users_seen_total", "", ["name"]);
    /// assert_eq!(users.name(), "users_seen_total");
    /// ```
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<M: SeriesMetric, const K: usize> Drop for DynamicFamily<M, K> {
    /// Within a cold path, which only a global allocator can bring about, the series stay for good.
    fn drop(&mut self) {
        if let Some(core) = self.core.get() {
            // Dropped after the cold path, as that gives back slots.
            drop(enter_cold_path(|_| global().remove(core.index)));
        }
    }
}

impl<M: SeriesMetric, const K: usize> fmt::Debug for DynamicFamily<M, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicFamily")
            .field("name", &self.name)
            .field("labels", &self.labels)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
