//! TLS of the connections to servers, by rustls.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

#[cfg(any(feature = "postgres-tls", feature = "cassandra-tls"))]
mod config;
#[cfg(any(feature = "postgres-tls", feature = "redis-tls", feature = "cassandra-tls"))]
mod files;

#[cfg(any(feature = "postgres-tls", feature = "redis-tls", feature = "cassandra-tls"))]
pub(super) use files::Files;

/// The way out of an error of TLS, if it is one: mostly one side doesn't accept the other's
/// certificate.
pub(super) fn way_out(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    match of_tls(error)? {
        rustls::Error::InvalidMessage(_) => Some("expected a server that has TLS at this port"),
        _ => Some(
            "expected a certificate for this host, of an authority that the system trusts or that \
             root_certificates has, and one of this client where the server asks for it",
        ),
    }
}

fn of_tls<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    // These show the source of the error that they hold as theirs, and not that error.
    let in_io = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let in_arc = error.downcast_ref::<Arc<dyn StdError + Send + Sync>>();
    error
        .downcast_ref::<rustls::Error>()
        .or_else(|| of_tls(in_io?))
        .or_else(|| of_tls(&**in_arc?))
        .or_else(|| of_tls(error.source()?))
}

/// Chooses the cryptography of the process, unless the program has: without a choice, rustls panics
/// in a driver where a program was built with several.
#[cfg(any(feature = "nats", feature = "redis-tls"))]
pub(super) fn choose_cryptography() {
    use rustls::crypto::{CryptoProvider, ring};

    if CryptoProvider::get_default().is_none() {
        // Another thread may be first.
        let _ = ring::default_provider().install_default();
    }
}
