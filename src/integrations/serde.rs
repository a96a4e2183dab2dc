//! `Serialize` of [`serde`] for [`Snapshot`] and [`Diff`], and for what they are made of.
//!
//! | type | serialized as |
//! |---|---|
//! | [`Snapshot`] | a struct: `samples` |
//! | [`Sample`] | a struct: `name`, `help`, `kind`, `labels` (a list) and `value`; of a histogram, `histogram` |
//! | [`Label`] | a struct: `name` and `value` |
//! | [`Kind`] | `"counter"`, `"up_down_counter"`, `"float_counter"`, `"float_gauge"`, `"gauge"`, `"histogram"`, `"peak"` or `"trough"` |
//! | [`Value`] | the number: `u64`, `i64` or `f64`, by the kind |
//! | [`HistogramSnapshot`] | a struct: `unit` (the base unit's name), `decimals` (numbers are whole multiples of that many decimal places), `sum`, `bounds` and `counts` (lists) |
//! | [`Diff`] | a struct: `elapsed_seconds` and `changes` |
//! | [`Change`] | a struct: `sample`, `delta` and `per_second`; of a histogram, `histogram` |
//!
//! ```
//! use quipu::Counter;
//!
//! static CLICKS: Counter = Counter::named("clicks_total", "Clicks.");
//!
//! CLICKS.add(3);
//! assert_eq!(
//!     serde_json::to_string(&quipu::snapshot())?,
//!     r#"{"samples":[{"name":"clicks_total","help":"Clicks.","kind":"counter","labels":[],"value":3}]}"#
//! );
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! # Limits
//! [`Snapshot::taken_at`] isn't serialized: an `Instant` means nothing outside of its process.
//! There is no `Deserialize`: names and help texts are those of the program's own statics, and a
//! reader elsewhere is better off with types of its own. JSON has no infinity: `serde_json` writes
//! a rate beyond the largest `f64` as `null`. Readers that keep every number as an `f64`, as
//! JavaScript does, round those above 2⁵³.

use ::serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::{Change, Diff, HistogramSnapshot, Kind, Label, Sample, Snapshot, Value};

/// `Serialize` as a struct of the fields in braces, and of one more if it is there.
macro_rules! structs {
    ($($kind:ident as $self:ident { $($field:literal: $value:expr),* $(; $optional:literal: $option:expr)? })*) => { $(
        impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $self = self;
                let len = [$($field),*].len() $(+ usize::from($option.is_some()))?;
                let mut fields = serializer.serialize_struct(stringify!($kind), len)?;
                $(fields.serialize_field($field, &$value)?;)*
                $(match &$option {
                    Some(value) => fields.serialize_field($optional, value)?,
                    None => fields.skip_field($optional)?,
                })?
                fields.end()
            }
        }
    )* };
}

structs! {
    Snapshot as snapshot { "samples": snapshot.samples() }
    Sample as sample {
        "name": sample.name, "help": sample.help, "kind": sample.kind, "labels": sample.labels(), "value": sample.value;
        "histogram": sample.histogram()
    }
    HistogramSnapshot as histogram {
        "unit": histogram.unit().base(), "decimals": histogram.unit().decimals(),
        "sum": histogram.sum(), "bounds": histogram.bounds(), "counts": histogram.counts()
    }
    Label as label { "name": label.name, "value": label.value }
    Diff as diff { "elapsed_seconds": diff.elapsed().as_secs_f64(), "changes": diff.changes() }
    Change as change { "sample": change.sample, "delta": change.delta, "per_second": change.per_second; "histogram": change.histogram() }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (index, variant) = match self {
            Kind::Counter => (0, "counter"),
            Kind::UpDownCounter => (1, "up_down_counter"),
            Kind::FloatCounter => (2, "float_counter"),
            Kind::FloatGauge => (3, "float_gauge"),
            Kind::Gauge => (4, "gauge"),
            Kind::Histogram => (5, "histogram"),
            Kind::Peak => (6, "peak"),
            Kind::Trough => (7, "trough"),
        };
        serializer.serialize_unit_variant("Kind", index, variant)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Value::Unsigned(value) => serializer.serialize_u64(value),
            Value::Signed(value) => serializer.serialize_i64(value),
            Value::Float(value) => serializer.serialize_f64(value),
        }
    }
}
