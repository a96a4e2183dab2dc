//! The longest hold of any of quipu's locks, for what takes them, by sizes and by threads that
//! lived at once:
//!
//! ```text
//! RUSTFLAGS='--cfg quipu_holds' cargo bench --bench holds
//! ```
//!
//! This is the longest wait for such a lock: of a first add, of the start or end of a thread that
//! counts, of a fork. The times are processor time of the thread that held the lock.

#[cfg(not(quipu_holds))]
fn main() {
    eprintln!("the locks measure nothing: set RUSTFLAGS='--cfg quipu_holds'");
}

#[cfg(quipu_holds)]
fn main() {
    measured::main();
}

#[cfg(quipu_holds)]
mod measured {
    use std::cell::Cell;
    use std::panic::Location;
    use std::sync::Barrier;
    use std::thread;
    use std::time::Duration;

    use quipu::{Counter, CounterArray, FloatCounter, UpDownCounter, longest_hold, snapshot};

    /// Threads that have lived at once before a measurement.
    const PEAKS: [usize; 4] = [1, 64, 500, 5000];

    const NAMES: usize = 100_000;

    const RUNS: usize = 5;

    pub(super) fn main() {
        println!(
            "Longest hold of a lock, in microseconds, and the place that held the longest of a row\n"
        );
        print!("{:58}", "after a peak of threads:");
        PEAKS.iter().for_each(|peak| print!("{peak:>9}"));
        println!();
        let named: Vec<Counter> =
            (0..NAMES).map(|index| Counter::named(name("name", index), "")).collect();
        let register = |counters: &[Counter]| {
            counters.iter().for_each(|counter| counter.register().expect("a name"))
        };
        let (first, others) = named.split_at(NAMES / 2);
        register(first);
        let (part, parts) = (Cell::new(0), others.len() / RUNS);
        let registered = measure(|| {
            let start = part.replace(part.get() + 1) * parts;
            register(&others[start..start + parts]);
        });
        let columns: Vec<Vec<Hold>> = PEAKS.iter().map(|&peak| column(peak, &named)).collect();
        print_row(
            &format!("{} names register beside many others", NAMES / 2 / RUNS),
            &[registered],
        );
        for (row, (what, _)) in ROWS.iter().enumerate() {
            print_row(what, &columns.iter().map(|column| column[row]).collect::<Vec<_>>());
        }
    }

    fn print_row(what: &str, holds: &[Hold]) {
        print!("{what:58}");
        holds.iter().for_each(|(time, _)| print!("{:>9.1}", time.as_secs_f64() * 1e6));
        match holds.iter().max_by_key(|(time, _)| *time) {
            Some((_, Some(place))) => println!("  {}:{}", place.file(), place.line()),
            _ => println!(),
        }
    }

    type Hold = (Duration, Option<&'static Location<'static>>);

    type Row = (&'static str, fn(&[Counter]));

    const ROWS: &[Row] = &[
        ("a thread starts, adds and ends, 1,000 times", |_| {
            (0..1000).for_each(|_| on_thread(|| Counter::new().inc()))
        }),
        ("a counter registers in used slots", |_| Counter::new().inc()),
        ("an up-down counter registers in used slots", |_| UpDownCounter::new().inc()),
        ("a float counter registers in used slots", |_| FloatCounter::new().add(1.0)),
        ("an array of 1,024 registers in used slots", |_| register::<1024>()),
        ("an array of 65,536 registers in used slots", |_| register::<65_536>()),
        ("a named array of 65,536 registers and is dropped", |_| drop_named_array()),
        ("10 threads have a first slot in an array of 65,536", |_| grow()),
        ("takes of 1,000 counters and an up-down counter", |named| take(&named[..1000])),
        ("1,000 names of counters that are dropped, with their slots", |_| {
            (0..1000)
                .map(|index| Counter::named(name("dropped", index), ""))
                .for_each(|counter| counter.inc());
        }),
        ("a snapshot of all names, after a change", |_| {
            Counter::named("changed_total", "").inc();
            drop(snapshot());
        }),
        ("a snapshot of all names", |_| drop(snapshot())),
    ];

    /// After one more peak of threads, which touch every hundredth counter and slots that others
    /// reuse.
    fn column(peak: usize, named: &[Counter]) -> Vec<Hold> {
        let (single, up_down, float) = (Counter::new(), UpDownCounter::new(), FloatCounter::new());
        // Threads by thousands would have gigabytes of it.
        let array = (peak <= 500).then(Box::<CounterArray<65_536>>::default);
        let all_here = Barrier::new(peak);
        thread::scope(|scope| {
            for _ in 0..peak {
                let touch = || {
                    named.iter().step_by(NAMES / 100).for_each(Counter::inc);
                    single.inc();
                    up_down.inc();
                    float.add(1.0);
                    if let Some(array) = &array {
                        array[0].inc();
                    }
                    all_here.wait();
                };
                thread::Builder::new()
                    .stack_size(1 << 16)
                    .spawn_scoped(scope, touch)
                    .expect("a thread");
            }
        });
        drop((single, up_down, float, array));
        ROWS.iter().map(|(_, work)| measure(|| work(named))).collect()
    }

    /// Of several runs the one whose longest hold is the shortest: in the others an interrupt may
    /// have come between.
    fn measure(work: impl Fn()) -> Hold {
        let run = |_| {
            longest_hold();
            work();
            longest_hold()
        };
        (0..RUNS).map(run).min_by_key(|(time, _)| *time).expect("a run")
    }

    fn register<const N: usize>() {
        Box::<CounterArray<N>>::default().register().expect("slots");
    }

    fn drop_named_array() {
        const LEN: usize = 65_536;
        let values: Vec<&'static str> = (0..LEN).map(|index| name("value", index)).collect();
        let values: &'static [&'static str] = values.leak();
        let values: &'static [&'static str; LEN] = values.try_into().expect("as many");
        let array = || Box::new(CounterArray::named("array_total", "", "value", values));
        let (first, second) = (array(), array());
        first.register().expect("slots");
        second.register().expect("slots");
    }

    fn grow() {
        let array = Box::<CounterArray<65_536>>::default();
        thread::scope(|scope| {
            (0..10).for_each(|_| drop(scope.spawn(|| array[1].inc())));
        });
    }

    fn take(named: &[Counter]) {
        named.iter().for_each(Counter::reset);
        let up_down = UpDownCounter::new();
        up_down.inc();
        up_down.reset();
    }

    fn on_thread(work: impl FnOnce() + Send) {
        thread::scope(|scope| drop(scope.spawn(work)));
    }

    fn name(what: &str, index: usize) -> &'static str {
        format!("{what}_{index}_total").leak()
    }
}
