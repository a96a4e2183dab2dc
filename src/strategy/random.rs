//! Numbers that look random, cheap enough for an add.

use std::cell::Cell;

use crate::sync::{local, thread_number};

/// 2⁶⁴ divided by the golden ratio: its multiples lie far apart, modulo 2⁶⁴.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

local! { static STATE: Cell<u64> = Cell::new(0); }

/// The current thread's next pseudo-random number.
///
/// Marsaglia's xorshift with a multiplication of the output: Vigna, "An experimental exploration of
/// Marsaglia's xorshift generators, scrambled", 2016. No two threads start with the same number.
pub(super) fn random() -> u64 {
    STATE.with(|state| {
        let mut next = match state.get() {
            0 => seed(thread_number()),
            state => state,
        };
        next ^= next >> 12;
        next ^= next << 25;
        next ^= next >> 27;
        state.set(next);
        next.wrapping_mul(0x2545_F491_4F6C_DD1D)
    })
}

/// The finaliser of Steele, Lea and Flood's SplitMix64. It maps no two numbers to one, and 0 alone
/// to 0.
fn seed(number: u64) -> u64 {
    let mut seed = (number + 1).wrapping_mul(GOLDEN);
    seed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    seed = (seed ^ (seed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    seed ^ (seed >> 31)
}

/// Spreads marks over `len` places, a power of two; marks that lie side by side go far apart.
#[inline(always)]
pub(super) const fn scatter(mark: u64, len: usize) -> usize {
    // Shifted in two steps, as a shift by all 64 bits (of one place) is none.
    (mark.wrapping_mul(GOLDEN) >> 1 >> (63 - len.ilog2())) as usize
}
