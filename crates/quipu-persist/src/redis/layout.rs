//! The keys, which users may read too, and the texts in them.

use std::collections::{BTreeMap, BTreeSet};

use redis::{FromRedisValue, Value, from_redis_value};

use crate::{BatchId, Entry, Error, ErrorKind, Lease, Writer};

/// The layout of the keys, which the key of the layout has.
pub(super) const LAYOUT: &str = "2";
/// The fields of a slot that are its lease. The others are totals.
pub(super) const LEASE: [&str; 6] = ["owner", "epoch", "last", "since", "until", "past"];
/// The field `until` of an owner that has closed.
const CLOSED: &str = "closed";
/// The field of a total begins with this, so that no counter is taken for a part of the lease.
const TOTAL: &str = "total:";

/// The way out for keys that aren't as in this file.
pub(super) const OTHER_KEYS: &str = "expected keys as this version makes them; use another \
    database, or rename those that are there";

/// The keys of a name space.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    /// Its part in braces keeps all keys on one node of a cluster, where a transaction can use them
    /// together.
    prefix: String,
}

/// The field of a counter's total.
pub(super) fn field(counter: &str) -> String {
    format!("{TOTAL}{counter}")
}

/// The fields and texts of totals.
pub(super) fn rows(entries: &[Entry]) -> Vec<(String, String)> {
    entries.iter().map(|entry| (field(&entry.counter), entry.total.to_string())).collect()
}

/// The fields and texts of a lease in which it differs from the one before.
pub(super) fn changes(before: Option<&Lease>, after: &Lease) -> Vec<(String, String)> {
    let before = before.map(texts);
    let is_same = |at: usize, text: &str| before.as_ref().is_some_and(|before| before[at] == text);
    let fields = LEASE.into_iter().zip(texts(after)).enumerate();
    let changed = fields.filter(|(at, (_, text))| !is_same(*at, text));
    changed.map(|(_, (field, text))| (field.to_owned(), text)).collect()
}

/// The text of each field of [`LEASE`].
fn texts(lease: &Lease) -> [String; 6] {
    let past: Vec<_> =
        lease.past.iter().map(|(owner, last)| format!("{owner} {}", batch(*last))).collect();
    [
        lease.owner.to_string(),
        lease.epoch.to_string(),
        batch(lease.last),
        lease.since.to_string(),
        lease.until.map_or(CLOSED.to_owned(), |until| until.to_string()),
        past.join(","),
    ]
}

fn batch(id: BatchId) -> String {
    format!("{} {}", id.number, id.entries)
}

/// The seconds of the server's clock.
pub(super) fn seconds(time: Value) -> Result<i64, Error> {
    let (seconds, _): (i64, i64) = text("the answer to TIME", time)?;
    Ok(seconds)
}

/// The fields of a slot.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) lease: Option<Lease>,
    pub(super) totals: Vec<(String, i64)>,
}

impl Keys {
    /// Those without a name space.
    pub(super) fn common() -> Self {
        Self { prefix: "{quipu}:".to_owned() }
    }

    pub(super) fn of(namespace: &str) -> Self {
        Self { prefix: format!("{{quipu:{namespace}}}:") }
    }

    /// The key of the layout.
    pub(super) fn schema(&self) -> String {
        format!("{}schema", self.prefix)
    }

    /// The set of the slots' numbers.
    pub(super) fn slots(&self) -> String {
        format!("{}slots", self.prefix)
    }

    /// The hash of a slot.
    pub(super) fn slot(&self, slot: u32) -> String {
        format!("{}slot:{slot}", self.prefix)
    }

    /// Whether no process has written yet. An error if the keys are of another layout.
    pub(super) fn is_new(&self, schema: Value) -> Result<bool, Error> {
        let key = self.schema();
        match text::<Option<String>>(&key, schema)?.as_deref() {
            None => Ok(true),
            Some(LAYOUT) => Ok(false),
            Some("1") => Err(unfit(&format!(
                "{key} is 1, the layout of a version before slots, with {{quipu}}:writers and \
                 {{quipu}}:totals:*"
            ))),
            Some(other) => Err(unfit(&format!("{key} is {other}, this version makes {LAYOUT}"))),
        }
    }

    /// The numbers in the set of the slots.
    pub(super) fn parse_slots(&self, members: Value) -> Result<BTreeSet<u32>, Error> {
        let key = self.slots();
        let members: Vec<String> = text(&key, members)?;
        let number =
            |text: &String| text.parse().map_err(|_| misfit(text, &key, "a slot's number"));
        members.iter().map(number).collect()
    }

    /// The lease in the answer to a request for the fields [`LEASE`] of a slot; `None` of a slot that
    /// isn't there.
    pub(super) fn parse_lease(&self, slot: u32, answer: Value) -> Result<Option<Lease>, Error> {
        let key = self.slot(slot);
        let texts: Vec<Option<String>> = text(&key, answer)?;
        let texts = LEASE.into_iter().zip(texts);
        let found = texts.filter_map(|(field, text)| Some((field, text?))).collect();
        lease(&key, &found)
    }

    /// The lease, and the totals of counters whose names begin with `prefix`, in the answer to a
    /// request for all of a slot.
    pub(super) fn parse_slot(&self, slot: u32, answer: Value, prefix: &str) -> Result<Slot, Error> {
        let key = self.slot(slot);
        let fields: Vec<(String, String)> = text(&key, answer)?;
        let (mut found, mut totals) = (BTreeMap::new(), Vec::new());
        for (field, text) in fields {
            if let Some(counter) = field.strip_prefix(TOTAL) {
                if counter.starts_with(prefix) {
                    totals.push((counter.to_owned(), total(&key, counter, &text)?));
                }
            } else if let Some(field) = LEASE.into_iter().find(|name| *name == field) {
                found.insert(field, text);
            }
        }
        let lease = lease(&key, &found)?;
        if lease.is_none() && !totals.is_empty() {
            return Err(unfit(&format!("{key} has totals and no owner")));
        }
        Ok(Slot { lease, totals })
    }

    /// Whether the slot is there, and the total of the counter, in the answer to a request for the
    /// field `owner` and that of the counter.
    pub(super) fn parse_row(
        &self,
        slot: u32,
        counter: &str,
        answer: Value,
    ) -> Result<(bool, Option<i64>), Error> {
        let key = self.slot(slot);
        let (owner, found): (Option<String>, Option<String>) = text(&key, answer)?;
        let found = found.map(|text| total(&key, counter, &text)).transpose()?;
        Ok((owner.is_some(), found))
    }
}

fn total(key: &str, counter: &str, text: &str) -> Result<i64, Error> {
    text.parse().map_err(|_| misfit(text, &format!("{} of {key}", field(counter)), "a total"))
}

/// The lease in the fields of a slot.
fn lease(key: &str, found: &BTreeMap<&str, String>) -> Result<Option<Lease>, Error> {
    if found.is_empty() {
        return Ok(None);
    }
    let field = |name| Field { key, name, text: found.get(name).map(String::as_str) };
    let until = field("until");
    Ok(Some(Lease {
        owner: field("owner").parse("an owner", |text| text.parse().ok())?,
        epoch: field("epoch").parse("a number of claims", |text| text.parse().ok())?,
        last: field("last").parse("a batch", parse_batch)?,
        since: field("since").parse("seconds", |text| text.parse().ok())?,
        until: match until.text {
            Some(CLOSED) => None,
            _ => Some(until.parse("seconds or closed", |text| text.parse().ok())?),
        },
        past: field("past").parse("earlier owners", parse_past)?,
    }))
}

/// A field of a lease.
struct Field<'a> {
    /// The key of the slot.
    key: &'a str,
    name: &'a str,
    text: Option<&'a str>,
}

impl Field<'_> {
    fn parse<T>(&self, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Error> {
        let place = || format!("{} of {}", self.name, self.key);
        let text = self.text.ok_or_else(|| unfit(&format!("{} is missing", place())))?;
        parse(text).ok_or_else(|| misfit(text, &place(), expected))
    }
}

fn parse_batch(text: &str) -> Option<BatchId> {
    let (number, entries) = text.split_once(' ')?;
    Some(BatchId { number: number.parse().ok()?, entries: entries.parse().ok()? })
}

fn parse_past(text: &str) -> Option<Vec<(Writer, BatchId)>> {
    let owners = text.split(',').filter(|_| !text.is_empty());
    let owner = |text: &str| {
        let (owner, last) = text.split_once(' ')?;
        Some((owner.parse().ok()?, parse_batch(last)?))
    };
    owners.map(owner).collect()
}

/// The answer of the server as a value of this type.
fn text<T: FromRedisValue>(place: &str, answer: Value) -> Result<T, Error> {
    from_redis_value(answer).map_err(|error| unfit(place).caused_by(error))
}

fn misfit(text: &str, place: &str, expected: &str) -> Error {
    unfit(&format!("{text:?} in {place} isn't {expected}"))
}

fn unfit(found: &str) -> Error {
    Error::new(ErrorKind::Schema, format!("{found}: {OTHER_KEYS}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Claim;

    fn read(slot: u32, answer: Value, prefix: &str) -> Result<Slot, Error> {
        Keys::common().parse_slot(slot, answer, prefix)
    }

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn hash(fields: Vec<(String, String)>) -> Value {
        let pairs = fields.iter().flat_map(|(field, text)| [bulk(field), bulk(text)]);
        Value::Array(pairs.collect())
    }

    fn some_lease(numbers: &[(u64, u32)], since: i64, until: Option<i64>) -> Lease {
        let claim = Claim::new(Writer::new("a-host:1").unwrap(), std::time::Duration::ZERO);
        let mut lease = Lease::of(None, &claim, 0);
        (lease.since, lease.until) = (since, until);
        for (number, entries) in numbers {
            let last = BatchId { number: *number, entries: *entries };
            lease.past.push((Writer::new("b.host").unwrap(), last));
            (lease.epoch, lease.last) = (*number, last);
        }
        lease
    }

    proptest! {
        #[test]
        fn slots_come_back_as_they_went(
            numbers: Vec<(u64, u32)>, since: i64, until: Option<i64>,
            totals: BTreeMap<String, i64>, prefix: String,
        ) {
            let lease = some_lease(&numbers, since, until);
            let entry = |(counter, total): (&String, &i64)| Entry { counter: counter.clone(), total: *total };
            let mut fields = changes(None, &lease);
            fields.extend(rows(&totals.iter().map(entry).collect::<Vec<_>>()));
            let read = read(3, hash(fields), &prefix).unwrap();
            prop_assert_eq!(read.lease, Some(lease));
            let begins = |(counter, _): &(String, i64)| counter.starts_with(&prefix);
            prop_assert_eq!(read.totals, totals.into_iter().filter(begins).collect::<Vec<_>>());
        }

        #[test]
        fn other_texts_are_refused(at in 0..6usize, other in prop_oneof!["[0-9 /,-]{0,40}", any::<String>()]) {
            let lease = some_lease(&[(7, 1)], 5, Some(6));
            let mut fields = changes(None, &lease);
            other.clone_into(&mut fields[at].1);
            match read(3, hash(fields), "") {
                // A number may have a sign, or zeros in front.
                Ok(found) => {
                    let again = read(3, hash(changes(None, found.lease.as_ref().unwrap())), "");
                    prop_assert_eq!(again.unwrap(), found);
                }
                Err(error) => {
                    prop_assert_eq!(error.kind(), ErrorKind::Schema);
                    let place = format!("{other:?} in {} of {{quipu}}:slot:3 isn't ", LEASE[at]);
                    prop_assert!(error.to_string().starts_with(&place), "{}", error);
                }
            }
        }
    }

    #[test]
    fn only_the_changes_of_a_lease_are_written() {
        let before = some_lease(&[(7, 1)], 5, Some(6));
        let after =
            Lease { last: BatchId { number: 9, entries: 2 }, until: None, ..before.clone() };
        let written = [("last", "9 2"), ("until", "closed")];
        let written = written.map(|(field, text)| (field.to_owned(), text.to_owned()));
        assert_eq!(changes(Some(&before), &after), written);
    }

    #[test]
    fn a_part_of_a_slot_is_no_slot() {
        for field in LEASE {
            let mut fields = changes(None, &some_lease(&[], 5, None));
            fields.retain(|(name, _)| name != field);
            let error = read(3, hash(fields), "").unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("{field} of {{quipu}}:slot:3 is missing")),
                "{error}"
            );
        }
        let row = vec![("total:likes".to_owned(), "3".to_owned())];
        let error = read(3, hash(row), "").unwrap_err().to_string();
        assert!(error.starts_with("{quipu}:slot:3 has totals and no owner"), "{error}");
        assert_eq!(read(3, hash(Vec::new()), "").unwrap(), Slot::default());
    }

    #[test]
    fn other_layouts_are_named() {
        let keys = Keys::of("shop");
        assert!(keys.is_new(Value::Nil).unwrap());
        assert!(!keys.is_new(bulk("2")).unwrap());
        for (schema, expected) in
            [("1", "a version before slots"), ("7", "is 7, this version makes 2")]
        {
            let error = keys.is_new(bulk(schema)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Schema);
            assert!(error.to_string().starts_with("{quipu:shop}:schema is "), "{error}");
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
