//! What each thread of a measurement does.

use std::arch::asm;

/// Passes a reference on, and makes the compiler assume that what it refers to is used and changed meanwhile.
///
/// The reference stays in its register: `std::hint::black_box` would spill it to the stack and load it again, which
/// takes as long as the add that is to be measured.
#[inline(always)]
pub(crate) fn hide<T>(reference: &T) -> &T {
    // SAFETY: it is a comment; without `nomem`, the compiler takes it to use memory.
    unsafe { asm!("/* {} */", in(reg) reference, options(nostack, preserves_flags)) };
    reference
}

/// A number of adds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) adds: u64,
}

impl Load {
    /// Adds to the counter, one at a time.
    #[inline(always)]
    pub(crate) fn run<T>(&self, counter: &T, add: impl Fn(&T)) {
        for _ in 0..self.adds {
            add(hide(counter));
        }
    }
}
