//! The settings of a connection, for drivers that leave them to their user.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::Files;
use crate::{Error, ErrorKind};

impl Files {
    /// Settings that encrypt, and verify the server's certificate and host.
    pub(crate) fn config(&self) -> Result<ClientConfig, Error> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unfit)?
            .with_root_certificates(self.authorities()?);
        match self.client()? {
            None => Ok(builder.with_no_client_auth()),
            Some((certificate, key)) => {
                let key = PrivateKeyDer::from_pem_slice(&key).map_err(unfit)?;
                builder.with_client_auth_cert(parse(&certificate)?, key).map_err(unfit)
            }
        }
    }

    fn authorities(&self) -> Result<RootCertStore, Error> {
        let mut store = RootCertStore::empty();
        match self.roots()? {
            Some(roots) => {
                parse(&roots)?.into_iter().try_for_each(|root| store.add(root)).map_err(unfit)?;
            }
            // Those that can't be read are left out, as in other programs of the system.
            None => {
                store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        Ok(store)
    }
}

fn parse(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(unfit)
}

fn unfit(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let text = "the certificates for TLS: expected certificates, and a key of this client's (PEM)";
    Error::new(ErrorKind::Config, text).caused_by(error)
}
