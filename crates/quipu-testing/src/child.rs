//! Child processes.

use std::process::{Command, Output};
use std::{env, io, ptr};

/// Seconds after which a child that hangs is killed.
pub const PATIENCE: u32 = 60;

/// Runs `f` in a forked child and waits for it. Panics unless `f` returned true in time.
pub fn fork(f: impl FnOnce() -> bool) {
    // SAFETY: the child uses no more of the process than `f` does, and leaves without running exit handlers.
    match unsafe { libc::fork() } {
        -1 => panic!("fork: {}", io::Error::last_os_error()),
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

fn assert_success(child: libc::pid_t) {
    let mut status = 0;
    // SAFETY: `status` is a valid place for the status.
    assert_eq!(unsafe { libc::waitpid(child, ptr::from_mut(&mut status), 0) }, child);
    assert!(!libc::WIFSIGNALED(status), "the child was killed by signal {}", libc::WTERMSIG(status));
    assert_eq!(libc::WEXITSTATUS(status), 0, "the child found a wrong value");
}

const ROLE: &str = "QUIPU_TEST_ROLE";

/// Whether this process was started by [`start_again`].
pub fn is_started_again() -> bool {
    env::var_os(ROLE).is_some()
}

/// Runs one test of this binary once more, in a process of its own in which [`is_started_again`].
pub fn start_again(test: &str) -> Output {
    start_again_by(Command::new("env"), test)
}

/// The same by a command that ends in `env`, which may change more than the environment.
pub fn start_again_by(mut command: Command, test: &str) -> Output {
    let this = env::current_exe().expect("the path of this binary");
    command.arg(format!("{ROLE}=child")).arg(this).args([test, "--exact", "--include-ignored", "--nocapture"]);
    command.output().expect("a child process")
}

/// Of a process that was started again: there was the test, and it passed.
pub fn assert_passed(output: &Output) {
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("ok. 1 passed"), "{told}{}", String::from_utf8_lossy(&output.stderr));
}

/// Whether this process runs one test only. If not, the test is run in such a process, and must succeed there.
///
/// For children that start threads: std has a lock for that, which stays locked in the child if it was forked while
/// another test's thread was starting.
pub fn is_alone(test: &str) -> bool {
    is_started_again() || {
        assert_passed(&start_again(test));
        false
    }
}
