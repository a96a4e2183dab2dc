//! The file: its path, its connections, and the errors of SQLite.

use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::fork_guard::ForkGuard;
use crate::{Error, ErrorKind, sql};

/// The pauses while another process has a transaction: five seconds of them at most.
const PAUSE: Duration = Duration::from_millis(5);
const PAUSES: i32 = 1000;

const CANNOT_OPEN: &str =
    "expected a folder that exists, and a file that this user may read and write";

/// Runs `work` in a transaction, which begins as a writer's.
pub(super) fn transaction<T>(
    path: &Path,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let _inside = ForkGuard::enter()?;
    let explain = |error| explain(path, error);
    let mut connection =
        open(path, OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(explain)?;
    let result = work(&transaction)?;
    transaction.commit().map_err(explain)?;
    Ok(result)
}

/// Runs `work` on a connection to read. `None` if there is no file.
pub(super) fn read<T>(
    path: &Path,
    work: impl FnOnce(&Connection) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    if !is_there(path)? {
        return Ok(None);
    }
    let _inside = ForkGuard::enter()?;
    // To be written too, if it may be: a reader undoes what a process that was killed left half
    // done.
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    work(&connection).map(Some)
}

/// Whether there is a file. An error if that can't be seen, or there is no folder that it could
/// be made in.
fn is_there(path: &Path) -> Result<bool, Error> {
    check(path)?;
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
        let text = format!("{}: {CANNOT_OPEN}", path.display());
        Error::new(ErrorKind::Unavailable, text).caused_by(error)
    })
}

/// An error if SQLite would take the path for something other than a file's.
fn check(path: &Path) -> Result<(), Error> {
    let shown = path.display();
    let expected = match path.as_os_str().as_encoded_bytes() {
        b"" => "the path of a file, such as totals.db".to_owned(),
        b":memory:" => format!(
            "the path of a file; use Memory for totals in memory, or ./{shown} for a file of this \
             name"
        ),
        [b'f', b'i', b'l', b'e', b':', ..] => format!(
            "a path, not a URI: leave out file: and what begins with '?', or write ./{shown} for a \
             file of this name"
        ),
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::Config, format!("{path:?}: expected {expected}")))
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, Error> {
    check(path)?;
    let open = || {
        let mut connection =
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_handler(Some(wait))?;
        Ok(connection)
    };
    open().map_err(|error| explain(path, error))
}

/// Whether to try again after `pauses`, and one more. SQLite's own pauses become longer and longer, so
/// that a process which comes later overtakes the one that waits.
fn wait(pauses: i32) -> bool {
    let has_time = pauses < PAUSES;
    if has_time {
        thread::sleep(PAUSE);
    }
    has_time
}

pub(super) fn explain(path: &Path, error: rusqlite::Error) -> Error {
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
    Error::new(kind, format!("{}: {expected}", path.display())).caused_by(error)
}
