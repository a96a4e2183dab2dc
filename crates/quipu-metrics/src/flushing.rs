use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

/// A thread that flushes a recorder, by
/// [`SlotRecorder::flush_every`](crate::SlotRecorder::flush_every). A drop flushes a last time and
/// ends the thread.
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use metrics_exporter_prometheus::PrometheusBuilder;
/// use quipu_metrics::SlotRecorder;
///
/// let exporter = PrometheusBuilder::new().build_recorder();
/// let handle = exporter.handle();
/// let recorder = Arc::new(SlotRecorder::new(exporter));
/// let flushing = recorder.flush_every(Duration::from_secs(3600))?;
/// metrics::with_local_recorder(&*recorder, || metrics::counter!("jobs_total").increment(2));
/// drop(flushing);
/// assert!(handle.render().contains("jobs_total 2\n"));
/// # Ok::<(), std::io::Error>(())
/// ```
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
