//! For tests that run a server of their own: in a folder of its own, on a free port, and not for
//! longer than the test.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use tempfile::TempDir;

/// How long a test waits for anything before it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends a signal, such as `-STOP`, to a child that runs.
pub fn signal(child: &Child, signal: &str) {
    let status = Command::new("kill").arg(signal).arg(child.id().to_string()).status();
    assert!(status.expect("cannot run kill").success(), "{signal}");
}

/// A program that runs in a folder of its own. Dropping it kills the program and removes the
/// folder.
#[derive(Debug)]
pub struct Process {
    child: Child,
    folder: TempDir,
}

impl Process {
    /// Starts a program in an empty folder.
    pub fn start(command: &mut Command) -> Self {
        Self::start_in(folder(), command)
    }

    /// Starts a program in a folder, for instance one with its configuration, and logs what it
    /// prints there.
    pub fn start_in(folder: TempDir, command: &mut Command) -> Self {
        let log = File::create(log_of(&folder)).expect("cannot create the log");
        let errors = log.try_clone().expect("cannot share the log");
        // Files that the program leaves behind are removed with the folder.
        command.current_dir(&folder).env("TMPDIR", folder.path()).env("HOME", folder.path());
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let child =
            command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        Self { child, folder }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The folder that it runs in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The program's output so far, on both of its streams.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(log_of(&self.folder)).expect("cannot read the log"))
            .into_owned()
    }

    /// Asks until there is an answer. Fails, with the log, where the program ends first.
    pub fn wait_for<T>(&mut self, what: &str, mut ask: impl FnMut(&Self) -> Option<T>) -> T {
        wait_for(what, || {
            if let Some(status) = self.child.try_wait().expect("cannot wait for a program") {
                panic!("no {what}: the program ended with {status}\n{}", self.log());
            }
            ask(self)
        })
    }

    /// Waits until the program ends by itself.
    pub fn wait(&mut self) -> ExitStatus {
        wait_for("end of the program", || self.child.try_wait().expect("cannot wait for a program"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Either fails only where the program has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn log_of(folder: &TempDir) -> PathBuf {
    folder.path().join("output.log")
}

/// An empty folder, removed when dropped.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("cannot create a temporary folder")
}

/// Asks again and again until there is an answer, and fails where there is none in a minute.
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(answer) = ask() {
            return answer;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("no {what} in {PATIENCE:?}");
}

/// A port of the loopback interface that nothing listens on now. A program may still come first,
/// though few systems give out the same port twice in a row.
pub fn free_port() -> u16 {
    let listener =
        TcpListener::bind(("127.0.0.1", 0)).expect("cannot listen on the loopback interface");
    listener.local_addr().expect("a listener has an address").port()
}

/// A command that runs an installed program. Fails with the Debian package to install where there
/// is none.
pub fn program(name: &str, package: &str) -> Command {
    let folders = env::var_os("PATH").unwrap_or_default();
    let path =
        env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file());
    Command::new(path.unwrap_or_else(|| {
        panic!("the program {name} is missing: install Debian's package {package}")
    }))
}

/// A command that runs an example of this package, from where cargo puts it: next to the folder of
/// the tests.
pub fn example(name: &str) -> Command {
    let test = env::current_exe().expect("a test knows its executable");
    let profile = test.ancestors().nth(2).expect("a test lies in <profile>/deps");
    let path = profile.join("examples").join(name).with_extension(env::consts::EXE_EXTENSION);
    assert!(
        path.is_file(),
        "{} is missing: run `cargo build --example {name}`, or all of `cargo test`",
        path.display()
    );
    Command::new(path)
}
