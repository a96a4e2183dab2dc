//! How far the measurement is, on standard error.

use std::fmt::Display;
use std::io::{Write as _, stderr};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on a terminal; elsewhere a line for each part of the measurement.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(steps: u64) -> Self {
        let style = ProgressStyle::with_template("{wide_bar} {percent} %  {msg}  {eta} left");
        Self(
            ProgressBar::new(steps)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
        )
    }

    /// A part of the measurement begins.
    pub(crate) fn part(&self, name: impl Display) {
        self.0.set_message(name.to_string());
        if self.0.is_hidden() {
            let percent = 100 * self.0.position() / self.0.length().unwrap_or(0).max(1);
            // A reader that has quit misses nothing.
            let _ = writeln!(stderr(), "{percent:3} %  {name}");
        }
    }

    pub(crate) fn step(&self) {
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
