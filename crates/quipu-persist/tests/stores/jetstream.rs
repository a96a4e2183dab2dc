//! A client of JetStream beside the store.

use async_nats::ConnectOptions;
use async_nats::jetstream::{self, Context};

use crate::server::Server;

/// Looks at the server's streams.
pub(crate) fn inspect<T>(
    server: &Server,
    options: ConnectOptions,
    look: impl AsyncFnOnce(Context) -> T,
) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = options.connect(format!("127.0.0.1:{}", server.port())).await.unwrap();
        look(jetstream::new(client)).await
    })
}
