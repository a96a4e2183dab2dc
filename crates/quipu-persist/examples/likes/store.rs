//! The store that a file's name or a URL is of.

use quipu_persist::{Error, Sqlite, Store};

type Opened = Result<Box<dyn Store>, Error>;

pub(crate) fn open(store: &str) -> Opened {
    match store.split_once("://").map_or("", |(scheme, _)| scheme) {
        "" => Ok(Box::new(Sqlite::new(store))),
        "postgres" | "postgresql" => postgres(store),
        "redis" => redis(store),
        "nats" => nats(store),
        // A URL may have a password, so all of it isn't shown.
        scheme => {
            Err(unfit(format!("{scheme}://: expected a file, postgres://, redis:// or nats://")))
        }
    }
}

fn unfit(text: impl Into<String>) -> Error {
    Error::new(quipu_persist::ErrorKind::Config, text)
}

macro_rules! remote {
    ($($function:ident $feature:literal $store:ident;)*) => { $(
        #[cfg(feature = $feature)]
        fn $function(url: &str) -> Opened {
            Ok(Box::new(quipu_persist::$store::new(url)?))
        }

        #[cfg(not(feature = $feature))]
        fn $function(_url: &str) -> Opened {
            let options = concat!("--features sqlite,", $feature);
            Err(unfit(format!("this build knows files only: expected it to be built with {options}")))
        }
    )* };
}

remote! {
    postgres "postgres" Postgres;
    redis "redis" Redis;
    nats "nats" Nats;
}
