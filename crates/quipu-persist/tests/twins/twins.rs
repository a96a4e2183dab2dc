//! A store beside its twin in memory: the same calls in the same order have the same answers.

use std::collections::BTreeMap;
use std::time::Duration;

use quipu_persist::{
    Batch, BatchId, Claim, Claimed, Entry, Lease, Memory, Outcome, Sink, Store, Writer,
};

pub(crate) const LONG: Duration = Duration::from_secs(3600);

/// Names that a store may take for something else.
const COUNTERS: [&str; 6] =
    ["likes", "likes_total", "http{path=\"/a b\"}", "http{path=\"ü*>.%\"}", "%", "l_kes"];

/// Processes that claim and write by chance, also late, twice, and after they lost their slots.
struct Twins<'a> {
    store: &'a mut dyn Store,
    memory: Memory,
    random: fastrand::Rng,
    claimed: Vec<(Writer, Claimed)>,
    batches: Vec<Batch>,
    numbers: u64,
}

/// Makes `calls` random calls of a store that has nothing yet.
pub(crate) fn check(store: &mut dyn Store, calls: usize) {
    let seed = std::env::var("QUIPU_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("QUIPU_SEED={seed}");
    let mut twins = Twins {
        store,
        memory: Memory::new(),
        random: fastrand::Rng::with_seed(seed),
        claimed: Vec::new(),
        batches: Vec::new(),
        numbers: 0,
    };
    twins.compare();
    for _ in 0..calls {
        match twins.random.u8(0..10) {
            0..2 => twins.claim(),
            2..8 => twins.flush(),
            8 => twins.repeat(),
            _ => twins.compare(),
        }
    }
    twins.compare();
}

impl Twins<'_> {
    /// A lease that has run out at once, or won't during the test.
    fn lease(&mut self) -> Duration {
        if self.random.u8(0..3) == 0 { Duration::ZERO } else { LONG }
    }

    fn claim(&mut self) {
        let owner = Writer::new(["web-1", "web-2"][self.random.usize(0..2)]).unwrap();
        let mut claim = Claim::new(owner.clone(), self.lease());
        if self.random.u8(0..4) == 0 {
            claim
                .instead_of
                .extend(self.random.choice(&self.claimed).map(|(owner, _)| owner.clone()));
        }
        let claimed = self.store.claim(&claim).unwrap();
        assert_eq!(claimed, self.memory.claim(&claim).unwrap());
        self.claimed.push((owner, claimed));
    }

    fn flush(&mut self) {
        let lease = self.lease();
        let Some((owner, claimed)) = self.random.choice(&self.claimed).cloned() else { return };
        let known = self.memory.lease(claimed.slot).unwrap().map(|lease| lease.last);
        let after =
            if self.random.u8(0..8) == 0 { BatchId::NONE } else { known.unwrap_or_default() };
        self.numbers += 1;
        let mut entries = Vec::new();
        for counter in COUNTERS {
            if self.random.bool() {
                entries.push(Entry { counter: counter.into(), total: self.random.i64(..) });
            }
        }
        // Any number of 64 bits is one of a batch.
        let number = self.numbers.wrapping_neg() >> (self.numbers % 2);
        let id = BatchId { number, entries: entries.len() as u32 };
        let mut batch = Batch::new((claimed.slot, claimed.epoch), owner, after, id, lease);
        batch.entries = entries;
        batch.closes = self.random.u8(0..8) == 0;
        self.send(&batch);
        self.batches.push(batch);
    }

    fn repeat(&mut self) {
        if let Some(batch) = self.random.choice(&self.batches).cloned() {
            self.send(&batch);
        }
    }

    fn send(&mut self, batch: &Batch) {
        let timeless = |outcome| match outcome {
            Outcome::Refused(Some(lease)) => Outcome::Refused(Some(without_times(lease))),
            other => other,
        };
        let outcome = self.store.flush(batch).unwrap();
        assert_eq!(timeless(outcome), timeless(self.memory.flush(batch).unwrap()), "{batch:?}");
    }

    fn compare(&mut self) {
        let slots = |slots: BTreeMap<u32, Lease>| {
            let slots = slots.into_iter().map(|(slot, lease)| (slot, without_times(lease)));
            slots.collect::<BTreeMap<_, _>>()
        };
        assert_eq!(slots(self.store.slots().unwrap()), slots(self.memory.slots().unwrap()));
        assert_eq!(self.store.totals().unwrap(), self.memory.totals().unwrap());
        for prefix in ["l", "likes", "http{", "%", "l_", "none"] {
            let expected = self.memory.totals_with_prefix(prefix).unwrap();
            assert_eq!(self.store.totals_with_prefix(prefix).unwrap(), expected, "{prefix}");
        }
        for counter in COUNTERS.into_iter().chain(["none"]) {
            let expected = self.memory.by_slot(counter).unwrap();
            assert_eq!(self.store.by_slot(counter).unwrap(), expected, "{counter}");
            assert_eq!(self.store.total(counter).unwrap(), self.memory.total(counter).unwrap());
        }
        for slot in 0..self.claimed.len() as u32 + 1 {
            let lease = self.store.lease(slot).unwrap().map(without_times);
            assert_eq!(lease, self.memory.lease(slot).unwrap().map(without_times));
        }
    }
}

/// The clocks differ: only whether the slot is closed is compared.
fn without_times(mut lease: Lease) -> Lease {
    lease.since = 0;
    lease.until = lease.until.map(|_| 0);
    lease
}
