//! TLS of the connections to servers, by rustls.

use std::error::Error as StdError;
use std::io;
#[cfg(any(feature = "postgres-tls", feature = "redis-tls"))]
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};

#[cfg(any(feature = "postgres-tls", feature = "redis-tls"))]
use super::{Error, ErrorKind};

#[cfg(feature = "postgres-tls")]
mod config;

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
pub(super) fn choose_cryptography() {
    if CryptoProvider::get_default().is_none() {
        // Another thread may be first.
        let _ = ring::default_provider().install_default();
    }
}

/// The text of a file.
#[cfg(any(feature = "postgres-tls", feature = "redis-tls"))]
type Pem = Vec<u8>;

/// Files of certificates (PEM), which each connection reads, since they are renewed.
#[cfg(any(feature = "postgres-tls", feature = "redis-tls"))]
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Files {
    pub(super) roots: Option<PathBuf>,
    /// This client's certificate, and its key.
    pub(super) client: Option<(PathBuf, PathBuf)>,
}

#[cfg(any(feature = "postgres-tls", feature = "redis-tls"))]
impl Files {
    /// The authorities, unless they are the system's.
    pub(super) fn roots(&self) -> Result<Option<Pem>, Error> {
        self.roots.as_deref().map(read).transpose()
    }

    pub(super) fn client(&self) -> Result<Option<(Pem, Pem)>, Error> {
        let Some((certificate, key)) = &self.client else { return Ok(None) };
        Ok(Some((read(certificate)?, read(key)?)))
    }
}

#[cfg(any(feature = "postgres-tls", feature = "redis-tls"))]
fn read(path: &Path) -> Result<Pem, Error> {
    std::fs::read(path).map_err(|error| {
        let text = format!("{}: expected a file of certificates or of a key (PEM)", path.display());
        Error::new(ErrorKind::Config, text).caused_by(error)
    })
}
