use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::{AuthError, ConnectOptions, ServerAddr};
use nkeys::KeyPair;
use percent_encoding::percent_decode_str;

use super::limits::TIMEOUT;
use super::process_local::ProcessLocal;
use super::{
    Batch, Claim, Claimed, Error, ErrorKind, Lease, Outcome, Sink, Store, namespace, sums,
};

use connection::{Link, Session, shown};
use log::Size;
use message::Names;

mod connection;
mod denial;
mod errors;
mod log;
mod message;
mod read;
mod steps;

/// How long a link is taken for slow after a late answer.
const SLOW: Duration = Duration::from_secs(600);

/// Totals in a stream of NATS JetStream. A call connects if it must.
///
/// The first connection makes the stream, `quipu`. Each slot is a subject, `quipu.slots.<N>`, whose
/// messages are its log. A message has the slot's lease in the header `Quipu-Lease`, and absolute
/// totals of some counters in its body, both in JSON. The last message's lease is the slot's, and a
/// counter's last total is the slot's. The server takes a message only right after the one that the
/// header `Nats-Expected-Last-Subject-Sequence` names. So a claim and a batch are one message each,
/// and a batch is stored as a whole or not at all. `Quipu-After` has the same number, by which a
/// reader sees that no message is missing.
///
/// A log that has more than 64 messages, and twice the size of its totals, is compacted by the
/// process that writes to it. It restates all totals at the end of the log (the first of these
/// messages has the header `Quipu-Restates`), and then purges what is before. So the stream stays as small as the peak of processes alive makes it, however many
/// start.
///
/// Other programs may read the stream, such as `nats` of the command line. The total of a counter in a slot is
/// the last one in its log:
///
/// | command | |
/// |---|---|
/// | `nats stream subjects quipu` | the slots, and the number of messages of each |
/// | `nats stream get quipu --last-for quipu.slots.0` | the lease of the slot 0, and its last batch |
/// | `nats stream view quipu --subject quipu.slots.0` | its log |
///
/// A stream of another version, or of another program, is left as it is: [`ErrorKind::Schema`].
///
/// ```no_run
/// use quipu::Counter;
/// use quipu_persist::{Nats, Worker};
///
/// static LIKES: Counter = Counter::new();
///
/// let worker = Worker::builder("web-1").start(Nats::new("nats://queue.internal:4222")?)?;
/// worker.track("likes_total", &LIKES)?;
/// # Ok::<(), quipu_persist::Error>(())
/// ```
///
/// # Name spaces
/// Applications that share an account would add up their counters of one name. So each takes a
/// [`namespace`](Nats::namespace), which is a stream of its own: that of `shop` is `quipu_shop`, with
/// the subjects `quipu.shop.slots.<N>`.
///
/// # Logging in
/// A user and a password, or a token, are part of the URL. Other ways have a function each:
/// [`credentials_file`](Nats::credentials_file), [`nkey`](Nats::nkey), [`jwt`](Nats::jwt). The user
/// needs the right to subscribe to `_INBOX.>`, and to publish to:
///
/// | user | subjects |
/// |---|---|
/// | any | `$JS.API.STREAM.INFO.quipu`, `$JS.API.STREAM.MSG.GET.quipu`, `$JS.API.CONSUMER.CREATE.quipu`, `$JS.API.CONSUMER.MSG.NEXT.quipu.*`, `$JS.API.CONSUMER.DELETE.quipu.*` |
/// | one that writes | also `quipu.slots.*`, `$JS.API.STREAM.PURGE.quipu` |
/// | the first one | also `$JS.API.STREAM.CREATE.quipu` |
///
/// With the name space `shop`, `quipu.slots.*` is `quipu.shop.slots.*`, and `quipu` in the others is
/// `quipu_shop`. So a user with these rights has none to another application's totals.
///
/// A process that may not purge writes all the same, but its log is never compacted.
///
/// # TLS
/// The connection is encrypted where the server requires it, and always with a URL that begins with
/// `tls://`. The server's certificate has to be of an authority that the operating system trusts, or
/// of one of [`root_certificates`](Nats::root_certificates).
///
/// # Limits
/// - The server has to be of version 2.9 or newer.
/// - The server has to take messages of 64 KiB (`max_payload`, by default 1 MiB). A message is never
///   longer than 1 MiB. A batch that doesn't fit is [`ErrorKind::Refused`], and a worker sends it in
///   parts.
/// - Each read of totals reads the whole stream, and fails if its messages take more than 10 seconds to
///   arrive: see [costs](super#costs).
/// - A log of which somebody deletes a message isn't read: an error names the slot's subject.
/// - A lease is measured by the clocks of the processes that claim and write. Where they differ by
///   more than a lease, a process may lose its slot while it is alive; it claims another one, and
///   nothing is lost.
/// - The client connects to the servers that the URL's host name has an address of, and to no other
///   servers of their cluster.
/// - Calls block, for at most 10 seconds, and 10 more to connect: see [asynchronous code](super#asynchronous-code).
pub struct Nats {
    address: ServerAddr,
    options: ConnectOptions,
    /// Read by each connection, since such files are renewed.
    credentials: Option<PathBuf>,
    names: Names,
    link: ProcessLocal<Link>,
    /// Until when answers are kept short, since one was late.
    slow_until: Option<Instant>,
    /// The lengths of the logs that this value writes to.
    sizes: BTreeMap<u32, Size>,
}

impl Nats {
    /// A store at a URL such as `nats://user:password@host:4222` or `nats://token@host:4222`. It
    /// connects at the first call that needs it. Characters that have a meaning in a URL are written
    /// as `%` and two hex digits there: `p%40ss` is the password `p@ss`.
    ///
    /// ```
    /// use quipu_persist::{ErrorKind, Nats};
    ///
    /// let store = Nats::new("nats://queue.internal:4222")?;
    /// let error = Nats::new("http://queue.internal").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the text isn't a URL of NATS.
    pub fn new(url: &str) -> Result<Self, Error> {
        Self::with_options(url, ConnectOptions::new())
    }

    /// The same, by options of the driver, for what a URL can't say: a name of the client, its address,
    /// a prefix of its inboxes, settings of TLS. A login in the URL takes the place of one in the
    /// options.
    ///
    /// A store has its own `event_callback` and `reconnect_delay_callback`: it connects by itself when
    /// it must, and so refuses `retry_on_initial_connect`.
    ///
    /// ```no_run
    /// use quipu_persist::drivers::async_nats::ConnectOptions;
    /// use quipu_persist::{Nats, Worker};
    ///
    /// let options = ConnectOptions::new().name("shop").custom_inbox_prefix("_INBOX_shop");
    /// let store = Nats::with_options("nats://queue.internal", options)?;
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the text isn't a URL of NATS.
    pub fn with_options(url: &str, options: ConnectOptions) -> Result<Self, Error> {
        // The text itself may have a password, so it isn't shown.
        let unfit = |expected| {
            Error::new(ErrorKind::Config, format!("the address of NATS: expected {expected}"))
        };
        let form = "nats://user:password@host:4222";
        let address: ServerAddr =
            url.parse().map_err(|error: io::Error| unfit(form).caused_by(error))?;
        let decode = |text| {
            let text = percent_decode_str(text).decode_utf8();
            let text =
                text.map_err(|_| unfit("a user and a password in UTF-8, also once decoded"))?;
            Ok::<String, Error>(text.into_owned())
        };
        let options = match (address.username(), address.password()) {
            (Some(user), Some(password)) => {
                options.user_and_password(decode(user)?, decode(password)?)
            }
            (Some(token), None) => options.token(decode(token)?),
            (None, Some(_)) => return Err(unfit(form)),
            (None, None) => options,
        };
        Ok(Self {
            address,
            options,
            credentials: None,
            names: Names::common(),
            link: ProcessLocal::NONE,
            slow_until: None,
            sizes: BTreeMap::new(),
        })
    }

    /// The same server, with the stream of an application of this name. Another name, and none, are
    /// other streams, with counters, slots and leases of their own.
    ///
    /// ```no_run
    /// use quipu_persist::{ErrorKind, Nats, Worker};
    ///
    /// let url = "nats://queue.internal:4222";
    /// let worker = Worker::builder("web-1").start(Nats::new(url)?.namespace("shop")?)?;
    /// let error = Nats::new(url)?.namespace("My shop").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the name isn't 1 to 32 lower-case ASCII letters, digits or `_`, or doesn't begin with a
    /// letter, or begins with `sqlite`.
    pub fn namespace(mut self, name: &str) -> Result<Self, Error> {
        namespace::check(name)?;
        self.names = Names::of(name);
        // These are of another stream.
        self.link = ProcessLocal::NONE;
        self.sizes.clear();
        Ok(self)
    }

    /// The same store, with the user's JWT and seed in this file, as `nsc` makes it. Each connection
    /// reads the file, so it may be renewed.
    ///
    /// ```no_run
    /// use quipu_persist::{Nats, Worker};
    ///
    /// let store = Nats::new("tls://queue.internal")?.credentials_file("/etc/app/quipu.creds");
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub fn credentials_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.credentials = Some(path.into());
        self
    }

    /// The same store, with the seed of an nkey, whose public key the server knows.
    ///
    /// ```no_run
    /// use quipu_persist::{Nats, Worker};
    ///
    /// # let seed = String::new();
    /// let store = Nats::new("nats://queue.internal")?.nkey(&seed)?;
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the text isn't the seed of an nkey.
    pub fn nkey(mut self, seed: &str) -> Result<Self, Error> {
        key_pair(seed)?;
        self.options = self.options.nkey(seed.to_owned());
        Ok(self)
    }

    /// The same store, with a user's JWT, and the seed of the nkey that it is of.
    ///
    /// ```no_run
    /// use quipu_persist::{Nats, Worker};
    ///
    /// # let (jwt, seed) = (String::new(), String::new());
    /// let store = Nats::new("nats://queue.internal")?.jwt(jwt, &seed)?;
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the second text isn't the seed of an nkey.
    pub fn jwt(mut self, jwt: impl Into<String>, seed: &str) -> Result<Self, Error> {
        let key = Arc::new(key_pair(seed)?);
        let sign = move |nonce: Vec<u8>| {
            let key = Arc::clone(&key);
            async move { key.sign(&nonce).map_err(AuthError::new) }
        };
        self.options = self.options.jwt(jwt.into(), sign);
        Ok(self)
    }

    /// The same store, over TLS, whose server has a certificate of an authority in this file (PEM),
    /// and not of one that the operating system trusts.
    ///
    /// ```no_run
    /// use quipu_persist::{Nats, Worker};
    ///
    /// let store = Nats::new("tls://queue.internal")?.root_certificates("/etc/app/ca.pem");
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub fn root_certificates(mut self, path: impl Into<PathBuf>) -> Self {
        self.options = self.options.add_root_certificates(path.into()).require_tls(true);
        self
    }

    /// The same store, over TLS, with a certificate of this client, and its key, in these files
    /// (PEM), for a server that asks for one.
    ///
    /// ```no_run
    /// use quipu_persist::{Nats, Worker};
    ///
    /// let store = Nats::new("tls://queue.internal")?
    ///     .client_certificate("/etc/app/client.pem", "/etc/app/client.key");
    /// let worker = Worker::builder("web-1").start(store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub fn client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.options =
            self.options.add_client_certificate(certificate.into(), key.into()).require_tls(true);
        self
    }

    /// Runs `work` on a connection, which is kept if it succeeds.
    fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut link = match self.link.take().filter(Link::is_up) {
            Some(link) => link,
            None => self.connect()?,
        };
        let store = shown(&self.address);
        link.denials.forget();
        link.session.is_slow = self.slow_until.is_some_and(|until| Instant::now() < until);
        let result = link.runtime.run(&store, work(&mut link.session));
        let result = result.map_err(|error| {
            let error = link.denials.explain(&store, error);
            let error = if link.is_up() { error } else { errors::broken(&store, error) };
            if error.kind() == ErrorKind::Timeout {
                self.slow_until = Some(Instant::now() + SLOW);
            }
            error
        })?;
        self.link.keep(link);
        Ok(result)
    }

    /// Compacts the log of a slot to which a call that began then has written, in the time that is
    /// left of it. The call has succeeded, whatever comes of this.
    fn keep_short(&mut self, slot: u32, size: Size, begin: Instant) {
        let left = TIMEOUT.saturating_sub(begin.elapsed());
        let compacted = size.is_long().then(|| {
            self.run(async |session| {
                let compaction = tokio::time::timeout(left, steps::compact(session, slot)).await;
                // Its connection isn't kept then: a part of it may be on the way.
                compaction.map_err(|_| Error::new(ErrorKind::Timeout, "no time is left"))?
            })
        });
        let size = match compacted {
            None => size,
            Some(Ok(Some(short))) => short,
            Some(_) => size.put_off(),
        };
        self.sizes.insert(slot, size);
    }
}

/// The key of a seed. The error doesn't show the text, which may be a secret.
fn key_pair(seed: &str) -> Result<KeyPair, Error> {
    KeyPair::from_seed(seed).map_err(|error| {
        let text = "the seed for NATS: expected that of a user's nkey, which begins with SU";
        Error::new(ErrorKind::Config, text).caused_by(error)
    })
}

impl Sink for Nats {
    fn claim(&mut self, claim: &Claim) -> Result<Claimed, Error> {
        let begin = Instant::now();
        let (claimed, size) = self.run(async |session| steps::claim(session, claim).await)?;
        self.keep_short(claimed.slot, size, begin);
        Ok(claimed)
    }

    fn flush(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        let begin = Instant::now();
        let (outcome, bytes) = self.run(async |session| steps::flush(session, batch).await)?;
        if let Some(bytes) = bytes {
            let size = self.sizes.get(&batch.slot).copied().unwrap_or_default();
            self.keep_short(batch.slot, size.with(bytes), begin);
        }
        Ok(outcome)
    }

    fn lease(&mut self, slot: u32) -> Result<Option<Lease>, Error> {
        let head = self.run(async |session| read::head(session, slot).await)?;
        Ok(head.map(|head| head.lease))
    }
}

impl Store for Nats {
    fn totals_with_prefix(&mut self, prefix: &str) -> Result<BTreeMap<String, i64>, Error> {
        let slots =
            self.run(async |session| read::rows(session, |name| name.starts_with(prefix)).await)?;
        let mut totals = BTreeMap::new();
        for (counter, total) in slots.into_values().flatten() {
            sums::add(&mut totals, counter, total);
        }
        Ok(totals)
    }

    fn by_slot(&mut self, counter: &str) -> Result<BTreeMap<u32, i64>, Error> {
        let slots = self.run(async |session| read::rows(session, |name| name == counter).await)?;
        let total =
            |(slot, rows): (u32, HashMap<String, i64>)| Some((slot, rows.into_values().next()?));
        Ok(slots.into_iter().filter_map(total).collect())
    }

    fn slots(&mut self) -> Result<BTreeMap<u32, Lease>, Error> {
        self.run(async |session| read::leases(session).await)
    }
}

impl fmt::Debug for Nats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nats")
            .field("store", &shown(&self.address))
            .field("is_connected", &self.link.is_some())
            .finish()
    }
}
