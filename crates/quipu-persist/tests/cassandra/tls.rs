//! Connections with TLS: to the right node, and to wrong ones.

use std::fs;
use std::path::Path;
use std::thread;

use quipu_persist::{Cassandra, ErrorKind, Sink};
use quipu_testing::certificates::{Authority, Issued};
use scylla::client::Compression;
use scylla::client::session_builder::SessionBuilder;

use crate::cluster::Node;
use crate::server::Server;
use crate::{assert_error, claim};

/// The settings of a node with this certificate.
fn encryption(authority: &Authority, Issued { certificate, key }: &Issued, rest: &str) -> String {
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    // A node wants both in one file.
    let both = certificate.with_extension("both");
    fs::write(&both, read(key) + &read(certificate)).unwrap();
    format!(
        "client_encryption_options:\n  enabled: true\n  {rest}\n  keystore: {}\n  truststore: {}\n  \
         ssl_context_factory:\n    class_name: org.apache.cassandra.security.PEMBasedSslContextFactory\n",
        both.display(),
        authority.certificate().display()
    )
}

#[track_caller]
fn assert_is_refused(mut store: Cassandra) {
    let error = store.claim(&claim()).unwrap_err();
    let expected = ["expected a certificate for this host", "and one of this client"];
    assert_error(&error, ErrorKind::Denied, &expected);
}

/// A client without a certificate that the node trusts. The node says so and closes the connection,
/// and the driver may notice only that.
#[track_caller]
fn assert_is_kept_out(mut store: Cassandra) {
    let error = store.claim(&claim()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Denied | ErrorKind::Unavailable), "{error}");
    assert_error(&error, error.kind(), &["expected a", "certificate", "where", "asks for"]);
}

#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_one_checks_certificates() {
    let (authority, other) = (Authority::new(), Authority::new());
    let (right, client) = (authority.issue("127.0.0.1"), authority.issue("quipu"));
    let roots = authority.certificate();
    // The administrator comes without TLS.
    let rest = "optional: true\n  require_client_auth: true";
    let node = Node::start(&encryption(&authority, &right, rest), Server::answers);
    node.keyspace("encrypted");

    let open = || node.store("encrypted");
    let trusting = || open().root_certificates(&roots);
    let known = |client: &Issued| trusting().client_certificate(&client.certificate, &client.key);
    assert_eq!(known(&client).claim(&claim()).unwrap().slot, 0);

    // An authority that neither the system trusts nor the file has.
    assert_is_refused(open().tls());
    assert_is_refused(open().root_certificates(other.certificate()));
    assert_is_kept_out(trusting());
    assert_is_kept_out(known(&other.issue("quipu")));
    let missing = open().root_certificates("/missing/ca.pem").claim(&claim()).unwrap_err();
    let text = "/missing/ca.pem: expected a file of certificates";
    assert_error(&missing, ErrorKind::Config, &[text]);
}

#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_one_with_a_wrong_certificate() {
    let authority = Authority::new();
    let wrong = [authority.issue("127.0.0.99"), authority.issue_until("127.0.0.1", 2020)];
    thread::scope(|scope| {
        for issued in &wrong {
            scope.spawn(|| {
                let settings = encryption(&authority, issued, "optional: false");
                let node = Node::start(&settings, Server::listens);
                let open = || node.store("encrypted");
                assert_is_refused(open().root_certificates(authority.certificate()));
                let error = open().claim(&claim()).unwrap_err();
                assert_error(&error, ErrorKind::Unavailable, &["expected a node", "TLS"]);
            });
        }
    });
}

#[test]
#[ignore = "starts Cassandra"]
fn cluster_of_one_takes_settings_of_ones_own() {
    let node = crate::node();
    node.keyspace("own");
    let config = SessionBuilder::new().known_node(node.address()).user("own", "own");
    let config = config.compression(Some(Compression::Lz4));
    let mut store = Cassandra::with_config(config, "own");
    assert_eq!(store.claim(&claim()).unwrap().slot, 0);
    assert!(format!("{store:?}").contains(&node.address()), "{store:?}");
}
