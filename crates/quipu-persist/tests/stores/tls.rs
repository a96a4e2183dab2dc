//! Connections with TLS: to the right server, and to wrong ones.

use std::path::Path;
use std::time::{Duration, Instant};

use quipu_persist::{ErrorKind, Nats, Postgres, Redis, Sink, Store};
use quipu_testing::certificates::{Authority, Issued};

use crate::errors::{assert_error, write};
use crate::owner::like;
use crate::server::Server;

/// A kind of store whose servers have TLS.
trait Encrypted {
    type Store: Store;

    /// A server with this certificate, that asks for one of the authority where `is_mutual`.
    fn server(authority: &Authority, files: &Issued, is_mutual: bool) -> Server;
    fn store(port: u16) -> Self::Store;
    fn trusting(store: Self::Store, roots: &Path) -> Self::Store;
    fn known(store: Self::Store, client: &Issued) -> Self::Store;
}

struct OfPostgres;

impl Encrypted for OfPostgres {
    type Store = Postgres;

    fn server(authority: &Authority, files: &Issued, is_mutual: bool) -> Server {
        Server::postgres_with_tls(authority.certificate(), files, is_mutual)
    }

    fn store(port: u16) -> Postgres {
        let url = format!("postgres://quipu:knots@127.0.0.1:{port}/postgres?sslmode=require");
        Postgres::new(&url).unwrap()
    }

    fn trusting(store: Postgres, roots: &Path) -> Postgres {
        store.root_certificates(roots)
    }

    fn known(store: Postgres, client: &Issued) -> Postgres {
        store.client_certificate(&client.certificate, &client.key)
    }
}

struct OfRedis;

impl Encrypted for OfRedis {
    type Store = Redis;

    fn server(authority: &Authority, files: &Issued, is_mutual: bool) -> Server {
        Server::redis_with_tls(authority.certificate(), files, is_mutual)
    }

    fn store(port: u16) -> Redis {
        Redis::new(&format!("rediss://127.0.0.1:{port}/")).unwrap()
    }

    fn trusting(store: Redis, roots: &Path) -> Redis {
        store.root_certificates(roots)
    }

    fn known(store: Redis, client: &Issued) -> Redis {
        store.client_certificate(&client.certificate, &client.key)
    }
}

#[track_caller]
fn assert_is_let_in(mut store: impl Store) {
    let start = Instant::now();
    // A server may listen before it answers.
    while let Err(error) = like(&mut store) {
        assert!(error.kind().is_temporary() && start.elapsed() < crate::LONG, "{error}");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(store.total("likes").unwrap() > 0);
}

#[track_caller]
fn assert_is_refused(store: impl Sink) {
    let expected = ["expected a certificate for this host", "and one of this client"];
    assert_error(&write(store), ErrorKind::Denied, &expected);
}

fn checks_certificates<E: Encrypted>() {
    let (authority, other) = (Authority::new(), Authority::new());
    let roots = authority.certificate();
    let client = authority.issue("quipu");
    let right = authority.issue("127.0.0.1");
    let server = E::server(&authority, &right, false);
    assert_is_let_in(E::trusting(E::store(server.port()), &roots));
    // An authority that neither the system trusts nor the file has.
    assert_is_refused(E::store(server.port()));
    assert_is_refused(E::trusting(E::store(server.port()), &other.certificate()));
    for path in [Path::new("/missing/ca.pem"), &right.key] {
        let error = write(E::trusting(E::store(server.port()), path));
        if path.exists() {
            assert_eq!(error.kind(), ErrorKind::Denied, "a file with no certificate: {error}");
        } else {
            let expected = ["/missing/ca.pem: expected a file of certificates"];
            assert_error(&error, ErrorKind::Config, &expected);
        }
    }
    drop(server);

    for wrong in [authority.issue("quipu.invalid"), authority.issue_until("127.0.0.1", 2020)] {
        let server = E::server(&authority, &wrong, false);
        assert_is_refused(E::trusting(E::store(server.port()), &roots));
    }

    let server = E::server(&authority, &right, true);
    let trusting = || E::trusting(E::store(server.port()), &roots);
    assert_is_let_in(E::known(trusting(), &client));
    assert_is_refused(E::known(trusting(), &other.issue("quipu")));
}

#[test]
#[ignore = "needs postgres: run ci/services"]
fn service_postgres_checks_certificates() {
    checks_certificates::<OfPostgres>();
}

#[test]
#[ignore = "needs redis-server: run ci/services"]
fn service_redis_checks_certificates() {
    checks_certificates::<OfRedis>();
}

/// A server that wants TLS says so to a client without.
#[test]
#[ignore = "needs postgres: run ci/services"]
fn service_postgres_that_wants_tls() {
    let authority = Authority::new();
    let server =
        Server::postgres_with_tls(authority.certificate(), &authority.issue("127.0.0.1"), false);
    let at = |rest: &str| {
        let url = format!("postgres://quipu:knots@127.0.0.1:{}/postgres{rest}", server.port());
        Postgres::new(&url).unwrap()
    };
    assert_is_let_in(at("").root_certificates(authority.certificate()));
    let error = write(at(""));
    assert_error(&error, ErrorKind::Denied, &["expected a connection with TLS: sslmode=require"]);
}

/// A server without TLS, at an address that asks for it.
#[test]
#[ignore = "needs nats-server: run ci/services"]
fn service_nats_without_tls() {
    let nats = Server::nats();
    let expected = ["expected a server that has TLS"];
    let authority = Authority::new();
    let at = |scheme| Nats::new(&format!("{scheme}://127.0.0.1:{}", nats.port())).unwrap();
    for store in [at("tls"), at("nats").root_certificates(authority.certificate())] {
        assert_error(&write(store), ErrorKind::Denied, &expected);
    }
}

/// Certificates are for connections that are encrypted, so they don't go unused.
#[test]
fn certificates_need_tls() {
    let file = "/etc/ssl/ca.pem";
    let plain = || Redis::new("redis://127.0.0.1:1/").unwrap();
    for store in [plain().root_certificates(file), plain().client_certificate(file, file)] {
        assert_error(&write(store), ErrorKind::Config, &["expected rediss:// for certificates"]);
    }
}

#[test]
fn sslmodes_of_libpq() {
    for mode in ["verify-full", "verify-ca"] {
        let url = format!("postgres://root:secret@localhost/totals?sslmode={mode}");
        let error = Postgres::new(&url).unwrap_err();
        assert_error(&error, ErrorKind::Config, &["expected sslmode=require, by which"]);
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
