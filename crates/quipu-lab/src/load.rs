//! Work of each thread of a measurement.

use std::arch::asm;

/// Returns the reference. The compiler must assume that its referent is used and changed meanwhile.
///
/// The reference stays in its register: `std::hint::black_box` would spill it to the stack and load
/// it again, which takes as long as the add that is to be measured.
///
/// ```
/// use std::cell::Cell;
/// use quipu_lab::load::hide;
///
/// let count = Cell::new(0);
/// for _ in 0..1000 {
///     let count = hide(&count); // 1,000 adds, and not one of 1,000
///     count.set(count.get() + 1);
/// }
/// assert_eq!(count.get(), 1000);
/// ```
#[inline(always)]
pub fn hide<T: ?Sized>(reference: &T) -> &T {
    let pointer: *const () = (&raw const *reference).cast();
    // SAFETY: it is a comment; without `nomem`, the compiler takes it to use memory.
    unsafe { asm!("/* {} */", in(reg) pointer, options(nostack, preserves_flags)) };
    reference
}

/// Batches of adds, each followed by reads.
///
/// ```
/// use quipu::Counter;
/// use quipu_lab::load::Load;
/// use quipu_lab::threads::together;
///
/// let (counter, load) = (Counter::new(), Load::new(0.1, 0).repeated(100));
/// let time = together(2, false, |_| load.run(&[&counter], |c| c.inc(), |c| c.sum()));
/// assert_eq!(counter.sum(), 2 * load.adds(), "in {time:?}");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Load {
    batches: u64,
    adds: u64,
    reads: u64,
    /// Turns of an empty loop after each operation.
    work: u64,
}

impl Load {
    /// A load of one batch. About `read_share` of its operations are reads, from 0 to below 1.
    /// After each operation come `work` turns of an empty loop, about a cycle each.
    ///
    /// ```
    /// use quipu_lab::load::Load;
    ///
    /// let load = Load::new(0.1, 0);
    /// assert_eq!((load.adds(), load.operations()), (9, 10));
    /// ```
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

    /// The same batch, `batches` times.
    ///
    /// ```
    /// use quipu_lab::load::Load;
    ///
    /// assert_eq!(Load::new(0.0, 0).repeated(5).adds(), 5 * Load::new(0.0, 0).adds());
    /// ```
    pub fn repeated(self, batches: u64) -> Self {
        Self { batches, ..self }
    }

    /// Number of times that the load adds 1.
    ///
    /// ```
    /// use quipu_lab::load::Load;
    ///
    /// assert_eq!(Load::new(0.75, 0).repeated(10).adds(), 10, "one add, then three reads");
    /// ```
    pub fn adds(&self) -> u64 {
        self.batches * self.adds
    }

    /// Number of adds and reads.
    ///
    /// ```
    /// use quipu_lab::load::Load;
    ///
    /// assert_eq!(Load::new(0.75, 0).repeated(10).operations(), 40);
    /// ```
    pub fn operations(&self) -> u64 {
        self.batches * (self.adds + self.reads)
    }

    /// Adds to the counters and reads them, one after the other, on the current thread.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    /// use quipu_lab::load::Load;
    ///
    /// let counters = [const { AtomicU64::new(0) }; 4];
    /// Load::new(0.0, 0).run(&counters, |c| _ = c.fetch_add(1, Relaxed), |c| c.load(Relaxed));
    /// assert_eq!(counters.map(AtomicU64::into_inner), [250; 4], "1,000 adds in rotation");
    /// ```
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
    fn run_each<'a, T: 'a>(
        &self,
        mut next: impl FnMut() -> &'a T,
        add: impl Fn(&T),
        read: impl Fn(&T) -> u64,
    ) {
        let read = |counter: &T| _ = hide(&read(counter));
        for _ in 0..self.batches {
            self.repeat(self.adds, &mut next, &add);
            self.repeat(self.reads, &mut next, &read);
        }
    }

    #[inline(always)]
    fn repeat<'a, T: 'a>(
        &self,
        times: u64,
        next: &mut impl FnMut() -> &'a T,
        operation: &impl Fn(&T),
    ) {
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
