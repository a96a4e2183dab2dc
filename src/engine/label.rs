use std::borrow::Cow;

/// A label of a [`Sample`](crate::Sample).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// The label's name.
    pub name: Cow<'static, str>,
    /// The sample's value of it.
    pub value: Cow<'static, str>,
}
