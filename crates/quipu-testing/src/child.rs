//! Child processes.

use std::env;
use std::process::{Command, Output};

/// Seconds after which a child that hangs is killed.
pub const PATIENCE: u32 = 60;

/// Runs `f` in a forked child and waits for it. Panics unless `f` returned true in time.
#[cfg(unix)]
pub fn fork(f: impl FnOnce() -> bool) {
    // SAFETY: the child uses no more of the process than `f` does, and leaves without running exit
    // handlers.
    match unsafe { libc::fork() } {
        -1 => panic!("fork: {}", std::io::Error::last_os_error()),
        0 => {
            // SAFETY: calls without preconditions.
            unsafe { libc::alarm(PATIENCE) };
            let is_right = f();
            // SAFETY: as above.
            unsafe { libc::_exit(if is_right { 0 } else { 1 }) }
        }
        child => assert_success(child),
    }
}

#[cfg(unix)]
fn assert_success(child: libc::pid_t) {
    let mut status = 0;
    // SAFETY: `status` is a valid place for the status.
    assert_eq!(unsafe { libc::waitpid(child, std::ptr::from_mut(&mut status), 0) }, child);
    assert!(
        !libc::WIFSIGNALED(status),
        "the child was killed by signal {}",
        libc::WTERMSIG(status)
    );
    assert_eq!(libc::WEXITSTATUS(status), 0, "the child found a wrong value");
}

/// Set in a process that was started again: its test.
const TEST: &str = "QUIPU_TEST";

/// Set where an emulator runs the tests: the words of its command.
const RUNNER: &str = "QUIPU_TEST_RUNNER";

/// The test that this process was started again for.
pub fn test() -> Option<String> {
    env::var(TEST).ok()
}

/// Whether this process was started by [`start_again`].
pub fn is_started_again() -> bool {
    test().is_some()
}

/// Runs one test of this binary once more, in a process of its own in which [`is_started_again`].
pub fn start_again(test: &str) -> Output {
    output(this().env(TEST, test), test)
}

/// The same by a command that ends in `env`, which may change more than the environment.
pub fn start_again_by(mut command: Command, test: &str) -> Output {
    let this = this();
    command.arg(format!("{TEST}={test}")).arg(this.get_program()).args(this.get_args());
    output(&mut command, test)
}

/// A command that runs this binary, by the emulator that runs it now, if one does.
pub fn this() -> Command {
    let binary = env::current_exe().expect("the path of this binary");
    let Ok(runner) = env::var(RUNNER) else { return Command::new(binary) };
    let mut words = runner.split_whitespace();
    let mut command = Command::new(words.next().expect("an emulator"));
    command.args(words).arg(binary);
    command
}

fn output(command: &mut Command, test: &str) -> Output {
    command
        .args([test, "--exact", "--include-ignored", "--nocapture"])
        .output()
        .expect("a child process")
}

/// Of a process that was started again: there was the test, it passed, and nothing was wrong at the
/// end.
pub fn assert_passed(output: &Output) {
    let told = String::from_utf8_lossy(&output.stdout);
    let is_passed = output.status.success() && told.contains("ok. 1 passed");
    assert!(is_passed, "{}: {told}{}", output.status, String::from_utf8_lossy(&output.stderr));
}

/// Whether this process runs one test only. If not, the test is run in such a process, and must
/// succeed there. Miri starts no processes: there, run the test alone.
///
/// For tests that know all threads and counters of their process, and for children that start
/// threads: std has a lock for that, which stays locked in the child if it was forked while another
/// test's thread was starting.
pub fn is_alone(test: &str) -> bool {
    cfg!(miri) || is_started_again() || {
        assert_passed(&start_again(test));
        false
    }
}
