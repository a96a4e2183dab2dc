//! OpenTelemetry's counter, read through a reader of its own instead of an exporter's thread.

use std::sync::{Arc, Weak};
use std::time::Duration;

use opentelemetry::metrics::{Counter, MeterProvider as _};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{
    InstrumentKind, ManualReader, Pipeline, SdkMeterProvider, Temporality,
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

/// A counter, with a provider of its own.
pub(crate) struct Telemetry {
    pub(crate) counter: Counter<u64>,
    reader: Reader,
    _provider: SdkMeterProvider,
}

impl Default for Telemetry {
    fn default() -> Self {
        let reader = Reader(Arc::new(ManualReader::builder().build()));
        let provider = SdkMeterProvider::builder().with_reader(reader.clone()).build();
        Self {
            counter: provider.meter("comparison").u64_counter("count").build(),
            reader,
            _provider: provider,
        }
    }
}

impl Telemetry {
    pub(crate) fn sum(&self) -> u64 {
        let mut read = ResourceMetrics::default();
        self.reader.collect(&mut read).expect("the reader has a pipeline");
        let sum = |data: &AggregatedMetrics| match data {
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                sum.data_points().map(|point| point.value()).sum()
            }
            _ => 0,
        };
        read.scope_metrics()
            .flat_map(|scope| scope.metrics())
            .map(|metric| sum(metric.data()))
            .sum()
    }
}
