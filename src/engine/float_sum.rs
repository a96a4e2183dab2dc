//! The exact sum of floats, rounded once, at its end: it depends on no order, and doesn't fall
//! while nothing is subtracted.
//!
//! An `f64` is a whole number of 2⁻¹⁰⁷⁴. So a sum of them is one, too, and fits in some 2,100 bits:
//! the long accumulator of Kulisch, *Computer Arithmetic and Validity*, 2008, chapter 8.

/// Bits of an `f64` below its exponent, and of the number that they stand for.
const FRACTION: u32 = f64::MANTISSA_DIGITS - 1;

/// The largest `f64` ends at bit 2098; 64 more are for 2⁶⁴ of them, and one is the sign.
const WORDS: usize = (2098 + 64 + 1_usize).div_ceil(64);

/// A sum of any number of floats.
#[derive(Clone, Debug)]
pub(crate) struct FloatSum {
    /// In units of 2⁻¹⁰⁷⁴, in two's complement, lowest word first.
    words: [u64; WORDS],
    /// The sum of what isn't finite.
    beyond: f64,
}

impl FloatSum {
    pub(super) const fn new() -> Self {
        Self { words: [0; WORDS], beyond: 0.0 }
    }

    /// Of numbers that are given as bits.
    pub(crate) fn of<'a>(numbers: impl IntoIterator<Item = &'a u64>) -> Self {
        let mut sum = Self::new();
        numbers.into_iter().for_each(|bits| sum.add(f64::from_bits(*bits)));
        sum
    }

    pub(crate) fn add(&mut self, number: f64) {
        if !number.is_finite() {
            self.beyond += number;
            return;
        }
        let bits = number.abs().to_bits();
        // The bits of 0 have no leading one, nor do those of the numbers next to it.
        let exponent = bits >> FRACTION;
        let leading = u64::from(exponent > 0) << FRACTION;
        let shift = exponent.saturating_sub(1) as usize;
        let digits = u128::from(bits & ((1 << FRACTION) - 1) | leading) << (shift % 64);
        let step =
            if number.is_sign_negative() { u64::overflowing_sub } else { u64::overflowing_add };
        let mut carry = false;
        for (index, word) in self.words[shift / 64..].iter_mut().enumerate() {
            let part = match index {
                0 => digits as u64,
                1 => (digits >> 64) as u64,
                _ if carry => 0,
                _ => break,
            };
            let (sum, first) = step(*word, part);
            let (sum, second) = step(sum, u64::from(carry));
            (*word, carry) = (sum, first || second);
        }
    }

    /// The nearest `f64`; of two, the one with an even last digit.
    pub(crate) fn value(&self) -> f64 {
        if self.beyond != 0.0 {
            return self.beyond;
        }
        if self.words[WORDS - 1] >> 63 == 1 {
            -self.negated().magnitude()
        } else {
            self.magnitude()
        }
    }

    /// Numbers whose exact sum this is: few, as each has the 53 bits that those before it leave.
    pub(crate) fn parts(mut self) -> impl Iterator<Item = f64> {
        std::iter::from_fn(move || {
            let part = self.value();
            // Infinity can't be subtracted.
            if part.is_finite() {
                self.add(-part)
            } else {
                self = Self::new()
            };
            (part != 0.0).then_some(part)
        })
    }

    fn negated(&self) -> Self {
        let mut negated = self.clone();
        let mut carry = true;
        for word in &mut negated.words {
            (*word, carry) = (!*word).overflowing_add(u64::from(carry));
        }
        negated
    }

    /// The value of a sum that isn't negative.
    fn magnitude(&self) -> f64 {
        let Some(top) = self.words.iter().rposition(|&word| word != 0) else { return 0.0 };
        let len = 64 * top + 64 - self.words[top].leading_zeros() as usize;
        let shift = len.saturating_sub(f64::MANTISSA_DIGITS as usize);
        let digits = self.digits_from(shift);
        // With its leading one, the fraction counts as one in the exponent; so does a carry out of
        // it.
        let rounded =
            digits + u64::from(self.rounds_up(shift, digits)) + ((shift as u64) << FRACTION);
        f64::from_bits(rounded.min(f64::INFINITY.to_bits()))
    }

    /// The bits from this one on, of which there are at most 53.
    fn digits_from(&self, shift: usize) -> u64 {
        let (word, bit) = (shift / 64, shift % 64);
        let above = self.words.get(word + 1).copied().unwrap_or(0);
        ((u128::from(above) << 64 | u128::from(self.words[word])) >> bit) as u64
    }

    /// Whether the bits below are more than half of the last digit, or half of an odd one.
    fn rounds_up(&self, shift: usize, digits: u64) -> bool {
        let Some(half) = shift.checked_sub(1) else { return false };
        let (word, bit) = (half / 64, half % 64);
        let is_more = self.words[word] & ((1 << bit) - 1) != 0
            || self.words[..word].iter().any(|&word| word != 0);
        self.words[word] >> bit & 1 == 1 && (is_more || digits & 1 == 1)
    }
}
