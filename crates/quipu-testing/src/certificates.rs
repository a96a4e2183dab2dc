//! Certificates of an authority that a test makes.

use std::path::PathBuf;
use std::{fmt, fs};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tempfile::TempDir;

use crate::nobody::{give_to_nobody, make_secret};

/// The files of a certificate and of its key.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate (PEM).
    pub certificate: PathBuf,
    /// Its key (PEM), which only the servers' user may read.
    pub key: PathBuf,
}

/// An authority, with the files that it issues.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// One that nobody trusts yet.
    pub fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        params.distinguished_name.push(DnType::CommonName, "knots");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        give_to_nobody(folder.path());
        Self { issuer, folder }
    }

    /// The file of its own certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A certificate for a host or a client of this name.
    pub fn issue(&self, name: &str) -> Issued {
        self.issue_until(name, 2999)
    }

    /// A certificate that was good until the first day of a year.
    pub fn issue_until(&self, name: &str, year: i32) -> Issued {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let issued = params.signed_by(&key, &self.issuer).unwrap();
        let file = |kind| self.folder.path().join(format!("{name}-{year}.{kind}"));
        let files = Issued { certificate: file("pem"), key: file("key") };
        fs::write(&files.certificate, issued.pem()).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
        // PostgreSQL refuses a key that others may read.
        make_secret(&files.key);
        files
    }
}
