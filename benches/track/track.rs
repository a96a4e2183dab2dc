//! The cost of the crate's own operations, to be compared from one change to the next: `cargo bench
//! --package quipu-track`.
//!
//! How they compare with other ways to count is what `quipu-lab` and `benches/comparison` measure.

use std::sync::Barrier;
use std::thread;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use quipu::{Counter, snapshot};

/// Lets this number of threads that are alive at the same time add to each counter.
fn touch(counters: &[Counter], threads: usize) {
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                counters.iter().for_each(Counter::inc);
                barrier.wait();
            });
        }
    });
}

fn add(c: &mut Criterion) {
    static COUNTER: Counter = Counter::new();
    c.bench_function("add", |b| b.iter(|| COUNTER.add(1)));

    let mut group = c.benchmark_group("add_to_each");
    for len in [10, 1000, 100_000] {
        let counters: Vec<Counter> = (0..len).map(|_| Counter::new()).collect();
        group.throughput(Throughput::Elements(len));
        group.bench_with_input(BenchmarkId::from_parameter(len), &counters, |b, counters| {
            b.iter(|| counters.iter().for_each(Counter::inc));
        });
    }
    group.finish();
}

/// Of 1 block before 64, as blocks stay.
fn sum(c: &mut Criterion) {
    let mut group = c.benchmark_group("sum");
    for threads in [1, 64] {
        let counter = [Counter::new()];
        touch(&counter, threads);
        group.bench_with_input(BenchmarkId::new("threads", threads), &counter, |b, [counter]| {
            b.iter(|| counter.sum())
        });
    }
    group.finish();
}

fn take(c: &mut Criterion) {
    let counter = Counter::new();
    c.bench_function("add_and_take", |b| {
        b.iter(|| {
            counter.inc();
            counter.take()
        });
    });
}

fn snapshot_of_many(c: &mut Criterion) {
    const LEN: u64 = 1000;
    let name = |index| &*format!("track_{index}_total").leak();
    let counters: Vec<Counter> =
        (0..LEN).map(|index| Counter::named(name(index), "Of the benchmark.")).collect();
    touch(&counters, 8);
    let mut group = c.benchmark_group("snapshot");
    group.throughput(Throughput::Elements(LEN));
    group.bench_function(BenchmarkId::from_parameter(LEN), |b| b.iter(snapshot));
    group.finish();
}

fn first_add(c: &mut Criterion) {
    static COUNTER: Counter = Counter::new();
    c.bench_function("thread", |b| b.iter(|| thread::spawn(|| ()).join()));
    c.bench_function("thread_and_first_add", |b| b.iter(|| thread::spawn(|| COUNTER.inc()).join()));
}

// `sum` is the first: it wants to know how many threads have counted before it.
criterion_group!(benches, sum, add, take, snapshot_of_many, first_add);
criterion_main!(benches);
