use std::collections::BTreeMap;
use std::fmt;

use futures_util::{StreamExt, TryStreamExt, stream};
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::errors::NewSessionError;
use scylla::statement::prepared::PreparedStatement;

use super::process_local::ProcessLocal;
use super::runtime::Runtime;
use super::{Batch, Entry, Error, ErrorKind, Outcome, Sink, Stamp, Store, Writer};

/// Writes that are on their way at once.
const CONCURRENCY: usize = 64;

const CREATE: &str = "CREATE TABLE IF NOT EXISTS quipu_totals \
    (counter text, writer text, version bigint, total bigint, PRIMARY KEY (counter, writer))";

/// The cells of the highest timestamp win, so a row is replaced by a newer one only, on each
/// replica by itself.
const WRITE: &str = "INSERT INTO quipu_totals (counter, writer, version, total) VALUES (?, ?, ?, ?) USING TIMESTAMP ?";

const BY_WRITER: &str = "SELECT writer, version, total FROM quipu_totals WHERE counter = ?";

const COUNTERS: &str = "SELECT DISTINCT counter FROM quipu_totals";

/// Totals in Cassandra or ScyllaDB: an ordinary table, `quipu_totals`, in a keyspace that exists.
///
/// Each total is written `USING TIMESTAMP` of its version, so the newest one wins on every replica.
/// That takes no counter columns, whose increments aren't idempotent, and no lightweight
/// transactions. A call connects if it must, without TLS.
///
/// **This store has not been run against a live cluster**, only against the tests' own node, which
/// speaks the protocol and takes statements of these forms.
///
/// ```no_run
/// use quipu::Counter;
/// use quipu_persist::{Cassandra, Worker};
///
/// static LIKES: Counter = Counter::new();
///
/// let store = Cassandra::new(["node-1:9042", "node-2:9042"], "totals").login("app", "secret");
/// let worker = Worker::builder("web-1").start(store)?;
/// worker.track("likes_total", &LIKES)?;
/// # Ok::<(), quipu_persist::Error>(())
/// ```
///
/// # Limits
/// There is no `compact`, which would need a transaction over several rows. Versions are small
/// numbers, while the timestamp of a `DELETE` is the time of day: a row that is deleted by hand
/// stays deleted, unless it is deleted `USING TIMESTAMP` of its version. Calls block, for at most
/// 10 seconds: see [asynchronous code](super#asynchronous-code).
pub struct Cassandra {
    nodes: Vec<String>,
    keyspace: String,
    login: Option<(String, String)>,
    link: ProcessLocal<Link>,
}

struct Link {
    /// Dropped before the runtime that they run on.
    session: Session,
    write: PreparedStatement,
    by_writer: PreparedStatement,
    runtime: Runtime,
}

impl Cassandra {
    /// A store in this keyspace, of the cluster with these nodes among others: `host` or
    /// `host:port`. It connects at the first call that needs it.
    ///
    /// ```no_run
    /// use quipu_persist::{Cassandra, Store};
    ///
    /// let mut store = Cassandra::new(["node-1", "node-2:9043"], "totals");
    /// println!("{} likes", store.total("likes_total")?);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    pub fn new(
        nodes: impl IntoIterator<Item = impl Into<String>>,
        keyspace: impl Into<String>,
    ) -> Self {
        let nodes = nodes.into_iter().map(Into::into).collect();
        Self { nodes, keyspace: keyspace.into(), login: None, link: ProcessLocal::NONE }
    }

    /// The same store, with a user and a password.
    ///
    /// ```no_run
    /// use quipu_persist::{Cassandra, Worker};
    ///
    /// let store = Cassandra::new(["node-1"], "totals").login("app", "secret");
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub fn login(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.login = Some((user.into(), password.into()));
        self
    }

    fn shown(&self) -> String {
        format!("Cassandra at {}, keyspace {}", self.nodes.join(","), self.keyspace)
    }

    /// Runs `work` on a session, which is kept if it succeeds.
    fn run<T>(&mut self, work: impl AsyncFnOnce(&Link) -> Result<T, Boxed>) -> Result<T, Error> {
        let store = self.shown();
        let link = match self.link.take() {
            Some(link) => link,
            None => self.connect(&store)?,
        };
        let result = link.runtime.run(&store, async {
            work(&link).await.map_err(|error| {
                let text = format!("{store}: expected enough of its replicas to answer: {error}");
                Error::new(ErrorKind::Unavailable, text)
            })
        })?;
        self.link.keep(link);
        Ok(result)
    }

    fn connect(&self, store: &str) -> Result<Link, Error> {
        let mut builder =
            SessionBuilder::new().known_nodes(&self.nodes).use_keyspace(&self.keyspace, true);
        if let Some((user, password)) = &self.login {
            builder = builder.user(user, password);
        }
        let runtime = Runtime::new()?;
        let (session, write, by_writer) = runtime.run(store, async {
            let session = builder.build().await.map_err(|error| explain(store, error))?;
            let prepare = async {
                session.query_unpaged(CREATE, &[]).await?;
                let mut write = session.prepare(WRITE).await?;
                write.set_is_idempotent(true);
                Ok((write, session.prepare(BY_WRITER).await?))
            };
            let (write, by_writer) = prepare.await.map_err(|error: Boxed| {
                let text = format!(
                    "{store}: expected a table quipu_totals as this version makes it: {error}"
                );
                Error::new(ErrorKind::Schema, text)
            })?;
            Ok((session, write, by_writer))
        })?;
        Ok(Link { session, write, by_writer, runtime })
    }
}

type Boxed = Box<dyn std::error::Error + Send + Sync>;

fn explain(store: &str, error: NewSessionError) -> Error {
    let (kind, expected) = match error {
        NewSessionError::UseKeyspaceError(_) => {
            (ErrorKind::Config, "expected a keyspace that exists: CREATE KEYSPACE")
        }
        NewSessionError::EmptyKnownNodesList => (ErrorKind::Config, "expected one node at least"),
        _ => (
            ErrorKind::Unavailable,
            "expected a node at one of these hosts and ports that lets the user in",
        ),
    };
    Error::new(kind, format!("{store}: {expected}")).caused_by(error)
}

impl Sink for Cassandra {
    fn write(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        let writer = batch.writer.to_string();
        self.run(async |link| {
            let insert = |Entry { counter, stamp }: &Entry| {
                let version = stamp.version as i64;
                let row = (counter.clone(), writer.clone(), version, stamp.total, version);
                async move { link.session.execute_unpaged(&link.write, row).await.map(drop) }
            };
            let inserts: Vec<_> = batch.entries.iter().map(insert).collect();
            Ok(stream::iter(inserts).buffer_unordered(CONCURRENCY).try_collect::<()>().await?)
        })?;
        Ok(Outcome::Stored)
    }
}

impl Store for Cassandra {
    fn by_writer(&mut self, counter: &str) -> Result<BTreeMap<Writer, Stamp>, Error> {
        self.run(async |link| {
            let rows = link.session.execute_iter(link.by_writer.clone(), (counter,)).await?;
            let rows: Vec<(String, i64, i64)> = rows.rows_stream()?.try_collect().await?;
            let stamp = |(writer, version, total): (String, i64, i64)| {
                Ok((writer.parse()?, Stamp { version: version as u64, total }))
            };
            rows.into_iter().map(stamp).collect()
        })
    }

    fn counters(&mut self) -> Result<Vec<String>, Error> {
        let mut counters = self.run(async |link| {
            let rows = link.session.query_iter(COUNTERS, &[]).await?;
            let rows: Vec<(String,)> = rows.rows_stream()?.try_collect().await?;
            Ok(rows.into_iter().map(|(counter,)| counter).collect::<Vec<_>>())
        })?;
        counters.sort_unstable();
        Ok(counters)
    }
}

impl fmt::Debug for Cassandra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cassandra")
            .field("store", &self.shown())
            .field("is_connected", &self.link.is_some())
            .finish()
    }
}
