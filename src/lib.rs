#![doc = include_str!("../README.md")]
// The README's plot is a file of the repository, which these pages don't have.
#![doc = r#"<style>img[src="docs/contention.svg"] { display: none }</style>"#]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
mod array;
mod clock;
mod count;
mod counter;
mod cursor;
pub mod docs;
#[cfg(feature = "dynamic-labels")]
mod dynamic_family;
mod element;
mod engine;
mod error;
mod exposition;
mod family;
mod float;
mod float_gauge;
mod gauge;
mod histogram;
pub mod integrations;
mod listed;
mod local;
mod merge;
mod name;
mod name_clash;
mod observed;
mod own_registry;
mod peak;
mod sample;
mod snapshot;
pub mod strategy;
mod sync;
#[cfg(test)]
mod tests;
mod up_down;

pub use array::{ArrayIndex, CounterArray};
pub use count::Count;
pub use counter::Counter;
pub use cursor::{Cursor, Number};
#[cfg(feature = "dynamic-labels")]
pub use dynamic_family::{DynamicFamily, GrowingMetric, OVERFLOW, Series, SeriesMetric};
pub use element::{Element, Elements};
pub use engine::{Label, fork_generation};
pub use error::RegisterError;
pub use exposition::PrometheusText;
pub use family::{Family, LabelValue, Labels, Scalar};
pub use float::{FloatCounter, InvalidAmount};
pub use float_gauge::FloatGauge;
pub use gauge::Gauge;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub use histogram::Timer;
pub use histogram::{
    Bounds, Bucket, Histogram, HistogramCursor, HistogramSnapshot, InvalidBounds, InvalidParts,
    Layout, LayoutsDiffer, LocalHistogram, LogLinear, Quantile,
};
pub use local::LocalCounter;
pub use name::InvalidName;
pub use name_clash::NameClash;
pub use observed::Observed;
pub use own_registry::{Metric, Registry};
pub use peak::{Peak, PeakCursor, Trough};
/// The list of all sources of metrics in the process: other versions of quipu, and what anyone
/// registers there.
///
/// quipu enters itself when its first named counter registers. A [`snapshot`](crate::snapshot())
/// shows the samples of all sources. To add one, take this module or depend on the package
/// `quipu-registry`, which is the same for all versions of quipu:
///
/// ```
/// use quipu::Value;
/// use quipu::registry::{self, Entry, Label, Sample};
///
/// fn disks(visit: &mut dyn FnMut(&Sample<'_>)) {
///     let labels = [Label::new("disk", "sda"), Label::new("state", "free")];
///     let sample = Sample::new("disk_bytes", registry::Value::Gauge(4096)).with_labels(&labels);
///     visit(&sample.with_help("Bytes by disk and state."));
/// }
///
/// static DISKS: Entry = Entry::new(&disks);
///
/// DISKS.register();
/// let snapshot = quipu::snapshot();
/// assert_eq!(snapshot.get("disk_bytes", ["sda", "free"]).unwrap().value, Value::Signed(4096));
/// assert!(snapshot.prometheus().to_string().contains("disk_bytes{disk=\"sda\",state=\"free\"} 4096\n"));
/// ```
#[doc(no_inline)]
pub use quipu_registry as registry;
pub use quipu_registry::Unit;
/// For the macros of this crate alone.
#[doc(hidden)]
pub mod __private {
    pub use crate::family::{Rows, check_label};
    #[cfg(feature = "linkme")]
    pub use crate::listed::DECLARED;
    pub use crate::listed::private::{Registered, help};
    #[cfg(feature = "linkme")]
    pub use linkme;
}
pub use sample::{Kind, Sample, Value};
pub use snapshot::{Change, Diff, Snapshot, snapshot};
#[cfg(quipu_holds)]
pub use sync::longest_hold;
pub use up_down::UpDownCounter;
