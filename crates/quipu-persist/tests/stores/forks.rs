//! Stores that go through a fork. Each test is alone in its process: see [`child::is_alone`].

use std::{fs, thread};

use quipu_persist::{Batch, Entry, ErrorKind, Sink, Sqlite, Stamp, Store, Writer};

use crate::rig::{File, Rig, Service};
use quipu_testing::child;

fn batch(writer: &Writer, version: u64, total: i64) -> Batch {
    let entry = Entry { counter: "likes".to_owned(), stamp: Stamp { version, total } };
    Batch { writer: writer.clone(), entries: vec![entry], closes: false }
}

/// The child makes a connection of its own, and leaves the parent's as it is.
fn connected_before_a_fork(service: &Service) {
    let (a, b) = (Writer::new("a").unwrap(), Writer::new("b").unwrap());
    let (mut store, mut other) = (service.store(), service.store());
    store.write(&batch(&a, 1, 10)).unwrap();
    assert_eq!(other.total("likes").unwrap(), 10);
    child::fork(|| {
        drop(other);
        store.write(&batch(&b, 1, 5)).unwrap();
        store.total("likes").unwrap() == 15
    });
    store.write(&batch(&a, 2, 20)).unwrap();
    assert_eq!(store.total("likes").unwrap(), 25);
}

macro_rules! connected_before_a_fork {
    ($($(#[$attribute:meta])* $name:ident: $service:ident;)*) => { $(
        $(#[$attribute])*
        #[test]
        fn $name() {
            if child::is_alone(concat!("forks::", stringify!($name))) {
                connected_before_a_fork(&Service::$service());
            }
        }
    )* };
}

connected_before_a_fork! {
    #[ignore = "needs postgres: run ci/services"]
    service_postgres_connected_before_a_fork: postgres;
    #[ignore = "needs redis-server: run ci/services"]
    service_redis_connected_before_a_fork: redis;
    #[ignore = "needs nats-server: run ci/services"]
    service_nats_connected_before_a_fork: nats;
}

/// A thread waits inside SQLite for the lock of a file, while the process is forked.
#[test]
fn sqlite_says_so_where_its_locks_are_lost() {
    if !child::is_alone("forks::sqlite_says_so_where_its_locks_are_lost") {
        return;
    }
    let (locked, free) = (File::new(), File::new());
    let who = Writer::new("a").unwrap();
    Sqlite::new(free.path()).write(&batch(&who, 1, 10)).unwrap();
    let lock = rusqlite::Connection::open(locked.path()).unwrap();
    lock.execute_batch("CREATE TABLE other (x); BEGIN EXCLUSIVE").unwrap();

    let (mut inside, batch) = (Sqlite::new(locked.path()), batch(&who, 1, 10));
    let waiting = thread::spawn(move || inside.write(&batch));
    // The thread may not be there yet, and then the child has SQLite.
    while !is_lost_in_a_child(&free) {
        assert!(!waiting.is_finished());
    }
    assert_eq!(Sqlite::new(free.path()).total("likes").unwrap(), 10);
    lock.execute_batch("COMMIT").unwrap();
    waiting.join().unwrap().unwrap();
}

fn is_lost_in_a_child(file: &File) -> bool {
    let told = file.path().with_extension("lost");
    child::fork(|| match Sqlite::new(file.path()).total("likes") {
        Err(error) if error.kind() == ErrorKind::Forked => fs::write(&told, "").is_ok(),
        total => total.unwrap() == 10,
    });
    told.exists()
}
