//! The steps of a transaction: each reads or writes rows.

use std::collections::BTreeMap;

use rusqlite::{Connection, Params, Row, Transaction, params};

use crate::sql::{self, LeaseRow};
use crate::{Batch, sums};

const ONE_LEASE: &str =
    concat!("SELECT ", sql::lease_columns!(), " FROM quipu_slots WHERE slot = $1");

const WRITE_LEASE: &str = sql::write_lease!();

pub(super) const WRITE_TOTAL: &str = sql::write_totals!("VALUES ($1, $2, $3)");

const SLOT_TOTALS: &str = "SELECT counter, total FROM quipu_totals WHERE slot = $1";

/// The rows in the order of the counters, from the index.
const TOTALS: &str = "SELECT counter, total FROM quipu_totals WHERE counter GLOB $1";

pub(super) fn select<T>(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
    row: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut statement = connection.prepare(query)?;
    let rows = statement.query_map(parameters, row)?;
    rows.collect()
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

pub(super) fn leases(connection: &Connection) -> rusqlite::Result<Vec<LeaseRow>> {
    select(connection, sql::LEASES, [], lease_row)
}

/// The lease of one slot, or none.
pub(super) fn lease(connection: &Connection, slot: u32) -> rusqlite::Result<Vec<LeaseRow>> {
    select(connection, ONE_LEASE, [slot], lease_row)
}

pub(super) fn write_lease(transaction: &Transaction<'_>, row: &LeaseRow) -> rusqlite::Result<()> {
    let LeaseRow { slot, owner, epoch, last_batch, last_entries, since, until, past } = row;
    let row = params![slot, owner, epoch, last_batch, last_entries, since, until, past];
    transaction.execute(WRITE_LEASE, row).map(drop)
}

/// Writes the totals of a batch.
pub(super) fn write_totals(transaction: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<()> {
    let mut write = transaction.prepare(WRITE_TOTAL)?;
    for entry in &batch.entries {
        write.execute(params![entry.counter, batch.slot, entry.total])?;
    }
    Ok(())
}

/// The totals of a slot, by counter.
pub(super) fn slot_totals(
    connection: &Connection,
    slot: u32,
) -> rusqlite::Result<BTreeMap<String, i64>> {
    Ok(select(connection, SLOT_TOTALS, [slot], pair)?.into_iter().collect())
}

/// The totals of all slots, of the counters whose names begin with `prefix`.
pub(super) fn totals(
    connection: &Connection,
    prefix: &str,
) -> rusqlite::Result<BTreeMap<String, i64>> {
    let mut statement = connection.prepare(TOTALS)?;
    let mut rows = statement.query([pattern(prefix)])?;
    let mut totals = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (counter, total) = pair(row)?;
        sums::add(&mut totals, counter, total);
    }
    Ok(totals)
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

pub(super) fn by_slot(connection: &Connection, counter: &str) -> rusqlite::Result<Vec<(i64, i64)>> {
    select(connection, sql::BY_SLOT, [counter], |row| Ok((row.get(0)?, row.get(1)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(sql::create!("TEXT")).unwrap();
        connection
    }

    fn plan(connection: &Connection, query: &str, parameter: &str) -> String {
        let query = format!("EXPLAIN QUERY PLAN {query}");
        select(connection, &query, [parameter], |row| row.get::<_, String>(3)).unwrap().join("\n")
    }

    /// A prefix and a slot are ranges of an index, and not a look at each row.
    #[test]
    fn reads_are_searches() {
        let connection = filled();
        let totals = plan(&connection, TOTALS, "http_*");
        assert!(totals.contains("(counter>? AND counter<?)"), "{totals}");
        let slot = plan(&connection, SLOT_TOTALS, "7");
        assert!(slot.contains("quipu_totals_slot (slot=?)"), "{slot}");
    }

    /// Also in a file whose texts are in UTF-16.
    #[test]
    fn a_prefix_is_no_pattern() {
        for encoding in ["UTF-8", "UTF-16le", "UTF-16be"] {
            let connection = Connection::open_in_memory().unwrap();
            connection.pragma_update(None, "encoding", encoding).unwrap();
            connection.execute_batch(sql::create!("TEXT")).unwrap();
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
            for name in names {
                connection.execute(WRITE_TOTAL, params![name, 0, 1]).unwrap();
            }
            for prefix in names {
                let expected = names.into_iter().filter(|name| name.starts_with(prefix));
                let expected = expected.map(|name| (name.to_owned(), 1)).collect();
                assert_eq!(totals(&connection, prefix).unwrap(), expected, "{encoding} {prefix:?}");
            }
        }
    }
}
