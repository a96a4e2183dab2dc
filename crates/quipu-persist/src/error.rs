use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// The reason why totals did not reach a store, or could not be read from it. The message says what
/// to change.
///
/// ```
/// use quipu_persist::{ErrorKind, Writer};
///
/// let error = Writer::new("web 1").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Config);
/// assert!(error.to_string().starts_with("\"web 1\": expected a host id"));
/// ```
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    text: String,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The sort of failure that an [`Error`] is.
///
/// ```
/// use quipu_persist::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::Full, "totals.db: expected room on its disk");
/// assert!(error.kind().is_temporary());
/// assert!(!ErrorKind::Denied.is_temporary());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument is invalid: a URL, a host id, a counter's name.
    Config,
    /// The store can't be reached, or the connection broke, or it isn't ready: it starts, ends, is
    /// overloaded, or has no free connection.
    Unavailable,
    /// The store can be reached, but refuses this user, or its writes. The documentation of each
    /// store names the rights that are needed.
    Denied,
    /// The store has tables or keys of another layout than this version's.
    Schema,
    /// The store can't take a counter of the batch, for instance one whose name its encoding doesn't
    /// have. A [`Worker`](super::Worker) that gets this error from its sink sends the others without
    /// it.
    Refused,
    /// The store has no room left.
    Full,
    /// The time limit is over. The operation may still succeed.
    Timeout,
    /// The worker belongs to the process that this one was forked from.
    Forked,
    /// The worker was shut down.
    Stopped,
    /// The sink panicked.
    Panicked,
    /// Any other error of the store.
    Store,
}

impl ErrorKind {
    /// Whether the same call may succeed later, as things are: the store is expected to be up again,
    /// to answer faster, or to have room. Other kinds need a change, of the call, of the store's
    /// settings or of its user's rights.
    ///
    /// A worker tries again after each error, since such a change may come from outside, too. Only
    /// for [`Refused`](ErrorKind::Refused) it waits until the next resend.
    ///
    /// ```
    /// use quipu_persist::ErrorKind;
    ///
    /// assert!(ErrorKind::Unavailable.is_temporary());
    /// assert!(!ErrorKind::Config.is_temporary());
    /// ```
    #[must_use]
    pub fn is_temporary(self) -> bool {
        matches!(self, Self::Unavailable | Self::Timeout | Self::Full)
    }
}

impl Error {
    /// An error with a message: the value that it is about, and what was expected.
    ///
    /// ```
    /// use quipu_persist::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Full, "table likes: expected room for a row");
    /// assert_eq!(error.to_string(), "table likes: expected room for a row");
    /// ```
    #[must_use]
    pub fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), cause: None }
    }

    /// The same error, with the error of a library as its [`source`](StdError::source). The message
    /// ends with the source's.
    ///
    /// ```
    /// use std::io;
    /// use quipu_persist::{Error, ErrorKind};
    ///
    /// let cause = io::Error::from(io::ErrorKind::PermissionDenied);
    /// let error = Error::new(ErrorKind::Denied, "likes.txt: expected to write").caused_by(cause);
    /// assert_eq!(error.to_string(), "likes.txt: expected to write: permission denied");
    /// ```
    #[must_use]
    pub fn caused_by(self, cause: impl StdError + Send + Sync + 'static) -> Self {
        Self { cause: Some(Arc::new(cause)), ..self }
    }

    /// The sort of failure.
    ///
    /// ```
    /// use quipu_persist::{ErrorKind, Memory, Worker};
    ///
    /// let error = Worker::builder("").start(Memory::new()).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// ```
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.text.clone();
        let mut cause = self.source();
        while let Some(error) = cause {
            // Some errors show their source themselves.
            let shown = error.to_string();
            if !text.ends_with(&shown) {
                text = format!("{text}: {shown}");
            }
            cause = error.source();
        }
        f.write_str(&text)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
