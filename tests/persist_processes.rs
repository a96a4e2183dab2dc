//! Processes that fork, are killed, or write at the same time.

#![cfg(unix)]

use std::io::Read;
use std::os::fd::FromRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quipu::Counter;
use quipu::persist::{ErrorKind, Sqlite, Store, Worker};

/// Longer than anything takes that doesn't hang.
const LONG: Duration = Duration::from_secs(60);

/// A file in a folder of its own, for a test that is alone in the process: a fork while another thread is inside SQLite
/// leaves SQLite's locks taken in the child.
struct File {
    folder: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl File {
    fn new() -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        Self { folder: tempfile::tempdir().expect("a temporary folder"), _alone: alone }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("totals.db")
    }
}

/// A child process, which ends with 0 if its function returns.
struct Child(libc::pid_t);

impl Child {
    fn fork(work: impl FnOnce()) -> Self {
        // SAFETY: the child runs `work` and ends. The allocator and this crate are prepared for forks.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0, "fork");
        if pid == 0 {
            let failed = catch_unwind(AssertUnwindSafe(work)).is_err();
            // SAFETY: ends the process, without the test harness's destructors.
            unsafe { libc::_exit(i32::from(failed)) };
        }
        Self(pid)
    }

    fn kill(&self) {
        // SAFETY: the child was not waited for yet, so the number is its own.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
    }

    /// What `waitpid` says of its end.
    fn wait(self) -> i32 {
        let mut status = 0;
        // SAFETY: `status` is there to be written.
        let pid = unsafe { libc::waitpid(self.0, &raw mut status, 0) };
        assert_eq!(pid, self.0);
        status
    }
}

fn worker(file: &File, counter: &Arc<Counter>) -> Worker {
    let worker = Worker::builder("host").interval(LONG).start(Sqlite::new(file.path())).unwrap();
    worker.track("likes", Arc::clone(counter)).unwrap();
    worker
}

#[test]
fn a_forked_child_ships_what_it_counted_itself() {
    let (file, likes) = (File::new(), Arc::new(Counter::new()));
    let parents = worker(&file, &likes);
    likes.add(100);
    let child = Child::fork(|| {
        let error = parents.flush(LONG).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forked);
        assert!(error.to_string().contains("expected a worker that was started after the fork"));
        assert_eq!(parents.status().unwrap_err().kind(), ErrorKind::Forked);
        let own = worker(&file, &likes);
        likes.add(7);
        own.flush(LONG).unwrap();
        likes.add(1);
        own.shutdown(LONG).unwrap();
    });
    assert_eq!(child.wait(), 0);
    likes.add(20);
    parents.flush(LONG).unwrap();
    let mut totals: Vec<_> =
        Sqlite::new(file.path()).by_writer("likes").unwrap().values().map(|stamp| stamp.total).collect();
    totals.sort_unstable();
    assert_eq!(totals, [8, 120]);
}

#[test]
fn what_a_killed_process_had_flushed_is_there() {
    let file = File::new();
    for round in 1..=5 {
        let mut pipe = [0; 2];
        // SAFETY: there is room for two descriptors.
        assert_eq!(unsafe { libc::pipe(pipe.as_mut_ptr()) }, 0);
        let child = Child::fork(|| {
            let likes = Arc::new(Counter::new());
            let worker = worker(&file, &likes);
            likes.add(10);
            worker.flush(LONG).unwrap();
            // SAFETY: the descriptor is open, and the byte is there.
            assert_eq!(unsafe { libc::write(pipe[1], [1_u8].as_ptr().cast(), 1) }, 1);
            loop {
                // Not flushed, or in the middle of it when the process is killed.
                likes.add(1);
                let _ = worker.flush(Duration::from_millis(round));
            }
        });
        // SAFETY: the descriptors are this test's own.
        let (mut read, write) = unsafe { (std::fs::File::from_raw_fd(pipe[0]), std::fs::File::from_raw_fd(pipe[1])) };
        drop(write);
        read.read_exact(&mut [0]).expect("the child's first flush");
        child.kill();
        assert_ne!(child.wait(), 0);
        let rows = Sqlite::new(file.path()).by_writer("likes").unwrap();
        assert_eq!(rows.len(), round as usize);
        assert!(rows.values().all(|stamp| stamp.total >= 10));
    }
}

#[test]
fn processes_share_a_file() {
    let file = File::new();
    let count = || {
        let likes = Arc::new(Counter::new());
        let worker =
            Worker::builder("host").interval(Duration::from_millis(1)).start(Sqlite::new(file.path())).unwrap();
        worker.track("likes", Arc::clone(&likes)).unwrap();
        for _ in 0..2000 {
            likes.inc();
            std::thread::sleep(Duration::from_micros(20));
        }
        worker.shutdown(LONG).unwrap();
    };
    let children: Vec<_> = (0..4).map(|_| Child::fork(count)).collect();
    assert!(children.into_iter().all(|child| child.wait() == 0));
    assert_eq!(Sqlite::new(file.path()).total("likes").unwrap(), 8000);
    assert_eq!(Sqlite::new(file.path()).compact(Duration::from_secs(3600)).unwrap(), 4);
    assert_eq!(Sqlite::new(file.path()).total("likes").unwrap(), 8000);
}

#[test]
fn a_file_that_may_only_be_read_is_read() {
    let (file, likes) = (File::new(), Arc::new(Counter::new()));
    likes.add(3);
    worker(&file, &likes).shutdown(LONG).unwrap();
    let folder = file.path().parent().unwrap().to_owned();
    set_mode(&folder, 0o555);
    set_mode(&file.path(), 0o444);
    let child = Child::fork(|| {
        // SAFETY: has no preconditions. Root may write to any file, `nobody` may not; others can't change their id.
        unsafe { libc::setuid(65534) };
        assert_eq!(Sqlite::new(file.path()).total("likes").unwrap(), 3);
        let error = worker(&file, &likes).flush(LONG).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
        assert!(error.to_string().contains("expected a file and a folder that this user may write to"), "{error}");
    });
    assert_eq!(child.wait(), 0);
    set_mode(&folder, 0o755);
}

fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
