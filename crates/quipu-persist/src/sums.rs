//! Sums by key. They wrap, as every sum here.

use std::collections::BTreeMap;

pub(super) fn add<K: Ord>(sums: &mut BTreeMap<K, i64>, key: K, number: i64) {
    let sum = sums.entry(key).or_default();
    *sum = sum.wrapping_add(number);
}
