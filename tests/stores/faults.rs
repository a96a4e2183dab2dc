//! Rounds of random faults: the store is never above what was added, and equal to it after one flush that succeeds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use quipu::persist::{ErrorKind, Worker};
use quipu::{Counter, UpDownCounter};

use crate::LONG;
use crate::rig::{File, Rig};
use crate::unruly::Unruly;

/// A process that counts, as far as the store can tell.
struct Host {
    worker: Worker,
    likes: Arc<Counter>,
    gauge: Arc<UpDownCounter>,
    is_unruly: Arc<AtomicBool>,
}

impl Host {
    fn new(rig: &dyn Rig, seed: u64) -> Self {
        let (likes, gauge, is_unruly) = Default::default();
        let sink = Unruly::new(rig.sink(), Arc::clone(&is_unruly), seed);
        // It flushes when it is told to, so that a seed always leads to the same round.
        let worker = Worker::builder("host").interval(LONG).resend_every(LONG).max_backoff(LONG).start(sink).unwrap();
        worker.track("likes", Arc::clone(&likes)).unwrap();
        worker.track("gauge", Arc::clone(&gauge)).unwrap();
        Self { worker, likes, gauge, is_unruly }
    }

    /// Until it succeeds: after a crash, the first attempt finds a connection that is gone.
    fn flush(&self) {
        let start = Instant::now();
        while let Err(error) = self.worker.flush(LONG) {
            assert!(start.elapsed() < LONG, "{error}");
        }
    }
}

/// The store, the hosts, and what was added so far.
struct Rounds<'a> {
    rig: &'a mut dyn Rig,
    random: fastrand::Rng,
    hosts: Vec<Host>,
    likes: i64,
    gauge: i64,
    /// Whether there is a copy of the data, made since the last writer ended: only living writers make good what a
    /// restored copy lacks.
    has_copy: bool,
}

impl Rounds<'_> {
    fn run(rig: &mut dyn Rig, rounds: u32) {
        let seed =
            std::env::var("QUIPU_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().expect("a number"));
        println!("{rounds} rounds, QUIPU_SEED={seed}");
        let random = fastrand::Rng::with_seed(seed);
        let mut all = Rounds { rig, random, hosts: Vec::new(), likes: 0, gauge: 0, has_copy: false };
        for _ in 0..3 {
            all.start_host();
        }
        for _ in 0..rounds {
            all.round();
        }
    }

    fn start_host(&mut self) {
        let seed = self.random.u64(..);
        self.hosts.push(Host::new(self.rig, seed));
    }

    fn round(&mut self) {
        self.set_unruly(true);
        for _ in 0..self.random.u8(1..5) {
            self.add();
            self.disturb();
            self.flush_some();
            self.check_bound();
        }
        self.set_unruly(false);
        self.rig.cut_after(None);
        self.hosts.iter().for_each(Host::flush);
        let mut store = self.rig.store();
        assert_eq!((store.total("likes").unwrap(), store.total("gauge").unwrap()), (self.likes, self.gauge));
    }

    fn set_unruly(&self, is_unruly: bool) {
        self.hosts.iter().for_each(|host| host.is_unruly.store(is_unruly, Ordering::Relaxed));
    }

    fn add(&mut self) {
        for host in &self.hosts {
            let (n, delta) = (self.random.u64(..1000), self.random.i64(-500..500));
            host.likes.add(n);
            host.gauge.add(delta);
            if self.random.u8(..20) == 0 {
                host.likes.reset();
            }
            self.likes += n as i64;
            self.gauge += delta;
        }
    }

    fn disturb(&mut self) {
        match self.random.u8(..100) {
            0 => {
                let hosts = &self.hosts;
                self.rig.crash(&mut || hosts.iter().for_each(|host| drop(host.worker.flush(LONG))));
            }
            1 => {
                self.rig.save();
                self.has_copy = true;
            }
            2 if self.has_copy => self.rig.restore(),
            3..10 => self.fold(),
            10..14 => self.replace_host(),
            14..40 => self.rig.cut_after(Some(self.random.i64(..12))),
            40..50 => self.rig.cut_after(None),
            _ => {}
        }
    }

    /// Folds living writers, as if they had been silent for long.
    fn fold(&mut self) {
        if let Some(folded) = self.rig.compact(Duration::ZERO) {
            folded.unwrap();
            self.has_copy = false;
        }
    }

    fn replace_host(&mut self) {
        let host = self.hosts.swap_remove(self.random.usize(..self.hosts.len()));
        host.is_unruly.store(false, Ordering::Relaxed);
        self.rig.cut_after(None);
        host.flush();
        host.worker.shutdown(LONG).unwrap();
        self.has_copy = false;
        self.start_host();
        self.set_unruly(true);
    }

    /// Flushes that may fail, and leave anything behind but too much.
    fn flush_some(&mut self) {
        for host in &self.hosts {
            for _ in 0..self.random.u8(..3) {
                if let Err(error) = host.worker.flush(LONG) {
                    let expected = [ErrorKind::Unavailable, ErrorKind::Store, ErrorKind::Timeout];
                    assert!(expected.contains(&error.kind()), "{error}");
                }
            }
        }
    }

    fn check_bound(&self) {
        let stored = self.rig.store().total("likes").unwrap();
        assert!(stored <= self.likes, "{stored} in the store, {} added", self.likes);
    }
}

/// Folds writers while they write: each add is in the store once.
fn race(rig: &dyn Rig, folds: u32) {
    let likes: Vec<Arc<Counter>> = (0..3).map(|_| Arc::default()).collect();
    let start = |counter: &Arc<Counter>| {
        let worker = Worker::builder("host").interval(Duration::from_millis(1)).start(rig.sink()).unwrap();
        worker.track("likes", Arc::clone(counter)).unwrap();
        worker
    };
    let workers: Vec<_> = likes.iter().map(start).collect();
    let mut added = 0;
    for _ in 0..folds {
        likes.iter().for_each(|counter| counter.add(7));
        added += 7 * likes.len() as i64;
        rig.compact(Duration::ZERO).expect("a store that folds").unwrap();
        let stored = rig.store().total("likes").unwrap();
        assert!(stored <= added, "{stored} in the store, {added} added");
    }
    for worker in workers {
        assert_eq!(worker.status().unwrap().failures, 0, "{:?}", worker.status());
        worker.shutdown(LONG).unwrap();
    }
    assert_eq!(rig.store().total("likes").unwrap(), added);
}

#[test]
fn sqlite_race() {
    race(&File::new(), 50);
}

#[test]
#[ignore = "needs postgres: run .ci/services"]
fn service_postgres_race() {
    race(&crate::rig::Service::postgres(), 150);
}

#[test]
#[ignore = "needs redis-server: run .ci/services"]
fn service_redis_race() {
    race(&crate::rig::Service::redis(), 1000);
}

#[test]
fn sqlite_rounds() {
    Rounds::run(&mut File::new(), 60);
}

#[test]
#[ignore = "large: run .ci/services"]
fn service_sqlite_rounds() {
    Rounds::run(&mut File::new(), 1000);
}
#[test]
#[ignore = "needs postgres: run .ci/services"]
fn service_postgres_rounds() {
    Rounds::run(&mut crate::rig::Service::postgres(), 250);
}
#[test]
#[ignore = "needs redis-server: run .ci/services"]
fn service_redis_rounds() {
    Rounds::run(&mut crate::rig::Service::redis(), 600);
}

#[test]
#[ignore = "needs nats-server: run .ci/services"]
fn service_nats_rounds() {
    Rounds::run(&mut crate::rig::Service::nats(), 60);
}
