use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Batch, Error, Outcome, Sink, Store, Writer};

/// A writer's total of one counter, and the writer's flush that found it. The greater of two is the newer: the one of
/// the higher version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// The number of the flush, from 1 on. A writer uses it for one total of a counter only.
    pub version: u64,
    /// The count of the writer from its beginning to that flush.
    pub total: i64,
}

/// The newest total of every writer, for each counter: a state-based counter CRDT.
///
/// A row is replaced only by a newer one, so it doesn't matter how often and in what order rows arrive:
/// [`merge`](VersionVector::merge) is commutative, associative and idempotent. The value is the sum over the writers.
/// This is what every store keeps in its own way; as a value it is a [`Store`] in memory, for a queue's consumer or a
/// test, and it goes through serde as maps of counter, writer and stamp.
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
/// Source: Shapiro, Preguiça, Baquero and Zawirski, "A comprehensive study of convergent and commutative replicated
/// data types", INRIA research report 7506 (2011), the G-Counter and PN-Counter; the version, which makes totals that go
/// down as good as those that go up, is the one of its last-writer-wins register.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionVector {
    rows: BTreeMap<String, BTreeMap<Writer, Stamp>>,
}

impl VersionVector {
    /// A vector without rows.
    #[must_use]
    pub const fn new() -> Self {
        Self { rows: BTreeMap::new() }
    }

    /// Takes note of a row, and returns whether it was newer than what was known.
    pub fn observe(&mut self, counter: &str, writer: &Writer, stamp: Stamp) -> bool {
        let writers = self.rows.entry(counter.to_owned()).or_default();
        let is_newer = writers.get(writer).is_none_or(|known| *known < stamp);
        if is_newer {
            writers.insert(writer.clone(), stamp);
        }
        is_newer
    }

    /// Takes note of every row of another vector.
    pub fn merge(&mut self, other: &Self) {
        for (counter, writers) in &other.rows {
            for (writer, stamp) in writers {
                self.observe(counter, writer, *stamp);
            }
        }
    }

    /// The sum over all writers; 0 of a counter that no one wrote.
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
