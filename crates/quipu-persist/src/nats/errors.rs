//! The errors of the client, by kind.

use std::error::Error as StdError;
use std::iter;

use async_nats::ConnectErrorKind;
use async_nats::jetstream::context::{CreateStreamError, CreateStreamErrorKind};
use async_nats::jetstream::{self, ErrorCode};
use tokio::time::error::Elapsed;

use super::connection::ACK_TIMEOUT;
use crate::{Error, ErrorKind, tls};

pub(super) type Boxed = Box<dyn StdError + Send + Sync>;

pub(super) fn explain_connect(store: &str, error: async_nats::ConnectError) -> Error {
    let (kind, expected) = match (error.kind(), tls::way_out(&error)) {
        (_, Some(way_out)) => (ErrorKind::Denied, way_out),
        (ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation, _) => (
            ErrorKind::Denied,
            "expected a user and a password, a token, a key or a JWT that it lets in",
        ),
        (ConnectErrorKind::Tls, _) => (
            ErrorKind::Config,
            "expected files of certificates, and of a client's key, that can be read (PEM)",
        ),
        _ => (ErrorKind::Unavailable, "expected a server at this host and port; see the URL"),
    };
    Error::new(kind, format!("{store}: {expected}")).caused_by(error)
}

pub(super) fn explain_stream(store: &str, error: CreateStreamError) -> Error {
    match error.kind() {
        CreateStreamErrorKind::JetStream(error) => explain(store, error.into()),
        CreateStreamErrorKind::JetStreamUnavailable => {
            let text = format!(
                "{store}: expected a server with JetStream, which is up (nats-server --jetstream)"
            );
            Error::new(ErrorKind::Config, text).caused_by(error)
        }
        _ => explain(store, error.into()),
    }
}

fn late(store: &str) -> Error {
    let text = format!(
        "{store}: no answer within {ACK_TIMEOUT:?}: check that the server is up and not overloaded"
    );
    Error::new(ErrorKind::Timeout, text)
}

/// Whether the time limit of a request is over. Each request of the client has an error of its own for
/// that, and all have this text or this source.
fn is_late(error: &(dyn StdError + 'static)) -> bool {
    let mut causes = iter::successors(Some(error), |&error| error.source());
    causes.any(|cause| cause.is::<Elapsed>() || cause.to_string().contains("timed out"))
}

/// The error of a call whose connection broke meanwhile.
pub(super) fn broken(store: &str, error: Error) -> Error {
    if error.kind() != ErrorKind::Timeout {
        return error;
    }
    let text = format!("{store}: the connection broke: expected a server that is up");
    Error::new(ErrorKind::Unavailable, text).caused_by(error)
}

/// The code of the server's answer that led to an error.
pub(super) fn code(error: &(dyn StdError + 'static)) -> Option<ErrorCode> {
    iter::successors(Some(error), |&error| error.source())
        .find_map(|error| error.downcast_ref::<jetstream::Error>())
        .map(jetstream::Error::error_code)
}

pub(super) fn explain(store: &str, error: Boxed) -> Error {
    if is_late(&*error) {
        return late(store);
    }
    let (kind, expected) = match code(&*error) {
        Some(
            ErrorCode::INSUFFICIENT_RESOURCES
            | ErrorCode::STORAGE_RESOURCES_EXCEEDED
            | ErrorCode::MEMORY_RESOURCES_EXCEEDED
            | ErrorCode::ACCOUNT_RESOURCES_EXCEEDED,
        ) => (ErrorKind::Full, "expected room for the stream, in the account and on the disk"),
        Some(ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT) => {
            (ErrorKind::Config, "expected a server and an account with JetStream")
        }
        // Once there is a stream, what goes wrong is mostly that there isn't any more.
        _ => (ErrorKind::Unavailable, "expected an answer of JetStream, which is up"),
    };
    Error::new(kind, format!("{store}: {expected}: {error}"))
}
