//! A TCP proxy that loses answers: it has forwarded a request, and cuts the connection in place of
//! the answer.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

/// One answer in so many is lost.
pub(crate) const ONE_IN: u32 = 20;

/// The traffic that is lost.
#[derive(Clone)]
pub(crate) struct Losses {
    /// Whether any is lost now.
    pub(crate) is_on: Arc<AtomicBool>,
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
                let is_lost = {
                    let losses = losses.clone();
                    move || losses.hit(&passed)
                };
                if losses.both_ways {
                    forward(&client, &server, is_lost.clone());
                } else {
                    forward(&client, &server, || false);
                }
                forward(&server, &client, is_lost);
            }
        }
    });
    Ok(port)
}

impl Losses {
    /// Whether the next answer of a connection is lost, of which so many have passed.
    fn hit(&self, passed: &AtomicU32) -> bool {
        passed.fetch_add(1, Ordering::Relaxed) >= self.after
            && self.is_on.load(Ordering::Relaxed)
            && fastrand::u32(..ONE_IN) == 0
    }
}

/// Forwards what is read at once, which is an answer where a client waits for each.
fn forward(from: &TcpStream, to: &TcpStream, is_lost: impl Fn() -> bool + Send + 'static) {
    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { return };
    thread::spawn(move || {
        let mut buffer = [0; 65536];
        while let Ok(len @ 1..) = from.read(&mut buffer) {
            if is_lost() || to.write_all(&buffer[..len]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
}
