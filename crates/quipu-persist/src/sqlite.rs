use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, params};

use super::fork_guard::ForkGuard;
use super::sql::{self, dead, mark_dead, retire, touch};
use super::{Batch, Error, ErrorKind, Outcome, Sink, Stamp, Store, Writer, compaction};

/// The longest wait for a transaction of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

const CANNOT_OPEN: &str =
    "expected a folder that exists, and a file that this user may read and write";

const UPSERT: &str = "
INSERT INTO quipu_totals (counter, writer, version, total) VALUES ($1, $2, $3, $4)
ON CONFLICT (counter, writer) DO UPDATE SET version = excluded.version, total = excluded.total
WHERE quipu_totals.version < excluded.version";

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
/// # Limits
/// The value may go through a fork. But a fork while a thread is inside SQLite leaves SQLite's
/// locks taken in the child, for good. If that thread was in a store of quipu's, calls in the child
/// fail with [`ErrorKind::Forked`]; if it was in other code, they may hang. So fork before the
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
    /// are refused by each call, with [`ErrorKind::Config`]: `""` and `:memory:`, of which each flush
    /// would make another database, and URIs, which begin with `file:`. A
    /// [`VersionVector`](super::VersionVector) keeps totals in memory.
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

    /// Folds the writers that have closed, and those without a message for `dead_after`, rounded up
    /// to seconds: see [clean-up](super#clean-up). Returns the number of folded writers.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use quipu_persist::{Sqlite, Store, Worker, Writer};
    /// # static LIKES: quipu::Counter = quipu::Counter::new();
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("totals.db");
    /// let mut store = Sqlite::new(&path);
    /// let worker = Worker::builder("web-1").start(store.clone())?;
    /// worker.track("likes_total", &LIKES)?;
    /// LIKES.add(3);
    /// worker.shutdown(Duration::from_secs(5))?;
    /// assert_eq!(store.compact(Duration::from_secs(7 * 24 * 3600))?, 1);
    /// assert_eq!(store.by_writer("likes_total")?[&Writer::retired()].total, 3);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the file can't be read or written. Each writer was then folded as a whole, or not at all.
    pub fn compact(&mut self, dead_after: Duration) -> Result<usize, Error> {
        let seconds = compaction::seconds(dead_after);
        compaction::fold_all(|| self.transaction(|transaction| fold(transaction, seconds)))
    }

    /// Runs `work` in a transaction on tables of this version.
    fn transaction<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let _inside = ForkGuard::enter()?;
        let mut connection =
            self.open(OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let explain = |error| self.explain(error);
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(explain)?;
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
        if !self.is_there()? {
            return Ok(Vec::new());
        }
        let _inside = ForkGuard::enter()?;
        // To be written too, if it may be: a reader undoes what a process that was killed left half
        // done.
        let connection = self.open(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        if !self.has_tables(&connection)? {
            return Ok(Vec::new());
        }
        select(&connection, query, parameters, row).map_err(|error| self.explain(error))
    }

    /// Whether there is a file. An error if that can't be seen, or there is no folder that it could
    /// be made in.
    fn is_there(&self) -> Result<bool, Error> {
        let path = self.path()?;
        let look = || {
            if path.try_exists()? {
                return Ok(true);
            }
            // That of a mere name is empty, and there.
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            folder.map_or(Ok(()), |folder| folder.metadata().map(drop))?;
            Ok(false)
        };
        look().map_err(|error: io::Error| {
            let text = format!("{}: {CANNOT_OPEN}", self.path.display());
            Error::new(ErrorKind::Unavailable, text).caused_by(error)
        })
    }

    /// The path, unless SQLite would take it for something other than a file's.
    fn path(&self) -> Result<&Path, Error> {
        let path = &self.path;
        let shown = path.display();
        let expected = match path.as_os_str().as_encoded_bytes() {
            b"" => "the path of a file, such as totals.db".to_owned(),
            b":memory:" => format!(
                "the path of a file; use a VersionVector for totals in memory, or ./{shown} for a \
                 file of this name"
            ),
            [b'f', b'i', b'l', b'e', b':', ..] => format!(
                "a path, not a URI: leave out file: and what begins with '?', or write ./{shown} for \
                 a file of this name"
            ),
            _ => return Ok(path),
        };
        Err(Error::new(ErrorKind::Config, format!("{path:?}: expected {expected}")))
    }

    fn open(&self, flags: OpenFlags) -> Result<Connection, Error> {
        let path = self.path()?;
        let open = || {
            let connection =
                Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            Ok(connection)
        };
        open().map_err(|error| self.explain(error))
    }

    /// Whether the tables are there. An error if they are another version's.
    fn has_tables(&self, connection: &Connection) -> Result<bool, Error> {
        let tables: Vec<String> = select(
            connection,
            "SELECT name FROM sqlite_master WHERE name LIKE 'quipu\\_%' ESCAPE '\\'",
            &[],
            |row| row.get(0),
        )
        .map_err(|error| self.explain(error))?;
        if tables.is_empty() {
            return Ok(false);
        }
        let has_version = tables.iter().any(|table| table == "quipu_schema");
        let version = || {
            connection
                .query_row(sql::VERSION, [], |row| row.get(0))
                .map_err(|error| self.explain(error))
        };
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
            Some(ErrorCode::CannotOpen) => (ErrorKind::Unavailable, CANNOT_OPEN),
            // The statements are right, so it is the tables that aren't. (SQLite calls most of that
            // "SQL logic error".)
            Some(ErrorCode::Unknown | ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch) => {
                (ErrorKind::Schema, sql::OTHER_TABLES)
            }
            None if matches!(error, rusqlite::Error::NulError(_)) => {
                (ErrorKind::Unavailable, CANNOT_OPEN)
            }
            // A value of another type than its column's.
            None => (ErrorKind::Schema, sql::OTHER_TABLES),
            Some(ErrorCode::NotADatabase) => {
                (ErrorKind::Config, "expected an SQLite database, or no file")
            }
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

/// Folds some of the writers that have closed, or weren't heard of for so long.
fn fold(transaction: &Transaction<'_>, seconds: i64) -> rusqlite::Result<usize> {
    let writers = transaction
        .execute(mark_dead!("unixepoch()"), params![seconds, compaction::FOLDS as i64])?;
    transaction.execute(sql::KEEP_FOLDED, [])?;
    let retired = Writer::retired().to_string();
    let rows =
        select(transaction, sql::FOLDING, &[&retired], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut retire = transaction.prepare(retire!("VALUES ($1, $2, 1, $3)"))?;
    for (counter, total) in sql::sums(rows) {
        retire.execute(params![counter, retired, total])?;
    }
    for statement in sql::REMOVE_FOLDED {
        transaction.execute(statement, [])?;
    }
    Ok(writers)
}

/// Writes the batch or, if the writer was folded, returns what of it was.
fn write(transaction: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<Outcome> {
    let writer = batch.writer.to_string();
    if transaction.execute(touch!("unixepoch()"), params![writer, sql::state(batch)])? == 0 {
        let folded =
            select(transaction, sql::FOLDED, &[&writer], |row| Ok((row.get(0)?, row.get(1)?)))?;
        return Ok(Outcome::Folded(folded.into_iter().collect()));
    }
    let mut upsert = transaction.prepare(UPSERT)?;
    for entry in &batch.entries {
        upsert.execute(params![
            entry.counter,
            writer,
            entry.stamp.version as i64,
            entry.stamp.total
        ])?;
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
        let mut counters: Vec<String> = self.read(sql::COUNTERS, &[], |row| row.get(0))?;
        counters.sort_unstable();
        Ok(counters)
    }
}
