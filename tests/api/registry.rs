use quipu::{
    Bounds, Counter, CounterArray, FloatCounter, FloatGauge, Gauge, Histogram, Kind, Metric, Peak,
    RegisterError, Registry, Trough, Unit, UpDownCounter, Value,
};

#[test]
fn every_type_is_shown_as_the_process_shows_it() {
    let counter = Counter::named("each_own_a_total", "A.");
    let up_down = UpDownCounter::named("each_own_b", "B.");
    let float = FloatCounter::named("each_own_c_total", "C.");
    let gauge = Gauge::named("each_own_d", "D.");
    let float_gauge = FloatGauge::named("each_own_e", "E.");
    let (peak, trough) = (Peak::named("each_own_f", "F."), Trough::named("each_own_g", "G."));
    let array = CounterArray::named("each_own_h_total", "H.", "side", &["left", "right"]);
    let histogram = Histogram::named("each_own_i", "I.", Unit::Bytes, Bounds::<2>::new(&[10, 20]));
    counter.add(1);
    up_down.sub(2);
    float.add(0.5);
    gauge.set(-4);
    float_gauge.set(2.5);
    peak.observe(6);
    trough.observe(7);
    array[1].add(8);
    histogram.observe(9);
    let metrics: [&dyn Metric; 9] =
        [&histogram, &array, &trough, &peak, &float_gauge, &gauge, &float, &up_down, &counter];
    let mut registry = Registry::new();
    metrics.into_iter().for_each(|metric| registry.add(metric).unwrap());
    let (own, all) = (registry.snapshot(), quipu::snapshot());
    let shown: Vec<_> =
        all.samples().iter().filter(|sample| sample.name.starts_with("each_own_")).collect();
    assert_eq!(own.samples().iter().collect::<Vec<_>>(), shown);
    assert_eq!(own.samples().len(), 10);
    counter.reset();
    assert_eq!(
        registry.snapshot().get("each_own_a_total", None).unwrap().value,
        Value::Unsigned(1)
    );
}

#[test]
fn metrics_of_one_name_add_up() {
    let make = || Counter::named("own_sum_total", "");
    let (first, second, third) = (make(), make(), make());
    [&first, &second, &third].into_iter().zip([1, 2, 4]).for_each(|(counter, n)| counter.add(n));
    let mut registry = Registry::new();
    registry.add(&first).unwrap();
    registry.add(&third).unwrap();
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.samples().len(), 1);
    assert_eq!(snapshot.get("own_sum_total", None).unwrap().value, Value::Unsigned(5));
    let (low, high) = (Peak::named("own_peak", ""), Peak::named("own_peak", ""));
    low.observe(3);
    high.observe(8);
    registry.add(&high).unwrap();
    registry.add(&low).unwrap();
    let snapshot = registry.snapshot();
    let peak = snapshot.get("own_peak", None).unwrap();
    assert_eq!((peak.kind, peak.value), (Kind::Peak, Value::Unsigned(8)));
}

#[test]
fn what_cannot_be_shown_is_refused() {
    let counter = Counter::named("own_refused", "");
    let others: [&dyn Metric; 3] = [
        &UpDownCounter::named("own_refused", ""),
        &CounterArray::named("own_refused", "", "side", &["left"]),
        &Histogram::named("own_refused", "", Unit::One, Bounds::<1>::new(&[1])),
    ];
    let mut registry = Registry::new();
    registry.add(&counter).unwrap();
    for other in others {
        assert_eq!(registry.add(other), Err(RegisterError::NameTaken { name: "own_refused" }));
    }
    assert_eq!(registry.snapshot().samples().len(), 1);
    let unnamed = Gauge::new();
    let error = registry.add(&unnamed).unwrap_err();
    assert_eq!(error.to_string(), "a metric without a name: expected one made with `named`");
}

quipu::metrics! {
    /// Lists them.
    fn list;

    /// Never used,
    /// as it happens.
    static DECLARED: Counter = Counter::named("declared_total");

    /// By side.
    pub(crate) static SIDES: CounterArray<2> = CounterArray::named("declared_sides_total", "side", &["a", "b"]);
}

#[test]
fn declared_metrics_are_listed_before_their_first_use() {
    if cfg!(not(feature = "linkme")) {
        list().unwrap();
    }
    let snapshot = quipu::snapshot();
    let sample = snapshot.get("declared_total", None).unwrap();
    assert_eq!((&*sample.help, sample.value), ("Never used, as it happens.", Value::Unsigned(0)));
    assert_eq!(snapshot.family("declared_sides_total").len(), 2);
    SIDES[0].inc();
    DECLARED.inc();
    list().unwrap();
}
