//! A link that is too slow for a batch of the usual size within the time limit of a call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use quipu::Counter;
use quipu_persist::{Sink, Store, Worker};

use crate::relay::{forward, listen};

/// A TCP proxy, whose connections share a link.
pub(crate) struct SlowLink {
    port: u16,
    bytes_per_second: Arc<Mutex<u32>>,
}

impl SlowLink {
    /// Forwards every connection to a port of this host, as fast as it can at first.
    pub(crate) fn to(server: u16) -> Self {
        let bytes_per_second = Arc::new(Mutex::new(u32::MAX));
        let link = Arc::clone(&bytes_per_second);
        let port = listen(server, move |client, server| {
            for (from, to) in [(client, server), (server, client)] {
                let link = Arc::clone(&link);
                forward::<4096>(from, to, move |len| {
                    let bytes_per_second = link.lock().expect("a number");
                    thread::sleep(Duration::from_secs(len as u64) / *bytes_per_second);
                    true
                });
            }
        });
        Self { port, bytes_per_second }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn slow_down(&self, bytes_per_second: u32) {
        *self.bytes_per_second.lock().expect("a number") = bytes_per_second;
    }
}

/// Bytes a second.
const LINK: u32 = 25_000;

/// With their names, they take the link half a minute.
const COUNTERS: usize = 6000;

/// Calls that are late, and batches that become smaller, take their time.
const PATIENCE: Duration = Duration::from_secs(300);

/// Many counters get through such a link: `sink` is behind it, and `store` isn't.
pub(crate) fn gets_all_through(
    name: &str,
    sink: impl Sink + 'static,
    link: &SlowLink,
    store: &mut dyn Store,
) {
    let worker = Worker::builder("web").start(sink).unwrap();
    worker.flush(PATIENCE).unwrap();
    link.slow_down(LINK);
    for n in 0..COUNTERS {
        let counter: &Counter = Box::leak(Box::default());
        worker.track(format!("{n:0100}"), counter).unwrap();
        counter.add(n as u64);
    }
    let begin = Instant::now();
    while let Err(error) = worker.flush(PATIENCE) {
        println!("{name}, after {:.0?}: {error}", begin.elapsed());
        assert!(error.kind().is_temporary() && begin.elapsed() < PATIENCE, "{name}: {error}");
        thread::sleep(Duration::from_secs(1));
    }
    println!("{name}: {COUNTERS} counters in {:.0?}", begin.elapsed());
    let expected = (0..COUNTERS).map(|n| (format!("{n:0100}"), n as i64));
    assert_eq!(store.totals().unwrap(), expected.collect::<BTreeMap<_, _>>(), "{name}");
}
