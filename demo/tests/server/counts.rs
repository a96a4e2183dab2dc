use std::io::Read;

use serde_json::{Value, json};

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
    let metrics = example.metrics();
    let sent: u64 = (0..200).filter(|number| number % 8 == 2).sum();
    assert_eq!(metrics.value("http_request_bytes_total", None), (8 * sent) as f64);
    assert_eq!(metrics.value("http_request_duration_seconds_count", None), (8 * 200) as f64);
    let again = client::load(example.url(), 2, |sent| sent < 50);
    assert_eq!(example.tally(), got + again);
}

#[test]
fn metrics_are_there_before_the_first_request_and_do_not_count_themselves() {
    let example = Example::start();
    for path in ["/", "/page.css", "/page.js", "/metrics", "/metrics.json"] {
        assert!(!example.get(path).is_empty(), "{path}");
    }
    assert_eq!(example.tally(), Tally::default());
    assert_eq!(example.in_flight(), 0.0);
    assert_eq!(example.metrics().value("http_request_duration_seconds_count", None), 0.0);
    let json = example.json();
    assert_eq!(json["samples"].as_array().unwrap().len(), 19);
    assert!(quantiles(&json, "/hello")["0.5"].is_null(), "{json}");
}

/// Of the durations of a route's requests.
fn quantiles<'a>(json: &'a Value, route: &str) -> &'a Value {
    let labels = json!([{ "name": "route", "value": route }]);
    let mut entries = json["quantiles"].as_array().unwrap().iter();
    let entry = entries.find(|entry| entry["labels"] == labels).unwrap();
    assert_eq!(entry["name"], "http_request_duration_seconds");
    &entry["values"]
}

#[test]
fn responses_are_counted_by_method_status_and_route() {
    let example = Example::start();
    client::load(example.url(), 2, |sent| sent < 80);
    example.wait_for_in_flight(0.0);
    let expected = [
        ["GET", "200", "/bytes"],
        ["GET", "200", "/hello"],
        ["GET", "400", "/bytes"],
        ["GET", "404", "other"],
        ["GET", "500", "/fail"],
        ["HEAD", "200", "/bytes"],
        ["POST", "200", "/echo"],
        ["PUT", "405", "/hello"],
    ];
    let labels = ["method", "status", "route"];
    let metrics = example.metrics();
    let responses = metrics.series("http_responses_total", labels);
    assert_eq!(responses, expected.map(|texts| (texts.map(String::from), 20.0)).into());
    let durations = metrics.series("http_request_duration_seconds_count", ["route"]);
    let expected =
        [("/bytes", 60.0), ("/echo", 20.0), ("/fail", 20.0), ("/hello", 40.0), ("other", 20.0)];
    assert_eq!(durations, expected.map(|(route, count)| ([route.to_owned()], count)).into());

    let json = example.json();
    let samples = json["samples"].as_array().unwrap();
    let bytes = samples
        .iter()
        .find(|it| it["name"] == "http_responses_total" && it["value"] == 20)
        .unwrap();
    let label = |name, value| json!({ "name": name, "value": value });
    assert_eq!(
        bytes["labels"],
        json!([label("method", "GET"), label("status", "200"), label("route", "/hello")])
    );
}

#[test]
fn tenants_of_any_number_are_counted_in_a_bounded_number_of_series() {
    let example = Example::start();
    let agent = client::agent();
    let send = |tenant: &str| {
        let request = agent.get(format!("{}/hello", example.url())).header("x-tenant", tenant);
        assert_eq!(request.call().unwrap().status(), 200);
    };
    (0..120).for_each(|number| send(&format!("tenant {number}")));
    ["tenant 7", "a \"quoted\" \\ one", &"long".repeat(100)].into_iter().for_each(send);
    let tenants = example.metrics().series("http_tenant_requests_total", ["tenant"]);
    assert_eq!(tenants.len(), 101);
    let of = |tenant: &str| tenants[&[tenant.to_owned()]];
    assert_eq!((of("tenant 0"), of("tenant 7"), of("overflow")), (1.0, 2.0, 22.0));
    assert_eq!(example.metrics().value("http_requests_total", None), 123.0);
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
    assert!(example.metrics().value("http_request_duration_seconds_sum", None) > 0.0);
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
fn percentiles_are_at_least_what_the_handler_slept() {
    let example = Example::start();
    for _ in 0..9 {
        example.get("/hello");
    }
    assert_eq!(example.get("/sleep/200"), "Good morning.\n");
    example.wait_for_in_flight(0.0);
    assert!(example.metrics().value("http_request_duration_seconds_sum", None) >= 0.2);
    let json = example.json();
    let quantile = |route: &str, q: &str| quantiles(&json, route)[q].as_f64().unwrap();
    assert!(quantile("/hello", "0.99") < 0.2, "{json}");
    // The bucket of 0.2 seconds begins an eighth below it, at most.
    assert!((0.175..10.0).contains(&quantile("/sleep", "0.5")), "{json}");
    let samples = json["samples"].as_array().unwrap().iter();
    let durations = samples.filter(|it| it["kind"] == "histogram");
    let counts = durations.flat_map(|it| it["histogram"]["counts"].as_array().unwrap());
    assert_eq!(counts.map(|count| count.as_u64().unwrap()).sum::<u64>(), 10);
}

#[test]
fn the_longest_queue_stays() {
    let example = Example::start();
    let longest = || example.metrics().value("job_queue_length_max", None);
    assert_eq!(longest(), 0.0);
    assert_eq!(example.get("/job/0"), "Done.\n");
    // One is being done, and the others wait.
    let begun = [60_000, 0, 0].map(|time| {
        let job = example.begin(&format!("/job/{time}"));
        std::thread::sleep(std::time::Duration::from_millis(100));
        job
    });
    quipu_testing::process::wait_for("queue of two", || (longest() == 2.0).then_some(()));
    drop(begun);
    example.wait_for_in_flight(0.0);
    assert_eq!(longest(), 2.0);
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
