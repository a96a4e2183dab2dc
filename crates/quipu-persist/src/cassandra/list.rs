//! The list of all slots.
//!
//! It is one request usually, for a range of partitions. Where a replica hangs, such a request waits for
//! it: Cassandra asks another one only for reads of one partition. So a list that is late is read slot by
//! slot.
//!
//! That list has all slots. A new slot takes one of the [`SPREAD`] lowest numbers that no slot has, and
//! slots stay. So below a slot, fewer than `SPREAD` numbers have none, and `SPREAD` numbers in a row
//! that have none are above all slots.

use std::collections::BTreeMap;

use futures_util::future;
use scylla::deserialize::row::DeserializeRow;
use scylla::statement::prepared::PreparedStatement;

use super::slots::{Columns, Slots};
use crate::{Error, ErrorKind, Lease};

/// New slots among which a claim chooses once others were faster.
pub(super) const SPREAD: usize = 64;

impl Slots<'_> {
    /// The numbers of all slots.
    pub(super) async fn numbers(&self) -> Result<Vec<u32>, Error> {
        let statements = self.statements;
        let rows = self.list::<(i32,)>(&statements.numbers, &statements.number).await?;
        Ok(rows.into_iter().map(|(slot,)| slot as u32).collect())
    }

    /// The leases of all slots.
    pub(super) async fn leases(&self) -> Result<BTreeMap<u32, Lease>, Error> {
        let statements = self.statements;
        let rows = self.list::<Columns>(&statements.leases, &statements.lease).await?;
        rows.into_iter().filter_map(|columns| self.parse(columns).transpose()).collect()
    }

    /// Reads something of all slots at once, or if that is late, of each one.
    async fn list<R: for<'r> DeserializeRow<'r, 'r>>(
        &self,
        all: &PreparedStatement,
        one: &PreparedStatement,
    ) -> Result<Vec<R>, Error> {
        match self.read(all, (), |_| true).await {
            Err(error) if error.kind() == ErrorKind::Timeout => self.list_each(one).await,
            rows => rows,
        }
    }

    async fn list_each<R: for<'r> DeserializeRow<'r, 'r>>(
        &self,
        one: &PreparedStatement,
    ) -> Result<Vec<R>, Error> {
        let mut list = Vec::new();
        for first in (0..=i32::MAX).step_by(SPREAD) {
            let slots = (first..=i32::MAX).take(SPREAD);
            let reads = slots.map(|slot| self.read(one, (slot,), |_| true));
            let before = list.len();
            list.extend(future::try_join_all(reads).await?.into_iter().flatten());
            if list.len() == before {
                break;
            }
        }
        Ok(list)
    }
}
