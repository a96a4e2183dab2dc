//! Nodes of Cassandra, as processes that end with the test's, each in a folder of its own.

use std::fs::{self, File};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::errors::NewSessionError;
use scylla::policies::load_balancing::{NodeIdentifier, SingleTargetLoadBalancingPolicy};
use scylla::statement::{Consistency, Statement};
use scylla::value::CqlValue;
use tempfile::TempDir;

/// How long a node may take to start, on a machine that is busy.
const START: Duration = Duration::from_secs(180);

/// The administrator that a new node has. A node without passwords lets any name in.
const ADMIN: &str = "cassandra";

/// Options of Java that a node needs.
const OPTIONS: &str = concat!("@", env!("CARGO_MANIFEST_DIR"), "/../../ci/cassandra/java.options");

/// Reads the number of a process from each line of its input, or nothing. At the end of its input, it
/// kills that process and removes the folder.
const AFTER_THE_END_OF_INPUT: &str = "while read -r line; do node=$line; done; \
    [ -z \"$node\" ] || kill -9 \"$node\"; sleep 1; rm -rf \"$1\" || { sleep 9; rm -rf \"$1\"; }";

/// Errors only: without it, a node logs all that it does.
const LOG: &str = "<configuration>\
    <appender name='out' class='ch.qos.logback.core.ConsoleAppender'>\
    <encoder><pattern>%level %logger - %msg%n</pattern></encoder></appender>\
    <root level='WARN'><appender-ref ref='out'/></root></configuration>";

/// The settings of a node.
pub(crate) struct Settings {
    pub(crate) address: String,
    /// The port of clients.
    pub(crate) port: u16,
    /// The port of other nodes.
    pub(crate) internal: u16,
    /// The addresses of the nodes that it gets to know the others by.
    pub(crate) seeds: String,
    pub(crate) datacenter: &'static str,
    /// Options of Java.
    pub(crate) java: &'static [&'static str],
    /// More lines of `cassandra.yaml`.
    pub(crate) lines: String,
}

pub(crate) struct Server {
    settings: Settings,
    folder: PathBuf,
    /// `None` once it was killed.
    node: Option<Child>,
    /// The process that ends the node after the test.
    watcher: Child,
}

impl Server {
    /// Starts a node, which is not yet waited for.
    pub(crate) fn new(settings: Settings) -> Self {
        let folder = TempDir::new().expect("a folder").keep();
        fs::write(folder.join("cassandra.yaml"), config(&folder, &settings)).expect("a file");
        fs::write(folder.join("logback.xml"), LOG).expect("a file");
        let place = format!("dc={}\nrack=rack1\n", settings.datacenter);
        fs::write(folder.join("cassandra-rackdc.properties"), place).expect("a file");
        let watcher = Command::new("sh")
            .args(["-c", AFTER_THE_END_OF_INPUT, "sh"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut server = Self { settings, folder, node: None, watcher };
        server.start();
        server
    }

    /// Starts the node again after it was killed.
    pub(crate) fn start(&mut self) {
        let log = File::options().create(true).append(true).open(self.log()).expect("a file");
        let node = Command::new("java")
            .args(java(&self.folder, self.settings.java))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .expect("java");
        self.watch(&node.id().to_string());
        self.node = Some(node);
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut node) = self.node.take() {
            self.watch("");
            node.kill().and_then(|()| node.wait()).expect("a process that can be killed");
        }
    }

    /// Tells the watcher which process to end.
    fn watch(&mut self, process: &str) {
        let input = self.watcher.stdin.as_mut().expect("its input");
        writeln!(input, "{process}").expect("a shell that reads");
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.node.is_none()
    }

    /// Stops the process, or lets it run again, by this signal.
    pub(crate) fn signal(&self, signal: &str) {
        if let Some(node) = &self.node {
            quipu_testing::process::signal(node, signal);
        }
    }

    /// Waits until the node serves clients. The log of a node that ended, or that was too slow.
    pub(crate) fn wait(&mut self) -> Result<(), String> {
        self.wait_until(Self::answers)
    }

    pub(crate) fn wait_until(&mut self, is_up: fn(&Self) -> bool) -> Result<(), String> {
        let begin = Instant::now();
        while !is_up(self) {
            let node = self.node.as_mut().expect("a node that was started");
            let has_ended = node.try_wait().expect("a child").is_some();
            if has_ended || begin.elapsed() > START {
                let log = fs::read_to_string(self.log()).unwrap_or_default();
                return Err(log[log.len().saturating_sub(4000)..].to_owned());
            }
            thread::sleep(Duration::from_millis(250));
        }
        Ok(())
    }

    /// Whether it lets the administrator in.
    pub(crate) fn answers(&self) -> bool {
        runtime().block_on(async { session(&[self.address()]).await.is_ok() })
    }

    /// Whether it takes connections, of which it may want TLS.
    pub(crate) fn listens(&self) -> bool {
        TcpStream::connect(self.address()).is_ok()
    }

    /// The size of the files of a keyspace's tables.
    pub(crate) fn bytes(&self, keyspace: &str) -> u64 {
        let tables = fs::read_dir(self.folder.join("data").join(keyspace)).expect("a keyspace");
        let files =
            tables.flat_map(|table| fs::read_dir(table.expect("a table").path()).expect("files"));
        files.map(|file| file.and_then(|file| file.metadata()).expect("a file").len()).sum()
    }

    /// The address for clients.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.settings.address, self.settings.port)
    }

    /// The number of nodes that it knows, itself included.
    pub(crate) fn knows(&self) -> usize {
        let session = runtime().block_on(session(&[self.address()]));
        session.map_or(0, |session| session.get_cluster_state().get_nodes_info().len())
    }

    fn log(&self) -> PathBuf {
        self.folder.join("output.log")
    }
}

async fn session(nodes: &[String]) -> Result<Session, NewSessionError> {
    SessionBuilder::new().known_nodes(nodes).user(ADMIN, ADMIN).build().await
}

/// Has the administrator run statements.
pub(crate) fn run(nodes: &[String], statements: &[&str]) {
    runtime().block_on(async {
        let session = session(nodes).await.expect("a session");
        for statement in statements {
            if let Err(error) = session.query_unpaged(*statement, &[]).await {
                panic!("{statement}: {error}");
            }
        }
    });
}

/// The addresses of the nodes, in the order of the nodes' ids.
pub(crate) fn addresses_by_id(nodes: &[String]) -> Vec<String> {
    let cluster = runtime().block_on(session(nodes)).expect("a session").get_cluster_state();
    let mut nodes = cluster.get_nodes_info().to_vec();
    nodes.sort_unstable_by_key(|node| node.host_id);
    nodes.iter().map(|node| node.address.to_string()).collect()
}

/// The ids of a keyspace's table of slots, by the nodes that know of one.
pub(crate) fn tables(nodes: &[String], keyspace: &str) -> Vec<String> {
    const IDS: &str = "SELECT id FROM system_schema.tables WHERE keyspace_name = ? AND table_name = 'quipu_slots'";

    runtime().block_on(async {
        let session = session(nodes).await.expect("a session");
        let mut ids = Vec::new();
        for node in session.get_cluster_state().get_nodes_info() {
            let mut statement = Statement::new(IDS);
            statement.set_consistency(Consistency::One);
            let node = NodeIdentifier::HostId(node.host_id);
            statement
                .set_load_balancing_policy(Some(SingleTargetLoadBalancingPolicy::new(node, None)));
            let result = session.query_unpaged(statement, (keyspace,)).await.expect("an answer");
            let rows = result.into_rows_result().expect("rows");
            ids.extend(rows.rows::<(CqlValue,)>().expect("ids").map(|id| format!("{id:?}")));
        }
        ids
    })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Two ports of an address that nothing listens on.
pub(crate) fn free_ports(address: &str) -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind((address, 0)).expect("a port"));
    listeners.map(|listener| listener.local_addr().expect("an address").port())
}

fn config(folder: &Path, settings: &Settings) -> String {
    let Settings { address, port, internal, seeds, lines, .. } = settings;
    let folder = folder.display();
    format!(
        "cluster_name: quipu\n\
         partitioner: org.apache.cassandra.dht.Murmur3Partitioner\n\
         endpoint_snitch: GossipingPropertyFileSnitch\n\
         seed_provider: [{{class_name: org.apache.cassandra.locator.SimpleSeedProvider, \
         parameters: [{{seeds: '{seeds}'}}]}}]\n\
         listen_address: {address}\n\
         rpc_address: {address}\n\
         native_transport_port: {port}\n\
         storage_port: {internal}\n\
         data_file_directories: ['{folder}/data']\n\
         commitlog_directory: '{folder}/commitlog'\n\
         saved_caches_directory: '{folder}/caches'\n\
         hints_directory: '{folder}/hints'\n\
         cdc_raw_directory: '{folder}/cdc'\n\
         {lines}"
    )
}

/// The arguments of Java.
fn java(folder: &Path, options: &[&str]) -> Vec<String> {
    let folder = folder.display();
    let mut java: Vec<String> = options.iter().copied().map(str::to_owned).collect();
    java.extend([
        OPTIONS.to_owned(),
        "-Djdk.attach.allowAttachSelf=true".to_owned(),
        format!("-javaagent:{}", agent().display()),
        format!("-Dcassandra.config=file://{folder}/cassandra.yaml"),
        format!("-Dcassandra.storagedir={folder}"),
        "-Dcassandra-foreground=yes".to_owned(),
        "-Dcassandra.skip_wait_for_gossip_to_settle=0".to_owned(),
        "-cp".to_owned(),
        format!("{folder}:{}/*", jars().display()),
        "org.apache.cassandra.service.CassandraDaemon".to_owned(),
    ]);
    java
}

/// Whether the jars are those of Cassandra 4.1.
pub(crate) fn is_4_1() -> bool {
    names_of_jars().any(|name| name.contains("cassandra-4.1") || name.contains("cassandra-all-4.1"))
}

/// The agent that measures objects, without which Cassandra 4.1 doesn't run on Java 17.
fn agent() -> PathBuf {
    let name = names_of_jars().find(|name| name.starts_with("jamm-"));
    jars().join(name.expect("jamm among the jars of Cassandra"))
}

fn names_of_jars() -> impl Iterator<Item = String> {
    let files = fs::read_dir(jars()).expect("a folder of jars");
    files.filter_map(|file| file.expect("a file").file_name().into_string().ok())
}

/// The folder of Cassandra's jars.
fn jars() -> PathBuf {
    let folder = std::env::var_os("QUIPU_CASSANDRA");
    folder.expect("QUIPU_CASSANDRA, the folder of Cassandra's jars: see ci/cassandra/run").into()
}
