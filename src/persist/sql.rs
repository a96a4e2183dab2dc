//! What SQLite and PostgreSQL have in common: the tables, and the statements that both understand.

use super::{Batch, Error, ErrorKind, Stamp, Writer};

/// The layout of the tables below. Another number in `quipu_schema` means tables of another layout.
pub(super) const SCHEMA: i64 = 1;

pub(super) const CREATE: &str = "
CREATE TABLE quipu_schema (version BIGINT NOT NULL);
CREATE TABLE quipu_writers (writer TEXT PRIMARY KEY, seen_at BIGINT NOT NULL, state TEXT NOT NULL);
CREATE TABLE quipu_totals (
    counter TEXT NOT NULL, writer TEXT NOT NULL, version BIGINT NOT NULL, total BIGINT NOT NULL,
    PRIMARY KEY (counter, writer)
);
CREATE TABLE quipu_folded (
    writer TEXT NOT NULL, counter TEXT NOT NULL, total BIGINT NOT NULL,
    PRIMARY KEY (writer, counter)
);
INSERT INTO quipu_schema (version) VALUES (1);
";

/// The version, if the table has one.
pub(super) const VERSION: &str = "SELECT max(version) FROM quipu_schema";

/// `$1` is the counter.
pub(super) const BY_WRITER: &str = "SELECT writer, version, total FROM quipu_totals WHERE counter = $1";

pub(super) const COUNTERS: &str = "SELECT DISTINCT counter FROM quipu_totals ORDER BY counter";

/// What was folded of a writer, `$1`.
pub(super) const FOLDED: &str = "SELECT counter, total FROM quipu_folded WHERE writer = $1";

/// Marks the writers to fold; `$1` is the time in seconds for which they weren't heard of. `$now` is the database's
/// clock, in seconds.
macro_rules! mark_dead {
    ($now:literal) => {
        concat!(
            "UPDATE quipu_writers SET state = 'folding' WHERE state = 'closed' OR (state = 'open' AND seen_at <= ",
            $now,
            " - $1)"
        )
    };
}

/// Takes note of a living writer, `$1`, in the state `$2`; changes nothing if it was folded.
macro_rules! touch {
    ($now:literal) => {
        concat!(
            "INSERT INTO quipu_writers (writer, seen_at, state) VALUES ($1, ",
            $now,
            ", $2) ON CONFLICT (writer) DO UPDATE SET seen_at = excluded.seen_at, state = excluded.state ",
            "WHERE quipu_writers.state <> 'folded'"
        )
    };
}

pub(super) use {mark_dead, touch};

/// Folds the marked writers, in this order.
pub(super) const FOLD: [&str; 4] = [
    "INSERT INTO quipu_folded (writer, counter, total)
     SELECT writer, counter, total FROM quipu_totals
     WHERE writer IN (SELECT writer FROM quipu_writers WHERE state = 'folding')",
    "INSERT INTO quipu_totals (counter, writer, version, total)
     SELECT counter, 'retired/00000000000000000000000000000000', 1, CAST(sum(total) AS BIGINT) FROM quipu_totals
     WHERE writer IN (SELECT writer FROM quipu_writers WHERE state = 'folding') GROUP BY counter
     ON CONFLICT (counter, writer) DO UPDATE
     SET version = quipu_totals.version + 1, total = quipu_totals.total + excluded.total",
    "DELETE FROM quipu_totals WHERE writer IN (SELECT writer FROM quipu_writers WHERE state = 'folding')",
    "UPDATE quipu_writers SET state = 'folded' WHERE state = 'folding'",
];

/// The state of a batch's writer once the batch is written.
pub(super) fn state(batch: &Batch) -> &'static str {
    if batch.closes { "closed" } else { "open" }
}

/// An error unless the tables have this version's layout. `None` is of tables that don't say.
pub(super) fn check_schema(version: Option<i64>) -> Result<(), Error> {
    if version == Some(SCHEMA) {
        return Ok(());
    }
    let found = version.map_or("no version".to_owned(), |version| format!("version {version}"));
    Err(Error::new(
        ErrorKind::Schema,
        format!(
            "the quipu_ tables have {found} in quipu_schema: expected version {SCHEMA}; \
             use another database, or move these tables away"
        ),
    ))
}

/// A row of [`BY_WRITER`].
pub(super) fn parse((writer, version, total): (String, i64, i64)) -> Result<(Writer, Stamp), Error> {
    Ok((writer.parse()?, Stamp { version: version as u64, total }))
}
