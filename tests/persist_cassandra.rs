//! What can be known of the Cassandra store without a cluster: how it fails when there is none.

use quipu::persist::{Cassandra, ErrorKind, Store};

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
    assert_error(Cassandra::new(nodes, "totals"), ErrorKind::Config, &["expected one node at least"]);
}

#[test]
fn a_node_that_does_not_listen() {
    let store = Cassandra::new(["127.0.0.1:1"], "totals").login("app", "secret");
    assert_error(store, ErrorKind::Unavailable, &["Cassandra at 127.0.0.1:1, keyspace totals: expected a node"]);
}

#[test]
fn a_node_that_is_unknown() {
    let store = Cassandra::new(["quipu.invalid"], "totals");
    assert_error(store, ErrorKind::Unavailable, &["Cassandra at quipu.invalid, keyspace totals: expected a node"]);
}
