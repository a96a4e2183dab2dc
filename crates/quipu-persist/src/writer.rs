use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Error, ErrorKind, ambient};

/// The owner of a slot: a host, and one claim of one process on it.
///
/// You choose the host id, to tell hosts apart in a report. The incarnation is 128 random bits, new
/// for each claim, so that a process that is restarted or forked is never taken for another one.
///
/// ```
/// use quipu_persist::Writer;
///
/// let writer = Writer::new("web-1")?;
/// assert_eq!(writer.host(), "web-1");
/// assert_ne!(writer, Writer::new("web-1")?);
/// assert_eq!(writer.to_string().parse::<Writer>()?, writer);
/// # Ok::<(), quipu_persist::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Writer {
    host: String,
    incarnation: u128,
}

impl Writer {
    /// A writer of a new incarnation.
    ///
    /// ```
    /// use quipu_persist::Writer;
    ///
    /// let (before, after) = (Writer::new("web-1")?, Writer::new("web-1")?);
    /// assert_ne!(before, after, "a restart is another owner");
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the host id isn't 1 to 128 ASCII letters, digits, `.`, `_`, `-` or `:`, or
    /// the operating system has no randomness.
    pub fn new(host: &str) -> Result<Self, Error> {
        check_host(host)?;
        Ok(Self { host: host.to_owned(), incarnation: ambient::name()? })
    }

    /// The id that the user chose for the host.
    ///
    /// ```
    /// assert_eq!(quipu_persist::Writer::new("web-1")?.host(), "web-1");
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The random number of the claim.
    ///
    /// ```
    /// let writer: quipu_persist::Writer = "web-1/0000000000000000000000000000001f".parse()?;
    /// assert_eq!(writer.incarnation(), 31);
    /// # Ok::<(), quipu_persist::Error>(())
    /// ```
    #[must_use]
    pub fn incarnation(&self) -> u128 {
        self.incarnation
    }
}

pub(super) fn check_host(host: &str) -> Result<(), Error> {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte);
    if (1..=128).contains(&host.len()) && host.bytes().all(is_fit) {
        return Ok(());
    }
    let text = format!(
        "{host:?}: expected a host id of 1 to 128 ASCII letters, digits, '.', '_', '-' or ':'"
    );
    Err(Error::new(ErrorKind::Config, text))
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:032x}", self.host, self.incarnation)
    }
}

impl FromStr for Writer {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let unfit = || {
            Error::new(
                ErrorKind::Config,
                format!("{text:?}: expected a host id, '/' and 32 hex digits"),
            )
        };
        let (host, digits) = text.rsplit_once('/').ok_or_else(unfit)?;
        check_host(host)?;
        if digits.len() != 32
            || !digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        {
            return Err(unfit());
        }
        let incarnation = u128::from_str_radix(digits, 16).map_err(|_| unfit())?;
        Ok(Self { host: host.to_owned(), incarnation })
    }
}

impl TryFrom<String> for Writer {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Writer> for String {
    fn from(writer: Writer) -> Self {
        writer.to_string()
    }
}
