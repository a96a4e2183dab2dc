//! The tables: whether they are there, and how they are made.

use std::collections::BTreeMap;

use super::steps::{Session, pair};
use crate::ambient::now;
use crate::sql::{self, LeaseRow, Tables};
use crate::{Error, sums};

const CREATE: &str = sql::create!("TEXT", "quipu.");

/// Whether there are the table of the version, and others of this name space.
const HAS_TABLES: &str = "SELECT count(*) FILTER (WHERE name = 'quipu.schema'), count(*)
    FROM sqlite_master WHERE name IN ('quipu.schema', 'quipu.slots', 'quipu.totals')";

/// The tables that there are. An error if they are another version's.
pub(super) fn find(
    session: Session<'_>,
    explain: impl Fn(rusqlite::Error) -> Error,
) -> Result<Tables, Error> {
    let counts = session.select(HAS_TABLES, [], |row| Ok((row.get(0)?, row.get(1)?)));
    let counts: Vec<(i64, i64)> = counts.map_err(&explain)?;
    let (has_schema, has_any) = counts.first().copied().unwrap_or_default();
    if has_any == 0 {
        return Ok(Tables::Missing);
    }
    if has_schema == 0 {
        return Tables::of(None);
    }
    let version = session.select(sql::VERSION, [], |row| row.get(0)).map_err(explain)?;
    Tables::of(version.first().copied().flatten())
}

/// Makes the tables, if they aren't there.
pub(super) fn prepare(session: Session<'_>, found: Tables) -> rusqlite::Result<()> {
    match found {
        Tables::Ready => Ok(()),
        Tables::Missing => session.run(CREATE),
        Tables::Old => migrate(session),
    }
}

/// Makes the tables from those of the layout before.
fn migrate(session: Session<'_>) -> rusqlite::Result<()> {
    session.run(sql::set_old_aside!("quipu."))?;
    session.run(CREATE)?;
    let rows = session.select("SELECT counter, total FROM quipu.v1_totals", [], pair)?;
    let mut totals = BTreeMap::new();
    rows.into_iter().for_each(|(counter, total)| sums::add(&mut totals, counter, total));
    let slot = LeaseRow::migrated(now());
    session.write_lease(&slot)?;
    session.write_totals(slot.slot, totals.iter().map(|(counter, total)| (&**counter, *total)))
}
