//! The hot path, for `ci/hot-path` to disassemble: what a caller gets for one add.

#![allow(missing_docs, reason = "the symbols are for the disassembler")]

#[cfg(feature = "percpu")]
use quipu::Count;
#[cfg(feature = "percpu")]
use quipu::strategy::PerCpu;
use quipu::{
    Bounds, Counter, CounterArray, Family, FloatCounter, Histogram, LabelValue, LocalCounter,
    LogLinear, Peak, UpDownCounter,
};

quipu::labels! {
    pub enum Method: "method" { Get => "GET", Head => "HEAD", Post => "POST", Put => "PUT", Other => "other" }
    pub enum Status: "status" { Ok => "2xx", Moved => "3xx", Wrong => "4xx", Failed => "5xx" }
}

static COUNTER: Counter = Counter::new();
static UP_DOWN: UpDownCounter = UpDownCounter::new();
static FLOAT: FloatCounter = FloatCounter::new();
static ARRAY: CounterArray<8> = CounterArray::new();
static FAMILY: Family<Counter, (Method, Status)> = Family::named("requests_total", "");
static BOUNDS: Histogram<Bounds<10>> =
    Histogram::new(Bounds::new(&[1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]));
static PEAK: Peak = Peak::new();
static LOG_LINEAR: Histogram<LogLinear<3>> = Histogram::new(LogLinear::new());

#[unsafe(no_mangle)]
#[inline(never)]
pub fn hot_counter_add(n: u64) {
    COUNTER.add(n);
}

#[unsafe(no_mangle)]
#[inline(never)]
pub fn hot_counter_add_by_reference(counter: &Counter) {
    counter.inc();
}

#[unsafe(no_mangle)]
#[inline(never)]
pub fn hot_local_add(local: &LocalCounter<'_>) {
    local.inc();
}

#[unsafe(no_mangle)]
#[inline(never)]
pub fn hot_up_down() {
    UP_DOWN.inc();
    UP_DOWN.dec();
}

#[unsafe(no_mangle)]
#[inline(never)]
pub fn hot_float_add(amount: f64) {
    FLOAT.add(amount);
}

#[unsafe(no_mangle)]
#[inline(never)]
pub fn hot_array_add(index: usize) {
    ARRAY[index].inc();
}

#[unsafe(no_mangle)]
#[inline(never)]
pub fn hot_array_get(index: usize) {
    if let Some(counter) = ARRAY.get(index) {
        counter.inc();
    }
}

#[unsafe(no_mangle)]
#[inline(never)]
pub fn hot_family_add(method: Method, status: Status) {
    FAMILY[(method, status)].inc();
}

#[unsafe(no_mangle)]
#[inline(never)]
pub fn hot_histogram_observe(value: u64) {
    BOUNDS.observe(value);
}

#[unsafe(no_mangle)]
#[inline(never)]
pub fn hot_peak_observe(value: u64) {
    PEAK.observe(value);
}

#[unsafe(no_mangle)]
#[inline(never)]
pub fn hot_log_linear_observe(value: u64) {
    LOG_LINEAR.observe(value);
}

#[cfg(feature = "percpu")]
#[unsafe(no_mangle)]
#[inline(never)]
pub fn hot_per_cpu_add(counter: &PerCpu, n: u64) {
    counter.add(n);
}

fn main() {
    #[cfg(feature = "percpu")]
    hot_per_cpu_add(&PerCpu::new(), 3);
    let local = COUNTER.local();
    for index in 0..8 {
        hot_local_add(&local);
        hot_counter_add(3);
        hot_histogram_observe(index as u64);
        hot_peak_observe(index as u64);
        hot_log_linear_observe(index as u64);
        hot_counter_add_by_reference(&COUNTER);
        hot_up_down();
        hot_float_add(0.5);
        hot_array_add(index);
        hot_array_get(index);
        hot_family_add(Method::ALL[index % 5], Status::ALL[index % 4]);
    }
    println!("{FAMILY:?} {COUNTER:?} {UP_DOWN:?} {FLOAT:?} {ARRAY:?}");
}
