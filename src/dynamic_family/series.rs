use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::NonNull;

use super::node::Handle;

/// A handle to a series of a [`DynamicFamily`](crate::DynamicFamily): it is the metric, by `Deref`, so
/// that an add through it costs the metric's own.
///
/// While it lives, no [`sweep`](crate::DynamicFamily::sweep) evicts the series. After a
/// [`remove`](crate::DynamicFamily::remove) it goes on counting, for the family's
/// [`total`](crate::DynamicFamily::total) alone. Threads may share it and its clones.
///
/// ```
/// use quipu::{Counter, DynamicFamily, Series};
///
/// static SENT: DynamicFamily<Counter, 1> = DynamicFamily::named("sent_bytes_total", "Bytes sent.", ["peer"]);
///
/// struct Connection {
///     sent: Series<'static, Counter>,
/// }
///
/// let connection = Connection { sent: SENT.get(["10.0.0.1"]) };
/// connection.sent.add(1500);
/// SENT.with(["10.0.0.1"], |sent| assert_eq!(sent.sum(), 1500));
/// ```
pub struct Series<'a, M> {
    metric: NonNull<M>,
    /// `None` of an overflow series, which is its family's.
    handle: Option<Handle>,
    family: PhantomData<&'a M>,
}

// SAFETY: it is a shared reference to the metric, and a count that is an atomic.
unsafe impl<M: Sync> Send for Series<'_, M> {}
// SAFETY: as above.
unsafe impl<M: Sync> Sync for Series<'_, M> {}

impl<'a, M> Series<'a, M> {
    pub(super) fn overflow(metric: &'a M) -> Self {
        Self { metric: NonNull::from(metric), handle: None, family: PhantomData }
    }

    /// # Safety
    /// It is the metric of the handle's node.
    pub(super) unsafe fn new(metric: NonNull<M>, handle: Handle) -> Self {
        Self { metric, handle: Some(handle), family: PhantomData }
    }
}

impl<M> Clone for Series<'_, M> {
    fn clone(&self) -> Self {
        Self { handle: self.handle.clone(), ..*self }
    }
}

impl<M> Deref for Series<'_, M> {
    type Target = M;

    #[inline(always)]
    fn deref(&self) -> &M {
        // SAFETY: the metric is there as long as the handle, or else the family, which is borrowed.
        unsafe { self.metric.as_ref() }
    }
}

impl<M: fmt::Debug> fmt::Debug for Series<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Series").field(&**self).finish()
    }
}
