//! The server example, driven by real clients: what it has counted is what they got.

mod client;
mod counts;
mod example;
mod life;
mod tally;

mod browser;
mod service_page;
mod service_prometheus;
mod service_tools;
