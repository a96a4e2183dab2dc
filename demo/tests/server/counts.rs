use std::io::Read;

use crate::client;
use crate::example::Example;
use crate::tally::Tally;

#[test]
fn totals_are_what_the_client_got() {
    let example = Example::start();
    let got = client::load(example.url(), 8, |sent| sent < 200);
    assert_eq!(got.requests, 8 * 200);
    assert_eq!(got.statuses, [800, 200, 200, 200, 0, 200, 0]);
    assert_eq!(example.tally(), got);

    example.wait_for_in_flight(0.0);
    let again = client::load(example.url(), 2, |sent| sent < 50);
    assert_eq!(example.tally(), got + again);
}

#[test]
fn metrics_are_there_before_the_first_request_and_do_not_count_themselves() {
    let example = Example::start();
    for path in ["/", "/page.css", "/page.js", "/metrics"] {
        assert!(!example.get(path).is_empty(), "{path}");
    }
    assert_eq!(example.tally(), Tally::default());
    assert_eq!(example.in_flight(), 0.0);
    assert_eq!(example.metrics().value("http_busy_seconds_total", None), 0.0);
}

#[test]
fn client_that_hangs_up_is_in_flight_no_longer() {
    let example = Example::start();
    let waiting = example.begin("/sleep/60000");
    example.wait_for_in_flight(1.0);
    drop(waiting);
    example.wait_for_in_flight(0.0);

    let unanswered = Tally { requests: 1, ..Tally::default() };
    assert_eq!(example.tally(), unanswered);
    assert!(example.metrics().value("http_busy_seconds_total", None) > 0.0);
}

#[test]
fn client_that_hangs_up_in_the_midst_of_a_body_is_in_flight_no_longer() {
    let example = Example::start();
    let mut reading = example.begin("/bytes/1073741824");
    reading.read_exact(&mut [0; 1000]).unwrap();
    assert_eq!(example.in_flight(), 1.0);
    drop(reading);
    example.wait_for_in_flight(0.0);

    let tally = example.tally();
    assert_eq!(tally.statuses, [1, 0, 0, 0, 0, 0, 0]);
    assert!((1000..1 << 30).contains(&tally.bytes), "{} bytes", tally.bytes);
}

#[test]
fn busy_time_is_at_least_what_the_handler_slept() {
    let example = Example::start();
    assert_eq!(example.get("/sleep/50"), "Good morning.\n");
    example.wait_for_in_flight(0.0);
    assert!(example.metrics().value("http_busy_seconds_total", None) >= 0.05);
}

#[test]
fn bad_number_is_named() {
    let example = Example::start();
    for number in ["1073741825", "-1", "many", "99999999999999999999"] {
        let url = format!("{}/bytes/{number}", example.url());
        let mut response = client::agent().get(url).call().unwrap();
        assert_eq!(response.status(), 400);
        let message = response.body_mut().read_to_string().unwrap();
        assert_eq!(message, format!("\"{number}\": expected a number from 0 to 1073741824\n"));
    }
}
