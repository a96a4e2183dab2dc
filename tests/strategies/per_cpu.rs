//! Per-CPU slots, with threads that are moved between CPUs, interrupted, and denied their
//! restartable sequences.

use std::collections::BTreeSet;
use std::env;
use std::io;
use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Barrier, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use quipu::Count;
use quipu::strategy::{PerCpu, Strategy};
use quipu_testing::{Finish, child};

/// Set in processes that have to do without restartable sequences: quipu doesn't want them, or
/// glibc registers nothing.
const WITHOUT: [(&str, &str); 2] =
    [("QUIPU_PERCPU", "off"), ("GLIBC_TUNABLES", "glibc.pthread.rseq=0")];

fn is_set((variable, value): &(&str, &str)) -> bool {
    env::var_os(variable).is_some_and(|found| found == *value)
}

/// The CPUs that the process may use: those of its main thread, which no test pins.
fn cpus() -> &'static [usize] {
    static CPUS: OnceLock<Vec<usize>> = OnceLock::new();
    CPUS.get_or_init(|| {
        // SAFETY: a set of CPUs is an array of bits, and all zero is the empty one.
        let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
        // SAFETY: the set is valid for its size.
        let status =
            unsafe { libc::sched_getaffinity(libc::getpid(), size_of_val(&set), &raw mut set) };
        assert_eq!(status, 0, "{}", io::Error::last_os_error());
        // SAFETY: the numbers are below the size of the set.
        (0..libc::CPU_SETSIZE as usize)
            .filter(|&cpu| unsafe { libc::CPU_ISSET(cpu, &set) })
            .collect()
    })
}

fn current_cpu() -> usize {
    // SAFETY: it asks for a number only.
    unsafe { libc::sched_getcpu() as usize }
}

/// Lets the current thread run on this CPU only, from here on. False if it does not.
fn move_to(cpu: usize) -> bool {
    // SAFETY: a set of CPUs is an array of bits, and all zero is the empty one.
    let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
    // SAFETY: `cpu` is one of `cpus`, which are below the size of the set.
    unsafe { libc::CPU_SET(cpu, &mut set) };
    // SAFETY: the set is valid for its size.
    unsafe {
        libc::sched_setaffinity(0, size_of_val(&set), &raw const set) == 0 && current_cpu() == cpu
    }
}

#[test]
fn restartable_where_glibc_has_registered() {
    // SAFETY: it only looks the symbol up.
    let size = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_size".as_ptr()) };
    let is_possible =
        cfg!(all(target_arch = "x86_64", target_pointer_width = "64", target_env = "gnu"));
    // SAFETY: if it exists, it is an unsigned int.
    let is_registered = is_possible && !size.is_null() && unsafe { *size.cast::<u32>() } > 0;
    assert_eq!(PerCpu::new().is_restartable(), is_registered && !is_set(&WITHOUT[0]));
}

#[test]
fn exact_while_threads_migrate() {
    const THREADS: usize = 32;
    const MOVES: usize = 200;
    const ADDS: usize = 500;
    let counter = PerCpu::new();
    let (barrier, seen) = (Barrier::new(THREADS), Mutex::new(BTreeSet::new()));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (counter, barrier, seen) = (&counter, &barrier, &seen);
            scope.spawn(move || {
                barrier.wait();
                for step in 0..MOVES {
                    let cpu = cpus()[(thread + step) % cpus().len()];
                    assert!(move_to(cpu), "on CPU {}, not on {cpu}", current_cpu());
                    (0..ADDS).for_each(|_| counter.add(1));
                    seen.lock().unwrap().insert(current_cpu());
                }
            });
        }
    });
    assert_eq!(counter.sum(), (THREADS * MOVES * ADDS) as u64);
    assert!(seen.into_inner().unwrap().iter().eq(cpus()), "each CPU was added on");
}

static TORMENTED: OnceLock<PerCpu> = OnceLock::new();
static SIGNALS: AtomicU64 = AtomicU64::new(0);
static MOVES: AtomicU64 = AtomicU64::new(0);
/// Signals that interrupted a sequence which the kernel didn't know of.
static UNKNOWN: AtomicU64 = AtomicU64::new(0);

/// Adds to the counter whose add it interrupts, and moves the thread to another CPU: an add that
/// went on there as if nothing had happened would write to the slot of the CPU that it was on
/// before, while another thread does so, too.
///
/// It allocates nothing and panics nowhere: what it finds is checked at the end.
extern "C" fn on_signal(_signal: libc::c_int, _info: *const libc::siginfo_t, context: Context<'_>) {
    if let Some(counter) = TORMENTED.get() {
        SIGNALS.fetch_add(1, Ordering::Relaxed);
        UNKNOWN.fetch_add(u64::from(goes_on_within_a_sequence(context)), Ordering::Relaxed);
        counter.add(1);
        let (cpu, cpus) = (current_cpu(), cpus());
        let next =
            cpus.iter().position(|&other| other == cpu).map_or(0, |index| (index + 1) % cpus.len());
        if move_to(cpus[next]) && cpus[next] != cpu {
            MOVES.fetch_add(1, Ordering::Relaxed);
        }
    }
}

type Context<'a> = &'a libc::ucontext_t;

/// Whether the interrupted thread will go on within a sequence, by the bytes of its code. Of a
/// sequence that the kernel knows, it has the thread go on elsewhere.
#[cfg(all(target_arch = "x86_64", target_pointer_width = "64", target_env = "gnu"))]
fn goes_on_within_a_sequence(context: Context<'_>) -> bool {
    /// More than a sequence has before its store, and more than the longest instruction after it.
    const BEFORE: usize = 32;
    const AFTER: usize = 16;
    const PAGE: usize = 4096;
    let at = context.uc_mcontext.gregs[libc::REG_RIP as usize] as *const u8;
    if at.addr() % PAGE > PAGE - BEFORE - AFTER {
        return false;
    }
    // SAFETY: code is readable, to the end of its page.
    let code = unsafe { std::slice::from_raw_parts(at, BEFORE + AFTER) };
    let has_64_bits = |prefix: u8| prefix & 0xf8 == 0x48;
    // "mov constant" to a thread-local: it withdraws the sequence's descriptor.
    let withdraws = |code: &[u8]| code[0] == 0x64 && has_64_bits(code[1]) && code[2] == 0xc7;
    // "add register" to memory, right before.
    let stores = |code: &[u8]| {
        has_64_bits(code[0]) && code[1] == 0x01 && (withdraws(&code[4..]) || withdraws(&code[5..]))
    };
    // "mov" of 32 bits from a thread-local: the first instruction.
    let begins = |code: &[u8]| code[0] == 0x64 && (code[1] == 0x8b || code[2] == 0x8b);
    let mut places = (0..BEFORE).map(|place| &code[place..]);
    places.next().is_some_and(stores) || places.take_while(|code| !begins(code)).any(stores)
}

#[cfg(not(all(target_arch = "x86_64", target_pointer_width = "64", target_env = "gnu")))]
fn goes_on_within_a_sequence(_context: Context<'_>) -> bool {
    false
}

/// Sends the current thread a signal every 200 µs of its processor time, or as often as the kernel
/// looks, until it is dropped. So most signals interrupt an add, and no wait.
struct Timer(libc::timer_t);

impl Timer {
    fn start() -> Self {
        // SAFETY: all zero is a valid `sigevent`.
        let mut event: libc::sigevent = unsafe { mem::zeroed() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = libc::SIGUSR1;
        // SAFETY: it asks for a number only.
        event.sigev_notify_thread_id = unsafe { libc::gettid() };
        let mut timer = ptr::null_mut();
        let interval = libc::timespec { tv_sec: 0, tv_nsec: 200_000 };
        let times = libc::itimerspec { it_interval: interval, it_value: interval };
        // SAFETY: all pointers are valid, and the signal has a handler.
        let is_set = unsafe {
            libc::timer_create(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut event, &raw mut timer) == 0
                && libc::timer_settime(timer, 0, &raw const times, ptr::null_mut()) == 0
        };
        assert!(is_set, "{}", io::Error::last_os_error());
        Self(timer)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // SAFETY: `start` made it.
        unsafe { libc::timer_delete(self.0) };
    }
}

#[test]
fn exact_when_interrupted_and_moved_within_an_add() {
    interrupt_and_move(Duration::from_millis(1500));
}

/// An add that goes on after it was moved loses a unit only if two CPUs write the slot in the same
/// nanoseconds: on some machines, none of 10,000 signals has that effect. So the handler looks where
/// the thread goes on, too.
#[test]
#[ignore = "takes long"]
fn large_exact_when_interrupted_and_moved_within_an_add() {
    interrupt_and_move(Duration::from_secs(60));
}

fn handle_signals() {
    // SAFETY: all zero is a valid `sigaction`.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    let handler: extern "C" fn(libc::c_int, *const libc::siginfo_t, Context<'_>) = on_signal;
    action.sa_sigaction = handler as libc::sighandler_t;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
    // SAFETY: the handler does nothing but atomic operations, reads of code, an add and three system
    // calls.
    let result = unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, ptr::null_mut()) };
    assert_eq!(result, 0);
}

fn interrupt_and_move(time: Duration) {
    const ADDS: u64 = 1000;
    const LEAST_SIGNALS: u64 = 1000;
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let cpus = cpus().len();
    let counter = TORMENTED.get_or_init(PerCpu::new);
    let signals = || SIGNALS.load(Ordering::Relaxed);
    let (earlier, earlier_signals, earlier_moves) =
        (counter.sum(), signals(), MOVES.load(Ordering::Relaxed));
    handle_signals();
    let end = Instant::now() + time;
    let adder = move || {
        let _timer = Timer::start();
        let rounds = (1..).find(|_| {
            (0..ADDS).for_each(|_| counter.add(1));
            Instant::now() > end && signals() - earlier_signals > LEAST_SIGNALS
        });
        rounds.unwrap_or(0) * ADDS
    };
    let adders: Vec<_> = (0..2 * cpus).map(|_| thread::spawn(adder)).collect();
    let added: u64 = adders.into_iter().map(|adder| adder.join().unwrap()).sum();
    let signals = signals() - earlier_signals;
    assert_eq!(counter.sum() - earlier, added + signals, "after {signals} signals");
    assert_eq!(UNKNOWN.load(Ordering::Relaxed), 0, "of {signals} signals");
    if cpus > 1 {
        assert_eq!(
            MOVES.load(Ordering::Relaxed) - earlier_moves,
            signals,
            "each signal moves its thread"
        );
    }
}

#[test]
fn slots_of_dropped_counters_start_from_zero() {
    let others: Vec<PerCpu> = (0..100).map(|_| PerCpu::new()).collect();
    for n in 1..2000 {
        let counter = PerCpu::new();
        assert_eq!(counter.sum(), 0);
        counter.add(n);
        assert_eq!(counter.sum(), n);
    }
    assert!(others.iter().all(|other| other.sum() == 0));
}

/// Makes a counter, adds to it, and drops it.
fn use_a_counter() -> bool {
    let counter = PerCpu::new();
    counter.add(2);
    counter.sum() == 2
}

#[test]
fn a_child_forked_amid_work_makes_counters() {
    const FORKS: usize = 200;
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    assert!(use_a_counter());
                }
            });
        }
        let _finish = Finish(&done);
        (0..FORKS).for_each(|_| child::fork(use_a_counter));
    });
}

/// The same counter has adds by sequences, and by locked instructions of threads that have no area.
#[cfg(all(target_arch = "x86_64", target_pointer_width = "64", target_env = "gnu"))]
#[test]
fn exact_where_some_threads_are_not_registered() {
    const THREADS: usize = 8;
    const ADDS: usize = 20_000;
    let (counter, barrier) = (PerCpu::new(), Barrier::new(THREADS));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (counter, barrier) = (&counter, &barrier);
            scope.spawn(move || {
                counter.add(1);
                if thread % 2 == 0 && counter.is_restartable() {
                    unregister();
                }
                barrier.wait();
                (1..ADDS).for_each(|_| counter.add(1));
            });
        }
    });
    assert_eq!(counter.sum(), (THREADS * ADDS) as u64);
}

/// Ends the registration that glibc made for the current thread.
#[cfg(all(target_arch = "x86_64", target_pointer_width = "64", target_env = "gnu"))]
fn unregister() {
    const SIGNATURE: u32 = 0x5305_3053;
    const UNREGISTER: libc::c_int = 1;
    const CPU_ID: usize = 4;
    /// The auxiliary vector's size and alignment of what the kernel has to say, which glibc rounds
    /// up to.
    const AT_RSEQ_FEATURE_SIZE: libc::c_ulong = 27;
    const AT_RSEQ_ALIGN: libc::c_ulong = 28;
    let thread_pointer: *mut u8;
    // SAFETY: on x86_64, the first word at the thread pointer is the thread pointer.
    unsafe {
        std::arch::asm!("mov {}, fs:0", out(reg) thread_pointer, options(nostack, readonly, preserves_flags))
    };
    // SAFETY: it only looks the symbol up, which is there if a counter is restartable, and a
    // `ptrdiff_t`.
    let area = unsafe {
        let offset = libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_offset".as_ptr()).cast::<isize>();
        thread_pointer.offset(offset.read())
    };
    // SAFETY: they ask for numbers only; 0 from kernels that don't know them.
    let (size, align) =
        unsafe { (libc::getauxval(AT_RSEQ_FEATURE_SIZE), libc::getauxval(AT_RSEQ_ALIGN)) };
    // It must be the size that glibc registered with: 32 at first, and as much as the kernel knows
    // in later versions.
    let is_unregistered =
        [32, size.next_multiple_of(align.max(1)).max(32)].into_iter().any(|size| {
            // SAFETY: the kernel checks that it has this area, and forgets it.
            unsafe { libc::syscall(libc::SYS_rseq, area, size as u32, UNREGISTER, SIGNATURE) == 0 }
        });
    assert!(is_unregistered, "{}", io::Error::last_os_error());
    // SAFETY: the area is as valid as before; the kernel has written to it.
    let cpu_id = unsafe { area.add(CPU_ID).cast::<i32>().read_volatile() };
    assert_eq!(cpu_id, -1, "no CPU");
}

/// Runs the other tests of per-CPU counters in processes that have the sequences switched off, by
/// quipu's variable and by glibc's.
#[test]
fn all_of_it_without_restartable_sequences() {
    if WITHOUT.iter().any(is_set) {
        assert_eq!(PerCpu::new().name(), "per CPU (fallback)");
        return;
    }
    for (variable, value) in WITHOUT {
        let output = child::this().arg("per_cpu::").env(variable, value).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let are_run = text.contains("exact_when_interrupted_and_moved_within_an_add ... ok");
        assert!(output.status.success() && are_run, "{variable}={value}: {text}");
    }
}
