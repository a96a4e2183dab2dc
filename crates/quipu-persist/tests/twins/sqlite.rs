use quipu_persist::{Claim, Sink, Sqlite, Writer};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::twins::LONG;
use crate::{CALLS, namespaces, old_tables, race, twins};

fn file() -> (TempDir, Sqlite) {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::new(folder.path().join("totals.db"));
    (folder, store)
}

#[test]
fn a_file_is_like_its_twin() {
    let (_folder, mut store) = file();
    twins::check(&mut store, CALLS);
}

#[test]
fn processes_share_a_file() {
    let (_folder, store) = file();
    race::check(|| store.clone());
}

#[test]
fn applications_share_a_file() {
    let (folder, store) = file();
    namespaces::refuses_bad_names(|name| store.clone().namespace(name));
    namespaces::check(|name| match name {
        None => store.clone(),
        Some(name) => store.clone().namespace(name).unwrap(),
    });
    let connection = Connection::open(folder.path().join("totals.db")).unwrap();
    let query = "SELECT total FROM shop_quipu_totals JOIN shop_quipu_slots USING (slot)";
    assert_eq!(connection.query_row(query, [], |row| row.get(0)), Ok(2_i64));
}

#[test]
fn a_file_of_version_1_is_taken_over() {
    let (folder, mut store) = file();
    let connection = Connection::open(folder.path().join("totals.db")).unwrap();
    connection.execute_batch(old_tables::MAKE).unwrap();
    old_tables::check(&mut store);
    let left: i64 = connection.query_row(old_tables::LEFT, [], |row| row.get(0)).unwrap();
    assert_eq!(left, old_tables::LEFT_COUNT);
    connection.execute(old_tables::OLD_WRITE, []).unwrap_err();
}

/// The queries that users are told to run.
#[test]
fn queries_of_the_documentation_run() {
    let (folder, mut store) = file();
    store.claim(&Claim::new(Writer::new("web").unwrap(), LONG)).unwrap();
    let connection = Connection::open(folder.path().join("totals.db")).unwrap();
    connection.execute("INSERT INTO quipu_totals VALUES ('likes_total', 0, 3)", []).unwrap();
    let documentation = include_str!("../../src/sqlite.rs");
    let queries = documentation.split("/// ```sql\n").nth(1).unwrap();
    let queries = queries.split("/// ```").next().unwrap().replace("///", "");
    let mut answers = Vec::new();
    for query in queries.split(";\n").filter(|query| !query.trim().is_empty()) {
        let mut statement = connection.prepare(query).unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            answers.push(row.get::<_, rusqlite::types::Value>(0).unwrap());
        }
    }
    assert_eq!(answers, [3.into(), "web".to_owned().into(), 0.into()]);
}
