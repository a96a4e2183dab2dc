//! Slots of floats at their limit, which adds alone would take centuries to reach.

use crate::FloatCounter;
use crate::engine::{Kind, OwnSlot};
use crate::sync::{AtomicU64, Ordering};

const LIMIT: f64 = f64::from_bits((1023 + 1012) << 52);

fn after(slot: f64, amount: f64) -> f64 {
    let slot = AtomicU64::new(slot.to_bits());
    OwnSlot::new(&slot).add_float(amount);
    f64::from_bits(slot.load(Ordering::Relaxed))
}

#[test]
fn a_slot_stops_at_its_limit() {
    let amount = FloatCounter::MAX_AMOUNT;
    for slot in [LIMIT - amount, LIMIT] {
        assert_eq!(after(slot, amount), LIMIT);
        assert_eq!(after(-slot, -amount), -LIMIT);
    }
    assert!(
        after(LIMIT, f64::from_bits(amount.to_bits() + 1)) > LIMIT,
        "the largest amount is the largest that there can be"
    );
}

/// 2⁵³ adds of the largest amount take a slot to its limit, so 2⁶⁴ adds take as many slots there.
#[test]
fn the_sum_of_slots_at_their_limit_is_finite() {
    let kind = Kind::FloatCounter;
    let sum = (0..1 << (64 - 53)).fold(0.0_f64.to_bits(), |sum, _| kind.plus(sum, LIMIT.to_bits()));
    assert!(f64::from_bits(sum).is_finite());
    assert_eq!(f64::from_bits(kind.minus(sum, sum)), 0.0);
}
