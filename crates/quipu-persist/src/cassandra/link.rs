//! The connection to the cluster.

use std::sync::Arc;
use std::time::Duration;

use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::session::Session as Driver;
use scylla::client::session_builder::SessionBuilder;
use scylla::policies::load_balancing::DefaultPolicy;
use scylla::statement::{Consistency, SerialConsistency};

use super::retry::NextNode;
use super::slots::Slots;
use super::table::{self, Statements};
use super::{Place, explain};
use crate::runtime::Runtime;
use crate::{Error, ErrorKind, ambient};

/// How long a request may take, with the nodes that are asked meanwhile. A call makes some.
const REQUEST: Duration = Duration::from_secs(5);

/// How often a node is asked whether it is there, and how long it may take to say so. If it doesn't, it
/// hangs, and its requests go to another node. One that is merely slow keeps them: requests that are
/// sent twice would make it slower.
const HEARTBEAT: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_millis(700);

/// How long a process waits at most before it makes a table, and again before its first claim.
const FIRST_START: Duration = Duration::from_secs(1);

/// How long a connection may take to be made, and nodes to agree about the schema.
const SETTLING: Duration = Duration::from_secs(2);

pub(super) struct Link {
    /// Dropped before the runtime that it runs on. `None` before it is made.
    session: Option<Session>,
    runtime: Runtime,
}

/// The driver's session, and the statements that the table is known to take.
pub(super) struct Session {
    driver: Driver,
    statements: Option<Statements>,
}

impl Link {
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self { session: None, runtime: Runtime::new()? })
    }

    /// Runs `work` on a session, which is made if it must be and stays: it mends itself after
    /// whatever fails.
    pub(super) fn run<T>(
        &mut self,
        place: &Place,
        work: impl AsyncFnOnce(&mut Session, &Place) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (store, session) = (place.to_string(), &mut self.session);
        self.runtime.run(&store, async {
            let session = match session {
                Some(session) => session,
                None => session.insert(Session::new(place, &store).await?),
            };
            work(session, place).await
        })
    }
}

fn config(place: &Place) -> Result<SessionBuilder, Error> {
    let config = place.config.clone();
    #[cfg(feature = "cassandra-tls")]
    let config = match &place.tls {
        None => config,
        Some(files) => config.tls_context(Some(Arc::new(files.config()?))),
    };
    Ok(config
        .use_keyspace(&place.keyspace, true)
        .keyspaces_to_fetch([&place.keyspace])
        .default_execution_profile_handle(profile(place).into_handle())
        .connection_timeout(SETTLING)
        .keepalive_interval(HEARTBEAT)
        .keepalive_timeout(PATIENCE)
        .metadata_request_clientside_timeout(REQUEST)
        .schema_agreement_timeout(SETTLING))
}

/// A quorum of all replicas, so that what one process has written is what each other one reads.
fn profile(place: &Place) -> ExecutionProfile {
    let mut nodes = DefaultPolicy::builder().permit_dc_failover(true);
    if let Some(datacenter) = &place.datacenter {
        nodes = nodes.prefer_datacenter(datacenter.clone());
    }
    ExecutionProfile::builder()
        .consistency(Consistency::Quorum)
        .serial_consistency(Some(SerialConsistency::Serial))
        .request_timeout(Some(REQUEST))
        .load_balancing_policy(nodes.build())
        .retry_policy(Arc::new(NextNode))
        .build()
}

impl Session {
    async fn new(place: &Place, store: &str) -> Result<Self, Error> {
        let driver = config(place)?.build().await;
        let driver = driver.map_err(|error| explain::session(store, error))?;
        Ok(Self { driver, statements: None })
    }

    /// Runs `work` on the table. `None` if the table isn't there.
    ///
    /// A table that was dropped since, or that a node has yet to hear of, is an error of the schema.
    /// So it is looked for again.
    pub(super) async fn work<T>(
        &mut self,
        place: &Place,
        work: impl AsyncFn(&Slots<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let store = place.to_string();
        let mut error = table::gone(&store);
        for _ in 0..table::TRIES {
            if !self.has_table(place).await? {
                return Ok(None);
            }
            match self.attempt(&store, place.totals, &work).await {
                Err(reason) if reason.kind() == ErrorKind::Schema => error = reason,
                result => return result.map(Some),
            }
            tokio::time::sleep(table::PAUSE).await;
        }
        Err(explain::after_all(&store, error))
    }

    async fn attempt<T>(
        &mut self,
        store: &str,
        totals: Consistency,
        work: impl AsyncFn(&Slots<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let statements = match self.statements.take() {
            Some(statements) => statements,
            None => Statements::prepare(&self.driver, store, totals).await?,
        };
        let statements = self.statements.insert(statements);
        let result = work(&Slots { driver: &self.driver, statements, store }).await;
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Schema) {
            self.statements = None;
        }
        result
    }

    /// Makes the table if it isn't there. Many processes may start for the first time then: few of them
    /// shall make it, and they all want the same slot. So each waits by chance before both.
    pub(super) async fn make_table(&mut self, place: &Place) -> Result<(), Error> {
        let pause = || tokio::time::sleep(FIRST_START.mul_f64(ambient::chance()));
        if self.has_table(place).await? {
            return Ok(());
        }
        pause().await;
        if !self.has_table(place).await? {
            table::make(&self.driver, place).await?;
            pause().await;
        }
        Ok(())
    }

    /// Whether the table is there, or was when it was used last. One of another layout is an error.
    async fn has_table(&self, place: &Place) -> Result<bool, Error> {
        Ok(self.statements.is_some() || table::is_there(&self.driver, place).await?)
    }
}
