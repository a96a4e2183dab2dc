use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::{self, Context, stream};
use async_nats::{ConnectErrorKind, ConnectOptions, ServerAddr};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

use super::runtime::Runtime;
use super::{Batch, Entry, Error, ErrorKind, Outcome, Sink, Stamp, Store, VersionVector, Writer};

const STREAM: &str = "quipu";

/// Followed by the writer's incarnation and the counter.
const SUBJECTS: &str = "quipu.totals";

/// The durable consumer of [`Nats::forward`].
const FORWARD: &str = "quipu-forward";

/// Messages that are kept of one writer's total of one counter. Older ones that arrive late push out newer ones, so it is
/// more than can be late.
const KEPT: i64 = 16;

/// How long a message waits for the server's acknowledgement.
const ACK_TIMEOUT: Duration = Duration::from_secs(2);

/// Messages that are fetched at once.
const FETCH: usize = 1000;

/// A row, as a message has it.
#[derive(Debug, Serialize, Deserialize)]
struct Message {
    writer: Writer,
    #[serde(flatten)]
    entry: Entry,
}

/// Totals in a stream of NATS JetStream: the asynchronous way to a store.
///
/// A message is an absolute total, so a queue that delivers at least once, in any order, is enough: who reads keeps the
/// newest of each writer. The stream, `quipu`, is made when it is first connected to and keeps the last few messages of
/// each writer and counter, so it is a store by itself; or [`forward`](Nats::forward) moves it on to another.
/// Connections are made when they are needed, without TLS unless the server asks for it.
///
/// ```no_run
/// use quipu::Counter;
/// use quipu::persist::{Nats, Worker};
///
/// static LIKES: Counter = Counter::new();
///
/// let worker = Worker::builder("web-1").start(Nats::new("nats://queue.internal:4222")?)?;
/// worker.track("likes_total", &LIKES)?;
/// # Ok::<(), quipu::persist::Error>(())
/// ```
///
/// # Limits
/// A stream can't be compacted, and doesn't know that a writer has closed; compact the store that it is forwarded to,
/// after a time well above the time that messages may wait in the queue: nobody tells a writer that its message was
/// refused there. Sixteen or more older totals that overtake a newer one push it out until the next resend. Calls
/// block, for 10 seconds at most: asynchronous code makes them on a thread for blocking work.
pub struct Nats {
    address: ServerAddr,
    link: Option<Link>,
}

struct Link {
    /// Dropped before the runtime that they run on.
    context: Context,
    stream: stream::Stream,
    runtime: Runtime,
}

impl Nats {
    /// A store at a URL such as `nats://user:password@host:4222`.
    ///
    /// # Errors
    /// If the text isn't a URL of NATS. Nothing is connected to yet.
    pub fn new(url: &str) -> Result<Self, Error> {
        let address = url.parse().map_err(|error: std::io::Error| {
            // The text itself may have a password, so it isn't shown.
            let text = "the address of NATS: expected nats://user:password@host:4222";
            Error::new(ErrorKind::Config, text).caused_by(error)
        })?;
        Ok(Self { address, link: None })
    }

    /// Moves what came since the last call into another store, and returns how many messages it was. What the store
    /// refuses comes again. Several processes may do this for one stream.
    ///
    /// # Errors
    /// If the queue can't be read, or the store says so.
    pub fn forward(&mut self, into: &mut dyn Sink) -> Result<usize, Error> {
        let (mut forwarded, store) = (0, shown(&self.address));
        loop {
            let messages = self.run(async |link| fetch_durable(link).await)?;
            if messages.is_empty() {
                return Ok(forwarded);
            }
            for batch in batches(&messages)? {
                // Totals of a folded writer are in the store, but for what it counted since it was last heard of.
                into.write(&batch)?;
            }
            forwarded += messages.len();
            self.run(async |_| {
                for message in messages {
                    message.ack().await.map_err(|error| explain(&store, error))?;
                }
                Ok(())
            })?;
        }
    }

    /// Runs `work` on a connection, which is kept if it succeeds.
    fn run<T>(&mut self, work: impl AsyncFnOnce(&Link) -> Result<T, Error>) -> Result<T, Error> {
        let link = match self.link.take() {
            Some(link) => link,
            None => connect(&self.address)?,
        };
        let result = link.runtime.run(&shown(&self.address), work(&link))?;
        self.link = Some(link);
        Ok(result)
    }

    /// The rows in the messages of this subject.
    fn read(&mut self, subject: String) -> Result<VersionVector, Error> {
        let store = shown(&self.address);
        self.run(async |link| read(link, subject).await.map_err(|error| explain(&store, error)))
    }
}

fn connect(address: &ServerAddr) -> Result<Link, Error> {
    let (runtime, store) = (Runtime::new()?, shown(address));
    let (context, stream) = runtime.run(&store, async {
        let client =
            ConnectOptions::new().connect(address.clone()).await.map_err(|error| explain_connect(&store, error))?;
        let mut context = jetstream::new(client);
        context.set_timeout(ACK_TIMEOUT);
        let stream = context.get_or_create_stream(config()).await.map_err(|error| {
            let text =
                format!("{store}: expected a server with JetStream (nats-server --jetstream), and its permission");
            Error::new(ErrorKind::Store, text).caused_by(error)
        })?;
        check_schema(&store, &stream.cached_info().config)?;
        Ok((context, stream))
    })?;
    Ok(Link { context, stream, runtime })
}

fn config() -> stream::Config {
    stream::Config {
        name: STREAM.to_owned(),
        subjects: vec![format!("{SUBJECTS}.>")],
        max_messages_per_subject: KEPT,
        ..stream::Config::default()
    }
}

fn check_schema(store: &str, found: &stream::Config) -> Result<(), Error> {
    if found.subjects == config().subjects && found.max_messages_per_subject == KEPT {
        return Ok(());
    }
    let text = format!(
        "{store}: the stream {STREAM} has the subjects {:?} and keeps {} messages of each: \
         expected {:?} and {KEPT}; delete the stream, or use another account",
        found.subjects,
        found.max_messages_per_subject,
        config().subjects
    );
    Err(Error::new(ErrorKind::Schema, text))
}

async fn publish(link: &Link, batch: &Batch) -> Result<(), Boxed> {
    let mut acknowledgements = Vec::with_capacity(batch.entries.len());
    for entry in &batch.entries {
        let message = Message { writer: batch.writer.clone(), entry: entry.clone() };
        let payload = serde_json::to_vec(&message)?;
        let subject = format!("{SUBJECTS}.{:032x}.{}", batch.writer.incarnation(), token(&entry.counter));
        acknowledgements.push(link.context.publish(subject, payload.into()).await?);
    }
    for acknowledgement in acknowledgements {
        acknowledgement.await?;
    }
    Ok(())
}

async fn read(link: &Link, subject: String) -> Result<VersionVector, Boxed> {
    let config = pull::Config { filter_subject: subject, ack_policy: AckPolicy::None, ..pull::Config::default() };
    let consumer = link.stream.create_consumer(config).await?;
    let mut rows = VersionVector::new();
    loop {
        let messages = fetch(&consumer).await?;
        if messages.is_empty() {
            break;
        }
        for message in messages {
            let Message { writer, entry } = serde_json::from_slice(&message.payload)?;
            rows.observe(&entry.counter, &writer, entry.stamp);
        }
    }
    link.stream.delete_consumer(&consumer.cached_info().name).await?;
    Ok(rows)
}

/// The next messages; none if all were fetched.
async fn fetch(consumer: &PullConsumer) -> Result<Vec<jetstream::Message>, Boxed> {
    let mut batch = consumer.fetch().max_messages(FETCH).messages().await?;
    let mut messages = Vec::new();
    while let Some(message) = batch.next().await {
        messages.push(message?);
    }
    Ok(messages)
}

async fn fetch_durable(link: &Link) -> Result<Vec<jetstream::Message>, Error> {
    let config = pull::Config {
        durable_name: Some(FORWARD.to_owned()),
        filter_subject: format!("{SUBJECTS}.>"),
        ack_policy: AckPolicy::Explicit,
        ..pull::Config::default()
    };
    let fetch = async { fetch(&link.stream.get_or_create_consumer(FORWARD, config).await?).await };
    fetch.await.map_err(|error| explain("NATS", error))
}

/// The newest rows of the messages, a batch for each writer.
fn batches(messages: &[jetstream::Message]) -> Result<Vec<Batch>, Error> {
    let mut newest: BTreeMap<Writer, BTreeMap<String, Stamp>> = BTreeMap::new();
    for message in messages {
        let Message { writer, entry } = serde_json::from_slice(&message.payload).map_err(|error| {
            let text = format!("a message of {}: expected one of this version", message.subject);
            Error::new(ErrorKind::Schema, text).caused_by(error)
        })?;
        let stamp = newest.entry(writer).or_default().entry(entry.counter).or_insert(entry.stamp);
        *stamp = entry.stamp.max(*stamp);
    }
    let entries = |rows: BTreeMap<_, _>| rows.into_iter().map(|(counter, stamp)| Entry { counter, stamp }).collect();
    Ok(newest.into_iter().map(|(writer, rows)| Batch { writer, entries: entries(rows), closes: false }).collect())
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
    let (kind, expected) = match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            (ErrorKind::Denied, "expected a user and a password that it lets in; see the URL")
        }
        _ => (ErrorKind::Unavailable, "expected a server at this host and port; see the URL"),
    };
    Error::new(kind, format!("{store}: {expected}")).caused_by(error)
}

type Boxed = Box<dyn StdError + Send + Sync>;

/// Once there is a connection and a stream, what goes wrong is mostly that there isn't any more.
fn explain(store: &str, error: Boxed) -> Error {
    let text = format!("{store}: expected an answer of JetStream, and room on its disk: {error}");
    Error::new(ErrorKind::Unavailable, text)
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
