//! Keeping a thread on one CPU.

pub(crate) const IS_POSSIBLE: bool = cfg!(target_os = "linux");

/// Keeps the current thread on one of the CPUs that the process may use: the `index`th, counted
/// round and round.
#[cfg(target_os = "linux")]
pub(crate) fn current_thread(index: usize) {
    // SAFETY: a set of CPUs is an array of bits, and all zero is the empty one.
    let mut allowed: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set is valid for its size. The 0 means the current thread.
    unsafe { libc::sched_getaffinity(0, size_of_val(&allowed), &raw mut allowed) };
    // SAFETY: the CPUs asked about are below the set's size.
    let cpus: Vec<usize> = (0..libc::CPU_SETSIZE as usize)
        .filter(|&cpu| unsafe { libc::CPU_ISSET(cpu, &allowed) })
        .collect();
    if let Some(&cpu) = cpus.get(index % cpus.len().max(1)) {
        // SAFETY: as above.
        let mut own: libc::cpu_set_t = unsafe { std::mem::zeroed() };
        // SAFETY: as above.
        unsafe { libc::CPU_SET(cpu, &mut own) };
        // SAFETY: as above.
        unsafe { libc::sched_setaffinity(0, size_of_val(&own), &raw const own) };
    }
}

/// Not reached: the option is refused.
#[cfg(not(target_os = "linux"))]
pub(crate) fn current_thread(_index: usize) {}
