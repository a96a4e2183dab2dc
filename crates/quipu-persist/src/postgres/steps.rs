//! The steps of a store, each a transaction.
//!
//! A pooler may send a query to a replica, which is late. So a lease that decides something is read
//! in a transaction, by a query that locks a row, if only one of `quipu_schema`: a replica can't do
//! that.

use std::collections::BTreeMap;

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::connection::{Parameter, Session};
use crate::sql::{self, LeaseRow, Tables};
use crate::{Admission, Batch, Claim, Claimed, Error, ErrorKind, Lease, Outcome};

/// How often a step is tried whose slot others change at the same time.
const TRIES: usize = 10;

/// The database's clock, in seconds since 1970.
macro_rules! now {
    () => {
        "CAST(floor(extract(epoch FROM clock_timestamp())) AS BIGINT)"
    };
}

pub(super) const NOW: &str = concat!("SELECT ", now!());

/// Lets one process claim at a time, so that they don't choose the same slot.
const LOCK: &str = "SELECT version FROM quipu.schema FOR NO KEY UPDATE";

/// The version, the clock, and the lease of the slot `$1`, or all leases.
const READ_LEASES: &str = concat!(
    "SELECT layout.version, ",
    now!(),
    ", ",
    sql::lease_columns!(),
    " FROM quipu.schema AS layout LEFT JOIN quipu.slots ON $1 IS NULL OR slot = $1
    FOR KEY SHARE OF layout"
);

/// Writes a lease, `$1` to `$8`, if the one before is what was read: `$9` to `$12`, or none. Then
/// there are rows, the slot's totals or one of `NULL`.
const CLAIM: &str = concat!(
    "WITH claimed AS (",
    sql::write_lease!(),
    " WHERE slots.owner = $9 AND slots.epoch = $10
        AND slots.last_batch = $11 AND slots.last_entries = $12
        RETURNING slot
    )
    SELECT counter, total FROM claimed LEFT JOIN quipu.totals AS totals
    ON totals.slot = claimed.slot"
);

/// Writes a batch, if the slot `$1` has the batch's owner, epoch and batch before, `$2` to `$5`.
/// Then there is a row. `$6` and `$7` are its name; `$8` is the length of the lease, or `NULL` if it
/// closes; `$9` and `$10` are the entries.
const FLUSH: &str = concat!(
    "WITH lease AS (
        UPDATE quipu.slots SET last_batch = $6, last_entries = $7, until = ",
    now!(),
    " + $8
        WHERE slot = $1 AND owner = $2 AND epoch = $3 AND last_batch = $4 AND last_entries = $5
        RETURNING slot
    ), written AS (",
    sql::write_totals!(
        "SELECT batch.counter, lease.slot, batch.total
        FROM lease, unnest($9, $10) AS batch (counter, total)"
    ),
    ") SELECT slot FROM lease"
);

/// `$1` is a pattern. The sums don't wrap, so they are texts of any length.
const TOTALS: &str = "SELECT counter, CAST(sum(total) AS TEXT) FROM quipu.totals
    WHERE counter LIKE $1 GROUP BY counter";

/// The clock and the leases at one time.
struct Leases {
    now: i64,
    by_slot: BTreeMap<u32, Lease>,
}

/// Gives a slot to the process. While it does, no other process claims, and an owner whose lease ran
/// out may still write.
pub(super) async fn claim(session: Session<'_>, claim: &Claim) -> Result<Claimed, Error> {
    let lock = async { session.query(LOCK, &[], |_| Ok(())).await.map(drop) };
    let mut leases = session.begin(lock, read_all(session)).await?;
    for _ in 0..TRIES {
        let slot = Lease::choose(&leases.by_slot, claim, leases.now);
        let before = leases.by_slot.get(&slot);
        let lease = Lease::of(before, claim, leases.now);
        if let Some(base) = take(session, slot, before, &lease).await? {
            session.commit().await?;
            return Ok(Claimed { slot, epoch: lease.epoch, base });
        }
        leases = read_all(session).await?;
    }
    Err(is_lost(session, "a slot to claim"))
}

/// Takes the slot, and reads its totals. `None` if its lease isn't what it was `before`.
///
/// The totals are those of that lease: they change with it only.
async fn take(
    session: Session<'_>,
    slot: u32,
    before: Option<&Lease>,
    lease: &Lease,
) -> Result<Option<BTreeMap<String, i64>>, Error> {
    let row = LeaseRow::new(slot, lease);
    let before = before.map(|before| LeaseRow::new(slot, before));
    let before = before.as_ref();
    let owner = before.map(|before| &before.owner);
    let epoch = before.map(|before| before.epoch);
    let last_batch = before.map(|before| before.last_batch);
    let last_entries = before.map(|before| before.last_entries);
    let mut parameters = Vec::from(parameters(&row));
    let before: [Parameter<'_>; 4] = [
        (&owner, Type::TEXT),
        (&epoch, Type::INT8),
        (&last_batch, Type::INT8),
        (&last_entries, Type::INT8),
    ];
    parameters.extend(before);
    let row = |row: &Row| {
        let counter: Option<String> = row.try_get(0)?;
        counter.map(|counter| Ok((counter, row.try_get(1)?))).transpose()
    };
    let rows = session.query(CLAIM, &parameters, row).await?;
    Ok((!rows.is_empty()).then(|| rows.into_iter().flatten().collect()))
}

/// Writes a batch, or finds out why not.
pub(super) async fn flush(session: Session<'_>, batch: &Batch) -> Result<Outcome, Error> {
    for _ in 0..TRIES {
        if write(session, batch).await? {
            return Ok(Outcome::Stored);
        }
        let leases = read_one(session, batch.slot).await?;
        let Some(lease) = leases.by_slot.get(&batch.slot) else {
            return Ok(Outcome::Refused(None));
        };
        match lease.admit(batch, leases.now) {
            Admission::IsStored => return Ok(Outcome::Stored),
            Admission::Refuse => return Ok(Outcome::Refused(Some(lease.clone()))),
            // The slot went back to this lease meanwhile.
            Admission::Write(_) => {}
        }
    }
    Err(is_lost(session, "the slot of the batch"))
}

/// Writes a batch that its slot admits. False if it doesn't.
async fn write(session: Session<'_>, batch: &Batch) -> Result<bool, Error> {
    let (slot, owner) = (i64::from(batch.slot), batch.owner.to_string());
    let numbers = [batch.epoch, batch.after.number, batch.id.number].map(|number| number as i64);
    let [epoch, after, number] = numbers;
    let [after_entries, entries] = [batch.after, batch.id].map(|id| i64::from(id.entries));
    // Half of what there is: the sum with the clock doesn't exceed it.
    let seconds = batch.lease.as_secs().min(i64::MAX as u64 / 2) as i64;
    let seconds = (!batch.closes).then_some(seconds);
    let counters: Vec<&str> = batch.entries.iter().map(|entry| entry.counter.as_str()).collect();
    let totals: Vec<i64> = batch.entries.iter().map(|entry| entry.total).collect();
    let parameters: [Parameter<'_>; 10] = [
        (&slot, Type::INT8),
        (&owner, Type::TEXT),
        (&epoch, Type::INT8),
        (&after, Type::INT8),
        (&after_entries, Type::INT8),
        (&number, Type::INT8),
        (&entries, Type::INT8),
        (&seconds, Type::INT8),
        (&counters, Type::TEXT_ARRAY),
        (&totals, Type::INT8_ARRAY),
    ];
    let rows = session.transact(FLUSH, &parameters, |_| Ok(())).await?;
    Ok(!rows.is_empty())
}

/// The lease of a slot.
pub(super) async fn lease(session: Session<'_>, slot: u32) -> Result<Option<Lease>, Error> {
    Ok(read_one(session, slot).await?.by_slot.remove(&slot))
}

/// The lease of a slot as it is now.
async fn read_one(session: Session<'_>, slot: u32) -> Result<Leases, Error> {
    let slot = i64::from(slot);
    let rows = session.transact(READ_LEASES, &[(&slot, Type::INT8)], current_row).await?;
    Leases::parse(&rows)
}

/// All leases as they are now, for a transaction that goes on.
async fn read_all(session: Session<'_>) -> Result<Leases, Error> {
    let all: Option<i64> = None;
    let rows = session.query(READ_LEASES, &[(&all, Type::INT8)], current_row).await?;
    Leases::parse(&rows)
}

/// A row of [`READ_LEASES`].
type CurrentRow = (i64, i64, Option<LeaseRow>);

fn current_row(row: &Row) -> Result<CurrentRow, tokio_postgres::Error> {
    let slot: Option<i64> = row.try_get(2)?;
    let lease = slot.map(|_| lease_row(row, 2)).transpose()?;
    Ok((row.try_get(0)?, row.try_get(1)?, lease))
}

impl Leases {
    fn parse(rows: &[CurrentRow]) -> Result<Self, Error> {
        if rows.is_empty() {
            Tables::of(None)?;
        }
        let mut leases = Self { now: i64::MIN, by_slot: BTreeMap::new() };
        for (version, now, row) in rows {
            Tables::of(Some(*version))?.are_readable()?;
            leases.now = leases.now.max(*now);
            leases.by_slot.extend(row.as_ref().map(LeaseRow::parse).transpose()?);
        }
        Ok(leases)
    }
}

/// The slots, as a reader sees them.
pub(super) async fn slots(session: Session<'_>) -> Result<BTreeMap<u32, Lease>, Error> {
    sql::leases(&session.query(sql::LEASES, &[], |row| lease_row(row, 0)).await?)
}

pub(super) async fn by_slot(
    session: Session<'_>,
    counter: &str,
) -> Result<BTreeMap<u32, i64>, Error> {
    let row = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?));
    sql::by_slot(session.query(sql::BY_SLOT, &[(&counter, Type::TEXT)], row).await?)
}

pub(super) async fn totals(
    session: Session<'_>,
    prefix: &str,
) -> Result<BTreeMap<String, i64>, Error> {
    let pattern = pattern(prefix);
    wrap(session.query(TOTALS, &[(&pattern, Type::TEXT)], sum).await?)
}

/// A pattern of `LIKE` for texts that begin with `prefix`. PostgreSQL finds them by the index.
fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for character in prefix.chars() {
        if matches!(character, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern + "%"
}

/// A counter and an exact sum.
pub(super) fn sum(row: &Row) -> Result<(String, String), tokio_postgres::Error> {
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Totals of exact sums: the lowest 64 bits.
pub(super) fn wrap(sums: Vec<(String, String)>) -> Result<BTreeMap<String, i64>, Error> {
    let wrap = |(counter, sum): (String, String)| match sum.parse::<i128>() {
        Ok(sum) => Ok((counter, sum as i64)),
        Err(error) => {
            let text =
                format!("quipu_totals has the sum {sum} of {counter:?}: {}", sql::OTHER_TABLES);
            Err(Error::new(ErrorKind::Schema, text).caused_by(error))
        }
    };
    sums.into_iter().map(wrap).collect()
}

/// The columns from `first` on.
fn lease_row(row: &Row, first: usize) -> Result<LeaseRow, tokio_postgres::Error> {
    Ok(LeaseRow {
        slot: row.try_get(first)?,
        owner: row.try_get(first + 1)?,
        epoch: row.try_get(first + 2)?,
        last_batch: row.try_get(first + 3)?,
        last_entries: row.try_get(first + 4)?,
        since: row.try_get(first + 5)?,
        until: row.try_get(first + 6)?,
        past: row.try_get(first + 7)?,
    })
}

/// The parameters `$1` to `$8` of [`sql::write_lease`].
pub(super) fn parameters(row: &LeaseRow) -> [Parameter<'_>; 8] {
    [
        (&row.slot, Type::INT8),
        (&row.owner, Type::TEXT),
        (&row.epoch, Type::INT8),
        (&row.last_batch, Type::INT8),
        (&row.last_entries, Type::INT8),
        (&row.since, Type::INT8),
        (&row.until, Type::INT8),
        (&row.past, Type::TEXT),
    ]
}

fn is_lost(session: Session<'_>, what: &str) -> Error {
    let text = format!(
        "{}: other processes changed {what} during each of {TRIES} attempts: try again later",
        session.store
    );
    Error::new(ErrorKind::Unavailable, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_no_pattern() {
        assert_eq!(pattern("a%b_c\\d"), "a\\%b\\_c\\\\d%");
        assert_eq!(pattern(""), "%");
    }

    #[test]
    fn sums_wrap() {
        for (sum, total) in [
            ("9223372036854775807", i64::MAX),
            ("9223372036854775808", i64::MIN),
            ("-9223372036854775809", i64::MAX),
            ("184467440737095516160000000003", 3),
        ] {
            assert_eq!(wrap(vec![("likes".into(), sum.into())]).unwrap()["likes"], total);
        }
        let error = wrap(vec![("likes".into(), "1.5".into())]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Schema);
    }
}
