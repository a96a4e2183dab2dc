//! Faults of a run, counted where they show: in the worker's messages, in those that arrive, and in
//! the answers.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use quipu_persist::{Batch, Error, Outcome, Sink, Writer};

use crate::unruly::Unruly;

/// How often each thing happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(Arc<Mutex<BTreeMap<&'static str, u32>>>);

impl Tally {
    pub(crate) fn count(&self, what: &'static str) {
        *self.0.lock().unwrap().entry(what).or_default() += 1;
    }

    pub(crate) fn assert_has(&self, expected: &[&'static str]) {
        let counts = self.0.lock().unwrap();
        for what in expected {
            assert!(counts.contains_key(what), "{what}: none in {counts:?}");
        }
    }
}

/// How often the store was restored. Locked meanwhile, so that no request is on its way from before
/// to after.
pub(crate) type Restores = Arc<RwLock<u32>>;

/// The store's end of a way: what arrives at it, and what it answers.
struct Store {
    sink: Box<dyn Sink>,
    arrived: Vec<(Batch, Result<Outcome, Error>)>,
}

impl Sink for Store {
    fn write(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        let answer = self.sink.write(batch);
        self.arrived.push((batch.clone(), answer.clone()));
        answer
    }
}

/// An unruly way to a store. A restore cuts it, with all that is on its way.
pub(crate) struct Way {
    unruly: Unruly<Arc<Mutex<Store>>>,
    store: Arc<Mutex<Store>>,
    is_unruly: Arc<AtomicBool>,
    random: fastrand::Rng,
    restores: Restores,
    /// As far as this way knows.
    restored: u32,
    /// Writers that were told that they are folded.
    told: HashSet<Writer>,
    tally: Tally,
}

impl Way {
    pub(crate) fn new(
        sink: Box<dyn Sink>,
        is_unruly: &Arc<AtomicBool>,
        mut random: fastrand::Rng,
        restores: &Restores,
        tally: &Tally,
    ) -> Self {
        let store = Arc::new(Mutex::new(Store { sink, arrived: Vec::new() }));
        Self {
            unruly: Unruly::new(Arc::clone(&store), Arc::clone(is_unruly), random.u64(..)),
            store,
            is_unruly: Arc::clone(is_unruly),
            random,
            restores: Arc::clone(restores),
            restored: *restores.read().unwrap(),
            told: HashSet::new(),
            tally: tally.clone(),
        }
    }

    fn count(&mut self, batch: &Batch, answer: &Result<Outcome, Error>) {
        let arrived = std::mem::take(&mut self.store.lock().unwrap().arrived);
        let own = || arrived.iter().filter(|(arrived, _)| arrived == batch);
        let happened = [
            ("requests lost", own().next().is_none()),
            ("answers lost", answer.is_err() && own().any(|(_, answer)| answer.is_ok())),
            ("requests doubled", own().count() > 1),
            ("requests late", arrived.iter().any(|(arrived, _)| arrived != batch)),
            ("requests failed", arrived.iter().any(|(_, answer)| answer.is_err())),
            (
                "folds told",
                matches!(answer, Ok(Outcome::Folded(_))) && self.told.insert(batch.writer.clone()),
            ),
            (
                "folds undone",
                matches!(answer, Ok(Outcome::Stored)) && self.told.contains(&batch.writer),
            ),
        ];
        happened
            .iter()
            .filter(|(_, has_happened)| *has_happened)
            .for_each(|(what, _)| self.tally.count(what));
    }
}

impl Sink for Way {
    fn write(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        let restores = Arc::clone(&self.restores);
        let restores = restores.read().unwrap_or_else(PoisonError::into_inner);
        if self.restored != *restores {
            self.restored = *restores;
            self.unruly = Unruly::new(
                Arc::clone(&self.store),
                Arc::clone(&self.is_unruly),
                self.random.u64(..),
            );
        }
        let answer = self.unruly.write(batch);
        self.count(batch, &answer);
        answer
    }
}
