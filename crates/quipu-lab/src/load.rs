//! Work of each thread of a measurement.

use std::arch::asm;

/// Passes a reference on, and makes the compiler assume that what it refers to is used and changed
/// meanwhile.
///
/// The reference stays in its register: `std::hint::black_box` would spill it to the stack and load
/// it again, which takes as long as the add that is to be measured.
#[inline(always)]
pub fn hide<T: ?Sized>(reference: &T) -> &T {
    let pointer: *const () = (&raw const *reference).cast();
    // SAFETY: it is a comment; without `nomem`, the compiler takes it to use memory.
    unsafe { asm!("/* {} */", in(reg) pointer, options(nostack, preserves_flags)) };
    reference
}

/// Batches of adds, each followed by reads.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    batches: u64,
    adds: u64,
    reads: u64,
    /// Turns of an empty loop after each operation.
    work: u64,
}

impl Load {
    /// A load of one batch, whose reads are about this part of it.
    pub fn new(read_share: f64, work: u64) -> Self {
        let (adds, reads) = if read_share == 0.0 {
            (1000.0, 0.0)
        } else if read_share <= 0.5 {
            ((1.0 - read_share) / read_share, 1.0)
        } else {
            (1.0, read_share / (1.0 - read_share))
        };
        Self { batches: 1, adds: adds.round() as u64, reads: reads.round() as u64, work }
    }

    /// The same batch, a number of times.
    pub fn repeated(self, batches: u64) -> Self {
        Self { batches, ..self }
    }

    /// How many times the load adds 1.
    pub fn adds(&self) -> u64 {
        self.batches * self.adds
    }

    /// Adds and reads.
    pub fn operations(&self) -> u64 {
        self.batches * (self.adds + self.reads)
    }

    /// Adds to the counters and reads them, one after the other.
    #[inline(always)]
    pub fn run<T>(&self, counters: &[T], add: impl Fn(&T), read: impl Fn(&T) -> u64) {
        if let [only] = counters {
            return self.run_each(|| only, add, read);
        }
        let mut left = counters.iter();
        let next = || {
            left.next().unwrap_or_else(|| {
                left = counters[1..].iter();
                &counters[0]
            })
        };
        self.run_each(next, add, read);
    }

    #[inline(always)]
    fn run_each<'a, T: 'a>(&self, mut next: impl FnMut() -> &'a T, add: impl Fn(&T), read: impl Fn(&T) -> u64) {
        let read = |counter: &T| _ = hide(&read(counter));
        for _ in 0..self.batches {
            self.repeat(self.adds, &mut next, &add);
            self.repeat(self.reads, &mut next, &read);
        }
    }

    #[inline(always)]
    fn repeat<'a, T: 'a>(&self, times: u64, next: &mut impl FnMut() -> &'a T, operation: &impl Fn(&T)) {
        if self.work == 0 {
            for _ in 0..times {
                operation(hide(next()));
            }
        } else {
            for _ in 0..times {
                operation(hide(next()));
                for turn in 0..self.work {
                    hide(&turn);
                }
            }
        }
    }
}
