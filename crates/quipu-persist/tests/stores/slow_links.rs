//! Servers behind slow links.

use std::thread;
use std::time::Duration;

use quipu_persist::{ErrorKind, Outcome};

use crate::owner::Owner;
use crate::rig::{Rig, Service};
use crate::slow_link::{SlowLink, gets_all_through};

#[test]
#[ignore = "starts PostgreSQL, Redis and NATS, and takes minutes"]
fn slow_links_get_all_through() {
    let services = [
        ("PostgreSQL", Service::postgres()),
        ("Redis", Service::redis()),
        ("NATS", Service::nats()),
    ];
    thread::scope(|scope| {
        for (name, service) in &services {
            scope.spawn(|| {
                let link = SlowLink::to(service.port());
                gets_all_through(name, service.open(link.port()), &link, &mut *service.store());
            });
        }
    });
}

/// A slot's last message is so long that the link takes more than the time limit of a request for it. It
/// is asked for once.
#[test]
#[ignore = "starts NATS"]
fn service_nats_reads_no_totals_by_a_slow_link() {
    let service = Service::nats();
    let link = SlowLink::to(service.port());
    let mut sink = service.open(link.port());
    let mut owner = Owner::claim(&mut sink, "web").unwrap();
    let names: Vec<_> = (0..4096).map(|n| format!("{n:0100}")).collect();
    let rows: Vec<_> = names.iter().map(|name| (name.as_str(), 1)).collect();
    assert_eq!(sink.flush(&owner.batch(&rows)).unwrap(), Outcome::Stored);
    // It knows its own message for a while.
    thread::sleep(Duration::from_millis(1100));
    link.slow_down(100_000);
    let next = owner.batch(&[("likes", 1)]);
    assert_eq!(sink.flush(&next).unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(sink.flush(&next).unwrap(), Outcome::Stored);
}
