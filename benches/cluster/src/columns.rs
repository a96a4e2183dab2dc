//! Cassandra's own counter columns.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use scylla::client::session::Session;
use scylla::statement::prepared::PreparedStatement;
use scylla::value::Counter;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::clients::{Clients, Counted};
use crate::{cassandra, runtime};

/// The time between a call that failed and the next, as that of the clients in Java.
const PAUSE: Duration = Duration::from_millis(10);

/// How long a call is repeated, as one of theirs.
const GIVE_UP: Duration = Duration::from_secs(120);

pub(crate) struct Columns {
    tasks: Vec<JoinHandle<Result<Counted, String>>>,
    is_over: Arc<AtomicBool>,
    writer: Arc<Session>,
    reader: Session,
    add: PreparedStatement,
    runtime: Runtime,
}

impl Columns {
    /// Counts by one node, which may be a proxy, and reads by another.
    pub(crate) fn new(writer: &str, reader: &str) -> Result<Self, String> {
        let runtime = runtime()?;
        let (writer, reader, add) = runtime.block_on(async {
            let reader = cassandra::session(reader).await?;
            let table =
                "CREATE TABLE IF NOT EXISTS bench.counts (name text PRIMARY KEY, n counter)";
            cassandra::run(&reader, table).await?;
            let writer = cassandra::session(writer).await?;
            let add =
                writer.prepare("UPDATE bench.counts SET n = n + 1 WHERE name = 'likes'").await;
            Ok::<_, String>((Arc::new(writer), reader, add.map_err(|error| error.to_string())?))
        })?;
        let is_over = Arc::default();
        Ok(Self { tasks: Vec::new(), is_over, writer, reader, add, runtime })
    }
}

async fn count(
    session: &Session,
    add: &PreparedStatement,
    is_over: &AtomicBool,
) -> Result<Counted, String> {
    let mut counted = Counted::default();
    while !is_over.load(Ordering::Relaxed) {
        let start = Instant::now();
        while let Err(error) = session.execute_unpaged(add, &[]).await {
            if start.elapsed() > GIVE_UP {
                return Err(format!("counter columns: {error}"));
            }
            counted.failed += 1;
            tokio::time::sleep(PAUSE).await;
        }
        counted.events += 1;
    }
    Ok(counted)
}

impl Clients for Columns {
    fn start(&mut self, clients: usize) -> Result<(), String> {
        self.is_over.store(false, Ordering::Relaxed);
        for _ in 0..clients {
            let (session, add) = (Arc::clone(&self.writer), self.add.clone());
            let is_over = Arc::clone(&self.is_over);
            let task = async move { count(&session, &add, &is_over).await };
            self.tasks.push(self.runtime.spawn(task));
        }
        Ok(())
    }

    fn stop(&mut self) -> Result<Counted, String> {
        self.is_over.store(true, Ordering::Relaxed);
        let mut counted = Counted::default();
        for task in self.tasks.drain(..) {
            let of_task = self.runtime.block_on(task).map_err(|error| error.to_string())??;
            counted.events += of_task.events;
            counted.failed += of_task.failed;
        }
        Ok(counted)
    }

    fn stored(&mut self) -> Result<i64, String> {
        let read =
            self.reader.query_unpaged("SELECT n FROM bench.counts WHERE name = 'likes'", &[]);
        let result = self.runtime.block_on(read).map_err(|error| error.to_string())?;
        let rows = result.into_rows_result().map_err(|error| error.to_string())?;
        let row = rows.maybe_first_row::<(Counter,)>().map_err(|error| error.to_string())?;
        Ok(row.map_or(0, |(Counter(n),)| n))
    }
}
