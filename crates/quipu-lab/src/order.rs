//! The order in which threads look series up, computed before they do.

use super::random::Random;

/// So many steps that no predictor of branches learns them.
const LEN: usize = 1 << 14;

/// The thread after another begins this share of the order further on, so that no two begin at the
/// same step.
const GOLDEN_RATIO: f64 = 0.618_033_988_749_895;

/// Steps that begin anew after the last. A step is a series by its index, or what
/// [`map`](Self::map) made of it. An order of no series is one of a single series.
///
/// ```
/// use quipu::CounterArray;
/// use quipu_lab::order::Order;
/// use quipu_lab::threads::together;
///
/// let (series, order) = (CounterArray::<32>::new(), Order::random(32));
/// together(2, false, |thread| order.each(thread, 1000, |&index| series[index].inc()));
/// let counts: Vec<u64> = series.iter().map(|counter| counter.sum()).collect();
/// assert_eq!(counts, order.tally(32, 2, 1000));
/// ```
#[derive(Clone, Debug)]
pub struct Order<T = usize>(Vec<T>);

impl Order {
    /// Each step is any series below `series`.
    ///
    /// ```
    /// use quipu_lab::order::Order;
    ///
    /// let tally = Order::random(4).tally(4, 1, 10_000);
    /// assert!(tally.iter().all(|times| (2_200..2_800).contains(times)), "{tally:?}");
    /// ```
    pub fn random(series: usize) -> Self {
        let mut random = Random::new();
        Self((0..LEN).map(|_| random.below(series)).collect())
    }

    /// Few series have most of the steps: as many steps are among the first ten as among the next
    /// ninety, as Zipf's law has it.
    ///
    /// ```
    /// use quipu_lab::order::Order;
    ///
    /// let tally = Order::skewed(10_000).tally(10_000, 1, 10_000);
    /// let hot: u64 = tally[..1_000].iter().sum();
    /// assert!((7_200..7_800).contains(&hot), "{hot}, as 1,000 is the power 3/4 of 10,000");
    /// ```
    pub fn skewed(series: usize) -> Self {
        let (mut random, series) = (Random::new(), series.max(1) as f64);
        Self((0..LEN).map(|_| series.powf(random.share()) as usize - 1).collect())
    }

    /// All series in turn, shuffled: a cache that is smaller than `series` never has the next.
    ///
    /// ```
    /// use quipu_lab::order::Order;
    ///
    /// assert_eq!(Order::rotation(100).tally(100, 1, 300), [3; 100]);
    /// ```
    pub fn rotation(series: usize) -> Self {
        let mut random = Random::new();
        let mut steps: Vec<usize> = (0..series.max(1)).collect();
        // Source: the shuffle is that of Fisher and Yates.
        for place in (1..series).rev() {
            steps.swap(place, random.below(place + 1));
        }
        Self(steps)
    }

    /// How often [`each`](Self::each) comes to each series below `series`, with so many threads and
    /// steps of each.
    ///
    /// ```
    /// use quipu_lab::order::Order;
    ///
    /// let tally = Order::rotation(10).tally(10, 3, 15);
    /// assert_eq!(tally.iter().sum::<u64>(), 3 * 15);
    /// ```
    pub fn tally(&self, series: usize, threads: usize, times: u64) -> Vec<u64> {
        let (whole, rest) = (times / self.0.len() as u64, times % self.0.len() as u64);
        let mut tally = vec![0; series];
        self.0.iter().for_each(|&index| tally[index] += whole * threads as u64);
        for thread in 0..threads {
            self.each(thread, rest, |&index| tally[index] += 1);
        }
        tally
    }
}

impl<T> Order<T> {
    /// The same order of other steps.
    ///
    /// ```
    /// use quipu_lab::order::Order;
    ///
    /// let texts = ["GET", "POST"];
    /// Order::random(2).map(|index| texts[index]).each(0, 100, |text| assert!(text.len() > 2));
    /// ```
    pub fn map<U>(&self, step: impl FnMut(T) -> U) -> Order<U>
    where
        T: Copy,
    {
        Order(self.0.iter().copied().map(step).collect())
    }

    /// The number of steps until the order begins anew.
    ///
    /// ```
    /// use quipu_lab::order::Order;
    ///
    /// assert_eq!(Order::rotation(100).cycle(), 100);
    /// ```
    pub fn cycle(&self) -> u64 {
        self.0.len() as u64
    }

    /// Calls `step` this number of times. Each thread begins elsewhere in the order.
    ///
    /// ```
    /// use quipu_lab::order::Order;
    ///
    /// let first = |thread| {
    ///     let mut first = None;
    ///     Order::rotation(1000).each(thread, 1, |&index| first = Some(index));
    ///     first
    /// };
    /// assert!(first(0).is_some() && first(0) != first(1));
    /// ```
    #[inline(always)]
    pub fn each(&self, thread: usize, times: u64, mut step: impl FnMut(&T)) {
        let begin = (thread as f64 * GOLDEN_RATIO).fract() * self.0.len() as f64;
        let (mut steps, mut left) = (&self.0[begin as usize..], times);
        while left > 0 {
            let some = &steps[..left.min(steps.len() as u64) as usize];
            some.iter().for_each(&mut step);
            left -= some.len() as u64;
            steps = &self.0;
        }
    }
}
