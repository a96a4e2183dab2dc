//! The way from texts to a series.

use std::hash::{BuildHasher, Hasher};
use std::ops::Deref;

#[cfg(quipu_loom)]
use foldhash::fast::FixedState as Hashing;
#[cfg(not(quipu_loom))]
use foldhash::fast::RandomState as Hashing;
use hashbrown::HashTable;

use super::cache::{self, Hit};
use super::families::{List, Listed, Texts, global};
use super::node::{self, Handle, NodeRef};
use super::past::Past;
use super::{DynamicFamily, OVERFLOW, SeriesMetric};
use crate::engine::enter_cold_path;
use crate::sync::Ordering;

/// The place of a family among all.
#[derive(Debug)]
pub(super) struct Core {
    /// No other family ever has it.
    number: u32,
    /// No other family has it as long as this one lives.
    pub(super) index: usize,
    hasher: Hashing,
    pub(super) overflow: NodeRef,
}

impl Core {
    #[inline(always)]
    pub(super) fn hash<'a>(&self, texts: impl Iterator<Item = &'a str>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        texts.for_each(|text| hasher.write(text.as_bytes()));
        hasher.finish()
    }
}

/// The metric that a look-up found.
pub(super) enum Found<'a, M, const K: usize> {
    /// Of a node of these types.
    Series(NodeRef),
    Overflow(&'a M),
}

impl<M, const K: usize> Deref for Found<'_, M, K> {
    type Target = M;

    fn deref(&self) -> &M {
        match self {
            // SAFETY: it is a node of these types.
            Self::Series(node) => unsafe { node.metric::<M, K>() },
            Self::Overflow(metric) => metric,
        }
    }
}

impl<M: SeriesMetric, const K: usize> DynamicFamily<M, K> {
    /// The series in the thread's cache.
    #[inline(always)]
    pub(super) fn cached(&self, texts: &[&str; K]) -> Option<Hit> {
        let core = self.core.get().filter(|_| self.is_fit(texts))?;
        let hash = core.hash(texts.iter().copied());
        // SAFETY: the family's nodes are of these types.
        unsafe { cache::find::<M, K>(core.number, hash, texts) }
    }

    /// Whether the texts are short enough: longer ones aren't even hashed.
    #[inline(always)]
    fn is_fit(&self, texts: &[&str; K]) -> bool {
        texts.iter().fold(0, |len: usize, text| len.saturating_add(text.len())) <= self.text_limit
    }

    /// The series, in the cache from now on, or the overflow series.
    #[cold]
    #[inline(never)]
    pub(super) fn look_up(&self, texts: &[&str; K]) -> Found<'_, M, K> {
        match self.core().and_then(|core| self.find_or_make(core, texts)) {
            Some(node) => Found::Series(node),
            None => Found::Overflow(self.overflow()),
        }
    }

    /// A handle to the series; `None` where it is the overflow series.
    #[cold]
    #[inline(never)]
    pub(super) fn handle(&self, texts: &[&str; K]) -> Option<Handle> {
        let core = self.core()?;
        loop {
            // Another thread may take it out in between.
            let node = self.find_or_make(core, texts)?;
            if let Some(handle) = node.handle() {
                return Some(handle);
            }
        }
    }

    /// The metric for what finds no series. It counts the look-up.
    #[cold]
    #[inline(never)]
    pub(super) fn overflow(&self) -> &M {
        self.overflowed.inc();
        let Some(core) = self.core.get() else { return &self.spill };
        core.overflow.head().see();
        // SAFETY: it was made of these types.
        unsafe { core.overflow.metric::<M, K>() }
    }

    /// The family's place, which it has from its first use on; `None` within a cold path, and on
    /// allocation failure.
    pub(super) fn core(&self) -> Option<&Core> {
        if self.core.get().is_none() {
            enter_cold_path(|_| self.enlist(&mut global().list()));
        }
        self.core.get()
    }

    /// Lists the family, unless another thread did.
    fn enlist(&self, list: &mut List) -> Option<()> {
        if self.core.get().is_some() {
            return None;
        }
        let (number, index) = list.place()?;
        let overflow = NodeRef::make::<M, K>(number, self.template, &[OVERFLOW; K])?;
        let mut labels = Vec::new();
        labels.try_reserve_exact(K).ok()?;
        labels.extend(self.labels);
        let texts = Texts { name: self.name, help: self.help, labels };
        list.insert(index, Listed { texts, overflow: overflow.clone(), past: Past::default() });
        self.core.set(Core { number, index, hasher: Hashing::default(), overflow }).ok()
    }

    /// `None` where it is the overflow series: the texts or the limit say so, or the thread is on a
    /// cold path already, or allocation fails.
    fn find_or_make(&self, core: &Core, texts: &[&str; K]) -> Option<NodeRef> {
        if !self.is_fit(texts) || texts.iter().all(|text| *text == OVERFLOW) {
            return None;
        }
        let hash = core.hash(texts.iter().copied());
        let find_or_make = || {
            let families = global();
            let mut tables = families.tables(hash);
            let table = tables.get_or_make(core.index)?;
            // SAFETY: the family's nodes are of these types.
            let is_it = |node: &NodeRef| unsafe { node::has_texts::<M, K>(node.as_raw(), texts) };
            table.find(hash, is_it).cloned().or_else(|| self.make(core, table, hash, texts))
        };
        let node = enter_cold_path(|_| find_or_make()).flatten()?;
        cache::insert(hash, &node);
        Some(node)
    }

    /// Makes the series, unless there are as many as the limit.
    fn make(
        &self,
        core: &Core,
        table: &mut HashTable<NodeRef>,
        hash: u64,
        texts: &[&str; K],
    ) -> Option<NodeRef> {
        let one_more = |len| (len < self.limit).then_some(len + 1);
        // Relaxed, here and below: the number alone counts, and each series has one of it before it
        // is in a table, and until it is in none. Model: `limit_is_never_exceeded`.
        self.len.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        let made = self.insert(core, table, hash, texts);
        if made.is_none() {
            self.len.fetch_sub(1, Ordering::Relaxed);
        }
        made
    }

    /// `None` on allocation failure.
    fn insert(
        &self,
        core: &Core,
        table: &mut HashTable<NodeRef>,
        hash: u64,
        texts: &[&str; K],
    ) -> Option<NodeRef> {
        let hasher = |node: &NodeRef| core.hash(node.texts());
        table.try_reserve(1, hasher).ok()?;
        let node = NodeRef::make::<M, K>(core.number, self.template, texts)?;
        table.insert_unique(hash, node.clone(), hasher);
        Some(node)
    }
}
