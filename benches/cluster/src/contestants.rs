//! The ways to count that are measured.

use std::time::Duration;

use crate::clients::Clients;
use crate::columns::Columns;
use crate::java::Java;
use crate::quipu_clients::{Quipu, Until};
use crate::system::{Kind, System};

/// A worker that writes again at once.
const AT_ONCE: Duration = Duration::from_millis(1);

/// A worker's default.
const EACH_SECOND: Duration = Duration::from_secs(1);

enum Way {
    /// Clients in Java, of this name there.
    Java(&'static str),
    Columns,
    /// The counter's name, the worker's interval, and when an event is counted.
    Quipu(&'static str, Duration, Until),
}

pub struct Contestant {
    /// Its name on the command line.
    pub key: &'static str,
    /// Its name in the table.
    pub name: &'static str,
    /// The servers, and where an event is before it is acknowledged.
    pub place: &'static str,
    pub kind: Kind,
    way: Way,
}

const ONE: &str = "1 server, on its disk";

impl Contestant {
    pub const ALL: [Self; 10] = [
        Self {
            key: "quipu",
            name: "**quipu**, a flush each second",
            place: "1 server, on its disk at the next flush",
            kind: Kind::Cassandra,
            way: Way::Quipu("each second", EACH_SECOND, Until::Added),
        },
        Self {
            key: "quipu-at-once",
            name: "quipu, a flush 1 ms after the last",
            place: "1 server, on its disk at the next flush",
            kind: Kind::Cassandra,
            way: Way::Quipu("at once", AT_ONCE, Until::Added),
        },
        Self {
            key: "quipu-stored",
            name: "quipu, a client waits for a flush after each event",
            place: ONE,
            kind: Kind::Cassandra,
            way: Way::Quipu("stored", EACH_SECOND, Until::Stored),
        },
        Self {
            key: "columns",
            name: "Cassandra's counter columns",
            place: ONE,
            kind: Kind::Cassandra,
            way: Way::Columns,
        },
        Self {
            key: "zookeeper",
            name: "ZooKeeper, `setData` by version",
            place: ONE,
            kind: Kind::ZooKeeper,
            way: Way::Java("zookeeper-version"),
        },
        Self {
            key: "curator-long",
            name: "ZooKeeper, Curator's `DistributedAtomicLong`",
            place: ONE,
            kind: Kind::ZooKeeper,
            way: Way::Java("zookeeper-long"),
        },
        Self {
            key: "curator-mutex",
            name: "ZooKeeper, Curator's `InterProcessMutex`",
            place: ONE,
            kind: Kind::ZooKeeper,
            way: Way::Java("zookeeper-mutex"),
        },
        Self {
            key: "jgroups",
            name: "JGroups `COUNTER`",
            place: "3 members, in the memory of 2",
            kind: Kind::JGroups,
            way: Way::Java("jgroups"),
        },
        Self {
            key: "raft",
            name: "jgroups-raft's counter",
            place: "3 members, on the disks of 2",
            kind: Kind::Raft,
            way: Way::Java("raft"),
        },
        Self {
            key: "atomix",
            name: "Atomix `AtomicCounter`",
            place: "3 servers, on the disks of 2",
            kind: Kind::Atomix,
            way: Way::Java("atomix"),
        },
    ];

    /// Clients that count in this way, without any that has started.
    pub fn clients(&self, system: &System) -> Result<Box<dyn Clients>, String> {
        let (found, direct) = (system.found(), system.direct());
        Ok(match self.way {
            Way::Java(way) => Box::new(Java(system.clients(way)?)),
            Way::Columns => Box::new(Columns::new(&found, &direct)?),
            Way::Quipu(name, interval, until) => {
                Box::new(Quipu::new((&found, &direct), name, interval, until)?)
            }
        })
    }
}
