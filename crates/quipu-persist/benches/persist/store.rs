//! The three stores, as quipu and as others use them.

use std::path::PathBuf;

use quipu_persist::{Sink, Store};

use crate::way::Way;

/// Adds to the number in the store, by so many requests of one, in one round trip, or by one
/// request of so much.
pub(crate) trait Adder: Send {
    fn add(&mut self, n: u64);

    fn add_pipelined(&mut self, n: u64) {
        self.add(n);
    }
}

/// Where the number is.
pub(crate) trait Place: Sync {
    fn name(&self) -> &'static str;

    /// The name of one addition.
    fn request(&self) -> &'static str;

    fn ways(&self) -> &'static [Way] {
        &[Way::Quipu, Way::Each, Way::Batched]
    }

    /// A connection of its own.
    fn adder(&self) -> Box<dyn Adder>;

    /// The number that adders add to.
    fn added(&self) -> i64;

    fn sink(&self) -> Box<dyn Sink>;

    fn store(&self) -> Box<dyn Store>;
}

pub(crate) struct Redis {
    name: &'static str,
    url: String,
}

impl Redis {
    pub(crate) fn new(name: &'static str, port: u16) -> Self {
        Self { name, url: format!("redis://127.0.0.1:{port}/") }
    }

    fn connect(&self) -> redis::Connection {
        redis::Client::open(self.url.as_str())
            .and_then(|client| client.get_connection())
            .expect("Redis")
    }

    fn quipu(&self) -> quipu_persist::Redis {
        quipu_persist::Redis::new(&self.url).expect("a URL")
    }
}

impl Adder for redis::Connection {
    fn add(&mut self, n: u64) {
        redis::cmd("INCRBY").arg("likes").arg(n).exec(self).expect("INCRBY");
    }

    fn add_pipelined(&mut self, n: u64) {
        let mut pipeline = redis::pipe();
        for _ in 0..n {
            pipeline.cmd("INCRBY").arg("likes").arg(1).ignore();
        }
        pipeline.exec(self).expect("INCRBY");
    }
}

impl Place for Redis {
    fn name(&self) -> &'static str {
        self.name
    }

    fn request(&self) -> &'static str {
        "`INCRBY`"
    }

    fn ways(&self) -> &'static [Way] {
        &[Way::Quipu, Way::Each, Way::Pipelined, Way::Batched]
    }

    fn adder(&self) -> Box<dyn Adder> {
        Box::new(self.connect())
    }

    fn added(&self) -> i64 {
        redis::cmd("GET")
            .arg("likes")
            .query::<Option<i64>>(&mut self.connect())
            .expect("GET")
            .unwrap_or(0)
    }

    fn sink(&self) -> Box<dyn Sink> {
        Box::new(self.quipu())
    }

    fn store(&self) -> Box<dyn Store> {
        Box::new(self.quipu())
    }
}

pub(crate) struct Postgres {
    url: String,
}

/// A connection, with the statement that adds to a row.
struct Update {
    client: tokio_postgres::Client,
    statement: tokio_postgres::Statement,
    runtime: tokio::runtime::Runtime,
}

impl Postgres {
    pub(crate) fn new(port: u16) -> Self {
        let url = format!("postgres://quipu:knots@127.0.0.1:{port}/postgres");
        let place = Self { url };
        // The server listens before it answers.
        while let Err(error) = place.quipu().slots() {
            assert!(error.kind().is_temporary(), "{error}");
        }
        let update = place.connect();
        let create =
            "CREATE TABLE IF NOT EXISTS likes (n BIGINT NOT NULL); INSERT INTO likes VALUES (0)";
        update.runtime.block_on(update.client.batch_execute(create)).expect("CREATE");
        place
    }

    fn connect(&self) -> Update {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let (client, statement) = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&self.url, tokio_postgres::NoTls)
                .await
                .expect("PostgreSQL");
            tokio::spawn(connection);
            client
                .batch_execute("CREATE TABLE IF NOT EXISTS likes (n BIGINT NOT NULL)")
                .await
                .expect("CREATE");
            let statement =
                client.prepare("UPDATE likes SET n = n + $1").await.expect("a statement");
            (client, statement)
        });
        Update { client, statement, runtime }
    }

    fn quipu(&self) -> quipu_persist::Postgres {
        quipu_persist::Postgres::new(&self.url).expect("a URL")
    }
}

impl Adder for Update {
    fn add(&mut self, n: u64) {
        self.runtime
            .block_on(self.client.execute(&self.statement, &[&(n as i64)]))
            .expect("UPDATE");
    }
}

impl Place for Postgres {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn request(&self) -> &'static str {
        "`UPDATE`"
    }

    fn adder(&self) -> Box<dyn Adder> {
        Box::new(self.connect())
    }

    fn added(&self) -> i64 {
        let update = self.connect();
        update
            .runtime
            .block_on(update.client.query_one("SELECT n FROM likes", &[]))
            .expect("SELECT")
            .get(0)
    }

    fn sink(&self) -> Box<dyn Sink> {
        Box::new(self.quipu())
    }

    fn store(&self) -> Box<dyn Store> {
        Box::new(self.quipu())
    }
}

pub(crate) struct Sqlite {
    path: PathBuf,
}

impl Sqlite {
    pub(crate) fn new(path: PathBuf) -> Self {
        let place = Self { path };
        place
            .connect()
            .execute_batch("CREATE TABLE likes (n BIGINT NOT NULL); INSERT INTO likes VALUES (0)")
            .expect("CREATE");
        place
    }

    fn connect(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(&self.path).expect("a file");
        connection.busy_timeout(std::time::Duration::from_secs(60)).expect("a setting");
        connection
    }
}

impl Adder for rusqlite::Connection {
    fn add(&mut self, n: u64) {
        self.execute("UPDATE likes SET n = n + ?1", [n as i64]).expect("UPDATE");
    }
}

impl Place for Sqlite {
    fn name(&self) -> &'static str {
        "SQLite"
    }

    fn request(&self) -> &'static str {
        "`UPDATE`"
    }

    fn adder(&self) -> Box<dyn Adder> {
        Box::new(self.connect())
    }

    fn added(&self) -> i64 {
        self.connect().query_row("SELECT n FROM likes", [], |row| row.get(0)).expect("SELECT")
    }

    fn sink(&self) -> Box<dyn Sink> {
        Box::new(quipu_persist::Sqlite::new(&self.path))
    }

    fn store(&self) -> Box<dyn Store> {
        Box::new(quipu_persist::Sqlite::new(&self.path))
    }
}
