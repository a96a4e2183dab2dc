//! A process of Java that says "ready", ends with its input, and can be killed and started again.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;
use std::{env, fs, thread};

/// The classes of this package, and the jars of all systems but Cassandra.
const CLASSES: &str = "QUIPU_CONTESTANTS";

/// How long an answer may take. Clients in Java give up earlier, where the call that they wait for
/// ends at all.
const ANSWER: Duration = Duration::from_secs(180);

pub struct Process {
    command: Command,
    log: PathBuf,
    running: Option<Running>,
}

struct Running {
    child: Child,
    input: ChildStdin,
    /// Lines of the standard output.
    output: Receiver<String>,
}

/// The path that a variable names, which `run` sets.
pub(crate) fn path_of(variable: &str) -> Result<PathBuf, String> {
    let path = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_dir());
    path.ok_or_else(|| format!("{variable}: expected a folder, as benches/cluster/run sets it"))
}

impl Process {
    /// Starts a class of this package, and waits until it is ready. The name is that of its log.
    pub(crate) fn java(
        folder: &Path,
        name: &str,
        options: &[String],
        jars: &Path,
        arguments: &[String],
    ) -> Result<Self, String> {
        let classes = path_of(CLASSES)?.join("classes");
        let log = folder.join(format!("{name}.log"));
        let mut command = Command::new("java");
        command
            .args(options)
            .arg("-cp")
            .arg(format!("{}:{}/*", classes.display(), jars.display()))
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?);
        let mut process = Self { command, log, running: None };
        process.start()?;
        Ok(process)
    }

    /// The jars of all systems but Cassandra.
    pub(crate) fn jars() -> Result<PathBuf, String> {
        Ok(path_of(CLASSES)?.join("lib"))
    }

    pub(crate) fn start(&mut self) -> Result<(), String> {
        let child = self.command.spawn();
        let mut child = child.map_err(|error| format!("java: {error}: expected a JDK"))?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (input, output) = pipes.ok_or("java has no standard streams")?;
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            BufReader::new(output)
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        self.running = Some(Running { child, input, output: receiver });
        let line = self.line()?;
        if line == "ready" {
            Ok(())
        } else {
            Err(format!("java answered {line:?}: expected ready"))
        }
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            // It may have ended.
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }

    pub(crate) fn tell(&mut self, line: &str) -> Result<(), String> {
        let log = &self.log;
        let running = self.running.as_mut().ok_or_else(|| ended(log))?;
        writeln!(running.input, "{line}")
            .and_then(|()| running.input.flush())
            .map_err(|_| ended(log))
    }

    pub(crate) fn ask(&mut self, line: &str) -> Result<String, String> {
        self.tell(line)?;
        self.line()
    }

    fn line(&self) -> Result<String, String> {
        let running = self.running.as_ref().ok_or_else(|| ended(&self.log))?;
        running.output.recv_timeout(ANSWER).map_err(|_| ended(&self.log))
    }
}

/// The beginning of a process's log says why it ended.
fn ended(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let text: String = text.chars().take(2000).collect();
    format!("{}: no answer within {ANSWER:?}, or it ended: {text}", log.display())
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
