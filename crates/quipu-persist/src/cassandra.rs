use std::collections::BTreeMap;
use std::fmt;
#[cfg(feature = "cassandra-tls")]
use std::path::PathBuf;

use futures_util::{StreamExt, TryStreamExt, stream};
use scylla::client::session_builder::SessionBuilder;
use scylla::cluster::KnownNode;
use scylla::statement::Consistency;

use super::process_local::ProcessLocal;
#[cfg(feature = "cassandra-tls")]
use super::tls::Files;
use super::{Batch, Claim, Claimed, Error, Lease, Outcome, Sink, Store, sums};

mod explain;
mod link;
mod list;
mod retry;
mod slots;
mod steps;
mod table;

use link::Link;
use slots::Slots;

/// Partitions that are read at once.
const CONCURRENCY: usize = 64;

/// Totals in Cassandra: a table, `quipu_slots`, in a keyspace that exists.
///
/// A slot is a partition, with its lease in static columns. A flush is one conditional batch in
/// that partition, a lightweight transaction, so that only the slot's owner writes to it. It uses no
/// counter columns, whose increments aren't idempotent, and no timestamps of its own. A call
/// connects if it must.
///
/// ```no_run
/// use quipu::Counter;
/// use quipu_persist::{Cassandra, Worker};
///
/// static LIKES: Counter = Counter::new();
///
/// let store = Cassandra::new(["node-1:9042", "node-2:9042"], "totals").login("app", "secret");
/// let worker = Worker::builder("web-1").start(store)?;
/// worker.track("likes_total", &LIKES)?;
/// # Ok::<(), quipu_persist::Error>(())
/// ```
///
/// # Keyspace and table
/// Make the keyspace with three replicas, in each data centre that is to have the totals:
///
/// ```sql
/// CREATE KEYSPACE totals WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3};
/// ```
///
/// Applications that share a cluster take a keyspace each, which is their name space.
///
/// The first claim makes the table if it is missing, which takes the right to do so. Better make it
/// beforehand: where many processes start at once, nodes disagree about the schema for a while. If the
/// others lose the node that makes it, claims are temporary errors until they have heard of the table.
/// Rows are written again and again, and that is what the compaction is for. With the retry, a replica
/// that hangs holds up no read of a slot.
///
/// ```sql
/// CREATE TABLE IF NOT EXISTS totals.quipu_slots (
///     slot int, counter text, total bigint,
///     owner text static, epoch bigint static,
///     last_number bigint static, last_entries int static,
///     since bigint static, until bigint static,
///     past frozen<list<frozen<tuple<text, bigint, int>>>> static,
///     PRIMARY KEY (slot, counter)
/// ) WITH compaction = {'class': 'LeveledCompactionStrategy'} AND speculative_retry = '200ms';
/// ```
///
/// A table of this name with other columns is left as it is: [`ErrorKind::Schema`](super::ErrorKind::Schema).
///
/// Other programs may read the table, for instance `cqlsh`. `since` and `until` are in seconds since 1970, and
/// `until` is null once the owner has closed:
///
/// ```sql
/// SELECT DISTINCT slot, owner, since, until FROM totals.quipu_slots; -- the processes
/// SELECT total FROM totals.quipu_slots WHERE slot = 0 AND counter = 'likes_total'; -- a slot's part
/// SELECT sum(total) FROM totals.quipu_slots WHERE counter = 'likes_total' ALLOW FILTERING; -- all of it
/// ```
///
/// # Rights
/// A process that counts needs `SELECT` and `MODIFY` on the table, one that reads `SELECT` only:
///
/// ```sql
/// GRANT SELECT ON TABLE totals.quipu_slots TO app;
/// GRANT MODIFY ON TABLE totals.quipu_slots TO app;
/// GRANT CREATE ON KEYSPACE totals TO app; -- only to have the table made
/// ```
///
/// # TLS
/// The feature `cassandra-tls` encrypts the connections where [`tls`](Cassandra::tls),
/// `root_certificates` or `client_certificate` asks for it. A node's certificate has to name the
/// node's IP address, since nodes know each other by it, and has to be of an authority that the
/// operating system trusts, or of one of `root_certificates`. The files are read when the store
/// connects for the first time, so a process that outlives its certificate has to be started again.
///
/// # Consistency
/// Leases are compared and set at `SERIAL`, and all else is read and written at `QUORUM`. So
/// processes in different data centres share the slots, and a flush waits for a quorum of all
/// replicas of all data centres. `LOCAL_SERIAL` is faster there, but it isn't offered: two data
/// centres would give one slot to two processes, and totals would be wrong. To depend on one data
/// centre only, use a keyspace that is replicated only there. Those that only read may ask one data centre
/// for totals: [`local_reads`](Self::local_reads).
///
/// A node that hasn't said within 0.7 seconds that it is there hangs, and its requests are sent to
/// another one. So one node of three that hangs holds up a flush for about a second, and a process that
/// connects for about two. A claim and a read ask for the list of slots, and Cassandra doesn't ask a
/// third node for that: if it hasn't come within a second, each slot is asked for. That list has all
/// slots, unless 64 in a row were deleted by hand. After some 20 seconds, the nodes know that one hangs.
/// Without a quorum, calls are [`ErrorKind::Timeout`](super::ErrorKind::Timeout) until then, and
/// [`ErrorKind::Unavailable`](super::ErrorKind::Unavailable) after that.
///
/// With `commitlog_sync: periodic`, the default, nodes that lose power at the same time may lose what
/// was acknowledged before. The next check of each worker makes that good, as after a
/// [restore](super#limits). `commitlog_sync: batch` avoids it.
///
/// # Scaling out
/// A cluster is for more hosts than one server takes, and serves them while one node of three is
/// down. 100 hosts with 10,000 counters each have 100 slots, which are partitions of 10,000 rows: a
/// million rows, with three replicas of each. A host sends a request at each
/// [interval](crate::Builder::interval) in which something changed, for each 4,096 counters that
/// changed. So 100 hosts send 100 requests a second by default, and 300 if all counters change.
///
/// Three nodes and their clients on 2 cores of an AMD EPYC (`ci/cassandra/run --sizes`):
///
/// | measured | |
/// |---|---:|
/// | a flush of 1 counter, of 1,000, of 10,000, by one host | 53 ms, 144 ms, 920 ms |
/// | flushes by 10 hosts at once, 1 counter each | 51 a second |
/// | rows by 10 hosts at once, 1,000 counters each | 12,400 a second |
/// | totals of 10,000 counters in 10 slots | 1.5 s |
/// | bytes of a row on a node's disk | 10 |
///
/// So a million rows are 10 MB on each of three nodes. This machine takes 100 hosts at an interval of
/// 10 seconds that change 1,000 counters each between two flushes. Longer intervals cost no counts.
///
/// # Versions
/// The tests run on Cassandra 5.0.5 and 4.1.10 (`ci/cassandra/run`). Nodes need version 4 of the native
/// protocol and a keyspace `system_schema`, as Cassandra has them since 3.0. A node without that version is
/// an [`ErrorKind::Config`](super::ErrorKind::Config). ScyllaDB has the same protocol, static columns and
/// lightweight transactions. This store wasn't tried with it.
///
/// # Limits
/// A lease ends by the clock of the process that claims the slot. Clocks that differ by more than
/// the lease cost slots that change hands, and nothing else. One batch is one mutation, of 2 MB at
/// most: `max_mutation_size` must not be lower (the default is 16 MB). A node decides for a larger batch,
/// and then can't write it: the slot is stuck, and its owner's calls are temporary errors, until the
/// nodes are started again with a higher limit. A row that is deleted by hand is missing until its counter
/// changes or the worker is told to flush: see [`resend_every`](crate::Builder::resend_every). A link that
/// takes more than 0.7 seconds for a request is taken for a node that hangs, so a worker sends smaller
/// batches by it. Calls block, for at most 10 seconds: see
/// [asynchronous code](super#asynchronous-code).
pub struct Cassandra {
    place: Place,
    link: ProcessLocal<Link>,
}

/// The cluster and the keyspace, and how to get there.
struct Place {
    /// The nodes, the login, and the settings of the user's own.
    config: SessionBuilder,
    keyspace: String,
    datacenter: Option<String>,
    /// The consistency at which totals are read.
    totals: Consistency,
    /// None without TLS.
    #[cfg(feature = "cassandra-tls")]
    tls: Option<Files>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = self.config.config.known_nodes.iter().map(|node| match node {
            KnownNode::Hostname(name) => name.clone(),
            KnownNode::Address(address) => address.to_string(),
            _ => "an unknown node".to_owned(),
        });
        let nodes = nodes.collect::<Vec<_>>().join(",");
        write!(f, "Cassandra at {nodes}, keyspace {}", self.keyspace)
    }
}

impl Cassandra {
    /// A store in this keyspace, of the cluster with these nodes among others: `host` or
    /// `host:port`. It connects at the first call that needs it.
    ///
    /// ```no_run
    /// use quipu_persist::{Cassandra, Store};
    ///
    /// let mut store = Cassandra::new(["node-1", "node-2:9043"], "totals");
    /// println!("{} likes", store.total("likes_total")?);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    pub fn new(
        nodes: impl IntoIterator<Item = impl AsRef<str>>,
        keyspace: impl Into<String>,
    ) -> Self {
        Self::with_config(SessionBuilder::new().known_nodes(nodes), keyspace)
    }

    /// A store in this keyspace, by settings of the driver: the nodes, an authenticator, a translator of
    /// addresses, TLS. The store itself sets the keyspace, the consistency, the policies of the requests
    /// and the time limits.
    ///
    /// ```no_run
    /// use quipu_persist::drivers::scylla::client::{Compression, session_builder::SessionBuilder};
    /// use quipu_persist::{Cassandra, Worker};
    ///
    /// let config = SessionBuilder::new()
    ///     .known_node("node-1")
    ///     .compression(Some(Compression::Lz4));
    /// let worker = Worker::builder("web-1").start(Cassandra::with_config(config, "totals"))?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    pub fn with_config(config: SessionBuilder, keyspace: impl Into<String>) -> Self {
        let place = Place {
            config,
            keyspace: keyspace.into(),
            datacenter: None,
            totals: Consistency::Quorum,
            #[cfg(feature = "cassandra-tls")]
            tls: None,
        };
        Self { place, link: ProcessLocal::NONE }
    }

    /// The same store, with a user and a password.
    ///
    /// ```no_run
    /// use quipu_persist::{Cassandra, Worker};
    ///
    /// let store = Cassandra::new(["node-1"], "totals").login("app", "secret");
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub fn login(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.place.config = self.place.config.user(user, password);
        self
    }

    /// The same store, over TLS.
    ///
    /// ```no_run
    /// use quipu_persist::{Cassandra, Worker};
    ///
    /// let store = Cassandra::new(["node-1"], "totals").tls().login("app", "secret");
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[cfg(feature = "cassandra-tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "cassandra-tls")))]
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.files();
        self
    }

    /// The same store, over TLS, whose nodes have certificates of an authority in this file (PEM),
    /// and not of one that the operating system trusts.
    ///
    /// ```no_run
    /// use quipu_persist::{Cassandra, Worker};
    ///
    /// let store = Cassandra::new(["node-1"], "totals").root_certificates("/etc/app/ca.pem");
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[cfg(feature = "cassandra-tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "cassandra-tls")))]
    #[must_use]
    pub fn root_certificates(mut self, path: impl Into<PathBuf>) -> Self {
        self.files().roots = Some(path.into());
        self
    }

    /// The same store, over TLS, with a certificate of this client, and its key, in these files
    /// (PEM), for nodes that ask for one.
    ///
    /// ```no_run
    /// use quipu_persist::{Cassandra, Worker};
    ///
    /// let store = Cassandra::new(["node-1"], "totals")
    ///     .client_certificate("/etc/app/client.pem", "/etc/app/client.key");
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[cfg(feature = "cassandra-tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "cassandra-tls")))]
    #[must_use]
    pub fn client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.files().client = Some((certificate.into(), key.into()));
        self
    }

    #[cfg(feature = "cassandra-tls")]
    fn files(&mut self) -> &mut Files {
        self.place.tls.get_or_insert_default()
    }

    /// The same store, by nodes of this data centre, and by others only if none of these answers.
    ///
    /// It saves ways to and fro. What is written and read stays the same, unless
    /// [`local_reads`](Self::local_reads) asks for less: see [consistency](Cassandra#consistency).
    ///
    /// ```no_run
    /// use quipu_persist::{Cassandra, Worker};
    ///
    /// let store = Cassandra::new(["node-1"], "totals").local_datacenter("dc1");
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub fn local_datacenter(mut self, name: impl Into<String>) -> Self {
        self.place.datacenter = Some(name.into());
        self
    }

    /// The same store, which reads totals from the replicas of one data centre (`LOCAL_QUORUM`): that of
    /// the node that it asks. [`local_datacenter`](Self::local_datacenter) chooses it.
    ///
    /// Such a read waits for no other data centre, and goes on while that is cut off. It gives up this: a
    /// total may lack what was acknowledged, as long as the data centre has yet to get it. It is never
    /// above. Where the data centre that was chosen has no quorum of its replicas, a node of another one is
    /// asked. Claims, flushes and [`slots`](Store::slots) stay as they are.
    ///
    /// ```no_run
    /// use quipu_persist::{Cassandra, Store};
    ///
    /// let store = Cassandra::new(["node-1"], "totals");
    /// let mut store = store.local_datacenter("dc1").local_reads();
    /// println!("{} likes", store.total("likes_total")?);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub fn local_reads(mut self) -> Self {
        self.place.totals = Consistency::LocalQuorum;
        self
    }

    /// Runs `work` on the table, over a connection that is kept. `None` if the table isn't there.
    fn run<T>(
        &mut self,
        work: impl AsyncFn(&Slots<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.with_link(async |link, place| link.work(place, &work).await)
    }

    /// The same, with a table that is made if it isn't there.
    fn run_in_some_table<T>(
        &mut self,
        work: impl AsyncFn(&Slots<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.with_link(async |link, place| {
            for _ in 0..table::TRIES {
                link.make_table(place).await?;
                if let Some(result) = link.work(place, &work).await? {
                    return Ok(result);
                }
                // A node has yet to hear of the table.
                tokio::time::sleep(table::PAUSE).await;
            }
            Err(table::gone(&place.to_string()))
        })
    }

    fn with_link<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut link::Session, &Place) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut link = self.link.take().map_or_else(Link::new, Ok)?;
        let result = link.run(&self.place, work);
        self.link.keep(link);
        result
    }

    /// Reads something of each slot, some slots at once.
    fn of_each_slot<T>(
        &mut self,
        read: impl AsyncFn(&Slots<'_>, u32) -> Result<T, Error>,
    ) -> Result<Vec<(u32, T)>, Error> {
        let all = self.run(async |slots| {
            let reads = slots.numbers().await?.into_iter().map(async |slot| {
                let result = read(slots, slot).await?;
                Ok((slot, result))
            });
            stream::iter(reads).buffer_unordered(CONCURRENCY).try_collect::<Vec<_>>().await
        });
        Ok(all?.unwrap_or_default())
    }
}

impl Sink for Cassandra {
    fn claim(&mut self, claim: &Claim) -> Result<Claimed, Error> {
        self.run_in_some_table(async |slots| slots.claim(claim).await)
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        let outcome = self.run(async |slots| slots.flush(batch).await)?;
        Ok(outcome.unwrap_or(Outcome::Refused(None)))
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        Ok(self.run(async |slots| slots.lease(slot).await)?.flatten())
    }
}

impl Store for Cassandra {
    fn totals_with_prefix(&mut self, prefix: &str) -> Result<BTreeMap<String, i64>, Error> {
        let mut totals = BTreeMap::new();
        for (_, rows) in self.of_each_slot(async |slots, slot| slots.rows(slot, prefix).await)? {
            for (counter, total) in rows {
                sums::add(&mut totals, counter, total);
            }
        }
        Ok(totals)
    }

    fn by_slot(&mut self, counter: &str) -> Result<BTreeMap<u32, i64>, Error> {
        let rows = self.of_each_slot(async |slots, slot| slots.row(slot, counter).await)?;
        Ok(rows.into_iter().filter_map(|(slot, total)| Some((slot, total?))).collect())
    }

    fn slots(&mut self) -> Result<BTreeMap<u32, Lease>, Error> {
        Ok(self.run(async |slots| slots.leases().await)?.unwrap_or_default())
    }
}

impl fmt::Debug for Cassandra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cassandra")
            .field("store", &self.place.to_string())
            .field("is_connected", &self.link.is_some())
            .finish()
    }
}
