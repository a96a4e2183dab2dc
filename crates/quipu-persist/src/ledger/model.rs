//! The slots as a model: the ledger and the store in memory as they are, in every order of events.
//!
//! A request may be lost, its answer may be lost, or it may come late, even amid a claim: some stores
//! write the lease first, and read the slot's rows after that. A lease may run out while its owner is
//! alive, a process may be killed, and the store may lose everything, or be put back to a copy, and
//! forth to a later one. A reader asks for one slot after the other, in any order.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use stateright::{Checker, HasDiscoveries, Model, Property};

use super::{Ledger, Scope};
use crate::ambient::fixed;
use crate::{Batch, Claim, Claimed, Error, ErrorKind, Lease, Memory, Outcome, Sink, Store};

const COUNTER: &str = "likes";

/// Requests of a flush that may have a fault. A process that has lost its slot has that batch refused,
/// looks at the slot, claims another one, and writes there.
const REQUESTS: usize = 4;

/// How much may happen.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    processes: usize,
    adds: i64,
    faults: usize,
    expiries: usize,
    kills: usize,
    copies: usize,
    restores: usize,
    /// Whether there is a reader.
    is_read: bool,
    depth: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    store: Memory,
    copies: Vec<Memory>,
    processes: Vec<Process>,
    /// Requests that were given up, and may still arrive.
    late: Vec<Request>,
    left: Left,
    /// The rows that the reader has read.
    read: BTreeMap<u32, i64>,
    /// The one loss that is allowed: another process has claimed the slot of a living one in a store
    /// that was put back to a copy.
    is_low_allowed: bool,
}

/// The events that are left.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Left {
    faults: usize,
    expiries: usize,
    kills: usize,
    restores: usize,
}

#[derive(Clone, Debug)]
struct Process {
    ledger: Ledger,
    own: i64,
    /// The count that a flush has acknowledged.
    acknowledged: i64,
    is_alive: bool,
    next_name: u64,
}

impl Process {
    /// All that differs between two states of a process, but for the sizes of batches: they have a row.
    fn key(&self) -> impl Eq + Hash + '_ {
        let Ledger { account, past, forgotten, lost_claims, has_failed, .. } = &self.ledger;
        let counts = (self.own, self.acknowledged, self.is_alive, self.next_name);
        (account, past, forgotten, lost_claims, has_failed, counts)
    }
}

impl PartialEq for Process {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Process {}

impl Hash for Process {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Request {
    Claim(Claim),
    Flush(Batch),
}

/// The fate of one request of a flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Fault {
    Lost,
    AnswerLost,
    Late,
    /// The oldest late request arrives between the two steps of a claim.
    Overtaken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Add(usize),
    /// With a fault at one of its requests, or none.
    Flush(usize, Scope, Option<(usize, Fault)>),
    Arrive(usize),
    Read(u32),
    Expire(u32),
    Kill(usize),
    Copy,
    Restore(usize),
    Lose,
}

/// A way to the store that has a fault at one request.
struct Way<'a> {
    store: &'a mut Memory,
    late: &'a mut Vec<Request>,
    fault: Option<(usize, Fault)>,
    requests: usize,
}

impl Way<'_> {
    /// The fault of the next request.
    fn next_fault(&mut self) -> Option<Fault> {
        self.requests += 1;
        self.fault.filter(|(at, _)| *at == self.requests).map(|(_, fault)| fault)
    }

    fn send<T>(
        &mut self,
        fault: Option<Fault>,
        request: Request,
        work: impl Fn(&mut Memory) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match fault {
            None | Some(Fault::Overtaken) => work(self.store),
            Some(Fault::Lost) => no_answer(),
            Some(Fault::Late) => {
                self.late.push(request);
                no_answer()
            }
            Some(Fault::AnswerLost) => {
                work(self.store)?;
                no_answer()
            }
        }
    }
}

fn no_answer<T>() -> Result<T, Error> {
    Err(Error::new(ErrorKind::Timeout, "no answer"))
}

/// A request of the past arrives. Nobody waits for its answer.
fn arrive(store: &mut Memory, request: Request) {
    match request {
        Request::Claim(claim) => drop(store.claim(&claim)),
        Request::Flush(batch) => drop(store.flush(&batch)),
    }
}

impl Sink for Way<'_> {
    fn claim(&mut self, claim: &Claim) -> Result<Claimed, Error> {
        let fault = self.next_fault();
        let request = Request::Claim(claim.clone());
        let mut claimed = self.send(fault, request, |store| store.claim(claim))?;
        if fault == Some(Fault::Overtaken) {
            arrive(self.store, self.late.remove(0));
        }
        let row = self.store.by_slot(COUNTER)?.remove(&claimed.slot);
        claimed.base = row.map(|total| (COUNTER.to_owned(), total)).into_iter().collect();
        Ok(claimed)
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        let fault = self.next_fault();
        self.send(fault, Request::Flush(batch.clone()), |store| store.flush(batch))
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        match self.next_fault() {
            Some(_) => no_answer(),
            None => self.store.lease(slot),
        }
    }
}

impl World {
    fn total(&self) -> i64 {
        self.store.clone().total(COUNTER).unwrap()
    }

    fn flush(&mut self, at: usize, scope: Scope, fault: Option<(usize, Fault)>) -> bool {
        let Process { ledger, own, acknowledged, next_name, .. } = &mut self.processes[at];
        let counts = [(Arc::from(COUNTER), *own)];
        let mut way = Way { store: &mut self.store, late: &mut self.late, fault, requests: 0 };
        let is_done =
            fixed::names_from(next_name, || ledger.flush(&mut way, scope, &counts)).is_ok();
        if is_done {
            *acknowledged = *own;
        }
        is_done
    }

    /// Whether a slot that is a living process's is another one's for the first time since a copy.
    fn note_losses(&mut self, before: &Memory, bounds: Bounds) {
        if self.left.restores == bounds.restores {
            return;
        }
        let alive = |host: &str| {
            let at: usize = host[1..].parse().unwrap();
            self.processes[at].is_alive
        };
        for (slot, lease) in before.clone().slots().unwrap() {
            let after = self.store.clone().lease(slot).unwrap();
            let is_taken = after.is_some_and(|after| after.owner.host() != lease.owner.host());
            self.is_low_allowed |= is_taken && alive(lease.owner.host());
        }
    }

    /// The store once the living processes have written twice without faults.
    fn quiet(&self, bounds: Bounds) -> Self {
        let mut quiet = self.clone();
        for at in [0, 1].into_iter().flat_map(|_| 0..self.processes.len()) {
            if quiet.processes[at].is_alive {
                let before = quiet.store.clone();
                assert!(quiet.flush(at, Scope::Check, None), "{quiet:?}");
                quiet.note_losses(&before, bounds);
            }
        }
        quiet
    }
}

const USUAL: Bounds = Bounds {
    processes: 2,
    adds: 1,
    faults: 1,
    expiries: 1,
    kills: 0,
    copies: 0,
    restores: 0,
    is_read: false,
    depth: 7,
};

impl Model for Bounds {
    type State = World;
    type Action = Event;

    fn init_states(&self) -> Vec<World> {
        let process = |at: usize| Process {
            ledger: Ledger::new(format!("p{at}"), Duration::from_secs(60)),
            own: 0,
            acknowledged: 0,
            is_alive: true,
            next_name: 1 + 1000 * at as u64,
        };
        vec![World {
            store: Memory::new(),
            copies: Vec::new(),
            processes: (0..self.processes).map(process).collect(),
            late: Vec::new(),
            left: Left {
                faults: self.faults,
                expiries: self.expiries,
                kills: self.kills,
                restores: self.restores,
            },
            read: BTreeMap::new(),
            is_low_allowed: false,
        }]
    }

    fn actions(&self, world: &World, events: &mut Vec<Event>) {
        let alive = world.processes.iter().enumerate().filter(|(_, process)| process.is_alive);
        for (at, process) in alive {
            if process.own < self.adds {
                events.push(Event::Add(at));
            }
            events.push(Event::Flush(at, Scope::Check, None));
            events.push(Event::Flush(at, Scope::Changed, None));
            if world.left.faults > 0 {
                let overtaken = (!world.late.is_empty()).then_some(Fault::Overtaken);
                let faults =
                    [Fault::Lost, Fault::AnswerLost, Fault::Late].into_iter().chain(overtaken);
                for fault in faults.flat_map(|fault| (1..=REQUESTS).map(move |at| (at, fault))) {
                    events.push(Event::Flush(at, Scope::Changed, Some(fault)));
                    if self.copies > 0 {
                        events.push(Event::Flush(at, Scope::Check, Some(fault)));
                    }
                }
            }
            if world.left.kills > 0 {
                events.push(Event::Kill(at));
            }
        }
        events.extend((0..world.late.len()).map(Event::Arrive));
        if self.is_read {
            let slots = world.store.clone().slots().unwrap().into_keys();
            events.extend(slots.filter(|slot| !world.read.contains_key(slot)).map(Event::Read));
        }
        if world.left.expiries > 0 {
            let slots = world.store.clone().slots().unwrap();
            events.extend(slots.into_keys().map(Event::Expire));
        }
        if world.copies.len() < self.copies {
            events.push(Event::Copy);
        }
        if world.left.restores > 0 {
            events.extend((0..world.copies.len()).map(Event::Restore));
            events.push(Event::Lose);
        }
    }

    fn next_state(&self, last: &World, event: Event) -> Option<World> {
        let mut world = last.clone();
        match event {
            Event::Add(at) => world.processes[at].own += 1,
            Event::Flush(at, scope, fault) => {
                world.left.faults -= usize::from(fault.is_some());
                world.flush(at, scope, fault);
            }
            Event::Arrive(at) => arrive(&mut world.store, world.late.remove(at)),
            Event::Read(slot) => {
                let row = world.store.by_slot(COUNTER).unwrap().remove(&slot);
                world.read.insert(slot, row.unwrap_or(0));
            }
            Event::Expire(slot) => {
                world.left.expiries -= 1;
                world.store.expire(slot);
            }
            Event::Kill(at) => {
                world.left.kills -= 1;
                world.processes[at].is_alive = false;
            }
            Event::Copy => world.copies.push(world.store.clone()),
            Event::Restore(_) | Event::Lose => {
                world.left.restores -= 1;
                // A restore cuts the connections.
                world.late.clear();
                world.store = match event {
                    Event::Restore(at) => world.copies[at].clone(),
                    _ => Memory::new(),
                };
            }
        }
        if !matches!(event, Event::Restore(_) | Event::Lose) {
            world.note_losses(&last.store, *self);
        }
        (world != *last).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("never above", |_, world: &World| {
                let begun: i64 = world.processes.iter().map(|process| process.own).sum();
                world.total() <= begun && world.read.values().sum::<i64>() <= begun
            }),
            Property::always("exact in quiet", |bounds: &Bounds, world: &World| {
                let quiet = world.quiet(*bounds);
                let (mut least, mut most) = (0, 0);
                for process in &world.processes {
                    let is_kept = world.left.restores == bounds.restores;
                    most += process.own;
                    least += match process.is_alive {
                        true => process.own,
                        false if is_kept => process.acknowledged,
                        false => 0,
                    };
                }
                quiet.total() <= most && (quiet.total() >= least || quiet.is_low_allowed)
            }),
            Property::always("as many slots as processes", |bounds: &Bounds, world: &World| {
                let slots = world.store.clone().slots().unwrap().len();
                // A claim that comes late, or whose answer is lost, may have one until its end.
                slots <= bounds.processes + bounds.faults
            }),
        ]
    }
}

/// Looks at every state within the bounds.
fn check(bounds: Bounds) {
    let checker = bounds.checker().target_max_depth(bounds.depth).threads(2);
    let checker = checker.finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    println!("{bounds:?}: {} states, depth {}", checker.unique_state_count(), checker.max_depth());
    checker.assert_properties();
}

/// One way through the model.
fn replay(bounds: Bounds, events: impl IntoIterator<Item = Event>) {
    let mut world = bounds.init_states().remove(0);
    for event in events {
        let next = bounds.next_state(&world, event);
        world = next.unwrap_or_else(|| panic!("{event:?} changes nothing"));
        for Property { name, condition, .. } in bounds.properties() {
            assert!(condition(&bounds, &world), "{name}, after {event:?}: {world:#?}");
        }
    }
}

const LATE: Bounds = Bounds { adds: 2, faults: 2, expiries: 0, ..USUAL };
const FENCED: Bounds = Bounds { adds: 2, expiries: 2, ..USUAL };
const KILLED: Bounds = Bounds { expiries: 2, kills: 1, ..USUAL };
const READ: Bounds = Bounds { faults: 0, is_read: true, depth: 9, ..FENCED };
const BACK: Bounds = Bounds { faults: 0, copies: 2, restores: 2, ..USUAL };
const OVERTAKEN: Bounds = Bounds { faults: 2, ..USUAL };
const BACK_LATE: Bounds = Bounds { faults: 1, copies: 1, restores: 2, ..USUAL };
const BACK_KILLED: Bounds = Bounds { kills: 1, ..BACK };
const BACK_AND_FORTH: Bounds = Bounds { processes: 1, adds: 2, expiries: 1, depth: 10, ..BACK };

#[test]
fn requests_that_are_lost_or_late_change_nothing() {
    check(LATE);
}

#[test]
fn a_process_that_loses_its_slot_goes_on_in_another() {
    check(FENCED);
}

#[test]
fn a_killed_process_leaves_its_acknowledged_counts() {
    check(KILLED);
}

#[test]
fn a_claim_has_all_that_came_before_its_rows_are_read() {
    check(OVERTAKEN);
}

#[test]
fn a_reader_that_sees_slots_at_different_times_is_never_above() {
    check(READ);
}

#[test]
fn a_store_that_goes_back_is_made_good() {
    check(BACK);
}

#[test]
fn a_store_that_goes_back_amid_faults_is_made_good() {
    check(BACK_LATE);
}

#[test]
fn a_store_that_goes_back_keeps_what_a_killed_process_left() {
    check(BACK_KILLED);
}

#[test]
fn a_store_that_goes_back_and_forth_is_made_good() {
    check(BACK_AND_FORTH);
}

/// A process finds its first slot gone, and its flush to the second one is lost. Then a copy is there
/// that has both: the rest of that flush has counts which the first slot has.
#[test]
fn the_rest_of_a_flush_counts_for_one_copy() {
    let events = [
        Event::Add(0),
        Event::Flush(0, Scope::Changed, None),
        Event::Expire(0),
        Event::Flush(1, Scope::Changed, None),
        Event::Flush(0, Scope::Check, None),
        Event::Copy,
        Event::Lose,
        Event::Flush(0, Scope::Check, Some((2, Fault::Lost))),
        Event::Restore(0),
    ];
    for scope in [Scope::Changed, Scope::Check] {
        // Where it would send that rest, and then what corrects it, the latter is lost.
        for fault in [None, Some((3, Fault::Lost))] {
            let last = Event::Flush(0, scope, fault);
            replay(Bounds { faults: 2, expiries: 1, ..BACK }, events.into_iter().chain([last]));
        }
    }
}

#[test]
#[ignore = "takes minutes, with --release"]
fn the_same_holds_further_on() {
    for bounds in
        [LATE, FENCED, KILLED, OVERTAKEN, READ, BACK, BACK_LATE, BACK_KILLED, BACK_AND_FORTH]
    {
        check(Bounds { depth: bounds.depth + 3, ..bounds });
    }
}
