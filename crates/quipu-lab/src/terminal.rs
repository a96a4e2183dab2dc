//! Text for standard output, whose reader may have quit.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Writes a line. A reader that has quit, such as `head`, wants no more: that is no error.
pub(crate) fn say(mut output: impl Write, text: impl Display) -> Result<(), String> {
    let written = writeln!(output, "{text}").and_then(|()| output.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("standard output: {error}"))
        }
        _ => Ok(()),
    }
}

pub(crate) fn print(text: impl Display) -> Result<(), String> {
    say(io::stdout().lock(), text)
}
