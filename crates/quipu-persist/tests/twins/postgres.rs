use std::thread;
use std::time::{Duration, Instant};

use quipu_persist::{
    Batch, BatchId, Claim, Entry, ErrorKind, Outcome, Postgres, Sink, Store, Writer,
};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::server::Server;
use crate::twins::LONG;
use crate::{CALLS, namespaces, old_tables, race, twins};

fn at(port: u16, database: &str) -> Postgres {
    Postgres::new(&url(port, database)).unwrap()
}

fn url(port: u16, database: &str) -> String {
    format!("postgres://quipu:knots@127.0.0.1:{port}/{database}")
}

/// A server that doesn't only listen, but answers.
fn started() -> Server {
    let server = Server::postgres();
    let start = Instant::now();
    while let Err(error) = at(server.port(), "postgres").totals() {
        assert!(start.elapsed() < Duration::from_secs(60), "{error}");
        thread::sleep(Duration::from_millis(10));
    }
    server
}

/// Runs `work` on a plain connection.
fn with<T>(url: &str, work: impl AsyncFnOnce(&Client) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        work(&client).await
    })
}

fn execute(url: &str, statements: &str) {
    with(url, async |client| client.batch_execute(statements).await.unwrap());
}

#[test]
#[ignore = "starts PostgreSQL"]
fn service_postgres_is_like_its_twin() {
    let server = started();
    twins::check(&mut at(server.port(), "postgres"), CALLS);
}

#[test]
#[ignore = "starts PostgreSQL"]
fn service_postgres_shared_by_processes() {
    let server = started();
    let port = server.port();
    race::check(|| at(port, "postgres"));
}

/// Also where users have settings of their own.
#[test]
#[ignore = "starts PostgreSQL and PgBouncer"]
fn service_postgres_shared_behind_a_pooler() {
    let server = started();
    let owner = url(server.port(), "postgres");
    execute(&owner, "ALTER ROLE quipu SET default_transaction_isolation = 'serializable'");
    let pooler = Server::pgbouncer(server.port());
    let port = pooler.port();
    race::check(|| at(port, "postgres"));
}

#[test]
#[ignore = "starts PostgreSQL"]
fn service_postgres_tables_of_version_1_are_taken_over() {
    let server = started();
    let url = url(server.port(), "postgres");
    execute(&url, old_tables::MAKE);
    old_tables::check(&mut at(server.port(), "postgres"));
    with(&url, async |client| {
        let left = client.query_typed(old_tables::LEFT, &[]).await.unwrap();
        let left: i64 = left[0].get(0);
        assert_eq!(left, old_tables::LEFT_COUNT);
        client.batch_execute(old_tables::OLD_WRITE).await.unwrap_err();
    });
}

#[test]
#[ignore = "starts PostgreSQL and PgBouncer"]
fn service_postgres_shared_by_applications() {
    let server = started();
    let pooler = Server::pgbouncer(server.port());
    let open = |port, name: Option<&'static str>| match name {
        None => at(port, "postgres"),
        Some(name) => at(port, "postgres").namespace(name).unwrap(),
    };
    let (direct, pooled) = (server.port(), pooler.port());
    namespaces::refuses_bad_names(|name| at(direct, "postgres").namespace(name));
    // The names take turns at the pooler's connections, each of which has met all tables then.
    namespaces::check(|name| open(if name.is_some() { pooled } else { direct }, name));
    let query = "SELECT FROM quipu_shop.quipu_totals JOIN quipu_shop.quipu_slots USING (slot)";
    execute(&url(direct, "postgres"), query);
    // A value that has been connected forgets what it knew of the other tables.
    let mut store = open(direct, Some("shop"));
    assert_eq!(store.total("likes").unwrap(), 2);
    let mut store = store.namespace("new").unwrap();
    assert_eq!(store.total("likes").unwrap(), 0);
    // Processes that come at once make the schema once.
    race::check(|| open(direct, Some("race")));
}

/// The users that the documentation names can do all, and see nothing else.
#[test]
#[ignore = "starts PostgreSQL"]
fn service_postgres_rights_on_a_namespace() {
    let server = started();
    let owner = url(server.port(), "postgres");
    at(server.port(), "postgres").lease(0).unwrap();
    execute(
        &owner,
        "CREATE ROLE app LOGIN PASSWORD 'beads'; CREATE ROLE reader LOGIN PASSWORD 'beads';
         REVOKE ALL ON SCHEMA public FROM PUBLIC; CREATE SCHEMA quipu_shop AUTHORIZATION app;
         GRANT USAGE ON SCHEMA quipu_shop TO reader",
    );
    let user = |name: &str| Postgres::new(&owner.replace("quipu:knots", name)).unwrap();
    race::check(|| user("app:beads").namespace("shop").unwrap());
    let mut reader = user("reader:beads").namespace("shop").unwrap();
    assert_eq!(reader.totals().unwrap_err().kind(), ErrorKind::Denied);
    execute(&owner, "GRANT SELECT ON ALL TABLES IN SCHEMA quipu_shop TO reader");
    assert!(reader.total("common").unwrap() > 0 && !reader.slots().unwrap().is_empty());
    let claim = Claim::new(Writer::new("web").unwrap(), LONG);
    for mut denied in [reader, user("app:beads").namespace("bank").unwrap()] {
        assert_eq!(denied.claim(&claim).unwrap_err().kind(), ErrorKind::Denied, "{denied:?}");
    }
}

/// Of two processes that come at once, one takes them over.
#[test]
#[ignore = "starts PostgreSQL"]
fn service_postgres_tables_of_version_1_are_taken_over_once() {
    let server = started();
    let port = server.port();
    execute(&url(port, "postgres"), old_tables::MAKE);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let claim = Claim::new(Writer::new("web").unwrap(), LONG);
                at(port, "postgres").claim(&claim).unwrap();
            });
        }
    });
    let mut store = at(server.port(), "postgres");
    assert_eq!(store.total("likes").unwrap(), 7);
    assert_eq!(store.slots().unwrap().len(), 4);
}

/// A name that the database's encoding doesn't have is refused, with the whole batch.
#[test]
#[ignore = "starts PostgreSQL"]
fn service_postgres_in_latin_1() {
    let server = started();
    execute(
        &url(server.port(), "postgres"),
        "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    );
    let mut store = at(server.port(), "latin");
    let owner = Writer::new("web").unwrap();
    let claimed = store.claim(&Claim::new(owner.clone(), LONG)).unwrap();
    let id = BatchId { number: 7, entries: 2 };
    let mut batch = Batch::new((claimed.slot, claimed.epoch), owner, BatchId::NONE, id, LONG);
    for counter in ["likes_ÿ", "likes_Ā"] {
        batch.entries.push(Entry { counter: counter.into(), total: 1 });
    }
    let error = store.flush(&batch).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    assert!(store.totals().unwrap().is_empty());
    assert_eq!(store.lease(claimed.slot).unwrap().unwrap().last, BatchId::NONE);
    batch.entries.pop();
    assert_eq!(store.flush(&batch).unwrap(), Outcome::Stored);
    for prefix in ["likes_ÿ", "likes_", ""] {
        assert_eq!(store.totals_with_prefix(prefix).unwrap()["likes_ÿ"], 1);
    }
}

/// A prefix is a range of the index, whatever the database's collation is.
#[test]
#[ignore = "starts PostgreSQL"]
fn service_postgres_reads_by_the_index() {
    let server = started();
    let mut store = at(server.port(), "postgres");
    store.claim(&Claim::new(Writer::new("web").unwrap(), LONG)).unwrap();
    let url = url(server.port(), "postgres");
    let rows = "INSERT INTO quipu_totals SELECT 'c' || n, slot, n FROM generate_series(1, 20000) n,
        generate_series(0, 4) slot; ANALYZE quipu_totals";
    execute(&url, rows);
    for (query, parameter, expected) in [
        ("counter LIKE $1", "c777%", "Index Cond: ((counter >= 'c777'::text)"),
        ("counter = $1", "c777", "Index Cond: (counter = 'c777'::text)"),
    ] {
        let query = format!(
            "EXPLAIN SELECT counter, sum(total) FROM quipu_totals WHERE {query} GROUP BY counter"
        );
        let plan = with(&url, async |client| {
            let rows = client.query_typed(&query, &[(&parameter, Type::TEXT)]).await.unwrap();
            rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n")
        });
        assert!(plan.contains(expected), "{plan}");
    }
    assert_eq!(store.totals_with_prefix("c777").unwrap().len(), 11);
    assert_eq!(store.total("c777").unwrap(), 5 * 777);
}

/// A writer needs no more rights than the documentation names.
#[test]
#[ignore = "starts PostgreSQL"]
fn service_postgres_with_few_rights() {
    let server = started();
    let owner = url(server.port(), "postgres");
    at(server.port(), "postgres").lease(0).unwrap();
    execute(
        &owner,
        "CREATE ROLE app LOGIN PASSWORD 'beads'; CREATE ROLE reader LOGIN PASSWORD 'beads';
         REVOKE CREATE ON SCHEMA public FROM PUBLIC;
         GRANT SELECT, INSERT, UPDATE ON quipu_schema, quipu_slots, quipu_totals TO app;
         GRANT SELECT ON quipu_schema, quipu_slots, quipu_totals TO reader",
    );
    race::check(|| Postgres::new(&owner.replace("quipu:knots", "app:beads")).unwrap());
    let mut reader = Postgres::new(&owner.replace("quipu:knots", "reader:beads")).unwrap();
    assert!(reader.total("common").unwrap() > 0 && !reader.slots().unwrap().is_empty());
    let claim = Claim::new(Writer::new("web").unwrap(), LONG);
    assert_eq!(reader.claim(&claim).unwrap_err().kind(), ErrorKind::Denied);
}

/// A replica can be read, but says nothing of a process's slot. Here the user may only read, which is
/// the same to the server.
#[test]
#[ignore = "starts PostgreSQL"]
fn service_postgres_decides_nothing_by_a_replica() {
    let server = started();
    let claim = Claim::new(Writer::new("web").unwrap(), LONG);
    let claimed = at(server.port(), "postgres").claim(&claim).unwrap();
    let option = "?options=-cdefault_transaction_read_only%3Don";
    let mut replica = at(server.port(), &format!("postgres{option}"));
    assert_eq!(replica.slots().unwrap().len(), 1);
    assert_eq!(replica.total("likes").unwrap(), 0);
    let id = BatchId { number: 7, entries: 0 };
    let place = (claimed.slot, claimed.epoch);
    let batch = Batch::new(place, claim.owner.clone(), BatchId::NONE, id, LONG);
    for error in [
        replica.lease(claimed.slot).unwrap_err(),
        replica.lease(9).unwrap_err(),
        replica.flush(&batch).unwrap_err(),
        replica.claim(&claim).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
        assert!(error.to_string().contains("expected the primary server"), "{error}");
    }
}

/// Flushes don't wait for a process that claims, however long that takes.
#[test]
#[ignore = "starts PostgreSQL"]
fn service_postgres_flushes_during_a_claim() {
    let server = started();
    let mut store = at(server.port(), "postgres");
    let owner = Writer::new("web").unwrap();
    let claimed = store.claim(&Claim::new(owner.clone(), LONG)).unwrap();
    with(&url(server.port(), "postgres"), async |client| {
        client.batch_execute("BEGIN; SELECT FROM quipu_schema FOR NO KEY UPDATE").await.unwrap();
        thread::scope(|scope| {
            let flushing = scope.spawn(|| {
                let id = BatchId { number: 7, entries: 0 };
                let place = (claimed.slot, claimed.epoch);
                let batch = Batch::new(place, owner, BatchId::NONE, id, LONG);
                assert_eq!(store.flush(&batch).unwrap(), Outcome::Stored);
                assert_eq!(store.flush(&batch).unwrap(), Outcome::Stored);
                assert_eq!(store.lease(claimed.slot).unwrap().unwrap().last, id);
            });
            flushing.join().unwrap();
        });
        client.batch_execute("COMMIT").await.unwrap();
    });
}

/// The queries that users are told to run.
#[test]
#[ignore = "starts PostgreSQL"]
fn service_postgres_queries_of_the_documentation() {
    let server = started();
    let mut store = at(server.port(), "postgres");
    store.claim(&Claim::new(Writer::new("web").unwrap(), LONG)).unwrap();
    let url = url(server.port(), "postgres");
    execute(&url, "INSERT INTO quipu_totals VALUES ('likes_total', 0, 3)");
    let documentation = include_str!("../../src/postgres.rs");
    let queries = documentation.split("/// ```sql\n").nth(1).unwrap();
    let queries = queries.split("/// ```").next().unwrap().replace("///", "");
    with(&url, async |client| {
        let answers = client.simple_query(&queries).await.unwrap();
        let row = |answer: &SimpleQueryMessage| match answer {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        assert_eq!(answers.iter().filter_map(row).collect::<Vec<_>>(), ["3", "web", "0"]);
    });
}
