//! Runs of slots, as they are handed out and come back, against a list that is searched from end to
//! end.

use std::collections::HashSet;

use quipu_testing::rounds;

use crate::engine::{Arena, Key, SlotAllocator, chunk_len};

/// The length, and the first slot.
type Run = (usize, usize);

#[test]
fn the_shortest_run_that_is_long_enough_and_of_those_the_lowest_is_used_again() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut keys = SlotAllocator::new(Arena::Integers);
    let (mut owned, mut free): (Vec<Run>, Vec<Run>) = (Vec::new(), Vec::new());
    // Where the slots begin that nobody had yet; the first chunk has the id 1.
    let (mut chunk, mut offset) = (1, 0);
    for _ in 0..rounds(20_000) {
        if owned.is_empty() || random.usize(..100) < 51 {
            let len = random.usize(1..=32);
            let run = keys.allocate(len).expect("few slots are in use");
            let first = run.key.bits() as usize;
            let expected = free.iter().copied().filter(|&(free_len, _)| free_len >= len).min();
            assert_eq!(run.reused, expected.is_some());
            if let Some(shortest) = expected {
                assert_eq!(first, shortest.1, "of {free:?}");
                free.retain(|&run| run != shortest);
                free.extend((shortest.0 > len).then_some((shortest.0 - len, first + len)));
            } else {
                // The rest of a chunk that is too short is free.
                while chunk_len(chunk) - offset < len {
                    let left = chunk_len(chunk) - offset;
                    free.extend((left > 0).then_some((left, (chunk << 26) + offset)));
                    (chunk, offset) = (chunk + 1, 0);
                }
                assert_eq!(first, (chunk << 26) + offset);
                offset += len;
            }
            owned.push((len, first));
        } else {
            let run = owned.swap_remove(random.usize(..owned.len()));
            keys.free(Key::from_bits(run.1 as u32), run.0);
            free.push(run);
        }
    }
    let slots: Vec<usize> = owned.iter().flat_map(|&(len, first)| first..first + len).collect();
    assert_eq!(slots.iter().collect::<HashSet<_>>().len(), slots.len(), "no slot is in two runs");
}
