//! Batches with a row that a store can't take.

use std::collections::BTreeMap;

use super::{Batch, Entry, Error, ErrorKind, Outcome, Sink};

/// The counters that a sink refused, each with the reason.
pub(super) type Refused = BTreeMap<String, Error>;

/// Writes a batch, and adds to `refused` the counters that the sink refuses. To find them it halves
/// what is refused until one row is left, so that the others go through.
pub(super) fn write(
    sink: &mut dyn Sink,
    batch: &Batch,
    refused: &mut Refused,
) -> Result<Outcome, Error> {
    let error = match sink.write(batch) {
        Err(error) if error.kind() == ErrorKind::Refused => error,
        result => return result,
    };
    let part = |entries: &[Entry], closes| Batch {
        writer: batch.writer.clone(),
        entries: entries.to_vec(),
        closes,
    };
    match &*batch.entries {
        [] => Err(error),
        [Entry { counter, .. }] => {
            let text = format!("{counter:?} is a counter that the store can't take");
            let error = Error::new(ErrorKind::Refused, text).caused_by(error);
            refused.insert(counter.clone(), error);
            // The writer closes all the same.
            if batch.closes { sink.write(&part(&[], true)) } else { Ok(Outcome::Stored) }
        }
        entries => {
            let (first, rest) = entries.split_at(entries.len() / 2);
            match write(sink, &part(first, false), refused)? {
                Outcome::Stored => write(sink, &part(rest, batch.closes), refused),
                folded @ Outcome::Folded(_) => Ok(folded),
            }
        }
    }
}
