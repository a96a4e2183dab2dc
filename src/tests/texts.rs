//! The comparison of texts that a look-up makes, which its hash would hide.

use crate::dynamic_family::are_equal;

/// Of every length at which another way to compare begins, and of those beside it.
#[test]
fn texts_that_differ_in_any_byte_are_not_equal() {
    for len in (0..70).step_by(if cfg!(miri) { 7 } else { 1 }) {
        let text: Vec<u8> = (0..len).collect();
        assert!(are_equal(&text, &text.clone()));
        for place in 0..text.len() {
            let mut other = text.clone();
            other[place] ^= 0x80;
            assert!(!are_equal(&text, &other), "{len} bytes that differ at {place}");
        }
        let longer: Vec<u8> = (0..=len).collect();
        assert!(!are_equal(&text, &longer) && !are_equal(&longer, &text));
    }
}
