//! Settings of the drivers that a URL can't have.

use std::fs;
use std::sync::Arc;

use quipu_persist::drivers::async_nats::ConnectOptions;
use quipu_persist::drivers::redis::{Client, ClientTlsConfig, IntoConnectionInfo, TlsCertificates};
use quipu_persist::drivers::rustls::crypto::ring;
use quipu_persist::drivers::rustls::pki_types::pem::PemObject;
use quipu_persist::drivers::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use quipu_persist::drivers::rustls::{ClientConfig, RootCertStore};
use quipu_persist::drivers::tokio_postgres::{self, Config, NoTls};
use quipu_persist::{ErrorKind, Nats, Outcome, Postgres, Redis, Store};
use quipu_testing::certificates::{Authority, Issued};
use serde_json::json;

use crate::errors::{assert_error, write};
use crate::owner::like;
use crate::rig::Service;
use crate::server::Server;

/// The store writes, and so it does once its connection broke.
fn assert_connects_again(server: &mut Server, mut store: impl Store) {
    for _ in 0..2 {
        let start = std::time::Instant::now();
        while let Err(error) = like(&mut store) {
            assert!(error.kind().is_temporary() && start.elapsed() < crate::LONG, "{error}");
        }
        assert!(store.total("likes").unwrap() > 0);
        server.restart();
    }
}

/// Settings of TLS with certificates in memory.
fn tls(authority: &Authority, client: &Issued) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority.certificate()).unwrap()).unwrap();
    let certificate = CertificateDer::from_pem_file(&client.certificate).unwrap();
    let key = PrivateKeyDer::from_pem_file(&client.key).unwrap();
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate], key)
        .unwrap()
}

#[test]
#[ignore = "needs postgres: run ci/services"]
fn service_postgres_by_a_configuration() {
    let service = Service::postgres();
    let mut config = Config::new();
    config.host("127.0.0.1").port(service.port()).user("quipu").password("knots");
    config.dbname("postgres").application_name("shop");
    let mut store = Postgres::with_config(config.clone()).unwrap();
    assert_eq!(like(&mut store).unwrap(), Outcome::Stored);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let names: Vec<String> = runtime.block_on(async {
        let (client, connection) = config.application_name("test").connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        let query = "SELECT application_name FROM pg_stat_activity WHERE usename = 'quipu'";
        client.query(query, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    });
    assert!(names.iter().any(|name| name == "shop"), "{names:?}");
}

#[test]
fn a_configuration_without_a_host() {
    let error = Postgres::with_config(tokio_postgres::Config::new()).unwrap_err();
    assert_error(&error, ErrorKind::Config, &["expected postgres://user:password@host:5432"]);
}

#[test]
#[ignore = "needs postgres: run ci/services"]
fn service_postgres_with_own_tls() {
    let (authority, other) = (Authority::new(), Authority::new());
    let files = authority.issue("127.0.0.1");
    let mut server = Server::postgres_with_tls(authority.certificate(), &files, true);
    let url = format!("postgres://quipu:knots@127.0.0.1:{}/postgres", server.port());
    let at = |tls| Postgres::new(&url).unwrap().tls_config(tls);
    let client = authority.issue("quipu");
    assert_connects_again(&mut server, at(tls(&authority, &client)));
    let stranger = at(tls(&other, &client));
    assert_error(&write(stranger), ErrorKind::Denied, &["expected a certificate for this host"]);
}

#[test]
#[ignore = "needs redis-server: run ci/services"]
fn service_redis_by_a_client() {
    let authority = Authority::new();
    let files = authority.issue("127.0.0.1");
    let mut server = Server::redis_with_tls(authority.certificate(), &files, true);
    let client = authority.issue("quipu");
    let info = format!("rediss://127.0.0.1:{}/", server.port()).into_connection_info().unwrap();
    let settings = info.redis_settings().clone().set_db(3);
    let info = info.set_redis_settings(settings);
    let client_tls = ClientTlsConfig {
        client_cert: fs::read(&client.certificate).unwrap(),
        client_key: fs::read(&client.key).unwrap(),
    };
    let root_cert = Some(fs::read(authority.certificate()).unwrap());
    let certificates = TlsCertificates { client_tls: Some(client_tls), root_cert };
    let known = Client::build_with_tls(info.clone(), certificates).unwrap();
    let mut store = Redis::with_client(known.clone());
    assert_eq!(like(&mut store).unwrap(), Outcome::Stored);
    assert_connects_again(&mut server, store.namespace("shop").unwrap());
    // Files take the place of the client's own certificates.
    let other = Authority::new();
    let stranger = Redis::with_client(known).root_certificates(other.certificate());
    assert_error(&write(stranger), ErrorKind::Denied, &["expected a certificate for this host"]);
    let unknown = Redis::with_client(Client::open(info).unwrap());
    assert_error(&write(unknown), ErrorKind::Denied, &["expected a certificate for this host"]);
}

#[test]
#[ignore = "needs nats-server: run ci/services"]
fn service_nats_by_options() {
    let authority = Authority::new();
    let files = authority.issue("127.0.0.1");
    let rights = json!({ "publish": [">"], "subscribe": ["_INBOX_shop.>"] });
    let users = json!([{ "user": "quipu", "password": "knots", "permissions": rights }]);
    let mut server = Server::nats_configured(format!(
        "jetstream: {{}}\nauthorization: {{ users: {users} }}\n\
         tls: {{ cert_file: {}, key_file: {}, ca_file: {}, verify: true }}",
        json!(files.certificate),
        json!(files.key),
        json!(authority.certificate()),
    ));
    let url = format!("tls://quipu:knots@127.0.0.1:{}", server.port());
    let options = || {
        let tls = tls(&authority, &authority.issue("quipu"));
        ConnectOptions::new().name("shop").tls_client_config(tls)
    };
    let at = |options| Nats::with_options(&url, options).unwrap();
    assert_error(&write(at(options())), ErrorKind::Denied, &["Permissions Violation"]);
    let hasty = options().retry_on_initial_connect();
    let expected = ["expected options without retry_on_initial_connect"];
    assert_error(&write(at(hasty)), ErrorKind::Config, &expected);
    assert_connects_again(&mut server, at(options().custom_inbox_prefix("_INBOX_shop")));
}
