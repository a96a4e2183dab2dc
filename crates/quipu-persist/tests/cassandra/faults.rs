//! Rounds of random faults on three nodes: the store is never above what was begun, and equal to it once
//! all is well.
//!
//! Nodes are stopped and killed, two at a time, too; the links between them are held and cut, in one
//! direction or in both. Clients are processes, which are killed, stopped past their leases, and whose
//! clocks are wrong. `QUIPU_ROUNDS` is the number of rounds, and `QUIPU_SEED` repeats the choices of a
//! run. What is left to chance is when each thing happens in a client or a node.

use std::collections::BTreeMap;
use std::env;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use quipu_persist::{Cassandra, Sink, Store};

use crate::PATIENCE;
use crate::client::{self, ALL, Client, Role};
use crate::links::Link;
use crate::trio::{Trio, three};

/// Rounds without an order, as in CI.
const ROUNDS: u32 = 8;

/// Rounds that meet each fault.
const MANY: u32 = 100;

/// Faults that so many rounds must have met.
const CLOCKS: &str = "clients with a wrong clock";

const FAULTS: &[&str] = &[
    "nodes stopped",
    "two nodes stopped",
    "nodes killed",
    "two nodes killed",
    "nodes isolated",
    "links held",
    "links cut",
    "clients ended",
    "clients killed",
    "clients stopped",
    CLOCKS,
    "clients that lost a slot",
];

/// Clocks can be wrong where libfaketime is installed.
fn is_possible(fault: &str) -> bool {
    fault != CLOCKS || client::has_clocks()
}

/// Rounds from one in which nodes are killed to the next: these take long.
const PERIOD: u32 = 15;

/// How long a node may keep on with the request of a client that is gone: longer than any of its
/// time limits.
const LAST_REQUEST: Duration = Duration::from_secs(12);

/// An hour.
const FAR: i64 = 3600;

/// Reads the total of all clients while they run.
struct Reader {
    is_ended: Arc<AtomicBool>,
    reads: Arc<AtomicU32>,
    thread: JoinHandle<()>,
}

impl Reader {
    fn start(mut store: Cassandra, begun: &Arc<AtomicI64>) -> Self {
        let (is_ended, reads) = <(Arc<AtomicBool>, Arc<AtomicU32>)>::default();
        let (ends, counts, begun) = (is_ended.clone(), reads.clone(), begun.clone());
        let thread = thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                if let Ok(stored) = store.total(ALL) {
                    let begun = begun.load(Ordering::Relaxed);
                    assert!(stored <= begun, "{stored} in the store, {begun} begun");
                    counts.fetch_add(1, Ordering::Relaxed);
                }
                thread::sleep(Duration::from_millis(100));
            }
        });
        Self { is_ended, reads, thread }
    }

    /// Fails if the store ever had too much.
    fn check(&self) {
        assert!(!self.thread.is_finished(), "the store had too much");
    }

    fn end(self) -> u32 {
        self.is_ended.store(true, Ordering::Relaxed);
        self.thread.join().expect("a store that never had too much");
        self.reads.load(Ordering::Relaxed)
    }
}

/// A client that was killed.
struct Killed {
    name: String,
    begun: i64,
    stored: i64,
    at: Instant,
}

struct Rounds {
    trio: MutexGuard<'static, Trio>,
    keyspace: String,
    store: Cassandra,
    random: fastrand::Rng,
    clients: Vec<Client>,
    started: u32,
    /// The sum of all adds that clients were told to make.
    begun: Arc<AtomicI64>,
    /// Clients whose last requests may yet arrive.
    killed: Vec<Killed>,
    /// The adds that clients which were killed before had not stored.
    lost: i64,
    /// Totals of clients that are gone, which never change.
    gone: BTreeMap<String, i64>,
    tally: BTreeMap<&'static str, u32>,
}

impl Rounds {
    fn new(random: fastrand::Rng) -> Self {
        let trio = three();
        let keyspace = "rounds".to_owned();
        trio.keyspace(&keyspace);
        let store = trio.store(&keyspace);
        Self {
            trio,
            keyspace,
            store,
            random,
            clients: Vec::new(),
            started: 0,
            begun: Arc::default(),
            killed: Vec::new(),
            lost: 0,
            gone: BTreeMap::new(),
            tally: BTreeMap::new(),
        }
    }

    fn run(mut self, rounds: u32) {
        (0..3).for_each(|_| self.start_client());
        let reader = Reader::start(self.trio.store(&self.keyspace), &self.begun);
        for number in 1..=rounds {
            let begin = Instant::now();
            self.round(number);
            reader.check();
            let (begun, clients) = (self.begun.load(Ordering::Relaxed), self.clients.len());
            println!("round {number}: {begun} begun, {clients} clients, {:?}", begin.elapsed());
        }
        let reads = reader.end();
        println!("{rounds} rounds, {reads} reads amid them: {:?}", self.tally);
        assert!(reads > rounds, "{reads} reads");
        if rounds >= MANY {
            let missing = FAULTS.iter().filter(|fault| !self.tally.contains_key(**fault));
            let missing: Vec<_> = missing.filter(|fault| is_possible(fault)).collect();
            assert!(missing.is_empty(), "no {missing:?}");
        }
    }

    fn round(&mut self, number: u32) {
        self.change_clients();
        for _ in 0..self.random.u8(1..4) {
            self.disturb_nodes();
            self.disturb_clients();
            self.add();
            thread::sleep(Duration::from_millis(self.random.u64(50..900)));
        }
        if number % PERIOD == PERIOD / 2 {
            self.kill_nodes();
        }
        self.add();
        self.trio.heal();
        self.check();
    }

    fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    fn start_client(&mut self) {
        self.started += 1;
        let clocks: &[i64] = if client::has_clocks() { &[0, 0, 3, -3, FAR, -FAR] } else { &[0] };
        let ahead = self.random.choice(clocks).copied().unwrap_or(0);
        if ahead != 0 {
            self.count(CLOCKS);
        }
        let role = Role {
            nodes: self.trio.addresses().join(","),
            keyspace: self.keyspace.clone(),
            name: format!("client-{}", self.started),
            lease: self.random.u64(1..5),
            ahead,
        };
        self.clients.push(Client::start(role));
    }

    /// Has clients come and go.
    fn change_clients(&mut self) {
        for at in (0..self.clients.len()).rev() {
            if self.clients[at].is_stopped && self.random.bool() {
                self.clients[at].wake();
            }
        }
        if self.clients.len() > 3 && self.random.u8(..3) == 0 {
            let at = self.random.usize(..self.clients.len());
            if !self.clients[at].is_stopped {
                let client = self.clients.swap_remove(at);
                self.gone.insert(client.role.name.clone(), client.begun);
                client.end();
                self.count("clients ended");
            }
        }
        let few = self.clients.len() < 3;
        if few || (self.clients.len() < 6 && self.random.u8(..3) == 0) {
            self.start_client();
        }
    }

    fn add(&mut self) {
        for client in &mut self.clients {
            let n = self.random.i64(1..1000);
            self.begun.fetch_add(n, Ordering::Relaxed);
            client.add(n);
        }
    }

    fn disturb_nodes(&mut self) {
        let node = self.random.usize(..3);
        let other = (node + self.random.usize(1..3)) % 3;
        let (link, of_links) = match self.random.bool() {
            true => (Link::Held, "links held"),
            false => (Link::Cut, "links cut"),
        };
        match self.random.u8(..10) {
            0 | 1 => {
                self.trio.stop(node);
                self.count("nodes stopped");
            }
            2 => {
                self.trio.stop(node);
                self.trio.stop(other);
                self.count("two nodes stopped");
            }
            3 | 4 => {
                self.trio.links.set(node, other, link);
                self.count(of_links);
            }
            5 => {
                self.trio.isolate(node, link);
                self.count("nodes isolated");
            }
            6 => {
                self.trio.isolate(node, link);
                self.trio.isolate(other, link);
                self.count("nodes isolated");
            }
            7 => {
                self.trio.links.heal();
                self.trio.wake(node);
            }
            _ => {}
        }
    }

    fn kill_nodes(&mut self) {
        let node = self.random.usize(..3);
        self.trio.kill(node);
        if self.random.bool() {
            self.add();
            self.trio.kill((node + 1) % 3);
            self.count("two nodes killed");
        } else {
            self.count("nodes killed");
        }
        self.add();
        thread::sleep(Duration::from_millis(self.random.u64(..2000)));
    }

    fn disturb_clients(&mut self) {
        let at = self.random.usize(..self.clients.len());
        match self.random.u8(..12) {
            0 => {
                let mut client = self.clients.swap_remove(at);
                client.kill();
                let Client { role, begun, stored, .. } = &client;
                let (name, begun, stored) = (role.name.clone(), *begun, *stored);
                self.killed.push(Killed { name, begun, stored, at: Instant::now() });
                self.count("clients killed");
                self.start_client();
            }
            1 if !self.clients[at].is_stopped => {
                self.clients[at].stop();
                self.count("clients stopped");
            }
            _ => {}
        }
    }

    /// Compares the store with what was begun, once each client that runs has flushed.
    fn check(&mut self) {
        let runs = |client: &&mut Client| !client.is_stopped;
        self.clients.iter_mut().filter(runs).for_each(Client::flush);
        self.clients.iter_mut().filter(runs).for_each(Client::wait);
        let is_settled = self.settle();
        let totals = self.totals();
        let total = |name: &str| totals.get(&format!("{ALL} {name}")).copied().unwrap_or(0);
        for (name, expected) in &self.gone {
            assert_eq!(total(name), *expected, "{name}, which is gone");
        }
        let running = self.clients.iter().map(|at| (&at.role.name, at.stored, at.begun));
        let killed = self.killed.iter().map(|at| (&at.name, at.stored, at.begun));
        let mut open = 0;
        for (name, stored, begun) in running.chain(killed) {
            assert!((stored..=begun).contains(&total(name)), "{name}: {} of {begun}", total(name));
            open += begun - stored;
        }
        let all = totals.get(ALL).copied().unwrap_or(0);
        let begun = self.begun.load(Ordering::Relaxed) - self.lost;
        assert!(
            (begun - open..=begun).contains(&all),
            "{all} in the store, {begun} - {open} begun"
        );
        if is_settled {
            self.lost += begun - all;
            let killed = self.killed.drain(..);
            self.gone
                .extend(killed.map(|at| (total(&at.name), at.name)).map(|(n, name)| (name, n)));
        }
    }

    /// Whether no request of a client that was killed can arrive any more, and all others have flushed.
    /// A lease is read at a level that ends what was begun in its slot.
    fn settle(&mut self) -> bool {
        let is_late = |at: &Killed| at.at.elapsed() > LAST_REQUEST;
        if self.clients.iter().any(|at| at.is_stopped) || !self.killed.iter().all(is_late) {
            return false;
        }
        let slots = in_the_end(|| self.store.slots());
        for slot in slots.keys() {
            in_the_end(|| self.store.lease(*slot));
        }
        let mut past = slots.values().flat_map(|lease| &lease.past);
        let names: Vec<_> = self.clients.iter().map(|at| at.role.name.as_str()).collect();
        if past.any(|(owner, _)| names.contains(&owner.host())) {
            self.count("clients that lost a slot");
        }
        true
    }

    fn totals(&mut self) -> BTreeMap<String, i64> {
        in_the_end(|| self.store.totals())
    }
}

/// Nodes that were down are taken for it some time longer.
fn in_the_end<T>(mut read: impl FnMut() -> Result<T, quipu_persist::Error>) -> T {
    let begin = Instant::now();
    loop {
        match read() {
            Ok(result) => return result,
            Err(error) => assert!(begin.elapsed() < PATIENCE, "{error}"),
        }
    }
}

#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_three_rounds() {
    let number = |name| env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let rounds = number("QUIPU_ROUNDS").map_or(ROUNDS, |rounds| rounds as u32);
    let seed = number("QUIPU_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("{rounds} rounds, QUIPU_SEED={seed}");
    if !client::has_clocks() {
        println!("SKIPPED: wrong clocks: apt-get install libfaketime");
    }
    Rounds::new(fastrand::Rng::with_seed(seed)).run(rounds);
}

#[test]
#[ignore = "a process of the rounds"]
fn client_of_the_rounds() {
    client::run();
}
