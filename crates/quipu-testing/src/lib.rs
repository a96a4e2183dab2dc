//! Tools that the tests of several packages use.

pub mod allocator;
#[cfg(feature = "certificates")]
pub mod certificates;
pub mod child;
mod finish;
#[cfg(feature = "programs")]
pub mod http;
mod keep;
#[cfg(unix)]
pub mod nobody;
#[cfg(feature = "programs")]
pub mod process;
#[cfg(feature = "programs")]
pub mod prometheus;
mod rounds;
#[cfg(feature = "scrape")]
pub mod scrape;

pub use finish::Finish;
pub use keep::keep;
pub use rounds::rounds;
