//! The steps of a transaction: each reads or writes rows.

use std::collections::BTreeMap;

use rusqlite::{Connection, Params, Row, params};

use crate::sql::{self, LeaseRow, Names};
use crate::{Batch, sums};

const ONE_LEASE: &str =
    concat!("SELECT ", sql::lease_columns!(), " FROM quipu.slots WHERE slot = $1");

const WRITE_LEASE: &str = sql::write_lease!();

const WRITE_TOTAL: &str = sql::write_totals!("VALUES ($1, $2, $3)");

const SLOT_TOTALS: &str = "SELECT counter, total FROM quipu.totals WHERE slot = $1";

/// The rows in the order of the counters, from the index.
const TOTALS: &str = "SELECT counter, total FROM quipu.totals WHERE counter GLOB $1";

/// A connection in use, in a transaction where it writes.
#[derive(Clone, Copy)]
pub(super) struct Session<'a> {
    pub(super) connection: &'a Connection,
    pub(super) names: &'a Names,
}

impl Session<'_> {
    /// Runs statements that return nothing.
    pub(super) fn run(self, statements: &str) -> rusqlite::Result<()> {
        self.connection.execute_batch(&self.names.fill(statements))
    }

    pub(super) fn select<T>(
        self,
        query: &str,
        parameters: impl Params,
        row: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        let mut statement = self.connection.prepare(&self.names.fill(query))?;
        let rows = statement.query_map(parameters, row)?;
        rows.collect()
    }

    pub(super) fn leases(self) -> rusqlite::Result<Vec<LeaseRow>> {
        self.select(sql::LEASES, [], lease_row)
    }

    /// The lease of one slot, or none.
    pub(super) fn lease(self, slot: u32) -> rusqlite::Result<Vec<LeaseRow>> {
        self.select(ONE_LEASE, [slot], lease_row)
    }

    pub(super) fn write_lease(self, row: &LeaseRow) -> rusqlite::Result<()> {
        let LeaseRow { slot, owner, epoch, last_batch, last_entries, since, until, past } = row;
        let row = params![slot, owner, epoch, last_batch, last_entries, since, until, past];
        self.connection.execute(&self.names.fill(WRITE_LEASE), row).map(drop)
    }

    /// Writes the totals of a batch.
    pub(super) fn write_batch(self, batch: &Batch) -> rusqlite::Result<()> {
        let rows = batch.entries.iter().map(|entry| (entry.counter.as_str(), entry.total));
        self.write_totals(batch.slot.into(), rows)
    }

    pub(super) fn write_totals<'a>(
        self,
        slot: i64,
        rows: impl Iterator<Item = (&'a str, i64)>,
    ) -> rusqlite::Result<()> {
        let mut write = self.connection.prepare(&self.names.fill(WRITE_TOTAL))?;
        for (counter, total) in rows {
            write.execute(params![counter, slot, total])?;
        }
        Ok(())
    }

    /// The totals of a slot, by counter.
    pub(super) fn slot_totals(self, slot: u32) -> rusqlite::Result<BTreeMap<String, i64>> {
        Ok(self.select(SLOT_TOTALS, [slot], pair)?.into_iter().collect())
    }

    /// The totals of all slots, of the counters whose names begin with `prefix`.
    pub(super) fn totals(self, prefix: &str) -> rusqlite::Result<BTreeMap<String, i64>> {
        let mut statement = self.connection.prepare(&self.names.fill(TOTALS))?;
        let mut rows = statement.query([pattern(prefix)])?;
        let mut totals = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let (counter, total) = pair(row)?;
            sums::add(&mut totals, counter, total);
        }
        Ok(totals)
    }

    pub(super) fn by_slot(self, counter: &str) -> rusqlite::Result<Vec<(i64, i64)>> {
        self.select(sql::BY_SLOT, [counter], |row| Ok((row.get(0)?, row.get(1)?)))
    }
}

fn lease_row(row: &Row<'_>) -> rusqlite::Result<LeaseRow> {
    Ok(LeaseRow {
        slot: row.get(0)?,
        owner: row.get(1)?,
        epoch: row.get(2)?,
        last_batch: row.get(3)?,
        last_entries: row.get(4)?,
        since: row.get(5)?,
        until: row.get(6)?,
        past: row.get(7)?,
    })
}

/// A counter and a total.
pub(super) fn pair(row: &Row<'_>) -> rusqlite::Result<(String, i64)> {
    Ok((row.get(0)?, row.get(1)?))
}

/// A pattern of `GLOB` for texts that begin with `prefix`. SQLite finds them by the index, up to the
/// first character in brackets.
fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for character in prefix.chars() {
        // Beyond ASCII, the index has another order in a file whose texts are in UTF-16.
        if matches!(character, ' '..='~') && !matches!(character, '*' | '?' | '[') {
            pattern.push(character);
        } else {
            pattern.extend(['[', character, ']']);
        }
    }
    pattern + "*"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(session: Session<'_>, query: &str, parameter: &str) -> String {
        let query = format!("EXPLAIN QUERY PLAN {query}");
        session.select(&query, [parameter], |row| row.get::<_, String>(3)).unwrap().join("\n")
    }

    /// A prefix and a slot are ranges of an index, and not a look at each row.
    #[test]
    fn reads_are_searches() {
        let connection = Connection::open_in_memory().unwrap();
        let session = Session { connection: &connection, names: &Names::of("shop_") };
        session.run(sql::create!("TEXT", "quipu.")).unwrap();
        let totals = plan(session, TOTALS, "http_*");
        assert!(totals.contains("(counter>? AND counter<?)"), "{totals}");
        let slot = plan(session, SLOT_TOTALS, "7");
        assert!(slot.contains("shop_quipu_totals_slot (slot=?)"), "{slot}");
    }

    /// Also in a file whose texts are in UTF-16.
    #[test]
    fn a_prefix_is_no_pattern() {
        for encoding in ["UTF-8", "UTF-16le", "UTF-16be"] {
            let connection = Connection::open_in_memory().unwrap();
            connection.pragma_update(None, "encoding", encoding).unwrap();
            let session = Session { connection: &connection, names: &Names::of("") };
            session.run(sql::create!("TEXT", "quipu.")).unwrap();
            let names = [
                "a*b",
                "a*",
                "a?b",
                "a[b]c",
                "a]",
                "aab",
                "A*b",
                "a",
                "ā",
                "aā",
                "aÿ",
                "aĀ",
                "a\u{10ffff}",
                "a\u{10ffff}b",
                "a\u{ffff}",
                "1",
                "12",
                "1e1",
                "",
                "%",
                "_",
            ];
            session.write_totals(0, names.into_iter().map(|name| (name, 1))).unwrap();
            for prefix in names {
                let expected = names.into_iter().filter(|name| name.starts_with(prefix));
                let expected = expected.map(|name| (name.to_owned(), 1)).collect();
                assert_eq!(session.totals(prefix).unwrap(), expected, "{encoding} {prefix:?}");
            }
        }
    }
}
