//! The lab as a program: its files, its exit status, and a reader that quits.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use quipu_testing::process::folder;
use serde_json::Value;

fn lab() -> Command {
    Command::new(env!("CARGO_BIN_EXE_quipu-lab"))
}

/// A run of a few milliseconds.
fn quick(folder: &Path) -> Command {
    let mut command = lab();
    command.current_dir(folder);
    command.args(["--duration", "1", "--rounds", "2", "--threads", "1,2", "--readers-of", "1"]);
    command.args([
        "--strategies",
        "floor,single-atomic,per-thread,histogram-bounds,peak,labels-array",
    ]);
    command.args(["--svg", "plots.svg", "--first-svg", "plot.svg"]);
    command.args(["--csv", "figures.csv", "--json", "figures.json"]);
    command
}

const FILES: [&str; 6] = [
    "figures-context.json",
    "figures-rounds.csv",
    "figures.csv",
    "figures.json",
    "plot.svg",
    "plots.svg",
];

/// The names of a folder's files, which all have something in them.
fn files(folder: &Path) -> BTreeSet<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.unwrap();
        assert!(entry.metadata().unwrap().len() > 0, "{entry:?} is empty");
        entry.file_name().into_string().unwrap()
    };
    fs::read_dir(folder).unwrap().map(name).collect()
}

#[test]
fn files_say_what_they_are_from_and_have_every_round() {
    let folder = folder();
    let output = quick(folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(files(folder.path()), FILES.map(String::from).into());
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();

    let report: Value = serde_json::from_str(&read("figures.json")).unwrap();
    let context: Value = serde_json::from_str(&read("figures-context.json")).unwrap();
    assert_eq!(report["context"], context);
    for fact in [
        "/program/quipu",
        "/program/target",
        "/system/kernel",
        "/system/cores",
        "/started",
        "/ended",
    ] {
        assert!(
            context.pointer(fact).is_some_and(|fact| !fact.is_null()),
            "no {fact} in {context}"
        );
    }
    if Path::new("/proc/thread-self/schedstat").exists() {
        for fact in
            ["/program/compiler", "/load_average/before/0", "/load_average/after/2", "/busy/waited"]
        {
            assert!(
                context.pointer(fact).is_some_and(|fact| !fact.is_null()),
                "no {fact} in {context}"
            );
        }
    }
    assert_eq!(context["options"]["rounds"], 2);

    let (one, all) = (read("plot.svg"), read("plots.svg"));
    let titles =
        |plot: &str| plot.matches(">Cost of ").count() + plot.matches(">Memory of ").count();
    assert_eq!((titles(&one), titles(&all)), (1, 8));
    for part in [
        &format!("{} cores", context["system"]["cores"]),
        "threads that add",
        "nanoseconds of one core",
    ] {
        assert!(one.contains(part), "no {part:?} in {one}");
    }
    assert_eq!(context["options"]["counters"], serde_json::json!([1, 8]));

    // Each median of two rounds is their mean.
    let mut rounds =
        csv::Reader::from_reader(fs::File::open(folder.path().join("figures-rounds.csv")).unwrap());
    let rows = rounds.records().count();
    let records = report["records"].as_array().unwrap();
    let measured = || {
        records
            .iter()
            .map(|record| record["rounds"].as_array().unwrap())
            .filter(|rounds| !rounds.is_empty())
    };
    assert_eq!(rows, measured().map(Vec::len).sum::<usize>());
    assert!(measured().all(|rounds| rounds.len() == 2));
    for record in records.iter().filter(|record| record["rounds"] != serde_json::json!([])) {
        let value = |round: usize| record["rounds"][round]["value"].as_f64().unwrap();
        let (median, mean) = (record["median"].as_f64().unwrap(), (value(0) + value(1)) / 2.0);
        // Decimals lose a little.
        assert!((median - mean).abs() <= mean * 1e-12, "{record}");
    }
    for measure in [
        "operation_cost",
        "latency_p999",
        "add_beside_reader",
        "read_beside_writers",
        "observation_cost",
        "look_up_cost",
        "read_cost",
        "read_comparison",
    ] {
        assert!(read("figures-rounds.csv").contains(measure), "no {measure}");
    }
}

#[test]
fn tables_show_one_counter_and_eight() {
    let folder = folder();
    let output = quick(folder.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for row in [
        "| per-thread | 1 | ",
        "| per-thread | 8 | ",
        "| timer | ",
        "| writers: | 1 | 2 |",
        "| histogram-bounds | ",
        "| peak | ",
        "| labels-array | ",
    ] {
        assert!(text.contains(row), "no {row:?} in {text}");
    }
}

#[test]
fn what_is_not_chosen_has_no_table() {
    let folder = folder();
    let run = |strategies| {
        let mut command = lab();
        command.current_dir(folder.path()).args(["--duration", "1", "--rounds", "1"]);
        command.args(["--threads", "1", "--readers-of", "1", "--strategies", strategies]);
        let output = command.args(["--svg", "plots.svg"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let has = |title| text.contains(title);
        (has("for an operation:"), has("for an observation of a value"), has("for a look-up"))
    };
    assert_eq!(run("peak-shared"), (false, true, false));
    assert_eq!(run("labels-rwlock-map"), (false, false, true));
    assert_eq!(run("floor"), (true, false, false));
}

/// The measures of a strategy's records, with threads and counters.
fn columns(report: &Value, strategy: &str) -> BTreeSet<String> {
    let records = report["records"].as_array().unwrap();
    let of_strategy = records.iter().filter(|record| record["strategy"] == strategy);
    of_strategy
        .map(|record| format!("{} {} {}", record["measure"], record["threads"], record["counters"]))
        .collect()
}

#[test]
fn both_locks_have_the_same_columns() {
    let folder = folder();
    let mut command = lab();
    command.current_dir(folder.path()).args([
        "--duration",
        "1",
        "--rounds",
        "1",
        "--threads",
        "1,2",
    ]);
    command.args(["--readers-of", "1", "--strategies", "locked,locked-parking_lot"]);
    let output = command.args(["--svg", "plots.svg", "--json", "figures.json"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let report =
        serde_json::from_slice(&fs::read(folder.path().join("figures.json")).unwrap()).unwrap();
    let (std, parking_lot) = (columns(&report, "locked"), columns(&report, "locked-parking_lot"));
    assert!(std.len() >= 15, "{std:?}");
    assert_eq!(std, parking_lot);
}

/// As in `quipu-lab | head -1`.
#[test]
fn reader_that_quits_ends_the_table_and_not_the_files() {
    let folder = folder();
    let mut child =
        quick(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let progress = String::from_utf8(output.stderr).unwrap();
    assert!(progress.lines().all(|line| line.contains(" %  ")), "{progress}");
    assert_eq!(files(folder.path()), FILES.map(String::from).into());
}

#[test]
fn file_that_cannot_be_written_is_named_before_anything_is_measured() {
    let folder = folder();
    let output = quick(folder.path()).args(["--json", "nowhere/figures.json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "--json was given twice");
    let output =
        lab().current_dir(folder.path()).args(["--csv", "nowhere/figures.csv"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.starts_with("quipu-lab: nowhere/") && output.stdout.is_empty(), "{message}");
    assert_eq!(files(folder.path()), BTreeSet::new());
}

/// Where there are two cores, the model has too few points. Where there are more it may be refused
/// too, if it misses.
#[test]
fn projection_that_is_refused_leaves_no_file() {
    let folder = folder();
    let mut command = lab();
    command.current_dir(folder.path()).args(["--projection", "--duration", "1", "--rounds", "1"]);
    let output = command.args(["--svg", "plots.svg"]).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    if output.status.success() {
        assert_eq!(files(folder.path()), ["plots.svg".to_owned()].into());
    } else {
        assert_eq!(output.status.code(), Some(1));
        assert!(message.contains("the model"), "{message}");
        assert_eq!(files(folder.path()), BTreeSet::new());
    }
}
