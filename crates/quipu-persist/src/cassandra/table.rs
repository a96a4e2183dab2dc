//! The table of this layout, and the statements on it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future;
use scylla::client::session::Session as Driver;
use scylla::deserialize::row::DeserializeRow;
use scylla::errors::ExecutionError;
use scylla::policies::load_balancing::{
    LoadBalancingPolicy, NodeIdentifier, SingleTargetLoadBalancingPolicy,
};
use scylla::statement::prepared::PreparedStatement;
use scylla::statement::{Consistency, Statement};

use super::{Place, explain};
use crate::{Error, ErrorKind};

/// The columns: a name, the kind that Cassandra has for it, and a type.
const COLUMNS: [(&str, &str, &str); 10] = [
    ("slot", "partition_key", "int"),
    ("counter", "clustering", "text"),
    ("total", "regular", "bigint"),
    ("owner", "static", "text"),
    ("epoch", "static", "bigint"),
    ("last_number", "static", "bigint"),
    ("last_entries", "static", "int"),
    ("since", "static", "bigint"),
    // Null of an owner that has closed.
    ("until", "static", "bigint"),
    ("past", "static", "frozen<list<frozen<tuple<text, bigint, int>>>>"),
];

// Without the name of the keyspace, which comes last.
const COLUMNS_OF: &str = "SELECT column_name, kind, type FROM system_schema.columns WHERE table_name = 'quipu_slots' AND keyspace_name";
const KEYSPACE: &str = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name";

/// Rows are written again and again. And a replica that hangs must not hold up a read: by default, nodes
/// wait longer where reads were slow. In a table's first 5 seconds they wait for 2.5 seconds anyway.
const OPTIONS: &str =
    "compaction = {'class': 'LeveledCompactionStrategy'} AND speculative_retry = '200ms'";

/// How long the list of all slots may take before it is read slot by slot.
const LIST: Duration = Duration::from_secs(1);

/// How often a table is looked for that was just made or dropped, and how long between.
pub(super) const TRIES: usize = 20;
pub(super) const PAUSE: Duration = Duration::from_millis(200);

/// The way of a statement to one node.
type Way = Arc<dyn LoadBalancingPolicy>;

/// Whether the keyspace has the table. One with other columns is an error, as is a keyspace that is gone.
///
/// If a node doesn't know the table, all are asked: it may have yet to hear of it, and the slots must not
/// seem lost. The table is absent only if most of the nodes say so.
pub(super) async fn is_there(driver: &Driver, place: &Place) -> Result<bool, Error> {
    match is_known(driver, place, None).await {
        Ok(false) => {}
        Err(error) if error.kind() == ErrorKind::Config => {}
        answer => return answer,
    }
    let answers = ways(driver).into_iter().map(|way| is_known(driver, place, Some(way)));
    let answers = future::join_all(answers).await;
    if answers.iter().any(|answer| matches!(answer, Ok(true))) {
        return Ok(true);
    }
    let absent = answers.iter().filter(|answer| answer.is_ok()).count();
    let nodes = driver.get_cluster_state().get_nodes_info().len();
    if 2 * absent > nodes {
        return Ok(false);
    }
    Err(answers
        .into_iter()
        .find_map(Result::err)
        .unwrap_or_else(|| explain::few(&place.to_string())))
}

/// Whether a node knows the table: any one without a way.
async fn is_known(driver: &Driver, place: &Place, way: Option<Way>) -> Result<bool, Error> {
    let store = place.to_string();
    let columns = of_keyspace::<(String, String, String)>(COLUMNS_OF, driver, place, &way).await?;
    if columns.is_empty() {
        let keyspaces = of_keyspace::<(String,)>(KEYSPACE, driver, place, &way).await?;
        return if keyspaces.is_empty() { Err(explain::no_keyspace(&store)) } else { Ok(false) };
    }
    let columns = columns.into_iter().map(|(name, kind, of_type)| (name, (kind, of_type)));
    let columns: BTreeMap<String, (String, String)> = columns.collect();
    let expected =
        COLUMNS.map(|(name, kind, of_type)| (name.into(), (kind.into(), of_type.into())));
    if columns == BTreeMap::from(expected) {
        return Ok(true);
    }
    let text = format!(
        "{store}: the table quipu_slots has the columns {}: expected those of layout 2, or no such \
         table",
        columns.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    );
    Err(Error::new(ErrorKind::Schema, text))
}

/// Rows of a node's own table that are of the keyspace.
///
/// The statement is not prepared: where twenty processes prepared it at once, nodes told some of them that they
/// didn't know it, also the second time. The name can't end the text: the session accepts no keyspace with a quote.
async fn of_keyspace<R: for<'r> DeserializeRow<'r, 'r>>(
    statement: &str,
    driver: &Driver,
    place: &Place,
    way: &Option<Way>,
) -> Result<Vec<R>, Error> {
    let store = place.to_string();
    // The node's own tables have one replica.
    let mut statement = Statement::new(format!("{statement} = '{}'", place.keyspace));
    statement.set_consistency(Consistency::One);
    statement.set_load_balancing_policy(way.clone());
    let result = driver.query_unpaged(statement, &[]).await;
    let rows = result.map_err(|error| explain::request(&store, driver, error))?;
    let rows = rows.into_rows_result().map_err(|error| explain::unreadable(&store, error))?;
    let rows = rows.rows().map_err(|error| explain::unreadable(&store, error))?;
    rows.collect::<Result<_, _>>().map_err(|error| explain::unreadable(&store, error))
}

/// Makes the table, and waits for a while until the nodes agree about it. Another process may do the same.
pub(super) async fn make(driver: &Driver, place: &Place) -> Result<(), Error> {
    let columns = COLUMNS.map(|(name, kind, of_type)| {
        let is_static = if kind == "static" { " static" } else { "" };
        format!("{name} {of_type}{is_static}")
    });
    let mut create = Statement::new(format!(
        "CREATE TABLE IF NOT EXISTS quipu_slots ({}, PRIMARY KEY (slot, counter)) WITH {OPTIONS}",
        columns.join(", ")
    ));
    let mut error = gone(&place.to_string());
    for attempt in 0..TRIES {
        // The answer to an earlier attempt may be lost.
        if attempt > 0 && matches!(is_there(driver, place).await, Ok(true)) {
            return Ok(());
        }
        create.set_load_balancing_policy(ways(driver).into_iter().cycle().nth(attempt));
        match driver.query_unpaged(create.clone(), &[]).await {
            Ok(_) => {
                let _ = driver.await_schema_agreement().await;
                return Ok(());
            }
            // It is made. A node that is asked again, and hasn't heard of it, would make another one.
            Err(ExecutionError::SchemaAgreementError(_) | ExecutionError::MetadataError(_)) => {
                return Ok(());
            }
            Err(reason) => error = explain::request(&place.to_string(), driver, reason),
        }
        if error.kind() == ErrorKind::Denied {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(error)
}

/// The ways to the nodes, in an order that all processes have. The first one makes the table, as long as
/// it answers: two nodes that are asked at once would make two tables, of which one is dropped soon
/// with all its rows.
fn ways(driver: &Driver) -> Vec<Way> {
    let cluster = driver.get_cluster_state();
    let nodes = cluster.get_nodes_info().iter().filter(|node| node.is_connected());
    let mut nodes: Vec<_> = nodes.map(|node| node.host_id).collect();
    nodes.sort_unstable();
    let way =
        |node| SingleTargetLoadBalancingPolicy::new(NodeIdentifier::HostId(node), None) as Way;
    nodes.into_iter().map(way).collect()
}

/// The error of a table that was dropped meanwhile.
pub(super) fn gone(store: &str) -> Error {
    let text = format!("{store}: expected a table quipu_slots that stays once it is made");
    Error::new(ErrorKind::Schema, text)
}

/// The columns of a slot and its lease.
macro_rules! lease {
    () => {
        "slot, owner, epoch, last_number, last_entries, since, until, past"
    };
}

/// The condition that a lease is still the one that was read.
macro_rules! is_as_before {
    () => {
        "IF owner = ? AND epoch = ? AND last_number = ? AND last_entries = ?"
    };
}

/// Nothing expires by itself, also where the table has a default time to live.
pub(super) struct Statements {
    /// The numbers of all slots.
    pub(super) numbers: PreparedStatement,
    /// The leases of all slots.
    pub(super) leases: PreparedStatement,
    /// The number of one slot, if it is there.
    pub(super) number: PreparedStatement,
    /// The lease of one slot.
    pub(super) lease: PreparedStatement,
    /// The same, after all that was decided before.
    pub(super) serial_lease: PreparedStatement,
    /// The rows of a slot from a counter on.
    pub(super) rows: PreparedStatement,
    pub(super) row: PreparedStatement,
    /// The same, of a slot that was claimed.
    pub(super) base: PreparedStatement,
    /// Gives a slot to another owner.
    pub(super) claim: PreparedStatement,
    /// Takes note of a batch, with the owner and the epoch again. So the lease is there wherever the batch
    /// is, also if what was written before has been deleted.
    pub(super) renew: PreparedStatement,
    /// Writes a row of a batch.
    pub(super) write: PreparedStatement,
}

impl Statements {
    /// Totals are then read at this consistency.
    pub(super) async fn prepare(
        driver: &Driver,
        store: &str,
        totals: Consistency,
    ) -> Result<Self, Error> {
        let prepare = async |statement: &str| {
            let prepared = driver.prepare(statement).await;
            prepared.map_err(|error| explain::preparation(store, error))
        };
        let (mut numbers, mut number, mut leases, lease, mut rows, mut row, claim, renew, write) =
            futures_util::try_join!(
                prepare("SELECT DISTINCT slot FROM quipu_slots"),
                prepare("SELECT DISTINCT slot FROM quipu_slots WHERE slot = ?"),
                prepare(concat!("SELECT DISTINCT ", lease!(), " FROM quipu_slots")),
                prepare(concat!("SELECT DISTINCT ", lease!(), " FROM quipu_slots WHERE slot = ?")),
                prepare("SELECT counter, total FROM quipu_slots WHERE slot = ? AND counter >= ?"),
                prepare("SELECT total FROM quipu_slots WHERE slot = ? AND counter = ?"),
                prepare(concat!(
                    "UPDATE quipu_slots USING TTL 0 SET owner = ?, epoch = ?, last_number = ?, \
                 last_entries = ?, since = ?, until = ?, past = ? WHERE slot = ? ",
                    is_as_before!()
                )),
                prepare(concat!(
                    "UPDATE quipu_slots USING TTL 0 SET owner = ?, epoch = ?, last_number = ?, \
                 last_entries = ?, until = ? WHERE slot = ? ",
                    is_as_before!()
                )),
                prepare(
                    "INSERT INTO quipu_slots (slot, counter, total) VALUES (?, ?, ?) USING TTL 0"
                ),
            )?;
        for list in [&mut numbers, &mut leases] {
            list.set_request_timeout(Some(LIST));
        }
        let base = rows.clone();
        for read in [&mut numbers, &mut number, &mut rows, &mut row] {
            read.set_consistency(totals);
        }
        // A quorum may lack a lease that was decided but not yet written everywhere. A read at
        // this level waits for it.
        let mut serial_lease = lease.clone();
        serial_lease.set_consistency(Consistency::Serial);
        Ok(Self {
            numbers,
            number,
            leases,
            lease,
            serial_lease,
            rows,
            row,
            base,
            claim,
            renew,
            write,
        })
    }
}
