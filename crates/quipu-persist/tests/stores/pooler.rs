//! PostgreSQL behind poolers. PgBouncer gives each transaction a connection that others had before, and Pgpool-II
//! sends reads to a standby.

use std::sync::Barrier;
use std::thread;

use quipu_persist::{Outcome, Postgres, Sink, Store};
use quipu_testing::process::wait_for;

use crate::owner::{Owner, like};
use crate::rig::Service;
use crate::server::Server;

const CLIENTS: u32 = 12;
const ROUNDS: u32 = 5;

#[test]
#[ignore = "needs postgres and pgbouncer: run ci/services"]
fn service_postgres_behind_a_pooler() {
    let service = Service::postgres();
    let pooler = Server::pgbouncer(service.port());
    let url = format!("postgres://quipu:knots@127.0.0.1:{}/postgres", pooler.port());
    let at = || Postgres::new(&url).unwrap();
    let all_at_once = Barrier::new(CLIENTS as usize);
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (all_at_once, at) = (&all_at_once, &at);
            scope.spawn(move || {
                // Looked at in the end, so that no client waits for one that has failed.
                let mut results = Vec::new();
                let mut owner = None;
                for total in 1..=i64::from(ROUNDS) {
                    // A connection for each, so that each looks for the tables.
                    let mut store = at();
                    all_at_once.wait();
                    if owner.is_none() {
                        owner = Owner::claim(&mut store, &format!("web-{client}")).ok();
                    }
                    let batch = owner.as_mut().map(|owner| owner.batch(&[("likes", total)]));
                    let written = batch.map(|batch| store.flush(&batch));
                    results.push((written, store.total("likes"), store.totals()));
                }
                for (round, (written, total, totals)) in (1..).zip(results) {
                    assert_eq!(written.expect("a slot").unwrap(), Outcome::Stored);
                    assert!(total.unwrap() >= round);
                    assert_eq!(totals.unwrap().into_keys().collect::<Vec<_>>(), ["likes"]);
                }
            });
        }
    });
    let mut store = at();
    assert_eq!(store.total("likes").unwrap(), i64::from(CLIENTS * ROUNDS));
    assert_eq!(store.slots().unwrap().len(), CLIENTS as usize);
    let total = service.postgres_at(service.port()).total("likes").unwrap();
    assert_eq!(total, i64::from(CLIENTS * ROUNDS));
}

/// A standby that is behind, from before the tables are made and from after that: reads through the pooler are
/// those of some time ago, and nothing that decides is.
#[test]
#[ignore = "needs postgres and pgpool2: run ci/services"]
fn service_postgres_behind_a_pooler_that_balances_reads() {
    let service = Service::postgres();
    let mut primary = service.postgres_at(service.port());
    for before in 0..2 {
        let standby = Server::postgres_standby(service.port());
        wait_for("a standby that answers", || service.postgres_at(standby.port()).slots().ok());
        let pooler = Server::pgpool(service.port(), standby.port());
        let at = || service.postgres_at(pooler.port());

        assert_eq!(like(&mut at()).unwrap(), Outcome::Stored);
        assert_eq!(like(&mut at()).unwrap(), Outcome::Stored);
        assert_eq!(at().total("likes").unwrap(), 2 * before, "the pooler asks the standby");
        assert_eq!(primary.total("likes").unwrap(), 2 * before + 2);

        let mut late = Owner::claim(&mut at(), "late").unwrap();
        let next = Owner::instead_of(&mut at(), "next", vec![late.name.clone()]).unwrap();
        assert_eq!(next.slot, late.slot);
        let refused = at().flush(&late.batch(&[("likes", 100)])).unwrap();
        let Outcome::Refused(Some(lease)) = refused else { panic!("{refused:?}") };
        assert_eq!(lease.owner, next.name);
        assert_eq!(at().lease(late.slot).unwrap(), Some(lease));
    }
}
