//! How the example starts and stops.

use std::net::TcpListener;
use std::process::Output;

use crate::example::server;

fn run_with_address(address: &str) -> Output {
    server().args(["--address", address]).output().unwrap()
}

#[test]
fn bad_address_is_named() {
    for address in ["nonsense", "127.0.0.1", "127.0.0.1:65536", ""] {
        let output = run_with_address(address);
        assert_eq!(output.status.code(), Some(2));
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(
            message.contains(&format!(
                "'{address}' for '--address <ADDRESS>': expected an IP address"
            )),
            "{message}"
        );
    }
}

#[test]
fn address_in_use_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let output = run_with_address(&address);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.starts_with(&format!("error: cannot listen on {address}: ")), "{message}");
}

#[cfg(unix)]
#[test]
fn signal_stops_the_server_once_the_last_request_is_answered() {
    use crate::example::Example;

    for signal in [libc::SIGTERM, libc::SIGINT] {
        let mut example = Example::start();
        let url = format!("{}/sleep/300", example.url());
        let sleeper =
            std::thread::spawn(|| crate::client::agent().get(url).call().unwrap().status());
        example.wait_for_in_flight(1.0);
        // SAFETY: passes numbers only, and the process is a child that was not waited for.
        assert_eq!(unsafe { libc::kill(example.process.id() as i32, signal) }, 0);
        assert_eq!(sleeper.join().unwrap(), 200);
        assert!(example.process.wait().success(), "{}", example.process.log());
    }
}
