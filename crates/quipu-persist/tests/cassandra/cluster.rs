//! One real node of Cassandra, on free loopback ports and in a folder of its own. All tests share
//! it, each with a keyspace of its own. It ends with the process.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use quipu_persist::Cassandra;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use tempfile::TempDir;

/// How long a node may take to start, on a machine that is busy.
const START: Duration = Duration::from_secs(180);

/// How long the node remembers a role's rights, and more.
const RIGHTS: Duration = Duration::from_millis(300);

/// The administrator that a new node has.
const ADMIN: &str = "cassandra";

/// Packages that Cassandra uses although Java hides them, as its own `jvm17-server.options` says.
const EXPORTS: &str = "java.base/jdk.internal.misc java.base/jdk.internal.ref java.base/sun.nio.ch \
    java.base/java.lang.ref java.management.rmi/com.sun.jmx.remote.internal.rmi \
    java.rmi/sun.rmi.registry java.rmi/sun.rmi.server java.rmi/sun.rmi.transport.tcp \
    java.sql/java.sql jdk.unsupported/sun.misc jdk.compiler/com.sun.tools.javac.file";
const OPENS: &str = "java.base/java.io java.base/java.lang java.base/java.lang.module \
    java.base/java.lang.reflect java.base/java.math java.base/java.net java.base/java.nio \
    java.base/java.util java.base/java.util.concurrent java.base/java.util.concurrent.atomic \
    java.base/java.util.concurrent.locks java.base/jdk.internal.loader \
    java.base/jdk.internal.math java.base/jdk.internal.misc java.base/jdk.internal.module \
    java.base/jdk.internal.ref java.base/jdk.internal.reflect java.base/jdk.internal.util.jar \
    java.base/sun.nio.ch java.rmi/sun.rmi.transport.tcp \
    jdk.management/com.sun.management.internal";

/// Runs its arguments until its input ends, and removes the folder that comes first.
const UNTIL_THE_END_OF_INPUT: &str = "exec 3<&0; folder=$1; shift; \"$@\" 3<&- & node=$!; \
    (cat <&3 > /dev/null; kill -9 $node) & watcher=$!; \
    wait $node; kill $watcher; rm -rf \"$folder\"";

/// Nodes that are started before the test fails: another program may take a port that was free.
const TRIES: usize = 3;

/// Errors only: without it, a node logs all that it does.
const LOG: &str = "<configuration>\
    <appender name='out' class='ch.qos.logback.core.ConsoleAppender'>\
    <encoder><pattern>%level %logger - %msg%n</pattern></encoder></appender>\
    <root level='WARN'><appender-ref ref='out'/></root></configuration>";

pub(crate) struct Node {
    address: String,
    child: Child,
    /// Ends when the process does.
    _input: ChildStdin,
}

/// The node, which is started for the first test that asks for it.
pub(crate) fn node() -> &'static Node {
    static NODE: OnceLock<Node> = OnceLock::new();
    NODE.get_or_init(|| Node::start(""))
}

impl Node {
    /// A node with these settings besides those that all have.
    pub(crate) fn start(settings: &str) -> Self {
        let mut log = String::new();
        for _ in 0..TRIES {
            match Self::try_start(settings) {
                Ok(node) => return node,
                Err(text) => log = text,
            }
        }
        panic!("no node of Cassandra: {}", &log[log.len().saturating_sub(4000)..]);
    }

    /// The log of a node that ended, or that was too slow.
    fn try_start(settings: &str) -> Result<Self, String> {
        let folder = TempDir::new().expect("a folder").keep();
        let [port, internal] = free_ports();
        let config = config(&folder, port, internal) + settings;
        fs::write(folder.join("cassandra.yaml"), config).expect("a file");
        fs::write(folder.join("logback.xml"), LOG).expect("a file");
        let path = std::env::temp_dir().join(format!("quipu-cassandra-{port}.log"));
        let log = fs::File::create(&path).expect("a file");
        let mut child = Command::new("sh")
            .args(["-c", UNTIL_THE_END_OF_INPUT, "sh"])
            .arg(&folder)
            .args(java(&folder))
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .expect("a shell");
        let input = child.stdin.take().expect("its input");
        let mut node = Self { address: format!("127.0.0.1:{port}"), child, _input: input };
        let begin = Instant::now();
        while !node.answers() {
            let has_ended = node.child.try_wait().expect("a child").is_some();
            if has_ended || begin.elapsed() > START {
                let log = fs::read_to_string(&path).unwrap_or_default();
                fs::remove_file(&path).expect("the log");
                return Err(log);
            }
            thread::sleep(Duration::from_millis(500));
        }
        fs::remove_file(&path).expect("the log");
        println!("a node after {:?}", begin.elapsed());
        Ok(node)
    }

    /// It listens when all else is done.
    fn answers(&self) -> bool {
        TcpStream::connect(&self.address).is_ok()
    }

    async fn session(&self) -> Result<Session, scylla::errors::NewSessionError> {
        SessionBuilder::new().known_node(&self.address).user(ADMIN, ADMIN).build().await
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Has the administrator run statements.
    pub(crate) fn run(&self, statements: &[&str]) {
        runtime().block_on(async {
            let session = self.session().await.expect("a session");
            for statement in statements {
                if let Err(error) = session.query_unpaged(*statement, &[]).await {
                    panic!("{statement}: {error}");
                }
            }
        });
        thread::sleep(RIGHTS);
    }

    /// Makes a keyspace, and a role of the same name and password that may do all in it.
    pub(crate) fn keyspace(&self, name: &str) {
        self.run(&[
            &format!(
                "CREATE KEYSPACE {name} WITH replication = \
                 {{'class': 'SimpleStrategy', 'replication_factor': 1}}"
            ),
            &role(name),
            &format!("GRANT ALL ON KEYSPACE {name} TO {name}"),
        ]);
    }

    /// A store in a keyspace, as the role of the keyspace's name.
    pub(crate) fn store(&self, keyspace: &str) -> Cassandra {
        self.store_as(keyspace, keyspace)
    }

    pub(crate) fn store_as(&self, keyspace: &str, role: &str) -> Cassandra {
        Cassandra::new([self.address.as_str()], keyspace).login(role, role)
    }
}

/// The statement that makes a role whose password is its name.
pub(crate) fn role(name: &str) -> String {
    format!("CREATE ROLE {name} WITH PASSWORD = '{name}' AND LOGIN = true")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
    listeners.map(|listener| listener.local_addr().expect("an address").port())
}

/// A node that asks for passwords and rights, and that has a guardrail which takes no old writes.
fn config(folder: &Path, port: u16, internal: u16) -> String {
    let folder = folder.display();
    format!(
        "cluster_name: quipu\n\
         num_tokens: 4\n\
         partitioner: org.apache.cassandra.dht.Murmur3Partitioner\n\
         endpoint_snitch: SimpleSnitch\n\
         seed_provider: [{{class_name: org.apache.cassandra.locator.SimpleSeedProvider, \
         parameters: [{{seeds: '127.0.0.1:{internal}'}}]}}]\n\
         listen_address: 127.0.0.1\n\
         rpc_address: 127.0.0.1\n\
         native_transport_port: {port}\n\
         storage_port: {internal}\n\
         data_file_directories: ['{folder}/data']\n\
         commitlog_directory: '{folder}/commitlog'\n\
         saved_caches_directory: '{folder}/caches'\n\
         hints_directory: '{folder}/hints'\n\
         cdc_raw_directory: '{folder}/cdc'\n\
         commitlog_sync: periodic\n\
         commitlog_sync_period: 10000ms\n\
         authenticator: PasswordAuthenticator\n\
         authorizer: CassandraAuthorizer\n\
         role_manager: CassandraRoleManager\n\
         permissions_validity: 100ms\n\
         minimum_timestamp_warn_threshold: 30m\n\
         minimum_timestamp_fail_threshold: 1h\n"
    )
}

/// The program and its arguments.
fn java(folder: &Path) -> Vec<String> {
    let folder = folder.display();
    let mut java: Vec<String> = ["java", "-Xms512m", "-Xmx768m"].map(str::to_owned).into();
    java.extend([
        "-Djdk.attach.allowAttachSelf=true".to_owned(),
        format!("-Dcassandra.config=file://{folder}/cassandra.yaml"),
        format!("-Dcassandra.storagedir={folder}"),
        "-Dcassandra-foreground=yes".to_owned(),
        "-Dcassandra.skip_wait_for_gossip_to_settle=0".to_owned(),
        "-Dcassandra.superuser_setup_delay_ms=0".to_owned(),
        "-Dcassandra.auth_bcrypt_gensalt_log2_rounds=4".to_owned(),
    ]);
    for (option, packages) in [("--add-exports", EXPORTS), ("--add-opens", OPENS)] {
        for package in packages.split_whitespace() {
            java.extend([option.to_owned(), format!("{package}=ALL-UNNAMED")]);
        }
    }
    let jars = format!("{folder}:{}/*", jars().display());
    java.extend([
        "-cp".to_owned(),
        jars,
        "org.apache.cassandra.service.CassandraDaemon".to_owned(),
    ]);
    java
}

/// The folder of Cassandra's jars.
fn jars() -> PathBuf {
    let folder = std::env::var_os("QUIPU_CASSANDRA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/cassandra/lib")),
        PathBuf::from,
    );
    assert!(
        folder.is_dir(),
        "{}: expected a folder of Cassandra's jars, which ci/cassandra/run fetches",
        folder.display()
    );
    folder
}
