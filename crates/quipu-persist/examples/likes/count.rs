//! A process that counts.

use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use quipu::Counter;
use quipu_persist::Worker;

use crate::args::Args;
use crate::store;

/// The counter of all lines.
pub(crate) const LINES: &str = "lines";

/// The counter of lines whose field can't name one.
const OTHER: &str = "other";

/// How long the store is waited for at the start and at the end.
const TIMEOUT: Duration = Duration::from_secs(15);

type Failure = Box<dyn Error + Send + Sync>;

pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let mut store = store::open(&args.store)?;
    // Read and then written to, so that a mistake in the configuration shows at once.
    store.total(LINES)?;
    let worker = Worker::builder(&args.host).interval(Duration::from_millis(200)).start(store)?;
    let lines = Lines::new(worker, args.count_by)?;
    lines.worker.flush(TIMEOUT)?;
    thread::scope(|scope| {
        let (counting, is_over) = mpsc::channel();
        scope.spawn(|| show_errors(&lines.worker, is_over));
        let counted = count_all(args, &lines);
        drop(counting);
        counted.map_err(|error| -> Box<dyn Error> { error })
    })?;
    lines.worker.shutdown(TIMEOUT)?;
    Ok(())
}

/// Says what is wrong with the store, whenever that changes, until the channel's other end is
/// dropped.
fn show_errors(worker: &Worker, is_over: mpsc::Receiver<()>) {
    let mut shown = None;
    while is_over.recv_timeout(Duration::from_millis(500)) == Err(mpsc::RecvTimeoutError::Timeout) {
        let Ok(status) = worker.status() else { return };
        let error = status
            .last_error
            .filter(|_| status.failures_in_a_row > 0)
            .map(|error| error.to_string());
        if error != shown {
            eprintln!(
                "likes: {}",
                error
                    .as_deref()
                    .unwrap_or("the store is there again, and has all that was counted")
            );
            shown = error;
        }
    }
}

/// A thread for each file.
fn count_all(args: &Args, lines: &Lines) -> Result<(), Failure> {
    if args.files.is_empty() {
        return lines.count(io::stdin().lock());
    }
    thread::scope(|scope| {
        let count = |path| -> Result<(), Failure> {
            let unreadable = |error| {
                format!("{}: expected a file to read: {error}", std::path::Path::display(path))
            };
            lines.count(BufReader::new(File::open(path).map_err(unreadable)?))
        };
        let threads: Vec<_> =
            args.files.iter().map(|path| scope.spawn(move || count(path))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })
}

/// Whether a value can be the name of its counter.
fn is_name(value: &str) -> bool {
    value != LINES && value.len() <= 255 && !value.chars().any(char::is_control)
}

/// The counters: one of all lines, and one for each value of the field.
struct Lines {
    worker: Worker,
    all: Arc<Counter>,
    field: Option<usize>,
    by_value: Mutex<HashMap<String, Arc<Counter>>>,
}

impl Lines {
    fn new(worker: Worker, field: Option<usize>) -> Result<Self, quipu_persist::Error> {
        let all = Arc::new(Counter::new());
        worker.track(LINES, Arc::clone(&all))?;
        Ok(Self { worker, all, field, by_value: Mutex::default() })
    }

    fn count(&self, input: impl BufRead) -> Result<(), Failure> {
        // A thread finds the counters that it has met without the lock.
        let mut known: HashMap<String, Arc<Counter>> = HashMap::new();
        for line in input.split(b'\n') {
            let line = line?;
            self.all.inc();
            let line = String::from_utf8_lossy(&line);
            let Some(value) = self.field.and_then(|field| line.split_whitespace().nth(field - 1))
            else {
                continue;
            };
            let value = if is_name(value) { value } else { OTHER };
            match known.get(value) {
                Some(counter) => counter.inc(),
                None => {
                    let counter = self.counter(value)?;
                    counter.inc();
                    known.insert(value.to_owned(), counter);
                }
            }
        }
        Ok(())
    }

    fn counter(&self, value: &str) -> Result<Arc<Counter>, quipu_persist::Error> {
        let mut by_value = self.by_value.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = by_value.get(value) {
            return Ok(Arc::clone(counter));
        }
        let counter = Arc::new(Counter::new());
        self.worker.track(value, Arc::clone(&counter))?;
        by_value.insert(value.to_owned(), Arc::clone(&counter));
        Ok(counter)
    }
}
