//! The lines to count.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

pub(crate) type Input = Box<dyn BufRead + Send>;

/// All files, opened before the first line is counted, so that a file that is missing doesn't leave
/// others counted; or the standard input.
pub(crate) fn open_all(files: &[PathBuf]) -> Result<Vec<Input>, String> {
    if files.is_empty() {
        return Ok(vec![Box::new(BufReader::new(io::stdin()))]);
    }
    files.iter().map(|path| open(path)).collect()
}

fn open(path: &Path) -> Result<Input, String> {
    let unreadable = |error| format!("{}: expected a file to read: {error}", path.display());
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(format!("{}: expected a file to read, not a folder", path.display()));
    }
    Ok(Box::new(BufReader::new(file)))
}
