//! A node whose operator has set narrow limits.

use quipu_persist::{ErrorKind, Outcome, Sink, Store};

use crate::cluster::Node;
use crate::owner::{self, Owner};
use crate::server::Server;
use crate::{assert_error, claim};

const LIMITS: &str = "max_mutation_size: 64KiB
tables_fail_threshold: 1
";

/// A batch that is too large is neither stored nor refused: the node decides for it, can't write it, and
/// doesn't say so. The slot is stuck, and the others aren't.
#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_one_has_narrow_limits() {
    let node = Node::start(LIMITS, Server::answers);
    for keyspace in ["narrow", "second"] {
        node.keyspace(keyspace);
    }
    let mut store = node.store("narrow");
    let mut web = Owner::claim(&mut store, "web").unwrap();
    let error = node.store("second").claim(&claim()).unwrap_err();
    assert_error(
        &error,
        ErrorKind::Denied,
        &["expected guardrails that allow this request", "tables"],
    );

    let names: Vec<_> = (0..1000).map(|n| format!("{n:0100}")).collect();
    let rows: Vec<_> = names.iter().map(|name| (&**name, 1)).collect();
    assert_eq!(store.flush(&web.batch(&rows[..500])).unwrap(), Outcome::Stored);
    for rows in [&rows, &rows[..1]] {
        let error = store.flush(&web.batch(rows)).unwrap_err();
        assert!(error.kind().is_temporary(), "{error}");
        assert_error(&error, error.kind(), &["expected a quorum of its replicas to"]);
    }
    assert_eq!(owner::like(&mut store).unwrap(), Outcome::Stored);
    assert_eq!(store.total("likes").unwrap(), 1);
    assert_eq!(store.totals_with_prefix("0").unwrap().len(), 500);
}
