//! Errors by their kinds, and the rights that a user needs: with just these, all calls succeed.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use quipu_persist::{ErrorKind, Nats, Outcome, Postgres, Redis, Sink, Store};
use serde_json::json;

use crate::errors::{assert_error, execute, write};
use crate::owner::{Owner, like};
use crate::rig::Service;
use crate::server::Server;

#[track_caller]
fn assert_reads(mut store: impl Store) {
    assert_eq!(store.total("likes").unwrap(), 1);
    assert_eq!(store.totals().unwrap(), [("likes".to_owned(), 1)].into());
    assert_eq!(store.slots().unwrap().len(), 1);
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
            "CREATE ROLE app LOGIN PASSWORD 'beads'; CREATE ROLE reader LOGIN PASSWORD 'beads';
             REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        );
        let error = write(at(&service, "app:beads", ""));
        assert_error(&error, ErrorKind::Denied, &["may make them where there are none"]);
        let mut first = at(&service, "quipu:knots", "");
        let closing = Owner::claim(&mut first, "host").unwrap().closing(&[]);
        first.flush(&closing).unwrap();
        let error = write(at(&service, "app:beads", ""));
        assert_error(&error, ErrorKind::Denied, &["expected a user with the rights"]);
        execute(
            &owner,
            "GRANT SELECT, INSERT, UPDATE ON quipu_schema, quipu_slots, quipu_totals TO app;
             GRANT SELECT ON quipu_schema, quipu_slots, quipu_totals TO reader",
        );
        let mut app = at(&service, "app:beads", "");
        assert_eq!(like(&mut app).unwrap(), Outcome::Stored);
        assert_reads(app);
        assert_reads(at(&service, "reader:beads", ""));
        let error = write(at(&service, "reader:beads", ""));
        assert_error(&error, ErrorKind::Denied, &["expected a user with the rights"]);
    }

    #[test]
    #[ignore = "needs postgres: run ci/services"]
    fn service_postgres_that_is_busy_or_restarts() {
        let mut service = Service::postgres();
        let owner = owner(&service);
        execute(&owner, "CREATE ROLE app LOGIN PASSWORD 'beads' CONNECTION LIMIT 1");
        let mut first = at(&service, "app:beads", "");
        first.totals().unwrap();
        let error = write(at(&service, "app:beads", ""));
        assert_error(&error, ErrorKind::Unavailable, &["expected a free connection"]);

        like(&mut at(&service, "quipu:knots", "")).unwrap();
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
                    client.batch_execute("BEGIN; LOCK quipu_slots").await.unwrap();
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
        let reads = "~{quipu}:* +info +get +smembers +hmget +hgetall ";
        let writes = format!("{reads} +time +watch +multi +exec +discard +set +sadd +hset ");
        user("reader", reads);
        user("app", &writes);
        user("elsewhere", &format!("{writes} +select"));
        let mut app = at(&service, "app:beads@", "");
        assert_eq!(like(&mut app).unwrap(), Outcome::Stored);
        assert_reads(app);
        assert_reads(at(&service, "reader:beads@", ""));
        let denied = &["expected a user with the rights that the documentation of Redis names"];
        for error in [
            write(at(&service, "reader:beads@", "")),
            at(&service, "app:beads@", "1").totals().unwrap_err(),
        ] {
            assert_error(&error, ErrorKind::Denied, denied);
        }
        assert!(at(&service, "elsewhere:beads@", "1").totals().unwrap().is_empty());

        for missing in "get smembers hmget hgetall time watch multi exec sadd hset".split(' ') {
            user("less", &writes.replace(&format!("+{missing} "), ""));
            assert_error(&write(at(&service, "less:beads@", "")), ErrorKind::Denied, denied);
        }
        for missing in ["get", "smembers", "hmget"] {
            user("less", &reads.replace(&format!("+{missing} "), ""));
            let error = at(&service, "less:beads@", "").total("likes").unwrap_err();
            assert_error(&error, ErrorKind::Denied, denied);
        }
        user("less", &reads.replace("+hgetall ", ""));
        let error = at(&service, "less:beads@", "").totals().unwrap_err();
        assert_error(&error, ErrorKind::Denied, denied);
        user("less", &writes.replace("~{quipu}:*", "~app:*"));
        assert_error(&write(at(&service, "less:beads@", "")), ErrorKind::Denied, denied);
        user("less", &writes.replace("+info ", ""));
        like(&mut at(&service, "less:beads@", "")).unwrap();
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
                match like(&mut at(&service, "", "")) {
                    Ok(_) => thread::yield_now(),
                    Err(error) => break error,
                }
            };
            assert_error(&error, ErrorKind::Unavailable, &["nor to run a long script"]);
            ::redis::cmd("SCRIPT").arg("KILL").exec(&mut connection).unwrap();
        });
        like(&mut at(&service, "", "")).unwrap();
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
            ("MOVED 3999 127.0.0.1:1", ErrorKind::Unavailable),
            ("ASK 3999 127.0.0.1:1", ErrorKind::Unavailable),
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
        let error = (0..1000).find_map(|_| like(&mut store).err()).unwrap();
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
        let inbox = ["_INBOX.>"];
        let all = [
            "$JS.API.STREAM.INFO.quipu",
            "$JS.API.CONSUMER.CREATE.quipu",
            "$JS.API.CONSUMER.MSG.NEXT.quipu.*",
            "$JS.API.CONSUMER.DELETE.quipu.*",
            "quipu.slots.*",
            "$JS.API.STREAM.MSG.GET.quipu",
            "$JS.API.STREAM.PURGE.quipu",
            "$JS.API.STREAM.CREATE.quipu",
        ];
        let users = json!([
            user("first", &all, &inbox),
            user("app", &all[..7], &inbox),
            user("reader", &all[..4], &inbox),
            user("purgeless", &all[..6], &inbox),
            user("apiless", &all[4..5], &inbox),
            user("deaf", &all, &["other"]),
        ]);
        let server = Server::nats_configured(format!(
            "jetstream: {{}}\nauthorization: {{ users: {users} }}"
        ));
        let at = |user: &str| {
            Nats::new(&format!("nats://{user}:knots@127.0.0.1:{}", server.port())).unwrap()
        };
        let denied = "expected a user with the rights that the documentation of Nats names";
        assert_error(&write(at("app")), ErrorKind::Denied, &[denied, "Permissions Violation"]);
        assert_eq!(like(&mut at("first")).unwrap(), Outcome::Stored);
        assert_reads(at("app"));
        assert_reads(at("reader"));
        for user in ["reader", "apiless", "deaf"] {
            assert_error(&write(at(user)), ErrorKind::Denied, &[denied, "Permissions Violation"]);
        }
        for (likes, user) in [(2, "app"), (3, "purgeless")] {
            assert_eq!(like(&mut at(user)).unwrap(), Outcome::Stored);
            assert_eq!(at("reader").total("likes").unwrap(), likes);
        }
    }
}
