//! Real servers, each on a free loopback port and in a folder of its own.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use quipu_testing::certificates::Issued;
use quipu_testing::nobody::{NOBODY, give_to_nobody, is_root};
use quipu_testing::process::{free_port, signal};
use tempfile::TempDir;

/// A program to start, in a folder and on a port.
type Program = Box<dyn Fn(&Path, u16) -> Command + Send + Sync>;

/// A server that dies with this value.
pub(crate) struct Server {
    program: Program,
    folder: TempDir,
    port: u16,
    child: Option<Child>,
    /// The signal that ends it: a kill, unless its children would survive that.
    end: &'static str,
}

impl Server {
    pub(crate) fn redis() -> Self {
        Self::redis_with_fsync("always")
    }

    /// Whose file is on the disk `always`, after each command, or `everysec`.
    pub(crate) fn redis_with_fsync(policy: &'static str) -> Self {
        Self::redis_with(&["--appendonly", "yes", "--appendfsync", policy])
    }

    pub(crate) fn redis_with(options: &[&str]) -> Self {
        let options: Vec<_> = options.iter().map(|option| (*option).to_owned()).collect();
        Self::start(move |data, port| {
            let mut command = command("redis-server", &[], "redis-server");
            command.args(["--bind", "127.0.0.1", "--save", ""]).args(&options);
            command.arg("--port").arg(port.to_string()).arg("--dir").arg(data);
            command
        })
    }

    /// A sentinel of its own, for a primary that it calls `knots.main`.
    pub(crate) fn redis_sentinel(primary: u16, password: &str) -> Self {
        let text = format!(
            "sentinel monitor knots.main 127.0.0.1 {primary} 1\n\
             sentinel auth-pass knots.main {password}\n\
             sentinel down-after-milliseconds knots.main 1000\n\
             sentinel failover-timeout knots.main 5000\n"
        );
        Self::start(move |data, port| {
            // It writes into the file itself.
            let config = file(data.with_file_name("sentinel.conf"), &text);
            let mut command = command("redis-server", &[], "redis-server");
            command.arg(config).args(["--sentinel", "--bind", "127.0.0.1"]);
            command.arg("--port").arg(port.to_string()).arg("--dir").arg(data);
            command
        })
    }

    pub(crate) fn nats() -> Self {
        Self::nats_with(&["--jetstream"])
    }

    pub(crate) fn nats_with(options: &'static [&'static str]) -> Self {
        Self::start(move |data, port| {
            let mut command = command("nats-server", &[], "nats-server");
            command.args(["--addr", "127.0.0.1", "--port"]).arg(port.to_string());
            command.arg("--store_dir").arg(data).args(options);
            command
        })
    }

    /// With a configuration file of this text.
    pub(crate) fn nats_configured(text: String) -> Self {
        Self::start(move |data, port| {
            let config = file(data.with_file_name("nats.conf"), &text);
            let mut command = command("nats-server", &[], "nats-server");
            command.args(["--addr", "127.0.0.1", "--port"]).arg(port.to_string());
            command.arg("--store_dir").arg(data).arg("--config").arg(config);
            command
        })
    }

    /// With a database and a user `quipu` with the password `knots`. It is killed, but its disk is
    /// not.
    pub(crate) fn postgres() -> Self {
        Self::postgres_with_fsync("off")
    }

    /// Which writes are on the disk when they are acknowledged, `on`, or merely given to the
    /// system.
    pub(crate) fn postgres_with_fsync(fsync: &'static str) -> Self {
        Self::start(move |data, port| {
            if !data.join("PG_VERSION").exists() {
                initdb(data);
            }
            postgres_at(data, port, &[("fsync", fsync)])
        })
    }

    /// A standby of the PostgreSQL on this port, which stays as it is now: it applies what comes later in an
    /// hour.
    pub(crate) fn postgres_standby(primary: u16) -> Self {
        Self::start(move |data, port| {
            if !data.join("PG_VERSION").exists() {
                let primary = format!("postgres://quipu:knots@127.0.0.1:{primary}/");
                let mut backup = postgres_command("pg_basebackup");
                backup.args([
                    "--write-recovery-conf",
                    "--checkpoint=fast",
                    "--no-sync",
                    "--dbname",
                ]);
                succeed(backup.arg(primary).arg("--pgdata").arg(data).current_dir(data));
            }
            postgres_at(data, port, &[("recovery_min_apply_delay", "1h")])
        })
    }

    /// With these files for TLS, without which nobody is let in; `is_mutual` where a client needs a
    /// certificate, too.
    pub(crate) fn postgres_with_tls(roots: PathBuf, files: &Issued, is_mutual: bool) -> Self {
        let Issued { certificate, key } = files.clone();
        Self::start(move |data, port| {
            if !data.join("PG_VERSION").exists() {
                initdb(data);
            }
            let asks = if is_mutual { "clientcert=verify-ca" } else { "" };
            let rule = format!("hostssl all all 127.0.0.1/32 scram-sha-256 {asks}\n");
            file(data.join("pg_hba.conf"), &rule);
            let [certificate, key, roots] =
                [&certificate, &key, &roots].map(|file| file.display().to_string());
            let files =
                [("ssl_cert_file", &*certificate), ("ssl_key_file", &key), ("ssl_ca_file", &roots)];
            postgres_at(data, port, &[&files[..], &[("fsync", "off"), ("ssl", "on")]].concat())
        })
    }

    /// With these files for TLS, and no connection without.
    pub(crate) fn redis_with_tls(roots: PathBuf, files: &Issued, is_mutual: bool) -> Self {
        let Issued { certificate, key } = files.clone();
        Self::start(move |data, port| {
            let mut command = command("redis-server", &[], "redis-server");
            command.args(["--bind", "127.0.0.1", "--save", "", "--port", "0"]);
            command.arg("--tls-port").arg(port.to_string()).arg("--dir").arg(data);
            command.arg("--tls-cert-file").arg(&certificate).arg("--tls-key-file").arg(&key);
            command.arg("--tls-ca-cert-file").arg(&roots);
            command.args(["--tls-auth-clients", if is_mutual { "yes" } else { "no" }]);
            command
        })
    }

    /// In front of the PostgreSQL on this port, with few connections to it, each lent for a
    /// transaction.
    pub(crate) fn pgbouncer(postgres: u16) -> Self {
        Self::start(move |data, port| {
            let users = file(data.join("users.txt"), "\"quipu\" \"knots\"\n");
            let config = format!(
                "[databases]\n* = host=127.0.0.1 port={postgres}\n[pgbouncer]\n\
                 listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
                 auth_type = plain\nauth_file = {}\npool_mode = transaction\n\
                 default_pool_size = 2\nmax_client_conn = 100\n",
                users.display()
            );
            let mut command = command("pgbouncer", &[], "pgbouncer");
            run_as_nobody(&mut command);
            command.arg(file(data.join("pgbouncer.ini"), &config));
            command
        })
    }

    /// In front of a primary and its standby, to which it sends all queries that may go there.
    pub(crate) fn pgpool(primary: u16, standby: u16) -> Self {
        let commands = free_port();
        let mut server = Self::start(move |data, port| {
            let folder = data.display();
            let config = format!(
                "backend_clustering_mode = 'streaming_replication'\nsr_check_period = 0\n\
                 backend_hostname0 = '127.0.0.1'\nbackend_port0 = {primary}\nbackend_weight0 = 0\n\
                 backend_flag0 = 'ALWAYS_PRIMARY|DISALLOW_TO_FAILOVER'\n\
                 backend_hostname1 = '127.0.0.1'\nbackend_port1 = {standby}\nbackend_weight1 = 1\n\
                 backend_flag1 = 'DISALLOW_TO_FAILOVER'\n\
                 load_balance_mode = on\nstatement_level_load_balance = on\n\
                 disable_load_balance_on_write = 'off'\n\
                 allow_clear_text_frontend_auth = on\npool_passwd = ''\nnum_init_children = 8\n\
                 listen_addresses = '127.0.0.1'\nport = {port}\nsocket_dir = '{folder}'\n\
                 pcp_listen_addresses = '127.0.0.1'\npcp_port = {commands}\npcp_socket_dir = '{folder}'\n\
                 pid_file_name = '{folder}/pgpool.pid'\nlogdir = '{folder}'\nwork_dir = '{folder}'\n"
            );
            let mut command = command("pgpool", &[], "pgpool2");
            run_as_nobody(&mut command);
            command.args(["-n", "-D", "-f"]).arg(file(data.join("pgpool.conf"), &config));
            command
        });
        server.end = "-QUIT";
        server
    }

    fn start(program: impl Fn(&Path, u16) -> Command + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let mut server =
            Self { program: Box::new(program), folder, port, child: None, end: "-KILL" };
        give_to_nobody(server.folder.path());
        // PostgreSQL wants it for its user alone.
        fs::DirBuilder::new().mode(0o700).create(server.data()).expect("a folder for the data");
        give_to_nobody(&server.data());
        server.restart();
        server
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn copy(&self) -> PathBuf {
        self.folder.path().join("copy")
    }

    /// By SIGKILL mostly, so without any clean-up.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            signal(&child, self.end);
            child.wait().expect("a server's end");
        }
    }

    /// Sends a signal to the server if it runs.
    pub(crate) fn signal(&self, name: &str) {
        if let Some(child) = &self.child {
            signal(child, name);
        }
    }

    /// Kills the server if it runs, and waits until it listens again.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let child = (self.program)(&self.data(), self.port)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            let mut child = child.expect("a server that was found");
            // It may end at once, as PostgreSQL does while processes of the one that was killed are
            // alive.
            while child.try_wait().expect("a child").is_none() {
                if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                    self.child = Some(child);
                    return;
                }
                assert!(
                    Instant::now() < deadline,
                    "the server doesn't listen on port {}",
                    self.port
                );
                thread::sleep(Duration::from_millis(10));
            }
            assert!(Instant::now() < deadline, "the server ends when it is started");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Changes the data of a server that has ended, and starts it again.
    pub(crate) fn reconfigure(&mut self, change: impl FnOnce(&Path)) {
        self.kill();
        change(&self.data());
        self.restart();
    }

    /// Keeps a copy of the data as they are after a crash.
    pub(crate) fn save(&mut self) {
        self.kill();
        replace(&self.data(), &self.copy());
        self.restart();
    }

    /// Goes back to the last copy, and keeps what there was as the copy.
    pub(crate) fn restore(&mut self) {
        self.kill();
        let between = self.folder.path().join("between");
        let move_to = |from: PathBuf, to: PathBuf| fs::rename(from, to).expect("a folder to move");
        move_to(self.data(), between.clone());
        move_to(self.copy(), self.data());
        move_to(between, self.copy());
        self.restart();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn replace(from: &Path, to: &Path) {
    // With a server's files it may be that one of its processes is about to end, and removes some.
    for _ in 0..20 {
        let _ = fs::remove_dir_all(to);
        let copied = Command::new("cp")
            .arg("-a")
            .arg(from)
            .arg(to)
            .stderr(Stdio::null())
            .status()
            .expect("cp");
        if copied.success() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("{} can't be copied", from.display());
}

/// A program in the `PATH` or one of `folders`.
fn command(program: &str, folders: &[PathBuf], package: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).chain(folders.iter().cloned()).collect();
    folders.push("/usr/sbin".into());
    let found = folders.iter().map(|folder| folder.join(program)).find(|file| file.exists());
    Command::new(found.unwrap_or_else(|| {
        panic!("{program} is missing: install it, on Debian by `apt-get install {package}`")
    }))
}
fn postgres_command(program: &str) -> Command {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    let mut command = command(program, &folders, "postgresql");
    run_as_nobody(&mut command);
    command
}

/// For a program that doesn't run as root.
fn run_as_nobody(command: &mut Command) {
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
}

/// A PostgreSQL that listens on this port, with these settings.
fn postgres_at(data: &Path, port: u16, settings: &[(&str, &str)]) -> Command {
    let mut command = postgres_command("postgres");
    command.arg("-D").arg(data).arg("-p").arg(port.to_string());
    command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
    for (name, value) in settings {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    command
}

fn initdb(data: &Path) {
    let password = file(data.with_file_name("password"), "knots\n");
    let mut initdb = postgres_command("initdb");
    initdb.args(["--username=quipu", "--auth=scram-sha-256", "--no-sync", "--pwfile"]);
    succeed(initdb.arg(&password).arg("-D").arg(data).current_dir(data));
}

fn succeed(command: &mut Command) {
    let output = command.output().expect("a program that was found");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Writes a file of the configuration.
fn file(path: PathBuf, text: &str) -> PathBuf {
    fs::write(&path, text).expect("a file for the configuration");
    path
}
