//! The Cassandra store without a cluster: its requests to a node, and its errors without one.

mod node;

use quipu_persist::{Batch, Cassandra, Entry, ErrorKind, Outcome, Sink, Stamp, Store, Writer};

/// Its statements, and the values that are bound to them, keep the newest row of each writer.
#[test]
fn a_node_keeps_the_newest() {
    let open = || Cassandra::new([format!("127.0.0.1:{}", node::start())], "totals");
    let (mut sink, a, b) = (open(), Writer::new("a").unwrap(), Writer::new("b").unwrap());
    let mut write = |writer: &Writer, rows: &[(&str, u64, i64)]| {
        let entry = |&(counter, version, total): &(&str, _, _)| Entry {
            counter: counter.to_owned(),
            stamp: Stamp { version, total },
        };
        let batch = Batch {
            writer: writer.clone(),
            entries: rows.iter().map(entry).collect(),
            closes: false,
        };
        assert_eq!(sink.write(&batch).unwrap(), Outcome::Stored);
    };
    write(&a, &[("likes", 1, 10), ("in flight", 1, -2)]);
    write(&b, &[("likes", 5, 7)]);
    write(&a, &[("likes", 3, 30), ("in flight", 3, -5)]);
    write(&a, &[("likes", 2, 40), ("in flight", 2, 9)]);
    write(&a, &[("likes", 3, 30)]);
    let many: Vec<_> = (0..300).map(|n| format!("counter {n} 漢字 '?'")).collect();
    write(&b, &many.iter().map(|name| (name.as_str(), 1 << 40, i64::MIN)).collect::<Vec<_>>());

    let expected =
        [(a, Stamp { version: 3, total: 30 }), (b.clone(), Stamp { version: 5, total: 7 })];
    assert_eq!(sink.by_writer("likes").unwrap(), expected.into());
    assert_eq!((sink.total("likes").unwrap(), sink.total("in flight").unwrap()), (37, -5));
    assert_eq!(
        sink.by_writer(&many[299]).unwrap(),
        [(b, Stamp { version: 1 << 40, total: i64::MIN })].into()
    );
    assert_eq!(sink.total("unknown").unwrap(), 0);
    let counters = sink.counters().unwrap();
    assert!(counters.is_sorted() && counters.len() == 302, "{counters:?}");
}

#[track_caller]
fn assert_error(mut store: Cassandra, kind: ErrorKind, parts: &[&str]) {
    let error = store.total("likes").unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "{part:?} is not in: {error}");
    }
    assert!(!format!("{error} {store:?}").contains("secret"));
}

#[test]
fn a_cluster_needs_a_node() {
    let nodes: [&str; 0] = [];
    assert_error(
        Cassandra::new(nodes, "totals"),
        ErrorKind::Config,
        &["expected one node at least"],
    );
}

#[test]
fn a_node_that_does_not_listen() {
    let store = Cassandra::new(["127.0.0.1:1"], "totals").login("app", "secret");
    assert_error(
        store,
        ErrorKind::Unavailable,
        &["Cassandra at 127.0.0.1:1, keyspace totals: expected a node"],
    );
}

#[test]
fn a_node_that_is_unknown() {
    let store = Cassandra::new(["quipu.invalid"], "totals");
    assert_error(
        store,
        ErrorKind::Unavailable,
        &["Cassandra at quipu.invalid, keyspace totals: expected a node"],
    );
}
