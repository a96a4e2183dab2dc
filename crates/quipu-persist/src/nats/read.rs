//! Reads of the stream. A compaction restates the totals of a slot at the end of its log before it
//! removes the earlier messages. So a read that misses one of those has to go on to an end from
//! after the removal.
//!
//! A message names the one before. So a read that misses any other message sees that, and begins
//! again.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use futures_util::StreamExt;
use tokio::time::timeout;

use super::connection::{ACK_TIMEOUT, Session};
use super::errors::Boxed;
use super::log::Log;
use super::message::{Message, Names};
use super::steps::{self, Head, TRIES};
use crate::{Entry, Error, ErrorKind, Lease};

/// Messages that are fetched at once: many if all of the stream may wait in the server's buffer for
/// a connection, which has 64 MB by default; else as many of the longest ones as may.
const FETCH: usize = 1000;
const FETCH_LONG: usize = 32;
const BUFFER: u64 = 32 << 20;

/// Until the server forgets a read that was broken off.
const ABANDONED: Duration = Duration::from_secs(30);

/// The messages that a read takes.
#[derive(Clone, Copy)]
enum Part {
    All,
    /// The last message of each slot, without its totals.
    Leases,
    /// The same of one slot.
    Lease(u32),
    Slot(u32),
}

impl Part {
    fn subject(self, names: &Names) -> String {
        match self {
            Self::All | Self::Leases => names.all_subjects(),
            Self::Lease(slot) | Self::Slot(slot) => names.subject(slot),
        }
    }

    /// Whether it takes last messages alone, without their totals.
    fn is_of_leases(self) -> bool {
        matches!(self, Self::Leases | Self::Lease(_))
    }
}

/// The extent of the stream at one moment.
struct Extent {
    last: u64,
    /// The number of messages that were removed up to now.
    removed: u64,
    is_empty: bool,
    fetch: usize,
}

impl Extent {
    async fn of(session: &Session) -> Result<Self, Error> {
        let info = session.stream.get_info().await.map_err(|error| session.explain(error))?;
        let state = info.state;
        Ok(Self {
            last: state.last_sequence,
            removed: state.last_sequence.saturating_sub(state.messages),
            is_empty: state.messages == 0,
            fetch: if state.bytes <= BUFFER { FETCH } else { FETCH_LONG },
        })
    }
}

/// Reads a part of the stream in the order of its messages.
struct Reader<'a> {
    session: &'a Session,
    part: Part,
    consumer: PullConsumer,
    fetch: usize,
    /// Messages that were read.
    read: u64,
    /// The number of the last one.
    last: u64,
    /// The number of the last one of each slot.
    ends: HashMap<u32, u64>,
    /// A slot of which a message is missing.
    gap: Option<u32>,
}

impl<'a> Reader<'a> {
    async fn open(session: &'a Session, part: Part, fetch: usize) -> Result<Self, Error> {
        let headers_only = part.is_of_leases();
        let config = pull::Config {
            deliver_policy: if headers_only {
                DeliverPolicy::LastPerSubject
            } else {
                DeliverPolicy::All
            },
            filter_subject: part.subject(&session.names),
            headers_only,
            ack_policy: AckPolicy::None,
            inactive_threshold: ABANDONED,
            memory_storage: true,
            ..pull::Config::default()
        };
        let consumer = session.stream.create_consumer(config).await;
        let consumer = consumer.map_err(|error| session.explain(error))?;
        let ends = HashMap::new();
        Ok(Self { session, part, consumer, fetch, read: 0, last: 0, ends, gap: None })
    }

    /// Reads on until there are no more messages for now.
    async fn read_on(
        &mut self,
        mut take: impl FnMut(Message<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let explain = |error: Boxed| self.session.explain(error);
        loop {
            let batch = self.consumer.fetch().max_messages(self.fetch).messages().await;
            let mut batch = batch.map_err(|error| explain(error.into()))?;
            let mut fetched = 0;
            while let Some(message) =
                timeout(ACK_TIMEOUT, batch.next()).await.map_err(|error| explain(error.into()))?
            {
                let message = message.map_err(explain)?;
                let info = message.info().map_err(explain)?;
                if info.consumer_sequence != self.read + 1 {
                    return Err(explain("a message was lost on the way".into()));
                }
                (self.read, self.last) = (info.consumer_sequence, info.stream_sequence);
                let headers = message.headers.as_ref();
                let message = Message::parse(
                    &self.session.names,
                    &message.subject,
                    self.last,
                    headers,
                    &message.payload,
                )?;
                self.note(&message);
                take(message)?;
                fetched += 1;
            }
            if fetched < self.fetch {
                return Ok(());
            }
        }
    }

    /// Takes note of a message, and of whether one before is missing.
    fn note(&mut self, message: &Message<'_>) {
        let before = self.ends.insert(message.slot, message.sequence).unwrap_or(0);
        if message.after != before && !message.restates && !self.part.is_of_leases() {
            self.gap = Some(message.slot);
        }
    }

    /// Whether it has all messages of its part, up to one with this number or a later one. It may
    /// have read from a replica of the stream that isn't as far as the leader.
    async fn is_complete(&self, last: u64) -> Result<bool, Error> {
        if self.gap.is_some() {
            return Ok(false);
        }
        // A claim or a compaction, which reads the log of its slot, compares the last message.
        let is_far_enough = matches!(self.part, Part::Slot(_)) || self.last >= last;
        Ok(is_far_enough || self.is_at_end().await?)
    }

    /// Whether the leader has no later message of the part. The stream's last number may be that of a
    /// message which was purged, or which is of another part.
    ///
    /// A message that the leader has comes as a whole. That costs time only where a replica is behind.
    async fn is_at_end(&self) -> Result<bool, Error> {
        let subject = self.part.subject(&self.session.names);
        let stream = &self.session.stream;
        match stream.get_first_raw_message_by_subject(subject, self.last + 1).await {
            Ok(_) => Ok(false),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(true),
            Err(error) => Err(self.session.explain(error)),
        }
    }

    async fn close(&self) -> Result<(), Error> {
        let name = &self.consumer.cached_info().name;
        let closed = self.session.stream.delete_consumer(name).await;
        closed.map_err(|error| self.session.explain(error))?;
        Ok(())
    }
}

/// The totals of the counters that `is_asked` holds for, by slot.
pub(super) async fn rows(
    session: &Session,
    is_asked: impl Fn(&str) -> bool,
) -> Result<BTreeMap<u32, HashMap<String, i64>>, Error> {
    to_the_end(session, Part::All, |slots: &mut BTreeMap<_, HashMap<_, _>>, message| {
        let entries = message.entries()?.into_iter().filter(|entry| is_asked(&entry.counter));
        let rows = slots.entry(message.slot).or_default();
        rows.extend(entries.map(|Entry { counter, total }| (counter, total)));
        Ok(())
    })
    .await
}

/// The last message of each slot.
pub(super) async fn heads(session: &Session) -> Result<BTreeMap<u32, Head>, Error> {
    heads_of(session, Part::Leases).await
}

async fn heads_of(session: &Session, part: Part) -> Result<BTreeMap<u32, Head>, Error> {
    to_the_end(session, part, |heads: &mut BTreeMap<_, _>, message| {
        heads.insert(message.slot, Head { sequence: message.sequence, lease: message.lease()? });
        Ok(())
    })
    .await
}

/// The log of a slot.
pub(super) async fn slot(session: &Session, slot: u32) -> Result<Log, Error> {
    to_the_end(session, Part::Slot(slot), Log::push).await
}

/// Reads at least what there is at the start. If messages were removed meanwhile, those that
/// restate them are there at the end of the removal, so it reads up to that, and so on.
async fn to_the_end<T: Default>(
    session: &Session,
    part: Part,
    take: impl Fn(&mut T, Message<'_>) -> Result<(), Error>,
) -> Result<T, Error> {
    let mut gap = None;
    for attempt in 0..TRIES {
        let mut start = Extent::of(session).await?;
        let mut sum = T::default();
        if start.is_empty {
            return Ok(sum);
        }
        let mut reader = Reader::open(session, part, start.fetch).await?;
        let is_complete = loop {
            reader.read_on(|message| take(&mut sum, message)).await?;
            let end = Extent::of(session).await?;
            if end.removed == start.removed {
                break reader.is_complete(start.last).await?;
            }
            start = end;
        };
        reader.close().await?;
        if is_complete {
            return Ok(sum);
        }
        gap = reader.gap;
        steps::pause(attempt).await;
    }
    Err(incomplete(session, gap))
}

/// The error of a read that was incomplete each time.
fn incomplete(session: &Session, gap: Option<u32>) -> Error {
    let (kind, text) = match gap {
        Some(slot) => {
            let subject = session.names.subject(slot);
            let text = format!(
                "a message of {subject} is missing: expected all that were written; restore the \
                 stream, or purge {subject} to go on without its totals"
            );
            (ErrorKind::Store, text)
        }
        None => {
            let text = "a replica of the stream is behind: expected it to catch up".to_owned();
            (ErrorKind::Unavailable, text)
        }
    };
    Error::new(kind, format!("{}: {text}", session.store))
}

/// The last message of a slot, of which the stream's leader decides: from an older one, or from none,
/// the slot's owner would take the slot for lost. The leader sends it with its totals in one request.
/// On a slow link it comes without them, maybe from a replica, and the leader only says that there is
/// no later one: six small requests.
pub(super) async fn head(session: &Session, slot: u32) -> Result<Option<Head>, Error> {
    if session.is_slow {
        return Ok(heads_of(session, Part::Lease(slot)).await?.remove(&slot));
    }
    match session.stream.get_last_raw_message_by_subject(&session.names.subject(slot)).await {
        Ok(found) => {
            let message = Message::parse(
                &session.names,
                &found.subject,
                found.sequence,
                Some(&found.headers),
                &found.payload,
            )?;
            Ok(Some(Head { sequence: message.sequence, lease: message.lease()? }))
        }
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(session.explain(error)),
    }
}

/// The leases of all slots.
pub(super) async fn leases(session: &Session) -> Result<BTreeMap<u32, Lease>, Error> {
    Ok(steps::leases(&heads(session).await?))
}
