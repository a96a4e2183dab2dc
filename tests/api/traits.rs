//! Promises of the types to the compiler. `tests/compile` has what they must not be.

use std::error::Error;
use std::fmt::{Debug, Display};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

#[cfg(feature = "parking_lot")]
use quipu::strategy::ParkingLotLock;
#[cfg(feature = "percpu")]
use quipu::strategy::PerCpu;
use quipu::strategy::{
    Accuracy, Adaptive, Approximate, Cached, Locked, PerThread, SingleAtomic, Strategy, Striped,
};
use quipu::{
    Change, Count, Counter, CounterArray, Cursor, Diff, Element, Elements, FloatCounter,
    FloatGauge, Gauge, InvalidAmount, InvalidName, Kind, Label, Observed, PrometheusText,
    RegisterError, Sample, Snapshot, UpDownCounter, Value,
};

const fn shared<T: Send + Sync + Debug + ?Sized>() {}
const fn strategy<T: Strategy + Default + Send + Sync + Debug + 'static>() {}
const fn count<T: Count + ?Sized>() {}
const fn copied<T: Copy + PartialEq>() {}
const fn defaulted<T: Default>() {}
const fn displayed<T: Display>() {}
const fn error<T: Error + Send + Sync + 'static>() {}

const _: () = {
    shared::<Counter>();
    shared::<UpDownCounter>();
    shared::<FloatCounter>();
    shared::<Gauge>();
    shared::<FloatGauge>();
    shared::<Observed>();
    shared::<CounterArray<3>>();
    shared::<Element<3>>();
    shared::<Elements<'_, 3>>();
    shared::<Cursor<'_, u64>>();
    shared::<Cursor<'_, i64>>();
    shared::<Cursor<'_, f64>>();
    shared::<Snapshot>();
    shared::<Sample>();
    shared::<Label>();
    shared::<Change>();
    shared::<Diff>();
    shared::<PrometheusText<'_>>();
    strategy::<SingleAtomic>();
    strategy::<Locked>();
    strategy::<Striped>();
    strategy::<Adaptive>();
    strategy::<PerThread>();
    strategy::<Cached>();
    strategy::<Approximate>();
    #[cfg(feature = "percpu")]
    strategy::<PerCpu>();
    #[cfg(feature = "parking_lot")]
    strategy::<Locked<ParkingLotLock>>();
    shared::<dyn Strategy>();
    count::<Counter>();
    count::<Element<3>>();
    count::<AtomicU64>();
    count::<dyn Count>();
    count::<dyn Strategy>();
    count::<&Element<3>>();
    count::<Box<dyn Count>>();
    count::<Arc<dyn Strategy>>();
    copied::<Accuracy>();
    copied::<Kind>();
    copied::<Value>();
    defaulted::<Counter>();
    defaulted::<UpDownCounter>();
    defaulted::<FloatCounter>();
    defaulted::<Gauge>();
    defaulted::<FloatGauge>();
    defaulted::<CounterArray<3>>();
    displayed::<PrometheusText<'_>>();
    displayed::<Value>();
    error::<RegisterError>();
    error::<InvalidAmount>();
    error::<InvalidName>();
};

/// A counter has 40 bytes, or 32 where pointers have 32 bits; a type of two slots has one more spill
/// word.
const _: () = {
    const COUNTER: usize = if cfg!(target_pointer_width = "64") { 40 } else { 32 };
    assert!(size_of::<Counter>() == COUNTER);
    assert!(size_of::<FloatCounter>() == COUNTER);
    assert!(size_of::<Gauge>() == COUNTER);
    assert!(size_of::<FloatGauge>() == COUNTER + 8);
    assert!(size_of::<UpDownCounter>() == COUNTER + 8);
};

#[test]
fn every_constructor_is_const() {
    static COUNTER: Counter = Counter::new();
    static NAMED: Counter = Counter::named("const_total", "");
    static UP_DOWN: UpDownCounter = UpDownCounter::new();
    static FLOAT: FloatCounter = FloatCounter::new();
    static ARRAY: CounterArray<2> = CounterArray::new();
    static GAUGE: Gauge = Gauge::new();
    static FLOAT_GAUGE: FloatGauge = FloatGauge::new();
    static TRIED: Result<Counter, InvalidName> = Counter::try_named("const_tried_total", "");
    assert_eq!((COUNTER.sum(), UP_DOWN.sum(), FLOAT.sum(), ARRAY.sums()), (0, 0, 0.0, [0, 0]));
    assert_eq!((GAUGE.value(), FLOAT_GAUGE.value()), (0, 0.0));
    static SINGLE: SingleAtomic = SingleAtomic::new();
    static LOCKED: Locked = Locked::new();
    static STRIPED: Striped<2> = Striped::new();
    static ADAPTIVE: Adaptive = Adaptive::new();
    static PER_THREAD: PerThread = PerThread::new();
    static CACHED: Cached<2> = Cached::new();
    static APPROXIMATE: Approximate = Approximate::new();
    let strategies: [&dyn Strategy; 7] =
        [&SINGLE, &LOCKED, &STRIPED, &ADAPTIVE, &PER_THREAD, &CACHED, &APPROXIMATE];
    assert!(strategies.iter().all(|strategy| strategy.sum() == 0));
    #[cfg(feature = "parking_lot")]
    {
        static LOCKED: Locked<ParkingLotLock> = Locked::new();
        assert_eq!(LOCKED.sum(), 0);
    }
    assert_eq!(
        (NAMED.name(), TRIED.as_ref().unwrap().name()),
        (Some("const_total"), Some("const_tried_total"))
    );
}
