//! Errors by their kinds, and the rights that a user needs: with just these, all calls succeed.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use quipu_persist::{Batch, ErrorKind, Nats, Outcome, Postgres, Redis, Sink, Store};
use serde_json::json;

use crate::errors::{assert_error, batch, execute, write};
use crate::rig::Service;
use crate::server::Server;

/// A batch whose writer can be folded at once.
fn last_batch() -> Batch {
    Batch { closes: true, ..batch() }
}

#[track_caller]
fn assert_reads(mut store: impl Store) {
    assert_eq!(store.total("likes").unwrap(), 1);
    assert_eq!(store.counters().unwrap(), ["likes"]);
}

mod postgres {
    use super::*;

    fn at(service: &Service, login: &str, options: &str) -> Postgres {
        let url =
            format!("postgres://{login}@127.0.0.1:{}/postgres?options={options}", service.port());
        Postgres::new(&url).unwrap()
    }

    fn owner(service: &Service) -> String {
        format!("postgres://quipu:knots@127.0.0.1:{}/postgres", service.port())
    }

    #[test]
    #[ignore = "needs postgres: run ci/services"]
    fn service_postgres_rights() {
        let service = Service::postgres();
        let owner = owner(&service);
        execute(
            &owner,
            "CREATE ROLE app LOGIN PASSWORD 'beads'; CREATE ROLE folder LOGIN PASSWORD 'beads';
             CREATE ROLE reader LOGIN PASSWORD 'beads'; REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        );
        Postgres::new(&owner).unwrap().counters().unwrap();
        let error = write(at(&service, "app:beads", ""));
        assert_error(&error, ErrorKind::Denied, &["may make them where there are none"]);
        at(&service, "quipu:knots", "").write(&Batch { entries: Vec::new(), ..batch() }).unwrap();
        let error = write(at(&service, "app:beads", ""));
        assert_error(&error, ErrorKind::Denied, &["expected a user with the rights"]);
        execute(
            &owner,
            "GRANT SELECT, INSERT, UPDATE ON quipu_schema, quipu_writers, quipu_totals, quipu_folded
                 TO app, folder;
             GRANT DELETE ON quipu_totals TO folder; GRANT SELECT ON quipu_schema, quipu_totals TO reader",
        );
        let mut app = at(&service, "app:beads", "");
        assert_eq!(app.write(&last_batch()).unwrap(), Outcome::Stored);
        assert_reads(app);
        let error = at(&service, "app:beads", "").compact(Duration::ZERO).unwrap_err();
        assert_error(&error, ErrorKind::Denied, &["expected a user with the rights"]);
        assert_reads(at(&service, "reader:beads", ""));
        assert!(at(&service, "folder:beads", "").compact(Duration::ZERO).unwrap() > 0);
        assert_reads(at(&service, "reader:beads", ""));
    }

    #[test]
    #[ignore = "needs postgres: run ci/services"]
    fn service_postgres_that_is_busy_or_restarts() {
        let mut service = Service::postgres();
        let owner = owner(&service);
        execute(&owner, "CREATE ROLE app LOGIN PASSWORD 'beads' CONNECTION LIMIT 1");
        let mut first = at(&service, "app:beads", "");
        first.counters().unwrap();
        let error = write(at(&service, "app:beads", ""));
        assert_error(&error, ErrorKind::Unavailable, &["expected a free connection"]);

        at(&service, "quipu:knots", "").write(&batch()).unwrap();
        thread::scope(|scope| {
            let (locked, is_locked) = std::sync::mpsc::channel();
            let (tell, done) = std::sync::mpsc::channel::<()>();
            let owner = &owner;
            scope.spawn(move || {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let (client, connection) =
                        tokio_postgres::connect(owner, tokio_postgres::NoTls).await.unwrap();
                    tokio::spawn(connection);
                    client.batch_execute("BEGIN; LOCK quipu_writers").await.unwrap();
                    locked.send(()).unwrap();
                    done.recv().unwrap();
                    client.batch_execute("COMMIT").await.unwrap();
                });
            });
            is_locked.recv().unwrap();
            for setting in ["-cstatement_timeout%3D50", "-clock_timeout%3D50"] {
                let error = write(at(&service, "quipu:knots", setting));
                assert_error(&error, ErrorKind::Timeout, &["statement_timeout and lock_timeout"]);
            }
            let waits = at(&service, "quipu:knots", "");
            let writing = scope.spawn(move || write(waits));
            let ends = "DO $$ BEGIN LOOP
                PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock';
                EXIT WHEN FOUND;
                PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
                END LOOP; END $$";
            execute(owner, ends);
            let error = writing.join().unwrap();
            assert_error(&error, ErrorKind::Unavailable, &["about to start or to end"]);
            tell.send(()).unwrap();
        });

        // One that isn't ready to be read says the same as one that starts.
        service.reconfigure(|data| {
            std::fs::write(data.join("standby.signal"), "").unwrap();
            let file = data.join("postgresql.auto.conf");
            std::fs::write(file, "hot_standby = off\nrestore_command = 'false'\n").unwrap();
        });
        let error = write(at(&service, "quipu:knots", ""));
        assert_error(&error, ErrorKind::Unavailable, &["about to start or to end"]);
    }
}

mod redis {
    use super::*;

    fn at(service: &Service, login: &str, database: &str) -> Redis {
        Redis::new(&format!("redis://{login}127.0.0.1:{}/{database}", service.port())).unwrap()
    }

    #[test]
    #[ignore = "needs redis-server: run ci/services"]
    fn service_redis_rights() {
        let service = Service::redis();
        let client = ::redis::Client::open(format!("redis://127.0.0.1:{}/", service.port()));
        let mut connection = client.unwrap().get_connection().unwrap();
        let mut user = |name: &str, rights: &str| {
            let mut command = ::redis::cmd("ACL");
            command.arg("SETUSER").arg(name).arg("reset").arg("on").arg(">beads");
            rights.split_whitespace().for_each(|right| {
                command.arg(right);
            });
            command.exec(&mut connection).unwrap();
        };
        let reads = "~{quipu}:* +ping +info +multi +exec +hget +hgetall +smembers";
        let writes = "~{quipu}:* +ping +info +evalsha +script|load +time +multi +exec +get +set \
            +hget +hgetall +hset +sadd +smembers";
        user("reader", reads);
        user("app", writes);
        user("folder", &format!("{writes} +del +hdel +hincrby +select"));
        let mut app = at(&service, "app:beads@", "");
        assert_eq!(app.write(&last_batch()).unwrap(), Outcome::Stored);
        assert_reads(app);
        assert_reads(at(&service, "reader:beads@", ""));
        let denied = &["expected a user with the rights that the documentation of Redis names"];
        for error in [
            write(at(&service, "reader:beads@", "")),
            at(&service, "app:beads@", "").compact(Duration::ZERO).unwrap_err(),
            at(&service, "app:beads@", "1").counters().unwrap_err(),
        ] {
            assert_error(&error, ErrorKind::Denied, denied);
        }
        assert_eq!(at(&service, "folder:beads@", "").compact(Duration::ZERO).unwrap(), 1);
        assert_reads(at(&service, "reader:beads@", ""));
        assert_eq!(at(&service, "folder:beads@", "1").counters().unwrap(), [""; 0]);

        let list = "evalsha script|load time get set hget hset sadd";
        for missing in list.split_whitespace() {
            user("less", &writes.replace(&format!("+{missing} "), ""));
            // One that has run already needs no load of the script.
            let flushed = ::redis::cmd("SCRIPT").arg("FLUSH").exec(
                &mut ::redis::Client::open(format!("redis://127.0.0.1:{}/", service.port()))
                    .unwrap()
                    .get_connection()
                    .unwrap(),
            );
            flushed.unwrap();
            assert_error(&write(at(&service, "less:beads@", "")), ErrorKind::Denied, denied);
        }
        for missing in ["multi", "exec", "hget", "hgetall"] {
            user("less", &reads.replace(&format!("+{missing} "), ""));
            let error = at(&service, "less:beads@", "").total("likes").unwrap_err();
            assert_error(&error, ErrorKind::Denied, denied);
        }
        user("less", &writes.replace("~{quipu}:*", "~app:*"));
        assert_error(&write(at(&service, "less:beads@", "")), ErrorKind::Denied, denied);
        user("less", &writes.replace("+info ", ""));
        at(&service, "less:beads@", "").write(&batch()).unwrap();
    }

    #[test]
    #[ignore = "needs redis-server: run ci/services"]
    fn service_redis_that_is_busy_or_full_of_clients() {
        let service = Service::redis();
        let client = ::redis::Client::open(format!("redis://127.0.0.1:{}/", service.port()));
        let client = client.unwrap();
        let mut connection = client.get_connection().unwrap();
        let error = write(at(&service, "", "99"));
        assert_error(&error, ErrorKind::Config, &["expected a database that exists"]);
        let mut set = |setting: &str, value: &str| {
            let set =
                ::redis::cmd("CONFIG").arg("SET").arg(setting).arg(value).exec(&mut connection);
            set.unwrap();
        };
        let mut other = client.get_connection().unwrap();
        set("busy-reply-threshold", "1");
        set("maxclients", "2");
        let error = write(at(&service, "", ""));
        // Redis says why, and closes the connection, which may be seen first.
        assert_error(&error, ErrorKind::Unavailable, &["expected a "]);
        set("maxclients", "100");
        thread::scope(|scope| {
            scope.spawn(|| {
                let endless = ::redis::cmd("EVAL").arg("while true do end").arg(0).exec(&mut other);
                endless.unwrap_err();
            });
            let error = loop {
                match at(&service, "", "").write(&batch()) {
                    Ok(_) => thread::yield_now(),
                    Err(error) => break error,
                }
            };
            assert_error(&error, ErrorKind::Unavailable, &["nor to run a long script"]);
            ::redis::cmd("SCRIPT").arg("KILL").exec(&mut connection).unwrap();
        });
        at(&service, "", "").write(&batch()).unwrap();
    }

    /// A server that answers each command by the same error.
    fn refusing(answer: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut writer = stream.try_clone().unwrap();
            // Each command begins with its number of words.
            let lines = BufReader::new(stream).split(b'\n').map_while(Result::ok);
            for _ in lines.filter(|line| line.starts_with(b"*")) {
                if write!(writer, "-{answer}\r\n").is_err() {
                    return;
                }
            }
        });
        port
    }

    #[test]
    fn redis_that_is_not_ready() {
        for (answer, kind) in [
            ("LOADING Redis is loading the dataset in memory", ErrorKind::Unavailable),
            ("BUSY Redis is busy running a script", ErrorKind::Unavailable),
            ("MASTERDOWN Link with MASTER is down", ErrorKind::Unavailable),
            ("CLUSTERDOWN The cluster is down", ErrorKind::Unavailable),
            ("TRYAGAIN Multiple keys request during rehashing of slot", ErrorKind::Unavailable),
            ("NOREPLICAS Not enough good replicas to write.", ErrorKind::Unavailable),
            ("ERR max number of clients reached", ErrorKind::Unavailable),
            ("MISCONF Errors writing to the AOF file", ErrorKind::Full),
            ("READONLY You can't write against a read only replica.", ErrorKind::Denied),
            ("NOPERM this user has no permissions to run the 'ping' command", ErrorKind::Denied),
            ("MOVED 3999 127.0.0.1:6381", ErrorKind::Config),
            ("ERR something else", ErrorKind::Store),
        ] {
            let store = Redis::new(&format!("redis://127.0.0.1:{}/", refusing(answer))).unwrap();
            assert_error(&write(store), kind, &["Redis at 127.0.0.1:", "expected "]);
        }
    }
}

mod nats {
    use super::*;

    #[test]
    #[ignore = "needs nats-server: run ci/services"]
    fn service_nats_without_room() {
        let server = Server::nats_configured("jetstream: { max_file_store: 20000 }".to_owned());
        let mut store = Nats::new(&format!("nats://127.0.0.1:{}", server.port())).unwrap();
        let error = (0..1000).find_map(|_| store.write(&batch()).err()).unwrap();
        assert_error(&error, ErrorKind::Full, &["expected room for the stream"]);
    }

    #[test]
    #[ignore = "needs nats-server: run ci/services"]
    fn service_nats_rights() {
        let user = |name: &str, publish: &[&str], subscribe: &[&str]| {
            json!({ "user": name, "password": "knots", "permissions": {
                "publish": publish, "subscribe": subscribe,
            } })
        };
        let (inbox, all) = (["_INBOX.>"], ["quipu.totals.>", "$JS.API.>", "$JS.ACK.quipu.>"]);
        let users = json!([
            user("app", &all, &inbox),
            user("reader", &all[1..2], &inbox),
            user("apiless", &all[..1], &inbox),
            user("ackless", &all[..2], &inbox),
            user("deaf", &all, &["other"]),
        ]);
        let server = Server::nats_configured(format!(
            "jetstream: {{}}\nauthorization: {{ users: {users} }}"
        ));
        let at = |user: &str| {
            Nats::new(&format!("nats://{user}:knots@127.0.0.1:{}", server.port())).unwrap()
        };
        assert_eq!(at("app").write(&batch()).unwrap(), Outcome::Stored);
        assert_reads(at("app"));
        assert_eq!(at("app").forward("one", &mut quipu_persist::VersionVector::new()).unwrap(), 1);
        assert_reads(at("reader"));
        let denied = "expected a user with the rights that the documentation of Nats names";
        for user in ["reader", "apiless", "deaf"] {
            assert_error(&write(at(user)), ErrorKind::Denied, &[denied, "Permissions Violation"]);
        }
        let error = at("ackless").forward("two", &mut quipu_persist::VersionVector::new());
        assert_error(&error.unwrap_err(), ErrorKind::Denied, &[denied, "$JS.ACK"]);
    }
}
