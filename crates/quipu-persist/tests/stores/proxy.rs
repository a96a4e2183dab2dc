//! A TCP proxy that cuts connections after a number of the server's answers: the request was done,
//! and the client doesn't know.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

/// Forwards every connection to a port of this host.
pub(crate) struct Proxy {
    port: u16,
    /// Answers that still get through; the next one cuts its connection.
    answers: Arc<AtomicI64>,
}

impl Proxy {
    pub(crate) fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let answers = Arc::new(AtomicI64::new(i64::MAX));
        let left = Arc::clone(&answers);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Without a server, the client's connection is closed at once.
                if let Ok(server) = TcpStream::connect(("127.0.0.1", server)) {
                    forward(&client, &server, Arc::new(AtomicI64::new(i64::MAX)));
                    forward(&server, &client, Arc::clone(&left));
                }
            }
        });
        Self { port, answers }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Lets this number of answers through before it cuts connections.
    pub(crate) fn cut_after(&self, answers: i64) {
        self.answers.store(answers, Ordering::Relaxed);
    }

    pub(crate) fn heal(&self) {
        self.cut_after(i64::MAX);
    }
}

fn forward(from: &TcpStream, to: &TcpStream, left: Arc<AtomicI64>) {
    let (mut from, mut to) =
        (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
    thread::spawn(move || {
        let mut buffer = [0; 65536];
        while let Ok(len @ 1..) = from.read(&mut buffer) {
            if left.fetch_sub(1, Ordering::Relaxed) <= 0 || to.write_all(&buffer[..len]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
}
