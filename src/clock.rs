//! The time of a snapshot. On wasm32-unknown-unknown std has no clock, and `Instant::now` panics.

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) use std::time::Instant as Moment;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use self::without::Moment;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod without {
    use std::time::Duration;

    /// Stands in for an `Instant`. No time passes.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Moment;

    impl Moment {
        pub(crate) fn now() -> Self {
            Self
        }

        pub(crate) fn saturating_duration_since(self, _: Self) -> Duration {
            Duration::ZERO
        }
    }
}
