use std::collections::BTreeMap;

use super::ledger::BATCH;
use super::{Batch, Entry, Error, Outcome, Sink, Stamp, Writer};

/// A writer that the store has folded, and from which another goes on.
///
/// A store that is restored from a copy made before the fold has forgotten it, and has less of the
/// writer than was folded. So the rows are written again, as they were folded: a store that
/// remembers refuses them.
pub(super) struct Predecessor {
    writer: Writer,
    /// Above all versions that were sent with other totals.
    version: u64,
    folded: BTreeMap<String, i64>,
}

impl Predecessor {
    /// `version` is the last that the writer has sent.
    pub(super) fn new(writer: Writer, version: u64, folded: BTreeMap<String, i64>) -> Self {
        Self { writer, version: version + 1, folded }
    }

    /// Makes the store have what was folded. If the store has folded something else since it was
    /// restored, that is what counts from then on: returns by how much it is more, by counter.
    pub(super) fn write(
        &mut self,
        sink: &mut dyn Sink,
    ) -> Result<Option<BTreeMap<String, i64>>, Error> {
        for batch in self.batches() {
            match sink.write(&batch)? {
                Outcome::Folded(folded) if folded != self.folded => {
                    return Ok(Some(self.change(folded)));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn batches(&self) -> Vec<Batch> {
        let entry = |(counter, total): (&String, &i64)| Entry {
            counter: counter.clone(),
            stamp: Stamp { version: self.version, total: *total },
        };
        let entries: Vec<_> = self.folded.iter().map(entry).collect();
        let batch = |entries: &[Entry]| Batch {
            writer: self.writer.clone(),
            entries: entries.to_vec(),
            closes: true,
        };
        entries.chunks(BATCH).map(batch).collect()
    }

    fn change(&mut self, folded: BTreeMap<String, i64>) -> BTreeMap<String, i64> {
        let mut more = folded.clone();
        for (counter, total) in std::mem::replace(&mut self.folded, folded) {
            let more = more.entry(counter).or_insert(0);
            *more = more.wrapping_sub(total);
        }
        self.version += 1;
        more
    }
}
