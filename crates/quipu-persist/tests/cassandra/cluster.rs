//! One real node of Cassandra, on free ports of the loopback. All tests share it, each with a keyspace
//! of its own. It ends with the process.

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use quipu_persist::Cassandra;

use crate::server::{self, Server, Settings};

/// How long the node remembers a role's rights, and more.
const RIGHTS: Duration = Duration::from_millis(300);

/// Nodes that are started before the test fails: another program may take a port that was free.
const TRIES: usize = 3;

/// A node that asks for passwords and rights.
const LINES: &str = "num_tokens: 4
commitlog_sync: periodic
commitlog_sync_period: 10000ms
authenticator: PasswordAuthenticator
authorizer: CassandraAuthorizer
role_manager: CassandraRoleManager
permissions_validity: 100ms
";

/// A guardrail that takes no old writes. Cassandra 4.1 hasn't it.
const GUARDRAIL: &str = "minimum_timestamp_warn_threshold: 30m
minimum_timestamp_fail_threshold: 1h
";

const JAVA: &[&str] = &[
    "-Xms512m",
    "-Xmx768m",
    "-Dcassandra.superuser_setup_delay_ms=0",
    "-Dcassandra.auth_bcrypt_gensalt_log2_rounds=4",
];

pub(crate) struct Node {
    server: Server,
}

/// The node, which is started for the first test that asks for it.
pub(crate) fn node() -> &'static Node {
    static NODE: OnceLock<Node> = OnceLock::new();
    NODE.get_or_init(|| Node::start("", Server::answers))
}

impl Node {
    /// A node with these settings besides those that all have, once it is up.
    pub(crate) fn start(settings: &str, is_up: fn(&Server) -> bool) -> Self {
        let mut log = String::new();
        for _ in 0..TRIES {
            match Self::try_start(settings, is_up) {
                Ok(node) => return node,
                Err(text) => log = text,
            }
        }
        panic!("no node of Cassandra: {log}");
    }

    /// The log of a node that ended, or that was too slow.
    fn try_start(settings: &str, is_up: fn(&Server) -> bool) -> Result<Self, String> {
        let address = "127.0.0.1".to_owned();
        let [port, internal] = server::free_ports(&address);
        let seeds = format!("{address}:{internal}");
        let guardrail = if server::is_4_1() { "" } else { GUARDRAIL };
        let lines = [LINES, guardrail, settings].concat();
        let begin = Instant::now();
        let mut server = Server::new(Settings {
            address,
            port,
            internal,
            seeds,
            datacenter: "dc1",
            java: JAVA,
            lines,
        });
        let result = server.wait_until(is_up);
        if let Err(log) = result {
            server.kill();
            return Err(log);
        }
        println!("a node after {:?}", begin.elapsed());
        Ok(Self { server })
    }

    pub(crate) fn address(&self) -> String {
        self.server.address()
    }

    /// Has the administrator run statements.
    pub(crate) fn run(&self, statements: &[&str]) {
        server::run(&[self.address()], statements);
        thread::sleep(RIGHTS);
    }

    /// Makes a keyspace, and a role of the same name and password.
    pub(crate) fn keyspace(&self, name: &str) {
        self.run(&[&role(name)]);
        self.make_keyspace(name);
    }

    /// Makes a keyspace, in which the role of its name may do all.
    pub(crate) fn make_keyspace(&self, name: &str) {
        self.run(&[
            &format!(
                "CREATE KEYSPACE {name} WITH replication = \
                 {{'class': 'SimpleStrategy', 'replication_factor': 1}}"
            ),
            &format!("GRANT ALL ON KEYSPACE {name} TO {name}"),
        ]);
    }

    /// A store in a keyspace, as the role of the keyspace's name.
    pub(crate) fn store(&self, keyspace: &str) -> Cassandra {
        self.store_as(keyspace, keyspace)
    }

    pub(crate) fn store_as(&self, keyspace: &str, role: &str) -> Cassandra {
        Cassandra::new([self.address()], keyspace).login(role, role)
    }
}

/// The statement that makes a role whose password is its name.
pub(crate) fn role(name: &str) -> String {
    format!("CREATE ROLE {name} WITH PASSWORD = '{name}' AND LOGIN = true")
}
