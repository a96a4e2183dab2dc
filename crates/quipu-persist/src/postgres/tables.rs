//! The tables: whether they are there, and how they are made.

use tokio_postgres::types::Type;

use super::connection::{Parameter, Session};
use super::explain::lacks_table;
use super::steps::{self, NOW};
use crate::Error;
use crate::sql::{self, LeaseRow, Tables};

const CREATE: &str = sql::create!("TEXT COLLATE \"C\"", "quipu_");

/// Begins a transaction that no other process is in, to make the tables. The number is arbitrary.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED;
    SET LOCAL idle_in_transaction_session_timeout = 10000;
    SELECT pg_advisory_xact_lock(7164797015)";

/// Whether there are the table of the version, and that of the totals.
///
/// Reads a table, `pg_class`, since a connection learns of tables that others made when it locks
/// one: without it, `to_regclass` may repeat the answer that it gave before the wait for the lock.
const HAS_TABLES: &str = "SELECT
    EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = to_regclass('quipu.schema')),
    EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = to_regclass('quipu.totals'))";

/// `$1` is the name of a schema.
const HAS_NAMESPACE: &str =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)";

const OLD_TOTALS: &str =
    "SELECT counter, CAST(sum(total) AS TEXT) FROM quipu.v1_totals GROUP BY counter";

/// `$1` is the slot.
const WRITE_TOTALS: &str = sql::write_totals!(
    "SELECT batch.counter, $1, batch.total FROM unnest($2, $3) AS batch (counter, total)"
);

/// The version, from the primary server.
pub(super) const PRIMARY_VERSION: &str =
    "SELECT version FROM quipu.schema ORDER BY version DESC LIMIT 1 FOR KEY SHARE";

/// The tables that there are, of the version that `query` reads. An error if they are another version's.
///
/// A pooler may ask the primary server for tables, and a replica for the version, which is yet to hear of
/// them. Such a reader has nothing to read; a process that writes asks by [`PRIMARY_VERSION`].
pub(super) async fn find(session: Session<'_>, query: &str) -> Result<Tables, Error> {
    let row = |row: &tokio_postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?));
    let found: Vec<(bool, bool)> = session.query(HAS_TABLES, &[], row).await?;
    let (has_schema, has_totals) = found.first().copied().unwrap_or_default();
    if !has_schema && !has_totals {
        return Ok(Tables::Missing);
    }
    if !has_schema {
        return Tables::of(None);
    }
    match session.query(query, &[], |row| row.try_get(0)).await {
        Ok(version) => Tables::of(version.into_iter().next().flatten()),
        Err(error) if lacks_table(&error) => Ok(Tables::Missing),
        Err(error) => Err(error),
    }
}

/// Makes the tables, if they aren't there.
pub(super) async fn prepare(session: Session<'_>) -> Result<(), Error> {
    session.run(BEGIN).await?;
    // Another process may have made them while this one waited for the lock.
    match find(session, PRIMARY_VERSION).await? {
        Tables::Ready => {}
        Tables::Missing => {
            make_namespace(session).await?;
            session.run(CREATE).await?;
        }
        Tables::Old => migrate(session).await?,
    }
    session.commit().await
}

/// Makes the schema of the name space, if there is one, and it isn't there. To ask for a schema that
/// is there needs a right, too.
async fn make_namespace(session: Session<'_>) -> Result<(), Error> {
    let Some(schema) = session.schema else { return Ok(()) };
    let found =
        session.query(HAS_NAMESPACE, &[(&schema, Type::TEXT)], |row| row.try_get(0)).await?;
    if found.contains(&true) {
        return Ok(());
    }
    session.run(&format!("CREATE SCHEMA {schema}")).await
}

/// Makes the tables from those of the layout before. No process writes to these from here on.
async fn migrate(session: Session<'_>) -> Result<(), Error> {
    session.run(sql::set_old_aside!("quipu_")).await?;
    session.run(CREATE).await?;
    let sums = session.query(OLD_TOTALS, &[], steps::sum).await?;
    let (counters, totals): (Vec<_>, Vec<_>) = steps::wrap(sums)?.into_iter().unzip();
    let now = session.query(NOW, &[], |row| row.try_get(0)).await?;
    let slot = LeaseRow::migrated(now.first().copied().unwrap_or_default());
    session.query(sql::write_lease!(), &steps::parameters(&slot), |_| Ok(())).await?;
    let parameters: [Parameter<'_>; 3] =
        [(&slot.slot, Type::INT8), (&counters, Type::TEXT_ARRAY), (&totals, Type::INT8_ARRAY)];
    session.query(WRITE_TOTALS, &parameters, |_| Ok(())).await.map(drop)
}
