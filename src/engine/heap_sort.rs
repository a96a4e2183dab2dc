/// A sort that keeps no order of equal items: std's are faster, and take 4 KB of the program.
#[inline(never)]
pub(crate) fn heap_sort<T>(items: &mut [T], is_less: fn(&T, &T) -> bool) {
    for root in (0..items.len() / 2).rev() {
        sift_down(items, root, is_less);
    }
    for end in (1..items.len()).rev() {
        items.swap(0, end);
        sift_down(&mut items[..end], 0, is_less);
    }
}

/// Makes a heap of what is below `root` in two heaps, and of it.
#[inline(never)]
fn sift_down<T>(heap: &mut [T], mut root: usize, is_less: fn(&T, &T) -> bool) {
    loop {
        let mut child = 2 * root + 1;
        if child + 1 < heap.len() && is_less(&heap[child], &heap[child + 1]) {
            child += 1;
        }
        if child >= heap.len() || !is_less(&heap[root], &heap[child]) {
            return;
        }
        heap.swap(root, child);
        root = child;
    }
}
