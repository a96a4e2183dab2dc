//! Rights that a user lacks: the server says so beside the request, which is left without an answer.

use std::future;
use std::sync::Arc;

use async_nats::{ConnectOptions, Event, ServerError};
use parking_lot::Mutex;

use crate::{Error, ErrorKind};

/// The last right that the server of a connection denied.
#[derive(Clone, Default)]
pub(super) struct Denials(Arc<Mutex<Option<String>>>);

impl Denials {
    /// The options of a connection whose denials these are.
    pub(super) fn of(&self, options: ConnectOptions) -> ConnectOptions {
        let last = Arc::clone(&self.0);
        options.event_callback(move |event| {
            if let Event::ServerError(ServerError::Other(text)) = event {
                *last.lock() = Some(text);
            }
            future::ready(())
        })
    }

    pub(super) fn forget(&self) {
        *self.0.lock() = None;
    }

    /// The error of a call, or the denial that led to it.
    pub(super) fn explain(&self, store: &str, error: Error) -> Error {
        match self.0.lock().take() {
            Some(text) if text.to_lowercase().contains("permissions violation") => {
                let text = format!(
                    "{store}: expected a user with the rights that the documentation of Nats names: {text}"
                );
                Error::new(ErrorKind::Denied, text)
            }
            _ => error,
        }
    }
}
