//! A store to test, with everything that can be done to it.

use std::path::PathBuf;
use std::time::Duration;

use crate::{proxy::Proxy, server::Server};
use quipu_persist::{Nats, Postgres, Redis, Sink, Sqlite, Store};
use tempfile::TempDir;

pub(crate) trait Rig {
    /// A connection of its own to the store, for a worker: through the proxy, if there is one.
    fn sink(&self) -> Box<dyn Sink>;

    /// A connection that is not disturbed.
    fn store(&self) -> Box<dyn Store>;

    /// Keeps a copy of the data.
    fn save(&mut self);

    /// Goes back to the copy, and keeps what there was as the copy.
    fn restore(&mut self);

    /// Runs `during`, kills the server after some time of it, and then starts the server again.
    /// False where there is none.
    fn crash(&mut self, time: Duration, during: &mut dyn FnMut()) -> bool;

    /// Cuts connections after this number of answers, or never.
    fn cut_after(&self, answers: Option<i64>);
}

/// A file: no server that could crash, nor a proxy.
pub(crate) struct File {
    folder: TempDir,
}

impl File {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("totals.db")
    }

    fn copy(&self) -> PathBuf {
        self.folder.path().join("copy.db")
    }
}

impl Rig for File {
    fn sink(&self) -> Box<dyn Sink> {
        Box::new(Sqlite::new(self.path()))
    }

    fn store(&self) -> Box<dyn Store> {
        Box::new(Sqlite::new(self.path()))
    }

    fn save(&mut self) {
        std::fs::copy(self.path(), self.copy()).expect("a file to copy");
    }

    fn restore(&mut self) {
        let between = self.folder.path().join("between.db");
        for (from, to) in
            [(self.path(), &between), (self.copy(), &self.path()), (between.clone(), &self.copy())]
        {
            std::fs::copy(from, to).expect("a copy to restore");
        }
    }

    fn crash(&mut self, _time: Duration, during: &mut dyn FnMut()) -> bool {
        during();
        false
    }

    fn cut_after(&self, _answers: Option<i64>) {}
}

/// A server behind a proxy.
pub(crate) struct Service {
    server: Server,
    proxy: Proxy,
    kind: Kind,
}
#[derive(Clone, Copy)]
enum Kind {
    Postgres,
    Redis,
    Nats,
}
impl Service {
    fn new(server: Server, kind: Kind) -> Self {
        let proxy = Proxy::to(server.port());
        let service = Self { server, proxy, kind };
        service.wait();
        service
    }
    pub(crate) fn postgres() -> Self {
        Self::new(Server::postgres(), Kind::Postgres)
    }
    pub(crate) fn redis() -> Self {
        Self::new(Server::redis(), Kind::Redis)
    }

    pub(crate) fn nats() -> Self {
        Self::new(Server::nats(), Kind::Nats)
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.port()
    }

    /// Changes the server's files, and starts it with them.
    pub(crate) fn reconfigure(&mut self, change: impl FnOnce(&std::path::Path)) {
        self.server.reconfigure(change);
    }

    /// A connection to this port.
    pub(crate) fn open(&self, port: u16) -> Box<dyn Store> {
        match self.kind {
            Kind::Postgres => Box::new(self.postgres_at(port)),
            Kind::Redis => Box::new(self.redis_at(port)),
            Kind::Nats => Box::new(self.nats_at(port)),
        }
    }
    pub(crate) fn postgres_at(&self, port: u16) -> Postgres {
        let url = format!("postgres://quipu:knots@127.0.0.1:{port}/postgres");
        Postgres::new(&url).expect("a URL")
    }
    fn redis_at(&self, port: u16) -> Redis {
        Redis::new(&format!("redis://127.0.0.1:{port}/")).expect("a URL")
    }

    fn nats_at(&self, port: u16) -> Nats {
        Nats::new(&format!("nats://127.0.0.1:{port}")).expect("a URL")
    }

    /// Until the server doesn't only listen, but answers.
    fn wait(&self) {
        let start = std::time::Instant::now();
        while let Err(error) = self.store().slots() {
            assert!(start.elapsed() < crate::LONG, "{error}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
impl Rig for Service {
    fn sink(&self) -> Box<dyn Sink> {
        Box::new(self.open(self.proxy.port()))
    }

    fn store(&self) -> Box<dyn Store> {
        self.open(self.port())
    }

    fn save(&mut self) {
        self.server.save();
        self.wait();
    }

    fn restore(&mut self) {
        self.server.restore();
        self.wait();
    }

    fn crash(&mut self, time: Duration, during: &mut dyn FnMut()) -> bool {
        std::thread::scope(|scope| {
            let server = &mut self.server;
            scope.spawn(move || {
                std::thread::sleep(time);
                server.kill();
            });
            during();
        });
        self.server.restart();
        self.wait();
        true
    }

    fn cut_after(&self, answers: Option<i64>) {
        match answers {
            Some(answers) => self.proxy.cut_after(answers),
            None => self.proxy.heal(),
        }
    }
}
