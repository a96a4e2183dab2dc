//! Addresses that want TLS, in a build without it.

#![cfg(not(any(feature = "redis-tls", feature = "postgres-tls")))]

#[cfg(feature = "redis")]
#[test]
fn redis_names_the_feature() {
    for address in ["rediss://app:secret@host/", "valkeys://host", "REDISS://host"] {
        let error = quipu_persist::Redis::new(address).unwrap_err();
        assert_names(&error, "redis-tls");
    }
}

#[cfg(feature = "postgres")]
#[test]
fn postgres_names_the_feature() {
    let address = "postgres://app:secret@host/totals?sslmode=require";
    let error = quipu_persist::Postgres::new(address).unwrap_err();
    assert_names(&error, "postgres-tls");
}

#[cfg(any(feature = "redis", feature = "postgres"))]
fn assert_names(error: &quipu_persist::Error, feature: &str) {
    assert_eq!(error.kind(), quipu_persist::ErrorKind::Config);
    let text = error.to_string();
    assert!(text.contains(&format!("the feature {feature} of quipu-persist")), "{text}");
    assert!(!text.contains("secret"), "{text}");
}
