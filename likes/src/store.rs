//! The store that a file's name or a URL is of.

use quipu_persist::{Error, ErrorKind, Sqlite, Store};

type Opened = Result<Box<dyn Store>, Error>;

pub(crate) fn open(store: &str) -> Opened {
    match store.split_once("://").map_or("", |(scheme, _)| scheme) {
        "" => Ok(Box::new(Sqlite::new(store))),
        "postgres" | "postgresql" => postgres(store),
        "redis" | "rediss" | "valkey" | "valkeys" | "unix" | "redis+unix" | "valkey+unix" => {
            redis(store)
        }
        "nats" | "tls" => nats(store),
        "cassandra" | "cassandras" => cassandra(store),
        // A URL may have a password, so all of it isn't shown.
        scheme => Err(unfit(format!(
            "{scheme}://: expected a file, or a URL of postgres://, redis://, nats:// or cassandra://"
        ))),
    }
}

fn unfit(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, text)
}

macro_rules! remote {
    ($($function:ident $feature:literal $open:expr;)*) => { $(
        #[cfg(feature = $feature)]
        fn $function(url: &str) -> Opened {
            Ok(Box::new($open(url)?))
        }

        #[cfg(not(feature = $feature))]
        fn $function(_url: &str) -> Opened {
            let option = concat!("--features ", $feature);
            Err(unfit(format!("this build doesn't know such a URL: expected it to be built with {option}")))
        }
    )* };
}

remote! {
    postgres "postgres" quipu_persist::Postgres::new;
    redis "redis" quipu_persist::Redis::new;
    nats "nats" quipu_persist::Nats::new;
    cassandra "cassandra" at_cassandra;
}

/// The store of `cassandra://user:password@host:9042,host:9042/keyspace`, or of `cassandras://` over TLS.
#[cfg(feature = "cassandra")]
fn at_cassandra(url: &str) -> Result<quipu_persist::Cassandra, Error> {
    use percent_encoding::percent_decode_str;

    let form =
        || unfit("the address of Cassandra: expected cassandra://user:password@host:9042/keyspace");
    let decode = |text| {
        percent_decode_str(text).decode_utf8().map(|text| text.into_owned()).map_err(|_| form())
    };
    let (scheme, place) = url.split_once("://").ok_or_else(form)?;
    let (login, place) =
        place.rsplit_once('@').map_or((None, place), |(login, rest)| (Some(login), rest));
    let (nodes, keyspace) = place.split_once('/').ok_or_else(form)?;
    if nodes.is_empty() || keyspace.is_empty() {
        return Err(form());
    }
    let store = quipu_persist::Cassandra::new(nodes.split(','), decode(keyspace)?);
    let store = if scheme == "cassandras" { over_tls(store)? } else { store };
    let Some(login) = login else { return Ok(store) };
    let (user, password) = login.split_once(':').ok_or_else(form)?;
    Ok(store.login(decode(user)?, decode(password)?))
}

#[cfg(feature = "cassandra-tls")]
fn over_tls(store: quipu_persist::Cassandra) -> Result<quipu_persist::Cassandra, Error> {
    Ok(store.tls())
}

#[cfg(all(feature = "cassandra", not(feature = "cassandra-tls")))]
fn over_tls(_store: quipu_persist::Cassandra) -> Result<quipu_persist::Cassandra, Error> {
    Err(unfit("cassandras://: expected a build with --features cassandra-tls"))
}

#[cfg(all(test, feature = "cassandra"))]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_cassandra() {
        for (url, expected) in [
            ("cassandra://node-1/totals", "Cassandra at node-1, keyspace totals"),
            (
                "cassandra://a:p%40ss@node-1:9042,node-2/totals",
                "at node-1:9042,node-2, keyspace totals",
            ),
        ] {
            let store = format!("{:?}", at_cassandra(url).unwrap());
            assert!(store.contains(expected), "{store}");
        }
        let over_tls = at_cassandra("cassandras://node-1/totals");
        assert_eq!(over_tls.is_ok(), cfg!(feature = "cassandra-tls"));
        for url in ["cassandra://node-1", "cassandra:///totals", "cassandra://secret@node-1/totals"]
        {
            let error = at_cassandra(url).unwrap_err();
            assert!(error.to_string().contains("expected cassandra://user"), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
