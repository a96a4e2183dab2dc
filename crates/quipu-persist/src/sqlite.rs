use std::collections::BTreeMap;
use std::path::PathBuf;

use super::ambient::now;
use super::sql::{self, LeaseRow, Names};
use super::{Admission, Batch, Claim, Claimed, Error, Lease, Outcome, Sink, Store, namespace};
use steps::Session;

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
/// `slot` and `total`. `quipu_schema` has the version of the tables, 2, in `version`. `owner`, `past` and
/// `counter` are `TEXT`, and all others `BIGINT`. The primary keys are `slot`, and `counter, slot`.
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
/// # Name spaces
/// Applications that share a file would add up their counters of one name. So each takes a
/// [`namespace`](Sqlite::namespace), by which its tables have names of their own: those of `shop` are
/// `shop_quipu_schema`, `shop_quipu_slots` and `shop_quipu_totals`.
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
    names: Names,
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
        Self { path: path.into(), names: Names::of("") }
    }

    /// The same file, with the tables of an application of this name. Another name, and none, are
    /// other tables, with counters, slots and leases of their own.
    ///
    /// ```
    /// use std::time::Duration;
    /// use quipu::Counter;
    /// use quipu_persist::{ErrorKind, Sqlite, Store, Worker};
    ///
    /// static ORDERS: Counter = Counter::new();
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// let path = folder.path().join("totals.db");
    /// let worker = Worker::builder("host-1").start(Sqlite::new(&path).namespace("shop")?)?;
    /// worker.track("orders_total", &ORDERS)?;
    /// ORDERS.add(3);
    /// worker.shutdown(Duration::from_secs(5))?;
    /// assert_eq!(Sqlite::new(&path).namespace("shop")?.total("orders_total")?, 3);
    /// assert_eq!(Sqlite::new(&path).namespace("bank")?.total("orders_total")?, 0);
    /// let error = Sqlite::new(&path).namespace("My shop").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the name isn't 1 to 32 lower-case ASCII letters, digits or `_`, or doesn't begin with a
    /// letter, or begins with `sqlite`.
    pub fn namespace(mut self, name: &str) -> Result<Self, Error> {
        namespace::check(name)?;
        self.names = Names::of(&format!("{name}_"));
        Ok(self)
    }

    /// Runs `work` in a transaction on tables of this version, which are made if there are none.
    fn write<T>(&self, work: impl FnOnce(Session<'_>) -> Result<T, Error>) -> Result<T, Error> {
        file::transaction(&self.path, |transaction| {
            let session = Session { connection: transaction, names: &self.names };
            let found = tables::find(session, |error| self.explain(error))?;
            tables::prepare(session, found).map_err(|error| self.explain(error))?;
            work(session)
        })
    }

    /// Reads rows. None if there are no tables.
    fn read<T: Default>(
        &self,
        read: impl FnOnce(Session<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let rows = file::read(&self.path, |connection| {
            let session = Session { connection, names: &self.names };
            let found = tables::find(session, |error| self.explain(error))?;
            if !found.are_readable()? {
                return Ok(T::default());
            }
            read(session).map_err(|error| self.explain(error))
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
        self.write(|session| {
            let leases = sql::leases(&session.leases().map_err(explain)?)?;
            let now = now();
            let slot = Lease::choose(&leases, claim, now);
            let lease = Lease::of(leases.get(&slot), claim, now);
            session.write_lease(&LeaseRow::new(slot, &lease)).map_err(explain)?;
            let base = session.slot_totals(slot).map_err(explain)?;
            Ok(Claimed { slot, epoch: lease.epoch, base })
        })
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        let explain = |error| self.explain(error);
        self.write(|session| {
            let leases = sql::leases(&session.lease(batch.slot).map_err(explain)?)?;
            let Some(lease) = leases.get(&batch.slot) else { return Ok(Outcome::Refused(None)) };
            match lease.admit(batch, now()) {
                Admission::IsStored => {}
                Admission::Refuse => return Ok(Outcome::Refused(Some(lease.clone()))),
                Admission::Write(lease) => {
                    let row = LeaseRow::new(batch.slot, &lease);
                    session.write_lease(&row).map_err(explain)?;
                    session.write_batch(batch).map_err(explain)?;
                }
            }
            Ok(Outcome::Stored)
        })
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        let rows = self.read(|session| session.lease(slot))?;
        Ok(sql::leases(&rows)?.remove(&slot))
    }
}

impl Store for Sqlite {
    fn totals_with_prefix(&mut self, prefix: &str) -> Result<BTreeMap<String, i64>, Error> {
        self.read(|session| session.totals(prefix))
    }

    fn by_slot(&mut self, counter: &str) -> Result<BTreeMap<u32, i64>, Error> {
        sql::by_slot(self.read(|session| session.by_slot(counter))?)
    }

    fn slots(&mut self) -> Result<BTreeMap<u32, Lease>, Error> {
        sql::leases(&self.read(|session| session.leases())?)
    }
}
