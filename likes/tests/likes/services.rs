//! Stores that are servers.

// Not all of it is used here.
#[allow(dead_code)]
#[path = "../../../crates/quipu-persist/tests/stores/server.rs"]
mod server;

use quipu_testing::process::wait_for;
use server::Server;

use crate::{counts_and_watches, end, likes};

macro_rules! counts_and_watches {
    ($($(#[$attribute:meta])* $name:ident: $service:ident, $url:literal;)*) => { $(
        $(#[$attribute])*
        #[test]
        fn $name() {
            let server = Server::$service();
            let store = format!($url, server.port());
            // The server may listen before it answers.
            wait_for("answer of the store", || {
                let output = end(likes("watch", &store).arg("--once").spawn().unwrap());
                output.status.success().then_some(())
            });
            counts_and_watches(&store);
        }
    )* };
}

counts_and_watches! {
    #[ignore = "needs postgres: run ci/services"]
    service_postgres_counts_and_watches: postgres, "postgres://quipu:knots@127.0.0.1:{}/postgres";
    #[ignore = "needs redis-server: run ci/services"]
    service_redis_counts_and_watches: redis, "redis://127.0.0.1:{}/";
    #[ignore = "needs nats-server: run ci/services"]
    service_nats_counts_and_watches: nats, "nats://127.0.0.1:{}";
}

#[test]
fn a_store_that_is_not_there_is_said_at_once() {
    for (store, expected) in [
        ("redis://127.0.0.1:1/", "127.0.0.1:1: expected a server"),
        ("postgres://127.0.0.1:1/totals", "127.0.0.1:1: expected a server"),
        ("/missing/likes.db", "/missing/likes.db: expected a folder that exists"),
        ("mysql://127.0.0.1/", "mysql://: expected a file, or a URL of postgres://"),
        ("nats://127.0.0.1:1", "127.0.0.1:1: expected a server"),
        ("file:x.db", "expected a path, not a URI"),
        (":memory:", "expected the path of a file"),
    ] {
        for command in [likes("count", store).spawn(), likes("watch", store).arg("--once").spawn()]
        {
            let output = end(command.unwrap());
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success() && said.contains(expected), "{said}");
        }
    }
}
