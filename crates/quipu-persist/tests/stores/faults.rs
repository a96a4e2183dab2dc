//! Rounds of random faults: the store is never above what was added, and equal to it after one
//! flush that succeeds.
//!
//! `QUIPU_SEED` repeats the choices of a run. What is left to chance is when a host that flushes by
//! itself does so. `QUIPU_ROUNDS` is the number of rounds.

use std::cell::Cell;
use std::env;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use quipu::{Counter, UpDownCounter};
use quipu_persist::{Error, ErrorKind, Outcome, Sink, Store, Worker, Writer};

use crate::LONG;
use crate::owner::Owner;
use crate::rig::{File, Rig};
use crate::tally::{State, Tally, Way, Weather};
use crate::unruly::Hasty;

/// Faults that each run must have met, whatever the store.
const ALWAYS: &[&str] = &[
    "requests lost",
    "answers lost",
    "requests doubled",
    "requests late",
    "claims repeated",
    "hosts replaced",
    "hosts killed",
    "slots taken over",
    "owners fenced",
    "owners set back",
    "stores restored",
    "rounds ended by the interval",
];

const SERVERS: &[&str] = &["servers killed", "requests failed"];

/// Rounds from one crash to the next, and from one copy that is restored to the next.
const PERIOD: u32 = 15;

/// Claims of a host, at most, from a copy to when it is restored for the last time: a process
/// remembers 16 slots, and may claim some more before the leases are long again.
const CLAIMS: u32 = 5;

/// The likes that were added to a host, which are never reset.
#[derive(Default)]
struct Added {
    begun: AtomicI64,
    done: AtomicI64,
    /// Taken for each add.
    gate: Mutex<()>,
}

impl Added {
    fn add(&self, likes: &Counter, n: u64) {
        let _gate = self.gate.lock().unwrap();
        self.begun.fetch_add(n as i64, Ordering::SeqCst);
        likes.add(n);
        self.done.fetch_add(n as i64, Ordering::SeqCst);
    }

    fn begun(&self) -> i64 {
        self.begun.load(Ordering::SeqCst)
    }

    fn done(&self) -> i64 {
        self.done.load(Ordering::SeqCst)
    }
}

/// A process that counts, as far as the store can tell.
struct Host {
    worker: Worker,
    likes: Arc<Counter>,
    gauge: Arc<UpDownCounter>,
    name: String,
    state: Arc<State>,
    /// Whether it flushes by itself, and not only when it is told to.
    is_eager: bool,
    added: Arc<Added>,
    /// The likes that a flush has acknowledged, and no restore has taken away since.
    acknowledged: Cell<i64>,
}

impl Host {
    fn new(name: String, way: Hasty<Way>, state: Arc<State>, is_eager: bool) -> Self {
        let (likes, gauge, added) = Default::default();
        let interval = if is_eager { Duration::from_millis(1) } else { LONG };
        let builder = Worker::builder(&name)
            .interval(interval)
            .resend_every(2 * interval)
            .max_backoff(interval);
        let worker = builder.start(way).unwrap();
        worker.track("likes", Arc::clone(&likes)).unwrap();
        worker.track("gauge", Arc::clone(&gauge)).unwrap();
        if is_eager {
            keep_adding(&likes, &added);
        }
        Self { worker, likes, gauge, name, state, is_eager, added, acknowledged: Cell::new(0) }
    }

    fn try_flush(&self) -> Result<(), Error> {
        let added = self.added.done();
        self.worker.flush(LONG)?;
        self.acknowledged.set(added);
        Ok(())
    }

    /// Until it succeeds: after a crash, the first attempt finds a connection that is gone.
    fn flush(&self) {
        let start = Instant::now();
        while let Err(error) = self.try_flush() {
            assert!(start.elapsed() < LONG, "{error}");
        }
    }

    /// Ends it between two requests, or amid one.
    fn kill(self) -> Killed {
        let Self { worker, state, name, added, acknowledged, .. } = self;
        state.is_killed.store(true, Ordering::Relaxed);
        worker.shutdown(Duration::ZERO).unwrap_err();
        // The worker's thread ends with the last request.
        let start = Instant::now();
        while Arc::strong_count(&state) > 1 {
            assert!(start.elapsed() < LONG, "expected a thread that ends");
            thread::sleep(Duration::from_millis(1));
        }
        Killed { name, added: added.begun(), acknowledged: acknowledged.get() }
    }

    /// Waits until it has written all by itself. Of three flushes that succeed from now on, the
    /// first may have begun before; of the others one at most has only what changed, since nothing
    /// changes any more.
    fn wait(&self) {
        let flushes = || self.worker.status().unwrap().flushes;
        let (start, before) = (Instant::now(), flushes());
        while flushes() < before + 3 {
            assert!(start.elapsed() < LONG, "{:?}", self.worker.status());
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A host that was killed, and its likes.
struct Killed {
    name: String,
    added: i64,
    acknowledged: i64,
}

/// Adds until the host is gone.
fn keep_adding(likes: &Arc<Counter>, added: &Arc<Added>) {
    let (likes, added) = (Arc::clone(likes), Arc::downgrade(added));
    thread::spawn(move || {
        while let Some(added) = added.upgrade() {
            added.add(&likes, 1);
            drop(added);
            thread::sleep(Duration::from_micros(100));
        }
    });
}

fn assert_expected(kind: ErrorKind) {
    assert!(
        [ErrorKind::Unavailable, ErrorKind::Store, ErrorKind::Timeout].contains(&kind),
        "{kind:?}"
    );
}

/// The store, the hosts, and what was added so far.
struct Rounds<'a> {
    rig: &'a mut dyn Rig,
    random: fastrand::Rng,
    hosts: Vec<Host>,
    started: u32,
    /// The counts of hosts that are gone.
    likes: i64,
    gauge: i64,
    /// The hosts that were killed in this round: what the store has of their last likes is unknown.
    killed: Vec<Killed>,
    weather: Weather,
    /// Steps until the store is put back to the copy, and as many until it goes forth again. Until then
    /// no host ends: only one that lives makes good what the copy lacks.
    restore_in: Vec<u8>,
    tally: Tally,
}

impl Rounds<'_> {
    fn run(rig: &mut dyn Rig, rounds: u32, expected: &[&[&'static str]]) {
        let number = |name| env::var(name).ok().map(|text| text.parse().expect("a number"));
        let rounds = number("QUIPU_ROUNDS").map_or(rounds, |rounds| rounds as u32);
        let seed = number("QUIPU_SEED").unwrap_or_else(|| fastrand::u64(..));
        println!("{rounds} rounds, QUIPU_SEED={seed}");
        let random = fastrand::Rng::with_seed(seed);
        let (weather, tally) = Default::default();
        let mut all = Rounds {
            rig,
            random,
            hosts: Vec::new(),
            started: 0,
            likes: 0,
            gauge: 0,
            killed: Vec::new(),
            weather,
            restore_in: Vec::new(),
            tally,
        };
        for is_eager in [false, false, true] {
            all.start_host(is_eager);
        }
        (1..=rounds).for_each(|number| all.round(number));
        println!("QUIPU_SEED={seed}: {:?}", all.tally);
        expected.iter().for_each(|expected| all.tally.assert_has(expected));
    }

    fn start_host(&mut self, is_eager: bool) {
        self.started += 1;
        let (name, state) = (format!("host-{}", self.started), Arc::default());
        let seed = self.random.u64(..);
        let way = Way::new(self.rig.sink(), &state, seed, &self.weather, &self.tally);
        self.hosts.push(Host::new(name, way, state, is_eager));
    }

    fn round(&mut self, number: u32) {
        self.set_unruly(true);
        match number % PERIOD {
            3 | 8 | 13 => self.replace_host(),
            5 => self.crash(),
            10 => self.save(),
            _ => {}
        }
        let steps = self.random.u8(1..5);
        let kill_at = matches!(number % PERIOD, 1 | 8).then(|| self.random.u8(..steps));
        for step in 0..steps {
            self.set_unruly(true);
            self.choose_leases();
            self.add();
            self.disturb();
            self.flush_some();
            if kill_at == Some(step) {
                self.kill_host();
            }
            self.check_bound();
            self.approach_restore();
        }
        self.set_unruly(false);
        self.rig.cut_after(None);
        self.check_equality();
    }

    fn set_unruly(&self, is_unruly: bool) {
        self.hosts.iter().for_each(|host| host.state.is_unruly.store(is_unruly, Ordering::Relaxed));
    }

    /// Leases that run out at once, unless the hosts have claimed too many slots already.
    fn choose_leases(&mut self) {
        let may_claim = |host: &Host| host.state.claims.load(Ordering::Relaxed) < CLAIMS;
        let is_hasty = self.restore_in.is_empty() || self.hosts.iter().all(may_claim);
        self.weather.is_hasty.store(is_hasty && self.random.bool(), Ordering::Relaxed);
    }

    fn add(&mut self) {
        for host in &self.hosts {
            host.added.add(&host.likes, self.random.u64(..1000));
            host.gauge.add(self.random.i64(-500..500));
            if self.random.u8(..20) == 0 {
                host.likes.reset();
            }
        }
    }

    fn disturb(&mut self) {
        match self.random.u8(..100) {
            0..28 => self.rig.cut_after(Some(self.random.i64(..12))),
            28..38 => self.rig.cut_after(None),
            _ => {}
        }
    }

    fn replace_host(&mut self) {
        if !self.restore_in.is_empty() {
            return;
        }
        let host = self.hosts.swap_remove(self.random.usize(..self.hosts.len()));
        host.state.is_unruly.store(false, Ordering::Relaxed);
        let gate = host.added.gate.lock().unwrap();
        host.flush();
        host.worker.shutdown(LONG).unwrap();
        self.likes += host.added.done();
        drop(gate);
        self.gauge += host.gauge.sum();
        self.tally.count("hosts replaced");
        self.start_host(host.is_eager);
    }

    fn kill_host(&mut self) {
        if !self.restore_in.is_empty() {
            return;
        }
        let host = self.hosts.swap_remove(self.random.usize(..self.hosts.len()));
        self.start_host(host.is_eager);
        self.killed.push(host.kill());
        self.tally.count("hosts killed");
    }

    fn crash(&mut self) {
        let (hosts, time) = (&self.hosts, Duration::from_micros(self.random.u64(..5000)));
        if self.rig.crash(time, &mut || hosts.iter().for_each(|host| drop(host.try_flush()))) {
            self.tally.count("servers killed");
        }
    }

    /// Sees to it that each host has its slot for long: in a copy in which leases have run out, another
    /// one may claim a slot before the owner is back, and the owner can't tell what the copy has.
    fn extend_leases(&mut self) {
        self.set_unruly(false);
        self.rig.cut_after(None);
        self.weather.is_hasty.store(false, Ordering::Relaxed);
        self.hosts.iter().for_each(Host::flush);
    }

    fn save(&mut self) {
        self.extend_leases();
        self.hosts.iter().for_each(|host| host.state.claims.store(0, Ordering::Relaxed));
        self.weather.pause(|| self.rig.save());
        self.restore_in = vec![self.random.u8(1..5), self.random.u8(1..5)];
    }

    /// Restores the copy when it is time for it.
    fn approach_restore(&mut self) {
        let Some(steps) = self.restore_in.last_mut() else { return };
        *steps -= 1;
        if *steps == 0 {
            self.restore_in.pop();
            self.extend_leases();
            self.weather.restore(|| self.rig.restore());
            self.hosts.iter().for_each(|host| host.acknowledged.set(0));
            self.tally.count("stores restored");
        }
    }

    /// Flushes that may fail, and leave anything behind but too much.
    fn flush_some(&mut self) {
        for host in &self.hosts {
            for _ in 0..self.random.u8(..3) {
                if let Err(error) = host.try_flush() {
                    assert_expected(error.kind());
                }
            }
        }
    }

    /// By the hosts that live.
    fn added(&self) -> i64 {
        self.hosts.iter().map(|host| host.added.begun()).sum()
    }

    fn gauges(&self) -> i64 {
        self.hosts.iter().map(|host| host.gauge.sum()).sum()
    }

    fn check_bound(&self) {
        let stored = self.rig.store().total("likes").unwrap();
        let killed = self.killed.iter().map(|host| host.added).sum::<i64>();
        let added = self.likes + killed + self.added();
        assert!(stored <= added, "{stored} in the store, {added} added");
    }

    /// Once no one adds, and each host has flushed.
    fn check_equality(&mut self) {
        let added: Vec<_> = self.hosts.iter().map(|host| Arc::clone(&host.added)).collect();
        let _gates: Vec<_> = added.iter().map(|added| added.gate.lock().unwrap()).collect();
        for host in &self.hosts {
            if host.is_eager && self.random.u8(..3) == 0 {
                host.wait();
                self.tally.count("rounds ended by the interval");
            } else {
                host.flush();
            }
            if let Some(error) = host.worker.status().unwrap().last_error {
                assert_expected(error.kind());
            }
        }
        let mut store = self.rig.store();
        self.settle_killed(&mut *store);
        assert_eq!(
            (store.total("likes").unwrap(), store.total("gauge").unwrap()),
            (self.likes + self.added(), self.gauge + self.gauges())
        );
    }

    /// Counts what hosts that were killed have left, once nothing of them can arrive any more: another owner has
    /// their slots.
    fn settle_killed(&mut self, store: &mut dyn Store) {
        let killed = std::mem::take(&mut self.killed);
        if killed.is_empty() {
            return;
        }
        let (mut sink, mut owners) = (self.rig.sink(), Vec::new());
        let is_killed = |owner: &&Writer| killed.iter().any(|host| host.name == owner.host());
        loop {
            let slots = store.slots().unwrap();
            let gone: Vec<_> =
                slots.values().map(|lease| &lease.owner).filter(is_killed).cloned().collect();
            if gone.is_empty() {
                break;
            }
            // Other owners may change the slots again and again.
            match Owner::instead_of(&mut sink, "settler", gone) {
                Ok(owner) => owners.push(owner),
                Err(error) => assert!(error.kind().is_temporary(), "{error}"),
            }
        }
        for mut owner in owners {
            assert_eq!(sink.flush(&owner.closing(&[])).unwrap(), Outcome::Stored);
        }
        let left = store.total("likes").unwrap() - self.likes - self.added();
        let sum = |part: fn(&Killed) -> i64| killed.iter().map(part).sum::<i64>();
        let expected = sum(|host| host.acknowledged)..=sum(|host| host.added);
        assert!(expected.contains(&left), "{left} left by hosts that were killed: {expected:?}");
        self.likes += left;
        // A gauge goes up and down: it is compared with what was there from here on.
        self.gauge = store.total("gauge").unwrap() - self.gauges();
    }
}

/// Processes take each other's slots while they write: each add is in the store once. Each looks at
/// its slot before 32 others have had it.
fn race(rig: &dyn Rig, newcomers: u32) {
    let likes: Vec<Arc<Counter>> = (0..3).map(|_| Arc::default()).collect();
    let start = |counter: &Arc<Counter>| {
        let sink = Hasty::new(rig.sink(), &Arc::new(AtomicBool::new(true)));
        let builder = Worker::builder("host").interval(Duration::from_millis(1));
        let worker = builder.max_backoff(Duration::from_millis(1)).start(sink).unwrap();
        worker.track("likes", Arc::clone(counter)).unwrap();
        worker
    };
    let workers: Vec<_> = likes.iter().map(start).collect();
    let mut added = 0;
    for _ in 0..newcomers {
        likes.iter().for_each(|counter| counter.add(7));
        added += 7 * likes.len() as i64 + 1;
        let newcomer: Arc<Counter> = Arc::default();
        newcomer.inc();
        start(&newcomer).shutdown(LONG).unwrap();
        for worker in &workers {
            // Others may take its slot again and again.
            while worker.flush(LONG).is_err() {}
        }
        let stored = rig.store().total("likes").unwrap();
        assert!(stored <= added, "{stored} in the store, {added} added");
    }
    for worker in workers {
        worker.shutdown(LONG).unwrap();
    }
    let mut store = rig.store();
    assert_eq!(store.total("likes").unwrap(), added);
    let slots = store.slots().unwrap();
    assert!(slots.len() <= likes.len() + 1, "{slots:?}");
    assert!(slots.values().any(|lease| lease.epoch > u64::from(newcomers) / 4), "{slots:?}");
}

#[test]
fn sqlite_race() {
    race(&File::new(), 50);
}

#[test]
#[ignore = "needs postgres: run ci/services"]
fn service_postgres_race() {
    race(&crate::rig::Service::postgres(), 100);
}

#[test]
#[ignore = "needs nats-server: run ci/services"]
fn service_nats_race() {
    race(&crate::rig::Service::nats(), 50);
}

#[test]
#[ignore = "needs redis-server: run ci/services"]
fn service_redis_race() {
    race(&crate::rig::Service::redis(), 300);
}

#[test]
fn sqlite_rounds() {
    Rounds::run(&mut File::new(), 60, &[ALWAYS]);
}

#[test]
#[ignore = "large: run ci/services"]
fn service_sqlite_rounds() {
    Rounds::run(&mut File::new(), 400, &[ALWAYS]);
}

#[test]
#[ignore = "needs postgres: run ci/services"]
fn service_postgres_rounds() {
    Rounds::run(&mut crate::rig::Service::postgres(), 80, &[ALWAYS, SERVERS]);
}

#[test]
#[ignore = "needs redis-server: run ci/services"]
fn service_redis_rounds() {
    Rounds::run(&mut crate::rig::Service::redis(), 150, &[ALWAYS, SERVERS]);
}

#[test]
#[ignore = "needs nats-server: run ci/services"]
fn service_nats_rounds() {
    Rounds::run(&mut crate::rig::Service::nats(), 40, &[ALWAYS, SERVERS]);
}
