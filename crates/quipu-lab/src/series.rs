//! Series that are looked up by two labels, with texts that are made before they are.

use std::sync::LazyLock;

use super::order::Order;

/// The names of the labels.
///
/// ```
/// assert_eq!(quipu_lab::series::NAMES, ["method", "path"]);
/// ```
pub const NAMES: [&str; 2] = ["method", "path"];

/// The texts of a series, for each of [`NAMES`].
///
/// ```
/// let texts: quipu_lab::series::Texts = ["GET", "/"];
/// ```
pub type Texts = [&'static str; 2];

/// So few series that every cache has room for them.
///
/// ```
/// assert_eq!(quipu_lab::series::FEW, 32);
/// ```
pub const FEW: usize = 32;

/// So many series that no cache has room for them.
///
/// ```
/// assert_eq!(quipu_lab::series::MANY, 10_000);
/// ```
pub const MANY: usize = 10_000;

const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

static TEXTS: LazyLock<Vec<Texts>> = LazyLock::new(|| {
    let path = |index| &*format!("/api/v1/tenants/{index}/orders").leak();
    (0..MANY).map(|index| [METHODS[index % 4], path(index / 4)]).collect()
});

/// Series, and in what order they are looked up.
///
/// ```
/// use quipu_lab::series::Series;
///
/// let Series { texts, order } = Series::few();
/// order.each(0, 100, |&index| assert!(texts[index][1].starts_with("/api/")));
/// ```
#[derive(Clone, Debug)]
pub struct Series {
    /// The texts of each series.
    pub texts: &'static [Texts],
    /// The order, by index.
    pub order: Order,
}

impl Series {
    /// [`FEW`] series at random.
    ///
    /// ```
    /// use quipu_lab::series::Series;
    ///
    /// assert_eq!(Series::few().texts[1], ["POST", "/api/v1/tenants/0/orders"]);
    /// ```
    pub fn few() -> Self {
        Self { texts: &TEXTS[..FEW], order: Order::random(FEW) }
    }

    /// [`MANY`] series, of which few are looked up most of the time.
    ///
    /// ```
    /// use quipu_lab::series::{MANY, Series};
    ///
    /// let series = Series::skewed();
    /// assert!(series.texts.len() == MANY && series.order.tally(MANY, 1, 1000)[0] > 50);
    /// ```
    pub fn skewed() -> Self {
        Self { texts: &TEXTS, order: Order::skewed(MANY) }
    }

    /// [`MANY`] series in turn, so that no cache has the next.
    ///
    /// ```
    /// use quipu_lab::series::{MANY, Series};
    ///
    /// assert_eq!(Series::in_turn().order.cycle(), MANY as u64);
    /// ```
    pub fn in_turn() -> Self {
        Self { texts: &TEXTS, order: Order::rotation(MANY) }
    }

    /// The order of the texts.
    ///
    /// ```
    /// use quipu_lab::series::Series;
    ///
    /// Series::few().keys().each(0, 100, |[_, path]| assert!(path.starts_with("/api/")));
    /// ```
    pub fn keys(&self) -> Order<&'static Texts> {
        self.order.map(|index| &self.texts[index])
    }
}
