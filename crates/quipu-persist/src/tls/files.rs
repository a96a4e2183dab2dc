//! Files of certificates and keys.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Error, ErrorKind};

/// The text of a file.
type Pem = Vec<u8>;

/// Files of certificates (PEM), which each connection reads, since they are renewed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Files {
    pub(crate) roots: Option<PathBuf>,
    /// This client's certificate, and its key.
    pub(crate) client: Option<(PathBuf, PathBuf)>,
}

impl Files {
    /// The authorities, unless they are the system's.
    pub(crate) fn roots(&self) -> Result<Option<Pem>, Error> {
        self.roots.as_deref().map(read).transpose()
    }

    pub(crate) fn client(&self) -> Result<Option<(Pem, Pem)>, Error> {
        let Some((certificate, key)) = &self.client else { return Ok(None) };
        Ok(Some((read(certificate)?, read(key)?)))
    }
}

fn read(path: &Path) -> Result<Pem, Error> {
    fs::read(path).map_err(|error| {
        let text = format!("{}: expected a file of certificates or of a key (PEM)", path.display());
        Error::new(ErrorKind::Config, text).caused_by(error)
    })
}
