//! The kinds of PostgreSQL's errors, and the ways out.

use std::error::Error as _;
use std::io;

use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::types::{WasNull, WrongType};

use crate::sql;
use crate::{Error, ErrorKind};

const NO_TLS: &str = "expected a connection with TLS: sslmode=require in the URL, and a build with \
    the feature postgres-tls of quipu-persist";

pub(super) fn explain(store: &str, error: tokio_postgres::Error) -> Error {
    let (kind, expected) = match error.code() {
        _ if wants_tls(&error) => (ErrorKind::Denied, NO_TLS),
        Some(state) => of_the_server(state),
        None => of_the_driver(&error),
    };
    Error::new(kind, format!("{store}: {expected}")).caused_by(error)
}

/// Whether the server has no such table.
pub(super) fn lacks_table(error: &Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<tokio_postgres::Error>());
    cause.and_then(|cause| cause.code()) == Some(&SqlState::UNDEFINED_TABLE)
}

/// Whether no entry of pg_hba.conf takes a connection that isn't encrypted.
fn wants_tls(error: &tokio_postgres::Error) -> bool {
    let message = error.as_db_error().map_or("", DbError::message);
    // The second is that of versions before 14.
    message.ends_with("no encryption") || message.ends_with("SSL off")
}

fn of_the_server(state: &SqlState) -> (ErrorKind, &'static str) {
    let is_of = |class| state.code().starts_with(class);
    match *state {
        SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => (
            ErrorKind::Denied,
            "expected a user and a password that it lets in; see the URL and pg_hba.conf",
        ),
        SqlState::INVALID_CATALOG_NAME => {
            (ErrorKind::Config, "expected a database that exists; see the URL")
        }
        SqlState::INVALID_SCHEMA_NAME => {
            (ErrorKind::Schema, "expected a search_path that begins with a schema that exists")
        }
        SqlState::UNDEFINED_TABLE
        | SqlState::UNDEFINED_COLUMN
        | SqlState::UNDEFINED_FUNCTION
        | SqlState::INVALID_COLUMN_REFERENCE
        | SqlState::DATATYPE_MISMATCH => (ErrorKind::Schema, sql::OTHER_TABLES),
        SqlState::INSUFFICIENT_PRIVILEGE => (
            ErrorKind::Denied,
            "expected a user with the rights that the documentation of Postgres names: one that may \
             read the quipu_ tables, or may write to them, and may make them where there are none, or \
             owns those of an earlier version",
        ),
        SqlState::READ_ONLY_SQL_TRANSACTION => (
            ErrorKind::Denied,
            "expected the primary server, and a user and a database that may write",
        ),
        SqlState::TOO_MANY_CONNECTIONS => (
            ErrorKind::Unavailable,
            "expected a free connection, of which each store takes one; raise max_connections, or \
             put a pooler in between",
        ),
        SqlState::QUERY_CANCELED | SqlState::LOCK_NOT_AVAILABLE => {
            (ErrorKind::Timeout, "expected an answer within its statement_timeout and lock_timeout")
        }
        SqlState::DISK_FULL => (ErrorKind::Full, "expected room on its disk"),
        SqlState::DUPLICATE_TABLE | SqlState::UNIQUE_VIOLATION => (
            ErrorKind::Unavailable,
            "expected no other process to make the quipu_ tables at the same time",
        ),
        // Of a value, or of a limit of the program: such as a character that the encoding lacks.
        _ if is_of("22") || is_of("54") || *state == SqlState::CHECK_VIOLATION => (
            ErrorKind::Refused,
            "expected names in the database's encoding, so a database with ENCODING 'UTF8', and \
             columns without other limits",
        ),
        // It starts or ends; a pooler has no server; a conflict with others; resources are short.
        _ if is_of("57P") || is_of("08") || is_of("40") || is_of("53") || is_of("25P") => (
            ErrorKind::Unavailable,
            "expected it to be up, and not about to start or to end, or overloaded",
        ),
        _ => (ErrorKind::Store, "expected it to read and write the quipu_ tables"),
    }
}

fn of_the_driver(error: &tokio_postgres::Error) -> (ErrorKind, &'static str) {
    #[cfg(feature = "postgres-tls")]
    if let Some(way_out) = crate::tls::way_out(error) {
        return (ErrorKind::Denied, way_out);
    }
    match error.source() {
        Some(cause) if cause.is::<WrongType>() || cause.is::<WasNull>() => {
            (ErrorKind::Schema, sql::OTHER_TABLES)
        }
        // One case is left: the server asks for something that the URL doesn't have.
        Some(cause) if !cause.is::<io::Error>() => (
            ErrorKind::Denied,
            "expected a user and a password that it lets in, and TLS where the URL has \
             sslmode=require; see the URL and pg_hba.conf",
        ),
        _ => (ErrorKind::Unavailable, "expected a server at this host and port; see the URL"),
    }
}
