//! A file that appears when it is whole: it is written under a temporary name beside its own, and
//! renamed.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process;

#[derive(Debug)]
pub(crate) struct Draft {
    path: PathBuf,
    part: PathBuf,
    file: File,
}

impl Draft {
    /// Creates the temporary file, so that one that can't be written is known before anything is
    /// measured.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        // A link stays one, and what it leads to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if path.exists() && !path.is_file() {
            return Err(cannot_write(&path, "not a regular file"));
        }
        let name = path.file_name().ok_or_else(|| cannot_write(&path, "it has no name"))?;
        let part =
            path.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), process::id()));
        let file = File::create_new(&part).map_err(|error| cannot_write(&path, error))?;
        Ok(Self { path, part, file })
    }

    pub(crate) fn write(&mut self, text: &[u8]) -> Result<(), String> {
        self.file.write_all(text).map_err(|error| cannot_write(&self.path, error))
    }

    /// Gives the file its name, which is returned.
    pub(crate) fn finish(self) -> Result<PathBuf, String> {
        fs::rename(&self.part, &self.path).map_err(|error| cannot_write(&self.path, error))?;
        Ok(self.path.clone())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Nothing is there if the file has its name.
        let _ = fs::remove_file(&self.part);
    }
}

fn cannot_write(path: &Path, problem: impl std::fmt::Display) -> String {
    format!("{}: {problem}: expected a file that can be written", path.display())
}
