//! The parts that SQLite and PostgreSQL share: the tables, and the statements that both understand.
//!
//! In a statement, `quipu.slots` stands for the table `quipu_slots` of the name space: [`Names`].

use std::collections::BTreeMap;

use super::{BatchId, Error, ErrorKind, Lease, Writer};

/// The layout of the tables below. Another number in `quipu_schema` means tables of another layout.
const SCHEMA: i64 = 2;

/// The layout before, of which the first write makes this one.
const OLD_SCHEMA: i64 = 1;

/// Makes the tables. `$name` is the type of a counter's name, in the order of its bytes. `$own` is
/// the beginning of a name where the database takes only the last part of it.
macro_rules! create {
    ($name:literal, $own:literal) => {
        concat!(
            "CREATE TABLE quipu.schema (version BIGINT NOT NULL);
            CREATE TABLE quipu.slots (
                slot BIGINT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, epoch BIGINT NOT NULL,
                last_batch BIGINT NOT NULL, last_entries BIGINT NOT NULL,
                since BIGINT NOT NULL, until BIGINT, past TEXT NOT NULL
            );
            CREATE TABLE quipu.totals (
                counter ",
            $name,
            " NOT NULL, slot BIGINT NOT NULL, total BIGINT NOT NULL, PRIMARY KEY (counter, slot)
            );
            CREATE INDEX ",
            $own,
            "totals_slot ON quipu.totals (slot);
            INSERT INTO quipu.schema (version) VALUES (2);"
        )
    };
}

/// The columns of a [`LeaseRow`].
macro_rules! lease_columns {
    () => {
        "slot, owner, epoch, last_batch, last_entries, since, until, past"
    };
}

/// Writes a [`LeaseRow`], `$1` to `$8`. The row before is one of `slots`.
macro_rules! write_lease {
    () => {
        concat!(
            "INSERT INTO quipu.slots AS slots (",
            $crate::sql::lease_columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (slot) DO UPDATE SET
            owner = excluded.owner, epoch = excluded.epoch, last_batch = excluded.last_batch,
            last_entries = excluded.last_entries, since = excluded.since, until = excluded.until,
            past = excluded.past"
        )
    };
}

/// Writes totals, which are `$rows`. Those that are there already stay as they are.
macro_rules! write_totals {
    ($rows:literal) => {
        concat!(
            "INSERT INTO quipu.totals AS totals (counter, slot, total) ",
            $rows,
            " ON CONFLICT (counter, slot) DO UPDATE SET total = excluded.total
            WHERE totals.total <> excluded.total"
        )
    };
}

/// Moves the tables of the layout before away, from where the totals are read once more. `$own` is
/// as in [`create`].
macro_rules! set_old_aside {
    ($own:literal) => {
        concat!(
            "ALTER TABLE quipu.schema RENAME TO ",
            $own,
            "v1_schema;
            ALTER TABLE quipu.writers RENAME TO ",
            $own,
            "v1_writers;
            ALTER TABLE quipu.totals RENAME TO ",
            $own,
            "v1_totals;
            ALTER TABLE quipu.folded RENAME TO ",
            $own,
            "v1_folded;"
        )
    };
}

pub(super) use {create, lease_columns, set_old_aside, write_lease, write_totals};

/// The names of the tables of a name space.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// The part of each name that comes before `slots`, for example.
    prefix: String,
}

impl Names {
    /// Names that begin with `space`.
    pub(super) fn of(space: &str) -> Self {
        Self { prefix: format!("{space}quipu_") }
    }

    /// The statement with these names.
    pub(super) fn fill(&self, statement: &str) -> String {
        statement.replace("quipu.", &self.prefix)
    }
}

/// The owner of the slot that has the totals of the layout before.
const MIGRATED: &str = "migrated/00000000000000000000000000000000";

/// The version, if the table has one.
pub(super) const VERSION: &str = "SELECT max(version) FROM quipu.schema";

pub(super) const LEASES: &str = concat!("SELECT ", lease_columns!(), " FROM quipu.slots");

/// `$1` is the counter.
pub(super) const BY_SLOT: &str = "SELECT slot, total FROM quipu.totals WHERE counter = $1";

/// The way out for tables that the statements don't fit.
pub(super) const OTHER_TABLES: &str = "expected quipu_ tables as this version makes them; use another database, or move these tables away";

/// The tables that a database has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tables {
    /// None yet.
    Missing,
    /// Those of the layout before.
    Old,
    /// Those of this one.
    Ready,
}

impl Tables {
    /// The tables that say this version; `None` of tables that don't say.
    pub(super) fn of(version: Option<i64>) -> Result<Self, Error> {
        match version {
            Some(SCHEMA) => Ok(Self::Ready),
            Some(OLD_SCHEMA) => Ok(Self::Old),
            _ => Err(unfit_version(
                version,
                "use another database, or move these tables away".to_owned(),
            )),
        }
    }

    /// Whether there is anything to read. An error if it has the layout before.
    pub(super) fn are_readable(self) -> Result<bool, Error> {
        match self {
            Self::Missing => Ok(false),
            Self::Ready => Ok(true),
            Self::Old => Err(unfit_version(
                Some(OLD_SCHEMA),
                format!(
                    "start a worker of this version, whose first write changes them to {SCHEMA}"
                ),
            )),
        }
    }
}

fn unfit_version(version: Option<i64>, way_out: String) -> Error {
    let found = version.map_or("no version".to_owned(), |version| format!("version {version}"));
    Error::new(
        ErrorKind::Schema,
        format!(
            "the quipu_ tables have {found} in quipu_schema: expected version {SCHEMA}; {way_out}"
        ),
    )
}

/// A row of `quipu_slots`.
///
/// Numbers of 64 bits are those of a `BIGINT`, bit by bit. `past` has a line for each earlier owner,
/// the newest one last: its name, and the number and the entries of its last batch.
#[derive(Clone, Debug)]
pub(super) struct LeaseRow {
    pub(super) slot: i64,
    pub(super) owner: String,
    pub(super) epoch: i64,
    pub(super) last_batch: i64,
    pub(super) last_entries: i64,
    pub(super) since: i64,
    pub(super) until: Option<i64>,
    pub(super) past: String,
}

impl LeaseRow {
    pub(super) fn new(slot: u32, lease: &Lease) -> Self {
        let line = |(owner, last): &(Writer, BatchId)| {
            format!("{owner} {} {}", last.number as i64, last.entries)
        };
        Self {
            slot: slot.into(),
            owner: lease.owner.to_string(),
            epoch: lease.epoch as i64,
            last_batch: lease.last.number as i64,
            last_entries: lease.last.entries.into(),
            since: lease.since,
            until: lease.until,
            past: lease.past.iter().map(line).collect::<Vec<_>>().join("\n"),
        }
    }

    /// The slot that holds the totals of the layout before. It is free at once.
    pub(super) fn migrated(now: i64) -> Self {
        Self {
            slot: 0,
            owner: MIGRATED.to_owned(),
            epoch: 1,
            last_batch: 0,
            last_entries: 0,
            since: now,
            until: None,
            past: String::new(),
        }
    }

    pub(super) fn parse(&self) -> Result<(u32, Lease), Error> {
        let lease = || {
            Some(Lease {
                owner: self.owner.parse().ok()?,
                epoch: self.epoch as u64,
                last: batch_id(self.last_batch, self.last_entries)?,
                since: self.since,
                until: self.until,
                past: self.past.lines().map(past).collect::<Option<_>>()?,
            })
        };
        let lease = lease().ok_or_else(|| {
            Error::new(ErrorKind::Schema, format!("quipu_slots has {self:?}: {OTHER_TABLES}"))
        })?;
        Ok((slot(self.slot)?, lease))
    }
}

fn past(line: &str) -> Option<(Writer, BatchId)> {
    let mut parts = line.split(' ');
    let mut next = || parts.next();
    let owner = next()?.parse().ok()?;
    let last = batch_id(next()?.parse().ok()?, next()?.parse().ok()?)?;
    next().is_none().then_some((owner, last))
}

fn batch_id(number: i64, entries: i64) -> Option<BatchId> {
    Some(BatchId { number: number as u64, entries: entries.try_into().ok()? })
}

/// The number of a slot, from a column.
pub(super) fn slot(number: i64) -> Result<u32, Error> {
    number.try_into().map_err(|_| {
        let text = format!("the quipu_ tables have the slot {number}: {OTHER_TABLES}");
        Error::new(ErrorKind::Schema, text)
    })
}

/// The leases by slot.
pub(super) fn leases(rows: &[LeaseRow]) -> Result<BTreeMap<u32, Lease>, Error> {
    rows.iter().map(LeaseRow::parse).collect()
}

/// The rows of [`BY_SLOT`].
pub(super) fn by_slot(rows: Vec<(i64, i64)>) -> Result<BTreeMap<u32, i64>, Error> {
    rows.into_iter().map(|(number, total)| Ok((slot(number)?, total))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn owned()(
            host in "[a-z0-9._:-]{1,9}", incarnation: u128, number: u64, entries: u32
        ) -> (Writer, BatchId) {
            let owner = format!("{host}/{incarnation:032x}").parse().unwrap();
            (owner, BatchId { number, entries })
        }
    }

    proptest! {
        #[test]
        fn leases_come_back_as_they_went(
            (owner, last) in owned(), slot: u32, epoch: u64, since: i64, until: Option<i64>,
            past in prop::collection::vec(owned(), 0..5)
        ) {
            let lease = Lease { owner, epoch, last, since, until, past };
            prop_assert_eq!(LeaseRow::new(slot, &lease).parse().unwrap(), (slot, lease));
        }

        #[test]
        fn other_pasts_are_refused(past in "[a-f0-9/ \n-]{0,40}|.{1,40}") {
            let row = LeaseRow { past: past.clone(), ..LeaseRow::migrated(0) };
            match row.parse() {
                Ok((slot, lease)) => {
                    let again = LeaseRow::new(slot, &lease).past;
                    prop_assert_eq!(again.lines().count(), past.lines().count());
                }
                Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Schema),
            }
        }
    }

    #[test]
    fn the_migrated_slot_is_free() {
        let (slot, lease) = LeaseRow::migrated(7).parse().unwrap();
        assert_eq!((slot, lease.owner.host(), lease.until), (0, "migrated", None));
    }

    #[test]
    fn numbers_that_are_none_of_slots_are_refused() {
        for number in [-1, 1 << 32] {
            assert_eq!(slot(number).unwrap_err().kind(), ErrorKind::Schema);
            let row = LeaseRow { slot: number, ..LeaseRow::migrated(0) };
            assert_eq!(row.parse().unwrap_err().kind(), ErrorKind::Schema);
            let row = LeaseRow { last_entries: number, ..LeaseRow::migrated(0) };
            assert_eq!(row.parse().unwrap_err().kind(), ErrorKind::Schema);
        }
    }
}
