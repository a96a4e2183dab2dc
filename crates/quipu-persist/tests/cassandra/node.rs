//! A node of Cassandra, as far as the store needs one: version 4 of the native protocol, and
//! statements of the forms that the store has, over cells of which the highest timestamp wins.
//! Whatever else it is asked, it refuses.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use regex::Regex;

/// Listens as long as the process lives, and returns its port.
pub(crate) fn start() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let table = Arc::new(Mutex::new(Table::default()));
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let table = Arc::clone(&table);
            thread::spawn(move || serve(connection, &table));
        }
    });
    port
}

/// Answers requests until the connection ends. A frame is the version, flags, the stream, an
/// opcode, and a body.
fn serve(mut connection: TcpStream, table: &Mutex<Table>) -> io::Result<()> {
    loop {
        let mut head = [0; 9];
        connection.read_exact(&mut head)?;
        let mut body = vec![0; u32::from_be_bytes([head[5], head[6], head[7], head[8]]) as usize];
        connection.read_exact(&mut body)?;
        let (opcode, answer) = answer(head[4], &body, &mut table.lock().expect("a table"));
        connection.write_all(&[&[0x84, 0, head[2], head[3], opcode], &*bytes(&answer)].concat())?;
    }
}

/// The opcode and the body of an answer.
fn answer(opcode: u8, mut body: &[u8], table: &mut Table) -> (u8, Vec<u8>) {
    let result =
        match opcode {
            // To OPTIONS there are none; STARTUP and REGISTER are done.
            5 => return (6, vec![0, 0]),
            1 | 11 => return (2, Vec::new()),
            // QUERY and PREPARE begin with a statement, EXECUTE with an id: that is the statement too.
            7 => text(take_len(&mut body, 4))
                .and_then(|statement| table.run(&statement, &values(body))),
            9 => text(take_len(&mut body, 4)).and_then(|statement| table.prepare(&statement)),
            10 => text(take_len(&mut body, 2))
                .and_then(|statement| table.run(&statement, &values(body))),
            _ => Err(format!("opcode {opcode}")),
        };
    match result {
        Ok(result) => (8, result),
        // "Invalid", a code of which drivers make nothing.
        Err(error) => (0, [&0x2200_u32.to_be_bytes(), &*string(&error)].concat()),
    }
}

fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string())
}

fn take<'a>(body: &mut &'a [u8], len: usize) -> &'a [u8] {
    let (taken, rest) = body.split_at(len);
    *body = rest;
    taken
}

/// The bytes that follow a length field of this size.
fn take_len<'a>(body: &mut &'a [u8], len: usize) -> &'a [u8] {
    let len = take(body, len).iter().fold(0, |len, byte| len << 8 | usize::from(*byte));
    take(body, len)
}

/// The values that are bound, after the consistency and the flags.
fn values(mut body: &[u8]) -> Vec<Vec<u8>> {
    let has_values = take(&mut body, 3)[2] & 1 == 1;
    let count = if has_values { take(&mut body, 2) } else { &[0, 0] };
    (0..u16::from_be_bytes([count[0], count[1]])).map(|_| take_len(&mut body, 4).to_vec()).collect()
}

fn int(number: usize) -> [u8; 4] {
    (number as u32).to_be_bytes()
}

fn bytes(value: &[u8]) -> Vec<u8> {
    [&int(value.len()), value].concat()
}

fn string(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes(), text.as_bytes()].concat()
}

/// A column in the metadata of rows: its name and its type.
fn column(name: &str) -> Vec<u8> {
    let of_type: &[u8] = match name {
        "version" | "total" | "[timestamp]" => &[0, 2],
        "durable_writes" => &[0, 4],
        "position" => &[0, 9],
        "host_id" | "schema_version" => &[0, 12],
        "rpc_address" => &[0, 16],
        "field_names" | "field_types" => &[0, 32, 0, 13],
        "replication" => &[0, 33, 0, 13, 0, 13],
        "tokens" => &[0, 34, 0, 13],
        _ => &[0, 13],
    };
    [string(name), of_type.to_vec()].concat()
}

/// The metadata of columns, all of one table.
fn metadata(columns: &[String], key: &[u16]) -> Vec<u8> {
    let key = key.iter().flat_map(|at| at.to_be_bytes());
    let columns: Vec<_> = columns.iter().flat_map(|name| column(name)).collect();
    [key.collect(), string("totals"), string("quipu_totals"), columns].concat()
}

fn rows(columns: &[String], rows: &[Vec<Vec<u8>>]) -> Vec<u8> {
    let cells: Vec<_> = rows.iter().flatten().flat_map(|cell| bytes(cell)).collect();
    [&int(2)[..], &int(1), &int(columns.len()), &metadata(columns, &[]), &int(rows.len()), &cells]
        .concat()
}

/// The node's own row in `system.local`.
fn local(column: &str) -> Vec<u8> {
    match column {
        "host_id" | "schema_version" => vec![7; 16],
        "rpc_address" => vec![127, 0, 0, 1],
        "tokens" => [&int(1)[..], &bytes(b"0")].concat(),
        _ => b"quipu".to_vec(),
    }
}

/// By column: a timestamp and a value. The greater of two stays, as in Cassandra.
type Cells = BTreeMap<String, (i64, Vec<u8>)>;

/// The one table that can be made, by its primary key.
#[derive(Default)]
struct Table {
    columns: Vec<String>,
    rows: BTreeMap<(Vec<u8>, Vec<u8>), Cells>,
}

/// The groups of a pattern that a whole statement has, and the names in them.
fn groups(pattern: &str, statement: &str) -> Option<Vec<Vec<String>>> {
    let found = Regex::new(&format!("^{pattern}$")).expect("a pattern").captures(statement)?;
    let names = |group: &str| group.split(", ").map(str::to_owned).collect();
    Some(
        found
            .iter()
            .skip(1)
            .map(|group| group.map_or(Vec::new(), |group| names(group.as_str())))
            .collect(),
    )
}

const CREATE: &str = concat!(
    r"CREATE TABLE IF NOT EXISTS quipu_totals ",
    r"\(counter text, writer text, version bigint, total bigint, PRIMARY KEY \(counter, writer\)\)"
);
const INSERT: &str =
    r"INSERT INTO quipu_totals \(([a-z, ]+)\) VALUES \(([?, ]+)\) USING TIMESTAMP \?";
const SELECT: &str =
    r"SELECT (DISTINCT )?([a-z_, ]+) FROM ([a-z_.]+)(?: WHERE ([a-z]+) = \?| WHERE key='local')?";

impl Table {
    /// The columns of the values that a statement waits for.
    fn prepare(&self, statement: &str) -> Result<Vec<u8>, String> {
        let bound = if let Some(groups) = groups(INSERT, statement) {
            [&groups[0][..], &["[timestamp]".to_owned()]].concat()
        } else {
            groups(SELECT, statement).ok_or_else(|| statement.to_owned())?.swap_remove(3)
        };
        // The partition's key is the first, if there is any, by which a driver finds a node.
        let key = &[0][..bound.len().min(1)];
        let head =
            [&int(4)[..], &string(statement), &int(1), &int(bound.len()), &int(key.len())].concat();
        Ok([head, metadata(&bound, key), int(4).to_vec(), int(0).to_vec()].concat())
    }

    fn run(&mut self, statement: &str, values: &[Vec<u8>]) -> Result<Vec<u8>, String> {
        if let Some(groups) = groups(r#"USE "?([a-z]+)"?"#, statement) {
            return Ok([&int(3)[..], &string(&groups[0][0])].concat());
        }
        if groups(CREATE, statement).is_some() {
            self.columns = ["counter", "writer", "version", "total"].map(str::to_owned).into();
            let change = ["CREATED", "TABLE", "totals", "quipu_totals"].map(string).concat();
            return Ok([&int(5)[..], &change].concat());
        }
        if let Some(groups) = groups(INSERT, statement) {
            return self.insert(&groups[0], groups[1].len(), values);
        }
        let [distinct, columns, table, key] = groups(SELECT, statement)
            .and_then(|groups| groups.try_into().ok())
            .ok_or_else(|| statement.to_owned())?;
        match table[0].as_str() {
            "system.local" => {
                Ok(rows(&columns, &[columns.iter().map(|column| local(column)).collect()]))
            }
            "quipu_totals" => {
                self.select(!distinct.is_empty(), &columns, key.first().map(|_| &values[0]))
            }
            table if table.contains(".scylla") => Err(format!("unconfigured table {table}")),
            _ => Ok(rows(&columns, &[])),
        }
    }

    fn insert(
        &mut self,
        columns: &[String],
        marks: usize,
        values: &[Vec<u8>],
    ) -> Result<Vec<u8>, String> {
        if columns != self.columns || marks != columns.len() || values.len() != marks + 1 {
            return Err(format!("{columns:?}, {marks} marks and {} values", values.len()));
        }
        let number = |at: usize| {
            values[at].as_slice().try_into().map(i64::from_be_bytes).map_err(|_| "a bigint")
        };
        let timestamp = number(4)?;
        let cells = self.rows.entry((values[0].clone(), values[1].clone())).or_default();
        for at in [2, 3] {
            number(at)?;
            let new = (timestamp, values[at].clone());
            let cell = cells.entry(columns[at].clone()).or_insert_with(|| new.clone());
            *cell = new.max(cell.clone());
        }
        Ok(int(1).to_vec())
    }

    fn select(
        &self,
        is_distinct: bool,
        columns: &[String],
        key: Option<&Vec<u8>>,
    ) -> Result<Vec<u8>, String> {
        if columns.iter().any(|column| !self.columns.contains(column))
            || (is_distinct && columns != ["counter"])
        {
            return Err(format!("{columns:?}"));
        }
        let row = |((counter, writer), cells): (&(Vec<u8>, Vec<u8>), &Cells)| -> Vec<Vec<u8>> {
            let cell = |column: &String| match column.as_str() {
                "counter" => counter.clone(),
                "writer" => writer.clone(),
                _ => cells[column].1.clone(),
            };
            columns.iter().map(cell).collect()
        };
        let mut found: Vec<_> = self
            .rows
            .iter()
            .filter(|((counter, _), _)| key.is_none_or(|key| key == counter))
            .map(row)
            .collect();
        if is_distinct {
            found.dedup();
        }
        Ok(rows(columns, &found))
    }
}
