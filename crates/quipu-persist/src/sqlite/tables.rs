//! The tables: whether they are there, and how they are made.

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction, params};

use super::steps::{WRITE_TOTAL, pair, select, write_lease};
use crate::ambient::now;
use crate::sql::{self, LeaseRow, Tables};
use crate::{Error, sums};

const CREATE: &str = sql::create!("TEXT");

/// The tables that there are. An error if they are another version's.
pub(super) fn find(
    connection: &Connection,
    explain: impl Fn(rusqlite::Error) -> Error,
) -> Result<Tables, Error> {
    let tables: Vec<String> = select(
        connection,
        "SELECT name FROM sqlite_master WHERE name LIKE 'quipu\\_%' ESCAPE '\\'",
        [],
        |row| row.get(0),
    )
    .map_err(&explain)?;
    if tables.is_empty() {
        return Ok(Tables::Missing);
    }
    if !tables.iter().any(|table| table == "quipu_schema") {
        return Tables::of(None);
    }
    Tables::of(connection.query_row(sql::VERSION, [], |row| row.get(0)).map_err(explain)?)
}

/// Makes the tables, if they aren't there.
pub(super) fn prepare(transaction: &Transaction<'_>, found: Tables) -> rusqlite::Result<()> {
    match found {
        Tables::Ready => Ok(()),
        Tables::Missing => transaction.execute_batch(CREATE),
        Tables::Old => migrate(transaction),
    }
}

/// Makes the tables from those of the layout before.
fn migrate(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(sql::SET_OLD_ASIDE)?;
    transaction.execute_batch(CREATE)?;
    let rows = select(transaction, "SELECT counter, total FROM quipu_v1_totals", [], pair)?;
    let mut totals = BTreeMap::new();
    rows.into_iter().for_each(|(counter, total)| sums::add(&mut totals, counter, total));
    let slot = LeaseRow::migrated(now());
    write_lease(transaction, &slot)?;
    let mut write = transaction.prepare(WRITE_TOTAL)?;
    for (counter, total) in totals {
        write.execute(params![counter, slot.slot, total])?;
    }
    Ok(())
}
