//! The systems that are measured: their servers, on the loopback.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use std::{fs, iter};

use crate::cassandra::{self, Ports};
use crate::process::Process;
use crate::proxy::{self, Losses};
use crate::{free_ports, runtime};

/// How long a server stays away that was killed: longer than the others take to notice.
const AWAY: Duration = Duration::from_secs(8);

/// How long it is back before the next one is killed.
const BACK: Duration = Duration::from_secs(4);

/// Without this, Java 17 answers "module java.base does not opens
/// java.util.concurrent.atomic".
const ATOMIX_OPTIONS: [&str; 2] =
    ["--add-opens", "java.base/java.util.concurrent.atomic=ALL-UNNAMED"];

/// The most memory of a process in Java, but for Cassandra's.
const MEMORY: &str = "-Xmx256m";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cassandra,
    ZooKeeper,
    JGroups,
    Raft,
    Atomix,
}

impl Kind {
    pub const ALL: [Self; 5] =
        [Self::Cassandra, Self::ZooKeeper, Self::JGroups, Self::Raft, Self::Atomix];

    /// Servers that are killed. The clients' process is a further member of a group of JGroups.
    fn servers(self) -> usize {
        match self {
            Self::Cassandra | Self::ZooKeeper => 1,
            Self::JGroups | Self::Raft => 2,
            Self::Atomix => 3,
        }
    }

    /// Whether the clients' process listens, too.
    fn clients_listen(self) -> bool {
        matches!(self, Self::JGroups | Self::Raft | Self::Atomix)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Cassandra => "cassandra",
            Self::ZooKeeper => "zookeeper",
            Self::JGroups => "jgroups",
            Self::Raft => "raft",
            Self::Atomix => "atomix",
        }
    }

    /// Answers with which a connection begins get through: those of the driver's handshake, and the
    /// one that opens ZooKeeper's session.
    fn losses(self, is_on: Arc<AtomicBool>) -> Losses {
        Losses {
            is_on,
            after: if self == Self::Cassandra { 5 } else { 1 },
            both_ways: self.clients_listen(),
        }
    }

    fn options(self) -> Vec<String> {
        let atomix: &[&str] = if self == Self::Atomix { &ATOMIX_OPTIONS } else { &[] };
        [MEMORY, "-Djava.net.preferIPv4Stack=true"]
            .iter()
            .chain(atomix)
            .map(|&option| option.to_owned())
            .collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Network {
    Direct,
    /// All connections are through proxies that cut some, as long as answers are to be
    /// [lost](System::lose).
    Lossy,
}

pub struct System {
    kind: Kind,
    folder: PathBuf,
    /// The ports of the servers and, if it has one, of the clients' process.
    ports: Vec<u16>,
    /// The ports at which these are found.
    advertised: Vec<u16>,
    servers: Vec<Process>,
    /// Whether proxies lose answers.
    loses: Arc<AtomicBool>,
}

impl System {
    /// Starts the servers. They end when the system is dropped.
    pub fn start(kind: Kind, network: Network, folder: &Path) -> Result<Self, String> {
        let ports = free_ports(kind.servers() + usize::from(kind.clients_listen()))?;
        let loses = Arc::new(AtomicBool::new(false));
        let advertised = match network {
            Network::Direct => ports.clone(),
            Network::Lossy => ports
                .iter()
                .map(|&port| proxy::to(port, kind.losses(Arc::clone(&loses))))
                .collect::<Result<_, _>>()?,
        };
        let folder = folder.join(kind.name());
        let mut system = Self { kind, folder, ports, advertised, servers: Vec::new(), loses };
        for index in 0..kind.servers() {
            let server = match kind {
                Kind::Cassandra => system.node(),
                _ => system.java("Server", kind.name(), index),
            };
            system.servers.push(server?);
        }
        if kind == Kind::Cassandra {
            let direct = system.direct();
            runtime()?.block_on(async {
                cassandra::prepare(&cassandra::session(&direct).await?, 1).await
            })?;
        }
        Ok(system)
    }

    fn node(&self) -> Result<Process, String> {
        let [internal] = free_ports(1)?[..] else { return Err("no free port".to_owned()) };
        cassandra::node(&self.folder, 0, Ports { client: self.ports[0], internal })
    }

    /// The address of the first server.
    pub(crate) fn direct(&self) -> String {
        format!("127.0.0.1:{}", self.ports[0])
    }

    /// The address at which clients find the first server.
    pub(crate) fn found(&self) -> String {
        format!("127.0.0.1:{}", self.advertised[0])
    }

    /// Starts clients in Java that count in a way.
    pub(crate) fn clients(&self, way: &str) -> Result<Process, String> {
        let index = if self.kind.clients_listen() { self.kind.servers() } else { 0 };
        self.java("Client", way, index)
    }

    fn java(&self, class: &str, word: &str, index: usize) -> Result<Process, String> {
        let folder = self.folder.join(format!("{class}-{word}-{index}"));
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let advertised = self.advertised.iter().map(u16::to_string).collect::<Vec<_>>().join(",");
        let place = [index.to_string(), self.ports[index].to_string(), advertised];
        let arguments: Vec<String> = [class, word]
            .map(str::to_owned)
            .into_iter()
            .chain(place)
            .chain(iter::once(folder.display().to_string()))
            .collect();
        Process::java(&folder, "java", &self.kind.options(), &Process::jars()?, &arguments)
    }

    /// Loses answers from now on, or no more.
    pub fn lose(&self, loses: bool) {
        self.loses.store(loses, Ordering::Relaxed);
    }

    /// Kills each server and starts it again, one after the other.
    pub fn restart_each(&mut self) -> Result<(), String> {
        for server in &mut self.servers {
            server.kill();
            thread::sleep(AWAY);
            server.start()?;
            thread::sleep(BACK);
        }
        Ok(())
    }
}
