//! Named counters that a registry can't export, because of its other metrics.
//!
//! A collector sees nothing of its registry. So [`look`] exports the registry once, when the
//! counters are registered with it. On that thread, their collector shows a [`MARKER`] alone, which
//! tells the prefix and the labels that the registry adds. All other exported metrics are of
//! others.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use crate::sync::Mutex;
use crate::{Sample, Snapshot};

/// The name of the metric that a collector of the named counters shows in place of them.
pub(super) const MARKER: &str = "quipu_named_counters";

/// The metric that lists clashes, its help text, and its label.
pub(super) const CLASHES: (&str, &str, &str) =
    ("quipu_clashes", "Named counters that are missing or have to be renamed, and why.", "clash");

/// The names that a registry exports besides the named counters.
#[derive(Debug, Default)]
pub(super) struct Others {
    /// By the name of each family and sample, the family.
    owners: HashMap<String, String>,
    prefix: String,
    /// The labels that the registry gives every metric.
    labels: HashSet<String>,
}

impl Others {
    /// Enters a family, with what the format appends to its name in samples.
    pub(super) fn add(&mut self, family: &str, ends: &[&str]) {
        for end in [""].iter().chain(ends) {
            self.owners.entry(format!("{family}{end}")).or_insert_with(|| family.to_owned());
        }
    }

    /// Enters a metric that has a counter's name.
    #[cfg(feature = "prometheus-0_14")]
    pub(super) fn add_own(&mut self, name: &str) {
        self.add(&format!("{}{name}", self.prefix), &[]);
    }

    /// Takes note of the [`MARKER`]'s name and labels. False if this isn't its name.
    pub(super) fn add_marker(
        &mut self,
        name: &str,
        labels: impl IntoIterator<Item = impl Into<String>>,
    ) -> bool {
        let prefix = name.strip_suffix(MARKER);
        if let Some(prefix) = prefix {
            self.prefix = prefix.to_owned();
            self.labels = labels.into_iter().map(Into::into).collect();
        }
        prefix.is_some()
    }

    /// The family that has this name already.
    pub(super) fn owner(&self, name: &str) -> Option<&str> {
        self.owners.get(&format!("{}{name}", self.prefix)).map(String::as_str)
    }

    /// The reason why the counters of this name can't be exported.
    pub(super) fn clash<'a>(
        &self,
        name: &str,
        labels: impl IntoIterator<Item = &'a str>,
    ) -> Option<Clash> {
        let with = match self.owner(name) {
            Some(owner) => With::Metric(owner.to_owned()),
            None => With::Label(
                labels.into_iter().find(|&label| self.labels.contains(label))?.to_owned(),
            ),
        };
        Some(Clash { name: name.to_owned(), with })
    }

    fn clash_of(&self, family: &[Sample]) -> Option<Clash> {
        let labels = family.iter().flat_map(Sample::labels);
        self.clash(&family[0].name, labels.map(|label| &*label.name))
    }

    /// The families of a snapshot that can be exported, and the clashes of the others.
    pub(super) fn sort<'a>(&self, snapshot: &'a Snapshot) -> (Vec<&'a [Sample]>, Vec<Clash>) {
        let (mut exported, mut clashes) = (Vec::new(), Vec::new());
        for family in snapshot.families() {
            match self.clash_of(family) {
                Some(clash) => clashes.push(clash),
                None => exported.push(family),
            }
        }
        (exported, clashes)
    }

    /// An error if some of the counters that are listed by now can't be exported.
    pub(super) fn check(&self) -> Result<(), Vec<Clash>> {
        let clashes = self.sort(&crate::snapshot()).1;
        if clashes.is_empty() { Ok(()) } else { Err(clashes) }
    }

    /// The texts of the metric that lists clashes: those with other metrics, and those among the
    /// counters themselves. None where that metric would clash itself.
    pub(super) fn texts(&self, snapshot: &Snapshot, clashes: &[Clash]) -> Vec<String> {
        if self.clash(CLASHES.0, [CLASHES.2]).is_some() {
            return Vec::new();
        }
        let theirs = clashes.iter().map(Clash::to_string);
        theirs.chain(snapshot.clashes().iter().map(ToString::to_string)).collect()
    }
}

/// The knowledge that a collector of the named counters has of its registry.
#[derive(Debug)]
pub(super) struct Known {
    /// Nothing is exported before there is something.
    others: Mutex<Option<Arc<Others>>>,
    /// The names that the registry refuses to other metrics, on account of counters.
    #[cfg(feature = "prometheus-0_14")]
    taken: Mutex<HashSet<String>>,
}

impl Known {
    fn new(others: Option<Arc<Others>>) -> Arc<Self> {
        Arc::new(Self {
            others: Mutex::new(others),
            #[cfg(feature = "prometheus-0_14")]
            taken: Mutex::new(HashSet::new()),
        })
    }

    pub(super) fn nothing() -> Arc<Self> {
        Self::new(None)
    }

    /// For a collector that is registered without a check.
    pub(super) fn no_others() -> Arc<Self> {
        Self::new(Some(Arc::default()))
    }

    pub(super) fn get(&self) -> Option<Arc<Others>> {
        self.others.lock().clone()
    }

    pub(super) fn set(&self, others: &Arc<Others>) {
        *self.others.lock() = Some(Arc::clone(others));
    }

    #[cfg(feature = "prometheus-0_14")]
    pub(super) fn taken(&self) -> &Mutex<HashSet<String>> {
        &self.taken
    }
}

thread_local! {
    /// The collectors that have shown their marker, while a registry is looked at.
    static SEEN: RefCell<Option<Vec<Arc<Known>>>> = const { RefCell::new(None) };
}

/// Runs `export` with collectors that show their marker alone. Returns what it did, and their
/// knowledge.
pub(super) fn look<T>(export: impl FnOnce() -> T) -> (T, Vec<Arc<Known>>) {
    /// Ends the look, also if another collector panics.
    struct End;

    impl Drop for End {
        fn drop(&mut self) {
            SEEN.set(None);
        }
    }

    SEEN.set(Some(Vec::new()));
    let _end = End;
    let exported = export();
    (exported, SEEN.take().unwrap_or_default())
}

/// Whether the thread is looking at the collector's registry.
pub(super) fn is_looked_at(known: &Arc<Known>) -> bool {
    SEEN.with_borrow_mut(|seen| seen.as_mut().map(|seen| seen.push(Arc::clone(known))).is_some())
}

/// A named counter that a registry doesn't export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clash {
    pub(super) name: String,
    with: With,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum With {
    Metric(String),
    Label(String),
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, with } = self;
        match with {
            With::Metric(metric) => {
                write!(
                    f,
                    "{name:?} is not exported beside the registry's metric {metric:?}: rename one of them"
                )
            }
            With::Label(label) => {
                write!(
                    f,
                    "{name:?} is not exported with a label {label:?} of the registry: rename one of the labels"
                )
            }
        }
    }
}

/// Clashes in one text.
pub(super) struct Texts<'a>(pub(super) &'a [Clash]);

impl fmt::Display for Texts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut clashes = self.0.iter().enumerate();
        clashes.try_for_each(|(index, clash)| {
            write!(f, "{}{clash}", if index == 0 { "" } else { "; " })
        })
    }
}
