//! The program `likes` on three nodes, of which one is killed, and a measurement of the cluster. Both print
//! their results: `ci/cassandra/run --demo` and `--sizes`.

use std::env;
use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use quipu_persist::{Cassandra, Outcome, Sink, Store};

use crate::owner::Owner;
use crate::trio::{Trio, three};

const HOSTS: usize = 3;

/// Lines of each host, and how long it writes them.
const LINES: usize = 100_000;
const TIME: Duration = Duration::from_secs(18);

/// Parts of that time. One node is killed at the end of the second, and started at that of the fourth.
const PARTS: u32 = 6;

/// The program, which lies where cargo puts programs, beside the folder of the tests.
fn likes(args: &[&str], store: &str) -> Command {
    let test = env::current_exe().expect("this program");
    let path = test.ancestors().nth(2).expect("a test lies in <profile>/deps").join("likes");
    assert!(path.is_file(), "{}: expected likes, as `ci/cassandra/run` builds it", path.display());
    let mut command = Command::new(path);
    command.args(args).args(["--store", store]);
    command
}

fn count(host: usize, store: &str) -> Child {
    let name = format!("host-{host}");
    let mut command = likes(&["count", "--count-by", "2", "--host", &name], store);
    command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("likes")
}

/// Lines with an event as their second field.
fn write_log(mut input: ChildStdin) {
    for line in 0..LINES {
        let event = ["clicks", "likes", "clicks", "shares"][line % 4];
        writeln!(input, "2026-11-27T02:26:01Z {event} user={}", line % 256).expect("likes counts");
        if line % (LINES / 100) == 0 {
            thread::sleep(TIME / 100);
        }
    }
}

fn show(args: &[&str], store: &str) {
    println!("\n$ likes {}", args.join(" "));
    let status = likes(args, store).status().expect("likes");
    assert!(status.success(), "likes {}: {status}", args.join(" "));
}

#[test]
#[ignore = "starts Cassandra, and needs the program likes"]
fn cluster_of_three_has_what_likes_counts() {
    let mut trio = three();
    trio.keyspace("demo");
    let store = format!("cassandra://{}/demo", trio.addresses().join(","));
    println!("\nThree hosts count events for {TIME:?}, with --store {store}");
    let mut hosts: Vec<_> = (1..=HOSTS).map(|host| count(host, &store)).collect();
    let inputs: Vec<_> =
        hosts.iter_mut().map(|host| host.stdin.take().expect("an input")).collect();
    thread::scope(|scope| {
        for input in inputs {
            scope.spawn(move || write_log(input));
        }
        for part in 1..PARTS {
            thread::sleep(TIME / PARTS);
            match part {
                2 => {
                    println!("\n--- one node is killed ---");
                    trio.kill(0);
                }
                3 => show(&["slots"], &store),
                4 => {
                    println!("\n--- it is started again ---");
                    trio.heal();
                }
                _ => {}
            }
            show(&["watch", "--once"], &store);
        }
    });
    println!("\n--- the hosts end ---");
    for (host, process) in (1..).zip(hosts) {
        let output = process.wait_with_output().expect("likes");
        let errors = String::from_utf8_lossy(&output.stderr);
        println!(
            "host-{host}: {}, failures: {}",
            output.status,
            if errors.is_empty() { "none" } else { &errors }
        );
        assert!(output.status.success());
    }
    show(&["slots"], &store);
    show(&["watch", "--once"], &store);
    let total = trio.store("demo").total("lines").expect("a total");
    assert_eq!(total, (HOSTS * LINES) as i64);
    println!("Each line is counted once: {total} lines by {HOSTS} hosts.");
}

/// Counters of each host.
const COUNTERS: usize = 10_000;

/// The most counters that a worker sends in one batch.
const BATCH: usize = 4096;

/// A host that writes to its slot without a worker, so that only the store's time is measured.
struct Host {
    store: Cassandra,
    owner: Owner,
}

impl Host {
    fn new(trio: &Trio) -> Self {
        let mut store = trio.store("sizes");
        let owner = Owner::claim(&mut store, "web").expect("a slot");
        Self { store, owner }
    }

    /// Writes a total to these counters, in batches.
    fn flush(&mut self, counters: usize, total: i64) {
        let names: Vec<_> = (0..counters).map(|n| format!("http_requests_total_{n:05}")).collect();
        let rows: Vec<_> = names.iter().map(|name| (name.as_str(), total)).collect();
        for rows in rows.chunks(BATCH) {
            let batch = self.owner.batch(rows);
            while !matches!(self.store.flush(&batch), Ok(Outcome::Stored)) {}
        }
    }
}

fn print(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    println!(
        "{what}: median {:.2?}, longest {:.2?}",
        times[times.len() / 2],
        times[times.len() - 1]
    );
}

#[test]
#[ignore = "starts Cassandra, and measures"]
fn sizes_of_three_nodes() {
    let mut trio = three();
    trio.keyspace("sizes");
    let mut hosts: Vec<_> = (0..10).map(|_| Host::new(&trio)).collect();
    for counters in [1, 100, 1_000, COUNTERS] {
        let flush = |(round, host): (usize, &mut Host)| {
            let begin = Instant::now();
            host.flush(counters, round as i64);
            begin.elapsed()
        };
        let mut times: Vec<_> = hosts.iter_mut().enumerate().map(flush).collect();
        print(&format!("a flush of {counters} counters, one after the other"), &mut times);
    }
    for counters in [1, 1_000, COUNTERS] {
        const ROUNDS: usize = 5;
        let begin = Instant::now();
        thread::scope(|scope| {
            for host in &mut hosts {
                scope.spawn(move || {
                    (0..ROUNDS).for_each(|round| host.flush(counters, round as i64))
                });
            }
        });
        let (time, flushes) = (begin.elapsed().as_secs_f64(), hosts.len() * ROUNDS);
        let rows = flushes as f64 * counters as f64 / time;
        println!(
            "10 hosts at once, {counters} counters each: {:.1} flushes and {rows:.0} rows a second",
            flushes as f64 / time
        );
    }
    let mut reader = trio.store("sizes");
    let mut times = [(); 5].map(|()| {
        let begin = Instant::now();
        assert_eq!(reader.totals().expect("totals").len(), COUNTERS);
        begin.elapsed()
    });
    print(&format!("totals of {COUNTERS} counters x 10 slots"), &mut times);
    let bytes = trio.bytes_of_a_node("sizes");
    println!("on disk, a node: {:.1} bytes a row", bytes as f64 / (10 * COUNTERS) as f64);
}
