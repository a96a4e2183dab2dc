//! The kinds of the driver's errors, and what to change.

use redis::{ErrorKind as Kind, RedisError};

use super::layout::OTHER_KEYS;
#[cfg(feature = "redis-tls")]
use crate::tls;
use crate::{Error, ErrorKind};

/// The way out for a user that lacks a right.
const RIGHTS: &str = "expected a user with the rights that the documentation of Redis names: to the \
    keys, and to the commands";

/// An error of the driver at a server.
pub(super) fn explain(place: &str, error: RedisError) -> Error {
    let (kind, expected) = kind_of(&error);
    Error::new(kind, format!("{place}: {expected}")).caused_by(error)
}

fn kind_of(error: &RedisError) -> (ErrorKind, &'static str) {
    #[cfg(feature = "redis-tls")]
    if let Some(way_out) = tls::way_out(error) {
        return (ErrorKind::Denied, way_out);
    }
    match (error.kind(), code(error)) {
        (Kind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS")) => {
            (ErrorKind::Denied, "expected a user and a password that it lets in; see the URL")
        }
        (_, Some("NOPERM")) => (ErrorKind::Denied, RIGHTS),
        (_, Some("READONLY")) => (ErrorKind::Denied, "expected the primary, not a replica"),
        (_, Some("OOM" | "MISCONF")) => {
            (ErrorKind::Full, "expected room in its memory and on its disk")
        }
        (_, Some("WRONGTYPE")) => (ErrorKind::Schema, OTHER_KEYS),
        (
            _,
            Some("LOADING" | "BUSY" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" | "NOREPLICAS"),
        ) => (
            ErrorKind::Unavailable,
            "expected it to be ready, and neither to load its data, nor to run a long script, nor \
             to wait for other servers",
        ),
        (_, Some("MOVED" | "ASK")) => (
            ErrorKind::Unavailable,
            "expected the nodes of the cluster to agree on the one that has the keys, which isn't so \
             while they move",
        ),
        (Kind::Io, _) if error.is_timeout() => (
            ErrorKind::Timeout,
            "expected an answer within 10 seconds of a server that is up and not overloaded",
        ),
        (Kind::Io, _) => {
            (ErrorKind::Unavailable, "expected a server at this host and port; see the URL")
        }
        _ => by_text(&error.to_string()),
    }
}

/// The server's code of the error; of a transaction that it gave up, that of the reason.
pub(super) fn code(error: &RedisError) -> Option<&str> {
    let reason = || error.detail()?.split_once("because of: ")?.1.split(' ').next();
    match error.code() {
        Some("EXECABORT") => reason().or(Some("EXECABORT")),
        code => code,
    }
}

/// The kind of an error for which Redis has no code.
fn by_text(text: &str) -> (ErrorKind, &'static str) {
    let has = |part| text.contains(part);
    if has("has no permissions") {
        (ErrorKind::Denied, RIGHTS)
    } else if has("max number of clients") {
        (
            ErrorKind::Unavailable,
            "expected a free connection, of which each store takes one; raise maxclients",
        )
    } else if has("DB index") || has("switch database") {
        (ErrorKind::Config, "expected a database that exists; see the URL")
    } else {
        (ErrorKind::Store, "expected Redis 5 or newer, or a server that has its transactions")
    }
}
