use std::borrow::Cow;

use super::family::LabelPair;

/// A label of a family, and the values that it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LabelTable {
    pub(crate) name: &'static str,
    pub(crate) values: &'static [&'static str],
}

/// A label of a [`Sample`](crate::Sample).
///
/// ```
/// use quipu::CounterArray;
///
/// static DOORS: CounterArray<2> = CounterArray::named("doors_total", "By door.", "door", &["in", "out"]);
///
/// DOORS.register()?;
/// let snapshot = quipu::snapshot();
/// let label = &snapshot.family("doors_total")[0].labels()[0];
/// assert_eq!((&*label.name, &*label.value), ("door", "in"));
/// # Ok::<(), quipu::RegisterError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// The label's name.
    pub name: Cow<'static, str>,
    /// The sample's value of it.
    pub value: Cow<'static, str>,
}

impl Label {
    pub(crate) fn of((name, value): LabelPair) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}
