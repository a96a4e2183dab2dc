//! Sizes of tests.

/// So many rounds of a test. In Miri, a hundredth of them, and three at least: a round takes a
/// thousand times as long there, and each seed is another try.
pub const fn rounds(rounds: u64) -> u64 {
    if !cfg!(miri) {
        rounds
    } else if rounds < 300 {
        3
    } else {
        rounds / 100
    }
}
