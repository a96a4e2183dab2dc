//! An add of the package `linkage` in an executable, in a shared object, and in an extension module
//! of Python: `cargo run --release --bin linkage` in this package.
//!
//! Each round starts a process for each, one after the other. It needs Python 3.9 or later, and
//! `rustup target add x86_64-unknown-linux-musl`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use quipu_comparison::program;
use quipu_lab::machine::machine;
use quipu_lab::stats::Spread;

const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../linkage");
const MUSL: &str = "x86_64-unknown-linux-musl";

/// The columns, and the program of each. The last one's also prints the calls from Python.
const LINKAGES: [&str; 4] = ["executable", "executable, musl", "shared object", "module of Python"];

/// Prints the module's figures, then those of calls from Python.
const SCRIPT: &str = "\
import sys, timeit
sys.path.insert(0, sys.argv[1])
import module
print(module.measure(), end='')
for call, name in (module.nothing, 'a call that does nothing'), (module.add, '`Counter`'):
    call()
    print(timeit.timeit(call, number=1_000_000) * 1e3, name)
";

fn main() -> ExitCode {
    program::main("linkage", tables)
}

fn tables(rounds: usize) -> Result<String, String> {
    let programs = programs()?;
    let mut figures = vec![Vec::new(); LINKAGES.len()];
    for _ in 0..rounds {
        for (program, figures) in programs.iter().zip(&mut figures) {
            figures.push(run(program)?);
        }
    }
    Ok(table(&figures))
}

/// A program with its arguments.
type Program = (PathBuf, Vec<PathBuf>);

/// Builds them.
fn programs() -> Result<[Program; LINKAGES.len()], String> {
    build(&["--bins", "--examples"])?;
    build(&["--bins", "--target", MUSL])?;
    let target = Path::new(PACKAGE).join("target");
    let examples = target.join("release/examples");
    let executable = target.join("release/quipu-linkage");
    let module = target.join("module.so");
    std::fs::copy(examples.join("libmodule.so"), &module)
        .map_err(|error| format!("{}: {error}", module.display()))?;
    Ok([
        (executable.clone(), vec![]),
        (target.join(MUSL).join("release/quipu-linkage"), vec![]),
        (executable, vec![examples.join("libobject.so")]),
        ("python3".into(), vec!["-c".into(), SCRIPT.into(), target]),
    ])
}

fn build(arguments: &[&str]) -> Result<(), String> {
    let manifest = format!("{PACKAGE}/Cargo.toml");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--manifest-path", &manifest])
        .args(arguments)
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!(
            "cargo build {}: expected a build; `rustup target add {MUSL}` may be missing",
            arguments.join(" ")
        )),
    }
}

/// Nanoseconds of what a program measures, and its name.
type Figure = (f64, String);

/// The figures that the program prints.
fn run((program, arguments): &Program) -> Result<Vec<Figure>, String> {
    let name = program.display();
    let output = Command::new(program)
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let figure = |line: &str| {
        let (nanos, name) = line.split_once(' ')?;
        Some((nanos.parse().ok()?, name.to_owned()))
    };
    match text.lines().map(figure).collect() {
        Some(figures) if output.status.success() => Ok(figures),
        _ => Err(format!("{name}: {text}: expected a figure and a name in each line")),
    }
}

/// Medians, of a list of rounds for each linkage.
fn table(figures: &[Vec<Vec<Figure>>]) -> String {
    let median = |linkage: usize, row: usize| {
        Spread::of(figures[linkage].iter().map(|round| round[row].0).collect()).median
    };
    let (rows, last) = (&figures[0][0], LINKAGES.len() - 1);
    let mut text = format!(
        "{}. Nanoseconds of one thread for an add in a function that isn't inlined, to eight of them in \
         rotation (a histogram: to one): medians of {} processes each, which took turns.\n\n| | {} |\n|---|{}\n",
        machine(),
        figures[0].len(),
        LINKAGES.join(" | "),
        "--:|".repeat(LINKAGES.len())
    );
    for (row, (_, subject)) in rows.iter().enumerate() {
        let cells = (0..LINKAGES.len()).map(|linkage| format!(" {:.2} |", median(linkage, row)));
        text += &format!("| {subject} |{}\n", cells.collect::<String>());
    }
    text += "\n| called from Python, through PyO3 | ns |\n|---|--:|\n";
    for (row, (_, call)) in figures[last][0].iter().enumerate().skip(rows.len()) {
        text += &format!("| {call} | {:.1} |\n", median(last, row));
    }
    text
}
