//! Allocations that fail without a panic. They are short, as a program has one of each for every
//! type.

use std::alloc::{Layout, alloc};
use std::ptr::{NonNull, slice_from_raw_parts_mut};

/// A box; `None` on allocation failure.
pub(super) fn boxed<T>(value: T) -> Option<Box<T>> {
    let place = allocate(Layout::new::<T>())?.cast();
    // SAFETY: the place is fresh memory of the value's layout.
    unsafe {
        place.write(value);
        Some(Box::from_raw(place.as_ptr()))
    }
}

/// `len` elements, at least one; `None` on allocation failure.
pub(super) fn boxed_slice<T>(len: usize, element: impl Fn() -> T) -> Option<Box<[T]>> {
    let first = allocate(Layout::array::<T>(len).ok()?)?.cast();
    for index in 0..len {
        // SAFETY: the place is one in fresh memory for `len` elements.
        unsafe { first.add(index).write(element()) };
    }
    // SAFETY: all elements were written.
    Some(unsafe { Box::from_raw(slice_from_raw_parts_mut(first.as_ptr(), len)) })
}

/// `None` on allocation failure, or if the layout has no size.
fn allocate(layout: Layout) -> Option<NonNull<u8>> {
    if layout.size() == 0 {
        return None;
    }
    // SAFETY: the size is not zero.
    NonNull::new(unsafe { alloc(layout) })
}

/// Appends an element; `None`, and nothing done, on allocation failure.
pub(super) fn push<T>(list: &mut Vec<T>, element: T) -> Option<()> {
    list.try_reserve(1).ok()?;
    push_within(list, element);
    Some(())
}

/// Appends an element to a list that has room for it; to another, nothing.
pub(crate) fn push_within<T>(list: &mut Vec<T>, element: T) {
    // As the compiler sees it, `Vec::push` needs no way to grow the list.
    if list.len() < list.capacity() {
        list.push(element);
    }
}

/// Inserts an element at an index, which is at most the length; else, and on allocation failure,
/// `None`, and nothing done.
pub(super) fn insert<T>(list: &mut Vec<T>, index: usize, element: T) -> Option<()> {
    list.try_reserve(1).ok()?;
    insert_within(list, index, element)
}

/// As [`insert`], in a list that has room for the element; in another, `None`, and nothing done.
pub(super) fn insert_within<T>(list: &mut Vec<T>, index: usize, element: T) -> Option<()> {
    // As the compiler sees it, `Vec::insert` needs neither a way to grow the list nor one to panic.
    let is_fit = index <= list.len() && list.len() < list.capacity();
    is_fit.then(|| list.insert(index, element))
}

/// Removes the element at an index, if there is one.
pub(super) fn remove<T>(list: &mut Vec<T>, index: usize) -> Option<T> {
    // As the compiler sees it, `Vec::remove` needs no way to panic.
    (index < list.len()).then(|| list.remove(index))
}

/// Takes the elements from an index on, which is at most the length; `None`, and nothing done, on
/// allocation failure.
pub(super) fn split_off<T>(list: &mut Vec<T>, from: usize) -> Option<Vec<T>> {
    let mut others = Vec::new();
    let len = list.len().checked_sub(from)?;
    others.try_reserve(len).ok()?;
    // SAFETY: the elements move to a list that has room for them, and the first list ends before
    // them.
    unsafe {
        list.set_len(from);
        list.as_ptr().add(from).copy_to_nonoverlapping(others.as_mut_ptr(), len);
        others.set_len(len);
    }
    Some(others)
}
