//! The command line.

use std::path::PathBuf;

#[derive(Clone, Copy)]
pub(crate) enum Command {
    Demo,
    Count,
    Watch,
}

pub(crate) struct Args {
    pub(crate) command: Command,
    pub(crate) store: String,
    pub(crate) host: String,
    /// From 1 on.
    pub(crate) count_by: Option<usize>,
    pub(crate) once: bool,
    pub(crate) files: Vec<PathBuf>,
}

impl Args {
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let command = match args.next().as_deref() {
            None | Some("demo") => Command::Demo,
            Some("count") => Command::Count,
            Some("watch") => Command::Watch,
            Some(other) => return Err(format!("{other:?}: expected demo, count or watch")),
        };
        let mut parsed = Self {
            command,
            store: "likes.db".to_owned(),
            host: "localhost".to_owned(),
            count_by: None,
            once: false,
            files: Vec::new(),
        };
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or(format!("{arg}: expected a value after it"));
            match arg.as_str() {
                "--store" => parsed.store = value()?,
                "--host" => parsed.host = value()?,
                "--count-by" => parsed.count_by = Some(parse_field(&value()?)?),
                "--once" => parsed.once = true,
                option if option.starts_with("--") => {
                    return Err(format!("{option}: expected no such option"));
                }
                file => parsed.files.push(file.into()),
            }
        }
        Ok(parsed)
    }
}

fn parse_field(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..) => Ok(number),
        _ => Err(format!("{text:?}: expected a field's number, from 1 on")),
    }
}
