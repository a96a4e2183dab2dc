//! Metrics that a family makes without being told more than their name.

use crate::engine::Identity;
use crate::sync::const_fn;

/// A metric that a [`Family`](crate::Family) can be [made of](crate::Family::named) by its type
/// alone: each of this crate, except for arrays and histograms. Sealed, so that methods can be added.
///
/// ```
/// use quipu::{Family, Labels, Scalar};
///
/// fn make<M: Scalar, L: Labels>() -> Family<M, L> {
///     Family::named("made", "Made by a function.")
/// }
///
/// quipu::labels! {
///     enum Side: "side" { Left => "left", Right => "right" }
/// }
///
/// let made = make::<quipu::Gauge, Side>();
/// made[Side::Left].set(3);
/// assert_eq!(made[Side::Left].value(), 3);
/// # let _ = Side::Right;
/// ```
#[diagnostic::on_unimplemented(
    message = "a family can't be made of `{Self}` by its name alone",
    note = "expected a counter, a gauge, a peak or a trough; for histograms see `Family::of_histograms`"
)]
pub trait Scalar: sealed::Scalar {}

impl<M: sealed::Scalar> Scalar for M {}

pub(crate) mod sealed {
    use crate::engine::Naming;

    /// The code for a metric that has a name.
    #[derive(Debug)]
    pub struct Named(pub(crate) Naming);

    /// # Safety
    /// An `Identity` is in the metric at this place.
    pub unsafe trait Scalar: crate::Metric + Sized {
        const NAMING: Named;

        /// The place of the metric's identity in it, in bytes.
        const IDENTITY: usize;

        /// A metric without a name.
        #[cfg(not(quipu_loom))]
        const NAMELESS: Self;
        #[cfg(quipu_loom)]
        fn nameless() -> Self;
    }
}

const_fn! {
    /// A metric without a name.
    pub(crate) const fn nameless<M: Scalar>() -> M {
        #[cfg(not(quipu_loom))]
        return M::NAMELESS;
        #[cfg(quipu_loom)]
        return M::nameless();
    }
}

const_fn! {
    /// A metric that has this identity.
    pub(super) const fn of<M: Scalar>(identity: Identity) -> M {
        let mut metric = std::mem::MaybeUninit::new(nameless::<M>());
        // SAFETY: by the contract of the trait an identity is there. The one that it replaces has
        // nothing to drop.
        unsafe {
            metric.as_mut_ptr().byte_add(M::IDENTITY).cast::<Identity>().write(identity);
            metric.assume_init()
        }
    }
}

/// A `Scalar` that has its header at this place.
macro_rules! scalar {
    ($metric:ident, $naming:ident, $place:expr) => {
        // SAFETY: a header begins with the identity.
        unsafe impl crate::family::sealed::Scalar for $metric {
            const NAMING: crate::family::sealed::Named =
                crate::family::sealed::Named(crate::engine::Naming::$naming);
            const IDENTITY: usize = $place;
            #[cfg(not(quipu_loom))]
            const NAMELESS: Self = Self::new();
            #[cfg(quipu_loom)]
            fn nameless() -> Self {
                Self::new()
            }
        }
    };
}

pub(crate) use scalar;
