//! A client, and a server of one answer.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use ureq::Agent;

/// A client that goes through no proxy, and takes every status for an answer.
pub fn agent() -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).proxy(None);
    config.timeout_global(Some(Duration::from_secs(60))).build().into()
}

/// Answers every request with what `body` returns, until the process ends. Returns the address and
/// port.
pub fn serve(content_type: &'static str, body: impl Fn() -> String + Send + 'static) -> String {
    let listener =
        TcpListener::bind(("127.0.0.1", 0)).expect("cannot listen on the loopback interface");
    let address = listener.local_addr().expect("a listener has an address").to_string();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.expect("a connection");
            // The head ends with an empty line.
            let head = BufReader::new(&connection)
                .lines()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty());
            head.for_each(drop);
            let body = body();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {}",
                body.len()
            );
            // A client that has gone away needs no answer.
            let _ = write!(connection, "{head}\r\nConnection: close\r\n\r\n{body}");
        }
    });
    address
}
