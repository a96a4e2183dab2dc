use core::mem::size_of;

use crossbeam_utils::CachePadded;

use super::Strategy;
use super::random::scatter;
use crate::sync::{AtomicU64, Ordering, array, const_fn, stack_mark};

/// `N` words, each on a line of its own, of which a thread adds to the one that its stack's address leads to.
///
/// It needs neither a registry nor thread-locals nor an allocator. An add is an uncontended locked instruction as long
/// as the threads that count at one time have different cells, which is a matter of chance: of 2 threads with 16
/// cells, one pair in 16 would share if stacks lay at random, and of 8 threads, 7 in 8 times some would. A read is `N`
/// loads, and the counter is `N` lines, 128 bytes each on x86_64 and aarch64, however few threads count.
///
/// Cells for threads, summed by readers, are as old as multiprocessors: see McKenney, "Is Parallel Programming Hard, And, If
/// So, What Can You Do About It?", chapter "Counting". The golden ratio as a multiplier that spreads neighbouring stacks over the
/// cells is Knuth's, "The Art of Computer Programming", volume 3, section 6.4.
///
/// ```
/// use quipu::strategy::{Strategy, Striped};
///
/// static COUNT: Striped<8> = Striped::new();
/// COUNT.add(2);
/// assert_eq!(COUNT.sum(), 2);
/// ```
///
/// # Limits
/// `N` is a power of two, which is checked when the program is compiled.
#[derive(Debug)]
pub struct Striped<const N: usize = 16> {
    cells: [CachePadded<AtomicU64>; N],
}

impl<const N: usize> Striped<N> {
    const LEN_IS_FIT: () = assert!(N.is_power_of_two(), "expected a power of two of cells in a Striped");

    const_fn! {
        /// A counter that stands at zero.
        #[must_use]
        pub const fn new() -> Self {
            let () = Self::LEN_IS_FIT;
            Self { cells: array!(CachePadded::new(AtomicU64::new(0)); N) }
        }
    }
}

impl<const N: usize> super::sealed::Sealed for Striped<N> {}

impl<const N: usize> Strategy for Striped<N> {
    #[inline]
    fn add(&self, n: u64) {
        // Relaxed, here and below: the number is all that is shared.
        self.cells[scatter(stack_mark(), N)].fetch_add(n, Ordering::Relaxed);
    }

    #[inline]
    fn sum(&self) -> u64 {
        self.cells.iter().fold(0, |sum, cell| sum.wrapping_add(cell.load(Ordering::Relaxed)))
    }

    fn name(&self) -> &'static str {
        "striped"
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

impl<const N: usize> Default for Striped<N> {
    fn default() -> Self {
        Self::new()
    }
}
