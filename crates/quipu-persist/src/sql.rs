//! The parts that SQLite and PostgreSQL share: the tables, and the statements that both understand.

use std::collections::BTreeMap;

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

/// The way out for tables that the statements don't fit.
pub(super) const OTHER_TABLES: &str = "expected quipu_ tables as this version makes them; use another database, or move these tables away";

/// The version, if the table has one.
pub(super) const VERSION: &str = "SELECT max(version) FROM quipu_schema";

/// `$1` is the counter.
pub(super) const BY_WRITER: &str =
    "SELECT writer, version, total FROM quipu_totals WHERE counter = $1";

pub(super) const COUNTERS: &str = "SELECT DISTINCT counter FROM quipu_totals";

/// The folded totals of a writer, `$1`.
pub(super) const FOLDED: &str = "SELECT counter, total FROM quipu_folded WHERE writer = $1";

/// Which writers are dead; `$1` is the time in seconds for which they weren't heard of. `$now` is
/// the database's clock, in seconds.
macro_rules! dead {
    ($now:literal) => {
        concat!("(state = 'closed' OR (state = 'open' AND seen_at <= ", $now, " - $1))")
    };
}

/// Marks the writers to fold, `$2` at most. (It asks twice, for one that wrote while this statement
/// waited for it.)
macro_rules! mark_dead {
    ($now:literal) => {
        concat!(
            "UPDATE quipu_writers SET state = 'folding' WHERE ",
            dead!($now),
            " AND writer IN (SELECT writer FROM quipu_writers WHERE ",
            dead!($now),
            " LIMIT $2)"
        )
    };
}

/// Takes note of a living writer, `$1`, in the state `$2`; changes nothing if it was folded. One
/// that has closed stays closed, whatever arrives late.
macro_rules! touch {
    ($now:literal) => {
        concat!(
            "INSERT INTO quipu_writers (writer, seen_at, state) VALUES ($1, ",
            $now,
            ", $2) ON CONFLICT (writer) DO UPDATE SET seen_at = excluded.seen_at, ",
            "state = CASE quipu_writers.state WHEN 'closed' THEN 'closed' ELSE excluded.state END ",
            "WHERE quipu_writers.state <> 'folded'"
        )
    };
}

/// Writes the retired writer's totals, which are `$rows`.
macro_rules! retire {
    ($rows:literal) => {
        concat!(
            "INSERT INTO quipu_totals (counter, writer, version, total) ",
            $rows,
            " ON CONFLICT (counter, writer) DO UPDATE ",
            "SET version = quipu_totals.version + 1, total = excluded.total"
        )
    };
}

pub(super) use {dead, mark_dead, retire, touch};

/// Keeps what is folded of the marked writers.
pub(super) const KEEP_FOLDED: &str = "
INSERT INTO quipu_folded (writer, counter, total)
SELECT writer, counter, total FROM quipu_totals
WHERE writer IN (SELECT writer FROM quipu_writers WHERE state = 'folding')";

/// The rows that become one: those of the marked writers, and of the retired one, `$1`, where it
/// has the counter.
pub(super) const FOLDING: &str = "
SELECT counter, total FROM quipu_totals
WHERE writer IN (SELECT writer FROM quipu_writers WHERE state = 'folding') OR (writer = $1 AND counter IN (
    SELECT counter FROM quipu_totals WHERE writer IN (SELECT writer FROM quipu_writers WHERE state = 'folding')
))";

/// Removes the marked writers, once their totals are the retired one's.
pub(super) const REMOVE_FOLDED: [&str; 2] = [
    "DELETE FROM quipu_totals WHERE writer IN (SELECT writer FROM quipu_writers WHERE state = 'folding')",
    "UPDATE quipu_writers SET state = 'folded' WHERE state = 'folding'",
];

/// The sum of each counter's rows. It wraps, as every sum here, which SQL's doesn't.
pub(super) fn sums(rows: impl IntoIterator<Item = (String, i64)>) -> BTreeMap<String, i64> {
    let mut sums: BTreeMap<_, i64> = BTreeMap::new();
    for (counter, total) in rows {
        let sum = sums.entry(counter).or_default();
        *sum = sum.wrapping_add(total);
    }
    sums
}

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
pub(super) fn parse(
    (writer, version, total): (String, i64, i64),
) -> Result<(Writer, Stamp), Error> {
    Ok((writer.parse()?, Stamp { version: version as u64, total }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_come_back_as_they_went(host in "[a-z0-9._:-]{1,9}", incarnation: u128, version: u64, total: i64) {
            let writer = format!("{host}/{incarnation:032x}");
            let (parsed, stamp) = parse((writer.clone(), version as i64, total)).unwrap();
            prop_assert_eq!((parsed.to_string(), stamp), (writer, Stamp { version, total }));
        }

        #[test]
        fn other_writers_are_refused(writer in prop_oneof!["[a-z/]{0,3}/[0-9a-fA-F+]{31,33}", any::<String>()]) {
            match parse((writer.clone(), 1, 1)) {
                Ok((parsed, _)) => prop_assert_eq!(parsed.to_string(), writer),
                Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Config),
            }
        }

        #[test]
        fn sums_are_those_of_each_counter(rows in prop::collection::vec(("[ab]", any::<i64>()), 0..20)) {
            let sums = sums(rows.clone());
            prop_assert_eq!(sums.len(), rows.iter().map(|(counter, _)| counter).collect::<BTreeSet<_>>().len());
            for (counter, sum) in sums {
                let totals = rows.iter().filter(|(of, _)| *of == counter).map(|(_, total)| i128::from(*total));
                let exact: i128 = totals.sum();
                prop_assert_eq!(sum, exact as i64);
            }
        }
    }
}
