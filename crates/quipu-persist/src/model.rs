use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Batch, Error, Outcome, Sink, Store, Writer};

/// A writer's total of one counter, and the writer's flush that found it. Of two stamps, the
/// greater one is the newer one: it has the higher version.
///
/// ```
/// use quipu_persist::Stamp;
///
/// let (older, newer) = (Stamp { version: 8, total: 30 }, Stamp { version: 9, total: 25 });
/// assert_eq!(older.max(newer), newer, "the total may have gone down");
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Stamp {
    /// The number of the flush, from 1 on. A writer uses it for one total of a counter only.
    pub version: u64,
    /// The count of the writer from its beginning to that flush.
    pub total: i64,
}

/// The newest total of every writer, for each counter: a state-based counter CRDT.
///
/// A row is replaced only by a newer one, so rows may arrive in any order and more than once:
/// [`merge`](VersionVector::merge) is commutative, associative and idempotent. The value is the sum
/// over the writers. Every store keeps this in its own way. As a value it is a [`Store`] in memory,
/// for a queue's consumer or a test. It goes through serde as maps of counter, writer and stamp.
///
/// ```
/// use quipu_persist::{Stamp, VersionVector, Writer};
///
/// let (web, app) = (Writer::new("web")?, Writer::new("app")?);
/// let mut totals = VersionVector::new();
/// totals.observe("likes", &web, Stamp { version: 1, total: 10 });
/// totals.observe("likes", &app, Stamp { version: 7, total: 5 });
/// totals.observe("likes", &web, Stamp { version: 2, total: 30 });
/// totals.observe("likes", &web, Stamp { version: 1, total: 10 }); // late, or twice: nothing
/// assert_eq!(totals.value("likes"), 35);
/// # Ok::<(), quipu_persist::Error>(())
/// ```
///
/// # Limits
/// Sums wrap at 2⁶³, in two's complement: read as `u64`, they wrap at 2⁶⁴. Nothing is ever removed.
///
/// Source: Shapiro, Preguiça, Baquero and Zawirski, "A comprehensive study of convergent and
/// commutative replicated data types", INRIA research report 7506 (2011), the G-Counter and
/// PN-Counter; the version, which makes totals that go down as good as those that go up, is the one
/// of its last-writer-wins register.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionVector {
    rows: BTreeMap<String, BTreeMap<Writer, Stamp>>,
}

impl VersionVector {
    /// A vector without rows.
    ///
    /// ```
    /// use quipu_persist::VersionVector;
    ///
    /// assert_eq!(VersionVector::new().value("likes"), 0);
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self { rows: BTreeMap::new() }
    }

    /// Enters a row, if it is newer than the known one. Returns whether it is.
    ///
    /// ```
    /// use quipu_persist::{Stamp, VersionVector, Writer};
    ///
    /// let (mut totals, web) = (VersionVector::new(), Writer::new("web")?);
    /// assert!(totals.observe("likes", &web, Stamp { version: 2, total: 30 }));
    /// assert!(!totals.observe("likes", &web, Stamp { version: 1, total: 10 }));
    /// assert_eq!(totals.value("likes"), 30);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    pub fn observe(&mut self, counter: &str, writer: &Writer, stamp: Stamp) -> bool {
        let writers = self.rows.entry(counter.to_owned()).or_default();
        let is_newer = writers.get(writer).is_none_or(|known| *known < stamp);
        if is_newer {
            writers.insert(writer.clone(), stamp);
        }
        is_newer
    }

    /// Enters every row of another vector that is newer than the known one.
    ///
    /// ```
    /// use quipu_persist::{Stamp, VersionVector, Writer};
    ///
    /// let (mut east, mut west) = (VersionVector::new(), VersionVector::new());
    /// east.observe("likes", &Writer::new("web-1")?, Stamp { version: 1, total: 10 });
    /// west.observe("likes", &Writer::new("web-2")?, Stamp { version: 1, total: 5 });
    /// east.merge(&west);
    /// east.merge(&west); // twice: no difference
    /// assert_eq!(east.value("likes"), 15);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    pub fn merge(&mut self, other: &Self) {
        for (counter, writers) in &other.rows {
            for (writer, stamp) in writers {
                self.observe(counter, writer, *stamp);
            }
        }
    }

    /// The sum over all writers; 0 for a counter without rows.
    ///
    /// ```
    /// use quipu_persist::{Stamp, VersionVector, Writer};
    ///
    /// let mut totals = VersionVector::new();
    /// totals.observe("stock", &Writer::new("till-1")?, Stamp { version: 1, total: -2 });
    /// totals.observe("stock", &Writer::new("till-2")?, Stamp { version: 1, total: 10 });
    /// assert_eq!((totals.value("stock"), totals.value("likes")), (8, 0));
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub fn value(&self, counter: &str) -> i64 {
        sum(self.rows.get(counter).into_iter().flat_map(BTreeMap::values))
    }
}

/// The sum of the writers' totals.
pub(super) fn sum<'a>(stamps: impl IntoIterator<Item = &'a Stamp>) -> i64 {
    stamps.into_iter().fold(0, |sum, stamp| sum.wrapping_add(stamp.total))
}

impl Sink for VersionVector {
    fn write(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        for entry in &batch.entries {
            self.observe(&entry.counter, &batch.writer, entry.stamp);
        }
        Ok(Outcome::Stored)
    }
}

impl Store for VersionVector {
    fn by_writer(&mut self, counter: &str) -> Result<BTreeMap<Writer, Stamp>, Error> {
        Ok(self.rows.get(counter).cloned().unwrap_or_default())
    }

    fn counters(&mut self) -> Result<Vec<String>, Error> {
        Ok(self.rows.keys().cloned().collect())
    }
}
