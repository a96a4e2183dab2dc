use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, params};

use super::sql::{self, mark_dead, touch};
use super::{Batch, Error, ErrorKind, Outcome, Sink, Stamp, Store, Writer, limits};

/// How long a transaction of another process is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

const UPSERT: &str = "
INSERT INTO quipu_totals (counter, writer, version, total) VALUES ($1, $2, $3, $4)
ON CONFLICT (counter, writer) DO UPDATE SET version = excluded.version, total = excluded.total
WHERE quipu_totals.version < excluded.version";

/// Totals in an SQLite file, for the processes of one host.
///
/// The tables are made when they are first written to; their names begin with `quipu_`, so the file may have others.
/// A flush is one transaction. The file is opened for each, so it may be replaced by a copy at any time, and the
/// value may go through a fork. Its journal mode is left as it is.
///
/// ```
/// use std::time::Duration;
/// use quipu::Counter;
/// use quipu::persist::{Sqlite, Store, Worker};
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
/// # Ok::<(), quipu::persist::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sqlite {
    path: PathBuf,
}

impl Sqlite {
    /// A store in this file, which is made when it is first written to.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Folds the writers that have closed, and those not heard of for so long, rounded up to seconds: see
    /// [clean-up](super#clean-up). Returns how many they were.
    ///
    /// # Errors
    /// If the file can't be read or written; then nothing was folded.
    pub fn compact(&mut self, dead_after: Duration) -> Result<usize, Error> {
        let seconds = limits::seconds(dead_after);
        self.transaction(|transaction| {
            let writers = transaction.execute(mark_dead!("unixepoch()"), params![seconds])?;
            for statement in sql::FOLD {
                transaction.execute(statement, [])?;
            }
            Ok(writers)
        })
    }

    /// Runs `work` in a transaction on tables of this version.
    fn transaction<T>(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, Error> {
        let mut connection = self.open(OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let explain = |error| self.explain(error);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(explain)?;
        if !self.has_tables(&transaction)? {
            transaction.execute_batch(sql::CREATE).map_err(explain)?;
        }
        let result = work(&transaction).map_err(explain)?;
        transaction.commit().map_err(explain)?;
        Ok(result)
    }

    /// Reads rows, if there are tables.
    fn read<T>(
        &self,
        query: &str,
        parameters: &[&str],
        row: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        if !self.path.exists() {
            return Ok(Vec::new());
        }
        // To be written too, if it may be: a reader undoes what a process that was killed left half done.
        let connection = self.open(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        if !self.has_tables(&connection)? {
            return Ok(Vec::new());
        }
        select(&connection, query, parameters, row).map_err(|error| self.explain(error))
    }

    fn open(&self, flags: OpenFlags) -> Result<Connection, Error> {
        let open = || {
            let connection = Connection::open_with_flags(&self.path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            Ok(connection)
        };
        open().map_err(|error| self.explain(error))
    }

    /// Whether the tables are there. An error if they are another version's.
    fn has_tables(&self, connection: &Connection) -> Result<bool, Error> {
        let tables: Vec<String> =
            select(connection, "SELECT name FROM sqlite_master WHERE name LIKE 'quipu\\_%' ESCAPE '\\'", &[], |row| {
                row.get(0)
            })
            .map_err(|error| self.explain(error))?;
        if tables.is_empty() {
            return Ok(false);
        }
        let has_version = tables.iter().any(|table| table == "quipu_schema");
        let version = || connection.query_row(sql::VERSION, [], |row| row.get(0)).map_err(|error| self.explain(error));
        sql::check_schema(if has_version { version()? } else { None })?;
        Ok(true)
    }

    fn explain(&self, error: rusqlite::Error) -> Error {
        let (kind, expected) = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                (ErrorKind::Timeout, "expected no other process to keep it locked for seconds")
            }
            Some(ErrorCode::DiskFull) => (ErrorKind::Full, "expected room on its disk"),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                (ErrorKind::Denied, "expected a file and a folder that this user may write to")
            }
            Some(ErrorCode::CannotOpen) => {
                (ErrorKind::Unavailable, "expected a folder that exists, and a file that this user may read and write")
            }
            Some(ErrorCode::NotADatabase) => (ErrorKind::Config, "expected an SQLite database, or no file"),
            _ => (ErrorKind::Store, "expected SQLite to read and write it"),
        };
        Error::new(kind, format!("{}: {expected}", self.path.display())).caused_by(error)
    }
}

fn select<T>(
    connection: &Connection,
    query: &str,
    parameters: &[&str],
    row: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut statement = connection.prepare(query)?;
    let rows = statement.query_map(rusqlite::params_from_iter(parameters), row)?;
    rows.collect()
}

/// Writes the batch or, if the writer was folded, returns what of it was.
fn write(transaction: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<Outcome> {
    let writer = batch.writer.to_string();
    if transaction.execute(touch!("unixepoch()"), params![writer, sql::state(batch)])? == 0 {
        let folded = select(transaction, sql::FOLDED, &[&writer], |row| Ok((row.get(0)?, row.get(1)?)))?;
        return Ok(Outcome::Folded(folded.into_iter().collect()));
    }
    let mut upsert = transaction.prepare(UPSERT)?;
    for entry in &batch.entries {
        upsert.execute(params![entry.counter, writer, entry.stamp.version as i64, entry.stamp.total])?;
    }
    Ok(Outcome::Stored)
}

impl Sink for Sqlite {
    fn write(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        self.transaction(|transaction| write(transaction, batch))
    }
}

impl Store for Sqlite {
    fn by_writer(&mut self, counter: &str) -> Result<BTreeMap<Writer, Stamp>, Error> {
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        self.read(sql::BY_WRITER, &[counter], row)?.into_iter().map(sql::parse).collect()
    }

    fn counters(&mut self) -> Result<Vec<String>, Error> {
        self.read(sql::COUNTERS, &[], |row| row.get(0))
    }
}
