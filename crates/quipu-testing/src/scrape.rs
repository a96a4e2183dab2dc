//! Reads exported text with a parser that is not the writer's.

use prometheus_parse::Scrape;
pub use prometheus_parse::Value;

/// The samples of a scraped text.
#[derive(Debug)]
pub struct Scraped(Scrape);

impl Scraped {
    /// Each line that is no comment has to be a sample: the parser skips what it can't read.
    pub fn parse(text: &str) -> Self {
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let read = Scrape::parse([Ok(line.to_owned())].into_iter()).expect("a text format");
            assert_eq!(read.samples.len(), 1, "{line:?} in {text}");
        }
        Self(Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).expect("a text format"))
    }

    /// The value of the one sample with this name and these labels.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        match self.sample(name, labels) {
            Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value) => value,
            other => panic!("{name}: {other:?}"),
        }
    }

    /// The value, with its type.
    pub fn sample(&self, name: &str, labels: &[(&str, &str)]) -> Value {
        let is_it = |sample: &&prometheus_parse::Sample| {
            sample.metric == name
                && sample.labels.len() == labels.len()
                && labels.iter().all(|(key, value)| sample.labels.get(key) == Some(value))
        };
        let found: Vec<_> = self.0.samples.iter().filter(is_it).collect();
        assert_eq!(found.len(), 1, "{name} {labels:?} in {:#?}", self.0.samples);
        found[0].value.clone()
    }

    /// The histogram with this name and these labels.
    pub fn histogram(&self, name: &str, labels: &[(&str, &str)]) -> ScrapedHistogram {
        let Value::Histogram(buckets) = self.sample(name, labels) else {
            panic!("{name}: expected a histogram")
        };
        ScrapedHistogram {
            buckets: buckets.iter().map(|bucket| (bucket.less_than, bucket.count)).collect(),
            count: self.value(&format!("{name}_count"), labels),
            sum: self.value(&format!("{name}_sum"), labels),
        }
    }
}

/// A histogram of a scraped text.
#[derive(Debug)]
pub struct ScrapedHistogram {
    /// The bound of each bucket, and how many values aren't above it.
    pub buckets: Vec<(f64, f64)>,
    /// The number of values.
    pub count: f64,
    /// The sum of the values.
    pub sum: f64,
}
