//! Faults of a run, counted where they show: in the worker's messages, in those that arrive, and in
//! the answers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use quipu_persist::{Batch, Claim, Claimed, Error, ErrorKind, Lease, Outcome, Sink, Standing};

use crate::unruly::{Hasty, Request, Unruly};

/// How often each thing happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(Arc<Mutex<BTreeMap<&'static str, u32>>>);

impl Tally {
    pub(crate) fn count(&self, what: &'static str) {
        *self.0.lock().unwrap().entry(what).or_default() += 1;
    }

    fn count_all<const N: usize>(&self, happened: [(&'static str, bool); N]) {
        let happened = happened.iter().filter(|(_, has_happened)| *has_happened);
        happened.for_each(|(what, _)| self.count(what));
    }

    pub(crate) fn assert_has(&self, expected: &[&'static str]) {
        let counts = self.0.lock().unwrap();
        for what in expected {
            assert!(counts.contains_key(what), "{what}: none in {counts:?}");
        }
    }
}

/// The state of the network and of the store, which a test changes.
#[derive(Clone, Default)]
pub(crate) struct Weather {
    /// Whether leases run out at once.
    pub(crate) is_hasty: Arc<AtomicBool>,
    /// How often the store was restored.
    restores: Arc<AtomicU32>,
    /// Locked for a restore, so that no request is on its way from before to after.
    gate: Arc<RwLock<()>>,
}

impl Weather {
    /// Does this while no request is on its way; those that are late never arrive.
    pub(crate) fn restore(&self, work: impl FnOnce()) {
        let _gate = self.gate.write().unwrap();
        work();
        self.restores.fetch_add(1, Ordering::Relaxed);
    }

    /// Does this while no request is on its way.
    pub(crate) fn pause(&self, work: impl FnOnce()) {
        let _gate = self.gate.write().unwrap();
        work();
    }
}

/// The store's end of a way: what arrives at it, and whether it answers.
struct Store {
    sink: Box<dyn Sink>,
    arrived: Vec<(Request, bool)>,
}

impl Sink for Store {
    fn claim(&mut self, claim: &Claim) -> Result<Claimed, Error> {
        let answer = self.sink.claim(claim);
        self.arrived.push((Request::Claim(claim.clone()), answer.is_ok()));
        answer
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        let answer = self.sink.flush(batch);
        self.arrived.push((Request::Flush(batch.clone()), answer.is_ok()));
        answer
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        self.sink.lease(slot)
    }
}

/// The state of one process, which a test changes and looks at.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) is_unruly: Arc<AtomicBool>,
    /// Whether it sends nothing any more.
    pub(crate) is_killed: AtomicBool,
    /// Claims that were sent.
    pub(crate) claims: AtomicU32,
}

/// An unruly way to a store.
pub(crate) struct Way {
    unruly: Unruly<Arc<Mutex<Store>>>,
    store: Arc<Mutex<Store>>,
    weather: Weather,
    state: Arc<State>,
    tally: Tally,
}

impl Way {
    pub(crate) fn new(
        sink: Box<dyn Sink>,
        state: &Arc<State>,
        seed: u64,
        weather: &Weather,
        tally: &Tally,
    ) -> Hasty<Self> {
        let store = Arc::new(Mutex::new(Store { sink, arrived: Vec::new() }));
        let unruly = Unruly::new(Arc::clone(&store), &state.is_unruly, &weather.restores, seed);
        let (state, tally) = (Arc::clone(state), tally.clone());
        let way = Self { unruly, store, weather: weather.clone(), state, tally };
        Hasty::new(way, &weather.is_hasty)
    }

    /// Sends a request while the store isn't restored.
    fn send<T>(
        &mut self,
        request: Option<&Request>,
        call: impl FnOnce(&mut Unruly<Arc<Mutex<Store>>>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.state.is_killed.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Unavailable, "killed"));
        }
        let gate = Arc::clone(&self.weather.gate);
        let _gate = gate.read().unwrap_or_else(PoisonError::into_inner);
        let answer = call(&mut self.unruly);
        if let Some(request) = request {
            self.count(request, answer.is_err());
        }
        answer
    }

    fn count(&self, request: &Request, has_failed: bool) {
        let arrived = std::mem::take(&mut self.store.lock().unwrap().arrived);
        let own = || arrived.iter().filter(|(arrived, _)| arrived == request);
        self.tally.count_all([
            ("requests lost", own().next().is_none()),
            ("answers lost", has_failed && own().any(|(_, is_answered)| *is_answered)),
            ("requests doubled", own().count() > 1),
            ("requests late", arrived.iter().any(|(arrived, _)| arrived != request)),
            ("requests failed", arrived.iter().any(|(_, is_answered)| !is_answered)),
        ]);
    }
}

impl Sink for Way {
    fn claim(&mut self, claim: &Claim) -> Result<Claimed, Error> {
        self.state.claims.fetch_add(1, Ordering::Relaxed);
        let request = Request::Claim(claim.clone());
        let answer = self.send(Some(&request), |unruly| unruly.claim(claim));
        self.tally.count_all([
            ("claims repeated", !claim.instead_of.is_empty()),
            ("slots taken over", answer.as_ref().is_ok_and(|claimed| claimed.epoch > 1)),
        ]);
        answer
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        let request = Request::Flush(batch.clone());
        let answer = self.send(Some(&request), |unruly| unruly.flush(batch));
        if let Ok(Outcome::Refused(lease)) = &answer {
            let standing = lease.as_ref().map(|lease| lease.standing(&batch.owner, batch.epoch));
            self.tally.count_all([
                ("owners fenced", matches!(standing, Some(Standing::Fenced(_)))),
                ("owners set back", matches!(standing, Some(Standing::Owned(_)))),
                ("owners unknown", matches!(standing, None | Some(Standing::Absent))),
            ]);
        }
        answer
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        self.send(None, |unruly| unruly.lease(slot))
    }
}
