use std::collections::BTreeMap;
#[cfg(feature = "postgres-tls")]
use std::path::PathBuf;
use std::time::Duration;
use std::{fmt, iter};

use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, GenericClient, IsolationLevel, NoTls, Row, Socket};

use super::process_local::ProcessLocal;
use super::runtime::Runtime;
use super::sql::{self, dead, mark_dead, retire, touch};
#[cfg(feature = "postgres-tls")]
use super::tls::Files;
use super::{Batch, Error, ErrorKind, Outcome, Sink, Stamp, Store, Writer, compaction};
use explain::explain;

mod explain;

/// A whole batch in one round trip: `$1` is the writer, `$2` its state, `$3` to `$5` are the rows.
/// Returns whether the writer lives.
const WRITE: &str = concat!(
    "WITH living AS (",
    touch!("CAST(extract(epoch FROM clock_timestamp()) AS BIGINT)"),
    " RETURNING writer), written AS (
        INSERT INTO quipu_totals (counter, writer, version, total)
        SELECT batch.counter, living.writer, batch.version, batch.total
        FROM living, unnest($3, $4, $5) AS batch (counter, version, total)
        ON CONFLICT (counter, writer) DO UPDATE SET version = excluded.version, total = excluded.total
        WHERE quipu_totals.version < excluded.version
    )
    SELECT count(*) > 0 FROM living"
);

const MARK_DEAD: &str = mark_dead!("CAST(extract(epoch FROM clock_timestamp()) AS BIGINT)");

const RETIRE: &str = retire!(
    "SELECT batch.counter, $1, 1, batch.total FROM unnest($2, $3) AS batch (counter, total)"
);

/// Keeps two processes from making the tables, or folding, at once. The number is arbitrary.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7164797015)";

/// Reads a table, `pg_class`, since a connection learns of tables that others made when it locks
/// one: without it, `to_regclass` may repeat the answer that it gave before the wait for [`LOCK`].
const HAS_TABLES: &str = "SELECT
    EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = to_regclass('quipu_schema')),
    EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = to_regclass('quipu_totals'))";

/// Totals in a PostgreSQL database: tested with version 15, and with statements that 9.5 has.
///
/// The first write makes the tables, in the first schema of the user's `search_path`; their names
/// begin with `quipu_`. A reader needs no right to write, and reads zeros before there are tables.
/// A flush is one statement. A call connects if it must.
///
/// # TLS
/// The feature `postgres-tls` encrypts the connection, and verifies the server's certificate and
/// host, where the URL has `sslmode=require`. The certificate has to be of an authority that the
/// operating system trusts, or of one of `root_certificates`. With another `sslmode`, and without the
/// feature, a connection isn't encrypted.
///
/// # Poolers
/// Between may be a pooler that gives each transaction another connection, such as PgBouncer with
/// `pool_mode = transaction`: a call takes no named statements, and leaves no settings behind.
///
/// ```no_run
/// use quipu::Counter;
/// use quipu_persist::{Postgres, Worker};
///
/// static LIKES: Counter = Counter::new();
///
/// let store = Postgres::new("postgres://app:secret@db.internal/totals")?;
/// let worker = Worker::builder("web-1").start(store)?;
/// worker.track("likes_total", &LIKES)?;
/// # Ok::<(), quipu_persist::Error>(())
/// ```
///
/// # Rights
/// The user that makes the tables needs `CREATE` on the schema. One that only writes needs
/// `SELECT`, `INSERT` and `UPDATE` on the tables, one that only reads `SELECT`, and one that calls
/// `compact` `DELETE`, too. Each needs `USAGE` on the schema, which it has on `public`:
///
/// ```sql
/// GRANT SELECT, INSERT, UPDATE ON quipu_schema, quipu_writers, quipu_totals, quipu_folded TO app;
/// GRANT DELETE ON quipu_totals TO app; -- for compact
/// ```
///
/// # Limits
/// A database has the names that its encoding has: make it with `ENCODING 'UTF8'`. A counter with
/// another name is [refused](ErrorKind::Refused), and the others go through. A store keeps one
/// connection. Its calls block, for at most 10 seconds: see [asynchronous
/// code](super#asynchronous-code).
pub struct Postgres {
    config: Config,
    #[cfg(feature = "postgres-tls")]
    files: Files,
    link: ProcessLocal<Link>,
}

struct Link {
    /// Dropped before the runtime that it runs on.
    client: Client,
    /// Whether the tables were found, and are this version's. They are looked for until then.
    has_tables: bool,
    runtime: Runtime,
}

impl Postgres {
    /// A store at a URL such as `postgres://user:password@host:5432/database`, or in libpq's form,
    /// `host=… user=…`. It connects at the first call that needs it.
    ///
    /// ```
    /// use quipu_persist::{ErrorKind, Postgres};
    ///
    /// let store = Postgres::new("host=db.internal user=app dbname=totals")?;
    /// let error = Postgres::new("db.internal").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the text is neither.
    pub fn new(url: &str) -> Result<Self, Error> {
        // The text itself may have a password, so it isn't shown.
        let unfit = |expected| {
            Error::new(ErrorKind::Config, format!("the address of PostgreSQL: expected {expected}"))
        };
        let form = "postgres://user:password@host:5432/database";
        let config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            let expected = if url.contains("sslmode=verify-") {
                "sslmode=require, by which the server's certificate and host are verified, too"
            } else {
                form
            };
            unfit(expected).caused_by(error)
        })?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(unfit(form));
        }
        if config.get_ssl_mode() == SslMode::Require && !cfg!(feature = "postgres-tls") {
            return Err(unfit(
                "a build with the feature postgres-tls of quipu-persist for sslmode=require",
            ));
        }
        Ok(Self {
            config,
            #[cfg(feature = "postgres-tls")]
            files: Files::default(),
            link: ProcessLocal::NONE,
        })
    }

    /// The same store, over TLS, whose server has a certificate of an authority in this file (PEM),
    /// and not of one that the operating system trusts.
    ///
    /// ```no_run
    /// use quipu_persist::{Postgres, Worker};
    ///
    /// let store = Postgres::new("postgres://app:secret@db.internal/totals?sslmode=require")?
    ///     .root_certificates("/etc/app/ca.pem");
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[cfg(feature = "postgres-tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "postgres-tls")))]
    #[must_use]
    pub fn root_certificates(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.ssl_mode(SslMode::Require);
        self.files.roots = Some(path.into());
        self
    }

    /// The same store, over TLS, with a certificate of this client, and its key, in these files
    /// (PEM), for a server that asks for one.
    ///
    /// ```no_run
    /// use quipu_persist::{Postgres, Worker};
    ///
    /// let store = Postgres::new("postgres://app:secret@db.internal/totals")?
    ///     .client_certificate("/etc/app/client.pem", "/etc/app/client.key");
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[cfg(feature = "postgres-tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "postgres-tls")))]
    #[must_use]
    pub fn client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.config.ssl_mode(SslMode::Require);
        self.files.client = Some((certificate.into(), key.into()));
        self
    }

    /// Folds the writers that have closed, and those without a message for `dead_after`, rounded up
    /// to seconds: see [clean-up](super#clean-up). Returns the number of folded writers.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use quipu_persist::Postgres;
    ///
    /// let mut store = Postgres::new("postgres://app:secret@db.internal/totals")?;
    /// let folded = store.compact(Duration::from_secs(7 * 24 * 3600))?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the database can't be reached or written to. Each writer was then folded as a whole, or
    /// not at all.
    pub fn compact(&mut self, dead_after: Duration) -> Result<usize, Error> {
        let seconds = compaction::seconds(dead_after);
        compaction::fold_all(|| self.write_with(async |client| fold(client, seconds).await))
    }

    /// Runs `work` on tables of this version, which are made if there are none.
    fn write_with<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Error> {
        self.run(async |client, has_tables| {
            if !has_tables {
                create(client).await?;
            }
            work(client).await
        })
    }

    /// Reads rows, if there are tables.
    fn read<T>(
        &mut self,
        query: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
        row: impl Fn(&Row) -> Result<T, tokio_postgres::Error>,
    ) -> Result<Vec<T>, Error> {
        self.run(async |client, has_tables| {
            if has_tables { select(client, query, parameters, row).await } else { Ok(Vec::new()) }
        })
    }

    /// Runs `work` on a connection, which is kept if it succeeds. `work` learns whether there are
    /// tables.
    fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Client, bool) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Error> {
        let store = shown(&self.config);
        let mut link = match self.link.take() {
            Some(link) if !link.client.is_closed() => link,
            _ => self.connect(&store)?,
        };
        let Link { client, has_tables, runtime } = &mut link;
        let result = runtime.run(&store, async {
            *has_tables = *has_tables || find_tables(client, &store).await?;
            work(client, *has_tables).await.map_err(|error| explain(&store, error))
        })?;
        self.link.keep(link);
        Ok(result)
    }

    fn connect(&self, store: &str) -> Result<Link, Error> {
        let runtime = Runtime::new()?;
        let client = runtime.run(store, async {
            #[cfg(feature = "postgres-tls")]
            if self.config.get_ssl_mode() == SslMode::Require {
                let tls = tokio_postgres_rustls::MakeRustlsConnect::new(self.files.config()?);
                return connect(&self.config, tls, store).await;
            }
            connect(&self.config, NoTls, store).await
        })?;
        Ok(Link { client, has_tables: false, runtime })
    }
}

async fn connect<T>(config: &Config, tls: T, store: &str) -> Result<Client, Error>
where
    T: MakeTlsConnect<Socket, Stream: Send + 'static>,
{
    let (client, connection) = config.connect(tls).await.map_err(|error| explain(store, error))?;
    // Its end is seen by the client.
    tokio::spawn(connection);
    Ok(client)
}

/// Whether there are tables. An error if they are another version's.
async fn find_tables(client: &Client, store: &str) -> Result<bool, Error> {
    let explain = |error| explain(store, error);
    let (has_schema, has_totals) = which_tables(client).await.map_err(explain)?;
    if !has_schema && !has_totals {
        return Ok(false);
    }
    let version = if has_schema {
        let versions = select(client, sql::VERSION, &[], |row| row.try_get(0)).await;
        versions.map_err(explain)?.into_iter().next().flatten()
    } else {
        None
    };
    sql::check_schema(version)?;
    Ok(true)
}

/// Whether there are the table of the version, and that of the totals.
async fn which_tables(client: &impl GenericClient) -> Result<(bool, bool), tokio_postgres::Error> {
    let row = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?));
    let rows = select(client, HAS_TABLES, &[], row).await?;
    Ok(rows.first().copied().unwrap_or_default())
}

async fn create(client: &mut Client) -> Result<(), tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(LOCK).await?;
    // Another process may have made them while this one waited for the lock.
    if !which_tables(&transaction).await?.0 {
        transaction.batch_execute(sql::CREATE).await?;
    }
    transaction.commit().await
}

/// Reads rows. It takes no named statement: a pooler may give each transaction another connection.
async fn select<T>(
    client: &impl GenericClient,
    query: &str,
    parameters: &[(&(dyn ToSql + Sync), Type)],
    row: impl Fn(&Row) -> Result<T, tokio_postgres::Error>,
) -> Result<Vec<T>, tokio_postgres::Error> {
    client.query_typed(query, parameters).await?.iter().map(row).collect()
}

/// Folds some of the writers that have closed, or weren't heard of for so long.
async fn fold(client: &mut Client, seconds: i64) -> Result<usize, tokio_postgres::Error> {
    // Each statement sees what was committed before it, also by those that it waited for.
    let transaction =
        client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start().await?;
    transaction.batch_execute(LOCK).await?;
    let limit = compaction::FOLDS as i64;
    let writers = transaction
        .execute_typed(MARK_DEAD, &[(&seconds, Type::INT8), (&limit, Type::INT8)])
        .await?;
    transaction.batch_execute(sql::KEEP_FOLDED).await?;
    let retired = Writer::retired().to_string();
    let rows = transaction.query_typed(sql::FOLDING, &[(&retired, Type::TEXT)]).await?;
    let rows: Vec<(String, i64)> = rows.iter().map(pair).collect::<Result<_, _>>()?;
    let (counters, totals): (Vec<_>, Vec<_>) = sql::sums(rows).into_iter().unzip();
    let parameters: [(&(dyn ToSql + Sync), _); 3] =
        [(&retired, Type::TEXT), (&counters, Type::TEXT_ARRAY), (&totals, Type::INT8_ARRAY)];
    transaction.execute_typed(RETIRE, &parameters).await?;
    for statement in sql::REMOVE_FOLDED {
        transaction.batch_execute(statement).await?;
    }
    transaction.commit().await?;
    Ok(writers as usize)
}

/// A counter and a total.
fn pair(row: &Row) -> Result<(String, i64), tokio_postgres::Error> {
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Where the database is, without the password.
fn shown(config: &Config) -> String {
    let name = |host: &Host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    };
    let hosts = config.get_hosts().iter().map(name);
    let addresses = config.get_hostaddrs().iter().map(ToString::to_string);
    let names: Vec<_> = if hosts.len() > 0 { hosts.collect() } else { addresses.collect() };
    // One port may be for all hosts.
    let ports = config.get_ports().iter().copied().cycle().chain(iter::repeat(5432));
    let places: Vec<_> =
        names.iter().zip(ports).map(|(name, port)| format!("{name}:{port}")).collect();
    format!("PostgreSQL at {}", places.join(","))
}

impl Sink for Postgres {
    fn write(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        let writer = batch.writer.to_string();
        let counters: Vec<&str> =
            batch.entries.iter().map(|entry| entry.counter.as_str()).collect();
        let versions: Vec<i64> =
            batch.entries.iter().map(|entry| entry.stamp.version as i64).collect();
        let totals: Vec<i64> = batch.entries.iter().map(|entry| entry.stamp.total).collect();
        let parameters: [(&(dyn ToSql + Sync), _); 5] = [
            (&writer, Type::TEXT),
            (&sql::state(batch), Type::TEXT),
            (&counters, Type::TEXT_ARRAY),
            (&versions, Type::INT8_ARRAY),
            (&totals, Type::INT8_ARRAY),
        ];
        let lives = self.write_with(async |client| {
            select(client, WRITE, &parameters, |row| row.try_get(0)).await
        })?;
        if lives.contains(&true) {
            return Ok(Outcome::Stored);
        }
        let folded = self.read(sql::FOLDED, &[(&writer, Type::TEXT)], pair)?;
        Ok(Outcome::Folded(folded.into_iter().collect()))
    }
}

impl Store for Postgres {
    fn by_writer(&mut self, counter: &str) -> Result<BTreeMap<Writer, Stamp>, Error> {
        let row = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        self.read(sql::BY_WRITER, &[(&counter, Type::TEXT)], row)?
            .into_iter()
            .map(sql::parse)
            .collect()
    }

    fn counters(&mut self) -> Result<Vec<String>, Error> {
        let mut counters: Vec<String> = self.read(sql::COUNTERS, &[], |row| row.try_get(0))?;
        counters.sort_unstable();
        Ok(counters)
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres")
            .field("config", &self.config)
            .field("is_connected", &self.link.is_some())
            .finish()
    }
}
