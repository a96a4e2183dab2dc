//! Connections that are forwarded to a server.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

/// A port of this host, each of whose connections `join` gets, with one to the server's port.
pub(crate) fn listen(server: u16, join: impl Fn(&TcpStream, &TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // Without a server, the client's connection is closed at once.
            if let Ok(server) = TcpStream::connect(("127.0.0.1", server)) {
                // Otherwise a request in two packets waits 40 ms for the acknowledgement of the first one.
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                join(&client, &server);
            }
        }
    });
    port
}

/// Forwards what comes, in pieces of this number of bytes at most, until one doesn't pass.
pub(crate) fn forward<const PIECE: usize>(
    from: &TcpStream,
    to: &TcpStream,
    mut passes: impl FnMut(usize) -> bool + Send + 'static,
) {
    let (mut from, mut to) =
        (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
    thread::spawn(move || {
        let mut buffer = [0; PIECE];
        while let Ok(len @ 1..) = from.read(&mut buffer) {
            if !passes(len) || to.write_all(&buffer[..len]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
}
