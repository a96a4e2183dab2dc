//! The way to the server that has the keys: in a cluster, and by sentinels.

use std::error::Error as _;
use std::time::{Duration, Instant};

use redis::{Client, ConnectionAddr, RedisError, cmd};

use super::errors::{code, explain};
use crate::{Error, ErrorKind};

/// How long a sentinel may take: the next one knows as much.
const SENTINEL: Duration = Duration::from_secs(1);

/// The host and the port of a server.
pub(super) type Address = (String, u16);

/// The reason to do a call again, which has written nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Detour {
    /// Another node of the cluster has the keys.
    Moved(Address),
    /// The server is about to change: the keys move to another node, or another server becomes the
    /// primary.
    Wait,
}

impl Detour {
    /// That which the answer of a server at `place` asks for.
    pub(super) fn of(error: &Error, place: &ConnectionAddr, has_sentinels: bool) -> Option<Self> {
        let error = error.source()?.downcast_ref::<RedisError>()?;
        match code(error)? {
            "MOVED" => {
                let (address, _) = error.redirect_node()?;
                let (host, port) = address.rsplit_once(':')?;
                // Without a host, it is the one that answers.
                let host = if host.is_empty() { host_of(place)? } else { host };
                Some(Self::Moved((unbracketed(host), port.parse().ok()?)))
            }
            // A part of the keys is at another node. A step takes all of them at one.
            "ASK" | "TRYAGAIN" => Some(Self::Wait),
            "READONLY" if has_sentinels => Some(Self::Wait),
            _ => None,
        }
    }
}

/// The host in an address.
pub(super) fn host_of(address: &ConnectionAddr) -> Option<&str> {
    match address {
        ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => Some(host),
        _ => None,
    }
}

/// An address such as `node-2:6379` or `[::1]:6379`.
pub(super) fn parse(text: &str) -> Result<Address, Error> {
    let address = text.rsplit_once(':').and_then(|(host, port)| {
        let host = unbracketed(host);
        (!host.is_empty()).then_some((host, port.parse().ok()?))
    });
    address.ok_or_else(|| {
        let text = format!("{text:?}: expected the host and the port of a node, as in node-2:6379");
        Error::new(ErrorKind::Config, text)
    })
}

/// The host without the brackets of an IPv6 address.
fn unbracketed(host: &str) -> String {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inner.unwrap_or(host).to_owned()
}

/// The client of a server at another address, with the same settings.
pub(super) fn at(client: &Client, (host, port): &Address) -> Result<Client, Error> {
    let info = client.get_connection_info().clone();
    let (host, port) = (host.clone(), *port);
    let address = match info.addr() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => ConnectionAddr::TcpTls {
            host,
            port,
            insecure: *insecure,
            tls_params: tls_params.clone(),
        },
        _ => ConnectionAddr::Tcp(host, port),
    };
    let place = format!("Redis at {address}");
    Client::open(info.set_addr(address)).map_err(|error| explain(&place, error))
}

/// The address of the primary of this name, of the first sentinel that knows it.
pub(super) fn primary(
    sentinels: &[Client],
    name: &str,
    deadline: Instant,
) -> Result<Address, Error> {
    let mut first = None;
    for sentinel in sentinels {
        match ask(sentinel, name, deadline) {
            Ok(address) => return Ok(address),
            Err(error) => _ = first.get_or_insert(error),
        }
    }
    Err(first.unwrap_or_else(|| {
        Error::new(ErrorKind::Config, format!("{name}: expected the URL of a sentinel"))
    }))
}

fn ask(sentinel: &Client, name: &str, deadline: Instant) -> Result<Address, Error> {
    let place = format!("Redis Sentinel at {}", sentinel.get_connection_info().addr());
    let explain = |error| explain(&place, error);
    let time = SENTINEL.min(deadline.saturating_duration_since(Instant::now()) / 2);
    let mut connection = sentinel.get_connection_with_timeout(time).map_err(explain)?;
    connection.set_read_timeout(Some(SENTINEL)).map_err(explain)?;
    let address: Option<Address> = cmd("SENTINEL")
        .arg("get-master-addr-by-name")
        .arg(name)
        .query(&mut connection)
        .map_err(explain)?;
    address.ok_or_else(|| {
        let text = format!(
            "{place} knows no primary {name:?}: expected the name that its configuration monitors, \
             as the host of the URL"
        );
        Error::new(ErrorKind::Config, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_host_and_a_port() {
        for (text, host, port) in [("node-2:6379", "node-2", 6379), ("[::1]:7000", "::1", 7000)] {
            assert_eq!(parse(text).unwrap(), (host.to_owned(), port));
        }
        for text in ["", "node-2", ":6379", "node-2:", "node-2:70000", "redis://node-2"] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().starts_with(&format!("{text:?}: expected the host")));
        }
    }
}
