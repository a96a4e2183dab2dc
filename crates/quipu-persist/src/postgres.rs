use std::collections::BTreeMap;
use std::fmt;
#[cfg(feature = "postgres-tls")]
use std::path::PathBuf;

#[cfg(feature = "postgres-tls")]
use rustls::ClientConfig;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};
#[cfg(feature = "postgres-tls")]
use tokio_postgres_rustls::MakeRustlsConnect;

use super::process_local::ProcessLocal;
use super::sql::{self, Names, Tables};
#[cfg(feature = "postgres-tls")]
use super::tls::Files;
use super::{Batch, Claim, Claimed, Error, ErrorKind, Lease, Outcome, Sink, Store, namespace};
use connection::{Link, Session, shown};

mod connection;
mod explain;
mod steps;
mod tables;

/// Totals in a PostgreSQL database: tested with version 15, and with statements that 9.6 has.
///
/// The first write makes the tables, in the first schema of the user's `search_path`; their names
/// begin with `quipu_`. A reader needs no right to write, and reads zeros before there are tables.
/// A flush is one transaction, in one round trip. A call connects if it must.
///
/// # Tables
/// Other programs may read the tables, for instance `psql`. `quipu_slots` has a row for each slot,
/// its [`Lease`]: `slot`, `owner`, `epoch`, the number and the size of the last batch in `last_batch`
/// and `last_entries`, `since` and `until` in seconds since 1970, and the owners before in `past`.
/// `until` is `NULL` once the owner has closed. `quipu_totals` has the rows of the counters: `counter`,
/// `slot` and `total`. `quipu_schema` has the version of the tables, 2, in `version`. `owner`, `past` and
/// `counter` are `TEXT`, and all others `BIGINT`. The primary keys are `slot`, and `counter, slot`.
///
/// ```sql
/// -- A total. PostgreSQL's sum doesn't wrap: it is exact.
/// SELECT sum(total) FROM quipu_totals WHERE counter = 'likes_total';
///
/// -- All totals, as a view for a dashboard such as Grafana.
/// CREATE VIEW totals AS SELECT counter, sum(total) AS total FROM quipu_totals GROUP BY counter;
///
/// -- The rows by the host that has the slot now, or had it last. Such a row includes the counts that
/// -- the slot's earlier owners left.
/// SELECT split_part(owner, '/', 1) AS host, counter, sum(total) AS total
/// FROM quipu_totals JOIN quipu_slots USING (slot) GROUP BY host, counter;
///
/// -- The processes that write.
/// SELECT slot, owner, to_timestamp(since) AS since FROM quipu_slots
/// WHERE until > extract(epoch FROM now());
/// ```
///
/// The first claim or batch changes tables of version 1, in one transaction: the sums become the
/// totals of slot 0, and the tables before get names that begin with `quipu_v1_`, to be dropped when
/// you like. Processes of the earlier version then get [`ErrorKind::Schema`]; what they flushed
/// before is in the sums. Only the owner of the tables can do that, and the rights on the new ones
/// are to be granted again.
///
/// # Name spaces
/// Applications that share a database would add up their counters of one name. So each takes a
/// [`namespace`](Postgres::namespace), which is a schema for its tables: those of `shop` are
/// `quipu_shop.quipu_totals` and so on. The first write makes the schema, too, if it isn't there.
///
/// # TLS
/// The feature `postgres-tls` encrypts the connection, and verifies the server's certificate and
/// host, where the URL has `sslmode=require`. The certificate has to be of an authority that the
/// operating system trusts, or of one of `root_certificates`. With another `sslmode`, and without the
/// feature, a connection isn't encrypted.
///
/// # Poolers
/// Between may be a pooler that gives each transaction another connection, such as PgBouncer with
/// `pool_mode = transaction`: a call takes no named statements, and leaves no settings behind. And
/// between may be one that sends queries to replicas, such as Pgpool-II: a total may then be that of
/// some time ago, and a process still learns the state of its slot from the primary server.
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
/// `SELECT`, `INSERT` and `UPDATE` on the tables, and so does a call of [`Sink::lease`]. One that
/// only reads needs `SELECT`. Each needs `USAGE` on the schema, which it has on `public`:
///
/// ```sql
/// GRANT SELECT, INSERT, UPDATE ON quipu_schema, quipu_slots, quipu_totals TO app;
/// GRANT SELECT ON quipu_schema, quipu_slots, quipu_totals TO reader;
/// ```
///
/// The user that makes the schema of a name space needs `CREATE` on the database. It is best made
/// before, for a user that has no other rights, and then makes the tables in it:
///
/// ```sql
/// CREATE SCHEMA quipu_shop AUTHORIZATION app;
/// GRANT USAGE ON SCHEMA quipu_shop TO reader;
/// -- Once the tables are there.
/// GRANT SELECT ON ALL TABLES IN SCHEMA quipu_shop TO reader;
/// ```
///
/// # Limits
/// A database has the names that its encoding has: make it with `ENCODING 'UTF8'`. A counter with
/// another name is [refused](ErrorKind::Refused), and the others go through. A store keeps one
/// connection. Its calls block, for at most 10 seconds, and 10 more to connect: see [asynchronous
/// code](super#asynchronous-code).
pub struct Postgres {
    config: Config,
    #[cfg(feature = "postgres-tls")]
    files: Files,
    /// The settings of TLS that take the place of the files.
    #[cfg(feature = "postgres-tls")]
    tls: Option<ClientConfig>,
    names: Names,
    /// The schema of the name space, unless it is the first one of the `search_path`.
    schema: Option<String>,
    link: ProcessLocal<Link>,
}

/// The form of a URL.
const FORM: &str = "postgres://user:password@host:5432/database";

fn unfit(expected: &str) -> Error {
    Error::new(ErrorKind::Config, format!("the address of PostgreSQL: expected {expected}"))
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
        let config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            let expected = if url.contains("sslmode=verify-") {
                "sslmode=require, by which the server's certificate and host are verified, too"
            } else {
                FORM
            };
            unfit(expected).caused_by(error)
        })?;
        Self::with_config(config)
    }

    /// A store by settings of the driver, for what a program would rather not write as a URL, such as
    /// a password of any characters, or the limits of keepalives.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use quipu_persist::drivers::tokio_postgres::Config;
    /// use quipu_persist::{Postgres, Worker};
    ///
    /// let mut config = Config::new();
    /// config.host("db.internal").user("app").password("p@ss/word").dbname("totals");
    /// config.application_name("shop").keepalives_idle(Duration::from_secs(30));
    /// let worker = Worker::builder("web-1").start(Postgres::with_config(config)?)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the settings have no host, or want TLS in a build without the feature `postgres-tls`.
    pub fn with_config(config: Config) -> Result<Self, Error> {
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(unfit(FORM));
        }
        // A URL is divided at its first `@`: behind it may be a part of the password.
        let is_divided = |host: &Host| matches!(host, Host::Tcp(name) if name.contains('@'));
        if config.get_hosts().iter().any(is_divided) {
            return Err(unfit("%40 for an @ in the user and the password"));
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
            #[cfg(feature = "postgres-tls")]
            tls: None,
            names: Names::of(""),
            schema: None,
            link: ProcessLocal::NONE,
        })
    }

    /// The same database, with the tables of an application of this name, in a schema of its own.
    /// Another name, and none, are other tables, with counters, slots and leases of their own.
    ///
    /// ```no_run
    /// use quipu_persist::{ErrorKind, Postgres, Worker};
    ///
    /// let url = "postgres://app:secret@db.internal/totals";
    /// let worker = Worker::builder("web-1").start(Postgres::new(url)?.namespace("shop")?)?;
    /// let error = Postgres::new(url)?.namespace("My shop").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the name isn't 1 to 32 lower-case ASCII letters, digits or `_`, or doesn't begin with a
    /// letter, or begins with `sqlite`.
    pub fn namespace(mut self, name: &str) -> Result<Self, Error> {
        namespace::check(name)?;
        // Not the mere name, which may be a user's: `search_path` begins with the user's schema.
        let schema = format!("quipu_{name}");
        self.names = Names::of(&format!("{schema}."));
        self.schema = Some(schema);
        // It may know the tables of another name.
        self.link = ProcessLocal::NONE;
        Ok(self)
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

    /// The same store, over TLS, by settings of your own: for instance with certificates that are in
    /// no files. They take the place of [`root_certificates`](Self::root_certificates) and
    /// [`client_certificate`](Self::client_certificate), whose files aren't read then.
    ///
    /// ```no_run
    /// use quipu_persist::drivers::rustls::{ClientConfig, RootCertStore};
    /// use quipu_persist::{Postgres, Worker};
    ///
    /// # let roots = RootCertStore::empty();
    /// let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    /// let store = Postgres::new("postgres://app:secret@db.internal/totals")?.tls_config(tls);
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[cfg(feature = "postgres-tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "postgres-tls")))]
    #[must_use]
    pub fn tls_config(mut self, config: ClientConfig) -> Self {
        self.config.ssl_mode(SslMode::Require);
        self.tls = Some(config);
        self
    }

    /// Runs `work` on tables of this version, which are made if there are none.
    fn write<T>(
        &mut self,
        work: impl AsyncFnOnce(Session<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.run(async |session, has_tables| {
            if !*has_tables {
                if tables::find(session, tables::PRIMARY_VERSION).await? != Tables::Ready {
                    tables::prepare(session).await?;
                }
                *has_tables = true;
            }
            work(session).await
        })
    }

    /// Reads rows. None if there are no tables.
    fn read<T: Default>(
        &mut self,
        work: impl AsyncFnOnce(Session<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.run(async |session, has_tables| {
            *has_tables =
                *has_tables || tables::find(session, sql::VERSION).await?.are_readable()?;
            if *has_tables { work(session).await } else { Ok(T::default()) }
        })
    }

    /// Runs `work` on a connection, which is kept if it succeeds. `work` learns whether tables of
    /// this version were found, and may find them.
    fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(Session<'_>, &mut bool) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let store = &*shown(&self.config);
        let mut link = match self.link.take() {
            Some(link) if !link.client.is_closed() => link,
            _ => self.connect(store)?,
        };
        let Link { client, has_tables, runtime } = &mut link;
        let (names, schema) = (&self.names, self.schema.as_deref());
        let session = Session { client, store, names, schema };
        let result = runtime.run(store, work(session, has_tables))?;
        self.link.keep(link);
        Ok(result)
    }

    #[cfg(feature = "postgres-tls")]
    fn connect(&self, store: &str) -> Result<Link, Error> {
        if self.config.get_ssl_mode() != SslMode::Require {
            return Link::new(&self.config, NoTls, store);
        }
        let tls = match &self.tls {
            Some(tls) => tls.clone(),
            None => self.files.config()?,
        };
        Link::new(&self.config, MakeRustlsConnect::new(tls), store)
    }

    #[cfg(not(feature = "postgres-tls"))]
    fn connect(&self, store: &str) -> Result<Link, Error> {
        Link::new(&self.config, NoTls, store)
    }
}

impl Sink for Postgres {
    fn claim(&mut self, claim: &Claim) -> Result<Claimed, Error> {
        self.write(async |session| steps::claim(session, claim).await)
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        self.write(async |session| steps::flush(session, batch).await)
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        self.write(async |session| steps::lease(session, slot).await)
    }
}

impl Store for Postgres {
    fn totals_with_prefix(&mut self, prefix: &str) -> Result<BTreeMap<String, i64>, Error> {
        self.read(async |session| steps::totals(session, prefix).await)
    }

    fn by_slot(&mut self, counter: &str) -> Result<BTreeMap<u32, i64>, Error> {
        self.read(async |session| steps::by_slot(session, counter).await)
    }

    fn slots(&mut self) -> Result<BTreeMap<u32, Lease>, Error> {
        self.read(async |session| steps::slots(session).await)
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
