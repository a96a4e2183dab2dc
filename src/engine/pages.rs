//! A sorted list whose changes take a short time, however long it is.

use super::memory::{insert, insert_within, remove, split_off};

/// The most elements of a page.
const PAGE: usize = if cfg!(quipu_loom) { 2 } else { 128 };

/// A list in pages, of which none but a sole one is empty. Its owner keeps it sorted.
#[derive(Debug)]
pub(super) struct Pages<T>(Vec<Vec<T>>);

/// A place in the list: that of an element, or the end of a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    page: usize,
    index: usize,
}

impl<T> Pages<T> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// The end of the elements that are `before` something, which are the first ones.
    // Not inlined, and `before` is called through a pointer: there are many uses of it, none of
    // which is frequent.
    #[inline(never)]
    pub(super) fn place(&self, before: &dyn Fn(&T) -> bool) -> Place {
        let page =
            self.0.partition_point(|page| page.first().is_some_and(before)).saturating_sub(1);
        Place { page, index: self.0.get(page).map_or(0, |page| page.partition_point(before)) }
    }

    /// The elements from a place on.
    pub(super) fn from(&self, place: Place) -> Elements<'_, T> {
        Elements { pages: self.0.get(place.page..).unwrap_or_default(), index: place.index }
    }

    /// The element at a place.
    pub(super) fn at(&mut self, place: Place) -> Option<&mut T> {
        let Place { page, index } = self.normal(place);
        self.0.get_mut(page)?.get_mut(index)
    }

    /// Changes the elements from a place on, until `change` says that there are no more.
    pub(super) fn change_from(&mut self, place: Place, change: &mut dyn FnMut(&mut T) -> bool) {
        let pages = self.0.iter_mut().skip(place.page).flatten();
        let _ = pages.skip(place.index).try_for_each(|element| change(element).then_some(()));
    }

    /// Inserts an element before the one at a place. `None`, and nothing done, on allocation
    /// failure.
    // Not inlined: as `place`.
    #[inline(never)]
    pub(super) fn insert(&mut self, place: Place, element: T) -> Option<()> {
        let Place { page, index } = self.make_room(place)?;
        insert(self.0.get_mut(page)?, index, element)
    }

    /// Makes a page at a place that has none, or divides the page there in two if it is full.
    /// Returns where the place is then.
    fn make_room(&mut self, place: Place) -> Option<Place> {
        if self.0.get(place.page).is_some_and(|page| page.len() < PAGE) {
            return Some(place);
        }
        self.0.try_reserve(1).ok()?;
        let upper = match self.0.get_mut(place.page) {
            Some(lower) => split_off(lower, PAGE / 2)?,
            None => Vec::new(),
        };
        let next = self.0.len().min(place.page + 1);
        insert_within(&mut self.0, next, upper)?;
        let in_upper = place.index.checked_sub(PAGE / 2);
        Some(in_upper.map_or(place, |index| Place { page: next, index }))
    }

    /// Removes the element at a place.
    #[inline(never)]
    pub(super) fn remove(&mut self, place: Place) -> Option<T> {
        let Place { page, index } = self.normal(place);
        let elements = self.0.get_mut(page)?;
        let element = remove(elements, index)?;
        if elements.is_empty() {
            remove(&mut self.0, page);
        }
        Some(element)
    }

    /// The end of a page is the start of the next one.
    fn normal(&self, place: Place) -> Place {
        match self.0.get(place.page) {
            Some(page) if page.len() == place.index => Place { page: place.page + 1, index: 0 },
            _ => place,
        }
    }
}

/// Walks the elements from a place on.
#[derive(Debug)]
pub(super) struct Elements<'a, T> {
    /// That of the next element, and those after it.
    pages: &'a [Vec<T>],
    index: usize,
}

impl<'a, T> Iterator for Elements<'a, T> {
    type Item = &'a T;

    // Not inlined: as `Pages::place`.
    #[inline(never)]
    fn next(&mut self) -> Option<&'a T> {
        loop {
            let (page, others) = self.pages.split_first()?;
            if let Some(element) = page.get(self.index) {
                self.index += 1;
                return Some(element);
            }
            (self.pages, self.index) = (others, 0);
        }
    }
}
