//! A headless Chromium with one page, driven over the Chrome DevTools Protocol.
//!
//! Source of the commands: <https://chromedevtools.github.io/devtools-protocol/>.

use std::fs;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use crate::client;
use quipu_testing::process::{self, Process, program};

pub(crate) struct Browser {
    process: Process,
    socket: WebSocket<TcpStream>,
    commands: u64,
    /// Faults of the page: exceptions that nothing caught, and messages that the console shows as
    /// an error.
    errors: Vec<Value>,
}

/// The size of a screen, in CSS pixels.
#[derive(Clone, Copy)]
pub(crate) struct Screen {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) is_phone: bool,
}

impl Browser {
    pub(crate) fn start() -> Self {
        let mut process = Process::start(program("chromium", "chromium").args([
            "--headless",
            // The sandbox refuses to run as root, as tests in a container do. The page is our own.
            "--no-sandbox",
            "--disable-gpu",
            // A container's /dev/shm is small.
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--user-data-dir=profile",
            "--remote-debugging-port=0",
            "about:blank",
        ]));
        let port = process.wait_for("debugging port", |process| {
            let lines =
                fs::read_to_string(process.folder().join("profile/DevToolsActivePort")).ok()?;
            lines.lines().next()?.parse::<u16>().ok()
        });
        let socket = connect(port);
        let mut browser = Self { process, socket, commands: 0, errors: Vec::new() };
        for domain in ["Runtime", "Log", "Page"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Shows the page on this screen, to a user with the colour scheme `light` or `dark`.
    pub(crate) fn emulate(&mut self, screen: Screen, scheme: &str) {
        let Screen { width, height, is_phone } = screen;
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone});
        self.call("Emulation.setDeviceMetricsOverride", size);
        let preference = json!({"name": "prefers-color-scheme", "value": scheme});
        self.call("Emulation.setEmulatedMedia", json!({"features": [preference]}));
    }

    /// Evaluates a script on each page that is opened from now on, before those of the page.
    pub(crate) fn before_load(&mut self, script: &str) {
        self.call("Page.addScriptToEvaluateOnNewDocument", json!({"source": script}));
    }

    pub(crate) fn open(&mut self, url: &str) {
        let answer = self.call("Page.navigate", json!({"url": url}));
        assert!(answer["errorText"].is_null(), "{url}: {answer}");
    }

    /// The value of an expression in JavaScript, evaluated on the page.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let answer =
            self.call("Runtime.evaluate", json!({"expression": expression, "returnByValue": true}));
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Evaluates until `accept` makes something of the value.
    pub(crate) fn wait_for<T>(
        &mut self,
        what: &str,
        expression: &str,
        accept: impl Fn(Value) -> Option<T>,
    ) -> T {
        process::wait_for(what, || accept(self.evaluate(expression)))
    }

    /// A picture of the whole page, in PNG.
    pub(crate) fn screenshot(&mut self) -> Vec<u8> {
        let answer = self.call("Page.captureScreenshot", json!({"captureBeyondViewport": true}));
        BASE64_STANDARD
            .decode(answer["data"].as_str().expect("no picture"))
            .expect("the protocol uses base64")
    }

    pub(crate) fn errors(&self) -> &[Value] {
        &self.errors
    }

    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.commands += 1;
        let command = json!({"id": self.commands, "method": method, "params": parameters});
        self.socket.send(Message::text(command.to_string())).expect("cannot send to the browser");
        loop {
            let mut message = self.receive();
            if message["id"] == self.commands {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].take();
            }
            let is_error = match message["method"].as_str() {
                Some("Runtime.exceptionThrown") => true,
                Some("Log.entryAdded") => message["params"]["entry"]["level"] == "error",
                _ => false,
            };
            if is_error {
                self.errors.push(message);
            }
        }
    }

    fn receive(&mut self) -> Value {
        loop {
            let message = self.socket.read();
            let message = message
                .unwrap_or_else(|error| panic!("no answer: {error}\n{}", self.process.log()));
            if let Message::Text(text) = message {
                return serde_json::from_str(&text).expect("the protocol is of JSON");
            }
        }
    }
}

impl Drop for Browser {
    /// Lets the browser end its processes and remove its files; a browser of a test that failed is
    /// merely killed.
    fn drop(&mut self) {
        if !thread::panicking() {
            self.call("Browser.close", json!({}));
            self.process.wait();
        }
    }
}

/// Opens a page of its own in the browser, and a connection to it.
fn connect(port: u16) -> WebSocket<TcpStream> {
    let page =
        client::agent().put(format!("http://127.0.0.1:{port}/json/new?about:blank")).send_empty();
    let page = page
        .expect("no page from the browser")
        .body_mut()
        .read_to_string()
        .expect("no page from the browser");
    let page: Value = serde_json::from_str(&page).expect("the protocol is of JSON");
    let url = page["webSocketDebuggerUrl"].as_str().expect("no address in the browser's answer");
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("cannot connect to the browser");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("60 s is no bad timeout");
    tungstenite::client(url, stream).expect("no handshake with the browser").0
}
