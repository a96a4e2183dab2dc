//! Processes that count, and processes that watch.

#![cfg(unix)]

#[cfg(all(feature = "nats", feature = "postgres", feature = "redis"))]
mod services;

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use quipu_persist::{Sqlite, Store};
use quipu_testing::process::{Process, wait_for};
use tempfile::TempDir;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_likes"))
}

fn likes(command: &str, store: &str) -> Command {
    let mut likes = program();
    likes
        .args([command, "--store", store])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    likes
}

/// A process that counts events of the second field; its standard input is open.
fn count(store: &str) -> Child {
    likes("count", store).args(["--count-by", "2", "--host", "web-1"]).spawn().unwrap()
}

fn write(process: &Child, text: &[u8]) {
    process.stdin.as_ref().expect("an open input").write_all(text).unwrap();
}

fn end(mut process: Child) -> Output {
    drop(process.stdin.take());
    process.wait_with_output().unwrap()
}

#[track_caller]
fn assert_ends_well(process: Child) {
    let output = end(process);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The rows of the last table in what a process printed: counter and total.
fn rows(printed: &str) -> Vec<[String; 2]> {
    let table = printed.rsplit("counter ").next().unwrap_or_default();
    let row = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        fields.try_into().ok()
    };
    table.lines().skip(1).filter_map(row).collect()
}

fn row(counter: &str, total: u32) -> [String; 2] {
    [counter.to_owned(), total.to_string()]
}

fn counts_and_watches(store: &str) {
    let mut watching = Process::start(&mut likes("watch", store));
    let (a, b) = (count(store), count(store));
    for n in 0..1000 {
        write(&a, format!("{n} likes\n{n} shares of something\n").as_bytes());
        write(&b, format!("{n}\n{n} likes\n").as_bytes());
    }
    // Not in UTF-8, and what can't name a counter, because of its form, its length, or another one
    // of this name.
    write(&a, b"0 likes \xff\n0 \xfe\n0 a\x07b\n0 lines\n0 ");
    write(&a, &[b'x'; 300]);
    assert_ends_well(a);
    assert_ends_well(b);

    let expected = [row("likes", 2001), row("lines", 4005), row("other", 3), row("shares", 1000)];
    let once = end(likes("watch", store).arg("--once").spawn().unwrap());
    let mut found = rows(&String::from_utf8_lossy(&once.stdout));
    found.retain(|[counter, ..]| counter != "\u{fffd}");
    assert_eq!(found, expected);
    watching.wait_for("totals of all that was counted", |watching| {
        let found = rows(&watching.log());
        expected.iter().all(|row| found.contains(row)).then_some(())
    });
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("likes.db");
    (folder, path)
}

fn total(path: &Path, counter: &str) -> i64 {
    Sqlite::new(path).total(counter).unwrap()
}

#[test]
fn sqlite_counts_and_watches() {
    let (_folder, path) = folder();
    counts_and_watches(path.to_str().unwrap());
    assert_eq!(total(&path, "\u{fffd}"), 1);
}

/// A store that goes away and comes back: both say so, and go on.
#[test]
fn a_store_may_go_away() {
    let folder = tempfile::tempdir().unwrap();
    let (there, away) = (folder.path().join("there"), folder.path().join("away"));
    fs::create_dir(&there).unwrap();
    let store = there.join("likes.db");
    let store = store.to_str().unwrap();

    let said = folder.path().join("said");
    let counting = likes("count", store).stderr(File::create(&said).unwrap()).spawn().unwrap();
    let wait_until_said = |text: &str| {
        wait_for(text, || fs::read_to_string(&said).unwrap().contains(text).then_some(()));
    };
    // The file is made by the first flush.
    wait_for("file", || Path::new(store).exists().then_some(()));
    let mut watching = Process::start(&mut likes("watch", store));
    watching.wait_for("table", |watching| watching.log().contains("lines").then_some(()));

    fs::rename(&there, &away).unwrap();
    write(&counting, b"like\n");
    wait_until_said("likes.db: expected a folder that exists");
    watching.wait_for("error", |watching| {
        watching.log().contains("expected a folder that exists").then_some(())
    });

    fs::rename(&away, &there).unwrap();
    wait_until_said("the store is there again");
    write(&counting, b"like\n");
    assert_ends_well(counting);
    watching.wait_for("total", |watching| {
        rows(&watching.log()).contains(&row("lines", 2)).then_some(())
    });
}

/// Waits until a process has read its input, and counted it: until all of its threads wait.
fn wait_until_counted(process: &Child) {
    let input = process.stdin.as_ref().expect("an open input").as_raw_fd();
    let tasks = format!("/proc/{}/task", process.id());
    let is_idle = |task: fs::DirEntry| {
        let state = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        state.rsplit(')').next().is_some_and(|rest| rest.starts_with(" S"))
    };
    wait_for("process that waits for lines", || {
        let mut unread: libc::c_int = 0;
        // SAFETY: the descriptor is open, and the number is written to an integer of this type.
        let asked = unsafe { libc::ioctl(input, libc::FIONREAD, &mut unread) };
        assert_eq!(asked, 0);
        let are_idle = || fs::read_dir(&tasks).unwrap().flatten().all(is_idle);
        (unread == 0 && are_idle()).then_some(())
    });
}

/// A signal ends the counting, and what was counted is in the store.
#[test]
#[cfg(target_os = "linux")]
fn a_signal_loses_nothing() {
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let (_folder, path) = folder();
        let counting = count(path.to_str().unwrap());
        for round in 1..=5_i64 {
            write(&counting, "0 likes\n".repeat(1000).as_bytes());
            if round < 5 {
                wait_for("total", || (total(&path, "likes") == round * 1000).then_some(()));
            }
        }
        wait_until_counted(&counting);
        // SAFETY: has no preconditions; the process is a child that wasn't waited for.
        assert_eq!(unsafe { libc::kill(counting.id() as libc::pid_t, signal) }, 0);
        let mut counting = counting;
        let status = wait_for("end after the signal", || counting.try_wait().unwrap());
        assert!(status.success(), "{status}");
        assert_eq!((total(&path, "likes"), total(&path, "lines")), (5000, 5000));
    }
}

/// A second signal doesn't wait for a store that is away.
#[test]
fn a_second_signal_ends_at_once() {
    let (folder, path) = folder();
    let mut counting = count(path.to_str().unwrap());
    wait_for("file", || path.exists().then_some(()));
    fs::rename(folder.path(), folder.path().with_extension("away")).unwrap();
    write(&counting, b"0 likes\n");
    let interrupt = || {
        // SAFETY: has no preconditions; the process is a child that wasn't waited for.
        assert_eq!(unsafe { libc::kill(counting.id() as libc::pid_t, libc::SIGINT) }, 0);
    };
    interrupt();
    std::thread::sleep(std::time::Duration::from_millis(200));
    interrupt();
    let start = std::time::Instant::now();
    let status = wait_for("end after the signal", || counting.try_wait().unwrap());
    assert_eq!(status.code(), Some(1));
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    fs::rename(folder.path().with_extension("away"), folder.path()).unwrap();
}

/// A file that is missing leaves no other counted.
#[test]
fn files_are_opened_before_they_are_counted() {
    let (folder, path) = folder();
    let log = folder.path().join("a.log");
    fs::write(&log, "0 likes\n".repeat(10)).unwrap();
    let missing = folder.path().join("nosuch.log");
    for (unfit, expected) in [
        (&missing, "nosuch.log: expected a file to read"),
        (&folder.path().to_owned(), "expected a file to read, not a folder"),
    ] {
        let counting = likes("count", path.to_str().unwrap()).arg(&log).arg(unfit).spawn();
        let output = end(counting.unwrap());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(expected), "{said}");
        assert_eq!(total(&path, "lines"), 0);
    }
    assert_ends_well(likes("count", path.to_str().unwrap()).args([&log, &log]).spawn().unwrap());
    assert_eq!(total(&path, "lines"), 20);
}

#[test]
fn help_is_given() {
    for args in [&["--help"][..], &["help"], &["count", "--help"], &["-h"]] {
        let output = program().args(args).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.starts_with("usage: likes"), "{said}");
    }
    let output = program().arg("--frob").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("usage: likes"), "{said}");
}

#[test]
fn slots_are_listed() {
    let (_folder, path) = folder();
    let store = path.to_str().unwrap();
    let start = |host| {
        let counting = likes("count", store).args(["--count-by", "1", "--host", host]).spawn();
        let counting = counting.unwrap();
        write(&counting, format!("{host}\n").as_bytes());
        wait_for("total", || (total(&path, host) > 0).then_some(()));
        counting
    };
    let (first, second) = (start("web-1"), start("web-2"));
    assert_ends_well(first);
    assert_ends_well(start("web-3"));
    let output = program().args(["slots", "--store", store]).output().unwrap();
    assert_ends_well(second);
    let said = String::from_utf8_lossy(&output.stdout);
    let fields = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let lines: Vec<_> = said.lines().map(fields).collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert_eq!(lines[0], ["slot", "host", "since", "until"]);
    assert_eq!(lines[1][..2], ["0", "web-3"], "{said}");
    assert_eq!(lines[1][3..], ["s", "ago", "closed"], "{said}");
    assert_eq!(lines[2][..2], ["1", "web-2"], "{said}");
    assert_eq!(lines[2][3..6], ["s", "ago", "in"], "{said}");
}
