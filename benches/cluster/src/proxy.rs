//! A TCP proxy that loses answers: it has forwarded a request, and cuts the connection in place of
//! the answer.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// One answer in so many is lost.
pub(crate) const ONE_IN: u32 = 20;

/// The traffic that is lost.
#[derive(Clone, Copy)]
pub(crate) struct Losses {
    /// Answers of each connection that get through: those with which it begins.
    pub(crate) after: u32,
    /// Whether requests are lost, too: members of a group answer over any connection.
    pub(crate) both_ways: bool,
}

/// Forwards every connection to a port of this host. Returns the proxy's port, which stays open
/// until the process ends.
pub(crate) fn to(server: u16, losses: Losses) -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| format!("a proxy: {error}"))?;
    let port = listener.local_addr().map_err(|error| format!("a proxy: {error}"))?.port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // Without a server, the client's connection is closed at once.
            if let Ok(server) = TcpStream::connect(("127.0.0.1", server)) {
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let passed = Arc::new(AtomicU32::new(0));
                let requests = losses.both_ways.then(|| Arc::clone(&passed));
                forward(&client, &server, requests, losses.after);
                forward(&server, &client, Some(passed), losses.after);
            }
        }
    });
    Ok(port)
}

/// Forwards what is read at once, which is an answer where a client waits for each. With a number
/// of those that have passed, it loses some.
fn forward(from: &TcpStream, to: &TcpStream, passed: Option<Arc<AtomicU32>>, after: u32) {
    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { return };
    thread::spawn(move || {
        let is_lost = || {
            passed.as_ref().is_some_and(|passed| {
                passed.fetch_add(1, Ordering::Relaxed) >= after && fastrand::u32(..ONE_IN) == 0
            })
        };
        let mut buffer = [0; 65536];
        while let Ok(len @ 1..) = from.read(&mut buffer) {
            if is_lost() || to.write_all(&buffer[..len]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
}
