/// The numbers that a counter counts in. They say how its slots make up its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Whole numbers that only grow: [`Counter`](crate::Counter) and
    /// [`CounterArray`](crate::CounterArray).
    Counter,
    /// Whole numbers that go up and down: [`UpDownCounter`](crate::UpDownCounter).
    UpDownCounter,
    /// Floating-point numbers that only grow: [`FloatCounter`](crate::FloatCounter).
    FloatCounter,
    /// Whole numbers that are set, in one word that all threads share: [`Gauge`](crate::Gauge).
    Gauge,
    /// Floating-point numbers that are set and moved: [`FloatGauge`](crate::FloatGauge). Its slots have
    /// the moves.
    FloatGauge,
}

impl Kind {
    /// The space that the kind's slots come from.
    pub(crate) const fn arena(self) -> super::key::Arena {
        match self {
            Kind::Counter | Kind::UpDownCounter | Kind::Gauge => super::key::Arena::Integers,
            Kind::FloatCounter | Kind::FloatGauge => super::key::Arena::Floats,
        }
    }

    /// The number of slots that make up one value.
    pub(crate) const fn slots(self) -> usize {
        match self {
            Kind::UpDownCounter => 2,
            _ => 1,
        }
    }

    /// The sum of two values, or of two slots. Integers wrap, in two's complement.
    #[inline(always)]
    pub(crate) fn plus(self, a: u64, b: u64) -> u64 {
        match self {
            Kind::Counter | Kind::UpDownCounter | Kind::Gauge => a.wrapping_add(b),
            Kind::FloatCounter | Kind::FloatGauge => {
                (f64::from_bits(a) + f64::from_bits(b)).to_bits()
            }
        }
    }

    /// The difference of two values. Integers wrap, in two's complement.
    #[inline(always)]
    pub(crate) fn minus(self, a: u64, b: u64) -> u64 {
        match self {
            Kind::Counter | Kind::UpDownCounter | Kind::Gauge => a.wrapping_sub(b),
            Kind::FloatCounter | Kind::FloatGauge => {
                (f64::from_bits(a) - f64::from_bits(b)).to_bits()
            }
        }
    }
}
