//! The exact sum of floats, against whole numbers of 128 bits.

use proptest::prelude::*;

use crate::engine::FloatSum;

fn sum(numbers: &[f64]) -> f64 {
    FloatSum::of(&bits(numbers)).value()
}

fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

/// Amounts as counters take them, of any size.
fn amounts() -> impl Strategy<Value = Vec<f64>> {
    let amount = prop_oneof![
        0.0..1.0,
        0.0..1e300,
        proptest::num::f64::POSITIVE | proptest::num::f64::SUBNORMAL
    ];
    prop::collection::vec(amount.prop_map(|amount: f64| amount.abs().min(2_f64.powi(959))), 0..40)
}

proptest! {
    /// A whole number of 128 bits becomes the nearest `f64`, and of two the even one. Scaled, it
    /// stays so wherever all its last digits are.
    #[test]
    fn is_the_nearest_number(
        numbers in prop::collection::vec((-(1_i64 << 53)..1 << 53, 0..60_u32), 0..50),
        scale in prop_oneof![Just(-1074), Just(-1060), Just(-64), Just(0), Just(832)],
    ) {
        let exact: i128 = numbers.iter().map(|&(digits, shift)| i128::from(digits) << shift).sum();
        let scaled = |number: f64| [scale / 2, scale - scale / 2].iter().fold(number, |number, by| number * 2_f64.powi(*by));
        let floats: Vec<_> = numbers.iter().map(|&(digits, shift)| scaled((i128::from(digits) << shift) as f64)).collect();
        prop_assert_eq!(sum(&floats), scaled(exact as f64));
    }

    #[test]
    fn depends_on_no_order_and_does_not_fall(amounts in amounts()) {
        let mut reversed = amounts.clone();
        reversed.reverse();
        prop_assert_eq!(sum(&amounts), sum(&reversed));
        reversed.sort_unstable_by(f64::total_cmp);
        prop_assert_eq!(sum(&amounts), sum(&reversed));
        let sums: Vec<_> = (0..=amounts.len()).map(|len| sum(&amounts[..len])).collect();
        prop_assert!(sums.is_sorted(), "{sums:?}");
    }

    /// However they are split, and each of the two halves as its parts.
    #[test]
    fn its_parts_have_all_of_it(amounts in amounts(), at in any::<prop::sample::Index>()) {
        let (first, second) = amounts.split_at(at.index(amounts.len() + 1));
        let mut parts: Vec<_> = FloatSum::of(&bits(first)).parts().collect();
        parts.extend_from_slice(second);
        prop_assert_eq!(sum(&parts), sum(&amounts));
        let negated: Vec<_> = parts.iter().map(|part| -part).chain(amounts.iter().copied()).collect();
        prop_assert_eq!(sum(&negated), 0.0);
        prop_assert_eq!(FloatSum::of(&bits(&negated)).parts().count(), 0);
    }
}

/// Half of the last digit, and a little more, and less.
#[test]
fn halves_are_rounded_to_even() {
    let (one, half, tiny) = (1.0, f64::EPSILON / 2.0, f64::from_bits(1));
    assert_eq!(sum(&[one, half]), 1.0);
    assert_eq!(sum(&[one, half, tiny]), 1.0 + f64::EPSILON);
    assert_eq!(sum(&[one, half, -tiny]), 1.0);
    assert_eq!(sum(&[one, f64::EPSILON, half]), 1.0 + 2.0 * f64::EPSILON);
    assert_eq!(sum(&[-one, -half, -tiny]), -1.0 - f64::EPSILON);
}

/// As an addition does.
#[test]
fn what_is_not_finite_stays_so() {
    assert_eq!(sum(&[f64::INFINITY, 1.0]), f64::INFINITY);
    assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
    assert_eq!(sum(&[f64::MAX, f64::MAX]), f64::INFINITY);
    assert_eq!(sum(&[f64::MAX, f64::MAX, -f64::MAX]), f64::MAX);
    assert_eq!(
        FloatSum::of(&bits(&[f64::INFINITY, 1.0])).parts().collect::<Vec<_>>(),
        [f64::INFINITY]
    );
}
