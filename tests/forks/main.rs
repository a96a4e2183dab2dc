//! Forks: a child has what was counted before it, and never waits for a thread that it doesn't
//! have.
#![cfg(all(unix, not(miri)))]

#[cfg(target_os = "linux")]
mod allocator;
mod amid_work;
#[cfg(target_os = "linux")]
mod first_use;
mod handlers;

/// Each test that has to come before quipu's constructor is alone in a process, which was started
/// for it.
#[cfg(target_os = "linux")]
mod before_quipus_constructor {
    use quipu_testing::child;

    use super::{allocator, first_use, handlers};

    /// Sections with a number are run before those without one, as quipu's.
    #[used]
    // The section is an array of functions that may be called without arguments.
    #[unsafe(link_section = ".init_array.00100")]
    static BEFORE_QUIPUS: extern "C" fn() = prepare;

    extern "C" fn prepare() {
        match child::test().as_deref() {
            Some("allocator::a_fork_takes_quipus_locks_before_an_allocators") => allocator::begin(),
            Some("handlers::handlers_can_count") => handlers::register(),
            Some(test) => first_use::fork_amid_the_first_use(test),
            None => (),
        }
    }
}
