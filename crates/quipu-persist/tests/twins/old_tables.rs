//! Tables of version 1, of which the first write makes those of this version.

use std::collections::BTreeMap;

use quipu_persist::{Claim, Error, ErrorKind, Store, Writer};

use crate::twins::LONG;

/// The tables, and three writers' rows: two of a counter whose sum wraps.
pub(crate) const MAKE: &str = "
CREATE TABLE quipu_schema (version BIGINT NOT NULL);
CREATE TABLE quipu_writers (writer TEXT PRIMARY KEY, seen_at BIGINT NOT NULL, state TEXT NOT NULL);
CREATE TABLE quipu_totals (
    counter TEXT NOT NULL, writer TEXT NOT NULL, version BIGINT NOT NULL, total BIGINT NOT NULL,
    PRIMARY KEY (counter, writer)
);
CREATE TABLE quipu_folded (
    writer TEXT NOT NULL, counter TEXT NOT NULL, total BIGINT NOT NULL,
    PRIMARY KEY (writer, counter)
);
INSERT INTO quipu_schema (version) VALUES (1);
INSERT INTO quipu_writers VALUES ('web/1', 1700000000, 'open'), ('web/2', 1700000000, 'folded');
INSERT INTO quipu_totals VALUES
    ('likes', 'web/1', 1, 3), ('likes', 'retired/0', 9, 4), ('ends', 'web/1', 2, -1),
    ('wraps', 'web/1', 1, 9223372036854775807), ('wraps', 'web/3', 1, 2);
INSERT INTO quipu_folded VALUES ('web/2', 'likes', 4);
";

/// The rows that are left of them, of each table another digit.
pub(crate) const LEFT: &str = "SELECT (SELECT count(*) FROM quipu_v1_totals)
    + (SELECT count(*) FROM quipu_v1_writers) * 10 + (SELECT count(*) FROM quipu_v1_folded) * 100
    + (SELECT max(version) FROM quipu_v1_schema) * 1000";

pub(crate) const LEFT_COUNT: i64 = 5 + 2 * 10 + 100 + 1000;

/// A version 1 statement, which finds its table no more.
pub(crate) const OLD_WRITE: &str = "INSERT INTO quipu_writers VALUES ('web/4', 1700000000, 'open')";

pub(crate) fn check(store: &mut dyn Store) {
    assert_is_old(store.total("likes").unwrap_err());
    assert_is_old(store.slots().unwrap_err());
    let claim = Claim::new(Writer::new("web").unwrap(), LONG);
    let claimed = store.claim(&claim).unwrap();
    assert_eq!((claimed.slot, claimed.epoch), (0, 2));
    let expected: BTreeMap<String, i64> = [("likes", 7), ("ends", -1), ("wraps", i64::MIN + 1)]
        .map(|(name, n)| (name.into(), n))
        .into();
    assert_eq!(claimed.base, expected);
    assert_eq!(store.totals().unwrap(), expected);
    let lease = store.lease(0).unwrap().unwrap();
    assert_eq!(lease.owner, claim.owner);
    assert_eq!(lease.past[0].0.to_string(), format!("migrated/{:032}", 0));
}

fn assert_is_old(error: Error) {
    assert_eq!(error.kind(), ErrorKind::Schema, "{error}");
    assert!(error.to_string().contains("have version 1 in quipu_schema"), "{error}");
    assert!(error.to_string().contains("start a worker of this version"), "{error}");
}
