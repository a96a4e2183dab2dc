//! OpenTelemetry's metrics, read through a reader of its own instead of an exporter's thread.

use std::sync::{Arc, Weak};
use std::time::Duration;

use opentelemetry::metrics::{Meter, MeterProvider as _};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, ResourceMetrics};
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{
    Instrument, InstrumentKind, ManualReader, MeterProviderBuilder, Pipeline, SdkMeterProvider,
    Stream, Temporality,
};

/// A reader that its user keeps, too.
#[derive(Clone, Debug)]
struct Reader(Arc<ManualReader>);

impl MetricReader for Reader {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(metrics)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.0.temporality(kind)
    }
}

/// A provider, for one metric.
pub struct Provider {
    reader: Reader,
    provider: SdkMeterProvider,
}

impl Default for Provider {
    fn default() -> Self {
        Self::of(SdkMeterProvider::builder())
    }
}

impl Provider {
    /// With room for so many series, where the SDK's own limit is 2,000.
    pub fn with_limit(series: usize) -> Self {
        let limit =
            move |_: &Instrument| Stream::builder().with_cardinality_limit(series).build().ok();
        Self::of(SdkMeterProvider::builder().with_view(limit))
    }

    fn of(builder: MeterProviderBuilder) -> Self {
        let reader = Reader(Arc::new(ManualReader::builder().build()));
        let provider = builder.with_reader(reader.clone()).build();
        Self { reader, provider }
    }

    pub fn meter(&self) -> Meter {
        self.provider.meter("comparison")
    }

    /// The result of `find` for the metric; `None` before it was used.
    pub fn read<T>(&self, find: impl Fn(&AggregatedMetrics) -> Option<T>) -> Option<T> {
        let mut read = ResourceMetrics::default();
        self.reader.collect(&mut read).expect("the reader has a pipeline");
        let mut metrics = read.scope_metrics().flat_map(|scope| scope.metrics());
        metrics.find_map(|metric| find(metric.data()))
    }
}
