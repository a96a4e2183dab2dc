//! The command line.

use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Command {
    Demo,
    Count,
    Watch,
    Slots,
    Help,
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
            Some("slots") => Command::Slots,
            Some("help" | "--help" | "-h") => Command::Help,
            Some(other) => {
                return Err(format!("{other:?}: expected demo, count, watch, slots or help"));
            }
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
            match (arg.as_str(), command) {
                ("--help" | "-h", _) => parsed.command = Command::Help,
                ("--store", Command::Count | Command::Watch | Command::Slots) => {
                    parsed.store = value()?;
                }
                ("--host", Command::Count) => parsed.host = value()?,
                ("--count-by", Command::Count) => parsed.count_by = Some(parse_field(&value()?)?),
                ("--once", Command::Watch) => parsed.once = true,
                (file, Command::Count) if !file.starts_with("--") => {
                    parsed.files.push(file.into());
                }
                (other, _) => return Err(format!("{other:?}: the command doesn't take it")),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, String> {
        Args::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn commands_take_their_options() {
        let args = parse("count --store x.db --host web-1 --count-by 9 a.log b.log").unwrap();
        assert_eq!((args.command, args.count_by), (Command::Count, Some(9)));
        assert_eq!((&*args.store, &*args.host, args.files.len()), ("x.db", "web-1", 2));
        assert!(parse("watch --once --store x.db").unwrap().once);
        assert_eq!(parse("").unwrap().command, Command::Demo);
        for line in ["help", "--help", "-h", "count --help", "watch -h", "slots a --help"] {
            let command = parse(line).map(|args| args.command);
            assert_eq!(
                command.is_ok_and(|command| command == Command::Help),
                line != "slots a --help"
            );
        }
    }

    #[test]
    fn others_are_named() {
        for (line, expected) in [
            ("--store x.db", "\"--store\": expected demo, count, watch, slots or help"),
            ("count --frob", "\"--frob\": the command doesn't take it"),
            ("watch a.log", "\"a.log\": the command doesn't take it"),
            ("demo --store x.db", "\"--store\": the command doesn't take it"),
            ("count --store", "--store: expected a value after it"),
            ("count --count-by 0", "\"0\": expected a field's number"),
        ] {
            let error = parse(line).map(|args| args.command).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
