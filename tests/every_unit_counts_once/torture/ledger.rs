//! The least and the most that was added, at any time.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicI64, Ordering, fence};

use crossbeam_utils::CachePadded;

use super::Adds;

/// One worker's part of the ledger. It has one writer at a time, which is not slowed down by locked
/// instructions: they would hide the races that this is about.
#[derive(Default)]
pub(crate) struct Account {
    up: Entry,
    down: Entry,
}

#[derive(Default)]
struct Entry {
    begun: AtomicI64,
    done: AtomicI64,
}

impl Entry {
    fn around(&self, amount: i64, add: impl FnOnce()) {
        let after = self.begun.load(Ordering::Relaxed) + amount;
        self.begun.store(after, Ordering::Relaxed);
        // Release: pairs with the fence in `Ledger::bounds`; a thread that sees the add sees that
        // it had begun.
        fence(Ordering::Release);
        add();
        // Release: a thread that sees that it is done, by Acquire, sees the add.
        self.done.store(after, Ordering::Release);
    }
}

impl Account {
    /// Adds to the subject.
    pub(crate) fn add<S: Adds>(&self, subject: &S, amount: i64) {
        let entry = if amount < 0 { &self.down } else { &self.up };
        entry.around(amount.abs(), || subject.add(amount));
    }

    /// The subject's total by this account, when nobody adds.
    pub(crate) fn balance(&self) -> i64 {
        self.up.done.load(Ordering::Acquire) - self.down.done.load(Ordering::Acquire)
    }

    /// Adds a random amount; where the subject can, sometimes takes away, but never more than was
    /// added here.
    pub(crate) fn add_at_random<S: Adds>(&self, subject: &S, random: &mut fastrand::Rng) {
        let balance = self.balance();
        let amount = if S::SIGNED && balance > 0 && random.bool() {
            -random.i64(1..=balance)
        } else {
            random.i64(0..9)
        };
        self.add(subject, amount);
    }
}

/// The accounts of all workers.
pub(crate) struct Ledger(Vec<CachePadded<Account>>);

impl Ledger {
    pub(crate) fn new(accounts: usize) -> Self {
        Self((0..accounts).map(|_| CachePadded::default()).collect())
    }

    pub(crate) fn accounts(&self) -> &[CachePadded<Account>] {
        &self.0
    }

    pub(crate) fn account(&self, worker: usize) -> &Account {
        &self.0[worker]
    }

    pub(crate) fn balance(&self) -> i64 {
        self.0.iter().map(|account| account.balance()).sum()
    }

    fn total(&self, entry: impl Fn(&Account) -> &AtomicI64) -> i64 {
        self.0.iter().map(|account| entry(account).load(Ordering::Acquire)).sum()
    }

    /// Reads, and returns what was read with the least and the most that it may be: all that was
    /// done before, and what of the rest had begun when it was over.
    pub(crate) fn bounds<T>(&self, read: impl FnOnce() -> T) -> (T, RangeInclusive<i64>) {
        let (up, down) =
            (self.total(|account| &account.up.done), self.total(|account| &account.down.done));
        let value = read();
        // Acquire: pairs with the fence in `Entry::around`.
        fence(Ordering::Acquire);
        let least = up - self.total(|account| &account.down.begun);
        (value, least..=self.total(|account| &account.up.begun) - down)
    }

    /// Checks that a sum of the subject lies between its bounds, or as near as the subject says.
    /// Returns the sum.
    pub(crate) fn check_sum<S: Adds>(&self, subject: &S) -> i64 {
        let (sum, bounds) = self.bounds(|| subject.sum());
        let error = subject.error(*bounds.end());
        let allowed = bounds.start() - error..=bounds.end() + error;
        assert!(allowed.contains(&sum), "a sum of {sum}, expected one of {allowed:?}");
        sum
    }
}
