//! A client that keeps its own count.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use ureq::http::Response;
use ureq::{Agent, Body};

use crate::tally::Tally;
pub(crate) use quipu_testing::http::agent;

/// Sends requests of all kinds from several threads, each of which goes on for as long as `go_on`
/// of the number that it has sent. Every request is answered before the next.
pub(crate) fn load(url: &str, threads: usize, go_on: impl Fn(u64) -> bool + Sync) -> Tally {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(|| load_one(url, &go_on))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a client failed"))
            .fold(Tally::default(), |all, one| all + one)
    })
}

/// A load that runs until it is stopped. Where the test fails first, it ends with the server or the
/// test's process.
pub(crate) struct Background {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<Tally>,
}

impl Background {
    pub(crate) fn start(url: &str, threads: usize) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let (url, flag) = (url.to_owned(), Arc::clone(&is_over));
        let thread = thread::spawn(move || load(&url, threads, |_| !flag.load(Ordering::Relaxed)));
        Self { is_over, thread }
    }

    pub(crate) fn stop(self) -> Tally {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().expect("a client failed")
    }
}

fn load_one(url: &str, go_on: &impl Fn(u64) -> bool) -> Tally {
    let agent = agent();
    let mut tally = Tally::default();
    for number in (0..).take_while(|&number| go_on(number)) {
        let (status, mut response) = send(&agent, url, number);
        assert_eq!(response.status(), status, "request {number}");
        let body = response.body_mut().read_to_vec().expect("no whole body from the server");
        tally.answer(status, body.len() as u64);
    }
    tally
}

/// Sends the request of this number, and says which status it should be answered with.
fn send(agent: &Agent, url: &str, number: u64) -> (u16, Response<Body>) {
    let get = |path: &str| agent.get(format!("{url}{path}")).call();
    let size = number % 1000;
    let (status, response) = match number % 8 {
        0 => (200, get("/hello")),
        1 => (200, get(&format!("/bytes/{}", size * size))),
        2 => (200, agent.post(format!("{url}/echo")).send(&vec![b'x'; size as usize])),
        3 => (404, get(&format!("/nowhere/{number}"))),
        4 => (500, get("/fail")),
        5 => (400, get("/bytes/many")),
        6 => (405, agent.put(format!("{url}/hello")).send_empty()),
        _ => (200, agent.head(format!("{url}/bytes/1000")).call()),
    };
    (status, response.unwrap_or_else(|error| panic!("request {number}: {error}")))
}
