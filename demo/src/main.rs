//! An HTTP server that counts what it does, and shows it.
//!
//! ```text
//! cargo run --release --package quipu-demo -- --address 127.0.0.1:8080
//! ```
//!
//! `/` is a page of live totals, rates, percentiles and plots; `/metrics` is for Prometheus, and
//! `/metrics.json` for the page and for other programs. None of them counts itself, so that a look
//! at the metrics doesn't change them. Every other path counts, the unknown
//! ones too: see `routes.rs`.

mod counters;
mod counting;
mod jobs;
mod routes;
mod views;
mod zeros;

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use tokio::net::TcpListener;

/// An HTTP server that counts its requests with quipu.
#[derive(Parser)]
struct Arguments {
    /// Where to listen: an IP address and a port; port 0 is any that is free.
    #[arg(long, default_value = "127.0.0.1:8080", value_parser = address)]
    address: SocketAddr,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Arguments::parse().address).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(address: SocketAddr) -> Result<(), Box<dyn Error>> {
    counters::register()?;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let stop = stop_signal()?;
    let app = routes::router().merge(views::router());
    writeln!(std::io::stdout(), "http://{}", listener.local_addr()?)?;
    axum::serve(listener, app).with_graceful_shutdown(stop).await?;
    Ok(())
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "expected an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080")
}

/// Waits for Ctrl-C or, on Unix, SIGTERM. The signals are caught from the call on, not from the
/// first poll on.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(windows)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
