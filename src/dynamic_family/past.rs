//! The series that a family had, and what they had.
//!
//! A series that is taken out may be in use: by a handle, or from the cache of a thread. It stays
//! [retired](Past::retired) until nobody else holds it. Then its total goes to the sums of those that
//! went before, in the same hold of the lock, so that a total has each unit once. No unit comes
//! after that, as there is nobody to add one.

use super::node::NodeRef;

/// Under the lock of the list of families.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// Series that are taken out, and may be in use.
    retired: Vec<NodeRef>,
    /// The sums of those that are no more.
    sums: Vec<u64>,
    /// The number of retired series at which it is worth to look for such as are no more in use.
    next_look: usize,
}

/// Looks for series that are no more in use are made at this number of them, or twice the number
/// that the last look left.
const FIRST_LOOK: usize = 32;

impl Past {
    /// Makes room for one more series; `None` on allocation failure.
    pub(super) fn reserve(&mut self) -> Option<()> {
        self.retired.try_reserve(1).ok()
    }

    /// Adds a series for which there is room. Returns those that are no more in use, if it is worth
    /// to look for them, which the caller is to drop after the cold path.
    pub(super) fn retire(&mut self, node: NodeRef) -> Vec<NodeRef> {
        self.retired.push(node);
        if self.retired.len() < self.next_look.max(FIRST_LOOK) {
            return Vec::new();
        }
        let ended = self.reclaim();
        self.next_look = 2 * self.retired.len();
        ended
    }

    /// The retired series that are no more in use, once the sums have what they had. The caller is
    /// to drop them after the cold path, as that gives back slots. None on allocation failure.
    pub(super) fn reclaim(&mut self) -> Vec<NodeRef> {
        let mut ended = Vec::new();
        if ended.try_reserve_exact(self.retired.len()).is_err() {
            return ended;
        }
        let mut index = 0;
        while let Some(node) = self.retired.get(index) {
            if node.is_sole() && node.add_total(&mut self.sums).is_some() {
                ended.push(self.retired.swap_remove(index));
            } else {
                index += 1;
            }
        }
        ended
    }

    /// Adds a hold of each series that may be in use, and returns the sums of those that aren't.
    pub(super) fn collect(&self, nodes: &mut Vec<NodeRef>) -> Vec<u64> {
        nodes.extend(self.retired.iter().cloned());
        self.sums.clone()
    }
}
