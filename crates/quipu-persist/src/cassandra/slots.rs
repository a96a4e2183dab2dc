//! Single requests to the table: reads, and compare-and-set.
//!
//! A total is read at `QUORUM`, outside of Paxos. It is never above: a replica has a batch only once
//! that is decided for good, so each row that is read was begun by its owner, and the lease's next
//! owner finds the batch. It includes what was acknowledged: a flush is acknowledged after its batch
//! is written to a quorum, or after a round of Paxos in which a quorum was brought to it.

use std::collections::BTreeMap;

use scylla::client::session::Session as Driver;
use scylla::deserialize::row::DeserializeRow;
use scylla::response::query_result::QueryResult;
use scylla::response::{PagingState, PagingStateResponse};
use scylla::serialize::row::SerializeRow;
use scylla::statement::batch::{Batch as Bundle, BatchType};
use scylla::statement::prepared::PreparedStatement;
use scylla::value::{CqlValue, Row};

use super::{explain, table};
use crate::{Batch, BatchId, Error, ErrorKind, Lease, Writer};

/// The columns of a slot and its lease, as the statements have them.
pub(super) type Columns = (
    i32,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<i32>,
    Option<i64>,
    Option<i64>,
    Option<Vec<(String, i64, i32)>>,
);

/// The values that a slot's lease is compared with. Nulls are those of a slot that isn't there.
type Condition = (Option<String>, Option<i64>, Option<i64>, Option<i32>);

/// The answer to a conditional statement.
struct Answer {
    is_applied: bool,
    /// The owner and the epoch that the slot had before, where the answer has them.
    claim: Option<(String, i64)>,
}

/// The table, over a connection.
pub(super) struct Slots<'a> {
    pub(super) driver: &'a Driver,
    pub(super) statements: &'a table::Statements,
    pub(super) store: &'a str,
}

impl Slots<'_> {
    /// The lease of a slot, after all that was decided before.
    pub(super) async fn lease(&self, slot: u32) -> Result<Option<Lease>, Error> {
        let rows =
            self.read::<Columns>(&self.statements.serial_lease, (slot as i32,), |_| true).await?;
        let row = rows.into_iter().next();
        Ok(row.map_or(Ok(None), |columns| self.parse(columns))?.map(|(_, lease)| lease))
    }

    /// The totals of a slot's counters whose names begin with `prefix`.
    pub(super) async fn rows(
        &self,
        slot: u32,
        prefix: &str,
    ) -> Result<BTreeMap<String, i64>, Error> {
        self.rows_by(&self.statements.rows, slot, prefix).await
    }

    /// The totals of all counters of a slot that was claimed.
    pub(super) async fn base(&self, slot: u32) -> Result<BTreeMap<String, i64>, Error> {
        self.rows_by(&self.statements.base, slot, "").await
    }

    async fn rows_by(
        &self,
        statement: &PreparedStatement,
        slot: u32,
        prefix: &str,
    ) -> Result<BTreeMap<String, i64>, Error> {
        let begins = |(counter, _): &(String, Option<i64>)| counter.starts_with(prefix);
        let rows = self.read(statement, (slot as i32, prefix), begins).await?;
        let row = |(counter, total): (String, Option<i64>)| Some((counter, total?));
        Ok(rows.into_iter().filter_map(row).collect())
    }

    /// The total of a slot's counter.
    pub(super) async fn row(&self, slot: u32, counter: &str) -> Result<Option<i64>, Error> {
        let values = (slot as i32, counter);
        let rows = self.read::<(Option<i64>,)>(&self.statements.row, values, |_| true).await?;
        Ok(rows.into_iter().next().and_then(|(total,)| total))
    }

    /// Gives a slot to a lease's owner. False if the slot's lease isn't `before` any more, and no
    /// earlier attempt gave the slot to that owner.
    pub(super) async fn replace(
        &self,
        slot: u32,
        before: Option<&Lease>,
        lease: &Lease,
    ) -> Result<bool, Error> {
        let earlier = |(owner, last): &(Writer, BatchId)| {
            (owner.to_string(), last.number as i64, last.entries as i32)
        };
        let (owner, epoch, number, entries) = condition(before);
        let values = (
            lease.owner.to_string(),
            lease.epoch as i64,
            lease.last.number as i64,
            lease.last.entries as i32,
            lease.since,
            lease.until,
            lease.past.iter().map(earlier).collect::<Vec<_>>(),
            slot as i32,
            owner,
            epoch,
            number,
            entries,
        );
        let result = self.driver.execute_unpaged(&self.statements.claim, values).await;
        let result = result.map_err(|error| explain::request(self.store, self.driver, error))?;
        let answer = self.answer(result)?;
        let ours = (lease.owner.to_string(), lease.epoch as i64);
        Ok(answer.is_applied || answer.claim == Some(ours))
    }

    /// Writes a batch's entries, and the lease that it leads to, in one step. False if the slot's
    /// lease isn't `before` any more.
    pub(super) async fn write(
        &self,
        batch: &Batch,
        before: &Lease,
        lease: &Lease,
    ) -> Result<bool, Error> {
        let slot = batch.slot as i32;
        let mut statements = Bundle::new(BatchType::Unlogged);
        statements.append_statement(self.statements.renew.clone());
        let (owner, epoch, number, entries) = condition(Some(before));
        let (next, size) = (lease.last.number as i64, lease.last.entries as i32);
        let place = (lease.owner.to_string(), lease.epoch as i64);
        let renew =
            (place.0, place.1, next, size, lease.until, slot, owner, epoch, number, entries);
        let mut values: Vec<Box<dyn SerializeRow + '_>> = vec![Box::new(renew)];
        for entry in &batch.entries {
            statements.append_statement(self.statements.write.clone());
            values.push(Box::new((slot, entry.counter.as_str(), entry.total)));
        }
        let result = self.driver.batch(&statements, values).await;
        let result = result.map_err(|error| explain::request(self.store, self.driver, error))?;
        Ok(self.answer(result)?.is_applied)
    }

    /// The answer to a conditional statement: the first row, whose first column is whether it was
    /// done. What was compared follows.
    fn answer(&self, result: QueryResult) -> Result<Answer, Error> {
        let rows = result.into_rows_result();
        let rows = rows.map_err(|error| explain::unreadable(self.store, error))?;
        let row = rows.first_row::<Row>();
        let row = row.map_err(|error| explain::unreadable(self.store, error))?;
        let cell = |name| {
            let at = rows.column_specs().iter().position(|column| column.name() == name)?;
            row.columns.get(at)?.as_ref()
        };
        let owner = cell("owner").and_then(CqlValue::as_text).cloned();
        let claim = owner.zip(cell("epoch").and_then(CqlValue::as_bigint));
        let is_applied = row.columns.first() == Some(&Some(CqlValue::Boolean(true)));
        Ok(Answer { is_applied, claim })
    }

    /// Reads rows, page by page, up to the first one that isn't wanted.
    pub(super) async fn read<R: for<'r> DeserializeRow<'r, 'r>>(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
        is_wanted: impl Fn(&R) -> bool,
    ) -> Result<Vec<R>, Error> {
        let (mut wanted, mut state) = (Vec::new(), PagingState::start());
        loop {
            let page = self.driver.execute_single_page(statement, &values, state).await;
            let (page, next) =
                page.map_err(|error| explain::request(self.store, self.driver, error))?;
            let page = page.into_rows_result();
            let page = page.map_err(|error| explain::unreadable(self.store, error))?;
            let rows = page.rows::<R>().map_err(|error| explain::unreadable(self.store, error))?;
            for row in rows {
                let row = row.map_err(|error| explain::unreadable(self.store, error))?;
                if !is_wanted(&row) {
                    return Ok(wanted);
                }
                wanted.push(row);
            }
            state = match next {
                PagingStateResponse::HasMorePages { state } => state,
                PagingStateResponse::NoMorePages => return Ok(wanted),
            };
        }
    }

    /// A slot and its lease from their columns; `None` of a slot without one.
    pub(super) fn parse(&self, columns: Columns) -> Result<Option<(u32, Lease)>, Error> {
        let (slot, owner, epoch, number, entries, since, until, past) = columns;
        let Some(owner) = owner else { return Ok(None) };
        let writer = |owner: String| {
            owner.parse::<Writer>().map_err(|error| {
                let text = format!("{}: slot {slot}: expected an owner's name", self.store);
                Error::new(ErrorKind::Schema, text).caused_by(error)
            })
        };
        let batch = |number, entries| BatchId { number: number as u64, entries: entries as u32 };
        let past = past.unwrap_or_default().into_iter();
        let past =
            past.map(|(owner, number, entries)| Ok((writer(owner)?, batch(number, entries))));
        let lease = Lease {
            owner: writer(owner)?,
            epoch: epoch.unwrap_or(0) as u64,
            last: batch(number.unwrap_or(0), entries.unwrap_or(0)),
            since: since.unwrap_or(0),
            until,
            past: past.collect::<Result<_, _>>()?,
        };
        Ok(Some((slot as u32, lease)))
    }
}

fn condition(before: Option<&Lease>) -> Condition {
    let Some(before) = before else { return (None, None, None, None) };
    let last = before.last;
    let owner = Some(before.owner.to_string());
    (owner, Some(before.epoch as i64), Some(last.number as i64), Some(last.entries as i32))
}
