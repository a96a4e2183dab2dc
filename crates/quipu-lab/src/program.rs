//! Facts about this program: they are of the program that runs, not of the tools that are installed
//! beside it.

use std::env::{self, consts};
use std::fs;
use std::path::Path;

use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Program {
    pub(crate) quipu: &'static str,
    /// The compiler's name in the program's file; `None` where the file has none, or the system
    /// keeps it elsewhere.
    pub(crate) compiler: Option<String>,
    /// `RUSTFLAGS` in the environment of the build; flags of cargo's configuration are not known.
    pub(crate) rustflags: Option<&'static str>,
    /// The folder that cargo has put the program in: `release`, unless it was built otherwise.
    pub(crate) profile: Option<String>,
    pub(crate) debug_assertions: bool,
    pub(crate) target: String,
    /// Some of the instruction sets that the compiler could use.
    pub(crate) target_features: Vec<&'static str>,
}

impl Program {
    pub(crate) fn this() -> Self {
        let path = env::current_exe().unwrap_or_default();
        let folder = path.parent().and_then(Path::parent).and_then(Path::file_name);
        Self {
            quipu: env!("CARGO_PKG_VERSION"),
            compiler: fs::read(&path).ok().and_then(|program| compiler(&program)),
            rustflags: option_env!("RUSTFLAGS"),
            profile: folder.map(|folder| folder.to_string_lossy().into_owned()),
            debug_assertions: cfg!(debug_assertions),
            target: format!("{}-{}", consts::ARCH, consts::OS),
            target_features: target_features(),
        }
    }
}

/// The compiler's line in a program's comment, such as
/// `rustc version 1.85.0 (4d91de4e4 2025-02-17)`.
pub(crate) fn compiler(program: &[u8]) -> Option<String> {
    // Followed by a digit: the program has this needle, too.
    const NEEDLE: &[u8] = b"rustc version ";
    let is_version = |bytes: &&[u8]| {
        bytes.starts_with(NEEDLE) && bytes.get(NEEDLE.len()).is_some_and(u8::is_ascii_digit)
    };
    let at = (0..program.len()).map(|at| &program[at..]).find(is_version)?;
    let end = at.iter().position(|byte| !matches!(byte, b' '..=b'~')).unwrap_or(at.len());
    Some(String::from_utf8_lossy(&at[..end]).into_owned())
}

fn target_features() -> Vec<&'static str> {
    let features = [
        ("sse4.2", cfg!(target_feature = "sse4.2")),
        ("avx2", cfg!(target_feature = "avx2")),
        ("bmi2", cfg!(target_feature = "bmi2")),
        ("avx512f", cfg!(target_feature = "avx512f")),
        ("lse", cfg!(target_feature = "lse")),
    ];
    features.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name).collect()
}
