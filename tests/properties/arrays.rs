//! Random adds to an array's elements, beside a plain array.

use proptest::prelude::*;
use quipu::CounterArray;

const LEN: usize = 9;

proptest! {
    #[test]
    fn elements_are_a_plain_arrays(adds in prop::collection::vec((0..LEN + 3, any::<u64>()), 0..100)) {
        let (array, mut model) = (CounterArray::<LEN>::new(), [0_u64; LEN]);
        for (index, amount) in adds {
            match (array.get(index), model.get_mut(index)) {
                (Some(element), Some(expected)) => {
                    element.add(amount);
                    *expected = expected.wrapping_add(amount);
                    prop_assert_eq!(array[index].sum(), *expected);
                }
                (None, None) => {}
                (element, expected) => prop_assert!(false, "{element:?} for {expected:?}"),
            }
        }
        prop_assert_eq!(array.sums(), model);
        prop_assert!(array.iter().map(|element| element.sum()).eq(model));
    }
}
