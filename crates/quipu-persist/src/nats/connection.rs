//! A connection, and the stream that it is for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::stream::{self, DiscardPolicy};
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, ServerAddr};

use super::Nats;
use super::denial::Denials;
use super::errors::{self, Boxed};
use super::message::Names;
use super::steps::Own;
use crate::runtime::Runtime;
use crate::{Error, ErrorKind, tls};

/// How long a message waits for the server's acknowledgement.
pub(super) const ACK_TIMEOUT: Duration = Duration::from_secs(2);

/// The longest message that is written, if the server takes it.
const LARGEST: usize = 1 << 20;

/// Room for the headers of a message.
const HEADERS: usize = 16 << 10;

/// The least that a server has to take, so that any counter fits into a message.
const LEAST: usize = 4 * HEADERS;

pub(super) struct Link {
    /// Dropped before the runtime that it runs on.
    pub(super) session: Session,
    pub(super) denials: Denials,
    pub(super) runtime: Runtime,
}

/// The state of one connection.
pub(super) struct Session {
    /// The server's name in errors.
    pub(super) store: String,
    pub(super) names: Names,
    pub(super) context: Context,
    pub(super) stream: stream::Stream,
    /// The longest body of a message.
    pub(super) largest: usize,
    /// Whether an answer was late of late.
    pub(super) is_slow: bool,
    /// The last message that was written.
    pub(super) own: Option<Own>,
}

impl Session {
    pub(super) fn explain(&self, error: impl Into<Boxed>) -> Error {
        errors::explain(&self.store, error.into())
    }
}

impl Link {
    pub(super) fn is_up(&self) -> bool {
        self.session.context.client().connection_state() == State::Connected
    }
}

impl Nats {
    pub(super) fn connect(&self) -> Result<Link, Error> {
        tls::choose_cryptography();
        let (runtime, store) = (Runtime::new()?, shown(&self.address));
        let denials = Denials::default();
        let session = runtime.run(&store, async {
            let client = denials
                .of(once(self.login().await?))
                .connect(self.address.clone())
                .await
                .map_err(|error| errors::explain_connect(&store, error))?;
            check_is_connected(&store, &client)?;
            check_version(&store, &client)?;
            let largest = largest(&store, client.max_payload())?;
            let mut context = jetstream::new(client);
            context.set_timeout(ACK_TIMEOUT);
            let config = config(&self.names);
            let stream = context.get_or_create_stream(config.clone()).await;
            let stream = stream.map_err(|error| errors::explain_stream(&store, error))?;
            check_schema(&store, &stream.cached_info().config, &config)?;
            let (store, names) = (store.clone(), self.names.clone());
            Ok(Session { store, names, context, stream, largest, is_slow: false, own: None })
        });
        let session = session.map_err(|error| denials.explain(&store, error))?;
        Ok(Link { session, denials, runtime })
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

/// Options of a client that connects once. A client that connects again sends what it has kept to a
/// server that may have gone back to a copy of its data: a step that was decided by other messages
/// than that server has.
fn once(options: ConnectOptions) -> ConnectOptions {
    let is_first = AtomicBool::new(true);
    let delay = move |_| {
        if is_first.swap(false, Ordering::Relaxed) { Duration::ZERO } else { Duration::MAX }
    };
    options.reconnect_delay_callback(delay)
}

/// An error if the client is still to connect, by an option. So nothing is known of its server yet.
fn check_is_connected(store: &str, client: &Client) -> Result<(), Error> {
    if client.try_server_info().is_none() {
        let text = format!("{store}: expected options without retry_on_initial_connect");
        return Err(Error::new(ErrorKind::Config, text));
    }
    Ok(())
}

/// An error if the server is so old that it takes the question for the next message of a subject for
/// the one for any message.
fn check_version(store: &str, client: &Client) -> Result<(), Error> {
    if client.is_server_compatible(2, 9, 0) {
        return Ok(());
    }
    let text = format!(
        "{store}: the server is of version {}: expected 2.9 or newer",
        client.server_info().version
    );
    Err(Error::new(ErrorKind::Config, text))
}

/// The longest body of a message on a server that takes messages of this length.
fn largest(store: &str, max_payload: usize) -> Result<usize, Error> {
    if max_payload >= LEAST {
        return Ok(max_payload.min(LARGEST) - HEADERS);
    }
    let text =
        format!("{store}: max_payload of the server is {max_payload}: expected {LEAST} or more");
    Err(Error::new(ErrorKind::Config, text))
}

/// The stream loses no message unless that is purged. Where somebody limits it later, it takes no
/// more, instead of dropping what is old.
fn config(names: &Names) -> stream::Config {
    stream::Config {
        name: names.stream.clone(),
        subjects: vec![names.all_subjects()],
        discard: DiscardPolicy::New,
        ..stream::Config::default()
    }
}

/// An error if the stream isn't as [`config`] has it, and might drop a total, or is of another
/// layout.
fn check_schema(
    store: &str,
    found: &stream::Config,
    expected: &stream::Config,
) -> Result<(), Error> {
    // No limit is 0, or -1 from a server.
    let settings = |config: &stream::Config| {
        [
            ("subjects", format!("{:?}", config.subjects)),
            ("max_msgs_per_subject", config.max_messages_per_subject.max(0).to_string()),
            ("max_msgs", config.max_messages.max(0).to_string()),
            ("max_bytes", config.max_bytes.max(0).to_string()),
            ("max_msg_size", config.max_message_size.max(0).to_string()),
            ("max_age", format!("{:?}", config.max_age)),
            ("retention", format!("{:?}", config.retention)),
            ("discard", format!("{:?}", config.discard)),
        ]
    };
    let stream = &expected.name;
    for ((name, found), (_, expected)) in settings(found).into_iter().zip(settings(expected)) {
        if found != expected {
            let text = format!(
                "{store}: {name} of the stream {stream} is {found}: expected {expected}; \
                 edit or delete the stream, or use another account"
            );
            return Err(Error::new(ErrorKind::Schema, text));
        }
    }
    Ok(())
}

/// Where the server is, without the password.
pub(super) fn shown(address: &ServerAddr) -> String {
    format!("NATS at {}:{}", address.host(), address.port())
}
