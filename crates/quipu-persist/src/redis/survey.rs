//! A read of all slots.

use std::collections::{BTreeMap, BTreeSet};

use redis::{Cmd, Value, cmd};

use super::connection::Connection;
use super::layout::{Keys, LEASE};
use crate::{Error, Lease};

/// Slots in one message at most, so that the server holds back a bounded number of answers.
const MESSAGE: usize = 64;

/// Asks for each slot by `read`, and gives the answers to `take`, which says whether the slot is
/// there. An error if one is gone that the set of numbers has: an eviction dropped it, perhaps, and its
/// counts are missing until its owner writes again.
pub(super) fn every_slot(
    connection: &mut Connection,
    read: impl Fn(&Keys, u32) -> Cmd,
    take: impl FnMut(&Keys, u32, Value) -> Result<bool, Error>,
) -> Result<(), Error> {
    match each_slot(connection, read, take)?.first() {
        Some(slot) => Err(connection.lacks(*slot)),
        None => Ok(()),
    }
}

/// The same for slots of which some may be gone. Their numbers.
///
/// The set of numbers may be lost alone, and slots that nobody writes to don't come back to it. So
/// these numbers are asked for too: those that are missing between others, the next one, and more
/// beyond that for as long as one of them is a slot. A claim takes the lowest number that no slot has,
/// so no others are far away.
fn each_slot(
    connection: &mut Connection,
    read: impl Fn(&Keys, u32) -> Cmd,
    mut take: impl FnMut(&Keys, u32, Value) -> Result<bool, Error>,
) -> Result<Vec<u32>, Error> {
    let keys = connection.keys.clone();
    let schema = cmd("GET").arg(keys.schema()).take();
    let [schema, members] = connection.ask([schema, cmd("SMEMBERS").arg(keys.slots()).take()])?;
    keys.is_new(schema)?;
    let known = keys.parse_slots(members)?;
    let mut end = first_end(&known);
    let mut gone = Vec::new();
    let mut asked: Vec<u32> = known.iter().copied().chain(missing(&known, 0, end)).collect();
    while !asked.is_empty() {
        let mut is_more = false;
        for slots in asked.chunks(MESSAGE) {
            ask_slots(connection, &keys, slots, &read, |slot, answer| {
                match (take(&keys, slot, answer)?, known.contains(&slot)) {
                    (true, false) => is_more = true,
                    (false, true) => gone.push(slot),
                    _ => {}
                }
                Ok(())
            })?;
        }
        let next = if is_more { end.saturating_mul(2) } else { end };
        asked = missing(&known, end, next).collect();
        end = next;
    }
    Ok(gone)
}

/// The number below which all are asked for at first: the next one after the last, unless most in
/// front of that are missing.
fn first_end(known: &BTreeSet<u32>) -> u32 {
    let next = known.last().map_or(0, |last| last.saturating_add(1));
    let most = (known.len() as u32).saturating_mul(2).saturating_add(8);
    next.min(most).saturating_add(1)
}

fn missing(known: &BTreeSet<u32>, start: u32, end: u32) -> impl Iterator<Item = u32> {
    (start..end).filter(|slot| !known.contains(slot))
}

/// The leases of all slots.
pub(super) fn leases(connection: &mut Connection) -> Result<BTreeMap<u32, Lease>, Error> {
    let mut leases = BTreeMap::new();
    each_slot(connection, read_lease, |keys, slot, answer| {
        let lease = keys.parse_lease(slot, answer)?;
        let is_there = lease.is_some();
        leases.extend(lease.map(|lease| (slot, lease)));
        Ok(is_there)
    })?;
    Ok(leases)
}

/// Reads the leases of this slot and the next ones again.
pub(super) fn refresh(
    connection: &mut Connection,
    first: u32,
    leases: &mut BTreeMap<u32, Lease>,
) -> Result<(), Error> {
    let slots: Vec<u32> = (first..u32::MAX).take(MESSAGE).collect();
    let keys = connection.keys.clone();
    let read = |slot: u32, answer| {
        leases.extend(keys.parse_lease(slot, answer)?.map(|lease| (slot, lease)));
        Ok(())
    };
    ask_slots(connection, &keys, &slots, read_lease, read)
}

/// Asks for slots in one message.
fn ask_slots(
    connection: &mut Connection,
    keys: &Keys,
    slots: &[u32],
    read: impl Fn(&Keys, u32) -> Cmd,
    mut take: impl FnMut(u32, Value) -> Result<(), Error>,
) -> Result<(), Error> {
    let commands: Vec<_> = slots.iter().map(|slot| read(keys, *slot)).collect();
    let mut slots = slots.iter();
    connection.ask_each(&commands, |answer| slots.next().map_or(Ok(()), |slot| take(*slot, answer)))
}

/// The command that reads the lease of a slot.
pub(super) fn read_lease(keys: &Keys, slot: u32) -> Cmd {
    cmd("HMGET").arg(keys.slot(slot)).arg(&LEASE).take()
}

/// The command that reads all of a slot.
pub(super) fn read_all(keys: &Keys, slot: u32) -> Cmd {
    cmd("HGETALL").arg(keys.slot(slot)).take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_numbers_without_a_slot_are_asked_for() {
        let first = |known: &[u32]| first_end(&known.iter().copied().collect());
        assert_eq!(first(&[]), 1);
        assert_eq!(first(&[0, 1, 2]), 4);
        assert_eq!(first(&[0, 9]), 11);
        assert_eq!(first(&[u32::MAX]), 11);
    }
}
