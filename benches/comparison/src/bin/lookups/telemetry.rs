//! OpenTelemetry's counter, with a provider of its own.

use std::collections::HashMap;

use opentelemetry::metrics::Counter;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use quipu_comparison::telemetry::Provider;
use quipu_lab::series::{NAMES, Texts};

use crate::contestants::LIMIT;

pub(crate) struct Telemetry {
    pub(crate) counter: Counter<u64>,
    provider: Provider,
}

impl Default for Telemetry {
    fn default() -> Self {
        let provider = Provider::with_limit(LIMIT);
        Self { counter: provider.meter().u64_counter("requests").build(), provider }
    }
}

impl Telemetry {
    /// The counts of the series with these texts.
    pub(crate) fn counts(&self, texts: &[Texts]) -> Vec<u64> {
        let found = self.provider.read(by_texts).unwrap_or_default();
        let count = |texts: &Texts| found.get(&texts.map(str::to_owned)).copied().unwrap_or(0);
        texts.iter().map(count).collect()
    }
}

fn by_texts(data: &AggregatedMetrics) -> Option<HashMap<[String; 2], u64>> {
    let AggregatedMetrics::U64(MetricData::Sum(sum)) = data else { return None };
    let points = sum.data_points().filter_map(|point| {
        let text = |name| {
            let mut attributes = point.attributes();
            let found = attributes.find(|attribute| attribute.key.as_str() == name)?;
            Some(found.value.to_string())
        };
        Some(([text(NAMES[0])?, text(NAMES[1])?], point.value()))
    });
    Some(points.collect())
}
