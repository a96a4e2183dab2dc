use core::mem::size_of;

use crossbeam_utils::CachePadded;

use super::Strategy;
use super::random::scatter;
use crate::Count;
use crate::sync::{AtomicU64, Ordering, array, const_fn, stack_mark};

/// `N` cells, each on a line of its own. The address of a thread's stack chooses the cell that the
/// thread adds to.
///
/// It needs neither a registry nor thread-locals nor an allocator. An add is an uncontended locked
/// instruction as long as the threads that count at one time have different cells. That is a matter
/// of chance. If stacks lay at random, with 16 cells, 2 threads would share a cell in 1 of 16
/// cases, and of 8 threads some would in 7 of 8 cases. A read is `N` loads. The counter is `N`
/// lines, 128 bytes each on x86_64 and aarch64, for any number of threads.
///
/// Sources: McKenney, "Is Parallel Programming Hard, And, If So, What Can You Do About It?",
/// chapter "Counting", for cells that readers sum; Knuth, "The Art of Computer Programming", volume
/// 3, section 6.4, for the golden ratio as the multiplier that spreads neighbouring stacks over the
/// cells.
///
/// ```
/// use quipu::{Count, strategy::Striped};
///
/// static COUNT: Striped<8> = Striped::new();
/// COUNT.add(2);
/// assert_eq!(COUNT.sum(), 2);
/// ```
///
/// # Limits
/// `N` is a power of two; any other value doesn't compile.
#[derive(Debug)]
pub struct Striped<const N: usize = 16> {
    cells: [CachePadded<AtomicU64>; N],
}

impl<const N: usize> Striped<N> {
    const LEN_IS_FIT: () =
        assert!(N.is_power_of_two(), "expected a power of two of cells in a Striped");

    const_fn! {
        /// A counter at zero.
        ///
        /// ```
        /// use quipu::Count;
        /// use quipu::strategy::{Strategy, Striped};
        ///
        /// let count = Striped::<4>::new();
        /// assert_eq!(count.sum(), 0);
        /// assert_eq!(count.bytes() / 4, align_of_val(&count), "a line for each cell");
        /// ```
        ///
        /// ```compile_fail,E0080
        /// let count = quipu::strategy::Striped::<6>::new();
        /// ```
        #[must_use]
        pub const fn new() -> Self {
            let () = Self::LEN_IS_FIT;
            Self { cells: array!(CachePadded::new(AtomicU64::new(0)); N) }
        }
    }
}

impl<const N: usize> Count for Striped<N> {
    #[inline]
    fn add(&self, n: u64) {
        // Relaxed, here and below: the number is all that is shared.
        self.cells[scatter(stack_mark(), N)].fetch_add(n, Ordering::Relaxed);
    }

    #[inline]
    fn sum(&self) -> u64 {
        self.cells.iter().fold(0, |sum, cell| sum.wrapping_add(cell.load(Ordering::Relaxed)))
    }
}

impl<const N: usize> super::sealed::Sealed for Striped<N> {}

impl<const N: usize> Strategy for Striped<N> {
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
