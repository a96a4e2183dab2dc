use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::contestants::Contestant;
use crate::load::Load;
use crate::measure::run_checked;

/// Loses one add of each thread, and says that it may be wrong by `tolerance`.
struct Liar {
    total: AtomicU64,
    tolerance: u64,
}

impl Contestant for Liar {
    fn run(&self, _thread: usize, load: &Load) {
        self.total.fetch_add(load.adds() - 1, Relaxed);
    }

    fn sample(&self, _thread: usize, _nanos: &mut [u64]) {}

    fn read(&self, _times: u64) {}

    fn total(&self) -> u64 {
        self.total.load(Relaxed)
    }

    fn tolerance(&self) -> u64 {
        self.tolerance
    }

    fn bytes(&self) -> usize {
        0
    }
}

fn run(tolerance: u64) -> Result<(), String> {
    let liar = Liar { total: AtomicU64::new(0), tolerance };
    run_checked("liar", &liar, 2, false, Load::new(0.0, 0)).map(drop)
}

#[test]
fn lost_add_is_an_error() {
    assert_eq!(run(0), Err("liar counted 1998 of 2000 adds by 2 threads".to_owned()));
    assert_eq!(run(1), Err("liar counted 1998 of 2000 adds by 2 threads".to_owned()));
    assert_eq!(run(2), Ok(()));
}
