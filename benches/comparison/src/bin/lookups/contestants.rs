//! The interface of all that look a counter up.

use quipu_lab::load::hide;
use quipu_lab::order::Order;
use quipu_lab::series::{MANY, Series, Texts};

/// The limit of series, for those that have one.
pub(crate) const LIMIT: usize = 2 * MANY;

/// Something that several threads look counters up in.
pub(crate) trait Contestant: Sync {
    /// Looks so many counters up, and adds 1 to each, on the current thread, which is the
    /// `thread`th.
    fn add(&self, thread: usize, times: u64);

    /// The count of each series; empty if it keeps none.
    fn counts(&self) -> Vec<u64>;
}

/// A contestant that has not been made yet.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// Makes one for this number of threads. Those that ask for the number receive a cell for each.
    pub(crate) make: fn(&Series, usize) -> Box<dyn Contestant>,
}

/// A family, and the keys of its series in the order in which they are looked up.
struct Used<F, K, A, C> {
    family: F,
    keys: Order<K>,
    add: A,
    counts: C,
}

impl<F, K, A, C> Contestant for Used<F, K, A, C>
where
    F: Sync,
    K: Copy + Sync,
    A: Fn(&F, K) + Sync,
    C: Fn(&F) -> Vec<u64> + Sync,
{
    fn add(&self, thread: usize, times: u64) {
        self.keys.each(thread, times, |&key| (self.add)(hide(&self.family), key));
    }

    fn counts(&self) -> Vec<u64> {
        (self.counts)(&self.family)
    }
}

pub(crate) fn used<F: Sync + 'static, K: Copy + Sync + 'static>(
    family: F,
    keys: Order<K>,
    add: impl Fn(&F, K) + Sync + 'static,
    counts: impl Fn(&F) -> Vec<u64> + Sync + 'static,
) -> Box<dyn Contestant> {
    Box::new(Used { family, keys, add, counts })
}

/// A family whose keys are texts. `count` is the count of one series.
pub(crate) fn by_texts<F: Sync + 'static>(
    series: &Series,
    family: F,
    add: impl Fn(&F, &'static Texts) + Sync + 'static,
    count: impl Fn(&F, &Texts) -> u64 + Sync + 'static,
) -> Box<dyn Contestant> {
    let texts = series.texts;
    let counts = move |family: &F| texts.iter().map(|texts| count(family, texts)).collect();
    used(family, series.keys(), add, counts)
}

/// Counters that are found by the index of a series.
pub(crate) fn by_index<M: Sync + 'static>(
    series: &Series,
    metrics: M,
    add: impl Fn(&M, usize) + Sync + 'static,
    count: impl Fn(&M, usize) -> u64 + Sync + 'static,
) -> Box<dyn Contestant> {
    let len = series.texts.len();
    let counts = move |metrics: &M| (0..len).map(|index| count(metrics, index)).collect();
    let add = move |metrics: &M, index| add(metrics, usize::from(index));
    used(metrics, indices(series), add, counts)
}

/// The order of the indices, each in as many bytes as two enums.
pub(crate) fn indices(series: &Series) -> Order<u16> {
    series.order.map(|index| index as u16)
}

/// One counter, which has no counts of series.
pub(crate) fn one_for_all<M: Sync + 'static>(
    series: &Series,
    counter: M,
    add: impl Fn(&M) + Sync + 'static,
) -> Box<dyn Contestant> {
    used(counter, indices(series), move |counter, _| add(counter), |_| Vec::new())
}

/// The loop over keys that nothing is done with.
pub(crate) fn alone<K: Copy + Sync + 'static>(keys: Order<K>) -> Box<dyn Contestant> {
    used((), keys, |(), key| _ = hide(&key), |()| Vec::new())
}
