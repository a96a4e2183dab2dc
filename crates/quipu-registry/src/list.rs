use std::cell::Cell;
use std::fmt;
use std::ptr;
use std::sync::OnceLock;

use crate::Sample;

/// Anything that has samples to show.
///
/// Each `Fn(&mut dyn FnMut(&Sample<'_>))` that threads can share is a source.
///
/// ```
/// use quipu_registry::{Entry, Sample, Source, Value};
///
/// struct Disks;
///
/// impl Source for Disks {
///     fn collect(&self, visit: &mut dyn FnMut(&Sample<'_>)) {
///         visit(&Sample::new("disks", Value::Gauge(2)));
///     }
/// }
///
/// static DISKS: Entry = Entry::new(&Disks);
/// DISKS.register();
/// ```
pub trait Source: Sync {
    /// Calls `visit` with each sample, in any order.
    ///
    /// Any thread may ask, also several at once. Hold no lock meanwhile that `visit` could want: a
    /// reader may allocate, and may add to metrics of this source. What the source itself collects
    /// meanwhile is nothing: see [`collect`].
    ///
    /// ```
    /// use quipu_registry::{Sample, Source, Value};
    ///
    /// let source = |visit: &mut dyn FnMut(&Sample<'_>)| visit(&Sample::new("disks", Value::Gauge(2)));
    /// let mut names = Vec::new();
    /// source.collect(&mut |sample| names.push(sample.name.to_owned()));
    /// assert_eq!(names, ["disks"]);
    /// ```
    fn collect(&self, visit: &mut dyn FnMut(&Sample<'_>));
}

impl<F: Fn(&mut dyn FnMut(&Sample<'_>)) + Sync> Source for F {
    fn collect(&self, visit: &mut dyn FnMut(&Sample<'_>)) {
        self(visit);
    }
}

/// A link to an entry of the list.
type Link = OnceLock<&'static Entry>;

/// The first entry of the process.
static FIRST: Link = Link::new();

/// A source's place in the list of the process. The list is made of such statics, so it allocates
/// nothing. No entry ever leaves it.
///
/// ```
/// use quipu_registry::{Entry, Sample, Value, collect};
///
/// static UPTIME: Entry = Entry::new(&|visit: &mut dyn FnMut(&Sample<'_>)| {
///     visit(&Sample::new("uptime_seconds", Value::Gauge(60)));
/// });
///
/// UPTIME.register();
/// let mut found = 0;
/// collect(&mut |sample| found += usize::from(sample.name == "uptime_seconds"));
/// assert_eq!(found, 1);
/// ```
pub struct Entry {
    source: &'static dyn Source,
    next: Link,
}

impl Entry {
    /// An entry that isn't in the list yet.
    ///
    /// ```
    /// use quipu_registry::{Entry, Sample};
    ///
    /// static NOTHING: Entry = Entry::new(&|_visit: &mut dyn FnMut(&Sample<'_>)| ());
    /// NOTHING.register();
    /// ```
    #[must_use]
    pub const fn new(source: &'static dyn Source) -> Self {
        Self { source, next: Link::new() }
    }

    /// Appends the entry to the list. An entry that is in the list already stays where it is.
    ///
    /// Threads that register at once are all in the list afterwards. Readers are never waited for,
    /// nor do they wait; a thread that registers waits for another one that is storing the last
    /// link at that instant. It doesn't allocate. Release: readers that find the entry see all that
    /// happened before.
    ///
    /// # Forks and signals
    /// A fork copies the list as it is. If another thread was storing the last link at the instant
    /// of the fork, readers in the child find the list without that entry, and a `register` in the
    /// child waits for ever. So does one in a signal handler that interrupts another one. A program
    /// that forks while it starts other threads registers before that; quipu registers its own
    /// entry under a lock that a fork waits for.
    ///
    /// ```
    /// use quipu_registry::{Entry, Sample, Value, collect};
    ///
    /// static UPTIME: Entry = Entry::new(&|visit: &mut dyn FnMut(&Sample<'_>)| visit(&Sample::new("uptime", Value::Counter(9))));
    ///
    /// UPTIME.register();
    /// UPTIME.register();
    /// let mut names = Vec::new();
    /// collect(&mut |sample| names.push(sample.name.to_owned()));
    /// assert_eq!(names, ["uptime"]);
    /// ```
    pub fn register(&'static self) {
        let mut link = &FIRST;
        while link.set(self).is_err() {
            match link.get() {
                Some(other) if !ptr::eq(*other, self) => link = &other.next,
                _ => return,
            }
        }
    }

    /// Visits the samples of all entries but this one, as [`collect`] does: for a source that is a
    /// reader, too.
    ///
    /// ```
    /// use quipu_registry::{Entry, Sample, Value};
    ///
    /// static OWN: Entry = Entry::new(&|visit: &mut dyn FnMut(&Sample<'_>)| visit(&Sample::new("own", Value::Gauge(1))));
    ///
    /// OWN.register();
    /// OWN.collect_others(&mut |sample| panic!("{sample:?} is its own"));
    /// ```
    pub fn collect_others(&self, visit: &mut dyn FnMut(&Sample<'_>)) {
        collect_except(Some(self), visit);
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").finish_non_exhaustive()
    }
}

/// Visits the samples of all entries, in the order in which these registered.
///
/// The samples of one entry come in any order. Samples of several entries, or of one, may have one
/// name: those of one kind with the same labels add up, and where the kinds differ, the first is to
/// be shown and the others to be reported.
///
/// Within a source that this thread asks, there is nothing to collect. So a source may read metrics
/// through a crate that collects, and no collection is endless. A panic of a source goes to the
/// caller.
///
/// ```
/// quipu_registry::collect(&mut |sample| println!("{} {}", sample.name, sample.value));
/// ```
pub fn collect(visit: &mut dyn FnMut(&Sample<'_>)) {
    collect_except(None, visit);
}

fn collect_except(left_out: Option<&Entry>, visit: &mut dyn FnMut(&Sample<'_>)) {
    let Some(_asking) = Asking::begin() else { return };
    let mut link = &FIRST;
    while let Some(entry) = link.get() {
        if left_out.is_none_or(|left_out| !ptr::eq(left_out, *entry)) {
            entry.source.collect(visit);
        }
        link = &entry.next;
    }
}

thread_local! {
    /// Whether this thread is asking sources.
    static IS_ASKING: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, the thread begins no other collection.
struct Asking;

impl Asking {
    fn begin() -> Option<Self> {
        // Made only where it is returned: its destructor ends the collection.
        (!IS_ASKING.replace(true)).then(|| Self)
    }
}

impl Drop for Asking {
    /// Also after a source panicked.
    fn drop(&mut self) {
        IS_ASKING.set(false);
    }
}
