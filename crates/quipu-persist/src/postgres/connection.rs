//! The connection, and the ways to send a statement.
//!
//! No statement has a name, and no setting outlives its transaction: a pooler may give each
//! transaction another connection.

use std::iter;

use futures_util::future;
use tokio_postgres::config::Host;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, Row, Socket};

use super::explain::explain;
use crate::Error;
use crate::runtime::Runtime;
use crate::sql::Names;

/// At this level, each statement sees what was committed before it, also by those that it waited
/// for. The server ends the transaction if this process is cut off in the middle of it: others wait
/// for its locks.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; \
    SET LOCAL idle_in_transaction_session_timeout = 10000";

const COMMIT: &str = "COMMIT";

pub(super) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

pub(super) struct Link {
    /// Dropped before the runtime that it runs on.
    pub(super) client: Client,
    /// Whether the tables were found, and are this version's. They are looked for until then.
    pub(super) has_tables: bool,
    pub(super) runtime: Runtime,
}

impl Link {
    pub(super) fn new<T>(config: &Config, tls: T, store: &str) -> Result<Self, Error>
    where
        T: MakeTlsConnect<Socket, Stream: Send + 'static>,
    {
        let runtime = Runtime::new()?;
        let client = runtime.run(store, connect(config, tls, store))?;
        Ok(Self { client, has_tables: false, runtime })
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

/// A connection in use. After an error it is dropped, and with it the transaction.
#[derive(Clone, Copy)]
pub(super) struct Session<'a> {
    pub(super) client: &'a Client,
    /// The name for errors.
    pub(super) store: &'a str,
    pub(super) names: &'a Names,
    /// The schema that the names begin with, if they do.
    pub(super) schema: Option<&'a str>,
}

impl Session<'_> {
    /// Runs statements that return nothing.
    pub(super) async fn run(self, statements: &str) -> Result<(), Error> {
        let statements = self.names.fill(statements);
        self.client.batch_execute(&statements).await.map_err(|error| self.explain(error))
    }

    pub(super) async fn query<T>(
        self,
        statement: &str,
        parameters: &[Parameter<'_>],
        row: impl Fn(&Row) -> Result<T, tokio_postgres::Error>,
    ) -> Result<Vec<T>, Error> {
        let rows = self.client.query_typed(&self.names.fill(statement), parameters).await;
        let rows = rows.and_then(|rows| rows.iter().map(row).collect());
        rows.map_err(|error| self.explain(error))
    }

    /// Runs one statement as a transaction, in one round trip.
    pub(super) async fn transact<T>(
        self,
        statement: &str,
        parameters: &[Parameter<'_>],
        row: impl Fn(&Row) -> Result<T, tokio_postgres::Error>,
    ) -> Result<Vec<T>, Error> {
        let statement = self.query(statement, parameters, row);
        let (_, rows, _) = future::try_join3(self.run(BEGIN), statement, self.run(COMMIT)).await?;
        Ok(rows)
    }

    /// Begins a transaction with two statements, in one round trip. The second one sees what the
    /// first one waited for.
    pub(super) async fn begin<T>(
        self,
        first: impl Future<Output = Result<(), Error>>,
        second: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let (_, _, read) = future::try_join3(self.run(BEGIN), first, second).await?;
        Ok(read)
    }

    pub(super) async fn commit(self) -> Result<(), Error> {
        self.run(COMMIT).await
    }

    fn explain(self, error: tokio_postgres::Error) -> Error {
        explain(self.store, error)
    }
}

/// Where the database is, without the password.
pub(super) fn shown(config: &Config) -> String {
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
