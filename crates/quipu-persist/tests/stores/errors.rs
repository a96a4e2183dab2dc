//! Mistakes in the configuration, and stores that can't be written to: each error says what to
//! change.

use std::process::Command;

use quipu_persist::{Error, ErrorKind, Outcome, Sink, Sqlite, Store};

use crate::owner::like;
use crate::rig::File;
use quipu_testing::child;

/// The error of a process that counts, which must fail.
pub(crate) fn write(mut sink: impl Sink) -> Error {
    like(&mut sink).unwrap_err()
}

#[track_caller]
pub(crate) fn assert_error(error: &Error, kind: ErrorKind, parts: &[&str]) {
    println!("{error}");
    assert_eq!(error.kind(), kind, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "{part:?} is not in: {error}");
    }
}

#[test]
fn sqlite_in_no_folder() {
    let file = File::new();
    let path = file.path().join("missing").join("totals.db");
    assert_error(
        &write(Sqlite::new(&path)),
        ErrorKind::Unavailable,
        &["missing/totals.db: expected a folder that exists"],
    );
    let error = Sqlite::new(&path).total("likes").unwrap_err();
    assert_error(
        &error,
        ErrorKind::Unavailable,
        &["missing/totals.db: expected a folder that exists"],
    );
    assert_eq!(Sqlite::new("missing.db").total("likes").unwrap(), 0);
    for error in
        [Sqlite::new("likes\0.db").total("likes").unwrap_err(), write(Sqlite::new("likes\0.db"))]
    {
        assert_error(
            &error,
            ErrorKind::Unavailable,
            &["expected a folder that exists, and a file"],
        );
    }
}

/// A name that SQLite takes for a database in memory or elsewhere is neither written nor read.
#[test]
fn sqlite_paths_that_are_no_file() {
    for (path, expected) in [
        ("", "\"\": expected the path of a file, such as totals.db"),
        (":memory:", "\":memory:\": expected the path of a file; use Memory"),
        ("file:x.db", "\"file:x.db\": expected a path, not a URI: leave out file:"),
        ("file:x.db?mode=rwc", "or write ./file:x.db?mode=rwc"),
        ("file:///tmp/x.db", "expected a path, not a URI"),
        ("file::memory:?cache=shared", "expected a path, not a URI"),
    ] {
        let mut store = Sqlite::new(path);
        assert_error(&write(store.clone()), ErrorKind::Config, &[expected]);
        assert_error(&store.total("likes").unwrap_err(), ErrorKind::Config, &[expected]);
        assert_error(&store.totals().unwrap_err(), ErrorKind::Config, &[expected]);
        assert_error(&store.lease(0).unwrap_err(), ErrorKind::Config, &[expected]);
    }
}

/// Files of these names are files, where the path has a folder.
#[test]
fn sqlite_files_of_odd_names() {
    let folder = tempfile::tempdir().unwrap();
    for name in [":memory:", "file:x.db", "file:x.db?mode=rwc", "File:x.db", "a b%20c?d#e.db"] {
        let path = folder.path().join(name);
        assert_eq!(like(&mut Sqlite::new(&path)).unwrap(), Outcome::Stored);
        assert!(path.is_file(), "{name}");
        assert_eq!(Sqlite::new(&path).total("likes").unwrap(), 1, "{name}");
    }
}

#[test]
fn sqlite_tables_of_another_layout() {
    for change in [
        "ALTER TABLE quipu_totals DROP COLUMN total",
        "ALTER TABLE quipu_slots DROP COLUMN past",
        "UPDATE quipu_totals SET total = 'ten'",
        "ALTER TABLE quipu_totals RENAME TO quipu_sums",
    ] {
        let file = File::new();
        assert_eq!(like(&mut Sqlite::new(file.path())).unwrap(), Outcome::Stored);
        rusqlite::Connection::open(file.path()).unwrap().execute_batch(change).unwrap();
        let mut store = Sqlite::new(file.path());
        let error = store.total("likes").and_then(|_| store.slots()).unwrap_err();
        assert_error(
            &error,
            ErrorKind::Schema,
            &["expected quipu_ tables as this version makes them", "move these"],
        );
    }
}

#[test]
fn sqlite_file_of_something_else() {
    let file = File::new();
    std::fs::write(file.path(), "name,likes\n".repeat(500)).unwrap();
    assert_error(
        &write(Sqlite::new(file.path())),
        ErrorKind::Config,
        &["expected an SQLite database, or no file"],
    );
    assert_eq!(Sqlite::new(file.path()).total("likes").unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn sqlite_tables_of_another_version() {
    for (tables, found) in [
        ("CREATE TABLE quipu_totals (counter TEXT, total BIGINT)", "no version"),
        (
            "CREATE TABLE quipu_schema (version BIGINT); INSERT INTO quipu_schema VALUES (7)",
            "version 7",
        ),
    ] {
        let file = File::new();
        rusqlite::Connection::open(file.path()).unwrap().execute_batch(tables).unwrap();
        let error = write(Sqlite::new(file.path()));
        assert_error(
            &error,
            ErrorKind::Schema,
            &[found, "expected version 2", "move these tables away"],
        );
        assert_eq!(Sqlite::new(file.path()).total("likes").unwrap_err().kind(), ErrorKind::Schema);
    }
}

#[test]
fn sqlite_locked_by_another_process() {
    let file = File::new();
    let connection = rusqlite::Connection::open(file.path()).unwrap();
    connection.execute_batch("CREATE TABLE other (x); BEGIN EXCLUSIVE").unwrap();
    assert_error(
        &write(Sqlite::new(file.path())),
        ErrorKind::Timeout,
        &["expected no other process to keep it locked"],
    );
    connection.execute_batch("COMMIT").unwrap();
    assert_eq!(Sqlite::new(file.path()).total("likes").unwrap(), 0);
}

/// A command that runs another with the right to mount, in a namespace of its own.
fn unshare() -> Command {
    let ways: [&[&str]; 2] = [&["unshare", "-rm", "env"], &["sudo", "-n", "unshare", "-m", "env"]];
    let command = |way: &&[&str]| {
        let mut command = Command::new(way[0]);
        command.args(&way[1..]);
        command
    };
    let works = |way: &&&[&str]| {
        command(way).arg("true").output().is_ok_and(|output| output.status.success())
    };
    let way = ways.iter().find(works).expect(
        "expected `unshare -rm` to work, of Debian's package util-linux, or sudo where user namespaces are restricted",
    );
    command(way)
}

#[test]
#[ignore = "needs unshare and mount: run ci/services"]
fn service_sqlite_on_a_full_disk() {
    if !child::is_started_again() {
        return child::assert_passed(&child::start_again_by(
            unshare(),
            "errors::service_sqlite_on_a_full_disk",
        ));
    }
    let folder = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
        .arg(folder.path())
        .status();
    assert!(mounted.unwrap().success(), "expected mount to work, of Debian's package mount");
    let path = folder.path().join("totals.db");
    let (likes, worker) =
        (std::sync::Arc::new(quipu::Counter::new()), quipu_persist::Worker::builder("host"));
    let worker = worker.interval(crate::LONG).start(Sqlite::new(&path)).unwrap();
    worker.track("likes", std::sync::Arc::clone(&likes)).unwrap();
    likes.add(5);
    worker.flush(crate::LONG).unwrap();

    std::fs::write(folder.path().join("rest"), vec![0; 64 << 10]).unwrap_err();
    likes.add(6);
    let error = worker.flush(crate::LONG).unwrap_err();
    let stored = Sqlite::new(&path).total("likes");
    std::fs::remove_file(folder.path().join("rest")).unwrap();
    let healed = worker.flush(crate::LONG);
    let total = Sqlite::new(&path).total("likes");
    drop(worker);
    assert!(Command::new("umount").arg(folder.path()).status().unwrap().success());
    assert_error(&error, ErrorKind::Full, &["expected room on its disk"]);
    assert_eq!(stored.unwrap(), 5);
    healed.unwrap();
    assert_eq!(total.unwrap(), 11);
}
/// Runs statements at a PostgreSQL.
pub(crate) fn execute(url: &str, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) =
            tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
    });
}

mod postgres {
    use std::sync::Arc;

    use quipu_persist::{ErrorKind, Outcome, Postgres, Sink, Store, Worker};

    use super::{assert_error, execute, write};
    use crate::owner::{Owner, like};
    use crate::rig::Service;

    fn at(url: &str) -> Postgres {
        Postgres::new(url).unwrap()
    }

    #[test]
    fn url_of_something_else() {
        let error = Postgres::new("mysql://root:secret@localhost/").unwrap_err();
        assert_error(
            &error,
            ErrorKind::Config,
            &["expected postgres://user:password@host:5432/database"],
        );
        assert!(!error.to_string().contains("secret"), "{error}");
        let error = Postgres::new("postgres://root:pass@secret@localhost/totals").unwrap_err();
        assert_error(&error, ErrorKind::Config, &["expected %40 for an @"]);
        assert!(!error.to_string().contains("secret"), "{error}");
        let error = Postgres::new("postgres:///totals").unwrap_err();
        assert_error(
            &error,
            ErrorKind::Config,
            &["expected postgres://user:password@host:5432/database"],
        );
    }

    #[test]
    #[ignore = "needs postgres: run ci/services"]
    fn service_postgres_errors_say_what_to_change() {
        let service = Service::postgres();
        let port = service.port();
        let url = |login: &str, rest: &str| format!("postgres://{login}@127.0.0.1:{port}/{rest}");
        let error = write(at(&url("quipu:wrong", "postgres")));
        assert_error(&error, ErrorKind::Denied, &["expected a user and a password"]);
        let error = write(at(&url("nobody:knots", "postgres")));
        assert_error(&error, ErrorKind::Denied, &["expected a user and a password"]);
        for login in ["quipu", "quipu:"] {
            let error = write(at(&url(login, "postgres")));
            assert_error(&error, ErrorKind::Denied, &["expected a user and a password"]);
        }
        let error = write(at(&url("quipu:knots", "missing")));
        assert_error(&error, ErrorKind::Config, &["expected a database that exists"]);
        let error = write(at(&url("quipu:knots", "postgres?options=-csearch_path%3Dmissing")));
        assert_error(&error, ErrorKind::Schema, &["expected a search_path"]);
        let error =
            write(at(&url("quipu:knots", "postgres?options=-cdefault_transaction_read_only%3Don")));
        assert_error(&error, ErrorKind::Denied, &["may write"]);
        let error = write(at("postgres://quipu:knots@quipu.invalid/postgres"));
        assert_error(
            &error,
            ErrorKind::Unavailable,
            &["PostgreSQL at quipu.invalid:5432: expected a server"],
        );
        let error = write(at("postgres://quipu:knots@127.0.0.1:1/postgres"));
        assert_error(
            &error,
            ErrorKind::Unavailable,
            &["PostgreSQL at 127.0.0.1:1: expected a server"],
        );
    }

    #[test]
    #[ignore = "needs postgres: run ci/services"]
    fn service_postgres_reader_needs_no_right_to_write() {
        let service = Service::postgres();
        let url = |login: &str, rest: &str| {
            format!("postgres://{login}@127.0.0.1:{}/{rest}", service.port())
        };
        let owner = url("quipu:knots", "postgres");
        execute(
            &owner,
            "CREATE ROLE reader LOGIN PASSWORD 'beads'; REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        );
        let readers = ["postgres", "postgres?options=-cdefault_transaction_read_only%3Don"];
        let mut readers = readers.map(|rest| at(&url("reader:beads", rest)));
        for reader in &mut readers {
            assert_eq!(reader.total("likes").unwrap(), 0);
            assert!(reader.totals().unwrap().is_empty());
            assert_error(&like(reader).unwrap_err(), ErrorKind::Denied, &["may write"]);
        }
        assert_eq!(like(&mut at(&owner)).unwrap(), Outcome::Stored);
        for reader in &mut readers {
            assert_error(&reader.total("likes").unwrap_err(), ErrorKind::Denied, &["may read"]);
        }
        execute(&owner, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader");
        for reader in &mut readers {
            assert_eq!(reader.total("likes").unwrap(), 1);
            assert_eq!(reader.totals().unwrap(), [("likes".to_owned(), 1)].into());
        }
    }

    /// A name that the database's encoding doesn't have is in the way of no other.
    #[test]
    #[ignore = "needs postgres: run ci/services"]
    fn service_postgres_in_another_encoding() {
        let service = Service::postgres();
        let url = |database: &str| {
            format!("postgres://quipu:knots@127.0.0.1:{}/{database}", service.port())
        };
        execute(
            &url("postgres"),
            "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'",
        );
        let worker = Worker::builder("host").interval(crate::LONG).start(at(&url("latin")));
        let worker = worker.unwrap();
        let mut counters: Vec<String> = (0..5000).map(|number| format!("views {number}")).collect();
        counters[70] = "views \u{20ac}".to_owned();
        counters[80] = "views \u{e9}".to_owned();
        counters[4999] = "\u{6f22}\u{5b57}".to_owned();
        for counter in &counters {
            let views = Arc::new(quipu::Counter::new());
            views.add(3);
            worker.track(counter, views).unwrap();
        }
        let error = worker.flush(crate::LONG).unwrap_err();
        let expected =
            ["\"views \u{20ac}\" is a counter that the store can't take", "ENCODING 'UTF8'"];
        assert_error(&error, ErrorKind::Refused, &expected);
        let refused: Vec<_> = worker.status().unwrap().refused.into_keys().collect();
        assert_eq!(refused, [counters[70].clone(), counters[4999].clone()]);
        let mut store = at(&url("latin"));
        assert_eq!(store.totals().unwrap().len(), 4998);
        for counter in [&counters[0], &counters[80], &counters[71], &counters[4998]] {
            assert_eq!(store.total(counter).unwrap(), 3);
        }
        assert_eq!(worker.shutdown(crate::LONG).unwrap_err().kind(), ErrorKind::Refused);
        assert_eq!(store.slots().unwrap()[&0].until, None, "the worker has closed");
        // Batches that no worker has checked.
        let mut store = at(&url("postgres"));
        let batch = Owner::claim(&mut store, "host").unwrap().batch(&[("a\0b", 1)]);
        let error = store.flush(&batch).unwrap_err();
        assert_error(&error, ErrorKind::Refused, &["expected names in the database's encoding"]);
    }

    /// A writer that looked for tables, found none, and waited for the lock while another process
    /// made them.
    #[test]
    #[ignore = "needs postgres: run ci/services"]
    fn service_postgres_tables_that_another_process_makes() {
        let service = Service::postgres();
        let url = format!("postgres://quipu:knots@127.0.0.1:{}/postgres", service.port());
        execute(&url, "CREATE SCHEMA elsewhere");
        like(&mut at(&format!("{url}?options=-csearch_path%3Delsewhere"))).unwrap();
        let outcome = std::thread::scope(|scope| {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .unwrap();
            let (client, connection) =
                runtime.block_on(tokio_postgres::connect(&url, tokio_postgres::NoTls)).unwrap();
            runtime.spawn(connection);
            let run = |sql: &str| runtime.block_on(client.batch_execute(sql)).unwrap();
            run("BEGIN; SELECT pg_advisory_xact_lock(7164797015)");
            let writer = scope.spawn(|| like(&mut at(&url)));
            let waiters =
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
            while runtime.block_on(client.query_one(waiters, &[])).unwrap().get::<_, i64>(0) == 0 {
                std::thread::yield_now();
            }
            for table in ["schema", "slots", "totals"] {
                run(&format!("ALTER TABLE elsewhere.quipu_{table} SET SCHEMA public"));
            }
            run("COMMIT");
            writer.join().unwrap()
        });
        assert_eq!(outcome.unwrap(), Outcome::Stored);
    }

    #[test]
    #[ignore = "needs postgres: run ci/services"]
    fn service_postgres_tables_of_another_version() {
        let service = Service::postgres();
        let url = format!("postgres://quipu:knots@127.0.0.1:{}/postgres", service.port());
        let execute = |sql: &str| execute(&url, sql);
        assert_eq!(like(&mut at(&url)).unwrap(), Outcome::Stored);
        execute("UPDATE quipu_schema SET version = 7");
        assert_error(&write(at(&url)), ErrorKind::Schema, &["version 7", "expected version 2"]);
        execute("DROP TABLE quipu_schema");
        assert_error(&write(at(&url)), ErrorKind::Schema, &["no version", "expected version 2"]);
        execute("DROP TABLE quipu_totals, quipu_slots");
        assert_eq!(at(&url).total("likes").unwrap(), 0);
        assert_eq!(like(&mut at(&url)).unwrap(), Outcome::Stored);
        let as_made = "expected quipu_ tables as this version makes them";
        for (change, undo) in [
            ("ALTER COLUMN slot TYPE NUMERIC", "ALTER COLUMN slot TYPE BIGINT"),
            ("ALTER COLUMN total TYPE NUMERIC", "ALTER COLUMN total TYPE BIGINT"),
            ("ALTER COLUMN total DROP NOT NULL", "ALTER COLUMN total SET NOT NULL"),
        ] {
            execute(&format!("ALTER TABLE quipu_totals {change}"));
            if change.ends_with("NULL") {
                execute("UPDATE quipu_totals SET total = NULL");
            }
            assert_error(&at(&url).total("likes").unwrap_err(), ErrorKind::Schema, &[as_made]);
            execute("UPDATE quipu_totals SET total = 1");
            execute(&format!("ALTER TABLE quipu_totals {undo}"));
        }
        execute("ALTER TABLE quipu_schema ALTER COLUMN version TYPE TEXT");
        assert_error(&write(at(&url)), ErrorKind::Schema, &[as_made]);
        execute("ALTER TABLE quipu_schema ALTER COLUMN version TYPE BIGINT USING version::BIGINT");
        execute("ALTER TABLE quipu_totals DROP CONSTRAINT quipu_totals_pkey");
        assert_error(&write(at(&url)), ErrorKind::Schema, &[as_made]);
        execute("ALTER TABLE quipu_slots DROP COLUMN past");
        assert_error(&write(at(&url)), ErrorKind::Schema, &[as_made]);
    }
}
mod redis {
    use quipu_persist::{ErrorKind, Redis, Store};
    use redis::Commands;

    use super::{assert_error, write};
    use crate::owner::like;
    use crate::rig::Service;

    #[test]
    fn url_of_something_else() {
        let error = Redis::new("http://root:secret@localhost/").unwrap_err();
        assert_error(&error, ErrorKind::Config, &["expected redis://user:password@host:6379/0"]);
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    #[ignore = "needs redis-server: run ci/services"]
    fn service_redis_errors_say_what_to_change() {
        let service = Service::redis();
        let url = format!("redis://127.0.0.1:{}/", service.port());
        let mut connection = redis::Client::open(url.as_str()).unwrap().get_connection().unwrap();
        let at = |url: &str| Redis::new(url).unwrap();

        connection.set::<_, _, ()>("{quipu}:schema", "7").unwrap();
        assert_error(
            &write(at(&url)),
            ErrorKind::Schema,
            &["{quipu}:schema is 7", "expected keys as this version"],
        );
        redis::cmd("FLUSHALL").exec(&mut connection).unwrap();
        for key in ["{quipu}:slot:0", "{quipu}:slots"] {
            connection.set::<_, _, ()>(key, "120").unwrap();
            assert_error(&write(at(&url)), ErrorKind::Schema, &["expected keys as this version"]);
            redis::cmd("FLUSHALL").exec(&mut connection).unwrap();
        }

        for (setting, value, kind, expected) in [
            (
                "maxmemory-policy",
                "allkeys-lru",
                ErrorKind::Config,
                "is allkeys-lru, by which it drops totals",
            ),
            (
                "maxmemory-policy",
                "allkeys-random",
                ErrorKind::Config,
                "expected noeviction, or one that begins",
            ),
            ("maxmemory-policy", "volatile-lru", ErrorKind::Full, "expected room"),
            ("maxmemory-policy", "noeviction", ErrorKind::Full, "expected room"),
            ("requirepass", "knots", ErrorKind::Denied, "expected a user and a password"),
        ] {
            redis::cmd("CONFIG")
                .arg("SET")
                .arg("maxmemory")
                .arg("1")
                .exec(&mut connection)
                .unwrap();
            redis::cmd("CONFIG").arg("SET").arg(setting).arg(value).exec(&mut connection).unwrap();
            assert_error(&write(at(&url)), kind, &[expected]);
        }
        let wrong = format!("redis://:wrong@127.0.0.1:{}/", service.port());
        assert_error(&write(at(&wrong)), ErrorKind::Denied, &["expected a user and a password"]);
        assert_error(
            &write(at("redis://quipu.invalid/")),
            ErrorKind::Unavailable,
            &["expected a server at this host"],
        );
        assert_error(
            &write(at("redis://127.0.0.1:1/")),
            ErrorKind::Unavailable,
            &["127.0.0.1:1: expected a server"],
        );
    }

    /// A total that is something else is in the way of its slot, and of the sum.
    #[test]
    #[ignore = "needs redis-server: run ci/services"]
    fn service_redis_total_of_something_else() {
        let service = Service::redis();
        let url = format!("redis://127.0.0.1:{}/", service.port());
        let mut connection = redis::Client::open(url.as_str()).unwrap().get_connection().unwrap();
        let mut store = Redis::new(&url).unwrap();
        like(&mut store).unwrap();
        connection.hset::<_, _, _, ()>("{quipu}:slot:0", "total:b", "knots").unwrap();
        let expected = ["\"knots\" in total:b of {quipu}:slot:0 isn't a total"];
        assert_error(&store.total("b").unwrap_err(), ErrorKind::Schema, &expected);
        assert_error(&store.totals().unwrap_err(), ErrorKind::Schema, &expected);
        assert_error(&write(Redis::new(&url).unwrap()), ErrorKind::Schema, &expected);
        assert_eq!(store.total("likes").unwrap(), 1);
        connection.hdel::<_, _, ()>("{quipu}:slot:0", "total:b").unwrap();
        like(&mut store).unwrap();
        assert_eq!(store.total("likes").unwrap(), 2);
    }
}

mod nats {
    use std::time::Duration;

    use async_nats::jetstream::stream::{Config, RetentionPolicy};
    use quipu_persist::{ErrorKind, Nats, Store};

    use super::{assert_error, write};
    use crate::owner::like;
    use crate::rig::Service;

    #[test]
    fn url_of_something_else() {
        let error = Nats::new("http://root:secret@localhost/").unwrap_err();
        assert_error(&error, ErrorKind::Config, &["expected nats://user:password@host:4222"]);
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    #[ignore = "needs nats-server: run ci/services"]
    fn service_nats_errors_say_what_to_change() {
        let service = Service::nats();
        let url = format!("nats://127.0.0.1:{}", service.port());
        let at = |url: &str| Nats::new(url).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let change = |change: fn(&mut Config)| {
            runtime.block_on(async {
                let context = async_nats::jetstream::new(async_nats::connect(&url).await.unwrap());
                let mut config =
                    context.get_stream("quipu").await.unwrap().cached_info().config.clone();
                context.delete_stream("quipu").await.unwrap();
                change(&mut config);
                context.create_stream(config).await.unwrap();
            });
        };
        change(|_| {});
        assert_eq!(at(&url).total("likes").unwrap(), 0);
        let changes: [(fn(&mut Config), _); 4] = [
            (
                |config| config.max_age = Duration::from_secs(3600),
                "max_age of the stream quipu is 3600s: expected 0ns",
            ),
            (
                |config| config.max_bytes = 1 << 20,
                "max_bytes of the stream quipu is 1048576: expected 0",
            ),
            (
                |config| config.retention = RetentionPolicy::WorkQueue,
                "is WorkQueue: expected Limits",
            ),
            (
                |config| config.subjects = vec!["likes".to_owned()],
                "subjects of the stream quipu is [\"likes\"]",
            ),
        ];
        for (changed, expected) in changes {
            change(changed);
            assert_error(
                &write(at(&url)),
                ErrorKind::Schema,
                &[expected, "edit or delete the stream"],
            );
            change(|config| {
                (config.max_age, config.max_bytes, config.retention) = Default::default()
            });
        }
        assert_error(
            &write(at("nats://quipu.invalid")),
            ErrorKind::Unavailable,
            &["NATS at quipu.invalid:4222: expected"],
        );
        assert_error(
            &write(at("nats://127.0.0.1:1")),
            ErrorKind::Unavailable,
            &["NATS at 127.0.0.1:1: expected a server"],
        );
    }

    #[test]
    #[ignore = "needs nats-server: run ci/services"]
    fn service_nats_without_jetstream() {
        let plain = crate::server::Server::nats_with(&[]);
        let error = write(Nats::new(&format!("nats://127.0.0.1:{}", plain.port())).unwrap());
        assert_error(&error, ErrorKind::Config, &["expected a server with JetStream"]);
    }

    /// A message that can't be read is reported, by reads and by claims.
    #[test]
    #[ignore = "needs nats-server: run ci/services"]
    fn service_nats_message_of_something_else() {
        let service = Service::nats();
        let url = format!("nats://127.0.0.1:{}", service.port());
        let mut store = Nats::new(&url).unwrap();
        like(&mut store).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let context = async_nats::jetstream::new(async_nats::connect(&url).await.unwrap());
            context.publish("quipu.slots.1", "knots".into()).await.unwrap().await.unwrap();
        });
        let expected = ["quipu.slots.1", "expected"];
        assert_error(&store.totals().unwrap_err(), ErrorKind::Schema, &expected);
        assert_error(&write(Nats::new(&url).unwrap()), ErrorKind::Schema, &expected);
    }
}
