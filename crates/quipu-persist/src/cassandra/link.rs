//! The connection to the cluster.

use std::sync::Arc;
use std::time::Duration;

use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::session::Session as Driver;
use scylla::client::session_builder::SessionBuilder;
use scylla::policies::load_balancing::DefaultPolicy;
use scylla::policies::speculative_execution::SimpleSpeculativeExecutionPolicy;
use scylla::statement::{Consistency, SerialConsistency};

use super::retry::NextNode;
use super::slots::Slots;
use super::table::{self, Statements};
use super::{Place, explain};
use crate::runtime::Runtime;
use crate::{Error, ErrorKind};

/// How long a request may take, with the nodes that are asked meanwhile. A call makes some.
const REQUEST: Duration = Duration::from_secs(5);

/// How long a node may take before another one is asked, too.
const PATIENCE: Duration = Duration::from_millis(1500);

/// How long a connection may be silent, or take to be made.
const SILENCE: Duration = Duration::from_secs(2);

pub(super) struct Link {
    /// Dropped before the runtime that it runs on.
    session: Session,
    runtime: Runtime,
}

/// The driver's session, and the statements that the table is known to take.
pub(super) struct Session {
    driver: Driver,
    statements: Option<Statements>,
}

impl Link {
    pub(super) fn new(place: &Place) -> Result<Self, Error> {
        let runtime = Runtime::new()?;
        let store = place.to_string();
        let driver = runtime.run(&store, async {
            builder(place).build().await.map_err(|error| explain::session(&store, error))
        })?;
        Ok(Self { session: Session { driver, statements: None }, runtime })
    }

    pub(super) fn run<T>(
        &mut self,
        place: &Place,
        work: impl AsyncFnOnce(&mut Session, &Place) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.runtime.run(&place.to_string(), work(&mut self.session, place))
    }
}

fn builder(place: &Place) -> SessionBuilder {
    let mut builder = SessionBuilder::new()
        .known_nodes(&place.nodes)
        .use_keyspace(&place.keyspace, true)
        .keyspaces_to_fetch([&place.keyspace])
        .default_execution_profile_handle(profile(place).into_handle())
        .connection_timeout(SILENCE)
        .keepalive_interval(SILENCE)
        .keepalive_timeout(SILENCE)
        .metadata_request_clientside_timeout(REQUEST)
        .schema_agreement_timeout(REQUEST);
    if let Some((user, password)) = &place.login {
        builder = builder.user(user, password);
    }
    builder
}

/// A quorum of all replicas, so that what one process has written is what each other one reads.
fn profile(place: &Place) -> ExecutionProfile {
    let mut nodes = DefaultPolicy::builder().permit_dc_failover(true);
    if let Some(datacenter) = &place.datacenter {
        nodes = nodes.prefer_datacenter(datacenter.clone());
    }
    let hurry = SimpleSpeculativeExecutionPolicy { max_retry_count: 2, retry_interval: PATIENCE };
    ExecutionProfile::builder()
        .consistency(Consistency::Quorum)
        .serial_consistency(Some(SerialConsistency::Serial))
        .request_timeout(Some(REQUEST))
        .load_balancing_policy(nodes.build())
        .retry_policy(Arc::new(NextNode))
        .speculative_execution_policy(Some(Arc::new(hurry)))
        .build()
}

impl Session {
    /// Runs `work` on the table. `None` if the table isn't there.
    pub(super) async fn work<T>(
        &mut self,
        place: &Place,
        work: impl AsyncFn(&Slots<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let store = place.to_string();
        loop {
            let was_known = self.statements.is_some();
            if !self.find_table(place).await? {
                return Ok(None);
            }
            let Some(statements) = &self.statements else { return Ok(None) };
            let slots = Slots { driver: &self.driver, statements, store: &store };
            match work(&slots).await {
                // The table may have been dropped since.
                Err(error) if error.kind() == ErrorKind::Schema => {
                    self.statements = None;
                    if !was_known {
                        return Err(error);
                    }
                }
                result => return result.map(Some),
            }
        }
    }

    /// Makes the table if it isn't there.
    pub(super) async fn make_table(&mut self, place: &Place) -> Result<(), Error> {
        if !self.find_table(place).await? {
            table::make(&self.driver, place).await?;
        }
        Ok(())
    }

    /// Whether the table is there. One of another layout is an error.
    async fn find_table(&mut self, place: &Place) -> Result<bool, Error> {
        if self.statements.is_none() && table::is_there(&self.driver, place).await? {
            self.statements = Some(Statements::prepare(&self.driver, &place.to_string()).await?);
        }
        Ok(self.statements.is_some())
    }
}
