//! PostgreSQL behind PgBouncer, which gives each transaction a connection that others had before.

use std::sync::Barrier;
use std::thread;

use quipu_persist::{Batch, Entry, Outcome, Postgres, Sink, Stamp, Store, Writer};

use crate::rig::Service;
use crate::server::Server;

const CLIENTS: u64 = 12;
const ROUNDS: u64 = 5;

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
                let writer = Writer::new(&format!("web-{client}")).unwrap();
                // Looked at in the end, so that no client waits for one that has failed.
                let mut results = Vec::new();
                for version in 1..=ROUNDS {
                    let stamp = Stamp { version, total: version as i64 };
                    let likes = Entry { counter: "likes".to_owned(), stamp };
                    let closes = version == ROUNDS;
                    let batch = Batch { writer: writer.clone(), entries: vec![likes], closes };
                    // A connection for each, so that each looks for the tables.
                    let mut store = at();
                    all_at_once.wait();
                    results.push((store.write(&batch), store.total("likes"), store.counters()));
                }
                for (version, (written, total, counters)) in (1..).zip(results) {
                    assert_eq!(written.unwrap(), Outcome::Stored);
                    assert!(total.unwrap() >= version);
                    assert_eq!(counters.unwrap(), ["likes"]);
                }
            });
        }
    });
    let total = (CLIENTS * ROUNDS) as i64;
    assert_eq!(at().total("likes").unwrap(), total);
    assert_eq!(at().compact(crate::LONG).unwrap(), CLIENTS as usize);
    assert_eq!(service.postgres_at(service.port()).total("likes").unwrap(), total);
}
