use std::sync::Arc;

use crate::sync::{AtomicU64, Ordering};
use crate::{Counter, Element};

/// A number that only grows, of any type: for libraries that count, and leave the way to their
/// users.
///
/// A [`Counter`], an [`Element`] of an array, std's `AtomicU64` and each
/// [`Strategy`](crate::strategy::Strategy) are one, and so are `&T`, `Box<T>` and `Arc<T>` of it.
/// Implement it for any other counter. Its methods make no promise beyond those of the type that
/// implements it.
///
/// Take a `Count` by value, so that users can pass a counter, a pointer to one, or `&array[index]`.
/// An [`Element`] has no size known beforehand, so a `&dyn Count` of it is `&&array[index]`.
///
/// A [`Strategy`](crate::strategy::Strategy) is a `Count` of this crate that also tells its name,
/// its memory and its accuracy, for programs that compare ways to count.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::AtomicU64;
///
/// use quipu::{Count, Counter};
///
/// struct Cache<C> {
///     hits: C,
/// }
///
/// impl<C: Count> Cache<C> {
///     fn look_up(&self) {
///         self.hits.inc();
///     }
/// }
///
/// static HITS: Counter = Counter::named("look_ups_total", "Look-ups that the cache answered.");
///
/// let (counted, plain) = (Cache { hits: &HITS }, Cache { hits: AtomicU64::new(0) });
/// let chosen_at_run_time: Cache<Arc<dyn Count>> = Cache { hits: Arc::new(Counter::new()) };
/// counted.look_up();
/// plain.look_up();
/// chosen_at_run_time.look_up();
/// assert_eq!((HITS.sum(), plain.hits.sum(), chosen_at_run_time.hits.sum()), (1, 1, 1));
/// ```
pub trait Count {
    /// Adds `n`.
    ///
    /// # Ordering
    /// That of the type; relaxed for all of this crate and for `AtomicU64`.
    ///
    /// ```
    /// use quipu::Count;
    ///
    /// fn send(frame: &[u8], bytes: &dyn Count) {
    ///     bytes.add(frame.len() as u64);
    /// }
    ///
    /// let bytes = quipu::Counter::new();
    /// send(b"frame", &bytes);
    /// assert_eq!(bytes.sum(), 5);
    /// ```
    fn add(&self, n: u64);

    /// Adds one.
    ///
    /// ```
    /// use std::sync::atomic::AtomicU64;
    ///
    /// use quipu::Count;
    ///
    /// let events = AtomicU64::new(0);
    /// events.inc();
    /// assert_eq!(events.sum(), 1);
    /// ```
    #[inline]
    fn inc(&self) {
        self.add(1);
    }

    /// The total of all adds, as accurate as the type is, less what was taken where the type has
    /// takes.
    ///
    /// ```
    /// use quipu::{Count, Counter, CounterArray};
    ///
    /// fn total(counts: &[&dyn Count]) -> u64 {
    ///     counts.iter().map(|count| count.sum()).sum()
    /// }
    ///
    /// let (single, array) = (Counter::new(), CounterArray::<2>::new());
    /// single.add(1);
    /// array[1].add(2);
    /// assert_eq!(total(&[&single, &&array[0], &&array[1]]), 3);
    /// ```
    #[must_use]
    fn sum(&self) -> u64;
}

impl Count for Counter {
    #[inline]
    fn add(&self, n: u64) {
        Counter::add(self, n);
    }

    #[inline]
    fn sum(&self) -> u64 {
        Counter::sum(self)
    }
}

impl<const N: usize> Count for Element<N> {
    #[inline]
    fn add(&self, n: u64) {
        Element::add(self, n);
    }

    #[inline]
    fn sum(&self) -> u64 {
        Element::sum(self)
    }
}

impl Count for AtomicU64 {
    #[inline]
    fn add(&self, n: u64) {
        // Relaxed, here and below: the number is all that is shared.
        self.fetch_add(n, Ordering::Relaxed);
    }

    #[inline]
    fn sum(&self) -> u64 {
        self.load(Ordering::Relaxed)
    }
}

macro_rules! pointers {
    ($($pointer:ty),*) => { $(
        impl<C: Count + ?Sized> Count for $pointer {
            #[inline]
            fn add(&self, n: u64) {
                (**self).add(n);
            }

            #[inline]
            fn inc(&self) {
                (**self).inc();
            }

            #[inline]
            fn sum(&self) -> u64 {
                (**self).sum()
            }
        }
    )* };
}

pointers!(&C, Box<C>, Arc<C>);
