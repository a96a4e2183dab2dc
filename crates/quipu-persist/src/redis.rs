use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
#[cfg(feature = "redis-tls")]
use std::path::PathBuf;
use std::time::Instant;

use redis::{Client, ConnectionAddr, IntoConnectionInfo, cmd};
#[cfg(feature = "redis-tls")]
use redis::{ClientTlsConfig, TlsCertificates};

use self::connection::Connection;
#[cfg(feature = "redis-tls")]
use self::connection::place;
use self::layout::Keys;
use self::step::Step;
use self::survey::{each_slot, leases, read_all, read_lease, refresh};
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
mod step;
mod survey;

/// How often a step is tried that others come before.
const TRIES: u32 = 10;

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
/// A flush is two messages, whatever it has: one reads the lease, and the other one is a transaction
/// that writes if the slot is still as it was read. A call connects if it must. All keys begin with
/// `{quipu}:`, which puts them on one node of a cluster: the URL is that node's.
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
/// `+select`, too. Without `+info` the `maxmemory-policy` isn't checked.
///
/// # Limits
/// A store keeps one connection. Calls block, for at most 10 seconds: see
/// [asynchronous code](super#asynchronous-code).
///
/// [`totals`](Store::totals) and [`totals_with_prefix`](Store::totals_with_prefix) read all of each
/// slot, and so does [`claim`](Sink::claim) of its slot. For a slot of 100,000 counters that takes the
/// server 40 milliseconds, in which it answers nobody else, and the reader four times as long. So some
/// millions of rows can be read in 10 seconds. [`total`](Store::total) reads one row of each slot.
///
/// After a crash Redis has the writes that its `appendfsync` keeps; living processes restore their
/// part of the rest. A server with a `maxmemory-policy` of `allkeys-…` is refused: when its memory is
/// full it drops any key. The owner of a dropped slot would write again all that it counted, but the
/// totals that earlier owners left there would be lost.
pub struct Redis {
    client: Client,
    #[cfg(feature = "redis-tls")]
    files: Files,
    keys: Keys,
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
        let client = url.into_connection_info().and_then(|info| {
            // The driver waits for the answers to its name and version, which nobody needs.
            let settings = info.redis_settings().clone().set_skip_set_lib_name();
            Client::open(info.set_redis_settings(settings))
        });
        let client = client.map_err(|error| {
            // The text itself may have a password, so it isn't shown.
            let text = "the address of Redis: expected redis://user:password@host:6379/0";
            Error::new(ErrorKind::Config, text).caused_by(error)
        })?;
        if is_encrypted(&client) && !cfg!(feature = "redis-tls") {
            let text = "the address of Redis: expected a build with the feature redis-tls of \
                quipu-persist for rediss://";
            return Err(Error::new(ErrorKind::Config, text));
        }
        Ok(Self::with_client(client))
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

    /// The client, with its certificates as the files have them now.
    #[cfg(feature = "redis-tls")]
    fn client(&self) -> Result<Client, Error> {
        if is_encrypted(&self.client) {
            tls::choose_cryptography();
        } else if self.files != Files::default() {
            let text = format!("{}: expected rediss:// for certificates", place(&self.client));
            return Err(Error::new(ErrorKind::Config, text));
        }
        if self.files == Files::default() {
            return Ok(self.client.clone());
        }
        let client_tls = self.files.client()?;
        let client_tls =
            client_tls.map(|(client_cert, client_key)| ClientTlsConfig { client_cert, client_key });
        let certificates = TlsCertificates { client_tls, root_cert: self.files.roots()? };
        let info = self.client.get_connection_info().clone();
        Client::build_with_tls(info, certificates).map_err(|error| {
            let text = format!(
                "{}: expected files of certificates, and of a client's key (PEM)",
                place(&self.client)
            );
            Error::new(ErrorKind::Config, text).caused_by(error)
        })
    }

    #[cfg(not(feature = "redis-tls"))]
    fn client(&self) -> Result<Client, Error> {
        Ok(self.client.clone())
    }

    /// Runs `work` on a connection, which is kept if it succeeds.
    fn run<T>(
        &mut self,
        work: impl FnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let deadline = Instant::now() + TIMEOUT;
        let mut connection = match self.connection.take() {
            Some(connection) => connection.until(deadline),
            None => Connection::open(&self.client()?, self.keys.clone(), deadline)?,
        };
        let result = work(&mut connection)?;
        self.connection.keep(connection);
        Ok(result)
    }
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
        let mut totals = HashMap::new();
        self.run(|connection| {
            each_slot(connection, read_all, |keys, slot, answer| {
                let slot = keys.parse_slot(slot, answer, prefix)?;
                for (counter, total) in slot.totals {
                    let sum: &mut i64 = totals.entry(counter).or_default();
                    *sum = sum.wrapping_add(total);
                }
                Ok(slot.lease.is_some())
            })
        })?;
        Ok(totals.into_iter().collect())
    }

    fn by_slot(&mut self, counter: &str) -> Result<BTreeMap<u32, i64>, Error> {
        let mut rows = BTreeMap::new();
        let field = layout::field(counter);
        let read =
            |keys: &Keys, slot| cmd("HMGET").arg(keys.slot(slot)).arg("owner").arg(&field).take();
        self.run(|connection| {
            each_slot(connection, read, |keys, slot, answer| {
                let (is_there, total) = keys.parse_row(slot, counter, answer)?;
                rows.extend(total.map(|total| (slot, total)));
                Ok(is_there)
            })
        })?;
        Ok(rows)
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
