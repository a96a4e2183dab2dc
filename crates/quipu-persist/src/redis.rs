use std::collections::BTreeMap;
use std::fmt;
#[cfg(feature = "redis-tls")]
use std::path::PathBuf;
use std::time::Duration;

use redis::{
    Client, Connection, ConnectionAddr, ErrorKind as Kind, RedisError, RedisResult, Script,
};
#[cfg(feature = "redis-tls")]
use redis::{ClientTlsConfig, TlsCertificates};

use super::limits::TIMEOUT;
use super::process_local::ProcessLocal;
#[cfg(feature = "redis-tls")]
use super::tls::{self, Files};
use super::{Batch, Error, ErrorKind, Outcome, Sink, Stamp, Store, Writer, compaction};

/// `{quipu}` keeps all keys on one node of a cluster, where a script can use them together.
const SCHEMA: &str = "{quipu}:schema";
/// Of each writer: `folded`, or its state and when it was last heard of.
const WRITERS: &str = "{quipu}:writers";
/// The set of the counters' names.
const COUNTERS: &str = "{quipu}:counters";
/// By counter: the sum of what was folded, and the number of folds.
const RETIRED: &str = "{quipu}:retired";
const RETIRED_VERSIONS: &str = "{quipu}:retired-versions";

/// The way out for keys that the scripts don't fit.
const OTHER_KEYS: &str = "expected keys as this version makes them; use another database, or rename those that are there";

/// The way out for a user that lacks a right.
const RIGHTS: &str = "expected a user with the rights that the documentation of Redis names: to keys \
    that begin with {quipu}:, and to scripts and the commands that these call";

/// The hash of a counter: by writer, `version total`.
fn totals(counter: &str) -> String {
    format!("{{quipu}}:totals:{counter}")
}

/// The hash of a folded writer: by counter, what was folded of it.
fn folded(writer: &str) -> String {
    format!("{{quipu}}:folded:{writer}")
}

/// Totals in Redis (5 or newer), or in a server that speaks its protocol: a hash for each counter,
/// a field of it for each writer.
///
/// A flush is one call of a script, which replaces a field by a newer one only. A call connects if
/// it must. All keys begin with `{quipu}:`, which puts them on one node of a cluster: the URL is that
/// node's.
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
/// # TLS
/// The feature `redis-tls` takes URLs that begin with `rediss://`: the connection is encrypted, and
/// the server's certificate and host are verified. The certificate has to be of an authority that
/// the operating system trusts, or of one of `root_certificates`.
///
/// # Rights
/// A user that writes and reads needs these:
///
/// ```text
/// ACL SETUSER app on >secret ~{quipu}:* +ping +info +evalsha +script|load +time +multi +exec
///     +get +set +hget +hgetall +hset +sadd +smembers
/// ```
///
/// `+del`, `+hdel` and `+hincrby` are for `compact`, and `+select` for a database other than 0. One
/// that only reads needs `+ping +info +multi +exec +hget +hgetall +smembers`. Without `+info` the
/// `maxmemory-policy` isn't checked.
///
/// # Limits
/// A store keeps one connection. Calls block, for at most 10 seconds for each answer: see
/// [asynchronous code](super#asynchronous-code).
///
/// After a crash Redis has the writes that its `appendfsync` keeps; living writers restore the
/// rest. A server with a `maxmemory-policy` of `allkeys-…` is refused: when its memory is full it
/// drops any key, also the list of the folded writers, and would count those twice. Versions above
/// 2⁵³ are rounded: with a flush each millisecond, that is in 285,000 years.
pub struct Redis {
    client: Client,
    #[cfg(feature = "redis-tls")]
    files: Files,
    connection: ProcessLocal<Connection>,
    write: Script,
    compact: Script,
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
        let client = Client::open(url).map_err(|error| {
            // The text itself may have a password, so it isn't shown.
            let text = "the address of Redis: expected redis://user:password@host:6379/0";
            Error::new(ErrorKind::Config, text).caused_by(error)
        })?;
        let script = |code| Script::new(&[include_str!("redis/schema.lua"), code].concat());
        if is_encrypted(&client) && !cfg!(feature = "redis-tls") {
            let text = "the address of Redis: expected a build with the feature redis-tls of \
                quipu-persist for rediss://";
            return Err(Error::new(ErrorKind::Config, text));
        }
        Ok(Self {
            client,
            #[cfg(feature = "redis-tls")]
            files: Files::default(),
            connection: ProcessLocal::NONE,
            write: script(include_str!("redis/write.lua")),
            compact: script(include_str!("redis/compact.lua")),
        })
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
        if !is_encrypted(&self.client) {
            return if self.files == Files::default() {
                Ok(self.client.clone())
            } else {
                let text = format!("{}: expected rediss:// for certificates", shown(&self.client));
                Err(Error::new(ErrorKind::Config, text))
            };
        }
        tls::choose_cryptography();
        let client_tls = self.files.client()?;
        let client_tls =
            client_tls.map(|(client_cert, client_key)| ClientTlsConfig { client_cert, client_key });
        let certificates = TlsCertificates { client_tls, root_cert: self.files.roots()? };
        let info = self.client.get_connection_info().clone();
        Client::build_with_tls(info, certificates).map_err(|error| {
            let text = format!(
                "{}: expected files of certificates, and of a client's key (PEM)",
                shown(&self.client)
            );
            Error::new(ErrorKind::Config, text).caused_by(error)
        })
    }

    #[cfg(not(feature = "redis-tls"))]
    fn client(&self) -> Result<Client, Error> {
        Ok(self.client.clone())
    }

    /// Folds the writers that have closed, and those without a message for `dead_after`, rounded up
    /// to seconds: see [clean-up](super#clean-up). Returns the number of folded writers.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use quipu_persist::Redis;
    ///
    /// let mut store = Redis::new("redis://:secret@cache.internal/0")?;
    /// let folded = store.compact(Duration::from_secs(7 * 24 * 3600))?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the server can't be reached or written to. Each writer was then folded as a whole, or not
    /// at all.
    pub fn compact(&mut self, dead_after: Duration) -> Result<usize, Error> {
        let script = self.compact.clone();
        let mut call = script.prepare_invoke();
        call.key(SCHEMA).key(WRITERS).key(COUNTERS).key(RETIRED).key(RETIRED_VERSIONS);
        call.arg(compaction::seconds(dead_after)).arg(compaction::FOLDS);
        compaction::fold_all(|| self.run(|connection| call.invoke(connection)))
    }

    /// Runs `work` on a connection, which is kept if it succeeds.
    fn run<T>(&mut self, work: impl FnOnce(&mut Connection) -> RedisResult<T>) -> Result<T, Error> {
        let explain = |error| explain(&self.client, error);
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let (connection, memory) = connect(&self.client()?).map_err(explain)?;
                check_policy(&self.client, &memory)?;
                connection
            }
        };
        let result = work(&mut connection).map_err(explain)?;
        self.connection.keep(connection);
        Ok(result)
    }
}

/// A connection, and what `INFO` says of the server's memory.
fn connect(client: &Client) -> RedisResult<(Connection, String)> {
    let mut connection = client.get_connection_with_timeout(TIMEOUT)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    connection.set_write_timeout(Some(TIMEOUT))?;
    // A script's call is too long for a client that isn't let in, and the answer doesn't say why.
    redis::cmd("PING").exec(&mut connection)?;
    let memory = match redis::cmd("INFO").arg("memory").query(&mut connection) {
        // A user may not be allowed to ask.
        Err(error) if error.code() == Some("NOPERM") => String::new(),
        memory => memory?,
    };
    Ok((connection, memory))
}

/// An error if the server may drop keys that have no end. It might forget that a writer was folded,
/// and count it twice.
fn check_policy(client: &Client, memory: &str) -> Result<(), Error> {
    let policy = memory.lines().find_map(|line| line.strip_prefix("maxmemory_policy:"));
    match policy {
        Some(policy) if policy.starts_with("allkeys-") => {
            let text = format!(
                "{}: maxmemory-policy is {policy}, by which it drops totals when its memory is full: \
                 expected noeviction, or one that begins with volatile-",
                shown(client)
            );
            Err(Error::new(ErrorKind::Config, text))
        }
        _ => Ok(()),
    }
}

/// Where the server is, without the password.
fn shown(client: &Client) -> String {
    format!("Redis at {}", client.get_connection_info().addr())
}

fn is_encrypted(client: &Client) -> bool {
    matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { .. })
}

fn explain(client: &Client, error: RedisError) -> Error {
    let (kind, expected) = kind_of(&error);
    Error::new(kind, format!("{}: {expected}", shown(client))).caused_by(error)
}

fn kind_of(error: &RedisError) -> (ErrorKind, &'static str) {
    #[cfg(feature = "redis-tls")]
    if let Some(way_out) = tls::way_out(error) {
        return (ErrorKind::Denied, way_out);
    }
    match (error.kind(), error.code()) {
        (Kind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS")) => {
            (ErrorKind::Denied, "expected a user and a password that it lets in; see the URL")
        }
        (_, Some("NOPERM")) => (ErrorKind::Denied, RIGHTS),
        (_, Some("READONLY")) => (ErrorKind::Denied, "expected the primary, not a replica"),
        (_, Some("OOM" | "MISCONF")) => {
            (ErrorKind::Full, "expected room in its memory and on its disk")
        }
        (_, Some("QUIPUREFUSED")) => (ErrorKind::Refused, OTHER_KEYS),
        (Kind::UnexpectedReturnType, _) | (_, Some("QUIPUSCHEMA" | "WRONGTYPE")) => {
            (ErrorKind::Schema, OTHER_KEYS)
        }
        (
            _,
            Some("LOADING" | "BUSY" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" | "NOREPLICAS"),
        ) => (
            ErrorKind::Unavailable,
            "expected it to be ready, and neither to load its data, nor to run a long script, nor \
             to wait for other servers",
        ),
        (_, Some("MOVED" | "ASK" | "CROSSSLOT")) => {
            (ErrorKind::Config, "expected the node of the cluster that has the keys {quipu}:")
        }
        (Kind::Io, _) if error.is_timeout() => (
            ErrorKind::Timeout,
            "expected an answer within 10 seconds of a server that is up and not overloaded",
        ),
        (Kind::Io, _) => {
            (ErrorKind::Unavailable, "expected a server at this host and port; see the URL")
        }
        _ => by_text(&error.to_string()),
    }
}

/// The kind of an error for which Redis has no code.
fn by_text(text: &str) -> (ErrorKind, &'static str) {
    let has = |part| text.contains(part);
    if has("can't run this command") || has("has no permissions") {
        (ErrorKind::Denied, RIGHTS)
    } else if has("max number of clients") {
        (
            ErrorKind::Unavailable,
            "expected a free connection, of which each store takes one; raise maxclients",
        )
    } else if has("DB index") || has("switch database") {
        (ErrorKind::Config, "expected a database that exists; see the URL")
    } else if has("not an integer") || has("WRONGTYPE") {
        (ErrorKind::Schema, OTHER_KEYS)
    } else {
        (ErrorKind::Store, "expected it to run the scripts of this version")
    }
}

impl Sink for Redis {
    fn write(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        let writer = batch.writer.to_string();
        let script = self.write.clone();
        let mut call = script.prepare_invoke();
        call.key(SCHEMA).key(WRITERS).key(COUNTERS).key(folded(&writer));
        call.arg(&writer).arg(if batch.closes { "closed" } else { "open" });
        for entry in &batch.entries {
            call.key(totals(&entry.counter));
            call.arg(&entry.counter).arg(entry.stamp.version).arg(entry.stamp.total);
        }
        let (is_folded, folded): (bool, BTreeMap<String, i64>) =
            self.run(|connection| call.invoke(connection))?;
        Ok(if is_folded { Outcome::Folded(folded) } else { Outcome::Stored })
    }
}

impl Store for Redis {
    fn by_writer(&mut self, counter: &str) -> Result<BTreeMap<Writer, Stamp>, Error> {
        type Found = (BTreeMap<String, String>, Option<u64>, Option<i64>);
        let ((rows, version, total),): (Found,) = self.run(|connection| {
            // A transaction, so that no fold comes in between. The driver's own panics where the
            // user may not begin one.
            redis::pipe()
                .cmd("MULTI")
                .ignore()
                .hgetall(totals(counter))
                .ignore()
                .hget(RETIRED_VERSIONS, counter)
                .ignore()
                .hget(RETIRED, counter)
                .ignore()
                .cmd("EXEC")
                .query(connection)
        })?;
        let mut stamps = rows
            .into_iter()
            .map(|(writer, row)| Ok((writer.parse()?, parse(counter, &row)?)))
            .collect::<Result<BTreeMap<_, _>, Error>>()?;
        if let (Some(version), Some(total)) = (version, total) {
            stamps.insert(Writer::retired(), Stamp { version, total });
        }
        Ok(stamps)
    }

    fn counters(&mut self) -> Result<Vec<String>, Error> {
        let mut counters: Vec<String> =
            self.run(|connection| redis::cmd("SMEMBERS").arg(COUNTERS).query(connection))?;
        counters.sort_unstable();
        Ok(counters)
    }
}

fn parse(counter: &str, row: &str) -> Result<Stamp, Error> {
    let numbers = row
        .split_once(' ')
        .and_then(|(version, total)| Some((version.parse().ok()?, total.parse().ok()?)));
    let (version, total) = numbers.ok_or_else(|| {
        let text = format!("{row:?} in {}: expected a version and a total", totals(counter));
        Error::new(ErrorKind::Schema, text)
    })?;
    Ok(Stamp { version, total })
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("address", self.client.get_connection_info().addr())
            .field("is_connected", &self.connection.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_come_back_as_they_went(version: u64, total: i64) {
            prop_assert_eq!(parse("likes", &format!("{version} {total}")).unwrap(), Stamp { version, total });
        }

        #[test]
        fn other_rows_are_refused(row in prop_oneof!["[0-9 -]{0,40}", any::<String>()]) {
            match parse("likes", &row) {
                Ok(Stamp { version, total }) => prop_assert_eq!(
                    row.split(' ').map(|number| number.parse().unwrap()).collect::<Vec<i128>>(),
                    [version.into(), total.into()]
                ),
                Err(error) => {
                    prop_assert_eq!(error.kind(), ErrorKind::Schema);
                    let says_which = error.to_string().contains(&format!("{row:?}"));
                    prop_assert!(says_which, "{}", error);
                }
            }
        }

        #[test]
        fn any_info_says_whether_keys_are_dropped(before: String, policy in "(allkeys|volatile|no)[a-z-]{0,8}") {
            let client = Client::open("redis://localhost/").unwrap();
            let info = format!("{before}\r\nmaxmemory_policy:{policy}\r\nmaxmemory:0\r\n");
            prop_assert_eq!(check_policy(&client, &info).is_err(), policy.starts_with("allkeys-"));
        }
    }
}
