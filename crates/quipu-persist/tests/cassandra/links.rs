//! The network between nodes: a proxy before each node, at the address by which the others know it.
//! A connection between nodes has messages of one direction, and begins with the sender's address. So
//! each direction can be disturbed by itself, without rights that the tests may not have.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Two numbers and the length of an address, the address, and its port: the first message of a
/// connection.
const GREETING: usize = 4 + 4 + 1 + 4 + 2;

/// Where the sender's address is in it.
const SENDER: std::ops::Range<usize> = 9..13;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Link {
    Open,
    /// Messages wait.
    Held,
    /// Connections end, and new ones are refused.
    Cut,
}

/// The links from each node to each, by their numbers.
type Table = [[Link; 3]; 3];

#[derive(Clone)]
pub(crate) struct Links(Arc<Mutex<State>>);

struct State {
    table: Table,
    connections: Vec<Connection>,
}

struct Connection {
    from: usize,
    to: usize,
    streams: [TcpStream; 2],
}

impl Connection {
    fn end(&self) {
        // Either may have ended already.
        self.streams.iter().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }
}

impl Links {
    /// Proxies that listen at `outer`, and forward to the nodes at `inner`.
    pub(crate) fn new(outer: [Ipv4Addr; 3], inner: [Ipv4Addr; 3], port: u16) -> Self {
        let state = State { table: [[Link::Open; 3]; 3], connections: Vec::new() };
        let links = Self(Arc::new(Mutex::new(state)));
        for to in 0..3 {
            let (links, node) = (links.clone(), inner[to]);
            let listener = TcpListener::bind((outer[to], port)).expect("a port");
            thread::spawn(move || {
                for sender in listener.incoming().flatten() {
                    let links = links.clone();
                    // It ends with the connection.
                    thread::spawn(move || links.connect(sender, to, outer, (node, port)));
                }
            });
        }
        links
    }

    pub(crate) fn set(&self, from: usize, to: usize, link: Link) {
        let mut state = self.0.lock().unwrap();
        state.table[from][to] = link;
        if link == Link::Cut {
            for connection in &state.connections {
                if (connection.from, connection.to) == (from, to) {
                    connection.end();
                }
            }
        }
    }

    pub(crate) fn heal(&self) {
        self.0.lock().unwrap().table = [[Link::Open; 3]; 3];
    }

    fn get(&self, from: usize, to: usize) -> Link {
        self.0.lock().unwrap().table[from][to]
    }

    /// Forwards a connection to a node. `None` where one of them ends it.
    fn connect(
        &self,
        mut sender: TcpStream,
        to: usize,
        outer: [Ipv4Addr; 3],
        node: (Ipv4Addr, u16),
    ) -> Option<()> {
        let mut greeting = [0; GREETING];
        sender.read_exact(&mut greeting).ok()?;
        let from = outer.iter().position(|address| address.octets() == greeting[SENDER])?;
        let mut node = TcpStream::connect(node).ok()?;
        node.write_all(&greeting).ok()?;
        for stream in [&sender, &node] {
            stream.set_nodelay(true).ok()?;
        }
        let streams = [sender.try_clone().ok()?, node.try_clone().ok()?];
        {
            let mut state = self.0.lock().unwrap();
            if state.table[from][to] == Link::Cut {
                return None;
            }
            state.connections.push(Connection { from, to, streams });
        }
        let answers = (self.clone(), node.try_clone().ok()?, sender.try_clone().ok()?);
        thread::spawn(move || answers.0.forward(answers.1, answers.2, (from, to)));
        self.forward(sender, node, (from, to));
        self.0.lock().unwrap().connections.retain(|at| at.streams[0].peer_addr().is_ok());
        Some(())
    }

    /// Until one of both ends it.
    fn forward(&self, mut from: TcpStream, mut to: TcpStream, link: (usize, usize)) {
        let mut buffer = [0; 65536];
        while let Ok(len @ 1..) = from.read(&mut buffer) {
            while self.get(link.0, link.1) == Link::Held {
                thread::sleep(Duration::from_millis(5));
            }
            if to.write_all(&buffer[..len]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }
}
