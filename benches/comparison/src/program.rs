//! The command line of a program that measures in rounds: `--rounds N`, and `--write PAGE` for a
//! page that has marks of the program's name.

use std::env;
use std::process::ExitCode;

use crate::page;

/// The rounds of each measurement, unless the command line has a number.
const ROUNDS: usize = 21;

/// Prints the tables, or writes them to the page. `tables` measures so many rounds.
pub fn main(name: &str, tables: impl Fn(usize) -> Result<String, String>) -> ExitCode {
    let arguments = Arguments::parse(env::args().skip(1));
    match arguments.and_then(|arguments| run(name, tables, &arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(
    name: &str,
    tables: impl Fn(usize) -> Result<String, String>,
    arguments: &Arguments,
) -> Result<(), String> {
    let Some(path) = &arguments.page else {
        println!("{}", tables(arguments.rounds)?);
        return Ok(());
    };
    page::around_table(path, name)?;
    page::write(path, name, &tables(arguments.rounds)?)
}

struct Arguments {
    rounds: usize,
    /// The page to write the tables to.
    page: Option<String>,
}

impl Arguments {
    fn parse(mut texts: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self { rounds: ROUNDS, page: None };
        while let Some(text) = texts.next() {
            let value = texts.next().ok_or_else(|| {
                format!("{text}: expected --rounds and a number, or --write and a file")
            })?;
            match &*text {
                "--rounds" => arguments.rounds = rounds(&value)?,
                "--write" => arguments.page = Some(value),
                _ => return Err(format!("{text}: expected --rounds or --write")),
            }
        }
        Ok(arguments)
    }
}

fn rounds(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| format!("{text}: expected a number of rounds above 0"))
}
