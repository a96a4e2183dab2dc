use std::borrow::Cow;

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
