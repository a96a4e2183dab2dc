//! The time of a flush, a read and a takeover of many counters, on one node of Cassandra or on
//! three: `benches/cluster/run reach [--nodes 1|3] [--rounds N]`. It prints a table in Markdown.

use std::env;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use quipu::Counter;
use quipu_cluster::cassandra::{self, KEYSPACE, Ports};
use quipu_cluster::options::take;
use quipu_cluster::{free_ports, load, runtime};
use quipu_lab::machine::machine;
use quipu_lab::stats::Spread;
use quipu_persist::{Cassandra, Store as _, Worker};
use scylla::client::session::Session;
use scylla::statement::Consistency;

const COUNTERS: usize = 10_000;

/// Counters of the flush whose size no time limit of a call fits.
const MANY: usize = 100_000;

/// Slots that are read at once.
const SLOTS: usize = 10;

/// Requests of the driver at once.
const AT_ONCE: usize = 64;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(300);

/// A worker that writes when it is told to, only.
const NEVER: Duration = Duration::from_secs(3600);

fn main() -> ExitCode {
    match run(env::args().skip(1).collect()) {
        Ok(table) => {
            println!("{table}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("reach: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: Vec<String>) -> Result<String, String> {
    let nodes = take(&mut arguments, "--nodes", 3, "1 or 3")?;
    let rounds = take(&mut arguments, "--rounds", 5, "a number of rounds")?;
    if let Some(unknown) = arguments.first() {
        return Err(format!("{unknown}: expected --nodes or --rounds"));
    }
    if !matches!(nodes, 1 | 3) || rounds == 0 {
        return Err(format!(
            "--nodes {nodes} --rounds {rounds}: expected 1 or 3 nodes, and a round"
        ));
    }
    let folder = tempfile::tempdir().map_err(|error| format!("a folder: {error}"))?;
    let [client, internal] = free_ports(2)?[..] else { return Err("no free port".to_owned()) };
    let mut processes = Vec::new();
    for number in 0..nodes {
        eprintln!("reach: starting node {} of {nodes}", number + 1);
        processes.push(cassandra::node(folder.path(), number, Ports { client, internal })?);
    }
    let runtime = runtime()?;
    let driver = runtime.block_on(async {
        let driver = cassandra::session(&format!("{}:{client}", cassandra::address(0))).await?;
        cassandra::prepare(&driver, nodes).await?;
        Ok::<_, String>(driver)
    })?;
    let nodes = (0..nodes).map(|number| format!("{}:{client}", cassandra::address(number)));
    let cluster = Cluster { nodes: nodes.collect() };
    let rows = [
        flushes_beside_requests(&cluster, rounds, |value| {
            runtime.block_on(requests(&driver, value))
        })?,
        cluster.read(rounds)?,
        cluster.take_over()?,
        // Last: the rows stay in its slot.
        cluster.many()?,
    ];
    let title = format!(
        "{}, {} of Cassandra on it, each write on the disks of a majority before the answer; load {}. \
         Medians of {rounds} rounds.\n\n| | measured | to reach |\n|---|---|---|\n",
        machine(),
        if cluster.nodes.len() == 1 { "one node" } else { "three nodes" },
        load(),
    );
    Ok(title + &rows.concat())
}

/// The nodes of a cluster, each by its address and port.
struct Cluster {
    nodes: Vec<String>,
}

/// Counters that a worker has, each with a name of its own.
struct Counters {
    counters: Vec<Arc<Counter>>,
    worker: Worker,
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

fn timed<T>(work: impl FnOnce() -> Result<T, String>) -> Result<f64, String> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_secs_f64())
}

impl Counters {
    /// Adds to each counter, and writes all of them.
    fn flush(&self) -> Result<(), String> {
        self.counters.iter().for_each(|counter| counter.inc());
        self.worker.flush(LONG).map_err(text)
    }

    fn shutdown(self) -> Result<(), String> {
        self.worker.shutdown(LONG).map_err(text)
    }
}

impl Cluster {
    fn store(&self) -> Cassandra {
        Cassandra::new(self.nodes.clone(), KEYSPACE)
    }

    /// A worker with so many counters, all of them stored.
    fn counters(&self, number: usize) -> Result<Counters, String> {
        let worker = Worker::builder("bench").interval(NEVER).start(self.store()).map_err(text)?;
        let mut counters = Vec::new();
        for index in 0..number {
            let counter = Arc::new(Counter::new());
            worker.track(format!("counter_{index}"), Arc::clone(&counter)).map_err(text)?;
            counters.push(counter);
        }
        let counters = Counters { counters, worker };
        counters.flush()?;
        Ok(counters)
    }

    fn many(&self) -> Result<String, String> {
        eprintln!("reach: many counters");
        let counters = self.counters(MANY)?;
        let time = timed(|| counters.flush())?;
        counters.shutdown()?;
        Ok(row(
            &format!("a flush of {MANY} changed counters"),
            &format!("{time:.2} s"),
            "it gets through",
        ))
    }

    fn read(&self, rounds: usize) -> Result<String, String> {
        eprintln!("reach: reads");
        let slots = (0..SLOTS).map(|_| self.counters(COUNTERS)).collect::<Result<Vec<_>, _>>()?;
        let mut store = self.store();
        let mut totals = || {
            let totals = store.totals().map_err(text)?;
            let has_all =
                (0..COUNTERS).all(|index| totals.contains_key(&format!("counter_{index}")));
            if has_all { Ok(()) } else { Err("a total is missing".to_owned()) }
        };
        totals()?;
        let times = (0..rounds).map(|_| timed(&mut totals)).collect::<Result<Vec<_>, _>>()?;
        slots.into_iter().try_for_each(Counters::shutdown)?;
        let what = format!("`totals()` of {COUNTERS} counters in {SLOTS} slots");
        Ok(row(&what, &seconds(Spread::of(times)), "less than 2 s"))
    }

    /// The time from a start until the first flush, where the slot had many counters of an owner
    /// that has ended; and the longest flush of another process meanwhile.
    fn take_over(&self) -> Result<String, String> {
        eprintln!("reach: takeover");
        let other = self.counters(1)?;
        self.counters(COUNTERS)?.shutdown()?;
        let is_over = AtomicBool::new(false);
        let (time, longest) = thread::scope(|scope| {
            let flushes = scope.spawn(|| {
                let mut longest: f64 = 0.0;
                while !is_over.load(Ordering::Relaxed) {
                    longest = longest.max(timed(|| other.flush())?);
                }
                Ok::<_, String>(longest)
            });
            let time = timed(|| self.counters(1)?.shutdown());
            is_over.store(true, Ordering::Relaxed);
            Ok::<_, String>((time?, flushes.join().map_err(|_| "a thread panicked")??))
        })?;
        other.shutdown()?;
        let measured = format!("{time:.2} s; another's longest flush meanwhile {longest:.2} s");
        Ok(row(&format!("takeover of a slot of {COUNTERS} counters"), &measured, "less than 10 s"))
    }
}

/// Single writes without a condition, to as many rows, each to a partition of its own.
async fn requests(driver: &Session, value: i64) -> Result<(), String> {
    let table = "CREATE TABLE IF NOT EXISTS bench.single (counter text PRIMARY KEY, total bigint)";
    cassandra::run(driver, table).await?;
    let statement = "INSERT INTO bench.single (counter, total) VALUES (?, ?)";
    let mut statement = driver.prepare(statement).await.map_err(text)?;
    statement.set_consistency(Consistency::Quorum);
    let requests = (0..COUNTERS).map(async |index| {
        driver.execute_unpaged(&statement, (format!("counter_{index}"), value)).await
    });
    let mut answers = stream::iter(requests).buffer_unordered(AT_ONCE);
    while let Some(answer) = answers.next().await {
        answer.map_err(text)?;
    }
    Ok(())
}

fn flushes_beside_requests(
    cluster: &Cluster,
    rounds: usize,
    requests: impl Fn(i64) -> Result<(), String>,
) -> Result<String, String> {
    eprintln!("reach: flushes");
    let counters = cluster.counters(COUNTERS)?;
    requests(0)?;
    let (mut flushes, mut singles) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        flushes.push(timed(|| counters.flush())?);
        singles.push(timed(|| requests(round as i64))?);
    }
    counters.shutdown()?;
    let ratios = singles.iter().zip(&flushes).map(|(single, flush)| single / flush);
    let ratio = Spread::of(ratios.collect()).median;
    let single = format!("a request for each of {COUNTERS} rows, {AT_ONCE} at once");
    let flush = format!("{}, {ratio:.1} times as fast", seconds(Spread::of(flushes)));
    Ok(row(&single, &seconds(Spread::of(singles)), "")
        + &row(&format!("a flush of {COUNTERS} changed counters"), &flush, "6 times as fast"))
}

fn row(what: &str, measured: &str, goal: &str) -> String {
    format!("| {what} | {measured} | {goal} |\n")
}

fn seconds(times: Spread) -> String {
    format!("{:.2} s ({:.2} s at most)", times.median, times.most)
}
