//! Nodes of Cassandra, which have a write on the disk before they acknowledge it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;

use crate::process::{Process, path_of};

/// The folder of Cassandra's jars.
const JARS: &str = "QUIPU_CASSANDRA";

/// Packages that Cassandra uses although Java hides them.
const OPTIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ci/cassandra/java.options");

pub const KEYSPACE: &str = "bench";

/// How long a request of the driver may take.
const REQUEST: Duration = Duration::from_secs(5);

/// Errors only: without it, a node logs all that it does.
const LOG: &str = "<configuration>\
    <appender name='out' class='ch.qos.logback.core.ConsoleAppender'>\
    <target>System.err</target><encoder><pattern>%level %logger - %msg%n</pattern></encoder></appender>\
    <root level='WARN'><appender-ref ref='out'/></root></configuration>";

/// The ports that each node of a cluster has, on an address of its own.
#[derive(Clone, Copy)]
pub struct Ports {
    pub client: u16,
    pub internal: u16,
}

/// Starts the node of this number, from 0. The first one must be up.
pub fn node(folder: &Path, number: usize, ports: Ports) -> Result<Process, String> {
    let folder = folder.join(format!("cassandra-{number}"));
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(folder.join("cassandra.yaml"), config(&folder, number, ports)))
        .and_then(|()| fs::write(folder.join("logback.xml"), LOG))
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    let path = folder.display();
    let options = [
        "-Xms512m".to_owned(),
        "-Xmx768m".to_owned(),
        format!("@{OPTIONS}"),
        "-Djdk.attach.allowAttachSelf=true".to_owned(),
        format!("-Dcassandra.config=file://{path}/cassandra.yaml"),
        format!("-Dlogback.configurationFile=file://{path}/logback.xml"),
        format!("-Dcassandra.storagedir={path}"),
        "-Dcassandra-foreground=yes".to_owned(),
        "-Dcassandra.skip_wait_for_gossip_to_settle=0".to_owned(),
    ];
    let arguments = [
        "Server".to_owned(),
        "cassandra".to_owned(),
        number.to_string(),
        ports.client.to_string(),
        ports.client.to_string(),
        path.to_string(),
    ];
    Process::java(&folder, "node", &options, &path_of(JARS)?, &arguments)
}

fn config(folder: &Path, number: usize, Ports { client, internal }: Ports) -> String {
    let (folder, address) = (folder.display(), address(number));
    format!(
        "cluster_name: quipu\n\
         num_tokens: 4\n\
         auto_bootstrap: false\n\
         partitioner: org.apache.cassandra.dht.Murmur3Partitioner\n\
         endpoint_snitch: SimpleSnitch\n\
         seed_provider: [{{class_name: org.apache.cassandra.locator.SimpleSeedProvider, \
         parameters: [{{seeds: '127.0.0.1:{internal}'}}]}}]\n\
         listen_address: {address}\n\
         rpc_address: {address}\n\
         native_transport_port: {client}\n\
         storage_port: {internal}\n\
         data_file_directories: ['{folder}/data']\n\
         commitlog_directory: '{folder}/commitlog'\n\
         saved_caches_directory: '{folder}/caches'\n\
         hints_directory: '{folder}/hints'\n\
         cdc_raw_directory: '{folder}/cdc'\n\
         commitlog_sync: batch\n"
    )
}

/// The address of the node of this number.
pub fn address(number: usize) -> String {
    format!("127.0.0.{}", number + 1)
}

/// A session with the driver's defaults, but for the time of a request.
pub async fn session(node: &str) -> Result<Session, String> {
    let profile = ExecutionProfile::builder().request_timeout(Some(REQUEST)).build();
    let builder = SessionBuilder::new()
        .known_node(node)
        .default_execution_profile_handle(profile.into_handle());
    builder.build().await.map_err(|error| format!("{node}: {error}"))
}

/// Makes the keyspace.
pub async fn prepare(session: &Session, replicas: usize) -> Result<(), String> {
    let keyspace = format!(
        "CREATE KEYSPACE IF NOT EXISTS {KEYSPACE} WITH replication = \
         {{'class': 'SimpleStrategy', 'replication_factor': {replicas}}}"
    );
    run(session, &keyspace).await
}

pub async fn run(session: &Session, statement: &str) -> Result<(), String> {
    let result = session.query_unpaged(statement, &[]).await;
    result.map(drop).map_err(|error| format!("{statement}: {error}"))
}
