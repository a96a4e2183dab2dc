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
    /// Whole numbers that only grow, several of which are one metric:
    /// [`Histogram`](crate::Histogram).
    Histogram,
    /// The greatest of whole numbers: [`Peak`](crate::Peak).
    Peak,
    /// The least of whole numbers: [`Trough`](crate::Trough).
    Trough,
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
            Kind::FloatCounter | Kind::FloatGauge => super::key::Arena::Floats,
            _ => super::key::Arena::Integers,
        }
    }

    /// The number of slots that make up one value.
    pub(crate) const fn slots(self) -> usize {
        match self {
            Kind::UpDownCounter => 2,
            Kind::Peak | Kind::Trough => super::peak::SLOTS,
            _ => 1,
        }
    }

    /// Whether it is of numbers that only grow, and that stay when a metric is dropped.
    pub(crate) const fn is_growing(self) -> bool {
        matches!(self, Kind::Counter | Kind::FloatCounter | Kind::Histogram)
    }

    /// Whether its slots are zeroed before a metric gets them: others start at what they find.
    pub(crate) const fn starts_clear(self) -> bool {
        matches!(self, Kind::FloatCounter | Kind::FloatGauge | Kind::Peak | Kind::Trough)
    }

    /// Whether a value is the sum of whole numbers in one slot of each thread.
    pub(crate) const fn is_sum_of_slots(self) -> bool {
        matches!(self, Kind::Counter | Kind::Histogram)
    }

    /// The sum of two values, or of two slots. Integers wrap, in two's complement.
    #[inline(always)]
    pub(crate) fn plus(self, a: u64, b: u64) -> u64 {
        match self {
            Kind::FloatCounter | Kind::FloatGauge => {
                (f64::from_bits(a) + f64::from_bits(b)).to_bits()
            }
            _ => a.wrapping_add(b),
        }
    }

    /// The difference of two values. Integers wrap, in two's complement.
    #[inline(always)]
    pub(crate) fn minus(self, a: u64, b: u64) -> u64 {
        match self {
            Kind::FloatCounter | Kind::FloatGauge => {
                (f64::from_bits(a) - f64::from_bits(b)).to_bits()
            }
            _ => a.wrapping_sub(b),
        }
    }
}
