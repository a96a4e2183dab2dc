//! The example's page in a real browser.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::browser::{Browser, Screen};
use crate::client::{self, Background};
use crate::example::Example;
use crate::tally::Tally;

/// The cards as an array of objects.
const CARDS: &str = include_str!("cards.js");

/// The widths of the window, of the document in it, and of the widest element; rounded up.
const WIDTHS: &str = "[innerWidth, document.documentElement.scrollWidth, \
    Math.ceil(Math.max(...[...document.querySelectorAll('*')].map((e) => e.getBoundingClientRect().right)))]";

const DESKTOP: Screen = Screen { width: 1280, height: 900, is_phone: false };

/// The metrics of the example.
const METRICS: usize = 7;

/// The rows of the responses: those that are listed at the start, and those that the load gets.
const RESPONSES: [&str; 10] = [
    "GET, 200, /hello",
    "GET, 200, /bytes",
    "GET, 200, /sleep",
    "GET, 200, /job",
    "GET, 400, /bytes",
    "GET, 404, other",
    "GET, 500, /fail",
    "HEAD, 200, /bytes",
    "POST, 200, /echo",
    "PUT, 405, /hello",
];

/// The contrast of each text with what is behind it.
const CONTRASTS: &str = include_str!("contrasts.js");

#[test]
#[ignore = "needs chromium: run ci/services"]
fn service_page_shows_live_totals_rates_and_plots() {
    let example = Example::start();
    let mut browser = open(&example, DESKTOP, "light");
    wait_for_totals(&mut browser, Tally::default());
    // From here on every unit lies between two points of a plot.
    wait_for_two_points(&mut browser);
    browser.evaluate("window.isTheSamePage = true");

    let load = Background::start(example.url(), 2);
    // One is being done, and two wait.
    let jobs = [60_000; 3].map(|time| example.begin(&format!("/job/{time}")));
    browser.wait_for("rate and plots of five readings", CARDS, |cards| {
        let rate = text(card(&cards, "http_requests_total")?, "rate");
        let is_plotted = |card: &Value| card["points"].as_u64() >= Some(5);
        let queue = total(card(&cards, "job_queue_length_max")?);
        (rate.ends_with("/s")
            && rate != "0/s"
            && queue == 2.0
            && cards.as_array()?.iter().all(is_plotted))
        .then_some(())
    });
    let mut got = load.stop();
    example.wait_for_in_flight(3.0);
    // Those of the jobs, which get no answer.
    got.requests += 3;

    let mut cards = wait_for_totals(&mut browser, got);
    save(&mut browser, "desktop-light");
    let in_flight = cards.remove("http_requests_in_flight").unwrap();
    assert_eq!((total(&in_flight), &in_flight["rises"]), (3.0, &true.into()), "{in_flight}");
    assert_eq!(cards.remove("job_queue_length_max").unwrap()["rises"], true);
    let durations = &cards["http_request_duration_seconds"];
    assert_eq!(total(durations) as u64, got.requests - 3);
    assert_eq!(durations["isDistributed"], true, "{durations}");
    let percentiles = durations["rows"].as_array().unwrap();
    let labels: Vec<&str> = percentiles.iter().map(|row| text(row, "label")).collect();
    assert_eq!(labels[..4], ["50 %", "90 %", "99 %", "99.9 %"]);
    let routes = ["/hello", "/echo", "/bytes", "/sleep", "/job", "/fail", "other"];
    assert_eq!(labels[4..], routes.map(|route| format!("99 %, {route}")));
    for row in percentiles {
        if ["/sleep", "/job"].iter().any(|unused| text(row, "label").ends_with(unused)) {
            assert_eq!(text(row, "total"), "–");
            continue;
        }
        assert!(
            ["ns", "µs", "ms", "s"]
                .iter()
                .any(|unit| text(row, "total").ends_with(&format!(" {unit}"))),
            "{row}"
        );
    }
    for card in cards.values() {
        assert_eq!(card["rises"], true, "{card}");
        // Half of the last digit that the total shows, and what doubles lose.
        let tolerance = 0.0005 + total(card) * 1e-9;
        assert!((card["grown"].as_f64().unwrap() - total(card)).abs() <= tolerance, "{card}");
    }

    let responses = cards["http_responses_total"]["rows"].as_array().unwrap();
    let labels: Vec<&str> = responses.iter().map(|row| text(row, "label")).collect();
    assert_eq!(labels, RESPONSES, "one card has a row for each series, in their order");
    assert_eq!(total(&cards["http_responses_total"]), responses.iter().map(total).sum::<f64>());

    drop(jobs);
    browser.wait_for("card without requests in flight", CARDS, |cards| {
        (total(card(&cards, "http_requests_in_flight")?) == 0.0).then_some(())
    });
    assert_eq!(browser.evaluate("window.isTheSamePage"), true, "the page was loaded again");
    assert_no_errors(&browser);
}

#[test]
#[ignore = "needs chromium: run ci/services"]
fn service_page_fits_a_phone() {
    let example = Example::start();
    let got = client::load(example.url(), 2, |sent| sent < 500);
    for width in [320, 390] {
        let mut browser = open(&example, Screen { width, height: 800, is_phone: true }, "dark");
        wait_for_totals(&mut browser, got);
        wait_for_two_points(&mut browser);
        save(&mut browser, &format!("phone-{width}"));
        for numbers in ["0", "Number.MAX_SAFE_INTEGER"] {
            let show = format!(
                "cards.forEach((card, name) => {{
                    const ids = card.rows.size > 0 ? [...card.rows.keys()] : [name];
                    const key = card.rows.size > 0 ? 'status' : '';
                    card.show(performance.now(), ids.map((id) => ({{ id, key, value: {numbers} }})));
                }});"
            );
            let widths = browser.evaluate(&format!("{show} {WIDTHS}"));
            assert_eq!(widths, json!([width, width, width]), "with totals of {numbers}");
        }
        assert_no_errors(&browser);
    }
}

#[test]
#[ignore = "needs chromium: run ci/services"]
fn service_page_follows_the_colour_scheme_and_is_legible() {
    let example = Example::start();
    let got = client::load(example.url(), 2, |sent| sent < 500);
    let mut lightness = Vec::new();
    for scheme in ["light", "dark"] {
        let mut browser = open(&example, DESKTOP, scheme);
        wait_for_totals(&mut browser, got);
        wait_for_two_points(&mut browser);
        let texts = browser.evaluate(CONTRASTS);
        let texts = texts.as_array().unwrap();
        assert!(texts.len() > 40, "{} texts: {texts:?}", texts.len());
        for text in texts {
            // Source: WCAG 2.2, success criterion 1.4.3.
            assert!(text["contrast"].as_f64().unwrap() >= 4.5, "{text}");
        }
        lightness.push(texts[0]["behind"].as_f64().unwrap());
        save(&mut browser, &format!("contrast-{scheme}"));
        assert_no_errors(&browser);
    }
    assert!(lightness[0] > 0.7 && lightness[1] < 0.05, "{lightness:?}");
}

#[test]
#[ignore = "needs chromium: run ci/services"]
fn service_page_tells_connecting_live_and_lost_apart() {
    // The status's state and text, and the colours of its dot.
    const STATUS: &str = "(() => {
        const status = document.getElementById('status');
        if (status === null) return [];
        const { backgroundColor, borderTopColor } = getComputedStyle(status, '::before');
        return [status.dataset.state, status.innerText, backgroundColor, borderTopColor];
    })()";
    // The page gets no answer before `release()`.
    const HELD: &str = "const real = fetch;
        fetch = (...call) => new Promise((go) => { release = () => { fetch = real; go(real(...call)); }; });";
    let example = Example::start();
    let mut browser = Browser::start();
    browser.emulate(DESKTOP, "dark");
    browser.before_load(HELD);
    browser.open(example.url());
    let wait_for = |browser: &mut Browser, state: &str, text: &str| {
        let what = format!("page that is {state}");
        let status =
            browser.wait_for(&what, STATUS, |status| (status[0] == state).then_some(status));
        assert!(status[1].as_str().unwrap().starts_with(text), "{status}");
        save(browser, &format!("desktop-dark-{state}"));
        (status[2].clone(), status[3].clone())
    };
    let connecting = wait_for(&mut browser, "connecting", "Connecting");
    assert_eq!(connecting.0, "rgba(0, 0, 0, 0)", "the dot of a page without an answer is hollow");
    browser.evaluate("release(); 0");
    let live = wait_for(&mut browser, "live", "Live");
    drop(example);
    let lost = wait_for(&mut browser, "lost", "No answer");
    assert!(
        connecting != live && live != lost && lost != connecting,
        "{connecting:?} {live:?} {lost:?}"
    );
}

#[test]
#[ignore = "needs chromium: run ci/services"]
fn service_page_shows_small_rates() {
    let example = Example::start();
    let mut browser = open(&example, DESKTOP, "light");
    wait_for_totals(&mut browser, Tally::default());
    for (grown, shown) in [
        ("0", "0/s"),
        ("0.0321", "0.0321/s"),
        ("0.0004", "0.0004/s"),
        ("1.5", "1.5/s"),
        ("123456", "123K/s"),
    ] {
        let texts = browser.evaluate(&format!(
            "(() => {{
                const card = new Card({{ name: 'c', key: '', help: '', kind: 'counter' }});
                [0, {grown}].forEach((value, second) => card.show(second * 1000, [{{ key: '', value }}]));
                return ['.rate', '.most'].map((part) => card.part(part).textContent);
            }})()"
        ));
        assert_eq!(texts, json!([shown, format!("at most {shown}")]));
    }
    assert_no_errors(&browser);
}

/// A server that starts again, and texts that the example doesn't have.
#[test]
#[ignore = "needs chromium: run ci/services"]
fn service_page_understands_restarts_and_labels() {
    let example = Example::start();
    let mut browser = open(&example, DESKTOP, "light");
    wait_for_totals(&mut browser, Tally::default());

    let rates = "(() => { const { track } = cards.get('http_requests_total');
        track.last = { at: 0, value: 10 };
        return [track.rate(2000, 30), track.rate(2000, 4)]; })()";
    assert_eq!(browser.evaluate(rates), json!([10, 2]));

    let samples = json!([
        {
            "name": "a_total",
            "help": "Two\nlines, a \\.",
            "kind": "float_counter",
            "labels": [{ "name": "side", "value": "l\"e} \\t\n" }, { "name": "of", "value": "" }],
            "value": 3,
        },
        { "name": "b", "help": "", "kind": "peak", "labels": [], "value": 7 },
    ]);
    assert_eq!(
        browser.evaluate(&format!("seriesOf({samples})")),
        json!([
            {
                "id": "a_total{side=\"l\\\"e} \\\\t\\n\",of=\"\"}",
                "name": "a_total",
                "key": "side, of",
                "label": "l\"e} \\t\n, ",
                "help": "Two\nlines, a \\.",
                "kind": "counter",
                "value": 3,
            },
            {"id": "b", "name": "b", "key": "", "label": "", "help": "", "kind": "gauge", "value": 7},
        ])
    );

    // New observations since the first reading; after a restart, all that the server has.
    let quantiles = "(() => {
        const distribution = new Distribution();
        return [[4, 0, 0], [4, 2, 2], [0, 1, 0]].map((counts, second) => {
            distribution.add(second * 1000, { bounds: [10, 19], counts, decimals: 1 });
            return [0.5, 1].map((q) => distribution.quantile(q) ?? null);
        });
    })()";
    assert_eq!(browser.evaluate(quantiles), json!([[null, null], [1.9, 2], [1.9, 1.9]]));
    let amounts = "[0, 0.5e-9, 2e-6, 0.0015, 90].map((value) => amount(value, 'seconds'))";
    assert_eq!(browser.evaluate(amounts), json!(["0 ns", "0.5 ns", "2 µs", "1.5 ms", "90 s"]));

    // The plot is 20 high, and leaves a twentieth of it free at the top.
    let heights =
        "((levels) => { const card = new Card({ name: 'c', key: '', help: '', kind: 'gauge' });
        levels.forEach((value, second) => card.show(second * 1000, [{ key: '', value }]));
        return [...card.part('.line').points].map(({ y }) => y); })";
    assert_eq!(
        browser.evaluate(&format!("{heights}([-4, Infinity, 4, NaN, -Infinity, 0])")),
        json!([20, 1, 10.5])
    );
    assert_eq!(browser.evaluate(&format!("{heights}([-1, -2])")), json!([10.5, 20]));
    assert_no_errors(&browser);
}

fn open(example: &Example, screen: Screen, scheme: &str) -> Browser {
    let mut browser = Browser::start();
    browser.emulate(screen, scheme);
    browser.open(example.url());
    browser
}

fn wait_for_two_points(browser: &mut Browser) {
    browser.wait_for("two points in the plots", CARDS, |cards| {
        cards[0]["points"].as_u64().filter(|&points| points > 1)
    });
}

/// Waits until the page shows what the client got, and returns the cards by their metrics.
fn wait_for_totals(browser: &mut Browser, got: Tally) -> BTreeMap<String, Value> {
    browser.wait_for(&format!("page that shows {got:?}"), CARDS, |cards| {
        let cards: BTreeMap<_, _> = cards
            .as_array()?
            .iter()
            .map(|card| (text(card, "metric").to_owned(), card.clone()))
            .collect();
        (cards.len() == METRICS && shown(&cards) == got).then_some(cards)
    })
}

fn shown(cards: &BTreeMap<String, Value>) -> Tally {
    Tally::shown(|name, status| {
        let card = cards.get(name).unwrap_or_else(|| panic!("no {name} in {cards:?}"));
        let Some(status) = status else { return total(card) };
        let label = format!(",status=\"{status}\",");
        let rows = card["rows"].as_array().unwrap().iter();
        rows.filter(|row| text(row, "series").contains(&label)).map(total).sum()
    })
}

fn card<'a>(cards: &'a Value, metric: &str) -> Option<&'a Value> {
    cards.as_array()?.iter().find(|card| card["metric"] == metric)
}

fn text<'a>(card: &'a Value, part: &str) -> &'a str {
    card[part].as_str().unwrap_or_else(|| panic!("no {part} in {card}"))
}

fn total(card: &Value) -> f64 {
    text(card, "total").replace(',', "").parse().unwrap_or_else(|_| panic!("no number in {card}"))
}

fn assert_no_errors(browser: &Browser) {
    assert!(browser.errors().is_empty(), "{:?}", browser.errors());
}

/// Writes the page's picture to a folder `screenshots` in cargo's for tests, `target/tmp`.
fn save(browser: &mut Browser, name: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name).with_extension("png"), browser.screenshot()).unwrap();
}
