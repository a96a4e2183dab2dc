//! Random rounds of processes over one store in memory: the store is never above what was added, and
//! equal to it after one flush of each process that succeeds.
//!
//! `QUIPU_SEED` repeats one round of a test, and `QUIPU_ROUNDS` is their number.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use quipu::{Counter, UpDownCounter};
use quipu_persist::{
    Batch, Claim, Claimed, Error, Lease, Memory, Outcome, Sink, Store, Worker, Writer,
};

use super::unruly::{Hasty, Unruly};
use super::{LONG, Shared, idle, memory, track, unavailable};

/// Claims of one process while copies are kept: a process remembers 16 slots.
const CLAIMS: u32 = 7;

const HOSTS: usize = 4;

/// Copies that are kept and restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copies {
    None,
    /// Of a store whose leases haven't run out in the copy, or that has nothing.
    Fresh,
    /// Whatever the store is like. Another process may claim a slot before the owner has made good
    /// what the copy lacks: then totals may be too low.
    Any,
}

/// A process that counts, and its way to the store.
struct Host {
    worker: Worker,
    likes: Arc<Counter>,
    gauge: Arc<UpDownCounter>,
    /// The likes that a flush has acknowledged.
    acknowledged: u64,
    is_killed: Arc<AtomicBool>,
    claims: Arc<AtomicU32>,
}

/// Counts claims, until the process is killed.
struct Way<S> {
    inner: S,
    is_killed: Arc<AtomicBool>,
    claims: Arc<AtomicU32>,
}

impl<S> Way<S> {
    fn check(&self) -> Result<(), Error> {
        if self.is_killed.load(Ordering::Relaxed) { Err(unavailable()) } else { Ok(()) }
    }
}

impl<S: Sink> Sink for Way<S> {
    fn claim(&mut self, claim: &Claim) -> Result<Claimed, Error> {
        self.check()?;
        self.claims.fetch_add(1, Ordering::Relaxed);
        self.inner.claim(claim)
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        self.check()?;
        self.inner.flush(batch)
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        self.check()?;
        self.inner.lease(slot)
    }
}

struct Round {
    rule: Copies,
    random: fastrand::Rng,
    store: Shared,
    copies: Vec<Memory>,
    hosts: Vec<Host>,
    is_unruly: Arc<AtomicBool>,
    is_hasty: Arc<AtomicBool>,
    restores: Arc<AtomicU32>,
    /// Of processes that have ended.
    likes: i64,
    gauge: i64,
    /// Of processes that were killed: the likes that the store may have more, and whether any was.
    unknown: i64,
    has_killed: bool,
    trace: Vec<String>,
}

impl Round {
    fn run(rule: Copies, seed: u64) {
        let mut round = Self {
            rule,
            random: fastrand::Rng::with_seed(seed),
            store: memory(),
            copies: Vec::new(),
            hosts: Vec::new(),
            is_unruly: Arc::default(),
            is_hasty: Arc::default(),
            restores: Arc::default(),
            likes: 0,
            gauge: 0,
            unknown: 0,
            has_killed: false,
            trace: Vec::new(),
        };
        round.start();
        for _ in 0..8 {
            for _ in 0..round.random.u8(1..5) {
                round.step();
                round.check_bound(seed);
            }
            round.quieten(seed);
        }
    }

    fn step(&mut self) {
        self.is_unruly.store(self.random.bool(), Ordering::Relaxed);
        self.is_hasty.store(self.random.bool(), Ordering::Relaxed);
        self.add();
        match self.random.u8(..12) {
            0 if self.hosts.len() < HOSTS => self.start(),
            1 => self.end(),
            2 => self.kill(),
            3 => self.save(),
            4..6 => self.restore(),
            _ => {}
        }
        for _ in 0..self.random.u8(..3) {
            let at = self.random.usize(..self.hosts.len());
            let result = self.hosts[at].flush();
            self.note(|| format!("flush {at}: {result:?}"));
        }
    }

    fn note(&mut self, text: impl FnOnce() -> String) {
        let short = |number: u64| format!("{:04x}", number & 0xffff);
        let name = |owner: &Writer| short(owner.incarnation() as u64);
        let mut line = text();
        let mut store = self.store.lock().unwrap();
        let rows = store.by_slot("likes").unwrap();
        for (slot, lease) in store.slots().unwrap() {
            let past: Vec<_> =
                lease.past.iter().map(|(owner, last)| (name(owner), short(last.number))).collect();
            let until = lease.until.map(|until| until - lease.since);
            let (owner, last) = (name(&lease.owner), short(lease.last.number));
            line += &format!(
                "\n    slot {slot}: {:?} of {owner} after {last}, {until:?}, {past:?}",
                rows.get(&slot)
            );
        }
        self.trace.push(line);
    }

    fn start(&mut self) {
        let (is_killed, claims) = (Arc::<AtomicBool>::default(), Arc::<AtomicU32>::default());
        let store = Hasty::new(Arc::clone(&self.store), &self.is_hasty);
        let inner = Unruly::new(store, &self.is_unruly, &self.restores, self.random.u64(..));
        let way = Way { inner, is_killed: Arc::clone(&is_killed), claims: Arc::clone(&claims) };
        let worker = idle().start(way).unwrap();
        let likes = track(&worker, "likes", Arc::new(Counter::new()));
        let gauge = track(&worker, "gauge", Arc::new(UpDownCounter::new()));
        self.hosts.push(Host { worker, likes, gauge, acknowledged: 0, is_killed, claims });
        self.note(|| "start".to_owned());
    }

    fn add(&mut self) {
        for host in &self.hosts {
            host.likes.add(self.random.u64(..100));
            let delta = self.random.i64(-50..50);
            host.gauge.add(delta);
        }
    }

    /// Only a process that lives makes good what a copy lacks.
    fn may_end(&self) -> bool {
        self.hosts.len() > 1 && (self.copies.is_empty() || self.rule == Copies::Any)
    }

    fn end(&mut self) {
        if !self.may_end() {
            return;
        }
        self.is_unruly.store(false, Ordering::Relaxed);
        let host = self.hosts.swap_remove(self.random.usize(..self.hosts.len()));
        host.worker.shutdown(LONG).unwrap();
        self.likes += host.likes.sum() as i64;
        self.gauge += host.gauge.sum();
        self.note(|| "end".to_owned());
    }

    fn kill(&mut self) {
        if !self.may_end() {
            return;
        }
        let host = self.hosts.swap_remove(self.random.usize(..self.hosts.len()));
        host.is_killed.store(true, Ordering::Relaxed);
        host.worker.shutdown(Duration::ZERO).unwrap_err();
        self.likes += host.acknowledged as i64;
        self.unknown += (host.likes.sum() - host.acknowledged) as i64;
        self.has_killed = true;
        self.note(|| "kill".to_owned());
    }

    fn save(&mut self) {
        if self.rule == Copies::Fresh {
            self.is_unruly.store(false, Ordering::Relaxed);
            self.is_hasty.store(false, Ordering::Relaxed);
            self.hosts.iter_mut().for_each(|host| host.flush().unwrap());
            self.settle_killed();
        }
        if self.copies.is_empty() {
            self.hosts.iter().for_each(|host| host.claims.store(0, Ordering::Relaxed));
        }
        if self.rule != Copies::None {
            self.copies.push(self.store.lock().unwrap().clone());
            self.note(|| "save".to_owned());
        }
    }

    fn restore(&mut self) {
        if self.hosts.iter().any(|host| host.claims.load(Ordering::Relaxed) > CLAIMS) {
            self.copies.clear();
        }
        if let Some(copy) = self.random.choice(&self.copies).cloned() {
            *self.store.lock().unwrap() = copy;
            self.restores.fetch_add(1, Ordering::Relaxed);
            self.note(|| "restore".to_owned());
        }
    }

    fn total(&self, counter: &str) -> i64 {
        self.store.lock().unwrap().total(counter).unwrap()
    }

    /// The likes that the store has once each process has flushed, without what killed ones may have
    /// stored.
    fn expected(&self) -> i64 {
        self.likes + self.hosts.iter().map(|host| host.likes.sum() as i64).sum::<i64>()
    }

    fn check_bound(&self, seed: u64) {
        let (stored, added) = (self.total("likes"), self.expected() + self.unknown);
        if stored > added {
            self.fail(seed, &format!("{stored} in the store, {added} added"));
        }
    }

    fn quieten(&mut self, seed: u64) {
        self.is_unruly.store(false, Ordering::Relaxed);
        for at in 0..self.hosts.len() {
            if let Err(error) = self.hosts[at].flush() {
                self.fail(seed, &error.to_string());
            }
            self.note(|| format!("quiet flush {at}"));
            self.check_bound(seed);
        }
        if self.rule == Copies::Any {
            return;
        }
        self.settle_killed();
        let expected = (
            self.expected(),
            self.gauge + self.hosts.iter().map(|host| host.gauge.sum()).sum::<i64>(),
        );
        let stored = (self.total("likes"), self.total("gauge"));
        if stored != expected {
            self.fail(seed, &format!("{stored:?} in the store, {expected:?} added"));
        }
    }

    /// Looks at what processes that were killed have stored, once the others have flushed.
    fn settle_killed(&mut self) {
        let more = self.total("likes") - self.expected();
        if self.has_killed && (0..=self.unknown).contains(&more) {
            self.likes += more;
            self.unknown = 0;
            self.has_killed = false;
            let gauge = self.hosts.iter().map(|host| host.gauge.sum()).sum::<i64>();
            self.gauge = self.total("gauge") - gauge;
        }
    }

    fn fail(&self, seed: u64, text: &str) -> ! {
        panic!("{}\n{text}: {:?}, QUIPU_SEED={seed}", self.trace.join("\n"), self.rule)
    }
}

impl Host {
    fn flush(&mut self) -> Result<(), Error> {
        self.worker.flush(LONG)?;
        self.acknowledged = self.likes.sum();
        Ok(())
    }
}

fn rounds(rule: Copies) {
    let number = |name| env::var(name).ok().map(|text| text.parse().expect("a number"));
    let (count, first) = match number("QUIPU_SEED") {
        Some(seed) => (1, seed),
        None => (number("QUIPU_ROUNDS").unwrap_or(300), fastrand::u64(..)),
    };
    println!("{rule:?}: {count} rounds, QUIPU_SEED={first}");
    (0..count).for_each(|round| Round::run(rule, first.wrapping_add(round)));
}

#[test]
fn lost_answers_and_lost_slots_in_any_order() {
    rounds(Copies::None);
}

#[test]
fn restores_in_any_order() {
    rounds(Copies::Fresh);
}

#[test]
fn restores_of_any_copy_are_never_above() {
    rounds(Copies::Any);
}
