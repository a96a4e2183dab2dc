//! The example `likes`: processes that count, and processes that watch.

use std::fs::{self, File as LogFile};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::rig::{File, Rig, Service};
use quipu_testing::process::{Process, example, wait_for};

fn likes(command: &str, store: &str) -> Command {
    let mut likes = example("likes");
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

/// The rows of the last table in what a process printed: counter, total and writers.
fn rows(printed: &str) -> Vec<[String; 3]> {
    let table = printed.rsplit("counter ").next().unwrap_or_default();
    let row = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        fields.try_into().ok()
    };
    table.lines().skip(1).filter_map(row).collect()
}

fn row(counter: &str, total: u32, writers: u32) -> [String; 3] {
    [counter.to_owned(), total.to_string(), writers.to_string()]
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

    let expected =
        [row("likes", 2001, 2), row("lines", 4005, 2), row("other", 3, 1), row("shares", 1000, 1)];
    let once = end(likes("watch", store).arg("--once").spawn().unwrap());
    let mut found = rows(&String::from_utf8_lossy(&once.stdout));
    found.retain(|[counter, ..]| counter != "\u{fffd}");
    assert_eq!(found, expected);
    watching.wait_for("totals of all that was counted", |watching| {
        let found = rows(&watching.log());
        expected.iter().all(|row| found.contains(row)).then_some(())
    });
}

#[test]
fn sqlite_counts_and_watches() {
    let file = File::new();
    counts_and_watches(file.path().to_str().unwrap());
    assert_eq!(file.store().total("\u{fffd}").unwrap(), 1);
}

macro_rules! counts_and_watches {
    ($($(#[$attribute:meta])* $name:ident: $service:ident, $url:literal;)*) => { $(
        $(#[$attribute])*
        #[test]
        fn $name() {
            let service = Service::$service();
            counts_and_watches(&format!($url, service.port()));
        }
    )* };
}

counts_and_watches! {
    #[ignore = "needs postgres: run ci/services"]
    service_postgres_counts_and_watches: postgres, "postgres://quipu:knots@127.0.0.1:{}/postgres";
    #[ignore = "needs redis-server: run ci/services"]
    service_redis_counts_and_watches: redis, "redis://127.0.0.1:{}/";
    #[ignore = "needs nats-server: run ci/services"]
    service_nats_counts_and_watches: nats, "nats://127.0.0.1:{}";
}

#[test]
fn a_store_that_is_not_there_is_said_at_once() {
    for (store, expected) in [
        ("redis://127.0.0.1:1/", "127.0.0.1:1: expected a server"),
        ("postgres://127.0.0.1:1/totals", "127.0.0.1:1: expected a server"),
        ("/missing/likes.db", "/missing/likes.db: expected a folder that exists"),
        ("mysql://127.0.0.1/", "expected a file, postgres://, redis:// or nats://"),
    ] {
        for command in [likes("count", store).spawn(), likes("watch", store).arg("--once").spawn()]
        {
            let output = end(command.unwrap());
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success() && said.contains(expected), "{said}");
        }
    }
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
    let counting = likes("count", store).stderr(LogFile::create(&said).unwrap()).spawn().unwrap();
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
        rows(&watching.log()).contains(&row("lines", 2, 1)).then_some(())
    });
}
