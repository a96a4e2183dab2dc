//! Stores that go through a fork. Each test is alone in its process: see [`child::is_alone`].

use std::{fs, thread};

use quipu_persist::{ErrorKind, Sink, Sqlite, Store};

use crate::owner::{Owner, like};
use crate::rig::{File, Rig, Service};
use quipu_testing::child;

/// The child makes a connection of its own, and leaves the parent's as it is.
fn connected_before_a_fork(service: &Service) {
    let (mut store, mut other) = (service.store(), service.store());
    let mut owner = Owner::claim(&mut store, "a").unwrap();
    store.flush(&owner.batch(&[("likes", 10)])).unwrap();
    assert_eq!(other.total("likes").unwrap(), 10);
    child::fork(|| {
        drop(other);
        let mut owner = Owner::claim(&mut store, "b").unwrap();
        store.flush(&owner.batch(&[("likes", 5)])).unwrap();
        store.total("likes").unwrap() == 15
    });
    store.flush(&owner.batch(&[("likes", 20)])).unwrap();
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
    like(&mut Sqlite::new(free.path())).unwrap();
    let lock = rusqlite::Connection::open(locked.path()).unwrap();
    lock.execute_batch("CREATE TABLE other (x); BEGIN EXCLUSIVE").unwrap();

    let mut inside = Sqlite::new(locked.path());
    let waiting = thread::spawn(move || like(&mut inside));
    // The thread may not be there yet, and then the child has SQLite.
    while !is_lost_in_a_child(&free) {
        assert!(!waiting.is_finished());
    }
    assert_eq!(Sqlite::new(free.path()).total("likes").unwrap(), 1);
    lock.execute_batch("COMMIT").unwrap();
    waiting.join().unwrap().unwrap();
}

fn is_lost_in_a_child(file: &File) -> bool {
    let told = file.path().with_extension("lost");
    child::fork(|| match Sqlite::new(file.path()).total("likes") {
        Err(error) if error.kind() == ErrorKind::Forked => fs::write(&told, "").is_ok(),
        total => total.unwrap() == 1,
    });
    told.exists()
}
