//! The series that are looked up.

use std::sync::LazyLock;

use quipu_lab::order::Order;

/// The names of the labels.
pub(crate) const NAMES: [&str; 2] = ["method", "path"];

/// The texts of a series, for each of `NAMES`.
pub(crate) type Texts = [&'static str; 2];

/// So few that every cache has room for them.
pub(crate) const FEW: usize = 32;

/// So many that no cache has room for them.
pub(crate) const MANY: usize = 10_000;

/// The limit of series of those that have one.
pub(crate) const LIMIT: usize = 20_000;

const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

static TEXTS: LazyLock<Vec<Texts>> = LazyLock::new(|| {
    let path = |index| &*format!("/api/v1/tenants/{index}/orders").leak();
    (0..MANY).map(|index| [METHODS[index % 4], path(index / 4)]).collect()
});

/// Series, and in what order they are looked up.
pub(crate) struct Series {
    pub(crate) texts: &'static [Texts],
    pub(crate) order: Order,
}

impl Series {
    /// A few series, each of them often.
    pub(crate) fn few() -> Self {
        Self { texts: &TEXTS[..FEW], order: Order::random(FEW) }
    }

    /// Many series, and few of them most of the time.
    pub(crate) fn skewed() -> Self {
        Self { texts: &TEXTS, order: Order::skewed(MANY) }
    }

    /// Many series in turn, so that no cache has the next.
    pub(crate) fn rotating() -> Self {
        Self { texts: &TEXTS, order: Order::rotation(MANY) }
    }
}
