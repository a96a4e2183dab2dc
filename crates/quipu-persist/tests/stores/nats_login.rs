//! The ways to log in at NATS, each with the right secret and with a wrong one.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use quipu_persist::{ErrorKind, Nats, Outcome, Store};
use quipu_testing::certificates::{Authority, Issued};
use serde_json::{Value, json};

use crate::errors::{assert_error, write};
use crate::owner::like;
use crate::server::Server;

const JETSTREAM: &str = "jetstream: {}\n";

fn at(login: &str, server: &Server) -> Nats {
    Nats::new(&format!("nats://{login}127.0.0.1:{}", server.port())).unwrap()
}

#[track_caller]
fn assert_is_let_in(mut store: Nats) {
    let before = store.total("likes").unwrap();
    assert_eq!(like(&mut store).unwrap(), Outcome::Stored);
    assert_eq!(store.total("likes").unwrap(), before + 1);
}

#[track_caller]
fn assert_is_refused(store: Nats) {
    let error = write(store);
    assert_error(&error, ErrorKind::Denied, &["expected a user and a password, a token, a key"]);
    assert!(!error.to_string().contains("knot"), "{error}");
}

#[test]
#[ignore = "needs nats-server: run ci/services"]
fn service_nats_lets_in_with_a_password() {
    for (user, password, encoded) in [
        ("quipu", "knots", "quipu:knots"),
        ("quipu", "knots", "%71uipu:k%6eots"),
        ("a@b", "p:/?#[]@ %é+&", "a%40b:p%3a%2f%3f%23%5b%5d%40%20%25%C3%A9+&"),
        ("quipu", "kn$ts!*'()", "quipu:kn$ts!*'()"),
    ] {
        let users = json!([{ "user": user, "password": password }]);
        let server =
            Server::nats_configured(format!("{JETSTREAM}authorization: {{ users: {users} }}"));
        assert_is_let_in(at(&format!("{encoded}@"), &server));
        for wrong in ["", "knots@", "quipu:knot@", "quip:knots@"] {
            assert_is_refused(at(wrong, &server));
        }
    }
}

#[test]
#[ignore = "needs nats-server: run ci/services"]
fn service_nats_lets_in_with_a_token() {
    for (token, encoded) in [("knots", "knots"), ("k/n@t:s", "k%2fn%40t%3As")] {
        let server = Server::nats_configured(format!(
            "{JETSTREAM}authorization: {{ token: {} }}",
            json!(token)
        ));
        assert_is_let_in(at(&format!("{encoded}@"), &server));
        for wrong in ["", "knot@", "quipu:knots@"] {
            assert_is_refused(at(wrong, &server));
        }
    }
}

#[test]
#[ignore = "needs nats-server: run ci/services"]
fn service_nats_lets_in_with_an_nkey() {
    let (key, other) = (KeyPair::new_user(), KeyPair::new_user());
    let users = json!([{ "nkey": key.public_key() }]);
    let server = Server::nats_configured(format!("{JETSTREAM}authorization: {{ users: {users} }}"));
    let with = |key: &KeyPair| at("", &server).nkey(&key.seed().unwrap()).unwrap();
    assert_is_let_in(with(&key));
    assert_is_refused(with(&other));
    assert_is_refused(at("", &server));
}

#[test]
fn seeds_are_checked_and_not_shown() {
    for seed in ["", "knots", &KeyPair::new_user().public_key()] {
        let nats = || Nats::new("nats://localhost").unwrap();
        for error in [nats().nkey(seed).unwrap_err(), nats().jwt("jwt", seed).unwrap_err()] {
            assert_error(&error, ErrorKind::Config, &["the seed for NATS: expected that of"]);
            assert!(seed.is_empty() || !error.to_string().contains(seed), "{error}");
        }
    }
}

/// A token of NATS: claims that a key has signed.
fn jwt(issuer: &KeyPair, subject: &KeyPair, claims: Value) -> String {
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = encode(json!({ "typ": "JWT", "alg": "ed25519-nkey" }));
    let body = encode(json!({
        "jti": subject.public_key(), "iat": 1_700_000_000, "name": "quipu",
        "iss": issuer.public_key(), "sub": subject.public_key(), "nats": claims,
    }));
    let signed = format!("{head}.{body}");
    let signature = URL_SAFE_NO_PAD.encode(issuer.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{signature}")
}

fn user(account: &KeyPair, user: &KeyPair) -> String {
    let claims = json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1 });
    jwt(account, user, claims)
}

/// A server that lets in the users of an account, which an operator has made.
fn server_of(operator: &KeyPair, account: &KeyPair) -> Server {
    let system = KeyPair::new_account();
    let limits = json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true,
        "conn": -1, "leaf": -1, "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1,
    });
    let plain = json!({ "type": "account", "version": 2 });
    let config = json!({
        "jetstream": {},
        "operator": jwt(operator, operator, json!({ "type": "operator", "version": 2 })),
        "system_account": system.public_key(),
        "resolver": "MEMORY",
        "resolver_preload": {
            (account.public_key()): jwt(
                operator,
                account,
                json!({ "type": "account", "version": 2, "limits": limits }),
            ),
            (system.public_key()): jwt(operator, &system, plain),
        },
    });
    Server::nats_configured(config.to_string())
}

#[test]
#[ignore = "needs nats-server: run ci/services"]
fn service_nats_lets_in_with_a_jwt_or_a_credentials_file() {
    let (operator, account, key) =
        (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_user());
    let server = server_of(&operator, &account);
    let right = user(&account, &key);
    let seed = key.seed().unwrap();
    assert_is_let_in(at("", &server).jwt(&right, &seed).unwrap());
    let of_another_account = user(&KeyPair::new_account(), &key);
    assert_is_refused(at("", &server).jwt(of_another_account, &seed).unwrap());
    let other = KeyPair::new_user().seed().unwrap();
    assert_is_refused(at("", &server).jwt(&right, &other).unwrap());
    assert_is_refused(at("", &server));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("quipu.creds");
    let credentials = |jwt: &str, seed: &str| {
        let line = "-".repeat(6);
        format!(
            "-----BEGIN NATS USER JWT-----\n{jwt}\n{line}END NATS USER JWT{line}\n\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n{line}END USER NKEY SEED{line}\n"
        )
    };
    let with = |path: &Path| at("", &server).credentials_file(path);
    let error = write(with(&path));
    assert_error(&error, ErrorKind::Config, &["quipu.creds: expected a file with a JWT"]);
    std::fs::write(&path, "knots").unwrap();
    let error = write(with(&path));
    assert_error(&error, ErrorKind::Config, &["quipu.creds: expected a file with a JWT"]);
    std::fs::write(&path, credentials(&right, &other)).unwrap();
    assert_is_refused(with(&path));
    std::fs::write(&path, credentials(&right, &seed)).unwrap();
    assert_is_let_in(with(&path));
}

fn tls(authority: &Authority, files: &Issued, rest: &str) -> Server {
    Server::nats_configured(format!(
        "{JETSTREAM}tls: {{ cert_file: {}, key_file: {}, ca_file: {} {rest} }}",
        json!(files.certificate),
        json!(files.key),
        json!(authority.certificate()),
    ))
}

#[test]
#[ignore = "needs nats-server: run ci/services"]
fn service_nats_with_certificates() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = tls(&authority, &authority.issue("127.0.0.1"), "");
    let trusting = |server: &Server, authority: &Authority| {
        at("", server).root_certificates(authority.certificate())
    };
    assert_is_let_in(trusting(&server, &authority));
    let url = format!("tls://127.0.0.1:{}", server.port());
    assert_is_let_in(Nats::new(&url).unwrap().root_certificates(authority.certificate()));
    for store in [at("", &server), trusting(&server, &other)] {
        assert_error(&write(store), ErrorKind::Denied, &["expected a certificate for this host"]);
    }
    for files in [authority.issue("quipu.invalid"), authority.issue_until("127.0.0.1", 2020)] {
        let server = tls(&authority, &files, "");
        let error = write(trusting(&server, &authority));
        assert_error(&error, ErrorKind::Denied, &["expected a certificate for this host"]);
    }
    let missing = at("", &server).root_certificates("/missing/ca.pem");
    assert_error(&write(missing), ErrorKind::Config, &["expected files of certificates"]);

    let server = tls(&authority, &authority.issue("127.0.0.1"), ", verify: true");
    let client = authority.issue("quipu");
    let known = trusting(&server, &authority).client_certificate(&client.certificate, &client.key);
    assert_is_let_in(known);
    let unknown = other.issue("quipu");
    for store in [
        trusting(&server, &authority),
        trusting(&server, &authority).client_certificate(&unknown.certificate, &unknown.key),
    ] {
        assert_error(&write(store), ErrorKind::Denied, &["one of this client where the server"]);
    }
}
