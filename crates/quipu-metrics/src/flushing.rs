use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

/// Has a recorder flushed, by [`SlotRecorder::flush_every`](crate::SlotRecorder::flush_every). Dropping it flushes a last time and ends the thread.
#[must_use = "dropping it ends the flushing"]
#[derive(Debug)]
pub struct Flushing(pub(crate) Option<(Sender<()>, JoinHandle<()>)>);

impl Drop for Flushing {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.0.take() {
            drop(stop);
            // It doesn't panic: `flush` catches what the exporter does.
            let _ = thread.join();
        }
    }
}
