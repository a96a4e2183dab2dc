//! Processes that fork, are killed, or write at the same time.
//!
//! The children start threads and use SQLite, so each test has a process of its own, which forks
//! while no other thread is inside either: see [`child::is_alone`].

#![cfg(unix)]

use std::io::{Read, Write};
use std::os::fd::FromRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quipu::{Bounds, Counter, Histogram, LogLinear};
use quipu_persist::{ErrorKind, Lease, Sqlite, Store, Worker, Writer};
use quipu_testing::child::{self, PATIENCE};

/// Longer than anything takes that doesn't hang.
const LONG: Duration = Duration::from_secs(60);

/// A file in a folder of its own.
struct File(tempfile::TempDir);

impl File {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("totals.db")
    }
}

/// A child process, which ends with 0 if its function returns.
struct Child(libc::pid_t);

impl Child {
    fn fork(work: impl FnOnce()) -> Self {
        // SAFETY: the child runs `work` and ends. The allocator and this crate are prepared for
        // forks.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0, "fork");
        if pid == 0 {
            // SAFETY: has no preconditions.
            unsafe { libc::alarm(PATIENCE) };
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

    /// The status of its end, by `waitpid`.
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
    if !child::is_alone("a_forked_child_ships_what_it_counted_itself") {
        return;
    }
    let (file, likes) = (File::new(), Arc::new(Counter::new()));
    let parents = worker(&file, &likes);
    likes.add(100);
    let child = Child::fork(|| {
        let error = parents.flush(LONG).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forked);
        assert!(error.to_string().contains("start one after the fork"));
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
    // The child came after the parent's worker, which has claimed a slot by then or hasn't.
    let mut totals: Vec<_> =
        Sqlite::new(file.path()).by_slot("likes").unwrap().into_values().collect();
    totals.sort_unstable();
    assert!(totals == [8, 120] || totals == [128], "{totals:?}");
}

#[test]
fn a_child_forked_before_the_first_worker_ships_what_it_counted_itself() {
    if !child::is_alone("a_child_forked_before_the_first_worker_ships_what_it_counted_itself") {
        return;
    }
    let (file, likes) = (File::new(), Arc::new(Counter::new()));
    likes.add(100);
    for _ in 0..2 {
        let child = Child::fork(|| {
            let own = worker(&file, &likes);
            likes.add(7);
            own.shutdown(LONG).unwrap();
        });
        assert_eq!(child.wait(), 0);
    }
    worker(&file, &likes).shutdown(LONG).unwrap();
    assert_eq!(Sqlite::new(file.path()).total("likes").unwrap(), 114);
}

/// The two ends of a pipe: where to read, where to write.
fn pipe() -> (std::fs::File, std::fs::File) {
    let mut ends = [0; 2];
    // SAFETY: there is room for two descriptors.
    assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
    // SAFETY: the descriptors are open, and nobody else's.
    ends.map(|end| unsafe { std::fs::File::from_raw_fd(end) }).into()
}

/// Counts and flushes for ever. Writes `a` before each add, and `f` after each flush that
/// succeeded.
fn count_and_tell(file: &File, mut tell: &std::fs::File) {
    let likes = Arc::new(Counter::new());
    let worker = worker(file, &likes);
    loop {
        tell.write_all(b"a").unwrap();
        likes.add(1);
        if worker.flush(LONG).is_ok() {
            tell.write_all(b"f").unwrap();
        }
    }
}

/// The bytes that a child tells: how many adds it began, and how many its last flush has stored.
fn told(bytes: &[u8]) -> (i64, i64) {
    let adds = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte == b'a').count() as i64;
    let last_flush = bytes.iter().rposition(|&byte| byte == b'f').unwrap_or(0);
    (adds(bytes), adds(&bytes[..last_flush]))
}

#[test]
fn a_killed_process_leaves_what_it_had_flushed_and_no_more_than_it_had_begun() {
    if !child::is_alone("a_killed_process_leaves_what_it_had_flushed_and_no_more_than_it_had_begun")
    {
        return;
    }
    let file = File::new();
    for round in 0..10 {
        let (mut read, write) = pipe();
        let child = Child::fork(|| count_and_tell(&file, &write));
        drop(write);
        let mut bytes = vec![0; 5 + 7 * round];
        read.read_exact(&mut bytes).expect("a child that counts");
        child.kill();
        assert_ne!(child.wait(), 0);
        read.read_to_end(&mut bytes).unwrap();

        let (begun, flushed) = told(&bytes);
        // Its lease is long, so each process has a slot of its own.
        let rows = Sqlite::new(file.path()).by_slot("likes").unwrap();
        let own = rows.get(&(round as u32)).copied().unwrap_or(0);
        assert!((flushed..=begun).contains(&own), "{flushed} <= {own} <= {begun}");
        assert_eq!(rows.len(), round + 1);
    }
}

/// A process that was stopped for longer than its lease is told that another one has its slot, and
/// goes on in a slot of its own.
#[test]
fn a_stopped_process_goes_on_in_another_slot() {
    if !child::is_alone("a_stopped_process_goes_on_in_another_slot") {
        return;
    }
    let file = File::new();
    let second = Duration::from_secs(1);
    let brief = |likes: &Arc<Counter>| {
        let builder = Worker::builder("brief").interval(second / 10).resend_every(second / 4);
        let worker = builder.lease(second).start(Sqlite::new(file.path())).unwrap();
        worker.track("likes", Arc::clone(likes)).unwrap();
        worker
    };
    let (mut read, mut write) = pipe();
    let (mut until_stopped, mut go_on) = pipe();
    let child = Child::fork(|| {
        let likes = Arc::new(Counter::new());
        let worker = brief(&likes);
        likes.add(10);
        worker.flush(LONG).unwrap();
        write.write_all(b"f").unwrap();
        until_stopped.read_exact(&mut [0]).unwrap();
        likes.add(5);
        worker.shutdown(LONG).unwrap();
    });
    read.read_exact(&mut [0]).expect("a child that flushed");
    let mut store = Sqlite::new(file.path());
    let owner = |lease: &Lease| lease.owner.clone();
    let first: Writer = owner(&store.slots().unwrap()[&0]);
    // SAFETY: the child was not waited for yet, so the number is its own.
    unsafe { libc::kill(child.0, libc::SIGSTOP) };
    std::thread::sleep(second * 2 + second / 10);
    let likes = Arc::new(Counter::new());
    likes.add(100);
    let worker = worker(&file, &likes);
    worker.flush(LONG).unwrap();
    assert_eq!(store.by_slot("likes").unwrap(), [(0, 110)].into());
    // SAFETY: as above.
    unsafe { libc::kill(child.0, libc::SIGCONT) };
    go_on.write_all(b"g").unwrap();
    assert_eq!(child.wait(), 0);
    assert_eq!(store.by_slot("likes").unwrap(), [(0, 110), (1, 5)].into());
    let slots = store.slots().unwrap();
    assert_eq!(slots[&0].past.iter().map(|(owner, _)| owner).collect::<Vec<_>>(), [&first]);
    assert_eq!((slots[&1].owner.host(), slots[&1].until), ("brief", None));
}

/// Any number of starts leave no more rows than one.
#[test]
fn starts_leave_no_rows() {
    if !child::is_alone("starts_leave_no_rows") {
        return;
    }
    let file = File::new();
    for _ in 0..20 {
        let likes = Arc::new(Counter::new());
        let child = Child::fork(|| {
            let worker = worker(&file, &likes);
            likes.add(3);
            worker.shutdown(LONG).unwrap();
        });
        assert_eq!(child.wait(), 0);
    }
    assert_eq!(Sqlite::new(file.path()).by_slot("likes").unwrap(), [(0, 60)].into());
}

#[test]
fn processes_share_a_file() {
    if !child::is_alone("processes_share_a_file") {
        return;
    }
    let file = File::new();
    let count = || {
        let likes = Arc::new(Counter::new());
        let worker = Worker::builder("host")
            .interval(Duration::from_millis(1))
            .start(Sqlite::new(file.path()))
            .unwrap();
        worker.track("likes", Arc::clone(&likes)).unwrap();
        for _ in 0..2000 {
            likes.inc();
            std::thread::sleep(Duration::from_micros(20));
        }
        worker.shutdown(LONG).unwrap();
    };
    let children: Vec<_> = (0..4).map(|_| Child::fork(count)).collect();
    assert!(children.into_iter().all(|child| child.wait() == 0));
    let mut store = Sqlite::new(file.path());
    assert_eq!(store.total("likes").unwrap(), 8000);
    assert!(store.slots().unwrap().len() <= 4);
}

#[test]
fn a_file_that_may_only_be_read_is_read() {
    if !child::is_alone("a_file_that_may_only_be_read_is_read") {
        return;
    }
    let (file, likes) = (File::new(), Arc::new(Counter::new()));
    likes.add(3);
    worker(&file, &likes).shutdown(LONG).unwrap();
    let folder = file.path().parent().unwrap().to_owned();
    set_mode(&folder, 0o555);
    set_mode(&file.path(), 0o444);
    let child = Child::fork(|| {
        // SAFETY: has no preconditions. Root may write to any file, `nobody` may not; others can't
        // change their id.
        unsafe { libc::setuid(65534) };
        assert_eq!(Sqlite::new(file.path()).total("likes").unwrap(), 3);
        let worker = worker(&file, &likes);
        let error = worker.flush(LONG).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
        assert!(
            error.to_string().contains("expected a file and a folder that this user may write to"),
            "{error}"
        );
        worker.shutdown(Duration::ZERO).unwrap_err();
    });
    assert_eq!(child.wait(), 0);
    set_mode(&folder, 0o755);
}

fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Each process has observations of its own, in buckets that the other one doesn't have, too.
#[test]
fn percentiles_over_processes_are_exact_to_the_bucket() {
    if !child::is_alone("percentiles_over_processes_are_exact_to_the_bucket") {
        return;
    }
    static SIZES: Histogram<LogLinear<3>> = Histogram::new(LogLinear::new());
    let file = File::new();
    // Neither process ships what it inherits.
    SIZES.observe(7);
    let observe = |sizes: std::ops::Range<u64>| {
        let builder = Worker::builder("host").interval(Duration::from_millis(1));
        let worker = builder.start(Sqlite::new(file.path())).unwrap();
        worker.track("sizes", &SIZES).unwrap();
        for (index, size) in sizes.enumerate() {
            SIZES.observe(size * size);
            if index % 100 == 0 {
                SIZES.reset();
            }
        }
        worker.shutdown(LONG).unwrap();
    };
    let children = [0..3_000, 1_000..9_000].map(|sizes| Child::fork(|| observe(sizes)));
    children.into_iter().for_each(|child| assert_eq!(child.wait(), 0));

    let expected = Histogram::new(LogLinear::<3>::new());
    (0..3_000).chain(1_000..9_000).for_each(|size| expected.observe(size * size));
    let (layout, expected) = (SIZES.snapshot(), expected.snapshot());
    let mut store = Sqlite::new(file.path());
    assert_eq!(store.histogram("sizes", &layout).unwrap(), expected);
    for q in [0.0, 0.01, 0.5, 0.9, 0.999, 1.0] {
        let read = store.histogram("sizes", &layout).unwrap();
        assert_eq!(read.quantile(q), expected.quantile(q), "{q}");
    }

    // Empty buckets take no place.
    let filled = expected.counts().iter().filter(|count| **count > 0).count();
    assert_eq!(store.totals().unwrap().len(), filled + 1);

    // The finer layout has all bounds of the coarser one, and other buckets.
    let finer = Histogram::new(LogLinear::<4>::new()).snapshot();
    let other = Histogram::new(Bounds::new(&[1])).snapshot();
    for layout in [&finer, &other] {
        let error = store.histogram("sizes", layout).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().starts_with("\"sizes_bucket{ge=\\\""), "{error}");
        assert_eq!(store.histogram("size", layout).unwrap(), *layout);
    }
}
