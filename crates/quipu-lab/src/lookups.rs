//! Families of counters. Each look-up by labels finds one, and adds to it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard};

use quipu::{Counter, CounterArray, DynamicFamily, Family, LabelValue as _};

use super::calls::{Callee, Entry};
use super::load::hide;
use super::order::Order;
use super::record::Measure;
use super::series::{FEW, MANY, NAMES, Series, Texts};

pub(crate) const ENTRIES: &[Entry] = &[
    entry("labels-array", || {
        let array = CounterArray::<FEW>::new();
        by_index(array, |array, index| array[index].inc(), |array, index| array[index].sum())
    }),
    entry("labels-counters", || {
        let counters: [Counter; FEW] = std::array::from_fn(|_| Counter::new());
        by_index(counters, |all, index| all[index].inc(), |all, index| all[index].sum())
    }),
    entry("labels-family", family),
    entry("labels-dynamic", || dynamic_family(Series::few())),
    entry("labels-dynamic-many", || dynamic_family(Series::in_turn())),
    entry("labels-mutex-map", || mutex_map(Series::few())),
    entry("labels-mutex-map-many", || mutex_map(Series::in_turn())),
    entry("labels-rwlock-map", || rwlock_map(Series::few())),
    entry("labels-rwlock-map-many", || rwlock_map(Series::in_turn())),
];

const fn entry(name: &'static str, make: fn() -> Box<dyn Callee>) -> Entry {
    Entry { name, measure: Measure::LookUpCost, make }
}

quipu::labels! {
    enum Method: "method" { Get => "GET", Post => "POST", Put => "PUT", Delete => "DELETE" }

    enum Status: "status" {
        Ok => "200",
        Created => "201",
        Found => "302",
        NotModified => "304",
        BadRequest => "400",
        Forbidden => "403",
        NotFound => "404",
        Error => "500",
    }
}

type Answers = Family<Counter, (Method, Status)>;

fn labels(index: usize) -> (Method, Status) {
    let statuses = Status::ALL;
    (Method::ALL[index / statuses.len()], statuses[index % statuses.len()])
}

fn family() -> Box<dyn Callee> {
    let series = Series::few();
    let keys = series.order.map(labels);
    let family = Answers::named("lab_answers_total", "Of the lab.");
    let add = |family: &Answers, labels| family[labels].inc();
    let count = |family: &Answers, index| family[labels(index)].sum();
    Box::new(LookedUp { series, keys, family, add, count })
}

fn dynamic_family(series: Series) -> Box<dyn Callee> {
    by_texts(
        series,
        DynamicFamily::<Counter, 2>::named("lab_requests_total", "Of the lab.", NAMES).limit(MANY),
        |family, &texts| family.with(texts, |counter| counter.inc()),
        |family, &texts| family.with(texts, |counter| counter.sum()),
    )
}

fn mutex_map(series: Series) -> Box<dyn Callee> {
    by_texts(
        series,
        Mutex::<HashMap<Texts, u64>>::default(),
        |map, &texts| *locked(map).entry(texts).or_default() += 1,
        |map, texts| locked(map).get(texts).copied().unwrap_or(0),
    )
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder panics")
}

type RwLockMap = RwLock<HashMap<Texts, AtomicU64>>;

fn rwlock_map(series: Series) -> Box<dyn Callee> {
    by_texts(series, RwLockMap::default(), add_to_rwlock_map, |map, texts| {
        read(map).get(texts).map_or(0, |count| count.load(Relaxed))
    })
}

#[inline(always)]
fn add_to_rwlock_map(map: &RwLockMap, texts: &Texts) {
    if let Some(count) = read(map).get(texts) {
        count.fetch_add(1, Relaxed);
        return;
    }
    let mut map = map.write().expect("no holder panics");
    map.entry(*texts).or_default().fetch_add(1, Relaxed);
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().expect("no holder panics")
}

/// A family that is looked up by the texts of its labels. `count` is the count of one series.
fn by_texts<F: Sync + 'static>(
    series: Series,
    family: F,
    add: impl Fn(&F, &Texts) + Sync + 'static,
    count: impl Fn(&F, &Texts) -> u64 + Sync + 'static,
) -> Box<dyn Callee> {
    let (keys, texts) = (series.keys(), series.texts);
    let count = move |family: &F, index: usize| count(family, &texts[index]);
    Box::new(LookedUp { series, keys, family, add, count })
}

/// The counters of few series, which are found by index.
fn by_index<F: Sync + 'static>(
    family: F,
    add: impl Fn(&F, usize) + Sync + 'static,
    count: impl Fn(&F, usize) -> u64 + Sync + 'static,
) -> Box<dyn Callee> {
    let series = Series::few();
    // In as many bytes as two enums have.
    let keys = series.order.map(|index| index as u16);
    let add = move |family: &F, index| add(family, usize::from(index));
    Box::new(LookedUp { series, keys, family, add, count })
}

/// A family, and the keys of its series in the order in which they are looked up.
struct LookedUp<F, K, A, C> {
    series: Series,
    keys: Order<K>,
    family: F,
    add: A,
    /// The count of a series, by index.
    count: C,
}

impl<F, K, A, C> Callee for LookedUp<F, K, A, C>
where
    F: Sync,
    K: Copy + Sync,
    A: Fn(&F, K) + Sync,
    C: Fn(&F, usize) -> u64 + Sync,
{
    /// Looks every series up, so that it is there, and the thread has slots in it.
    fn warm_up(&self, thread: usize) {
        self.call(thread, self.keys.cycle());
    }

    fn call(&self, thread: usize, times: u64) {
        self.keys.each(thread, times, |&key| (self.add)(hide(&self.family), key));
    }

    fn check(&self, threads: usize, times: u64) -> Result<(), String> {
        let tally = |times| self.series.order.tally(self.series.texts.len(), threads, times);
        let expected = tally(self.keys.cycle()).into_iter().zip(tally(times));
        for (index, (first, then)) in expected.enumerate() {
            let (found, expected) = ((self.count)(&self.family, index), first + then);
            if found != expected {
                let texts = self.series.texts[index];
                return Err(format!(
                    "{found} of {texts:?} after {threads} threads: expected {expected}"
                ));
            }
        }
        Ok(())
    }
}
