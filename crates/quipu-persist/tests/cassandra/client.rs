//! A process that counts in the fault rounds: this program once more, so that it can be killed and
//! stopped, and have a clock of its own.

use std::env;
use std::io::{BufRead, BufReader, Write, stdin};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use quipu::Counter;
use quipu_persist::{Cassandra, Worker};
use quipu_testing::process::signal;

use crate::PATIENCE;

/// Sets the clock of a process. The package `libfaketime` has it.
const CLOCK: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// The counter of all clients. Each one has another of its own, with its name.
pub(crate) const ALL: &str = "likes";

/// The settings of a client.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) nodes: String,
    pub(crate) keyspace: String,
    pub(crate) name: String,
    pub(crate) lease: u64,
    /// Seconds that its clock is ahead.
    pub(crate) ahead: i64,
}

pub(crate) fn has_clocks() -> bool {
    Path::new(CLOCK).exists()
}

pub(crate) struct Client {
    pub(crate) role: Role,
    child: Child,
    input: ChildStdin,
    replies: Receiver<()>,
    /// All that it was told to add.
    pub(crate) begun: i64,
    /// All that it had stored when it said so last.
    pub(crate) stored: i64,
    pub(crate) is_stopped: bool,
}

impl Client {
    pub(crate) fn start(role: Role) -> Self {
        let mut command = Command::new(env::current_exe().expect("this program"));
        command
            .args(["--exact", "faults::client_of_the_rounds", "--ignored", "--nocapture"])
            .env(
                "QUIPU_CLIENT",
                format!("{} {} {} {}", role.nodes, role.keyspace, role.name, role.lease),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if role.ahead != 0 {
            command
                .env("LD_PRELOAD", CLOCK)
                .env("FAKETIME", format!("{:+}", role.ahead))
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        let mut child = command.spawn().expect("this program");
        let input = child.stdin.take().expect("its input");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, replies) = mpsc::channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if line == "stored" && sender.send(()).is_err() {
                    break;
                }
            }
        });
        Self { role, child, input, replies, begun: 0, stored: 0, is_stopped: false }
    }

    pub(crate) fn add(&mut self, n: i64) {
        self.begun += n;
        self.say(&n.to_string());
    }

    /// Tells it to store all that it counted.
    pub(crate) fn flush(&mut self) {
        self.say("flush");
    }

    /// Waits until it has done so.
    pub(crate) fn wait(&mut self) {
        let reply = self.replies.recv_timeout(3 * PATIENCE);
        assert!(reply.is_ok(), "{:?}: nothing was stored for long", self.role);
        self.stored = self.begun;
    }

    pub(crate) fn end(mut self) {
        self.say("end");
        self.wait();
        assert!(self.child.wait().expect("a child").success(), "{:?}", self.role);
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).expect("a process that can be killed");
    }

    pub(crate) fn stop(&mut self) {
        self.is_stopped = true;
        signal(&self.child, "-STOP");
    }

    pub(crate) fn wake(&mut self) {
        self.is_stopped = false;
        signal(&self.child, "-CONT");
    }

    fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap_or_else(|error| panic!("{:?}: {error}", self.role));
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Does what its input says, until that ends.
pub(crate) fn run() {
    static LIKES: [Counter; 2] = [const { Counter::new() }; 2];

    let Ok(role) = env::var("QUIPU_CLIENT") else { return };
    let role: Vec<_> = role.split(' ').collect();
    let [nodes, keyspace, name, lease] = role[..] else { panic!("{role:?}") };
    let lease = Duration::from_secs(lease.parse().expect("seconds"));
    let worker = Worker::builder(name)
        .lease(lease)
        .resend_every(lease / 2)
        .interval(Duration::from_millis(50))
        .max_backoff(Duration::from_millis(100))
        .start(Cassandra::new(nodes.split(','), keyspace))
        .expect("a worker");
    worker.track(ALL, &LIKES[0]).expect("a counter");
    worker.track(format!("{ALL} {name}"), &LIKES[1]).expect("a counter");
    for line in stdin().lines().map_while(Result::ok) {
        match line.parse::<u64>() {
            Ok(n) => LIKES.iter().for_each(|likes| likes.add(n)),
            Err(_) => {
                while worker.flush(PATIENCE).is_err() {}
                println!("\nstored");
            }
        }
        if line == "end" {
            worker.shutdown(PATIENCE).expect("a store that is well");
            return;
        }
    }
}
