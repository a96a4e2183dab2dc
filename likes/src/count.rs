//! A process that counts.

use std::collections::HashMap;
use std::error::Error;
use std::io::BufRead;
use std::sync::{Arc, Mutex, PoisonError, RwLock, mpsc};
use std::thread;
use std::time::Duration;

use quipu::Counter;
use quipu_persist::Worker;

use crate::args::Args;
use crate::input::{self, Input};
use crate::store;

/// The counter of all lines.
pub(crate) const LINES: &str = "lines";

/// The counter of lines whose field can't name one.
const OTHER: &str = "other";

/// How long the store is waited for at the start and at the end.
const TIMEOUT: Duration = Duration::from_secs(15);

type Failure = Box<dyn Error + Send + Sync>;

/// A reason to count no more.
enum End {
    /// The inputs have ended, or one of them can't be read.
    Inputs(Result<(), Failure>),
    Signal,
}

pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let inputs = input::open_all(&args.files)?;
    let mut store = store::open(&args.store)?;
    // Read and then written to, so that a mistake in the configuration shows at once.
    store.total(LINES)?;
    let (ends, end) = mpsc::channel();
    listen_for_signals(ends.clone())?;
    let worker = Worker::builder(&args.host).interval(Duration::from_millis(200)).start(store)?;
    let lines = Arc::new(Lines::new(worker, args.count_by)?);
    lines.with_worker(|worker| worker.flush(TIMEOUT)).transpose()?;
    let counting = Arc::clone(&lines);
    // Not joined: after a signal they wait for lines on and on, and count none.
    thread::spawn(move || ends.send(End::Inputs(count_all(inputs, &counting))));
    let showing = Arc::clone(&lines);
    thread::spawn(move || show_errors(&showing));
    let counted = match end.recv()? {
        End::Inputs(counted) => counted,
        End::Signal => Ok(()),
    };
    lines.stop(TIMEOUT)?;
    counted.map_err(|error| -> Box<dyn Error> { error })
}

/// The first signal ends the counting, the second the process.
fn listen_for_signals(ends: mpsc::Sender<End>) -> Result<(), ctrlc::Error> {
    let mut is_ending = false;
    ctrlc::set_handler(move || {
        if is_ending {
            std::process::exit(1);
        }
        is_ending = true;
        // There is no receiver once the counting is over.
        let _ = ends.send(End::Signal);
    })
}

/// Says what is wrong with the store, whenever that changes.
fn show_errors(lines: &Lines) {
    let mut shown = None;
    while let Some(Ok(status)) = lines.with_worker(Worker::status) {
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
        thread::sleep(Duration::from_millis(500));
    }
}

/// A thread for each input.
fn count_all(inputs: Vec<Input>, lines: &Lines) -> Result<(), Failure> {
    thread::scope(|scope| {
        let threads: Vec<_> =
            inputs.into_iter().map(|input| scope.spawn(|| lines.count(input))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })
}

/// Whether a value can be the name of its counter.
fn is_name(value: &str) -> bool {
    value != LINES && value.len() <= 255 && !value.chars().any(char::is_control)
}

/// The counters: one of all lines, and one for each value of the field.
struct Lines {
    /// A line is counted while this is read, so after it is taken there are no more counts.
    worker: RwLock<Option<Worker>>,
    all: Arc<Counter>,
    field: Option<usize>,
    by_value: Mutex<HashMap<String, Arc<Counter>>>,
}

impl Lines {
    fn new(worker: Worker, field: Option<usize>) -> Result<Self, quipu_persist::Error> {
        let all = Arc::new(Counter::new());
        worker.track(LINES, Arc::clone(&all))?;
        Ok(Self { worker: RwLock::new(Some(worker)), all, field, by_value: Mutex::default() })
    }

    /// The result of a call of the worker, unless it was stopped.
    fn with_worker<T>(&self, work: impl FnOnce(&Worker) -> T) -> Option<T> {
        self.worker.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(work)
    }

    /// Counts no more, and waits until the store has all that was counted.
    fn stop(&self, timeout: Duration) -> Result<(), quipu_persist::Error> {
        let worker = self.worker.write().unwrap_or_else(PoisonError::into_inner).take();
        worker.map_or(Ok(()), |worker| worker.shutdown(timeout))
    }

    fn count(&self, input: impl BufRead) -> Result<(), Failure> {
        // A thread finds the counters that it has met without the lock.
        let mut known = HashMap::new();
        for line in input.split(b'\n') {
            let line = line?;
            match self.with_worker(|worker| self.count_line(&line, worker, &mut known)) {
                Some(counted) => counted?,
                None => return Ok(()),
            }
        }
        Ok(())
    }

    fn count_line(
        &self,
        line: &[u8],
        worker: &Worker,
        known: &mut HashMap<String, Arc<Counter>>,
    ) -> Result<(), quipu_persist::Error> {
        self.all.inc();
        let line = String::from_utf8_lossy(line);
        let Some(value) = self.field.and_then(|field| line.split_whitespace().nth(field - 1))
        else {
            return Ok(());
        };
        let value = if is_name(value) { value } else { OTHER };
        match known.get(value) {
            Some(counter) => counter.inc(),
            None => {
                let counter = self.counter(value, worker)?;
                counter.inc();
                known.insert(value.to_owned(), counter);
            }
        }
        Ok(())
    }

    fn counter(&self, value: &str, worker: &Worker) -> Result<Arc<Counter>, quipu_persist::Error> {
        let mut by_value = self.by_value.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = by_value.get(value) {
            return Ok(Arc::clone(counter));
        }
        let counter = Arc::new(Counter::new());
        worker.track(value, Arc::clone(&counter))?;
        by_value.insert(value.to_owned(), Arc::clone(&counter));
        Ok(counter)
    }
}
