use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
#[cfg(feature = "redis-tls")]
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use redis::{Client, ConnectionAddr, IntoConnectionInfo, cmd};
#[cfg(feature = "redis-tls")]
use redis::{ClientTlsConfig, TlsCertificates};

use self::connection::Connection;
#[cfg(feature = "redis-tls")]
use self::connection::place;
use self::layout::Keys;
use self::route::{Address, Detour};
use self::step::Step;
use self::survey::{every_slot, leases, read_all, read_lease, refresh};
use super::limits::TIMEOUT;
use super::process_local::ProcessLocal;
#[cfg(feature = "redis-tls")]
use super::tls::{self, Files};
use super::{
    Admission, Batch, Claim, Claimed, Error, ErrorKind, Lease, Outcome, Sink, Store, namespace,
};

mod connection;
mod errors;
mod layout;
mod route;
mod step;
mod survey;

/// How often a step is tried that others come before.
const TRIES: u32 = 10;

/// How often a call follows one node of a cluster to the next.
const MOVES: u32 = 5;

/// The pause while the keys move to another node, or another server becomes the primary.
const PAUSE: Duration = Duration::from_millis(50);

/// Totals in Redis (5 or newer), or in a server that speaks its protocol and has its transactions: a
/// hash for each slot.
///
/// | key | |
/// |---|---|
/// | `{quipu}:slot:0` | the hash of the slot 0; of its fields, `total:likes` is the total of the counter `likes`, and `owner`, `epoch`, `last`, `since`, `until` and `past` are the [`Lease`] |
/// | `{quipu}:slots` | the set of the slots' numbers |
/// | `{quipu}:schema` | the layout of the keys: 2 |
///
/// So `HGET {quipu}:slot:0 total:likes` of redis-cli shows the slot's row of a counter, and `HGETALL`
/// all of the slot. A total is the sum over the slots.
///
/// Keys of the layout 1, before slots, are left as they are: [`ErrorKind::Schema`]. Use another database or
/// name space then, or delete them.
///
/// A flush is two messages, whatever it has: one reads the lease, and the other one is a transaction
/// that writes if the slot is still as it was read. A call connects if it must. All keys begin with
/// `{quipu}:`, which puts them on one node of a cluster.
///
/// ```no_run
/// use quipu::Counter;
/// use quipu_persist::{Redis, Worker};
///
/// static LIKES: Counter = Counter::new();
///
/// let worker = Worker::builder("web-1").start(Redis::new("redis://:secret@cache.internal/0")?)?;
/// worker.track("likes_total", &LIKES)?;
/// # Ok::<(), quipu_persist::Error>(())
/// ```
///
/// # Name spaces
/// Applications that share a database would add up their counters of one name. So each takes a
/// [`namespace`](Redis::namespace), which is a part of its keys: those of `shop` begin with
/// `{quipu:shop}:` in place of `{quipu}:`, also in the rights of a user.
///
/// # Redis Cluster
/// The URL is that of any node: a call goes on at the node that has the keys, and remembers it. Name
/// more nodes by [`cluster_nodes`](Redis::cluster_nodes), for when that one is down. The name spaces
/// have nodes of their own, by chance.
///
/// While a cluster moves the keys to another node, some are at the one and some at the other. A step
/// takes them all at one, so a call that needs one which has moved waits for the others, for at most
/// 10 seconds. Then it is [`ErrorKind::Unavailable`], and a worker tries again later.
///
/// # Redis Sentinel
/// [`sentinels`](Redis::sentinels) are asked for the primary, at each connection.
///
/// # Failovers
/// Replicas are asynchronous: a new primary, of Sentinel or of a cluster, lacks the writes that
/// hadn't reached it. So it is like a copy that is put back. A slot then has an earlier batch of its
/// owner than the owner has sent, or an earlier owner, or isn't there. The next flush is refused with
/// the lease that is left, from which the process learns what the slot has of its counts, and it
/// writes the rest again, in this slot or in another one. So a total is too low until then, and not
/// too high, within the [limits](super#limits) that any copy has. Counts that the new primary lacks
/// are lost where their process has ended. A primary that is cut off from the others takes writes
/// that are lost when they meet again: `min-replicas-to-write 1` has it refuse them after a while.
///
/// # Valkey
/// Valkey speaks the same protocol, and URLs may begin with `valkey://` and `valkeys://`. All tests of this
/// store passed with Valkey 8.0.1 in the place of Redis (2026-11-28). CI runs them with Redis.
///
/// # TLS
/// The feature `redis-tls` takes URLs that begin with `rediss://`: the connection is encrypted, and
/// the server's certificate and host are verified. The certificate has to be of an authority that
/// the operating system trusts, or of one of `root_certificates`.
///
/// # Rights
/// A user that writes and reads needs these:
///
/// ```text
/// ACL SETUSER app on >secret ~{quipu}:* +info +time +watch +multi +exec +discard
///     +get +set +sadd +smembers +hmget +hgetall +hset
/// ```
///
/// One that only reads needs `+info +get +smembers +hmget +hgetall`. A database other than 0 needs
/// `+select`, too. Without `+info` the `maxmemory-policy` isn't checked. With sentinels, `+role` has the
/// server say whether it is the primary; at the sentinels, the right to `+sentinel` is enough.
///
/// # Limits
/// A store keeps one connection. Calls block, for at most 10 seconds: see
/// [asynchronous code](super#asynchronous-code).
///
/// [`totals`](Store::totals) and [`totals_with_prefix`](Store::totals_with_prefix) read all of each
/// slot, and so does [`claim`](Sink::claim) of its slot. For a slot of 100,000 counters that takes the
/// server 40 milliseconds, in which it answers nobody else, and the reader four times as long. So 4
/// million rows can be read in 10 seconds, and 8 million can't: see [costs](super#costs).
/// [`total`](Store::total) reads one row of each slot.
///
/// After a crash Redis has the writes that its `appendfsync` keeps; living processes restore their
/// part of the rest. A server with a `maxmemory-policy` of `allkeys-…` is refused: when its memory is
/// full it drops any key. The owner of a dropped slot would write again all that it counted, but the
/// totals that earlier owners left there would be lost. Until then, reads of totals are errors that name
/// the slot.
pub struct Redis {
    client: Client,
    #[cfg(feature = "redis-tls")]
    files: Files,
    keys: Keys,
    /// Servers that say where the primary is.
    sentinels: Vec<Client>,
    /// More nodes of a cluster.
    nodes: Vec<Address>,
    /// The node that has the keys, as another one has said.
    node: Option<Address>,
    connection: ProcessLocal<Connection>,
}

impl Redis {
    /// A store at a URL such as `redis://user:password@host:6379/0`. It connects at the first call
    /// that needs it.
    ///
    /// ```
    /// use quipu_persist::{ErrorKind, Redis};
    ///
    /// let store = Redis::new("redis://:secret@cache.internal/0")?;
    /// let error = Redis::new("http://cache.internal").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the URL isn't one of Redis.
    pub fn new(url: &str) -> Result<Self, Error> {
        Ok(Self::with_client(client_of(url)?))
    }

    /// A store by a client of the driver, for what a URL can't say: certificates that are in no files,
    /// keepalives, a password of any characters. The client has settings only; each store connects by
    /// itself.
    ///
    /// ```no_run
    /// use quipu_persist::drivers::redis::{Client, IntoConnectionInfo};
    /// use quipu_persist::{Redis, Worker};
    ///
    /// let info = "redis://cache.internal/".into_connection_info()?;
    /// let settings = info.redis_settings().clone().set_username("app").set_password("p@ss/word");
    /// let client = Client::open(info.set_redis_settings(settings))?;
    /// let worker = Worker::builder("web-1").start(Redis::with_client(client))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_client(client: Client) -> Self {
        Self {
            client,
            #[cfg(feature = "redis-tls")]
            files: Files::default(),
            keys: Keys::common(),
            sentinels: Vec::new(),
            nodes: Vec::new(),
            node: None,
            connection: ProcessLocal::NONE,
        }
    }

    /// The same database, with the keys of an application of this name. Another name, and none, are
    /// other keys, with counters, slots and leases of their own.
    ///
    /// ```no_run
    /// use quipu_persist::{ErrorKind, Redis, Worker};
    ///
    /// let url = "redis://:secret@cache.internal/0";
    /// let worker = Worker::builder("web-1").start(Redis::new(url)?.namespace("shop")?)?;
    /// let error = Redis::new(url)?.namespace("My shop").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the name isn't 1 to 32 lower-case ASCII letters, digits or `_`, or doesn't begin with a
    /// letter, or begins with `sqlite`.
    pub fn namespace(mut self, name: &str) -> Result<Self, Error> {
        namespace::check(name)?;
        self.keys = Keys::of(name);
        // It has the other keys.
        self.connection = ProcessLocal::NONE;
        Ok(self)
    }

    /// The same store, whose primary is asked for at Redis Sentinel: at these URLs, such as
    /// `redis://sentinel-1:26379`, one after the other. The host in the store's own URL is the name
    /// that the sentinels know the primary by; the login, the database and `rediss://` are the
    /// primary's. Each new connection asks again, so a call after a failover finds the new primary.
    ///
    /// ```no_run
    /// use quipu_persist::{Redis, Worker};
    ///
    /// let store = Redis::new("redis://app:secret@mymaster/0")?
    ///     .sentinels(["redis://sentinel-1:26379", "redis://sentinel-2:26379"])?;
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no URL, or one isn't of Redis.
    pub fn sentinels(mut self, urls: impl IntoIterator<Item: AsRef<str>>) -> Result<Self, Error> {
        self.sentinels =
            urls.into_iter().map(|url| client_of(url.as_ref())).collect::<Result<_, _>>()?;
        if self.sentinels.is_empty() {
            let text = "the sentinels of Redis: expected one URL at least";
            return Err(Error::new(ErrorKind::Config, text));
        }
        self.connection = ProcessLocal::NONE;
        Ok(self)
    }

    /// The same store in a cluster, with more nodes to ask, such as `node-2:6379`, where the one of the
    /// URL can't be reached. They have the URL's login.
    ///
    /// ```no_run
    /// use quipu_persist::{Redis, Worker};
    ///
    /// let store = Redis::new("redis://app:secret@node-1")?
    ///     .cluster_nodes(["node-2:6379", "node-3:6379"])?;
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a text isn't a host and a port.
    pub fn cluster_nodes(
        mut self,
        addresses: impl IntoIterator<Item: AsRef<str>>,
    ) -> Result<Self, Error> {
        let nodes = addresses.into_iter().map(|address| route::parse(address.as_ref()));
        self.nodes = nodes.collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// The same store, at a URL that begins with `rediss://`, whose server has a certificate of an
    /// authority in this file (PEM), and not of one that the operating system trusts.
    ///
    /// ```no_run
    /// use quipu_persist::{Redis, Worker};
    ///
    /// let store = Redis::new("rediss://:secret@cache.internal")?.root_certificates("/etc/app/ca.pem");
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[cfg(feature = "redis-tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis-tls")))]
    #[must_use]
    pub fn root_certificates(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.roots = Some(path.into());
        self
    }

    /// The same store, at a URL that begins with `rediss://`, with a certificate of this client, and
    /// its key, in these files (PEM), for a server that asks for one.
    ///
    /// ```no_run
    /// use quipu_persist::{Redis, Worker};
    ///
    /// let store = Redis::new("rediss://cache.internal")?
    ///     .client_certificate("/etc/app/client.pem", "/etc/app/client.key");
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[cfg(feature = "redis-tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis-tls")))]
    #[must_use]
    pub fn client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.files.client = Some((certificate.into(), key.into()));
        self
    }

    /// The client with certificates as the files have them now.
    #[cfg(feature = "redis-tls")]
    fn certified(&self, client: &Client) -> Result<Client, Error> {
        if is_encrypted(client) {
            tls::choose_cryptography();
        } else if self.files != Files::default() {
            let text = format!("{}: expected rediss:// for certificates", place(client));
            return Err(Error::new(ErrorKind::Config, text));
        }
        if self.files == Files::default() {
            return Ok(client.clone());
        }
        let client_tls = self.files.client()?;
        let client_tls =
            client_tls.map(|(client_cert, client_key)| ClientTlsConfig { client_cert, client_key });
        let certificates = TlsCertificates { client_tls, root_cert: self.files.roots()? };
        let info = client.get_connection_info().clone();
        Client::build_with_tls(info, certificates).map_err(|error| {
            let text = format!(
                "{}: expected files of certificates, and of a client's key (PEM)",
                place(client)
            );
            Error::new(ErrorKind::Config, text).caused_by(error)
        })
    }

    #[cfg(not(feature = "redis-tls"))]
    fn certified(&self, client: &Client) -> Result<Client, Error> {
        Ok(client.clone())
    }

    /// Runs `work` on a connection, which is kept if it succeeds. It is done again where another
    /// server has the keys.
    fn run<T>(&mut self, work: impl Fn(&mut Connection) -> Result<T, Error>) -> Result<T, Error> {
        let deadline = Instant::now() + TIMEOUT;
        let mut moves = 0;
        loop {
            let mut connection = match self.connection.take() {
                Some(connection) => connection.until(deadline),
                None => self.open(deadline)?,
            };
            let error = match work(&mut connection) {
                Ok(result) => {
                    self.connection.keep(connection);
                    return Ok(result);
                }
                Err(error) => error,
            };
            match Detour::of(&error, &connection.address, !self.sentinels.is_empty()) {
                Some(Detour::Moved(node)) if moves < MOVES => {
                    moves += 1;
                    self.node = Some(node);
                }
                Some(Detour::Wait) if Instant::now() + PAUSE < deadline => thread::sleep(PAUSE),
                _ => {
                    // Another node may know better.
                    self.node = None;
                    return Err(error);
                }
            }
        }
    }

    /// A connection to the primary that the sentinels name, or to the first node that can be reached.
    fn open(&mut self, deadline: Instant) -> Result<Connection, Error> {
        let client = self.certified(&self.client)?;
        let open = |client: &Client| Connection::open(client, self.keys.clone(), deadline);
        if !self.sentinels.is_empty() {
            // Their connections may be plain where the primary's is not.
            let sentinels = self.sentinels.iter().map(|sentinel| match is_encrypted(sentinel) {
                true => self.certified(sentinel),
                false => Ok(sentinel.clone()),
            });
            let sentinels: Vec<_> = sentinels.collect::<Result<_, _>>()?;
            let name = route::host_of(client.get_connection_info().addr()).unwrap_or_default();
            let primary = route::primary(&sentinels, name, deadline)?;
            let mut connection = open(&route::at(&client, &primary)?)?;
            connection.check_is_primary()?;
            return Ok(connection);
        }
        if let Some(node) = self.node.take() {
            let result = open(&route::at(&client, &node)?);
            if result.is_ok() {
                self.node = Some(node);
                return result;
            }
        }
        let mut result = open(&client);
        for node in &self.nodes {
            if !result.as_ref().is_err_and(|error| error.kind().is_temporary()) {
                break;
            }
            result = open(&route::at(&client, node)?);
        }
        result
    }
}

/// The client of a server at this URL.
fn client_of(url: &str) -> Result<Client, Error> {
    if wants_tls(url) && !cfg!(feature = "redis-tls") {
        let text = "the address of Redis: expected a build with the feature redis-tls of \
                    quipu-persist for rediss://";
        return Err(Error::new(ErrorKind::Config, text));
    }
    let client = url.into_connection_info().and_then(|info| {
        // The driver waits for the answers to its name and version, which nobody needs.
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        Client::open(info.set_redis_settings(settings))
    });
    client.map_err(|error| {
        // The text itself may have a password, so it isn't shown.
        let text = "the address of Redis: expected redis://user:password@host:6379/0";
        Error::new(ErrorKind::Config, text).caused_by(error)
    })
}

fn wants_tls(url: &str) -> bool {
    let scheme = url.split("://").next().unwrap_or_default().trim().to_ascii_lowercase();
    scheme == "rediss" || scheme == "valkeys"
}

fn is_encrypted(client: &Client) -> bool {
    matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { .. })
}

/// Tries a step, which gets the number of tries before, until no other process comes in between: that
/// is a `None`.
fn retry<T>(
    connection: &mut Connection,
    mut step: impl FnMut(&mut Connection, u32) -> Result<Option<T>, Error>,
) -> Result<T, Error> {
    for tries in 0..TRIES {
        if let Some(done) = step(connection, tries)? {
            return Ok(done);
        }
    }
    Err(connection.is_overtaken(TRIES))
}

fn claim(connection: &mut Connection, claim: &Claim) -> Result<Claimed, Error> {
    let mut slots = leases(connection)?;
    let [time] = connection.ask([cmd("TIME")])?;
    let mut now = layout::seconds(time)?;
    let step = |connection: &mut Connection, tries| {
        loop {
            let slot = choose(&slots, claim, now, tries);
            // The others may change: this slot was free, and is free still.
            let (step, answer) = Step::begin(connection, slot, read_all)?;
            let before = step.keys().parse_slot(slot, answer, "")?;
            if before.lease.as_ref().is_none_or(|lease| lease.is_free(claim, step.now)) {
                let lease = Lease::of(before.lease.as_ref(), claim, step.now);
                let fields = layout::changes(before.lease.as_ref(), &lease);
                let is_done = step.commit(slots.keys().copied(), &fields)?;
                let claimed =
                    Claimed { slot, epoch: lease.epoch, base: before.totals.into_iter().collect() };
                return Ok(is_done.then_some(claimed));
            }
            now = step.now;
            step.abandon()?;
            // Others have claimed it meanwhile, and the next ones, perhaps.
            refresh(connection, slot, &mut slots)?;
        }
    };
    retry(connection, step)
}

/// The slot to claim. After tries in which others came before, it is one of several by chance, of twice
/// as many after each try: processes that start at once would meet again and again. It has a new number
/// only if no slot is free.
fn choose(slots: &BTreeMap<u32, Lease>, claim: &Claim, now: i64, tries: u32) -> u32 {
    let free = slots.values().filter(|lease| lease.is_free(claim, now)).count() as u32;
    let several = if free == 0 { 1 << tries } else { free.min(1 << tries) };
    let skipped = getrandom::u32().unwrap_or_default() % several;
    let mut slots = Cow::Borrowed(slots);
    for _ in 0..skipped {
        let slot = Lease::choose(&slots, claim, now);
        let taken = Lease { until: Some(i64::MAX), ..Lease::of(None, claim, now) };
        slots.to_mut().insert(slot, taken);
    }
    Lease::choose(&slots, claim, now)
}

fn flush(connection: &mut Connection, batch: &Batch) -> Result<Option<Outcome>, Error> {
    let (step, answer) = Step::begin(connection, batch.slot, read_lease)?;
    let lease = step.keys().parse_lease(batch.slot, answer)?;
    let outcome = match lease.as_ref().map(|lease| lease.admit(batch, step.now)) {
        Some(Admission::Write(next)) => {
            let mut fields = layout::changes(lease.as_ref(), &next);
            fields.extend(layout::rows(&batch.entries));
            return Ok(step.commit([].into_iter(), &fields)?.then_some(Outcome::Stored));
        }
        Some(Admission::IsStored) => Outcome::Stored,
        Some(Admission::Refuse) | None => Outcome::Refused(lease),
    };
    step.abandon()?;
    Ok(Some(outcome))
}

impl Sink for Redis {
    fn claim(&mut self, by: &Claim) -> Result<Claimed, Error> {
        self.run(|connection| claim(connection, by))
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        self.run(|connection| retry(connection, |connection, _| flush(connection, batch)))
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        self.run(|connection| {
            let schema = cmd("GET").arg(connection.keys.schema()).take();
            let read = read_lease(&connection.keys, slot);
            let [schema, answer] = connection.ask([schema, read])?;
            connection.keys.is_new(schema)?;
            connection.keys.parse_lease(slot, answer)
        })
    }
}

impl Store for Redis {
    fn totals_with_prefix(&mut self, prefix: &str) -> Result<BTreeMap<String, i64>, Error> {
        let totals = self.run(|connection| {
            let mut totals = HashMap::new();
            every_slot(connection, read_all, |keys, slot, answer| {
                let slot = keys.parse_slot(slot, answer, prefix)?;
                for (counter, total) in slot.totals {
                    let sum: &mut i64 = totals.entry(counter).or_default();
                    *sum = sum.wrapping_add(total);
                }
                Ok(slot.lease.is_some())
            })?;
            Ok(totals)
        })?;
        Ok(totals.into_iter().collect())
    }

    fn by_slot(&mut self, counter: &str) -> Result<BTreeMap<u32, i64>, Error> {
        let field = layout::field(counter);
        let read =
            |keys: &Keys, slot| cmd("HMGET").arg(keys.slot(slot)).arg("owner").arg(&field).take();
        self.run(|connection| {
            let mut rows = BTreeMap::new();
            every_slot(connection, read, |keys, slot, answer| {
                let (is_there, total) = keys.parse_row(slot, counter, answer)?;
                rows.extend(total.map(|total| (slot, total)));
                Ok(is_there)
            })?;
            Ok(rows)
        })
    }

    fn slots(&mut self) -> Result<BTreeMap<u32, Lease>, Error> {
        self.run(leases)
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("address", self.client.get_connection_info().addr())
            .field("is_connected", &self.connection.is_some())
            .finish()
    }
}
