//! The steps that change a slot. Each is one message, which the server takes only after the message
//! that the step was decided by: a comparing and setting of the lease, with the totals.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use tokio::time::sleep;

use super::connection::Session;
use super::errors;
use super::log::{Log, Size};
use super::message;
use super::read;
use crate::ambient::now;
use crate::{Admission, Batch, Claim, Claimed, Error, ErrorKind, Lease, Outcome};

/// How often a step is tried while others change the slot.
pub(super) const TRIES: u32 = 10;

/// How many slots a claim tries before it looks at all slots again.
const STEPS: u32 = 10;

/// How long a process takes its own last message for the slot's last one without a look. A stream
/// that is deleted and made again, or restored from a backup, may have other messages at the same
/// numbers. That takes longer.
const FRESH: Duration = Duration::from_secs(1);

/// The length of the messages that a compaction writes, at most half of what the server takes.
const RESTATED: usize = 512 << 10;

/// The last message of a slot.
#[derive(Clone)]
pub(super) struct Head {
    pub(super) sequence: u64,
    pub(super) lease: Lease,
}

/// The last message that a process wrote.
pub(super) struct Own {
    slot: u32,
    head: Head,
    since: Instant,
}

pub(super) fn leases(heads: &BTreeMap<u32, Head>) -> BTreeMap<u32, Lease> {
    heads.iter().map(|(slot, head)| (*slot, head.lease.clone())).collect()
}

/// Claims a slot. Its log has this size then.
pub(super) async fn claim(session: &mut Session, claim: &Claim) -> Result<(Claimed, Size), Error> {
    for attempt in 0..TRIES {
        let mut heads = read::heads(session).await?;
        for _ in 0..STEPS {
            let slot = Lease::choose(&leases(&heads), claim, now());
            if let Some(claimed) = claim_after(session, claim, slot, heads.get(&slot)).await? {
                return Ok(claimed);
            }
            // Another process has it now. The next slot is mostly free still: not to read all again
            // is the quicker way there.
            heads.extend(read::head(session, slot).await?.map(|head| (slot, head)));
        }
        pause(attempt).await;
    }
    Err(contended(session))
}

/// Claims this slot, if its last message is still this one.
async fn claim_after(
    session: &mut Session,
    claim: &Claim,
    slot: u32,
    before: Option<&Head>,
) -> Result<Option<(Claimed, Size)>, Error> {
    let sequence = before.map_or(0, |head| head.sequence);
    let log = match before {
        Some(_) => read::slot(session, slot).await?,
        None => Log::default(),
    };
    if log.sequence != sequence {
        return Ok(None);
    }
    let lease = Lease::of(before.map(|head| &head.lease), claim, now());
    let epoch = lease.epoch;
    let written = publish(session, slot, lease, message::nothing(), Place::after(sequence)).await?;
    let size = log.size();
    let claimed = Claimed { slot, epoch, base: log.totals };
    Ok(written.map(|written| (claimed, size.with(written.bytes))))
}

/// Writes a batch. Returns the bytes of its message, if it wrote one.
pub(super) async fn flush(
    session: &mut Session,
    batch: &Batch,
) -> Result<(Outcome, Option<usize>), Error> {
    let mut own = session.own.take().filter(|own| own.is_fresh(batch)).map(|own| own.head);
    for attempt in 0..TRIES {
        let head = match own.take() {
            Some(head) => head,
            None => match read::head(session, batch.slot).await? {
                Some(head) => head,
                None => return Ok((Outcome::Refused(None), None)),
            },
        };
        match head.lease.admit(batch, now()) {
            Admission::IsStored => return Ok((Outcome::Stored, None)),
            Admission::Refuse => return Ok((Outcome::Refused(Some(head.lease)), None)),
            Admission::Write(lease) => {
                let body = body(session, batch)?;
                let written =
                    publish(session, batch.slot, lease, body, Place::after(head.sequence)).await?;
                if let Some(written) = written {
                    return Ok((Outcome::Stored, Some(written.bytes)));
                }
            }
        }
        pause(attempt).await;
    }
    Err(contended(session))
}

impl Own {
    /// Whether the batch can be written after this message without a look at the slot.
    fn is_fresh(&self, batch: &Batch) -> bool {
        let is_next = || matches!(self.head.lease.admit(batch, now()), Admission::Write(_));
        self.slot == batch.slot && self.since.elapsed() < FRESH && is_next()
    }
}

/// The totals of a batch as one message: it is written as a whole, or not at all.
fn body(session: &Session, batch: &Batch) -> Result<Vec<u8>, Error> {
    let body = serde_json::to_vec(&batch.entries).map_err(|error| session.explain(error))?;
    if body.len() <= session.largest {
        return Ok(body);
    }
    // Any counter of a worker fits into a message alone. So a worker, which sends half of a batch
    // that is refused, leaves none out.
    let text = format!(
        "{}: a batch of {} bytes: expected at most {}, which fit into one message; send fewer \
         counters at once",
        session.store,
        body.len(),
        session.largest
    );
    Err(Error::new(ErrorKind::Refused, text))
}

/// Restates all totals of a slot at the end of its log, and removes what is before. Returns the
/// log's size; `None` if another process writes to the slot.
///
/// If it breaks off anywhere, the log has some totals twice, and loses nothing.
pub(super) async fn compact(session: &mut Session, slot: u32) -> Result<Option<Size>, Error> {
    let log = read::slot(session, slot).await?;
    let head = read::head(session, slot).await?.filter(|head| head.sequence == log.sequence);
    let Some(Head { mut sequence, lease }) = head else { return Ok(None) };
    let length = RESTATED.min(session.largest / 2);
    let bodies = message::bodies(log.totals, length).map_err(|error| session.explain(error))?;
    let (mut first, mut sizes) = (None, Vec::new());
    for body in bodies {
        let place = Place { after: sequence, restates: first.is_none() };
        let Some(written) = publish(session, slot, lease.clone(), body, place).await? else {
            return Ok(None);
        };
        sizes.push(written.bytes);
        sequence = written.sequence;
        first.get_or_insert(sequence);
    }
    if let Some(first) = first {
        // Messages with this number or a higher one stay, whenever that is done.
        let purge = session.stream.purge().filter(session.names.purged(slot)).sequence(first);
        purge.await.map_err(|error| session.explain(error))?;
    }
    Ok(Some(Size::of(&sizes)))
}

/// The place of a message in its slot's log.
struct Place {
    /// The number of the message before.
    after: u64,
    /// Whether this is the first of those that restate all totals.
    restates: bool,
}

impl Place {
    fn after(after: u64) -> Self {
        Self { after, restates: false }
    }
}

/// A message that was written.
struct Written {
    sequence: u64,
    bytes: usize,
}

/// Adds a message to a slot; `None` if the slot's last message isn't the one before.
async fn publish(
    session: &mut Session,
    slot: u32,
    lease: Lease,
    body: Vec<u8>,
    Place { after, restates }: Place,
) -> Result<Option<Written>, Error> {
    let text = serde_json::to_string(&lease).map_err(|error| session.explain(error))?;
    let bytes = text.len() + body.len();
    let (subject, headers) =
        (session.names.subject(slot), message::headers(&text, after, restates));
    let sent =
        async { session.context.publish_with_headers(subject, headers, body.into()).await?.await };
    match sent.await {
        Ok(answer) => {
            let sequence = answer.sequence;
            let head = Head { sequence, lease };
            session.own = Some(Own { slot, head, since: Instant::now() });
            Ok(Some(Written { sequence, bytes }))
        }
        Err(error) if is_outrun(&error) => Ok(None),
        Err(error) => Err(session.explain(error)),
    }
}

/// Whether the slot has, or is about to have, another last message than was expected.
fn is_outrun(error: &PublishError) -> bool {
    let outrun = [
        ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT,
        ErrorCode::STREAM_EXPECTED_LAST_SEQ_PER_SUBJECT_NOT_READY,
    ];
    error.kind() == PublishErrorKind::WrongLastSequence
        || errors::code(error).is_some_and(|code| outrun.contains(&code))
}

/// Waits for a random time, the longer the more attempts there were, so that one of several
/// processes is alone.
pub(super) async fn pause(attempt: u32) {
    let most = 4 << attempt.min(7);
    // Without randomness, it waits for the longest time.
    let random = getrandom::u32().map_or(most, |random| random % most);
    sleep(Duration::from_millis(random.into())).await;
}

fn contended(session: &Session) -> Error {
    let text = format!(
        "{}: other processes changed the slot {TRIES} times meanwhile: try again later",
        session.store
    );
    Error::new(ErrorKind::Unavailable, text)
}
