//! The bytes that a counter occupies, as the allocator sees it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::env;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::measure::READ_AFTER;
use crate::peers::{ENTRIES, Peer};
use quipu_lab::threads::together;

/// The system's allocator, with a count of the bytes that are in use.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: it does what the system's allocator does.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size(), Relaxed);
        // SAFETY: the caller vouches for what `System` expects.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller vouches for what `System` expects.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The first argument of a process that measures memory alone: with the index of an entry, and how
/// many counters.
pub(crate) const ARGUMENT: &str = "--bytes";

/// Bytes for one of so many counters of the entry, in a process that has done nothing else: what a
/// crate keeps of counters that are dropped would be free for those that come later.
pub(crate) fn in_own_process(index: usize, counters: usize) -> Result<f64, String> {
    let program =
        env::current_exe().map_err(|error| format!("the path of this program: {error}"))?;
    let output =
        Command::new(program).args([ARGUMENT, &index.to_string(), &counters.to_string()]).output();
    let output = output.map_err(|error| format!("a process that measures memory: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim()
        .parse()
        .map_err(|_| format!("a process that measures memory said {text:?}: expected a number"))
}

/// The argument of [`in_own_process`].
pub(crate) fn of_arguments(index: &str, counters: &str) -> Result<f64, String> {
    let number =
        |text: &str| text.parse::<usize>().map_err(|_| format!("{text}: expected a whole number"));
    let entry = ENTRIES
        .get(number(index)?)
        .ok_or_else(|| format!("{index}: expected the index of a counter"))?;
    Ok(per_counter(entry.make, READ_AFTER, number(counters)?))
}

/// Bytes for one of many counters that so many threads have added to.
fn per_counter(make: fn(usize) -> Box<dyn Peer>, threads: usize, len: usize) -> f64 {
    let mut counters = Vec::with_capacity(len);
    let before = IN_USE.load(Relaxed);
    counters.extend((0..len).map(|_| make(threads)));
    together(threads, false, |_| counters.iter().for_each(|counter| counter.add(1)));
    (IN_USE.load(Relaxed) as f64 - before as f64) / len as f64
}
