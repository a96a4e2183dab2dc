//! The errors of the driver and of the nodes, by kind.

use std::error::Error as StdError;

use scylla::client::session::Session as Driver;
use scylla::errors::{
    BrokenConnectionError, BrokenConnectionErrorKind, ConnectionError, ConnectionPoolError,
    ConnectionSetupRequestErrorKind, DbError, ExecutionError, FrameHeaderParseError, MetadataError,
    NewSessionError, PrepareError, RequestAttemptError, UseKeyspaceError,
};

use crate::{Error, ErrorKind};

/// A kind, and what was expected.
type Reason = (ErrorKind, &'static str);

const NODE: Reason = (
    ErrorKind::Unavailable,
    "expected a node at one of these hosts and ports that answers, with TLS where the store has it, \
     and to a client with a certificate where it asks for one",
);
const VERSION: Reason = (
    ErrorKind::Config,
    "expected nodes that have version 4 of the native protocol, as Cassandra 3.0 and newer ones do",
);
const LOGIN: Reason = (ErrorKind::Denied, "expected a user and a password that the cluster knows");
const QUORUM: Reason = (ErrorKind::Unavailable, "expected a quorum of its replicas to be up");
const TIME: Reason = (ErrorKind::Timeout, "expected a quorum of its replicas to answer in time");
const KEYSPACE: Reason = (ErrorKind::Config, "expected a keyspace that exists: CREATE KEYSPACE");
const AGREEMENT: Reason =
    (ErrorKind::Unavailable, "expected nodes that agree about the schema soon");
const OTHER: Reason = (ErrorKind::Store, "expected an answer of another form");

fn text(store: &str, (kind, expected): Reason) -> Error {
    Error::new(kind, format!("{store}: {expected}"))
}

/// The error of a session that can't be made.
pub(super) fn session(store: &str, error: NewSessionError) -> Error {
    let reason = match &error {
        NewSessionError::UseKeyspaceError(error) => use_keyspace(error),
        NewSessionError::EmptyKnownNodesList => (ErrorKind::Config, "expected one node at least"),
        NewSessionError::MetadataError(MetadataError::ConnectionPoolError(error)) => pool(error),
        _ => NODE,
    };
    text(store, reason).caused_by(error)
}

/// The error of a statement that can't be prepared.
pub(super) fn preparation(store: &str, error: PrepareError) -> Error {
    let reason = match &error {
        PrepareError::ConnectionPoolError(error) => pool(error),
        PrepareError::AllAttemptsFailed { first_attempt } => attempt(first_attempt),
        _ => OTHER,
    };
    text(store, reason).caused_by(error)
}

/// The error of a request.
pub(super) fn request(store: &str, driver: &Driver, error: ExecutionError) -> Error {
    let reason = match &error {
        ExecutionError::LastAttemptError(error) => attempt(error),
        ExecutionError::ConnectionPoolError(error) => pool(error),
        ExecutionError::RequestTimeout(_) => TIME,
        ExecutionError::UseKeyspaceError(error) => use_keyspace(error),
        ExecutionError::SchemaAgreementError(_) | ExecutionError::MetadataError(_) => AGREEMENT,
        ExecutionError::EmptyPlan => NODE,
        _ => OTHER,
    };
    // A node that answered missed the others, and the driver asked these after that.
    let reason = if reason == NODE && is_connected(driver) { QUORUM } else { reason };
    text(store, reason).caused_by(error)
}

/// The error where too few nodes are connected to know what the cluster has.
pub(super) fn few(store: &str) -> Error {
    text(store, (ErrorKind::Unavailable, "expected most of its nodes to be connected"))
}

/// The error of a keyspace that was dropped.
pub(super) fn no_keyspace(store: &str) -> Error {
    text(store, KEYSPACE)
}

/// The error that is left after a table was looked for again and again, and was there. If a node said
/// that it isn't, nodes don't agree.
pub(super) fn after_all(store: &str, error: Error) -> Error {
    let is_of_a_node = error
        .source()
        .is_some_and(|cause| cause.is::<ExecutionError>() || cause.is::<PrepareError>());
    if is_of_a_node { text(store, AGREEMENT).caused_by(error) } else { error }
}

/// The error of an answer that can't be read.
pub(super) fn unreadable(store: &str, error: impl StdError + Send + Sync + 'static) -> Error {
    text(store, OTHER).caused_by(error)
}

fn is_connected(driver: &Driver) -> bool {
    driver.get_cluster_state().get_nodes_info().iter().any(|node| node.is_connected())
}

fn use_keyspace(error: &UseKeyspaceError) -> Reason {
    match error {
        UseKeyspaceError::RequestError(RequestAttemptError::DbError(DbError::Invalid, _))
        | UseKeyspaceError::BadKeyspaceName(_)
        | UseKeyspaceError::KeyspaceNameMismatch { .. } => KEYSPACE,
        UseKeyspaceError::RequestError(error) => attempt(error),
        _ => NODE,
    }
}

fn pool(error: &ConnectionPoolError) -> Reason {
    let ConnectionPoolError::Broken { last_connection_error } = error else { return NODE };
    #[cfg(feature = "cassandra-tls")]
    if let Some(way_out) = of_tls(last_connection_error) {
        return (ErrorKind::Denied, way_out);
    }
    match last_connection_error {
        ConnectionError::UseKeyspaceError(error) => use_keyspace(error),
        ConnectionError::ConnectionSetupRequestError(error) => match error.get_error() {
            ConnectionSetupRequestErrorKind::MissingAuthentication => LOGIN,
            ConnectionSetupRequestErrorKind::BrokenConnection(error) if is_of_a_version(error) => {
                VERSION
            }
            ConnectionSetupRequestErrorKind::DbError(error, text) => answer(error, text),
            _ => NODE,
        },
        _ => NODE,
    }
}

/// Whether the node answered in another version of the protocol.
fn is_of_a_version(error: &BrokenConnectionError) -> bool {
    matches!(
        error.downcast_ref(),
        Some(BrokenConnectionErrorKind::FrameHeaderParseError(
            FrameHeaderParseError::VersionNotSupported(_)
        ))
    )
}

/// Whether the node hung, or the link is too slow for the request.
fn is_late(error: &BrokenConnectionError) -> bool {
    matches!(error.downcast_ref(), Some(BrokenConnectionErrorKind::KeepaliveTimeout(_)))
}

#[cfg(feature = "cassandra-tls")]
fn of_tls(error: &ConnectionError) -> Option<&'static str> {
    match error {
        // It shows the source of the error that it holds, and not that error.
        ConnectionError::IoError(error) => crate::tls::way_out(&**error),
        error => crate::tls::way_out(error),
    }
}

fn attempt(error: &RequestAttemptError) -> Reason {
    match error {
        RequestAttemptError::DbError(error, text) => answer(error, text),
        RequestAttemptError::BrokenConnectionError(error) if is_late(error) => TIME,
        RequestAttemptError::BrokenConnectionError(_)
        | RequestAttemptError::UnableToAllocStreamId => NODE,
        _ => OTHER,
    }
}

/// The error that a node answers with. Nodes tell some errors apart by their texts only.
fn answer(error: &DbError, text: &str) -> Reason {
    match error {
        DbError::AuthenticationError => LOGIN,
        DbError::ProtocolError if text.contains("version") => VERSION,
        DbError::Unauthorized => (
            ErrorKind::Denied,
            "expected a role with SELECT and MODIFY on the table quipu_slots, SELECT to read, and \
             CREATE on the keyspace to make the table",
        ),
        DbError::Unavailable { .. } => QUORUM,
        DbError::ReadTimeout { .. } | DbError::WriteTimeout { .. } => TIME,
        DbError::ReadFailure { .. } | DbError::WriteFailure { .. } => {
            (ErrorKind::Unavailable, "expected a quorum of its replicas to do what was asked")
        }
        // The table was made twice at the same time, and this one of the two is gone.
        DbError::ServerError if text.contains("Unknown CF") => (ErrorKind::Schema, AGREEMENT.1),
        DbError::Overloaded
        | DbError::IsBootstrapping
        | DbError::TruncateError
        | DbError::ServerError
        | DbError::RateLimitReached { .. } => {
            (ErrorKind::Unavailable, "expected a node that is ready")
        }
        DbError::Invalid if text.contains("too large") => {
            (ErrorKind::Refused, "expected room for a batch of this size")
        }
        DbError::Invalid if text.contains("Guardrail") => {
            (ErrorKind::Denied, "expected guardrails that allow this request")
        }
        DbError::Invalid | DbError::Unprepared { .. } => {
            (ErrorKind::Schema, "expected a table quipu_slots as this version makes it")
        }
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_that_do_not_agree() {
        let missing = RequestAttemptError::DbError(DbError::Invalid, "no such table".to_owned());
        let error =
            preparation("nodes", PrepareError::AllAttemptsFailed { first_attempt: missing });
        assert_eq!(error.kind(), ErrorKind::Schema);
        let error = after_all("nodes", error);
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains(AGREEMENT.1), "{error}");
    }
}
