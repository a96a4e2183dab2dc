//! The slots of a store.

use std::collections::BTreeSet;
use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use quipu_persist::Store;

use crate::args::Args;
use crate::store;

pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let mut store = store::open(&args.store)?;
    let now = now();
    println!("{:>8} {:<24} {:<16} {:<16}", "slot", "host", "since", "until");
    for (slot, lease) in store.slots()? {
        let (host, since) = (lease.owner.host(), from(now, lease.since));
        let until = lease.until.map_or_else(|| "closed".to_owned(), |until| from(now, until));
        println!("{slot:>8} {host:<24} {since:<16} {until:<16}");
    }
    Ok(())
}

/// The hosts whose processes have a slot now.
pub(crate) fn hosts_that_count(store: &mut dyn Store) -> Result<Vec<String>, quipu_persist::Error> {
    let (slots, now) = (store.slots()?, now());
    let alive = slots.into_values().filter(|lease| lease.until.is_some_and(|until| until > now));
    let hosts: BTreeSet<_> = alive.map(|lease| lease.owner.host().to_owned()).collect();
    Ok(hosts.into_iter().collect())
}

/// In seconds since 1970.
fn now() -> i64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH);
    time.map_or(0, |time| time.as_secs() as i64)
}

/// A time as it is seen from now. Both are in seconds since 1970.
fn from(now: i64, time: i64) -> String {
    let left = time.saturating_sub(now);
    if left > 0 { format!("in {left} s") } else { format!("{} s ago", left.saturating_neg()) }
}

#[cfg(test)]
mod tests {
    use super::from;

    #[test]
    fn times_are_seen_from_now() {
        assert_eq!(from(100, 700), "in 600 s");
        assert_eq!(from(100, 100), "0 s ago");
        assert_eq!(from(100, 40), "60 s ago");
        assert_eq!(from(100, i64::MIN), format!("{} s ago", i64::MAX));
    }
}
