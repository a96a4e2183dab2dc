use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io, iter};

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::context::{CreateStreamError, CreateStreamErrorKind};
use async_nats::jetstream::{self, AckKind, Context, ErrorCode, stream};
use async_nats::{AuthError, ConnectErrorKind, ConnectOptions, ServerAddr};
use futures_util::StreamExt;
use nkeys::KeyPair;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::process_local::ProcessLocal;
use super::refusal::{self, Refused};
use super::runtime::Runtime;
use super::tls;
use super::{Batch, Entry, Error, ErrorKind, Outcome, Sink, Stamp, Store, VersionVector, Writer};

use denial::Denials;

mod denial;

const STREAM: &str = "quipu";

/// Followed by the writer's incarnation and the counter.
const SUBJECTS: &str = "quipu.totals";

/// Messages that are kept of one writer's total of one counter. Older ones that arrive late push
/// out newer ones, so it is more than can be late.
const KEPT: i64 = 16;

/// How long a message waits for the server's acknowledgement.
const ACK_TIMEOUT: Duration = Duration::from_secs(2);

/// Messages that are fetched at once.
const FETCH: usize = 1000;

/// How often a writer's totals may have been folded where they are forwarded to, before it is taken
/// for a fault there.
const FOLDS: usize = 1000;

/// A row, as a message has it.
#[derive(Debug, Serialize, Deserialize)]
struct Message {
    writer: Writer,
    #[serde(flatten)]
    entry: Entry,
}

/// Totals in a stream of NATS JetStream: the asynchronous way to a store.
///
/// A message is an absolute total, so a queue that delivers at least once, in any order, is enough:
/// a reader keeps the newest of each writer. The first connection makes the stream, `quipu`. It
/// keeps the last few messages of each writer and counter, so it is a store by itself; or
/// [`forward`](Nats::forward) moves it on to another one. A call connects if it must.
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
/// # Logging in
/// A user and a password, or a token, are part of the URL. Other ways have a function each:
/// [`credentials_file`](Nats::credentials_file), [`nkey`](Nats::nkey), [`jwt`](Nats::jwt). The user
/// needs the right to subscribe to `_INBOX.>`, and to publish to `$JS.API.>`; to write also to
/// `quipu.totals.>`, and to [`forward`](Nats::forward) to `$JS.ACK.quipu.>`.
///
/// # TLS
/// The connection is encrypted where the server requires it, and always with a URL that begins with
/// `tls://`. The server's certificate has to be of an authority that the operating system trusts, or
/// of one of [`root_certificates`](Nats::root_certificates).
///
/// # Limits
/// A stream can't be compacted, and doesn't know that a writer has closed; compact the store that
/// it is forwarded to. Sixteen or more older totals that arrive after a newer one push it out until
/// the next resend. Calls block, for at most 10 seconds: see [asynchronous
/// code](super#asynchronous-code).
pub struct Nats {
    address: ServerAddr,
    options: ConnectOptions,
    /// Read by each connection, since such files are renewed.
    credentials: Option<PathBuf>,
    link: ProcessLocal<Link>,
}

struct Link {
    /// Dropped before the runtime that they run on.
    context: Context,
    stream: stream::Stream,
    denials: Denials,
    runtime: Runtime,
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
        let options = ConnectOptions::new();
        let options = match (address.username(), address.password()) {
            (Some(user), Some(password)) => {
                options.user_and_password(decode(user)?, decode(password)?)
            }
            (Some(token), None) => options.token(decode(token)?),
            (None, Some(_)) => return Err(unfit(form)),
            (None, None) => options,
        };
        Ok(Self { address, options, credentials: None, link: ProcessLocal::NONE })
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

    /// Moves the messages since the last call of this name into another store, and returns their
    /// number. Each store has a name of its own, under which the queue keeps the store's position.
    /// Several processes may forward to one store.
    ///
    /// A message that the store refuses comes again at the next call. One that a process had
    /// fetched before it died comes again after 30 seconds. A writer that the store has folded
    /// continues there as another one, with the next higher incarnation and the part that exceeds
    /// the folded total.
    ///
    /// ```no_run
    /// use quipu_persist::{Nats, Postgres};
    ///
    /// let mut queue = Nats::new("nats://queue.internal:4222")?;
    /// let mut store = Postgres::new("postgres://app:secret@db.internal/totals")?;
    /// let messages = queue.forward("totals", &mut store)?;
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the name isn't 1 to 128 ASCII letters, digits, `_` or `-`; if the queue can't be read;
    /// the store's error. If there were messages of another version, or of counters that the store
    /// can't take: they won't come again, and the next call passes them.
    pub fn forward(&mut self, name: &str, into: &mut dyn Sink) -> Result<usize, Error> {
        check_name(name)?;
        let mut forwarded = 0;
        loop {
            let messages = self.run(async |link| fetch_durable(link, name).await)?;
            let rows: Vec<_> = messages.iter().map(decode).collect();
            let mut refused = Refused::new();
            let written = batches(rows.iter().flatten())
                .into_iter()
                .try_for_each(|batch| self.pass_on(batch, into, &mut refused));
            let answers = rows.iter().map(|row| match (&written, row) {
                (Err(_), _) => AckKind::Nak(None),
                (Ok(()), Ok(row)) if !refused.contains_key(&row.entry.counter) => AckKind::Ack,
                (Ok(()), _) => AckKind::Term,
            });
            let answered = self.answer(&messages, answers.collect());
            written.and(answered)?;
            for row in rows {
                if let Some(error) = refused.remove(&row?.entry.counter) {
                    return Err(error);
                }
                forwarded += 1;
            }
            if messages.len() < FETCH {
                return Ok(forwarded);
            }
        }
    }

    /// Writes a batch, as a successor of its writer where that was folded: with what its newest
    /// total in the queue exceeds the folded one by. (The batch's may be older than the folded one,
    /// and would take off what came later.)
    fn pass_on(
        &mut self,
        mut batch: Batch,
        into: &mut dyn Sink,
        refused: &mut Refused,
    ) -> Result<(), Error> {
        let origin = batch.writer.clone();
        let mut newest = VersionVector::new();
        newest.write(&batch)?;
        let mut folded: BTreeMap<String, i64> = BTreeMap::new();
        for _ in 0..FOLDS {
            let Outcome::Folded(more) = refusal::write(into, &batch, refused)? else {
                return Ok(());
            };
            for (counter, total) in more {
                let sum = folded.entry(counter).or_default();
                *sum = sum.wrapping_add(total);
            }
            batch.writer = successor(&batch.writer)?;
            // Read after each refusal, so that it isn't older than what was folded.
            newest.merge(&self.read(format!("{}.>", subject(&origin)))?);
            for Entry { counter, stamp } in &mut batch.entries {
                let known = newest.by_writer(counter)?;
                *stamp = known.get(&origin).copied().unwrap_or(*stamp);
                stamp.total = stamp.total.wrapping_sub(folded.get(counter).copied().unwrap_or(0));
            }
        }
        let text =
            format!("{origin}: {FOLDS} successors of it are folded, too: start a new forwarder");
        Err(Error::new(ErrorKind::Store, text))
    }

    fn answer(
        &mut self,
        messages: &[jetstream::Message],
        answers: Vec<AckKind>,
    ) -> Result<(), Error> {
        let store = shown(&self.address);
        self.run(async |_| {
            for (at, (message, answer)) in (1..).zip(messages.iter().zip(answers)) {
                // The last is waited for, so that the next fetch comes after all of them.
                let is_last = at == messages.len();
                let sent = if is_last {
                    message.double_ack_with(answer).await
                } else {
                    message.ack_with(answer).await
                };
                sent.map_err(|error| explain(&store, error))?;
            }
            Ok(())
        })
    }

    /// Runs `work` on a connection, which is kept if it succeeds.
    fn run<T>(&mut self, work: impl AsyncFnOnce(&Link) -> Result<T, Error>) -> Result<T, Error> {
        let link = match self.link.take() {
            Some(link) => link,
            None => self.connect()?,
        };
        let store = shown(&self.address);
        link.denials.forget();
        let result = link.runtime.run(&store, work(&link));
        let result = result.map_err(|error| link.denials.explain(&store, error))?;
        self.link.keep(link);
        Ok(result)
    }

    /// The rows in the messages of this subject.
    fn read(&mut self, subject: String) -> Result<VersionVector, Error> {
        let store = shown(&self.address);
        self.run(async |link| read(link, &store, subject).await)
    }

    fn connect(&self) -> Result<Link, Error> {
        tls::choose_cryptography();
        let (runtime, store) = (Runtime::new()?, shown(&self.address));
        let denials = Denials::default();
        let connected = runtime.run(&store, async {
            let client = denials
                .of(self.login().await?)
                .connect(self.address.clone())
                .await
                .map_err(|error| explain_connect(&store, error))?;
            let mut context = jetstream::new(client);
            context.set_timeout(ACK_TIMEOUT);
            let stream = context.get_or_create_stream(config()).await;
            let stream = stream.map_err(|error| explain_stream(&store, error))?;
            check_schema(&store, &stream.cached_info().config)?;
            Ok((context, stream))
        });
        let (context, stream) = connected.map_err(|error| denials.explain(&store, error))?;
        Ok(Link { context, stream, denials, runtime })
    }

    async fn login(&self) -> Result<ConnectOptions, Error> {
        let options = self.options.clone();
        let Some(path) = &self.credentials else { return Ok(options) };
        options.credentials_file(path).await.map_err(|error| {
            let text = format!(
                "{}: expected a file with a JWT and a seed, as nsc makes it",
                path.display()
            );
            Error::new(ErrorKind::Config, text).caused_by(error)
        })
    }
}

/// The key of a seed. The error doesn't show the text, which may be a secret.
fn key_pair(seed: &str) -> Result<KeyPair, Error> {
    KeyPair::from_seed(seed).map_err(|error| {
        let text = "the seed for NATS: expected that of a user's nkey, which begins with SU";
        Error::new(ErrorKind::Config, text).caused_by(error)
    })
}

fn config() -> stream::Config {
    stream::Config {
        name: STREAM.to_owned(),
        subjects: vec![format!("{SUBJECTS}.>")],
        max_messages_per_subject: KEPT,
        ..stream::Config::default()
    }
}

/// An error if the stream isn't [`config`]'s, and might drop a total.
fn check_schema(store: &str, found: &stream::Config) -> Result<(), Error> {
    // No limit is 0, or -1 from a server.
    let settings = |config: &stream::Config| {
        [
            ("subjects", format!("{:?}", config.subjects)),
            ("max_msgs_per_subject", config.max_messages_per_subject.to_string()),
            ("max_msgs", config.max_messages.max(0).to_string()),
            ("max_bytes", config.max_bytes.max(0).to_string()),
            ("max_msg_size", config.max_message_size.max(0).to_string()),
            ("max_age", format!("{:?}", config.max_age)),
            ("retention", format!("{:?}", config.retention)),
            ("discard", format!("{:?}", config.discard)),
        ]
    };
    for ((name, found), (_, expected)) in settings(found).into_iter().zip(settings(&config())) {
        if found != expected {
            let text = format!(
                "{store}: {name} of the stream {STREAM} is {found}: expected {expected}; \
                 edit or delete the stream, or use another account"
            );
            return Err(Error::new(ErrorKind::Schema, text));
        }
    }
    Ok(())
}

/// The name of a durable consumer.
fn check_name(name: &str) -> Result<(), Error> {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if (1..=128).contains(&name.len()) && name.bytes().all(is_fit) {
        return Ok(());
    }
    let text = format!(
        "{name:?}: expected a name of 1 to 128 ASCII letters, digits, '_' or '-' to forward under"
    );
    Err(Error::new(ErrorKind::Config, text))
}

/// The successor of a writer that was folded where it was forwarded to: for any forwarder the same.
/// Incarnations are random, so it is no one else.
fn successor(writer: &Writer) -> Result<Writer, Error> {
    format!("{}/{:032x}", writer.host(), writer.incarnation().wrapping_add(1)).parse()
}

/// The prefix of the subjects of a writer's messages.
fn subject(writer: &Writer) -> String {
    format!("{SUBJECTS}.{:032x}", writer.incarnation())
}

async fn publish(link: &Link, batch: &Batch) -> Result<(), Boxed> {
    let mut acknowledgements = Vec::with_capacity(batch.entries.len());
    for entry in &batch.entries {
        let message = Message { writer: batch.writer.clone(), entry: entry.clone() };
        let payload = serde_json::to_vec(&message)?;
        let subject = format!("{}.{}", subject(&batch.writer), token(&entry.counter));
        acknowledgements.push(link.context.publish(subject, payload.into()).await?);
    }
    for acknowledgement in acknowledgements {
        acknowledgement.await?;
    }
    Ok(())
}

async fn read(link: &Link, store: &str, subject: String) -> Result<VersionVector, Error> {
    let explain = |error| explain(store, error);
    let config = pull::Config {
        filter_subject: subject,
        ack_policy: AckPolicy::None,
        ..pull::Config::default()
    };
    let consumer =
        link.stream.create_consumer(config).await.map_err(|error| explain(error.into()))?;
    let mut rows = VersionVector::new();
    loop {
        let messages = fetch(&consumer).await.map_err(explain)?;
        for message in &messages {
            let Message { writer, entry } = decode(message)?;
            rows.observe(&entry.counter, &writer, entry.stamp);
        }
        if messages.len() < FETCH {
            break;
        }
    }
    let name = &consumer.cached_info().name;
    link.stream.delete_consumer(name).await.map_err(|error| explain(error.into()))?;
    Ok(rows)
}

/// The next messages: fewer than [`FETCH`] if there were no more for a moment.
async fn fetch(consumer: &PullConsumer) -> Result<Vec<jetstream::Message>, Boxed> {
    let mut batch = consumer.fetch().max_messages(FETCH).messages().await?;
    let mut messages = Vec::new();
    while let Some(message) = batch.next().await {
        messages.push(message?);
    }
    Ok(messages)
}

async fn fetch_durable(link: &Link, name: &str) -> Result<Vec<jetstream::Message>, Error> {
    let config = pull::Config {
        durable_name: Some(name.to_owned()),
        filter_subject: format!("{SUBJECTS}.>"),
        ack_policy: AckPolicy::Explicit,
        ..pull::Config::default()
    };
    let fetch = async { fetch(&link.stream.get_or_create_consumer(name, config).await?).await };
    fetch.await.map_err(|error| explain("NATS", error))
}

fn decode(message: &jetstream::Message) -> Result<Message, Error> {
    parse(&message.payload).map_err(|error| {
        let text = format!("a message of {}: expected one of this version", message.subject);
        Error::new(ErrorKind::Schema, text).caused_by(error)
    })
}

fn parse(payload: &[u8]) -> serde_json::Result<Message> {
    serde_json::from_slice(payload)
}

/// The newest of the rows, a batch for each writer.
fn batches<'a>(rows: impl Iterator<Item = &'a Message>) -> Vec<Batch> {
    let mut newest: BTreeMap<&Writer, BTreeMap<&str, Stamp>> = BTreeMap::new();
    for Message { writer, entry } in rows {
        let stamp = newest.entry(writer).or_default().entry(&entry.counter).or_insert(entry.stamp);
        *stamp = entry.stamp.max(*stamp);
    }
    let entry = |(counter, stamp): (&str, _)| Entry { counter: counter.to_owned(), stamp };
    let batch = |(writer, rows): (&Writer, BTreeMap<_, _>)| Batch {
        writer: writer.clone(),
        entries: rows.into_iter().map(entry).collect(),
        closes: false,
    };
    newest.into_iter().map(batch).collect()
}

/// A counter's name as one token of a subject, which has no dots, spaces or wildcards.
fn token(counter: &str) -> String {
    use fmt::Write;
    let mut token = String::with_capacity(counter.len());
    for byte in counter.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') {
            token.push(byte.into());
        } else {
            // Writing to a string doesn't fail.
            let _ = write!(token, "={byte:02x}");
        }
    }
    token
}

/// Where the server is, without the password.
fn shown(address: &ServerAddr) -> String {
    format!("NATS at {}:{}", address.host(), address.port())
}

fn explain_connect(store: &str, error: async_nats::ConnectError) -> Error {
    let (kind, expected) = match (error.kind(), tls::way_out(&error)) {
        (_, Some(way_out)) => (ErrorKind::Denied, way_out),
        (ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation, _) => (
            ErrorKind::Denied,
            "expected a user and a password, a token, a key or a JWT that it lets in",
        ),
        (ConnectErrorKind::Tls, _) => (
            ErrorKind::Config,
            "expected files of certificates, and of a client's key, that can be read (PEM)",
        ),
        _ => (ErrorKind::Unavailable, "expected a server at this host and port; see the URL"),
    };
    Error::new(kind, format!("{store}: {expected}")).caused_by(error)
}

type Boxed = Box<dyn StdError + Send + Sync>;

fn explain_stream(store: &str, error: CreateStreamError) -> Error {
    match error.kind() {
        CreateStreamErrorKind::JetStream(error) => explain(store, error.into()),
        CreateStreamErrorKind::JetStreamUnavailable => {
            let text = format!(
                "{store}: expected a server with JetStream, which is up (nats-server --jetstream)"
            );
            Error::new(ErrorKind::Config, text).caused_by(error)
        }
        _ => explain(store, error.into()),
    }
}

fn explain(store: &str, error: Boxed) -> Error {
    let source: &(dyn StdError + 'static) = &*error;
    let code = iter::successors(Some(source), |&error| error.source())
        .find_map(|error| error.downcast_ref::<jetstream::Error>())
        .map(jetstream::Error::error_code);
    let (kind, expected) = match code {
        Some(
            ErrorCode::INSUFFICIENT_RESOURCES
            | ErrorCode::STORAGE_RESOURCES_EXCEEDED
            | ErrorCode::MEMORY_RESOURCES_EXCEEDED
            | ErrorCode::ACCOUNT_RESOURCES_EXCEEDED,
        ) => (ErrorKind::Full, "expected room for the stream, in the account and on the disk"),
        Some(ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT) => {
            (ErrorKind::Config, "expected a server and an account with JetStream")
        }
        // Once there is a stream, what goes wrong is mostly that there isn't any more.
        _ => (ErrorKind::Unavailable, "expected an answer of JetStream, which is up"),
    };
    Error::new(kind, format!("{store}: {expected}: {error}"))
}

impl Sink for Nats {
    fn write(&mut self, batch: &Batch) -> Result<Outcome, Error> {
        let store = shown(&self.address);
        self.run(async |link| publish(link, batch).await.map_err(|error| explain(&store, error)))?;
        Ok(Outcome::Stored)
    }
}

impl Store for Nats {
    fn by_writer(&mut self, counter: &str) -> Result<BTreeMap<Writer, Stamp>, Error> {
        self.read(format!("{SUBJECTS}.*.{}", token(counter)))?.by_writer(counter)
    }

    fn counters(&mut self) -> Result<Vec<String>, Error> {
        self.read(format!("{SUBJECTS}.>"))?.counters()
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn messages()(host in "[a-z0-9._:-]{1,3}", incarnation: u128, counter in "\\PC{1,9}", stamp: (u64, i64))
            -> Message
        {
            let writer = format!("{host}/{incarnation:032x}").parse().unwrap();
            Message { writer, entry: Entry { counter, stamp: Stamp { version: stamp.0, total: stamp.1 } } }
        }
    }

    /// Few enough that some are of the same writer and counter.
    fn row() -> impl Strategy<Value = (u128, String, u64, i64)> {
        (0..2_u128, "[ab]", 1..4_u64, -2..3_i64)
    }

    proptest! {
        #[test]
        fn messages_come_back_as_they_went(message in messages()) {
            let parsed = parse(&serde_json::to_vec(&message).unwrap()).unwrap();
            prop_assert_eq!((parsed.writer, parsed.entry), (message.writer, message.entry));
        }

        /// Whatever they are, they don't panic.
        #[test]
        fn other_messages_are_refused(message in messages(), at: prop::sample::Index, byte: u8, text: Vec<u8>) {
            let mut payload = serde_json::to_vec(&message).unwrap();
            let _ = parse(&payload[..at.index(payload.len())]).unwrap_err();
            let at = at.index(payload.len());
            payload[at] = byte;
            let _ = (parse(&payload), parse(&text));
        }

        #[test]
        fn tokens_are_one_word_of_a_subject_and_of_one_counter(a: String, b: String) {
            let (of_a, of_b) = (token(&a), token(&b));
            prop_assert!(of_a.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-=".contains(&byte)));
            prop_assert_eq!(of_a == of_b, a == b);
            let (of_a, of_escaped) = (token(&a), token(&of_b));
            prop_assert_eq!(of_a == of_escaped, a == of_b);
        }

        #[test]
        fn batches_have_the_newest_row_of_each(rows in prop::collection::vec(row(), 0..20)) {
            let message = |(incarnation, counter, version, total): (u128, String, u64, i64)| Message {
                writer: format!("host/{incarnation:032x}").parse().unwrap(),
                entry: Entry { counter, stamp: Stamp { version, total } },
            };
            let messages: Vec<_> = rows.into_iter().map(message).collect();
            let (mut expected, mut found) = (VersionVector::new(), VersionVector::new());
            for Message { writer, entry } in &messages {
                expected.observe(&entry.counter, writer, entry.stamp);
            }
            for batch in batches(messages.iter()) {
                for entry in &batch.entries {
                    prop_assert!(found.observe(&entry.counter, &batch.writer, entry.stamp), "one row of each");
                }
            }
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn successors_are_others_of_the_host() {
        let last: Writer = format!("host/{:032x}", u128::MAX).parse().unwrap();
        assert_eq!(successor(&last).unwrap().to_string(), format!("host/{:032x}", 0));
        assert_eq!(successor(&successor(&last).unwrap()).unwrap().incarnation(), 1);
    }
}
