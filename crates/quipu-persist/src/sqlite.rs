use std::collections::BTreeMap;
use std::path::PathBuf;

use rusqlite::{Connection, Transaction};

use super::ambient::now;
use super::sql::{self, LeaseRow};
use super::{Admission, Batch, Claim, Claimed, Error, Lease, Outcome, Sink, Store};

mod file;
mod steps;
mod tables;

/// Totals in an SQLite file, for the processes of one host.
///
/// The first write makes the tables. Their names begin with `quipu_`, so the file may have others.
/// A flush opens the file for one transaction. It doesn't change the journal mode.
///
/// ```
/// use std::time::Duration;
/// use quipu::Counter;
/// use quipu_persist::{Sqlite, Store, Worker};
///
/// static SHARES: Counter = Counter::new();
///
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("totals.db");
/// let worker = Worker::builder("host-1").start(Sqlite::new(&path))?;
/// worker.track("shares_traded_total", &SHARES)?;
/// SHARES.add(100);
/// worker.shutdown(Duration::from_secs(5))?;
/// assert_eq!(Sqlite::new(&path).total("shares_traded_total")?, 100);
/// # Ok::<(), quipu_persist::Error>(())
/// ```
///
/// # Tables
/// Other programs may read the tables, for instance `sqlite3`. `quipu_slots` has a row for each slot,
/// its [`Lease`]: `slot`, `owner`, `epoch`, the number and the size of the last batch in `last_batch`
/// and `last_entries`, `since` and `until` in seconds since 1970, and the owners before in `past`.
/// `until` is `NULL` once the owner has closed. `quipu_totals` has the rows of the counters: `counter`,
/// `slot` and `total`. `quipu_schema` has the version of the tables, 2.
///
/// ```sql
/// -- A total. SQLite's sum doesn't wrap: it is an error beyond 2⁶³.
/// SELECT sum(total) FROM quipu_totals WHERE counter = 'likes_total';
///
/// -- All totals, as a view for a dashboard such as Grafana.
/// CREATE VIEW totals AS SELECT counter, sum(total) AS total FROM quipu_totals GROUP BY counter;
///
/// -- The rows by the host that has the slot now, or had it last. Such a row includes the counts that
/// -- the slot's earlier owners left.
/// SELECT substr(owner, 1, length(owner) - 33) AS host, counter, sum(total) AS total
/// FROM quipu_totals JOIN quipu_slots USING (slot) GROUP BY host, counter;
///
/// -- The processes that write.
/// SELECT slot, owner, datetime(since, 'unixepoch') AS since FROM quipu_slots
/// WHERE until > unixepoch();
/// ```
///
/// The first claim or batch changes tables of version 1, in one transaction: the sums become the
/// totals of slot 0, and the tables before get names that begin with `quipu_v1_`, to be dropped when
/// you like. Processes of the earlier version then get [`ErrorKind::Schema`](super::ErrorKind::Schema);
/// what they flushed before is in the sums.
///
/// # Limits
/// The value may go through a fork. But a fork while a thread is inside SQLite leaves SQLite's
/// locks taken in the child, for good. If that thread was in a store of quipu's, calls in the child
/// fail with [`ErrorKind::Forked`](super::ErrorKind::Forked); if it was in other code, they may hang. So fork before the
/// first worker starts.
///
/// To put a copy in the file's place, stop all its writers first, and remove the `-journal`, `-wal`
/// and `-shm` beside it: SQLite would roll their content into the copy.
#[derive(Clone, Debug)]
pub struct Sqlite {
    path: PathBuf,
}

impl Sqlite {
    /// A store in this file. The first write makes the file.
    ///
    /// The path is that of a file and nothing else. Names that SQLite would take for something else
    /// are refused by each call, with [`ErrorKind::Config`](super::ErrorKind::Config): `""` and `:memory:`, of which each flush
    /// would make another database, and URIs, which begin with `file:`. A
    /// [`Memory`](super::Memory) keeps totals in memory.
    ///
    /// ```
    /// use quipu_persist::{Sqlite, Store};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// let path = folder.path().join("totals.db");
    /// let mut store = Sqlite::new(&path);
    /// assert_eq!(store.total("likes_total")?, 0);
    /// assert!(!path.exists(), "a read makes no file");
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Runs `work` in a transaction on tables of this version, which are made if there are none.
    fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        file::transaction(&self.path, |transaction| {
            let found = tables::find(transaction, |error| self.explain(error))?;
            tables::prepare(transaction, found).map_err(|error| self.explain(error))?;
            work(transaction)
        })
    }

    /// Reads rows. None if there are no tables.
    fn read<T: Default>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let rows = file::read(&self.path, |connection| {
            let found = tables::find(connection, |error| self.explain(error))?;
            if !found.are_readable()? {
                return Ok(T::default());
            }
            read(connection).map_err(|error| self.explain(error))
        })?;
        Ok(rows.unwrap_or_default())
    }

    fn explain(&self, error: rusqlite::Error) -> Error {
        file::explain(&self.path, error)
    }
}

impl Sink for Sqlite {
    fn claim(&mut self, claim: &Claim) -> Result<Claimed, Error> {
        let explain = |error| self.explain(error);
        self.write(|transaction| {
            let leases = sql::leases(&steps::leases(transaction).map_err(explain)?)?;
            let now = now();
            let slot = Lease::choose(&leases, claim, now);
            let lease = Lease::of(leases.get(&slot), claim, now);
            steps::write_lease(transaction, &LeaseRow::new(slot, &lease)).map_err(explain)?;
            let base = steps::slot_totals(transaction, slot).map_err(explain)?;
            Ok(Claimed { slot, epoch: lease.epoch, base })
        })
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        let explain = |error| self.explain(error);
        self.write(|transaction| {
            let leases = sql::leases(&steps::lease(transaction, batch.slot).map_err(explain)?)?;
            let Some(lease) = leases.get(&batch.slot) else { return Ok(Outcome::Refused(None)) };
            match lease.admit(batch, now()) {
                Admission::IsStored => {}
                Admission::Refuse => return Ok(Outcome::Refused(Some(lease.clone()))),
                Admission::Write(lease) => {
                    let row = LeaseRow::new(batch.slot, &lease);
                    steps::write_lease(transaction, &row).map_err(explain)?;
                    steps::write_totals(transaction, batch).map_err(explain)?;
                }
            }
            Ok(Outcome::Stored)
        })
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        let rows = self.read(|connection| steps::lease(connection, slot))?;
        Ok(sql::leases(&rows)?.remove(&slot))
    }
}

impl Store for Sqlite {
    fn totals_with_prefix(&mut self, prefix: &str) -> Result<BTreeMap<String, i64>, Error> {
        self.read(|connection| steps::totals(connection, prefix))
    }

    fn by_slot(&mut self, counter: &str) -> Result<BTreeMap<u32, i64>, Error> {
        sql::by_slot(self.read(|connection| steps::by_slot(connection, counter))?)
    }

    fn slots(&mut self) -> Result<BTreeMap<u32, Lease>, Error> {
        sql::leases(&self.read(steps::leases)?)
    }
}
